// The declaration: the rulebook's questions as they are, where the person was, what it would come to, and the sending.
// What the answers mean is the core's affair.

import Foundation
import Observation

/// What a declaration would come to. In a file that imports SwiftUI the name of the core's own is another's too.
public typealias DeclarationPreview = Preview

/// A subject's declaration. It is filled in, looked at before it is sent, and recorded without a network.
@MainActor
@Observable
public final class DeclareModel {
  /// Which part is shown.
  public enum Step: Equatable {
    /// The form is not here yet; with the trouble, what to do.
    case waiting(Trouble?)
    /// The questions and the travel list.
    case form
    /// What it would come to, before it is sent.
    case preview(Preview)
    /// Recorded; ``AppModel/conditions`` tell whether it was sent.
    case recorded(Recorded)
  }

  /// A stay as it is filled in.
  public struct Stay: Equatable, Identifiable, Sendable {
    /// Names the line.
    public let id: Int
    /// Where, six digits of GB/T 2260.
    public var region: String
    /// The first day, any instant of it in the legal calendar.
    public var from: Date
    /// The last day, the same.
    public var to: Date
  }

  /// Which part is shown.
  public private(set) var step: Step = .waiting(nil)
  /// The rulebook's form; nil before it has come.
  public private(set) var form: DeclarationForm?
  /// The answers so far, by the question's id.
  public private(set) var answers: [String: AnswerValue] = [:] { didSet { keep() } }
  /// Where the person was.
  public var stays: [Stay] = [] { didSet { keep() } }
  /// What is wrong, by the core's path of the field.
  public private(set) var problems: [String: BilingualText] = [:]
  /// What went wrong that is no field's.
  public private(set) var trouble: Trouble?
  /// Whether it is being recorded: a moment.
  public private(set) var isWorking = false
  /// Whose it is.
  public let subject: String

  /// Whether what stands in the form was filled in before the app was last opened.
  public private(set) var isRestored = false

  private let app: AppModel
  private let draft: Draft
  private var lines = 0

  init(app: AppModel, subject: String) {
    (self.app, self.subject) = (app, subject)
    draft = Draft(app: app, form: "declaration", subject: subject)
    let kept = draft.read()
    guard !kept.isEmpty else { return }
    (answers, stays) = (DraftWords.answers(kept), DraftWords.stays(kept))
    (lines, isRestored) = (stays.count, true)
  }

  private func keep() {
    draft.keep(DraftWords.of(answers).merging(DraftWords.of(stays)) { first, _ in first })
  }

  /// Empties the form.
  public func clear() { (answers, stays, problems, isRestored) = ([:], [], [:], false) }

  /// Fetches the form; connects for it where it never came. For the screen's task.
  public func load() async {
    do {
      try show(app.phone().form(of: subject))
    } catch HealthcodeError.notSynced {
      await app.sync()
      do {
        try show(app.phone().form(of: subject))
      } catch {
        step = .waiting(app.syncTrouble ?? Trouble(error))
      }
    } catch {
      step = .waiting(Trouble(error))
    }
  }

  func show(_ form: DeclarationForm) {
    self.form = form
    if case .waiting = step { step = .form }
  }

  /// The days that can be picked, as instants; nil before the form has come.
  public var window: ClosedRange<Date>? {
    guard let form, let from = LegalTime.noon(of: form.from), let to = LegalTime.noon(of: form.to), from <= to
    else { return nil }
    return from...to
  }

  /// Whether another stay can be added.
  public var canAddStay: Bool { form.map { stays.count < $0.maxStays } ?? false }
}

// MARK: Filling in

extension DeclareModel {
  /// The answer to a yes-or-no question; nil before there is one.
  public func yesNo(_ question: String) -> Bool? {
    if case .yesNo(let yes) = answers[question] { yes } else { nil }
  }

  /// Whether an option is chosen.
  public func isChosen(_ option: String, of question: String) -> Bool {
    switch answers[question] {
    case .one(let chosen): chosen == option
    case .any(let chosen): chosen.contains(option)
    default: false
    }
  }

  /// Whether a question with any number of options was answered with none of them.
  public func isNone(_ question: String) -> Bool { answers[question] == .any(options: []) }

  /// The day that was answered; nil before there is one.
  public func date(_ question: String) -> Date? {
    if case .date(let day) = answers[question] { LegalTime.noon(of: day) } else { nil }
  }

  /// The text that was answered to a question of a kind that this version does not know.
  public func text(_ question: String) -> String {
    if case .one(let text) = answers[question] { text } else { "" }
  }

  /// Answers yes or no.
  public func answer(_ question: String, yes: Bool) { set(question, .yesNo(yes: yes)) }

  /// Chooses the one option.
  public func choose(_ option: String, of question: String) { set(question, .one(option: option)) }

  /// Adds an option, or takes it away.
  public func toggle(_ option: String, of question: String) {
    var chosen: [String] = if case .any(let options) = answers[question] { options } else { [] }
    if chosen.contains(option) { chosen.removeAll { $0 == option } } else { chosen.append(option) }
    set(question, .any(options: chosen))
  }

  /// Answers that none of the options applies.
  public func chooseNone(of question: String) { set(question, .any(options: [])) }

  /// Answers with a day.
  public func pick(_ date: Date, for question: String) { set(question, .date(day: LegalTime.day(of: date))) }

  /// Answers a question of a kind that this version does not know; an empty text takes the answer back.
  public func write(_ text: String, for question: String) {
    set(question, text.isEmpty ? nil : .one(option: text))
  }

  /// Adds a stay of today, to be filled in.
  public func addStay() {
    guard canAddStay, let window else { return }
    lines += 1
    stays.append(Stay(id: lines, region: "", from: window.upperBound, to: window.upperBound))
  }

  /// Takes a stay away.
  public func remove(_ stay: Stay.ID) {
    stays.removeAll { $0.id == stay }
    problems = problems.filter { !$0.key.hasPrefix("travel") }
  }

  /// What is wrong with the answer to a question.
  public func problem(of question: String) -> BilingualText? { problems["answers.\(question)"] }

  /// What is wrong with a stay: a problem of the whole, or of its region or days.
  public func problem(of stay: Stay.ID) -> BilingualText? {
    guard let index = stays.firstIndex(where: { $0.id == stay }) else { return nil }
    return problems.first { $0.key.hasPrefix("travel[\(index)]") }?.value
  }

  /// What is wrong with the list as a whole, such as too many stays, or with the declaration.
  public var generalProblem: BilingualText? {
    problems.first { !$0.key.hasPrefix("answers.") && !$0.key.hasPrefix("travel[") }?.value
  }

  private func set(_ question: String, _ value: AnswerValue?) {
    answers[question] = value
    problems["answers.\(question)"] = nil
  }
}

// MARK: Looking at it, and sending

extension DeclareModel {
  /// Shows what it would come to, with the reason; or what is wrong, in ``problems``.
  public func review() {
    do {
      let preview = try app.phone().preview(declaration, for: subject)
      trouble = nil
      problems = Dictionary(preview.problems.map { ($0.field, $0.text) }) { first, _ in first }
      step = problems.isEmpty ? .preview(preview) : .form
    } catch {
      show(error)
    }
  }

  /// Back from the preview to the form.
  public func edit() {
    if case .preview = step { step = .form }
  }

  /// Records it, and begins to send it. Once it is recorded it survives whatever happens to the app.
  public func send() async {
    guard !isWorking else { return }
    isWorking = true
    defer { isWorking = false }
    do {
      step = .recorded(try await app.phone().declare(declaration, for: subject))
      trouble = nil
      clear()
      app.look()
      app.startSync()
    } catch {
      show(error)
    }
  }

  /// Tries again what did not work: the sending, or the look at what it comes to.
  public func retry() async {
    if case .preview = step { await send() } else { review() }
  }

  var declaration: DeclarationInput {
    DeclarationInput(
      answers: (form?.questions ?? []).compactMap { question in
        answers[question.id].map { AnswerInput(question: question.id, value: $0) }
      },
      travel: stays.map {
        StayInput(region: $0.region, from: LegalTime.day(of: $0.from), to: LegalTime.day(of: $0.to))
      }
    )
  }

  private func show(_ error: HealthcodeError) {
    guard case .invalidField(let field, _) = error else {
      trouble = Trouble(error)
      return
    }
    problems = [field: error.text]
    step = .form
  }
}
