// The family on this phone: for whom it cares, who else does, and the end of it. An end is asked for twice.

import Foundation
import Observation

/// Who cares for whom, as far as this phone knows. Cards come from ``AppModel``; this adds what can be done about them.
@MainActor
@Observable
public final class FamilyModel {
  /// A carer whose care for a subject is to end.
  public struct Ending: Equatable, Hashable, Sendable {
    /// The subject.
    public let subject: String
    /// The carer.
    public let carer: Carer
  }

  /// Where a request to care for somebody stands that nobody has confirmed yet.
  public enum Request: Equatable, Sendable {
    /// There is none.
    case none
    /// It waits, and was not asked about on this screen.
    case waiting
    /// The server was asked: nobody has confirmed it yet, in the core's words.
    case pending(Trouble)
    /// It is confirmed: the person is on this phone.
    case confirmed(Enrolment)
    /// It has lapsed, or cannot be asked about now: why, and what to do.
    case failed(Trouble)
  }

  /// Where the request stands that waits to be confirmed.
  public private(set) var request: Request
  /// What was asked to end once, and waits to be confirmed; nil where there is none.
  public private(set) var asked: Ending?
  /// What was recorded last on this screen: it is sent with the next exchange.
  public private(set) var recorded: Recorded?
  /// What did not work.
  public private(set) var trouble: Trouble?
  /// Whether the server is being asked; ``cancel()`` ends it.
  public private(set) var isWorking = false

  private let app: AppModel
  private var work: Task<Void, Never>?
  private var failed: Again?

  init(app: AppModel) {
    self.app = app
    request = app.awaitsCare ? .waiting : .none
  }

  /// Whether this phone can end what a carer does for a subject: the subject's own phone for each of them, a carer's phone
  /// for itself. Where it cannot, the core says so too.
  public func canEnd(_ carer: Carer, for card: SubjectCard) -> Bool {
    card.state == .active && (card.caredForBy == nil || carer.thisPhone)
  }

  /// Asks for the end of what a carer does for a subject: nothing is recorded before ``confirm(_:)``.
  public func ask(toEnd carer: Carer, for subject: String) { asked = Ending(subject: subject, carer: carer) }

  /// Takes that back.
  public func keep() { asked = nil }

  /// Records an end that was asked for, and begins to send it. It needs no network.
  public func confirm(_ ending: Ending) async {
    asked = nil
    do {
      recorded = try await app.phone().endCare(of: ending.subject, by: ending.carer.key)
      trouble = nil
      app.look()
      app.startSync()
    } catch {
      (trouble, failed) = (Trouble(error), { [weak self] in await self?.confirm(ending) })
    }
  }

  /// Tries again what did not work, and nothing else.
  public func retry() async { await app.again(failed) }

  /// Asks whether the request that waits is confirmed.
  public func askAgain() async {
    guard work == nil else { return }
    isWorking = true
    let task = Task { await confirm() }
    work = task
    await task.joined()
    (work, isWorking) = (nil, false)
  }

  /// Ends what is under way; nothing is lost by it.
  public func cancel() { work?.cancel() }

  private func confirm() async {
    do {
      let enrolment = try await app.phone().confirmCare()
      (request, app.awaitsCare) = (.confirmed(enrolment), false)
      app.look()
      app.select(enrolment.subject)
      app.startSync()
    } catch {
      switch error {
      case .cancelled: break
      case .rejected("relation-pending", _): request = .pending(Trouble(error))
      // Whoever has asked for something else since, or waited for more than a week, asks anew.
      case .rejected, .invalidField: (request, app.awaitsCare) = (.failed(Trouble(error)), false)
      default: request = .failed(Trouble(error))
      }
    }
  }
}
