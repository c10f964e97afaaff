//! A quarantine at the wire: orders, judgements, release, tokens.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

mod support;

use std::sync::atomic::Ordering;

use healthcode::rules::colour::Colour;
use healthcode::rules::quarantine::Certainty;
use healthcode::token::decision::ReleaseCause;
use healthcode::wire::message::SyncResponse;
use support::phone::{CONTACT, Phone, WUHAN, declaration, well, yellow};
use support::{Server, at, february, li_si, wang_wu};

#[tokio::test]
async fn seven_days_one_offline_and_one_ambiguous_end_in_green_and_not_a_minute_early() {
    let server = Server::start().await;
    let mut phone = yellow(&server).await;
    let order = phone.orders[0].clone();
    assert_eq!((order.rule.as_str(), order.starts_on, order.days), ("area-high", february(11), 7));
    let mut taps = vec![phone.tap(at(11, 20, 0))];
    taps.push(phone.tap(at(12, 9, 0)));
    // Both reach the server on the 13th, in the boot session in which they were made: exact.
    taps.push(phone.tap(at(13, 9, 0)));
    server.go_to(13, 9, 0);
    phone.sync(&server).await;
    // The 14th is recorded, then the phone restarts: the tap lies between its lower bound and the receipt.
    taps.push(phone.tap(at(14, 23, 50)));
    phone.boot = 2;
    server.go_to(15, 9, 0);
    taps.push(phone.tap(at(15, 9, 0)));
    phone.ask_the_time(&server).await;
    phone.sync(&server).await;
    for day in [16, 17] {
        server.go_to(day, 9, 0);
        taps.push(phone.tap(at(day, 9, 0)));
        phone.sync(&server).await;
    }
    let days: Vec<_> = taps.iter().map(|tap| phone.day_of(*tap)).collect();
    assert_eq!(days, [11, 12, 13, 14, 15, 16, 17].map(Some));
    let certainty = |tap| phone.judgements.iter().rfind(|said| said.operation == tap).unwrap().certainty;
    assert_eq!(certainty(taps[0]), Some(Certainty::Certain));
    assert_eq!(certainty(taps[3]), Some(Certainty::Ambiguous));

    server.set(at(18, 0, 0).plus_millis(-1));
    phone.sync(&server).await;
    assert!(phone.releases.is_empty());
    assert_eq!(phone.colour(), Some(Colour::Yellow));
    server.set(at(18, 0, 0));
    phone.sync(&server).await;
    assert_eq!(phone.releases.len(), 1);
    assert_eq!((phone.releases[0].order, phone.releases[0].cause), (order.order, ReleaseCause::Completed));
    assert_eq!(phone.ratings.last().unwrap().colour, Colour::Green);
    assert_eq!(phone.colour(), Some(Colour::Green));
    phone.sync(&server).await;
    assert_eq!(phone.releases.len(), 1, "said once");
}

#[tokio::test]
async fn a_missed_day_begins_the_count_again() {
    let server = Server::start().await;
    let mut phone = yellow(&server).await;
    for day in [11, 12, 13, 15, 16, 17, 18, 19, 20, 21] {
        server.go_to(day, 10, 0);
        phone.tap(at(day, 10, 0));
        phone.sync(&server).await;
        assert!(phone.releases.is_empty());
    }
    server.set(at(22, 0, 0).plus_millis(-1));
    phone.sync(&server).await;
    assert!(phone.releases.is_empty());
    server.go_to(22, 0, 0);
    phone.sync(&server).await;
    assert_eq!(phone.colour(), Some(Colour::Green));
}

#[tokio::test]
async fn a_red_cause_takes_the_place_of_yellow_and_a_milder_one_of_nothing() {
    let server = Server::start().await;
    let mut phone = yellow(&server).await;
    let first = phone.orders[0].clone();
    server.go_to(14, 10, 0);
    phone.declare(&server, well(WUHAN, 14));
    phone.sync(&server).await;
    assert_eq!((phone.orders.len(), phone.releases.len()), (1, 0), "the same cause begins nothing anew");
    phone.declare(&server, declaration(CONTACT, WUHAN, 14));
    phone.sync(&server).await;
    let red = phone.orders[1].clone();
    assert_eq!((phone.releases[0].order, phone.releases[0].cause), (first.order, ReleaseCause::Superseded));
    assert_eq!((red.colour, red.days, red.supersedes), (Colour::Red, 14, Some(first.order)));
    assert_eq!((red.starts_on, phone.colour()), (february(14), Some(Colour::Red)));
    phone.declare(&server, well("[]", 14));
    phone.sync(&server).await;
    assert_eq!((phone.orders.len(), phone.colour()), (2, Some(Colour::Red)));
    for day in 14..28 {
        server.go_to(day, 11, 0);
        phone.tap(at(day, 11, 0));
        phone.sync(&server).await;
    }
    assert_eq!(phone.colour(), Some(Colour::Red));
    server.go_to(28, 0, 0);
    phone.sync(&server).await;
    assert_eq!(phone.colour(), Some(Colour::Green));
}

#[tokio::test]
async fn symptoms_at_a_check_in_act_by_rule() {
    let server = Server::start().await;
    let mut phone = Phone::enrol(&server, &li_si(), 1).await;
    phone.declare(&server, well("[]", 11));
    phone.sync(&server).await;
    assert_eq!(phone.colour(), Some(Colour::Green));
    assert!(phone.ratings[0].reasons.is_empty());
    server.go_to(12, 9, 0);
    phone.tap_under(at(12, 9, 0), None, &["cough"]);
    phone.sync(&server).await;
    assert_eq!((phone.orders[0].rule.as_str(), phone.colour()), ("check-in-symptoms", Some(Colour::Yellow)));
}

#[tokio::test]
async fn what_the_records_do_not_answer_is_never_green() {
    let server = Server::start().await;
    let mut phone = Phone::enrol(&server, &li_si(), 1).await;
    server.register.silent.store(true, Ordering::SeqCst);
    phone.declare(&server, well("[]", 11));
    phone.sync(&server).await;
    assert!(phone.ratings.is_empty() && phone.token.is_none());
    server.register.silent.store(false, Ordering::SeqCst);
    phone.sync(&server).await;
    assert_eq!(phone.colour(), Some(Colour::Green));
}

#[tokio::test]
async fn the_case_register_is_red_whatever_is_declared() {
    let server = Server::start().await;
    let mut phone = Phone::enrol(&server, &wang_wu(), 1).await;
    phone.sync(&server).await;
    assert_eq!(phone.token, None, "without a declaration there is no rating and no token");
    phone.declare(&server, well("[]", 11));
    phone.sync(&server).await;
    assert_eq!((phone.colour(), phone.orders[0].days), (Some(Colour::Red), 14));
    assert_eq!(phone.ratings[0].reasons[0].rule, "case-registered");
}

#[tokio::test]
async fn a_token_says_no_more_than_a_code_shows_and_is_replaced_after_a_day() {
    let server = Server::start().await;
    let mut phone = yellow(&server).await;
    let first = phone.token.clone().unwrap();
    assert_eq!(
        (first.masked_name.as_str(), first.id_tail.as_str(), first.region.code()),
        ("*三", "002X", 330_100)
    );
    assert_eq!((first.issued_at, first.expires_at), (at(11, 9, 0), at(14, 9, 0)));
    server.set(at(12, 9, 0).plus_millis(-1));
    phone.sync(&server).await;
    assert_eq!(phone.token.as_ref().unwrap().id, first.id);
    server.set(at(12, 9, 0).plus_millis(999));
    phone.sync(&server).await;
    let second = phone.token.clone().unwrap();
    assert_ne!((second.id, second.status.index), (first.id, first.status.index));
    assert_eq!(second.issued_at, at(12, 9, 0), "whole seconds, rounded down");

    // A phone that has lost its token gets the same one; one that has it gets none.
    let mut request = phone.request(&server);
    let none: SyncResponse = phone.send(&server, &request).await.json();
    assert_eq!(none.token, None);
    request.token = None;
    let answer = phone.send(&server, &request).await;
    phone.take(&server, &answer).await;
    assert_eq!(phone.token.unwrap().id, second.id);
}
