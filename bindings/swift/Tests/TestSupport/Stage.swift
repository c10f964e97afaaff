import Foundation
import Healthcode

/// A world with its server, and the phones in it.
public struct Stage: Sendable {
  public let world = World(at: february(11, 9))
  public let server: Server
  /// The second authority's server, with a witness.
  public let second: Server?

  /// Starts it; with a witness, a second authority's server that signs for the first one's log of exposure notices.
  public init(witness: Bool = false) throws {
    guard witness else {
      server = try Server(world)
      second = nil
      return
    }
    let shenzhen = ["--issuer-id", "shenzhen"]
    let second = try Server(world, shenzhen)
    server = try Server(world, ["--peer", second.entry(), "--witness", second.url])
    try second.restart(shenzhen + ["--peer", server.entry()])
    self.second = second
  }

  /// Publishes an exposure notice (JSON) that the second authority signs for.
  public func publish(_ notice: String) throws {
    let file = server.path("notice.json")
    try Data(notice.utf8).write(to: URL(fileURLWithPath: file))
    _ = try server.command("notice", "publish", file, "--witness", second?.url ?? "")
  }

  /// Withdraws an exposure notice.
  public func withdraw(_ number: UInt32) throws {
    _ = try server.command("notice", "withdraw", "\(number)", "--witness", second?.url ?? "")
  }

  /// The ports of a phone in this world.
  public func ports(vault: any Vault = MemoryVault()) -> Ports {
    Ports(vault: vault, clock: PhoneClock(world))
  }

  /// Opens a phone's file.
  public func open(
    _ name: String = "phone.db",
    vault: any Vault = MemoryVault(),
    server url: String? = nil
  ) async throws -> Resident {
    try await Resident.open(server.config(name, server: url), ports: ports(vault: vault))
  }

  /// Opens a phone's file and enrols a resident.
  public func enrolled(_ identity: IdentityForm, file: String = "phone.db") async throws -> Phone {
    try await Phone.enrolled(identity, at: server, in: world, file: file)
  }

  /// Opens a gate, and syncs.
  public func gate() async throws -> Checkpoint {
    let gate = try await Checkpoint.open(server.config("gate.db"), ports: ports(), gate: "North gate")
    try await gate.sync()
    return gate
  }
}

/// A vault that answers as it is told when something is to be unsealed.
public final class FailingVault: Vault {
  let unseal: Result<Data, any Error>

  public init(unseal: Result<Data, any Error>) {
    self.unseal = unseal
  }

  public func seal(plain: Data) throws -> Data { plain }
  public func unseal(sealed: Data) throws -> Data { try unseal.get() }
  public func hardwarePublicKey(name: String) throws -> Data? { nil }
  public func sign(name: String, message: Data) throws -> Data { throw VaultError.Gone }
  public func delete(name: String) throws {}
}

/// Something else than the server, which gives every request the same answer without a body.
public final class OtherServer: Sendable {
  private let listener: Listener
  /// Its address.
  public var url: String { "http://127.0.0.1:\(listener.port)" }

  /// Starts it, with a status and header lines.
  public init(answering head: String) throws {
    let listener = try Listener()
    self.listener = listener
    Thread.detachNewThread {
      while let connection = listener.accept() {
        _ = connection.read()
        connection.write("HTTP/1.1 \(head)Content-Length: 0\r\nConnection: close\r\n\r\n")
      }
    }
  }
}
