import Foundation
import TestSupport
import XCTest

@testable import DemoKit

/// A colour is contested: drafted without a network, sent by the next exchange, decided by an officer with an own key.
final class AppealTests: XCTestCase, @unchecked Sendable {
  @MainActor
  func testADraftOutlivesTheAppIsSentWithTheNetworkAndIsGranted() async throws {
    let stage = try Stage()
    let officer = try Officer(stage, role: "appeals")
    let vault = MemoryVault()
    let played = Played(stage, vault: vault)
    try await played.launch()
    let subject = try await played.enrol(liSi)
    try await played.declare(subject, stay: "420100")
    let before = played.app.appeals(subject)
    let screen = played.show(before.run)
    try await until("there is something to contest") { before.made == [] && !before.contestable.isEmpty }
    let reason = try XCTUnwrap(before.contestable.first)
    XCTAssertFalse(reason.reason.text.zh.isEmpty)
    stage.server.stop()
    await before.begin(reason)
    XCTAssertEqual(before.contested, reason)
    before.draft?.text = "我在家"
    before.addStatement()
    before.addStatement()
    before.draft?.statements[0].text = "车票"
    before.remove(try XCTUnwrap(before.draft?.statements[1]))
    await before.keep()
    XCTAssertEqual(before.problems, [:])
    screen.cancel()
    await played.quit()

    let again = Played(stage, vault: vault)
    let app = again.app
    try await again.launch()
    let model = app.appeals(subject)
    again.show(model.run)
    try await until("what was written is there") { model.draft?.text == "我在家" }
    XCTAssertEqual(model.draft?.statements.map(\.text), ["车票"])
    await model.send()
    XCTAssertNil(model.draft)
    XCTAssertEqual(model.made?.map(\.standing), [.waiting], "it is kept without a network")
    XCTAssertEqual(model.contestable.filter { $0 == reason }, [], "one appeal a reason")
    try stage.server.restart([])
    await app.sync()
    try await until("it is received") { model.made?.first?.standing == .received && model.made?.first?.dueBy != nil }

    let made = try XCTUnwrap(model.made?.first)
    XCTAssertFalse(made.overdue)
    // The authority's own time lapses, and it is said.
    stage.world.go(to: try XCTUnwrap(made.dueBy).addingTimeInterval(3_600))
    await app.sync()
    try await until("the lapse is said") { model.made?.first?.overdue == true }
    try officer.act("decide-appeal", "--document", liSi.documentNumber, "--appeal", made.appeal, "--decision", "take")
    await app.sync()
    try await until("in review") { model.made?.first?.standing == .inReview }
    XCTAssertEqual(model.made?.first?.officer, "Desk 3")
    try officer.act("decide-appeal", "--document", liSi.documentNumber, "--appeal", made.appeal, "--decision", "grant")
    await app.sync()
    try await until("granted, and green") {
      model.made?.first?.standing == .granted && app.card(of: subject)?.colour == .green
    }
    await again.quit()
  }

  @MainActor
  func testARefusalHasItsReasonAndWhatIsWrongStandsAtItsField() async throws {
    let stage = try Stage()
    let officer = try Officer(stage, role: "appeals")
    let played = Played(stage)
    let app = played.app
    try await played.launch()
    let subject = try await played.enrol(zhangSan)
    try await played.declare(subject, stay: "420100")
    let model = app.appeals(subject)
    played.show(model.run)
    try await until("there is something to contest") { !model.contestable.isEmpty }
    await model.begin(model.contestable[0])
    await model.send()
    XCTAssertEqual(model.problems, ["text": HealthcodeError.invalidField(field: "text", reason: "missing").text])
    XCTAssertNotNil(model.draft, "nothing that was written is lost")
    model.draft?.text = "I was at home"
    model.addStatement()
    model.draft?.statements[0].text = String(repeating: "门", count: 2_000)
    await model.keep()
    let statement = try XCTUnwrap(model.draft?.statements.first)
    XCTAssertEqual(
      model.problem(of: statement), HealthcodeError.invalidField(field: "statements[0]", reason: "too-long").text)
    model.draft?.statements = []
    await model.send()
    try await played.idle()
    try await until("it is received") { model.made?.first?.standing == .received }
    let made = try XCTUnwrap(model.made?.first)
    try officer.act(
      "decide-appeal", "--document", zhangSan.documentNumber, "--appeal", made.appeal, "--decision", "refuse",
      "--reason-zh", "记录属实", "--reason-en", "The records say so")
    await app.sync()
    try await until("refused") { model.made?.first?.standing == .refused }
    XCTAssertEqual(model.made?.first?.reason?.en, "The records say so")
    XCTAssertEqual(app.card(of: subject)?.colour, .yellow)

    // What is not wanted any more is gone, over an end of the screen too.
    if let other = model.contestable.first {
      await model.begin(other)
      await model.discard()
      XCTAssertNil(try app.phone().appeals(of: subject).draft)
    }
    await played.quit()
  }
}

/// An officer with an own key, who acts from a terminal.
struct Officer {
  private let stage: Stage
  private let key: String

  /// Makes the key and registers it.
  init(_ stage: Stage, role: String) throws {
    self.stage = stage
    key = stage.server.path("officer.key")
    let made = try Self.run("officer-key", "make", key)
    let digits = made.split(whereSeparator: { !$0.isHexDigit }).map(String.init).max { $0.count < $1.count } ?? ""
    _ = try Self.run(
      "officer-key", "register", "--database", stage.server.path("server.db"), "--key", digits, "--name", "Desk 3",
      "--role", role)
  }

  /// Acts, at the time of the world, and gives what the server says.
  @discardableResult
  func act(_ words: String...) throws -> String {
    let call = ["officer", "--server", stage.server.url, "--key", key, "--clock", stage.server.path("clock")]
    return try Self.run(call + words)
  }

  private static func run(_ words: String...) throws -> String { try run(words) }

  private static func run(_ words: [String]) throws -> String {
    let command = Process()
    let (output, faults) = (Pipe(), Pipe())
    let ended = DispatchSemaphore(value: 0)
    command.executableURL = URL(fileURLWithPath: environment("HEALTHCODE_BINARY"))
    command.arguments = words
    (command.standardOutput, command.standardError) = (output, faults)
    command.terminationHandler = { _ in ended.signal() }
    try command.run()
    ended.wait()
    guard command.terminationStatus == 0 else {
      throw Late(what: String(decoding: faults.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self))
    }
    return String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
  }
}
