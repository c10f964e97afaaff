import Foundation
import TestSupport
import XCTest

@testable import DemoKit

/// A lane in its hours: nobody taps for each person, and a stop is not overlooked.
final class GateTests: XCTestCase, @unchecked Sendable {
  @MainActor
  func testAVerdictIsHeldForAMomentAndTheCameraGoesOnByItself() async throws {
    let lane = try await OpenLane.green()
    let (gate, alarm) = (lane.gate, lane.alarm)
    let code = try await lane.code()
    gate.scanned(code)
    guard case .finding(let finding) = gate.content else { return XCTFail("\(gate.content)") }
    XCTAssertEqual(finding.signal, .pass)
    XCTAssertEqual(finding.scan.action.en, "Let the person pass")
    XCTAssertFalse(finding.staysUntilTap)
    gate.scanned("https://example.org/")
    XCTAssertEqual(gate.content, .finding(finding), "nothing else is read while it is held")
    try await alarm.ring(.milliseconds(1_500))
    try await until("the camera goes on") { gate.content == .scanning }
    gate.scanned(code)
    XCTAssertEqual(gate.content, .scanning, "the same code is still in view")
    XCTAssertEqual(lane.guarding.device.signals, [.pass])
    lane.stage.world.pass(seconds: 5)
    gate.scanned(code)
    guard case .finding(let again) = gate.content, case .alreadySeen = again.scan.verdict else {
      return XCTFail("a picture of it is seen again: \(gate.content)")
    }
    XCTAssertEqual(again.signal, .look)
    gate.dismiss()
    gate.scanned(try await lane.code())
    XCTAssertEqual(lane.guarding.device.signals, [.pass, .look, .pass])
    XCTAssertEqual(gate.counts, [.init(verdict: "already_seen", count: 1), .init(verdict: "pass", count: 2)])
    await lane.quit()
  }

  @MainActor
  func testAStopStaysUntilATapAndTheDirectionCounts() async throws {
    let lane = try await OpenLane.green(zhangSan, stay: "420100")
    let (gate, alarm) = (lane.gate, lane.alarm)
    await gate.set(Lane(gate: "Estate, east", policy: "residential"))
    try await until("the lane has its policy") { gate.status?.policy?.id == "residential" && !gate.isSyncing }
    XCTAssertEqual(gate.status?.policies.map(\.id), ["residential", "highway-toll", "railway-station"])
    lane.stage.world.pass(seconds: 5)
    gate.scanned(try await lane.code())
    guard case .finding(let home) = gate.content, case .compareCard = home.scan.verdict else {
      return XCTFail("\(gate.content)")
    }
    XCTAssertEqual(home.signal, .look)
    XCTAssertEqual(home.holder?.idTail, "002X")
    gate.dismiss()
    gate.direction = .out
    lane.stage.world.pass(seconds: 5)
    gate.scanned(try await lane.code())
    guard case .finding(let out) = gate.content else { return XCTFail("\(gate.content)") }
    XCTAssertEqual(out.signal, .stop)
    XCTAssertEqual(alarm.durations.filter { $0 == .milliseconds(1_500) }, [], "no time ends it")
    gate.scanned(try await lane.code())
    XCTAssertEqual(gate.content, .finding(out))
    gate.dismiss()
    XCTAssertEqual(gate.content, .scanning)
    await lane.quit()
  }

  @MainActor
  func testACodeThatIsTooOldIsAskedForAnAnswerAndTheResidentsPhoneGivesItAtOnce() async throws {
    let lane = try await OpenLane.green()
    let gate = lane.gate
    let picture = try await lane.code()
    lane.stage.world.pass(seconds: 120)
    gate.scanned(picture)
    guard case .finding(let asked) = gate.content, let challenge = asked.scan.challenge else {
      return XCTFail("\(gate.content)")
    }
    XCTAssertEqual(asked.signal, .ask)
    let scan = lane.holding.app.scan(lane.subject)
    await scan.scanned(challenge.text)
    guard case .answer(let answer) = scan.content else { return XCTFail("\(scan.content)") }
    XCTAssertEqual(answer.gate, gate.lane.gate)
    XCTAssertTrue(lane.holding.device.isBright)
    gate.scanned(answer.text)
    guard case .finding(let passed) = gate.content else { return XCTFail("\(gate.content)") }
    XCTAssertEqual(passed.signal, .pass)
    scan.leave()
    XCTAssertFalse(lane.holding.device.isBright)

    // Challenge mode: everybody is asked, and nobody taps for it.
    gate.dismiss()
    gate.ask(everybody: true)
    guard case .challenge(let own) = gate.content else { return XCTFail("\(gate.content)") }
    await scan.scanned(own.text)
    guard case .answer(let second) = scan.content else { return XCTFail("\(scan.content)") }
    gate.scanned(second.text)
    XCTAssertEqual(gate.last?.signal, .pass)
    try await lane.alarm.ring(.milliseconds(1_500))
    try await until("the next one is asked by itself") { gate.content.challenge != nil }
    XCTAssertNotEqual(gate.content.challenge, own)
    let signals = lane.guarding.device.signals
    for _ in 0..<3 {
      lane.stage.world.pass(seconds: 2)
      gate.scanned(second.text)
    }
    XCTAssertEqual(lane.guarding.device.signals, signals, "what the person before still shows is nobody's answer")
    let next = try XCTUnwrap(gate.content.challenge)
    // A sleep that was given up may lie there still, and the one that counts begin after it.
    try await until("one that nobody answers is asked anew") {
      lane.alarm.end(.seconds(60))
      return ![nil, next].contains(gate.content.challenge)
    }
    gate.scanned(try await lane.code())
    guard case .finding(let stale) = gate.content else { return XCTFail("\(gate.content)") }
    XCTAssertEqual(stale.signal, .pass, "a fresh code is judged as ever")
    gate.dismiss()
    XCTAssertNotNil(gate.content.challenge)
    gate.ask(everybody: false)
    XCTAssertEqual(gate.content, .scanning)
    let asking = lane.holding.app.journal(lane.subject)
    lane.holding.show(asking.run)
    try await until("who asked is kept") { asking.answered.count == 2 }
    XCTAssertEqual(asking.answered.map(\.gate), [gate.lane.gate, gate.lane.gate])
    await asking.forgetAnswered()
    XCTAssertEqual(asking.answered, [])
    await lane.quit()
  }

  @MainActor
  func testAGateWithoutANetworkTakesTheStaffsWordForTheDateAndDocumentsByHand() async throws {
    let lane = try await OpenLane.green()
    let gate = lane.gate
    lane.stage.server.stop()
    lane.guarding.clock.restart()
    lane.stage.world.go(to: february(13, 10))
    await gate.sync()
    XCTAssertEqual(gate.trouble, Trouble(.network(.offline, retryAfter: nil)))
    XCTAssertEqual(gate.status?.time, .confirmDate)
    XCTAssertEqual(gate.status?.date, day(2, 13))
    gate.confirmDate()
    XCTAssertNil(gate.trouble)
    XCTAssertEqual(gate.status?.time, .coarse)
    await gate.load(Data("rubbish".utf8))
    XCTAssertEqual(gate.trouble, Trouble(.invalidField(field: "document", reason: "not-a-document")))
    XCTAssertNil(gate.loaded)
    XCTAssertEqual(gate.content, .scanning)
    await lane.quit()
  }

  @MainActor
  func testAnOutageNoticeStaysUntilItIsLoadedAndOnlyThoseOfAKnownRootAre() async throws {
    let outage = try Outage.vector()
    for root in [nil, Data(hex: outage.root.coseKey)] {
      let guarding = try Played(Stage(), root: root)
      let gate = guarding.app.gate()
      guarding.show(gate.run)
      try await until("the gate has its evidence") { gate.status?.time == .firm && !gate.isSyncing }
      await gate.loadOutageNotice()
      XCTAssertNil(gate.loaded, "there is none")
      guarding.stage.world.go(to: february(14, 10))
      await gate.sync()
      gate.scanned(outage.text)
      guard case .finding(let finding) = gate.content else { return XCTFail("\(gate.content)") }
      XCTAssertTrue(finding.isOutageNotice && finding.staysUntilTap)
      XCTAssertEqual(finding.signal, .look)
      await gate.loadOutageNotice()
      XCTAssertEqual(gate.content, .scanning)
      if root == nil {
        XCTAssertEqual(gate.trouble, Trouble(.invalidField(field: "document", reason: "not-signed")))
        XCTAssertEqual(gate.status?.outages, [])
      } else {
        XCTAssertNil(gate.trouble)
        XCTAssertEqual(gate.loaded, .outageNotice)
        XCTAssertEqual(gate.status?.outages.map(\.hours), [48])
      }
      await guarding.quit()
    }
  }

  @MainActor
  func testANewLaneAsksForItsNameAndADamagedFileOfTheGateCostsTheResidentsNothing() async throws {
    let stage = try Stage()
    let played = Played(stage, preferences: Slips())
    try await played.launch()
    _ = try await played.enrol(liSi)
    let gate = played.app.gate()
    let screen = played.show(gate.run)
    try await until("it has no name") { gate.content == .unnamed }
    XCTAssertEqual(gate.lane.gate, "")
    await gate.set(Lane(gate: "北门"))
    XCTAssertEqual(gate.content, .scanning)
    XCTAssertEqual(played.app.gate().lane.gate, "北门")
    try await until("its first exchange is over") { !gate.isSyncing }
    screen.cancel()
    await screen.value
    gate.close()

    for end in ["-wal", "-shm"] {
      try? FileManager.default.removeItem(atPath: stage.server.path("gate-phone.db" + end))
    }
    try Data(repeating: 7, count: 4_096).write(to: URL(fileURLWithPath: stage.server.path("gate-phone.db")))
    let later = played.app.gate()
    played.show(later.run)
    try await until("it is damaged") { later.content == .failed(Trouble(.storage(.corrupt))) }
    XCTAssertEqual(Trouble(.storage(.corrupt)).gateRemedies, [.retry, .eraseGate])
    await later.eraseDamaged()
    played.show(later.run)
    try await until("an empty one is there") { later.content == .scanning }
    XCTAssertEqual(later.lane.gate, "北门")
    XCTAssertEqual(played.app.cards.count, 1, "the residents' file is another one")
    XCTAssertNil(played.app.trouble)
    later.close()
    await played.quit()
  }

  @MainActor
  func testALaneIsKeptATorchGoesOutWithTheScreenAndAWrongNameIsSaid() async throws {
    let lane = try await OpenLane.green()
    let (gate, device) = (lane.gate, lane.guarding.device)
    XCTAssertTrue(device.isAwake && device.isBright)
    gate.toggleTorch()
    XCTAssertTrue(device.isTorchOn && gate.isTorchOn)
    let before = gate.lane
    let isSet = await gate.set(Lane(gate: String(repeating: "门", count: 9)))
    XCTAssertFalse(isSet)
    XCTAssertEqual(gate.nameProblem, HealthcodeError.invalidField(field: "gate", reason: "too-long").text)
    XCTAssertEqual(gate.lane, before)
    XCTAssertEqual(lane.guarding.app.gate().lane, before, "and nothing of it is kept")
    lane.open()
    try await until("the lane of before goes on") { gate.content == .scanning }
    let first = Task { await gate.set(Lane(gate: "South gate")) }
    try await until("it is being opened") { gate.content == .opening || gate.lane.gate == "South gate" }
    let second = await gate.set(Lane(gate: "West gate", policy: "highway-toll", showsChallenges: false))
    XCTAssertTrue(second, "of two the last one holds")
    _ = await first.value
    XCTAssertNil(gate.nameProblem)
    XCTAssertEqual(gate.content, .scanning)
    XCTAssertEqual(lane.guarding.app.gate().lane, gate.lane, "another day it is the same lane")
    await lane.quit()
    XCTAssertFalse(device.isTorchOn || device.isAwake || device.isBright)
  }
}

extension GateModel.Content {
  /// The challenge that is asked of everybody; nil while something else is shown.
  fileprivate var challenge: ShownChallenge? {
    if case .challenge(let challenge) = self { challenge } else { nil }
  }
}

/// A resident with a code, and a gate that runs by an alarm that the test rings.
@MainActor
final class OpenLane {
  let stage: Stage
  let holding: Played
  let guarding: Played
  let subject: String
  let gate: GateModel
  let alarm = Alarm()
  private var screen: Task<Void, Never>?

  static func green(_ person: IdentityForm = liSi, stay: String? = nil) async throws -> OpenLane {
    let stage = try Stage()
    let holding = Played(stage)
    try await holding.launch()
    let subject = try await holding.enrol(person)
    try await holding.declare(subject, stay: stay)
    let lane = OpenLane(stage, holding, subject)
    lane.open()
    try await until("the gate has its evidence") { lane.gate.status?.time == .firm && !lane.gate.isSyncing }
    stage.world.pass(seconds: 1)
    return lane
  }

  private init(_ stage: Stage, _ holding: Played, _ subject: String) {
    (self.stage, self.holding, self.subject) = (stage, holding, subject)
    guarding = Played(stage, file: "guard.db")
    let alarm = alarm
    gate = GateModel(app: guarding.app, sleep: { try await alarm.sleep(for: $0) })
  }

  /// The screen's task, anew for each attempt.
  func open() {
    screen?.cancel()
    screen = Task { await gate.run() }
  }

  /// A code of now.
  func code() async throws -> String {
    try await XCTUnwrap(holding.app.resident).code(of: subject).text
  }

  func quit() async {
    screen?.cancel()
    await screen?.value
    gate.close()
    await guarding.quit()
    await holding.quit()
  }
}

/// Sleeps that end when the test says so.
final class Alarm: @unchecked Sendable {
  private let lock = NSLock()
  private var sleepers: [UUID: (duration: Duration, continuation: CheckedContinuation<Void, any Error>)] = [:]

  /// What is slept for now.
  var durations: [Duration] { lock.withLock { sleepers.values.map(\.duration) } }

  func sleep(for duration: Duration) async throws {
    let id = UUID()
    try await withTaskCancellationHandler {
      try await withCheckedThrowingContinuation { continuation in
        lock.withLock { sleepers[id] = (duration, continuation) }
        if Task.isCancelled { wake(id, with: .failure(CancellationError())) }
      }
    } onCancel: {
      wake(id, with: .failure(CancellationError()))
    }
  }

  /// Ends the sleeps of this length, once there is one.
  func ring(_ duration: Duration) async throws {
    try await until("somebody sleeps for \(duration)") { self.durations.contains(duration) }
    end(duration)
  }

  /// Ends the sleeps of this length that there are.
  func end(_ duration: Duration) {
    let due = lock.withLock { sleepers.filter { $0.value.duration == duration }.map(\.key) }
    for id in due { wake(id, with: .success(())) }
  }

  private func wake(_ id: UUID, with result: Result<Void, any Error>) {
    lock.withLock { sleepers.removeValue(forKey: id) }?.continuation.resume(with: result)
  }
}

/// The notice of the vectors.
private struct Outage: Decodable {
  struct Root: Decodable {
    let coseKey: String
  }

  let root: Root
  let text: String

  static func vector() throws -> Outage {
    struct Tokens: Decodable {
      let outage: Outage
    }
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    let file = URL(fileURLWithPath: environment("HEALTHCODE_OWN_VECTORS")).appendingPathComponent("tokens.json")
    return try decoder.decode(Tokens.self, from: Data(contentsOf: file)).outage
  }
}
