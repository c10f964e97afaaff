// The gate: the camera is always on, a verdict fills the screen and says what to do. Nobody taps for each person.

import DemoKit
import SwiftUI

/// A lane at a gate.
struct GateScreen: View {
  @State private var model: GateModel
  @State private var showsLane = false

  @Environment(\.dismiss) private var dismiss
  @Environment(\.scenePhase) private var phase
  @Environment(\.texts) private var texts

  /// A screen over a model of its own.
  init(model: GateModel) { _model = State(initialValue: model) }

  var body: some View {
    VStack(spacing: 0) {
      content
        .frame(maxWidth: .infinity, maxHeight: .infinity)
      if case .finding = model.content {} else { bar }
    }
    .task(id: Run(attempt: model.attempt, seen: phase == .active)) {
      if phase == .active { await model.run() }
    }
    .sheet(isPresented: $showsLane) {
      LaneScreen(model: model, close: { showsLane = false })
        .environment(\.texts, texts)
        .modifier(Curtained())
    }
  }

  private struct Run: Equatable {
    let attempt: Int
    let seen: Bool
  }

  @ViewBuilder
  private var content: some View {
    switch model.content {
    case .opening:
      ProgressView(texts(.opening))
    case .failed(let trouble):
      ScrollView {
        GateTroubleView(trouble: trouble, model: model, retry: { model.retry() })
      }
    case .unnamed:
      Form { LaneSection(model: model, done: {}) }
    case .scanning, .finding, .challenge:
      lane
    }
  }

  // One camera for as long as the lane is open: what is shown lies over it or beside it, and it goes on.
  private var lane: some View {
    VStack(spacing: 8) {
      above
      camera
        .frame(maxHeight: isAsking ? 120 : .infinity)
      below
    }
    .overlay { verdict }
  }

  private var isAsking: Bool {
    switch model.content {
    case .challenge: true
    case .finding(let finding): finding.scan.challenge != nil
    case .opening, .failed, .unnamed, .scanning: false
    }
  }

  @ViewBuilder
  private var above: some View {
    switch model.content {
    case .challenge(let challenge):
      Text(texts(.gateChallenge)).font(.title2)
      CodeCanvas(picture: challenge.picture)
        .accessibilityElement()
        .accessibilityLabel(texts(.gateChallenge))
    case .finding(let finding):
      // The answer to its challenge comes next.
      if finding.scan.challenge != nil { FindingView(finding: finding) { model.dismiss() } }
    case .opening, .failed, .unnamed, .scanning:
      Picker(texts(.gateDirection), selection: $model.direction) {
        Text(texts(.gateIn)).tag(Direction.in)
        Text(texts(.gateOut)).tag(Direction.out)
      }
      .pickerStyle(.segmented)
      .padding()
    }
  }

  @ViewBuilder
  private var below: some View {
    if let last = model.last {
      Text(texts(.gateLast, texts(last.scan.action)))
        .font(.footnote)
    }
    if let trouble = model.trouble {
      HStack {
        Label(texts(trouble.text), systemImage: "exclamationmark.circle")
        Button(texts(.remedySync)) { model.startSync() }
      }
      .font(.footnote)
    }
  }

  @ViewBuilder
  private var verdict: some View {
    if case .finding(let finding) = model.content, finding.scan.challenge == nil {
      VStack(spacing: 0) {
        FindingView(finding: finding) { model.dismiss() }
        if finding.isOutageNotice {
          Button(texts(.gateLoadNotice)) { Task { await model.loadOutageNotice() } }
            .frame(maxWidth: .infinity)
            .padding()
            .background(.background)
        }
      }
    }
  }

  private var camera: some View {
    CameraPane(isTorchOn: model.isTorchOn, toggleTorch: { model.toggleTorch() }, found: { model.scanned($0) })
  }

  private var bar: some View {
    HStack {
      if model.lane.showsChallenges, model.status != nil {
        Button(texts(model.asksEverybody ? .gateAskNobody : .gateAsk)) { model.ask(everybody: !model.asksEverybody) }
        Spacer()
      }
      Button(texts(.gateSetUp)) { showsLane = true }
      Spacer()
      Button(texts(.done)) {
        model.close()
        dismiss()
      }
    }
    .padding()
  }
}

/// A verdict, full screen: one action in words, its colour and shape, whose code it is, the challenge to show.
private struct FindingView: View {
  let finding: GateModel.Finding
  let dismiss: @MainActor () -> Void

  @Environment(\.texts) private var texts

  var body: some View {
    Button(action: dismiss) {
      VStack(spacing: 12) {
        Image(systemName: finding.signal.symbol)
          .font(.system(size: finding.scan.challenge == nil ? 120 : 44, weight: .black))
        Text(texts(finding.scan.action))
          .font(.system(size: 40, weight: .black))
          .minimumScaleFactor(0.4)
          .multilineTextAlignment(.center)
        if let holder = finding.holder {
          Text(verbatim: "\(holder.maskedName)  \(holder.idTail)")
            .font(.title)
          Text(texts(holder.issuerName))
        }
        if let challenge = finding.scan.challenge {
          CodeCanvas(picture: challenge.picture)
            .accessibilityElement()
            .accessibilityLabel(texts(.gateChallenge))
        }
        if finding.staysUntilTap { Text(texts(.gateTap)).font(.footnote) }
      }
      .foregroundStyle(finding.signal.ink)
      .padding()
      .frame(maxWidth: .infinity, maxHeight: .infinity)
      .background(finding.signal.paint)
    }
    .buttonStyle(.plain)
    .accessibilityLabel(spoken)
    .task(id: spoken) { Announcement.post(spoken) }
  }

  private var spoken: String {
    [texts(finding.scan.action), finding.holder?.maskedName, finding.holder?.idTail]
      .compactMap { $0 }.joined(separator: ", ")
  }
}

extension Signal {
  /// The paint of a verdict's screen.
  fileprivate var paint: Color {
    switch self {
    case .pass: Colour.green.paint
    case .stop: Colour.red.paint
    case .ask: Color(red: 0.10, green: 0.25, blue: 0.60)
    case .look: Colour.yellow.paint
    }
  }

  /// The ink on it.
  fileprivate var ink: Color { self == .pass || self == .look ? .black : .white }

  /// The shape that goes with it.
  fileprivate var symbol: String {
    switch self {
    case .pass: "checkmark.circle.fill"
    case .stop: "xmark.octagon.fill"
    case .ask: "questionmark.bubble.fill"
    case .look: "eye.fill"
    }
  }
}
