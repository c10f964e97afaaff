import Foundation
import Healthcode
import TestSupport
import XCTest

/// Streams for screens.
final class StreamsTests: XCTestCase {
  func testAChangeOfTheColourIsShownAtOnceAndOtherChangesLeaveACodeOnTheScreen() async throws {
    let stage = try Stage()
    let phone = try await stage.enrolled(liSi)
    try await phone.declare(atHome)
    var codes = phone.resident.codes(of: phone.subject).makeAsyncIterator()
    let green = try await codes.next()
    XCTAssertEqual(green?.colour, .green)
    XCTAssertEqual(green?.refreshIn, 30)
    let asked = uptime()
    // A sync changes nothing of what is shown; the stay does, before the server knows.
    try await phone.resident.sync()
    try await phone.resident.declare(stayInWuhan, for: phone.subject)
    let yellow = try await codes.next()
    XCTAssertEqual(yellow?.colour, .yellow)
    XCTAssertEqual(yellow?.lowered, true)
    XCTAssertLessThan(uptime() - asked, 20, "it did not wait for the thirty seconds")
  }

  func testAScreenIsToldOfARecordAndThatASyncRunsAndHasEnded() async throws {
    let stage = try Stage()
    let phone = try await stage.enrolled(zhangSan)
    try await phone.declare(stayInWuhan)
    let listener = try Listener()
    phone.resident.close()
    let resident = try await stage.open(server: "http://127.0.0.1:\(listener.port)")
    var states = resident.syncStates().makeAsyncIterator()
    let idle = try await states.next()
    XCTAssertEqual(idle?.running, false)
    try await resident.checkIn(phone.subject)
    let recorded = try await states.next()
    XCTAssertEqual(recorded?.waiting, 1)
    let sync = Task { try await resident.sync() }
    let connection = await detached { listener.accept() }
    let running = try await states.next()
    XCTAssertEqual(running?.running, true)
    sync.cancel()
    let ended = try await states.next()
    XCTAssertEqual(ended?.running, false)
    XCTAssertEqual(ended?.waiting, 1)
    XCTAssertNotNil(connection)
  }

  func testAScreenIsToldWhenSomethingIsDueByTheTime() async throws {
    let stage = try Stage()
    let phone = try await stage.enrolled(zhangSan)
    try await phone.declare(stayInWuhan)
    try await phone.checkIn()
    let opens = try XCTUnwrap(phone.resident.quarantine(of: phone.subject)?.nextOpensAt)
    stage.world.go(to: opens.addingTimeInterval(-0.3))
    try await phone.resident.sync()
    var homes = phone.resident.homes().makeAsyncIterator()
    let before = try await homes.next()
    XCTAssertNil(before?.subjects.first?.due)
    // The day opens by the lower bound of time, a little after.
    stage.world.pass(seconds: 60)
    let after = try await homes.next()
    XCTAssertEqual(after?.subjects.first?.due?.day, day(2, 12))
  }

  func testAStreamFailsAsItsCallDoes() async throws {
    let stage = try Stage()
    let resident = try await stage.open()
    await assertThrows(.unknownSubject) { for try await _ in resident.codes(of: "nobody") {} }
  }
}
