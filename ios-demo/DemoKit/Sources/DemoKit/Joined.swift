// Waiting for work that a model began in a task of its own.

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
