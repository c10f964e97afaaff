// A declaration as the words of a draft, and back: `answers.` with the question's id, `stays.` with the place in the list.
// What does not read, since another version of the app wrote it, is left out.

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
      let days = [stay.from, stay.to].map { String(Int($0.timeIntervalSince1970)) }
      words["stays.\(place)"] = ([stay.region] + days).joined(separator: "\n")
    }
    return words
  }

  static func stays(_ kept: [String: String]) -> [DeclareModel.Stay] {
    var stays: [DeclareModel.Stay] = []
    while let parts = kept["stays.\(stays.count)"]?.components(separatedBy: "\n"), parts.count == 3,
      let from = TimeInterval(parts[1]), let to = TimeInterval(parts[2])
    {
      let (first, last) = (Date(timeIntervalSince1970: from), Date(timeIntervalSince1970: to))
      stays.append(DeclareModel.Stay(id: stays.count + 1, region: parts[0], from: first, to: last))
    }
    return stays
  }

  private static func words(of answer: AnswerValue) -> [String] {
    switch answer {
    case .yesNo(let yes): ["yes-no", yes ? "yes" : "no"]
    case .one(let option): ["one", option]
    case .any(let options): ["any"] + options
    case .date(let day): ["date", String(Int(LegalTime.noon(of: day)?.timeIntervalSince1970 ?? 0))]
    }
  }

  private static func answer(of parts: [String]) -> AnswerValue? {
    let said = Array(parts.dropFirst())
    switch (parts.first, said.first) {
    case ("yes-no", let word?): return .yesNo(yes: word == "yes")
    case ("one", .some): return .one(option: said.joined(separator: "\n"))
    case ("any", _): return .any(options: said)
    case ("date", let word?):
      return TimeInterval(word).map { .date(day: LegalTime.day(of: Date(timeIntervalSince1970: $0))) }
    default: return nil
    }
  }
}
