import Foundation
import Healthcode
import TestSupport
import XCTest

/// What a port throws never reaches the caller: only that it failed.
final class PortsTests: XCTestCase {
  private struct Leak: LocalizedError, CustomStringConvertible {
    let description = "the secret of 张三"
    var errorDescription: String? { description }
  }

  private final class ThrowingClock: DeviceClock, @unchecked Sendable {
    let inner: any DeviceClock
    private let lock = NSLock()
    private var broken = false
    init(_ inner: any DeviceClock) { self.inner = inner }
    func set(broken: Bool) { lock.withLock { self.broken = broken } }
    func read() throws -> ClockReading {
      if lock.withLock({ broken }) { throw Leak() }
      return try inner.read()
    }
  }

  private final class ThrowingLog: LogSink {
    func log(level: LogLevel, line: String) throws { throw Leak() }
  }

  private final class KeepingLog: LogSink, @unchecked Sendable {
    private let lock = NSLock()
    private var kept: [String] = []
    var lines: [String] { lock.withLock { kept } }
    func log(level: LogLevel, line: String) throws { lock.withLock { kept.append(line) } }
  }

  func testAVaultThatThrowsHasRefusedAndItsTextDoesNotTravel() async throws {
    let stage = try Stage()
    try await stage.open().close()
    do {
      _ = try await stage.open(vault: FailingVault(unseal: .failure(Leak())))
      XCTFail("it did not throw")
    } catch {
      XCTAssertEqual(error as? HealthcodeError, .vault(.refused))
      XCTAssertFalse("\(String(reflecting: error)) \(error.localizedDescription)".contains("张三"))
    }
  }

  func testAClockThatThrowsIsNamedAndServesAgainWhenItHasRecovered() async throws {
    let stage = try Stage()
    let clock = ThrowingClock(PhoneClock(stage.world))
    let ports = Ports(vault: MemoryVault(), clock: clock)
    let resident = try await Resident.open(stage.server.config(), ports: ports)
    clock.set(broken: true)
    await assertThrows(.port(name: "clock")) { _ = try resident.home() }
    await assertThrows(.port(name: "clock")) { try await resident.sync() }
    clock.set(broken: false)
    try await resident.sync()
  }

  func testALogThatThrowsBreaksNothingAndNoneOfTheLinesNamesAPerson() async throws {
    let stage = try Stage()
    let throwing = Ports(vault: MemoryVault(), clock: PhoneClock(stage.world), log: ThrowingLog())
    try await Resident.open(stage.server.config(), ports: throwing).sync()

    let log = KeepingLog()
    let ports = Ports(vault: MemoryVault(), clock: PhoneClock(stage.world), log: log)
    let resident = try await Resident.open(stage.server.config("other.db"), ports: ports)
    _ = try await resident.requestOneTimeCode(liSi)
    let subject = try await resident.enrol(code: stage.server.oneTimeCode()).subject
    try await resident.sync()
    try await resident.declare(atHome, for: subject)
    try await resident.sync()
    XCTAssertFalse(log.lines.isEmpty)
    let lines = log.lines.joined()
    for part in ["李四", "4405", "0014", "139", subject] { XCTAssertFalse(lines.contains(part), part) }
  }

  func testTheDevicesClocksCountOn() throws {
    let clock = SystemClock()
    let (first, second) = (try clock.read(), try clock.read())
    XCTAssertFalse(first.bootId.isEmpty)
    XCTAssertEqual(first.bootId, second.bootId)
    XCTAssertGreaterThanOrEqual(second.bootMillis, first.bootMillis)
    XCTAssertLessThan(abs(first.wall.timeIntervalSinceNow), 60)
  }
}
