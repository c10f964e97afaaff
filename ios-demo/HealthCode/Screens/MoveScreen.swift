// What another authority would make of a person: looked at before a move.

import DemoKit
import SwiftUI

/// A person under another authority's rules.
struct MoveScreen: View {
  @State private var model: MoveModel

  @Environment(\.texts) private var texts

  /// A screen over a model of its own.
  init(model: MoveModel) { _model = State(initialValue: model) }

  var body: some View {
    Form {
      Section {
        PersonLabel(subject: model.subject)
      } footer: {
        Text(texts(.moveHint))
      }
      Section {
        TextField(texts(.moveIssuer), text: $model.issuer)
          .autocorrectionDisabled()
          .accessibilityHint(model.problem.map { texts($0) } ?? "")
      } footer: {
        ProblemText(problem: model.problem, hint: .moveIssuerHint)
      }
      Section {
        if model.isWorking {
          ProgressView(texts(.working))
          Button(texts(.cancel)) { model.cancel() }
        } else {
          Button(texts(.moveLook)) { look() }
            .disabled(model.issuer.isEmpty)
        }
      }
      if let trouble = model.trouble {
        Section { TroubleView(trouble: trouble, retry: look) }
      }
      if let preview = model.preview { result(preview) }
    }
    .navigationTitle(texts(.moveTitle))
  }

  private func result(_ preview: MovePreview) -> some View {
    Section {
      Text(texts(preview.rulebook))
      if let colour = preview.colour {
        ColourBand(colour: colour, word: preview.word.map { texts($0) } ?? texts(colour.key))
      }
      ForEach(preview.reasons, id: \.self) { reason in
        Label(texts(reason.text), systemImage: reason.colour.symbol)
      }
      if preview.days > 0 { Text(texts(.previewDays, texts.number(preview.days))) }
      if preview.countedHere > 0 { Text(texts(.moveCounted, texts.number(preview.countedHere))) }
      if let advice = preview.advice { Text(texts(advice)) }
      // What its form asks and the last declaration does not answer: no colour is told then.
      ForEach(preview.problems, id: \.self) { problem in
        Label(texts(problem.text), systemImage: "questionmark.circle")
      }
    } header: {
      Text(texts(preview.name))
    } footer: {
      Text(texts(.moveFooter))
    }
  }

  private func look() {
    Task { await model.look() }
  }
}
