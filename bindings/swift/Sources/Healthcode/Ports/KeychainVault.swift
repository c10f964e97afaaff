// The phone's keys on Apple's platforms. The key that seals lies in the Keychain; the keys that sign lie in the Secure
// Enclave, where there is one, and the Keychain holds only what the Enclave opens them by. Nothing of it leaves this
// device, is in a backup, or is there before the first unlock after a start. An own app may take this file with what it
// imports.

#if canImport(Security) && canImport(CryptoKit)
  import CryptoKit
  import Foundation
  import HealthcodeNative
  import Security

  /// Keychain and Secure Enclave as a vault: it seals by AES-GCM under a key that never leaves this device, and signs with
  /// P-256 keys of the Secure Enclave where the device has one. All of it is there from the first unlock after a start
  /// on, also while the screen is locked.
  ///
  /// The Keychain outlives the app: what an earlier installation left there is deleted by ``init(service:accessGroup:databases:)``.
  public final class KeychainVault: Vault {
    private let service: String
    private let accessGroup: String?

    /// A vault of this name, with whatever is in it: for a widget or another extension beside the app, and where the app
    /// looks after an earlier installation's entries itself. Two processes with the same access group and the same name
    /// share its keys.
    public init(service: String = "healthcode", accessGroup: String? = nil) {
      self.service = service
      self.accessGroup = accessGroup
    }

    /// The vault of the app itself: where none of its `databases` is there yet, everything of this name is deleted first,
    /// since only an earlier installation can have left it. Make it once, before ``Resident/open(_:ports:)`` or
    /// ``Checkpoint/open(_:ports:lane:)``, and name every file whose keys it keeps.
    ///
    /// Throws `vault` with `locked` before the first unlock after a start, which is temporary, and with `refused`.
    public convenience init(
      service: String = "healthcode",
      accessGroup: String? = nil,
      databases: [URL]
    ) throws(HealthcodeError) {
      self.init(service: service, accessGroup: accessGroup)
      guard !databases.contains(where: { FileManager.default.fileExists(atPath: $0.path) }) else { return }
      do {
        try deleteAll()
      } catch {
        throw .vault(error == .Locked ? .locked : .refused)
      }
    }

    /// Encrypts a small secret; the key is made with the first one.
    public func seal(plain: Data) throws -> Data {
      let key = try sealingKey() ?? makeSealingKey()
      guard let sealed = try AES.GCM.seal(plain, using: key).combined else { throw VaultError.Refused }
      return sealed
    }

    /// Decrypts what ``seal(plain:)`` returned.
    public func unseal(sealed: Data) throws -> Data {
      guard let key = try sealingKey() else { throw VaultError.Gone }
      do {
        return try AES.GCM.open(AES.GCM.SealedBox(combined: sealed), using: key)
      } catch {
        // Another key's, or damaged: either way what was sealed cannot come back.
        throw VaultError.Gone
      }
    }

    /// The public key (SEC1, 65 bytes) of the Secure Enclave's key of this name, made now if there is none; nil where the
    /// device has no Secure Enclave, and on a simulator without one.
    public func hardwarePublicKey(name: String) throws -> Data? {
      guard SecureEnclave.isAvailable else { return nil }
      return try (signingKey(name) ?? makeSigningKey(name)).publicKey.x963Representation
    }

    /// Signs with the Secure Enclave's key of this name: ECDSA over SHA-256, as r‖s in 64 bytes.
    public func sign(name: String, message: Data) throws -> Data {
      guard SecureEnclave.isAvailable, let key = try signingKey(name) else { throw VaultError.Gone }
      do {
        return try key.signature(for: message).rawRepresentation
      } catch {
        throw Self.isLocked(error) ? VaultError.Locked : .Refused
      }
    }

    /// Deletes the key of this name: without its entry the Secure Enclave does not open it again.
    public func delete(name: String) throws {
      try accept(SecItemDelete(query(Self.account(of: name)) as CFDictionary))
    }
  }

  // MARK: The keys

  extension KeychainVault {
    private static let sealing = "vault"

    // Signing keys have an account each, beside the one of the sealing key.
    private static func account(of name: String) -> String { "key." + name }

    private func sealingKey() throws(VaultError) -> SymmetricKey? {
      guard let bytes = try find(Self.sealing) else { return nil }
      guard bytes.count == 32 else { throw .Refused }
      return SymmetricKey(data: bytes)
    }

    private func makeSealingKey() throws(VaultError) -> SymmetricKey {
      let key = SymmetricKey(size: .bits256)
      if try add(key.withUnsafeBytes { Data($0) }, as: Self.sealing) { return key }
      // Another thread was faster: its key is the one.
      guard let key = try sealingKey() else { throw .Refused }
      return key
    }

    private func signingKey(_ name: String) throws(VaultError) -> SecureEnclave.P256.Signing.PrivateKey? {
      guard let opening = try find(Self.account(of: name)) else { return nil }
      do {
        return try SecureEnclave.P256.Signing.PrivateKey(dataRepresentation: opening)
      } catch {
        // Another device's Enclave made it.
        throw Self.isLocked(error) ? .Locked : .Gone
      }
    }

    private func makeSigningKey(_ name: String) throws(VaultError) -> SecureEnclave.P256.Signing.PrivateKey {
      let made: SecureEnclave.P256.Signing.PrivateKey
      do {
        // Neither Face ID nor the passcode is asked for: a check-in is signed in the background too.
        guard
          let access = SecAccessControlCreateWithFlags(
            nil, kSecAttrAccessibleAfterFirstUnlockThisDeviceOnly, .privateKeyUsage, nil)
        else { throw VaultError.Refused }
        made = try SecureEnclave.P256.Signing.PrivateKey(accessControl: access)
      } catch {
        throw Self.isLocked(error) ? .Locked : .Refused
      }
      if try add(made.dataRepresentation, as: Self.account(of: name)) { return made }
      guard let first = try signingKey(name) else { throw .Refused }
      return first
    }

    private static func isLocked(_ error: any Error) -> Bool {
      (error as NSError).code == Int(errSecInteractionNotAllowed)
    }
  }

  // MARK: The Keychain's entries

  extension KeychainVault {
    // The data protection keychain is the only one on iOS; on a Mac it has to be asked for.
    private func query(_ account: String? = nil) -> [CFString: Any] {
      var query: [CFString: Any] = [
        kSecClass: kSecClassGenericPassword, kSecAttrService: service, kSecUseDataProtectionKeychain: true,
      ]
      if let account { query[kSecAttrAccount] = account }
      if let accessGroup { query[kSecAttrAccessGroup] = accessGroup }
      return query
    }

    private func find(_ account: String) throws(VaultError) -> Data? {
      var wanted = query(account)
      wanted[kSecReturnData] = true
      var item: CFTypeRef?
      let status = SecItemCopyMatching(wanted as CFDictionary, &item)
      if status == errSecItemNotFound { return nil }
      try accept(status)
      guard let bytes = item as? Data else { throw .Refused }
      return bytes
    }

    /// False where there is an entry of this account already.
    private func add(_ bytes: Data, as account: String) throws(VaultError) -> Bool {
      var item = query(account)
      item[kSecValueData] = bytes
      item[kSecAttrAccessible] = kSecAttrAccessibleAfterFirstUnlockThisDeviceOnly
      let status = SecItemAdd(item as CFDictionary, nil)
      if status == errSecDuplicateItem { return false }
      try accept(status)
      return true
    }

    private func deleteAll() throws(VaultError) {
      try accept(SecItemDelete(query() as CFDictionary))
    }

    private func accept(_ status: OSStatus) throws(VaultError) {
      switch status {
      case errSecSuccess, errSecItemNotFound: return
      case errSecInteractionNotAllowed: throw .Locked
      default: throw .Refused
      }
    }
  }
#endif
