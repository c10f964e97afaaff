//! Declarations: each error with its place and its stable word, each bound of the window at its last day on either
//! side; nothing that was answered is repeated.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    missing_docs,
    reason = "tests"
)]

mod support;

use std::sync::LazyLock;

use healthcode::rules::calendar::LegalDate;
use healthcode::rules::declaration::{Answer, AnswerReason, Declaration, DeclarationError, Stay, StayReason};
use healthcode::rules::identity::Region;
use healthcode::rules::rulebook::Rulebook;
use proptest::prelude::*;
use serde_json::{Value, json};
use support::runs;

const TODAY: &str = "2020-02-14";

fn day(text: &str) -> LegalDate {
    LegalDate::parse(text).unwrap()
}

static RULEBOOK: LazyLock<Rulebook> = LazyLock::new(rulebook);

/// Hangzhou's rulebook with a question of each kind, one of them of a kind that this version does not know.
fn rulebook() -> Rulebook {
    let mut json: Value = serde_json::to_value(Rulebook::hangzhou_2020()).unwrap();
    let text = json!({"zh-CN": "问", "en": "Question"});
    let option = |id: &str| json!({"id": id, "text": text});
    let question = |id: &str, kind: &str, options: Value| json!({"id": id, "kind": kind, "required": false, "text": text, "options": options});
    let questions = json["questions"].as_array_mut().unwrap();
    questions.push(question("transport", "one-of", json!([option("train"), option("car")])));
    questions.push(question("arrived", "date", json!([])));
    questions.push(question("mood", "slider", json!([])));
    Rulebook::parse(json.to_string().as_bytes()).unwrap()
}

fn declared(answers: &Value, travel: &Value) -> Declaration {
    let json = json!({"answers": answers, "travel": travel, "declared_on": TODAY});
    serde_json::from_value(json).unwrap()
}

fn places(declaration: &Declaration) -> Vec<(String, &'static str)> {
    declaration.errors(&RULEBOOK, day(TODAY)).iter().map(DeclarationError::place).collect()
}

/// What is wrong with these answers, beside two required ones that are well.
fn wrong_answers(more: &Value) -> Vec<(String, &'static str)> {
    let mut answers = json!({"contact": false, "symptoms": []});
    answers.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    places(&declared(&answers, &json!([])))
}

fn wrong_stay(from: &str, to: &str) -> Vec<(String, &'static str)> {
    let well = json!({"region": "330100", "from": "2020-02-01", "to": TODAY});
    let stay = json!({"region": "420100", "from": from, "to": to});
    places(&declared(&json!({"contact": false, "symptoms": []}), &json!([well, stay])))
}

fn place(place: &str, reason: &'static str) -> Vec<(String, &'static str)> {
    vec![(place.to_owned(), reason)]
}

#[test]
fn a_declaration_may_answer_every_kind_of_question() {
    for more in [
        json!({}),
        json!({"contact": true, "symptoms": ["fever", "cough"]}),
        json!({"transport": "train", "arrived": TODAY, "mood": "fine"}),
        json!({"mood": true}),
        json!({"mood": ["any", "any"]}),
    ] {
        assert_eq!(wrong_answers(&more), []);
    }
}

#[test]
fn each_wrong_answer_has_its_place_and_its_word() {
    for (more, at, reason) in [
        (json!({"contact": "yes"}), "answers.contact", "wrong-form"),
        (json!({"contact": ["yes"]}), "answers.contact", "wrong-form"),
        (json!({"symptoms": true}), "answers.symptoms", "wrong-form"),
        (json!({"symptoms": "fever"}), "answers.symptoms", "wrong-form"),
        (json!({"symptoms": ["fever", "plague"]}), "answers.symptoms", "unknown-option"),
        (json!({"symptoms": ["fever", "cough", "fever"]}), "answers.symptoms", "repeated"),
        (json!({"transport": "boat"}), "answers.transport", "unknown-option"),
        (json!({"transport": ["train"]}), "answers.transport", "wrong-form"),
        (json!({"transport": true}), "answers.transport", "wrong-form"),
        (json!({"arrived": "14.2.2020"}), "answers.arrived", "wrong-form"),
        (json!({"arrived": "2020-02-30"}), "answers.arrived", "wrong-form"),
        (json!({"arrived": false}), "answers.arrived", "wrong-form"),
        (json!({"arrived": "2020-02-15"}), "answers.arrived", "in-the-future"),
        (json!({"arrived": "2020-01-30"}), "answers.arrived", "outside-window"),
        (json!({"nationality": "x"}), "answers.?", "unknown-question"),
    ] {
        assert_eq!(wrong_answers(&more), place(at, reason), "{more}");
    }
    assert_eq!(wrong_answers(&json!({"arrived": "2020-01-31"})), [], "the window's first day");
}

#[test]
fn a_required_answer_that_is_missing_is_named_and_another_may_be_left_out() {
    let missing = places(&declared(&json!({}), &json!([])));
    assert_eq!(
        missing,
        [("answers.contact".to_owned(), "missing"), ("answers.symptoms".to_owned(), "missing")]
    );
}

#[test]
fn each_wrong_stay_has_its_place_in_the_list() {
    assert_eq!(wrong_stay("2020-01-01", "2020-01-31"), [], "it touches the window's first day");
    assert_eq!(wrong_stay("2020-01-01", "2020-01-30"), place("travel[1]", "outside-window"));
    assert_eq!(wrong_stay(TODAY, TODAY), [], "a single day");
    assert_eq!(wrong_stay("2020-02-14", "2020-02-13"), place("travel[1]", "ends-before-it-begins"));
    assert_eq!(wrong_stay("2020-02-14", "2020-02-15"), place("travel[1]", "in-the-future"));
    assert_eq!(wrong_stay("2020-02-15", "2020-02-15"), place("travel[1]", "in-the-future"));
    assert_eq!(wrong_stay("2020-02-16", "2020-02-15"), place("travel[1]", "ends-before-it-begins"));
}

#[test]
fn every_error_of_a_declaration_is_told_at_once() {
    let mut wrong = declared(
        &json!({"symptoms": ["plague"], "secret": true}),
        &json!([{"region": "420100", "from": "2020-02-14", "to": "2020-02-20"},
            {"region": "420100", "from": "2020-02-10", "to": "2020-02-01"}]),
    );
    wrong.declared_on = day("2020-02-15");
    let errors = wrong.errors(&RULEBOOK, day(TODAY));
    let answer = |question: &str, reason| DeclarationError::Answer { question: question.to_owned(), reason };
    assert_eq!(
        errors,
        [
            DeclarationError::DeclaredOn,
            answer("contact", AnswerReason::Missing),
            answer("symptoms", AnswerReason::UnknownOption),
            answer("?", AnswerReason::UnknownQuestion),
            DeclarationError::Stay { index: 0, reason: StayReason::Future },
            DeclarationError::Stay { index: 1, reason: StayReason::EndsBeforeItBegins },
        ]
    );
}

#[test]
fn a_declaration_is_made_today_or_on_a_day_of_its_window() {
    let on = |text: &str| {
        let well = declared(&json!({"contact": false, "symptoms": []}), &json!([]));
        places(&Declaration { declared_on: day(text), ..well })
    };
    assert_eq!(on(TODAY), []);
    assert_eq!(on("2020-01-31"), []);
    assert_eq!(on("2020-01-30"), place("declared_on", "outside-window"));
    assert_eq!(on("2020-02-15"), place("declared_on", "outside-window"));
}

#[test]
fn more_stays_than_the_rulebook_takes_are_too_many() {
    let of = |count| {
        let stay = json!({"region": "420100", "from": TODAY, "to": TODAY});
        declared(&json!({"contact": false, "symptoms": []}), &Value::Array(vec![stay; count]))
    };
    assert_eq!(places(&of(32)), []);
    assert_eq!(places(&of(33)), place("travel", "too-many"));
    let errors = of(33).errors(&RULEBOOK, day(TODAY));
    assert_eq!(errors, [DeclarationError::TooManyStays { limit: 32 }]);
    // What lies beyond the limit is not looked at, so that a list is never answered by one of its length.
    let mut wrong = of(5_000);
    wrong.travel.iter_mut().for_each(|stay| stay.to = day("2020-02-15"));
    assert_eq!(wrong.errors(&RULEBOOK, day(TODAY)).len(), 33);
}

#[test]
fn symptoms_of_a_check_in_are_the_rulebooks() {
    let error = |symptoms: &[&str]| {
        RULEBOOK.symptoms_error(&symptoms.iter().map(ToString::to_string).collect::<Vec<_>>())
    };
    assert_eq!(error(&[]), None);
    assert_eq!(error(&["fever", "breath"]), None);
    assert_eq!(error(&["fever", "plague"]), Some(AnswerReason::UnknownOption));
    assert_eq!(error(&["fever", "fever"]), Some(AnswerReason::Repeated));
    let mut silent = rulebook();
    silent.questions.retain(|question| question.id != "symptoms");
    assert_eq!(silent.symptoms_error(&["fever".to_owned()]), Some(AnswerReason::UnknownQuestion));
    assert_eq!(silent.symptoms_error(&[]), None);
}

#[test]
fn what_is_no_declaration_is_not_read() {
    let well = json!({"answers": {}, "travel": [], "declared_on": TODAY});
    assert!(serde_json::from_value::<Declaration>(well.clone()).is_ok());
    let stay = |region: Value, from: &str, more: Value| {
        let mut stay = json!({"region": region, "from": from, "to": TODAY});
        stay.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        json!([stay])
    };
    for (member, value) in [
        ("answers", json!({"contact": 1})),
        ("answers", json!({"contact": null})),
        ("answers", json!([])),
        ("travel", stay(json!("999999"), TODAY, json!({}))),
        ("travel", stay(json!("42010"), TODAY, json!({}))),
        ("travel", stay(json!("420100"), "2020-2-1", json!({}))),
        ("travel", stay(json!("420100"), TODAY, json!({"note": ""}))),
        ("declared_on", json!("2020-02-14T00:00:00Z")),
        ("declared_at", json!(TODAY)),
    ] {
        let mut wrong = well.clone();
        wrong[member] = value;
        assert!(serde_json::from_value::<Declaration>(wrong.clone()).is_err(), "{wrong}");
    }
}

fn date() -> impl Strategy<Value = LegalDate> {
    (-30..30_i32).prop_map(|days| day(TODAY).plus_days(days))
}

fn declaration() -> impl Strategy<Value = Declaration> {
    let ids = ["contact", "symptoms", "transport", "arrived", "mood", "confidential"];
    let words = ["fever", "cough", "train", "2020-02-10", "2020-02-20", "confidential"];
    let word = move || prop::sample::select(words.to_vec()).prop_map(ToOwned::to_owned);
    let answer = prop_oneof![
        any::<bool>().prop_map(Answer::YesNo),
        word().prop_map(Answer::One),
        prop::collection::vec(word(), 0..4).prop_map(Answer::Any),
    ];
    let answers = prop::collection::btree_map(
        prop::sample::select(ids.to_vec()).prop_map(ToOwned::to_owned),
        answer,
        0..6,
    );
    let stay = (date(), date()).prop_map(|(from, to)| Stay {
        region: Region::from_code(420_100).unwrap(),
        from,
        to,
    });
    (answers, prop::collection::vec(stay, 0..40), date())
        .prop_map(|(answers, travel, declared_on)| Declaration { answers, travel, declared_on })
}

proptest! {
    #![proptest_config(runs(400))]

    /// Each error's place leads to what is wrong: with it out of the way, or made well, the error is gone.
    #[test]
    fn an_error_names_what_to_mend_and_repeats_no_answer(declaration in declaration()) {
        let (rulebook, today) = (&RULEBOOK, day(TODAY));
        let errors = declaration.errors(rulebook, today);
        let mut mended = declaration;
        mended.travel.truncate(usize::from(rulebook.declaration.max_stays));
        let mut wrong_stays = Vec::new();
        for error in &errors {
            let shown = format!("{error} {error:?}");
            prop_assert!(!shown.contains("confidential"));
            match error {
                DeclarationError::Answer { question, .. } if question == "?" => {
                    mended.answers.retain(|id, _| rulebook.question(id).is_some());
                }
                DeclarationError::Answer { question, .. } => {
                    let well = if question == "contact" { Answer::YesNo(false) } else { Answer::Any(vec![]) };
                    mended.answers.remove(question);
                    if rulebook.question(question).unwrap().required {
                        mended.answers.insert(question.clone(), well);
                    }
                }
                DeclarationError::Stay { index, .. } => wrong_stays.push(*index),
                DeclarationError::TooManyStays { .. } => {}
                DeclarationError::DeclaredOn => mended.declared_on = today,
            }
        }
        let mut index = 0..;
        mended.travel.retain(|_| !wrong_stays.contains(&index.next().unwrap()));
        prop_assert_eq!(mended.errors(rulebook, today), []);
    }
}
