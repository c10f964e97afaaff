// The quarantine on the screen: the core's calendar and countdown, the check-in of the day, the proof.

import Foundation
import Observation

/// A subject's quarantine. The screen runs it while it is seen.
@MainActor
@Observable
public final class QuarantineModel {
  /// What the screen shows.
  public enum Content: Equatable {
    /// It is being read: a moment.
    case opening
    /// The order in force.
    case order(QuarantineView)
    /// No order is in force.
    case free
    /// It cannot be read: why, and what to do.
    case none(Trouble)
  }

  /// What the screen shows.
  public private(set) var content: Content = .opening
  /// The symptoms that can be named with a check-in.
  public private(set) var symptoms: [Choice] = []
  /// The ids of those that are marked for the check-in of this legal day, kept over the end of the app.
  public var marked: Set<String> = [] {
    didSet {
      restored.formIntersection(marked)
      keep()
    }
  }
  /// Whether they were marked before the app was last opened.
  public private(set) var isRestored = false
  /// The last check-in that was recorded on this screen.
  public private(set) var recorded: Recorded?
  /// What went wrong with a check-in or a proof.
  public private(set) var trouble: Trouble?
  /// Whether a check-in is being recorded: a moment.
  public private(set) var isWorking = false
  /// The proof to share, once it was asked for.
  public private(set) var proof: Document?
  /// Whether a proof was asked for where there was no quarantine.
  public private(set) var hasNothingToProve = false
  /// Whether the reminders will be shown; nil before the person was asked.
  public private(set) var remindersAllowed: Bool?
  /// Whose it is.
  public let subject: String

  private let app: AppModel
  private let draft: Draft
  /// What was kept before the app was last opened, until the day is known.
  private var before: [String: String]
  /// The day on which symptoms were marked: on another one they are not said again.
  private var markedOn: DateComponents?
  /// Those of them that were marked before the app was last opened, and not touched since.
  private var restored: Set<String> = []
  private var failed: Again?

  init(app: AppModel, subject: String) {
    (self.app, self.subject) = (app, subject)
    draft = Draft(app: app, form: "check-in", subject: subject)
    before = draft.read()
  }

  /// The order in force; nil where there is none.
  public var order: QuarantineView? {
    if case .order(let view) = content { view } else { nil }
  }

  /// The calendar in weeks from Monday, nil where the first and the last week have no day of the order.
  public var weeks: [[QuarantineDay?]] {
    guard let days = order?.calendar, let first = days.first, let start = LegalTime.noon(of: first.date)
    else { return [] }
    let weekday = (LegalTime.calendar.component(.weekday, from: start) + 5) % 7
    let cells = Array(repeating: nil, count: weekday) + days.map(Optional.some)
    return stride(from: 0, to: cells.count, by: 7).map { from in
      let week = cells[from..<min(from + 7, cells.count)]
      return Array(week) + Array(repeating: nil, count: 7 - week.count)
    }
  }

  /// Follows the quarantine until the task ends.
  public func run() async {
    do {
      let resident = try await app.opened()
      for try await _ in resident.homes() { try read(resident) }
    } catch {
      fail(error)
    }
  }

  /// Takes back what is marked.
  public func unmark() { marked = [] }

  /// Asks whether reminders may be shown, where an order is in force.
  public func askForReminders() async {
    remindersAllowed = await app.askForReminders()
  }

  /// Records the day's check-in with the symptoms that are marked, and begins to send it. It needs no network.
  public func checkIn() async {
    guard !isWorking else { return }
    isWorking = true
    defer { isWorking = false }
    do {
      let resident = try app.phone()
      recorded = try await resident.checkIn(subject, symptoms: symptoms.map(\.id).filter(marked.contains))
      (marked, trouble, failed) = ([], nil, nil)
      try read(resident)
      app.look()
      app.startSync()
    } catch {
      (trouble, failed) = (Trouble(error), { [weak self] in await self?.checkIn() })
    }
  }

  /// Makes the proof of the quarantine to share: whoever has the trust list verifies it. No name and no answers are in it.
  public func makeProof() async {
    do {
      let text = try await app.phone().quarantineProof(of: subject)
      (proof, trouble, failed) = (Document(name: "quarantine-proof.json", data: Data(text.utf8)), nil, nil)
    } catch .invalidField("order", _) {
      hasNothingToProve = true
    } catch {
      (trouble, failed) = (Trouble(error), { [weak self] in await self?.makeProof() })
    }
  }

  /// Tries again what did not work, and nothing else.
  public func retry() async { await failed?() }

  /// Lets go of the proof, when it was shared.
  public func dropProof() { proof = nil }

  private func read(_ resident: Resident) throws(HealthcodeError) {
    content = try resident.quarantine(of: subject).map(Content.order) ?? .free
    settle()
    if let form = try? resident.form(of: subject), form.symptoms != symptoms { symptoms = form.symptoms }
  }

  private func keep() {
    guard before.isEmpty else { return }
    if marked.isEmpty { (markedOn, isRestored) = (nil, false) } else { markedOn = markedOn ?? order?.today }
    let day = markedOn.flatMap(LegalTime.noon(of:)).map(DraftWords.seconds)
    let ids = marked.sorted().joined(separator: " ")
    draft.keep(day.map { ["day": $0, "symptoms": ids] } ?? [:])
  }

  /// What was marked earlier on this day stands again; what was kept of another one, or of an order that has ended, is
  /// forgotten. What was marked on this screen stays: the person sees it, and which day it is comes with an exchange.
  private func settle() {
    let (kept, today) = (before, order?.today)
    before = [:]
    let day = DraftWords.instant(kept["day"]).map(LegalTime.day(of:))
    if let day, day == today {
      let ids = Set((kept["symptoms"] ?? "").components(separatedBy: " "))
      (markedOn, isRestored, restored) = (day, true, ids.subtracting(marked))
      marked.formUnion(ids)
    } else if today == nil {
      if !kept.isEmpty || !marked.isEmpty { marked = [] }
    } else if !kept.isEmpty || (markedOn != nil && markedOn != today) {
      (markedOn, isRestored) = (nil, false)
      marked.subtract(restored)
    }
  }

  private func fail(_ error: any Error) {
    let error = error as? HealthcodeError ?? .internal(incident: "unexpected")
    if error != .cancelled { content = .none(Trouble(error)) }
  }
}
