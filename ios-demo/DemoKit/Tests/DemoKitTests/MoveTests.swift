import Foundation
import TestSupport
import XCTest

@testable import DemoKit

/// Another authority's rules, looked at before a move, and the move.
final class MoveTests: XCTestCase, @unchecked Sendable {
  @MainActor
  func testAnotherAuthoritysRulesAreAskedOnThisPhoneAndAWrongIdIsSaidAtItsField() async throws {
    let stage = try Stage(witness: true)
    let played = Played(stage)
    try await played.launch()
    let subject = try await played.enrol(liSi)
    let model = played.app.move(subject)
    try await played.declare(subject, stay: "420100")
    for (issuer, reason) in [("hangzhou", "home"), ("nowhere", "not-listed"), ("门", "not-listed")] {
      model.issuer = issuer
      await model.look()
      XCTAssertEqual(model.problem, HealthcodeError.invalidField(field: "issuer", reason: reason).text)
      XCTAssertNil(model.preview)
      XCTAssertNil(model.trouble)
    }
    XCTAssertEqual(model.authorities.map(\.id), ["shenzhen"])
    model.issuer = "shenzhen"
    await model.look()
    XCTAssertNil(model.problem)
    let preview = try XCTUnwrap(model.preview)
    XCTAssertEqual(preview.issuer, "shenzhen")
    XCTAssertEqual(preview.colour, .yellow)
    XCTAssertEqual(preview.days, 7)
    XCTAssertEqual(preview.reasons.map(\.colour), [.yellow])
    XCTAssertFalse(preview.name.zh.isEmpty)
    XCTAssertEqual(played.app.home?.sync.waiting, 0, "nothing was recorded")
    XCTAssertEqual(played.app.card(of: subject)?.issuer, "hangzhou")

    model.issuer = "nowhere"
    XCTAssertNil(model.preview, "nobody moves to another authority than the one that was looked at")
    await model.move()
    XCTAssertEqual(model.step, .look, "nobody moves who has not looked")
    model.issuer = "shenzhen"
    let looking = Task { await model.look() }
    while !model.isWorking { await Task.yield() }
    model.issuer = "nowhere"
    await looking.value
    XCTAssertNil(model.preview, "what comes late is of the one before")
    XCTAssertNil(model.problem)
    model.issuer = "shenzhen"
    await model.look()
    XCTAssertNotNil(model.preview)

    stage.second?.stop()
    await model.move()
    XCTAssertEqual(model.trouble?.isNetwork, true)
    XCTAssertEqual(model.step, .look)
    try stage.second?.restart(["--issuer-id", "shenzhen", "--peer", stage.server.entry()])
    await model.retry()
    XCTAssertNil(model.trouble)
    XCTAssertEqual(model.step, .code, "what failed was the move")
    XCTAssertNotNil(try played.app.phone().enrolmentUnderWay())
    await model.giveUp()
    XCTAssertEqual(model.step, .look)
    XCTAssertNil(try played.app.phone().enrolmentUnderWay())
    XCTAssertEqual(played.app.move(subject).step, .look)
    _ = try stage.second?.oneTimeCode()
    await model.look()
    await model.move()
    XCTAssertEqual(model.step, .code)
    XCTAssertFalse(model.isForCare)
    model.code = "12"
    await model.confirm()
    XCTAssertNotNil(model.codeProblem)
    XCTAssertEqual(model.step, .code)
    model.code = try XCTUnwrap(stage.second).oneTimeCode()
    await model.confirm()
    guard case .done(let enrolment) = model.step else { return XCTFail("\(model.step)") }
    try await played.idle()
    let there = try XCTUnwrap(played.app.card(of: enrolment.subject))
    XCTAssertEqual(there.movedFrom, subject)
    XCTAssertEqual(there.colour, .yellow, "nobody sheds a colour by a move")
    XCTAssertEqual(played.app.selected, enrolment.subject)
    XCTAssertEqual(played.app.card(of: subject)?.shownHere, true)
    let settings = played.app.settings()
    await settings.setRegion("44")
    XCTAssertEqual(
      settings.regionProblem, HealthcodeError.invalidField(field: "region", reason: "length").text)
    await settings.setRegion(" 440300 ")
    XCTAssertNil(settings.regionProblem)
    XCTAssertEqual(played.app.card(of: enrolment.subject)?.shownHere, true)
    XCTAssertEqual(played.app.card(of: subject)?.shownHere, false)
    XCTAssertEqual(settings.region, "440300")
    await settings.setRegion("")
    XCTAssertEqual(settings.region, "")
    XCTAssertEqual(played.app.card(of: subject)?.shownHere, true)

    // One authority's trouble holds up nobody at another one, and is said where it stands.
    stage.second?.stop()
    await played.app.sync()
    XCTAssertNil(played.app.syncTrouble)
    XCTAssertEqual(played.app.conditions.map(\.remedies), [[.sync, .open(.network)]])
    played.app.select(subject)
    XCTAssertEqual(played.app.conditions, [])

    played.app.close()
    await model.look()
    XCTAssertEqual(model.trouble, Trouble(.closed))
    XCTAssertNil(model.problem)
    XCTAssertNil(model.preview)
    await played.quit()
  }
}
