// What the models ask of the phone they run on: the app answers with UIKit, the tests with a notebook.

import Foundation
@_exported import Healthcode

/// The phone around the app: screen, light, sound, notifications, settings. The models call it on the main actor.
@MainActor
public protocol Device: AnyObject {
  /// Raises the screen's brightness to its most, or puts back what it was before.
  func bright(_ on: Bool)
  /// Keeps the screen from going dark by itself, or lets it again.
  func awake(_ on: Bool)
  /// Whether there is a torch.
  var torchAvailable: Bool { get }
  /// Switches the torch.
  func torch(_ on: Bool)
  /// Says what a scan came to by sound and haptic, each signal by one that is like no other.
  func signal(_ signal: Signal)
  /// Reminds of the day's check-in by a local notification after each of these seconds from now, and takes back all
  /// reminders of before; empty for none. Seconds and not dates, since the phone's own clock may be wrong.
  func remind(after delays: [TimeInterval])
  /// Asks the system to run the app in the background in so many seconds at the earliest; nil takes the wish back.
  func wake(after delay: TimeInterval?)
  /// Whether notifications may be shown; asks the person where nobody has yet.
  func notificationsAllowed() async -> Bool
  /// Opens the settings where the person can change something.
  func open(_ setting: DeviceSetting)
}

/// What a scan at a gate came to, for who does not look at the screen.
public enum Signal: Equatable, Hashable, Sendable, CaseIterable {
  /// The person may pass.
  case pass
  /// The person may not pass.
  case stop
  /// The person is asked for an answer to the gate's challenge.
  case ask
  /// The staff look at the screen: a card to compare, a code to renew, something that is no code.
  case look
}

/// A place in the phone's settings.
public enum DeviceSetting: Equatable, Hashable, Sendable, CaseIterable {
  /// The app's notifications.
  case notifications
  /// The network.
  case network
  /// Date and time.
  case date
  /// The storage.
  case storage
  /// The app's camera.
  case camera
}

/// Who wants the screen bright and awake: screens come before those that they follow have gone.
@MainActor
final class Light {
  private let device: any Device
  private var wanting = 0

  init(_ device: any Device) {
    self.device = device
  }

  func want() {
    wanting += 1
    guard wanting == 1 else { return }
    device.bright(true)
    device.awake(true)
  }

  func release() {
    guard wanting > 0 else { return }
    wanting -= 1
    guard wanting == 0 else { return }
    device.bright(false)
    device.awake(false)
  }
}

/// A few words that outlive the app: language, lane. Nothing that identifies a person is put there.
@MainActor
public protocol Preferences: AnyObject {
  /// The word kept under a key; nil for none.
  subscript(key: String) -> String? { get set }
}

/// The preferences of the app, in the system's defaults.
public final class SystemPreferences: Preferences {
  private let defaults: UserDefaults

  /// Those of the app, or of a suite.
  public init(suite: String? = nil) {
    defaults = suite.flatMap(UserDefaults.init(suiteName:)) ?? .standard
  }

  public subscript(key: String) -> String? {
    get { defaults.string(forKey: key) }
    set { defaults.set(newValue, forKey: key) }
  }
}

/// What the app is built with, and what its phone provides.
public struct Backend: Sendable {
  /// The resident's configuration: file, server, issuer, root keys.
  public let resident: Config
  /// The gate's: the same with a file of its own.
  public let gate: Config
  /// Vault, clock, log.
  public let ports: Ports

  /// What the app is built with.
  public init(resident: Config, gate: Config, ports: Ports) {
    self.resident = resident
    self.gate = gate
    self.ports = ports
  }
}

/// A document for the share sheet: in memory only, until the person sends it somewhere.
public struct Document: Equatable, Hashable, Sendable, Identifiable {
  /// A file name, such as `quarantine-proof.json`.
  public let name: String
  /// The bytes: JSON in UTF-8.
  public let data: Data

  /// Its name.
  public var id: String { name }
}
