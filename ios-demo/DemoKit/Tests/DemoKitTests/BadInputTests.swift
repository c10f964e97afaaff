import DemoKit
import Foundation
import TestSupport
import XCTest

/// Whatever a person types or scans ends in a field's message or a verdict, never in a trap.
final class BadInputTests: XCTestCase, @unchecked Sendable {
  @MainActor
  func testEachWrongFieldOfTheRegistrationHasItsMessageWhereItStands() async throws {
    let played = try Played(Stage())
    try await played.launch()
    let form = played.app.register()
    form.leave(.name)
    XCTAssertEqual(Array(form.problems.keys), [.name], "what was not left yet is not complained of")
    await form.requestCode()
    XCTAssertEqual(Set(form.problems.keys), [.name, .document, .phone, .region])
    XCTAssertEqual(form.step, .identity)
    form.fill(in: liSi)
    form.documentNumber = "440524188001010015"
    form.leave(.document)
    XCTAssertEqual(Array(form.problems.keys), [.document])
    let wrong = HealthcodeError.invalidField(field: "document", reason: "check-digit")
    XCTAssertEqual(form.problems[.document], wrong.text)
    for text in nasty {
      (form.name, form.documentKind, form.documentNumber, form.phone, form.region) = (text, text, text, text, text)
      await form.requestCode()
      XCTAssertFalse(form.problems.isEmpty && form.trouble == nil, "\(text.prefix(20)) is no person")
    }
    form.fill(in: liSi)
    await form.requestCode()
    XCTAssertEqual(form.problems, [:])
    XCTAssertEqual(form.step, .code)
    let sent = try played.stage.server.oneTimeCode()
    for text in nasty.prefix(12) + [sent == "000000" ? "000001" : "000000"] {
      form.code = text
      await form.enrol()
      XCTAssertEqual(form.step, .code)
      XCTAssertTrue(form.problems[.code] != nil || form.trouble != nil, "\(text.prefix(20)) is no code")
    }
    await played.quit()
  }

  @MainActor
  func testAWrongDeclarationIsRefusedFieldByFieldBeforeItIsSent() async throws {
    let played = try Played(Stage())
    try await played.launch()
    let subject = try await played.enrol(liSi)
    let form = played.app.declare(subject)
    form.review()
    XCTAssertNotNil(form.generalProblem ?? form.problem(of: "contact") ?? form.trouble?.text)
    await form.load()
    form.review()
    XCTAssertNotNil(form.problem(of: "contact"))
    XCTAssertEqual(form.step, .form)
    form.answer("contact", yes: false)
    XCTAssertNil(form.problem(of: "contact"))
    form.chooseNone(of: "symptoms")
    for text in nasty {
      form.addStay()
      let stay = try XCTUnwrap(form.stays.last)
      form.stays[0].region = text
      form.review()
      XCTAssertNotNil(form.problem(of: stay.id), "\(text.prefix(20)) is no region")
      await form.send()
      XCTAssertEqual(form.step, .form)
      form.remove(stay.id)
    }
    form.addStay()
    form.stays[0].region = "330100"
    (form.stays[0].from, form.stays[0].to) = (february(9, 12), february(5, 12))
    form.review()
    XCTAssertNotNil(form.problem(of: form.stays[0].id))
    (form.stays[0].from, form.stays[0].to) = (.distantPast, .distantFuture)
    form.review()
    XCTAssertNotNil(form.problem(of: form.stays[0].id) ?? form.trouble?.text)
    form.stays = []
    for text in nasty { form.choose(text, of: "symptoms") }
    form.review()
    XCTAssertNotNil(form.problem(of: "symptoms"))
    // A question that the form does not have is not sent.
    form.write("something", for: "a question of tomorrow")
    form.chooseNone(of: "symptoms")
    form.review()
    guard case .preview(let preview) = form.step else { return XCTFail("\(form.problems)") }
    XCTAssertEqual(preview.colour, .green)
    XCTAssertEqual(played.app.home?.sync.waiting, 0, "nothing was recorded")
    await played.quit()
  }

  @MainActor
  func testWhateverIsScannedIsNamedToTheResidentAndComesToAVerdictAtTheGate() async throws {
    let stage = try Stage()
    let played = Played(stage)
    try await played.launch()
    let subject = try await played.enrol(liSi)
    try await played.declare(subject)
    let gate = played.app.gate()
    played.show(gate.run)
    try await until("the gate has its evidence") { gate.status?.time == .firm && !gate.isSyncing }
    let scan = played.app.scan(subject)
    let shown = played.app.code(subject)
    played.show(shown.run)
    try await until("a code to change") { shown.code != nil }
    for text in nasty + mutations(of: try XCTUnwrap(shown.code).text) {
      await scan.scanned(text)
      switch scan.content {
      case .named(let name): XCTAssertFalse(name.zh.isEmpty || name.en.isEmpty)
      case .failed(let trouble): XCTAssertFalse(trouble.text.zh.isEmpty || trouble.remedies.isEmpty)
      case .venue(nil, false): break
      default: XCTFail("\(text.prefix(40)) became \(scan.content)")
      }
      scan.again()
      gate.dismiss()
      gate.scanned(text)
      guard case .finding(let finding) = gate.content else {
        XCTFail("\(text.prefix(40)) came to no verdict: \(gate.content)")
        continue
      }
      XCTAssertEqual(finding.signal, .look)
      XCTAssertFalse(finding.scan.action.en.isEmpty)
    }
    XCTAssertNil(gate.trouble)
    await scan.enterVenue()
    XCTAssertEqual(scan.content, .scanning, "there is no venue to enter")
    await played.quit()
  }

  @MainActor
  func testAWrongJourneyIsRefusedFieldByField() async throws {
    let played = try Played(Stage())
    try await played.launch()
    let subject = try await played.enrol(liSi)
    let model = played.app.exposures(subject)
    for text in nasty {
      for field in ["number", "place", "from", "to"] {
        model.startTrip()
        var trip = try XCTUnwrap(model.trip)
        (trip.number, trip.place, trip.from, trip.to) = ("G7315", "7", "310000", "330100")
        switch field {
        case "number": trip.number = text
        case "place": trip.place = text.isEmpty ? "x" : text
        case "from": trip.from = text
        default: trip.to = text
        }
        model.trip = trip
        await model.recordTrip()
        // Blanks are no carriage, and some of these are numbers that a train could have.
        if model.trip == nil, field == "number" || text.allSatisfy(\.isWhitespace) { continue }
        XCTAssertEqual(Array(model.problems.keys), [field], "\(text.prefix(20))")
        XCTAssertNotNil(model.trip, "what was typed stays")
      }
    }
    model.dropTrip()
    XCTAssertEqual(model.problems, [:])
    await played.quit()
  }

  /// What no field and no camera expects.
  private var nasty: [String] {
    [
      "", " ", "\u{0}", "\u{0}\u{1}\u{7f}", "'; DROP TABLE subject; --", "../../etc/passwd", "<b>x</b>", "%s%n%@",
      "\u{202e}abc", "🙂🙂", "e\u{301}\u{302}\u{303}", "-1", "0", "99999999999999999999", "NaN", "1e9",
      "https://example.org/?a=1", "H1:", "H1:abc", "H2:", "H2:6BF", "H3:AAAA", "H4:AAAA", "H5:AAAA", "H6:AAAA",
      "HC1:NCF", "shc:/5676", String(repeating: "9", count: 10_000), String(repeating: "门", count: 5_000),
      "H1:" + String(repeating: "A", count: 20_000),
    ]
  }

  /// A text with one character changed, cut and doubled, the same each time.
  private func mutations(of text: String) -> [String] {
    var state: UInt64 = 20_200_211
    func next(_ below: Int) -> Int {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Int((state >> 33) % UInt64(below))
    }
    let letters = Array("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:")
    return (0..<120).map { _ in
      var changed = Array(text)
      switch next(3) {
      case 0: changed[3 + next(changed.count - 3)] = letters[next(letters.count)]
      case 1: changed.removeLast(1 + next(changed.count - 3))
      default: changed.insert(contentsOf: changed.suffix(next(20)), at: 3 + next(changed.count - 3))
      }
      return String(changed)
    }.filter { $0 != text }
  }
}
