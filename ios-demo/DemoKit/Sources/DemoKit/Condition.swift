// Where a subject and the phone stand, as far as it needs a word on the screen: each with a text, and with what to do.

import Foundation

/// Something about a subject or the phone that a person should know, while the rest goes on working.
public enum Condition: Equatable, Hashable, Sendable {
  /// Another phone wants to take this one's place: to be answered at once.
  case takeover(Takeover)
  /// Another phone has taken this one's place.
  case replaced
  /// What this phone's carer did for the person has ended, or goes on from another phone of the carer.
  case careEnded
  /// The server does not know the subject by this phone's key.
  case unknown
  /// Another phone is being told: this one takes over then.
  case pending(until: Date)
  /// The server refused something that was recorded.
  case rejected(Rejection)
  /// What is wrong with the time, in the core's words: the day that is unsure, or the phone's own clock.
  case time(TimeNotice)
  /// All days are done and the time has come: connect, the server confirms.
  case connectToConfirm
  /// The last exchange failed; `waiting` entries of all subjects wait to be sent.
  case unsent(Trouble, waiting: Int)
  /// Entries wait to be sent, and nothing is wrong.
  case waiting(Int)
  /// Nothing was ever declared, so that there is no code yet.
  case undeclared

  /// What to offer, the likeliest help first.
  public var remedies: [Remedy] {
    switch self {
    case .takeover: [.answerTakeover]
    case .replaced, .unknown: [.enrol]
    case .careEnded: [.askForCare]
    case .pending, .connectToConfirm, .waiting: [.sync]
    case .rejected: [.showJournal]
    case .time(let notice):
      switch notice.kind {
      case .dayUnknown: [.sync, .scan]
      case .clockAhead, .clockBehind: [.open(.date)]
      }
    case .unsent(let trouble, _): trouble.remedies
    case .undeclared: [.declare]
    }
  }

  /// The core's text for it, where there is one; the others have an own text by their case.
  public var text: BilingualText? {
    switch self {
    case .replaced: HealthcodeError.replaced.text
    case .unknown: HealthcodeError.rejected(problem: "unknown-subject", retryAfter: nil).text
    case .rejected(let rejection): rejection.text
    case .time(let notice): notice.what
    case .unsent(let trouble, _): trouble.text
    case .undeclared: HealthcodeError.notRated.text
    case .takeover, .careEnded, .pending, .connectToConfirm, .waiting: nil
    }
  }
}

/// Something that was recorded here and that the server refused. It holds up nothing else.
public struct Rejection: Equatable, Hashable, Sendable, Identifiable {
  /// The id of its entry in the journal.
  public let id: String
  /// Whose it is.
  public let subject: String
  /// When the server refused it.
  public let at: Date
  /// What was wrong, and what can be done about it.
  public let text: BilingualText
}
