// Enrolling somebody, oneself or a person to care for: the identity, then what confirms it. What was typed is the core's
// draft, and it knows of the wait for a one-time code: both outlive the app.

import Foundation
import Observation

/// Enrols somebody on this phone: whoever holds it, or a person for whom one of its subjects cares. Each wrong field has
/// the core's text where it stands.
@MainActor
@Observable
public final class RegisterModel {
  /// Which part of the form is shown.
  public enum Step: Equatable, Sendable {
    /// Who somebody is.
    case identity
    /// The one-time code, which went to the number on record. For a person to care for also without one: the records or an
    /// officer confirm it then.
    case code
    /// Done: the subject, and when this phone takes over where another one has to be told first.
    case done(Enrolment)
  }

  /// A field of the form, by the core's name for it.
  public enum Field: String, Equatable, Hashable, Sendable, CaseIterable {
    /// The name as written on the document.
    case name
    /// Kind and number of the document.
    case document
    /// The telephone number on record.
    case phone
    /// The region of residence.
    case region
    /// The one-time code.
    case code
    /// Who asks to care for the person.
    case carer
  }

  /// Which part of the form is shown.
  public private(set) var step: Step = .identity
  /// The name.
  public var name = "" { didSet { keep() } }
  /// `resident-id`, or another word of `[a-z0-9-]` such as `passport`.
  public var documentKind = "resident-id" { didSet { keep() } }
  /// The document's number.
  public var documentNumber = "" { didSet { keep() } }
  /// The telephone number.
  public var phone = "" { didSet { keep() } }
  /// The region of residence, six digits of GB/T 2260.
  public var region = "" { didSet { keep() } }
  /// The one-time code.
  public var code = ""
  /// The subject of this phone who asks to care for the person; nil where the person is to hold this phone.
  public var carer: String?
  /// That nobody has confirmed yet who may care for the person, as the server said when it was asked; nil before.
  public private(set) var pending: Trouble?
  /// What is wrong with each field, for the person; none for those that were not left yet.
  public private(set) var problems: [Field: BilingualText] = [:]
  /// What went wrong that is no field's.
  public private(set) var trouble: Trouble?
  /// Whether the server is being asked; ``cancel()`` ends it.
  public private(set) var isWorking = false
  /// How many digits the one-time code has.
  public private(set) var digits = 6
  /// The masked name of the person whose code is waited for; nil before it was asked for.
  public private(set) var waitsFor: String?
  /// Seconds for which the code is good, from when it was asked for.
  public private(set) var codeValidFor: TimeInterval = 0

  /// Whether what stands in the form was typed before the app was last opened.
  public private(set) var isRestored = false

  private let app: AppModel
  private let draft: Draft
  private var left: Set<Field> = []
  private var work: Task<Void, Never>?
  private var failed: Again?

  init(app: AppModel, carer: String? = nil) {
    (self.app, self.carer) = (app, carer)
    draft = Draft(app: app, form: carer == nil ? "register" : "care", subject: carer)
    restore()
    // The app may have ended since the code was asked for: the library goes on with it.
    if let waits = underWay, waits.code.expiresIn > 0 {
      (waitsFor, step) = (waits.maskedName, .code)
      (digits, codeValidFor) = (Int(waits.code.digits), waits.code.expiresIn)
    }
  }

  private func restore() {
    let kept = draft.read()
    guard !kept.isEmpty else { return }
    documentKind = kept["kind"] ?? documentKind
    (name, documentNumber) = (kept["name"] ?? "", kept["document"] ?? "")
    (phone, region, isRestored) = (kept["phone"] ?? "", kept["region"] ?? "", true)
  }

  private func keep() {
    var words = ["name": name, "document": documentNumber, "phone": phone, "region": region]
    if documentKind != "resident-id" { words["kind"] = documentKind }
    draft.keep(words.filter { !$0.value.isEmpty })
  }

  /// Empties the form.
  public func clear() {
    forget()
    documentKind = "resident-id"
  }

  private var underWay: EnrolmentUnderWay? {
    guard let waits = try? app.phone().enrolmentUnderWay() else { return nil }
    return waits.carer == carer && waits.movedFrom == nil ? waits : nil
  }

  /// Whether it is about a person to care for.
  public var isForCare: Bool { carer != nil }

  /// Who may ask to care for somebody: whoever has this phone for oneself.
  public var carers: [SubjectCard] { app.holders }

  /// The person has left a field: from now on what is wrong with it is shown.
  public func leave(_ field: Field) {
    left.insert(field)
    check()
  }

  /// Asks for a one-time code, and shows the next step. Wrong fields are in ``problems``, all at once.
  public func requestCode() async {
    left.formUnion([.name, .document, .phone, .region])
    problems[.carer] = nil
    check()
    guard problems.isEmpty else { return }
    let again: Again = { [weak self] in await self?.requestCode() }
    await working(again: again) { resident in
      let asked =
        if let carer = self.carer {
          try await resident.requestCare(for: self.identity, by: carer)
        } else {
          try await resident.requestOneTimeCode(self.identity)
        }
      // The library keeps one request, the last that was answered.
      self.app.awaitsCare = self.isForCare
      (self.digits, self.codeValidFor) = (Int(asked.digits), asked.expiresIn)
      (self.code, self.step, self.pending) = ("", .code, nil)
      self.waitsFor = self.underWay?.maskedName
    }
  }

  /// Confirms the code: the person is on this phone then, and the first exchange begins.
  public func enrol() async {
    problems[.code] = nil
    let again: Again = { [weak self] in await self?.enrol() }
    await working(again: again) { resident in
      let typed = self.code.trimmingCharacters(in: .whitespaces)
      let enrolment =
        if self.isForCare {
          try await resident.confirmCare(code: typed)
        } else {
          try await resident.enrol(code: typed)
        }
      self.finish(enrolment)
    }
  }

  /// Asks whether the records or an officer have confirmed, without a code, that the person may be cared for. While nobody
  /// has, ``pending`` says so, and the request stands for a week.
  public func askWhetherConfirmed() async {
    let again: Again = { [weak self] in await self?.askWhetherConfirmed() }
    await working(again: again) { resident in
      do {
        self.finish(try await resident.confirmCare())
      } catch HealthcodeError.rejected("relation-pending", let seconds) {
        self.pending = Trouble(.rejected(problem: "relation-pending", retryAfter: seconds))
      }
    }
  }

  private func finish(_ enrolment: Enrolment) {
    app.awaitsCare = false
    (step, pending) = (.done(enrolment), nil)
    app.look()
    app.select(enrolment.subject)
    app.startSync()
    clear()
  }

  /// Tries again what did not work, and nothing else.
  public func retry() async { await failed?() }

  /// Back from the code to the identity.
  public func back() {
    guard step == .code else { return }
    (step, code, trouble, pending) = (.identity, "", nil, nil)
    problems[.code] = nil
  }

  /// Ends what is under way; nothing is lost by it.
  public func cancel() { work?.cancel() }

  private var identity: IdentityForm {
    IdentityForm(
      name: name, documentKind: documentKind, documentNumber: documentNumber, phone: phone, region: region)
  }

  private func check() {
    do {
      let found = try app.phone().check(identity)
      problems = problems.filter { $0.key == .carer }
      for problem in found {
        if let field = Field(path: problem.field), left.contains(field) { problems[field] = problem.text }
      }
    } catch {
      trouble = Trouble(error)
    }
  }

  private func working(
    again: @escaping Again, _ call: @escaping @MainActor (Resident) async throws -> Void
  ) async {
    guard work == nil else { return }
    (isWorking, trouble, failed) = (true, nil, again)
    let task = Task { await attempt(call) }
    work = task
    await task.joined()
    (work, isWorking) = (nil, false)
  }

  private func attempt(_ call: @MainActor (Resident) async throws -> Void) async {
    do {
      try await call(app.phone())
    } catch {
      show(error as? HealthcodeError ?? .internal(incident: "unexpected"))
    }
  }

  private func show(_ error: HealthcodeError) {
    switch error {
    case .invalidField(let path, _):
      if let field = Field(path: path) { problems[field] = error.text } else { trouble = Trouble(error) }
    case .rejected("limit", _) where isForCare:
      // As many as the rulebook allows: it is about who asks, or about the person, and no code helps.
      step = .identity
      problems[.carer] = error.text
    case .rejected where step == .code:
      problems[.code] = error.text
    case .cancelled: break
    default: trouble = Trouble(error)
    }
  }

  private func forget() {
    isRestored = false
    (name, documentNumber, phone, region, code) = ("", "", "", "", "")
    (left, problems) = ([], [:])
  }
}

extension RegisterModel.Field {
  /// The field of a path of the core's, such as `document` or `document_kind`.
  init?(path: String) {
    let found = Self.allCases.first { path == $0.rawValue } ?? Self.allCases.first { path.hasPrefix($0.rawValue + "_") }
    guard let found else { return nil }
    self = found
  }
}
