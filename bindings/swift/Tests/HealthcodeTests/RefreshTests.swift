import Foundation
import Healthcode
import TestSupport
import XCTest

/// What an app does while nobody looks, whoever wakes it.
final class RefreshTests: XCTestCase {
  func testAWakeSendsWhatWaitsAndSaysWhenTheNextOneIsDue() async throws {
    let stage = try Stage()
    let phone = try await stage.enrolled(zhangSan)
    try await phone.declare(stayInWuhan)
    try await phone.resident.checkIn(phone.subject)
    XCTAssertEqual(try phone.resident.home().sync.waiting, 1)
    let next = try await RefreshWork.run(phone.resident)
    XCTAssertEqual(try phone.resident.home().sync.waiting, 0)
    let home = try phone.resident.home()
    let due = try XCTUnwrap(home.nextWake).timeIntervalSince(home.time.now)
    XCTAssertEqual(try XCTUnwrap(next), due, accuracy: 1)

    let view = try XCTUnwrap(phone.resident.quarantine(of: phone.subject))
    let reminders = try RefreshWork.secondsToReminders(phone.resident)
    XCTAssertFalse(reminders.isEmpty)
    XCTAssertEqual(reminders, view.reminders.map { $0.timeIntervalSince(view.time.now) }.filter { $0 > 0 }.sorted())
  }

  func testWithoutANetworkTheNextWakeIsStillKnownAndNothingIsLost() async throws {
    let stage = try Stage()
    let phone = try await stage.enrolled(zhangSan)
    try await phone.declare(stayInWuhan)
    try await phone.resident.checkIn(phone.subject)
    stage.server.stop()
    let next = try await RefreshWork.run(phone.resident)
    let home = try phone.resident.home()
    XCTAssertEqual([home.sync.waiting, home.sync.failures], [1, 1])
    // By the core's own pause after a failure, and not later.
    let retry = try XCTUnwrap(home.sync.notBefore).timeIntervalSince(home.time.now)
    XCTAssertLessThanOrEqual(try XCTUnwrap(next), max(retry, 0) + 1)
  }

  func testNoticesAreReadOnceADay() async throws {
    let stage = try Stage(witness: true)
    let phone = try await stage.enrolled(liSi)
    try await phone.declare(atHome)
    try stage.publish(notice(of: "G7315"))
    _ = try await RefreshWork.run(phone.resident)
    XCTAssertEqual(try phone.resident.noticeState().size, 1)
    XCTAssertLessThanOrEqual(try XCTUnwrap(RefreshWork.secondsToNext(phone.resident)), 86_400)

    try stage.publish(notice(of: "G7317"))
    stage.world.pass(seconds: 43_200)
    _ = try await RefreshWork.run(phone.resident)
    XCTAssertEqual(try phone.resident.noticeState().size, 1, "half a day later they are not read again")
    stage.world.pass(seconds: 43_200)
    _ = try await RefreshWork.run(phone.resident)
    XCTAssertEqual(try phone.resident.noticeState().size, 2)
  }

  func testAPhoneWithNobodyOnItWantsNoWakeAndAClosedOneSaysSo() async throws {
    let stage = try Stage()
    let resident = try await stage.open()
    let next = try await RefreshWork.run(resident)
    XCTAssertNil(next)
    XCTAssertEqual(try RefreshWork.secondsToReminders(resident), [])
    resident.close()
    await assertThrows(.closed) { _ = try await RefreshWork.run(resident) }
  }

  func testAProtectedFolderIsMadeOnceAndStays() throws {
    let home = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString, isDirectory: true)
    defer { try? FileManager.default.removeItem(at: home) }
    let folder = try ProtectedFolder.make("phone", in: home)
    try Data("kept".utf8).write(to: folder.appendingPathComponent("phone.db"))
    XCTAssertEqual(try ProtectedFolder.make("phone", in: home), folder)
    XCTAssertEqual(try Data(contentsOf: folder.appendingPathComponent("phone.db")), Data("kept".utf8))
    try Data().write(to: home.appendingPathComponent("file"))
    XCTAssertThrowsError(try ProtectedFolder.make("file", in: home), "a file is in its place")
  }

  /// A notice of a train of 9 February.
  private func notice(of number: String) -> String {
    """
    {"region": "330100", "withdraws": [], "classes": [{"kind": "train", "rule": "exposure-near", "minutes": 15,
      "apart": 0, "from": "2020-02-10", "until": "2020-02-23", "records": [{"number": "\(number)",
      "date": "2020-02-09", "begins": "2020-02-09T10:00", "ends": "2020-02-09T12:10", "places": [6, 8]}]}]}
    """
  }
}
