import Foundation
import HealthcodeNative

/// An app's own HTTP stack, in the place of the library's. It sends one call as it is, follows no redirect, keeps no
/// cookies, and gives back what came, whatever its status.
public protocol Transport: Sendable {
  /// Sends `call` to the address that its `url(at:)` gives, with `call.signature`, if there is one, as the header
  /// `Healthcode-Signature` and a body as `application/json`. No more than `call.limit` bytes of the reply's body are
  /// read. Throw whatever the stack throws where no reply came.
  func send(_ call: Call) async throws -> Reply
}

extension Call {
  /// The address of this call: on `server`, the root that the configuration names, or on the other server that the call
  /// names, such as that of another issuer's status list. Whoever puts the path after the configured root alone never
  /// gets those. Nil where that is no address.
  public func url(at server: String) -> URL? {
    let root = self.server ?? server
    return URL(string: (root.hasSuffix("/") ? String(root.dropLast()) : root) + path)
  }
}

extension Transport {
  /// Sends one call; that no reply came is an error of the network, as with the library's own client.
  func reply(to call: Call) async throws(HealthcodeError) -> Reply {
    do {
      return try await send(call)
    } catch {
      throw error is CancellationError || Task.isCancelled ? .cancelled : .network(.offline, retryAfter: nil)
    }
  }
}

/// Drives an exchange to its end, or to that of the object that began it, whatever the transport is waiting for.
private func untilClosed<T: Sendable>(
  _ closed: @escaping @Sendable (NativeCancel) async throws -> Void,
  _ driven: @escaping @Sendable () async throws -> T
) async throws(HealthcodeError) -> T {
  do {
    return try await withThrowingTaskGroup(of: T?.self) { group in
      group.addTask { try await driven() }
      group.addTask {
        try await cancellable(closed)
        return nil
      }
      defer { group.cancelAll() }
      guard let report = try await group.next() ?? nil else { throw HealthcodeError.closed }
      return report
    }
  } catch {
    throw HealthcodeError(error)
  }
}

extension NativeExchange {
  /// Drives an exchange to its end, or to that of the object that began it, whatever the transport is waiting for.
  func drive(over transport: some Transport) async throws(HealthcodeError) -> SyncReport {
    try await untilClosed({ try await self.closed(cancel: $0) }, { try await self.driven(over: transport) })
  }

  private func driven(over transport: some Transport) async throws(HealthcodeError) -> SyncReport {
    var step = try await working { try self.next(reply: nil) }
    while true {
      switch step {
      case .done(let report): return report
      case .send(let call): step = try await after(call, over: transport)
      }
    }
  }

  /// What follows a call; where no reply came, the exchange may do without.
  private func after(_ call: Call, over transport: some Transport) async throws(HealthcodeError) -> ExchangeStep {
    let reply: Reply?
    do {
      reply = try await transport.reply(to: call)
    } catch {
      guard case .network = error else { throw error }
      reply = nil
    }
    return try await working { try reply.map { try self.next(reply: $0) } ?? self.unanswered() }
  }
}

extension NativeNoticeExchange {
  /// Drives a fetch of notices to its end, or to that of the object that began it.
  func drive(over transport: some Transport) async throws(HealthcodeError) -> NoticeReport {
    try await untilClosed({ try await self.closed(cancel: $0) }, { try await self.driven(over: transport) })
  }

  private func driven(over transport: some Transport) async throws(HealthcodeError) -> NoticeReport {
    var step = try await working { try self.next(reply: nil) }
    while true {
      switch step {
      case .done(let report): return report
      case .send(let call):
        let reply = try await transport.reply(to: call)
        step = try await working { try self.next(reply: reply) }
      }
    }
  }
}
