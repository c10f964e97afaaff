import DemoKit
import Foundation
import TestSupport
import XCTest

/// Another authority's rules, looked at before a move.
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
    model.issuer = " shenzhen "
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

    played.app.close()
    await model.look()
    XCTAssertEqual(model.trouble, Trouble(.closed))
    XCTAssertNil(model.preview)
    await played.quit()
  }
}
