// The time on the screen. It runs on by the boot clock from the last reading of the core, never by the wall clock.

import Foundation
import Observation

/// The time as the phone's file knows it, running on between two looks at the file.
@MainActor
@Observable
public final class TrustedTime {
  /// Whether it is more than a lower bound; where it is not, mark the time on the screen, and the day with it.
  public private(set) var sure = false
  /// What to tell the person about the time; nil where all is well.
  public private(set) var notice: TimeNotice?
  private var base: (instant: Date, bootMillis: Int64)?
  private let clock: any DeviceClock

  init(clock: any DeviceClock) {
    self.clock = clock
  }

  /// The time now; nil before the file has been opened. For a view that looks every second.
  public func now() -> Date? {
    guard let base else { return nil }
    guard let reading = try? clock.read() else { return base.instant }
    return base.instant.addingTimeInterval(Double(max(0, reading.bootMillis - base.bootMillis)) / 1_000)
  }

  func take(_ state: TimeState) {
    guard let reading = try? clock.read() else { return }
    base = (state.now, reading.bootMillis)
    if sure != state.sure { sure = state.sure }
    if notice != state.notice { notice = state.notice }
  }
}

/// The legal calendar, for showing days and instants and for picking days: one fixed offset for the whole country.
public enum LegalTime {
  /// +08:00. Which day counts is the core's to say; this is for the screen alone.
  public static let zone = TimeZone(secondsFromGMT: 8 * 3_600) ?? .gmt

  /// The Gregorian calendar in that zone; weeks begin on Monday.
  public static let calendar: Calendar = {
    var calendar = Calendar(identifier: .gregorian)
    calendar.timeZone = zone
    calendar.firstWeekday = 2
    return calendar
  }()

  /// The day in which an instant lies.
  public static func day(of instant: Date) -> DateComponents {
    let parts = calendar.dateComponents([.year, .month, .day], from: instant)
    // Calendars may set more than what was asked for, and days are compared.
    return DateComponents(year: parts.year, month: parts.month, day: parts.day)
  }

  /// Noon of a day, for date pickers and formatters; nil for components that are no day.
  public static func noon(of day: DateComponents) -> Date? {
    guard let date = calendar.date(from: DateComponents(year: day.year, month: day.month, day: day.day, hour: 12)),
      self.day(of: date) == DateComponents(year: day.year, month: day.month, day: day.day)
    else { return nil }
    return date
  }
}

/// The language of the app.
public enum Language: String, Equatable, Hashable, Sendable, CaseIterable {
  /// The phone's.
  case system
  /// Simplified Chinese.
  case chinese = "zh-Hans"
  /// English.
  case english = "en"

  /// The BCP 47 tag of what is shown.
  public var tag: String { self == .system ? Locale.preferredLanguages.first ?? "en" : rawValue }
}
