// The new phone's side of a handover: it shows a code, scans the other phone's answer, and has the person then.

import DemoKit
import SwiftUI

/// Somebody comes from another phone to this one.
struct HandoverScreen: View {
  @State private var model: HandoverModel

  @Environment(Router.self) private var router
  @Environment(\.scenePhase) private var phase
  @Environment(\.texts) private var texts

  /// A screen over a model of its own.
  init(model: HandoverModel) { _model = State(initialValue: model) }

  var body: some View {
    VStack(spacing: 12) {
      switch model.content {
      case .opening:
        ProgressView(texts(.opening))
      case .request(let picture):
        Text(texts(.handoverShow))
        CodeCanvas(picture: picture.picture)
          .accessibilityElement()
          .accessibilityLabel(texts(.handoverRequestLabel))
        Button(texts(.handoverScan)) { model.startScanning() }
          .buttonStyle(.borderedProminent)
          .controlSize(.large)
      case .scanning:
        Text(texts(.handoverScanHint))
        CameraPane(
          isTorchOn: model.isTorchOn, toggleTorch: { model.toggleTorch() },
          found: { text in Task { await model.scanned(text) } })
        Button(texts(.handoverBack)) { Task { await model.showRequest() } }
      case .takingOver:
        ProgressView(texts(.working))
        Button(texts(.cancel)) { model.cancel() }
      case .done(let enrolment):
        HandedOver(subject: enrolment.subject)
        Button(texts(.done)) { router.home() }
          .buttonStyle(.borderedProminent)
      case .failed(let trouble):
        ScrollView {
          VStack(spacing: 12) {
            TroubleView(trouble: trouble, retry: retry, sync: trouble.isNetwork ? retry : nil)
            Button(texts(.handoverScan)) { model.startScanning() }
            Button(texts(.handoverBack)) { Task { await model.showRequest() } }
          }
        }
      }
    }
    .padding()
    .navigationTitle(texts(.handoverTitle))
    // The light is raised for the code alone: not in the app switcher, and not in another app.
    .task(id: phase == .active) {
      if phase == .active { await model.run() }
    }
  }

  private func retry() {
    Task { await model.retry() }
  }
}

/// That somebody is on this phone now.
struct HandedOver: View {
  /// Who.
  let subject: String

  @Environment(\.texts) private var texts

  var body: some View {
    VStack(spacing: 12) {
      Label(texts(.handoverDone), systemImage: "checkmark.circle")
      PersonLabel(subject: subject)
    }
  }
}

/// What the phone of before asks: whom to hand over, and whether it is meant.
struct HandoverQuestion: View {
  /// Who can be handed over.
  let people: [SubjectCard]
  /// Hands somebody over.
  let handOver: @MainActor (String) -> Void
  @State private var chosen: SubjectCard?

  @Environment(\.texts) private var texts

  var body: some View {
    List {
      Section {
        Text(texts(.handoverAsk))
        ForEach(people, id: \.subject) { card in
          Button(texts(.handoverPerson, card.name)) { chosen = card }
        }
        if people.isEmpty { Text(texts(.handoverNobody)) }
      } footer: {
        Text(texts(.handoverWarning))
      }
    }
    .confirmationDialog(
      texts(.handoverConfirmTitle, chosen?.name ?? ""),
      isPresented: Binding(get: { chosen != nil }, set: { shown in if !shown { chosen = nil } }),
      titleVisibility: .visible
    ) {
      if let chosen { Button(texts(.handoverConfirm)) { handOver(chosen.subject) } }
      Button(texts(.cancel), role: .cancel) {}
    } message: {
      Text(texts(.handoverWarning))
    }
  }
}
