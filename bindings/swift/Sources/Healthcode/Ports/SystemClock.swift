import Foundation
import HealthcodeNative

#if canImport(Darwin)
  import Darwin
#endif

/// The device's clocks: one that counts through sleep and that nobody can set, and the wall clock. On Linux they are the
/// library's own.
public final class SystemClock: DeviceClock {
  #if canImport(Darwin)
    /// The clocks of this device.
    public init() {}

    /// Reads them now.
    public func read() throws -> ClockReading {
      ClockReading(bootId: try Self.bootId(), bootMillis: try Self.bootMillis(), wall: Date())
    }

    private static func bootId() throws -> String {
      var size = 0
      guard sysctlbyname("kern.bootsessionuuid", nil, &size, nil, 0) == 0, size > 1 else { throw PortError.Failed }
      var bytes = [UInt8](repeating: 0, count: size)
      guard sysctlbyname("kern.bootsessionuuid", &bytes, &size, nil, 0) == 0 else { throw PortError.Failed }
      return String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
    }

    // `mach_absolute_time` and `systemUptime` stand still while the device sleeps.
    private static func bootMillis() throws -> Int64 {
      var base = mach_timebase_info_data_t()
      guard mach_timebase_info(&base) == KERN_SUCCESS, base.denom > 0 else { throw PortError.Failed }
      let ticks = mach_continuous_time()
      let (high, low) = ticks.multipliedFullWidth(by: UInt64(base.numer))
      let divisor = UInt64(base.denom) * 1_000_000
      guard high < divisor else { throw PortError.Failed }
      return Int64(clamping: divisor.dividingFullWidth((high, low)).quotient)
    }
  #else
    private let native = try? nativeSystemClock()

    /// The clocks of this device.
    public init() {}

    /// Reads them now.
    public func read() throws -> ClockReading {
      guard let native else { throw PortError.Failed }
      return try native.read()
    }
  #endif
}

extension Ports {
  /// The ports of a device with its own clocks.
  public init(vault: any Vault, log: (any LogSink)? = nil) {
    self.init(vault: vault, clock: SystemClock(), log: log)
  }
}
