import Foundation
import Healthcode
import TestSupport
import XCTest

/// How long an object lives, and what ends with it.
final class LifetimeTests: XCTestCase {
  /// The tests' own clock: its server may be killed between a question and the answer.
  func testAnAnswerToAServerThatIsGoneEndsNobody() throws {
    let path = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString).path
    defer { try? FileManager.default.removeItem(atPath: path) }
    let listener = try Listener(path: path)
    let asked: Connection?
    do {
      let server = try Connection(path: path)
      server.write("\n")
      asked = listener.accept()
    }
    asked?.write("1\n")
    asked?.write("1\n")
    XCTAssertNotNil(asked?.read(), "what was asked before is there still")
  }

  func testEveryCallOfAClosedObjectEndsWithClosedAndClosingTwiceIsWell() async throws {
    let stage = try Stage()
    let phone = try await stage.enrolled(liSi)
    let (resident, subject) = (phone.resident, phone.subject)
    resident.close()
    resident.close()
    await assertThrows(.closed) { _ = try resident.home() }
    await assertThrows(.closed) { for try await _ in resident.homes() {} }
    await assertThrows(.closed) { for try await _ in resident.syncStates() {} }
    await assertThrows(.closed) { _ = try await resident.code(of: subject) }
    await assertThrows(.closed) { for try await _ in resident.codes(of: subject) {} }
    await assertThrows(.closed) { _ = try resident.quarantine(of: subject) }
    await assertThrows(.closed) { _ = try resident.form() }
    await assertThrows(.closed) { _ = try resident.check(liSi) }
    await assertThrows(.closed) { _ = try resident.preview(atHome, for: subject) }
    await assertThrows(.closed) { try await resident.declare(atHome, for: subject) }
    await assertThrows(.closed) { try await resident.checkIn(subject) }
    await assertThrows(.closed) { _ = try await resident.journal(of: subject) }
    await assertThrows(.closed) { for try await _ in resident.journalEntries(of: subject) {} }
    await assertThrows(.closed) { _ = try await resident.quarantineProof(of: subject) }
    await assertThrows(.closed) { _ = try await resident.answeredChallenges(of: subject) }
    await assertThrows(.closed) { try await resident.forgetAnsweredChallenges(of: subject) }
    await assertThrows(.closed) { try await resident.recordTrip(trip(7), for: subject) }
    await assertThrows(.closed) { try await resident.enterVenue("H4:", for: subject) }
    await assertThrows(.closed) { try await resident.leaveVenue("1", for: subject) }
    await assertThrows(.closed) { _ = try resident.whereabouts(of: subject) }
    await assertThrows(.closed) { try await resident.forgetWhereabouts(of: subject) }
    await assertThrows(.closed) { _ = try resident.exposures(of: subject) }
    await assertThrows(.closed) { try await resident.answer(exposure: "1-1-0", with: .tell, for: subject) }
    await assertThrows(.closed) { _ = try resident.noticeState() }
    await assertThrows(.closed) { try await resident.fetchNotices() }
    await assertThrows(.closed) { try await resident.fetchNotices(over: UrlTransport(server: stage.server.url)) }
    await assertThrows(.closed) { try await resident.keep(draft: nil, of: "form") }
    await assertThrows(.closed) { _ = try resident.draft(of: "form") }
    await assertThrows(.closed) { _ = try resident.enrolmentUnderWay() }
    await assertThrows(.closed) { try await resident.giveUpEnrolment() }
    await assertThrows(.closed) { _ = try await resident.export() }
    await assertThrows(.closed) { try await resident.erase(subject) }
    await assertThrows(.closed) { try await resident.eraseEverything() }
    await assertThrows(.closed) { _ = try await resident.requestOneTimeCode(liSi) }
    await assertThrows(.closed) { _ = try await resident.enrol(code: "123456") }
    await assertThrows(.closed) { try await resident.sync() }
    await assertThrows(.closed) { try await resident.sync(over: UrlTransport(server: stage.server.url)) }
    let gate = try await stage.gate()
    gate.close()
    gate.close()
    await assertThrows(.closed) { _ = try gate.verify("H1:") }
    await assertThrows(.closed) { _ = try gate.challenge() }
    await assertThrows(.closed) { try gate.confirm(date: day(2, 11)) }
    await assertThrows(.closed) { _ = try gate.status() }
    await assertThrows(.closed) { _ = try gate.counts() }
    await assertThrows(.closed) { try await gate.load(Data()) }
    await assertThrows(.closed) { try await gate.load(text: "H6:") }
    await assertThrows(.closed) { try await gate.sync() }
  }

  func testClosingEndsWhatIsUnderWay() async throws {
    let stage = try Stage()
    let listener = try Listener()
    let resident = try await stage.open(server: "http://127.0.0.1:\(listener.port)")
    let sync = Task { try await resident.sync() }
    let connection = await detached { listener.accept() }
    resident.close()
    await assertThrows(.closed) { _ = try await sync.value }
    XCTAssertNotNil(connection)
  }

  func testClosingEndsASyncOverTheAppsOwnStackAndLetsGoOfTheFile() async throws {
    struct Silent: Transport {
      let asked: AsyncStream<Void>.Continuation
      func send(_ call: Call) async throws -> Reply {
        asked.yield()
        try await Task.sleep(nanoseconds: 30_000_000_000)
        throw CancellationError()
      }
    }
    let stage = try Stage()
    let resident = try await stage.open()
    let (asked, continuation) = AsyncStream.makeStream(of: Void.self)
    let sync = Task { try await resident.sync(over: Silent(asked: continuation)) }
    for await _ in asked { break }
    resident.close()
    await assertThrows(.closed) { _ = try await sync.value }
    let status = try await flock(stage.server.path("phone.db"), wait: 2)
    XCTAssertEqual(status, 0)
  }

  func testTheSameFileOpenedTwiceIsOnePhoneAndClosingOneObjectLeavesTheOtherWorking() async throws {
    let stage = try Stage()
    let phone = try await stage.enrolled(zhangSan)
    try await phone.declare(stayInWuhan)
    let other = try await stage.open()
    var homes = other.homes().makeAsyncIterator()
    let before = try await homes.next()
    XCTAssertEqual(before?.sync.waiting, 0)
    try await phone.resident.checkIn(phone.subject)
    let after = try await homes.next()
    XCTAssertEqual(after?.sync.waiting, 1)
    phone.resident.close()
    XCTAssertEqual(try other.home().sync.waiting, 1)
  }

  func testAnotherProcessKeepsTheFileBusy() async throws {
    let stage = try Stage()
    let lock = Process()
    lock.executableURL = URL(fileURLWithPath: "/usr/bin/flock")
    lock.arguments = ["--no-fork", stage.server.path("phone.db") + ".lock", "sh", "-c", "echo held; exec sleep 30"]
    let output = Pipe()
    lock.standardOutput = output
    try lock.run()
    _ = output.fileHandleForReading.availableData
    await assertThrows(.storage(.busy)) { _ = try await stage.open() }
    kill(lock.processIdentifier, SIGKILL)
    try await stage.open().close()
  }

  func testAnObjectThatNobodyHoldsClosesItsFile() async throws {
    let stage = try Stage()
    for _ in 0..<3 {
      _ = try await stage.open()
      let status = try await flock(stage.server.path("phone.db"), wait: 2)
      XCTAssertEqual(status, 0)
    }
  }
}
