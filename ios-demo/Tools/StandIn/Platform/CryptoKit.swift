// swift-format-ignore-file
// What the vault uses of CryptoKit. See SwiftUI.swift.
import Foundation
import Security

public struct SymmetricKeySize: Sendable { public static let bits256 = Self() }
public struct SymmetricKey: Sendable { public init(size: SymmetricKeySize) {}; public init(data: Data) {}
  public func withUnsafeBytes<R>(_ body: (UnsafeRawBufferPointer) throws -> R) rethrows -> R { fatalError() } }
public enum AES { public enum GCM {
  public struct SealedBox { public init(combined: Data) throws {}; public var combined: Data? { nil } }
  public static func seal(_ plain: Data, using key: SymmetricKey) throws -> SealedBox { fatalError() }
  public static func open(_ box: SealedBox, using key: SymmetricKey) throws -> Data { fatalError() } } }
public enum P256 { public enum Signing {
  public struct PublicKey: Sendable { public var x963Representation: Data { fatalError() } }
  public struct ECDSASignature: Sendable { public var rawRepresentation: Data { fatalError() } } } }
public enum SecureEnclave { public static var isAvailable: Bool { false }
  public enum P256 { public enum Signing { public struct PrivateKey: Sendable {
    public init(accessControl: SecAccessControl) throws {}; public init(dataRepresentation: Data) throws {}
    public var dataRepresentation: Data { fatalError() }; public var publicKey: CryptoKit.P256.Signing.PublicKey { fatalError() }
    public func signature(for data: Data) throws -> CryptoKit.P256.Signing.ECDSASignature { fatalError() } } } } }
