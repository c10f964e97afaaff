// The settings: language, export, erase. What is erased is gone: each erasure is asked for twice.

import Foundation
import Observation

/// The settings.
@MainActor
@Observable
public final class SettingsModel {
  /// What is to be erased.
  public enum Erasure: Equatable, Sendable {
    /// One subject.
    case subject(String)
    /// Everybody and everything on this phone.
    case everything
  }

  /// The erasure that was asked for once and waits to be confirmed; nil where there is none.
  public private(set) var asked: Erasure?
  /// All that is stored, to share, once it was asked for: personal data in clear.
  public private(set) var exported: Document?
  /// What is wrong with the region that was given last, in the core's words; nil for nothing.
  public private(set) var regionProblem: BilingualText?
  /// What did not work.
  public private(set) var trouble: Trouble?
  /// Whether something is under way: a moment.
  public private(set) var isWorking = false
  /// Whether notifications may be shown; nil before it was looked up.
  public private(set) var notificationsAllowed: Bool?

  private let app: AppModel
  private var failed: Again?

  init(app: AppModel) {
    self.app = app
  }

  /// Entries that wait to be sent, and would be lost by an erasure.
  public var waiting: Int { Int(app.home?.sync.waiting ?? 0) }

  /// The version of the rulebook in force, with its title; nil before it has come.
  public var rulebook: (title: BilingualText, version: Int)? {
    (try? app.phone().form()).map { ($0.title, Int($0.version)) }
  }

  /// The region where this phone is said to be, six digits; empty where nobody has said it.
  public var region: String { app.home?.region ?? "" }

  /// Says where this phone is, which decides whose code is to be shown; empty no longer says it. It stays on this phone.
  public func setRegion(_ region: String) async {
    let region = region.trimmingCharacters(in: .whitespaces)
    regionProblem = nil
    failed = { [weak self] in await self?.setRegion(region) }
    await working { resident in
      do {
        try await resident.setRegion(region.isEmpty ? nil : region)
        self.app.look()
      } catch HealthcodeError.invalidField(let field, let reason) {
        self.regionProblem = HealthcodeError.invalidField(field: field, reason: reason).text
      }
    }
  }

  /// Looks up whether notifications may be shown.
  public func look() async {
    notificationsAllowed = await app.device.notificationsAllowed()
  }

  /// Makes the document of everything that is stored about a subject, or, for nil, about everybody.
  public func export(_ subject: String? = nil) async {
    failed = { [weak self] in await self?.export(subject) }
    await working { resident in
      let text = try await resident.export(subject)
      self.exported = Document(name: "healthcode-export.json", data: Data(text.utf8))
    }
  }

  /// Lets go of the document, when it was shared.
  public func dropExport() { exported = nil }

  /// Asks for an erasure: nothing is erased before ``confirm(_:)``.
  public func ask(_ erasure: Erasure) { asked = erasure }

  /// Takes that back.
  public func keep() { asked = nil }

  /// Erases what was asked for, for good.
  public func confirm(_ erasure: Erasure) async {
    asked = nil
    failed = { [weak self] in await self?.confirm(erasure) }
    await working { resident in
      switch erasure {
      case .subject(let subject):
        try await resident.erase(subject)
        self.app.look()
      case .everything:
        try await resident.eraseEverything()
        self.app.awaitsCare = false
        self.app.retry()
      }
    }
  }

  /// Tries again what did not work, and nothing else.
  public func retry() async {
    await failed?()
  }

  private func working(_ call: @MainActor (Resident) async throws -> Void) async {
    guard !isWorking else { return }
    (isWorking, trouble) = (true, nil)
    defer { isWorking = false }
    do {
      try await call(app.phone())
      failed = nil
    } catch {
      trouble = Trouble(error as? HealthcodeError ?? .internal(incident: "unexpected"))
    }
  }
}
