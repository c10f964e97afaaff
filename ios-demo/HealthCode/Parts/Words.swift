// Which of the app's own words stands for what the core says as a case. What the core says in words is not said again.

import DemoKit

extension DayState {
  /// The word of a day.
  var key: Key {
    switch self {
    case .credited: .dayCredited
    case .beforeIssue: .dayBeforeIssue
    case .done: .dayDone
    case .missed: .dayMissed
    case .tolerated: .dayTolerated
    case .open: .dayOpen
    }
  }

  /// The sign of a day: each has a shape of its own.
  var symbol: String {
    switch self {
    case .credited: "plus.circle"
    case .beforeIssue: "minus"
    case .done: "checkmark.circle.fill"
    case .missed: "xmark.circle"
    case .tolerated: "circle.dotted"
    case .open: "circle"
    }
  }
}

extension MissEffect {
  /// What would follow where nobody checks in before the deadline.
  var key: Key {
    switch self {
    case .restart: .missRestart
    case .extend: .missExtend
    case .forgiven: .missForgiven
    }
  }
}

extension Certainty {
  /// That a check-in counts, for which day, and how surely.
  var key: Key {
    switch self {
    case .certain: .countedCertain
    case .late: .countedLate
    case .ambiguous: .countedAmbiguous
    }
  }
}

extension NotCounted {
  /// Why a check-in does not count.
  var key: Key {
    switch self {
    case .beforeOrder: .notCountedBeforeOrder
    case .tooOld: .notCountedTooOld
    case .dayTaken: .notCountedDayTaken
    case .unclear: .notCountedUnclear
    case .afterOrder: .notCountedAfterOrder
    }
  }
}

extension ActKind {
  /// What an officer did.
  var key: Key {
    switch self {
    case .overdue: .journalActedOverdue
    case .relation: .journalActedRelation
    case .paper: .journalActedPaper
    case .checkIn: .journalActedCheckIn
    case .appeal: .journalActedAppeal
    case .order: .journalActedOrder
    case .declaration: .journalActedDeclaration
    }
  }
}

extension AppealState {
  /// Where an appeal stands.
  var key: Key {
    switch self {
    case .received: .journalAppealReceived
    case .inReview: .journalAppealInReview
    case .granted: .journalAppealGranted
    case .refused: .journalAppealRefused
    }
  }
}

extension AppealStanding {
  /// Where an appeal stands.
  var key: Key {
    switch self {
    case .waiting: .appealWaiting
    case .received: .journalAppealReceived
    case .inReview: .journalAppealInReview
    case .granted: .journalAppealGranted
    case .refused: .journalAppealRefused
    case .notTaken: .appealNotTaken
    }
  }

  /// The sign of it.
  var symbol: String {
    switch self {
    case .waiting: "tray.and.arrow.up"
    case .received: "tray.full"
    case .inReview: "eye"
    case .granted: "checkmark.circle"
    case .refused: "xmark.circle"
    case .notTaken: "exclamationmark.circle"
    }
  }
}

extension By {
  /// Who it was, with a gap for the name.
  var key: Key { role == .carer ? .journalByCarer : .journalByOfficer }
}

extension ReleaseCause {
  /// Why an order ended.
  var key: Key {
    switch self {
    case .completed: .releasedCompleted
    case .superseded: .releasedSuperseded
    case .officer: .releasedOfficer
    case .lapsed: .releasedLapsed
    }
  }
}

extension ExposureState {
  /// Where a match stands.
  var key: Key {
    switch self {
    case .holds: .matchHolds
    case .placeUnknown: .matchPlaceUnknown
    case .coming: .matchComing
    case .over: .matchOver
    case .wrongEntry: .matchWrongEntry
    case .told: .matchTold
    case .decided: .matchDecided
    }
  }
}

extension TransportMode {
  /// The sign of a journey.
  var symbol: String {
    switch self {
    case .train: "tram"
    case .flight: "airplane"
    case .coach: "bus"
    }
  }
}

extension GateTimeState {
  /// What a gate knows of the time.
  var key: Key {
    switch self {
    case .firm: .gateTimeFirm
    case .coarse: .gateTimeCoarse
    case .confirmDate: .gateTimeConfirm
    case .none: .gateTimeNone
    }
  }
}

extension Key {
  /// The word of a verdict, by the core's name for it in the counts.
  init(verdict: String) {
    self =
      switch verdict {
      case "pass": .verdictPass
      case "stop": .verdictStop
      case "ask_for_answer": .verdictAsk
      case "compare_card": .verdictCompare
      case "already_seen": .verdictSeen
      case "renew": .verdictRenew
      case "withdrawn": .verdictWithdrawn
      case "unknown_issuer": .verdictIssuer
      case "not_a_health_code": .verdictForeign
      case "invalid": .verdictInvalid
      case "connect_first": .verdictConnect
      default: .verdictOther
      }
  }
}
