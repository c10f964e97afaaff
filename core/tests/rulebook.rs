//! Rulebooks: the built-in one is read, what is wrong with another is named with its place, and the signed form is
//! its issuer's.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    missing_docs,
    reason = "tests"
)]

mod support;

use healthcode::rules::calendar::LegalDate;
use healthcode::rules::colour::Colour;
use healthcode::rules::identity::Region;
use healthcode::rules::rulebook::{HANGZHOU_2020, MAX_BYTES, Rulebook, RulebookError};
use healthcode::token::key::Signer;
use healthcode::token::rules::{SignedRulebookError, open_rulebook, sign_rulebook};
use healthcode::token::trust_list::KeyUse;
use healthcode::token::{TokenError, TrustList};
use proptest::prelude::*;
use serde_json::{Value, json};
use support::{TIME, TOKENS, issuer, issuer_key, key, other_issuer, runs, trust_of};

fn hangzhou() -> Value {
    serde_json::from_slice(HANGZHOU_2020).unwrap()
}

/// Why the built-in rulebook is refused when the value at a JSON pointer is another.
fn refused(pointer: &str, value: Value) -> RulebookError {
    let mut json = hangzhou();
    *json.pointer_mut(pointer).unwrap_or_else(|| panic!("nothing at {pointer}")) = value;
    let error = Rulebook::parse(json.to_string().as_bytes()).expect_err(pointer);
    assert!(!error.to_string().is_empty());
    error
}

/// The same with the place that the error tells.
fn place(pointer: &str, value: Value) -> String {
    match refused(pointer, value) {
        RulebookError::Id(place) => format!("id {place}"),
        RulebookError::Range(place) => format!("range {place}"),
        RulebookError::GreenRule(rule) => format!("green {rule}"),
        RulebookError::Format(format) => format!("format {format}"),
        RulebookError::TooLarge => "too large".to_owned(),
        RulebookError::Json { what, .. } => what,
    }
}

#[test]
fn the_built_in_rulebook_is_hangzhous_of_february_2020() {
    let rulebook = Rulebook::hangzhou_2020();
    assert_eq!((rulebook.days_of(Colour::Yellow), rulebook.days_of(Colour::Red)), (7, 14));
    assert_eq!((rulebook.tokens.lifetime_hours, rulebook.tokens.refresh_after_hours), (72, 24));
    assert_eq!(
        (rulebook.declaration.travel_window_days, rulebook.offset_minutes.offset_minutes()),
        (14, 480)
    );
    assert_eq!(rulebook.terms().wrong_field(), None);
    for colour in [Colour::Green, Colour::Yellow, Colour::Red] {
        let text = rulebook.colour_text(colour);
        assert!(text.word.zh.contains('码') && text.word.en.to_lowercase() == colour.word());
    }
    let again = Rulebook::parse(serde_json::to_string(&rulebook).unwrap().as_bytes()).unwrap();
    assert_eq!(again, rulebook, "what is written is read");
}

#[test]
fn a_value_out_of_its_range_is_named() {
    for (pointer, value, expected) in [
        ("/quarantine/yellow_days", 0, "range days"),
        ("/quarantine/red_days", 43, "range days"),
        ("/quarantine/late_until_minutes", 1_440, "range late_until_minutes"),
        ("/quarantine/max_total_days", 367, "range max_total_days"),
        ("/quarantine/max_offline_hours", 0, "range max_offline_hours"),
        ("/quarantine/remind_minutes/2", 1_440, "range remind_minutes"),
        ("/tokens/lifetime_hours", 0, "range tokens"),
        ("/tokens/refresh_after_hours", 73, "range tokens"),
        ("/declaration/travel_window_days", 367, "range declaration"),
        ("/declaration/max_stays", 257, "range declaration"),
        ("/format", 2, "format 2"),
    ] {
        assert_eq!(place(pointer, json!(value)), expected, "{pointer}");
    }
    let with_days = |days: u16| {
        let mut json = hangzhou();
        json["rules"][0]["days"] = json!(days);
        Rulebook::parse(json.to_string().as_bytes())
    };
    assert!(with_days(42).is_ok());
    assert!(matches!(with_days(43), Err(RulebookError::Range("days"))));
    assert!(matches!(with_days(0), Err(RulebookError::Range("days"))));
}

#[test]
fn ids_are_distinct_and_of_one_form() {
    assert_eq!(place("/rules/1/id", json!("case-registered")), "id rules");
    assert_eq!(place("/questions/1/id", json!("contact")), "id questions");
    assert_eq!(place("/questions/1/options/1/id", json!("fever")), "id symptoms");
    for id in ["", "Fever", "two words", "发热", "under_score", &"x".repeat(49)] {
        assert_eq!(place("/questions/1/options/1/id", json!(id)), "id symptoms", "{id}");
        assert_eq!(place("/rules/0/id", json!(id)), "id rules", "{id}");
    }
    let mut json = hangzhou();
    json["rules"][0]["id"] = json!("x".repeat(48));
    assert!(Rulebook::parse(json.to_string().as_bytes()).is_ok());
}

#[test]
fn green_is_what_no_rule_gives() {
    assert_eq!(place("/rules/3/colour", json!("green")), "green area-high");
}

#[test]
fn a_rules_condition_is_an_expression_and_its_fault_is_told_by_place() {
    let faults = [
        (json!({"frobnicate": [1]}), "unknown operator \"frobnicate\""),
        (json!({"and": [true, {"<": [1.5, 2]}]}), "at \"/and/1/</0\""),
        (json!({"var": 1}), "the path of \"var\" is not a string"),
        (json!({"and": [], "or": []}), "an operation has one key and not 2"),
        (Value::Null, "null is not an expression"),
    ];
    for (when, expected) in faults {
        let what = place("/rules/0/when", when.clone());
        assert!(what.contains(expected), "{when}: {what}");
    }
}

#[test]
fn what_is_no_rulebook_is_told_by_line_and_column() {
    let text = String::from_utf8(HANGZHOU_2020.to_vec()).unwrap();
    for (from, to) in [
        ("\"valid_from\": \"2020-02-11\"", "\"valid_from\": \"2020-02-31\""),
        ("\"offset_minutes\": 480", "\"offset_minutes\": 1081"),
        ("\"region\": \"420000\"", "\"region\": \"990000\""),
        ("\"policy\": \"restart\"", "\"policy\": \"forgive\""),
        ("\"policy\": \"restart\"", "\"policy\": \"tolerate\""),
        ("\"release_at\"", "\"release\""),
        ("\"en\": \"Dry cough\"", "\"english\": \"Dry cough\""),
        ("\"max_stays\": 32", "\"max_stays\": -1"),
        ("\"colour\": \"yellow\"", "\"colour\": \"orange\""),
        ("\"appeal_days\": 14", "\"appeal_days\": 14,"),
    ] {
        let wrong = text.replacen(from, to, 1);
        assert_ne!(wrong, text, "{from}");
        let at = text.split(from).next().unwrap().lines().count();
        match Rulebook::parse(wrong.as_bytes()) {
            // A value that is checked when it has been read whole is told by its end, some lines below.
            Err(RulebookError::Json { line, column, what }) => {
                assert!(line >= at && column > 0, "{from}: line {line}, column {column}");
                assert!(what.contains(&format!("line {line} column {column}")), "{what}");
            }
            other => panic!("{from}: {other:?}"),
        }
    }
    for wrong in ["", "null", "[]", "{", "{\"format\": 1}", "{\"format\": \"1\"}", "\u{feff}{}"] {
        assert!(matches!(Rulebook::parse(wrong.as_bytes()), Err(RulebookError::Json { .. })), "{wrong}");
    }
}

#[test]
fn a_later_format_asks_for_a_newer_app_whatever_else_it_has() {
    let later = json!({"format": 2, "rules": "elsewhere"}).to_string();
    assert!(matches!(Rulebook::parse(later.as_bytes()), Err(RulebookError::Format(2))));
}

#[test]
fn a_rulebook_larger_than_the_bound_is_not_read() {
    let mut json = HANGZHOU_2020.to_vec();
    json.resize(MAX_BYTES, b' ');
    assert!(Rulebook::parse(&json).is_ok());
    json.push(b' ');
    assert!(matches!(Rulebook::parse(&json), Err(RulebookError::TooLarge)));
}

#[test]
fn an_area_meets_a_stay_by_place_and_day() {
    let mut rulebook = Rulebook::hangzhou_2020();
    rulebook.areas[0].to = LegalDate::parse("2020-03-01");
    let risk = |region, from, to| {
        let day = |text| LegalDate::parse(text).unwrap();
        rulebook.risk_of(Region::from_code(region).unwrap(), day(from), day(to)).map(ToOwned::to_owned)
    };
    let (high, medium) = (Some("high".to_owned()), Some("medium".to_owned()));
    assert_eq!(risk(420_100, "2020-01-01", "2020-01-09"), None, "the day before");
    assert_eq!(risk(420_100, "2020-01-01", "2020-01-10"), high);
    assert_eq!(risk(420_100, "2020-03-01", "2020-03-09"), high);
    assert_eq!(risk(420_100, "2020-03-02", "2020-03-09"), None, "the day after");
    assert_eq!(risk(420_000, "2020-02-01", "2020-02-02"), high, "the whole province");
    assert_eq!(risk(331_000, "2020-02-01", "2020-02-02"), medium);
    assert_eq!(risk(330_300, "2030-02-01", "2030-02-02"), high, "no end is set");
    assert_eq!(risk(330_000, "2020-02-01", "2020-02-02"), high, "a province that has such an area");
    assert_eq!(risk(110_000, "2020-02-01", "2020-02-02"), None);
}

const RULES: u8 = 21;

fn listed() -> TrustList {
    let mut home = issuer();
    home.keys.push(issuer_key(RULES, KeyUse::Rules));
    trust_of(vec![home, other_issuer()])
}

#[test]
fn a_signed_rulebook_is_its_issuers_and_signed_with_a_key_for_rules() {
    let trust = listed();
    let signed = sign_rulebook(HANGZHOU_2020, &key(RULES)).unwrap();
    assert_eq!(open_rulebook(&trust, "zhejiang", &signed).unwrap(), Rulebook::hangzhou_2020());
    let token = |error: SignedRulebookError| match error {
        SignedRulebookError::Token(error) => error,
        SignedRulebookError::Rulebook(error) => panic!("{error}"),
    };
    let other = open_rulebook(&trust, "hubei", &signed).unwrap_err();
    assert_eq!(token(other), TokenError::UnknownKey);
    for seed in [TOKENS, TIME] {
        let signed = sign_rulebook(HANGZHOU_2020, &key(seed)).unwrap();
        assert_eq!(token(open_rulebook(&trust, "zhejiang", &signed).unwrap_err()), TokenError::UnknownKey);
    }
    let mut changed = signed.clone();
    let at = signed.windows(4).position(|window| window == b"2020").unwrap();
    changed[at] = b'3';
    assert_eq!(token(open_rulebook(&trust, "zhejiang", &changed).unwrap_err()), TokenError::Signature);
    let empty = sign_rulebook(b"{}", &key(RULES)).unwrap();
    let refused = open_rulebook(&trust, "zhejiang", &empty).unwrap_err();
    assert!(matches!(refused, SignedRulebookError::Rulebook(RulebookError::Json { .. })));
    assert_ne!(key(RULES).public_key(), key(TOKENS).public_key());
}

proptest! {
    #![proptest_config(runs(500))]

    #[test]
    fn a_changed_rulebook_is_refused_or_consistent(
        edits in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
        cut in any::<prop::sample::Index>(),
        cutting in prop::bool::weighted(0.2),
    ) {
        let mut json = HANGZHOU_2020.to_vec();
        for (index, byte) in edits {
            let at = index.index(json.len());
            json[at] = byte;
        }
        if cutting {
            json.truncate(cut.index(HANGZHOU_2020.len() - 2));
            prop_assert!(Rulebook::parse(&json).is_err());
        } else if let Ok(rulebook) = Rulebook::parse(&json) {
            prop_assert_eq!(rulebook.terms().wrong_field(), None);
            prop_assert!(rulebook.rules.iter().all(|rule| rule.colour != Colour::Green));
            let again = serde_json::to_vec(&rulebook).unwrap();
            prop_assert_eq!(Rulebook::parse(&again).unwrap(), rulebook);
        }
    }
}
