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
        TroubleView(trouble: trouble, retry: { model.retry() }, sync: { model.startSync() })
      }
    case .scanning:
      scanning
    case .finding(let finding):
      VStack(spacing: 0) {
        FindingView(finding: finding) { model.dismiss() }
        // The camera goes on beside a challenge, since the answer to it comes next.
        if finding.scan.challenge != nil { camera.frame(height: 120) }
        if finding.isOutageNotice {
          Button(texts(.gateLoadNotice)) { Task { await model.loadOutageNotice() } }
            .padding()
        }
      }
    case .challenge(let challenge):
      VStack(spacing: 8) {
        Text(texts(.gateChallenge)).font(.title2)
        CodeCanvas(picture: challenge.picture)
          .accessibilityElement()
          .accessibilityLabel(texts(.gateChallenge))
        camera.frame(height: 120)
        Button(texts(.cancel)) { model.dismiss() }
      }
      .padding()
    }
  }

  private var scanning: some View {
    VStack(spacing: 8) {
      Picker(texts(.gateDirection), selection: $model.direction) {
        Text(texts(.gateIn)).tag(Direction.in)
        Text(texts(.gateOut)).tag(Direction.out)
      }
      .pickerStyle(.segmented)
      .padding()
      camera
      if let last = model.last {
        Text(texts(.gateLast, texts(last.scan.action)))
          .font(.footnote)
      }
      if let trouble = model.trouble {
        Label(texts(trouble.text), systemImage: "exclamationmark.circle")
          .font(.footnote)
      }
    }
  }

  private var camera: some View {
    CameraPane(isTorchOn: model.isTorchOn, toggleTorch: { model.toggleTorch() }, found: { model.scanned($0) })
  }

  private var bar: some View {
    HStack {
      Button(texts(.gateAsk)) { model.ask() }
      Spacer()
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

/// How the lane is set up, what the gate judges by, and what it came to today.
private struct LaneScreen: View {
  let model: GateModel
  let close: @MainActor () -> Void
  @State private var name: String
  @State private var policy: String
  @State private var showsChallenges: Bool

  @Environment(\.texts) private var texts

  init(model: GateModel, close: @escaping @MainActor () -> Void) {
    (self.model, self.close) = (model, close)
    _name = State(initialValue: model.lane.gate)
    _policy = State(initialValue: model.lane.policy ?? "")
    _showsChallenges = State(initialValue: model.lane.showsChallenges)
  }

  var body: some View {
    NavigationStack {
      Form {
        Section {
          TextField(texts(.laneName), text: $name)
          Picker(texts(.lanePolicy), selection: $policy) {
            Text(texts(.laneNoPolicy)).tag("")
            ForEach(model.status?.policies ?? [], id: \.id) { choice in
              Text(texts(choice.name)).tag(choice.id)
            }
          }
          Toggle(texts(.laneChallenges), isOn: $showsChallenges)
          Button(texts(.laneSave)) {
            model.set(Lane(gate: name, policy: policy.isEmpty ? nil : policy, showsChallenges: showsChallenges))
            close()
          }
        } footer: {
          Text(texts(.laneHint))
        }
        if let status = model.status { EvidenceSection(status: status, model: model) }
        Section(texts(.gateCounts)) {
          if model.counts.isEmpty { Text(texts(.gateNoCounts)) }
          ForEach(model.counts) { count in
            LabeledContent(texts(Key(verdict: count.verdict)), value: texts.number(count.count))
          }
        }
      }
      .navigationTitle(texts(.gateTitle))
      .toolbar {
        ToolbarItem(placement: .confirmationAction) {
          Button(texts(.done), action: close)
        }
      }
    }
  }
}

/// How old what the gate judges by is, and what it knows of the time.
private struct EvidenceSection: View {
  let status: CheckpointStatus
  let model: GateModel

  @Environment(\.texts) private var texts

  var body: some View {
    Section(texts(.evidenceTitle)) {
      Label(texts(status.time.key), systemImage: "clock")
      if status.time == .confirmDate, let date = status.date {
        Button(texts(.evidenceConfirm, texts.day(date))) { model.confirmDate() }
      }
      if let hint = status.hint { Text(texts(hint == .ahead ? .clockAhead : .clockBehind)) }
      if let expires = status.trustListExpiresAt {
        LabeledContent(texts(.evidenceTrustList), value: texts.instant(expires))
      }
      if !status.isCurrent { Text(texts(.evidenceNotCurrent)) }
      ForEach(status.statusLists, id: \.self) { list in
        LabeledContent(texts(.evidenceStatusList, list.issuer), value: texts.instant(list.issuedAt))
      }
      ForEach(status.outages, id: \.self) { outage in
        LabeledContent(texts(.evidenceOutage, outage.issuer), value: texts.instant(outage.endsAt))
      }
      if let trouble = model.trouble {
        TroubleView(trouble: trouble, retry: { model.startSync() }, sync: { model.startSync() })
      }
      if model.isSyncing {
        HStack {
          ProgressView(texts(.syncRunning))
          Button(texts(.cancel)) { model.cancelSync() }
        }
      } else {
        Button(texts(.remedySync)) { model.startSync() }
      }
    }
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
