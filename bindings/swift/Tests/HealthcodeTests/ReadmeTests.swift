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
}
