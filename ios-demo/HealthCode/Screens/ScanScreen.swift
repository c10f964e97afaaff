// A resident's camera: a gate's challenge is answered at once, a venue entered, somebody handed over to another phone or taken
// over from it, anything else named.

import DemoKit
import SwiftUI

/// Scans on behalf of a subject.
struct ScanScreen: View {
  @State private var model: ScanModel

  @Environment(AppModel.self) private var app
  @Environment(\.dismiss) private var dismiss
  @Environment(\.scenePhase) private var phase
  @Environment(\.texts) private var texts

  /// A screen over a model of its own.
  init(model: ScanModel) { _model = State(initialValue: model) }

  var body: some View {
    VStack(spacing: 0) {
      content
        .frame(maxWidth: .infinity, maxHeight: .infinity)
      HStack {
        if model.content != .scanning {
          Button(texts(.scanAgain)) { model.again() }
          Spacer()
        }
        Button(texts(.done)) { dismiss() }
      }
      .padding()
    }
    .onChange(of: phase) { _, now in
      if model.isBright { app.device.bright(now == .active) }
    }
    .onDisappear { model.leave() }
  }

  @ViewBuilder
  private var content: some View {
    switch model.content {
    case .scanning:
      VStack(spacing: 0) {
        PersonLabel(subject: model.subject)
        Text(texts(.scanHint)).padding()
        CameraPane(
          isTorchOn: model.isTorchOn, toggleTorch: { model.toggleTorch() },
          found: { text in Task { await model.scanned(text) } })
      }
    case .answer(let code):
      ShownCodeView(code: code, time: app.time) {}
        .dynamicTypeSize(...DynamicTypeSize.accessibility1)
    case .venue(let name, let signed):
      VStack(spacing: 16) {
        PersonLabel(subject: model.subject)
        if signed {
          Label(texts(.venueAsk, name.map { texts($0) } ?? ""), systemImage: "building.2")
          Button(texts(.venueEnter)) { Task { await model.enterVenue() } }
            .buttonStyle(.borderedProminent)
          Text(texts(.venueHint)).font(.footnote)
        } else {
          Label(texts(.venueUnsigned), systemImage: "building.2")
        }
      }
      .padding()
    case .entered(let name):
      VStack(spacing: 16) {
        PersonLabel(subject: model.subject)
        Label(texts(.venueEntered, name.map { texts($0) } ?? ""), systemImage: "checkmark.circle")
      }
      .padding()
    case .handoverRequest:
      HandoverQuestion(people: app.movable) { subject in Task { await model.handOver(subject) } }
    case .handover(let picture, let subject):
      VStack(spacing: 12) {
        PersonLabel(subject: subject)
        Text(texts(.handoverAnswer))
        CodeCanvas(picture: picture.picture)
          .accessibilityElement()
          .accessibilityLabel(texts(.handoverAnswerLabel))
        if let until = picture.expiresAt { Text(texts(.handoverUntil, texts.instant(until))).font(.footnote) }
      }
      .padding()
    case .takingOver:
      VStack(spacing: 12) {
        ProgressView(texts(.working))
        Button(texts(.cancel)) { model.cancel() }
      }
    case .tookOver(let enrolment):
      HandedOver(subject: enrolment.subject)
    case .named(let text):
      Label(texts(text), systemImage: "questionmark.circle")
        .padding()
    case .failed(let trouble):
      ScrollView { TroubleView(trouble: trouble, retry: retry, sync: trouble.isNetwork ? retry : nil) }
    }
  }

  /// A takeover that failed goes on by its own call: an exchange of the app would not make it.
  private func retry() { Task { await model.retry() } }
}
