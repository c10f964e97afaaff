// Tests run on the main actor, as views do. They say `async` also where nothing is waited for, and their classes
// `@unchecked Sendable`, since XCTest makes a case elsewhere and hands it over.

import DemoKit
import Foundation
import TestSupport
import XCTest

/// A phone's surroundings that note what the models ask of them.
@MainActor
final class Notebook: Device {
  var isBright = false
  var isAwake = false
  var isTorchOn = false
  var signals: [Signal] = []
  var reminders: [TimeInterval] = []
  var wake: TimeInterval?
  var opened: [DeviceSetting] = []
  var allowsNotifications = true
  private var wasAsked = false
  let torchAvailable: Bool

  init(torch: Bool = true) {
    torchAvailable = torch
  }

  func bright(_ on: Bool) { isBright = on }
  func awake(_ on: Bool) { isAwake = on }
  func torch(_ on: Bool) { isTorchOn = on }
  func signal(_ signal: Signal) { signals.append(signal) }
  // The system takes none before the person was asked.
  func remind(after delays: [TimeInterval]) { reminders = wasAsked && allowsNotifications ? delays : [] }
  func wake(after delay: TimeInterval?) { wake = delay }
  func notificationsAllowed() async -> Bool {
    wasAsked = true
    return allowsNotifications
  }
  func open(_ setting: DeviceSetting) { opened.append(setting) }
}

/// Preferences that end with the test.
@MainActor
final class Slips: Preferences {
  var words: [String: String]

  init(_ words: [String: String] = [:]) {
    self.words = words
  }

  subscript(key: String) -> String? {
    get { words[key] }
    set { words[key] = newValue }
  }
}

/// An app in a world with its server process, run as its root view runs it.
@MainActor
final class Played {
  let stage: Stage
  let clock: PhoneClock
  let device = Notebook()
  let preferences: Slips
  let app: AppModel
  private var screens: [Task<Void, Never>] = []

  init(
    _ stage: Stage,
    file: String = "phone.db",
    vault: any Vault = MemoryVault(),
    server url: String? = nil,
    preferences: Slips = Slips(["gate": "North gate"]),
    root: Data? = nil
  ) {
    self.stage = stage
    self.preferences = preferences
    clock = PhoneClock(stage.world)
    let lane = stage.server.config("gate-" + file, server: url)
    let gate = Config(
      database: lane.database, server: lane.server, issuer: lane.issuer,
      rootKeys: lane.rootKeys + [root].compactMap { $0 }, builtAt: lane.builtAt)
    let backend = Backend(
      resident: stage.server.config(file, server: url), gate: gate, ports: Ports(vault: vault, clock: clock))
    app = AppModel(backend: backend, device: device, preferences: preferences)
  }

  /// Opens the app, as its root view does.
  func launch() async throws {
    root()
    try await until("it is open") { self.app.stage != .opening }
  }

  /// The root view's task, anew for each attempt.
  func root() { screens.append(Task { await app.run() }) }

  /// Shows a screen: its task runs until the test lets go of it.
  @discardableResult
  func show(_ run: @escaping @MainActor () async -> Void) -> Task<Void, Never> {
    let screen = Task { await run() }
    screens.append(screen)
    return screen
  }

  /// Enrols a person as a person does, and waits for the first exchange.
  func enrol(_ person: IdentityForm) async throws -> String {
    let form = app.register()
    form.fill(in: person)
    await form.requestCode()
    XCTAssertEqual(form.step, .code)
    form.code = try stage.server.oneTimeCode()
    await form.enrol()
    guard case .done(let enrolment) = form.step else { throw Late(what: "enrolled: \(form.problems)") }
    try await idle()
    return enrolment.subject
  }

  /// Declares by the form, and waits until it was sent or kept.
  func declare(_ subject: String, contact: Bool = false, stay: String? = nil) async throws {
    let form = app.declare(subject)
    await form.load()
    form.answer("contact", yes: contact)
    form.chooseNone(of: "symptoms")
    if let stay {
      form.addStay()
      form.stays[0].region = stay
    }
    form.review()
    guard case .preview = form.step else { throw Late(what: "a preview: \(form.problems)") }
    await form.send()
    guard case .recorded = form.step else { throw Late(what: "recorded: \(form.problems)") }
    try await idle()
  }

  /// Waits until no exchange is under way.
  func idle() async throws {
    try await until("the exchange is over") { !self.app.isSyncing }
  }

  /// Leaves every screen and closes the file.
  func quit() async {
    for screen in screens { screen.cancel() }
    app.close()
    for screen in screens { await screen.value }
    screens = []
    try? await idle()
  }
}

extension RegisterModel {
  /// Types in who somebody is.
  func fill(in person: IdentityForm) {
    (name, documentKind, documentNumber) = (person.name, person.documentKind, person.documentNumber)
    (phone, region) = (person.phone, person.region)
  }
}

/// Something that did not come in time.
struct Late: Error {
  let what: String
}

/// Waits until a screen shows what it should.
@MainActor
func until(_ what: String, _ holds: () throws -> Bool) async throws {
  for _ in 0..<2_000 {
    if try holds() { return }
    try await Task.sleep(for: .milliseconds(10))
  }
  throw Late(what: what)
}

/// Work that blocks, on a thread of its own.
func detached<T: Sendable>(_ work: @escaping @Sendable () -> T) async -> T {
  await withCheckedContinuation { continuation in
    Thread.detachNewThread { continuation.resume(returning: work()) }
  }
}
