import Foundation
import HealthcodeNative

#if canImport(Darwin)
  import Darwin
#elseif canImport(Glibc)
  import Glibc
#endif

/// The device's clocks: one that counts through sleep and that nobody can set, and the wall clock.
public final class SystemClock: DeviceClock {
  /// The clocks of this device.
  public init() {}

  /// Reads them now.
  public func read() throws -> ClockReading {
    ClockReading(bootId: try Self.bootId(), bootMillis: try Self.bootMillis(), wall: Date())
  }

  #if canImport(Darwin)
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
    private static func bootId() throws -> String {
      let text = try String(contentsOfFile: "/proc/sys/kernel/random/boot_id", encoding: .utf8)
      return text.trimmingCharacters(in: .whitespacesAndNewlines)
    }

    private static func bootMillis() throws -> Int64 {
      var time = timespec()
      guard clock_gettime(CLOCK_BOOTTIME, &time) == 0 else { throw PortError.Failed }
      return Int64(time.tv_sec) * 1_000 + Int64(time.tv_nsec) / 1_000_000
    }
  #endif
}
