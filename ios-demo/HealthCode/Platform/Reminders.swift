// The reminders of a check-in, as local notifications: they come without a network, and while the app is not running.

import Foundation
import UserNotifications

/// The notifications that remind of a check-in.
@MainActor
final class Reminders {
  private let texts: () -> Texts

  /// What is said is said in the language that `texts` has when a reminder is set.
  init(texts: @escaping () -> Texts) {
    self.texts = texts
  }

  /// Reminds after each of these seconds from now, and takes back all reminders of before.
  func set(after delays: [TimeInterval]) {
    let centre = UNUserNotificationCenter.current()
    centre.removeAllPendingNotificationRequests()
    let content = UNMutableNotificationContent()
    content.title = texts()(.reminderTitle)
    content.body = texts()(.reminderBody)
    content.sound = .default
    // iOS keeps no more than 64; the core names a few.
    for (number, delay) in delays.sorted().prefix(64).enumerated() where delay > 0 {
      let trigger = UNTimeIntervalNotificationTrigger(timeInterval: delay, repeats: false)
      centre.add(UNNotificationRequest(identifier: "check-in-\(number)", content: content, trigger: trigger))
    }
  }
}
