// swift-format-ignore-file
// What the log sink uses of os. See SwiftUI.swift.

public enum OSLogType: Sendable { case info, error }
public enum OSLogPrivacy: Sendable { case `public` }
public struct OSLogMessage: ExpressibleByStringInterpolation {
  public struct StringInterpolation: StringInterpolationProtocol {
    public init(literalCapacity: Int, interpolationCount: Int) {}
    public mutating func appendLiteral(_ literal: String) {}
    public mutating func appendInterpolation(_ text: @autoclosure () -> String, privacy: OSLogPrivacy) {} }
  public init(stringInterpolation: StringInterpolation) {}; public init(stringLiteral: String) {} }
public struct Logger: Sendable { public init(subsystem: String, category: String) {}; public func log(level: OSLogType, _ message: OSLogMessage) {} }
