// A verdict as a screen and a signal tell it. What to do is in the scan's action, in the core's words.

extension Verdict {
  /// Whose code it is; nil where that is not known.
  public var holder: Holder? {
    switch self {
    case .pass(let holder, _, _, _), .stop(let holder, _, _), .askForAnswer(let holder, _),
      .compareCard(let holder, _, _, _, _), .alreadySeen(let holder), .renew(let holder, _), .withdrawn(let holder):
      holder
    case .unknownIssuer, .notAHealthCode, .invalid, .connectFirst: nil
    }
  }

  /// The code's colour, where the verdict rests on it.
  public var colour: Colour? {
    switch self {
    case .pass(_, let colour, _, _), .stop(_, let colour, _), .compareCard(_, let colour, _, _, _): colour
    case .askForAnswer, .alreadySeen, .renew, .withdrawn, .unknownIssuer, .notAHealthCode, .invalid, .connectFirst: nil
    }
  }

  /// How it is told without a look at the screen.
  public var signal: Signal {
    switch self {
    case .pass: .pass
    case .stop: .stop
    case .askForAnswer: .ask
    case .compareCard, .alreadySeen, .renew, .withdrawn, .unknownIssuer, .notAHealthCode, .invalid, .connectFirst: .look
    }
  }
}
