// What an app does while nobody looks: it syncs, reads the notices of the day, and is woken when the core says that
// something is due. The work is the same on every platform; who wakes the app is the system's. An own app may take this
// file with what it imports.

import Foundation
import HealthcodeNative

/// The work of a wake in the background, and when the next one is due.
public enum RefreshWork {
  /// Syncs, and reads the exposure notices where the last reading is a day old. What fails is tried again with the next
  /// wake, and is no reason not to do the rest. Gives the seconds from now to the next wake, nil for none.
  ///
  /// Throws `closed`, `cancelled`, and what ``Resident/home()`` does.
  public static func run(_ resident: Resident) async throws(HealthcodeError) -> TimeInterval? {
    do {
      try await resident.sync()
    } catch {
      if error == .cancelled || error == .closed { throw error }
    }
    do {
      if try secondsToNotices(resident) ?? 0 == 0 { try await resident.fetchNotices() }
    } catch {
      if error == .cancelled || error == .closed { throw error }
    }
    return try secondsToNext(resident)
  }

  /// Seconds from now until the app has something to do, nil for nothing: when the core's `nextWake` comes, or when the
  /// notices of the next day want to be read.
  public static func secondsToNext(_ resident: Resident) throws(HealthcodeError) -> TimeInterval? {
    let home = try resident.home()
    guard !home.subjects.isEmpty else { return nil }
    // Both are of the core's time; the wall clock, which the system wakes by, may show another.
    let due = home.nextWake.map { max($0.timeIntervalSince(home.time.now), 0) }
    return [due, try secondsToNotices(resident)].compactMap { $0 }.min()
  }

  /// Seconds from now to each reminder of a check-in of everybody on this phone, the next one first: for local
  /// notifications, which need no wake.
  public static func secondsToReminders(_ resident: Resident) throws(HealthcodeError) -> [TimeInterval] {
    var found: Set<TimeInterval> = []
    for card in try resident.home().subjects where card.orderDays != nil {
      guard let view = try resident.quarantine(of: card.subject) else { continue }
      found.formUnion(view.reminders.map { $0.timeIntervalSince(view.time.now) }.filter { $0 > 0 })
    }
    return found.sorted()
  }

  // Once a day is what the log is made for. Nil before the first reading: an authority that publishes no notices is no
  // reason to wake.
  private static func secondsToNotices(_ resident: Resident) throws(HealthcodeError) -> TimeInterval? {
    guard let read = try resident.noticeState().at else { return nil }
    return max(read.addingTimeInterval(86_400).timeIntervalSince(try resident.home().time.now), 0)
  }
}

#if canImport(BackgroundTasks) && !os(macOS)
  import BackgroundTasks

  /// A task of the system's, which may be completed from any thread.
  private struct Woken: @unchecked Sendable {
    let task: BGTask
  }

  /// Wakes an app in the background when the core has something to do. Its identifier stands in the app's Info.plist under
  /// `BGTaskSchedulerPermittedIdentifiers`, and `fetch` under `UIBackgroundModes`. The system wakes an app later than
  /// asked, or never for one that nobody uses: a check-in's reminder is a local notification and no wake.
  public final class BackgroundRefresh: Sendable {
    private let identifier: String
    private let open: @Sendable () async throws -> Resident
    private let afterwards: @Sendable (Resident) async -> Void

    /// A refresh over what `open` gives: the open phone, or one opened now. `afterwards` is for what the app makes of what
    /// came, such as the reminders of ``RefreshWork/secondsToReminders(_:)``.
    public init(
      identifier: String,
      open: @escaping @Sendable () async throws -> Resident,
      afterwards: @escaping @Sendable (Resident) async -> Void = { _ in }
    ) {
      self.identifier = identifier
      self.open = open
      self.afterwards = afterwards
    }

    /// Says what is to run. Call it once, before the app has finished launching. False where the identifier is not among
    /// those of the Info.plist.
    @discardableResult
    public func register() -> Bool {
      BGTaskScheduler.shared.register(forTaskWithIdentifier: identifier, using: nil) { task in
        let woken = Woken(task: task)
        let work = Task { woken.task.setTaskCompleted(success: await self.work()) }
        task.expirationHandler = { work.cancel() }
      }
    }

    /// Asks for a wake in so many seconds; nil withdraws the one that was asked for. False where the system refuses, as it
    /// does where the person has turned background refresh off.
    @discardableResult
    public func schedule(in seconds: TimeInterval?) -> Bool {
      guard let seconds else {
        BGTaskScheduler.shared.cancel(taskRequestWithIdentifier: identifier)
        return true
      }
      let request = BGAppRefreshTaskRequest(identifier: identifier)
      request.earliestBeginDate = Date(timeIntervalSinceNow: seconds)
      return (try? BGTaskScheduler.shared.submit(request)) != nil
    }

    private func work() async -> Bool {
      // Before anything else: whoever is ended in the middle is woken again.
      schedule(in: 3_600)
      do {
        let resident = try await open()
        schedule(in: try await RefreshWork.run(resident))
        await afterwards(resident)
        return true
      } catch {
        return false
      }
    }
  }
#endif
