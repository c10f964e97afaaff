//! The house itself: keys, trust list, public files, bounds, faults.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

mod support;

use std::os::unix::fs::PermissionsExt;
use std::sync::atomic::Ordering;

use axum::body::Body;
use axum::http::Request;
use healthcode::rules::gate_policy::GatePolicies;
use healthcode::token::policy::open_policies;
use healthcode::token::rules::open_rulebook;
use healthcode::token::trust_list::KeyUse;
use healthcode::token::{Anchor, TrustList};
use healthcode::wire::Bytes;
use healthcode::wire::message::{
    ANCHOR_PATH, ENROLMENTS_PATH, MAX_REQUEST_BYTES, POLICY_PATH, RULEBOOK_PATH, SYNC_PATH, TRUST_LIST_PATH,
};
use healthcode_server::StartError;
use support::phone::{ISSUER, ask, key, well, yellow};
use support::{Server, at, february, li_si, zhang_san};

#[tokio::test]
async fn the_keys_are_their_owners_alone_and_a_file_that_is_not_is_refused() {
    let server = Server::start().await;
    let keys = server.folder.path().join("server.keys");
    let mode = |mode| std::fs::set_permissions(&keys, std::fs::Permissions::from_mode(mode)).unwrap();
    assert_eq!(std::fs::metadata(&keys).unwrap().permissions().mode() & 0o777, 0o600);
    let content = std::fs::read(&keys).unwrap();
    for open in [0o640, 0o604, 0o660, 0o601] {
        mode(open);
        assert!(matches!(server.reopened().await, Err(StartError::Keys(_))), "{open:o}");
    }
    mode(0o600);
    assert!(server.reopened().await.is_ok());
    for damage in [b"".as_slice(), b"{}", b"\0\0\0", &content[..content.len() / 2]] {
        std::fs::write(&keys, damage).unwrap();
        assert!(matches!(server.reopened().await, Err(StartError::Keys(_))));
        assert_eq!(std::fs::read(&keys).unwrap(), damage, "left as it is");
    }
    let text = String::from_utf8(content).unwrap();
    let seed = text.split('"').find(|word| word.len() == 64).unwrap();
    std::fs::write(&keys, text.replace(seed, "zz")).unwrap();
    let error = server.reopened().await.unwrap_err().to_string();
    assert!(!error.contains("zz") && !error.contains(seed));
}

#[tokio::test]
async fn a_damaged_database_is_reported_and_left_as_it_is() {
    let server = Server::start().await;
    let folder = tempfile::TempDir::new().unwrap();
    let mut config = server.config.clone();
    config.database = folder.path().join("server.db");
    let noise = vec![0x5a; 8_192];
    std::fs::write(&config.database, &noise).unwrap();
    let other = Server { config, ..server };
    assert!(matches!(other.reopened().await, Err(StartError::Database(_))));
    assert_eq!(std::fs::read(&other.config.database).unwrap(), noise);
}

#[tokio::test]
async fn the_trust_list_opens_under_the_root_and_its_version_never_goes_back() {
    let mut server = Server::start().await;
    let bytes = server.get(TRUST_LIST_PATH).await.body;
    let first = TrustList::open(&bytes, &server.roots(), 0).unwrap();
    let issuer = first.issuer(ISSUER).unwrap();
    assert_eq!((issuer.regions.as_slice(), issuer.time_epoch), ([330_100].as_slice(), 0));
    for key_use in
        [KeyUse::Tokens, KeyUse::Time, KeyUse::Rules, KeyUse::Decisions, KeyUse::Status, KeyUse::Policy]
    {
        assert!(issuer.keys.iter().any(|key| key.key_use == key_use));
    }
    let mut version = first.content().version;
    server.restart().await;
    assert_eq!(server.get(TRUST_LIST_PATH).await.body, bytes, "nothing new, no new list");
    for day in 12..60 {
        server.go_to(day, 8, 0);
        if day % 5 == 0 {
            server.restart().await;
        }
        let list = server.trust().await;
        assert!(!list.is_expired(at(day, 8, 0)));
        assert!(list.content().version >= version, "{day}");
        version = list.content().version;
    }
    server.config.base_url.push('1');
    server.restart().await;
    assert_eq!(server.trust().await.content().version, version + 1);
}

#[tokio::test]
async fn a_token_key_stays_listed_as_long_as_a_token_of_it_can_be_valid() {
    let server = Server::start().await;
    let mut phone = yellow(&server).await;
    let mut kids = std::collections::BTreeSet::new();
    for day in 11..80 {
        server.go_to(day, 9, 0);
        phone.sync(&server).await;
        let token = phone.token.clone().unwrap();
        assert!(token.expires_at > at(day, 9, 0));
        let list = server.trust().await;
        let now = at(day, 9, 0);
        let signing: Vec<_> = list
            .issuer(ISSUER)
            .unwrap()
            .keys
            .iter()
            .filter(|key| key.key_use == KeyUse::Tokens && key.not_before <= now && now < key.not_after)
            .collect();
        assert_eq!(signing.len(), 1, "one key signs at a time");
        kids.insert(signing[0].cose_key.to_vec());
        let bytes = token_bytes(&server, &phone).await;
        server.set(token.expires_at.plus_millis(-1_000));
        let later = server.trust().await;
        assert!(later.open_from::<healthcode::token::GateToken>(ISSUER, &bytes).is_ok(), "{day}");
    }
    assert!((3..=4).contains(&kids.len()), "{}", kids.len());
}

async fn token_bytes(server: &Server, phone: &support::phone::Phone) -> Vec<u8> {
    let mut request = phone.request(server);
    request.token = None;
    let response: healthcode::wire::message::SyncResponse = phone.send(server, &request).await.json();
    response.token.unwrap().0
}

#[tokio::test]
async fn rulebook_and_anchor_are_for_everybody() {
    let server = Server::start().await;
    let trust = server.trust().await;
    let rulebook = server.get(RULEBOOK_PATH).await;
    assert_eq!(rulebook.headers.get("content-type").unwrap(), "application/cbor");
    let rulebook = open_rulebook(&trust, ISSUER, &rulebook.body).unwrap();
    assert_eq!(rulebook.offset_minutes.date_of(at(11, 9, 0)), february(11));
    let nonce = Bytes(vec![3; 16]);
    let answer = server.get(&format!("{ANCHOR_PATH}?nonce={}", nonce.to_text())).await;
    let anchor: Anchor = trust.open_from(ISSUER, &answer.body).unwrap();
    assert_eq!(
        (anchor.nonce, anchor.at, anchor.rules_version),
        (Some([3; 16]), at(11, 9, 0), rulebook.version)
    );
    let anchor: Anchor = trust.open_from(ISSUER, &server.get(ANCHOR_PATH).await.body).unwrap();
    assert_eq!(anchor.nonce, None);
    for query in ["nonce=", "nonce=AAAA", "nonce=%00", "nonce=a&nonce=b", "x"] {
        let answer = server.get(&format!("{ANCHOR_PATH}?{query}")).await;
        assert_eq!(answer.problem(), (400, "malformed".to_owned(), Some("nonce".to_owned())));
    }
}

#[tokio::test]
async fn gate_policies_are_signed_and_anchors_name_their_version() {
    let mut server = Server::start().await;
    let read = async |server: &Server| {
        let trust = server.trust().await;
        let answer = server.get(POLICY_PATH).await;
        assert_eq!(answer.headers.get("content-type").unwrap(), "application/cbor");
        let policies = open_policies(&trust, ISSUER, &answer.body).unwrap();
        let anchor: Anchor = trust.open_from(ISSUER, &server.get(ANCHOR_PATH).await.body).unwrap();
        assert_eq!(anchor.policy_version, policies.version);
        policies
    };
    let policies = read(&server).await;
    assert_eq!(policies, GatePolicies::hangzhou_2020());
    let path = server.folder.path().join("gates.json");
    let own = GatePolicies { version: 7, ..policies };
    std::fs::write(&path, serde_json::to_vec(&own).unwrap()).unwrap();
    server.config.policies = Some(path.clone());
    server.restart().await;
    assert_eq!(read(&server).await, own);
    for bad in ["", "{}", "{\"format\":1,\"id\":\"x\",\"version\":1,\"gates\":[]}"] {
        std::fs::write(&path, bad).unwrap();
        assert!(matches!(server.reopened().await, Err(StartError::Policies(_))), "{bad}");
    }
    server.config.policies = Some(server.folder.path().join("none"));
    assert!(matches!(server.reopened().await, Err(StartError::Policies(_))));
}

#[tokio::test]
async fn what_is_too_large_elsewhere_or_otherwise_is_named() {
    let server = Server::start().await;
    for path in [SYNC_PATH, ENROLMENTS_PATH] {
        let answer = server.post(path, "", vec![b' '; MAX_REQUEST_BYTES + 1]).await;
        assert_eq!(answer.problem(), (413, "too-large".to_owned(), None));
        assert_eq!(server.get(path).await.problem(), (405, "method".to_owned(), None));
    }
    let delete = Request::delete(TRUST_LIST_PATH).body(Body::empty()).unwrap();
    assert_eq!(server.call(delete).await.problem().0, 405);
    for path in ["/", "/v1/sync/", "/v1//sync", "/v1/%73ync2", "/.well-known/healthcode/../x"] {
        assert_eq!(server.get(path).await.problem(), (404, "not-found".to_owned(), None), "{path}");
    }
    for media_type in ["text/plain", "application/jsonx", "", "multipart/form-data"] {
        let request =
            Request::post(SYNC_PATH).header("content-type", media_type).body(Body::empty()).unwrap();
        let answer = server.call(request).await;
        assert_eq!(answer.problem(), (400, "malformed".to_owned(), Some("Content-Type".to_owned())));
    }
}

#[tokio::test]
async fn a_full_house_says_when_to_come_back() {
    let server = Server::start_with(|config| config.max_requests = 0).await;
    let answer = server.get(TRUST_LIST_PATH).await;
    assert_eq!(answer.problem(), (503, "unavailable".to_owned(), None));
    assert_eq!(answer.headers.get("retry-after").unwrap(), "1");
}

#[tokio::test]
async fn a_fault_stays_in_its_request_and_says_nothing() {
    let server = Server::start().await;
    let mut phone = yellow(&server).await;
    phone.declare(&server, well("[]", 11));
    server.register.broken.store(true, Ordering::SeqCst);
    let answer = ask(&server, &key(2), &li_si()).await;
    assert_eq!(answer.problem(), (500, "internal".to_owned(), None));
    assert!(!String::from_utf8_lossy(&answer.body).contains("110105"));
    assert_eq!(phone.send(&server, &phone.request(&server)).await.status, 500);
    server.register.broken.store(false, Ordering::SeqCst);
    assert_eq!(phone.sync(&server).await.len(), 1);
    assert_eq!(ask(&server, &key(2), &li_si()).await.status, 202);
}

#[tokio::test]
async fn the_database_holds_no_name_number_telephone_or_code() {
    let server = Server::start().await;
    let phone = yellow(&server).await;
    drop(phone);
    let code = server.last_code();
    let mut seen = 0;
    let folders = [server.folder.path().to_owned(), server.folder.path().join("server.notices")];
    let entries = folders.iter().flat_map(|folder| std::fs::read_dir(folder).unwrap());
    for path in entries.map(|entry| entry.unwrap().path()).filter(|path| path.is_file()) {
        let bytes = std::fs::read(path).unwrap();
        seen += bytes.len();
        let holds = |word: &str| bytes.windows(word.len()).any(|window| window == word.as_bytes());
        let document = zhang_san().document;
        for word in [document.number(), "19491231", "13800138000", "张三", &format!("\"{code}\"")] {
            assert!(!holds(word), "{}", word.len());
        }
    }
    assert!(seen > 10_000);
}
