import DemoKit
import Foundation
import TestSupport
import XCTest

/// A subject moves from one phone to another, the two of them face to face.
final class HandoverTests: XCTestCase, @unchecked Sendable {
  @MainActor
  func testTheOldPhoneAgreesByScanningAndTheNewOneTakesOver() async throws {
    let stage = try Stage()
    let old = Played(stage)
    try await old.launch()
    let subject = try await old.enrol(liSi)
    try await old.declare(subject)
    let new = Played(stage, file: "new.db")
    try await new.launch()
    let takeover = new.app.handover()
    let screen = new.show(takeover.run)
    try await until("the code is shown") { takeover.request != nil }
    XCTAssertTrue(new.device.isBright, "the other phone reads it")
    let asked = try XCTUnwrap(takeover.request)

    let scan = old.app.scan(subject)
    await scan.scanned(asked.text)
    XCTAssertEqual(scan.content, .handoverRequest, "nothing is handed over before the person has said so")
    XCTAssertEqual(old.app.movable.map(\.subject), [subject])
    scan.again()
    await scan.handOver(subject)
    XCTAssertEqual(scan.content, .scanning, "it was not meant")
    await scan.scanned(asked.text)
    stage.server.stop()
    await scan.handOver(subject)
    guard case .handover(let answer, subject) = scan.content else { return XCTFail("\(scan.content)") }
    XCTAssertNotNil(answer.expiresAt)
    XCTAssertTrue(old.device.isBright)

    takeover.startScanning()
    await takeover.scanned("https://example.org/")
    XCTAssertEqual(takeover.content, .failed(Trouble(.invalidField(field: "text", reason: "not-a-handover"))))
    takeover.startScanning()
    await takeover.scanned(answer.text)
    guard case .failed(let trouble) = takeover.content, trouble.isNetwork else { return XCTFail("\(takeover.content)") }
    screen.cancel()
    await screen.value
    XCTAssertFalse(new.device.isBright)
    XCTAssertEqual(old.app.card?.state, .active, "this phone keeps the subject until the other one has it")

    // What was scanned is kept: another screen goes on with it.
    try stage.server.restart([])
    let later = new.app.handover()
    new.show(later.run)
    try await until("it has come") { if case .done = later.content { true } else { false } }
    XCTAssertEqual(later.content, .done(Enrolment(subject: subject, pendingUntil: nil)))
    try await new.idle()
    XCTAssertEqual(new.app.card?.colour, .green)
    scan.leave()
    XCTAssertFalse(old.device.isBright)
    await old.app.sync()
    XCTAssertEqual(old.app.conditions.first, .replaced)
    await old.quit()
    await new.quit()
  }

  @MainActor
  func testAHandoverThatAnyScannerReadsIsActedOnOrRefusedInWords() async throws {
    let stage = try Stage()
    let old = Played(stage)
    try await old.launch()
    let subject = try await old.enrol(zhangSan)
    let cared = try await old.care(for: liSi)
    let new = Played(stage, file: "new.db")
    try await new.launch()
    let other = try await new.enrol(wangWu)
    let scanner = new.app.scan(other)
    let asking = new.app.handover()
    new.show(asking.run)
    try await until("the code is shown") { asking.request != nil }
    let handing = old.app.scan(subject)
    await handing.scanned(try XCTUnwrap(asking.request).text)
    await handing.handOver(cared)
    guard case .handover(let answer, cared) = handing.content else { return XCTFail("\(handing.content)") }
    await handing.scanned(answer.text)
    guard case .handover = handing.content else { return XCTFail("one thing after the other") }
    handing.again()
    await handing.scanned(answer.text)
    XCTAssertEqual(
      handing.content, .failed(Trouble(.invalidField(field: "text", reason: "not-requested"))),
      "it is for another phone")
    await scanner.scanned(answer.text)
    XCTAssertEqual(scanner.content, .tookOver(Enrolment(subject: cared, pendingUntil: nil)))
    XCTAssertEqual(new.app.selected, cared)
    try await new.idle()
    XCTAssertEqual(new.app.card(of: cared)?.state, .active)
    await old.quit()
    await new.quit()
  }
}

extension HandoverModel {
  /// What the new phone shows; nil while it shows something else.
  fileprivate var request: HandoverPicture? {
    if case .request(let picture) = content { picture } else { nil }
  }
}
