// A declaration and a journey as the words of a draft, and back. Of a declaration: `answers.` with the question's id,
// `stays.` with the place in the list; of a journey the core's names of the fields. Instants are seconds of 1970. What
// does not read, since another version of the app wrote it, is left out.

import Foundation

enum DraftWords {
  static func of(_ answers: [String: AnswerValue]) -> [String: String] {
    Dictionary(uniqueKeysWithValues: answers.map { ("answers." + $0.key, words(of: $0.value).joined(separator: "\n")) })
  }

  static func answers(_ kept: [String: String]) -> [String: AnswerValue] {
    var answers: [String: AnswerValue] = [:]
    for (name, word) in kept where name.hasPrefix("answers.") {
      answers[String(name.dropFirst("answers.".count))] = answer(of: word.components(separatedBy: "\n"))
    }
    return answers
  }

  static func of(_ stays: [DeclareModel.Stay]) -> [String: String] {
    var words: [String: String] = [:]
    for (place, stay) in stays.enumerated() {
      words["stays.\(place)"] = ([stay.region] + [stay.from, stay.to].map(seconds)).joined(separator: "\n")
    }
    return words
  }

  static func stays(_ kept: [String: String]) -> [DeclareModel.Stay] {
    var stays: [DeclareModel.Stay] = []
    while let parts = kept["stays.\(stays.count)"]?.components(separatedBy: "\n"), parts.count == 3,
      let from = instant(parts[1]), let to = instant(parts[2])
    {
      stays.append(DeclareModel.Stay(id: stays.count + 1, region: parts[0], from: from, to: to))
    }
    return stays
  }

  static func of(_ trip: ExposureModel.Trip) -> [String: String] {
    let instants = ["date": trip.date, "departed_at": trip.departedAt, "arrived_at": trip.arrivedAt]
    let words = ["number": trip.number, "place": trip.place, "from": trip.from, "to": trip.to]
    return words.filter { !$0.value.isEmpty }
      .merging(instants.compactMapValues { $0.map(seconds) }) { first, _ in first }
      .merging(["mode": modes.first { $0.value == trip.mode }?.key ?? ""]) { first, _ in first }
  }

  static func trip(_ kept: [String: String]) -> ExposureModel.Trip {
    var trip = ExposureModel.Trip(date: instant(kept["date"]) ?? Date(timeIntervalSince1970: 0))
    trip.mode = kept["mode"].flatMap { modes[$0] } ?? trip.mode
    (trip.number, trip.place) = (kept["number"] ?? "", kept["place"] ?? "")
    (trip.from, trip.to) = (kept["from"] ?? "", kept["to"] ?? "")
    (trip.departedAt, trip.arrivedAt) = (instant(kept["departed_at"]), instant(kept["arrived_at"]))
    return trip
  }

  private static let modes: [String: TransportMode] = ["train": .train, "flight": .flight, "coach": .coach]

  /// An instant as a draft keeps it.
  static func seconds(_ instant: Date) -> String { String(Int(instant.timeIntervalSince1970)) }

  /// The instant that a draft has kept.
  static func instant(_ word: String?) -> Date? {
    word.flatMap(TimeInterval.init).map(Date.init(timeIntervalSince1970:))
  }

  private static func words(of answer: AnswerValue) -> [String] {
    switch answer {
    case .yesNo(let yes): ["yes-no", yes ? "yes" : "no"]
    case .one(let option): ["one", option]
    case .any(let options): ["any"] + options
    case .date(let day): ["date", seconds(LegalTime.noon(of: day) ?? Date(timeIntervalSince1970: 0))]
    }
  }

  private static func answer(of parts: [String]) -> AnswerValue? {
    let said = Array(parts.dropFirst())
    switch (parts.first, said.first) {
    case ("yes-no", let word?): return .yesNo(yes: word == "yes")
    case ("one", .some): return .one(option: said.joined(separator: "\n"))
    case ("any", _): return .any(options: said)
    case ("date", let word?): return instant(word).map { .date(day: LegalTime.day(of: $0)) }
    default: return nil
    }
  }
}
