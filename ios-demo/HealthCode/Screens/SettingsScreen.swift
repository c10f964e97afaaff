// The settings: language, reminders, all that is stored, and its end.

import CoreTransferable
import DemoKit
import SwiftUI

/// The settings.
struct SettingsScreen: View {
  @State private var model: SettingsModel
  @State private var region: String

  @Environment(AppModel.self) private var app
  @Environment(Router.self) private var router
  @Environment(\.texts) private var texts

  /// A screen over a model of its own.
  init(model: SettingsModel) {
    _model = State(initialValue: model)
    _region = State(initialValue: model.region)
  }

  var body: some View {
    @Bindable var app = app
    Form {
      if let trouble = model.trouble {
        Section { TroubleView(trouble: trouble, retry: { Task { await model.retry() } }) }
      }
      Section {
        Picker(texts(.settingsLanguage), selection: $app.language) {
          Text(texts(.languageSystem)).tag(Language.system)
          // A language is named in itself, for who reads no other.
          Text(verbatim: "简体中文").tag(Language.chinese)
          Text(verbatim: "English").tag(Language.english)
        }
        if model.notificationsAllowed == false {
          Text(texts(.remindersOff))
          Button(texts(.remedySettings)) { app.device.open(.notifications) }
        }
      }
      Section {
        TextField(texts(.settingsRegion), text: $region)
          .keyboardType(.numberPad)
          .accessibilityHint(model.regionProblem.map { texts($0) } ?? "")
        Button(texts(.settingsRegionKeep)) { Task { await model.setRegion(region) } }
      } footer: {
        ProblemText(problem: model.regionProblem, hint: .settingsRegionHint)
      }
      data
      erasure
      Section {
        if let rulebook = model.rulebook {
          LabeledContent(texts(rulebook.title), value: texts.number(rulebook.version))
        }
      } footer: {
        Text(texts(.settingsAbout))
      }
    }
    .disabled(model.isWorking)
    .navigationTitle(texts(.settingsTitle))
    // It asks the person where nobody has: only where there is something to be reminded of.
    .task { if app.hasOrder { await model.look() } }
    .confirmationDialog(
      texts(.eraseTitle),
      isPresented: Binding(get: { model.asked != nil }, set: { shown in if !shown { model.keep() } }),
      titleVisibility: .visible
    ) {
      // A dialog that closes takes the question back, maybe before its button is heard: what was asked is taken now.
      if let asked = model.asked { Button(texts(.eraseConfirm), role: .destructive) { erase(asked) } }
      Button(texts(.cancel), role: .cancel) { model.keep() }
    } message: {
      Text(model.waiting > 0 ? texts(.eraseWaiting, texts.number(model.waiting)) : texts(.eraseMessage))
    }
  }

  private var data: some View {
    Section {
      if let document = model.exported {
        ShareLink(item: SharedDocument(document: document), preview: SharePreview(texts(.exportTitle))) {
          Label(texts(.exportShare), systemImage: "square.and.arrow.up")
        }
        Button(texts(.dismiss)) { model.dropExport() }
      } else {
        Button(texts(.exportMake)) { Task { await model.export() } }
      }
    } footer: {
      Text(texts(.exportHint))
    }
  }

  private var erasure: some View {
    Section {
      ForEach(app.cards, id: \.subject) { card in
        Button(texts(.erasePerson, card.maskedName), role: .destructive) { model.ask(.subject(card.subject)) }
      }
      Button(texts(.eraseEverything), role: .destructive) { model.ask(.everything) }
    }
  }

  private func erase(_ erasure: SettingsModel.Erasure) {
    Task {
      await model.confirm(erasure)
      if model.trouble == nil { router.home() }
    }
  }
}
