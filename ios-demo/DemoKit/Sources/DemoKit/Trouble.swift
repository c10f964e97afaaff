// An error as a screen shows it: the core's own text, and what the person can do about it.

import Foundation

/// Something that did not work, for the person: what happened, and what can be done.
public struct Trouble: Equatable, Hashable, Sendable {
  /// The error, which holds nothing that a person typed.
  public let error: HealthcodeError

  /// An error as a screen shows it.
  public init(_ error: HealthcodeError) {
    self.error = error
  }

  /// What to say, in both languages.
  public var text: BilingualText { error.text }

  /// What to offer, the likeliest help first. It is empty only where nothing is wrong: after a cancellation.
  public var remedies: [Remedy] {
    switch error {
    case .invalidField: [.correct]
    case .unknownSubject: [.enrol]
    case .notSynced: [.sync]
    case .notRated: [.declare, .sync]
    case .vault(.locked): [.retry]
    case .vault(.gone): [.retry, .eraseAndEnrol]
    case .vault(.refused): [.retry]
    case .storage(.busy): [.retry]
    case .storage(.full): [.open(.storage), .retry]
    case .storage(.readOnly), .storage(.unreachable): [.retry]
    case .storage(.corrupt), .storage(.wrongKey): [.retry, .eraseAndEnrol]
    case .storage(.newerSchema), .updateApp: [.updateApp]
    case .network(.offline, _): [.sync, .open(.network)]
    case .network(.tls, _), .network(.intercepted, _): [.open(.network), .sync]
    case .network, .rejected: [.retry]
    case .noticeLog(.forked), .noticeLog(.altered): [.report(incident: nil)]
    case .noticeLog: [.retry]
    case .timeUnsure: [.scan, .sync]
    case .replaced: [.enrol]
    case .cancelled: []
    case .closed, .port: [.retry]
    case .internal(let incident): [.retry, .report(incident: incident)]
    }
  }

  /// What to offer where it is about a gate's own file, which is not the residents': nobody enrols there.
  public var gateRemedies: [Remedy] { remedies.map { $0 == .eraseAndEnrol ? .eraseGate : $0 } }

  /// Whether it is the network: normal, what is unsent waits.
  public var isNetwork: Bool {
    if case .network = error { true } else { false }
  }

  /// How long the server asked to wait, in seconds, if it did.
  public var retryAfter: TimeInterval? {
    switch error {
    case .network(_, let seconds), .rejected(_, let seconds): seconds
    default: nil
    }
  }
}

/// What a person can do about a trouble or a condition: a button each.
public enum Remedy: Equatable, Hashable, Sendable {
  /// Correct the field.
  case correct
  /// Try the same again.
  case retry
  /// Connect, and exchange everything with the server.
  case sync
  /// Fill in the declaration.
  case declare
  /// Enrol again on this phone: what is kept here is not lost.
  case enrol
  /// Ask to care for the person, anew.
  case askForCare
  /// Erase what is on this phone and enrol anew: ask before, it cannot be undone.
  case eraseAndEnrol
  /// Erase the gate's own file, and go on with an empty one: ask before.
  case eraseGate
  /// Scan the gate's challenge: an answer needs no clock.
  case scan
  /// Let another phone in, or refuse it.
  case answerTakeover
  /// Read why it was refused.
  case showJournal
  /// Update the app.
  case updateApp
  /// Change something in the phone's settings.
  case open(DeviceSetting)
  /// Report it; `incident` names a fault of the library and holds no personal data.
  case report(incident: String?)
}
