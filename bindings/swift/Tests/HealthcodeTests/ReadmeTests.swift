import Foundation
import Healthcode
import TestSupport
import XCTest

/// The example of bindings/README.md, as it stands there.
final class ReadmeTests: XCTestCase {
  func testTenLinesLeadFromNothingToADrawnCode() async throws {
    let server = try Server()
    let (config, vault) = (server.config(), MemoryVault())
    func readOneTimeCode() throws -> String { try server.oneTimeCode() }
    // region readme
    let resident = try await Resident.open(config, ports: Ports(vault: vault, clock: SystemClock()))
    let person = IdentityForm(
      name: "李四", documentKind: "resident-id", documentNumber: "440524188001010014",
      phone: "+86 139 0013 9000", region: "330100")
    _ = try await resident.requestOneTimeCode(person)
    let subject = try await resident.enrol(code: readOneTimeCode()).subject
    try await resident.sync()
    let healthy = [
      AnswerInput(question: "contact", value: .yesNo(yes: false)),
      AnswerInput(question: "symptoms", value: .any(options: [])),
    ]
    try await resident.declare(DeclarationInput(answers: healthy), for: subject)
    try await resident.sync()
    let picture = try await resident.code(of: subject).png()
    // endregion
    XCTAssertTrue(picture.starts(with: [0x89, 0x50, 0x4e, 0x47]))
    let colour = try await resident.code(of: subject).colour
    XCTAssertEqual(colour, .green)
  }
}
