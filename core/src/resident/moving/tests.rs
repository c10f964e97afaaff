#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

use serde_json::{Value, json};

use super::super::test_notices::{SECOND_RULES, signer};
use super::super::test_phone::{TestPhone, noon, zhang_san};
use super::*;
use crate::error::NetworkKind;
use crate::rules::rating::ORDER_ELSEWHERE;
use crate::rules::rulebook::HANGZHOU_2020;
use crate::token::decision::ReleaseCause;
use crate::token::rules::sign_rulebook;
use crate::wire::message::RULEBOOK_PATH;

/// Shenzhen's rulebook: like Hangzhou's, but that yellow takes nine days.
fn rulebook(change: impl FnOnce(&mut Value)) -> Vec<u8> {
    let mut rulebook: Value = serde_json::from_slice(HANGZHOU_2020).unwrap();
    rulebook["id"] = json!("shenzhen-2020");
    rulebook["region"] = json!("440300");
    rulebook["title"]["en"] = json!("Shenzhen");
    rulebook["version"] = json!(7);
    rulebook["quarantine"]["yellow_days"] = json!(9);
    change(&mut rulebook);
    sign_rulebook(&serde_json::to_vec(&rulebook).unwrap(), &signer(SECOND_RULES)).unwrap()
}

fn previewed(phone: &TestPhone, key: &SubjectKey, body: Vec<u8>) -> Result<MovePreview, HealthcodeError> {
    let reply = Reply { status: 200, content_type: "application/cbor".to_owned(), retry_after: None, body };
    let core = phone.core();
    preview(&core, key, (&core.trust().unwrap(), "shenzhen"), &reply)
}

#[test]
fn the_destinations_rules_are_fetched_from_where_the_trust_list_says_and_believed_under_its_key() {
    let phone = TestPhone::new();
    let key = phone.enrol(1, &zhang_san());
    phone.declare(&key, None);
    let trust = phone.core().trust().unwrap();
    let asked = call(&trust, &key, "shenzhen").unwrap();
    assert_eq!(asked.server.as_deref(), Some("https://other.example.org"));
    assert_eq!((asked.path.as_str(), asked.signature.is_none()), (RULEBOOK_PATH, true));
    assert!(asked.body.is_empty(), "nothing of the person is sent");
    let refused = |issuer: &str| call(&trust, &key, issuer).err().unwrap();
    assert_eq!(refused("wuhan"), HealthcodeError::field("issuer", "not-listed"));
    assert_eq!(refused("hangzhou"), HealthcodeError::field("issuer", "home"));

    let bad = HealthcodeError::Network { kind: NetworkKind::BadAnswer, retry_after: None };
    let own = sign_rulebook(HANGZHOU_2020, &crate::token::key::SoftwareKey::from_seed(&[3; 32])).unwrap();
    assert_eq!(previewed(&phone, &key, own), Err(bad.clone()), "another authority's");
    let mut forged = rulebook(|_| {});
    *forged.last_mut().unwrap() ^= 1;
    assert_eq!(previewed(&phone, &key, forged), Err(bad));
    assert_eq!(
        previewed(&phone, &key, rulebook(|book| book["format"] = json!(2))),
        Err(HealthcodeError::UpdateApp)
    );
}

#[test]
fn a_person_is_told_colour_reasons_and_days_by_the_destinations_rulebook() {
    let phone = TestPhone::new();
    let key = phone.enrol(1, &zhang_san());
    let unsaid = previewed(&phone, &key, rulebook(|_| {})).unwrap();
    assert_eq!((unsaid.colour, unsaid.problems[0].field.as_str()), (None, "declared_on"));
    phone.declare(&key, Some(2));
    let there = previewed(&phone, &key, rulebook(|_| {})).unwrap();
    assert_eq!((there.issuer.as_str(), there.name.en.as_str(), there.version), ("shenzhen", "Shenzhen", 7));
    assert_eq!((there.colour, there.days, there.counted_here), (Some(Colour::Yellow), 9, 0));
    assert_eq!(there.word.unwrap().en, "YELLOW");
    let rules: Vec<_> = there.reasons.iter().map(|reason| reason.rule.as_str()).collect();
    assert_eq!(rules, ["area-high"]);
    let green = previewed(&phone, &key, rulebook(|book| book["areas"] = json!([]))).unwrap();
    assert_eq!((green.colour, green.days, green.reasons.len()), (Some(Colour::Green), 0, 0));
    // A question of its own, which nobody was asked here.
    let asks = previewed(
        &phone,
        &key,
        rulebook(|book| {
            let mut question = book["questions"][0].clone();
            (question["id"], question["required"]) = (json!("pets"), json!(true));
            book["questions"].as_array_mut().unwrap().push(question);
        }),
    );
    let asks = asks.unwrap();
    assert_eq!((asks.colour, asks.problems[0].field.as_str()), (None, "answers.pets"));
    assert_eq!(asks.problems[0].reason, "missing");
}

#[test]
fn days_in_force_here_are_taken_off_and_what_was_served_is_over() {
    let mut phone = TestPhone::new();
    let key = phone.enrol(1, &zhang_san());
    phone.declare(&key, Some(2));
    let order = phone.order(&key, Colour::Yellow, None);
    for day in 10..13 {
        phone.go_to(noon(day));
        let tap = phone.tap(&key, &[]);
        phone.deliver(&key, true);
        phone.judge(&key, tap, order, true);
    }
    let there = previewed(&phone, &key, rulebook(|_| {})).unwrap();
    assert_eq!((there.colour, there.counted_here, there.days), (Some(Colour::Yellow), 3, 6));
    // Without a rule that says so the order holds there all the same.
    let bare = previewed(&phone, &key, rulebook(|book| book["areas"] = json!([]))).unwrap();
    assert_eq!((bare.colour, bare.counted_here, bare.days), (Some(Colour::Yellow), 3, 4));
    assert_eq!(bare.reasons[0].rule, ORDER_ELSEWHERE);
    phone.release(&key, order, ReleaseCause::Completed);
    let served = previewed(&phone, &key, rulebook(|_| {})).unwrap();
    assert_eq!((served.colour, served.days), (Some(Colour::Green), 0));
}
