import Foundation
import TestSupport
import XCTest

@testable import DemoKit

/// What comes to a gate again: a person with a code that never changes, a lane that did not open, an exchange that failed.
final class GateAgainTests: XCTestCase, @unchecked Sendable {
  @MainActor
  func testWhoComesBackWithPaperIsToldAgainAndWhoStandsThereIsNot() async throws {
    let lane = try await OpenLane.green()
    let (gate, device) = (lane.gate, lane.guarding.device)
    let papers = lane.holding.app.papers(lane.subject)
    lane.holding.show(papers.run)
    await papers.request()
    try await until("a paper") { papers.papers?.first != nil }
    let text = try XCTUnwrap(papers.papers?.first).text
    await gate.sync()
    gate.scanned(text)
    guard case .finding(let finding) = gate.content else { return XCTFail("\(gate.content)") }
    XCTAssertNotNil(finding.holder)
    XCTAssertEqual(device.signals.count, 1)
    // While it is held, and after it: in view all the time.
    for _ in 0..<5 {
      lane.stage.world.pass(seconds: 2)
      gate.scanned(text)
    }
    gate.dismiss()
    gate.scanned(text)
    XCTAssertEqual(gate.content, .scanning)
    XCTAssertEqual(device.signals.count, 1)
    lane.stage.world.pass(seconds: 60)
    gate.scanned(text)
    XCTAssertNotEqual(gate.content, .scanning, "somebody has come")
    XCTAssertEqual(device.signals.count, 2)
    await lane.quit()
  }

  @MainActor
  func testAVerdictIsToldAgainTheOtherWayAndAlsoWhereEverybodyIsAsked() async throws {
    let lane = try await OpenLane.green()
    let (gate, device, foreign) = (lane.gate, lane.guarding.device, "https://example.org/")
    gate.scanned(foreign)
    gate.dismiss()
    gate.scanned(foreign)
    XCTAssertEqual(device.signals, [.look])
    gate.direction = .in
    gate.scanned(foreign)
    XCTAssertEqual(device.signals, [.look], "it is the same way")
    gate.direction = .out
    gate.scanned(foreign)
    XCTAssertEqual(device.signals, [.look, .look])
    gate.ask(everybody: true)
    gate.scanned(foreign)
    XCTAssertEqual(device.signals, [.look, .look], "it is still there")
    lane.stage.world.pass(seconds: 60)
    gate.scanned(foreign)
    XCTAssertEqual(device.signals, [.look, .look, .look])
    await lane.quit()
  }

  @MainActor
  func testALaneThatIsSetUpRunsOnWhateverBecameOfTheOneBefore() async throws {
    let played = try Played(Stage(), preferences: Slips(["gate": String(repeating: "门", count: 9)]))
    let gate = played.app.gate()
    let screen = follow(gate, in: played)
    try await until("it cannot be opened") { if case .failed = gate.content { true } else { false } }
    try await until("and nothing runs") { !played.device.isAwake }
    let isSet = await gate.set(Lane(gate: "North gate"))
    XCTAssertTrue(isSet)
    try await until("it runs") { played.device.isAwake }
    try await until("it has its evidence") { gate.status?.time == .firm && !gate.isSyncing }
    XCTAssertEqual(gate.content, .scanning)
    let attempt = gate.attempt
    try await Task.sleep(for: .milliseconds(100))
    XCTAssertEqual(gate.attempt, attempt, "it is not opened again and again")
    XCTAssertTrue(played.device.isAwake)
    screen.cancel()
    await screen.value
    gate.close()
    XCTAssertFalse(played.device.isAwake)

    // While the first one is still being opened.
    let next = played.app.gate()
    let second = follow(next, in: played)
    while !played.device.isAwake { await Task.yield() }
    XCTAssertEqual(next.content, .opening)
    let isSetAgain = await next.set(Lane(gate: "South gate"))
    XCTAssertTrue(isSetAgain)
    XCTAssertEqual(next.content, .scanning)
    // What ran before has ended by now, if anything ends it.
    try await Task.sleep(for: .milliseconds(100))
    XCTAssertTrue(played.device.isAwake, "it runs")
    XCTAssertEqual(next.content, .scanning)
    second.cancel()
    await second.value
    next.close()
    await played.quit()
  }

  @MainActor
  func testAnExchangeThatFailedIsTriedAgainAndTheFileIsLeftAlone() async throws {
    let lane = try await OpenLane.green()
    let gate = lane.gate
    lane.stage.server.stop()
    await gate.sync()
    XCTAssertEqual(gate.trouble?.isNetwork, true)
    let attempt = gate.attempt
    try lane.stage.server.restart([])
    await gate.repeatFailed()
    XCTAssertNil(gate.trouble)
    XCTAssertEqual(gate.attempt, attempt)
    XCTAssertEqual(gate.content, .scanning)
    await lane.quit()
  }

  /// The screen's task, anew for each attempt, as the view has it.
  @MainActor
  private func follow(_ gate: GateModel, in played: Played) -> Task<Void, Never> {
    played.show {
      while !Task.isCancelled {
        let attempt = gate.attempt
        let run = Task { await gate.run() }
        while gate.attempt == attempt, !Task.isCancelled { try? await Task.sleep(for: .milliseconds(5)) }
        run.cancel()
        await run.value
      }
    }
  }
}
