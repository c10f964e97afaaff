// Codes on paper: asked for, seen, printed, withdrawn.

import DemoKit
import SwiftUI

/// A subject's paper codes.
struct PaperScreen: View {
  @State private var model: PaperModel

  @Environment(AppModel.self) private var app
  @Environment(\.texts) private var texts

  /// A screen over a model of its own.
  init(model: PaperModel) { _model = State(initialValue: model) }

  var body: some View {
    List {
      Section {
        PersonLabel(subject: model.subject)
      } footer: {
        Text(texts(.paperHint))
      }
      if let trouble = model.trouble {
        Section { TroubleView(trouble: trouble, retry: { Task { await model.retry() } }) }
      }
      ForEach(model.refused, id: \.id) { rejection in
        Section { ConditionView(condition: .rejected(rejection), subject: model.subject) }
      }
      Section {
        if model.waiting > 0 {
          Label(texts(.paperWaiting, texts.number(model.waiting)), systemImage: "hourglass")
        }
        Button(texts(.paperRequest)) { Task { await model.request() } }
          .disabled(model.isWorking)
      }
      papers
    }
    .navigationTitle(texts(.paperTitle))
    .task(id: app.attempt) { await model.run() }
    .sheet(isPresented: Binding(get: { model.page != nil }, set: { shown in if !shown { model.dropPage() } })) {
      if let page = model.page {
        PaperPageScreen(svg: page.svg) { model.dropPage() }
          .environment(\.texts, texts)
          .modifier(Curtained())
      }
    }
    .confirmationDialog(
      texts(.paperWithdrawTitle),
      isPresented: Binding(get: { model.asked != nil }, set: { shown in if !shown { model.keep() } }),
      titleVisibility: .visible
    ) {
      if let asked = model.asked {
        Button(texts(.paperWithdraw), role: .destructive) { Task { await model.confirm(withdrawal: asked) } }
      }
      Button(texts(.cancel), role: .cancel) { model.keep() }
    } message: {
      Text(texts(.paperWithdrawMessage))
    }
  }

  @ViewBuilder
  private var papers: some View {
    if let papers = model.papers {
      if papers.isEmpty { Section { Text(texts(.paperNone)) } }
      ForEach(papers, id: \.id) { paper in
        Section {
          Label(paper.word.map { texts($0) } ?? texts(paper.colour.key), systemImage: paper.colour.symbol)
            .font(.headline)
          Label(standing(of: paper), systemImage: paper.state == .valid ? "checkmark.seal" : "xmark.seal")
          if let by = paper.issuedBy { Text(texts(by.key, by.name)).font(.footnote) }
          if paper.state == .valid {
            Button(texts(.paperSee)) { Task { await model.draw(paper) } }
            Button(texts(.paperWithdraw), role: .destructive) { model.ask(toWithdraw: paper) }
          }
        }
      }
    } else if model.trouble == nil {
      Section { ProgressView(texts(.opening)) }
    }
  }

  private func standing(of paper: PaperCode) -> String {
    switch paper.state {
    case .valid: texts(.codeValid, texts.instant(paper.expiresAt))
    case .expired: texts(.paperExpired, texts.instant(paper.expiresAt))
    case .withdrawn(let at, .none): texts(.paperWithdrawn, texts.instant(at))
    case .withdrawn(let at, .some(let by)): "\(texts(.paperWithdrawn, texts.instant(at))) \(texts(by.key, by.name))"
    }
  }
}

/// The page as it is printed.
private struct PaperPageScreen: View {
  let svg: String
  let close: @MainActor () -> Void
  @State private var page: PrintedPage?

  @Environment(\.texts) private var texts

  var body: some View {
    NavigationStack {
      VStack(spacing: 12) {
        if let page {
          PagePicture(page: page)
            .accessibilityElement()
            .accessibilityLabel(texts(.paperPage))
          if PrintedPage.canPrint {
            Button(texts(.paperPrint)) { page.print(as: texts(.paperTitle)) }
              .buttonStyle(.borderedProminent)
              .controlSize(.large)
          } else {
            Text(texts(.paperNoPrinter))
          }
        } else {
          ProgressView(texts(.opening))
        }
      }
      .padding()
      .navigationTitle(texts(.paperTitle))
      .toolbar {
        ToolbarItem(placement: .confirmationAction) {
          Button(texts(.done), action: close)
        }
      }
    }
    .task { if page == nil { page = PrintedPage(svg: svg) } }
  }
}
