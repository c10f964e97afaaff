// What happened to a resident on this phone, and to whom answers were given.

import DemoKit
import SwiftUI

/// A subject's journal.
struct JournalScreen: View {
  @State private var model: JournalModel

  @Environment(AppModel.self) private var app
  @Environment(\.texts) private var texts

  /// A screen over a model of its own.
  init(model: JournalModel) { _model = State(initialValue: model) }

  var body: some View {
    List {
      Section { PersonLabel(subject: model.subject) }
      if let trouble = model.trouble {
        Section { TroubleView(trouble: trouble, retry: { Task { await model.retry() } }) }
      }
      Section(texts(.answeredTitle)) {
        if model.answered.isEmpty { Text(texts(.answeredNone)) }
        ForEach(model.answered, id: \.self) { answer in
          VStack(alignment: .leading, spacing: 4) {
            Text(answer.gate)
            Text(answer.timeSure ? texts.instant(answer.at) : texts(.timeUnsure, texts.instant(answer.at)))
              .font(.footnote)
            Label(texts(answer.colour.key), systemImage: answer.colour.symbol).font(.footnote)
          }
          .accessibilityElement(children: .combine)
        }
        if !model.answered.isEmpty {
          Button(texts(.answeredForget), role: .destructive) { Task { await model.forgetAnswered() } }
        }
      }
      Section(texts(.journalTitle)) {
        if let entries = model.entries {
          if entries.isEmpty { Text(texts(.journalEmpty)) }
          ForEach(entries, id: \.id) { entry in
            EntryRow(entry: entry, model: model)
          }
        } else if model.trouble == nil {
          ProgressView(texts(.opening))
        }
      }
    }
    .navigationTitle(texts(.journalTitle))
    .task(id: app.attempt) { await model.run() }
  }
}

/// An entry: when, what, and what became of it.
private struct EntryRow: View {
  let entry: JournalEntry
  let model: JournalModel

  @Environment(\.texts) private var texts

  var body: some View {
    VStack(alignment: .leading, spacing: 4) {
      Text(texts.instant(entry.at)).font(.footnote)
      Text(what)
      ForEach(details, id: \.self) { detail in Text(detail).font(.footnote) }
    }
    .accessibilityElement(children: .combine)
  }

  private var what: String {
    switch entry.event {
    case .declared(_, let day, _): texts(.journalDeclared, texts.day(day))
    case .checkedIn: texts(.journalCheckedIn)
    case .answered(_, _, let allow, _): texts(allow ? .journalAllowed : .journalRefused)
    case .toldExposure(_, _, _, let day, _): texts(.journalTold, texts.day(day))
    case .wrongEntry: texts(.journalWrongEntry)
    case .ordered(_, let colour, _, _, _, let days, _, _):
      texts(.journalOrdered, texts(colour.key), texts.number(days))
    case .released(_, let cause): texts(cause.key)
    case .otherPhone(_, .some(let from), .none): texts(.journalOtherPhone, texts.instant(from))
    case .otherPhone(_, .none, .none): texts(.journalOtherPhoneNow)
    case .otherPhone(_, .some, .some(let carer)): texts(.journalCarer, carer)
    case .otherPhone(_, .none, .some(let carer)): texts(.journalCarerEnded, carer)
    case .rated(let colour, _, _, _): texts(.journalRated, texts(colour.key))
    case .endedCare: texts(.journalEndedCare)
    case .askedForPaper(_, let withdraw, _): texts(withdraw == nil ? .journalAskedForPaper : .journalWithdrewPaper)
    case .appealed: texts(.journalAppealed)
    case .broughtServed: texts(.journalBroughtServed)
    case .paper(_, .some(let until), _): texts(.journalPaperIssued, texts.instant(until))
    case .paper(_, .none, _): texts(.journalPaperWithdrawn)
    case .acted(_, let act, _): texts(act.key)
    case .appealAnswered(_, let state, _, _): texts(state.key)
    case .servedElsewhere(_, let days, .none): texts(.journalServedTaken, texts.number(days))
    case .servedElsewhere(_, _, .some): texts(.journalServedRefused)
    }
  }

  private var details: [String] {
    switch entry.event {
    case .checkedIn(_, let symptoms, _, let outcome):
      model.symptoms(symptoms).map { texts($0) } + [words(of: outcome)]
    case .declared(_, _, let outcome), .answered(_, _, _, let outcome), .toldExposure(_, _, _, _, let outcome):
      [words(of: outcome)]
    case .ordered(_, _, _, let cause, let startsOn, _, _, let until):
      [texts(cause), texts(.journalStarts, texts.day(startsOn))]
        + [until].compactMap { $0 }.map { texts(.journalProvisional, texts.instant($0)) }
    case .rated(_, let reasons, _, let appealBy):
      reasons.map { texts($0.text) } + [texts(.journalAppealBy, texts.instant(appealBy))]
    case .endedCare(_, _, let outcome), .askedForPaper(_, _, let outcome), .appealed(_, _, let outcome):
      [words(of: outcome)]
    case .broughtServed(_, let issuer, let outcome): [issuer, words(of: outcome)]
    case .paper(_, _, let by): [by].compactMap { $0 }.map(words(by:))
    case .acted(let officer, _, let note): [texts(.journalByOfficer, officer)] + [note].compactMap { $0 }
    case .appealAnswered(_, let state, let dueBy, let reason):
      (state == .received || state == .inReview ? [texts(.journalAppealDue, texts.instant(dueBy))] : [])
        + [reason].compactMap { $0 }.map { texts($0) }
    case .servedElsewhere(let issuer, _, _): [issuer]
    case .released, .otherPhone, .wrongEntry: []
    }
  }

  private func words(by: By) -> String {
    texts(by.key, by.name)
  }

  private func words(of outcome: EntryOutcome) -> String {
    switch outcome {
    case .waiting: texts(.outcomeWaiting)
    case .accepted(let at): texts(.outcomeAccepted, texts.instant(at))
    case .refused(_, _, let text): texts(text)
    case .counted(_, _, let day, let certainty, .none): texts(certainty.key, texts.day(day))
    case .counted(_, _, let day, let certainty, .some(let by)):
      "\(texts(certainty.key, texts.day(day))) \(words(by: by))"
    case .notCounted(_, _, let reason): texts(reason.key)
    }
  }
}
