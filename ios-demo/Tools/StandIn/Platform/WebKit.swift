// swift-format-ignore-file
// What the app uses of WebKit. See SwiftUI.swift.
import SwiftUI
import UIKit

@MainActor public class WKWebsiteDataStore { public static func nonPersistent() -> WKWebsiteDataStore { fatalError() } }
@MainActor public class WKWebpagePreferences { public var allowsContentJavaScript = true }
@MainActor public class WKWebViewConfiguration { public init() {}
  public var websiteDataStore: WKWebsiteDataStore { get { fatalError() } set {} }
  public var defaultWebpagePreferences: WKWebpagePreferences! }
@MainActor public class WKNavigation {}
@MainActor open class WKWebView: UIView { public init(frame: CGRect, configuration: WKWebViewConfiguration) {}
  @discardableResult public func loadHTMLString(_ html: String, baseURL: URL?) -> WKNavigation? { nil } }
