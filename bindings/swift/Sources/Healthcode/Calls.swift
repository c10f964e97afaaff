import Foundation
import HealthcodeNative

/// Runs a call into the library; whatever it throws is one of the layer's own.
func translated<T>(_ call: () throws -> T) throws(HealthcodeError) -> T {
  do {
    return try call()
  } catch {
    throw HealthcodeError(error)
  }
}

/// Runs a call that touches the file or the vault away from the caller's actor and from the threads that all tasks
/// share. Once begun it is not cancelled: what was done is told.
func working<T: Sendable>(
  _ call: @escaping @Sendable () throws -> T
) async throws(HealthcodeError) -> T {
  let result: Result<T, any Error> = await withCheckedContinuation { continuation in
    DispatchQueue.global(qos: .userInitiated).async {
      continuation.resume(returning: Result { try call() })
    }
  }
  return try translated { try result.get() }
}

/// Runs a call that waits in the library. The generated code does not carry the task's cancellation across: this does.
func cancellable<T: Sendable>(
  _ call: @Sendable (NativeCancel) async throws -> T
) async throws(HealthcodeError) -> T {
  do {
    let cancel = try newNativeCancel()
    return try await withTaskCancellationHandler {
      try await call(cancel)
    } onCancel: {
      try? cancel.cancel()
    }
  } catch {
    throw HealthcodeError(error)
  }
}

/// Runs a call that waits in the library for at most so many seconds; nil when that was too short.
func cancellable<T: Sendable>(
  within seconds: TimeInterval,
  _ call: @Sendable (NativeCancel) async throws -> T
) async throws(HealthcodeError) -> T? {
  do {
    return try await cancellable { cancel in
      let timer = Task {
        try await Task.sleep(nanoseconds: nanoseconds(seconds))
        try cancel.cancel()
      }
      defer { timer.cancel() }
      return try await call(cancel)
    }
  } catch {
    if error == .cancelled, !Task.isCancelled { return nil }
    throw error
  }
}

/// At least none, at most a year: whoever waits looks again then.
private func nanoseconds(_ seconds: TimeInterval) -> UInt64 {
  UInt64(min(max(seconds, 0), 365 * 86_400) * 1_000_000_000)
}

/// A stream of what `produce` yields, the newest first where the reader is slow. It ends with its reader or with an
/// error.
func stream<T: Sendable>(
  _ produce: @escaping @Sendable (AsyncThrowingStream<T, any Error>.Continuation) async throws(HealthcodeError) -> Void
) -> AsyncThrowingStream<T, any Error> {
  AsyncThrowingStream(bufferingPolicy: .bufferingNewest(1)) { continuation in
    let task = Task {
      do {
        try await produce(continuation)
        continuation.finish()
      } catch {
        // Who cancelled is not told of it as of a failure.
        continuation.finish(throwing: HealthcodeError(error) == .cancelled ? nil : error)
      }
    }
    continuation.onTermination = { _ in task.cancel() }
  }
}
