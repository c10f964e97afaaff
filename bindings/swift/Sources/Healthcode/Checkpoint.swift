import Foundation
import HealthcodeNative

/// A checkpoint's phone: one lane, with one camera and one display. It verifies codes offline; of a scanned code nothing
/// is stored.
///
/// Every method may be called from any thread. ``verify(_:)`` takes a few milliseconds and may be called where the
/// camera's pictures are read. A task that is cancelled stops the work in the library.
public final class Checkpoint: Sendable {
  private let native: NativeCheckpoint

  /// Opens the phone's file, made if there is none. `gate` is the name that residents see on a challenge, at most 24
  /// bytes of UTF-8.
  ///
  /// Throws `invalidField` for the gate's name or the configuration, `storage` and `vault` as ``Resident`` does.
  public static func open(
    _ config: Config,
    ports: Ports,
    gate: String
  ) async throws(HealthcodeError) -> Checkpoint {
    let guarded = ports.guarded
    return try await working {
      Checkpoint(native: try openNativeCheckpoint(config: config, ports: guarded, gate: gate))
    }
  }

  private init(native: NativeCheckpoint) {
    self.native = native
  }

  /// Judges a scanned text. Each verdict has one action; the same text within three seconds of its last scan repeats its
  /// verdict. Needs no network. Whatever was scanned comes to a verdict; `storage` and `port` say that the phone itself
  /// is in trouble.
  public func verify(_ text: String) throws(HealthcodeError) -> Verdict {
    try translated { try native.verify(text: text) }
  }

  /// Opens a challenge to show; one that was open before is closed by it. It takes one answer within a minute.
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

  /// Where this checkpoint stands: what it knows of the time, and how old its trust list is.
  public func status() throws(HealthcodeError) -> CheckpointStatus {
    try translated { try native.status() }
  }

  /// Fetches the trust list, the legal calendar and the time: once a day is enough. After `network` what was known
  /// before stays in force.
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
