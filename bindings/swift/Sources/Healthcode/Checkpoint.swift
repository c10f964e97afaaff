import Foundation
import HealthcodeNative

/// A checkpoint's phone: one lane, with one camera and one display. It verifies codes offline; of a scanned code nothing
/// is stored.
///
/// Every method may be called from any thread. ``verify(_:direction:)`` takes a few milliseconds and may be called where the
/// camera's pictures are read. A task that is cancelled stops the work in the library.
public final class Checkpoint: Sendable {
  private let native: NativeCheckpoint

  /// Opens the phone's file, made if there is none.
  ///
  /// Throws `invalidField` for the gate's name or the configuration, `storage` and `vault` as ``Resident`` does.
  public static func open(
    _ config: Config,
    ports: Ports,
    lane: Lane
  ) async throws(HealthcodeError) -> Checkpoint {
    let guarded = ports.guarded
    return try await working {
      Checkpoint(native: try openNativeCheckpoint(config: config, ports: guarded, lane: lane))
    }
  }

  /// Opens a lane with camera and display and without a policy of its own: green passes, and nobody else. `gate` is the
  /// name that residents see on a challenge, at most 24 bytes of UTF-8. See ``open(_:ports:lane:)``.
  public static func open(
    _ config: Config,
    ports: Ports,
    gate: String
  ) async throws(HealthcodeError) -> Checkpoint {
    try await open(config, ports: ports, lane: Lane(gate: gate))
  }

  private init(native: NativeCheckpoint) {
    self.native = native
  }

  /// Judges a scanned text. Each verdict has one action; where it asks for an answer, the challenge to show comes with
  /// it. The same text within three seconds of its last scan repeats its verdict. `direction` is where the person goes,
  /// for a lane with a policy. Needs no network. Whatever was scanned comes to a verdict; `storage` and `port` say that
  /// the phone itself is in trouble.
  public func verify(_ text: String, direction: Direction = .in) throws(HealthcodeError) -> Scan {
    try translated { try native.verify(text: text, direction: direction) }
  }

  /// Opens a challenge to show, where the staff ask for an answer themselves; one that was open before is closed by it.
  /// It takes one answer within a minute.
  public func challenge() throws(HealthcodeError) -> ShownChallenge {
    try translated { try native.challenge() }
  }

  /// Takes the staff's word that `date` is today's date, once in a start of the phone, where no server's time has come
  /// since. The time runs on by a clock that nobody can set.
  ///
  /// Throws `invalidField` when the phone's own clock shows another date, or one that has passed, and for components
  /// that are no day; `notSynced` before the first sync.
  public func confirm(date: DateComponents) throws(HealthcodeError) {
    try translated { try native.confirmDate(date: date) }
  }

  /// Where this checkpoint stands: what it knows of the time, and how old what it judges by is.
  public func status() throws(HealthcodeError) -> CheckpointStatus {
    try translated { try native.status() }
  }

  /// How many scans came to which verdict, by hour of the last two weeks; the same text while it lies in view counts
  /// once. There is nothing about persons in it.
  public func counts() throws(HealthcodeError) -> [HourCount] {
    try translated { try native.counts() }
  }

  /// Loads a signed document by hand, where the network is down: trust list, root document, status list, gate policies,
  /// outage notice, as a server publishes it. It is verified as if it came from the network; it tells nothing of the
  /// time.
  ///
  /// Throws `invalidField` for `document`: `not-a-document` for what is none of these, `not-signed` where it is not
  /// signed by those whose word it would have to be, `older` for one that is older than what is in force, `ahead` for a
  /// status list of a time that has not come. Throws `updateApp` for a later form.
  @discardableResult
  public func load(_ document: Data) async throws(HealthcodeError) -> Loaded {
    let native = native
    return try await working { try native.load(document: document) }
  }

  /// Loads an outage notice from the text of its QR code, which ``verify(_:direction:)`` calls `outageNotice`; see
  /// ``load(_:)``.
  @discardableResult
  public func load(text: String) async throws(HealthcodeError) -> Loaded {
    try await load(Data(text.utf8))
  }

  /// Fetches the trust list, the legal calendar, the time, and what the gate judges by: policies, outage notices, and the
  /// status lists that are due. The lane passes as long as these are fresh enough for its policy: every hour where there
  /// is a network, once a day at least. What another issuer's server does not give is left for the next time. After
  /// `network` what was known before stays in force.
  @discardableResult
  public func sync() async throws(HealthcodeError) -> SyncReport {
    let native = native
    return try await cancellable { try await native.sync(cancel: $0) }
  }

  /// ``sync()`` over the app's own HTTP stack.
  @discardableResult
  public func sync(over transport: some Transport) async throws(HealthcodeError) -> SyncReport {
    let native = native
    let exchange = try await working { try native.exchange() }
    return try await exchange.drive(over: transport)
  }

  /// Closes it. What is under way ends with `closed`. Closing twice is well.
  public func close() {
    try? native.shutDown()
  }
}
