// swift-format-ignore-file
// What the clock uses of Darwin, and the folder of what Foundation has only there. See SwiftUI.swift.
import Foundation

public let KERN_SUCCESS: Int32 = 0
public struct mach_timebase_info_data_t { public init() {}; public var numer: UInt32 = 1, denom: UInt32 = 1 }
public func mach_timebase_info(_ info: UnsafeMutablePointer<mach_timebase_info_data_t>) -> Int32 { 0 }
public func mach_continuous_time() -> UInt64 { 0 }
public func sysctlbyname(_ name: UnsafePointer<CChar>, _ old: UnsafeMutableRawPointer?, _ size: UnsafeMutablePointer<Int>?, _ new: UnsafeMutableRawPointer?, _ length: Int) -> Int32 { 0 }
extension URLResourceValues { public var isExcludedFromBackup: Bool? { get { nil } set {} } }
