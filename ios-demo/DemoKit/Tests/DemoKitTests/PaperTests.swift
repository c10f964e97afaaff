import Foundation
import TestSupport
import XCTest

@testable import DemoKit

/// Codes on paper: asked for without a network, printed as the core draws them, withdrawn when it was asked for twice.
final class PaperTests: XCTestCase, @unchecked Sendable {
  @MainActor
  func testAPaperIsAskedForOfflineIsThereAfterTheExchangeAndIsWithdrawn() async throws {
    let stage = try Stage()
    let played = Played(stage)
    let app = played.app
    try await played.launch()
    let carer = try await played.enrol(zhangSan)
    let cared = try await played.care(for: liSi)
    try await played.declare(cared)
    let model = app.papers(cared)
    played.show(model.run)
    try await until("it is read") { model.papers == [] }

    stage.server.stop()
    await model.request()
    XCTAssertNil(model.trouble)
    try await played.idle()
    XCTAssertEqual(model.waiting, 1)
    XCTAssertEqual(model.papers, [], "there is none before the authority has issued it")
    try stage.server.restart([])
    await app.sync()
    try await until("it has come") { model.papers?.count == 1 && model.waiting == 0 }
    let paper = try XCTUnwrap(model.papers?.first)
    XCTAssertEqual(paper.state, .valid)
    XCTAssertEqual(paper.colour, .green)
    XCTAssertEqual(paper.issuedBy?.role, .carer)
    XCTAssertGreaterThan(paper.expiresAt, february(11, 9).addingTimeInterval(7 * 86_400))

    await model.draw(paper)
    let page = try XCTUnwrap(model.page)
    XCTAssertTrue(page.svg.hasPrefix("<svg") && page.svg.contains("width=\"210mm\""))
    XCTAssertFalse(page.svg.contains("440524188001010014"))
    XCTAssertFalse(page.svg.contains("<script"))
    model.dropPage()
    XCTAssertNil(model.page)

    model.ask(toWithdraw: paper)
    XCTAssertEqual(model.waiting, 0, "nothing is withdrawn before it was said again")
    let asked = try XCTUnwrap(model.asked)
    model.keep()
    XCTAssertNil(model.asked)
    await model.confirm(withdrawal: asked)
    try await until("it is withdrawn") {
      if case .withdrawn = model.papers?.first?.state { true } else { false }
    }
    await model.draw(paper)
    XCTAssertEqual(model.trouble, Trouble(.invalidField(field: "paper", reason: "withdrawn")))
    XCTAssertNil(model.page)
    XCTAssertEqual(try app.phone(carer), [], "nothing of it lands at another person")
    await played.quit()
  }

  @MainActor
  func testMorePapersThanTheAuthorityAllowsAreRefusedInWords() async throws {
    let played = try Played(Stage())
    let app = played.app
    try await played.launch()
    let subject = try await played.enrol(liSi)
    try await played.declare(subject)
    let model = app.papers(subject)
    played.show(model.run)
    for _ in 0..<9 where model.refused.isEmpty {
      await model.request()
      try await played.idle()
      played.stage.world.pass(seconds: 1)
    }
    try await until("one is refused") { !model.refused.isEmpty }
    XCTAssertTrue(app.conditions.contains(.rejected(model.refused[0])))
    XCTAssertFalse(model.refused[0].text.zh.isEmpty)
    await played.quit()
  }
}

extension AppModel {
  /// The paper codes of a subject, as the screen would read them.
  @MainActor
  fileprivate func phone(_ subject: String) throws -> [PaperCode]? {
    try resident?.papers(of: subject)
  }
}
