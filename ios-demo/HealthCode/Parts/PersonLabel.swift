// Whose data a screen shows: with several people on one phone it stands on each of their screens.

import DemoKit
import SwiftUI

/// A person's masked name, and who of this phone cares for the person.
struct PersonLabel: View {
  /// The subject.
  let subject: String

  @Environment(AppModel.self) private var app
  @Environment(\.texts) private var texts

  var body: some View {
    if let card = app.card(of: subject) {
      VStack(alignment: .leading, spacing: 2) {
        Label(card.name, systemImage: card.caredForBy == nil ? "person" : "person.2")
          .font(.headline)
        // One person may have codes of several authorities.
        if Set(app.cards.map(\.issuer)).count > 1 {
          Text(card.issuerName.map { texts($0) } ?? card.issuer).font(.footnote)
          if card.shownHere { Label(texts(.personShownHere), systemImage: "mappin").font(.footnote) }
        }
        if let carer = card.caredForBy {
          // The carer may be on this phone no more.
          Text(app.card(of: carer).map { texts(.familyCaredForBy, $0.maskedName) } ?? texts(.familyCaredFor))
            .font(.footnote)
        }
      }
      .accessibilityElement(children: .combine)
    }
  }
}

extension SubjectCard {
  /// The masked name with the document's last characters.
  var name: String { "\(maskedName)  \(idTail)" }
}
