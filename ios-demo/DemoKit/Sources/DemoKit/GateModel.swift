// The gate: the camera is always on, a verdict fills the screen for a moment and says by itself what to do. Nobody taps
// for each person.

import Foundation
import Observation

/// A lane at a gate. The screen runs it while it is seen.
@MainActor
@Observable
public final class GateModel {
  /// What the screen shows.
  public enum Content: Equatable {
    /// The lane's file is being opened: a moment.
    case opening
    /// It cannot be opened: why, and what to do.
    case failed(Trouble)
    /// The camera's picture.
    case scanning
    /// What a scan came to, full screen.
    case finding(Finding)
    /// A challenge that the staff opened themselves.
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

  /// What the screen shows.
  public private(set) var content: Content = .opening
  /// What the last scan came to, kept in sight while the camera goes on; nil before the first.
  public private(set) var last: Finding?
  /// Where people go.
  public var direction: Direction = .in
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
  /// How often the file was opened: the screen's task depends on it, `.task(id: model.attempt)`.
  public private(set) var attempt = 0

  /// For how long a verdict is shown that is no stop.
  static let hold = Duration.milliseconds(1_500)
  /// Between two looks at the gate's own evidence; an exchange is tried at each that comes late enough.
  static let pause = Duration.seconds(60)
  /// Seconds between two exchanges that worked.
  static let refresh: TimeInterval = 3_600

  private let backend: Backend
  private let device: any Device
  private let light: Light
  private let preferences: any Preferences
  private let sleep: @Sendable (Duration) async throws -> Void
  private var checkpoint: Checkpoint?
  private var syncing: Task<Void, Never>?
  private var holding: Task<Void, Never>?
  private var shown: (text: String, scan: Scan)?
  private var syncedAt: Int64?

  init(
    app: AppModel,
    sleep: @escaping @Sendable (Duration) async throws -> Void = { try await Task.sleep(for: $0) }
  ) {
    (backend, device, light, preferences) = (app.backend, app.device, app.light, app.preferences)
    self.sleep = sleep
    lane = Lane(
      gate: preferences["gate"] ?? "Gate", policy: preferences["policy"],
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
      try await open()
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

  /// Sets up the lane, keeps that, and opens the file with it. What is wrong with the name is in ``content``.
  public func set(_ lane: Lane) {
    self.lane = lane
    preferences["gate"] = lane.gate
    preferences["policy"] = lane.policy
    preferences["challenges"] = lane.showsChallenges ? "yes" : "no"
    retry()
  }

  /// Closes the file, with what is under way.
  public func close() {
    holding?.cancel()
    syncing?.cancel()
    checkpoint?.close()
    (checkpoint, shown, last, content) = (nil, nil, nil, .opening)
  }

  private func open() async throws(HealthcodeError) {
    guard checkpoint == nil else { return }
    content = .opening
    checkpoint = try await Checkpoint.open(backend.gate, ports: backend.ports, lane: lane)
    content = .scanning
  }

  private func look() {
    guard let checkpoint else { return }
    do {
      let status = try checkpoint.status()
      self.status = status
      var today: [String: Int] = [:]
      for hour in try checkpoint.counts() where LegalTime.day(of: hour.hour) == status.date {
        today[hour.verdict, default: 0] += Int(hour.count)
      }
      counts = today.sorted { $0.key < $1.key }.map { VerdictCount(verdict: $0.key, count: $0.value) }
    } catch {
      trouble = Trouble(error)
    }
  }
}

// MARK: Judging

extension GateModel {
  /// The camera has read a text, any text. While a verdict is held nothing else is read, except where it asks for an
  /// answer.
  public func scanned(_ text: String) {
    guard let checkpoint, isReading else { return }
    do {
      let scan = try checkpoint.verify(text, direction: direction)
      // The same code is still in front of the camera, and the gate has said what it thinks of it.
      if let shown, shown.text == text, shown.scan == scan { return }
      shown = (text, scan)
      show(Finding(scan: scan, signal: scan.verdict.signal))
      look()
    } catch {
      trouble = Trouble(error)
      content = .failed(Trouble(error))
    }
  }

  /// A tap: away with the verdict or the challenge, the camera goes on.
  public func dismiss() {
    holding?.cancel()
    if checkpoint != nil { content = .scanning }
  }

  /// Opens a challenge, where the staff ask for an answer themselves.
  public func ask() {
    guard let checkpoint else { return }
    do {
      let challenge = try checkpoint.challenge()
      content = .challenge(challenge)
      hold(for: .seconds(challenge.validFor))
    } catch {
      trouble = Trouble(error)
    }
  }

  private var isReading: Bool {
    switch content {
    case .scanning, .challenge: true
    case .finding(let finding): finding.scan.challenge != nil
    case .opening, .failed: false
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
        self?.content = .scanning
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
    await withTaskCancellationHandler {
      await task?.value
    } onCancel: {
      task?.cancel()
    }
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
      trouble = Trouble(error)
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
    guard let syncedAt, let reading = try? backend.ports.clock.read() else { return true }
    return Double(reading.bootMillis - syncedAt) >= Self.refresh * 1_000
  }

  private func exchange() async {
    guard let checkpoint else { return }
    do {
      try await checkpoint.sync()
      syncedAt = try? backend.ports.clock.read().bootMillis
      trouble = nil
    } catch {
      if error != .cancelled { trouble = Trouble(error) }
    }
    look()
  }

  private func loading(_ call: (Checkpoint) async throws -> Loaded) async {
    guard let checkpoint else { return }
    do {
      (loaded, trouble) = (try await call(checkpoint), nil)
    } catch {
      trouble = Trouble(error as? HealthcodeError ?? .internal(incident: "unexpected"))
    }
    look()
  }

  private func setTorch(_ on: Bool) {
    guard device.torchAvailable, on != isTorchOn else { return }
    isTorchOn = on
    device.torch(on)
  }
}
