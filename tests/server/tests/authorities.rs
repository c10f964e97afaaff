//! Several authorities under one root: who signs the list, who follows it, and what an entry may not do.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

mod support;

use std::path::{Path, PathBuf};

use healthcode::rules::colour::Colour;
use healthcode::token::trust_list::Issuer;
use healthcode::token::{Anchor, GateToken, TrustList, cbor};
use healthcode::wire::message::{
    ANCHOR_PATH, ISSUER_PATH, OUTAGES_PATH, ROOT_PATH_PREFIX, STATUS_PATH_PREFIX, TRUST_LIST_PATH,
};
use healthcode_server::{Config, StartError};
use support::phone::{Phone, well};
use support::{Server, li_si};

/// Lays what a holder of a root publishes into a folder, as a follower reads it.
async fn mirror(holder: &Server, folder: &Path) {
    std::fs::create_dir_all(folder.join("root")).unwrap();
    for version in 1.. {
        let answer = holder.get(&format!("{ROOT_PATH_PREFIX}{version}.cbor")).await;
        if answer.status == 404 {
            break;
        }
        std::fs::write(folder.join(format!("root/{version}.cbor")), answer.body).unwrap();
    }
    std::fs::write(folder.join("outages.cbor"), holder.get(OUTAGES_PATH).await.body).unwrap();
    // By a rename, as whoever fetches it does.
    let draft = folder.join("draft");
    std::fs::write(&draft, holder.get(TRUST_LIST_PATH).await.body).unwrap();
    std::fs::rename(draft, folder.join("trust-list.cbor")).unwrap();
}

/// A server in Shenzhen that follows a list which is not there yet.
async fn follower() -> (Server, PathBuf) {
    let server = Server::start_with(|config| {
        let list = config.database.with_file_name("followed").join("trust-list.cbor");
        let shenzhen = Config::shenzhen(&config.database, "http://127.0.0.1:2".to_owned());
        *config = Config { trust_list: Some(list), ..shenzhen };
    });
    let server = server.await;
    let folder = server.folder.path().join("followed");
    (server, folder)
}

/// A holder in Hangzhou with Shenzhen in its list, and Shenzhen, which follows it.
async fn pair() -> (Server, Server, PathBuf) {
    let (shenzhen, folder) = follower().await;
    let mut hangzhou = Server::start().await;
    let entry = hangzhou.folder.path().join("shenzhen.cbor");
    std::fs::write(&entry, shenzhen.get(ISSUER_PATH).await.body).unwrap();
    hangzhou.config.peer_files = vec![entry];
    hangzhou.restart().await;
    mirror(&hangzhou, &folder).await;
    (hangzhou, shenzhen, folder)
}

async fn health(server: &Server) -> String {
    String::from_utf8(server.get("/healthz").await.body).unwrap()
}

async fn anchor(server: &Server) -> Anchor {
    let answer = server.get(ANCHOR_PATH).await;
    server.trust().await.open_from(&server.config.issuer, &answer.body).unwrap()
}

fn entry(server: &Server) -> Issuer {
    cbor::decode(&server.app.issuer_entry(), 64 * 1024).unwrap()
}

async fn green(server: &Server, identity: &healthcode::rules::identity::Identity) -> (Phone, Vec<u8>) {
    let mut phone = Phone::enrol(server, identity, 1).await;
    phone.declare(server, well("[]", 11));
    let answer = phone.send(server, &phone.request(server)).await;
    phone.take(server, &answer).await;
    assert_eq!(phone.colour(), Some(Colour::Green));
    (phone, answer.json::<healthcode::wire::message::SyncResponse>().token.unwrap().0)
}

#[tokio::test]
async fn codes_of_two_authorities_verify_by_the_list_of_either() {
    let (hangzhou, shenzhen, _) = pair().await;
    let bytes = hangzhou.get(TRUST_LIST_PATH).await.body;
    assert_eq!(shenzhen.get(TRUST_LIST_PATH).await.body, bytes, "served as it is");
    assert_eq!(shenzhen.app.root_set(), hangzhou.app.root_set());
    let trust = TrustList::open(&bytes, &hangzhou.roots(), 0).unwrap();
    let (one, other) = (green(&hangzhou, &li_si()).await, green(&shenzhen, &li_si()).await);
    for (server, (phone, token), region) in [(&hangzhou, one, 330_100), (&shenzhen, other, 440_300)] {
        let opened = trust.open_object::<GateToken>(&token).unwrap();
        assert_eq!((&opened.issuer.id, opened.object.region.code()), (&server.config.issuer, region));
        assert!(opened.issuer.speaks_for(opened.object.region));
        let list = server.get(&format!("{STATUS_PATH_PREFIX}1")).await.body;
        let list = trust.open_status_list(&list).unwrap();
        assert_eq!(list.issuer.id, server.config.issuer);
        assert_eq!(list.object.status(phone.token.unwrap().status.index), Some(0));
        let anchor = anchor(server).await;
        assert_eq!((anchor.root_version, anchor.trust_list_version), (1, trust.content().version));
        assert_eq!(health(server).await, "ok\n");
    }
    assert_eq!(trust.issuer("shenzhen").unwrap().name.zh, "深圳市");
}

#[tokio::test]
async fn a_follower_waits_for_the_list_and_gives_its_entry_meanwhile() {
    let (shenzhen, folder) = follower().await;
    assert_eq!(shenzhen.get(TRUST_LIST_PATH).await.problem().0, 503);
    assert_eq!(shenzhen.get(ANCHOR_PATH).await.problem().0, 503);
    assert_eq!(health(&shenzhen).await, "ok\ntrust-list-missing\n");
    assert_eq!((shenzhen.app.root_keys().len(), shenzhen.app.root_set()), (0, None));
    assert_eq!(shenzhen.get(ISSUER_PATH).await.body, shenzhen.app.issuer_entry());
    assert_eq!(shenzhen.get(OUTAGES_PATH).await.body, [0x80]);
    assert_eq!(shenzhen.get(&format!("{ROOT_PATH_PREFIX}1.cbor")).await.problem().0, 404);
    // The list before the root that signs it: taken once that is there too.
    let hangzhou = Server::start().await;
    mirror(&hangzhou, &folder).await;
    let root = folder.join("root/1.cbor");
    let document = std::fs::read(&root).unwrap();
    std::fs::remove_file(&root).unwrap();
    assert_eq!(shenzhen.get(TRUST_LIST_PATH).await.problem().0, 503);
    std::fs::write(&root, document).unwrap();
    assert_eq!(shenzhen.get(TRUST_LIST_PATH).await.status, 200);
    assert_eq!(health(&shenzhen).await, "ok\nown-entry-missing\n", "Hangzhou does not list it");
    assert!(matches!(shenzhen.app.rotate_root(1, 1), Err(StartError::Refused(_))));
    let until = support::at(20, 0, 0);
    assert!(matches!(shenzhen.app.declare_outage("shenzhen", 1, until), Err(StartError::Refused(_))));
}

#[tokio::test]
async fn a_follower_takes_each_later_list_and_no_earlier_or_other_one() {
    let (mut hangzhou, mut shenzhen, folder) = pair().await;
    let path = folder.join("trust-list.cbor");
    let first = std::fs::read(&path).unwrap();
    let version = anchor(&shenzhen).await.trust_list_version;
    for server in [&hangzhou, &shenzhen] {
        server.go_to(13, 9, 0);
    }
    mirror(&hangzhou, &folder).await;
    assert_eq!(anchor(&shenzhen).await.trust_list_version, version + 1);
    let taken = shenzhen.get(TRUST_LIST_PATH).await.body;
    let stranger = Server::start().await.get(TRUST_LIST_PATH).await.body;
    for bad in [first, stranger, Vec::new(), b"noise".to_vec()] {
        std::fs::write(&path, bad).unwrap();
        assert_eq!(shenzhen.get(TRUST_LIST_PATH).await.body, taken);
        assert_eq!(health(&shenzhen).await, "ok\ntrust-list-refused\n");
    }
    // A new root of the holder's, step by step.
    hangzhou.app.rotate_root(2, 3).unwrap();
    hangzhou.app.rotate_root(1, 2).unwrap();
    mirror(&hangzhou, &folder).await;
    let anchor = anchor(&shenzhen).await;
    assert_eq!((anchor.root_version, anchor.trust_list_version), (3, version + 2));
    assert_eq!(shenzhen.app.root_set(), hangzhou.app.root_set());
    let second = format!("{ROOT_PATH_PREFIX}2.cbor");
    assert_eq!(shenzhen.get(&second).await.body, hangzhou.get(&second).await.body);
    shenzhen.go_to(21, 9, 0);
    assert_eq!(health(&shenzhen).await, "ok\ntrust-list-expired\n");

    // What the holder lists otherwise than the follower says it; a token key that has gone meanwhile is no difference.
    hangzhou.go_to(21, 9, 0);
    shenzhen.config.base_url = "http://127.0.0.1:3".to_owned();
    shenzhen.restart().await;
    mirror(&hangzhou, &folder).await;
    assert_eq!(health(&shenzhen).await, "ok\nown-entry-differs\n");
    std::fs::write(&hangzhou.config.peer_files[0], shenzhen.app.issuer_entry()).unwrap();
    mirror(&hangzhou, &folder).await;
    assert_eq!(health(&shenzhen).await, "ok\n");
    hangzhou.restart().await;
    assert_eq!(hangzhou.trust().await.content().issuers.len(), 2);
}

#[tokio::test]
async fn an_entry_that_cannot_stand_in_the_list_keeps_a_server_from_starting() {
    let (mut hangzhou, shenzhen, _) = pair().await;
    hangzhou.config.peer_files.clear();
    let good = entry(&shenzhen);
    let own = entry(&hangzhou);
    let with = |change: &dyn Fn(&mut Issuer)| {
        let mut entry = good.clone();
        change(&mut entry);
        cbor::encode(&entry)
    };
    let bad: Vec<Vec<Vec<u8>>> = vec![
        vec![Vec::new()],
        vec![b"noise".to_vec()],
        vec![with(&|entry| entry.id.clear())],
        vec![with(&|entry| entry.id.clone_from(&own.id))],
        vec![with(&|entry| entry.keys.push(own.keys[0].clone()))],
        vec![with(&|entry| entry.regions = vec![999_999])],
        vec![with(&|entry| entry.colours = [0, 1, 3])],
        vec![cbor::encode(&good), with(&|entry| entry.id.push('2'))],
    ];
    for (place, peers) in bad.into_iter().enumerate() {
        hangzhou.config.peers = peers;
        assert!(matches!(hangzhou.reopened().await, Err(StartError::Peer(_))), "{place}");
    }
    hangzhou.config.peers = vec![cbor::encode(&good)];
    hangzhou.restart().await;
    assert_eq!(hangzhou.trust().await.content().issuers, [own, good]);
    hangzhou.config.peer_files = vec![hangzhou.folder.path().join("none")];
    assert!(matches!(hangzhou.reopened().await, Err(StartError::Peer(_))));
    hangzhou.config.trust_list = Some(hangzhou.folder.path().join("none"));
    assert!(matches!(hangzhou.reopened().await, Err(StartError::Peer(_))), "who follows signs nothing");
}

#[tokio::test]
async fn a_changed_entry_is_taken_unless_it_says_more_than_it_may() {
    let (hangzhou, shenzhen, _) = pair().await;
    let path = &hangzhou.config.peer_files[0];
    let version = hangzhou.trust().await.content().version;
    let good = entry(&shenzhen);
    let moved = Issuer { base_url: "https://elsewhere.example".to_owned(), ..good.clone() };
    std::fs::write(path, cbor::encode(&moved)).unwrap();
    let trust = hangzhou.trust().await;
    assert_eq!((trust.content().version, trust.issuer("shenzhen").unwrap()), (version + 1, &moved));
    let own = entry(&hangzhou);
    let bad = [
        b"noise".to_vec(),
        cbor::encode(&Issuer { regions: vec![440_300, 330_100], ..good.clone() }),
        cbor::encode(&Issuer { id: "other".to_owned(), ..good.clone() }),
        cbor::encode(&Issuer { keys: own.keys, ..good.clone() }),
    ];
    for (place, bad) in bad.into_iter().enumerate() {
        std::fs::write(path, bad).unwrap();
        let trust = hangzhou.trust().await;
        assert_eq!(
            (trust.content().version, trust.issuer("shenzhen").unwrap()),
            (version + 1, &moved),
            "{place}"
        );
        assert_eq!(health(&hangzhou).await, "ok\npeer-refused\n");
    }
    std::fs::write(path, cbor::encode(&good)).unwrap();
    assert_eq!(hangzhou.trust().await.issuer("shenzhen").unwrap(), &good);
    assert_eq!(health(&hangzhou).await, "ok\n");
}
