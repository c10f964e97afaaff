import Foundation
import Healthcode
import TestSupport
import XCTest

#if canImport(FoundationNetworking)
  import FoundationNetworking
#endif

/// What a phone keeps: shown, proved, handed out, and erased.
final class KeepingTests: XCTestCase {
  func testTheJournalTellsWhatBecameOfEachCheckInPageAfterPage() async throws {
    let stage = try Stage()
    let phone = try await stage.enrolled(zhangSan)
    try await phone.declare(stayInWuhan)
    for _ in 0..<2 {
      stage.world.pass(seconds: 300)
      try await phone.checkIn()
    }
    stage.world.pass(seconds: 300)
    for _ in 0..<50 { try await phone.resident.checkIn(phone.subject) }
    let whole = try await entries(of: phone)
    guard case .declared(_, _, .accepted) = whole[0].event,
      case .ordered(let order, .yellow, _, _, let startsOn, 7, nil, nil) = whole[1].event,
      case .rated(.yellow, _, let rated, _) = whole[2].event
    else { return XCTFail("\(whole)") }
    XCTAssertEqual(startsOn, day(2, 11))
    XCTAssertEqual(rated, order)
    let outcomes = whole.dropFirst(3).map { entry -> EntryOutcome? in
      guard case .checkedIn(_, [], order, let outcome) = entry.event else { return nil }
      return outcome
    }
    guard case .counted(_, _, let counted, .certain, nil) = outcomes[0], case .notCounted(_, _, .dayTaken) = outcomes[1]
    else { return XCTFail("one counts for a day") }
    XCTAssertEqual(counted, day(2, 11))
    XCTAssertEqual(outcomes.dropFirst(2), Array(repeating: .waiting, count: 50)[...])

    let page = try await phone.resident.journal(of: phone.subject)
    XCTAssertEqual(page.entries, Array(whole.prefix(50)))
    let rest = try await phone.resident.journal(of: phone.subject, after: XCTUnwrap(page.next))
    XCTAssertEqual(rest.entries, Array(whole.dropFirst(50)))
    XCTAssertNil(rest.next)
    await assertThrows(.invalidField(field: "after", reason: "unknown")) {
      _ = try await phone.resident.journal(of: phone.subject, after: "page 2")
    }
  }

  func testWhatWasTypedAndTheWaitForACodeSurviveTheEndOfTheApp() async throws {
    let stage = try Stage()
    let typed = ["name": "李四", "document": "4405"]
    let before = try await stage.open()
    XCTAssertNil(try before.enrolmentUnderWay())
    try await before.keep(draft: typed, of: "register")
    let requested = try await before.requestOneTimeCode(liSi)
    before.close()

    let resident = try await stage.open()
    XCTAssertEqual(try resident.draft(of: "register"), typed)
    let waits = try XCTUnwrap(try resident.enrolmentUnderWay())
    XCTAssertEqual(waits.maskedName, "*四")
    XCTAssertNil(waits.carer)
    XCTAssertEqual(waits.code.digits, requested.digits)
    XCTAssertTrue(waits.code.expiresIn > 0 && waits.code.expiresIn <= requested.expiresIn)
    try await resident.giveUpEnrolment()
    XCTAssertNil(try resident.enrolmentUnderWay())
    let given = try stage.server.oneTimeCode()
    await assertThrows(.invalidField(field: "code", reason: "not-requested")) {
      _ = try await resident.enrol(code: given)
    }
    _ = try await resident.requestOneTimeCode(liSi)
    let subject = try await resident.enrol(code: stage.server.oneTimeCode()).subject
    XCTAssertNil(try resident.enrolmentUnderWay())
    try await resident.keep(draft: nil, of: "register")
    XCTAssertNil(try resident.draft(of: "register"))
    try await resident.keep(draft: ["answers.contact": "no"], of: "declaration", about: subject)
    XCTAssertNil(try resident.draft(of: "declaration"))
    await assertThrows(.invalidField(field: "form", reason: "characters")) {
      try await resident.keep(draft: typed, of: "a/b", about: subject)
    }
  }

  func testAQuarantineIsProvedToWhoeverHasTheTrustList() async throws {
    let stage = try Stage()
    let phone = try await stage.enrolled(zhangSan)
    try await phone.declare(stayInWuhan)
    try await phone.checkIn()
    let proof = try await phone.resident.quarantineProof(of: phone.subject)
    XCTAssertFalse(proof.contains("张三") || proof.contains("002X"))
    let (file, list) = (stage.server.path("proof.json"), stage.server.path("trust-list.cbor"))
    try Data(proof.utf8).write(to: URL(fileURLWithPath: file))
    let source = try XCTUnwrap(URL(string: stage.server.url + "/.well-known/healthcode/trust-list.cbor"))
    try await URLSession.shared.data(from: source).0.write(to: URL(fileURLWithPath: list))
    let root = stage.server.config().rootKeys[0].map { String(format: "%02x", $0) }.joined()
    let arguments = ["--json", "proof", "verify", file, "--trust-list", list, "--root-key", root]
    let (status, said) = try await launch(environment("HEALTHCODE_BINARY"), arguments)
    XCTAssertEqual(status, 0, said)
    XCTAssertTrue(said.contains("\"days\":[\"2020-02-11\"]"), said)
    await assertThrows(.invalidField(field: "order", reason: "unknown")) {
      _ = try await phone.resident.quarantineProof(of: phone.subject, order: String(repeating: "00", count: 16))
    }
  }

  func testAnExportHoldsWhatWasToldAndNoKey() async throws {
    let stage = try Stage()
    let vault = RememberingVault()
    let resident = try await stage.open(vault: vault)
    for person in [zhangSan, liSi] {
      _ = try await resident.requestOneTimeCode(person)
      _ = try await resident.enrol(code: stage.server.oneTimeCode())
      try await resident.sync()
    }
    let all = try await resident.export()
    XCTAssertTrue(all.contains("\"healthcode-export\"") && all.contains("张三") && all.contains("李四"))
    let one = try await resident.export(resident.home().subjects[1].subject)
    XCTAssertTrue(one.contains("李四") && one.contains("440524188001010014"))
    XCTAssertFalse(one.contains("张三"))
    XCTAssertFalse(vault.secrets.isEmpty)
    for secret in vault.secrets {
      let base64 = secret.base64EncodedString().trimmingCharacters(in: ["="])
      let url = base64.replacingOccurrences(of: "+", with: "-").replacingOccurrences(of: "/", with: "_")
      for form in [secret.map { String(format: "%02x", $0) }.joined(), base64, url] {
        XCTAssertFalse(all.contains(form), "a key is in it")
      }
    }
    XCTAssertFalse(all.contains("sealed_seed"))
  }

  func testOnePersonIsErasedAndTheOtherStaysThenEverythingGoesAndTheFileBeginsAnew() async throws {
    let stage = try Stage()
    let phone = try await stage.enrolled(liSi)
    let resident = phone.resident
    let other = try await stage.enrolled(zhangSan)
    try await resident.erase(other.subject)
    XCTAssertEqual(try resident.home().subjects.map(\.subject), [phone.subject])
    await assertThrows(.unknownSubject) { try await resident.erase(other.subject) }
    let exported = try await resident.export()
    XCTAssertFalse(exported.contains("张三"))

    try await resident.eraseEverything()
    await assertThrows(.closed) { _ = try resident.home() }
    await assertThrows(.closed) { _ = try other.resident.home() }
    await assertThrows(.closed) { try await resident.eraseEverything() }
    let files = try FileManager.default.contentsOfDirectory(atPath: stage.server.folder.path)
    XCTAssertEqual(files.filter { $0.hasPrefix("phone.db") && $0 != "phone.db.lock" }, [])
    let empty = try await stage.open()
    XCTAssertEqual(try empty.home().subjects, [])
  }

  func testAFileWhoseKeyIsGoneIsErasedWithoutOpeningItAndNeverWhileItIsOpen() async throws {
    let stage = try Stage()
    let config = stage.server.config()
    let phone = try await stage.enrolled(liSi)
    await assertThrows(.storage(.busy)) { try await Resident.eraseDatabase(config, ports: stage.ports()) }
    phone.resident.close()
    let locked = stage.ports(vault: FailingVault(unseal: .failure(VaultError.Locked)))
    await assertThrows(.vault(.locked)) { try await Resident.eraseDatabase(config, ports: locked) }
    let again = try await stage.open()
    XCTAssertEqual(try again.home().subjects.map(\.subject), [phone.subject], "nothing was erased")
    again.close()

    let gone = stage.ports(vault: FailingVault(unseal: .failure(VaultError.Gone)))
    await assertThrows(.vault(.gone)) { _ = try await Resident.open(config, ports: gone) }
    try await Resident.eraseDatabase(config, ports: gone)
    let empty = try await stage.open()
    XCTAssertEqual(try empty.home().subjects, [])
  }

  func testTheFirstPhoneIsToldOfASecondRefusesItAndGoesOn() async throws {
    let stage = try Stage()
    let first = try await stage.enrolled(zhangSan, file: "first.db")
    try await first.declare(stayInWuhan)
    let second = try await stage.enrolled(zhangSan, file: "second.db")
    try await first.resident.sync()
    let takeover = try XCTUnwrap(first.resident.home().subjects[0].takeover)
    XCTAssertEqual(takeover.from, february(12, 9))
    // What has come too late, or twice, is refused by itself.
    for _ in 0..<2 {
      stage.world.pass(seconds: 60)
      try await first.resident.answer(takeover, allow: false, for: first.subject)
    }
    let report = try await first.resident.sync()
    XCTAssertEqual([report.accepted, report.refused], [1, 1])
    XCTAssertNil(try first.resident.home().subjects[0].takeover)
    let outcomes = try await entries(of: first).compactMap { entry -> EntryOutcome? in
      guard case .answered(_, takeover.key, false, let outcome) = entry.event else { return nil }
      return outcome
    }
    guard outcomes.count == 2, case .accepted = outcomes[0], case .refused(_, "invalid", let text) = outcomes[1]
    else { return XCTFail("\(outcomes.count) answers") }
    XCTAssertFalse(text.zh.isEmpty || text.en.isEmpty)

    let problems = try await second.resident.sync().problems
    XCTAssertEqual(problems.map(\.problem), ["unknown-subject"])
    XCTAssertEqual(try second.resident.home().subjects[0].state, .unknown)
    stage.world.go(to: february(13, 9))
    try await first.checkIn()
    XCTAssertEqual(try first.resident.home().subjects[0].state, .active)
    let colour = try await first.code().colour
    XCTAssertEqual(colour, .yellow)
  }

  func testAWidgetLooksAtTheFileBesideTheAppAndCannotWrite() async throws {
    let stage = try Stage()
    let config = stage.server.config()
    await assertThrows(.storage(.unreachable)) { _ = try await Resident.openReadOnly(config, ports: stage.ports()) }
    let phone = try await stage.enrolled(zhangSan)
    try await phone.declare(stayInWuhan)
    try await phone.resident.checkIn(phone.subject)
    let widget = try await Resident.openReadOnly(config, ports: stage.ports())
    XCTAssertEqual(try widget.home().sync.waiting, 1)
    let colour = try await widget.code(of: phone.subject).colour
    XCTAssertEqual(colour, .yellow)
    XCTAssertEqual(try widget.quarantine(of: phone.subject)?.counted, 1)
    XCTAssertEqual(try widget.form().questions.map(\.id), ["contact", "symptoms"])
    try await phone.resident.sync()
    XCTAssertEqual(try widget.home().sync.waiting, 0)
    await assertThrows(.storage(.readOnly)) { try await widget.checkIn(phone.subject) }
    try await phone.resident.checkIn(phone.subject)
  }

  func testTheDevicesOwnClockIsTheClockOfPortsWithoutAnother() async throws {
    let ports = Ports(vault: MemoryVault())
    let reading = try ports.clock.read()
    #if os(Linux)
      let name = try String(contentsOfFile: "/proc/sys/kernel/random/boot_id", encoding: .utf8)
      XCTAssertEqual(reading.bootId, name.trimmingCharacters(in: .whitespacesAndNewlines))
    #endif
    try await Task.sleep(nanoseconds: 20_000_000)
    XCTAssertGreaterThanOrEqual(try SystemClock().read().bootMillis, reading.bootMillis + 10)
    let stage = try Stage()
    let resident = try await Resident.open(stage.server.config(), ports: ports)
    XCTAssertFalse(try resident.home().time.sure)
  }

  func testAPhoneThatWasRestartedSaysThatItDoesNotKnowTheDayUntilItHasSynced() async throws {
    let stage = try Stage()
    let phone = try await stage.enrolled(zhangSan)
    try await phone.declare(stayInWuhan)
    XCTAssertNil(try phone.resident.home().time.notice)
    stage.world.go(to: february(12, 9))
    phone.clock.restart()
    let notice = try XCTUnwrap(phone.resident.home().time.notice)
    XCTAssertEqual(notice.kind, .dayUnknown)
    for text in [notice.what, notice.action] {
      XCTAssertFalse(text.zh.isEmpty || text.en.isEmpty)
      XCTAssertNotEqual(text.zh, text.en)
    }
    try await phone.checkIn()
    XCTAssertNil(try phone.resident.home().time.notice)
  }

  private func entries(of phone: Phone) async throws -> [JournalEntry] {
    var entries: [JournalEntry] = []
    for try await entry in phone.resident.journalEntries(of: phone.subject) { entries.append(entry) }
    return entries
  }
}

/// A vault that remembers what it was to seal.
private final class RememberingVault: Vault, @unchecked Sendable {
  private let inner = MemoryVault()
  private let lock = NSLock()
  private var kept: [Data] = []
  var secrets: [Data] { lock.withLock { kept } }

  func seal(plain: Data) throws -> Data {
    lock.withLock { kept.append(plain) }
    return try inner.seal(plain: plain)
  }
  func unseal(sealed: Data) throws -> Data { try inner.unseal(sealed: sealed) }
  func hardwarePublicKey(name: String) throws -> Data? { nil }
  func sign(name: String, message: Data) throws -> Data { throw VaultError.Gone }
  func delete(name: String) throws {}
}
