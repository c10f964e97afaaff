// What another authority would make of a subject, looked at before a move. Nothing of the person is sent for it.

import Foundation
import Observation

/// A look at another authority's rules, as they would be for a subject.
@MainActor
@Observable
public final class MoveModel {
  /// The other authority, by its id in the trust list.
  public var issuer = ""
  /// What it would come to there; nil before it was looked up.
  public private(set) var preview: MovePreview?
  /// What is wrong with the id, in the core's words.
  public private(set) var problem: BilingualText?
  /// What went wrong that is not about the id.
  public private(set) var trouble: Trouble?
  /// Whether the other authority's rules are being fetched; ``cancel()`` ends it.
  public private(set) var isWorking = false
  /// Whose it is.
  public let subject: String

  private let app: AppModel
  private var work: Task<Void, Never>?

  init(app: AppModel, subject: String) {
    (self.app, self.subject) = (app, subject)
  }

  /// Fetches the other authority's rules, and asks them on this phone.
  public func look() async {
    guard work == nil else { return }
    (isWorking, preview, problem, trouble) = (true, nil, nil, nil)
    let task = Task { await fetch() }
    work = task
    await withTaskCancellationHandler {
      await task.value
    } onCancel: {
      task.cancel()
    }
    (work, isWorking) = (nil, false)
  }

  /// Ends what is under way; nothing is lost by it.
  public func cancel() { work?.cancel() }

  private func fetch() async {
    do {
      let named = issuer.trimmingCharacters(in: .whitespaces)
      preview = try await app.phone().previewMove(of: subject, to: named)
    } catch {
      switch error {
      case .cancelled: break
      case .invalidField: problem = error.text
      default: trouble = Trouble(error)
      }
    }
  }
}
