// What a person filled in before the app was last opened is here again, and can be thrown away.

import SwiftUI

/// Says that a form was filled in before, and empties it.
struct RestoredSection: View {
  let clear: () -> Void

  @Environment(\.texts) private var texts

  var body: some View {
    Section {
      Label(texts(.draftRestored), systemImage: "clock.arrow.circlepath")
      Button(texts(.draftClear)) { clear() }
    }
  }
}
