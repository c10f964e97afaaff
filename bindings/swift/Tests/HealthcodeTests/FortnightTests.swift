import Foundation
import Healthcode
import TestSupport
import XCTest

#if canImport(FoundationNetworking)
  import FoundationNetworking
#endif

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
      guard case .stop(let holder, .yellow, _) = try gate.verify(await phone.code().text).verdict else {
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
    guard case .pass(_, .green, _, false) = try gate.verify(code.text).verdict else {
      return XCTFail("a green code passes")
    }
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
    guard case .pass = try gate.verify(answer.text).verdict else { return XCTFail("an answer passes") }
    world.pass(seconds: 5)
    guard case .askForAnswer(_, .otherChallenge) = try gate.verify(answer.text).verdict else {
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

  func testACallOfAnotherServerGoesThereWithoutASignature() async throws {
    let stage = try Stage()
    let transport = Apart(home: UrlTransport(server: stage.server.url), others: UrlTransport(server: nowhere))
    let gate = try await Checkpoint.open(
      stage.server.config("gate.db", server: nowhere), ports: stage.ports(), gate: "South gate")
    let report = try await gate.sync(over: transport)
    let calls = transport.calls
    XCTAssertFalse(calls.isEmpty)
    XCTAssertEqual(report.statusLists, UInt32(calls.count))
    XCTAssertEqual(try gate.status().statusLists.count, calls.count)
    for call in calls {
      XCTAssertEqual(call.server, stage.server.url)
      let url = try XCTUnwrap(call.url(at: "https://home.example")).absoluteString
      XCTAssertTrue(url.hasPrefix(stage.server.url + "/.well-known/healthcode/status/"), url)
      XCTAssertNil(call.signature)
    }
    let home = Call(method: .get, server: nil, path: "/v1/anchor", body: Data(), signature: nil, limit: 1)
    XCTAssertEqual(home.url(at: "https://home.example/")?.absoluteString, "https://home.example/v1/anchor")
  }

  func testAGatesSyncDoesWithoutWhatAnotherServerDoesNotGiveAndAsksAgain() async throws {
    let stage = try Stage()
    let home = UrlTransport(server: stage.server.url)
    let gate = try await Checkpoint.open(
      stage.server.config("gate.db", server: nowhere), ports: stage.ports(), gate: "South gate")
    let without = try await gate.sync(over: Apart(home: home, others: nil))
    XCTAssertEqual(without.statusLists, 0)
    XCTAssertEqual(try gate.status().time, .firm)
    XCTAssertEqual(try gate.status().statusLists, [])
    let whole = try await gate.sync(over: home)
    XCTAssertGreaterThan(whole.statusLists, 0)
    // Without the time it is no sync.
    await assertThrows(.network(.offline, retryAfter: nil)) {
      try await gate.sync(over: UrlTransport(server: self.nowhere))
    }
  }

  private let nowhere = "http://127.0.0.1:1"
}

/// Sends the calls of other servers over a transport of their own, or nowhere, and notes them.
private final class Apart: Transport, @unchecked Sendable {
  private let home: UrlTransport
  private let others: UrlTransport?
  private let lock = NSLock()
  private var noted: [Call] = []

  init(home: UrlTransport, others: UrlTransport?) {
    self.home = home
    self.others = others
  }

  var calls: [Call] { lock.withLock { noted } }

  func send(_ call: Call) async throws -> Reply {
    guard call.server != nil else { return try await home.send(call) }
    lock.withLock { noted.append(call) }
    guard let others else { throw URLError(.cannotConnectToHost) }
    // What does not mind the call's own server reaches nobody.
    return try await others.send(call)
  }
}
