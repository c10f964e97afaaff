// The first view: what the app is doing with its file, and the ways to the screens.

import DemoKit
import SwiftUI

/// The app's window.
struct RootView: View {
  @Environment(AppModel.self) private var app
  @Environment(Router.self) private var router
  @Environment(\.texts) private var texts
  @Environment(\.scenePhase) private var phase

  var body: some View {
    @Bindable var router = router
    NavigationStack(path: $router.path) {
      stage
        .navigationDestination(for: Place.self) { place in
          screen(of: place)
        }
    }
    .fullScreenCover(item: $router.cover) { cover in
      screen(of: cover)
        .environment(\.texts, texts)
        .modifier(Curtained())
    }
    .modifier(Curtained())
    .task(id: Run(attempt: app.attempt, seen: phase != .background)) {
      if phase != .background { await app.run() }
    }
  }

  private struct Run: Equatable {
    let attempt: Int
    let seen: Bool
  }

  @ViewBuilder
  private var stage: some View {
    switch app.stage {
    case .opening:
      ProgressView(texts(.opening))
    case .failed(let trouble):
      ScrollView {
        TroubleView(trouble: trouble, retry: { app.retry() }, sync: { app.retry() })
      }
      .navigationTitle(texts(.appName))
    case .empty:
      WelcomeScreen()
    case .ready:
      HomeScreen()
    }
  }

  @ViewBuilder
  private func screen(of place: Place) -> some View {
    switch place {
    case .register: RegisterScreen(model: app.register())
    case .family: FamilyScreen(model: app.family())
    case .care: if let model = app.care() { RegisterScreen(model: model) } else { Text(texts(.familyNobody)) }
    case .carers(let subject): CarersScreen(subject: subject, model: app.family())
    case .declare(let subject): DeclareScreen(model: app.declare(subject))
    case .quarantine(let subject): QuarantineScreen(model: app.quarantine(subject))
    case .exposures(let subject): ExposureScreen(model: app.exposures(subject))
    case .journal(let subject): JournalScreen(model: app.journal(subject))
    case .papers(let subject): PaperScreen(model: app.papers(subject))
    case .appeals(let subject): AppealScreen(model: app.appeals(subject))
    case .move(let subject): MoveScreen(model: app.move(subject))
    case .handover: HandoverScreen(model: app.handover())
    case .settings: SettingsScreen(model: app.settings())
    }
  }

  @ViewBuilder
  private func screen(of cover: Cover) -> some View {
    switch cover {
    case .code(let subject): CodeScreen(model: app.code(subject))
    case .scan(let subject): ScanScreen(model: app.scan(subject))
    case .gate: GateScreen(model: app.gate())
    }
  }
}

/// Covers a screen while the app is not in use: what the system keeps as a picture of the app shows nobody's code.
struct Curtained: ViewModifier {
  @Environment(\.scenePhase) private var phase

  func body(content: Content) -> some View {
    content.overlay {
      if phase != .active { Curtain() }
    }
  }
}

/// What is seen of the app then.
private struct Curtain: View {
  @Environment(\.texts) private var texts

  var body: some View {
    VStack(spacing: 12) {
      Image(systemName: "qrcode")
        .font(.system(size: 64))
      Text(texts(.appName))
        .font(.title)
    }
    .frame(maxWidth: .infinity, maxHeight: .infinity)
    .background(.background)
    .ignoresSafeArea()
  }
}

/// Before anybody is on this phone.
struct WelcomeScreen: View {
  @Environment(Router.self) private var router
  @Environment(\.texts) private var texts

  var body: some View {
    ScrollView {
      VStack(alignment: .leading, spacing: 20) {
        Text(texts(.welcomeText))
        ClockNotice()
        Button(texts(.welcomeRegister)) { router.show(.register) }
          .buttonStyle(.borderedProminent)
          .controlSize(.large)
        Button(texts(.handoverTitle)) { router.show(.handover) }
        Button(texts(.gateTitle)) { router.cover = .gate }
        Button(texts(.settingsTitle)) { router.show(.settings) }
      }
      .frame(maxWidth: .infinity, alignment: .leading)
      .padding()
    }
    .navigationTitle(texts(.appName))
  }
}
