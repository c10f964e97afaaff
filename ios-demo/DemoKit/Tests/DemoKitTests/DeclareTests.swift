import Foundation
import TestSupport
import XCTest

@testable import DemoKit

/// Questions of every form, also of a later rulebook: the reference server's own rulebook has only two.
final class DeclareTests: XCTestCase, @unchecked Sendable {
  @MainActor
  func testEachFormOfQuestionIsAnsweredInItsOwnFormAndAnUnknownOneByAText() async throws {
    let model = try Played(Stage()).app.declare("somebody")
    XCTAssertEqual(model.step, .waiting(nil))
    XCTAssertFalse(model.canAddStay)
    model.addStay()
    XCTAssertEqual(model.stays, [], "no form, no days to pick")
    model.show(form)
    XCTAssertEqual(model.step, .form)
    XCTAssertEqual(model.declaration.answers, [], "nothing is answered for anybody")

    model.answer("near", yes: true)
    XCTAssertEqual(model.yesNo("near"), true)
    model.choose("bus", of: "how")
    model.choose("train", of: "how")
    XCTAssertTrue(model.isChosen("train", of: "how") && !model.isChosen("bus", of: "how"))
    model.chooseNone(of: "signs")
    XCTAssertTrue(model.isNone("signs"))
    model.toggle("fever", of: "signs")
    model.toggle("cough", of: "signs")
    model.toggle("fever", of: "signs")
    XCTAssertTrue(model.isChosen("cough", of: "signs") && !model.isNone("signs"))
    model.pick(february(9, 23, 59), for: "since")
    XCTAssertEqual(model.date("since").map(LegalTime.day(of:)), day(2, 9))
    model.write("36.6", for: "degrees")
    XCTAssertEqual(model.text("degrees"), "36.6")
    model.write("", for: "comment")
    XCTAssertEqual(
      model.declaration.answers,
      [
        AnswerInput(question: "near", value: .yesNo(yes: true)),
        AnswerInput(question: "how", value: .one(option: "train")),
        AnswerInput(question: "signs", value: .any(options: ["cough"])),
        AnswerInput(question: "since", value: .date(day: day(2, 9))),
        AnswerInput(question: "degrees", value: .one(option: "36.6")),
      ])
  }

  @MainActor
  func testStaysAreAddedUpToWhatTheRulebookTakesWithinItsDays() async throws {
    let model = try Played(Stage()).app.declare("somebody")
    model.show(form)
    for _ in 0..<5 { model.addStay() }
    XCTAssertEqual(model.stays.count, 3)
    XCTAssertEqual(Set(model.stays.map(\.id)).count, 3)
    model.remove(model.stays[1].id)
    XCTAssertTrue(model.canAddStay)
    model.addStay()
    XCTAssertEqual(Set(model.stays.map(\.id)).count, 3, "a line keeps its name")
    let window = try XCTUnwrap(model.window)
    XCTAssertEqual(LegalTime.day(of: window.lowerBound), day(1, 28))
    XCTAssertEqual(LegalTime.day(of: window.upperBound), day(2, 11))
    XCTAssertEqual(model.declaration.travel.map(\.to), [day(2, 11), day(2, 11), day(2, 11)])
  }

  func testDaysOfTheLegalCalendarBeginAtItsOwnMidnight() {
    XCTAssertEqual(LegalTime.day(of: february(11, 0)), day(2, 11))
    XCTAssertEqual(LegalTime.day(of: february(11, 0).addingTimeInterval(-1)), day(2, 10))
    XCTAssertEqual(LegalTime.noon(of: day(2, 29)), february(29, 12))
    XCTAssertNil(LegalTime.noon(of: day(2, 30)))
    XCTAssertNil(LegalTime.noon(of: DateComponents(year: 2020)))
    XCTAssertNil(LegalTime.noon(of: DateComponents(year: .max, month: .max, day: .max)))
  }

  private var form: DeclarationForm {
    let text = BilingualText(zh: "问题", en: "A question")
    func question(_ id: String, _ form: QuestionForm, _ options: [String] = []) -> FormQuestion {
      FormQuestion(
        id: id, form: form, required: true, text: text, options: options.map { Choice(id: $0, text: text) })
    }
    return DeclarationForm(
      title: text, version: 9,
      questions: [
        question("near", .yesNo), question("how", .oneOf, ["bus", "train"]),
        question("signs", .anyOf, ["fever", "cough"]), question("since", .date),
        question("degrees", .other(kind: "slider")), question("comment", .other(kind: "essay")),
      ],
      from: day(1, 28), to: day(2, 11), maxStays: 3, symptoms: [])
  }
}
