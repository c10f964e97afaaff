// swift-format-ignore-file
// What the app uses of UserNotifications. See SwiftUI.swift.
import Foundation

public class UNNotificationSound { public static var `default`: UNNotificationSound { fatalError() } }
public class UNMutableNotificationContent { public init() {}; public var title = "", body = "", sound: UNNotificationSound? }
public class UNTimeIntervalNotificationTrigger { public init(timeInterval: TimeInterval, repeats: Bool) {} }
public class UNNotificationRequest { public init(identifier: String, content: UNMutableNotificationContent, trigger: UNTimeIntervalNotificationTrigger?) {} }
public struct UNAuthorizationOptions: OptionSet, Sendable { public let rawValue: Int; public init(rawValue: Int) { self.rawValue = rawValue }
  public static let alert = Self(rawValue: 1), sound = Self(rawValue: 2) }
public final class UNUserNotificationCenter: Sendable { public static func current() -> UNUserNotificationCenter { fatalError() }
  public func removeAllPendingNotificationRequests() {}; public func add(_ request: UNNotificationRequest) {}
  public func requestAuthorization(options: UNAuthorizationOptions) async throws -> Bool { false } }
