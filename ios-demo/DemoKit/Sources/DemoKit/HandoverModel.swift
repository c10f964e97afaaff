// A subject comes from another phone to this one, face to face: this phone shows a code, the phone of before answers with one,
// and this one tells the authority.

import Foundation
import Observation

/// The new phone's side. The screen runs it while it is seen; the side of the phone of before is in ``ScanModel``.
@MainActor
@Observable
public final class HandoverModel {
  /// What the screen shows.
  public enum Content: Equatable {
    /// The code is being made: a moment.
    case opening
    /// The code that the phone of before scans.
    case request(HandoverPicture)
    /// The camera's picture, for the code that the phone of before shows then.
    case scanning
    /// The authority is being told; ``cancel()`` ends it.
    case takingOver
    /// The subject is on this phone.
    case done(Enrolment)
    /// It did not work: why, and what to do.
    case failed(Trouble)
  }

  /// What the screen shows.
  public private(set) var content: Content = .opening
  /// Whether the torch is on.
  public private(set) var isTorchOn = false

  private let app: AppModel
  private var work: Task<Void, Never>?

  init(app: AppModel) {
    self.app = app
  }

  /// Shows this phone's code until the task ends, or goes on with what was scanned before the app ended. The screen is
  /// bright meanwhile, so that the other phone reads it.
  public func run() async {
    app.light.want()
    defer {
      setTorch(false)
      app.light.release()
    }
    if content == .opening { await retry() }
    while !Task.isCancelled { try? await Task.sleep(for: .seconds(3_600)) }
  }

  /// Shows this phone's code, for the phone of before.
  public func showRequest() async {
    setTorch(false)
    do {
      content = .request(try await app.phone().handoverRequest())
    } catch {
      content = .failed(Trouble(error))
    }
  }

  /// Opens the camera, once the phone of before has answered.
  public func startScanning() { content = .scanning }

  /// The camera has read a text, any text. What is no answer to this phone is said, in the core's words.
  public func scanned(_ text: String) async {
    guard content == .scanning else { return }
    await takeOver(text)
  }

  /// Tries again what did not work: what was scanned is kept. Where nothing was, the core says so without asking anybody,
  /// and this phone's code is shown.
  public func retry() async {
    await takeOver(nil)
    guard case .failed(let trouble) = content, case .invalidField = trouble.error else { return }
    await showRequest()
  }

  /// Ends what is under way; what was scanned is kept.
  public func cancel() { work?.cancel() }

  /// Switches the torch.
  public func toggleTorch() { setTorch(!isTorchOn) }

  private func takeOver(_ text: String?) async {
    guard work == nil else { return }
    content = .takingOver
    setTorch(false)
    let task = Task { await tell(text) }
    work = task
    await task.joined()
    work = nil
  }

  private func tell(_ text: String?) async {
    do {
      content = .done(try await app.takeOver(text))
    } catch {
      if error == .cancelled { await showRequest() } else { content = .failed(Trouble(error)) }
    }
  }

  private func setTorch(_ on: Bool) {
    guard app.device.torchAvailable, on != isTorchOn else { return }
    isTorchOn = on
    app.device.torch(on)
  }
}

extension AppModel {
  /// The subjects whom this phone can hand over to another one.
  public var movable: [SubjectCard] { cards.filter { $0.state == .active } }

  /// Takes over the subject of whom the phone of before speaks, or the one of whom it spoke before, and shows it.
  func takeOver(_ text: String?) async throws(HealthcodeError) -> Enrolment {
    let enrolment = try await phone().takeOver(text)
    look()
    select(enrolment.subject)
    startSync()
    return enrolment
  }
}
