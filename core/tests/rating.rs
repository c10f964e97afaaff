//! Rating by the first rulebook: each of its rules fires with a reason in both languages, at its last day and not
//! after; the trace explains; no colour but green stands without a reason.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    missing_docs,
    reason = "tests"
)]

mod support;

use std::collections::BTreeMap;
use std::sync::LazyLock;

use healthcode::rules::calendar::LegalDate;
use healthcode::rules::certlogic::Expression;
use healthcode::rules::colour::Colour;
use healthcode::rules::declaration::{Answer, Declaration, Stay};
use healthcode::rules::facts::{CaseRecord, Facts, Records, ReportedExposure, ReportedSymptoms, ServedOrder};
use healthcode::rules::identity::Region;
use healthcode::rules::rating::{Rating, RatingError};
use healthcode::rules::rulebook::{Rulebook, Starts};
use proptest::prelude::*;
use serde_json::json;
use support::runs;

static HANGZHOU: LazyLock<Rulebook> = LazyLock::new(Rulebook::hangzhou_2020);

const WUHAN: u32 = 420_100;
const WENZHOU: u32 = 330_300;
const TAIZHOU: u32 = 331_000;
const BEIJING: u32 = 110_000;

fn day(text: &str) -> LegalDate {
    LegalDate::parse(text).unwrap()
}

/// So many days before today.
fn ago(days: i32) -> LegalDate {
    day("2020-02-20").plus_days(-days)
}

fn stay(region: u32, from: i32, to: i32) -> Stay {
    Stay { region: Region::from_code(region).unwrap(), from: ago(from), to: ago(to) }
}

/// Somebody well who has been nowhere, at noon of today in Shanghai, with nothing on record.
fn well() -> Facts {
    let answers = [("contact", Answer::YesNo(false)), ("symptoms", Answer::Any(vec![]))];
    let answers = answers.map(|(id, answer)| (id.to_owned(), answer)).into();
    Facts {
        now: HANGZHOU.offset_minutes.at(ago(0), 12 * 60),
        declaration: Some(Declaration { answers, travel: vec![], declared_on: ago(0) }),
        records: Some(Records::default()),
        served: vec![],
        check_in: None,
        exposures: Vec::new(),
    }
}

fn with(change: impl FnOnce(&mut Facts)) -> Facts {
    let mut facts = well();
    change(&mut facts);
    facts
}

fn declaration(facts: &mut Facts) -> &mut Declaration {
    facts.declaration.as_mut().unwrap()
}

fn answer(facts: &mut Facts, question: &str, answer: Answer) {
    declaration(facts).answers.insert(question.to_owned(), answer);
}

fn ill(facts: &mut Facts) {
    answer(facts, "symptoms", Answer::Any(vec!["fever".to_owned()]));
}

fn travelled(stays: &[Stay]) -> Facts {
    with(|facts| declaration(facts).travel = stays.to_vec())
}

fn recorded(stays: &[Stay]) -> Facts {
    with(|facts| facts.records.as_mut().unwrap().stays = stays.to_vec())
}

fn case(kind: &str, days_ago: i32) -> Facts {
    let case = CaseRecord { kind: kind.to_owned(), on: ago(days_ago) };
    with(|facts| facts.records.as_mut().unwrap().cases.push(case))
}

/// A match of an exposure notice that names a rule.
fn near(rule: &str, days_ago: i32) -> Facts {
    with(|facts| facts.exposures = vec![ReportedExposure { rule: rule.to_owned(), on: ago(days_ago) }])
}

fn served(mut facts: Facts, colour: Colour, days_ago: i32) -> Facts {
    facts.served.push(ServedOrder { colour, starts_on: ago(days_ago) });
    facts
}

fn rate(facts: &Facts) -> Rating {
    HANGZHOU.rate(facts).unwrap()
}

fn rules(facts: &Facts) -> Vec<String> {
    rate(facts).reasons.into_iter().map(|reason| reason.rule).collect()
}

#[test]
fn each_rule_fires_with_its_reason_in_both_languages_and_its_order() {
    let told = ReportedSymptoms { on: ago(3), symptoms: vec!["cough".to_owned()] };
    let causes = [
        ("case-registered", Colour::Red, case("close-contact", 2)),
        ("contact-declared", Colour::Red, with(|facts| answer(facts, "contact", Answer::YesNo(true)))),
        ("area-high-symptoms", Colour::Red, {
            let mut facts = travelled(&[stay(WUHAN, 20, 5)]);
            ill(&mut facts);
            facts
        }),
        ("area-high", Colour::Yellow, travelled(&[stay(WUHAN, 20, 5)])),
        ("undeclared-stay", Colour::Yellow, recorded(&[stay(WENZHOU, 10, 5)])),
        ("symptoms", Colour::Yellow, with(ill)),
        ("check-in-symptoms", Colour::Yellow, with(|facts| facts.check_in = Some(told))),
        ("exposure-near", Colour::Yellow, near("exposure-near", 3)),
    ];
    let rulebook = &HANGZHOU;
    let ids: Vec<_> = rulebook.rules.iter().map(|rule| rule.id.as_str()).collect();
    assert_eq!(causes.each_ref().map(|(rule, ..)| *rule), ids[..], "every rule of the rulebook is here");
    for (rule, colour, facts) in causes {
        let rating = rate(&facts);
        assert_eq!(rating.colour, colour, "{rule}");
        let reason = &rating.reasons[0];
        assert_eq!((reason.rule.as_str(), reason.colour), (rule, colour));
        assert!(
            reason.text.zh.contains('您') && reason.text.en.is_ascii() && reason.text.en.len() > 20,
            "{rule}"
        );
        let order = rating.order.unwrap();
        assert_eq!((order.rule.as_str(), order.colour), (rule, colour));
        assert_eq!(order.days, if colour == Colour::Red { 14 } else { 7 });
        assert_eq!(order.starts_on, ago(0));
    }
}

#[test]
fn fourteen_days_are_counted_and_the_fifteenth_is_not() {
    assert_eq!(rules(&travelled(&[stay(WUHAN, 30, 14)])), ["area-high"]);
    assert!(rules(&travelled(&[stay(WUHAN, 30, 15)])).is_empty());
    assert_eq!(rules(&recorded(&[stay(WENZHOU, 30, 14)])), ["undeclared-stay"]);
    assert!(rules(&recorded(&[stay(WENZHOU, 30, 15)])).is_empty());
    assert_eq!(rules(&case("confirmed", 14)), ["case-registered"]);
    assert!(rules(&case("confirmed", 15)).is_empty());
    let told = |days| {
        let told = ReportedSymptoms { on: ago(days), symptoms: vec!["fever".to_owned()] };
        rules(&with(|facts| facts.check_in = Some(told)))
    };
    assert_eq!((told(14).len(), told(15).len()), (1, 0));
    assert_eq!(rules(&near("exposure-near", 14)), ["exposure-near"]);
    assert!(rules(&near("exposure-near", 15)).is_empty());
    assert!(rules(&near("another-rule", 1)).is_empty(), "a notice may name a rule of a later rulebook");
    assert!(rules(&served(near("exposure-near", 9), Colour::Yellow, 8)).is_empty(), "served since");
}

#[test]
fn days_are_counted_in_legal_days_of_the_rulebook() {
    let mut facts = travelled(&[stay(WUHAN, 30, 14)]);
    facts.now = facts.now.plus_hours(12).plus_millis(-1);
    assert_eq!(rules(&facts), ["area-high"], "the last millisecond of the day in Shanghai");
    facts.now = facts.now.plus_millis(1);
    assert!(rules(&facts).is_empty());
}

#[test]
fn a_medium_risk_an_unlisted_place_or_another_kind_of_case_is_green() {
    for facts in [
        travelled(&[stay(TAIZHOU, 10, 1), stay(BEIJING, 10, 1)]),
        recorded(&[stay(TAIZHOU, 10, 1)]),
        case("recovered", 1),
    ] {
        let rating = rate(&facts);
        assert_eq!((rating.colour, rating.reasons, rating.order), (Colour::Green, vec![], None));
    }
}

#[test]
fn red_beats_yellow_and_every_reason_is_told_the_strictest_first() {
    let mut facts = recorded(&[stay(WENZHOU, 9, 8)]);
    declaration(&mut facts).travel = vec![stay(WUHAN, 20, 5)];
    ill(&mut facts);
    answer(&mut facts, "contact", Answer::YesNo(true));
    let rating = rate(&facts);
    assert_eq!(rating.colour, Colour::Red);
    assert_eq!(
        rules(&facts),
        ["contact-declared", "area-high-symptoms", "area-high", "undeclared-stay", "symptoms"]
    );
    let order = rating.order.unwrap();
    assert_eq!((order.rule.as_str(), order.days), ("contact-declared", 14));
}

#[test]
fn a_recorded_stay_that_was_declared_is_not_held_against_anybody_twice() {
    let of = |own: &[Stay]| {
        let mut facts = recorded(&[stay(WUHAN, 12, 8)]);
        declaration(&mut facts).travel = own.to_vec();
        rules(&facts)
    };
    assert_eq!(of(&[]), ["undeclared-stay"]);
    assert_eq!(of(&[stay(WUHAN, 12, 8)]), ["area-high"]);
    assert_eq!(of(&[stay(WUHAN, 8, 6)]), ["area-high"], "a day in common");
    assert_eq!(of(&[stay(420_000, 12, 8)]), ["area-high"], "declared by the province");
    assert_eq!(of(&[stay(WUHAN, 7, 6)]), ["area-high", "undeclared-stay"], "at another time");
    assert_eq!(of(&[stay(BEIJING, 12, 8)]), ["undeclared-stay"], "at another place");
}

#[test]
fn what_an_order_has_served_is_over_and_only_that() {
    let wuhan = || travelled(&[stay(WUHAN, 20, 10)]);
    assert_eq!(
        rate(&served(wuhan(), Colour::Yellow, 10)).colour,
        Colour::Green,
        "begun on the last day of the stay"
    );
    assert_eq!(rate(&served(wuhan(), Colour::Yellow, 11)).colour, Colour::Yellow, "begun before its end");
    assert_eq!(rate(&served(case("confirmed", 10), Colour::Yellow, 9)).colour, Colour::Red);
    assert_eq!(rate(&served(case("confirmed", 10), Colour::Red, 9)).colour, Colour::Green);
    assert_eq!(rate(&served(case("confirmed", 10), Colour::Red, 11)).colour, Colour::Red);
    let told = ReportedSymptoms { on: ago(9), symptoms: vec!["fever".to_owned()] };
    let facts = served(with(|facts| facts.check_in = Some(told)), Colour::Yellow, 8);
    assert_eq!(rate(&facts).colour, Colour::Green);
}

#[test]
fn the_trace_shows_every_rule_and_what_it_read() {
    let mut facts = travelled(&[stay(WUHAN, 20, 5)]);
    ill(&mut facts);
    let rating = rate(&facts);
    let rulebook = &HANGZHOU;
    let steps: Vec<_> = rating.trace.iter().map(|step| (step.rule.as_str(), step.holds)).collect();
    let holding: Vec<_> = steps.iter().filter(|(_, holds)| *holds).map(|(rule, _)| *rule).collect();
    assert_eq!(steps.len(), rulebook.rules.len());
    assert_eq!(holding, ["area-high-symptoms", "area-high", "symptoms"]);
    let read = |rule: &str| -> BTreeMap<&str, _> {
        let step = rating.trace.iter().find(|step| step.rule == rule).unwrap();
        step.read.iter().map(|(path, value)| (path.as_str(), value.clone())).collect()
    };
    assert_eq!(read("contact-declared")["declaration.answers.contact"], json!(false));
    assert_eq!(read("symptoms")["declaration.answers.symptoms"], json!(["fever"]));
    let travel = &read("area-high")["travel"][0];
    assert_eq!(
        *travel,
        json!({"region": "420100", "from": "2020-01-31", "to": "2020-02-15", "days_ago": 5, "risk": "high",
            "source": "declared", "declared": true, "served": "none"})
    );
    assert_eq!(read("case-registered")["records.cases"], json!([]));
    let shown = format!("{rating:?} {facts:?}");
    assert!(!shown.contains("fever") && !shown.contains("420100"), "for the resident's eyes, not for a log");
}

#[test]
fn the_strictest_rule_with_the_most_days_decides_and_may_start_with_the_exposure() {
    let mut rulebook = Rulebook::hangzhou_2020();
    let undeclared = rulebook.rules.iter_mut().find(|rule| rule.id == "undeclared-stay").unwrap();
    (undeclared.days, undeclared.starts) = (Some(10), Starts::LastExposure);
    let mut facts = recorded(&[stay(WUHAN, 9, 6)]);
    declaration(&mut facts).travel = vec![stay(WENZHOU, 12, 11)];
    let order = |facts: &Facts| rulebook.rate(facts).unwrap().order.unwrap();
    let decided = order(&facts);
    assert_eq!((decided.rule.as_str(), decided.days), ("undeclared-stay", 10));
    assert_eq!(decided.starts_on, ago(5), "the day after the last exposure");
    facts.records.as_mut().unwrap().stays[0].to = ago(0);
    assert_eq!(order(&facts).starts_on, ago(0), "today at the latest");
}

#[test]
fn unanswered_is_never_green_and_a_preview_says_what_the_phone_can_tell() {
    let rulebook = &HANGZHOU;
    let unanswered = with(|facts| facts.records = None);
    assert_eq!(rulebook.rate(&unanswered).unwrap_err(), RatingError::RecordsUnanswered);
    assert_eq!(rulebook.preview(&unanswered).unwrap().colour, Colour::Green);
    let silent = with(|facts| facts.declaration = None);
    assert_eq!(rulebook.rate(&silent).unwrap_err(), RatingError::NotDeclared);
    let neither = with(|facts| (facts.declaration, facts.records) = (None, None));
    assert_eq!(rulebook.preview(&neither).unwrap_err(), RatingError::NotDeclared);
    let mut own = travelled(&[stay(WUHAN, 20, 5)]);
    own.records = None;
    assert_eq!(rulebook.preview(&own).unwrap().colour, Colour::Yellow);
}

#[test]
fn a_rule_that_cannot_be_evaluated_gives_no_colour_and_is_named() {
    let mut rulebook = Rulebook::hangzhou_2020();
    rulebook.rules[3].when = Expression::parse(json!({"+": [{"var": "today"}, 1]})).unwrap();
    let Err(RatingError::Rule { rule, .. }) = rulebook.rate(&well()) else { panic!("a rating") };
    assert_eq!(rule, "area-high");
}

fn some_stay() -> impl Strategy<Value = Stay> {
    (prop::sample::select(vec![WUHAN, WENZHOU, TAIZHOU, BEIJING]), 0..30_i32, 0..6_i32)
        .prop_map(|(region, to, length)| stay(region, to + length, to))
}

fn some_facts() -> impl Strategy<Value = Facts> {
    let kinds = prop::sample::select(vec!["confirmed", "suspected", "close-contact", "recovered"]);
    let cases = prop::collection::vec((kinds, 0..20_i32), 0..2);
    let colour = prop::sample::select(vec![Colour::Yellow, Colour::Red]);
    let order =
        (colour, 0..20_i32).prop_map(|(colour, starts)| ServedOrder { colour, starts_on: ago(starts) });
    let told =
        (0..20_i32).prop_map(|on| ReportedSymptoms { on: ago(on), symptoms: vec!["cough".to_owned()] });
    let stays = || prop::collection::vec(some_stay(), 0..3);
    let rarely = || prop::bool::weighted(0.2);
    (
        rarely(),
        rarely(),
        0..14_i32,
        stays(),
        stays(),
        cases,
        prop::collection::vec(order, 0..2),
        proptest::option::weighted(0.2, told),
    )
        .prop_map(|(contact, unwell, declared, travel, stays, cases, served, check_in)| {
            let mut facts = well();
            answer(&mut facts, "contact", Answer::YesNo(contact));
            if unwell {
                ill(&mut facts);
            }
            (declaration(&mut facts).travel, declaration(&mut facts).declared_on) = (travel, ago(declared));
            let case = |(kind, on): (&str, i32)| CaseRecord { kind: kind.to_owned(), on: ago(on) };
            let cases = cases.into_iter().map(case).collect();
            Facts { records: Some(Records { stays, cases, orders: Vec::new() }), served, check_in, ..facts }
        })
}

/// Hangzhou's rules once more, by hand: the ids of those that hold, in the rulebook's order.
fn by_hand(facts: &Facts) -> Vec<&'static str> {
    let (own, records) = (facts.declaration.as_ref().unwrap(), facts.records.as_ref().unwrap());
    let since = |date: LegalDate| facts.served.iter().filter(move |order| order.starts_on >= date);
    let free_of_red = |date| since(date).all(|order| order.colour != Colour::Red);
    let free = |date| since(date).next().is_none();
    let high = |stay: &&Stay| match stay.region.code() {
        WUHAN => stay.to >= day("2020-01-10") && stay.to >= ago(14),
        WENZHOU => stay.to >= day("2020-01-25") && stay.to >= ago(14),
        _ => false,
    };
    let declared = |recorded: &Stay| {
        own.travel.iter().any(|stay| {
            stay.region == recorded.region && stay.from <= recorded.to && recorded.from <= stay.to
        })
    };
    let contact = own.answers["contact"] == Answer::YesNo(true);
    let unwell = own.answers["symptoms"] != Answer::Any(vec![]);
    let mut risky = own.travel.iter().chain(&records.stays).filter(high);
    let counts = |case: &CaseRecord| case.kind != "recovered" && case.on >= ago(14) && free_of_red(case.on);
    let rules = [
        ("case-registered", records.cases.iter().any(counts)),
        ("contact-declared", contact && free_of_red(own.declared_on)),
        ("area-high-symptoms", unwell && risky.any(|stay| free_of_red(stay.to))),
        ("area-high", own.travel.iter().filter(high).any(|stay| free(stay.to))),
        ("undeclared-stay", records.stays.iter().filter(high).any(|stay| free(stay.to) && !declared(stay))),
        ("symptoms", unwell && free(own.declared_on)),
        (
            "check-in-symptoms",
            facts.check_in.as_ref().is_some_and(|told| told.on >= ago(14) && free(told.on)),
        ),
    ];
    rules.into_iter().filter(|(_, holds)| *holds).map(|(rule, _)| rule).collect()
}

proptest! {
    #![proptest_config(runs(1_000))]

    #[test]
    fn the_rules_hold_exactly_when_they_do_by_hand(facts in some_facts()) {
        prop_assert_eq!(rules(&facts), by_hand(&facts));
    }

    #[test]
    fn no_colour_but_green_stands_without_a_reason_and_an_order(facts in some_facts()) {
        let rating = rate(&facts);
        let strictest = rating.reasons.iter().map(|reason| reason.colour).max();
        prop_assert_eq!(rating.colour, strictest.unwrap_or(Colour::Green));
        prop_assert_eq!(rating.order.map(|order| order.colour), strictest);
        prop_assert!(rating.reasons.iter().all(|reason| reason.colour != Colour::Green && !reason.rule.is_empty()));
        prop_assert!(rating.reasons.is_sorted_by_key(|reason| std::cmp::Reverse(reason.colour)));
        let holding = rating.trace.iter().filter(|step| step.holds).count();
        prop_assert_eq!(holding, rating.reasons.len());
    }

    /// The phone knows less than the server, and what more is known never makes a colour milder.
    #[test]
    fn a_preview_is_never_stricter_than_the_rating(facts in some_facts()) {
        let own = Facts { records: None, ..facts.clone() };
        let preview = HANGZHOU.preview(&own).unwrap();
        prop_assert!(preview.colour <= rate(&facts).colour);
    }
}
