import DemoKit
import Foundation
import TestSupport
import XCTest

/// What is under way is ended by the person, by the screen that goes, and by the library; nothing is lost by it.
final class CancellationTests: XCTestCase, @unchecked Sendable {
  @MainActor
  func testASyncInFlightIsCancelledInTheLibraryAndWhatWaitsIsSentLater() async throws {
    let stage = try Stage()
    let before = Played(stage)
    try await before.launch()
    let subject = try await before.enrol(zhangSan)
    try await before.declare(subject, stay: "420100")
    stage.server.stop()
    await before.app.quarantine(subject).checkIn()
    try await before.idle()
    await before.quit()

    let listener = try Listener()
    let played = Played(stage, server: "http://127.0.0.1:\(listener.port)")
    let app = played.app
    // Whatever is asked for by a screen ends with it; by the button; and when the app is left.
    let ends: [@MainActor (Task<Void, Never>) -> Void] = [
      { _ in app.cancelSync() }, { $0.cancel() }, { _ in app.cancelSync() },
    ]
    var first = true
    for end in ends {
      let sync: Task<Void, Never>
      if first {
        // Opening the app begins an exchange by itself.
        try await played.launch()
        sync = Task { await app.sync() }
        first = false
      } else {
        sync = Task { await app.sync() }
      }
      let accepted = await detached { listener.accept() }
      let connection = try XCTUnwrap(accepted)
      let asked = await detached { connection.read() }
      XCTAssertNotNil(asked, "the request is under way")
      XCTAssertTrue(app.isSyncing)
      let cancelled = ProcessInfo.processInfo.systemUptime
      end(sync)
      let rest = await detached { connection.read() }
      XCTAssertNil(rest, "the library hangs up")
      // A machine that is busy elsewhere may be late; a model that keeps it from the library waits for 15 s.
      XCTAssertLessThan(ProcessInfo.processInfo.systemUptime - cancelled, 2)
      await sync.value
      try await played.idle()
      XCTAssertNil(app.syncTrouble, "who cancelled is not told of it as of a failure")
      try await until("the library has ended it") { app.home?.sync.running == false }
    }
    XCTAssertEqual(app.conditions, [.waiting(1)])
    await played.quit()

    try stage.server.restart([])
    let after = Played(stage)
    try await after.launch()
    try await until("sent") { after.app.home?.sync.waiting == 0 }
    await after.quit()
  }

  @MainActor
  func testAskingForAOneTimeCodeIsCancelledAndTheFormStaysAsItIs() async throws {
    let listener = try Listener()
    let played = try Played(Stage(), server: "http://127.0.0.1:\(listener.port)")
    try await played.launch()
    let form = played.app.register()
    form.fill(in: liSi)
    let asking = Task { await form.requestCode() }
    let accepted = await detached { listener.accept() }
    let connection = try XCTUnwrap(accepted)
    let asked = await detached { connection.read() }
    XCTAssertNotNil(asked)
    XCTAssertTrue(form.isWorking)
    form.cancel()
    let rest = await detached { connection.read() }
    XCTAssertNil(rest, "the library hangs up")
    await asking.value
    XCTAssertFalse(form.isWorking)
    XCTAssertEqual(form.step, .identity)
    XCTAssertEqual(form.documentNumber, liSi.documentNumber)
    XCTAssertNil(form.trouble)
    XCTAssertEqual(form.problems, [:])
    await played.quit()
  }

  @MainActor
  func testAFetchOfNoticesIsCancelled() async throws {
    let stage = try Stage()
    let before = Played(stage)
    try await before.launch()
    let subject = try await before.enrol(liSi)
    await before.quit()
    let listener = try Listener()
    let played = Played(stage, server: "http://127.0.0.1:\(listener.port)")
    // Opening begins an exchange, which this server keeps waiting.
    try await played.launch()
    let first = await detached { listener.accept() }
    played.app.cancelSync()
    try await played.idle()
    let model = played.app.exposures(subject)
    let fetching = Task { await model.fetch() }
    let accepted = await detached { listener.accept() }
    let connection = try XCTUnwrap(accepted)
    let asked = await detached { connection.read() }
    XCTAssertNotNil(asked)
    XCTAssertTrue(model.isFetching)
    model.startTrip()
    XCTAssertFalse(model.isTripTyped)
    var trip = try XCTUnwrap(model.trip)
    (trip.number, trip.from, trip.to) = ("G7315", "310000", "330100")
    model.trip = trip
    XCTAssertTrue(model.isTripTyped)
    XCTAssertFalse(model.isWorking, "a journey can be recorded meanwhile")
    await model.recordTrip()
    XCTAssertEqual(model.entries?.count, 1)
    XCTAssertTrue(model.isFetching)
    model.cancelFetch()
    let rest = await detached { connection.read() }
    XCTAssertNil(rest, "the library hangs up")
    await fetching.value
    XCTAssertFalse(model.isFetching)
    XCTAssertNil(model.trouble)
    XCTAssertNil(model.fetchTrouble)
    XCTAssertNotNil(first)
    await played.quit()
  }
}
