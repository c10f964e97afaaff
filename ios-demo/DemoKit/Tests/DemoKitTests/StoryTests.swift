import DemoKit
import Foundation
import TestSupport
import XCTest

/// The main job through the app's models, against the server as a process of its own, in virtual time.
final class StoryTests: XCTestCase, @unchecked Sendable {
  @MainActor
  func testAResidentRegistersIsYellowChecksInOfflineAndIsReleased() async throws {
    let played = try Played(Stage())
    let (app, world) = (played.app, played.stage.world)
    try await played.launch()
    XCTAssertEqual(app.stage, .empty)

    let subject = try await played.enrol(zhangSan)
    XCTAssertEqual(app.stage, .ready)
    XCTAssertEqual(app.card?.idTail, "002X")
    XCTAssertEqual(app.conditions, [.undeclared])
    XCTAssertEqual(app.conditions[0].remedies, [.declare])
    let code = app.code(subject)
    let codeScreen = played.show(code.run)
    try await until("no code yet") { code.content == .none(Trouble(.notRated)) }
    XCTAssertTrue(played.device.isBright && played.device.isAwake)

    let form = app.declare(subject)
    await form.load()
    XCTAssertEqual(form.form?.questions.map(\.id), ["contact", "symptoms"])
    form.answer("contact", yes: false)
    form.chooseNone(of: "symptoms")
    form.addStay()
    form.stays[0].region = "420100"
    form.stays[0].from = february(1, 12)
    form.stays[0].to = february(8, 12)
    form.review()
    guard case .preview(let preview) = form.step else { return XCTFail("\(form.problems)") }
    XCTAssertEqual(preview.colour, .yellow)
    XCTAssertEqual(preview.days, 7)
    XCTAssertFalse(preview.reasons.isEmpty)
    await form.send()
    try await until("the code comes by itself") { code.code?.colour == .yellow }
    XCTAssertEqual(app.conditions, [])
    XCTAssertEqual(code.code?.shade, .yellow)

    let quarantine = app.quarantine(subject)
    played.show(quarantine.run)
    try await until("the order is there") { quarantine.order != nil }
    XCTAssertEqual(quarantine.order?.earliestRelease, february(18, 0))
    XCTAssertEqual(quarantine.order?.due?.day, day(2, 11))
    XCTAssertEqual(quarantine.weeks.count, 1)
    XCTAssertEqual(quarantine.weeks[0].map { $0?.date }, [nil, day(2, 11), nil, nil, nil, nil, nil])
    XCTAssertEqual(played.device.reminders, [], "nobody was asked yet")
    await quarantine.askForReminders()
    XCTAssertFalse(played.device.reminders.isEmpty)
    XCTAssertTrue(played.device.reminders.allSatisfy { $0 > 0 && $0 < 86_400 }, "\(played.device.reminders)")
    XCTAssertGreaterThan(try XCTUnwrap(played.device.wake), 0)

    for date in 11...17 {
      world.go(to: february(date, 10))
      let offline = date == 13 || date == 14
      if offline { played.stage.server.stop() }
      if date == 15 { try played.stage.server.restart([]) }
      await quarantine.checkIn()
      XCTAssertNil(quarantine.trouble)
      XCTAssertEqual(quarantine.recorded?.day, day(2, date))
      try await played.idle()
      if offline {
        let waiting = date - 12
        XCTAssertEqual(app.conditions, [.unsent(Trouble(.network(.offline, retryAfter: nil)), waiting: waiting)])
        XCTAssertEqual(app.conditions[0].remedies, [.sync, .open(.network)])
        XCTAssertEqual(quarantine.order?.calendar.last?.state, .done, "the day counts on this phone at once")
      } else {
        XCTAssertEqual(app.home?.sync.waiting, 0)
        XCTAssertEqual(app.conditions, [])
      }
    }
    XCTAssertEqual(quarantine.order?.counted, 7)
    XCTAssertEqual(quarantine.weeks.count, 2)
    await quarantine.makeProof()
    let proof = try XCTUnwrap(quarantine.proof)
    XCTAssertFalse(String(decoding: proof.data, as: UTF8.self).contains("002X"))

    // Only the server's signed release ends it.
    played.stage.server.stop()
    world.go(to: february(18, 0, 1))
    await app.sync()
    XCTAssertTrue(app.conditions.contains(.connectToConfirm))
    XCTAssertEqual(code.code?.colour, .yellow)
    try played.stage.server.restart([])
    await app.sync()
    try await until("released") { quarantine.content == .free && code.code?.colour == .green }
    XCTAssertEqual(app.conditions, [])
    XCTAssertEqual(played.device.reminders, [])

    codeScreen.cancel()
    await codeScreen.value
    XCTAssertFalse(played.device.isBright || played.device.isAwake)
    await played.quit()
  }

  @MainActor
  func testAGateScansWhatTheResidentShowsAndTheVerdictIsSeenAndHeard() async throws {
    let stage = try Stage()
    let played = Played(stage)
    try await played.launch()
    let subject = try await played.enrol(zhangSan)
    try await played.declare(subject, stay: "420100")
    let code = played.app.code(subject)
    played.show(code.run)
    try await until("a code") { code.code != nil }

    let guarding = Played(stage, file: "guard.db")
    let gate = guarding.app.gate()
    guarding.show(gate.run)
    try await until("the gate has its evidence") { gate.status?.time == .firm && !gate.isSyncing }
    gate.scanned(try XCTUnwrap(code.code).text)
    guard case .finding(let finding) = gate.content else { return XCTFail("\(gate.content)") }
    XCTAssertEqual(finding.signal, .stop)
    XCTAssertEqual(finding.holder?.idTail, "002X")
    XCTAssertEqual(finding.colour, .yellow)
    XCTAssertTrue(finding.staysUntilTap)
    XCTAssertEqual(guarding.device.signals, [.stop])
    XCTAssertEqual(gate.counts.map { "\($0.verdict) \($0.count)" }, ["stop 1"])
    gate.dismiss()
    XCTAssertEqual(gate.content, .scanning)
    XCTAssertEqual(gate.last, finding)
    await played.quit()
    await guarding.quit()
  }

  @MainActor
  func testTwoSubjectsLiveOnOnePhoneEachWithAnOwnCode() async throws {
    let played = try Played(Stage())
    let app = played.app
    try await played.launch()
    let first = try await played.enrol(zhangSan)
    let second = try await played.enrol(liSi)
    XCTAssertEqual(app.cards.map(\.subject), [first, second])
    XCTAssertEqual(app.selected, second, "who was enrolled last is shown")
    try await played.declare(first, stay: "420100")
    try await played.declare(second)
    XCTAssertEqual(app.cards.map(\.colour), [.yellow, .green])
    let codes = [app.code(first), app.code(second)]
    for code in codes { played.show(code.run) }
    try await until("both are shown") { codes.allSatisfy { $0.code != nil } }
    XCTAssertEqual(codes.map { $0.code?.idTail }, ["002X", "0014"])
    app.select(first)
    XCTAssertEqual(app.card?.idTail, "002X")
    app.select("nobody")
    XCTAssertEqual(app.selected, first)

    let settings = app.settings()
    settings.ask(.subject(first))
    await settings.confirm(try XCTUnwrap(settings.asked))
    XCTAssertNil(settings.trouble)
    XCTAssertEqual(app.cards.map(\.subject), [second])
    XCTAssertEqual(app.selected, second)
    try await until("whoever is gone has no code") { codes[0].content == .none(Trouble(.unknownSubject)) }
    XCTAssertEqual(codes[1].code?.colour, .green)
    await played.quit()
  }
}
