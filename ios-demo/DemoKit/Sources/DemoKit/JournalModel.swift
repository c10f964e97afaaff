// What happened to a subject on this phone, and to whom answers were given.

import Foundation
import Observation

/// A subject's journal, and who asked. The screen runs it while it is seen.
@MainActor
@Observable
public final class JournalModel {
  /// What happened, the latest first; nil while it is being read.
  public private(set) var entries: [JournalEntry]?
  /// To which gates answers were given, the latest first.
  public private(set) var answered: [AnsweredChallenge] = []
  /// Why it cannot be read, or not be deleted.
  public private(set) var trouble: Trouble?
  /// Whose it is.
  public let subject: String

  private let app: AppModel
  private var failed: Again?

  init(app: AppModel, subject: String) {
    (self.app, self.subject) = (app, subject)
  }

  /// Reads it whole, page after page, and follows it until the task ends.
  public func run() async {
    do {
      let resident = try await app.opened()
      for try await _ in resident.homes() { try await read(resident) }
    } catch {
      fail(error) { [app] in app.retry() }
    }
  }

  /// Deletes to whom answers were given.
  public func forgetAnswered() async {
    do {
      let resident = try app.phone()
      try await resident.forgetAnsweredChallenges(of: subject)
      try await read(resident)
    } catch {
      fail(error) { [weak self] in await self?.forgetAnswered() }
    }
  }

  /// Tries again what did not work, and nothing else; where it is the file, opens that once more.
  public func retry() async { await app.again(failed) }

  /// The symptoms of a check-in in words, as far as the form in force knows them.
  public func symptoms(_ ids: [String]) -> [BilingualText] {
    let known = (try? app.phone().form(of: subject).symptoms) ?? []
    return ids.map { id in known.first { $0.id == id }?.text ?? BilingualText(zh: id, en: id) }
  }

  private func read(_ resident: Resident) async throws {
    var found: [JournalEntry] = []
    for try await entry in resident.journalEntries(of: subject) { found.append(entry) }
    let asked = try await resident.answeredChallenges(of: subject)
    (entries, answered, trouble) = (found.reversed(), asked.reversed(), nil)
  }

  private func fail(_ error: any Error, again: @escaping Again) {
    let error = error as? HealthcodeError ?? .internal(incident: "unexpected")
    if error != .cancelled { (trouble, failed) = (Trouble(error), again) }
  }
}
