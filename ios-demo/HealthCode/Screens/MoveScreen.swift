// What another authority would make of a person, and the move there with what the phone keeps.

import DemoKit
import SwiftUI

/// A person under another authority's rules.
struct MoveScreen: View {
  @State private var model: MoveModel
  @State private var asks = false

  @Environment(Router.self) private var router
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
      switch model.step {
      case .look: looking
      case .code: confirming
      case .done(let enrolment):
        Section {
          Label(texts(.registerDone), systemImage: "checkmark.circle")
          PersonLabel(subject: enrolment.subject)
          Button(texts(.done)) { router.home() }
        }
      }
      if let trouble = model.trouble {
        Section { TroubleView(trouble: trouble, retry: again, sync: trouble.isNetwork ? again : nil) }
      }
    }
    .navigationTitle(texts(.moveTitle))
    .confirmationDialog(texts(.moveGo), isPresented: $asks, titleVisibility: .visible) {
      Button(texts(.moveConfirm)) { Task { await model.move() } }
      Button(texts(.cancel), role: .cancel) {}
    } message: {
      Text(texts(.moveConsent))
    }
  }

  @ViewBuilder
  private var looking: some View {
    if model.authorities.isEmpty {
      Section { Label(texts(.moveNowhere), systemImage: "mappin.slash") }
    } else {
      choosing
    }
    if let preview = model.preview {
      result(preview)
      if !model.isWorking { Section { Button(texts(.moveGo)) { asks = true } } }
    }
  }

  @ViewBuilder
  private var choosing: some View {
    Section {
      Picker(texts(.moveIssuer), selection: $model.issuer) {
        Text(texts(.moveChoose)).tag("")
        ForEach(model.authorities, id: \.id) { authority in Text(texts(authority.name)).tag(authority.id) }
      }
      .accessibilityHint(model.problem.map { texts($0) } ?? "")
    } footer: {
      ProblemText(problem: model.problem)
    }
    Section {
      if model.isWorking {
        working
      } else {
        Button(texts(.moveLook)) { Task { await model.look() } }
          .disabled(model.issuer.isEmpty)
      }
    }
  }

  @ViewBuilder
  private var confirming: some View {
    Section {
      TextField(texts(.registerCode, texts.number(model.digits)), text: $model.code)
        .keyboardType(.numberPad)
        .textContentType(.oneTimeCode)
        .accessibilityHint(model.codeProblem.map { texts($0) } ?? "")
    } footer: {
      ProblemText(problem: model.codeProblem, hint: model.isForCare ? .careCodeHint : .registerCodeHint)
    }
    Section {
      if model.isWorking {
        working
      } else {
        Button(texts(.registerConfirm)) { Task { await model.confirm() } }
        if model.isForCare {
          if let pending = model.pending { Label(texts(pending.text), systemImage: "hourglass") }
          Button(texts(.requestAsk)) { Task { await model.askWhetherConfirmed() } }
        }
        Button(texts(.moveBack)) { Task { await model.giveUp() } }
      }
    }
  }

  @ViewBuilder
  private var working: some View {
    ProgressView(texts(.working))
    Button(texts(.cancel)) { model.cancel() }
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

  private func again() { Task { await model.retry() } }
}
