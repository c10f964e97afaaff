// Waiting for work that a model began in a task of its own, and doing again what failed.

extension Task where Success == Void, Failure == Never {
  /// Waits until it is over. A task that is cancelled while it waits cancels it.
  func joined() async {
    await withTaskCancellationHandler {
      await value
    } onCancel: {
      cancel()
    }
  }
}

/// What a model does again when the person tries again: the call that failed, with what it was made with.
typealias Again = @MainActor () async -> Void
