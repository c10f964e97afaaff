//! Family at the wire: who may care for whom, what that says of others, and how it ends.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

mod support;

use healthcode::rules::colour::Colour;
use healthcode::rules::quarantine::NotCounted;
use healthcode::token::Signer as _;
use healthcode::token::consent::Purpose;
use healthcode::token::ids::OperationId;
use healthcode::token::{By, ByRole, CarerKey, GateToken, StatusReference, SubjectId};
use healthcode::wire::message::{
    CareRequest, ENROLMENTS_PATH, Enrolled, EnrolmentRequest, EnrolmentStarted, OutcomeKind,
    STATUS_PATH_PREFIX, SYNC_PATH, SyncResponse,
};
use healthcode::wire::operation::CareChange;
use healthcode::wire::{Bytes, Consent, OperationBody};
use support::family::{ask_to_care, care_for, consent};
use support::phone::{Phone, Told, WUHAN, confirm, key, sign, well};
use support::{Server, at, li_si, sun_qi, wang_wu, zhang_san, zhao_liu};

fn refused(word: &str, field: Option<&str>) -> Told {
    (OutcomeKind::Refused, Some(word.to_owned()), field.map(str::to_owned), None)
}

const ACCEPTED: Told = (OutcomeKind::Accepted, None, None, None);

fn end(phone: &mut Phone, key: [u8; 8], day: u32) -> OperationId {
    let evidence = phone.evidence(at(day, 9, 0));
    phone.record(&OperationBody::Care(CareChange { end: key.to_vec().into() }), evidence)
}

async fn is_replaced(server: &Server, phone: &Phone) -> bool {
    let response: SyncResponse = phone.send(server, &phone.request(server)).await.json();
    response.replaced && response.token.is_none()
}

async fn status(server: &Server, of: StatusReference) -> Option<u8> {
    let number = of.list;
    let answer = server.get(&format!("{STATUS_PATH_PREFIX}{number}")).await;
    server.trust().await.open_status_list(&answer.body).unwrap().object.status(of.index)
}

fn carers(phone: &Phone) -> Vec<([u8; 8], bool, Option<String>)> {
    let told = phone.notices.iter();
    told.map(|told| (told.key, told.active_from.is_some(), told.carer.clone().map(|of| of.name))).collect()
}

#[tokio::test]
async fn the_code_goes_to_the_number_of_whom_is_cared_for_and_both_phones_speak() {
    let server = Server::start().await;
    let carer = Phone::enrol(&server, &zhang_san(), 1).await;
    let mut own = Phone::enrol(&server, &li_si(), 2).await;
    own.declare(&server, well(WUHAN, 11));
    own.sync(&server).await;
    let (sent, new) = (server.sent().len(), key(10));
    let answer = ask_to_care(&server, &carer, &new, &li_si()).await;
    assert_eq!(answer.status, 202);
    let started: EnrolmentStarted = answer.json();
    assert_eq!(server.sent().len(), sent + 1);
    assert_eq!(server.sent().last().unwrap().0, "+8613900139000");
    let pending = (403, "relation-pending".to_owned(), None);
    assert_eq!(confirm(&server, &new, &started.session, "").await.problem(), pending);
    let code = server.last_code();
    let wrong = format!("{:06}", (code.parse::<u32>().unwrap() + 1) % 1_000_000);
    let wrong_code = (422, "wrong-code".to_owned(), None);
    assert_eq!(confirm(&server, &new, &started.session, &wrong).await.problem(), wrong_code);
    let enrolled: Enrolled = confirm(&server, &new, &started.session, &code).await.json();
    assert_eq!((enrolled.subject, enrolled.carer), (own.subject, Some(carer.subject)));
    assert_eq!(enrolled.pending_until, None, "active at once");

    let mut caring = Phone::of(enrolled, new, 10);
    server.go_to(12, 9, 0);
    caring.sync(&server).await;
    assert_eq!(caring.colour(), Some(Colour::Yellow));
    let tap = caring.tap(at(12, 9, 0));
    assert_eq!(caring.sync(&server).await, [ACCEPTED]);
    // The person's own phone goes on, is told whose key it is, and who checked in.
    own.sync(&server).await;
    assert_eq!(own.colour(), Some(Colour::Yellow));
    let notice = own.notices.last().unwrap();
    assert_eq!((notice.key, notice.active_from), (caring.key_id(), Some(at(11, 9, 0))));
    assert_eq!(notice.carer, Some(CarerKey { carer: carer.subject, name: "*三".to_owned() }));
    let by = Some(By { role: ByRole::Carer, name: "*三".to_owned() });
    for phone in [&own, &caring] {
        let judged: Vec<_> = phone.judgements.iter().filter(|judged| judged.operation == tap).collect();
        assert_eq!((judged.len(), &judged[0].by), (1, &by));
    }
    server.go_to(13, 9, 0);
    let tap = own.tap(at(13, 9, 0));
    own.sync(&server).await;
    assert_eq!((own.day_of(tap), own.judgements.last().unwrap().by.clone()), (Some(13), None));
}

#[tokio::test]
async fn a_relation_in_the_records_is_enough_where_there_is_no_number() {
    let server = Server::start_family().await;
    let carer = Phone::enrol(&server, &zhang_san(), 1).await;
    let sent = server.sent().len();
    let mut child = care_for(&server, &carer, &sun_qi(), 10, false).await;
    assert_eq!(server.sent().len(), sent, "no message goes anywhere");
    assert_ne!(child.subject, carer.subject);
    child.declare(&server, well("[]", 11));
    assert_eq!(child.sync(&server).await, [ACCEPTED]);
    assert!(child.colour().is_some());
    // Nobody enrols a person without a number as the person.
    let own = support::phone::ask(&server, &key(11), &sun_qi()).await;
    assert_eq!((own.status, server.sent().len()), (202, sent));
}

#[tokio::test]
async fn who_asks_about_somebody_else_learns_nothing() {
    let server = Server::start_family().await;
    let carer = Phone::enrol(&server, &wang_wu(), 1).await;
    let mut unknown = sun_qi();
    unknown.document = serde_json::from_str(r#"{"kind":"passport","number":"E12345678"}"#).unwrap();
    let mut other_name = sun_qi();
    other_name.name = li_si().name;
    let mut other_number = li_si();
    other_number.phone = sun_qi().phone;
    // Without a relation; there with one to others; nobody; and the carer.
    let asked = [zhao_liu(), sun_qi(), unknown, other_name, other_number, wang_wu(), li_si()];
    let mut answers = Vec::new();
    for (seed, identity) in (20..).zip(asked) {
        let key = key(seed);
        let answer = ask_to_care(&server, &carer, &key, &identity).await;
        let started: EnrolmentStarted = answer.json();
        let empty = confirm(&server, &key, &started.session, "").await;
        let guess = confirm(&server, &key, &started.session, "000000x").await;
        assert_eq!(guess.problem(), (422, "wrong-code".to_owned(), None));
        assert_eq!(empty.problem(), (403, "relation-pending".to_owned(), None));
        answers.push((answer.status, answer.headers, answer.body.len(), empty, guess));
    }
    assert!(answers.iter().all(|answer| *answer == answers[0]));
    assert_eq!(server.sent().len(), 2, "to the carer at enrolment, and to the one whose number fits");
}

#[tokio::test]
async fn only_the_active_own_key_of_the_carer_agrees_and_to_the_key_that_asks() {
    let server = Server::start_family().await;
    let carer = Phone::enrol(&server, &zhang_san(), 1).await;
    let child = care_for(&server, &carer, &sun_qi(), 10, false).await;
    let (stranger, new) = (Phone::enrol(&server, &li_si(), 2).await, key(11));
    let (now, old) = (at(11, 9, 0), at(10, 9, 0));
    let mut posing = Phone::of(carer.enrolled.clone(), key(2), 3);
    posing.subject = carer.subject;
    let consents = [
        (carer.subject, consent(&carer, Purpose::Handover, &new, now)),
        (carer.subject, consent(&carer, Purpose::Care, &key(12), now)),
        (carer.subject, consent(&carer, Purpose::Care, &new, old)),
        (carer.subject, consent(&posing, Purpose::Care, &new, now)),
        (stranger.subject, consent(&carer, Purpose::Care, &new, now)),
        // A carer's key is no own key of whom it cares for.
        (child.subject, consent(&child, Purpose::Care, &new, now)),
        (SubjectId([7; 16]), consent(&carer, Purpose::Care, &new, now)),
        (carer.subject, Bytes(vec![0; 80])),
    ];
    for (carer, consent) in consents {
        let care = Some(CareRequest { carer, consent });
        let request = EnrolmentRequest { identity: sun_qi(), key: new.public_key().to_cose().into(), care };
        let body = serde_json::to_vec(&request).unwrap();
        let answer = server.post(ENROLMENTS_PATH, &sign(&new, ENROLMENTS_PATH, &body, None), body).await;
        assert_eq!(answer.problem(), (401, "signature".to_owned(), Some("care".to_owned())));
    }
}

#[tokio::test]
async fn two_carers_offline_on_one_day_make_one_check_in_and_both_are_told() {
    let server = Server::start_family().await;
    let (one, two) = (Phone::enrol(&server, &zhang_san(), 1).await, Phone::enrol(&server, &li_si(), 2).await);
    let mut mother = care_for(&server, &one, &sun_qi(), 10, false).await;
    let mut father = care_for(&server, &two, &sun_qi(), 11, false).await;
    assert_eq!(mother.subject, father.subject);
    mother.declare(&server, well(WUHAN, 11));
    mother.sync(&server).await;
    father.sync(&server).await;
    assert_eq!((mother.colour(), father.colour()), (Some(Colour::Yellow), Some(Colour::Yellow)));

    server.go_to(12, 9, 0);
    let (first, second) = (mother.tap(at(12, 8, 0)), father.tap(at(12, 8, 30)));
    assert_eq!(father.sync(&server).await, [ACCEPTED]);
    assert_eq!(mother.sync(&server).await, [ACCEPTED]);
    father.sync(&server).await;
    let says = |phone: &Phone, operation| {
        let judged = phone.judgements.iter().rfind(|judged| judged.operation == operation).unwrap();
        (judged.day.is_some(), judged.not_counted, judged.by.clone().unwrap().name)
    };
    let counted = [&mother, &father].map(|phone| [says(phone, first), says(phone, second)]);
    assert_eq!(counted[0], counted[1], "both are told the same");
    let days = counted[0].iter().filter(|(counts, ..)| *counts).count();
    assert_eq!(days, 1);
    let taken = counted[0].iter().filter(|(_, why, _)| *why == Some(NotCounted::DayTaken)).count();
    assert_eq!(taken, 1);
    let names: Vec<_> = counted[0].iter().map(|(.., name)| name.as_str()).collect();
    assert_eq!(names, ["*三", "*四"]);
}

#[tokio::test]
async fn two_parents_each_end_for_themselves_and_the_other_goes_on() {
    let server = Server::start_family().await;
    let (one, two) = (Phone::enrol(&server, &zhang_san(), 1).await, Phone::enrol(&server, &li_si(), 2).await);
    let mut mother = care_for(&server, &one, &sun_qi(), 10, false).await;
    let mut father = care_for(&server, &two, &sun_qi(), 11, false).await;
    for phone in [&mut mother, &mut father] {
        phone.declare(&server, well("[]", 11));
        phone.sync(&server).await;
    }
    let token: GateToken = mother.token.clone().unwrap();
    assert_eq!(status(&server, token.status).await, Some(0));
    // Not the other's, not one that nobody has.
    end(&mut mother, father.key_id(), 11);
    end(&mut mother, [9; 8], 11);
    assert_eq!(mother.sync(&server).await, [refused("role", None), refused("invalid", Some("end"))]);

    let mother_key = mother.key_id();
    end(&mut mother, mother_key, 11);
    assert_eq!(mother.sync(&server).await, [ACCEPTED]);
    // Gates fetch a list once a minute.
    server.go_to(11, 9, 2);
    assert_eq!(status(&server, token.status).await, Some(1), "withdrawn at once");
    assert!(is_replaced(&server, &mother).await);
    father.sync(&server).await;
    let expected = [
        (mother_key, true, Some("*三".to_owned())),
        (father.key_id(), true, Some("*四".to_owned())),
        (mother_key, false, Some("*三".to_owned())),
    ];
    assert_eq!(carers(&father), expected);
    assert_eq!(status(&server, father.token.clone().unwrap().status).await, Some(0));
    father.tap(at(11, 10, 0));
    assert_eq!(father.sync(&server).await, [ACCEPTED]);

    // What she does afterwards has no effect, and the records alone do not begin it again.
    end(&mut mother, father.key_id(), 11);
    let response: SyncResponse = mother.send(&server, &mother.request(&server)).await.json();
    assert_eq!(response.outcomes[0].problem.as_ref().unwrap().kind().word(), "replaced");
    let again = key(12);
    let started: EnrolmentStarted = ask_to_care(&server, &one, &again, &sun_qi()).await.json();
    let pending = (403, "relation-pending".to_owned(), None);
    assert_eq!(confirm(&server, &again, &started.session, "").await.problem(), pending);
}

#[tokio::test]
async fn the_person_ends_what_a_carer_does_and_a_carer_never_speaks_for_the_persons_phones() {
    let server = Server::start().await;
    let carer = Phone::enrol(&server, &zhang_san(), 1).await;
    // Care came first: the person's own phone is active at once all the same, and the carer is told.
    let mut caring = care_for(&server, &carer, &li_si(), 10, true).await;
    let mut own = Phone::enrol(&server, &li_si(), 2).await;
    assert_eq!((own.subject, own.enrolled.pending_until), (caring.subject, None));
    caring.declare(&server, well("[]", 11));
    caring.sync(&server).await;
    own.sync(&server).await;
    assert_eq!(
        carers(&caring),
        [(caring.key_id(), true, Some("*三".to_owned())), (own.key_id(), true, None)]
    );
    let token = caring.token.clone().unwrap();

    // A second phone of the person waits; the carer has no say in it, and cannot end the person's own.
    let second = Phone::enrol(&server, &li_si(), 3).await;
    assert_eq!(second.enrolled.pending_until, Some(at(12, 9, 0)));
    let evidence = caring.evidence(at(11, 9, 0));
    let consent = Consent { key: second.key_id().to_vec().into(), allow: true };
    caring.record(&OperationBody::Consent(consent), evidence);
    end(&mut caring, own.key_id(), 11);
    assert_eq!(caring.sync(&server).await, [refused("role", None), refused("invalid", Some("end"))]);
    let waiting = second.send(&server, &second.request(&server)).await;
    assert_eq!(waiting.problem().1, "enrolment-pending");

    end(&mut own, caring.key_id(), 11);
    end(&mut own, caring.key_id(), 11);
    assert_eq!(own.sync(&server).await, [ACCEPTED, refused("already-done", None)]);
    assert_eq!(status(&server, token.status).await, Some(1));
    assert!(is_replaced(&server, &caring).await);
    assert!(!is_replaced(&server, &own).await);
    // With the person's code it begins anew.
    let anew = care_for(&server, &carer, &li_si(), 12, true).await;
    assert!(!is_replaced(&server, &anew).await);
}

#[tokio::test]
async fn no_key_speaks_for_another_subject() {
    let server = Server::start_family().await;
    let carer = Phone::enrol(&server, &zhang_san(), 1).await;
    let child = care_for(&server, &carer, &sun_qi(), 10, false).await;
    let other = Phone::enrol(&server, &li_si(), 2).await;
    for (phone, subject) in [
        (&child, carer.subject),
        (&carer, child.subject),
        (&child, other.subject),
        (&other, child.subject),
        (&other, SubjectId([9; 16])),
    ] {
        let body = serde_json::to_vec(&phone.request(&server)).unwrap();
        let signature = sign(&phone.key, SYNC_PATH, &body, Some(subject));
        let answer = server.post(SYNC_PATH, &signature, body).await;
        assert_eq!(answer.problem(), (404, "unknown-subject".to_owned(), None));
    }
}

#[tokio::test]
async fn the_care_outlives_the_server_and_a_carers_next_phone_takes_the_place_of_the_last() {
    let mut server = Server::start_family().await;
    let (one, two) = (Phone::enrol(&server, &zhang_san(), 1).await, Phone::enrol(&server, &li_si(), 2).await);
    let mut mother = care_for(&server, &one, &sun_qi(), 10, false).await;
    let mut father = care_for(&server, &two, &sun_qi(), 11, false).await;
    mother.declare(&server, well("[]", 11));
    mother.sync(&server).await;
    father.sync(&server).await;
    server.restart().await;
    let mut next = care_for(&server, &one, &sun_qi(), 12, false).await;
    let before = mother.token.clone().unwrap().status;
    assert!(is_replaced(&server, &mother).await);
    assert_eq!(status(&server, before).await, Some(0), "until the next one has come for its own");
    next.sync(&server).await;
    server.go_to(11, 9, 2);
    assert_eq!(status(&server, before).await, Some(1));
    father.tap(at(11, 10, 0));
    assert_eq!(father.sync(&server).await, [ACCEPTED], "the other carer's key is of another group");
    assert_eq!(status(&server, father.token.clone().unwrap().status).await, Some(0));
}
