#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "tests")]

use super::super::test_phone::{TestPhone, li_si, noon, zhang_san};
use super::*;
use crate::rules::colour::Colour;
use crate::rules::quarantine::{Certainty, NotCounted};
use crate::store::SubjectKey;
use crate::token::decision::ReleaseCause;

fn all(phone: &TestPhone, key: &SubjectKey) -> Vec<JournalEntry> {
    let page = phone.resident.journal(key.subject.to_string(), None).unwrap();
    assert_eq!(page.next, None);
    page.entries
}

fn outcomes(entries: &[JournalEntry]) -> Vec<EntryOutcome> {
    let outcome = |entry: &JournalEntry| match &entry.event {
        JournalEvent::Declared { outcome, .. }
        | JournalEvent::CheckedIn { outcome, .. }
        | JournalEvent::Answered { outcome, .. } => Some(outcome.clone()),
        _ => None,
    };
    entries.iter().filter_map(outcome).collect()
}

#[test]
fn it_tells_what_was_recorded_and_what_became_of_it() {
    let mut phone = TestPhone::new();
    let key = phone.enrol(1, &zhang_san());
    phone.declare(&key, Some(2));
    phone.deliver(&key, true);
    let order = phone.order(&key, Colour::Yellow, None);
    phone.rate(&key, Colour::Yellow);
    phone.go_to(noon(11));
    let counted = phone.tap(&key, &[]);
    phone.deliver(&key, true);
    phone.judge(&key, counted, order, true);
    phone.go_to(noon(11).plus_millis(60_000));
    let second = phone.tap(&key, &["fever"]);
    phone.deliver(&key, true);
    phone.judge(&key, second, order, false);
    phone.go_to(noon(12));
    phone.tap(&key, &[]);
    phone.deliver(&key, true);
    phone.go_to(noon(12).plus_millis(60_000));
    phone.tap(&key, &[]);
    phone.deliver(&key, false);
    phone.go_to(noon(13));
    phone.tap(&key, &[]);
    phone.go_to(noon(17));
    phone.release(&key, order, ReleaseCause::Completed);

    let entries = all(&phone, &key);
    assert!(entries.is_sorted_by_key(|entry| entry.at));
    let told: Vec<&str> = entries
        .iter()
        .map(|entry| match &entry.event {
            JournalEvent::Declared { .. } => "declared",
            JournalEvent::CheckedIn { .. } => "checked in",
            JournalEvent::Ordered { .. } => "ordered",
            JournalEvent::Released { .. } => "released",
            JournalEvent::Rated { .. } => "rated",
            JournalEvent::OtherPhone { .. } => "another phone",
            JournalEvent::Answered { .. } => "answered",
            JournalEvent::ToldExposure { .. } => "told-exposure",
            JournalEvent::WrongEntry { .. } => "wrong-entry",
            _ => "something else",
        })
        .collect();
    let taps = ["checked in"; 5];
    assert_eq!(told, [&["declared", "ordered", "rated"], taps.as_slice(), &["released"]].concat());
    let outcomes = outcomes(&entries);
    assert!(outcomes[0] == EntryOutcome::Accepted { at: noon(10) });
    assert!(
        matches!(&outcomes[1], EntryOutcome::Counted { at, certainty: Certainty::Certain, .. } if *at == noon(11))
    );
    assert!(matches!(&outcomes[2], EntryOutcome::NotCounted { reason: NotCounted::DayTaken, .. }));
    assert!(matches!(&outcomes[3], EntryOutcome::Accepted { .. }));
    let EntryOutcome::Refused { problem, text, .. } = &outcomes[4] else { panic!("it was refused") };
    assert_eq!(problem, "invalid");
    assert_eq!(
        text.en,
        "The symptoms did not meet the rules: the entry was not taken. Check it and record it again."
    );
    assert_eq!(text.zh, "症状不符合规则，未被采纳，请核对后重新填报。");
    assert!(outcomes[5] == EntryOutcome::Waiting);
    let JournalEvent::CheckedIn { symptoms, order: named, .. } = &entries[4].event else {
        panic!("a check-in")
    };
    assert_eq!(
        (symptoms.as_slice(), named.as_deref()),
        (["fever".to_owned()].as_slice(), Some(&*order.to_string()))
    );
}

#[test]
fn pages_follow_each_other_without_a_gap_or_a_repetition() {
    let mut phone = TestPhone::new();
    let (key, other) = (phone.enrol(1, &zhang_san()), phone.enrol(2, &li_si()));
    // All in one instant: the order of recording decides.
    let taps: Vec<String> = (0..120).map(|_| phone.tap(&key, &[]).to_string()).collect();
    phone.tap(&other, &["fever"]);
    phone.order(&key, Colour::Yellow, None);
    let (mut seen, mut pages, mut after) = (Vec::new(), 0, None);
    loop {
        let page = phone.resident.journal(key.subject.to_string(), after).unwrap();
        assert!(page.entries.len() <= 50);
        pages += 1;
        seen.extend(page.entries);
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    assert_eq!((pages, seen.len()), (3, 121));
    let operation = |entry: &JournalEntry| match &entry.event {
        JournalEvent::CheckedIn { operation, .. } => Some(operation.clone()),
        _ => None,
    };
    assert_eq!(seen.iter().filter_map(operation).collect::<Vec<_>>(), taps);
    // The last entry seen is where what came since begins.
    let last = seen.last().unwrap().id.clone();
    phone.go_to(noon(11));
    phone.tap(&key, &[]);
    let since = phone.resident.journal(key.subject.to_string(), Some(last)).unwrap();
    assert_eq!(since.entries.len(), 1);
}

#[test]
fn a_check_in_under_an_order_stands_after_the_order_however_far_the_phones_time_lags() {
    let mut phone = TestPhone::new();
    let key = phone.enrol(1, &zhang_san());
    // Signed by a server whose time the phone has not learned of.
    phone.order_at(&key, Colour::Yellow, noon(11));
    phone.tap(&key, &[]);
    let entries = all(&phone, &key);
    assert!(phone.core().now().unwrap().lower_bound < noon(11));
    assert!(matches!(entries[0].event, JournalEvent::Ordered { .. }));
    assert!(entries[1].at == noon(11));
}

#[test]
fn what_names_no_entry_is_refused_and_nothing_is_printed_of_a_person() {
    let mut phone = TestPhone::new();
    let key = phone.enrol(1, &zhang_san());
    phone.tap(&key, &["fever"]);
    phone.rate(&key, Colour::Red);
    for after in ["", "1", "1.2", "1.2.3.4", "x.1.1", "+1.1.1", "01.1.1", "1.300.1"] {
        let wrong = phone.resident.journal(key.subject.to_string(), Some(after.to_owned()));
        assert!(wrong == Err(HealthcodeError::field("after", "unknown")), "{after:?}");
    }
    let page = phone.resident.journal(key.subject.to_string(), None).unwrap();
    let printed = format!("{page:?} {:?} {:?}", page.entries, page.entries[0].event);
    for secret in ["fever", "red", "Red", "reason", "CheckedIn", "Rated"] {
        assert!(!printed.contains(secret), "{printed}");
    }
}
