// What a gate's screen shows, and what a scan came to.

import Foundation

extension GateModel {
  /// What the screen shows.
  public enum Content: Equatable {
    /// The lane's file is being opened: a moment.
    case opening
    /// It cannot be opened: why, and what to do.
    case failed(Trouble)
    /// The lane has no name yet: residents see one on a challenge, and ``GateModel/set(_:)`` gives it.
    case unnamed
    /// The camera's picture.
    case scanning
    /// What a scan came to, full screen.
    case finding(Finding)
    /// A challenge that is asked of everybody, while ``GateModel/asksEverybody``.
    case challenge(ShownChallenge)
  }

  /// What a scan came to.
  public struct Finding: Equatable, Sendable {
    /// Verdict, action in words, and the challenge to show where an answer is asked for.
    public let scan: Scan
    /// How it is told without a look at the screen.
    public let signal: Signal
    /// Whether it stays until a tap: a stop, and an outage notice, which no person shows and which can be loaded.
    public var staysUntilTap: Bool { signal == .stop || isOutageNotice }
    /// Whether it is an outage notice that ``GateModel/loadOutageNotice()`` loads.
    public var isOutageNotice: Bool { scan.verdict == .notAHealthCode(what: .outageNotice) }
    /// Whose code it is; nil where that is not known.
    public var holder: Holder? { scan.verdict.holder }
    /// The colour; nil where there is none.
    public var colour: Colour? { scan.verdict.colour }
  }

  /// How often a verdict was come to on a day.
  public struct VerdictCount: Equatable, Sendable, Identifiable {
    /// The verdict's name by the core: `pass`, `stop`, …
    public let verdict: String
    /// How often.
    public let count: Int
    /// Its name.
    public var id: String { verdict }
  }
}
