// Where a subject was, and what of it met exposure notices. All of it stays on this phone.

import Foundation
import Observation

/// A subject's journeys and visits, and their matches. The screen runs it while it is seen.
@MainActor
@Observable
public final class ExposureModel {
  /// A journey as it is typed in.
  public struct Trip: Equatable, Sendable {
    /// How.
    public var mode: TransportMode = .train
    /// The number of the train, flight or coach.
    public var number = ""
    /// The date on the ticket, any instant of it in the legal calendar.
    public var date: Date
    /// Carriage or row; empty where it is not known.
    public var place = ""
    /// Where it was boarded, six digits of GB/T 2260.
    public var from = ""
    /// Where it was left, the same.
    public var to = ""
    /// When it was boarded; nil where it is not known.
    public var departedAt: Date?
    /// When it was left; nil where it is not known.
    public var arrivedAt: Date?
  }

  /// Journeys and visits, in the order in which they were recorded; nil while they are being read.
  public private(set) var entries: [WhereaboutsEntry]?
  /// The matches, the latest day last.
  public private(set) var exposures: [Exposure] = []
  /// How far the authority's log was read.
  public private(set) var noticeState: NoticeState?
  /// The journey that is being typed in, kept over the end of the app; nil where none is.
  public var trip: Trip? { didSet { draft.keep(trip == begun ? [:] : trip.map(DraftWords.of) ?? [:]) } }
  /// Whether it was typed in before the app was last opened.
  public private(set) var isTripRestored = false
  /// What is wrong with it, by the core's name of the field.
  public private(set) var problems: [String: BilingualText] = [:]
  /// What went wrong that is no field's.
  public private(set) var trouble: Trouble?
  /// Why the last fetch of notices did not work; nil after one that did.
  public private(set) var fetchTrouble: Trouble?
  /// Whether notices are being fetched; ``cancelFetch()`` ends it.
  public private(set) var isFetching = false
  /// Whether something is being recorded or deleted: a moment.
  public private(set) var isWorking = false
  /// What the last fetch came to; its `waitingBytes` are large files that were left.
  public private(set) var report: NoticeReport?
  /// Whose they are.
  public let subject: String

  private let app: AppModel
  private let draft: Draft
  /// The journey of today that nothing was typed into yet.
  private var begun: Trip?
  private var fetching: Task<Void, Never>?
  private var failed: Again?
  private var fetchedLarge = false

  init(app: AppModel, subject: String) {
    (self.app, self.subject) = (app, subject)
    draft = Draft(app: app, form: "journey", subject: subject)
    let kept = draft.read()
    guard !kept.isEmpty else { return }
    (trip, isTripRestored) = (DraftWords.trip(kept), true)
  }

  /// Whether something was typed into the journey, which would be lost with it.
  public var isTripTyped: Bool { trip != nil && trip != begun }

  /// Reads what is there, and follows it until the task ends.
  public func run() async {
    do {
      let resident = try await app.opened()
      trouble = nil
      for try await _ in resident.homes() { read() }
    } catch {
      show(error) { [app] in app.retry() }
    }
  }

  /// Begins to type in a journey of today.
  public func startTrip() {
    begun = Trip(date: app.time.now() ?? Date(timeIntervalSince1970: 0))
    (problems, isTripRestored, trip) = ([:], false, begun)
  }

  /// Lets go of it.
  public func dropTrip() {
    (problems, isTripRestored, trip) = ([:], false, nil)
  }

  /// Records the journey that was typed in, and matches it. Wrong fields are in ``problems``.
  public func recordTrip() async {
    guard let trip, !isWorking else { return }
    let place = trip.place.trimmingCharacters(in: .whitespaces)
    // What is no number is said to be wrong by the core as the number that no carriage has.
    let input = TripInput(
      mode: trip.mode, number: trip.number, date: LegalTime.day(of: trip.date),
      place: place.isEmpty ? nil : UInt16(place) ?? 0, from: trip.from, to: trip.to, departedAt: trip.departedAt,
      arrivedAt: trip.arrivedAt)
    let again: Again = { [weak self] in await self?.recordTrip() }
    await attempt(again: again) { resident in
      try await resident.recordTrip(input, for: self.subject)
      self.dropTrip()
    }
  }

  /// Leaves a venue now.
  public func leave(_ entry: WhereaboutsEntry) async {
    let again: Again = { [weak self] in await self?.leave(entry) }
    await attempt(again: again) {
      try await $0.leaveVenue(entry.id, for: self.subject)
    }
  }

  /// Deletes an entry with its matches; nil deletes all of them.
  public func forget(_ entry: WhereaboutsEntry?) async {
    let again: Again = { [weak self] in await self?.forget(entry) }
    await attempt(again: again) {
      try await $0.forgetWhereabouts(of: self.subject, entry: entry?.id)
    }
  }

  /// Answers a match: that its entry is wrong, which sends nothing, or that the authority is to be told, which the next
  /// exchange sends.
  public func answer(_ exposure: Exposure, with answer: ExposureAnswer) async {
    let again: Again = { [weak self] in await self?.answer(exposure, with: answer) }
    await attempt(again: again) { resident in
      let recorded = try await resident.answer(exposure: exposure.id, with: answer, for: self.subject)
      self.app.look()
      if recorded != nil { self.app.startSync() }
    }
  }

  /// Fetches the notices that are new, and matches them here; with `large`, also large files.
  public func fetch(large: Bool = false) async {
    guard fetching == nil else { return }
    (isFetching, fetchTrouble, fetchedLarge) = (true, nil, large)
    let task = Task { await fetchNotices(large: large) }
    fetching = task
    await task.joined()
    (fetching, isFetching) = (nil, false)
    app.look()
  }

  /// Fetches once more, after a fetch that did not work.
  public func retryFetch() async { await fetch(large: fetchedLarge) }

  // Beside what is recorded meanwhile: neither waits for the other, nor takes away what is wrong with it.
  private func fetchNotices(large: Bool) async {
    do {
      report = try await app.phone().fetchNotices(large: large)
    } catch {
      if error != .cancelled { fetchTrouble = Trouble(error) }
    }
    read()
  }

  /// Ends the fetch that is under way; nothing is lost by it.
  public func cancelFetch() { fetching?.cancel() }

  /// Tries again what did not work, and nothing else; where it is the file, opens that once more.
  public func retry() async { await app.again(failed) }

  private func attempt(
    again: @escaping Again, _ call: @MainActor (Resident) async throws -> Void
  ) async {
    isWorking = true
    defer { isWorking = false }
    do {
      trouble = nil
      try await call(app.phone())
    } catch {
      show(error, again: again)
    }
    read()
  }

  private func read() {
    do {
      let resident = try app.phone()
      entries = try resident.whereabouts(of: subject)
      exposures = try resident.exposures(of: subject)
      noticeState = try resident.noticeState()
    } catch {
      if entries == nil { show(error) { [app] in app.retry() } }
    }
  }

  private func show(_ error: any Error, again: @escaping Again) {
    let error = error as? HealthcodeError ?? .internal(incident: "unexpected")
    switch error {
    case .invalidField(let field, _) where trip != nil: problems = [field: error.text]
    case .cancelled: break
    default: (trouble, failed) = (Trouble(error), again)
    }
  }
}
