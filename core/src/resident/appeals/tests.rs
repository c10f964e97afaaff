#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "tests")]

use super::super::Entry;
use super::super::test_phone::{TestPhone, noon, zhang_san};
use super::*;
use crate::rules::colour::Colour;

fn input(rating: u64) -> AppealInput {
    AppealInput {
        rating,
        rule: "area-high".to_owned(),
        text: "I was at home".to_owned(),
        statements: vec!["A ticket that was given back".to_owned()],
    }
}

fn yellow() -> (TestPhone, SubjectKey) {
    let mut phone = TestPhone::new();
    let key = phone.enrol(1, &zhang_san());
    phone.declare(&key, Some(2));
    phone.deliver(&key, true);
    phone.order(&key, Colour::Yellow, None);
    phone.rate(&key, Colour::Yellow);
    (phone, key)
}

fn all(phone: &TestPhone, key: &SubjectKey) -> Appeals {
    phone.resident.appeals(key.subject.to_string()).unwrap()
}

fn record(phone: &TestPhone, key: &SubjectKey, appeal: AppealInput) -> Result<String, HealthcodeError> {
    let recorded = phone.resident.record(key.subject.to_string(), Entry::Appeal { appeal })?;
    Ok(recorded.operation)
}

fn answer(phone: &mut TestPhone, key: &SubjectKey, appeal: &str, state: AppealState) {
    let serial = phone.next_serial();
    let notice = AppealNotice {
        subject: key.subject,
        serial,
        appeal: OperationId::parse(appeal).unwrap(),
        said_at: noon(11),
        state,
        due_by: noon(14),
        reason: (state == AppealState::Refused).then(|| Text::new("记录属实", "The record holds")),
        officer: Some("Appeals, desk 1".to_owned()),
        rating: Some(1),
        rule: Some("area-high".to_owned()),
    };
    phone.say(key, ChangeKind::Appeal, serial, &notice);
}

#[test]
fn it_is_drafted_kept_recorded_and_followed_to_its_outcome() {
    let (mut phone, key) = yellow();
    let contestable = all(&phone, &key).contestable;
    assert_eq!(contestable.len(), 1);
    let draft = input(contestable[0].rating);
    phone.resident.keep_appeal_draft(key.subject.to_string(), Some(draft.clone())).unwrap();
    assert_eq!(all(&phone, &key).draft, Some(draft.clone()));
    let appeal = record(&phone, &key, draft.clone()).unwrap();
    let made = all(&phone, &key);
    assert!(made.draft.is_none() && made.contestable.is_empty());
    assert_eq!((&made.made[0].content, &made.made[0].standing), (&draft, &AppealStanding::Waiting));
    // A second one against the same reason is refused here already.
    let again = record(&phone, &key, draft).unwrap_err();
    assert_eq!(again, HealthcodeError::field("rating", "already-appealed"));

    phone.deliver(&key, true);
    answer(&mut phone, &key, &appeal, AppealState::Received);
    let card = &all(&phone, &key).made[0];
    assert_eq!(
        (&card.standing, card.due_by, card.overdue),
        (&AppealStanding::Received, Some(noon(14)), false)
    );
    // The authority's own time lapses, and the resident is told.
    phone.go_to(noon(15));
    assert!(all(&phone, &key).made[0].overdue);
    answer(&mut phone, &key, &appeal, AppealState::Refused);
    let card = &all(&phone, &key).made[0];
    assert!(card.standing == AppealStanding::Refused && !card.overdue && card.reason.is_some());
}

#[test]
fn what_cannot_be_appealed_is_named_and_nothing_is_recorded() {
    let (mut phone, key) = yellow();
    let rating = all(&phone, &key).contestable[0].rating;
    let wrong = |change: &dyn Fn(&mut AppealInput)| {
        let mut appeal = input(rating);
        change(&mut appeal);
        record(&phone, &key, appeal).unwrap_err()
    };
    let field = |field: &str, reason: &str| HealthcodeError::field(field, reason);
    assert_eq!(wrong(&|appeal| appeal.rating += 1), field("rating", "not-in-force"));
    assert_eq!(wrong(&|appeal| appeal.rule = "another".to_owned()), field("rule", "unknown"));
    assert_eq!(wrong(&|appeal| appeal.text = " \n".to_owned()), field("text", "missing"));
    assert_eq!(wrong(&|appeal| appeal.text = "a".repeat(4_097)), field("text", "too-long"));
    assert_eq!(wrong(&|appeal| appeal.statements[0] = "a".repeat(4_097)), field("statements[0]", "too-long"));
    assert_eq!(wrong(&|appeal| appeal.statements = vec![String::new(); 17]), field("statements", "too-many"));
    phone.go_to(noon(26));
    assert_eq!(record(&phone, &key, input(rating)).unwrap_err(), field("rating", "late"));
    let all = all(&phone, &key);
    assert!(all.made.is_empty() && all.contestable.is_empty());
}

#[test]
fn what_it_said_goes_the_appeal_window_after_the_authority_must_have_answered() {
    let (mut phone, key) = yellow();
    let rating = all(&phone, &key).contestable[0].rating;
    let appeal = record(&phone, &key, input(rating)).unwrap();
    phone.deliver(&key, true);
    answer(&mut phone, &key, &appeal, AppealState::Granted);
    // Fourteen days after the day by which the answer was due.
    phone.go_to(noon(28).plus_hours(-1));
    crate::sync::purge::purge(&phone.core());
    assert_eq!(all(&phone, &key).made.len(), 1);
    phone.go_to(noon(28).plus_hours(1));
    crate::sync::purge::purge(&phone.core());
    assert!(all(&phone, &key).made.is_empty());
    let outbox = phone.core().store.read(|file| file.outbox(&key)).unwrap();
    assert!(outbox.iter().all(|row| row.operation.to_string() != appeal));
}

#[test]
fn an_appeal_that_the_authority_never_decides_stays_with_its_lapse() {
    let (mut phone, key) = yellow();
    let rating = all(&phone, &key).contestable[0].rating;
    let appeal = record(&phone, &key, input(rating)).unwrap();
    phone.deliver(&key, true);
    answer(&mut phone, &key, &appeal, AppealState::Received);
    phone.go_to(noon(28).plus_hours(40 * 24));
    crate::sync::purge::purge(&phone.core());
    let card = &all(&phone, &key).made[0];
    assert!(card.overdue && card.made_here && card.content.text == input(rating).text);
    // Once it is decided, it goes as the others do.
    answer(&mut phone, &key, &appeal, AppealState::Refused);
    crate::sync::purge::purge(&phone.core());
    assert!(all(&phone, &key).made.is_empty());
}

#[test]
fn what_another_phone_of_the_person_contested_is_shown_and_not_contested_twice() {
    let (mut phone, key) = yellow();
    let contestable = all(&phone, &key).contestable;
    let rating = contestable[0].rating;
    let elsewhere = OperationId([7; 32]).to_string();
    for state in [AppealState::Received, AppealState::InReview] {
        let serial = phone.next_serial();
        let notice = AppealNotice {
            subject: key.subject,
            serial,
            appeal: OperationId([7; 32]),
            said_at: noon(11),
            state,
            due_by: noon(14),
            reason: None,
            officer: None,
            rating: Some(rating),
            rule: Some("area-high".to_owned()),
        };
        phone.say(&key, ChangeKind::Appeal, serial, &notice);
    }
    let seen = all(&phone, &key);
    assert!(seen.contestable.is_empty() && seen.made.len() == 1);
    let card = &seen.made[0];
    assert_eq!(
        (&card.appeal, &card.standing, card.made_here),
        (&elsewhere, &AppealStanding::InReview, false)
    );
    assert_eq!((card.content.rating, card.content.text.as_str(), card.due_by), (rating, "", Some(noon(14))));
    let again = record(&phone, &key, input(rating)).unwrap_err();
    assert_eq!(again, HealthcodeError::field("rating", "already-appealed"));
    phone.go_to(noon(15));
    assert!(all(&phone, &key).made[0].overdue);
}
