// Where a resident was, and what of it met exposure notices. All of it stays on this phone.

import DemoKit
import SwiftUI

/// A subject's journeys and visits, and their matches.
struct ExposureScreen: View {
  @State private var model: ExposureModel
  @State private var asksToForget = false
  @State private var telling: Exposure?

  @Environment(AppModel.self) private var app
  @Environment(\.texts) private var texts

  /// A screen over a model of its own.
  init(model: ExposureModel) { _model = State(initialValue: model) }

  var body: some View {
    List {
      Section { PersonLabel(subject: model.subject) }
      Section { Text(texts(.exposureHint)).font(.footnote) }
      if let trouble = model.trouble {
        Section { TroubleView(trouble: trouble, retry: again) }
      }
      matches
      notices
      entries
    }
    .navigationTitle(texts(.exposureTitle))
    .task(id: app.attempt) { await model.run() }
    .sheet(isPresented: Binding(get: { model.trip != nil }, set: { shown in if !shown { model.dropTrip() } })) {
      TripScreen(model: model)
        .environment(\.texts, texts)
        .modifier(Curtained())
        // What was typed goes by the button alone.
        .interactiveDismissDisabled(model.isTripTyped)
    }
    .confirmationDialog(
      texts(.matchTellTitle),
      isPresented: Binding(get: { telling != nil }, set: { shown in if !shown { telling = nil } }),
      titleVisibility: .visible
    ) {
      if let exposure = telling { Button(texts(.matchTell)) { answer(exposure, .tell) } }
      Button(texts(.cancel), role: .cancel) {}
    } message: {
      Text(texts(.matchTellHint))
    }
    .confirmationDialog(texts(.whereaboutsForgetAll), isPresented: $asksToForget, titleVisibility: .visible) {
      Button(texts(.eraseConfirm), role: .destructive) { Task { await model.forget(nil) } }
      Button(texts(.cancel), role: .cancel) {}
    }
  }

  private var matches: some View {
    Section(texts(.matchesTitle)) {
      if model.exposures.isEmpty { Text(texts(.matchesNone)) }
      ForEach(model.exposures, id: \.id) { exposure in
        VStack(alignment: .leading, spacing: 6) {
          Label(texts(exposure.state.key), systemImage: symbol(of: exposure))
            .font(.headline)
          Text(texts(exposure.place))
          Text(texts(exposure.reason))
          if let meaning = exposure.meaning { Text(texts(meaning)) }
          Text(texts(.matchUntil, texts.day(exposure.on), texts.instant(exposure.until))).font(.footnote)
          answers(to: exposure)
        }
        // Else a tap anywhere on the row is one on each of its buttons.
        .buttonStyle(.borderless)
      }
    }
  }

  private func symbol(of exposure: Exposure) -> String {
    exposure.state == .holds ? "exclamationmark.triangle" : "info.circle"
  }

  @ViewBuilder
  private func answers(to exposure: Exposure) -> some View {
    if exposure.state == .holds || exposure.state == .placeUnknown {
      Button(texts(.matchWrong)) { answer(exposure, .wrongEntry) }
    }
    // What is advice alone has no rule to tell by.
    if exposure.state == .holds, !exposure.rule.isEmpty {
      Button(texts(.matchTell)) { telling = exposure }
      Text(texts(.matchTellHint)).font(.footnote)
    }
  }

  private var notices: some View {
    Section(texts(.noticesTitle)) {
      if let state = model.noticeState {
        if let at = state.at {
          Text(texts(.noticesRead, texts.number(state.size), texts.instant(at)))
        } else {
          Text(texts(.noticesNever))
        }
      }
      if let trouble = model.fetchTrouble {
        TroubleView(trouble: trouble, retry: fetchAgain, sync: trouble.isNetwork ? fetchAgain : nil)
      }
      if model.isFetching {
        HStack {
          ProgressView(texts(.working))
          Button(texts(.cancel)) { model.cancelFetch() }
        }
      } else {
        Button(texts(.noticesFetch)) { Task { await model.fetch() } }
        if let waiting = model.report?.waitingBytes, waiting > 0 {
          Button(texts(.noticesLarge, texts.number(waiting / 1_024))) { Task { await model.fetch(large: true) } }
        }
      }
    }
  }

  private var entries: some View {
    Section(texts(.whereaboutsTitle)) {
      if let entries = model.entries {
        if entries.isEmpty { Text(texts(.whereaboutsNone)) }
        ForEach(entries, id: \.id) { entry in
          VStack(alignment: .leading, spacing: 6) {
            Label(texts(entry.text), systemImage: entry.mode.map(\.symbol) ?? "building.2")
            if entry.open { Button(texts(.venueLeave)) { Task { await model.leave(entry) } } }
            Button(texts(.whereaboutsForget), role: .destructive) { Task { await model.forget(entry) } }
          }
          .buttonStyle(.borderless)
        }
        Button(texts(.tripAdd)) { model.startTrip() }
        if !entries.isEmpty {
          Button(texts(.whereaboutsForgetAll), role: .destructive) { asksToForget = true }
        }
      } else if model.trouble == nil {
        ProgressView(texts(.opening))
      }
    }
  }

  private func again() { Task { await model.retry() } }

  private func fetchAgain() { Task { await model.retryFetch() } }

  private func answer(_ exposure: Exposure, _ answer: ExposureAnswer) {
    Task { await model.answer(exposure, with: answer) }
  }
}

/// A journey as it is typed in.
private struct TripScreen: View {
  let model: ExposureModel

  @Environment(\.texts) private var texts

  var body: some View {
    NavigationStack {
      Form {
        Section { PersonLabel(subject: model.subject) }
        if model.isTripRestored { RestoredSection(clear: model.startTrip) }
        if let trip = model.trip { fields(of: trip) }
        ProblemText(problem: other)
        if let trouble = model.trouble {
          Section { TroubleView(trouble: trouble, retry: { Task { await model.retry() } }) }
        }
        Section {
          Button(texts(.tripRecord)) { Task { await model.recordTrip() } }
            .disabled(model.isWorking)
        }
      }
      .navigationTitle(texts(.tripAdd))
      .toolbar {
        ToolbarItem(placement: .cancellationAction) {
          Button(texts(.cancel)) { model.dropTrip() }
        }
      }
    }
  }

  @ViewBuilder
  private func fields(of trip: ExposureModel.Trip) -> some View {
    Section {
      Picker(texts(.tripMode), selection: bind(trip, \.mode)) {
        Text(texts(.tripTrain)).tag(TransportMode.train)
        Text(texts(.tripFlight)).tag(TransportMode.flight)
        Text(texts(.tripCoach)).tag(TransportMode.coach)
      }
      TextField(texts(.tripNumber), text: bind(trip, \.number))
        .textInputAutocapitalization(.characters)
        .autocorrectionDisabled()
    } footer: {
      ProblemText(problem: model.problems["number"])
    }
    Section {
      DatePicker(texts(.tripDate), selection: bind(trip, \.date), displayedComponents: .date)
    } footer: {
      ProblemText(problem: model.problems["date"])
    }
    Section {
      TextField(texts(.tripPlace), text: bind(trip, \.place))
        .keyboardType(.numberPad)
    } footer: {
      ProblemText(problem: model.problems["place"], hint: .tripPlaceHint)
    }
    Section {
      TextField(texts(.tripFrom), text: bind(trip, \.from))
        .keyboardType(.numberPad)
      time(.tripDeparted, of: trip, \.departedAt)
    } footer: {
      ProblemText(problem: model.problems["from"] ?? model.problems["departed_at"], hint: .regionHint)
    }
    Section {
      TextField(texts(.tripTo), text: bind(trip, \.to))
        .keyboardType(.numberPad)
      time(.tripArrived, of: trip, \.arrivedAt)
    } footer: {
      ProblemText(problem: model.problems["to"] ?? model.problems["arrived_at"])
    }
  }

  @ViewBuilder
  private func time(
    _ title: Key, of trip: ExposureModel.Trip, _ field: WritableKeyPath<ExposureModel.Trip, Date?> & Sendable
  ) -> some View {
    let isKnown = Binding(
      get: { trip[keyPath: field] != nil },
      set: { known in model.trip?[keyPath: field] = known ? trip.date : nil })
    Toggle(texts(title), isOn: isKnown)
    if let known = trip[keyPath: field] {
      DatePicker(
        texts(title), selection: Binding(get: { known }, set: { model.trip?[keyPath: field] = $0 }),
        displayedComponents: [.date, .hourAndMinute])
    }
  }

  private func bind<Value>(
    _ trip: ExposureModel.Trip, _ field: WritableKeyPath<ExposureModel.Trip, Value> & Sendable
  ) -> Binding<Value> {
    Binding(get: { model.trip?[keyPath: field] ?? trip[keyPath: field] }, set: { model.trip?[keyPath: field] = $0 })
  }

  private var other: BilingualText? {
    let shown = ["number", "date", "place", "from", "departed_at", "to", "arrived_at"]
    return model.problems.first { !shown.contains($0.key) }?.value
  }
}
