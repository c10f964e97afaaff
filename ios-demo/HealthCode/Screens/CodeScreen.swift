// The code: as large as the phone allows, with its colour's word, without scrolling on the smallest phone.

import DemoKit
import SwiftUI

/// A subject's code.
struct CodeScreen: View {
  @State private var model: CodeModel

  @Environment(AppModel.self) private var app
  @Environment(Router.self) private var router
  @Environment(\.dismiss) private var dismiss
  @Environment(\.scenePhase) private var phase
  @Environment(\.texts) private var texts

  /// A screen over a model of its own.
  init(model: CodeModel) { _model = State(initialValue: model) }

  var body: some View {
    VStack(spacing: 8) {
      switch model.content {
      case .opening:
        Spacer()
        ProgressView(texts(.opening))
        Spacer()
      case .code(let code):
        ShownCodeView(code: code, time: app.time) { model.explain() }
      case .none(let trouble):
        ScrollView {
          // The model tries again whenever something has changed, and with the file that is opened anew.
          TroubleView(trouble: trouble, retry: { app.retry() })
        }
      }
      HStack {
        if model.code != nil {
          Button(texts(.codeReveals)) { model.explain() }
          Spacer()
        }
        if model.code?.reasons.isEmpty == false {
          Button(texts(.appealTitle)) { router.show(.appeals(model.subject)) }
          Spacer()
        }
        Button(texts(.done)) { dismiss() }
      }
      .padding(.horizontal)
    }
    .padding(.vertical, 8)
    // What must be read from afar is large already: at the largest sizes it would push the code off the screen.
    .dynamicTypeSize(...DynamicTypeSize.accessibility1)
    // The light is raised for the code alone: not in the app switcher, and not in another app.
    .task(id: Run(attempt: app.attempt, seen: phase == .active)) {
      if phase == .active { await model.run() }
    }
    .sheet(isPresented: Binding(get: { model.disclosure != nil }, set: { _ in model.stopExplaining() })) {
      if let disclosure = model.disclosure {
        DisclosureView(disclosure: disclosure) { model.stopExplaining() }
          .environment(\.texts, texts)
          .modifier(Curtained())
      }
    }
  }

  private struct Run: Equatable {
    let attempt: Int
    let seen: Bool
  }
}

/// A code with its word, its name, and the time. The answer to a gate's challenge is shown by it too.
struct ShownCodeView: View {
  /// The code.
  let code: ShownCode
  /// The time as the core knows it.
  let time: TrustedTime
  /// Explains what it reveals.
  let explain: @MainActor () -> Void

  @Environment(\.texts) private var texts

  var body: some View {
    VStack(spacing: 8) {
      ColourBand(colour: code.colour, word: texts(code.word), size: 72)
      if code.lowered {
        Text(texts(.codeLowered)).font(.footnote)
      }
      CodeCanvas(picture: code.picture)
        .accessibilityElement()
        .accessibilityLabel(texts(.codeLabel, texts(code.word), code.maskedName, code.idTail))
        .accessibilityAddTraits(.isImage)
        .onTapGesture(perform: explain)
      Text(verbatim: "\(code.maskedName)  \(code.idTail)")
        .font(.headline)
      if let gate = code.gate {
        Text(texts(.codeAnswers, gate))
      } else {
        TrustedTimeView(time: time)
      }
      Text(validity)
        .font(.footnote)
      ForEach(code.reasons.prefix(2), id: \.self) { reason in
        Text(texts(reason.text))
          .font(.footnote)
          .lineLimit(2)
      }
      Text(texts(code.advice))
        .font(.footnote)
        .lineLimit(2)
    }
    .padding(.horizontal)
  }

  private var validity: String {
    texts(code.expired ? .codeExpired : .codeValid, texts.instant(code.validUntil))
  }
}

/// What a code reveals to whoever scans it, and what it does not.
struct DisclosureView: View {
  /// The explanation.
  let disclosure: Disclosure
  /// Puts it away.
  let close: @MainActor () -> Void

  @Environment(\.texts) private var texts

  var body: some View {
    NavigationStack {
      List {
        Section { Text(texts(disclosure.summary)) }
        Section(texts(.disclosureReveals)) {
          ForEach(disclosure.reveals, id: \.name) { item in
            VStack(alignment: .leading, spacing: 4) {
              Text(texts(item.what)).font(.footnote)
              Text(texts(item.value))
              if let note = item.note { Text(texts(note)).font(.footnote) }
            }
            .accessibilityElement(children: .combine)
          }
        }
        if !disclosure.withholds.isEmpty {
          Section(texts(.disclosureWithholds)) {
            ForEach(disclosure.withholds, id: \.self) { text in Text(texts(text)) }
          }
        }
        if disclosure.linkable { Section { Text(texts(.disclosureLinkable)) } }
      }
      .navigationTitle(texts(.codeReveals))
      .toolbar {
        ToolbarItem(placement: .confirmationAction) {
          Button(texts(.done), action: close)
        }
      }
    }
  }
}
