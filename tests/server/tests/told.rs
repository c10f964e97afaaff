//! Matches that people tell: what the server takes, what it refuses, and what follows.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

mod support;

use healthcode::rules::colour::Colour;
use healthcode::token::decision::ReleaseCause;
use healthcode::wire::OperationBody;
use healthcode::wire::message::OutcomeKind;
use healthcode::wire::operation::ToldExposure;
use healthcode_server::ServerClock as _;
use serde_json::json;
use support::phone::{Phone, Told, WUHAN, well};
use support::second::{Pair, draft, pair, publish, train, withdrawal};
use support::{Server, february, li_si};

fn told(notice: u32, rule: &str, day: u32) -> OperationBody {
    OperationBody::Exposure(ToldExposure { notice, rule: rule.to_owned(), on: february(day) })
}

async fn tell(server: &Server, phone: &mut Phone, body: &OperationBody) -> Told {
    let evidence = phone.evidence(server.clock.now());
    phone.record(body, evidence);
    phone.sync(server).await.remove(0)
}

fn accepted() -> Told {
    (OutcomeKind::Accepted, None, None, None)
}

fn refused(field: &str) -> Told {
    (OutcomeKind::Refused, Some("invalid".to_owned()), Some(field.to_owned()), None)
}

/// A green resident, and a log of a train (1), advice alone (2), and a notice that is withdrawn (3, by 4).
async fn green() -> (Pair, Phone) {
    let pair = pair().await;
    publish(&pair, &train()).await;
    let mut advice = train();
    advice["classes"][0]["rule"] = json!("");
    publish(&pair, &advice).await;
    let mut other = train();
    other["classes"][0]["minutes"] = json!(1);
    publish(&pair, &other).await;
    pair.hangzhou.app.publish_notice(&withdrawal(3)).await.unwrap();
    let mut phone = Phone::enrol(&pair.hangzhou, &li_si(), 1).await;
    phone.declare(&pair.hangzhou, well("[]", 11));
    phone.sync(&pair.hangzhou).await;
    assert_eq!(phone.colour(), Some(Colour::Green));
    (pair, phone)
}

#[tokio::test]
async fn a_told_match_gives_a_yellow_order_by_its_rule() {
    let (pair, mut phone) = green().await;
    let server = &pair.hangzhou;
    assert_eq!(tell(server, &mut phone, &told(1, "exposure-near", 3)).await, accepted());
    let order = phone.orders.last().unwrap();
    assert_eq!((order.rule.as_str(), order.colour), ("exposure-near", Colour::Yellow));
    assert_eq!(order.starts_on, february(11), "at its issue, as other orders begin");
    assert_eq!(phone.colour(), Some(Colour::Yellow));
    let said = (phone.orders.len(), phone.ratings.len());
    assert_eq!(tell(server, &mut phone, &told(1, "exposure-near", 3)).await, accepted());
    assert_eq!((phone.orders.len(), phone.ratings.len()), said, "told twice is told once");
}

#[tokio::test]
async fn a_wrong_match_is_refused_with_the_member_named() {
    let (pair, mut phone) = green().await;
    let server = &pair.hangzhou;
    for (notice, rule, day, field) in [
        (0, "exposure-near", 3, "notice"),
        (5, "exposure-near", 3, "notice"),
        (u32::MAX, "exposure-near", 3, "notice"),
        (3, "exposure-near", 3, "notice"),
        (4, "exposure-near", 3, "rule"),
        (1, "area-high", 3, "rule"),
        (1, "", 3, "rule"),
        (2, "", 3, "rule"),
        (2, "exposure-near", 3, "rule"),
        (1, "exposure-near", 12, "on"),
    ] {
        let said = tell(server, &mut phone, &told(notice, rule, day)).await;
        assert_eq!(said, refused(field), "{notice} {rule} {day}");
    }
    let long_ago = OperationBody::Exposure(ToldExposure {
        notice: 1,
        rule: "exposure-near".to_owned(),
        on: february(11).plus_days(-15),
    });
    assert_eq!(tell(server, &mut phone, &long_ago).await, refused("on"));
    assert_eq!((phone.colour(), phone.orders.len()), (Some(Colour::Green), 0));
}

#[tokio::test]
async fn a_notice_that_waits_is_none_yet() {
    let (pair, mut phone) = green().await;
    pair.second.reached.store(false, std::sync::atomic::Ordering::SeqCst);
    let mut other = train();
    other["classes"][0]["minutes"] = json!(2);
    assert!(pair.hangzhou.app.publish_notice(&draft(&other)).await.unwrap().waits.is_some());
    assert_eq!(tell(&pair.hangzhou, &mut phone, &told(5, "exposure-near", 3)).await, refused("notice"));
    pair.second.reached.store(true, std::sync::atomic::Ordering::SeqCst);
    pair.hangzhou.app.publish_notice(&draft(&other)).await.unwrap();
    assert_eq!(tell(&pair.hangzhou, &mut phone, &told(5, "exposure-near", 3)).await, accepted());
}

#[tokio::test]
async fn a_match_told_in_time_is_taken_when_it_arrives_late() {
    let (pair, mut phone) = green().await;
    let server = &pair.hangzhou;
    server.go_to(17, 20, 0);
    phone.sync(server).await;
    // On the last day that counts, without a network for three more.
    let body = told(1, "exposure-near", 3);
    let evidence = phone.evidence(server.clock.now());
    phone.record(&body, evidence);
    server.go_to(20, 9, 0);
    assert_eq!(phone.sync(server).await, [accepted()]);
    assert_eq!(tell(server, &mut phone, &told(1, "exposure-near", 3)).await, refused("on"));
    assert_eq!(phone.colour(), Some(Colour::Green), "the rule counts fourteen days");
}

#[tokio::test]
async fn a_replaced_phone_tells_nothing_more() {
    let (pair, mut old) = green().await;
    let server = &pair.hangzhou;
    let mut new = Phone::enrol(server, &li_si(), 2).await;
    server.go_to(12, 10, 0);
    new.sync(server).await;
    assert_eq!(tell(server, &mut old, &told(1, "exposure-near", 3)).await, accepted());
    new.sync(server).await;
    assert_eq!((new.colour(), new.orders.len()), (Some(Colour::Green), 0));
}

#[tokio::test]
async fn a_withdrawn_notice_no_longer_holds_anybody() {
    let (pair, mut phone) = green().await;
    let server = &pair.hangzhou;
    tell(server, &mut phone, &told(1, "exposure-near", 3)).await;
    let order = phone.orders[0].order;
    assert_eq!(pair.hangzhou.app.publish_notice(&withdrawal(1)).await.unwrap().waits, None);
    server.go_to(12, 9, 0);
    phone.sync(server).await;
    let release = phone.releases.last().unwrap();
    assert_eq!((release.order, release.cause), (order, ReleaseCause::Officer));
    assert_eq!((phone.colour(), phone.ratings.last().unwrap().colour), (Some(Colour::Green), Colour::Green));
    // It stays so, and nothing is said of it again.
    let said = (phone.orders.len(), phone.releases.len(), phone.ratings.len());
    server.go_to(13, 9, 0);
    phone.declare(server, well("[]", 13));
    phone.sync(server).await;
    assert_eq!((phone.orders.len(), phone.releases.len(), phone.ratings.len()), said);
    assert_eq!(phone.colour(), Some(Colour::Green));
}

#[tokio::test]
async fn of_two_notices_the_one_that_stands_still_holds() {
    let (pair, mut phone) = green().await;
    let server = &pair.hangzhou;
    let mut other = train();
    other["classes"][0]["minutes"] = json!(2);
    assert_eq!(publish(&pair, &other).await, 5);
    tell(server, &mut phone, &told(1, "exposure-near", 3)).await;
    assert_eq!(tell(server, &mut phone, &told(5, "exposure-near", 3)).await, accepted());
    assert_eq!(pair.hangzhou.app.publish_notice(&withdrawal(1)).await.unwrap().waits, None);
    server.go_to(12, 9, 0);
    phone.sync(server).await;
    assert_eq!((phone.colour(), phone.releases.len()), (Some(Colour::Yellow), 0));
    pair.shenzhen.go_to(12, 9, 0);
    assert_eq!(pair.hangzhou.app.publish_notice(&withdrawal(5)).await.unwrap().waits, None);
    server.go_to(12, 10, 0);
    phone.sync(server).await;
    assert_eq!((phone.colour(), phone.releases.len()), (Some(Colour::Green), 1));
}

#[tokio::test]
async fn a_withdrawal_ends_no_order_that_another_cause_holds() {
    let (pair, mut phone) = green().await;
    let server = &pair.hangzhou;
    tell(server, &mut phone, &told(1, "exposure-near", 3)).await;
    phone.declare(server, well(WUHAN, 11));
    phone.sync(server).await;
    assert_eq!((phone.colour(), phone.orders.len()), (Some(Colour::Yellow), 1));
    assert_eq!(pair.hangzhou.app.publish_notice(&withdrawal(1)).await.unwrap().waits, None);
    server.go_to(12, 9, 0);
    phone.sync(server).await;
    assert_eq!((phone.colour(), phone.releases.len()), (Some(Colour::Yellow), 0));
}

#[tokio::test]
async fn a_withdrawal_waits_for_the_records() {
    let (pair, mut phone) = green().await;
    let server = &pair.hangzhou;
    tell(server, &mut phone, &told(1, "exposure-near", 3)).await;
    assert_eq!(pair.hangzhou.app.publish_notice(&withdrawal(1)).await.unwrap().waits, None);
    server.register.silent.store(true, std::sync::atomic::Ordering::SeqCst);
    server.go_to(12, 9, 0);
    phone.tap(server.clock.now());
    phone.sync(server).await;
    assert_eq!(
        (phone.colour(), phone.releases.len()),
        (Some(Colour::Yellow), 0),
        "unanswered is never green"
    );
    server.register.silent.store(false, std::sync::atomic::Ordering::SeqCst);
    server.go_to(12, 10, 0);
    phone.sync(server).await;
    assert_eq!((phone.colour(), phone.releases.len()), (Some(Colour::Green), 1));
}

#[tokio::test]
async fn a_class_that_does_not_hold_when_it_is_told_is_refused() {
    let (pair, mut phone) = green().await;
    let server = &pair.hangzhou;
    for (number, from, until) in [(5, "2020-02-12", "2020-02-19"), (6, "2020-02-05", "2020-02-11")] {
        let mut other = train();
        (other["classes"][0]["from"], other["classes"][0]["until"]) = (json!(from), json!(until));
        assert_eq!(publish(&pair, &other).await, number);
    }
    assert_eq!(tell(server, &mut phone, &told(5, "exposure-near", 3)).await, refused("notice"), "not yet");
    assert_eq!(phone.colour(), Some(Colour::Green));
    // Told while it holds, it is taken after its end.
    let evidence = phone.evidence(server.clock.now());
    phone.record(&told(6, "exposure-near", 3), evidence);
    server.go_to(12, 0, 1);
    assert_eq!(phone.sync(server).await, [accepted()]);
    assert_eq!(tell(server, &mut phone, &told(6, "exposure-near", 4)).await, refused("notice"), "over");
    assert_eq!(tell(server, &mut phone, &told(5, "exposure-near", 3)).await, accepted());
}
