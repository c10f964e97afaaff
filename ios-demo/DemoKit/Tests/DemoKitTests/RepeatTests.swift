import Foundation
import TestSupport
import XCTest

@testable import DemoKit

/// "Try again" does what failed, on each screen; where the file is not open it opens that.
final class RepeatTests: XCTestCase, @unchecked Sendable {
  @MainActor
  func testAFetchIsTriedAgainForItselfWhateverElseWasRecordedMeanwhile() async throws {
    let stage = try Stage()
    let played = Played(stage)
    try await played.launch()
    let subject = try await played.enrol(liSi)
    let model = played.app.exposures(subject)
    stage.server.stop()
    await model.fetch()
    XCTAssertEqual(model.fetchTrouble?.isNetwork, true)
    XCTAssertNil(model.trouble)
    model.startTrip()
    await model.recordTrip()
    XCTAssertEqual(model.problems.count, 1, "a journey without a number")
    var trip = try XCTUnwrap(model.trip)
    (trip.number, trip.from, trip.to) = ("G7315", "310000", "330100")
    model.trip = trip
    await model.recordTrip()
    XCTAssertEqual(model.entries?.count, 1)
    XCTAssertEqual(model.fetchTrouble?.isNetwork, true, "it is no other's success")
    try stage.server.restart([])
    await model.retryFetch()
    XCTAssertEqual(model.fetchTrouble, Trouble(.noticeLog(.unwitnessed)), "the network has nothing to do with it now")
    XCTAssertEqual(model.entries?.count, 1)
    await played.quit()
  }

  @MainActor
  func testAScreenThatCouldNotReadOpensTheFileOnceMoreAndAnythingElseIsRepeated() async throws {
    let stage = try Stage()
    let played = Played(stage)
    let app = played.app
    try await played.launch()
    let subject = try await played.enrol(liSi)
    let (journal, papers, exposures) = (app.journal(subject), app.papers(subject), app.exposures(subject))
    var attempt = app.attempt
    await journal.forgetAnswered()
    await journal.retry()
    await papers.confirm(withdrawal: try await gone(of: subject, in: played))
    let trouble = try XCTUnwrap(papers.trouble)
    await papers.retry()
    XCTAssertEqual(papers.trouble, trouble, "it was tried again, and comes to the same")
    XCTAssertEqual(app.attempt, attempt, "the file has nothing to do with it")

    let screens: [(@MainActor () async -> Void, @MainActor () async -> Void)] = [
      (journal.forgetAnswered, journal.retry), (papers.request, papers.retry),
      ({ await exposures.forget(nil) }, exposures.retry),
    ]
    for (act, retry) in screens {
      app.close()
      await act()
      await retry()
      XCTAssertGreaterThan(app.attempt, attempt)
      attempt = app.attempt
    }
    XCTAssertEqual(
      [journal.trouble, papers.trouble, exposures.trouble], Array(repeating: Trouble(.closed), count: 3))
    played.root()
    try await until("it is open") { app.stage == .ready }
    await papers.retry()
    XCTAssertNil(papers.trouble)
    try await played.idle()
    XCTAssertEqual(app.attempt, attempt)
    await played.quit()
  }

  @MainActor
  func testAScreenWhoseFileDoesNotOpenOpensItAgain() async throws {
    let stage = try Stage()
    let before = Played(stage)
    try await before.launch()
    let subject = try await before.enrol(liSi)
    await before.quit()
    let played = Played(stage, vault: FailingVault(unseal: .failure(VaultError.Locked)))
    try await played.launch()
    let model = played.app.exposures(subject)
    await model.run()
    XCTAssertEqual(model.trouble, Trouble(.vault(.locked)))
    let attempt = played.app.attempt
    await model.retry()
    XCTAssertEqual(played.app.attempt, attempt + 1)
    await played.quit()
  }

  @MainActor
  func testTheNextFormIsEmptyAfterAnEnrolment() async throws {
    let played = try Played(Stage())
    try await played.launch()
    let form = played.app.register()
    form.fill(in: liSi)
    await form.requestCode()
    form.documentKind = "passport"
    try await until("it is kept") { try played.app.phone().draft(of: "register")?["kind"] == "passport" }
    form.code = try played.stage.server.oneTimeCode()
    await form.enrol()
    guard case .done = form.step else { return XCTFail("\(form.problems)") }
    try await until("nothing is kept") { try played.app.phone().draft(of: "register") == nil }
    XCTAssertFalse(played.app.register().isRestored)
    try await played.idle()
    await played.quit()
  }

  /// A paper code that is withdrawn already: nothing more can be done with it.
  @MainActor
  private func gone(of subject: String, in played: Played) async throws -> PaperCode {
    try await played.declare(subject)
    let model = played.app.papers(subject)
    let screen = played.show(model.run)
    await model.request()
    try await until("it has come") { model.papers?.first != nil }
    let paper = try XCTUnwrap(model.papers?.first)
    await model.confirm(withdrawal: paper)
    try await until("it is withdrawn") { if case .withdrawn = model.papers?.first?.state { true } else { false } }
    screen.cancel()
    try await played.idle()
    return paper
  }
}
