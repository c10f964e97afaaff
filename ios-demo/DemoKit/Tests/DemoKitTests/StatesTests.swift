import Foundation
import TestSupport
import XCTest

@testable import DemoKit

/// Honest states: each trouble has a state of the screen and something to do, and ends when its cause does.
final class StatesTests: XCTestCase, @unchecked Sendable {
  @MainActor
  func testAFileOfAnotherKeyIsSaidAndErasedOnlyWhenTheyAskForIt() async throws {
    let stage = try Stage()
    let before = Played(stage)
    try await before.launch()
    _ = try await before.enrol(liSi)
    await before.quit()

    let other = Played(stage, vault: MemoryVault(key: 0x33))
    try await other.launch()
    guard case .failed(let trouble) = other.app.stage else { return XCTFail("\(other.app.stage)") }
    XCTAssertTrue([.storage(.wrongKey), .vault(.gone)].contains(trouble.error), "\(trouble.error)")
    XCTAssertEqual(trouble.remedies, [.retry, .eraseAndEnrol])
    other.app.retry()
    other.root()
    try await until("it is still of another key") { other.app.stage == .failed(trouble) }
    await other.quit()

    let again = Played(stage)
    try await again.launch()
    XCTAssertEqual(again.app.stage, .ready, "nothing was erased")
    await again.quit()

    let erasing = Played(stage, vault: MemoryVault(key: 0x33))
    try await erasing.launch()
    erasing.app.awaitsCare = true
    // The library lets go of the file of before in its own time.
    for _ in 0..<100 where erasing.app.stage != .opening {
      await erasing.app.eraseDamaged()
      try await Task.sleep(for: .milliseconds(20))
    }
    XCTAssertEqual(erasing.app.stage, .opening, "it was erased")
    XCTAssertFalse(erasing.app.awaitsCare)
    erasing.root()
    try await until("an empty phone") { erasing.app.stage == .empty }
    await erasing.quit()
  }

  @MainActor
  func testTheWaitForAOneTimeCodeOutlivesTheApp() async throws {
    let stage = try Stage()
    let before = Played(stage)
    try await before.launch()
    let form = before.app.register()
    XCTAssertEqual(form.step, .identity)
    form.fill(in: liSi)
    await form.requestCode()
    XCTAssertEqual(form.waitsFor, "*四")
    await before.quit()

    let again = Played(stage)
    try await again.launch()
    let restored = again.app.register()
    XCTAssertEqual(restored.step, .code)
    XCTAssertEqual(restored.waitsFor, "*四")
    XCTAssertEqual(restored.digits, form.digits)
    XCTAssertTrue(restored.codeValidFor > 0 && restored.codeValidFor <= form.codeValidFor)
    restored.code = try stage.server.oneTimeCode()
    await restored.enrol()
    guard case .done = restored.step else { return XCTFail("\(restored.problems)") }
    try await again.idle()
    XCTAssertEqual(again.app.register().step, .identity, "nothing is waited for any more")
    await again.quit()
  }

  @MainActor
  func testWhatWasTypedIntoAFormOutlivesTheApp() async throws {
    let stage = try Stage()
    let before = Played(stage)
    try await before.launch()
    let form = before.app.register()
    XCTAssertFalse(form.isRestored)
    form.fill(in: liSi)
    try await until("it is kept") { try before.app.phone().draft(of: "register")?["region"] == liSi.region }
    await before.quit()

    let again = Played(stage)
    try await again.launch()
    let restored = again.app.register()
    XCTAssertTrue(restored.isRestored)
    XCTAssertEqual(restored.name, liSi.name)
    XCTAssertEqual(restored.documentNumber, liSi.documentNumber)
    restored.clear()
    XCTAssertFalse(restored.isRestored)
    try await until("nothing is kept") { try again.app.phone().draft(of: "register") == nil }
    let subject = try await again.enrol(liSi)
    try await until("it was recorded") { try again.app.phone().draft(of: "register") == nil }

    let declare = again.app.declare(subject)
    await declare.load()
    declare.answer("contact", yes: false)
    declare.chooseNone(of: "symptoms")
    declare.addStay()
    declare.stays[0].region = "330106"
    try await until("it is kept") {
      try again.app.phone().draft(of: "declaration", about: subject)?["stays.0"]?.hasPrefix("330106") == true
    }
    let (answers, stays) = (declare.answers, declare.stays)
    await again.quit()

    let third = Played(stage)
    try await third.launch()
    let later = third.app.declare(subject)
    await later.load()
    XCTAssertTrue(later.isRestored)
    XCTAssertEqual(later.answers, answers)
    XCTAssertEqual(later.stays, stays)
    later.review()
    await later.send()
    try await until("it was recorded") { try third.app.phone().draft(of: "declaration", about: subject) == nil }
    await third.quit()
  }

  @MainActor
  func testALockedVaultIsTemporaryAndNeverEnrolsAnew() async throws {
    let stage = try Stage()
    let before = Played(stage)
    try await before.launch()
    _ = try await before.enrol(liSi)
    await before.quit()
    let played = Played(stage, vault: FailingVault(unseal: .failure(VaultError.Locked)))
    try await played.launch()
    XCTAssertEqual(played.app.stage, .failed(Trouble(.vault(.locked))))
    XCTAssertEqual(Trouble(.vault(.locked)).remedies, [.retry])
    await played.app.eraseDamaged()
    XCTAssertEqual(played.app.stage, .failed(Trouble(.vault(.locked))), "a locked vault is no reason to erase")
    await played.quit()
  }

  @MainActor
  func testARestartedPhoneMarksItsTimeOffersTheScannerAndIsSureAgainAfterAnExchange() async throws {
    let played = try Played(Stage())
    let app = played.app
    try await played.launch()
    let subject = try await played.enrol(liSi)
    try await played.declare(subject)
    XCTAssertTrue(app.time.sure)
    XCTAssertEqual(app.time.now(), february(11, 9))
    played.stage.world.pass(seconds: 90)
    XCTAssertEqual(app.time.now(), february(11, 9, 1).addingTimeInterval(30), "it ticks without a look at the file")
    played.clock.setWall(offBy: 86_400)
    XCTAssertEqual(app.time.now(), february(11, 9, 1).addingTimeInterval(30), "nobody sets it")

    played.stage.server.stop()
    played.clock.setWall(offBy: 0)
    played.clock.restart()
    await app.sync()
    XCTAssertFalse(app.time.sure)
    let notice = try XCTUnwrap(app.time.notice)
    XCTAssertEqual(notice.kind, .dayUnknown)
    XCTAssertTrue(app.conditions.contains(.time(notice)))
    XCTAssertEqual(Condition.time(notice).remedies, [.sync, .scan])
    let code = app.code(subject)
    played.show(code.run)
    try await until("no code without the time") { code.content == .none(Trouble(.timeUnsure)) }
    XCTAssertEqual(Trouble(.timeUnsure).remedies, [.scan, .sync])
    try played.stage.server.restart([])
    await app.sync()
    try await until("the code comes by itself") { code.code?.colour == .green }
    XCTAssertTrue(app.time.sure)
    XCTAssertEqual(app.conditions, [])
    await played.quit()
  }

  @MainActor
  func testAWrongClockIsToldAndLeadsToTheSettings() async throws {
    let played = try Played(Stage())
    try await played.launch()
    let subject = try await played.enrol(liSi)
    try await played.declare(subject)
    for (offset, kind) in [(3_600.0, TimeNoticeKind.clockAhead), (-3_600.0, .clockBehind)] {
      played.clock.setWall(offBy: offset)
      await played.app.sync()
      let notice = try XCTUnwrap(played.app.time.notice)
      XCTAssertEqual(notice.kind, kind)
      XCTAssertEqual(played.app.conditions, [.time(notice)])
      XCTAssertEqual(played.app.conditions[0].remedies, [.open(.date)])
      XCTAssertEqual(played.app.conditions[0].text, notice.what)
    }
    await played.quit()
  }

  @MainActor
  func testASecondPhoneWaitsAndIsRefusedAndAnAnswerTooManyIsARejectionThatCanBePutAway() async throws {
    let stage = try Stage()
    let first = Played(stage, file: "first.db")
    try await first.launch()
    let subject = try await first.enrol(zhangSan)
    try await first.declare(subject, stay: "420100")
    let second = Played(stage, file: "second.db")
    try await second.launch()
    _ = try await second.enrol(zhangSan)
    XCTAssertTrue(second.app.conditions.contains(.pending(until: february(12, 9))), "\(second.app.conditions)")

    await first.app.sync()
    let takeover = try XCTUnwrap(first.app.card?.takeover)
    XCTAssertEqual(first.app.conditions.first, .takeover(takeover))
    XCTAssertEqual(first.app.conditions.first?.remedies, [.answerTakeover])
    stage.server.stop()
    for _ in 0..<2 {
      stage.world.pass(seconds: 60)
      await first.app.answer(takeover, allow: false, for: subject)
      XCTAssertNil(first.app.trouble)
    }
    XCTAssertEqual(first.app.home?.sync.waiting, 2)
    try stage.server.restart([])
    await first.app.sync()
    XCTAssertNil(first.app.card?.takeover)
    let rejection = try XCTUnwrap(first.app.rejections.first)
    XCTAssertEqual(first.app.rejections.count, 1)
    XCTAssertEqual(first.app.conditions, [.rejected(rejection)])
    XCTAssertEqual(first.app.conditions[0].remedies, [.showJournal])
    XCTAssertEqual(first.app.conditions[0].text, rejection.text)
    let journal = first.app.journal(subject)
    first.show(journal.run)
    try await until("the journal is read") { journal.entries != nil }
    XCTAssertEqual(journal.entries?.filter { $0.refusal != nil }.map(\.id), [rejection.id])

    await second.app.sync()
    XCTAssertTrue(second.app.conditions.contains(.unknown))
    XCTAssertEqual(Condition.unknown.remedies, [.enrol])

    // It is there again the next day, until somebody puts it away.
    let preferences = first.preferences
    await first.quit()
    let nextDay = Played(stage, file: "first.db", preferences: preferences)
    try await nextDay.launch()
    try await until("still there") { nextDay.app.rejections == [rejection] }
    nextDay.app.dismiss(rejection)
    XCTAssertEqual(nextDay.app.rejections, [])
    await nextDay.quit()
    let later = Played(stage, file: "first.db", preferences: preferences)
    try await later.launch()
    try await later.idle()
    XCTAssertEqual(later.app.rejections, [])
    await later.quit()
    await second.quit()
  }

  @MainActor
  func testAReplacedPhoneSaysSoAndOffersToEnrolAgain() async throws {
    let stage = try Stage()
    let first = Played(stage, file: "first.db")
    try await first.launch()
    let subject = try await first.enrol(zhangSan)
    try await first.declare(subject, stay: "420100")
    let second = Played(stage, file: "second.db")
    try await second.launch()
    _ = try await second.enrol(zhangSan)
    stage.world.go(to: february(12, 9, 1))
    await second.app.sync()
    await first.app.sync()
    XCTAssertEqual(first.app.conditions.first, .replaced)
    XCTAssertEqual(first.app.conditions.first?.remedies, [.enrol])
    let code = first.app.code(subject)
    first.show(code.run)
    try await until("no code any more") { code.content == .none(Trouble(.replaced)) }
    let quarantine = first.app.quarantine(subject)
    first.show(quarantine.run)
    try await until("it is read") { quarantine.content != .opening }
    await quarantine.checkIn()
    XCTAssertEqual(quarantine.trouble, Trouble(.replaced))
    await first.quit()
    await second.quit()
  }

  @MainActor
  func testASignInPageAndABusyServerAreToldApart() async throws {
    let stage = try Stage()
    let before = Played(stage)
    try await before.launch()
    _ = try await before.enrol(liSi)
    await before.quit()
    let answers: [(String, HealthcodeError, [Remedy])] = [
      (
        "200 OK\r\nContent-Type: text/html\r\n", .network(.intercepted, retryAfter: nil), [.open(.network), .sync]
      ),
      ("503 Busy\r\nRetry-After: 7\r\n", .network(.unavailable, retryAfter: 7), [.retry]),
    ]
    for (answer, error, remedies) in answers {
      let other = try OtherServer(answering: answer)
      let played = Played(stage, server: other.url)
      try await played.launch()
      try await until("the server's answer is understood") { played.app.syncTrouble != nil }
      try await played.idle()
      XCTAssertEqual(played.app.syncTrouble, Trouble(error))
      XCTAssertEqual(played.app.syncTrouble?.remedies, remedies)
      XCTAssertEqual(played.app.syncTrouble?.retryAfter, answer.contains("Retry") ? 7 : nil)
      XCTAssertTrue(played.app.conditions.contains(.unsent(Trouble(error), waiting: 0)))
      await played.quit()
    }
  }

  @MainActor
  func testWhatIsDueIsDoneWhileTheAppIsOpenAndAWrongClockIsSaidWhereNobodyIsRegistered() async throws {
    let stage = try Stage()
    let played = Played(stage)
    let app = played.app
    try await played.launch()
    XCTAssertEqual(app.time.notice?.kind, .dayUnknown)
    XCTAssertNil(app.clockNotice, "no news before the first exchange")
    let first = try await played.enrol(liSi)
    let settings = app.settings()
    await settings.confirm(.subject(first))
    XCTAssertEqual(app.stage, .empty)
    XCTAssertNil(app.clockNotice)
    played.clock.setWall(offBy: 3_600)
    app.look()
    XCTAssertEqual(app.clockNotice?.kind, .clockAhead)
    XCTAssertEqual(app.conditions, [], "nobody's condition says it")
    played.clock.setWall(offBy: 0)
    _ = try await played.enrol(liSi)
    XCTAssertNil(app.clockNotice)

    stage.server.stop()
    await app.sync()
    XCTAssertEqual(app.syncTrouble?.isNetwork, true)
    let due = try XCTUnwrap(app.home?.nextWake)
    try stage.server.restart([])
    app.look()
    XCTAssertFalse(app.isSyncing, "not before its time")
    stage.world.go(to: due.addingTimeInterval(1))
    app.look()
    XCTAssertTrue(app.isSyncing)
    try await played.idle()
    XCTAssertNil(app.syncTrouble)
    await played.quit()
  }

  @MainActor
  func testTryAgainDoesWhatFailedAndNothingElse() async throws {
    let played = try Played(Stage())
    let app = played.app
    try await played.launch()
    let subject = try await played.enrol(zhangSan)
    let model = app.quarantine(subject)
    await model.makeProof()
    XCTAssertTrue(model.hasNothingToProve)
    XCTAssertNil(model.trouble)
    try await played.declare(subject, stay: "420100")
    app.close()
    await model.makeProof()
    XCTAssertEqual(model.trouble, Trouble(.closed))
    let settings = app.settings()
    settings.ask(.subject(subject))
    await settings.confirm(.subject(subject))
    XCTAssertEqual(settings.trouble, Trouble(.closed))
    app.retry()
    played.root()
    // A screen that is seen meanwhile waits for the file, and goes on.
    played.show(model.run)
    try await until("the order is there") { model.order != nil }
    await model.retry()
    XCTAssertNotNil(model.proof)
    XCTAssertNil(model.recorded, "it was no check-in")
    await settings.retry()
    XCTAssertNil(settings.exported, "it was no export")
    XCTAssertEqual(app.stage, .empty)
    await played.quit()
  }

  func testEveryErrorHasWordsAndSomethingToDo() {
    let errors: [HealthcodeError] = [
      .invalidField(field: "name", reason: "empty"), .unknownSubject, .notSynced, .notRated, .vault(.locked),
      .vault(.gone), .vault(.refused), .storage(.busy), .storage(.full), .storage(.readOnly), .storage(.corrupt),
      .storage(.newerSchema), .storage(.wrongKey), .storage(.unreachable), .network(.offline, retryAfter: nil),
      .network(.timeout, retryAfter: nil), .network(.tls, retryAfter: nil), .network(.intercepted, retryAfter: nil),
      .network(.unavailable, retryAfter: 7), .network(.badAnswer, retryAfter: nil),
      .network(.refused, retryAfter: nil), .rejected(problem: "wrong-code", retryAfter: nil), .noticeLog(.form),
      .noticeLog(.unsigned), .noticeLog(.unwitnessed), .noticeLog(.older), .noticeLog(.forked), .noticeLog(.region),
      .noticeLog(.altered), .timeUnsure, .replaced, .updateApp, .closed, .port(name: "clock"),
      .internal(incident: "here"),
    ]
    for error in errors {
      let trouble = Trouble(error)
      XCTAssertFalse(trouble.text.zh.isEmpty || trouble.text.en.isEmpty)
      XCTAssertFalse(trouble.remedies.isEmpty, "\(error)")
      XCTAssertEqual(Set(trouble.remedies).count, trouble.remedies.count)
      // Nothing is erased but for a file or a key that does not come back.
      let erases = [.vault(.gone), .storage(.corrupt), .storage(.wrongKey)].contains(error)
      XCTAssertEqual(trouble.remedies.contains(.eraseAndEnrol), erases, "\(error)")
    }
    XCTAssertEqual(Trouble(.cancelled).remedies, [])
  }
}
