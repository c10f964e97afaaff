// A lane: its name and kind, what the gate judges by, what it came to today, and what is wrong with its file.

import DemoKit
import SwiftUI

/// The name of a lane, its kind, and whether it can show a challenge.
struct LaneSection: View {
  /// The gate.
  let model: GateModel
  /// Goes on, once the lane is set up.
  let done: @MainActor () -> Void
  @State private var name: String
  @State private var policy: String
  @State private var showsChallenges: Bool

  @Environment(\.texts) private var texts

  /// A form over the lane as it is.
  init(model: GateModel, done: @escaping @MainActor () -> Void) {
    (self.model, self.done) = (model, done)
    _name = State(initialValue: model.lane.gate)
    _policy = State(initialValue: model.lane.policy ?? "")
    _showsChallenges = State(initialValue: model.lane.showsChallenges)
  }

  var body: some View {
    Section {
      TextField(texts(.laneName), text: $name)
        .accessibilityHint(model.nameProblem.map { texts($0) } ?? "")
    } footer: {
      ProblemText(problem: model.nameProblem, hint: .laneHint)
    }
    Section {
      Picker(texts(.lanePolicy), selection: $policy) {
        Text(texts(.laneNoPolicy)).tag("")
        ForEach(model.status?.policies ?? [], id: \.id) { choice in
          Text(texts(choice.name)).tag(choice.id)
        }
      }
      Toggle(texts(.laneChallenges), isOn: $showsChallenges)
      Button(texts(.laneSave), action: save)
        .disabled(name.allSatisfy(\.isWhitespace))
    }
  }

  private func save() {
    let lane = Lane(gate: name, policy: policy.isEmpty ? nil : policy, showsChallenges: showsChallenges)
    Task { if await model.set(lane) { done() } }
  }
}

/// What is wrong with the lane's own file, or with its exchange. What the remedies do is done to no resident's file.
struct GateTroubleView: View {
  /// What did not work.
  let trouble: Trouble
  /// The gate.
  let model: GateModel
  /// Tries again what did not work.
  let retry: @MainActor () -> Void

  var body: some View {
    TroubleView(
      trouble: trouble, retry: retry, sync: { model.startSync() }, remedies: trouble.gateRemedies,
      eraseGate: { Task { await model.eraseDamaged() } })
  }
}

/// How the lane is set up, what the gate judges by, and what it came to today.
struct LaneScreen: View {
  /// The gate.
  let model: GateModel
  /// Puts it away.
  let close: @MainActor () -> Void

  @Environment(\.texts) private var texts

  var body: some View {
    NavigationStack {
      Form {
        LaneSection(model: model, done: close)
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
        GateTroubleView(trouble: trouble, model: model, retry: { Task { await model.repeatFailed() } })
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
