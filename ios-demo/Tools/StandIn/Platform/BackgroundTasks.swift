// swift-format-ignore-file
// What the background refresh uses of BackgroundTasks. See SwiftUI.swift.
import Foundation

public class BGTask { public var expirationHandler: (() -> Void)?; public func setTaskCompleted(success: Bool) {} }
public class BGAppRefreshTaskRequest { public init(identifier: String) {}; public var earliestBeginDate: Date? }
public final class BGTaskScheduler: Sendable { public static var shared: BGTaskScheduler { fatalError() }
  public func register(forTaskWithIdentifier identifier: String, using queue: DispatchQueue?, launchHandler: @escaping (BGTask) -> Void) -> Bool { true }
  public func submit(_ request: BGAppRefreshTaskRequest) throws {}; public func cancel(taskRequestWithIdentifier identifier: String) {} }
