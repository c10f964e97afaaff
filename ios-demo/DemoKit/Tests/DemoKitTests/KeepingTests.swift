import DemoKit
import Foundation
import TestSupport
import XCTest

/// What a phone keeps, through the screens that show it: where somebody was, what happened, export and erasure.
final class KeepingTests: XCTestCase, @unchecked Sendable {
  @MainActor
  func testAJourneyMeetsANoticeIsExplainedAndAnswered() async throws {
    let stage = try Stage(witness: true)
    let played = Played(stage)
    try await played.launch()
    let subject = try await played.enrol(liSi)
    try await played.declare(subject)
    let code = played.app.code(subject)
    played.show(code.run)
    let model = played.app.exposures(subject)
    played.show(model.run)
    try await until("it is read") { model.entries == [] }
    model.startTrip()
    XCTAssertEqual(model.trip?.date, february(11, 9))
    var trip = try XCTUnwrap(model.trip)
    trip.date = february(9, 12)
    (trip.number, trip.place, trip.from, trip.to) = ("g7315", "7", "310000", "330100")
    model.trip = trip
    await model.recordTrip()
    XCTAssertEqual(model.problems, [:])
    XCTAssertNil(model.trip)
    XCTAssertEqual(model.entries?.map(\.text.en), ["train G7315 of 2020-02-09, carriage 7"])
    XCTAssertEqual(model.exposures, [])

    try stage.publish(notice)
    await model.fetch()
    XCTAssertNil(model.fetchTrouble)
    XCTAssertEqual(model.report?.matches, 1)
    XCTAssertEqual(model.noticeState?.size, 1)
    let met = try XCTUnwrap(model.exposures.first)
    XCTAssertEqual(met.state, .holds)
    XCTAssertFalse(met.reason.zh.isEmpty)
    try await until("the code is lowered at once") { code.code?.colour == .yellow }
    XCTAssertEqual(code.code?.lowered, true)

    await model.answer(met, with: .wrongEntry)
    XCTAssertEqual(model.exposures.map(\.state), [.wrongEntry])
    try await until("and is green again") { code.code?.colour == .green }
    await model.forget(nil)
    XCTAssertEqual(model.entries, [])
    XCTAssertEqual(model.exposures, [])
    await played.quit()
  }

  @MainActor
  func testNoticesThatNobodyVouchesForAreSaid() async throws {
    let played = try Played(Stage())
    try await played.launch()
    let subject = try await played.enrol(liSi)
    let model = played.app.exposures(subject)
    await model.fetch()
    XCTAssertEqual(model.fetchTrouble, Trouble(.noticeLog(.unwitnessed)))
    XCTAssertNil(model.trouble)
    XCTAssertFalse(model.isFetching)
    await played.quit()
  }

  @MainActor
  func testAVenueIsEnteredByItsCodeAndLeftByATap() async throws {
    let stage = try Stage()
    let played = Played(stage)
    try await played.launch()
    let subject = try await played.enrol(liSi)
    let scan = played.app.scan(subject)
    let door = try venue(of: stage.server)
    await scan.scanned(door)
    let name = BilingualText(zh: "西湖书店", en: "West Lake Books")
    XCTAssertEqual(scan.content, .venue(name: name, signed: true))
    await scan.scanned("https://example.org/")
    XCTAssertEqual(scan.content, .venue(name: name, signed: true), "one thing after the other")
    await scan.enterVenue()
    XCTAssertEqual(scan.content, .entered(name: name))
    let model = played.app.exposures(subject)
    played.show(model.run)
    try await until("the visit is open") { model.entries?.map(\.open) == [true] }
    stage.world.pass(seconds: 2_400)
    await model.leave(try XCTUnwrap(model.entries?.first))
    XCTAssertEqual(model.entries?.map(\.open), [false])
    XCTAssertEqual(model.entries?.map(\.to), [february(11, 9, 40)])

    // Of an authority that nobody listed.
    scan.again()
    await scan.scanned(try venue(of: Server(stage.world)))
    XCTAssertEqual(scan.content, .venue(name: nil, signed: false))
    await scan.enterVenue()
    XCTAssertEqual(scan.content, .venue(name: nil, signed: false), "it cannot be entered")
    await played.quit()
  }

  @MainActor
  func testTheJournalTellsWhatHappenedTheLatestFirst() async throws {
    let played = try Played(Stage())
    try await played.launch()
    let subject = try await played.enrol(zhangSan)
    let journal = played.app.journal(subject)
    played.show(journal.run)
    try await until("empty") { journal.entries == [] }
    try await played.declare(subject, stay: "420100")
    let quarantine = played.app.quarantine(subject)
    played.show(quarantine.run)
    try await until("symptoms to name") { !quarantine.symptoms.isEmpty && quarantine.order != nil }
    played.stage.world.pass(seconds: 60)
    quarantine.marked = ["fever"]
    await quarantine.checkIn()
    XCTAssertEqual(quarantine.marked, [])
    try await played.idle()
    try await until("the check-in is on top") {
      guard case .checkedIn(_, ["fever"], _, _)? = journal.entries?.first(where: { $0.isCheckIn })?.event
      else { return false }
      return true
    }
    XCTAssertEqual(journal.symptoms(["fever", "hiccups"]).map(\.en), ["Fever (37.3 °C or more)", "hiccups"])
    let dates = try XCTUnwrap(journal.entries).map(\.at)
    XCTAssertEqual(dates, dates.sorted(by: >))
    XCTAssertNil(journal.trouble)
    await played.quit()
  }

  @MainActor
  func testWhatACodeRevealsIsToldInTheAppsLanguage() async throws {
    let played = try Played(Stage())
    try await played.launch()
    let subject = try await played.enrol(liSi)
    try await played.declare(subject)
    let code = played.app.code(subject)
    code.explain()
    XCTAssertNil(code.disclosure, "there is no code yet")
    played.show(code.run)
    try await until("a code") { code.code != nil }
    code.explain()
    XCTAssertEqual(code.disclosure?.kind, .phoneCode)
    XCTAssertEqual(code.disclosure?.reveals.first { $0.name == "id-tail" }?.value.en, "0014")
    code.stopExplaining()
    XCTAssertNil(code.disclosure)
    let word = try XCTUnwrap(code.code).word
    played.app.language = .chinese
    XCTAssertEqual(played.app.say(word), word.zh)
    played.app.language = .english
    XCTAssertEqual(played.app.say(word), word.en)
    let next = Played(played.stage, file: "other.db", preferences: played.preferences)
    XCTAssertEqual(next.app.language, .english, "it is kept")
    await played.quit()
  }

  @MainActor
  func testEverythingIsExportedForItsOwnerAndErasedAfterASecondWord() async throws {
    let played = try Played(Stage())
    let app = played.app
    try await played.launch()
    let subject = try await played.enrol(liSi)
    try await played.declare(subject)
    let settings = app.settings()
    XCTAssertEqual(settings.rulebook?.version, 1)
    await settings.look()
    XCTAssertEqual(settings.notificationsAllowed, true)
    await settings.export()
    let exported = try XCTUnwrap(settings.exported)
    XCTAssertTrue(String(decoding: exported.data, as: UTF8.self).contains("440524188001010014"))
    settings.dropExport()
    XCTAssertNil(settings.exported)

    settings.ask(.everything)
    XCTAssertEqual(app.cards.count, 1, "nothing goes before it was said again")
    let asked = try XCTUnwrap(settings.asked)
    // A dialog that closes takes the question back before its button is heard.
    settings.keep()
    XCTAssertNil(settings.asked)
    await settings.confirm(asked)
    XCTAssertNil(settings.trouble)
    played.root()
    try await until("the phone is empty") { app.stage == .empty }
    XCTAssertEqual(app.cards, [])
    XCTAssertEqual(app.conditions, [])
    _ = try await played.enrol(liSi)
    XCTAssertEqual(app.stage, .ready)
    await played.quit()
  }

  private var notice: String {
    """
    {"region": "330100", "withdraws": [], "classes": [{"kind": "train", "rule": "exposure-near", "minutes": 15,
      "apart": 0, "from": "2020-02-10", "until": "2020-02-23", "records": [{"number": "G7315", "date": "2020-02-09",
      "begins": "2020-02-09T10:00", "ends": "2020-02-09T12:10", "places": [6, 8]}]}]}
    """
  }

  private func venue(of server: Server) throws -> String {
    let said = try server.command(
      "venue", "--region", "330106", "--name-zh", "西湖书店", "--name-en", "West Lake Books")
    return said.split(separator: "\n").last.map(String.init) ?? ""
  }
}

extension JournalEntry {
  fileprivate var isCheckIn: Bool {
    if case .checkedIn = event { true } else { false }
  }
}
