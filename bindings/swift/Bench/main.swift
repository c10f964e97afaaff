import Foundation
import Healthcode
import HealthcodeCrash
import TestSupport

// What a call across the border costs, as ratios to an empty one of the same run. Nothing is asserted: a machine that is
// busy elsewhere would fail it.

func measure(_ calls: Int, _ call: () async throws -> Void) async throws -> Double {
  for _ in 0..<calls / 10 + 1 { try await call() }
  let from = DispatchTime.now().uptimeNanoseconds
  for _ in 0..<calls { try await call() }
  return Double(DispatchTime.now().uptimeNanoseconds - from) / Double(calls) / 1_000
}

func row(_ name: String, _ micros: Double, _ empty: Double) {
  print(
    "\(name.padding(toLength: 34, withPad: " ", startingAt: 0)) \(String(format: "%10.2f us %9.1f", micros, micros / empty))"
  )
}

if CommandLine.arguments.contains("cold") {
  // A process of its own: from its first call into the library to a drawn code.
  let from = DispatchTime.now().uptimeNanoseconds
  let world = World(at: february(11, 9))
  let config = Config(
    database: CommandLine.arguments[2], server: "http://127.0.0.1:1", issuer: "hangzhou",
    rootKeys: [Data(base64Encoded: CommandLine.arguments[3]) ?? Data()], builtAt: february(1, 0))
  let clock = PhoneClock(world)
  let resident = try await Resident.open(config, ports: Ports(vault: MemoryVault(), clock: clock))
  guard let subject = try resident.home().subjects.first?.subject else { fatalError("no subject") }
  let picture = try await resident.code(of: subject).png()
  let millis = Double(DispatchTime.now().uptimeNanoseconds - from) / 1_000_000
  print(String(format: "cold start to a drawn code: %.1f ms (%d bytes)", millis, picture.count))
} else {
  let world = World(at: february(11, 9))
  let server = try Server(world)
  let phone = try await Phone.enrolled(zhangSan, at: server, in: world)
  try await phone.declare(stayInWuhan)
  try await phone.checkIn()
  let card = Card(subject: phone.subject, maskedName: "*三", days: [1, 2, 3, 4, 5, 6, 7], waiting: 1)
  let order = Quarantine(
    startsOn: day(2, 11), days: 14, issuedAt: february(11, 9),
    terms: QuarantineTerms(
      calendar: 480, missedDay: .restart, creditBeforeIssue: false, lateUntilMinutes: 120, maxTotalDays: 42,
      maxAmbiguous: 1, maxOfflineHours: 72, releaseAt: .dayEnd))
  let taps = (11..<24).map { Tap(earliest: february($0, 10), latest: february($0, 10), received: february($0, 10)) }

  let empty = try await measure(100_000) { try nothing() }
  print("                                          a call  to an empty one")
  row("an empty call", empty, empty)
  row("a record there and back", try await measure(20_000) { _ = try echo(card: card) }, empty)
  row("today's code with its matrix", try await measure(200) { _ = try await phone.code() }, empty)
  row("its picture as PNG", try await measure(200) { _ = try await phone.code().png() }, empty)
  row(
    "the count of 13 check-ins",
    try await measure(2_000) { _ = try countQuarantine(order, taps: taps, at: february(24, 9)) }, empty)
  row("the quarantine's screen", try await measure(500) { _ = try phone.resident.quarantine(of: phone.subject) }, empty)
  row("the first screen", try await measure(500) { _ = try phone.resident.home() }, empty)

  phone.resident.close()
  for _ in 0..<3 {
    let cold = Process()
    cold.executableURL = URL(fileURLWithPath: CommandLine.arguments[0])
    cold.arguments = ["cold", server.path("phone.db"), server.config().rootKeys[0].base64EncodedString()]
    try cold.run()
    await withCheckedContinuation { continuation in cold.terminationHandler = { _ in continuation.resume() } }
  }
}
