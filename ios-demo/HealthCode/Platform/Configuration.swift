// What the app is built with: server, issuer and root key stand in Server.xcconfig and come here through the Info.plist.

import DemoKit
import Foundation

/// Why the app could not begin.
enum StartFailure: Error, Equatable {
  /// The app was built without this line of `Server.xcconfig`, or with one that says nothing.
  case configuration(String)
  /// The phone was not unlocked since its start: a moment.
  case locked
  /// The Keychain refuses.
  case refused
  /// There is no folder for the phone's file.
  case folder
}

extension Backend {
  /// The files, the server and the ports of this app. Making it twice gives the same.
  static func app() throws(StartFailure) -> Backend {
    let server = try line("HealthcodeServer", of: "HEALTHCODE_SERVER")
    let issuer = try line("HealthcodeIssuer", of: "HEALTHCODE_ISSUER")
    guard let rootKey = Data(hexadecimal: try line("HealthcodeRootKey", of: "HEALTHCODE_ROOT_KEY")) else {
      throw .configuration("HEALTHCODE_ROOT_KEY")
    }
    let folder: URL
    do {
      folder = try ProtectedFolder.make()
    } catch {
      throw .folder
    }
    let (phone, gate) = (folder.appendingPathComponent("phone.db"), folder.appendingPathComponent("gate.db"))
    let vault: KeychainVault
    do {
      vault = try KeychainVault(databases: [phone, gate])
    } catch {
      throw error == .vault(.locked) ? .locked : .refused
    }
    let config = { (file: URL) in
      Config(
        database: file.path, server: server, issuer: issuer, rootKeys: [rootKey], builtAt: builtAt,
        cleartextHosts: cleartextHosts(server))
    }
    let ports = Ports(vault: vault, log: LoggerSink(subsystem: "dev.healthcode.demo"))
    return Backend(resident: config(phone), gate: config(gate), ports: ports)
  }

  // What is missing is named as a developer finds it, in Server.xcconfig.
  private static func line(_ name: String, of setting: String) throws(StartFailure) -> String {
    guard let value = Bundle.main.object(forInfoDictionaryKey: name) as? String, !value.isEmpty else {
      throw .configuration(setting)
    }
    return value
  }

  // The date of the app's program: that of its build, by the Mac on which it was made.
  private static var builtAt: Date {
    let attributes = Bundle.main.executablePath.flatMap { try? FileManager.default.attributesOfItem(atPath: $0) }
    return attributes?[.modificationDate] as? Date ?? Date(timeIntervalSince1970: 1_577_836_800)
  }

  // A server on a desk speaks plain HTTP; an app that is given to people does not.
  private static func cleartextHosts(_ server: String) -> [String] {
    #if DEBUG
      [URL(string: server)?.host].compactMap { $0 }
    #else
      []
    #endif
  }
}

extension Data {
  /// The bytes that pairs of hexadecimal digits stand for; nil for anything else.
  init?(hexadecimal text: String) {
    let digits = text.compactMap(\.hexDigitValue)
    guard digits.count == text.count, digits.count.isMultiple(of: 2), !digits.isEmpty else { return nil }
    self.init(stride(from: 0, to: digits.count, by: 2).map { UInt8(digits[$0] * 16 + digits[$0 + 1]) })
  }
}
