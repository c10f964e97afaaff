// The first screen of who is enrolled: colour, what is due, what to know, and the ways on.

import DemoKit
import SwiftUI

/// The first screen.
struct HomeScreen: View {
  @Environment(AppModel.self) private var app
  @Environment(Router.self) private var router
  @Environment(\.texts) private var texts

  var body: some View {
    ScrollView {
      VStack(spacing: 16) {
        if app.cards.count > 1 { people }
        if let card = app.card {
          CardView(card: card)
          ForEach(app.conditions, id: \.self) { condition in
            ConditionView(condition: condition, subject: card.subject)
          }
          actions(for: card)
        }
        SyncRow()
      }
      .padding()
    }
    .navigationTitle(texts(.appName))
    .refreshable { await app.sync() }
    // The first order brings the first check-in: whoever does not open its screen is reminded too.
    .task(id: app.hasOrder) {
      if app.hasOrder { await app.askForReminders() }
    }
  }

  private var people: some View {
    Picker(texts(.homePerson), selection: Binding(get: { app.selected ?? "" }, set: { app.select($0) })) {
      ForEach(app.cards, id: \.subject) { card in
        Text(card.name).tag(card.subject)
      }
    }
    .pickerStyle(.menu)
  }

  private func actions(for card: SubjectCard) -> some View {
    VStack(spacing: 12) {
      Button {
        router.cover = .code(card.subject)
      } label: {
        Label(texts(.codeShow), systemImage: "qrcode")
          .frame(maxWidth: .infinity)
      }
      .buttonStyle(.borderedProminent)
      .controlSize(.large)
      Row(title: .scanTitle, symbol: "qrcode.viewfinder") { router.cover = .scan(card.subject) }
      // Also without an order: the proof of the last one is there.
      Row(title: .quarantineTitle, symbol: "calendar") { router.show(.quarantine(card.subject)) }
      Row(title: .declareTitle, symbol: "square.and.pencil") { router.show(.declare(card.subject)) }
      Row(title: .appealTitle, symbol: "text.bubble") { router.show(.appeals(card.subject)) }
      Row(title: .paperTitle, symbol: "printer") { router.show(.papers(card.subject)) }
      Row(title: .exposureTitle, symbol: "tram") { router.show(.exposures(card.subject)) }
      Row(title: .journalTitle, symbol: "list.bullet.rectangle") { router.show(.journal(card.subject)) }
      Row(title: .moveTitle, symbol: "map") { router.show(.move(card.subject)) }
      Row(title: .familyTitle, symbol: "person.2") { router.show(.family) }
      Row(title: .gateTitle, symbol: "person.badge.shield.checkmark") { router.cover = .gate }
      Row(title: .settingsTitle, symbol: "gearshape") { router.show(.settings) }
    }
  }
}

/// A way to another screen.
private struct Row: View {
  let title: Key
  let symbol: String
  let action: @MainActor () -> Void

  @Environment(\.texts) private var texts

  var body: some View {
    Button(action: action) {
      Label(texts(title), systemImage: symbol)
        .frame(maxWidth: .infinity, alignment: .leading)
    }
    .buttonStyle(.bordered)
    .controlSize(.large)
  }
}

/// Who it is, and how that person stands.
private struct CardView: View {
  let card: SubjectCard

  @Environment(Router.self) private var router
  @Environment(\.texts) private var texts

  var body: some View {
    VStack(alignment: .leading, spacing: 12) {
      if let colour = card.colour {
        ColourBand(colour: colour, word: card.word.map { texts($0) } ?? texts(colour.key))
      } else {
        Text(texts(.homeUnrated))
          .font(.title2)
      }
      PersonLabel(subject: card.subject)
      if let counted = card.countedDays, let days = card.orderDays {
        Text(texts(.quarantineCounted, texts.number(counted), texts.number(days)))
      }
      if let due = card.due {
        Text(texts(.checkInDue, texts.instant(due.deadline)))
        Button(texts(.checkInTitle)) { router.show(.quarantine(card.subject)) }
          .buttonStyle(.borderedProminent)
      }
    }
    .frame(maxWidth: .infinity, alignment: .leading)
  }
}

/// The trusted time, and how the exchange with the server stands.
private struct SyncRow: View {
  @Environment(AppModel.self) private var app
  @Environment(\.texts) private var texts

  var body: some View {
    VStack(spacing: 8) {
      TrustedTimeView(time: app.time)
      if let last = app.home?.sync.lastSuccess {
        Text(texts(.syncLast, texts.instant(last)))
          .font(.footnote)
      }
      if app.isSyncing {
        HStack {
          ProgressView(texts(.syncRunning))
          Button(texts(.cancel)) { app.cancelSync() }
        }
      } else {
        Button(texts(.remedySync)) { app.startSync() }
      }
    }
    .frame(maxWidth: .infinity)
  }
}

/// The time as the core knows it, ticking; marked where it is only a lower bound.
struct TrustedTimeView: View {
  /// The time.
  let time: TrustedTime

  @Environment(\.texts) private var texts

  var body: some View {
    TimelineView(.periodic(from: .now, by: 1)) { _ in
      if let now = time.now() {
        Label(
          time.sure ? texts.clock(now) : texts(.timeUnsure, texts.clock(now)),
          systemImage: time.sure ? "clock" : "clock.badge.questionmark"
        )
        .monospacedDigit()
        .accessibilityAddTraits(.updatesFrequently)
      }
    }
  }
}
