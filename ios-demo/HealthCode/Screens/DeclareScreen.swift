// The declaration: the rulebook's questions as they are, where the person was, and what it would come to before it is sent.

import DemoKit
import SwiftUI

/// The declaration of a subject.
struct DeclareScreen: View {
  @State private var model: DeclareModel

  @Environment(Router.self) private var router
  @Environment(\.texts) private var texts

  /// A screen over a model of its own.
  init(model: DeclareModel) { _model = State(initialValue: model) }

  var body: some View {
    Form {
      Section { PersonLabel(subject: model.subject) }
      switch model.step {
      case .waiting(let trouble): waiting(trouble)
      case .form: form
      case .preview(let preview): PreviewSections(preview: preview, model: model)
      case .recorded(let recorded): done(recorded)
      }
      if let trouble = model.trouble {
        Section {
          TroubleView(trouble: trouble) { Task { await model.retry() } }
        }
      }
    }
    .navigationTitle(texts(.declareTitle))
    .task { await model.load() }
  }

  @ViewBuilder
  private func waiting(_ trouble: Trouble?) -> some View {
    if let trouble {
      TroubleView(trouble: trouble, retry: load, sync: load)
    } else {
      ProgressView(texts(.working))
    }
  }

  @ViewBuilder
  private var form: some View {
    if let form = model.form {
      if model.isRestored { RestoredSection(clear: model.clear) }
      Section {
        Text(texts(form.title))
        Text(texts(.declareWindow, texts.day(form.from), texts.day(form.to)))
          .font(.footnote)
      }
      ForEach(form.questions, id: \.id) { question in
        QuestionSection(question: question, model: model)
      }
      Section {
        ForEach($model.stays) { $stay in
          StayRow(stay: $stay, model: model)
        }
        if model.canAddStay {
          Button(texts(.stayAdd)) { model.addStay() }
        }
      } header: {
        Text(texts(.stayTitle))
      } footer: {
        ProblemText(problem: model.generalProblem, hint: .regionHint)
      }
      Section {
        Button(texts(.declareReview)) { model.review() }
      }
    }
  }

  @ViewBuilder
  private func done(_ recorded: Recorded) -> some View {
    Section {
      Label(texts(.declareRecorded), systemImage: "checkmark.circle")
      if let day = recorded.day { Text(texts(.declareFor, texts.day(day))) }
      Button(texts(.done)) { router.home() }
    }
  }

  private func load() {
    Task { await model.load() }
  }
}

/// A question of the rulebook, by its kind; a kind of a later version is answered in words.
private struct QuestionSection: View {
  let question: FormQuestion
  let model: DeclareModel

  @Environment(\.texts) private var texts

  var body: some View {
    Section {
      answer
    } header: {
      Text(question.required ? texts(question.text) : texts(.questionOptional, texts(question.text)))
        .textCase(nil)
    } footer: {
      ProblemText(problem: model.problem(of: question.id))
    }
  }

  @ViewBuilder
  private var answer: some View {
    switch question.form {
    case .yesNo:
      CheckRow(title: texts(.yes), isOn: model.yesNo(question.id) == true) { model.answer(question.id, yes: true) }
      CheckRow(title: texts(.no), isOn: model.yesNo(question.id) == false) { model.answer(question.id, yes: false) }
    case .oneOf:
      ForEach(question.options, id: \.id) { option in
        CheckRow(title: texts(option.text), isOn: model.isChosen(option.id, of: question.id)) {
          model.choose(option.id, of: question.id)
        }
      }
    case .anyOf:
      CheckRow(title: texts(.noneOfThese), isOn: model.isNone(question.id)) { model.chooseNone(of: question.id) }
      ForEach(question.options, id: \.id) { option in
        CheckRow(title: texts(option.text), isOn: model.isChosen(option.id, of: question.id)) {
          model.toggle(option.id, of: question.id)
        }
      }
    case .date:
      date
    case .other:
      TextField(
        texts(.answerInWords),
        text: Binding(get: { model.text(question.id) }, set: { model.write($0, for: question.id) }))
    }
  }

  @ViewBuilder
  private var date: some View {
    if let window = model.window {
      if let date = model.date(question.id) {
        DatePicker(
          texts(.pickDay), selection: Binding(get: { date }, set: { model.pick($0, for: question.id) }), in: window,
          displayedComponents: .date)
      } else {
        Button(texts(.pickDay)) { model.pick(window.upperBound, for: question.id) }
      }
    }
  }
}

/// An answer that is chosen by a tap on its row, with a mark that is no colour.
struct CheckRow: View {
  /// The answer.
  let title: String
  /// Whether it is chosen.
  let isOn: Bool
  /// Chooses it, or takes it away.
  let action: @MainActor () -> Void

  var body: some View {
    Button(action: action) {
      HStack {
        Text(title)
          .foregroundStyle(Color.primary)
        Spacer()
        if isOn { Image(systemName: "checkmark").accessibilityHidden(true) }
      }
    }
    .accessibilityAddTraits(isOn ? .isSelected : [])
  }
}

/// A stay: where, and from when to when.
private struct StayRow: View {
  @Binding var stay: DeclareModel.Stay
  let model: DeclareModel

  @Environment(\.texts) private var texts

  var body: some View {
    VStack(alignment: .leading, spacing: 8) {
      TextField(texts(.stayRegion), text: $stay.region)
        .keyboardType(.numberPad)
      if let window = model.window {
        DatePicker(texts(.stayFrom), selection: $stay.from, in: window, displayedComponents: .date)
        DatePicker(texts(.stayTo), selection: $stay.to, in: window, displayedComponents: .date)
      }
      ProblemText(problem: model.problem(of: stay.id))
      // A button alone in its row takes every tap on the row.
      Button(texts(.stayRemove), role: .destructive) { model.remove(stay.id) }
        .buttonStyle(.borderless)
    }
  }
}

/// What a declaration would come to, with the reason.
private struct PreviewSections: View {
  let preview: DeclarationPreview
  let model: DeclareModel

  @Environment(\.texts) private var texts

  var body: some View {
    Section {
      if let colour = preview.colour {
        ColourBand(colour: colour, word: texts(colour.key))
      }
      ForEach(preview.reasons, id: \.self) { reason in
        Text(texts(reason.text))
      }
      if preview.days > 0 { Text(texts(.previewDays, texts.number(preview.days))) }
    } header: {
      Text(texts(.previewTitle))
    } footer: {
      Text(texts(.previewHint))
    }
    Section {
      if model.isWorking {
        ProgressView(texts(.working))
      } else {
        Button(texts(.declareSend)) { Task { await model.send() } }
        Button(texts(.declareEdit)) { model.edit() }
      }
    }
    Section {
      DisclosureGroup(texts(.previewTrace)) {
        ForEach(preview.trace, id: \.self) { line in
          Label(line.rule, systemImage: line.holds ? "checkmark" : "minus")
            .accessibilityValue(texts(line.holds ? .yes : .no))
        }
      }
    }
  }
}
