//! What an operator does with the keys, while the server runs or not: root sets, removed keys, outage notices.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

mod support;

use std::os::unix::fs::PermissionsExt as _;

use healthcode::rules::colour::Colour;
use healthcode::token::policy::open_policies;
use healthcode::token::rules::open_rulebook;
use healthcode::token::{
    Anchor, CodeText, GateToken, KeyUse, OutageNotice, Prefix, RootError, RootSet, TokenError, TrustList,
    TrustListError, cbor,
};
use healthcode::wire::message::{
    ANCHOR_PATH, OUTAGES_PATH, POLICY_PATH, ROOT_PATH_PREFIX, RULEBOOK_PATH, STATUS_PATH_PREFIX,
    SyncResponse, TRUST_LIST_PATH,
};
use healthcode_server::{Operator, StartError};
use minicbor::bytes::ByteVec;
use support::phone::{ISSUER, Phone, well, yellow};
use support::{Server, at, li_si};

async fn document(server: &Server, version: u32) -> Option<Vec<u8>> {
    let answer = server.get(&format!("{ROOT_PATH_PREFIX}{version}.cbor")).await;
    (answer.status == 200).then_some(answer.body)
}

fn operator(server: &Server) -> Operator {
    Operator::of(&server.config.database)
}

async fn token(server: &Server, phone: &mut Phone) -> Vec<u8> {
    let mut request = phone.request(server);
    request.token = None;
    let answer = phone.send(server, &request).await;
    phone.take(server, &answer).await;
    answer.json::<SyncResponse>().token.unwrap().0
}

#[tokio::test]
async fn a_root_is_followed_through_three_versions_by_who_was_built_with_the_first() {
    let mut server = Server::start().await;
    let mut phone = yellow(&server).await;
    let token = token(&server, &mut phone).await;
    let first = RootSet::embedded(1, 1, server.app.root_keys());
    assert_eq!(server.app.root_set().unwrap(), first);
    let old_list = server.get(TRUST_LIST_PATH).await.body;
    let version = TrustList::open(&old_list, &first, 0).unwrap().content().version;

    // One while it runs, one by a hand beside it, of which it is not told.
    server.app.rotate_root(2, 3).unwrap();
    let second = first.succeed(&document(&server, 2).await.unwrap()).unwrap();
    assert_eq!((second.version, second.threshold, second.keys.len()), (2, 2, 3));
    assert_eq!(second.expires_at, Some(at(11, 9, 0).plus_hours(365 * 24)));
    operator(&server).rotate_root(3, 5, at(11, 10, 0)).unwrap();
    let third = second.succeed(&document(&server, 3).await.unwrap()).unwrap();
    assert_eq!(server.app.root_set().unwrap(), third);
    assert_eq!(document(&server, 4).await, None);
    assert_eq!(first.succeed(&document(&server, 3).await.unwrap()), Err(RootError::Signatures));

    let list = server.get(TRUST_LIST_PATH).await.body;
    let trust = TrustList::open(&list, &third, version + 1).unwrap();
    assert_eq!(trust.content().root_version, 3);
    assert_eq!(TrustList::open(&old_list, &third, 0), Err(TrustListError::Signatures));
    assert!(trust.open_from::<GateToken>(ISSUER, &token).is_ok(), "the issuer's keys are the same");
    let anchor: Anchor = trust.open_from(ISSUER, &server.get(ANCHOR_PATH).await.body).unwrap();
    assert_eq!((anchor.root_version, anchor.trust_list_version), (3, trust.content().version));
    phone.sync(&server).await;

    let documents = [document(&server, 1).await, document(&server, 2).await, document(&server, 3).await];
    server.restart().await;
    assert_eq!(server.app.root_set().unwrap(), third);
    assert_eq!(server.get(TRUST_LIST_PATH).await.body, list);
    for (version, known) in (1..).zip(documents) {
        assert_eq!(document(&server, version).await, known, "{version}");
    }
    server.set(at(11, 10, 0).plus_hours(320 * 24));
    assert_eq!(server.get("/healthz").await.body, b"ok\nroot-ends-soon\n");
}

#[tokio::test]
async fn a_root_document_that_is_not_there_is_a_problem() {
    let server = Server::start().await;
    for name in ["0.cbor", "2.cbor", "01.cbor", "+1.cbor", "1", "1.cbor.cbor", ".cbor", "99999999999.cbor"] {
        let answer = server.get(&format!("{ROOT_PATH_PREFIX}{name}")).await;
        assert_eq!(answer.problem(), (404, "not-found".to_owned(), None), "{name}");
    }
}

#[tokio::test]
async fn a_threshold_that_cannot_be_met_changes_nothing() {
    let server = Server::start().await;
    let keys = server.folder.path().join("server.keys");
    let before = std::fs::read(&keys).unwrap();
    for (threshold, count) in [(0, 1), (2, 1), (0, 0), (1, 17)] {
        assert!(matches!(server.app.rotate_root(threshold, count), Err(StartError::Refused(_))));
    }
    assert_eq!(std::fs::read(&keys).unwrap(), before);
    let nothing = Operator::of(&server.folder.path().join("other.db"));
    assert!(matches!(nothing.rotate_root(1, 1, at(11, 9, 0)), Err(StartError::Keys(_))));
}

#[tokio::test]
async fn two_rotations_at_once_are_two_versions() {
    let server = Server::start().await;
    let operator = operator(&server);
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| operator.rotate_root(1, 2, at(11, 9, 0)).unwrap());
        }
    });
    let mut roots = RootSet::embedded(1, 1, operator_first(&server).await);
    for version in 2..=5 {
        roots = roots.succeed(&document(&server, version).await.unwrap()).unwrap();
    }
    assert_eq!(server.app.root_set().unwrap(), roots);
}

/// The keys of the first set, as its document names them.
async fn operator_first(server: &Server) -> Vec<healthcode::token::PublicKey> {
    let document = document(server, 1).await.unwrap();
    let document = healthcode::token::root::Document::parse(&document, 8_192).unwrap();
    let content: healthcode::token::RootContent = cbor::decode(document.unverified_payload(), 8_192).unwrap();
    assert_eq!((content.version, content.threshold), (1, 1));
    content.keys.iter().map(|key| healthcode::token::PublicKey::from_cose(key).unwrap()).collect()
}

#[tokio::test]
async fn a_file_of_the_first_form_opens_and_is_written_anew_only_with_a_change() {
    let mut server = Server::start().await;
    let keys = server.folder.path().join("server.keys");
    let first = std::fs::read_to_string(&keys).unwrap();
    assert!(first.contains("\"format\": 1") && !first.contains("status"));
    let before = server.app.issuer_entry();
    server.restart().await;
    assert_eq!(std::fs::read_to_string(&keys).unwrap(), first);
    // A draft that a killed change left is in nobody's way.
    std::fs::write(server.folder.path().join("server.keys.new"), "half").unwrap();
    server.app.rotate_root(1, 1).unwrap();
    server.restart().await;
    assert_eq!(server.app.issuer_entry(), before, "every other key is kept");
    let second = std::fs::read_to_string(&keys).unwrap();
    assert!(second.contains("\"format\": 3"));
    assert_eq!(std::fs::metadata(&keys).unwrap().permissions().mode() & 0o777, 0o600);
    for (what, damaged) in [
        ("later", second.replace("\"format\": 3", "\"format\": 4")),
        ("threshold", second.replace("\"threshold\": 1", "\"threshold\": 2")),
        ("half", second[..second.len() / 2].to_owned()),
    ] {
        std::fs::write(&keys, &damaged).unwrap();
        assert!(matches!(server.reopened().await, Err(StartError::Keys(_))), "{what}");
        assert_eq!(server.get(TRUST_LIST_PATH).await.status, 200, "one that runs goes on");
        assert_eq!(std::fs::read_to_string(&keys).unwrap(), damaged, "left as it is");
    }
    std::fs::write(&keys, second).unwrap();
    server.restart().await;
    assert_eq!(server.app.issuer_entry(), before);
}

#[tokio::test]
async fn a_removed_token_key_is_known_as_removed_and_its_tokens_are_replaced_at_once() {
    let server = Server::start().await;
    let mut phone = yellow(&server).await;
    let old = token(&server, &mut phone).await;
    let before = phone.token.clone().unwrap();
    let removed = operator(&server).remove_key(KeyUse::Tokens, at(11, 9, 0)).unwrap();
    let trust = server.trust().await;
    assert_eq!(trust.open_from::<GateToken>(ISSUER, &old), Err(TokenError::RemovedKey));
    let listed = &trust.issuer(ISSUER).unwrap().removed_keys;
    assert!(removed.iter().all(|id| listed.iter().any(|listed| listed.as_slice() == id)));
    phone.sync(&server).await;
    let after = phone.token.clone().unwrap();
    assert!(after.id != before.id && after.colour == Colour::Yellow, "long before the old one was due");
    phone.sync(&server).await;
    assert_eq!(phone.token.as_ref().unwrap().id, after.id, "once");
    // In the next period too, when the next key would have come.
    server.set(at(11, 9, 0).plus_hours(31 * 24));
    phone.sync(&server).await;
    assert!(phone.token.unwrap().issued_at > after.issued_at);
}

#[tokio::test]
async fn every_other_key_can_be_removed_and_what_it_signs_is_signed_anew() {
    let mut server = Server::start().await;
    let mut phone = yellow(&server).await;
    let read = async |server: &Server| {
        let trust = server.trust().await;
        let list = server.get(&format!("{STATUS_PATH_PREFIX}1")).await.body;
        assert!(trust.open_status_list(&list).is_ok());
        assert!(open_policies(&trust, ISSUER, &server.get(POLICY_PATH).await.body).is_ok());
        assert!(open_rulebook(&trust, ISSUER, &server.get(RULEBOOK_PATH).await.body).is_ok());
        assert!(trust.open_from::<Anchor>(ISSUER, &server.get(ANCHOR_PATH).await.body).is_ok());
    };
    read(&server).await;
    for (number, key_use) in [KeyUse::Time, KeyUse::Rules, KeyUse::Decisions, KeyUse::Status, KeyUse::Policy]
        .into_iter()
        .enumerate()
    {
        let removed = server.app.remove_key(key_use).unwrap();
        assert_eq!(removed.len(), 1);
        server.go_to(12 + u32::try_from(number).unwrap(), 9, 0);
        read(&server).await;
        phone.tap(at(12, 9, 0));
        phone.sync(&server).await;
    }
    server.restart().await;
    read(&server).await;
    assert_eq!(server.trust().await.issuer(ISSUER).unwrap().removed_keys.len(), 5);
    assert!(matches!(server.app.remove_key(KeyUse::Acts), Err(StartError::Refused(_))));
}

#[tokio::test]
async fn an_outage_notice_is_signed_while_the_server_is_down() {
    let mut server = Server::start().await;
    server.app.rotate_root(2, 3).unwrap();
    let roots = server.roots();
    let operator = operator(&server);
    // Without the database even.
    let database = std::fs::read(&server.config.database).unwrap();
    std::fs::remove_file(&server.config.database).unwrap();
    let signed = operator.declare_outage(ISSUER, 48, at(13, 9, 0), at(11, 9, 0)).unwrap();
    std::fs::write(&server.config.database, database).unwrap();
    let notice = OutageNotice::open(&signed, &roots).unwrap();
    assert_eq!((notice.issuer.as_str(), notice.hours), (ISSUER, 48));
    assert_eq!((notice.issued_at, notice.ends_at), (at(11, 9, 0), at(13, 9, 0)));
    let text = CodeText::parse(&OutageNotice::to_text(&signed)).unwrap();
    assert_eq!((text.prefix, text.bytes), (Prefix::Outage, signed.clone()));

    let published = async |server: &Server| -> Vec<OutageNotice> {
        let answer = server.get(OUTAGES_PATH).await;
        let notices: Vec<ByteVec> = cbor::decode(&answer.body, 64 * 1024).unwrap();
        notices.iter().map(|notice| OutageNotice::open(notice, &server.roots()).unwrap()).collect()
    };
    server.restart().await;
    assert_eq!(published(&server).await, std::slice::from_ref(&notice));
    let other = operator.declare_outage("shenzhen", 24, at(12, 9, 0), at(11, 9, 0)).unwrap();
    let ended = operator.declare_outage(ISSUER, 0, at(13, 9, 0), at(11, 9, 0)).unwrap();
    let (other, ended) =
        (OutageNotice::open(&other, &roots).unwrap(), OutageNotice::open(&ended, &roots).unwrap());
    assert!(ended.version > notice.version && ended.hours == 0);
    assert_eq!(published(&server).await, [other.clone(), ended.clone()], "one an issuer, the newest");

    // A new root signs anew what holds, for gates that know the version before.
    server.app.rotate_root(1, 2).unwrap();
    let signed_anew = published(&server).await;
    assert_eq!(signed_anew.len(), 2);
    for (before, after) in [other, ended].iter().zip(&signed_anew) {
        assert_eq!((after.root_version, after.version), (3, before.version + 1));
        assert_eq!(
            (after.issued_at, after.ends_at, after.hours),
            (before.issued_at, before.ends_at, before.hours)
        );
    }
    // Where the file is lost, versions go on all the same.
    std::fs::remove_file(server.folder.path().join("server.outages")).unwrap();
    assert_eq!(published(&server).await, []);
    server.go_to(11, 10, 0);
    let again = server.app.declare_outage(ISSUER, 24, at(12, 9, 0)).unwrap();
    assert!(OutageNotice::open(&again, &server.roots()).unwrap().version > signed_anew[1].version);
}

#[tokio::test]
async fn a_notice_that_no_gate_would_take_is_not_signed() {
    let server = Server::start().await;
    let long = "x".repeat(65);
    for (issuer, hours, until) in [
        (ISSUER, 169, at(13, 0, 0)),
        (ISSUER, 24, at(11, 9, 0)),
        ("", 24, at(13, 0, 0)),
        (&long, 24, at(13, 0, 0)),
    ] {
        assert!(matches!(server.app.declare_outage(issuer, hours, until), Err(StartError::Refused(_))));
    }
    assert!(!server.folder.path().join("server.outages").exists());
    std::fs::write(server.folder.path().join("server.outages"), "noise").unwrap();
    assert!(matches!(server.app.declare_outage(ISSUER, 24, at(13, 0, 0)), Err(StartError::Outages(_))));
    assert_eq!(server.get(OUTAGES_PATH).await.problem().0, 503);
}

#[tokio::test]
async fn a_token_that_a_notice_extends_is_still_of_a_listed_key() {
    let server = Server::start().await;
    let mut phone = Phone::enrol(&server, &li_si(), 1).await;
    phone.declare(&server, well("[]", 11));
    phone.sync(&server).await;
    // The last hour of a period of thirty days.
    let period = 30 * 24 * 3_600;
    let end = (at(11, 9, 0).seconds() / period + 1) * period;
    server.set(healthcode::rules::calendar::Timestamp::from_seconds(end - 3_600));
    phone.sync(&server).await;
    let token = token(&server, &mut phone).await;
    let expires_at = phone.token.as_ref().unwrap().expires_at;
    server.set(expires_at.plus_hours(160));
    assert!(server.trust().await.open_from::<GateToken>(ISSUER, &token).is_ok());
    // Paper of the same key lives four weeks.
    server.set(expires_at.plus_hours(24 * 28 + 170));
    assert_eq!(server.trust().await.open_from::<GateToken>(ISSUER, &token), Err(TokenError::UnknownKey));
}
