// Appeals: the reasons that can be contested, what is being written, and where each appeal stands.

import DemoKit
import SwiftUI

/// A subject's appeals.
struct AppealScreen: View {
  @State private var model: AppealModel
  @State private var asksToDiscard = false

  @Environment(AppModel.self) private var app
  @Environment(\.texts) private var texts

  /// A screen over a model of its own.
  init(model: AppealModel) { _model = State(initialValue: model) }

  var body: some View {
    Form {
      Section {
        PersonLabel(subject: model.subject)
      } footer: {
        Text(texts(.appealHint))
      }
      if let trouble = model.trouble {
        Section { TroubleView(trouble: trouble, retry: { Task { await model.retry() } }) }
      }
      if model.draft == nil { contestable } else { writing }
      if let made = model.made {
        ForEach(made, id: \.appeal) { appeal in AppealSection(appeal: appeal) }
      } else if model.trouble == nil {
        Section { ProgressView(texts(.opening)) }
      }
    }
    .navigationTitle(texts(.appealTitle))
    .task(id: app.attempt) { await model.run() }
    // Each word is on the phone as soon as it is written.
    .onChange(of: model.draft) { _, _ in Task { await model.keep() } }
    .confirmationDialog(texts(.appealDiscard), isPresented: $asksToDiscard, titleVisibility: .visible) {
      Button(texts(.eraseConfirm), role: .destructive) { Task { await model.discard() } }
      Button(texts(.cancel), role: .cancel) {}
    }
  }

  @ViewBuilder
  private var contestable: some View {
    if model.contestable.isEmpty {
      Section { Text(texts(.appealNothing)) }
    }
    ForEach(model.contestable, id: \.reason.rule) { contestable in
      Section {
        ReasonLabel(reason: contestable.reason)
        Button(texts(.appealBegin)) { Task { await model.begin(contestable) } }
      } footer: {
        Text(texts(.journalAppealBy, texts.instant(contestable.until)))
      }
    }
  }

  @ViewBuilder
  private var writing: some View {
    Section {
      if let contested = model.contested {
        ReasonLabel(reason: contested.reason)
      } else {
        Text(texts(.appealGone))
      }
    } footer: {
      ProblemText(problem: model.generalProblem)
    }
    Section {
      TextField(
        texts(.appealText), text: Binding(get: { model.draft?.text ?? "" }, set: { model.draft?.text = $0 }),
        axis: .vertical)
    } footer: {
      ProblemText(problem: model.problems["text"], hint: .appealKept)
    }
    ForEach(model.draft?.statements ?? []) { statement in
      Section {
        TextField(
          texts(.appealStatement),
          text: Binding(get: { model.text(of: statement) }, set: { model.write($0, in: statement) }), axis: .vertical)
        Button(texts(.stayRemove), role: .destructive) { model.remove(statement) }
      } footer: {
        ProblemText(problem: model.problem(of: statement))
      }
    }
    Section {
      Button(texts(.appealAdd)) { model.addStatement() }
      Button(texts(.appealSend)) { Task { await model.send() } }
        .disabled(model.isSending)
      Button(texts(.appealDiscard), role: .destructive) { asksToDiscard = true }
    }
  }
}

/// A reason with its colour.
private struct ReasonLabel: View {
  let reason: Reason

  @Environment(\.texts) private var texts

  var body: some View {
    Label(texts(reason.text), systemImage: reason.colour.symbol)
      .accessibilityValue(texts(reason.colour.key))
  }
}

/// An appeal that was made: what it says, where it stands, and by when the authority has bound itself to answer.
private struct AppealSection: View {
  let appeal: AppealCard

  @Environment(\.texts) private var texts

  var body: some View {
    Section {
      Label(texts(appeal.standing.key), systemImage: appeal.standing.symbol)
        .font(.headline)
      if case .notTaken(_, let text) = appeal.standing { Text(texts(text)) }
      if let reason = appeal.reason { Text(texts(reason)) }
      if let officer = appeal.officer { Text(texts(.journalByOfficer, officer)).font(.footnote) }
      if let due = appeal.dueBy, isOpen { Text(texts(.journalAppealDue, texts.instant(due))) }
      if appeal.overdue { Label(texts(.appealOverdue), systemImage: "clock.badge.exclamationmark") }
      if appeal.madeHere {
        DisclosureGroup(texts(.appealWritten)) {
          Text(appeal.content.text)
          ForEach(appeal.content.statements, id: \.self) { statement in Text(statement) }
        }
      } else {
        Text(texts(.appealElsewhere))
      }
    } footer: {
      Text(texts(.appealMade, texts.instant(appeal.madeAt)))
    }
  }

  private var isOpen: Bool { appeal.standing == .received || appeal.standing == .inReview }
}
