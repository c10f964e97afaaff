import Foundation
import Healthcode
import TestSupport
import XCTest

/// The example of bindings/README.md, as it stands there.
final class ReadmeTests: XCTestCase {
  func testTenLinesLeadFromNothingToADrawnCode() async throws {
    let stage = try Stage()
    let rootKey = stage.server.config().rootKeys[0]
    let picture = try await play(
      stage.server.path("phone.db"), stage.server.url, rootKey, stage.ports(), { try stage.server.oneTimeCode() })
    XCTAssertTrue(picture.starts(with: [0x89, 0x50, 0x4e, 0x47]))
    XCTAssertGreaterThan(picture.count, 1_000)
  }

  private func play(
    _ file: String, _ server: String, _ rootKey: Data, _ ports: Ports, _ typedDigits: () throws -> String
  ) async throws -> Data {
    let (builtAt, person, declaration) = (february(1, 0), liSi, atHome)
    // region readme
    let config = Config(
      database: file, server: server, issuer: "hangzhou", rootKeys: [rootKey], builtAt: builtAt)
    let phone = try await Resident.open(config, ports: ports)
    _ = try await phone.requestOneTimeCode(person)
    let subject = try await phone.enrol(code: typedDigits()).subject
    try await phone.sync()
    try await phone.declare(declaration, for: subject)
    try await phone.sync()
    let picture = try await phone.code(of: subject).png(pixelsPerModule: 8)
    // endregion
    return picture
  }

  func testFiveLinesJudgeACode() async throws {
    let stage = try Stage()
    let phone = try await stage.enrolled(liSi)
    try await phone.declare(atHome)
    var said: [BilingualText] = []
    try await judge(
      stage.server.config("gate.db"), stage.ports(), { try await phone.code().text },
      { _ in XCTFail("no challenge is needed") }, { said.append($0) })
    XCTAssertEqual(said, [BilingualText(zh: "请通行", en: "Let the person pass")])
  }

  private func judge(
    _ config: Config, _ ports: Ports, _ scanned: () async throws -> String, _ display: (Data) -> Void,
    _ say: (BilingualText) -> Void
  ) async throws {
    // region readme
    let lane = Lane(gate: "North gate", policy: "residential")
    let gate = try await Checkpoint.open(config, ports: ports, lane: lane)
    try await gate.sync()
    let scan = try gate.verify(await scanned(), direction: .in)
    if let challenge = scan.challenge { display(try challenge.png()) }
    say(scan.action)
    // endregion
  }
}
