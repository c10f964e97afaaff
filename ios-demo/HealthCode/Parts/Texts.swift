// What the app says in its own words, in the language that the person chose. What the core says comes in both languages
// with the data, and only the choice between them is made here.

import DemoKit
import SwiftUI

/// The app's own texts in one language, and days and instants as that language writes them.
struct Texts {
  /// The BCP 47 tag of the language.
  let tag: String
  /// How numbers and dates are written in it.
  let locale: Locale
  private let bundle: Bundle

  /// The texts of a language: Chinese where it is Chinese, English everywhere else.
  init(_ language: Language) {
    tag = language.tag
    let name = tag == "zh" || tag.hasPrefix("zh-") ? "zh-Hans" : "en"
    locale = Locale(identifier: name == "en" ? tag : name)
    // The choice in the app goes before the phone's: the main bundle would follow the phone.
    bundle = Bundle.main.path(forResource: name, ofType: "lproj").flatMap(Bundle.init(path:)) ?? .main
  }

  /// A text without gaps.
  func callAsFunction(_ key: Key) -> String {
    bundle.localizedString(forKey: key.rawValue, value: nil, table: nil)
  }

  /// A text with its gaps filled, in the order of their numbers.
  func callAsFunction(_ key: Key, _ parts: String...) -> String {
    String(format: self(key), locale: locale, arguments: parts.map { $0 as any CVarArg })
  }

  /// A text of the core.
  func callAsFunction(_ text: BilingualText) -> String { text.inLanguage(tag) }

  /// A legal day, such as 11 Feb 2020.
  func day(_ day: DateComponents) -> String {
    guard let noon = LegalTime.noon(of: day) else { return "" }
    return noon.formatted(style(date: .abbreviated, time: .omitted))
  }

  /// An instant to the minute, in legal time.
  func instant(_ instant: Date) -> String { instant.formatted(style(date: .abbreviated, time: .shortened)) }

  /// An instant to the second, in legal time.
  func clock(_ instant: Date) -> String { instant.formatted(style(date: .abbreviated, time: .standard)) }

  /// The days of the week from Monday, in one sign each.
  var weekdays: [String] {
    var calendar = LegalTime.calendar
    calendar.locale = locale
    let symbols = calendar.veryShortStandaloneWeekdaySymbols
    return Array(symbols.dropFirst() + symbols.prefix(1))
  }

  /// A number.
  func number(_ number: some BinaryInteger) -> String { Int(clamping: number).formatted(.number.locale(locale)) }

  private func style(date: Date.FormatStyle.DateStyle, time: Date.FormatStyle.TimeStyle) -> Date.FormatStyle {
    Date.FormatStyle(
      date: date, time: time, locale: locale, calendar: LegalTime.calendar, timeZone: LegalTime.zone)
  }
}

private struct TextsKey: EnvironmentKey {
  static var defaultValue: Texts { Texts(.system) }
}

extension EnvironmentValues {
  /// The app's texts.
  var texts: Texts {
    get { self[TextsKey.self] }
    set { self[TextsKey.self] = newValue }
  }
}
