// Forms that are being filled in, over the end of the app: the core keeps them sealed in its file.

import Foundation

/// A form's words, kept with each change until they are recorded or a week is over.
@MainActor
final class Draft {
  private let app: AppModel
  private let form: String
  private let subject: String?
  private var kept: [String: String]?
  private var wanted: [String: String]?
  private var work: Task<Void, Never>?

  /// A form about a subject; about nobody on this phone yet without one.
  init(app: AppModel, form: String, subject: String? = nil) {
    (self.app, self.form, self.subject) = (app, form, subject)
  }

  /// What was typed before, by the fields' names; empty where nothing is kept, or it cannot be read: what is wrong with the
  /// file is said where something is recorded.
  func read() -> [String: String] {
    kept = try? app.phone().draft(of: form, about: subject)
    wanted = kept
    return kept ?? [:]
  }

  /// Keeps the words; none forget what was kept. What was given last is what stays.
  func keep(_ words: [String: String]) {
    wanted = words.isEmpty ? nil : words
    guard work == nil else { return }
    work = Task {
      while wanted != kept {
        let now = wanted
        do {
          try await app.phone().keep(draft: now, of: form, about: subject)
          kept = now
        } catch {
          // The form on the screen still has it.
          break
        }
      }
      work = nil
    }
  }
}
