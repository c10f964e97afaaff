// Where the person is in the app.

import DemoKit
import Observation

/// A screen on the stack.
enum Place: Hashable {
  case register
  case family
  case care
  case carers(String)
  case declare(String)
  case quarantine(String)
  case exposures(String)
  case journal(String)
  case papers(String)
  case appeals(String)
  case move(String)
  case handover
  case settings
}

/// A screen over everything else.
enum Cover: Hashable, Identifiable {
  case code(String)
  case scan(String)
  case gate

  var id: Self { self }
}

/// The screens that are open, and the ways between them.
@MainActor
@Observable
final class Router {
  /// The stack over the first screen.
  var path: [Place] = []
  /// What lies over it.
  var cover: Cover?

  /// Shows a screen, in the place of what lies over the stack.
  func show(_ place: Place) {
    cover = nil
    if path.last != place { path.append(place) }
  }

  /// Back to the first screen.
  func home() { (path, cover) = ([], nil) }
}
