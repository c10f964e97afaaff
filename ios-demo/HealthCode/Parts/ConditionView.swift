// What a person should know about a subject or the phone, while the rest goes on working.

import DemoKit
import SwiftUI

/// A condition with its words and what helps.
struct ConditionView: View {
  /// The condition.
  let condition: Condition
  /// Whose it is.
  let subject: String

  @Environment(AppModel.self) private var app
  @Environment(\.texts) private var texts

  var body: some View {
    VStack(alignment: .leading, spacing: 8) {
      Label(words, systemImage: symbol)
        .font(.subheadline)
      extra
      RemedyButtons(remedies: condition.remedies, retry: { app.startSync() })
    }
    .frame(maxWidth: .infinity, alignment: .leading)
    .padding()
    .background(.thinMaterial, in: RoundedRectangle(cornerRadius: 12))
    .accessibilityElement(children: .contain)
  }

  @ViewBuilder
  private var extra: some View {
    switch condition {
    case .takeover(let takeover):
      HStack {
        Button(texts(.takeoverRefuse)) { answer(takeover, allow: false) }
          .buttonStyle(.borderedProminent)
        Button(texts(.takeoverAllow)) { answer(takeover, allow: true) }
          .buttonStyle(.bordered)
      }
      if let trouble = app.trouble { Text(texts(trouble.text)).font(.footnote) }
    case .rejected(let rejection):
      Button(texts(.dismiss)) { app.dismiss(rejection) }
        .buttonStyle(.bordered)
    case .time(let notice):
      Text(texts(notice.action)).font(.footnote)
    case .unsent(let trouble, let waiting):
      if let seconds = trouble.retryAfter {
        Text(texts(.troubleWait, texts.number(Int(seconds.rounded(.up))))).font(.footnote)
      }
      if waiting > 0 { Text(texts(.conditionWaiting, texts.number(waiting))).font(.footnote) }
    default:
      EmptyView()
    }
  }

  private var words: String {
    if let text = condition.text { return texts(text) }
    switch condition {
    case .takeover(let takeover): return texts(.takeoverQuestion, texts.instant(takeover.from))
    case .pending(let until): return texts(.conditionPending, texts.instant(until))
    case .connectToConfirm: return texts(.conditionConnect)
    case .careEnded: return texts(.conditionCareEnded)
    case .waiting(let count): return texts(.conditionWaiting, texts.number(count))
    default: return ""
    }
  }

  private var symbol: String {
    switch condition {
    case .takeover: "iphone.badge.exclamationmark"
    case .replaced, .unknown: "iphone.slash"
    case .careEnded: "person.2.slash"
    case .pending: "hourglass"
    case .rejected: "tray.full"
    case .time: "clock.badge.exclamationmark"
    case .connectToConfirm: "arrow.triangle.2.circlepath"
    case .unsent(let trouble, _): trouble.isNetwork ? "wifi.slash" : "exclamationmark.circle"
    case .waiting: "tray.and.arrow.up"
    case .undeclared: "square.and.pencil"
    }
  }

  private func answer(_ takeover: Takeover, allow: Bool) {
    Task { await app.answer(takeover, allow: allow, for: subject) }
  }
}

/// That the phone's own clock is wrong, where nobody's conditions say it.
struct ClockNotice: View {
  @Environment(AppModel.self) private var app
  @Environment(\.texts) private var texts

  var body: some View {
    if app.card == nil, let notice = app.clockNotice {
      VStack(alignment: .leading, spacing: 8) {
        Label(texts(notice.what), systemImage: "clock.badge.exclamationmark")
        Text(texts(notice.action)).font(.footnote)
        RemedyButtons(remedies: [.open(.date)], retry: {})
      }
    }
  }
}
