import Foundation
import Healthcode
import TestSupport
import XCTest

/// Whatever Swift can pass ends in a right answer or a typed error that is not a fault of the library.
final class BadInputTests: XCTestCase {
  private let nasty = [
    "", "\u{1F637}\u{1F3FD}\u{200D}\u{2695}\u{FE0F}", "330100\0", String(repeating: "张", count: 1 << 20),
    // Half of a surrogate pair, as a string that came from another language may hold it: Swift mends it.
    String(decoding: [0xD800, 0x5F20] as [UInt16], as: UTF16.self),
    String(decoding: [0xFF, 0xFE] as [UInt8], as: UTF8.self),
  ]

  private func identity(
    name: String = "李四", kind: String = "resident-id", number: String = "440524188001010014",
    phone: String = "+8613900139000", region: String = "330100"
  ) -> IdentityForm {
    IdentityForm(name: name, documentKind: kind, documentNumber: number, phone: phone, region: region)
  }

  func testEveryStringArgumentTakesEveryString() async throws {
    let stage = try Stage()
    let phone = try await stage.enrolled(zhangSan)
    try await phone.declare(stayInWuhan)
    let (resident, subject) = (phone.resident, phone.subject)
    let gate = try await stage.gate()
    let text = try await phone.code().text
    func asked(_ question: String, _ value: AnswerValue) -> DeclarationInput {
      DeclarationInput(answers: [AnswerInput(question: question, value: value)])
    }
    for string in nasty {
      await typed { _ = try await resident.code(of: string) }
      await typed { _ = try await resident.code(of: subject, challenge: string) }
      await typed { for try await _ in resident.codes(of: string) { break } }
      await typed { _ = try resident.quarantine(of: string) }
      await typed { _ = try resident.check(self.identity(name: string)) }
      await typed { _ = try resident.check(self.identity(kind: string)) }
      await typed { _ = try resident.check(self.identity(number: string)) }
      await typed { _ = try resident.check(self.identity(phone: string)) }
      await typed { _ = try resident.check(self.identity(region: string)) }
      await typed { _ = try await resident.requestOneTimeCode(self.identity(number: string)) }
      await typed { _ = try resident.preview(atHome, for: string) }
      await typed { _ = try resident.preview(asked(string, .yesNo(yes: true)), for: subject) }
      await typed { try await resident.declare(asked("symptoms", .any(options: [string])), for: subject) }
      await typed { try await resident.declare(asked("symptoms", .one(option: string)), for: subject) }
      await typed { try await resident.checkIn(subject, symptoms: [string]) }
      await typed { try await resident.checkIn(string) }
      let takeover = Takeover(key: string, from: february(12, 9))
      await typed { try await resident.answer(takeover, allow: false, for: subject) }
      await typed { _ = try await resident.journal(of: string) }
      await typed { _ = try await resident.journal(of: subject, after: string) }
      await typed { _ = try await resident.quarantineProof(of: string) }
      await typed { _ = try await resident.quarantineProof(of: subject, order: string) }
      await typed { try await resident.recordTrip(trip(7), for: string) }
      await typed { try await resident.recordTrip(trip(7, number: string), for: subject) }
      await typed { try await resident.recordTrip(trip(7, from: string), for: subject) }
      await typed { try await resident.recordTrip(trip(7, to: string), for: subject) }
      await typed { try await resident.enterVenue("H4:AA", for: string) }
      await typed { try await resident.enterVenue(string, for: subject) }
      await typed { try await resident.leaveVenue("1", for: string) }
      await typed { try await resident.leaveVenue(string, for: subject) }
      await typed { _ = try resident.whereabouts(of: string) }
      await typed { try await resident.forgetWhereabouts(of: string) }
      await typed { try await resident.forgetWhereabouts(of: subject, entry: string) }
      await typed { _ = try resident.exposures(of: string) }
      await typed { try await resident.answer(exposure: "1-1-0", with: .tell, for: string) }
      await typed { try await resident.answer(exposure: string, with: .wrongEntry, for: subject) }
      await typed { _ = try await resident.export(string) }
      await typed { try await resident.erase(string) }
      await typed { _ = try resident.scan(string) }
      await typed { _ = try await resident.enrol(code: string) }
      await typed { _ = try await resident.answeredChallenges(of: string) }
      await typed { try await resident.forgetAnsweredChallenges(of: string) }
      await typed { _ = try gate.verify(string, direction: .out) }
      await typed { try await gate.load(text: string) }
      await typed { _ = try explainDisclosure(string) }
      await typed { _ = try drawPng(string, shade: .plain) }
      await typed { _ = try drawSvg(text, shade: .red, word: string, detail: string) }
      await typed { _ = try drawLuminance(string) }
      await typed { _ = try await Checkpoint.open(stage.server.config("g.db"), ports: stage.ports(), gate: string) }
      let lane = Lane(gate: "gate", policy: string)
      await typed {
        _ = try await Checkpoint.open(stage.server.config("g.db"), ports: stage.ports(), lane: lane).status()
      }
      await typed { _ = try await Resident.open(stage.server.config(string + "/x"), ports: stage.ports()) }
      await typed { _ = HealthcodeError.invalidField(field: string, reason: string).text }
    }
    // Nothing of it was recorded.
    XCTAssertEqual(try resident.home().sync.waiting, 0)
    XCTAssertEqual(try resident.whereabouts(of: subject), [])
    XCTAssertTrue(try drawSvg(text, shade: .red, word: "😷", detail: "<&>").contains("😷"))
  }

  func testListsOfEveryLengthAreTakenOrRefused() async throws {
    let stage = try Stage()
    let phone = try await stage.enrolled(zhangSan)
    try await phone.declare(stayInWuhan)
    let stay = try XCTUnwrap(stayInWuhan.travel.first)
    for many in [0, 1_000, 100_000] {
      let answers = Array(repeating: atHome.answers[0], count: many)
      await typed { try await phone.resident.declare(DeclarationInput(answers: answers), for: phone.subject) }
      let stays = DeclarationInput(answers: atHome.answers, travel: Array(repeating: stay, count: many))
      await typed { _ = try phone.resident.preview(stays, for: phone.subject) }
      if many > 0 {
        await typed {
          try await phone.resident.checkIn(phone.subject, symptoms: Array(repeating: "fever", count: many))
        }
      }
    }
    XCTAssertEqual(try phone.resident.home().sync.waiting, 0)
    let taps = Array(repeating: Tap(earliest: february(11, 10), latest: february(11, 10), received: nil), count: 4_097)
    await assertThrows(.invalidField(field: "taps", reason: "too-many")) {
      _ = try countQuarantine(self.order(), taps: taps, at: february(12, 9))
    }
  }

  func testEveryInstantAndEveryDayIsTakenOrRefused() async throws {
    let stage = try Stage()
    let phone = try await stage.enrolled(zhangSan)
    try await phone.declare(stayInWuhan)
    let gate = try await stage.gate()
    let numbers: [Double] = [.nan, .infinity, -.infinity, .greatestFiniteMagnitude, -1e300, 0, 1e15]
    for instant in numbers.map(Date.init(timeIntervalSince1970:)) + [.distantPast, .distantFuture] {
      await typed { _ = try countQuarantine(self.order(issuedAt: instant), taps: [], at: february(12, 9)) }
      let tap = Tap(earliest: instant, latest: .distantFuture, received: instant)
      await typed { _ = try countQuarantine(self.order(), taps: [tap], at: instant) }
      let journey = trip(7, departedAt: instant, arrivedAt: february(9, 12))
      await typed { try await phone.resident.recordTrip(journey, for: phone.subject) }
      let built = Config(
        database: stage.server.path("b.db"), server: stage.server.url, issuer: "hangzhou",
        rootKeys: stage.server.config().rootKeys, builtAt: instant)
      await typed { try await Resident.open(built, ports: stage.ports()).sync() }
      let clock = FixedClock(wall: instant)
      await typed {
        _ = try await Resident.open(stage.server.config("c.db"), ports: Ports(vault: MemoryVault(), clock: clock))
          .home()
      }
    }
    let days = [
      DateComponents(), DateComponents(year: 2020), DateComponents(year: 2021, month: 2, day: 29),
      DateComponents(year: .max, month: .max, day: .max), DateComponents(year: .min, month: -1, day: 0),
      DateComponents(year: 10_000, month: 1, day: 1),
    ]
    for day in days {
      let stay = StayInput(region: "420100", from: day, to: day)
      let declaration = DeclarationInput(answers: atHome.answers, travel: [stay])
      await assertThrows(.invalidField(field: "date", reason: "not-a-date")) {
        try await phone.resident.declare(declaration, for: phone.subject)
      }
      await assertThrows(.invalidField(field: "date", reason: "not-a-date")) { try gate.confirm(date: day) }
      await assertThrows(.invalidField(field: "date", reason: "not-a-date")) {
        try await phone.resident.recordTrip(trip(7, date: day), for: phone.subject)
      }
    }
    for scale in [Int.min, -1, 0, 65, .max] {
      await assertThrows(.invalidField(field: "pixels_per_module", reason: "out-of-range")) {
        _ = try drawPng("H1:A", shade: .plain, pixelsPerModule: scale)
      }
    }
  }

  func testWhateverAnAppsOwnHttpStackBringsIsTakenOrRefused() async throws {
    struct Fixed: Transport {
      let reply: Reply
      func send(_ call: Call) async throws -> Reply { reply }
    }
    let stage = try Stage()
    let resident = try await stage.open()
    let synced = try await stage.open("synced.db")
    try await synced.sync()
    for status in [0, 99, 200, 204, 302, 404, 429, 500, 65_535] as [UInt16] {
      for body in [Data(), Data(repeating: 0xff, count: 1 << 20)] {
        for type in ["", "application/cbor", "application/json", "text/html", "a\0b"] {
          let reply = Reply(status: status, contentType: type, retryAfter: .max, body: body)
          await typed { try await resident.sync(over: Fixed(reply: reply)) }
          await typed { _ = try await resident.requestOneTimeCode(liSi, over: Fixed(reply: reply)) }
          await typed { try await synced.fetchNotices(over: Fixed(reply: reply)) }
        }
      }
    }
  }

  private final class FixedClock: DeviceClock {
    let wall: Date
    init(wall: Date) { self.wall = wall }
    func read() throws -> ClockReading { ClockReading(bootId: "", bootMillis: .max, wall: wall) }
  }

  private func order(issuedAt: Date = february(11, 9)) -> Quarantine {
    let terms = QuarantineTerms(
      calendar: 480, missedDay: .restart, creditBeforeIssue: false, lateUntilMinutes: 120, maxTotalDays: 42,
      maxAmbiguous: 1, maxOfflineHours: 72, releaseAt: .dayEnd)
    return Quarantine(startsOn: day(2, 11), days: 7, issuedAt: issuedAt, terms: terms)
  }

  private func typed(_ call: () async throws -> Void, line: UInt = #line) async {
    do {
      try await call()
    } catch let error as HealthcodeError {
      if case .internal(let incident) = error { XCTFail("a fault: \(incident)", line: line) }
    } catch {
      XCTFail("untyped: \(error)", line: line)
    }
  }
}
