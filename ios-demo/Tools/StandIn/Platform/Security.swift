// swift-format-ignore-file
// What the vault uses of Security, with Core Foundation's types as Swift's own. See SwiftUI.swift.
@_exported import Foundation

public typealias CFString = String; public typealias CFDictionary = [String: Any]; public typealias CFTypeRef = Any
public typealias OSStatus = Int32
public let errSecSuccess: OSStatus = 0, errSecItemNotFound: OSStatus = -25300, errSecDuplicateItem: OSStatus = -25299
public let errSecInteractionNotAllowed: OSStatus = -25308
public let kSecClass = "class", kSecClassGenericPassword = "genp", kSecAttrService = "svce", kSecAttrAccount = "acct"
public let kSecAttrAccessGroup = "agrp", kSecUseDataProtectionKeychain = "nleg", kSecReturnData = "r_Data", kSecValueData = "v_Data"
public let kSecAttrAccessible = "pdmn", kSecAttrAccessibleAfterFirstUnlockThisDeviceOnly = "cku"
public final class SecAccessControl: Sendable {}
public struct SecAccessControlCreateFlags: OptionSet { public let rawValue: Int; public init(rawValue: Int) { self.rawValue = rawValue }
  public static var privateKeyUsage: Self { Self(rawValue: 1) } }
public func SecAccessControlCreateWithFlags(_ none: Never?, _ protection: CFTypeRef, _ flags: SecAccessControlCreateFlags, _ error: UnsafeMutablePointer<Never>?) -> SecAccessControl? { nil }
public func SecItemCopyMatching(_ query: CFDictionary, _ result: UnsafeMutablePointer<CFTypeRef?>?) -> OSStatus { 0 }
public func SecItemAdd(_ item: CFDictionary, _ result: UnsafeMutablePointer<CFTypeRef?>?) -> OSStatus { 0 }
public func SecItemDelete(_ query: CFDictionary) -> OSStatus { 0 }
