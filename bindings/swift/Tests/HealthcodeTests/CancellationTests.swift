import Foundation
import Healthcode
import TestSupport
import XCTest

/// A cancelled task stops the work in the library, and nothing is lost by it.
final class CancellationTests: XCTestCase {
  func testACancelledSyncHangsUpAtOnceAndLeavesTheFileRight() async throws {
    let stage = try Stage()
    let phone = try await stage.enrolled(zhangSan)
    try await phone.declare(stayInWuhan)
    try await phone.resident.checkIn(phone.subject)
    phone.resident.close()

    let listener = try Listener()
    let resident = try await stage.open(server: "http://127.0.0.1:\(listener.port)")
    for _ in 0..<3 {
      let sync = Task { try await resident.sync() }
      let accepted = await detached { listener.accept() }
      let connection = try XCTUnwrap(accepted)
      let asked = await detached { connection.read() }
      XCTAssertNotNil(asked, "the request is under way")
      let cancelled = uptime()
      sync.cancel()
      let rest = await detached { connection.read() }
      XCTAssertNil(rest, "the library hangs up")
      // A machine that is busy elsewhere may be late; a library that does not hear of it waits for 15 s.
      XCTAssertLessThan(uptime() - cancelled, 2)
      await assertThrows(.cancelled) { _ = try await sync.value }
    }
    XCTAssertEqual(try resident.home().sync.waiting, 1)
    resident.close()
    let again = try await stage.open()
    let report = try await again.sync()
    XCTAssertEqual([report.accepted, report.waiting], [1, 0])
  }

  func testACallOfACancelledTaskDoesNotBegin() async throws {
    let stage = try Stage()
    let resident = try await stage.open()
    let task = Task {
      while !Task.isCancelled { await Task.yield() }
      try await resident.sync()
    }
    task.cancel()
    await assertThrows(.cancelled) { try await task.value }
  }

  func testWhatWasRecordedIsToldToACallerWhoWasCancelledMeanwhile() async throws {
    let stage = try Stage()
    let phone = try await stage.enrolled(zhangSan)
    try await phone.declare(stayInWuhan)
    let task = Task {
      while !Task.isCancelled { await Task.yield() }
      return try await phone.resident.checkIn(phone.subject)
    }
    task.cancel()
    let recorded = try await task.value
    XCTAssertEqual(recorded.day, day(2, 11))
  }

  func testAStreamThatNobodyReadsEndsItsWaitInTheLibrary() async throws {
    let stage = try Stage()
    let resident = try await stage.open()
    for _ in 0..<3 {
      let (seen, continuation) = AsyncStream.makeStream(of: Void.self)
      let reader = Task {
        var count = 0
        for try await _ in resident.homes() {
          count += 1
          continuation.yield()
        }
        return count
      }
      for await _ in seen { break }
      reader.cancel()
      let count = try await reader.value
      XCTAssertEqual(count, 1)
    }
    // A reader that is gone holds the phone no longer: its wait in the library has ended.
    do {
      let other = try await stage.open("other.db")
      for try await _ in other.homes() { break }
    }
    let status = try await flock(stage.server.path("other.db"), wait: 2)
    XCTAssertEqual(status, 0)
  }
}
