// The family on this phone: who is on it, for whom it cares, and who cares for each of them.

import DemoKit
import SwiftUI

/// Everybody on this phone, and the way to one person more.
struct FamilyScreen: View {
  @State private var model: FamilyModel

  @Environment(AppModel.self) private var app
  @Environment(Router.self) private var router
  @Environment(\.texts) private var texts

  /// A screen over a model of its own.
  init(model: FamilyModel) { _model = State(initialValue: model) }

  var body: some View {
    List {
      Section { Text(texts(.familyHint)).font(.footnote) }
      request
      ForEach(app.cards, id: \.subject) { card in
        Section {
          PersonLabel(subject: card.subject)
          if let colour = card.colour {
            Label(card.word.map { texts($0) } ?? texts(colour.key), systemImage: colour.symbol)
          } else {
            Text(texts(.homeUnrated))
          }
          Button(texts(.familyShow)) {
            app.select(card.subject)
            router.home()
          }
          Button(texts(.carersTitle)) { router.show(.carers(card.subject)) }
        }
      }
      Section {
        if app.holders.isEmpty {
          Text(texts(.familyNobody))
        } else {
          Button(texts(.careTitle)) { router.show(.care) }
        }
        Button(texts(.registerTitle)) { router.show(.register) }
        Button(texts(.handoverTitle)) { router.show(.handover) }
      }
    }
    .navigationTitle(texts(.familyTitle))
  }

  @ViewBuilder
  private var request: some View {
    if model.request != .none {
      Section(texts(.requestTitle)) {
        switch model.request {
        case .none, .waiting: Label(texts(.requestWaiting), systemImage: "hourglass")
        case .pending(let trouble):
          Label(texts(trouble.text), systemImage: "hourglass")
          Text(texts(.requestHint)).font(.footnote)
        case .confirmed(let enrolment):
          Label(texts(.registerDone), systemImage: "checkmark.circle")
          PersonLabel(subject: enrolment.subject)
        case .failed(let trouble): TroubleView(trouble: trouble, retry: ask, sync: trouble.isNetwork ? ask : nil)
        }
        if model.isWorking {
          HStack {
            ProgressView(texts(.working))
            Button(texts(.cancel)) { model.cancel() }
          }
        } else if app.awaitsCare {
          Button(texts(.requestAsk), action: ask)
        }
      }
    }
  }

  private func ask() {
    Task { await model.askAgain() }
  }
}

/// Who cares for a person, and the end of it.
struct CarersScreen: View {
  /// The person.
  let subject: String
  @State private var model: FamilyModel

  @Environment(AppModel.self) private var app
  @Environment(\.texts) private var texts

  /// A screen over a model of its own.
  init(subject: String, model: FamilyModel) {
    self.subject = subject
    _model = State(initialValue: model)
  }

  var body: some View {
    List {
      Section { PersonLabel(subject: subject) }
      if let trouble = model.trouble {
        Section { TroubleView(trouble: trouble, retry: { Task { await model.retry() } }) }
      }
      if model.recorded != nil {
        Section { Label(texts(.carersRecorded), systemImage: "checkmark.circle") }
      }
      Section {
        if let card = app.card(of: subject) {
          if card.carers.isEmpty { Text(texts(.carersNone)) }
          ForEach(card.carers, id: \.key) { carer in
            row(of: carer, for: card)
          }
        }
      } footer: {
        Text(texts(.carersHint))
      }
    }
    .navigationTitle(texts(.carersTitle))
    .confirmationDialog(
      texts(.carersEndTitle, model.asked?.carer.maskedName ?? ""),
      isPresented: Binding(get: { model.asked != nil }, set: { shown in if !shown { model.keep() } }),
      titleVisibility: .visible
    ) {
      if let asked = model.asked {
        Button(texts(.carersEndConfirm), role: .destructive) { Task { await model.confirm(asked) } }
      }
      Button(texts(.cancel), role: .cancel) { model.keep() }
    } message: {
      Text(texts(.carersEndMessage))
    }
  }

  private func row(of carer: Carer, for card: SubjectCard) -> some View {
    VStack(alignment: .leading, spacing: 6) {
      Label(carer.maskedName, systemImage: carer.thisPhone ? "iphone" : "person")
      Text(texts(carer.thisPhone ? .carersSinceHere : .carersSince, texts.instant(carer.since)))
        .font(.footnote)
      if model.canEnd(carer, for: card) {
        Button(texts(.carersEnd), role: .destructive) { model.ask(toEnd: carer, for: card.subject) }
          .buttonStyle(.borderless)
      }
    }
  }
}
