import Foundation
import Healthcode
import TestSupport
import XCTest

#if canImport(FoundationNetworking)
  import FoundationNetworking
#endif

/// A lane in its hours: with a policy, with its evidence, with a network and without.
final class GateTests: XCTestCase {
  func testACodeThatIsTooOldBringsTheChallengeWithItAndTheAnswerPasses() async throws {
    let stage = try Stage()
    let phone = try await green(stage)
    let gate = try await stage.gate()
    let picture = try await phone.code().text
    stage.world.pass(seconds: 120)
    let asked = try gate.verify(picture)
    guard case .askForAnswer(_, .older) = asked.verdict else { return XCTFail("\(asked.verdict)") }
    XCTAssertEqual(asked.action.inLanguage("en"), "Ask the person to scan this phone's challenge")
    XCTAssertEqual(asked.action.inLanguage("zh-Hans"), "请对方扫描本机的验证码")
    let challenge = try XCTUnwrap(asked.challenge)
    XCTAssertEqual(challenge.validFor, 60)
    XCTAssertEqual(try gate.verify(picture).challenge, challenge, "the one that is open stays on the display")
    let answer = try await phone.resident.code(of: phone.subject, challenge: challenge.text)
    let passed = try gate.verify(answer.text)
    guard case .pass(_, .green, _, false) = passed.verdict else { return XCTFail("\(passed.verdict)") }
    XCTAssertNil(passed.challenge)
  }

  func testAYellowResidentGoesHomeThroughAResidentialGateAndNotOutOfIt() async throws {
    let stage = try Stage()
    let phone = try await stage.enrolled(zhangSan)
    try await phone.declare(stayInWuhan)
    let lane = try await open(stage, Lane(gate: "Estate, east", policy: "residential"))
    XCTAssertNil(try lane.status().policy)
    try await lane.sync()
    let status = try lane.status()
    XCTAssertEqual(status.policy?.name.en, "Residential gate")
    XCTAssertEqual(status.policies.map(\.id), ["residential", "highway-toll", "railway-station"])
    XCTAssertEqual(status.policyVersion, 1)

    stage.world.pass(seconds: 5)
    let home = try lane.verify(await phone.code().text).verdict
    guard case .compareCard(_, .yellow, .policy, _, false) = home else { return XCTFail("\(home)") }
    stage.world.pass(seconds: 5)
    let out = try lane.verify(await phone.code().text, direction: .out).verdict
    guard case .stop(_, .yellow, _) = out else { return XCTFail("\(out)") }
  }

  func testALaneThatShowsNoChallengeComparesTheCardWhereItsPolicyIsContentWithIt() async throws {
    let stage = try Stage()
    let phone = try await green(stage)
    let lane = try await open(
      stage, Lane(gate: "Estate, west", policy: "residential", showsChallenges: false))
    try await lane.sync()
    let picture = try await phone.code().text
    stage.world.pass(seconds: 120)
    let scan = try lane.verify(picture)
    guard case .compareCard(_, .green, .noAnswer, _, _) = scan.verdict else { return XCTFail("\(scan.verdict)") }
    XCTAssertNil(scan.challenge)
  }

  func testALaneWhosePolicyDidNotComeJudgesByNoOther() async throws {
    let stage = try Stage()
    let phone = try await green(stage)
    let lane = try await open(stage, Lane(gate: "Harbour", policy: "harbour"))
    try await lane.sync()
    XCTAssertNil(try lane.status().policy)
    stage.world.pass(seconds: 1)
    let verdict = try lane.verify(await phone.code().text).verdict
    XCTAssertEqual(verdict, .connectFirst(side: .gate))
  }

  func testASyncBringsTheStatusListsWithTheHoursUntilWhichTheyTellSomething() async throws {
    let stage = try Stage()
    let gate = try await open(stage, Lane(gate: "North gate"))
    XCTAssertEqual(try gate.status().statusLists, [])
    let report = try await gate.sync()
    let lists = try gate.status().statusLists
    XCTAssertFalse(lists.isEmpty)
    XCTAssertEqual(report.statusLists, UInt32(lists.count))
    for list in lists {
      XCTAssertEqual(list.issuer, "hangzhou")
      XCTAssertEqual(list.issuedAt, february(11, 9))
      XCTAssertTrue(list.issuedAt < list.refreshAt && list.refreshAt < list.expiresAt)
    }
    let again = try await gate.sync()
    XCTAssertEqual(again.statusLists, 0, "what is fresh is not fetched again")
    stage.world.go(to: try XCTUnwrap(lists.map(\.refreshAt).max()))
    let later = try await gate.sync()
    XCTAssertEqual(later.statusLists, report.statusLists)
  }

  func testVerdictsAreCountedByTheHourACodeInViewOnce() async throws {
    let stage = try Stage()
    let phone = try await green(stage)
    let gate = try await stage.gate()
    XCTAssertEqual(try gate.counts(), [])
    stage.world.pass(seconds: 1)
    let code = try await phone.code().text
    for _ in 0..<20 {
      guard case .pass = try gate.verify(code).verdict else { return XCTFail("a green code passes") }
    }
    _ = try gate.verify("https://example.org/")
    stage.world.go(to: february(11, 10))
    _ = try gate.verify(await phone.code().text)
    let counts = [
      HourCount(hour: february(11, 9), verdict: "not_a_health_code", count: 1, date: day(2, 11)),
      HourCount(hour: february(11, 9), verdict: "pass", count: 1, date: day(2, 11)),
      HourCount(hour: february(11, 10), verdict: "pass", count: 1, date: day(2, 11)),
    ]
    XCTAssertEqual(try gate.counts(), counts)
    gate.close()
    let reopened = try await stage.gate()
    XCTAssertEqual(try reopened.counts(), counts, "they outlive the app")
  }

  func testWhatAServerPublishesIsLoadedByHandWhereTheNetworkIsDown() async throws {
    let stage = try Stage()
    let online = try await stage.gate().status()
    let list = try XCTUnwrap(online.statusLists.first).number
    let trustList = try await published("trust-list.cbor", by: stage)
    let statusList = try await published("status/\(list)", by: stage)
    let config = stage.server.config("offline.db", server: "http://127.0.0.1:1")
    let gate = try await Checkpoint.open(
      config, ports: stage.ports(), lane: Lane(gate: "Pass", policy: "residential"))
    for garbage in [Data(), Data("garbage".utf8), Data("H6:A".utf8), Data(count: 1 << 20)] {
      await assertThrows(.invalidField(field: "document", reason: "not-a-document")) { try await gate.load(garbage) }
    }
    let unsigned = HealthcodeError.invalidField(field: "document", reason: "not-signed")
    // Nobody vouches for its key yet.
    await assertThrows(unsigned) { try await gate.load(statusList) }
    var altered = trustList
    altered[altered.index(before: altered.endIndex)] ^= 1
    await assertThrows(unsigned) { [altered] in try await gate.load(altered) }
    XCTAssertNil(try gate.status().trustListVersion)

    let loaded = try await [
      gate.load(trustList), gate.load(statusList), gate.load(published("policy.cbor", by: stage)),
    ]
    XCTAssertEqual(loaded, [.trustList, .statusList, .policies])
    let status = try gate.status()
    XCTAssertEqual(status.trustListVersion, online.trustListVersion)
    XCTAssertEqual(status.policyVersion, online.policyVersion)
    XCTAssertEqual(status.statusLists.map(\.number), [list])
    XCTAssertEqual(status.policy?.id, "residential")
    XCTAssertEqual(status.time, .none, "no document tells the time")
  }

  func testAnAppThatWasBuiltWithOlderRootsIsLedOnToThoseOfTodayByTheNetworkOrByHand() async throws {
    let stage = try Stage()
    func open(_ name: String, server: String? = nil) async throws -> Checkpoint {
      let own = stage.server.config(name, server: server)
      let config = Config(
        database: own.database, server: own.server, issuer: own.issuer, rootKeys: own.rootKeys, rootVersion: 0,
        builtAt: own.builtAt)
      return try await Checkpoint.open(config, ports: stage.ports(), gate: "North gate")
    }
    let online = try await open("old.db")
    XCTAssertEqual(try online.status().rootVersion, 0)
    try await online.sync()
    XCTAssertEqual(try online.status().rootVersion, 1)

    let offline = try await open("offline.db", server: "http://127.0.0.1:1")
    let list = try await published("trust-list.cbor", by: stage)
    await assertThrows(.invalidField(field: "document", reason: "not-signed")) { try await offline.load(list) }
    let root = try await offline.load(published("root/1.cbor", by: stage))
    XCTAssertEqual(root, .rootSet)
    XCTAssertEqual(try offline.status().rootVersion, 0, "it waits for a list that it signed")
    let loaded = try await offline.load(list)
    XCTAssertEqual(loaded, .trustList)
    XCTAssertEqual(try offline.status().rootVersion, 1)
  }

  func testAnOutageNoticeFromACodeOnTheWallLetsAResidentPassWhoseTokenHasExpired() async throws {
    let stage = try Stage()
    let phone = try await green(stage)
    let outage = try Outage.vector()
    let own = stage.server.config("gate.db")
    let config = Config(
      database: own.database, server: own.server, issuer: own.issuer,
      rootKeys: own.rootKeys + [Data(hex: outage.root.coseKey)], builtAt: own.builtAt)
    let gate = try await Checkpoint.open(config, ports: stage.ports(), gate: "North gate")
    stage.world.go(to: february(11, 15))
    try await gate.sync()
    stage.server.stop()

    stage.world.go(to: february(14, 10))
    // After a day without a server a gate's time is the staff's word, and codes answer it.
    XCTAssertEqual(try gate.status().time, .confirmDate)
    try gate.confirm(date: day(2, 14))
    let expired = try await phone.code()
    XCTAssertTrue(expired.expired)
    guard case .renew = try gate.verify(expired.text).verdict else { return XCTFail("it has expired") }
    XCTAssertEqual(try gate.verify(outage.text).verdict, .notAHealthCode(what: .outageNotice))
    let loaded = try await gate.load(text: outage.text)
    XCTAssertEqual(loaded, .outageNotice)
    XCTAssertEqual(
      try gate.status().outages, [OutageState(issuer: "hangzhou", hours: 48, endsAt: february(20, 0))])
    stage.world.pass(seconds: 5)
    let asked = try gate.verify(await phone.code().text)
    guard case .askForAnswer(_, .gateTime) = asked.verdict else { return XCTFail("\(asked.verdict)") }
    let challenge = try XCTUnwrap(asked.challenge)
    let answer = try await phone.resident.code(of: phone.subject, challenge: challenge.text)
    let passed = try gate.verify(answer.text).verdict
    guard case .pass(_, .green, february(16, 9), true) = passed else { return XCTFail("\(passed)") }

    // The bytes say the same as the text; of another root they say nothing.
    let again = try await gate.load(Data(hex: outage.notice))
    XCTAssertEqual(again, .outageNotice)
    let other = try await open(stage, Lane(gate: "South gate"))
    await assertThrows(.invalidField(field: "document", reason: "not-signed")) {
      try await other.load(text: outage.text)
    }
    XCTAssertEqual(try other.status().outages, [])
  }

  func testAPhoneKeepsWhoAskedItForAnAnswerUntilItIsToldToForget() async throws {
    let stage = try Stage()
    let phone = try await green(stage)
    let (resident, subject) = (phone.resident, phone.subject)
    let gate = try await stage.gate()
    _ = try await phone.code()
    for _ in 0..<2 {
      _ = try await resident.code(of: subject, challenge: gate.challenge().text)
      stage.world.pass(seconds: 300)
    }
    let answered = try await resident.answeredChallenges(of: subject)
    XCTAssertEqual(answered.map(\.gate), ["North gate", "North gate"])
    XCTAssertEqual(answered.map(\.at), [february(11, 9), february(11, 9, 5)])
    XCTAssertTrue(answered.allSatisfy { $0.timeSure && $0.colour == .green })
    let nobody = String(repeating: "00", count: 16)
    await assertThrows(.unknownSubject) { _ = try await resident.answeredChallenges(of: nobody) }
    await assertThrows(.unknownSubject) { try await resident.forgetAnsweredChallenges(of: nobody) }
    try await resident.forgetAnsweredChallenges(of: subject)
    let left = try await resident.answeredChallenges(of: subject)
    XCTAssertEqual(left, [])
  }

  func testAPersonIsToldWhatACodeRevealsAndWhatItDoesNot() async throws {
    let stage = try Stage()
    let phone = try await green(stage)
    let shown = try explainDisclosure(await phone.code().text)
    XCTAssertEqual(shown.kind, .phoneCode)
    XCTAssertTrue(shown.linkable && !shown.withholds.isEmpty)
    XCTAssertEqual(shown.reveals.first { $0.name == "id-tail" }?.value.en, "0014")
    XCTAssertFalse(shown.reveals.contains { $0.value.zh.contains("李四") || $0.value.en.contains("440524") })
    let asked = try explainDisclosure(await stage.gate().challenge().text)
    XCTAssertEqual(asked.kind, .challenge)
    XCTAssertTrue(asked.reveals.contains { $0.value.en == "North gate" })
    let url = try explainDisclosure("https://example.org/")
    XCTAssertEqual(url.kind, .foreign(what: .url))
    XCTAssertEqual(url.reveals, [])
    await assertThrows(.invalidField(field: "text", reason: "base45")) { _ = try explainDisclosure("H1:abc") }
  }

  private func green(_ stage: Stage) async throws -> Phone {
    let phone = try await stage.enrolled(liSi)
    try await phone.declare(atHome)
    return phone
  }

  private func open(_ stage: Stage, _ lane: Lane) async throws -> Checkpoint {
    try await Checkpoint.open(stage.server.config("lane.db"), ports: stage.ports(), lane: lane)
  }

  private func published(_ name: String, by stage: Stage) async throws -> Data {
    let source = try XCTUnwrap(URL(string: "\(stage.server.url)/.well-known/healthcode/\(name)"))
    return try await URLSession.shared.data(from: source).0
  }
}

/// The notice of the vectors.
private struct Outage: Decodable {
  struct Root: Decodable {
    let coseKey: String
  }

  let root: Root
  let notice: String
  let text: String

  static func vector() throws -> Outage {
    struct Tokens: Decodable {
      let outage: Outage
    }
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    let file = URL(fileURLWithPath: environment("HEALTHCODE_OWN_VECTORS")).appendingPathComponent("tokens.json")
    return try decoder.decode(Tokens.self, from: Data(contentsOf: file)).outage
  }
}
