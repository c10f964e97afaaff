// Enrolling somebody, or a person to care for: the identity, then what confirms it. Each field's error stands under it.

import DemoKit
import SwiftUI

/// Name, document, telephone number, region; then the one-time code.
struct RegisterScreen: View {
  @State private var model: RegisterModel
  @FocusState private var focus: RegisterModel.Field?

  @Environment(Router.self) private var router
  @Environment(\.texts) private var texts

  /// A screen over a model of its own.
  init(model: RegisterModel) { _model = State(initialValue: model) }

  var body: some View {
    Form {
      ClockNotice()
      switch model.step {
      case .identity: identity
      case .code: code
      case .done(let enrolment): done(enrolment)
      }
      if let trouble = model.trouble {
        Section { TroubleView(trouble: trouble, retry: again, sync: trouble.isNetwork ? again : nil) }
      }
    }
    .navigationTitle(texts(model.isForCare ? .careTitle : .registerTitle))
    .onChange(of: focus) { left, _ in
      if let left { model.leave(left) }
    }
  }

  @ViewBuilder
  private var identity: some View {
    if model.isRestored { RestoredSection(clear: model.clear) }
    if model.isForCare { carer }
    Section {
      field(.name, texts(.registerName), text: $model.name)
        .textContentType(.name)
    } footer: {
      ProblemText(problem: model.problems[.name])
    }
    Section {
      Picker(texts(.registerDocument), selection: $model.documentKind) {
        Text(texts(.documentResidentId)).tag("resident-id")
        Text(texts(.documentPassport)).tag("passport")
        Text(texts(.documentPermit)).tag("travel-permit")
      }
      field(.document, texts(.registerNumber), text: $model.documentNumber)
        .textInputAutocapitalization(.characters)
        .autocorrectionDisabled()
    } footer: {
      ProblemText(problem: model.problems[.document])
    }
    Section {
      field(.phone, texts(.registerPhone), text: $model.phone)
        .keyboardType(.phonePad)
        .textContentType(.telephoneNumber)
    } footer: {
      ProblemText(problem: model.problems[.phone], hint: model.isForCare ? .carePhoneHint : .registerPhoneHint)
    }
    Section {
      field(.region, texts(.registerRegion), text: $model.region)
        .keyboardType(.numberPad)
    } footer: {
      ProblemText(problem: model.problems[.region], hint: .regionHint)
    }
    Section { submitButton(.registerRequestCode) }
  }

  private var carer: some View {
    Section {
      Picker(texts(.careCarer), selection: $model.carer) {
        ForEach(model.carers, id: \.subject) { card in
          Text(card.name).tag(String?.some(card.subject))
        }
      }
    } footer: {
      ProblemText(problem: model.problems[.carer], hint: .careHint)
    }
  }

  @ViewBuilder
  private var code: some View {
    if let name = model.waitsFor {
      Section { Label(name, systemImage: "person.badge.clock") }
    }
    Section {
      field(.code, texts(.registerCode, texts.number(model.digits)), text: $model.code)
        .keyboardType(.numberPad)
        .textContentType(.oneTimeCode)
    } footer: {
      ProblemText(problem: model.problems[.code], hint: model.isForCare ? .careCodeHint : .registerCodeHint)
    }
    if model.isForCare {
      Section {
        if let pending = model.pending {
          Label(texts(pending.text), systemImage: "hourglass")
          Text(texts(.requestHint)).font(.footnote)
        }
        if !model.isWorking {
          Button(texts(.requestAsk)) { Task { await model.askWhetherConfirmed() } }
        }
      }
    }
    Section {
      submitButton(.registerConfirm)
      Button(texts(.registerBack)) { model.back() }
    } footer: {
      Text(texts(.registerCodeValid, texts.number(Int(model.codeValidFor / 60))))
    }
  }

  @ViewBuilder
  private func done(_ enrolment: Enrolment) -> some View {
    Section {
      Label(texts(.registerDone), systemImage: "checkmark.circle")
      PersonLabel(subject: enrolment.subject)
      if let until = enrolment.pendingUntil {
        Text(texts(.conditionPending, texts.instant(until)))
      }
      Button(texts(.declareTitle)) {
        router.home()
        router.show(.declare(enrolment.subject))
      }
      Button(texts(.later)) { router.home() }
    }
  }

  private func field(_ field: RegisterModel.Field, _ title: String, text: Binding<String>) -> some View {
    TextField(title, text: text)
      .focused($focus, equals: field)
      .submitLabel(.next)
      .accessibilityHint(model.problems[field].map { texts($0) } ?? "")
  }

  @ViewBuilder
  private func submitButton(_ title: Key) -> some View {
    if model.isWorking {
      HStack {
        ProgressView(texts(.working))
        Button(texts(.cancel)) { model.cancel() }
      }
    } else {
      Button(texts(title), action: submit)
    }
  }

  private func submit() {
    perform { [model] in
      if model.step == .code { await model.enrol() } else { await model.requestCode() }
    }
  }

  private func again() { perform { [model] in await model.retry() } }

  private func perform(_ call: @escaping @MainActor () async -> Void) {
    focus = nil
    Task {
      await call()
      // What is wrong is said, and the person is where it stands.
      guard let wrong = RegisterModel.Field.allCases.first(where: { model.problems[$0] != nil }) else { return }
      focus = wrong
      if let problem = model.problems[wrong] { Announcement.post(texts(problem)) }
    }
  }
}

/// What is wrong with a field, where it stands; else a hint, if there is one.
struct ProblemText: View {
  /// What is wrong; nil for nothing.
  let problem: BilingualText?
  /// What to say while nothing is wrong.
  var hint: Key?

  @Environment(\.texts) private var texts

  var body: some View {
    if let problem {
      Label(texts(problem), systemImage: "exclamationmark.circle")
        .foregroundStyle(.red)
    } else if let hint {
      Text(texts(hint))
    }
  }
}
