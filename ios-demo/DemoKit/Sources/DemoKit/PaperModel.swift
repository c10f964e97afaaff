// Paper codes: asked for, there after the next exchange, printed by the platform, withdrawn. A withdrawal is asked for twice.

import Foundation
import Observation

/// A subject's paper codes. The screen runs it while it is seen.
@MainActor
@Observable
public final class PaperModel {
  /// A page to print: in memory only.
  public struct Page: Equatable, Sendable, Identifiable {
    /// The paper code's id.
    public let id: String
    /// One self-contained SVG, A4, drawn by the core.
    public let svg: String
  }

  /// The paper codes, the latest first; nil while they are being read.
  public private(set) var papers: [PaperCode]?
  /// Requests that were recorded and wait to be sent, for a new code or a withdrawal.
  public private(set) var waiting = 0
  /// What the server refused of this, and nobody has put away yet.
  public private(set) var refused: [Rejection] = []
  /// The code whose withdrawal was asked for once and waits to be confirmed; nil where there is none.
  public private(set) var asked: PaperCode?
  /// The page that is to be printed; nil where none was asked for.
  public private(set) var page: Page?
  /// What did not work.
  public private(set) var trouble: Trouble?
  /// Whether something is being recorded or drawn: a moment.
  public private(set) var isWorking = false
  /// Whose they are.
  public let subject: String

  private let app: AppModel
  private var failed: Again?

  init(app: AppModel, subject: String) {
    (self.app, self.subject) = (app, subject)
  }

  /// Reads what is there, and follows it until the task ends.
  public func run() async {
    do {
      let resident = try await app.opened()
      trouble = nil
      for try await _ in resident.homes() { try await read(resident) }
    } catch {
      fail(error) { [app] in app.retry() }
    }
  }

  /// Asks for a paper code, and begins to send that: it is there to print after the exchange. It needs no network.
  public func request() async {
    let again: Again = { [weak self] in await self?.request() }
    await recording(again: again) { try await $0.requestPaper(for: self.subject) }
  }

  /// Asks for a code's withdrawal: nothing is recorded before ``confirm(withdrawal:)``.
  public func ask(toWithdraw paper: PaperCode) { asked = paper }

  /// Takes that back.
  public func keep() { asked = nil }

  /// Records a withdrawal that was asked for, and begins to send it.
  public func confirm(withdrawal paper: PaperCode) async {
    asked = nil
    let again: Again = { [weak self] in await self?.confirm(withdrawal: paper) }
    await recording(again: again) {
      try await $0.withdraw(paper: paper.id, of: self.subject)
    }
  }

  /// Draws the page of a code, to see and to print it.
  public func draw(_ paper: PaperCode) async {
    let again: Again = { [weak self] in await self?.draw(paper) }
    await working(again: again) { resident in
      self.page = Page(id: paper.id, svg: try await resident.page(ofPaper: paper.id, of: self.subject))
    }
  }

  /// Tries again what did not work, and nothing else; where it is the file, opens that once more.
  public func retry() async { await app.again(failed) }

  /// Lets go of the page, when it was printed.
  public func dropPage() { page = nil }

  private func recording(
    again: @escaping Again, _ call: @MainActor (Resident) async throws -> Recorded
  ) async {
    await working(again: again) { resident in
      _ = try await call(resident)
      try await self.read(resident)
      self.app.look()
      self.app.startSync()
    }
  }

  private func working(
    again: @escaping Again, _ call: @MainActor (Resident) async throws -> Void
  ) async {
    guard !isWorking else { return }
    (isWorking, trouble) = (true, nil)
    defer { isWorking = false }
    do {
      try await call(app.phone())
    } catch {
      fail(error, again: again)
    }
  }

  private func read(_ resident: Resident) async throws {
    var (waits, ids) = (0, Set<String>())
    for try await entry in resident.journalEntries(of: subject) {
      guard case .askedForPaper(_, _, let outcome) = entry.event else { continue }
      if outcome == .waiting { waits += 1 }
      ids.insert(entry.id)
    }
    papers = try resident.papers(of: subject)
    (waiting, refused) = (waits, app.rejections.filter { ids.contains($0.id) })
  }

  private func fail(_ error: any Error, again: @escaping Again) {
    let error = error as? HealthcodeError ?? .internal(incident: "unexpected")
    if error != .cancelled { (trouble, failed) = (Trouble(error), again) }
  }
}
