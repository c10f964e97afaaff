// A page that the core has drawn, on the screen and on paper. It is in memory only: the app writes no file of it, and what is
// asked of the printer is the system's.

import SwiftUI
import UIKit
import WebKit

/// A page, laid out for A4.
@MainActor
final class PrintedPage {
  fileprivate let view: WKWebView

  /// The page of an SVG document.
  init(svg: String) {
    let configuration = WKWebViewConfiguration()
    configuration.websiteDataStore = .nonPersistent()
    configuration.defaultWebpagePreferences.allowsContentJavaScript = false
    view = WKWebView(frame: .zero, configuration: configuration)
    let style = "@page { size: A4; margin: 0 } body { margin: 0 } svg { display: block; width: 100%; height: auto }"
    view.loadHTMLString(
      "<meta name=\"viewport\" content=\"width=device-width\"><style>\(style)</style>\(svg)", baseURL: nil)
  }

  /// Whether this phone can print at all.
  static var canPrint: Bool { UIPrintInteractionController.isPrintingAvailable }

  /// Shows the system's choice of printers; it can also make a document of the page there.
  func print(as name: String) {
    let info = UIPrintInfo.printInfo()
    (info.outputType, info.jobName) = (.general, name)
    let formatter = view.viewPrintFormatter()
    formatter.perPageContentInsets = .zero
    let printing = UIPrintInteractionController.shared
    (printing.printInfo, printing.printFormatter) = (info, formatter)
    printing.present(animated: true)
  }
}

/// The page on the screen.
struct PagePicture: UIViewRepresentable {
  /// The page.
  let page: PrintedPage

  func makeCoordinator() {}

  func makeUIView(context: Context) -> WKWebView { page.view }

  func updateUIView(_ view: WKWebView, context: Context) {}
}
