//! An officer's order on the phone: it lapses, or is said again when a second officer confirms it, and is one order.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

use super::test_phone::{TestPhone, noon, zhang_san};
use super::{CheckInState, QuarantineView};
use crate::rules::calendar::Timestamp;
use crate::rules::colour::Colour;
use crate::rules::rulebook::Rulebook;
use crate::rules::text::Text;
use crate::store::SubjectKey;
use crate::sync::purge::purge;
use crate::token::decision::{MANUAL, ReleaseCause};
use crate::token::{Order, OrderId};
use crate::wire::QuarantineProof;
use crate::wire::message::ChangeKind;

/// Says an officer's order of three days, issued at noon of the 10th.
fn say(phone: &mut TestPhone, key: &SubjectKey, provisional_until: Option<Timestamp>) -> OrderId {
    let (serial, rulebook) = (phone.next_serial(), Rulebook::hangzhou_2020());
    let order = OrderId([7; 8]);
    let object = Order {
        subject: key.subject,
        serial,
        order,
        issued_at: noon(10),
        colour: Colour::Yellow,
        rule: MANUAL.to_owned(),
        cause: Text::new("原因", "the cause"),
        starts_on: rulebook.offset_minutes.date_of(noon(10)),
        days: 3,
        terms: rulebook.terms(),
        rulebook: [4; 32],
        supersedes: None,
        provisional_until,
    };
    phone.say(key, ChangeKind::Order, serial, &object);
    order
}

fn view(phone: &TestPhone, key: &SubjectKey) -> QuarantineView {
    phone.resident.quarantine(key.subject.to_string()).unwrap().unwrap()
}

fn decisions(phone: &TestPhone, key: &SubjectKey) -> usize {
    phone.core().store.read(|file| file.decisions(key)).unwrap().len()
}

#[test]
fn a_confirmed_order_keeps_the_check_ins_that_were_made_before() {
    let mut phone = TestPhone::new();
    let key = phone.enrol(1, &zhang_san());
    phone.go_to(noon(10));
    let order = say(&mut phone, &key, Some(noon(13)));
    assert_eq!(view(&phone, &key).provisional_until, Some(noon(13)));
    phone.go_to(noon(10).plus_millis(60_000));
    let judged = phone.tap(&key, &[]);
    phone.deliver(&key, true);
    phone.judge(&key, judged, order, true);
    phone.go_to(noon(11));
    phone.tap(&key, &[]);
    phone.deliver(&key, true);
    say(&mut phone, &key, None);
    let view = view(&phone, &key);
    assert_eq!((view.provisional_until, view.counted), (None, 2));
    let states: Vec<_> = view.check_ins.iter().map(|check_in| &check_in.state).collect();
    assert!(matches!(states[..], [CheckInState::Counted { .. }, CheckInState::Received]), "{states:?}");
    // The proof begins with what the first officer said, so that every link is in it.
    let proof = phone.resident.quarantine_proof(key.subject.to_string(), None).unwrap();
    let proof = QuarantineProof::parse(proof.as_bytes()).unwrap();
    assert!(proof.confirmation.is_some());
    assert_eq!((proof.entries.len(), proof.judgements.len()), (2, 1));
}

#[test]
fn what_has_lapsed_says_connect_and_stays_until_the_server_ends_it() {
    let mut phone = TestPhone::new();
    let key = phone.enrol(1, &zhang_san());
    phone.go_to(noon(10));
    let order = say(&mut phone, &key, Some(noon(13)));
    phone.go_to(noon(13).plus_millis(-60_000));
    assert!(!view(&phone, &key).connect_to_confirm);
    phone.go_to(noon(13).plus_millis(60_000));
    assert!(view(&phone, &key).connect_to_confirm);
    phone.release(&key, order, ReleaseCause::Lapsed);
    assert_eq!(phone.resident.quarantine(key.subject.to_string()).unwrap(), None);
}

#[test]
fn a_confirmed_order_is_purged_whole_and_not_before_its_end() {
    let mut phone = TestPhone::new();
    let key = phone.enrol(1, &zhang_san());
    phone.go_to(noon(10));
    say(&mut phone, &key, Some(noon(13)));
    phone.go_to(noon(11));
    let order = say(&mut phone, &key, None);
    // The first saying does not end with the second one.
    phone.go_to(noon(40));
    purge(&phone.core());
    assert_eq!(decisions(&phone, &key), 2);
    phone.release(&key, order, ReleaseCause::Officer);
    phone.go_to(noon(40 + 14).plus_millis(-60_000));
    purge(&phone.core());
    assert_eq!(decisions(&phone, &key), 3);
    phone.go_to(noon(40 + 14).plus_millis(60_000));
    purge(&phone.core());
    assert_eq!(decisions(&phone, &key), 0);
}
