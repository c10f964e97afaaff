// A move to another authority: what it would make of a subject, looked at on this phone, then the move with what the phone
// keeps. Nothing of the person is sent before the person has agreed to that.

import Foundation
import Observation

/// A look at another authority's rules, as they would be for a subject, and the move there.
@MainActor
@Observable
public final class MoveModel {
  /// Which part of it is shown.
  public enum Step: Equatable, Sendable {
    /// The look.
    case look
    /// What confirms the move: a one-time code; for somebody who is cared for also the records or an officer.
    case code
    /// The person is on this phone a second time, under the other authority.
    case done(Enrolment)
  }

  /// Which part of it is shown.
  public private(set) var step: Step = .look
  /// The one-time code.
  public var code = ""
  /// How many digits it has.
  public private(set) var digits = 6
  /// What is wrong with it, in the core's words.
  public private(set) var codeProblem: BilingualText?
  /// That nobody has confirmed yet who may care for the person there; nil before it was asked.
  public private(set) var pending: Trouble?
  /// Where the person could move: the authorities of the trust list but the person's own; none before the first exchange.
  public var authorities: [Authority] {
    let own = app.card(of: subject)?.issuer
    return ((try? app.phone().authorities()) ?? []).filter { $0.id != own }
  }
  /// The other authority, by its id in the trust list; empty before one is chosen.
  public var issuer = "" {
    didSet {
      // What was looked at is of the one before: nobody moves to another one by it.
      if issuer != oldValue { (preview, problem) = (nil, nil) }
    }
  }
  /// What it would come to there; nil before it was looked up.
  public private(set) var preview: MovePreview?
  /// What is wrong with the id, in the core's words.
  public private(set) var problem: BilingualText?
  /// What went wrong that is not about the id.
  public private(set) var trouble: Trouble?
  /// Whether the other authority is being asked; ``cancel()`` ends it.
  public private(set) var isWorking = false
  /// Whose it is.
  public let subject: String

  private let app: AppModel
  private var work: Task<Void, Never>?
  private var failed: Again?

  init(app: AppModel, subject: String) {
    (self.app, self.subject) = (app, subject)
    // The app may have ended since the person agreed and the code was sent.
    if let waits = try? app.phone().enrolmentUnderWay(), waits.movedFrom == subject {
      (issuer, digits, step) = (waits.movesTo ?? "", Int(waits.code.digits), .code)
    }
  }

  /// Fetches the other authority's rules, and asks them on this phone.
  public func look() async {
    guard work == nil else { return }
    preview = nil
    let issuer = issuer
    let again: Again = { [weak self] in await self?.look() }
    await working(again: again) { resident in
      do {
        let preview = try await resident.previewMove(of: self.subject, to: issuer)
        // Whoever has chosen another one meanwhile looks at that one.
        if self.issuer == issuer { self.preview = preview }
      } catch {
        if self.issuer == issuer { throw error }
      }
    }
  }

  /// Moves the person to the authority that was looked at, with what this phone keeps, once the person has agreed: a
  /// one-time code goes to the number on record there, and the next step is shown. The code of here stays.
  public func move() async {
    guard let there = preview?.issuer else { return }
    let again: Again = { [weak self] in await self?.move() }
    await working(again: again) { resident in
      let asked = try await resident.move(self.subject, to: there)
      // The library keeps one request, the last that was answered.
      self.app.awaitsCare = self.isForCare
      (self.issuer, self.digits, self.code, self.step) = (there, Int(asked.digits), "", .code)
    }
  }

  /// Gives up the move that waits for its code, and goes back to the look. The code that was sent fits no more.
  public func giveUp() async {
    guard step == .code else { return }
    let again: Again = { [weak self] in await self?.giveUp() }
    await working(again: again) { resident in
      try await resident.giveUpEnrolment()
      self.app.awaitsCare = false
      (self.step, self.code, self.pending) = (.look, "", nil)
    }
  }

  /// Confirms the move with the code; declaration and days served go with the exchange that begins then.
  public func confirm() async {
    let typed = code.trimmingCharacters(in: .whitespaces)
    let again: Again = { [weak self] in await self?.confirm() }
    await working(again: again) { resident in
      self.finish(self.isForCare ? try await resident.confirmCare(code: typed) : try await resident.enrol(code: typed))
    }
  }

  /// Asks whether the records or an officer there have confirmed, without a code, that the person may be cared for.
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

  /// Tries again what did not work, and nothing else.
  public func retry() async { await failed?() }

  /// Whether it is about a person for whom this phone cares.
  public var isForCare: Bool { app.card(of: subject)?.caredForBy != nil }

  private func finish(_ enrolment: Enrolment) {
    app.awaitsCare = false
    (step, code, pending) = (.done(enrolment), "", nil)
    app.look()
    app.select(enrolment.subject)
    app.startSync()
  }

  private func working(
    again: @escaping Again, _ call: @escaping @MainActor (Resident) async throws -> Void
  ) async {
    guard work == nil else { return }
    (isWorking, problem, codeProblem, trouble, failed) = (true, nil, nil, nil, again)
    let task = Task { await attempt(call) }
    work = task
    await task.joined()
    (work, isWorking) = (nil, false)
  }

  /// Ends what is under way; nothing is lost by it.
  public func cancel() { work?.cancel() }

  private func attempt(_ call: @MainActor (Resident) async throws -> Void) async {
    do {
      try await call(app.phone())
    } catch {
      let error = error as? HealthcodeError ?? .internal(incident: "unexpected")
      switch error {
      case .cancelled: break
      case .invalidField("code", _),
        .rejected where step == .code:
        codeProblem = error.text
      case .invalidField: problem = error.text
      default: trouble = Trouble(error)
      }
    }
  }
}
