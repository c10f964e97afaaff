import DemoKit
import Foundation
import TestSupport
import XCTest

/// One phone for a family: who is cared for, by whom, and how that ends. Against the server's process.
final class FamilyTests: XCTestCase, @unchecked Sendable {
  @MainActor
  func testAPersonIsCaredForWithAnOwnCodeAndTheCareEndsOnlyWhenItWasAskedForTwice() async throws {
    let played = try Played(Stage())
    let app = played.app
    try await played.launch()
    XCTAssertNil(app.care(), "nobody here may ask yet")
    let carer = try await played.enrol(zhangSan)
    let cared = try await played.care(for: liSi)
    XCTAssertEqual(app.selected, cared, "who came last is shown")
    XCTAssertFalse(app.awaitsCare)
    XCTAssertEqual(app.holders.map(\.subject), [carer])
    XCTAssertEqual(app.caredFor.map(\.subject), [cared])
    XCTAssertEqual(app.card(of: cared)?.idTail, "0014")
    XCTAssertEqual(app.card(of: cared)?.carers.map(\.thisPhone), [true])
    try await played.declare(cared)
    XCTAssertEqual(app.card(of: cared)?.colour, .green)
    XCTAssertNil(app.card(of: carer)?.colour, "nothing landed at the other one")

    let family = app.family()
    let card = try XCTUnwrap(app.card(of: cared))
    XCTAssertTrue(family.canEnd(card.carers[0], for: card))
    family.ask(toEnd: card.carers[0], for: cared)
    XCTAssertNil(family.recorded, "nothing ends before it was said again")
    let ending = try XCTUnwrap(family.asked)
    // A dialog that closes takes the question back before its button is heard.
    family.keep()
    XCTAssertNil(family.asked)
    await family.confirm(ending)
    XCTAssertNotNil(family.recorded)
    XCTAssertNil(family.trouble)
    try await played.idle()
    XCTAssertEqual(app.card(of: cared)?.state, .replaced)
    XCTAssertEqual(app.conditions.first, .careEnded)
    XCTAssertEqual(app.conditions.first?.remedies, [.askForCare])
    XCTAssertEqual(app.card(of: carer)?.state, .active)
    await played.quit()
  }

  @MainActor
  func testASecondCarerJoinsIsSeenByThePersonAndIsEndedByThePerson() async throws {
    let stage = try Stage()
    let own = Played(stage)
    try await own.launch()
    let subject = try await own.enrol(liSi)
    var phones: [Played] = []
    for (person, file) in [(zhangSan, "first.db"), (wangWu, "second.db")] {
      let phone = Played(stage, file: file)
      try await phone.launch()
      _ = try await phone.enrol(person)
      let cared = try await phone.care(for: liSi)
      XCTAssertEqual(cared, subject)
      phones.append(phone)
    }
    await own.app.sync()
    let card = try XCTUnwrap(own.app.card)
    XCTAssertEqual(card.carers.count, 2)
    XCTAssertEqual(Set(card.carers.map(\.maskedName)).count, 2)
    let family = own.app.family()
    XCTAssertTrue(card.carers.allSatisfy { family.canEnd($0, for: card) }, "it is the person's own phone")
    await phones[0].app.sync()
    let seen = try XCTUnwrap(phones[0].app.card)
    let theirs = phones[0].app.family()
    XCTAssertEqual(seen.carers.filter { theirs.canEnd($0, for: seen) }.map(\.thisPhone), [true])
    // What no button offers ends in the core's word all the same.
    theirs.ask(toEnd: try XCTUnwrap(seen.carers.first { !$0.thisPhone }), for: subject)
    await theirs.confirm(try XCTUnwrap(theirs.asked))
    XCTAssertEqual(theirs.trouble, Trouble(.invalidField(field: "key", reason: "another-carer")))

    family.ask(toEnd: try XCTUnwrap(card.carers.first), for: subject)
    await family.confirm(try XCTUnwrap(family.asked))
    try await own.idle()
    XCTAssertEqual(own.app.card?.carers.map(\.key), card.carers.dropFirst().map(\.key))
    for phone in phones { await phone.app.sync() }
    XCTAssertEqual(phones.map { $0.app.card?.state }, [.replaced, .active])
    for phone in phones + [own] { await phone.quit() }
  }

  @MainActor
  func testARequestThatNobodyHasConfirmedWaitsOverAnEndOfTheApp() async throws {
    let stage = try Stage()
    let played = Played(stage)
    let app = played.app
    try await played.launch()
    let carer = try await played.enrol(zhangSan)
    let form = try XCTUnwrap(app.care())
    XCTAssertTrue(form.isForCare)
    XCTAssertEqual(form.carers.map(\.subject), [carer])
    // A person whom the records do not know by this number: the answers are those of somebody without a number.
    form.fill(in: liSi)
    form.phone = "+8613900139999"
    await form.requestCode()
    XCTAssertEqual(form.step, .code)
    XCTAssertTrue(app.awaitsCare)
    await form.askWhetherConfirmed()
    XCTAssertEqual(form.pending?.error, .rejected(problem: "relation-pending", retryAfter: 3_600))
    XCTAssertEqual(form.step, .code)
    XCTAssertNil(form.trouble)
    stage.server.stop()
    await form.askWhetherConfirmed()
    XCTAssertEqual(form.trouble?.isNetwork, true)
    let other = app.register()
    other.fill(in: wangWu)
    await other.requestCode()
    XCTAssertEqual(other.trouble?.isNetwork, true)
    XCTAssertTrue(app.awaitsCare, "what was not answered takes no other's place")
    try stage.server.restart([])
    await form.retry()
    XCTAssertNil(form.trouble)
    XCTAssertEqual(form.problems, [:], "it was no code that failed")
    XCTAssertNotNil(form.pending)
    form.code = "000000"
    await form.enrol()
    XCTAssertNotNil(form.problems[.code])

    let family = app.family()
    XCTAssertEqual(family.request, .waiting)
    await family.askAgain()
    XCTAssertEqual(family.request, .pending(Trouble(.rejected(problem: "relation-pending", retryAfter: 3_600))))
    XCTAssertTrue(app.awaitsCare)
    stage.server.stop()
    await family.askAgain()
    guard case .failed(let trouble) = family.request, trouble.isNetwork else { return XCTFail("\(family.request)") }
    XCTAssertTrue(app.awaitsCare, "the network does not end it")
    try stage.server.restart([])
    stage.world.pass(seconds: 8 * 86_400)
    await family.askAgain()
    XCTAssertEqual(family.request, .failed(Trouble(.rejected(problem: "wrong-code", retryAfter: nil))))
    XCTAssertFalse(app.awaitsCare, "it has lapsed")
    await played.quit()
  }

  @MainActor
  func testTheRecordsConfirmAGuardianAndAnOfficerWhoeverTheyDoNotKnow() async throws {
    let stage = try Stage()
    // In these records 孙七 has 张三 for a guardian, 赵六 has nobody, and neither has a number.
    let records = URL(fileURLWithPath: environment("HEALTHCODE_OWN_VECTORS"))
      .deletingLastPathComponent().appendingPathComponent("server/src/family.json")
    try stage.server.restart(["--records", records.path])
    let officer = try Officer(stage, role: "relations")
    let played = Played(stage)
    let app = played.app
    try await played.launch()
    let carer = try await played.enrol(zhangSan)
    let guarded = try XCTUnwrap(app.care())
    guarded.fill(in: sunQi)
    await guarded.requestCode()
    await guarded.askWhetherConfirmed()
    guard case .done(let first) = guarded.step else { return XCTFail("the records say so: \(guarded.step)") }
    XCTAssertNil(guarded.pending)
    try await played.idle()

    let asking = try XCTUnwrap(app.care())
    asking.fill(in: zhaoLiu)
    await asking.requestCode()
    await asking.askWhetherConfirmed()
    XCTAssertNotNil(asking.pending)
    let family = app.family()
    XCTAssertEqual(family.request, .waiting)
    let waits = try officer.act("waiting").split(whereSeparator: \.isWhitespace).map(String.init)
    let key = try XCTUnwrap(waits.lastIndex(of: "key").map { waits[$0 + 1] })
    try officer.act("relation", "--document", zhaoLiu.documentNumber, "--carer-key", key, "--allow")
    await family.askAgain()
    guard case .confirmed(let second) = family.request else { return XCTFail("\(family.request)") }
    XCTAssertFalse(app.awaitsCare)
    try await played.idle()
    XCTAssertEqual(app.caredFor.map(\.subject), [first.subject, second.subject])
    XCTAssertTrue(app.caredFor.allSatisfy { $0.caredForBy == carer && $0.state == .active })
    await played.quit()
  }

  @MainActor
  func testTheFormBeginsWithWhoHasAskedAlready() async throws {
    let played = try Played(Stage())
    let app = played.app
    try await played.launch()
    let first = try await played.enrol(zhangSan)
    let second = try await played.enrol(wangWu)
    XCTAssertEqual(app.care()?.carer, first)
    let form = try XCTUnwrap(app.care())
    form.carer = second
    form.fill(in: liSi)
    await form.requestCode()
    XCTAssertEqual(form.step, .code)
    let again = try XCTUnwrap(app.care())
    XCTAssertEqual(again.carer, second)
    XCTAssertEqual(again.step, .code)
    again.code = try played.stage.server.oneTimeCode()
    await again.enrol()
    guard case .done = again.step else { return XCTFail("\(again.problems)") }
    try await played.idle()
    await played.quit()
  }

  @MainActor
  func testWhoIsCaredForDoesNotPassItOnAndAPersonOfAnotherNumberIsNoField() async throws {
    let played = try Played(Stage())
    let app = played.app
    try await played.launch()
    _ = try await played.enrol(zhangSan)
    let cared = try await played.care(for: liSi)
    let form = try XCTUnwrap(app.care())
    form.carer = cared
    form.fill(in: wangWu)
    await form.requestCode()
    XCTAssertEqual(form.step, .identity)
    XCTAssertEqual(
      form.problems, [.carer: HealthcodeError.invalidField(field: "carer", reason: "cared-for").text],
      "the core's word, where it stands")
    XCTAssertFalse(app.awaitsCare)
    form.carer = app.holders.first?.subject
    form.documentNumber = "330106198803152719"
    await form.requestCode()
    XCTAssertEqual(Array(form.problems.keys), [.document])
    await played.quit()
  }
}

/// A person of the records of families who has a guardian and no number: any number is as good as another.
let sunQi = IdentityForm(
  name: "孙七", documentKind: "resident-id", documentNumber: "330185199301101152", phone: "+8613500135003",
  region: "330185")

/// Another one, who has no guardian either.
let zhaoLiu = IdentityForm(
  name: "赵六", documentKind: "resident-id", documentNumber: "330102197508204626", phone: "+8613600136002",
  region: "330102")

/// Another resident of the embedded records.
let wangWu = IdentityForm(
  name: "王五", documentKind: "resident-id", documentNumber: "330106198803152718", phone: "+8613700137001",
  region: "330106")

extension Played {
  /// Takes a person into care as a person does, by the code that the person was sent.
  func care(for person: IdentityForm) async throws -> String {
    guard let form = app.care() else { throw Late(what: "somebody who may ask") }
    form.fill(in: person)
    await form.requestCode()
    guard form.step == .code else { throw Late(what: "asked: \(form.problems)") }
    form.code = try stage.server.oneTimeCode()
    await form.enrol()
    guard case .done(let enrolment) = form.step else { throw Late(what: "confirmed: \(form.problems)") }
    try await idle()
    return enrolment.subject
  }
}
