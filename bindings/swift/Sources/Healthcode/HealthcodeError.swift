import Foundation
@_exported import HealthcodeNative

/// Why a call did not do what was asked: a case for each thing that a caller can do something about. Nothing of what a
/// person typed is repeated in it, so that it may be logged.
public enum HealthcodeError: Error, Equatable, Hashable, Sendable {
  /// A field of the input is wrong. `field` is its path, such as `document` or `travel[0]`, `reason` a stable word for
  /// what is wrong with it, such as `check-digit`. Show ``text`` at the field.
  case invalidField(field: String, reason: String)
  /// There is no such subject on this phone.
  case unknownSubject
  /// Trust list or rulebook have not come yet: sync first.
  case notSynced
  /// The subject has no code yet: declare and sync first.
  case notRated
  /// The platform's vault. `locked` is temporary and never a cause to enrol anew.
  case vault(VaultKind)
  /// The phone's file. None of these has changed it.
  case storage(StorageKind)
  /// The network: normal. What is unsent stays and is sent later. `retryAfter` is in seconds, if the server said so.
  case network(NetworkKind, retryAfter: TimeInterval?)
  /// The server said no; `problem` is its stable word, such as `wrong-code`. `retryAfter` is in seconds, if it said so.
  case rejected(problem: String, retryAfter: TimeInterval?)
  /// An authority's log of exposure notices, or a file of it. Nothing of the faulty one is used; what was taken before
  /// stays in force. `unwitnessed` is temporary, `forked` is to be reported.
  case noticeLog(NoticeLogKind)
  /// The phone was restarted and does not know the time well enough to show a code: scan the gate's challenge, or sync.
  case timeUnsure
  /// Another phone has taken this one's place.
  case replaced
  /// The server speaks a later version: update the app.
  case updateApp
  /// The task was cancelled. Nothing is lost.
  case cancelled
  /// The object was closed before the call, or while it ran. Nothing is lost.
  case closed
  /// A port failed or threw: `clock`. What it threw is not repeated; what the place for log lines throws is passed over.
  case port(name: String)
  /// A fault of the library, which goes on working: report `incident`, which holds no personal data.
  case `internal`(incident: String)
}

extension HealthcodeError {
  /// What to say to the person, in both languages: what happened, and what can be done about it.
  public var text: BilingualText {
    (try? nativeErrorText(error: native)) ?? BilingualText(zh: "应用发生错误。", en: "A fault of the app.")
  }

  private var native: NativeError {
    switch self {
    case .invalidField(let field, let reason): .InvalidField(field: field, reason: reason)
    case .unknownSubject: .UnknownSubject
    case .notSynced: .NotSynced
    case .notRated: .NotRated
    case .vault(let kind): .Vault(kind: kind)
    case .storage(let kind): .Storage(kind: kind)
    // A text does not depend on the time to wait, and not every number of seconds crosses.
    case .network(let kind, _): .Network(kind: kind, retryAfter: nil)
    case .rejected(let problem, _): .Rejected(problem: problem, retryAfter: nil)
    case .noticeLog(let kind): .NoticeLog(kind: kind)
    case .timeUnsure: .TimeUnsure
    case .replaced: .Replaced
    case .updateApp: .UpdateApp
    case .cancelled: .Cancelled
    case .closed: .Closed
    case .port(let name): .Port(name: name)
    case .internal(let incident): .Internal(incident: incident)
    }
  }

  /// The layer's own error for whatever the generated code throws.
  init(_ error: any Error) {
    switch error {
    case let error as HealthcodeError: self = error
    case let error as NativeError: self = .init(native: error)
    case is CancellationError: self = .cancelled
    // A panic in the library, caught at the border; its text may hold anything.
    default: self = .internal(incident: "panic")
    }
  }

  private init(native error: NativeError) {
    self =
      switch error {
      case .InvalidField(let field, let reason): .invalidField(field: field, reason: reason)
      case .UnknownSubject: .unknownSubject
      case .NotSynced: .notSynced
      case .NotRated: .notRated
      case .Vault(let kind): .vault(kind)
      case .Storage(let kind): .storage(kind)
      case .Network(let kind, let retryAfter): .network(kind, retryAfter: retryAfter)
      case .Rejected(let problem, let retryAfter): .rejected(problem: problem, retryAfter: retryAfter)
      case .NoticeLog(let kind): .noticeLog(kind)
      case .TimeUnsure: .timeUnsure
      case .Replaced: .replaced
      case .UpdateApp: .updateApp
      case .Cancelled: .cancelled
      case .Closed: .closed
      case .Port(let name): .port(name: name)
      case .Internal(let incident): .internal(incident: incident)
      }
  }
}

extension HealthcodeError: LocalizedError {
  /// ``text`` in the person's first language: Chinese where it is Chinese, English everywhere else.
  public var errorDescription: String? { text.localized }
}

extension BilingualText {
  /// This text in the person's first language: Chinese where it is Chinese, English everywhere else.
  public var localized: String { inLanguage(Locale.preferredLanguages.first ?? "en") }

  /// This text in the language of a BCP 47 tag such as `zh-Hans-CN`: Chinese where it is Chinese, English everywhere
  /// else.
  public func inLanguage(_ tag: String) -> String {
    tag == "zh" || tag.hasPrefix("zh-") ? zh : en
  }
}
