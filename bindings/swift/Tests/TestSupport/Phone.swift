import Foundation
import Healthcode

/// The resident of the embedded records who was in a high-risk area.
public let zhangSan = IdentityForm(
  name: "张三",
  documentKind: "resident-id",
  documentNumber: "11010519491231002X",
  phone: "+8613800138000",
  region: "330100"
)

/// A resident of the embedded records of whom nothing is known.
public let liSi = IdentityForm(
  name: "李四",
  documentKind: "resident-id",
  documentNumber: "440524188001010014",
  phone: "+8613900139000",
  region: "330100"
)

/// A day of the legal calendar in 2020.
public func day(_ month: Int, _ day: Int) -> DateComponents {
  DateComponents(year: 2020, month: month, day: day)
}

/// A declaration of nothing.
public let atHome = DeclarationInput(answers: [
  AnswerInput(question: "contact", value: .yesNo(yes: false)),
  AnswerInput(question: "symptoms", value: .any(options: [])),
])

/// A declaration of a stay in a high-risk area.
public let stayInWuhan = DeclarationInput(
  answers: atHome.answers,
  travel: [StayInput(region: "420100", from: day(1, 29), to: day(2, 8))]
)

/// A resident's phone over a server process in virtual time.
public struct Phone: Sendable {
  public let resident: Resident
  public let clock: PhoneClock
  public let subject: String

  /// Opens a phone's file and enrols a resident.
  public static func enrolled(
    _ identity: IdentityForm,
    at server: Server,
    in world: World,
    file: String = "phone.db"
  ) async throws -> Phone {
    let clock = PhoneClock(world)
    let ports = Ports(vault: MemoryVault(), clock: clock)
    let resident = try await Resident.open(server.config(file), ports: ports)
    _ = try await resident.requestOneTimeCode(identity)
    let enrolment = try await resident.enrol(code: server.oneTimeCode())
    try await resident.sync()
    return Phone(resident: resident, clock: clock, subject: enrolment.subject)
  }

  /// Records a declaration, and syncs.
  public func declare(_ declaration: DeclarationInput) async throws {
    try await resident.declare(declaration, for: subject)
    try await resident.sync()
  }

  /// A check-in, and a sync.
  public func checkIn() async throws {
    try await resident.checkIn(subject)
    try await resident.sync()
  }

  /// A code of now.
  public func code() async throws -> ShownCode { try await resident.code(of: subject) }
}
