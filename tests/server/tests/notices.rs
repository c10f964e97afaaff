//! The log of exposure notices: published, witnessed, served.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "tests")]

mod support;

use std::sync::Arc;
use std::sync::atomic::Ordering;

use axum::body::Body;
use axum::http::{Request, header};
use healthcode::rules::exposure::matching::{PartContext, match_part};
use healthcode::rules::exposure::{ServiceNumber, TransportMode, Trip, Whereabouts};
use healthcode::rules::identity::Region;
use healthcode::rules::rulebook::Rulebook;
use healthcode::token::notice::{BEGINNING, LogError, SignedHead};
use healthcode::token::trust_list::{Issuer, KeyUse};
use healthcode::token::{ExposureNotice, Sign1, cbor};
use healthcode::wire::message::{ISSUER_PATH, NOTICE_HEAD_PATH, NOTICE_PATH_PREFIX};
use healthcode_server::{Operator, StartError, Witness};
use serde_json::{Value, json};
use support::phone::ISSUER;
use support::second::{draft, head, notice, pair, publish, train, withdrawal};
use support::{Server, at, february};

#[tokio::test]
async fn a_published_notice_is_served_whole_and_matches_who_was_near() {
    let pair = pair().await;
    let server = &pair.hangzhou;
    assert_eq!(head(server).await.unwrap().size, 0, "a witnessed log without a notice");
    assert_eq!(server.get(&format!("{NOTICE_PATH_PREFIX}1.cbor")).await.problem().0, 404);
    assert_eq!(publish(&pair, &train()).await, 1);
    let head = head(server).await.unwrap();
    let opened = ExposureNotice::open(&notice(server, 1).await, ISSUER, &server.trust().await).unwrap();
    assert_eq!((head.size, *head.digest, head.at), (1, opened.digest(), at(11, 9, 0)));
    assert_eq!((opened.number, *opened.previous, opened.issued_at), (1, BEGINNING, at(11, 9, 0)));
    let class = &opened.classes[0];
    assert_eq!((class.from, class.until), (at(5, 0, 0), at(20, 0, 0)), "the last day counts");

    let part = server.get(&format!("{NOTICE_PATH_PREFIX}1/0.bin")).await;
    assert_eq!(opened.parts.len(), 1);
    opened.parts[0].verify(&part.body).unwrap();
    let calendar = Rulebook::hangzhou_2020().offset_minutes;
    let context = PartContext {
        kind: class.kind().unwrap(),
        issuer: ISSUER,
        day: opened.parts[0].day(),
        calendar,
        proximity: class.proximity(),
        default_stay_minutes: 90,
    };
    let trip = |carriage| {
        let region = Region::from_code(330_100).unwrap();
        Whereabouts::Trip(Trip {
            mode: TransportMode::Train,
            number: ServiceNumber::parse("G7315").unwrap(),
            date: february(3),
            place: Some(carriage),
            from: region,
            to: region,
            departed_at: Some(at(3, 11, 0)),
            arrived_at: Some(at(3, 13, 0)),
        })
    };
    let own = [trip(4), trip(5), trip(7), trip(9), trip(10)];
    let mut met = Vec::new();
    match_part(&part.body, &context, &own, |meeting| met.push((meeting.own, meeting.minutes))).unwrap();
    assert_eq!(met, [(1, 70), (2, 70), (3, 70)], "one carriage apart still counts");
}

#[tokio::test]
async fn what_is_served_is_public_and_the_same_for_everybody() {
    let pair = pair().await;
    publish(&pair, &train()).await;
    let paths = [
        (NOTICE_HEAD_PATH.to_owned(), "application/cbor", "public, max-age=60"),
        (format!("{NOTICE_PATH_PREFIX}1.cbor"), "application/cbor", "public, max-age=86400, immutable"),
        (
            format!("{NOTICE_PATH_PREFIX}1/0.bin"),
            "application/octet-stream",
            "public, max-age=31536000, immutable",
        ),
    ];
    for (path, media_type, cache) in paths {
        let bare = pair.hangzhou.get(&path).await;
        let dressed = Request::get(&path).header("Cookie", "a=b").header("Authorization", "Bearer x");
        let dressed = pair.hangzhou.call(dressed.body(Body::empty()).unwrap()).await;
        assert_eq!(bare, dressed, "headers and bytes");
        assert_eq!(bare.status, 200);
        assert_eq!(bare.headers[header::CONTENT_TYPE], media_type);
        assert_eq!(bare.headers[header::CACHE_CONTROL], cache);
        assert!(!bare.headers.contains_key(header::SET_COOKIE) && !bare.headers.contains_key(header::VARY));
    }
    for name in
        ["0.cbor", "2.cbor", "01.cbor", "1", "head", "1/1.bin", "1/00.bin", "1/0", "2/0.bin", "1/..bin"]
    {
        let answer = pair.hangzhou.get(&format!("{NOTICE_PATH_PREFIX}{name}")).await;
        assert_eq!(answer.problem(), (404, "not-found".to_owned(), None), "{name}");
    }
}

#[tokio::test]
async fn a_server_without_a_second_issuer_serves_an_empty_log_and_publishes_nothing() {
    let server = Server::start().await;
    let signed = SignedHead::parse(&server.get(NOTICE_HEAD_PATH).await.body).unwrap();
    let trust = server.trust().await;
    assert_eq!(signed.open(ISSUER, &trust), Err(LogError::Unwitnessed));
    assert_eq!(signed.open_unwitnessed(ISSUER, &trust).unwrap().size, 0);
    let published = server.app.publish_notice(&draft(&train())).await.unwrap();
    assert_eq!((published.number, published.waits.as_deref()), (1, Some("there is none to ask")));
    assert_eq!(server.get(NOTICE_HEAD_PATH).await.body, signed.to_bytes());
    assert_eq!(server.get(&format!("{NOTICE_PATH_PREFIX}1.cbor")).await.status, 404);
    assert_eq!(server.get("/healthz").await.body, b"ok\nnotices-unwitnessed\n");
}

#[tokio::test]
async fn a_notice_waits_for_the_second_issuer_and_the_former_head_stays() {
    let pair = pair().await;
    let server = &pair.hangzhou;
    assert_eq!(publish(&pair, &train()).await, 1);
    let before = server.get(NOTICE_HEAD_PATH).await.body;
    pair.second.reached.store(false, Ordering::SeqCst);
    let mut other = train();
    other["classes"][0]["records"][0]["number"] = json!("G7316");
    for _ in 0..2 {
        let published = server.app.publish_notice(&draft(&other)).await.unwrap();
        assert_eq!(published.number, 2, "the same draft again is the same notice");
        assert_eq!(published.waits.as_deref(), Some("not reached: the line is cut"));
        assert_eq!(server.get(NOTICE_HEAD_PATH).await.body, before);
        assert_eq!(server.get(&format!("{NOTICE_PATH_PREFIX}2.cbor")).await.status, 404);
        assert_eq!(server.get(&format!("{NOTICE_PATH_PREFIX}2/0.bin")).await.status, 404);
    }
    // It signs, and is killed before the answer is here: what it has seen is what there is.
    pair.second.reached.store(true, Ordering::SeqCst);
    pair.second.deaf.store(true, Ordering::SeqCst);
    assert!(server.app.publish_notice(&draft(&other)).await.unwrap().waits.is_some());
    assert_eq!(server.get(NOTICE_HEAD_PATH).await.body, before);
    pair.second.deaf.store(false, Ordering::SeqCst);
    server.go_to(11, 9, 1);
    assert_eq!(head(server).await.unwrap().size, 2, "the server asks again by itself");
    notice(server, 2).await;
    assert_eq!(server.get("/healthz").await.body, b"ok\n");
}

#[tokio::test]
async fn a_killed_publishing_leaves_the_former_head_and_is_done_again() {
    let pair = pair().await;
    publish(&pair, &train()).await;
    let folder = pair.hangzhou.folder.path().join("server.notices");
    let before = std::fs::read(folder.join("head.cbor")).unwrap();
    let mut other = train();
    other["classes"][0]["minutes"] = json!(30);
    publish(&pair, &other).await;
    let whole: Vec<_> =
        ["2.0.bin", "2.cbor", "head.cbor"].map(|name| std::fs::read(folder.join(name)).unwrap()).into();
    // After nothing, after the file of places, after the notice; with a half draft of what came next.
    for written in 0..3 {
        std::fs::write(folder.join("head.cbor"), &before).unwrap();
        for name in ["2.cbor", "2.0.bin"].into_iter().skip(written) {
            let _ = std::fs::remove_file(folder.join(name));
        }
        if written < 2 {
            let _ = std::fs::remove_file(folder.join("2.cbor"));
        }
        if written > 0 {
            std::fs::write(folder.join("2.0.bin"), &whole[0]).unwrap();
        }
        if written > 1 {
            std::fs::write(folder.join("2.cbor"), &whole[1]).unwrap();
        }
        std::fs::write(folder.join("2.cbor.new"), b"half").unwrap();
        // A longer one that was killed left a file that this one does not have.
        std::fs::write(folder.join("2.1.bin"), b"left").unwrap();
        let app = pair.hangzhou.reopened().await.unwrap();
        assert_eq!(app.publish_notice(&draft(&other)).await.unwrap().number, 2, "{written}");
        for (name, content) in ["2.0.bin", "2.cbor", "head.cbor"].iter().zip(&whole) {
            assert!(std::fs::read(folder.join(name)).unwrap() == *content, "{name} after {written}");
        }
        assert_eq!(folder.join("2.1.bin").exists(), written == 2);
        let _ = std::fs::remove_file(folder.join("2.1.bin"));
    }
}

#[tokio::test]
async fn a_head_is_signed_anew_with_time_and_after_a_start() {
    let mut pair = pair().await;
    publish(&pair, &train()).await;
    let asked = || pair.second.asked.lock().unwrap().len();
    let before = asked();
    for _ in 0..3 {
        assert_eq!(head(&pair.hangzhou).await.unwrap().at, at(11, 9, 0));
    }
    assert_eq!(asked(), before, "nobody is asked for each reader");
    pair.shenzhen.go_to(11, 9, 15);
    pair.hangzhou.go_to(11, 9, 15);
    assert_eq!(head(&pair.hangzhou).await.unwrap().at, at(11, 9, 15));
    // The last head stays where nobody signs, and the operator is told after a day.
    pair.second.reached.store(false, Ordering::SeqCst);
    pair.hangzhou.go_to(12, 10, 0);
    assert_eq!(head(&pair.hangzhou).await.unwrap().at, at(11, 9, 15));
    assert_eq!(pair.hangzhou.get("/healthz").await.body, b"ok\nnotices-unwitnessed\n");
    pair.second.reached.store(true, Ordering::SeqCst);
    // A clock that was set back gives no head that a phone calls older.
    pair.hangzhou.go_to(11, 8, 0);
    pair.hangzhou.restart().await;
    assert_eq!(head(&pair.hangzhou).await.unwrap().at, at(11, 9, 15));
}

#[tokio::test]
async fn a_replaced_key_signs_the_same_log_anew() {
    let mut pair = pair().await;
    publish(&pair, &train()).await;
    let before = head(&pair.hangzhou).await.unwrap();
    pair.hangzhou.app.remove_key(KeyUse::Notices).unwrap();
    // The peer takes the new entry.
    pair.shenzhen.config.peers = vec![pair.hangzhou.get(ISSUER_PATH).await.body];
    pair.shenzhen.restart().await;
    *pair.second.app.lock().unwrap() = Some(pair.shenzhen.app.clone());
    let after = head(&pair.hangzhou).await.unwrap();
    assert_eq!((after.size, after.digest), (before.size, before.digest));
    let opened =
        ExposureNotice::open(&notice(&pair.hangzhou, 1).await, ISSUER, &pair.hangzhou.trust().await).unwrap();
    assert_eq!(opened.digest(), *after.digest);
    let mut other = train();
    other["classes"][0]["apart"] = json!(0);
    assert_eq!(publish(&pair, &other).await, 2);
    pair.hangzhou.restart().await;
    assert_eq!(head(&pair.hangzhou).await.unwrap().size, 2);
}

#[tokio::test]
async fn a_log_that_was_put_back_is_witnessed_no_more() {
    let pair = pair().await;
    publish(&pair, &train()).await;
    let folder = pair.hangzhou.folder.path().join("server.notices");
    let before = std::fs::read(folder.join("head.cbor")).unwrap();
    let mut other = train();
    other["classes"][0]["apart"] = json!(2);
    publish(&pair, &other).await;
    std::fs::write(folder.join("head.cbor"), &before).unwrap();
    std::fs::remove_file(folder.join("2.cbor")).unwrap();
    other["classes"][0]["apart"] = json!(3);
    let published = pair.hangzhou.app.publish_notice(&draft(&other)).await.unwrap();
    assert_eq!(published.number, 2);
    assert!(published.waits.unwrap().starts_with("it refuses: The log does not go on"));
    assert_eq!(std::fs::read(folder.join("head.cbor")).unwrap(), before);
}

#[tokio::test]
async fn a_long_log_is_shown_in_parts_to_who_sees_it_late() {
    let pair = pair().await;
    pair.second.reached.store(false, Ordering::SeqCst);
    // Each as large as a notice without places can be.
    let mut large = draft(&train());
    large.classes[0].records.clear();
    large.classes[0].rule = "x".repeat(64);
    large.classes = vec![large.classes[0].clone(); 64];
    for minutes in 0..100 {
        large.classes[0].proximity.minutes = minutes;
        assert!(pair.hangzhou.app.publish_notice(&large).await.unwrap().waits.is_some());
    }
    pair.second.reached.store(true, Ordering::SeqCst);
    let asked = pair.second.asked.lock().unwrap().len();
    assert_eq!(publish(&pair, &train()).await, 101);
    let requests = pair.second.asked.lock().unwrap().split_off(asked);
    assert!(requests.iter().all(|request| request.len() < 300 * 1024));
    assert!(requests.len() > 2, "{}", requests.len());
    assert_eq!(head(&pair.hangzhou).await.unwrap().size, 101);
}

#[tokio::test]
async fn an_operator_publishes_and_withdraws_beside_a_server_that_runs_or_not() {
    let pair = pair().await;
    let rulebook = Rulebook::hangzhou_2020();
    let operator = Operator::of(&pair.hangzhou.config.database);
    let witnesses: Vec<Arc<dyn Witness>> = vec![pair.second.clone()];
    let (draft, now) = (draft(&train()), at(11, 9, 0));
    let published = operator.publish_notice(&draft, &rulebook, &witnesses, now).await.unwrap();
    assert_eq!((published.number, published.waits), (1, None));
    assert_eq!(head(&pair.hangzhou).await.unwrap().size, 1);
    // Without a second issuer of its own: the server asks its.
    let withdrawn = operator.withdraw_notice(1, &rulebook, &[], now).await.unwrap();
    assert_eq!((withdrawn.number, withdrawn.waits.is_some()), (2, true));
    assert_eq!(head(&pair.hangzhou).await.unwrap().size, 2);
    let listed = operator.notices().unwrap();
    assert_eq!((listed.len(), listed[0].withdrawn_by, listed[0].in_force), (2, Some(2), true));
    for number in [0, 3] {
        let none = operator.withdraw_notice(number, &rulebook, &witnesses, now).await;
        assert!(matches!(none, Err(StartError::Refused(_))));
    }
    let nothing = Operator::of(&pair.hangzhou.folder.path().join("other.db"));
    assert!(nothing.notices().is_err());
}

#[tokio::test]
async fn venues_are_numbered_densely_and_only_those_are_published() {
    let pair = pair().await;
    let operator = Operator::of(&pair.hangzhou.config.database);
    let name = || healthcode::rules::text::Text::new("店", "Shop");
    let region = Region::from_code(330_106).unwrap();
    for number in 1..=3 {
        let (code, signed) = operator.register_venue(region, name(), at(11, 9, 0)).unwrap();
        assert_eq!(code.number, number);
        let trust = pair.hangzhou.trust().await;
        assert_eq!(trust.open_from::<healthcode::token::VenueCode>(ISSUER, &signed).unwrap(), code);
    }
    for (region, name) in [
        (Region::from_code(440_300).unwrap(), name()),
        (region, healthcode::rules::text::Text::new("", "Shop")),
        (region, healthcode::rules::text::Text::new("店".repeat(21), "Shop")),
    ] {
        assert!(matches!(operator.register_venue(region, name, at(11, 9, 0)), Err(StartError::Refused(_))));
    }
    let venue = |number: u32| {
        json!({"region": "330100", "classes": [{
            "kind": "venue", "rule": "exposure-near", "minutes": 15, "from": "2020-02-05", "until": "2020-02-19",
            "records": [{"venue": number, "begins": "2020-02-03T23:50", "ends": "2020-02-04T00:20"}],
        }]})
    };
    let wrong = pair.hangzhou.app.publish_notice(&draft(&venue(4))).await.unwrap_err();
    assert_eq!(wrong.to_string(), "classes[0].records[0].venue: no venue has this number yet");
    assert_eq!(publish(&pair, &venue(3)).await, 1);
    let elsewhere =
        pair.hangzhou.app.publish_notice(&draft(&json!({"region": "440300", "withdraws": [1]}))).await;
    assert_eq!(elsewhere.unwrap_err().to_string(), "region: not one that the issuer may speak for");
    let unknown = pair.hangzhou.app.publish_notice(&withdrawal(2)).await;
    assert_eq!(unknown.unwrap_err().to_string(), "withdraws[0]: no notice of this number");
    std::fs::write(pair.hangzhou.folder.path().join("server.venues"), "noise").unwrap();
    assert!(operator.register_venue(region, name(), at(11, 9, 0)).is_err());
}

#[tokio::test]
async fn keys_of_the_form_before_gain_those_of_notices_and_venues() {
    let mut server = Server::start().await;
    server.app.rotate_root(1, 1).unwrap();
    server.restart().await;
    let entry = server.app.issuer_entry();
    let path = server.folder.path().join("server.keys");
    let mut file: Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
    file["format"] = json!(2);
    for name in ["notices", "venues"] {
        file.as_object_mut().unwrap().remove(name).unwrap();
    }
    std::fs::write(&path, serde_json::to_vec(&file).unwrap()).unwrap();
    server.restart().await;
    assert_eq!(server.app.issuer_entry(), entry, "derived as for the first form");
    // The keys that were derived stay when the secret goes from which they were.
    server.app.remove_key(KeyUse::Tokens).unwrap();
    server.restart().await;
    let keys = |entry: &[u8]| {
        let issuer: Issuer = cbor::decode(entry, 1 << 16).unwrap();
        issuer.keys.into_iter().filter(|key| key.key_use != KeyUse::Tokens).collect::<Vec<_>>()
    };
    assert_eq!(keys(&server.app.issuer_entry()), keys(&entry));
    assert_eq!(keys(&entry).len(), 7);
    let head = SignedHead::parse(&server.get(NOTICE_HEAD_PATH).await.body).unwrap();
    assert!(head.open_unwitnessed(ISSUER, &server.trust().await).is_ok());
    assert!(Sign1::parse(&head.to_bytes(), 1_024).is_err(), "a head is no envelope of its own");
}
