// The code on the screen: a fresh presentation every 30 seconds while it is seen, the screen bright meanwhile.

import Foundation
import Observation

/// A subject's code. The screen runs it while it is seen: `.task { await model.run() }`.
@MainActor
@Observable
public final class CodeModel {
  /// What the screen shows.
  public enum Content: Equatable {
    /// The first code is being made: a moment.
    case opening
    /// The code.
    case code(ShownCode)
    /// There is none to show: why, and what to do.
    case none(Trouble)
  }

  /// What the screen shows.
  public private(set) var content: Content = .opening
  /// What the code on the screen reveals, while it is asked for; nil otherwise.
  public private(set) var disclosure: Disclosure?
  /// Whose code it is.
  public let subject: String

  private let app: AppModel

  init(app: AppModel, subject: String) {
    (self.app, self.subject) = (app, subject)
  }

  /// The code on the screen; nil where there is none.
  public var code: ShownCode? {
    if case .code(let code) = content { code } else { nil }
  }

  /// Shows the code, and renews it, until the task ends; the screen is bright meanwhile. What keeps a code from being
  /// shown is in ``content``, and it is tried again whenever something has changed.
  public func run() async {
    app.light.want()
    defer { app.light.release() }
    do {
      let resident = try await app.opened()
      while !Task.isCancelled {
        let before = try Standing(resident.home())
        await show(resident.codes(of: subject))
        // What may bring a code has changed meanwhile, or will.
        for try await home in resident.homes() where Standing(home) != before { break }
      }
    } catch {
      fail(error)
    }
  }

  private func show(_ codes: AsyncThrowingStream<ShownCode, any Error>) async {
    do {
      for try await code in codes { content = .code(code) }
    } catch {
      fail(error)
    }
  }

  private func fail(_ error: any Error) {
    let error = error as? HealthcodeError ?? .internal(incident: "unexpected")
    if error != .cancelled { content = .none(Trouble(error)) }
  }

  /// Tells what the code on the screen reveals to whoever scans it.
  public func explain() {
    guard let code else { return }
    disclosure = try? explainDisclosure(code.text)
  }

  /// Puts that away.
  public func stopExplaining() { disclosure = nil }
}

/// What of the first screen decides whether there is a code: all but the time that goes by.
private struct Standing: Equatable {
  let subjects: [SubjectCard]
  let lastSync: Date?
  let isTimeSure: Bool

  init(_ home: Home) {
    (subjects, lastSync, isTimeSure) = (home.subjects, home.sync.lastSuccess, home.time.sure)
  }
}
