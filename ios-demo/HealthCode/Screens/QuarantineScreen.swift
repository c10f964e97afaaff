// The quarantine: the core's calendar and countdown, the check-in of the day, the proof.

import CoreTransferable
import DemoKit
import SwiftUI

/// A subject's quarantine.
struct QuarantineScreen: View {
  @State private var model: QuarantineModel

  @Environment(AppModel.self) private var app
  @Environment(Router.self) private var router
  @Environment(\.texts) private var texts

  /// A screen over a model of its own.
  init(model: QuarantineModel) { _model = State(initialValue: model) }

  var body: some View {
    ScrollView {
      VStack(alignment: .leading, spacing: 16) {
        PersonLabel(subject: model.subject)
        switch model.content {
        case .opening: ProgressView(texts(.opening))
        case .order(let order): content(of: order)
        case .free: Label(texts(.quarantineFree), systemImage: "checkmark.circle")
        case .none(let trouble): TroubleView(trouble: trouble, retry: { app.retry() })
        }
        if let trouble = model.trouble { TroubleView(trouble: trouble, retry: { Task { await model.retry() } }) }
        proof
      }
      .frame(maxWidth: .infinity, alignment: .leading)
      .padding()
    }
    .navigationTitle(texts(.quarantineTitle))
    .task(id: app.attempt) { await model.run() }
    .task(id: model.order?.order) {
      if model.order != nil { await model.askForReminders() }
    }
  }

  @ViewBuilder
  private func content(of order: QuarantineView) -> some View {
    ColourBand(colour: order.colour, word: texts(order.colour.key))
    Text(texts(order.cause))
    Button(texts(.appealTitle)) { router.show(.appeals(model.subject)) }
    Text(texts(.quarantineCounted, texts.number(order.counted), texts.number(order.days)))
      .font(.headline)
    standing(of: order)
    checkInButtons(for: order)
    CalendarGrid(weeks: model.weeks, today: order.today)
    if !order.time.sure { Text(texts(.quarantineDayUnsure)).font(.footnote) }
    reminders(of: order)
    CheckInList(checkIns: order.checkIns)
  }

  @ViewBuilder
  private func standing(of order: QuarantineView) -> some View {
    switch order.phase {
    case .running:
      if let release = order.earliestRelease { Text(texts(.quarantineRelease, texts.instant(release))) }
    case .complete(let releaseAt):
      Text(texts(.quarantineComplete, texts.instant(releaseAt)))
    case .review:
      Text(texts(.quarantineReview))
    }
    if let until = order.provisionalUntil {
      Label(texts(.journalProvisional, texts.instant(until)), systemImage: "hourglass")
    }
    if order.connectToConfirm {
      Text(texts(order.provisionalUntil == nil ? .conditionConnect : .quarantineConfirm))
      Button(texts(.remedySync)) { app.startSync() }
        .buttonStyle(.borderedProminent)
    }
    if let due = order.due {
      Label(texts(due.effect.key, texts.instant(due.deadline)), systemImage: "exclamationmark.circle")
    } else if let opens = order.nextOpensAt {
      Text(texts(.quarantineNext, texts.instant(opens)))
    }
  }

  @ViewBuilder
  private func checkInButtons(for order: QuarantineView) -> some View {
    // Where the day is unsure another check-in may be due than the one that is known.
    if order.due != nil || !order.time.sure {
      if model.isWorking {
        ProgressView(texts(.working))
      } else {
        Button(action: checkIn) {
          Text(texts(model.marked.isEmpty ? .checkInWell : .checkInWithSymptoms))
            .frame(maxWidth: .infinity)
        }
        .buttonStyle(.borderedProminent)
        .controlSize(.large)
      }
      if model.isRestored { RestoredSection(clear: model.unmark) }
      DisclosureGroup(texts(.checkInSymptoms)) {
        ForEach(model.symptoms, id: \.id) { symptom in
          Toggle(texts(symptom.text), isOn: mark(symptom.id))
        }
      }
    }
    if let recorded = model.recorded {
      Label(
        recorded.day.map { texts(.checkInRecorded, texts.day($0)) } ?? texts(.checkInRecordedUnsure),
        systemImage: "checkmark.circle")
    }
  }

  @ViewBuilder
  private func reminders(of order: QuarantineView) -> some View {
    if model.remindersAllowed == false {
      Label(texts(.remindersOff), systemImage: "bell.slash")
      Button(texts(.remedySettings)) { app.device.open(.notifications) }
    } else if let next = order.reminders.first {
      Label(texts(.remindersNext, texts.instant(next)), systemImage: "bell")
    }
  }

  @ViewBuilder
  private var proof: some View {
    if let document = model.proof {
      ShareLink(item: SharedDocument(document: document), preview: SharePreview(texts(.proofTitle))) {
        Label(texts(.proofShare), systemImage: "square.and.arrow.up")
      }
      Button(texts(.dismiss)) { model.dropProof() }
    } else if model.hasNothingToProve {
      Text(texts(.proofNone))
    } else if model.order != nil || model.content == .free {
      Button(texts(.proofMake)) { Task { await model.makeProof() } }
    }
  }

  private func mark(_ symptom: String) -> Binding<Bool> {
    Binding(
      get: { model.marked.contains(symptom) },
      set: { marked in
        if marked { model.marked.insert(symptom) } else { model.marked.remove(symptom) }
      })
  }

  private func checkIn() {
    Task { await model.checkIn() }
  }
}

/// The legal days of an order, week by week from Monday: each with its date and a sign that is no colour.
private struct CalendarGrid: View {
  let weeks: [[QuarantineDay?]]
  let today: DateComponents

  @Environment(\.texts) private var texts

  @ViewBuilder
  var body: some View {
    if let first = days.first, let last = days.last {
      Text(texts(.calendarSpan, texts.day(first.date), texts.day(last.date))).font(.footnote)
    }
    Grid(horizontalSpacing: 4, verticalSpacing: 8) {
      GridRow {
        ForEach(Array(texts.weekdays.enumerated()), id: \.offset) { _, name in
          Text(name).font(.footnote)
        }
      }
      .accessibilityHidden(true)
      ForEach(Array(weeks.enumerated()), id: \.offset) { _, week in
        GridRow {
          ForEach(Array(week.enumerated()), id: \.offset) { _, day in
            if let day { cell(of: day) } else { Color.clear.frame(height: 1) }
          }
        }
      }
    }
    ForEach(signs, id: \.self) { state in
      Label(texts(state.key), systemImage: state.symbol).font(.footnote)
    }
    .accessibilityHidden(true)
  }

  private var days: [QuarantineDay] { weeks.joined().compactMap { $0 } }

  // Each sign once, in the order in which it comes.
  private var signs: [DayState] {
    days.map(\.state).reduce(into: []) { signs, state in if !signs.contains(state) { signs.append(state) } }
  }

  private func cell(of day: QuarantineDay) -> some View {
    VStack(spacing: 2) {
      Text(verbatim: "\(day.date.day ?? 0)")
        .font(.footnote)
        .fontWeight(day.date == today ? .black : .regular)
      Image(systemName: day.state.symbol)
    }
    .frame(maxWidth: .infinity, minHeight: 44)
    .background(.thinMaterial, in: RoundedRectangle(cornerRadius: 8))
    .accessibilityElement(children: .ignore)
    .accessibilityLabel(texts(.calendarDay, texts.day(day.date), texts(day.state.key)))
    .accessibilityAddTraits(day.date == today ? .isSelected : [])
  }
}

/// The check-ins under an order, and what became of each.
private struct CheckInList: View {
  let checkIns: [CheckInView]

  @Environment(\.texts) private var texts

  var body: some View {
    if !checkIns.isEmpty {
      Text(texts(.checkInList)).font(.headline)
      ForEach(checkIns, id: \.operation) { checkIn in
        VStack(alignment: .leading, spacing: 2) {
          Text(texts.instant(checkIn.recordedAt))
          Text(words(of: checkIn.state)).font(.footnote)
        }
        .accessibilityElement(children: .combine)
      }
    }
  }

  private func words(of state: CheckInState) -> String {
    switch state {
    case .waiting(let day): day.map { texts(.checkInWaiting, texts.day($0)) } ?? texts(.outcomeWaiting)
    case .received: texts(.checkInReceived)
    case .counted(let day, let certainty): texts(certainty.key, texts.day(day))
    case .notCounted(let reason): texts(reason.key)
    case .refused(_, let text): texts(text)
    }
  }
}
