import Foundation
import Healthcode
import HealthcodeNative
import TestSupport
import XCTest

/// Objects that nobody holds leave nothing in the process's memory. They need a process of their own: what other tests
/// have freed would take in a leak unseen.
final class LeakTests: XCTestCase {
  override func setUpWithError() throws {
    let alone = ProcessInfo.processInfo.environment["HEALTHCODE_LEAKS"] != nil
    try XCTSkipUnless(alone, "tests/run swift runs them in a process of their own")
  }

  /// Bytes a cycle: what any of these objects takes up is more.
  private let margin = 100

  func testTenThousandResidentsOnAnOpenFileLeaveNoMemoryBehind() async throws {
    let stage = try Stage()
    let phone = try await stage.enrolled(liSi)
    let (config, ports) = (stage.server.config(), stage.ports())
    try await flat { _ = try await Resident.open(config, ports: ports).scan("H1:") }
    phone.resident.close()
  }

  func testTenThousandCheckpointsLeaveNoMemoryBehind() async throws {
    let stage = try Stage()
    let gate = try await stage.gate()
    let (config, ports) = (stage.server.config("gate.db"), stage.ports())
    try await flat { _ = try await Checkpoint.open(config, ports: ports, gate: "North gate").verify("H1:") }
    gate.close()
  }

  func testOpeningAndClosingTheFileItselfLeavesNoMemoryBehind() async throws {
    let stage = try Stage()
    try await stage.enrolled(liSi).resident.close()
    try await flat(cycles: 300, margin: 2_000) { _ = try await stage.open().home() }
  }

  func testTenThousandExchangesLeaveNoMemoryBehind() async throws {
    let stage = try Stage()
    let native = try openNativeResident(config: stage.server.config(), ports: stage.ports())
    try await flat { _ = try native.exchange().next() }
  }

  func testTenThousandCancelsAndAwaitedCallsLeaveNoMemoryBehind() async throws {
    let stage = try Stage()
    let native = try openNativeResident(config: stage.server.config(), ports: stage.ports())
    try await flat {
      let cancel = try newNativeCancel()
      try cancel.cancel()
      do {
        _ = try await native.changed(after: .max, cancel: cancel)
        XCTFail("it did not throw")
      } catch NativeError.Cancelled {}
    }
  }

  func testStreamsLeaveNoMemoryBehind() async throws {
    let stage = try Stage()
    let resident = try await stage.open()
    try await flat(cycles: 3_000, margin: 300) {
      for try await _ in resident.homes() { break }
    }
  }

  func testALeakOfTwoHundredBytesACycleIsSeenByThisMeasure() async throws {
    var kept: [Data] = []
    let growths = try await self.growths(cycles: 10_000, margin: margin) { kept.append(Data(repeating: 1, count: 200)) }
    XCTAssertGreaterThanOrEqual(growths[growths.count - 1], margin * 10_000)
    XCTAssertGreaterThan(kept.count, 10_000)
  }

  private func flat(cycles: Int = 10_000, margin: Int? = nil, _ cycle: () async throws -> Void) async throws {
    let growths = try await growths(cycles: cycles, margin: margin ?? self.margin, cycle)
    print("grew by \(growths) bytes in \(cycles) cycles each")
    XCTAssertLessThan(growths[growths.count - 1], (margin ?? self.margin) * cycles)
  }

  /// A leak grows in every round; an allocator that still finds its level grows in some.
  private func growths(cycles: Int, margin: Int, _ cycle: () async throws -> Void) async throws -> [Int] {
    for _ in 0..<cycles / 3 { try await cycle() }
    var growths: [Int] = []
    repeat {
      let before = residentSet()
      for _ in 0..<cycles { try await cycle() }
      growths.append(residentSet() - before)
    } while growths[growths.count - 1] >= margin * cycles && growths.count < 3
    return growths
  }

  private func residentSet() -> Int {
    let statm = (try? String(contentsOfFile: "/proc/self/statm", encoding: .utf8)) ?? ""
    return statm.split(separator: " ").dropFirst().first.flatMap { Int($0) }.map { $0 * 4_096 } ?? 0
  }
}
