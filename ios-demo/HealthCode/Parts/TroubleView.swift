// What did not work: the core's own words, and a button for each thing that helps.

import CoreTransferable
import DemoKit
import SwiftUI

/// A trouble with its remedies.
struct TroubleView: View {
  /// What did not work.
  let trouble: Trouble
  /// Tries the same again.
  let retry: @MainActor () -> Void
  /// Exchanges with the server: the app's exchange where the screen has none of its own.
  var sync: (@MainActor () -> Void)?
  /// What is offered, where it is not what the trouble itself says.
  var remedies: [Remedy]?
  /// Erases a gate's own file, where it is about that one.
  var eraseGate: (@MainActor () -> Void)?

  @Environment(\.texts) private var texts

  var body: some View {
    VStack(alignment: .leading, spacing: 12) {
      Label(texts(trouble.text), systemImage: trouble.isNetwork ? "wifi.slash" : "exclamationmark.circle")
        .accessibilityAddTraits(.isStaticText)
      if let seconds = trouble.retryAfter {
        Text(texts(.troubleWait, texts.number(Int(seconds.rounded(.up)))))
          .font(.footnote)
      }
      RemedyButtons(remedies: remedies ?? trouble.remedies, retry: retry, sync: sync, eraseGate: eraseGate)
    }
    .frame(maxWidth: .infinity, alignment: .leading)
    .padding()
  }
}

/// A button for each remedy, or a word where the person does it elsewhere.
struct RemedyButtons: View {
  /// What is offered, the likeliest help first.
  let remedies: [Remedy]
  /// Tries the same again.
  let retry: @MainActor () -> Void
  /// Exchanges with the server.
  var sync: (@MainActor () -> Void)?
  /// Erases a gate's own file.
  var eraseGate: (@MainActor () -> Void)?

  @Environment(AppModel.self) private var app
  @Environment(Router.self) private var router
  @Environment(\.texts) private var texts
  @State private var asksToErase = false
  @State private var asksToEraseGate = false

  var body: some View {
    VStack(alignment: .leading, spacing: 8) {
      ForEach(remedies, id: \.self) { remedy in
        button(for: remedy)
      }
    }
    .buttonStyle(.bordered)
    .confirmationDialog(texts(.eraseDamagedTitle), isPresented: $asksToErase, titleVisibility: .visible) {
      Button(texts(.eraseConfirm), role: .destructive) {
        Task { await app.eraseDamaged() }
      }
      Button(texts(.cancel), role: .cancel) {}
    } message: {
      Text(texts(.eraseDamagedMessage))
    }
    .confirmationDialog(texts(.eraseGate), isPresented: $asksToEraseGate, titleVisibility: .visible) {
      Button(texts(.eraseConfirm), role: .destructive) { eraseGate?() }
      Button(texts(.cancel), role: .cancel) {}
    } message: {
      Text(texts(.eraseGateMessage))
    }
  }

  @ViewBuilder
  private func button(for remedy: Remedy) -> some View {
    switch remedy {
    case .correct: Text(texts(.remedyCorrect))
    case .updateApp: Text(texts(.remedyUpdate))
    case .retry: Button(texts(.remedyRetry), action: retry)
    case .sync: Button(texts(.remedySync), action: sync ?? { app.startSync() })
    case .declare: Button(texts(.remedyDeclare)) { app.selected.map { router.show(.declare($0)) } }
    case .enrol: Button(texts(.remedyEnrol)) { router.show(.register) }
    case .askForCare: Button(texts(.remedyAskForCare)) { router.show(.care) }
    case .eraseAndEnrol: Button(texts(.remedyErase), role: .destructive) { asksToErase = true }
    case .eraseGate: Button(texts(.eraseGate), role: .destructive) { asksToEraseGate = true }
    case .scan: Button(texts(.remedyScan)) { app.selected.map { router.cover = .scan($0) } }
    case .showJournal: Button(texts(.remedyJournal)) { app.selected.map { router.show(.journal($0)) } }
    case .open(let setting): settingsButton(for: setting)
    case .report(let incident):
      ShareLink(item: texts(.reportText, incident ?? "-")) {
        Label(texts(.remedyReport), systemImage: "square.and.arrow.up")
      }
    // The question itself has the two buttons.
    case .answerTakeover: EmptyView()
    }
  }

  private func settingsButton(for setting: DeviceSetting) -> some View {
    VStack(alignment: .leading, spacing: 4) {
      Button(texts(.remedySettings)) { app.device.open(setting) }
      Text(texts(way(to: setting)))
        .font(.footnote)
    }
  }

  private func way(to setting: DeviceSetting) -> Key {
    switch setting {
    case .notifications: .wayNotifications
    case .network: .wayNetwork
    case .date: .wayDate
    case .storage: .wayStorage
    case .camera: .wayCamera
    }
  }
}
