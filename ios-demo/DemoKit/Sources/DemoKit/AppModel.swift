// The app as a whole: the phone's file opened, the first screen followed, exchanges begun and cancelled. Screens have
// models of their own, which come from here.

import Foundation
import Observation

/// The resident's app: its file, its subjects, its exchange with the server.
///
/// A root view runs it: `.task(id: app.attempt) { await app.run() }`, anew whenever the app is seen again.
@MainActor
@Observable
public final class AppModel {
  /// What the root view shows.
  public enum Stage: Equatable {
    /// The file is being opened: a moment.
    case opening
    /// It cannot be opened: why, and what to do.
    case failed(Trouble)
    /// Nobody is enrolled on this phone yet.
    case empty
    /// There is somebody.
    case ready
  }

  /// What the root view shows.
  public private(set) var stage: Stage = .opening
  /// How often the file was opened on purpose: the root view's task depends on it.
  public private(set) var attempt = 0
  /// What the first screen shows; nil before the file is open.
  public private(set) var home: Home?
  /// The subject whose screens are shown; nil where there is none.
  public private(set) var selected: String?
  /// Whether an exchange is under way that ``cancelSync()`` ends.
  public private(set) var isSyncing = false
  /// Why the last exchange did not come to its end; nil after one that did.
  public private(set) var syncTrouble: Trouble?
  /// Why a question to another phone could not be answered, or a damaged file not be erased.
  public private(set) var trouble: Trouble?
  /// What the server refused and nobody has put away yet.
  public private(set) var rejections: [Rejection] = []
  /// The language of the app, kept.
  public var language: Language {
    didSet { preferences["language"] = language.rawValue }
  }
  /// Whether somebody on this phone has asked to care for a person, and nobody has confirmed it yet. Nothing of whom is
  /// kept there: the request itself is in the phone's file.
  public internal(set) var awaitsCare: Bool {
    didSet { preferences["care"] = awaitsCare ? "asked" : nil }
  }
  /// The time on the screen.
  public let time: TrustedTime
  /// The phone.
  public let device: any Device

  let backend: Backend
  let preferences: any Preferences
  let light: Light
  private(set) var resident: Resident?
  private var syncing: Task<Void, Never>?
  private var opening: Task<Result<Resident, HealthcodeError>, Never>?
  private var due: Date?
  private var answered: Set<String> = []
  private var refusals: [String: Trouble] = [:]

  /// An app that is not open yet.
  public init(backend: Backend, device: any Device, preferences: any Preferences) {
    self.backend = backend
    self.device = device
    self.preferences = preferences
    language = preferences["language"].flatMap(Language.init(rawValue:)) ?? .system
    awaitsCare = preferences["care"] != nil
    time = TrustedTime(clock: backend.ports.clock)
    light = Light(device)
  }
}

// MARK: What is shown

extension AppModel {
  /// The subjects on this phone, in the order in which they were enrolled.
  public var cards: [SubjectCard] { home?.subjects ?? [] }

  /// The card of the subject whose screens are shown.
  public var card: SubjectCard? { cards.first { $0.subject == selected } }

  /// The card of a subject; nil for one who is not on this phone.
  public func card(of subject: String) -> SubjectCard? { cards.first { $0.subject == subject } }

  /// The subjects who have this phone for themselves, and may care for others with it.
  public var holders: [SubjectCard] { cards.filter { $0.caredForBy == nil && $0.state == .active } }

  /// The subjects for whom this phone cares.
  public var caredFor: [SubjectCard] { cards.filter { $0.caredForBy != nil } }

  /// Whether anybody on this phone is under an order, and has check-ins to be reminded of.
  public var hasOrder: Bool { cards.contains { $0.orderDays != nil } }

  /// What a person should know about the subject whose screens are shown, the most urgent first.
  public var conditions: [Condition] {
    guard let home, let card else { return [] }
    var found: [Condition] = []
    if let takeover = card.takeover, !answered.contains(takeover.key) { found.append(.takeover(takeover)) }
    switch card.state {
    case .replaced: found.append(card.caredForBy == nil ? .replaced : .careEnded)
    case .unknown: found.append(.unknown)
    case .pending(let until): found.append(.pending(until: until))
    case .active: break
    }
    found += rejections.filter { $0.subject == card.subject }.map(Condition.rejected)
    if let notice = home.time.notice { found.append(.time(notice)) }
    if card.connectToConfirm { found.append(.connectToConfirm) }
    if !card.declared, card.colour == nil, card.state == .active { found.append(.undeclared) }
    let waiting = Int(home.sync.waiting)
    if let refusal = refusals[card.subject], card.state == .active {
      found.append(.unsent(refusal, waiting: Int(card.waiting)))
    }
    if let syncTrouble {
      found.append(.unsent(syncTrouble, waiting: waiting))
    } else if waiting > 0, !isSyncing {
      found.append(.waiting(waiting))
    }
    return found
  }

  /// What is wrong with the phone's own clock, where nobody is on the phone yet whose conditions would say it. That the day is
  /// not known is no news before the first exchange.
  public var clockNotice: TimeNotice? { time.notice.flatMap { $0.kind == .dayUnknown ? nil : $0 } }

  /// A text of the core in the app's language.
  public func say(_ text: BilingualText) -> String { text.inLanguage(language.tag) }

  /// Shows another subject's screens.
  public func select(_ subject: String) {
    guard cards.contains(where: { $0.subject == subject }) else { return }
    selected = subject
  }
}

// MARK: Opening and following

extension AppModel {
  /// Opens the phone's file, exchanges with the server, and follows what changes until the task ends or the file cannot be
  /// used. What is wrong is in ``stage``.
  public func run() async {
    var running: Resident?
    do {
      let resident = try await opened()
      running = resident
      try take(resident.home())
      if !cards.isEmpty { startSync() }
      await findRejections(in: resident)
      // What the stream brings was read elsewhere, and may be older than what was looked up here since.
      for try await _ in resident.homes() { try take(resident.home()) }
    } catch {
      // Where it was closed on purpose, what closed it opens another one.
      if running === resident { fail(error) }
    }
  }

  /// Opens the file once more, after what kept it from being opened.
  public func retry() {
    syncing?.cancel()
    resident?.close()
    resident = nil
    stage = .opening
    attempt += 1
  }

  /// Does again what did not work on a screen. Where the file is not open nothing can: it is opened once more then.
  func again(_ failed: Again?) async {
    if resident == nil { retry() } else { await failed?() }
  }

  /// Asks whether reminders of check-ins may be shown, and sets them; says whether they may.
  @discardableResult
  public func askForReminders() async -> Bool {
    let allowed = await device.notificationsAllowed()
    // Those that were set before the person had agreed were refused by the system.
    if allowed { look() }
    return allowed
  }

  /// Erases a file that cannot be opened, for good, and opens an empty one. What was not sent is lost: ask before.
  public func eraseDamaged() async {
    resident?.close()
    resident = nil
    do {
      try await Resident.eraseDatabase(backend.resident, ports: backend.ports)
      // A request to care for somebody went with the file.
      awaitsCare = false
      retry()
    } catch {
      stage = .failed(Trouble(error))
    }
  }

  /// Closes the file, with what is under way. ``retry()`` opens it again.
  public func close() {
    syncing?.cancel()
    resident?.close()
    resident = nil
  }

  /// The open file, opened where it is not: for what follows it. Who comes while it is being opened waits for the same one.
  func opened() async throws(HealthcodeError) -> Resident {
    if let resident { return resident }
    stage = .opening
    let (config, ports) = (backend.resident, backend.ports)
    let task =
      opening
      ?? Task { () -> Result<Resident, HealthcodeError> in
        do throws(HealthcodeError) {
          return .success(try await Resident.open(config, ports: ports))
        } catch {
          return .failure(error)
        }
      }
    opening = task
    let result = await task.value
    if opening == task { opening = nil }
    if let resident { return resident }
    let opened = try result.get()
    resident = opened
    return opened
  }

  /// The open file, or the error that says that there is none.
  func phone() throws(HealthcodeError) -> Resident {
    guard let resident else { throw .closed }
    return resident
  }

  private func fail(_ error: any Error) {
    let error = error as? HealthcodeError ?? .internal(incident: "unexpected")
    guard error != .cancelled, !Task.isCancelled else { return }
    stage = .failed(Trouble(error))
  }

  func take(_ home: Home) {
    self.home = home
    time.take(home.time)
    if !home.subjects.contains(where: { $0.subject == selected }) { selected = home.subjects.first?.subject }
    stage = home.subjects.isEmpty ? .empty : .ready
    remind()
    if let resident { device.wake(after: (try? RefreshWork.secondsToNext(resident)) ?? nil) }
    // What was due has come while the app is open. What did not help then has an instant of its own, by the core's pauses.
    let passed = due.map { home.time.now >= $0 } ?? false
    due = home.nextWake
    if passed { startSync() }
  }

  /// Looks at the file again, after something was recorded.
  func look() {
    if let home = try? resident?.home() { take(home) }
  }

  private func remind() {
    guard let resident, let home else { return }
    let views = home.subjects.filter { $0.orderDays != nil }.compactMap { try? resident.quarantine(of: $0.subject) }
    let delays = views.flatMap { view in view.reminders.map { $0.timeIntervalSince(view.time.now) } }
    device.remind(after: Set(delays.filter { $0 > 0 }).sorted())
  }
}

// MARK: Exchanging

extension AppModel {
  /// Begins an exchange with the server, where none is under way, and returns at once.
  public func startSync() {
    guard syncing == nil else { return }
    isSyncing = true
    syncing = Task {
      await exchange()
      (syncing, isSyncing) = (nil, false)
    }
  }

  /// Exchanges with the server, and returns when it is over. A task that is cancelled meanwhile cancels the exchange in
  /// the library.
  public func sync() async {
    startSync()
    let task = syncing
    await task?.joined()
  }

  /// Ends the exchange that is under way: the library hangs up, and nothing is lost.
  public func cancelSync() { syncing?.cancel() }

  private func exchange() async {
    guard let resident else { return }
    do {
      let report = try await resident.sync()
      syncTrouble = nil
      refusals = Dictionary(report.problems.map { ($0.subject, $0.trouble) }) { first, _ in first }
      if report.refused > 0 { await findRejections(in: resident) }
    } catch {
      // Who cancelled it knows; the library is hanging up meanwhile, and tells of it when that is done.
      guard error != .cancelled else { return }
      syncTrouble = Trouble(error)
    }
    look()
  }

  private func findRejections(in resident: Resident) async {
    var found: [Rejection] = []
    for card in (try? resident.home())?.subjects ?? [] {
      do {
        for try await entry in resident.journalEntries(of: card.subject) {
          guard let refusal = entry.refusal else { continue }
          found.append(Rejection(id: entry.id, subject: card.subject, at: refusal.at, text: refusal.text))
        }
      } catch {
        // The journal's own screen says what is wrong with it.
        continue
      }
    }
    // What the journal has forgotten needs no putting away any more.
    putAway.formIntersection(found.map(\.id))
    rejections = found.filter { !putAway.contains($0.id) }
  }

  /// Puts away what the server refused; the journal keeps it.
  public func dismiss(_ rejection: Rejection) {
    putAway.insert(rejection.id)
    rejections.removeAll { $0.id == rejection.id }
  }

  /// The ids of entries in the journal, which mean nothing without the phone's file.
  private var putAway: Set<String> {
    get { Set((preferences["rejections"] ?? "").split(separator: " ").map(String.init)) }
    set { preferences["rejections"] = newValue.isEmpty ? nil : newValue.sorted().joined(separator: " ") }
  }

  /// Answers another phone that wants to take this one's place, and sends the answer.
  public func answer(_ takeover: Takeover, allow: Bool, for subject: String) async {
    guard let resident else { return }
    do {
      try await resident.answer(takeover, allow: allow, for: subject)
      answered.insert(takeover.key)
      trouble = nil
      look()
      await sync()
    } catch {
      trouble = Trouble(error)
    }
  }
}

extension SubjectProblem {
  /// What to say of it, where the subject's own state does not say it.
  fileprivate var trouble: Trouble {
    switch problem {
    case "unreachable": Trouble(.network(.offline, retryAfter: retryAfter))
    case "not-listed": Trouble(.invalidField(field: "issuer", reason: problem))
    default: Trouble(.rejected(problem: problem, retryAfter: retryAfter))
    }
  }
}

extension JournalEntry {
  /// When and why the server refused it, if it did.
  public var refusal: (at: Date, text: BilingualText)? {
    switch event {
    case .declared(_, _, .refused(let at, _, let text)), .checkedIn(_, _, _, .refused(let at, _, let text)),
      .answered(_, _, _, .refused(let at, _, let text)), .toldExposure(_, _, _, _, .refused(let at, _, let text)),
      .endedCare(_, _, .refused(let at, _, let text)), .askedForPaper(_, _, .refused(let at, _, let text)),
      .appealed(_, _, .refused(let at, _, let text)), .broughtServed(_, _, .refused(let at, _, let text)):
      (at, text)
    default: nil
    }
  }
}
