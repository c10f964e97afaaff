import Foundation
import Healthcode
import TestSupport
import XCTest

/// The vectors that every language of this project asserts: a payload in, the matrix out; the worked examples of a
/// quarantine in, its days out.
final class VectorTests: XCTestCase {
  func testAPayloadBecomesItsMatrix() throws {
    struct Tokens: Decodable {
      let text: String
      let qr: Matrix
    }
    struct Matrix: Decodable {
      let rows: [String]
    }
    let tokens = try JSONDecoder().decode(Tokens.self, from: vector("tokens.json"))
    let picture = try drawLuminance(tokens.text)
    let (side, quiet) = (Int(picture.side), 4)
    XCTAssertEqual(side, tokens.qr.rows.count + 2 * quiet)
    let rows = (0..<side).map { row in
      String(picture.pixels[row * side..<(row + 1) * side].map { $0 == 0 ? "1" : "0" })
    }
    XCTAssertEqual(rows[quiet..<side - quiet].map { String($0.dropFirst(quiet).dropLast(quiet)) }, tokens.qr.rows)
    let light = String(repeating: "0", count: side)
    XCTAssertEqual(Array(rows[..<quiet] + rows[(side - quiet)...]), Array(repeating: light, count: 2 * quiet))
  }

  func testACheckInThatAReplacedPhoneBroughtLeavesTheDayToTheOtherOnes() throws {
    let order = try XCTUnwrap(examples().first).order.quarantine
    let instants = [60, 120].map(order.issuedAt.addingTimeInterval)
    for late in [false, true] {
      let taps = zip(instants, [late, false]).map { Tap(earliest: $0, latest: $0, received: $0, late: $1) }
      let counted = try countQuarantine(order, taps: taps, at: instants[1]).attributions.map {
        if case .counted = $0 { true } else { false }
      }
      XCTAssertEqual(counted, [!late, late])
    }
  }

  private func examples() throws -> [Examples.Example] {
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    decoder.dateDecodingStrategy = .custom { decoder in
      let text = try decoder.singleValueContainer().decode(String.self)
      // Some name milliseconds, which Foundation reads only when told.
      let formatter = ISO8601DateFormatter()
      if text.contains(".") { formatter.formatOptions.insert(.withFractionalSeconds) }
      guard let date = formatter.date(from: text) else { throw CocoaError(.formatting) }
      return date
    }
    return try decoder.decode(Examples.self, from: vector("quarantine.json")).examples
  }

  func testEveryWorkedExampleOfAQuarantineHoldsAtEveryInstantThatItNames() throws {
    let examples = try examples()
    XCTAssertEqual(examples.count, 50)
    for example in examples {
      let taps = example.taps.map { Tap(earliest: $0.earliest, latest: $0.latest, received: $0.received) }
      for check in example.checks {
        let count = try countQuarantine(
          example.order.quarantine, taps: Array(taps.prefix(check.known)), at: check.at)
        let place = "\(example.name), at \(check.at)"
        let progress = count.progress
        XCTAssertEqual(progress.counted, check.counted, place)
        XCTAssertEqual(progress.days, example.order.days, place)
        XCTAssertEqual(written(progress.today), check.today, place)
        XCTAssertEqual(
          Dictionary(uniqueKeysWithValues: progress.calendar.map { (written($0.date), word("\($0.state)")) }),
          check.calendar, place)
        XCTAssertEqual(progress.due.map { written($0.day) }, check.due?.day, place)
        XCTAssertEqual(progress.due?.deadline, check.due?.deadline, place)
        XCTAssertEqual(progress.due.map { word("\($0.effect)") }, check.due?.effect, place)
        XCTAssertEqual(progress.nextOpensAt, check.nextOpensAt, place)
        XCTAssertEqual(progress.earliestRelease, check.earliestRelease, place)
        switch progress.phase {
        case .running: XCTAssertEqual(check.phase, "running", place)
        case .review: XCTAssertEqual(check.phase, "review", place)
        case .complete(let releaseAt):
          XCTAssertEqual(check.phase, "complete", place)
          XCTAssertEqual(releaseAt, check.releaseAt, place)
        }
        let attributions = count.attributions.map { attribution in
          switch attribution {
          case .counted(let day, let certainty):
            Examples.Attribution(day: written(day), certainty: word("\(certainty)"), not: nil)
          case .not(let reason): Examples.Attribution(day: nil, certainty: nil, not: word("\(reason)"))
          }
        }
        XCTAssertEqual(attributions, check.attributions, place)
      }
    }
  }

  private func vector(_ name: String) throws -> Data {
    try Data(contentsOf: URL(fileURLWithPath: environment("HEALTHCODE_OWN_VECTORS")).appendingPathComponent(name))
  }

  private func written(_ date: DateComponents) -> String {
    String(format: "%04d-%02d-%02d", date.year ?? 0, date.month ?? 0, date.day ?? 0)
  }

  /// `beforeIssue` as the vectors write it: `before-issue`.
  private func word(_ name: String) -> String {
    name.reduce(into: "") { $0 += $1.isUppercase ? "-\($1.lowercased())" : String($1) }
  }
}

private struct Examples: Decodable {
  let examples: [Example]

  struct Example: Decodable {
    let name: String
    let order: Order
    let taps: [TapJson]
    let checks: [Check]
  }

  struct Order: Decodable {
    let startsOn: String
    let days: UInt16
    let issuedAt: Date
    let terms: Terms

    var quarantine: Quarantine {
      let parts = startsOn.split(separator: "-").compactMap { Int($0) }
      return Quarantine(
        startsOn: DateComponents(year: parts[0], month: parts[1], day: parts[2]),
        days: days,
        issuedAt: issuedAt,
        terms: QuarantineTerms(
          calendar: terms.offsetMinutes,
          missedDay: terms.missedDay.value,
          creditBeforeIssue: terms.creditBeforeIssue,
          lateUntilMinutes: terms.lateUntilMinutes,
          maxTotalDays: terms.maxTotalDays,
          maxAmbiguous: terms.maxAmbiguous,
          maxOfflineHours: terms.maxOfflineHours,
          releaseAt: terms.releaseAt == "day_end" ? .dayEnd : .lastCheckIn
        )
      )
    }
  }

  struct Terms: Decodable {
    let offsetMinutes: Int16
    let missedDay: Missed
    let creditBeforeIssue: Bool
    let lateUntilMinutes: UInt16
    let maxTotalDays: UInt16
    let maxAmbiguous: UInt16
    let maxOfflineHours: UInt16
    let releaseAt: String
  }

  struct Missed: Decodable {
    let policy: String
    let days: UInt16?

    var value: MissedDay {
      switch policy {
      case "restart": .restart
      case "extend": .extend
      default: .tolerate(days: days ?? 0)
      }
    }
  }

  struct TapJson: Decodable {
    let earliest: Date
    let latest: Date
    let received: Date?
  }

  struct Check: Decodable {
    let at: Date
    let known: Int
    let phase: String
    let counted: UInt16
    let today: String
    let calendar: [String: String]
    let due: Due?
    let nextOpensAt: Date?
    let earliestRelease: Date?
    let releaseAt: Date?
    let attributions: [Attribution]
  }

  struct Due: Decodable {
    let day: String
    let deadline: Date
    let effect: String
  }

  struct Attribution: Decodable, Equatable {
    let day: String?
    let certainty: String?
    let not: String?
  }
}
