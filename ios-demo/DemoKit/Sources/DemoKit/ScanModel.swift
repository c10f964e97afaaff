// What a resident's camera reads: a gate's challenge is answered at once, a venue entered, a subject handed over to the phone
// whose code it is, or taken over from it; anything else is named.

import Foundation
import Observation

/// Scans on behalf of a subject.
@MainActor
@Observable
public final class ScanModel {
  /// What the screen shows.
  public enum Content: Equatable {
    /// The camera's picture.
    case scanning
    /// The answer to a gate's challenge, full screen, good for that challenge only.
    case answer(ShownCode)
    /// A venue that can be entered; `signed` is false for one that nobody vouches for, which cannot.
    case venue(name: BilingualText?, signed: Bool)
    /// The venue was entered.
    case entered(name: BilingualText?)
    /// Another phone asks for a subject: whom to hand over, and whether it is meant, is for the person to say.
    case handoverRequest
    /// What the other phone scans now, for the subject that it takes over.
    case handover(HandoverPicture, subject: String)
    /// The authority is being told that this phone takes over; ``cancel()`` ends it.
    case takingOver
    /// The subject of the other phone is on this one.
    case tookOver(Enrolment)
    /// Something else: what it is, in the core's words.
    case named(BilingualText)
    /// It did not work: why, and what to do.
    case failed(Trouble)
  }

  /// What the screen shows.
  public private(set) var content: Content = .scanning
  /// Whether the torch is on.
  public private(set) var isTorchOn = false
  /// On whose behalf.
  public let subject: String

  private let app: AppModel
  private var venue: String?
  private var request: String?
  private var work: Task<Void, Never>?
  private var isWorking = false
  private var turn = 0

  init(app: AppModel, subject: String) {
    (self.app, self.subject) = (app, subject)
  }

  /// Whether the screen is bright, for another one to read from it.
  public var isBright: Bool {
    switch content {
    case .answer, .handover: true
    default: false
    }
  }

  /// The camera has read a text, any text. While a result is shown nothing else is read.
  public func scanned(_ text: String) async {
    guard content == .scanning, !isWorking else { return }
    isWorking = true
    defer { isWorking = false }
    let ours = turn
    do {
      let resident = try app.phone()
      switch try resident.scan(text) {
      case .challenge:
        let answer = try await resident.code(of: subject, challenge: text)
        // Who has left meanwhile leaves no light on.
        guard turn == ours else { return }
        app.light.want()
        app.device.signal(.pass)
        content = .answer(answer)
      case .venue(let name):
        venue = text
        content = .venue(name: name, signed: true)
      case .unsignedVenue:
        content = .venue(name: nil, signed: false)
      case .handoverRequest:
        (request, content) = (text, .handoverRequest)
      case .handover:
        await takeOver(text)
      case .code, .otherKind, .foreign, .damaged:
        content = .named(try explainDisclosure(text).summary)
      }
    } catch {
      content = .failed(Trouble(error))
    }
  }

  /// Enters the venue that was scanned: the visit begins now, and stays on this phone.
  public func enterVenue() async {
    guard let venue, case .venue(let name, true) = content else { return }
    do {
      try await app.phone().enterVenue(venue, for: subject)
      content = .entered(name: name)
    } catch {
      content = .failed(Trouble(error))
    }
  }

  /// Hands a subject over to the phone that asks, once the person has agreed: what it scans then is shown. This phone keeps
  /// the subject until the other one has it.
  public func handOver(_ subject: String) async {
    guard let request, content == .handoverRequest else { return }
    let ours = turn
    do {
      let picture = try await app.phone().handOver(subject, to: request)
      guard turn == ours else { return }
      app.light.want()
      content = .handover(picture, subject: subject)
    } catch {
      content = .failed(Trouble(error))
    }
  }

  /// Tries again what did not work: a takeover goes on with what was scanned, anything else is scanned again.
  public func retry() async {
    guard case .failed(let trouble) = content, trouble.isNetwork else { return again() }
    await takeOver(nil)
  }

  /// Ends a takeover that is under way; what was scanned is kept.
  public func cancel() { work?.cancel() }

  private func takeOver(_ text: String?) async {
    content = .takingOver
    let task = Task { await tell(text) }
    work = task
    await task.joined()
    work = nil
  }

  private func tell(_ text: String?) async {
    do {
      content = .tookOver(try await app.takeOver(text))
    } catch {
      content = error == .cancelled ? .scanning : .failed(Trouble(error))
    }
  }

  /// Back to the camera, or away from the screen.
  public func again() {
    if isBright { app.light.release() }
    turn += 1
    work?.cancel()
    (venue, request, content) = (nil, nil, .scanning)
  }

  /// Switches the torch.
  public func toggleTorch() { setTorch(!isTorchOn) }

  /// The screen is left: the light goes out, the brightness is what it was.
  public func leave() {
    again()
    setTorch(false)
  }

  private func setTorch(_ on: Bool) {
    guard app.device.torchAvailable, on != isTorchOn else { return }
    isTorchOn = on
    app.device.torch(on)
  }
}
