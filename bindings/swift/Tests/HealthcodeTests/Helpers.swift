import Foundation
import Healthcode
import XCTest

#if canImport(FoundationNetworking)
  import FoundationNetworking
#endif

/// That a call throws exactly this error.
func assertThrows(
  _ expected: HealthcodeError,
  file: StaticString = #filePath,
  line: UInt = #line,
  _ call: () async throws -> Void
) async {
  do {
    try await call()
    XCTFail("it did not throw", file: file, line: line)
  } catch {
    XCTAssertEqual(error as? HealthcodeError, expected, file: file, line: line)
  }
}

/// URLSession as an app's own HTTP stack.
struct UrlTransport: Transport {
  let server: String

  func send(_ call: Call) async throws -> Reply {
    guard let url = call.url(at: server) else { throw URLError(.badURL) }
    var request = URLRequest(url: url)
    request.httpMethod = call.method == .post ? "POST" : "GET"
    if call.method == .post {
      request.httpBody = call.body
      request.setValue("application/json", forHTTPHeaderField: "Content-Type")
    }
    if let signature = call.signature {
      request.setValue(signature, forHTTPHeaderField: "Healthcode-Signature")
    }
    let (body, response) = try await URLSession.shared.data(for: request)
    guard let response = response as? HTTPURLResponse, body.count <= call.limit else {
      throw URLError(.badServerResponse)
    }
    return Reply(
      status: UInt16(response.statusCode),
      contentType: response.value(forHTTPHeaderField: "Content-Type") ?? "",
      retryAfter: response.value(forHTTPHeaderField: "Retry-After").flatMap(UInt32.init),
      body: body
    )
  }
}

/// Work that blocks, on a thread of its own.
func detached<T: Sendable>(_ work: @escaping @Sendable () -> T) async -> T {
  await withCheckedContinuation { continuation in
    Thread.detachNewThread { continuation.resume(returning: work()) }
  }
}

/// Seconds since some instant.
func uptime() -> TimeInterval { ProcessInfo.processInfo.systemUptime }

/// Whether another process gets the lock of a phone's file within so many seconds: 0 when it does.
func flock(_ file: String, wait seconds: Int) async throws -> Int32 {
  try await launch("/usr/bin/flock", ["--wait", "\(seconds)", file + ".lock", "true"]).status
}

/// Runs a command to its end, and gives its status and what it said.
func launch(_ command: String, _ arguments: [String]) async throws -> (status: Int32, said: String) {
  let process = Process()
  process.executableURL = URL(fileURLWithPath: command)
  process.arguments = arguments
  let output = Pipe()
  process.standardOutput = output
  let status = try await withCheckedThrowingContinuation { continuation in
    process.terminationHandler = { continuation.resume(returning: $0.terminationStatus) }
    do { try process.run() } catch { continuation.resume(throwing: error) }
  }
  // A few lines, which the pipe holds.
  return (status, String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self))
}
