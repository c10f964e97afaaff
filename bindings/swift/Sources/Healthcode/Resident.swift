import Foundation
import HealthcodeNative

/// A resident's phone: the resident and the family members whom the resident cares for, each a subject with an own key.
///
/// Every method may be called from any thread. Those with `async` do their work elsewhere and may be called from the
/// main actor; the others read the phone's file and are quick. A task that is cancelled while it waits for the network
/// stops the work in the library at once; what was recorded before stays recorded and is sent later.
///
/// ``close()`` ends it, with everything of it that is under way; so does letting go of it, once nothing is. Close it
/// before the system suspends the app where the file lies in a shared container: a file that is held then ends the app.
/// The same file opened twice in a process is one instance.
public final class Resident: Sendable {
  let native: NativeResident

  /// Opens the phone's file, made if there is none.
  ///
  /// Throws `storage` with what is wrong with the file (`busy` while another process has it; `corrupt`, `wrongKey` and
  /// `newerSchema` leave it as it is), `vault` where the vault cannot be used, `invalidField` for the configuration.
  public static func open(_ config: Config, ports: Ports) async throws(HealthcodeError) -> Resident {
    let guarded = ports.guarded
    return try await working { Resident(native: try openNativeResident(config: config, ports: guarded)) }
  }

  /// Opens the phone's file only to look at it, beside a process that may have it open: for a widget or another
  /// extension. ``home()``, ``code(of:challenge:)``, ``quarantine(of:)`` and ``form(of:)`` show what was written last;
  /// whatever would write throws `storage` with `readOnly`. It does not see what another process writes while it is open:
  /// look again when the system renews the widget.
  ///
  /// Throws `storage` with `unreachable` where there is no file yet; with `readOnly` for a file that the app of this
  /// version has not opened yet, and where nobody has it open and the folder may not be written to; `vault` as
  /// ``open(_:ports:)`` does.
  public static func openReadOnly(_ config: Config, ports: Ports) async throws(HealthcodeError) -> Resident {
    let guarded = ports.guarded
    return try await working { Resident(native: try openNativeResidentReadOnly(config: config, ports: guarded)) }
  }

  private init(native: NativeResident) {
    self.native = native
  }

  /// Everything that a first screen shows: the subjects with colour and what is due, the time, the sync.
  public func home() throws(HealthcodeError) -> Home {
    try translated { try native.home() }
  }

  /// ``home()``, now and whenever something of it has changed: after a record, while a sync runs, when a day opens. A
  /// change made through another object over the same file counts too. It ends only with its reader or with an error,
  /// `closed` among them.
  public func homes() -> AsyncThrowingStream<Home, any Error> {
    let native = native
    return stream { continuation throws(HealthcodeError) in
      var change: UInt64 = 0
      var last: Home?
      while true {
        let known = change
        if let wake = last?.secondsToWake {
          change = try await cancellable(within: wake) { try await native.changed(after: known, cancel: $0) } ?? known
        } else {
          change = try await cancellable { try await native.changed(after: known, cancel: $0) }
        }
        let home = try await working { try native.home() }
        if home != last { continuation.yield(home) }
        last = home
      }
    }
  }

  /// The state of the sync, now and whenever it has changed; see ``homes()``.
  public func syncStates() -> AsyncThrowingStream<SyncState, any Error> {
    let homes = homes()
    return stream { continuation throws(HealthcodeError) in
      var last: SyncState?
      do {
        for try await home in homes where home.sync != last {
          continuation.yield(home.sync)
          last = home.sync
        }
      } catch {
        throw HealthcodeError(error)
      }
    }
  }

  /// A fresh code of a subject: a presentation of now, or, with the text of a gate's `challenge`, an answer to it. Keep
  /// it in memory only.
  ///
  /// Throws `notRated` before the first code has come, `timeUnsure` after a restart of the phone without a sync (scan
  /// the gate's challenge, an answer needs no clock), `replaced`, and `invalidField` for a text that is no challenge.
  public func code(of subject: String, challenge: String? = nil) async throws(HealthcodeError) -> ShownCode {
    let native = native
    return try await working { try native.code(subject: subject, challenge: challenge) }
  }

  /// The codes to show of a subject, one after the other: a new presentation every 30 seconds, and at once when the
  /// colour, its reasons or the token behind it have changed. It fails as ``code(of:challenge:)`` does.
  public func codes(of subject: String) -> AsyncThrowingStream<ShownCode, any Error> {
    let native = native
    return stream { continuation throws(HealthcodeError) in
      var change = try await cancellable { try await native.changed(after: 0, cancel: $0) }
      var shown = try await working { try native.code(subject: subject, challenge: nil) }
      var shownAt = Date.uptime
      continuation.yield(shown)
      while let refresh = shown.refreshIn {
        let known = change
        let left = refresh - (Date.uptime - shownAt)
        let next = try await cancellable(within: left) { try await native.changed(after: known, cancel: $0) }
        let fresh = try await working { try native.code(subject: subject, challenge: nil) }
        if next == nil || !fresh.saysTheSame(as: shown) {
          (shown, shownAt) = (fresh, Date.uptime)
          continuation.yield(shown)
        }
        change = next ?? change
      }
    }
  }

  /// How far the quarantine of a subject has come; nil without an order in force.
  public func quarantine(of subject: String) throws(HealthcodeError) -> QuarantineView? {
    try translated { try native.quarantine(subject: subject) }
  }

  /// The questions of the rulebook in force, and the days that they ask about: of the authority that knows the subject,
  /// or, without one, of the home authority. Throws `notSynced` before the first rulebook has come; `unknownSubject`.
  public func form(of subject: String? = nil) throws(HealthcodeError) -> DeclarationForm {
    try translated { try native.form(subject: subject) }
  }

  /// Everything that is wrong with an identity, field by field; empty for none.
  public func check(_ identity: IdentityForm) throws(HealthcodeError) -> [FieldProblem] {
    try translated { try native.checkIdentity(identity: identity) }
  }

  /// What is wrong with a declaration, or what it would come to as far as this phone can tell: the server asks the
  /// public records too, and decides.
  public func preview(_ declaration: DeclarationInput, for subject: String) throws(HealthcodeError) -> Preview {
    try translated { try native.preview(subject: subject, declaration: declaration) }
  }

  /// Records a declaration, a check-in or a consent: once this returns it survives whatever happens to the app, and it is
  /// sent with the next sync. It needs no network, and no cancellation stops it half way.
  ///
  /// Throws `invalidField` for the first field that is wrong; nothing was recorded then.
  public func record(_ entry: Entry, for subject: String) async throws(HealthcodeError) -> Recorded {
    let native = native
    return try await working { try native.record(subject: subject, entry: entry) }
  }

  /// Records a declaration; see ``record(_:for:)``.
  @discardableResult
  public func declare(_ declaration: DeclarationInput, for subject: String) async throws(HealthcodeError) -> Recorded {
    try await record(.declaration(declaration: declaration), for: subject)
  }

  /// Records the day's check-in, with the ids of `symptoms` from the form; see ``record(_:for:)``.
  @discardableResult
  public func checkIn(_ subject: String, symptoms: [String] = []) async throws(HealthcodeError) -> Recorded {
    try await record(.checkIn(checkIn: CheckInInput(symptoms: symptoms)), for: subject)
  }

  /// Answers another phone that wants to take this one's place, as the subject's card tells of it; see
  /// ``record(_:for:)``. With `allow` it takes over at once, else it is refused: refuse what the person has not asked for.
  @discardableResult
  public func answer(_ takeover: Takeover, allow: Bool, for subject: String) async throws(HealthcodeError) -> Recorded {
    try await record(.consent(consent: ConsentInput(key: takeover.key, allow: allow)), for: subject)
  }

  /// What a scanned text is. Throws `notSynced` for a venue's code before the first trust list has come.
  public func scan(_ text: String) throws(HealthcodeError) -> ScannedText {
    try translated { try native.scan(text: text) }
  }

  /// Asks for a one-time code, which goes to the number that public records hold for the document and to no other. The
  /// answer is the same whether or not the records know the person.
  ///
  /// Throws `invalidField` for the first field that is wrong, `network`, `rejected`.
  public func requestOneTimeCode(_ identity: IdentityForm) async throws(HealthcodeError) -> CodeRequested {
    let native = native
    return try await cancellable { try await native.requestOneTimeCode(identity: identity, cancel: $0) }
  }

  /// Confirms the one-time code: the subject is on this phone from now on. Then ``sync()``.
  ///
  /// Throws `invalidField` for a code that is none, or without one asked for; `rejected` with `wrong-code` for one that
  /// does not fit, has expired or was tried too often; `network`.
  public func enrol(code: String) async throws(HealthcodeError) -> Enrolment {
    let native = native
    return try await cancellable { try await native.enrol(code: code, cancel: $0) }
  }

  /// Exchanges everything with the server: sends what waits, fetches what was decided, new tokens, the time, and what
  /// the server publishes. What the server says no to for one subject is in the report.
  ///
  /// Calls at the same time are one exchange, which ends early only when all of them are cancelled. `network` is normal:
  /// what is unsent waits and nothing is lost.
  @discardableResult
  public func sync() async throws(HealthcodeError) -> SyncReport {
    let native = native
    return try await cancellable { try await native.sync(cancel: $0) }
  }

  /// Closes it. What is under way ends with `closed`. Closing twice is well.
  public func close() {
    try? native.shutDown()
  }
}

// MARK: What is kept, and its end

extension Resident {
  /// What happened to a subject on this phone, the latest last, in pages of 50: what was recorded and what became of it,
  /// refusals with their reason, orders, releases, ratings. `after` is the id of the last entry seen, or the last page's
  /// `next`; nil begins with the first. Something may still come in before an entry that was seen: after a change, read
  /// from the start.
  ///
  /// Throws `invalidField` for an `after` that is none; `unknownSubject`.
  public func journal(of subject: String, after: String? = nil) async throws(HealthcodeError) -> JournalPage {
    let native = native
    return try await working { try native.journal(subject: subject, after: after) }
  }

  /// The whole ``journal(of:after:)``, one entry after the other, each page read when it is wanted. It ends with the last
  /// one.
  public func journalEntries(of subject: String) -> JournalEntries {
    JournalEntries(resident: self, subject: subject)
  }

  /// A proof of a quarantine, as JSON: the order, the chain of its check-ins under the authority's receipts, what counts,
  /// and the release. Whoever has the trust list verifies it, without this phone and without the authority. It tells the
  /// person's id at the authority and which days were served; no name, no answers. `order` is the order's id; nil is the
  /// last one.
  ///
  /// Throws `invalidField` for an order that is not there, or not any more; `unknownSubject`.
  public func quarantineProof(of subject: String, order: String? = nil) async throws(HealthcodeError) -> String {
    let native = native
    return try await working { try native.quarantineProof(subject: subject, order: order) }
  }

  /// To whom answers were given about a subject, the latest last: which gate, as it named itself, when, and which colour
  /// was shown. Entries go after the rulebook's travel window (14 days in the first rulebook), by trusted time.
  public func answeredChallenges(of subject: String) async throws(HealthcodeError) -> [AnsweredChallenge] {
    let native = native
    return try await working { try native.answeredChallenges(subject: subject) }
  }

  /// Deletes ``answeredChallenges(of:)`` of a subject at once.
  public func forgetAnsweredChallenges(of subject: String) async throws(HealthcodeError) {
    let native = native
    try await working { try native.forgetAnsweredChallenges(subject: subject) }
  }

  /// Everything that is stored about one subject, or, for nil, about everybody on this phone, as one JSON document. It is
  /// personal data in clear: keep it in memory, hand it to the share sheet, write it to no file of the app's and to no
  /// log. It holds no private key.
  public func export(_ subject: String? = nil) async throws(HealthcodeError) -> String {
    let native = native
    return try await working { try native.export(subject: subject) }
  }

  /// Erases one subject for good. What waits to be sent goes too: sync before, if it is to arrive. The issuer keeps what
  /// it has. What is cut off is finished at the next opening.
  ///
  /// Throws `unknownSubject`; `storage` with `full` or `readOnly`; `vault` with `locked`, which is temporary.
  public func erase(_ subject: String) async throws(HealthcodeError) {
    let native = native
    try await working { try native.erase(subject: subject) }
  }

  /// Erases everybody and everything for good, the key first, and closes this object and all others over the same file:
  /// the next opening begins with an empty one. See ``erase(_:)``; for a file that does not open there is
  /// ``eraseDatabase(_:ports:)``.
  ///
  /// Throws `storage` with `full` or `readOnly`: once it has begun, this object is closed all the same, and the next
  /// opening finishes it. Throws `vault` with `locked`, which is temporary: nothing was erased.
  public func eraseEverything() async throws(HealthcodeError) {
    let native = native
    try await working { try native.erase(subject: nil) }
  }

  /// Erases the phone's file and its keys without opening it: for a file whose key is gone from the vault, that belongs to
  /// another key, or that is damaged. What waits to be sent is lost, and a new enrolment follows. A file that opens is
  /// erased by ``eraseEverything()``.
  ///
  /// Throws `storage` with `busy` while an object or another process has it open, with `readOnly`, `full`, `unreachable`
  /// where it cannot be deleted; `vault` with `locked`, which is temporary: it may be the whole reason why the file did
  /// not open, and nothing is erased for it.
  public static func eraseDatabase(_ config: Config, ports: Ports) async throws(HealthcodeError) {
    let guarded = ports.guarded
    try await working { try nativeEraseDatabase(config: config, ports: guarded) }
  }
}

// MARK: The app's own HTTP stack

extension Resident {
  /// ``requestOneTimeCode(_:)`` over the app's own HTTP stack.
  public func requestOneTimeCode(
    _ identity: IdentityForm,
    over transport: some Transport
  ) async throws(HealthcodeError) -> CodeRequested {
    let native = native
    let call = try await working { try native.oneTimeCodeCall(identity: identity) }
    let reply = try await transport.reply(to: call)
    return try await working { try native.oneTimeCodeReply(reply: reply) }
  }

  /// ``enrol(code:)`` over the app's own HTTP stack.
  public func enrol(code: String, over transport: some Transport) async throws(HealthcodeError) -> Enrolment {
    let native = native
    let call = try await working { try native.enrolCall(code: code) }
    let reply = try await transport.reply(to: call)
    return try await working { try native.enrolReply(reply: reply) }
  }

  /// ``sync()`` over the app's own HTTP stack.
  @discardableResult
  public func sync(over transport: some Transport) async throws(HealthcodeError) -> SyncReport {
    let native = native
    do {
      let exchange = try await working { try native.exchange() }
      return try await exchange.drive(over: transport)
    } catch {
      if case .network(_, let retryAfter) = error {
        let seconds = retryAfter.map { UInt32(clamping: Int64($0)) }
        try await working { try native.exchangeFailed(retryAfterSeconds: seconds) }
      }
      throw error
    }
  }
}

/// The entries of a journal, one after the other; see ``Resident/journalEntries(of:)``. Whoever reads it again begins with
/// the first one.
public struct JournalEntries: AsyncSequence, Sendable {
  fileprivate let resident: Resident
  fileprivate let subject: String

  /// Begins with the first entry.
  public func makeAsyncIterator() -> Iterator { Iterator(journal: self) }

  /// A place in a journal.
  public struct Iterator: AsyncIteratorProtocol {
    fileprivate let journal: JournalEntries
    private var page: JournalPage?
    private var left: ArraySlice<JournalEntry> = []

    fileprivate init(journal: JournalEntries) {
      self.journal = journal
    }

    /// The next entry; nil after the last one. Throws as ``Resident/journal(of:after:)`` does.
    public mutating func next() async throws -> JournalEntry? {
      if left.isEmpty, page == nil || page?.next != nil {
        let read = try await journal.resident.journal(of: journal.subject, after: page?.next)
        (page, left) = (read, read.entries[...])
      }
      return left.popFirst()
    }
  }
}

extension Home {
  /// Seconds from the time that it shows to the next change that time alone makes.
  fileprivate var secondsToWake: TimeInterval? { nextWake?.timeIntervalSince(time.now) }
}

extension ShownCode {
  /// Whether a screen that shows the other one need not change: what differs is the instant.
  fileprivate func saysTheSame(as other: ShownCode) -> Bool {
    colour == other.colour && lowered == other.lowered && validUntil == other.validUntil
      && expired == other.expired && reasons == other.reasons && word == other.word && advice == other.advice
  }
}

extension Date {
  /// Seconds since some instant, by a clock that nobody sets and that goes on while the device sleeps, as `systemUptime`
  /// does not.
  fileprivate static var uptime: TimeInterval {
    #if canImport(Darwin)
      let clock = CLOCK_MONOTONIC
    #else
      let clock = CLOCK_BOOTTIME
    #endif
    var now = timespec()
    clock_gettime(clock, &now)
    return TimeInterval(now.tv_sec) + TimeInterval(now.tv_nsec) / 1_000_000_000
  }
}
