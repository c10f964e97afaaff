import Foundation
import Healthcode
import TestSupport
import XCTest

/// Family, another phone, paper, appeals and another authority, against the server's process.
final class FamilyTests: XCTestCase {
  func testSomebodyIsCaredForGetsACodeOnPaperAndTheCareEnds() async throws {
    let stage = try Stage()
    let phone = try await stage.yellow()
    let resident = phone.resident
    try await resident.requestCare(for: liSi, by: phone.subject)
    let hers = try await resident.confirmCare(code: stage.server.oneTimeCode()).subject
    try await resident.declare(atHome, for: hers)
    try await resident.sync()
    try await resident.requestPaper(for: hers)
    try await resident.sync()
    let paper = try XCTUnwrap(try resident.papers(of: hers).first)
    XCTAssertEqual(paper.colour, .green)
    XCTAssertTrue(paper.text.hasPrefix("H3:"))
    XCTAssertEqual(paper.state, .valid)
    let page = try await resident.page(ofPaper: paper.id, of: hers)
    XCTAssertTrue(page.contains("<svg"))
    XCTAssertFalse(page.contains("440524188001010014"))
    try await resident.withdraw(paper: paper.id, of: hers)
    try await resident.sync()
    guard case .withdrawn = try resident.papers(of: hers).first?.state else { return XCTFail("it passes still") }

    let card = try XCTUnwrap(try resident.home().subjects.first { $0.subject == hers })
    XCTAssertEqual(card.carers.map(\.carer), [phone.subject])
    try await resident.endCare(of: hers, by: card.carers[0].key)
    try await resident.sync()
    XCTAssertEqual(try resident.home().subjects.first { $0.subject == hers }?.state, .replaced)
  }

  func testASubjectMovesToAnotherPhone() async throws {
    let stage = try Stage()
    let old = try await stage.green()
    let new = try await stage.open("new.db")
    let asked = try await new.handoverRequest()
    XCTAssertEqual(try old.resident.scan(asked.text), .handoverRequest)
    let answer = try await old.resident.handOver(old.subject, to: asked.text)
    XCTAssertNil(asked.maskedName)
    XCTAssertEqual(answer.maskedName, try old.resident.home().subjects.first?.maskedName)
    XCTAssertEqual(try new.scan(answer.text), .handover)
    let enrolment = try await new.takeOver(answer.text)
    XCTAssertEqual(enrolment.subject, old.subject)
    try await new.sync()
    let code = try await new.code(of: old.subject)
    XCTAssertEqual(code.colour, .green)
    try await old.resident.sync()
    XCTAssertEqual(try old.resident.home().subjects.first?.state, .replaced)
  }

  func testAnAppealIsDraftedMadeAndReceivedWithTheTimeOfItsAnswer() async throws {
    let stage = try Stage()
    let phone = try await stage.yellow()
    let (resident, subject) = (phone.resident, phone.subject)
    let contestable = try XCTUnwrap(try resident.appeals(of: subject).contestable.first)
    let draft = AppealInput(
      rating: contestable.rating, rule: contestable.reason.rule, text: "I was at home", statements: ["A ticket"])
    try await resident.keep(appealDraft: draft, of: subject)
    XCTAssertEqual(try resident.appeals(of: subject).draft, draft)
    try await resident.appeal(draft, for: subject)
    XCTAssertNil(try resident.appeals(of: subject).draft)
    try await resident.sync()
    let made = try XCTUnwrap(try resident.appeals(of: subject).made.first)
    XCTAssertEqual(made.standing, .received)
    XCTAssertNotNil(made.dueBy)
    XCTAssertFalse(made.overdue)
  }

  func testAPersonMovesToAnotherAuthorityAndThePhoneShowsWhoseCodeCountsWhere() async throws {
    let stage = try Stage(witness: true)
    let phone = try await stage.yellow()
    let resident = phone.resident
    try await resident.checkIn(phone.subject)
    try await resident.sync()
    let listed = try resident.authorities()
    XCTAssertEqual(listed.map(\.id), ["hangzhou", "shenzhen"])
    XCTAssertEqual(listed.map(\.home), [true, false])
    XCTAssertEqual(listed.last?.regions, ["440300"])
    let preview = try await resident.previewMove(of: phone.subject, to: "shenzhen")
    XCTAssertEqual(preview.colour, .yellow)
    XCTAssertEqual(preview.countedHere, 1)
    _ = try await resident.move(phone.subject, to: "shenzhen")
    let there = try await resident.enrol(code: XCTUnwrap(stage.second).oneTimeCode()).subject
    try await resident.sync()
    let card = try XCTUnwrap(try resident.home().subjects.first { $0.subject == there })
    XCTAssertEqual(card.movedFrom, phone.subject)
    XCTAssertEqual(card.issuerName?.en, "Shenzhen")
    XCTAssertEqual(card.colour, .yellow)
    XCTAssertEqual(try resident.quarantine(of: there)?.days, preview.days)
    XCTAssertEqual(try resident.form(of: there).questions.map(\.id), ["contact", "symptoms"])
    let shown = { try resident.home().subjects.filter(\.shownHere).map(\.subject) }
    XCTAssertEqual(try shown(), [phone.subject])
    try await resident.setRegion("440300")
    XCTAssertEqual(try shown(), [there])
    let code = try await resident.code(of: there)
    XCTAssertEqual(code.issuerName?.en, "Shenzhen")
    await assertThrows(.invalidField(field: "region", reason: "length")) { try await resident.setRegion("44") }
    try await resident.setRegion(nil)
    XCTAssertNil(try resident.home().region)
    await assertThrows(.invalidField(field: "document", reason: "already-enrolled")) {
      _ = try await resident.move(phone.subject, to: "shenzhen")
    }
  }

  func testAllOfItGoesOverTheAppsOwnHttpStack() async throws {
    let stage = try Stage(witness: true)
    let server = stage.server
    let transport = UrlTransport(server: server.url)
    // The library's own client cannot reach this address: whatever comes, comes over the app's.
    let nowhere = "http://127.0.0.1:1"
    let phone = try await Resident.open(server.config(server: nowhere), ports: stage.ports())
    _ = try await phone.requestOneTimeCode(zhangSan, over: transport)
    let own = try await phone.enrol(code: server.oneTimeCode(), over: transport).subject
    try await phone.sync(over: transport)
    try await phone.declare(stayInWuhan, for: own)
    _ = try await phone.requestCare(for: liSi, by: own, over: transport)
    let hers = try await phone.confirmCare(code: server.oneTimeCode(), over: transport).subject
    try await phone.declare(atHome, for: hers)
    try await phone.sync(over: transport)
    let green = try await phone.code(of: hers).colour
    XCTAssertEqual(green, .green)

    let preview = try await phone.previewMove(of: own, to: "shenzhen", over: transport)
    XCTAssertEqual(preview.colour, .yellow)
    XCTAssertFalse(preview.maskedName.isEmpty)
    _ = try await phone.move(own, to: "shenzhen", over: transport)
    let moved = try await phone.enrol(code: XCTUnwrap(stage.second).oneTimeCode(), over: transport).subject
    try await phone.sync(over: transport)
    let yellow = try await phone.code(of: moved).colour
    XCTAssertEqual(yellow, .yellow)

    let new = try await Resident.open(server.config("new.db", server: nowhere), ports: stage.ports())
    let answer = try await phone.handOver(own, to: new.handoverRequest().text)
    let taken = try await new.takeOver(answer.text, over: transport)
    XCTAssertEqual(taken.subject, own)
  }

  func testAnAuthorityThatIsNotListedOrOnesOwnIsNamed() async throws {
    let stage = try Stage()
    let phone = try await stage.green()
    for (issuer, reason) in [("hangzhou", "home"), ("nowhere", "not-listed")] {
      await assertThrows(.invalidField(field: "issuer", reason: reason)) {
        _ = try await phone.resident.previewMove(of: phone.subject, to: issuer)
      }
    }
  }
}

extension Stage {
  /// A resident of whom nothing is known, who has declared nothing.
  fileprivate func green() async throws -> Phone {
    let phone = try await enrolled(liSi)
    try await phone.declare(atHome)
    return phone
  }

  /// A resident who was in a high-risk area, and has declared it.
  fileprivate func yellow() async throws -> Phone {
    let phone = try await enrolled(zhangSan)
    try await phone.declare(stayInWuhan)
    return phone
  }
}
