// Appeals: what can be contested, what is being written, and where each one stands that was made. What is written is kept by
// the core at each change, without a network, and goes when the appeal is made.

import Foundation
import Observation

/// A subject's appeals. The screen runs it while it is seen.
@MainActor
@Observable
public final class AppealModel {
  /// An appeal as it is written.
  public struct Draft: Equatable, Sendable {
    /// The rating that it contests.
    public let rating: UInt64
    /// The rule of the reason, or `manual`.
    public let rule: String
    /// What the person says.
    public var text = ""
    /// What speaks for it.
    public var statements: [Statement] = []
  }

  /// A statement that speaks for an appeal.
  public struct Statement: Equatable, Sendable, Identifiable {
    /// Its name while it is written.
    public let id: Int
    /// What it says.
    public var text: String
  }

  /// What can be contested: the reasons of the colour in force that no appeal contests, while the time for it lasts.
  public private(set) var contestable: [Contestable] = []
  /// The appeals that were made, the latest first; nil while they are being read.
  public private(set) var made: [AppealCard]?
  /// What is being written; nil where nothing is. The screen calls ``keep()`` when it has changed.
  public var draft: Draft?
  /// What is wrong with it, by the core's name of the field: `text`, `statements[0]`, `rating`.
  public private(set) var problems: [String: BilingualText] = [:]
  /// What went wrong that is no field's.
  public private(set) var trouble: Trouble?
  /// Whether it is being recorded: a moment.
  public private(set) var isSending = false
  /// Whose they are.
  public let subject: String

  private let app: AppModel
  private var keeping: Task<Void, Never>?
  private var statements = 0
  private var failed: Again?

  init(app: AppModel, subject: String) {
    (self.app, self.subject) = (app, subject)
  }

  /// The reason that is being contested, as it can be still; nil where it cannot any more.
  public var contested: Contestable? {
    contestable.first { $0.rating == draft?.rating && $0.reason.rule == draft?.rule }
  }

  /// What is wrong with a statement, in the core's words.
  public func problem(of statement: Statement) -> BilingualText? {
    let place = draft?.statements.firstIndex { $0.id == statement.id }
    return place.flatMap { problems["statements[\($0)]"] }
  }

  /// What is wrong with the appeal that is about no text of it, in the core's words.
  public var generalProblem: BilingualText? {
    problems.first { $0.key != "text" && !$0.key.hasPrefix("statements[") }?.value
  }

  /// What a statement says.
  public func text(of statement: Statement) -> String {
    draft?.statements.first { $0.id == statement.id }?.text ?? ""
  }

  /// Writes a statement.
  public func write(_ text: String, in statement: Statement) {
    guard let place = draft?.statements.firstIndex(where: { $0.id == statement.id }) else { return }
    draft?.statements[place].text = text
  }

  /// Reads what is there, with what was being written, and follows it until the task ends.
  public func run() async {
    do {
      let resident = try await app.opened()
      trouble = nil
      if draft == nil { restore(try resident.appeals(of: subject).draft) }
      for try await _ in resident.homes() { try read(resident) }
    } catch {
      show(error) { [app] in app.retry() }
    }
  }

  /// Begins to contest a reason. What was being written against another one goes.
  public func begin(_ contestable: Contestable) async {
    if draft?.rating != contestable.rating || draft?.rule != contestable.reason.rule {
      draft = Draft(rating: contestable.rating, rule: contestable.reason.rule)
    }
    await keep()
  }

  /// Adds a statement to what is being written.
  public func addStatement() {
    statements += 1
    draft?.statements.append(Statement(id: statements, text: ""))
  }

  /// Takes a statement away.
  public func remove(_ statement: Statement) { draft?.statements.removeAll { $0.id == statement.id } }

  /// Keeps what was written so far on this phone, in the place of what was kept before. It needs no network.
  public func keep() async {
    guard !isSending else { return }
    // One after the other: what was written last is kept last.
    let before = keeping
    let task = Task {
      await before?.value
      await store()
    }
    keeping = task
    await task.value
  }

  /// Throws away what is being written.
  public func discard() async {
    draft = nil
    await keep()
  }

  /// Makes the appeal, and begins to send it. Without a network it waits. Wrong fields are in ``problems``.
  public func send() async {
    guard !isSending, let input = draft?.input else { return }
    isSending = true
    defer { isSending = false }
    await keeping?.value
    do {
      let resident = try app.phone()
      try await resident.appeal(input, for: subject)
      (draft, problems, trouble) = (nil, [:], nil)
      try read(resident)
      app.look()
      app.startSync()
    } catch {
      show(error) { [weak self] in await self?.send() }
    }
  }

  /// Tries again what did not work, and nothing else; where it is the file, opens that once more.
  public func retry() async { await app.again(failed) }

  private func store() async {
    do {
      try await app.phone().keep(appealDraft: draft?.input, of: subject)
      (problems, trouble) = ([:], nil)
    } catch {
      show(error) { [weak self] in await self?.keep() }
    }
  }

  private func restore(_ kept: AppealInput?) {
    guard let kept else { return }
    draft = Draft(rating: kept.rating, rule: kept.rule, text: kept.text)
    for text in kept.statements {
      statements += 1
      draft?.statements.append(Statement(id: statements, text: text))
    }
  }

  private func read(_ resident: Resident) throws(HealthcodeError) {
    let appeals = try resident.appeals(of: subject)
    (contestable, made) = (appeals.contestable, appeals.made.reversed())
  }

  private func show(_ error: any Error, again: @escaping Again) {
    let error = error as? HealthcodeError ?? .internal(incident: "unexpected")
    switch error {
    case .invalidField(let field, _) where draft != nil: problems = [field: error.text]
    case .cancelled: break
    default: (trouble, failed) = (Trouble(error), again)
    }
  }
}

extension AppealModel.Draft {
  fileprivate var input: AppealInput {
    AppealInput(rating: rating, rule: rule, text: text, statements: statements.map(\.text))
  }
}
