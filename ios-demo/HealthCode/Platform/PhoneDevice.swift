// The phone around the app, as the models ask for it: screen, light, sound, haptics, notifications, settings.

import AVFoundation
import DemoKit
import UIKit
import UserNotifications

/// The phone that the app runs on.
final class PhoneDevice: Device {
  private let refresh: BackgroundRefresh
  private let reminders: Reminders
  private let tones = Tones()
  private var brightness: CGFloat?

  /// The phone, with its wakes and its notifications.
  init(refresh: BackgroundRefresh, reminders: Reminders) {
    self.refresh = refresh
    self.reminders = reminders
  }

  func bright(_ on: Bool) {
    guard let screen else { return }
    if on, brightness == nil {
      brightness = screen.brightness
      screen.brightness = 1
    } else if !on, let before = brightness {
      brightness = nil
      screen.brightness = before
    }
  }

  func awake(_ on: Bool) {
    UIApplication.shared.isIdleTimerDisabled = on
  }

  var torchAvailable: Bool { camera?.hasTorch == true }

  func torch(_ on: Bool) {
    guard let camera, camera.hasTorch, (try? camera.lockForConfiguration()) != nil else { return }
    camera.torchMode = on ? .on : .off
    camera.unlockForConfiguration()
  }

  func signal(_ signal: Signal) {
    tones.play(signal)
    switch signal {
    case .pass: UINotificationFeedbackGenerator().notificationOccurred(.success)
    case .stop: UINotificationFeedbackGenerator().notificationOccurred(.error)
    case .ask: UINotificationFeedbackGenerator().notificationOccurred(.warning)
    case .look: UIImpactFeedbackGenerator(style: .heavy).impactOccurred()
    }
  }

  func remind(after delays: [TimeInterval]) { reminders.set(after: delays) }

  func wake(after delay: TimeInterval?) {
    refresh.schedule(in: delay)
  }

  func notificationsAllowed() async -> Bool {
    // It asks the person the first time, and answers without asking later.
    let answer = try? await UNUserNotificationCenter.current().requestAuthorization(options: [.alert, .sound])
    return answer == true
  }

  func open(_ setting: DeviceSetting) {
    // iOS opens an app's own page and no other: for the network, the date and the storage the screen names the way.
    let page =
      setting == .notifications ? UIApplication.openNotificationSettingsURLString : UIApplication.openSettingsURLString
    guard let url = URL(string: page) else { return }
    UIApplication.shared.open(url)
  }

  private var camera: AVCaptureDevice? { AVCaptureDevice.default(for: .video) }

  private var screen: UIScreen? {
    UIApplication.shared.connectedScenes.compactMap { ($0 as? UIWindowScene)?.screen }.first
  }
}

/// What VoiceOver says without being asked.
enum Announcement {
  /// Says it, where VoiceOver is on.
  @MainActor
  static func post(_ text: String) {
    UIAccessibility.post(notification: .announcement, argument: text)
  }
}
