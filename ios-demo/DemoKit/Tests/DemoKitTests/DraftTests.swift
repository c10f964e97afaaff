import Foundation
import TestSupport
import XCTest

@testable import DemoKit

/// What was begun on a screen is there again after the end of the app, for as long as it means the same.
final class DraftTests: XCTestCase, @unchecked Sendable {
  @MainActor
  func testAJourneyThatWasBegunOutlivesTheApp() async throws {
    let stage = try Stage()
    let before = Played(stage)
    try await before.launch()
    let subject = try await before.enrol(liSi)
    let first = before.app.exposures(subject)
    XCTAssertNil(first.trip)
    first.startTrip()
    var trip = try XCTUnwrap(first.trip)
    (trip.mode, trip.date, trip.number, trip.place) = (.coach, february(9, 12), "K12", "3")
    (trip.from, trip.departedAt) = ("310000", february(9, 8))
    first.trip = trip
    try await until("it is kept") { try before.app.phone().draft(of: "journey", about: subject)?["number"] == "K12" }
    await before.quit()

    let again = Played(stage)
    try await again.launch()
    let model = again.app.exposures(subject)
    XCTAssertEqual(model.trip, trip)
    XCTAssertTrue(model.isTripRestored)
    model.trip?.to = "330100"
    await model.recordTrip()
    XCTAssertEqual(model.problems, [:])
    XCTAssertEqual(model.entries?.count, 1)
    XCTAssertFalse(model.isTripRestored)
    try await until("it was recorded") { try again.app.phone().draft(of: "journey", about: subject) == nil }
    XCTAssertNil(again.app.exposures(subject).trip)
    await again.quit()
  }

  @MainActor
  func testSymptomsThatWereMarkedStandAgainOnTheSameDayAndOnNoOther() async throws {
    let stage = try Stage()
    let before = Played(stage)
    try await before.launch()
    let subject = try await before.enrol(zhangSan)
    try await before.declare(subject, stay: "420100")
    let first = before.app.quarantine(subject)
    before.show(first.run)
    try await until("the order") { first.order != nil && !first.symptoms.isEmpty }
    let (fever, day) = (try XCTUnwrap(first.symptoms.first?.id), first.order?.today)
    first.marked.insert(fever)
    try await until("it is kept") {
      try before.app.phone().draft(of: "check-in", about: subject)?["symptoms"] == fever
    }
    await before.quit()

    let again = Played(stage)
    try await again.launch()
    let model = again.app.quarantine(subject)
    again.show(model.run)
    try await until("they stand again") { model.marked == [fever] && model.isRestored }
    await again.quit()

    // Nobody says yesterday's symptoms of today by one tap.
    stage.world.pass(seconds: 86_400)
    let next = Played(stage)
    try await next.launch()
    let later = next.app.quarantine(subject)
    next.show(later.run)
    // Until the first exchange the phone may take it for the same day still.
    try await until("a new day, and none of them") { later.order?.today != day && later.marked.isEmpty }
    XCTAssertFalse(later.isRestored)
    try await until("they are forgotten") { try next.app.phone().draft(of: "check-in", about: subject) == nil }
    await next.quit()
  }

  @MainActor
  func testWhatWasMarkedOnThisScreenStaysMarkedWhenTheDayComesAndYesterdaysGo() async throws {
    let stage = try Stage()
    let before = Played(stage)
    try await before.launch()
    let subject = try await before.enrol(zhangSan)
    try await before.declare(subject, stay: "420100")
    let first = before.app.quarantine(subject)
    before.show(first.run)
    try await until("the order") { first.order != nil && first.symptoms.count > 1 }
    let (old, new, day) = (first.symptoms[0].id, first.symptoms[1].id, try XCTUnwrap(first.order?.today))
    first.marked.insert(old)
    try await until("it is kept") { try before.app.phone().draft(of: "check-in", about: subject)?["symptoms"] == old }
    await before.quit()

    // Without an exchange the phone takes it for the same day.
    stage.server.stop()
    stage.world.pass(seconds: 86_400)
    let again = Played(stage)
    try await again.launch()
    let model = again.app.quarantine(subject)
    again.show(model.run)
    try await until("yesterday's stands") { model.marked == [old] && model.isRestored }
    XCTAssertEqual(model.order?.today, day)
    model.marked.insert(new)
    try await again.idle()
    try stage.server.restart([])
    await again.app.sync()
    try await until("the day has come") { model.order.map { $0.today != day } ?? false }
    XCTAssertEqual(model.marked, [new], "it does not vanish under the finger")
    XCTAssertFalse(model.isRestored)
    let today = try XCTUnwrap(model.order.flatMap { LegalTime.noon(of: $0.today) })
    try await until("it is kept for the new day") {
      let kept = try again.app.phone().draft(of: "check-in", about: subject)
      return kept == ["symptoms": new, "day": "\(Int(today.timeIntervalSince1970))"]
    }
    await model.checkIn()
    XCTAssertEqual(model.recorded?.day, model.order?.today)
    XCTAssertEqual(model.marked, [])
    await again.quit()
  }
}
