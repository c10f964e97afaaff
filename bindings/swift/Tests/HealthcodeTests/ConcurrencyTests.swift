import Foundation
import Healthcode
import TestSupport
import XCTest

/// Many calls at once, and a loop that they must not hold up.
final class ConcurrencyTests: XCTestCase {
  func testFiftyCallsAtOnceOverTwoObjectsAllEndEachWithItsRightAnswer() async throws {
    let stage = try Stage()
    let phone = try await stage.enrolled(zhangSan)
    try await phone.declare(stayInWuhan)
    let residents = [phone.resident, try await stage.open()]
    let subject = phone.subject
    let answers = try await withThrowingTaskGroup(of: Bool.self) { group in
      for call in 0..<50 {
        let resident = residents[call % 2]
        group.addTask {
          switch call % 5 {
          case 0: try await resident.code(of: subject).colour == .yellow
          case 1: try resident.home().subjects.first?.subject == subject
          case 2: try await resident.checkIn(subject).operation.isEmpty == false
          case 3: try await resident.sync().problems.isEmpty
          default: try resident.quarantine(of: subject)?.days == 7
          }
        }
      }
      return try await group.reduce(into: []) { $0.append($1) }
    }
    XCTAssertEqual(answers, Array(repeating: true, count: 50))
    try await phone.resident.sync()
    let view = try XCTUnwrap(phone.resident.quarantine(of: subject))
    XCTAssertEqual(view.checkIns.count, 10)
    XCTAssertEqual(view.counted, 1, "one day is one day")
    XCTAssertEqual(try phone.resident.home().sync.waiting, 0)
  }

  /// A machine that is busy elsewhere stalls now and then; a call that works on the caller's actor stalls it every time.
  func testTheCallersLoopNeverStallsForAFrame() async throws {
    let stage = try Stage()
    let phone = try await stage.enrolled(zhangSan)
    try await phone.declare(stayInWuhan)
    var best = TimeInterval.infinity
    for _ in 0..<5 where best >= 0.016 {
      let stall = try await Self.stallOfEach(Self.calls) {
        _ = try await phone.code()
        try await phone.resident.checkIn(phone.subject)
        try await phone.resident.sync()
        for try await _ in phone.resident.codes(of: phone.subject) { break }
        _ = try await stage.open("new-\(UUID()).db")
      }
      best = min(best, stall)
    }
    XCTAssertLessThan(best, 0.016)
  }

  func testACallThatBlocksIsSeenByThisMeasure() async throws {
    @MainActor func block() { Thread.sleep(forTimeInterval: 0.02) }
    let stall = try await Self.stallOfEach(Self.calls) {
      await Task.yield()
      block()
    }
    XCTAssertGreaterThan(stall, 0.016)
  }

  private static let calls = 8

  /// The pause between two turns of the main actor that each round of calls makes that are made from it: of so many pauses
  /// as there were rounds the shortest, so that a machine that pauses by itself must do so as often as it is called.
  @MainActor
  private static func stallOfEach(_ rounds: Int, while round: @escaping @MainActor () async throws -> Void)
    async throws -> TimeInterval
  {
    let calls = Task { @MainActor in
      for _ in 0..<rounds {
        await Task.yield()
        try await round()
      }
    }
    let watch = Task { @MainActor in
      var (longest, last) = (Array(repeating: 0.0, count: rounds), uptime())
      while !Task.isCancelled {
        await Task.yield()
        let pause = uptime() - last
        if pause > longest[0] {
          longest[0] = pause
          longest.sort()
        }
        last = uptime()
      }
      return longest[0]
    }
    try await calls.value
    watch.cancel()
    return await watch.value
  }
}
