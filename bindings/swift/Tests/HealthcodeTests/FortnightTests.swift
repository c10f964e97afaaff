import Foundation
import Healthcode
import TestSupport
import XCTest

/// The main job from one end to the other, against the server as a process of its own, in virtual time.
final class FortnightTests: XCTestCase {
  func testAYellowResidentIsGreenAfterSevenDaysWithACheckInEach() async throws {
    let stage = try Stage()
    let world = stage.world
    let phone = try await stage.enrolled(zhangSan)
    await assertThrows(.notRated) { _ = try await phone.code() }
    XCTAssertEqual(try phone.resident.preview(stayInWuhan, for: phone.subject).colour, .yellow)
    try await phone.declare(stayInWuhan)
    let gate = try await stage.gate()

    for date in 11...17 {
      world.go(to: february(date, 10))
      try await gate.sync()
      let due = try XCTUnwrap(phone.resident.quarantine(of: phone.subject)?.due)
      XCTAssertEqual(due.day, day(2, date))
      // Two days without a network: the taps wait and count when it is back.
      if date == 13 || date == 14 {
        try await phone.resident.checkIn(phone.subject)
        XCTAssertEqual(try phone.resident.home().sync.waiting, UInt32(date - 12))
      } else {
        try await phone.checkIn()
      }
      world.pass(seconds: 5)
      guard case .stop(let holder, .yellow, _) = try gate.verify(await phone.code().text) else {
        return XCTFail("a yellow code does not pass")
      }
      XCTAssertEqual(holder.idTail, "002X")
    }
    let complete = try XCTUnwrap(phone.resident.quarantine(of: phone.subject))
    XCTAssertEqual([complete.counted, complete.days], [7, 7])
    XCTAssertEqual(complete.earliestRelease, february(18, 0))

    // Only the server's signed release ends it, and not a minute early.
    world.go(to: february(17, 23, 59))
    try await phone.resident.sync()
    XCTAssertNotNil(try phone.resident.quarantine(of: phone.subject))
    world.go(to: february(18, 0, 1))
    try await phone.resident.sync()
    XCTAssertNil(try phone.resident.quarantine(of: phone.subject))
    let code = try await phone.code()
    XCTAssertEqual(code.colour, .green)
    guard case .pass(_, .green, _) = try gate.verify(code.text) else { return XCTFail("a green code passes") }
    XCTAssertTrue(try code.png().starts(with: [0x89, 0x50, 0x4e, 0x47]))
  }

  func testARedOrderTakesFourteenDays() async throws {
    let stage = try Stage()
    let world = stage.world
    let phone = try await stage.enrolled(liSi)
    let contact = DeclarationInput(answers: [
      AnswerInput(question: "contact", value: .yesNo(yes: true)),
      AnswerInput(question: "symptoms", value: .any(options: [])),
    ])
    try await phone.declare(contact)
    for date in 11...24 {
      world.go(to: february(date, 8))
      try await phone.checkIn()
      let colour = try await phone.code().colour
      XCTAssertEqual(colour, .red)
    }
    world.go(to: february(25, 0, 1))
    try await phone.resident.sync()
    let colour = try await phone.code().colour
    XCTAssertEqual(colour, .green)
  }

  func testAnAnswerToAGatesChallengePassesOnce() async throws {
    let stage = try Stage()
    let world = stage.world
    let phone = try await stage.enrolled(liSi)
    try await phone.declare(atHome)
    let gate = try await stage.gate()
    let challenge = try gate.challenge()
    XCTAssertEqual(challenge.validFor, 60)
    XCTAssertEqual(try phone.resident.scan(challenge.text), .challenge(gate: "North gate"))
    let answer = try await phone.resident.code(of: phone.subject, challenge: challenge.text)
    XCTAssertEqual(answer.gate, "North gate")
    XCTAssertNil(answer.refreshIn)
    guard case .pass = try gate.verify(answer.text) else { return XCTFail("an answer passes") }
    world.pass(seconds: 5)
    guard case .askForAnswer(_, .otherChallenge) = try gate.verify(answer.text) else {
      return XCTFail("an answer is good for one challenge")
    }
  }

  func testTheMainJobGoesOverTheAppsOwnHttpStack() async throws {
    let stage = try Stage()
    let server = stage.server
    let transport = UrlTransport(server: server.url)
    let ports = stage.ports()
    // The library's own client cannot reach this address: whatever comes, comes over the app's.
    let resident = try await Resident.open(server.config(server: "http://127.0.0.1:1"), ports: ports)
    let asked = try await resident.requestOneTimeCode(liSi, over: transport)
    XCTAssertEqual(asked.digits, 6)
    XCTAssertEqual(asked.expiresIn, 300)
    let subject = try await resident.enrol(code: server.oneTimeCode(), over: transport).subject
    try await resident.sync(over: transport)
    try await resident.declare(atHome, for: subject)
    let report = try await resident.sync(over: transport)
    XCTAssertEqual([report.accepted, report.waiting], [1, 0])
    let colour = try await resident.code(of: subject).colour
    XCTAssertEqual(colour, .green)
    let gate = try await Checkpoint.open(
      server.config("gate.db", server: "http://127.0.0.1:1"), ports: ports, gate: "South gate")
    try await gate.sync(over: transport)
    XCTAssertEqual(try gate.status().time, .firm)

    server.stop()
    await assertThrows(.network(.offline, retryAfter: nil)) { try await resident.sync(over: transport) }
    XCTAssertEqual(try resident.home().sync.failures, 1)
  }
}
