#if canImport(Security) && canImport(CryptoKit)
  import CryptoKit
  import Foundation
  import HealthcodeNative
  import Security

  /// The Keychain as a vault: it keeps one key that never leaves this device and is there from the first unlock after a
  /// start on, and seals with it by AES-GCM. It has no hardware key for signatures; the library keeps one of its own,
  /// sealed.
  public final class KeychainVault: Vault {
    private let service: String

    /// A vault of this name. Two apps with the same access group and the same name share its key.
    public init(service: String = "healthcode") {
      self.service = service
    }

    /// Encrypts a small secret; the key is made with the first one.
    public func seal(plain: Data) throws -> Data {
      let key = try find() ?? make()
      guard let sealed = try AES.GCM.seal(plain, using: key).combined else { throw VaultError.Refused }
      return sealed
    }

    /// Decrypts what ``seal(plain:)`` returned.
    public func unseal(sealed: Data) throws -> Data {
      guard let key = try find() else { throw VaultError.Gone }
      do {
        return try AES.GCM.open(AES.GCM.SealedBox(combined: sealed), using: key)
      } catch {
        // Another key's, or damaged: either way what was sealed cannot come back.
        throw VaultError.Gone
      }
    }

    /// None.
    public func hardwarePublicKey(name: String) throws -> Data? { nil }

    /// There is no key to sign with.
    public func sign(name: String, message: Data) throws -> Data { throw VaultError.Gone }

    /// There is no key to delete.
    public func delete(name: String) throws {}

    private var query: [CFString: Any] {
      [kSecClass: kSecClassGenericPassword, kSecAttrService: service, kSecAttrAccount: "vault"]
    }

    private func find() throws -> SymmetricKey? {
      var item: CFTypeRef?
      let wanted = query.merging([kSecReturnData: true]) { _, new in new }
      switch SecItemCopyMatching(wanted as CFDictionary, &item) {
      case errSecSuccess:
        guard let bytes = item as? Data, bytes.count == 32 else { throw VaultError.Refused }
        return SymmetricKey(data: bytes)
      case errSecItemNotFound: return nil
      case errSecInteractionNotAllowed: throw VaultError.Locked
      default: throw VaultError.Refused
      }
    }

    private func make() throws -> SymmetricKey {
      let key = SymmetricKey(size: .bits256)
      let item = query.merging([
        kSecValueData: key.withUnsafeBytes { Data($0) },
        kSecAttrAccessible: kSecAttrAccessibleAfterFirstUnlockThisDeviceOnly,
      ]) { _, new in new }
      switch SecItemAdd(item as CFDictionary, nil) {
      case errSecSuccess: return key
      // Another thread was faster: its key is the one.
      case errSecDuplicateItem:
        guard let key = try find() else { throw VaultError.Refused }
        return key
      case errSecInteractionNotAllowed: throw VaultError.Locked
      default: throw VaultError.Refused
      }
    }
  }
#endif
