//! Faults that a review found: each as the test that showed it.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

mod support;

use std::os::unix::fs::PermissionsExt;
use std::sync::atomic::Ordering;

use healthcode::rules::colour::Colour;
use healthcode::rules::facts::CaseRecord;
use healthcode::wire::message::{Enrolled, EnrolmentStarted, LinkedOperation, OutcomeKind};
use healthcode::wire::{CheckIn, OperationBody};
use support::phone::{CONTACT, Phone, WUHAN, ask, confirm, declaration, key, well, yellow};
use support::{Server, at, february, li_si, zhang_san};

#[tokio::test]
async fn a_stranger_with_an_own_number_does_not_lock_a_person_out() {
    let server = Server::start().await;
    let mut typed = zhang_san();
    typed.phone = li_si().phone;
    for _ in 0..server.config.codes_per_person {
        ask(&server, &key(66), &typed).await;
    }
    assert!(server.sent().is_empty());
    ask(&server, &key(1), &zhang_san()).await;
    assert_eq!(server.sent().len(), 1, "the resident's own request is answered by a message");
}

#[tokio::test]
async fn a_confirmation_sent_again_does_not_bring_a_dropped_key_back() {
    let server = Server::start().await;
    let first = yellow(&server).await;
    let thief: EnrolmentStarted = ask(&server, &key(66), &zhang_san()).await.json();
    let code = server.last_code();
    confirm(&server, &key(66), &thief.session, &code).await;
    // The resident asks for a new phone of their own: the thief's key gives way.
    let own: EnrolmentStarted = ask(&server, &key(2), &zhang_san()).await.json();
    let enrolled: Enrolled = confirm(&server, &key(2), &own.session, &server.last_code()).await.json();
    // Hours after the code's five minutes the thief sends the old confirmation again.
    server.go_to(11, 20, 0);
    confirm(&server, &key(66), &thief.session, &code).await;
    server.go_to(12, 9, 0);
    let request = healthcode::wire::message::SyncRequest {
        evidence: first.evidence(at(12, 9, 0)),
        cursor: None,
        token: None,
        operations: Vec::new(),
        recovered: Vec::new(),
        recovered_after: None,
        more_recovered: false,
    };
    let body = serde_json::to_vec(&request).unwrap();
    let path = healthcode::wire::message::SYNC_PATH;
    let signature = support::phone::sign(&key(2), path, &body, Some(enrolled.subject));
    assert_eq!(server.post(path, &signature, body).await.status, 200, "the resident's new phone is active");
}

#[tokio::test]
async fn one_operation_under_two_links_of_one_request_does_not_block_the_phone() {
    let server = Server::start().await;
    let mut phone = yellow(&server).await;
    let body = OperationBody::CheckIn(CheckIn { symptoms: Vec::new(), order: None });
    let evidence = phone.evidence(at(11, 9, 0));
    let operation = phone.operation(&body, evidence);
    for _ in 0..2 {
        let link = phone.link(operation.id);
        phone.waiting.push(LinkedOperation { operation: operation.bytes.clone().into(), link });
    }
    let answer = phone.send(&server, &phone.request(&server)).await;
    assert_eq!(answer.status, 200, "{}", String::from_utf8_lossy(&answer.body));
    let told = phone.take(&server, &answer).await;
    assert_eq!((told[0].0, told[1].0), (OutcomeKind::Accepted, OutcomeKind::Duplicate));
}

#[tokio::test]
async fn a_check_in_under_the_order_before_counts_for_the_one_in_force() {
    let server = Server::start().await;
    let mut phone = yellow(&server).await;
    let first = phone.orders[0].order;
    phone.declare(&server, declaration(CONTACT, WUHAN, 11));
    // The answer with the red order is lost: the phone goes on under the yellow one.
    phone.send(&server, &phone.request(&server)).await;
    server.go_to(12, 9, 0);
    let tap = phone.tap_under(at(12, 9, 0), Some(first), &[]);
    phone.sync(&server).await;
    assert_eq!(phone.colour(), Some(Colour::Red));
    assert_eq!(phone.day_of(tap), Some(12), "made in the red order's second day, whatever the phone knew");
}

#[tokio::test]
async fn what_the_records_learn_is_rated_at_the_next_exchange() {
    let server = Server::start().await;
    let mut phone = Phone::enrol(&server, &li_si(), 1).await;
    phone.declare(&server, well("[]", 11));
    phone.sync(&server).await;
    assert_eq!(phone.colour(), Some(Colour::Green));
    *server.register.case.lock().unwrap() =
        Some(CaseRecord { kind: "close-contact".to_owned(), on: february(12) });
    server.go_to(13, 9, 0);
    phone.sync(&server).await;
    assert_eq!(phone.colour(), Some(Colour::Red));
}

#[tokio::test]
async fn a_database_whose_keys_are_gone_is_not_given_new_ones() {
    let server = Server::start().await;
    let _phone = yellow(&server).await;
    let keys = server.folder.path().join("server.keys");
    std::fs::remove_file(&keys).unwrap();
    assert!(server.reopened().await.is_err(), "new keys would orphan every resident, silently");
    assert!(!keys.exists());
}

#[tokio::test]
async fn a_trust_list_that_cannot_be_read_does_not_begin_again_at_one() {
    let mut server = Server::start().await;
    for day in 11..15 {
        server.go_to(day, 9, 0);
        server.trust().await;
    }
    let version = server.trust().await.content().version;
    let file = rusqlite::Connection::open(&server.config.database).unwrap();
    file.execute("UPDATE document SET body = x'00' WHERE name = 'trust-list'", []).unwrap();
    drop(file);
    server.restart().await;
    let answer = server.get(healthcode::wire::message::TRUST_LIST_PATH).await;
    let list = healthcode::token::TrustList::open(&answer.body, &server.roots(), version);
    assert!(answer.status >= 500 || list.is_ok(), "version {version} is published, and no phone goes back");
}

#[tokio::test]
async fn declarations_are_not_for_every_user_of_the_machine() {
    let server = Server::start().await;
    let mode = std::fs::metadata(&server.config.database).unwrap().permissions().mode();
    assert_eq!(mode & 0o077, 0, "{:o}: the database holds what was declared, in the clear", mode & 0o777);
}

#[tokio::test]
async fn garbled_bytes_under_a_good_link_do_not_block_what_comes_after() {
    let server = Server::start().await;
    let mut phone = yellow(&server).await;
    phone.tap(at(11, 10, 0));
    phone.tap(at(11, 11, 0));
    phone.waiting[0].operation.0.truncate(20);
    let answer = phone.send(&server, &phone.request(&server)).await;
    assert_eq!(answer.status, 200, "the link names what is refused: it consumes its place");
}

async fn green(server: &Server) -> Phone {
    let mut phone = Phone::enrol(server, &li_si(), 1).await;
    phone.declare(server, well("[]", 11));
    phone.sync(server).await;
    assert_eq!(phone.colour(), Some(Colour::Green));
    phone
}

#[tokio::test]
async fn symptoms_told_while_the_records_are_silent_are_rated_when_they_answer() {
    let server = Server::start().await;
    let mut phone = green(&server).await;
    server.go_to(11, 10, 0);
    server.register.silent.store(true, Ordering::SeqCst);
    phone.tap_under(at(11, 10, 0), None, &["fever"]);
    phone.sync(&server).await;
    assert_eq!(phone.colour(), Some(Colour::Green), "unanswered is not rated");
    phone.sync(&server).await;
    server.register.silent.store(false, Ordering::SeqCst);
    phone.sync(&server).await;
    assert_eq!(phone.colour(), Some(Colour::Yellow));
}

#[tokio::test]
async fn a_release_while_the_records_are_silent_turns_green_when_they_answer() {
    let server = Server::start().await;
    let mut phone = yellow(&server).await;
    for day in 11..=17 {
        server.go_to(day, 10, 0);
        phone.tap(at(day, 10, 0));
        phone.sync(&server).await;
    }
    server.register.silent.store(true, Ordering::SeqCst);
    server.go_to(18, 0, 5);
    phone.sync(&server).await;
    assert_eq!((phone.releases.len(), phone.colour()), (1, Some(Colour::Yellow)));
    phone.sync(&server).await;
    server.register.silent.store(false, Ordering::SeqCst);
    phone.sync(&server).await;
    assert_eq!(phone.colour(), Some(Colour::Green));
}

#[tokio::test]
async fn a_phone_that_was_replaced_days_ago_is_kept_and_changes_nothing() {
    let server = Server::start().await;
    let mut old = green(&server).await;
    server.go_to(11, 11, 0);
    let mut new = Phone::enrol(&server, &li_si(), 2).await;
    server.go_to(13, 9, 0);
    new.sync(&server).await;
    for day in [13, 20] {
        server.go_to(day, 10, 0);
        old.tap_under(at(day, 10, 0), None, &["fever"]);
        assert_eq!(old.sync(&server).await, [(OutcomeKind::Accepted, None, None, None)]);
        new.sync(&server).await;
        assert_eq!((new.colour(), new.orders.len()), (Some(Colour::Green), 0));
    }
}
