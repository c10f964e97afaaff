// The gate: the camera is always on, a verdict fills the screen for a moment and says by itself what to do. Nobody taps
// for each person.

import Foundation
import Observation

/// A lane at a gate. The screen runs it while it is seen.
@MainActor
@Observable
public final class GateModel {
  /// What the screen shows.
  public private(set) var content: Content = .opening
  /// What the last scan came to, kept in sight while the camera goes on; nil before the first.
  public private(set) var last: Finding?
  /// Where people go.
  public var direction: Direction = .in {
    // What was judged one way is judged anew the other way.
    didSet { if direction != oldValue { seenAt = nil } }
  }
  /// Whether the torch is on.
  public private(set) var isTorchOn = false
  /// Where the gate stands: its time, its evidence; nil before the file is open.
  public private(set) var status: CheckpointStatus?
  /// The counts of today, by the gate's time, in the order of their names.
  public private(set) var counts: [VerdictCount] = []
  /// Whether an exchange is under way.
  public private(set) var isSyncing = false
  /// Why the last exchange, document or date did not work; nil after one that did.
  public private(set) var trouble: Trouble?
  /// What the last document was that was loaded by hand.
  public private(set) var loaded: Loaded?
  /// The lane as it is set up, kept: name, kind of gate, whether it can show a challenge.
  public private(set) var lane: Lane
  /// What is wrong with the name that was given last, in the core's words; nil for nothing.
  public private(set) var nameProblem: BilingualText?
  /// Whether everybody is asked for an answer to a challenge, one after the other.
  public private(set) var asksEverybody = false
  /// How often the file was opened: the screen's task depends on it, `.task(id: model.attempt)`.
  public private(set) var attempt = 0

  /// For how long a verdict is shown that is no stop.
  static let hold = Duration.milliseconds(1_500)
  /// Between two looks at the gate's own evidence; an exchange is tried at each that comes late enough.
  static let pause = Duration.seconds(60)
  /// Seconds between two exchanges that worked.
  static let refresh: TimeInterval = 3_600
  /// Milliseconds for which a code that was lost from sight is still the one that was in it.
  static let inView: Int64 = 3_000

  private let backend: Backend
  private let device: any Device
  private let light: Light
  private let preferences: any Preferences
  private let sleep: @Sendable (Duration) async throws -> Void
  private var checkpoint: Checkpoint?
  private var opening: Task<Result<Checkpoint, HealthcodeError>, Never>?
  private var turn = 0
  private var syncing: Task<Void, Never>?
  private var holding: Task<Void, Never>?
  private var shown: (text: String, scan: Scan)?
  /// When what was judged last was in view last, by the boot clock; nil where it is to be judged as if it came anew.
  private var seenAt: Int64?
  private var syncedAt: Int64?
  private var failed: Again?

  init(
    app: AppModel,
    sleep: @escaping @Sendable (Duration) async throws -> Void = { try await Task.sleep(for: $0) }
  ) {
    (backend, device, light, preferences) = (app.backend, app.device, app.light, app.preferences)
    self.sleep = sleep
    lane = Lane(
      gate: preferences["gate"] ?? "", policy: preferences["policy"],
      showsChallenges: preferences["challenges"] != "no")
  }
}

// MARK: Running

extension GateModel {
  /// Opens the lane's file and keeps its evidence fresh until the task ends; the screen stays awake and bright meanwhile,
  /// so that a phone reads a challenge from it.
  public func run() async {
    light.want()
    defer {
      setTorch(false)
      light.release()
    }
    do {
      if checkpoint == nil, !lane.gate.isEmpty { try await open(lane) }
      if lane.gate.isEmpty { content = .unnamed }
      while true {
        look()
        if isDue { startSync() }
        try await sleep(Self.pause)
      }
    } catch let error as HealthcodeError {
      if error != .cancelled { content = .failed(Trouble(error)) }
    } catch {
      // The task has ended, and with it the sleep.
      return
    }
  }

  /// Opens the file once more, after what kept it from being opened.
  public func retry() {
    close()
    attempt += 1
  }

  /// Does again what ``trouble`` is about, and nothing else; where that is the file itself, opens it once more.
  public func repeatFailed() async {
    if let failed { await failed() } else { retry() }
  }

  /// Sets up the lane, opens the file with it, and keeps it once that has worked. A name that is none is said in
  /// ``nameProblem``; the lane of before goes on then.
  @discardableResult
  public func set(_ lane: Lane) async -> Bool {
    let before = self.lane
    nameProblem = nil
    close()
    do {
      try await open(lane)
    } catch .invalidField("gate", let reason) {
      nameProblem = HealthcodeError.invalidField(field: "gate", reason: reason).text
      content = .unnamed
      if !before.gate.isEmpty { retry() }
      return false
    } catch {
      if error != .cancelled { content = .failed(Trouble(error)) }
      return false
    }
    self.lane = lane
    preferences["gate"] = lane.gate
    preferences["policy"] = lane.policy
    preferences["challenges"] = lane.showsChallenges ? "yes" : "no"
    look()
    startSync()
    // What ran before may have ended with a file that did not open, or while this one was being opened.
    attempt += 1
    return true
  }

  /// Erases the lane's own file, which cannot be opened, and opens an empty one. The residents' file is another one, and
  /// nothing of it is touched.
  public func eraseDamaged() async {
    close()
    do {
      try await Resident.eraseDatabase(backend.gate, ports: backend.ports)
      retry()
    } catch {
      content = .failed(Trouble(error))
    }
  }

  /// Closes the file, with what is under way.
  public func close() {
    turn += 1
    holding?.cancel()
    syncing?.cancel()
    checkpoint?.close()
    (checkpoint, shown, seenAt, last, asksEverybody, content) = (nil, nil, nil, nil, false, .opening)
  }

  /// One opening after the other: of two at a time the file would keep the lane of the first.
  private func open(_ lane: Lane) async throws(HealthcodeError) {
    content = .opening
    let (before, config, ports, ours) = (opening, backend.gate, backend.ports, turn)
    let task = Task { () -> Result<Checkpoint, HealthcodeError> in
      if case .success(let earlier) = await before?.value { earlier.close() }
      do throws(HealthcodeError) {
        return .success(try await Checkpoint.open(config, ports: ports, lane: lane))
      } catch {
        return .failure(error)
      }
    }
    opening = task
    let opened = try await task.value.get()
    guard turn == ours else {
      opened.close()
      throw .cancelled
    }
    checkpoint = opened
    content = .scanning
  }

  private func look() {
    guard let checkpoint else { return }
    do {
      let status = try checkpoint.status()
      self.status = status
      var today: [String: Int] = [:]
      for hour in try checkpoint.counts() where hour.date == status.date {
        today[hour.verdict, default: 0] += Int(hour.count)
      }
      counts = today.sorted { $0.key < $1.key }.map { VerdictCount(verdict: $0.key, count: $0.value) }
    } catch {
      fail(error)
    }
  }
}

// MARK: Judging

extension GateModel {
  /// The camera has read a text, any text. While a verdict is held nothing else is read, except where it asks for an
  /// answer.
  public func scanned(_ text: String) {
    guard let checkpoint else { return }
    // Also while a verdict is held: who stands there all the time has not come back.
    let isStillThere = isStillInView(text)
    guard isReading else { return }
    // An answer is good once: what is still in view of the person before is not the next one's.
    if asksEverybody, isStillThere { return }
    do {
      let scan = try checkpoint.verify(text, direction: direction)
      // The same code is still in front of the camera, and the gate has said what it thinks of it.
      if isStillThere, shown?.scan == scan { return }
      (shown, seenAt) = ((text, scan), bootMillis)
      show(Finding(scan: scan, signal: scan.verdict.signal))
      look()
    } catch {
      fail(error)
      content = .failed(Trouble(error))
    }
  }

  /// Whether a text is the one that was judged last, and has been in view since. Some codes never change, such as those on
  /// paper: after a while out of sight it is somebody who comes, and is told again.
  private func isStillInView(_ text: String) -> Bool {
    guard shown?.text == text, let seenAt, let now = bootMillis else { return false }
    guard (0...Self.inView).contains(now - seenAt) else { return false }
    self.seenAt = now
    return true
  }

  private var bootMillis: Int64? { try? backend.ports.clock.read().bootMillis }

  /// A tap: away with the verdict, and on to the next person.
  public func dismiss() {
    holding?.cancel()
    goOn()
  }

  /// Asks everybody for an answer from now on, or nobody any more. A challenge takes one answer: after each verdict, and
  /// after the time for it, the next one is shown by itself.
  public func ask(everybody: Bool) {
    asksEverybody = everybody
    dismiss()
  }

  private func goOn() {
    guard let checkpoint else { return }
    guard asksEverybody else {
      content = .scanning
      return
    }
    do {
      let challenge = try checkpoint.challenge()
      content = .challenge(challenge)
      hold(for: .seconds(challenge.validFor))
    } catch {
      fail(error) { [weak self] in self?.ask(everybody: true) }
      (asksEverybody, content) = (false, .scanning)
    }
  }

  private var isReading: Bool {
    switch content {
    case .scanning, .challenge: true
    case .finding(let finding): finding.scan.challenge != nil
    case .opening, .failed, .unnamed: false
    }
  }

  private func show(_ finding: Finding) {
    device.signal(finding.signal)
    (last, content) = (finding, .finding(finding))
    if let challenge = finding.scan.challenge {
      hold(for: .seconds(challenge.validFor))
    } else if finding.staysUntilTap {
      holding?.cancel()
    } else {
      hold(for: Self.hold)
    }
  }

  private func hold(for duration: Duration) {
    holding?.cancel()
    let sleep = sleep
    holding = Task { [weak self] in
      do {
        try await sleep(duration)
        try Task.checkCancellation()
        self?.goOn()
      } catch {
        // Something else is shown now.
        return
      }
    }
  }
}

// MARK: The gate's evidence, time and light

extension GateModel {
  /// Begins an exchange, where none is under way, and returns at once.
  public func startSync() {
    guard syncing == nil, checkpoint != nil else { return }
    isSyncing = true
    syncing = Task {
      await exchange()
      (syncing, isSyncing) = (nil, false)
    }
  }

  /// Exchanges with the server, and returns when it is over. A task that is cancelled meanwhile cancels the exchange.
  public func sync() async {
    startSync()
    let task = syncing
    await task?.joined()
  }

  /// Ends the exchange that is under way; what was known before stays in force.
  public func cancelSync() { syncing?.cancel() }

  /// Takes the staff's word that the date that ``status`` shows is today's.
  public func confirmDate() {
    guard let checkpoint, let date = status?.date else { return }
    do {
      try checkpoint.confirm(date: date)
      trouble = nil
    } catch {
      fail(error) { [weak self] in self?.confirmDate() }
    }
    look()
  }

  /// Loads a signed document by hand, where the network is down.
  public func load(_ document: Data) async {
    await loading { try await $0.load(document) }
  }

  /// Loads the outage notice that the last scan turned out to be, from its text, and goes on scanning.
  public func loadOutageNotice() async {
    guard let shown, last?.isOutageNotice == true else { return }
    await loading { try await $0.load(text: shown.text) }
    dismiss()
  }

  /// Switches the torch.
  public func toggleTorch() { setTorch(!isTorchOn) }

  private var isDue: Bool {
    guard let syncedAt, let bootMillis else { return true }
    return Double(bootMillis - syncedAt) >= Self.refresh * 1_000
  }

  private func exchange() async {
    guard let checkpoint else { return }
    do {
      try await checkpoint.sync()
      syncedAt = bootMillis
      trouble = nil
    } catch {
      if error != .cancelled { fail(error) { [weak self] in await self?.sync() } }
    }
    look()
  }

  private func loading(_ call: @escaping @MainActor (Checkpoint) async throws -> Loaded) async {
    guard let checkpoint else { return }
    do {
      (loaded, trouble) = (try await call(checkpoint), nil)
    } catch {
      fail(error) { [weak self] in await self?.loading(call) }
    }
    look()
  }

  private func fail(_ error: any Error, again: Again? = nil) {
    (trouble, failed) = (Trouble(error as? HealthcodeError ?? .internal(incident: "unexpected")), again)
  }

  private func setTorch(_ on: Bool) {
    guard device.torchAvailable, on != isTorchOn else { return }
    isTorchOn = on
    device.torch(on)
  }
}
