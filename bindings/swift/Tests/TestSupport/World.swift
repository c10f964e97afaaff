import Foundation
import Healthcode

/// Virtual time: the one true time of a story, which a server process reads through a Unix socket and phones through
/// their clocks.
public final class World: @unchecked Sendable {
  private let lock = NSLock()
  private var millis: Int64

  /// A world that begins at this instant.
  public init(at start: Date) {
    millis = Int64(start.timeIntervalSince1970 * 1_000)
  }

  /// The true time, in milliseconds since 1970.
  public var now: Int64 { lock.withLock { millis } }

  /// Moves on to an instant; never back.
  public func go(to instant: Date) {
    lock.withLock { millis = max(millis, Int64(instant.timeIntervalSince1970 * 1_000)) }
  }

  /// Moves on by so many seconds.
  public func pass(seconds: Double) {
    lock.withLock { millis += Int64(seconds * 1_000) }
  }

  /// Gives the time to whoever connects to a Unix socket: a line for a line, in milliseconds since 1970.
  func serve(at path: String) throws {
    let listener = try Listener(path: path)
    Thread.detachNewThread { [self] in
      while let connection = listener.accept() {
        Thread.detachNewThread { [self] in
          while connection.read() != nil { connection.write("\(now)\n") }
        }
      }
    }
  }
}

/// A phone's clocks in a virtual world: a boot clock that nobody can set, and a wall clock that anybody can.
public final class PhoneClock: DeviceClock, @unchecked Sendable {
  private let world: World
  private let lock = NSLock()
  private var boots = 1
  private var bootedAt: Int64
  private var offset: TimeInterval = 0

  /// The clocks of a phone that was started a quarter of an hour ago.
  public init(_ world: World) {
    self.world = world
    bootedAt = world.now - 15 * 60_000
  }

  /// Restarts the phone.
  public func restart() {
    lock.withLock { (boots, bootedAt) = (boots + 1, world.now) }
  }

  /// Sets the wall clock off, as a person can in the settings.
  public func setWall(offBy seconds: TimeInterval) {
    lock.withLock { offset = seconds }
  }

  public func read() throws -> ClockReading {
    let now = world.now
    return lock.withLock {
      ClockReading(
        bootId: "phone-\(boots)",
        bootMillis: now - bootedAt,
        wall: Date(timeIntervalSince1970: Double(now) / 1_000 + offset)
      )
    }
  }
}

/// A vault that turns bytes over with a key of its own; a platform's key store does better.
public final class MemoryVault: Vault {
  private let key: UInt8

  public init(key: UInt8 = 0x5a) {
    self.key = key
  }

  public func seal(plain: Data) throws -> Data { Data(plain.map { $0 ^ key }) }

  public func unseal(sealed: Data) throws -> Data { Data(sealed.map { $0 ^ key }) }

  public func hardwarePublicKey(name: String) throws -> Data? { nil }

  public func sign(name: String, message: Data) throws -> Data { throw VaultError.Gone }

  public func delete(name: String) throws {}
}

/// An instant of February 2020 in the legal calendar (+08:00).
public func february(_ day: Int, _ hour: Int, _ minute: Int = 0) -> Date {
  // 2020-02-01T00:00:00+08:00.
  Date(timeIntervalSince1970: 1_580_486_400 + Double(((day - 1) * 24 + hour) * 3_600 + minute * 60))
}
