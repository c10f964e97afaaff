// The app's beginning: the refresh in the background is registered before anything is shown, then the models are made.

import DemoKit
import SwiftUI
import UIKit

/// What the system tells the app, and what was made when it began.
@MainActor
@Observable
final class Launch: NSObject, UIApplicationDelegate {
  /// What the window shows.
  enum Start {
    /// Nothing yet: a moment.
    case beginning
    /// The app.
    case ready(AppModel)
    /// It could not begin.
    case failed(StartFailure)
  }

  /// What the window shows.
  private(set) var start: Start = .beginning
  /// Where the person is.
  let router = Router()
  private let preferences = SystemPreferences()
  private let device: PhoneDevice
  private let refresh: BackgroundRefresh

  override init() {
    let preferences = preferences
    // The language may be changed while the app runs.
    let texts = { Texts(preferences["language"].flatMap(Language.init(rawValue:)) ?? .system) }
    let reminders = Reminders(texts: texts)
    refresh = BackgroundRefresh(
      identifier: "dev.healthcode.demo.refresh",
      open: {
        let backend = try Backend.app()
        return try await Resident.open(backend.resident, ports: backend.ports)
      },
      afterwards: { resident in
        // What came may have made another day due.
        guard let delays = try? RefreshWork.secondsToReminders(resident) else { return }
        await reminders.set(after: delays)
      })
    device = PhoneDevice(refresh: refresh, reminders: reminders)
    super.init()
  }

  func application(
    _ application: UIApplication, didFinishLaunchingWithOptions options: [UIApplication.LaunchOptionsKey: Any]? = nil
  ) -> Bool {
    refresh.register()
    begin()
    return true
  }

  /// Makes the models, anew after what kept them from being made.
  func begin() {
    do {
      start = .ready(AppModel(backend: try Backend.app(), device: device, preferences: preferences))
    } catch {
      start = .failed(error)
    }
  }
}
