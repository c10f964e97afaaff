import Foundation
import Healthcode
import TestSupport
import XCTest

/// One error of each kind that a caller can act on.
final class ErrorsTests: XCTestCase {
  func testAWrongFieldIsNamedWithATextForThePersonAndNothingTypedIsRepeated() async throws {
    let stage = try Stage()
    let resident = try await stage.open()
    var wrong = liSi
    wrong = IdentityForm(
      name: wrong.name, documentKind: wrong.documentKind, documentNumber: "440524188001010015", phone: wrong.phone,
      region: wrong.region)
    let expected = HealthcodeError.invalidField(field: "document", reason: "check-digit")
    await assertThrows(expected) { _ = try await resident.requestOneTimeCode(wrong) }
    XCTAssertEqual(try resident.check(wrong).map(\.text), [expected.text])
    XCTAssertEqual(expected.text.inLanguage("zh-Hans-CN"), expected.text.zh)
    XCTAssertEqual(expected.text.inLanguage("fr"), expected.text.en)
    XCTAssertNotEqual(expected.text.zh, expected.text.en)
    let told = String(reflecting: expected) + expected.localizedDescription + expected.text.zh
    XCTAssertFalse(told.contains("4405") || told.contains("李四"), told)
    XCTAssertTrue([expected.text.zh, expected.text.en].contains(expected.localizedDescription))
    await assertThrows(.invalidField(field: "code", reason: "not-requested")) {
      _ = try await resident.enrol(code: "123456")
    }
  }

  func testWhatIsNotThereYetHasAnErrorOfItsOwn() async throws {
    let stage = try Stage()
    let resident = try await stage.open()
    await assertThrows(.unknownSubject) { _ = try await resident.code(of: String(repeating: "00", count: 16)) }
    await assertThrows(.unknownSubject) { _ = try resident.quarantine(of: "nobody") }
    await assertThrows(.notSynced) { _ = try resident.form() }
    let phone = try await stage.enrolled(liSi, file: "enrolled.db")
    XCTAssertEqual(try phone.resident.form().questions.map(\.id), ["contact", "symptoms"])
    await assertThrows(.notRated) { _ = try await phone.code() }
  }

  func testEachTroubleOfTheVaultIsToldApartAndNoneHarmsTheFile() async throws {
    let stage = try Stage()
    try await stage.enrolled(liSi).resident.close()
    let before = try Data(contentsOf: URL(fileURLWithPath: stage.server.path("phone.db")))
    for (thrown, kind) in [(VaultError.Locked, VaultKind.locked), (.Gone, .gone), (.Refused, .refused)] {
      await assertThrows(.vault(kind)) { _ = try await stage.open(vault: FailingVault(unseal: .failure(thrown))) }
    }
    let other = FailingVault(unseal: .success(Data(repeating: 1, count: 32)))
    await assertThrows(.storage(.wrongKey)) { _ = try await stage.open(vault: other) }
    XCTAssertEqual(try Data(contentsOf: URL(fileURLWithPath: stage.server.path("phone.db"))), before)
    let resident = try await stage.open()
    XCTAssertEqual(try resident.home().subjects.map(\.idTail), ["0014"])
  }

  func testEachTroubleOfTheFileIsToldApartAndNoneChangesIt() async throws {
    let stage = try Stage()
    await assertThrows(.storage(.unreachable)) { _ = try await stage.open("missing/phone.db") }
    let rubbish = Data((0..<8_192).map { UInt8(truncatingIfNeeded: $0) })
    let path = URL(fileURLWithPath: stage.server.path("rubbish.db"))
    try rubbish.write(to: path)
    await assertThrows(.storage(.corrupt)) { _ = try await stage.open("rubbish.db") }
    XCTAssertEqual(try Data(contentsOf: path), rubbish)

    try await stage.enrolled(liSi).resident.close()
    let file = URL(fileURLWithPath: stage.server.path("phone.db"))
    var newer = try Data(contentsOf: file)
    // Where SQLite keeps the number of the schema.
    newer.replaceSubrange(60..<64, with: [0, 0, 0x27, 0x0f])
    try newer.write(to: file)
    await assertThrows(.storage(.newerSchema)) { _ = try await stage.open() }
    XCTAssertEqual(try Data(contentsOf: file), newer)
  }

  func testEachTroubleOfTheNetworkIsToldApartAndWhatWaitsIsKept() async throws {
    let stage = try Stage()
    let phone = try await stage.enrolled(zhangSan)
    try await phone.declare(stayInWuhan)
    try await phone.resident.checkIn(phone.subject)
    phone.resident.close()

    let page = "Content-Type: text/html\r\n"
    for (answer, expected) in [
      ("200 OK\r\n\(page)", HealthcodeError.network(.intercepted, retryAfter: nil)),
      ("302 Found\r\nLocation: http://127.0.0.1/\r\n", .network(.intercepted, retryAfter: nil)),
      ("503 Busy\r\nRetry-After: 7\r\n", .network(.unavailable, retryAfter: 7)),
      ("200 OK\r\nContent-Type: application/json\r\n", .network(.badAnswer, retryAfter: nil)),
    ] {
      let other = try OtherServer(answering: answer)
      let resident = try await stage.open(server: other.url)
      await assertThrows(expected) { try await resident.sync() }
      resident.close()
    }
    let plain = try OtherServer(answering: "400 Bad Request\r\n")
    for (url, kind) in [
      ("http://127.0.0.1:1", NetworkKind.offline), ("http://code.example.org", .refused),
      (plain.url.replacingOccurrences(of: "http:", with: "https:"), .tls),
    ] {
      let resident = try await stage.open(server: url)
      await assertThrows(.network(kind, retryAfter: nil)) { try await resident.sync() }
      resident.close()
    }
    let resident = try await stage.open()
    XCTAssertEqual(try resident.home().sync.failures, 7)
    XCTAssertEqual(try resident.home().sync.waiting, 1)
    let accepted = try await resident.sync().accepted
    XCTAssertEqual(accepted, 1)
  }

  func testACodeThatDoesNotFitIsRejectedAsWrong() async throws {
    let stage = try Stage()
    let resident = try await stage.open()
    _ = try await resident.requestOneTimeCode(liSi)
    let sent = try stage.server.oneTimeCode()
    await assertThrows(.rejected(problem: "wrong-code", retryAfter: nil)) {
      _ = try await resident.enrol(code: sent == "000000" ? "000001" : "000000")
    }
    _ = try await resident.enrol(code: sent)
  }

  func testARestartedPhoneIsUnsureOfTheTimeUntilItSyncsAndAnswersAGateBeforeThat() async throws {
    let stage = try Stage()
    let phone = try await stage.enrolled(liSi)
    try await phone.declare(atHome)
    phone.clock.restart()
    await assertThrows(.timeUnsure) { _ = try await phone.code() }
    let gate = try await stage.gate()
    let answer = try await phone.resident.code(of: phone.subject, challenge: gate.challenge().text)
    XCTAssertEqual(answer.gate, "North gate")
    await assertThrows(.invalidField(field: "challenge", reason: "not-a-challenge")) {
      _ = try await phone.resident.code(of: phone.subject, challenge: answer.text)
    }
    try await phone.resident.sync()
    XCTAssertTrue(try phone.resident.home().time.sure)
    let colour = try await phone.code().colour
    XCTAssertEqual(colour, .green)
  }

  func testASecondPhoneTakesTheFirstOnesPlaceAfterADay() async throws {
    let stage = try Stage()
    let first = try await stage.enrolled(zhangSan, file: "first.db")
    try await first.declare(stayInWuhan)
    let second = try await stage.enrolled(zhangSan, file: "second.db")
    XCTAssertEqual(try second.resident.home().subjects.first?.state, .pending(until: february(12, 9)))
    stage.world.go(to: february(12, 9, 1))
    try await second.resident.sync()
    let problems = try await first.resident.sync().problems
    XCTAssertEqual(problems.map(\.problem), ["replaced"])
    await assertThrows(.replaced) { _ = try await first.code() }
    await assertThrows(.replaced) { try await first.resident.checkIn(first.subject) }
  }

  func testAWrongConfigurationIsNamedByItsField() async throws {
    let stage = try Stage()
    let ports = stage.ports()
    let good = stage.server.config("x.db")
    func config(keys: [Data], threshold: UInt32 = 1) -> Config {
      Config(
        database: good.database, server: good.server, issuer: good.issuer, rootKeys: keys, rootThreshold: threshold,
        builtAt: good.builtAt)
    }
    await assertThrows(.invalidField(field: "root_keys", reason: "not-a-key")) {
      _ = try await Resident.open(config(keys: [Data([1, 2, 3])]), ports: ports)
    }
    await assertThrows(.invalidField(field: "root_threshold", reason: "out-of-range")) {
      _ = try await Resident.open(config(keys: good.rootKeys, threshold: 2), ports: ports)
    }
    await assertThrows(.invalidField(field: "gate", reason: "too-long")) {
      _ = try await Checkpoint.open(good, ports: ports, gate: String(repeating: "门", count: 9))
    }
  }

  func testAServerOfALaterVersionAsksForAnUpdateOfTheApp() async throws {
    struct Later: Transport {
      func send(_ call: Call) async throws -> Reply {
        Reply(status: 200, contentType: "application/json", body: Data(#"{"format":99}"#.utf8))
      }
    }
    let resident = try await Stage().open()
    await assertThrows(.updateApp) { _ = try await resident.requestOneTimeCode(liSi, over: Later()) }
  }

  func testEveryErrorHasATextInBothLanguages() {
    let errors: [HealthcodeError] = [
      .invalidField(field: "name", reason: "empty"), .unknownSubject, .notSynced, .notRated, .vault(.locked),
      .vault(.gone), .vault(.refused), .storage(.busy), .storage(.full), .storage(.readOnly), .storage(.corrupt),
      .storage(.newerSchema), .storage(.wrongKey), .storage(.unreachable), .network(.offline, retryAfter: 1),
      .network(.timeout, retryAfter: -1), .network(.tls, retryAfter: .nan), .network(.intercepted, retryAfter: nil),
      .network(.unavailable, retryAfter: .infinity), .network(.badAnswer, retryAfter: nil),
      .network(.refused, retryAfter: nil), .rejected(problem: "wrong-code", retryAfter: 0), .noticeLog(.form),
      .noticeLog(.unsigned), .noticeLog(.unwitnessed), .noticeLog(.older), .noticeLog(.forked), .noticeLog(.region),
      .noticeLog(.altered), .timeUnsure, .replaced,
      .updateApp, .cancelled, .closed, .port(name: "clock"), .internal(incident: "here"),
    ]
    for error in errors {
      XCTAssertFalse(error.text.zh.isEmpty || error.text.en.isEmpty)
      XCTAssertNotEqual(error.text.zh, error.text.en)
      XCTAssertNotNil(error.errorDescription)
    }
  }
}
