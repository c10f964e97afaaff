import Foundation
import Healthcode

// Without it `Data(contentsOf:)` reads no address on Linux.
#if canImport(FoundationNetworking)
  import FoundationNetworking
#endif

/// The reference server as a process of its own, over a new database, in the time of a world or in real time.
public final class Server: @unchecked Sendable {
  /// Where the database lies, and the files of phones may lie.
  public let folder: URL
  /// The address for phones.
  public let url: String
  private let rootKey: Data
  private let files: [String]
  private var process: ServerProcess

  /// Starts it, with further arguments.
  public init(_ world: World? = nil, _ arguments: [String] = []) throws {
    folder = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString)
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    var files = ["--database", folder.appendingPathComponent("server.db").path]
    if let world {
      let socket = folder.appendingPathComponent("clock").path
      try world.serve(at: socket)
      files += ["--clock", socket]
    }
    self.files = files
    process = try ServerProcess(["--listen", "127.0.0.1:0"] + files + arguments)
    url = process.url
    rootKey = process.rootKey
  }

  deinit {
    stop()
    try? FileManager.default.removeItem(at: folder)
  }

  /// Ends the process.
  public func stop() { process.stop() }

  /// Starts it again at the same address, with further arguments.
  public func restart(_ arguments: [String]) throws {
    stop()
    process = try ServerProcess(["--listen", url.replacingOccurrences(of: "http://", with: "")] + files + arguments)
  }

  /// What a command line about this server's files says, which must end well.
  public func command(_ words: String...) throws -> String {
    let command = Process()
    let output = Pipe()
    let ended = DispatchSemaphore(value: 0)
    command.executableURL = URL(fileURLWithPath: environment("HEALTHCODE_BINARY"))
    command.arguments = words + files
    command.standardOutput = output
    command.terminationHandler = { _ in ended.signal() }
    try command.run()
    // A few lines, which the pipe holds.
    ended.wait()
    guard command.terminationStatus == 0 else { throw POSIXError(.EINVAL) }
    return String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
  }

  /// The digits of the next message on the console.
  public func oneTimeCode() throws -> String { try process.oneTimeCode() }

  /// The path of a file with its entry in a trust list, as it publishes it.
  public func entry() throws -> String {
    guard let source = URL(string: url + "/.well-known/healthcode/issuer.cbor") else { throw POSIXError(.EINVAL) }
    let file = path("issuer.cbor")
    try Data(contentsOf: source).write(to: URL(fileURLWithPath: file))
    return file
  }

  /// The path of a file in the server's folder.
  public func path(_ name: String) -> String { folder.appendingPathComponent(name).path }

  /// What an app of this server is built with.
  public func config(_ name: String = "phone.db", server: String? = nil) -> Config {
    Config(
      database: path(name),
      server: server ?? url,
      issuer: "hangzhou",
      rootKeys: [rootKey],
      builtAt: february(1, 0)
    )
  }
}

/// A variable that the test's script sets.
public func environment(_ name: String) -> String {
  guard let value = ProcessInfo.processInfo.environment[name] else { fatalError("\(name) is not set") }
  return value
}

/// A server under way.
private final class ServerProcess {
  let url: String
  let rootKey: Data
  private let process = Process()
  private let ended = DispatchSemaphore(value: 0)
  private let lines: Lines

  init(_ arguments: [String]) throws {
    let output = Pipe()
    process.executableURL = URL(fileURLWithPath: environment("HEALTHCODE_BINARY"))
    process.arguments = ["serve"] + arguments
    process.standardOutput = output
    process.standardError = FileHandle.nullDevice
    process.terminationHandler = { [ended] _ in ended.signal() }
    try process.run()
    lines = Lines(output.fileHandleForReading)
    url = try lines.next().lastWord
    rootKey = Data(hex: try lines.next().lastWord)
  }

  func stop() {
    guard process.isRunning else { return }
    // The child has inherited the signal mask of a worker thread, which blocks all that can be blocked.
    kill(process.processIdentifier, SIGKILL)
    // `waitUntilExit` waits for a run loop, which the threads of tasks do not have.
    ended.wait()
    ended.signal()
  }

  func oneTimeCode() throws -> String { try lines.next().lastWord }
}

/// The lines of a pipe, waited for.
private final class Lines: @unchecked Sendable {
  private let condition = NSCondition()
  private var lines: [String] = []

  init(_ handle: FileHandle) {
    Thread.detachNewThread { [self] in
      var rest = Data()
      while case let piece = handle.availableData, !piece.isEmpty {
        rest += piece
        while let end = rest.firstIndex(of: 0x0a) {
          add(String(decoding: rest[rest.startIndex..<end], as: UTF8.self))
          rest = rest[rest.index(after: end)...]
        }
      }
    }
  }

  private func add(_ line: String) {
    condition.withLock {
      lines.append(line)
      condition.signal()
    }
  }

  func next() throws -> String {
    try condition.withLock {
      while lines.isEmpty {
        guard condition.wait(until: Date().addingTimeInterval(20)) else { throw POSIXError(.ETIMEDOUT) }
      }
      return lines.removeFirst()
    }
  }
}

extension String {
  fileprivate var lastWord: String { split(separator: " ").last.map(String.init) ?? "" }
}

extension Data {
  /// The bytes of hexadecimal digits.
  public init(hex: String) {
    let digits = hex.compactMap(\.hexDigitValue)
    self = Data(stride(from: 0, to: digits.count - 1, by: 2).map { UInt8(digits[$0] << 4 | digits[$0 + 1]) })
  }
}
