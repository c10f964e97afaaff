import Foundation
import HealthcodeNative

// What an app's port throws ends here: the library is told that it failed and nothing else, because a platform's error
// text may hold anything.

extension Ports {
  var guarded: Ports {
    Ports(
      vault: GuardedVault(vault: vault),
      clock: GuardedClock(clock: clock),
      log: log.map(GuardedLog.init(log:))
    )
  }
}

private final class GuardedVault: Vault {
  private let vault: any Vault

  init(vault: any Vault) {
    self.vault = vault
  }

  func seal(plain: Data) throws -> Data { try guarded { try vault.seal(plain: plain) } }

  func unseal(sealed: Data) throws -> Data { try guarded { try vault.unseal(sealed: sealed) } }

  func hardwarePublicKey(name: String) throws -> Data? { try guarded { try vault.hardwarePublicKey(name: name) } }

  func sign(name: String, message: Data) throws -> Data {
    try guarded { try vault.sign(name: name, message: message) }
  }

  func delete(name: String) throws { try guarded { try vault.delete(name: name) } }

  private func guarded<T>(_ call: () throws -> T) throws(VaultError) -> T {
    do {
      return try call()
    } catch {
      throw error as? VaultError ?? .Refused
    }
  }
}

private final class GuardedClock: DeviceClock {
  private let clock: any DeviceClock

  init(clock: any DeviceClock) {
    self.clock = clock
  }

  func read() throws -> ClockReading { try port { try clock.read() } }
}

private final class GuardedLog: LogSink {
  private let log: any LogSink

  init(log: any LogSink) {
    self.log = log
  }

  func log(level: LogLevel, line: String) throws { try port { try log.log(level: level, line: line) } }
}

private func port<T>(_ call: () throws -> T) throws(PortError) -> T {
  do {
    return try call()
  } catch {
    throw .Failed
  }
}
