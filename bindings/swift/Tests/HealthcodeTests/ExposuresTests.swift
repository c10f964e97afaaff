import Foundation
import Healthcode
import TestSupport
import XCTest

/// Where a resident was, and where that met an authority's exposure notices.
final class ExposuresTests: XCTestCase {
  func testAJourneyStaysOnThePhoneIsListedAndIsForgotten() async throws {
    let stage = try Stage()
    let phone = try await stage.green()
    let (resident, subject) = (phone.resident, phone.subject)
    let entry = try await resident.recordTrip(trip(7), for: subject)
    let timed = trip(
      nil, mode: .coach, number: "浙A12345", departedAt: february(9, 10), arrivedAt: february(9, 12))
    let other = try await resident.recordTrip(timed, for: subject)
    let entries = try resident.whereabouts(of: subject)
    XCTAssertEqual(entries.map(\.id), [entry, other])
    XCTAssertEqual(entries.map(\.mode), [.train, .coach])
    XCTAssertEqual(entries.map(\.open), [false, false])
    XCTAssertEqual(entries.map(\.from), [february(9, 0), february(9, 10)])
    XCTAssertEqual(entries.map(\.to), [nil, february(9, 12)])
    XCTAssertEqual(entries[0].text.en, "train G7315 of 2020-02-09, carriage 7")
    XCTAssertTrue(entries[0].text.zh.contains("G7315次列车，7号车厢"))
    XCTAssertEqual(try resident.exposures(of: subject), [])
    XCTAssertEqual(try resident.home().sync.waiting, 0)

    try await resident.forgetWhereabouts(of: subject, entry: entry)
    XCTAssertEqual(try resident.whereabouts(of: subject), [entries[1]])
    await assertThrows(.invalidField(field: "entry", reason: "unknown")) {
      try await resident.forgetWhereabouts(of: subject, entry: entry)
    }
    try await resident.forgetWhereabouts(of: subject)
    XCTAssertEqual(try resident.whereabouts(of: subject), [])
  }

  func testAWrongJourneyIsRefusedWithItsFieldAndNothingOfItIsKept() async throws {
    let stage = try Stage()
    let fresh = try await stage.open("fresh.db")
    await assertThrows(.notSynced) { try await fresh.fetchNotices() }
    let phone = try await stage.green()
    let (resident, subject) = (phone.resident, phone.subject)
    for (wrong, field, reason) in [
      (trip(7, number: "!"), "number", "not-a-number"), (trip(7, date: day(2, 13)), "date", "out-of-window"),
      (trip(7, date: day(1, 27)), "date", "out-of-window"), (trip(0), "place", "out-of-range"),
      (trip(7, departedAt: february(9, 12), arrivedAt: february(9, 11)), "arrived_at", "before-departure"),
    ] {
      await assertThrows(.invalidField(field: field, reason: reason)) {
        try await resident.recordTrip(wrong, for: subject)
      }
    }
    await assertThrows(.unknownSubject) { try await resident.recordTrip(trip(7), for: "nobody") }
    XCTAssertEqual(try resident.whereabouts(of: subject), [])
    await assertThrows(.invalidField(field: "exposure", reason: "unknown")) {
      try await resident.answer(exposure: "1-1-0", with: .wrongEntry, for: subject)
    }
  }

  func testAVisitBeginsAtAVenuesDoorAndEndsWithTheCheckOut() async throws {
    let stage = try Stage()
    let phone = try await stage.green()
    let (resident, subject) = (phone.resident, phone.subject)
    let door = try venue(of: stage.server)
    XCTAssertEqual(try resident.scan(door), .venue(name: BilingualText(zh: "西湖书店", en: "West Lake Books")))
    let entry = try await resident.enterVenue(door, for: subject)
    stage.world.pass(seconds: 60)
    let again = try await resident.enterVenue(door, for: subject)
    XCTAssertEqual(again, entry, "scanned again it is one visit")
    let open = try XCTUnwrap(resident.whereabouts(of: subject).first)
    XCTAssertTrue(open.open && open.mode == nil && open.to == nil)
    XCTAssertEqual(open.from, february(11, 9))
    stage.world.go(to: february(11, 9, 40))
    try await resident.leaveVenue(entry, for: subject)
    let left = try resident.whereabouts(of: subject)
    XCTAssertEqual(left.map(\.open), [false])
    XCTAssertEqual(left.map(\.to), [february(11, 9, 40)])
    XCTAssertEqual(left[0].text.en, "West Lake Books (from 2020-02-11 09:00 to 2020-02-11 09:40)")
    await assertThrows(.invalidField(field: "entry", reason: "unknown")) {
      try await resident.leaveVenue(entry, for: subject)
    }
    let code = try await phone.code().text
    await assertThrows(.invalidField(field: "venue", reason: "not-a-venue")) {
      try await resident.enterVenue(code, for: subject)
    }

    // Of an authority that is not in this phone's trust list.
    let forged = try venue(of: Server(stage.world))
    XCTAssertEqual(try resident.scan(forged), .unsignedVenue)
    await assertThrows(.invalidField(field: "venue", reason: "unknown-issuer")) {
      try await resident.enterVenue(forged, for: subject)
    }
    XCTAssertEqual(try resident.whereabouts(of: subject), left)
  }

  func testNoticesForWhichNoSecondAuthorityHasSignedAreRefusedAndSoIsWhatIsCut() async throws {
    let stage = try Stage()
    let phone = try await stage.green()
    let http = UrlTransport(server: stage.server.url)
    await assertThrows(.noticeLog(.unwitnessed)) { try await phone.resident.fetchNotices() }
    await assertThrows(.noticeLog(.form)) {
      try await phone.resident.fetchNotices(over: Changing(http: http) { $1.dropLast() })
    }
    await assertThrows(.network(.offline, retryAfter: nil)) {
      try await phone.resident.fetchNotices(over: UrlTransport(server: "http://127.0.0.1:1"))
    }
    XCTAssertEqual(try phone.resident.noticeState(), NoticeState(size: 0, at: nil))
    XCTAssertEqual(try phone.resident.home().sync.failures, 0, "it is no sync")
  }

  func testWhoWasInCarriage7IsToldSoAndWhoWasInCarriage9IsNot() async throws {
    let stage = try Stage(witness: true)
    let phone = try await stage.green()
    let (resident, subject) = (phone.resident, phone.subject)
    let entry = try await resident.recordTrip(trip(7), for: subject)
    try stage.publish(train)
    var codes = resident.codes(of: subject).makeAsyncIterator()
    let before = try await codes.next()
    XCTAssertEqual(before?.colour, .green)
    let report = try await resident.fetchNotices()
    XCTAssertEqual([report.notices, report.matches], [1, 1])
    XCTAssertTrue((1...100).contains(report.bytes) && report.waitingBytes == 0)
    let after = try await codes.next()
    XCTAssertEqual(after?.colour, .yellow, "the screen is told")
    XCTAssertEqual(after?.lowered, true)
    XCTAssertEqual(try resident.noticeState(), NoticeState(size: 1, at: february(11, 9)))

    let exposures = try resident.exposures(of: subject)
    XCTAssertEqual(exposures.map(\.entry), [entry])
    let met = exposures[0]
    XCTAssertEqual(met.state, .holds)
    XCTAssertEqual([met.rule, "\(met.notice)", "\(met.days)", "\(met.minutes)"], ["exposure-near", "1", "7", "130"])
    XCTAssertEqual(met.colour, .yellow)
    XCTAssertEqual(met.on, day(2, 9))
    XCTAssertEqual([met.from, met.until], [february(10, 0), february(24, 0)])
    XCTAssertEqual(met.place.en, "train G7315 of 2020-02-09, carriage 7")
    XCTAssertEqual(met.reason.en, "carriages 6 to 8; there at the same time for 130 min (15 or more count)")
    XCTAssertTrue(met.meaning?.zh.contains("轨迹") == true)
    XCTAssertEqual(try resident.home().subjects[0].colour, .yellow)
    XCTAssertEqual(try resident.home().sync.waiting, 0, "nobody was told")
    let nothing = try await resident.fetchNotices()
    XCTAssertEqual(nothing, NoticeReport(notices: 0, bytes: 0, waitingBytes: 0, matches: 0))

    try await resident.forgetWhereabouts(of: subject, entry: entry)
    try await resident.recordTrip(trip(9), for: subject)
    XCTAssertEqual(try resident.exposures(of: subject), [])
    let far = try await phone.code().colour
    XCTAssertEqual(far, .green)
    try await resident.recordTrip(trip(nil), for: subject)
    XCTAssertEqual(try resident.exposures(of: subject).map(\.state), [.placeUnknown])
    let unknown = try await phone.code().colour
    XCTAssertEqual(unknown, .green)
  }

  func testAMatchEndsByItsWithdrawalOrByTheResidentsWordAndTheAuthorityLearnsWhatItIsTold() async throws {
    let stage = try Stage(witness: true)
    let phone = try await stage.green()
    let (resident, subject) = (phone.resident, phone.subject)
    try stage.publish(train)
    try await resident.fetchNotices()
    // A journey that is remembered later meets the notices that are here.
    try await resident.recordTrip(trip(7), for: subject)
    let wrong = try XCTUnwrap(resident.exposures(of: subject).first)
    let nothing = try await resident.answer(exposure: wrong.id, with: .wrongEntry, for: subject)
    XCTAssertNil(nothing)
    XCTAssertEqual(try resident.exposures(of: subject).map(\.state), [.wrongEntry])
    XCTAssertEqual(try resident.home().sync.waiting, 0)
    let green = try await phone.code().colour
    XCTAssertEqual(green, .green)

    try await resident.forgetWhereabouts(of: subject)
    try await resident.recordTrip(trip(8), for: subject)
    let met = try XCTUnwrap(resident.exposures(of: subject).first)
    let recorded = try await resident.answer(exposure: met.id, with: .tell, for: subject)
    XCTAssertEqual(try resident.exposures(of: subject).map(\.state), [.told])
    XCTAssertEqual(try resident.home().sync.waiting, 1)
    stage.world.pass(seconds: 60)
    let report = try await resident.sync()
    XCTAssertEqual([report.accepted, report.refused], [1, 0])
    let journal = try await resident.journal(of: subject).entries
    let told = journal.compactMap { entry -> String? in
      guard case .toldExposure(let operation, 1, "exposure-near", day(2, 9), .accepted) = entry.event
      else { return nil }
      return operation
    }
    XCTAssertEqual(told, [try XCTUnwrap(recorded).operation])
    XCTAssertEqual(try resident.exposures(of: subject).map(\.state), [.decided])
    let decided = try await phone.code()
    XCTAssertEqual(decided.colour, .yellow)
    XCTAssertFalse(decided.lowered, "by the authority's own word")

    try stage.withdraw(1)
    let fetched = try await resident.fetchNotices().notices
    XCTAssertEqual(fetched, 1)
    XCTAssertEqual(try resident.exposures(of: subject), [])
    XCTAssertEqual(try resident.noticeState().size, 2)
  }

  func testEveryPhoneMakesTheSameCallsAndWhatWasChangedOnTheWayIsRefused() async throws {
    let stage = try Stage(witness: true)
    let phone = try await stage.green()
    try await phone.resident.recordTrip(trip(7), for: phone.subject)
    let other = try await stage.open("other.db")
    try await other.sync()
    let http = UrlTransport(server: stage.server.url)
    // The server asks the second authority again by then.
    stage.world.pass(seconds: 60)
    let early = Asked()
    await assertThrows(.noticeLog(.form)) {
      try await phone.resident.fetchNotices(over: Changing(http: http, asked: early) { $1.dropLast() })
    }
    let head = try XCTUnwrap(early.calls.first)
    let before = try await http.send(head)
    try stage.publish(train)
    for (of, kind) in [(".bin", NoticeLogKind.altered), ("1.cbor", .unsigned)] {
      let transport = Changing(http: http) { call, body in
        guard call.path.hasSuffix(of) else { return body }
        var body = body
        body[body.startIndex + body.count / 2] &+= 1
        return body
      }
      await assertThrows(.noticeLog(kind)) { try await phone.resident.fetchNotices(over: transport) }
    }
    XCTAssertEqual(try phone.resident.noticeState().size, 0)

    var paths: [[String]] = []
    for resident in [phone.resident, other] {
      let asked = Asked()
      try await resident.fetchNotices(over: Changing(http: http, asked: asked) { $1 })
      for call in asked.calls {
        XCTAssertTrue(call.method == .get && call.signature == nil && call.body.isEmpty && call.server == nil)
      }
      paths.append(asked.calls.map(\.path))
    }
    XCTAssertEqual(paths[0], paths[1])
    XCTAssertEqual(paths[0].count, 3)
    let older = Changing(http: http) { _, _ in before.body }
    await assertThrows(.noticeLog(.older)) { try await phone.resident.fetchNotices(over: older) }
    XCTAssertEqual(try phone.resident.exposures(of: phone.subject).map(\.state), [.holds])
  }

  func testLargeFilesComeWhereTheyMay() async throws {
    let stage = try Stage(witness: true)
    let phone = try await stage.green()
    try await phone.resident.recordTrip(trip(7), for: phone.subject)
    let many = (1...9_999).flatMap { number in (1...2).map { run("G\(number)", day: $0) } }
    try stage.publish(notice(many + [run("G7315")]))
    let left = try await phone.resident.fetchNotices()
    XCTAssertTrue(left.bytes == 0 && left.waitingBytes > 51_200, "\(left)")
    XCTAssertEqual(try phone.resident.exposures(of: phone.subject), [])
    let fetched = try await phone.resident.fetchNotices(large: true)
    XCTAssertEqual([fetched.bytes, fetched.waitingBytes, UInt64(fetched.matches)], [left.waitingBytes, 0, 1])
    let http = UrlTransport(server: stage.server.url)
    let nothing = try await phone.resident.fetchNotices(large: true, over: http)
    XCTAssertEqual(nothing.bytes, 0)
  }

  func testAFetchIsCancelledAndEndsWithItsObject() async throws {
    let stage = try Stage()
    try await stage.green().resident.close()
    let listener = try Listener()
    let resident = try await stage.open(server: "http://127.0.0.1:\(listener.port)")
    for _ in 0..<3 {
      let fetch = Task { try await resident.fetchNotices() }
      let accepted = await detached { listener.accept() }
      let connection = try XCTUnwrap(accepted)
      let asked = await detached { connection.read() }
      XCTAssertNotNil(asked)
      let cancelled = uptime()
      fetch.cancel()
      let rest = await detached { connection.read() }
      XCTAssertNil(rest, "the library hangs up")
      // A call that is not stopped takes 15 s.
      XCTAssertLessThan(uptime() - cancelled, 2)
      await assertThrows(.cancelled) { _ = try await fetch.value }
    }

    let (asked, continuation) = AsyncStream.makeStream(of: Void.self)
    let fetch = Task { try await resident.fetchNotices(over: Silent(asked: continuation)) }
    for await _ in asked { break }
    resident.close()
    await assertThrows(.closed) { _ = try await fetch.value }
    let status = try await flock(stage.server.path("phone.db"), wait: 2)
    XCTAssertEqual(status, 0)
  }

  private var train: String { notice([run("G7315")]) }

  private func notice(_ records: [String]) -> String {
    """
    {"region": "330100", "withdraws": [], "classes": [{"kind": "train", "rule": "exposure-near", "minutes": 15,
      "apart": 0, "from": "2020-02-10", "until": "2020-02-23", "records": [\(records.joined(separator: ","))]}]}
    """
  }

  /// Carriages 6 to 8 of a train, for two hours and ten minutes.
  private func run(_ number: String, day: Int = 9) -> String {
    let day = "2020-02-0\(day)"
    return """
      {"number": "\(number)", "date": "\(day)", "begins": "\(day)T10:00", "ends": "\(day)T12:10", "places": [6, 8]}
      """
  }

  /// The text of a new venue's code.
  private func venue(of server: Server) throws -> String {
    let said = try server.command(
      "venue", "--region", "330106", "--name-zh", "西湖书店", "--name-en", "West Lake Books")
    return said.split(separator: "\n").last.map(String.init) ?? ""
  }
}

extension Stage {
  /// A resident of whom nothing is known, who has declared nothing.
  fileprivate func green() async throws -> Phone {
    let phone = try await enrolled(liSi)
    try await phone.declare(atHome)
    return phone
  }
}

/// The calls that a transport was given.
private final class Asked: @unchecked Sendable {
  private let lock = NSLock()
  private var kept: [Call] = []
  var calls: [Call] { lock.withLock { kept } }
  func add(_ call: Call) { lock.withLock { kept.append(call) } }
}

/// A stack with somebody on the way who changes what comes.
private struct Changing: Transport {
  let http: UrlTransport
  var asked = Asked()
  let change: @Sendable (Call, Data) -> Data

  func send(_ call: Call) async throws -> Reply {
    asked.add(call)
    let reply = try await http.send(call)
    let body = change(call, reply.body)
    return Reply(status: reply.status, contentType: reply.contentType, retryAfter: reply.retryAfter, body: body)
  }
}

/// A stack that never answers.
private struct Silent: Transport {
  let asked: AsyncStream<Void>.Continuation

  func send(_ call: Call) async throws -> Reply {
    asked.yield()
    try await Task.sleep(nanoseconds: 30_000_000_000)
    throw CancellationError()
  }
}

/// A train of 9 February that carried a case in carriages 6 to 8, as a passenger types it in.
func trip(
  _ carriage: UInt16?,
  mode: TransportMode = .train,
  number: String = "g7315",
  date: DateComponents = day(2, 9),
  from: String = "310000",
  to: String = "330100",
  departedAt: Date? = nil,
  arrivedAt: Date? = nil
) -> TripInput {
  TripInput(
    mode: mode, number: number, date: date, place: carriage, from: from, to: to, departedAt: departedAt,
    arrivedAt: arrivedAt)
}
