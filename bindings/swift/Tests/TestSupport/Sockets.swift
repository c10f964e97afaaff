import Foundation

#if canImport(Darwin)
  import Darwin
  private let stream = SOCK_STREAM
  // Said once of each socket there.
  private let quietly: Int32 = 0
#else
  import Glibc
  private let stream = Int32(SOCK_STREAM.rawValue)
  // A server that was killed meanwhile must not end the tests by SIGPIPE.
  private let quietly = Int32(MSG_NOSIGNAL)
#endif

/// Uses the address of a Unix socket.
private func at<Value>(path: String, _ use: (UnsafePointer<sockaddr>, socklen_t) -> Value) throws -> Value {
  var address = sockaddr_un()
  address.sun_family = sa_family_t(AF_UNIX)
  let bytes = Array(path.utf8)
  guard bytes.count < MemoryLayout.size(ofValue: address.sun_path) else { throw POSIXError(.ENAMETOOLONG) }
  withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: bytes) }
  return withUnsafePointer(to: &address) { pointer in
    pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { use($0, socklen_t(MemoryLayout<sockaddr_un>.size)) }
  }
}

/// A listening socket, and what is done with it by tests: a clock for a server process, and a server that never answers.
public final class Listener: Sendable {
  private let descriptor: Int32
  /// The TCP port, or 0 for a Unix socket.
  public let port: UInt16

  /// Listens at a free TCP port of the loopback address.
  public init() throws {
    let descriptor = socket(AF_INET, stream, 0)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
    var size = socklen_t(MemoryLayout<sockaddr_in>.size)
    let bound = withUnsafeMutablePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        bind(descriptor, $0, size) == 0 && listen(descriptor, 8) == 0 && getsockname(descriptor, $0, &size) == 0
      }
    }
    guard bound else { throw POSIXError(.EADDRNOTAVAIL) }
    self.descriptor = descriptor
    port = UInt16(bigEndian: address.sin_port)
  }

  /// Listens at a Unix socket.
  public init(path: String) throws {
    let descriptor = socket(AF_UNIX, stream, 0)
    let bound = try at(path: path) { bind(descriptor, $0, $1) == 0 && listen(descriptor, 8) == 0 }
    guard bound else { throw POSIXError(.EADDRNOTAVAIL) }
    self.descriptor = descriptor
    port = 0
  }

  deinit {
    close(descriptor)
  }

  /// The next connection.
  public func accept() -> Connection? {
    #if canImport(Darwin)
      let accepted = Darwin.accept(descriptor, nil, nil)
    #else
      let accepted = Glibc.accept(descriptor, nil, nil)
    #endif
    return accepted < 0 ? nil : Connection(descriptor: accepted)
  }
}

/// One connection.
public final class Connection: Sendable {
  private let descriptor: Int32

  init(descriptor: Int32) {
    self.descriptor = descriptor
    #if canImport(Darwin)
      var on: Int32 = 1
      setsockopt(descriptor, SOL_SOCKET, SO_NOSIGPIPE, &on, socklen_t(MemoryLayout<Int32>.size))
    #endif
  }

  /// One to a Unix socket.
  public convenience init(path: String) throws {
    let descriptor = socket(AF_UNIX, stream, 0)
    guard try at(path: path, { connect(descriptor, $0, $1) == 0 }) else { throw POSIXError(.ECONNREFUSED) }
    self.init(descriptor: descriptor)
  }

  deinit {
    close(descriptor)
  }

  /// Some bytes; nil once the other side has closed, or after ten seconds of silence.
  public func read() -> [UInt8]? {
    var poll = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
    guard Self.wait(&poll) > 0 else { return nil }
    var bytes = [UInt8](repeating: 0, count: 4_096)
    let count = recv(descriptor, &bytes, bytes.count, 0)
    return count > 0 ? Array(bytes.prefix(count)) : nil
  }

  /// Sends a text; nothing where the other side is gone.
  public func write(_ text: String) {
    let bytes = Array(text.utf8)
    _ = send(descriptor, bytes, bytes.count, quietly)
  }

  private static func wait(_ descriptor: inout pollfd) -> Int32 {
    poll(&descriptor, 1, 10_000)
  }
}
