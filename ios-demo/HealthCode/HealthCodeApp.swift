// The app: what it is built with, its ports, its models, and its window.

import DemoKit
import SwiftUI
import UIKit

/// The resident's and the guard's app.
@main
struct HealthCodeApp: App {
  @UIApplicationDelegateAdaptor private var launch: Launch

  var body: some Scene {
    WindowGroup { StartView(launch: launch) }
  }
}

/// What the app's beginning came to. A view of its own: it follows what it reads, which a scene does not always.
private struct StartView: View {
  let launch: Launch

  var body: some View {
    switch launch.start {
    case .beginning: EmptyView()
    case .ready(let app): RootView().environment(app).environment(launch.router).modifier(InLanguage(app: app))
    case .failed(let failure): StartFailureView(failure: failure) { launch.begin() }
    }
  }
}

/// Puts the texts of the chosen language into the environment.
private struct InLanguage: ViewModifier {
  let app: AppModel

  func body(content: Content) -> some View {
    let texts = Texts(app.language)
    content
      .environment(\.texts, texts)
      .environment(\.locale, texts.locale)
      // Days and times are picked as they are shown and stored: in legal time, wherever the phone is.
      .environment(\.timeZone, LegalTime.zone)
      .environment(\.calendar, LegalTime.calendar)
  }
}

/// The app could not even begin: what is missing, and what to do.
private struct StartFailureView: View {
  let failure: StartFailure
  let retry: @MainActor () -> Void

  @Environment(\.texts) private var texts

  var body: some View {
    VStack(spacing: 16) {
      switch failure {
      case .configuration(let name): Label(texts(.startConfiguration, name), systemImage: "wrench.and.screwdriver")
      case .locked: Label(texts(HealthcodeError.vault(.locked).text), systemImage: "lock")
      case .refused: Label(texts(HealthcodeError.vault(.refused).text), systemImage: "lock")
      case .folder: Label(texts(HealthcodeError.storage(.unreachable).text), systemImage: "folder")
      }
      Button(texts(.remedyRetry), action: retry)
        .buttonStyle(.borderedProminent)
    }
    .padding()
  }
}
