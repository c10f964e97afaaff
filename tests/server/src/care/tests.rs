//! What only the inside of the server can be asked: an officer's word, and a rulebook of other numbers.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

use std::sync::Arc;

use healthcode::token::ids::SubjectId;
use healthcode::token::{CarerKey, Signer as _};
use healthcode::wire::message::{Enrolled, EnrolmentStarted, SyncResponse};
use healthcode::wire::{Bytes, Problem, ProblemKind};

use crate::Inner;
use crate::support::family::{ask_to_care, care_for};
use crate::support::phone::{Phone, confirm, key};
use crate::support::{Server, at, li_si, sun_qi, wang_wu, zhang_san, zhao_liu};

/// An officer's word on the request of a key, as the officers' part gives it.
async fn decide(server: &Server, subject: SubjectId, key: &Bytes, allow: bool) -> Result<(), Problem> {
    let inner = &server.app.inner;
    let found = inner.storage.subject(subject).await.unwrap().unwrap();
    let mut desk = inner.desk(subject, found.state, None);
    desk.decide_relation(key, allow)?;
    inner.storage.commit(subject, found.version, &desk.state, desk.changes).await.unwrap();
    Ok(())
}

/// Whose the requests are that wait about the only person who has any.
async fn asked(inner: &Inner, carer: SubjectId) -> Vec<(SubjectId, Bytes)> {
    let carer = inner.storage.subject(carer).await.unwrap().unwrap().state;
    let mut asked = Vec::new();
    for subject in carer.cares_for {
        let state = inner.storage.subject(subject).await.unwrap().unwrap().state;
        asked.extend(state.asked.iter().map(|asked| (subject, asked.key_id().unwrap())));
    }
    asked
}

fn problem(kind: &ProblemKind, field: &str) -> Result<(), Problem> {
    Err(Problem::new(kind).at(field))
}

#[tokio::test]
async fn an_officer_agrees_where_the_records_say_nothing_and_a_refusal_is_not_told() {
    let server = Server::start_family().await;
    let (carer, other) =
        (Phone::enrol(&server, &zhang_san(), 1).await, Phone::enrol(&server, &li_si(), 2).await);
    let pending = (403, "relation-pending".to_owned(), None);
    let (one, two) = (key(10), key(11));
    let started: EnrolmentStarted = ask_to_care(&server, &carer, &one, &zhao_liu()).await.json();
    let refused: EnrolmentStarted = ask_to_care(&server, &other, &two, &zhao_liu()).await.json();
    // Waiting takes no tries.
    for _ in 0..7 {
        assert_eq!(confirm(&server, &one, &started.session, "").await.problem(), pending);
    }
    let waits = asked(&server.app.inner, carer.subject).await;
    let subject = waits[0].0;
    let ids: Vec<_> = waits.iter().map(|(_, id)| id.clone()).collect();
    let id = |key: &healthcode::token::SoftwareKey| Bytes(key.public_key().id().to_vec());
    assert_eq!(ids, [id(&one), id(&two)]);

    assert_eq!(decide(&server, subject, &id(&key(77)), true).await, problem(&ProblemKind::Invalid, "key"));
    assert_eq!(decide(&server, subject, &id(&one), true).await, Ok(()));
    assert_eq!(decide(&server, subject, &id(&two), false).await, Ok(()));
    assert_eq!(decide(&server, subject, &id(&one), true).await, Err(Problem::new(&ProblemKind::AlreadyDone)));
    assert_eq!(decide(&server, subject, &id(&two), true).await, problem(&ProblemKind::Invalid, "key"));

    assert_eq!(confirm(&server, &two, &refused.session, "").await.problem(), pending, "nothing is told");
    server.go_to(15, 9, 0);
    let enrolled: Enrolled = confirm(&server, &one, &started.session, "").await.json();
    assert_eq!((enrolled.subject, enrolled.carer), (subject, Some(carer.subject)));
    let again: Enrolled = confirm(&server, &one, &started.session, "").await.json();
    assert_eq!(again, enrolled);
    let mut phone = Phone::of(enrolled, one, 10);
    phone.sync(&server).await;
    let carer_key = CarerKey { carer: carer.subject, name: "*三".to_owned() };
    let notices: Vec<_> = phone.notices.iter().map(|notice| (notice.key, notice.carer.clone())).collect();
    assert_eq!(notices, [(phone.key_id(), Some(carer_key))]);

    // A week is long enough: then it is as if nobody had asked.
    server.go_to(18, 9, 0);
    assert_eq!(
        confirm(&server, &two, &refused.session, "").await.problem(),
        (422, "wrong-code".to_owned(), None)
    );
}

#[tokio::test]
async fn a_request_lapses_after_a_week_and_an_officer_finds_it_no_more() {
    let server = Server::start_family().await;
    let carer = Phone::enrol(&server, &zhang_san(), 1).await;
    ask_to_care(&server, &carer, &key(10), &zhao_liu()).await;
    let (subject, id) = asked(&server.app.inner, carer.subject).await.remove(0);
    server.go_to(18, 9, 0);
    assert_eq!(decide(&server, subject, &id, true).await, problem(&ProblemKind::Invalid, "key"));
}

async fn with_care_of(max_subjects: u16, max_carers: u16) -> Server {
    let mut server = Server::start_family().await;
    let inner = Arc::get_mut(&mut server.app.inner).unwrap();
    (inner.rulebook.care.max_subjects, inner.rulebook.care.max_carers) = (max_subjects, max_carers);
    server
}

#[tokio::test]
async fn one_cares_for_as_many_as_the_rulebook_says_and_for_another_once_one_is_over() {
    let server = with_care_of(1, 4).await;
    let carer = Phone::enrol(&server, &zhang_san(), 1).await;
    let limit = (422, "limit".to_owned(), Some("subjects".to_owned()));
    let first = care_for(&server, &carer, &sun_qi(), 10, false).await;
    // The same for whoever there is and whoever there is not: it is about who asks.
    let mut nobody = zhao_liu();
    nobody.name = li_si().name;
    for identity in [zhao_liu(), li_si(), nobody] {
        assert_eq!(ask_to_care(&server, &carer, &key(11), &identity).await.problem(), limit);
    }
    // A new key for the same person is no second person.
    let mut again = care_for(&server, &carer, &sun_qi(), 12, false).await;
    assert!(first.send(&server, &first.request(&server)).await.json::<SyncResponse>().replaced);
    let end = healthcode::wire::operation::CareChange { end: again.key_id().to_vec().into() };
    let evidence = again.evidence(at(11, 9, 0));
    again.record(&healthcode::wire::OperationBody::Care(end), evidence);
    again.sync(&server).await;
    assert_eq!(ask_to_care(&server, &carer, &key(13), &zhao_liu()).await.status, 202);
}

#[tokio::test]
async fn one_is_cared_for_by_as_many_as_the_rulebook_says() {
    let server = with_care_of(8, 1).await;
    let (one, two) = (Phone::enrol(&server, &zhang_san(), 1).await, Phone::enrol(&server, &li_si(), 2).await);
    care_for(&server, &one, &sun_qi(), 10, false).await;
    let limit = (422, "limit".to_owned(), Some("carers".to_owned()));
    // 李四 is a guardian by the records, and learns it; whoever is none does not.
    let started: EnrolmentStarted = ask_to_care(&server, &two, &key(11), &sun_qi()).await.json();
    assert_eq!(confirm(&server, &key(11), &started.session, "").await.problem(), limit);
    let three = Phone::enrol(&server, &wang_wu(), 3).await;
    let started: EnrolmentStarted = ask_to_care(&server, &three, &key(12), &sun_qi()).await.json();
    let pending = (403, "relation-pending".to_owned(), None);
    assert_eq!(confirm(&server, &key(12), &started.session, "").await.problem(), pending);
    let id = Bytes(key(12).public_key().id().to_vec());
    let (subject, _) = asked(&server.app.inner, three.subject).await.remove(0);
    assert_eq!(decide(&server, subject, &id, true).await, problem(&ProblemKind::Limit, "carers"));
    // The same carer's next phone is no second carer.
    care_for(&server, &one, &sun_qi(), 13, false).await;
}
