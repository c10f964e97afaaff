//! Which tokens are withdrawn, and the status lists that say so.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

mod support;

use std::path::{Path, PathBuf};

use axum::body::Body;
use axum::http::Request;
use healthcode::rules::colour::Colour;
use healthcode::token::status_list::MEDIA_TYPE;
use healthcode::token::{GateToken, StatusList, StatusReference};
use healthcode::wire::message::{Recovered, STATUS_PATH_PREFIX, SyncRequest, SyncResponse};
use healthcode::wire::{Consent, OperationBody};
use support::phone::{CONTACT, Phone, WUHAN, declaration, green, well, yellow};
use support::{Answer, Server, at, li_si, zhang_san};

async fn fetch(server: &Server, list: u32) -> Answer {
    server.get(&format!("{STATUS_PATH_PREFIX}{list}")).await
}

/// A list as a gate reads it.
async fn list(server: &Server, number: u32) -> StatusList {
    let answer = fetch(server, number).await;
    assert_eq!(answer.status, 200);
    let trust = server.trust().await;
    let opened = trust.open_status_list(&answer.body).unwrap();
    assert_eq!((opened.issuer.id.as_str(), opened.object.number()), (support::phone::ISSUER, number));
    opened.object
}

fn raised(list: &StatusList) -> Vec<u32> {
    let bytes = (0..).zip(list.content().statuses.packed()).filter(|(_, byte)| **byte != 0);
    let places = bytes.flat_map(|(at, _)| at * 8..at * 8 + 8);
    places.filter(|index| list.status(*index) != Some(0)).collect()
}

fn sorted(tokens: &[StatusReference]) -> Vec<u32> {
    let mut places: Vec<_> = tokens.iter().map(|token| token.index).collect();
    places.sort_unstable();
    places
}

fn status(phone: &Phone) -> StatusReference {
    phone.token.as_ref().unwrap().status
}

/// The phone tells of a contact: from now on it is red.
async fn turns_red(server: &Server, phone: &mut Phone, day: u32) {
    phone.declare(server, declaration(CONTACT, "[]", day));
    phone.sync(server).await;
    assert_eq!(phone.colour(), Some(Colour::Red));
}

#[tokio::test]
async fn a_colour_change_withdraws_every_token_of_the_subject_and_of_nobody_else() {
    let mut server = Server::start().await;
    let (mut other, mut phone) = (yellow(&server).await, green(&server).await);
    let mut greens = vec![status(&phone)];
    for day in 12..=13 {
        server.go_to(day, 9, 30);
        for phone in [&mut other, &mut phone] {
            phone.sync(&server).await;
        }
        greens.push(status(&phone));
    }
    assert!(raised(&list(&server, 1).await).is_empty());
    server.go_to(13, 10, 0);
    turns_red(&server, &mut phone, 13).await;
    assert_eq!(raised(&list(&server, 1).await), sorted(&greens));
    assert_eq!(list(&server, 1).await.status(status(&phone).index), Some(0), "the new one passes on its own");

    // Killed and started again, and days later, while an outage notice could still extend the last of them.
    server.restart().await;
    assert_eq!(raised(&list(&server, 1).await), sorted(&greens));
    server.go_to(22, 9, 0);
    assert_eq!(raised(&list(&server, 1).await), sorted(&greens[1..]), "what no gate lets pass is forgotten");
    server.go_to(30, 9, 0);
    assert!(raised(&list(&server, 1).await).is_empty());
}

#[tokio::test]
async fn a_decision_and_what_it_withdraws_are_kept_together_or_not_at_all() {
    let server = Server::start().await;
    let mut phone = green(&server).await;
    let before = status(&phone);
    let file = rusqlite::Connection::open(&server.config.database).unwrap();
    let full = "CREATE TRIGGER full BEFORE INSERT ON withdrawn BEGIN SELECT RAISE(ABORT, 'disk full'); END";
    file.execute(full, []).unwrap();
    phone.declare(&server, declaration(CONTACT, "[]", 11));
    assert_eq!(phone.send(&server, &phone.request(&server)).await.status, 503);
    let orders =
        || file.query_row("SELECT COUNT(*) FROM decision WHERE body LIKE '%order%'", [], |row| row.get(0));
    assert_eq!(orders(), Ok(0), "no decision without the withdrawal");
    file.execute("DROP TRIGGER full", []).unwrap();
    phone.sync(&server).await;
    assert_eq!((phone.colour(), orders()), (Some(Colour::Red), Ok(1)));
    assert_eq!(raised(&list(&server, 1).await), [before.index]);
}

#[tokio::test]
async fn a_colour_that_comes_back_brings_no_withdrawn_token_back() {
    let server = Server::start().await;
    let mut phone = yellow(&server).await;
    let mut yellows = Vec::new();
    for day in 11..=17 {
        server.go_to(day, 10, 0);
        phone.tap(at(day, 10, 0));
        phone.sync(&server).await;
        yellows.push(status(&phone));
    }
    server.go_to(18, 0, 5);
    phone.sync(&server).await;
    assert_eq!(phone.colour(), Some(Colour::Green));
    let first_green = status(&phone);
    let withdrawn = list(&server, 1).await;
    assert!(yellows.iter().all(|token| withdrawn.status(token.index) == Some(1)));
    server.go_to(18, 9, 0);
    phone.declare(&server, well(WUHAN, 18));
    phone.sync(&server).await;
    turns_red(&server, &mut phone, 18).await;
    let withdrawn = list(&server, 1).await;
    assert_eq!(withdrawn.status(first_green.index), Some(1));
    assert_eq!(withdrawn.status(status(&phone).index), Some(0));
}

#[tokio::test]
async fn a_phone_that_was_replaced_loses_its_tokens_when_the_other_has_its_own() {
    let server = Server::start().await;
    let mut first = green(&server).await;
    let mut second = Phone::enrol(&server, &li_si(), 2).await;
    server.go_to(12, 8, 0);
    first.sync(&server).await;
    server.go_to(12, 10, 0);
    assert!(raised(&list(&server, 1).await).is_empty(), "nobody is left without a code");
    second.sync(&server).await;
    server.go_to(12, 10, 1);
    assert_eq!(raised(&list(&server, 1).await), [status(&first).index]);
    assert_eq!(second.colour(), Some(Colour::Green));

    // By consent as well; and what an old phone brings late withdraws nothing of the new one's.
    let mut third = Phone::enrol(&server, &li_si(), 3).await;
    second.sync(&server).await;
    let evidence = second.evidence(at(12, 10, 1));
    let consent = Consent { key: third.key_id().to_vec().into(), allow: true };
    second.record(&OperationBody::Consent(consent), evidence);
    second.sync(&server).await;
    third.sync(&server).await;
    let request = first.request(&server);
    assert!(first.send(&server, &request).await.json::<SyncResponse>().replaced);
    server.go_to(12, 10, 2);
    assert_eq!(raised(&list(&server, 1).await), sorted(&[status(&first), status(&second)]));
}

#[tokio::test]
async fn a_state_that_does_not_know_its_places_reads_them_from_the_token() {
    let server = Server::start().await;
    let mut phone = green(&server).await;
    let before = status(&phone);
    let file = rusqlite::Connection::open(&server.config.database).unwrap();
    let state: String = file.query_row("SELECT state FROM subject", [], |row| row.get(0)).unwrap();
    let mut state: serde_json::Value = serde_json::from_str(&state).unwrap();
    assert!(state["keys"][0].as_object_mut().unwrap().remove("places").is_some());
    file.execute("UPDATE subject SET state = ?1", [state.to_string()]).unwrap();
    turns_red(&server, &mut phone, 11).await;
    assert_eq!(raised(&list(&server, 1).await), [before.index]);
}

#[tokio::test]
async fn a_list_is_bounded_typed_and_the_same_for_everybody_until_it_changes() {
    let server = Server::start().await;
    let mut phone = green(&server).await;
    let first = fetch(&server, 1).await;
    let header = |answer: &Answer, name: &str| answer.headers.get(name).unwrap().to_str().unwrap().to_owned();
    assert_eq!(header(&first, "content-type"), MEDIA_TYPE);
    assert_eq!(header(&first, "cache-control"), "public, max-age=3600, s-maxage=60");
    assert!(first.body.len() < 4_096, "{}", first.body.len());
    let content = list(&server, 1).await.content().clone();
    assert_eq!((content.ttl, content.issued_at, content.expires_at), (3_600, at(11, 9, 0), at(18, 9, 0)));
    assert_eq!(content.statuses.places(), 1 << 24);

    let tag = header(&first, "etag");
    let ask = |tags: String| {
        let request = Request::get(format!("{STATUS_PATH_PREFIX}1")).header("if-none-match", tags);
        server.call(request.body(Body::empty()).unwrap())
    };
    for tags in [tag.clone(), format!("\"x\", W/{tag}"), "*".to_owned()] {
        let answer = ask(tags).await;
        assert_eq!((answer.status, answer.body.len(), header(&answer, "etag")), (304, 0, tag.clone()));
    }
    assert_eq!(ask("\"x\"".to_owned()).await.body, first.body);

    turns_red(&server, &mut phone, 11).await;
    server.set(at(11, 9, 0).plus_millis(9_000));
    assert_eq!(fetch(&server, 1).await.body, first.body, "changes are gathered for ten seconds");
    server.set(at(11, 9, 0).plus_millis(10_000));
    let second = fetch(&server, 1).await;
    assert_eq!(raised(&list(&server, 1).await).len(), 1);
    assert_eq!(ask(tag).await.body, second.body);
    server.go_to(11, 9, 14);
    assert_eq!(fetch(&server, 1).await.body, second.body, "nothing new, no new list");
    server.go_to(11, 9, 16);
    assert_eq!(
        list(&server, 1).await.content().issued_at,
        at(11, 9, 16),
        "by its age a gate knows its evidence"
    );
}

#[tokio::test]
async fn many_gates_at_once_get_one_list() {
    let server = Server::start().await;
    let asked: Vec<_> = (0..32)
        .map(|_| {
            let router = server.app.router();
            let request = Request::get(format!("{STATUS_PATH_PREFIX}1")).body(Body::empty()).unwrap();
            tokio::spawn(tower::ServiceExt::oneshot(router, request))
        })
        .collect();
    let mut tags = std::collections::BTreeSet::new();
    for answer in asked {
        let answer = answer.await.unwrap().unwrap();
        tags.insert(answer.headers().get("etag").unwrap().to_str().unwrap().to_owned());
    }
    assert_eq!(tags.len(), 1);
}

#[tokio::test]
async fn a_list_that_is_not_named_is_not_there() {
    let server = Server::start().await;
    for number in ["0", "3", "01", "+1", "-1", "1.0", "4294967296", "x", "1/2", ""] {
        let answer = server.get(&format!("{STATUS_PATH_PREFIX}{number}")).await;
        assert_eq!(answer.problem(), (404, "not-found".to_owned(), None), "{number}");
    }
    let trust = server.trust().await;
    let named: Vec<_> = trust.content().issuers[0].status_lists.iter().map(|entry| entry.list).collect();
    assert_eq!(named, [2, 1], "the next one too: a trust list is not behind when it begins");
    assert!(raised(&list(&server, 2).await).is_empty());
}

#[tokio::test]
async fn numbers_of_lists_begin_again_where_tokens_have_no_room() {
    let server = Server::start_with(|config| config.generation = Some(256)).await;
    let mut phone = green(&server).await;
    let before = status(&phone);
    assert_eq!(before.list, 1);
    turns_red(&server, &mut phone, 11).await;
    let answer = fetch(&server, 256).await;
    let trust = server.trust().await;
    let list = trust.open_status_list(&answer.body).unwrap().object;
    assert_eq!((list.number(), list.status(before.index)), (1, Some(1)));
}

fn back_up(server: &Server) -> PathBuf {
    let copy = server.folder.path().join("backup");
    let database = rusqlite::Connection::open(&server.config.database).unwrap();
    database.execute("VACUUM INTO ?1", [copy.to_str().unwrap()]).unwrap();
    copy
}

async fn restore(server: &mut Server, copy: &Path) {
    for end in ["", "-wal", "-shm"] {
        let mut name = server.config.database.clone().into_os_string();
        name.push(end);
        let _ = std::fs::remove_file(name);
    }
    std::fs::copy(copy, &server.config.database).unwrap();
    server.restart().await;
}

#[tokio::test]
async fn what_was_withdrawn_stays_so_in_a_database_that_came_back_older() {
    let mut server = Server::start().await;
    let (mut phone, mut other) = (green(&server).await, yellow(&server).await);
    let copy = back_up(&server);
    // After the backup: a green token that no database knows any more, then red.
    server.go_to(12, 9, 30);
    phone.sync(&server).await;
    other.sync(&server).await;
    let (green, token): (_, GateToken) = (status(&phone), phone.token.clone().unwrap());
    let before = phone.ratings.len();
    turns_red(&server, &mut phone, 12).await;
    assert_eq!(raised(&list(&server, 1).await).len(), 2);
    assert!(phone.ratings.len() > before);

    restore(&mut server, &copy).await;
    let withdrawn = list(&server, 1).await;
    assert_eq!((raised(&withdrawn).len(), withdrawn.status(green.index)), (2, Some(1)));
    // Not for ever: as long as a token of then could pass, a paper code's among them.
    server.set(token.expires_at.plus_hours(24 * 28 + 200));
    assert!(raised(&list(&server, 1).await).is_empty());
}

#[tokio::test]
async fn a_colour_that_comes_back_from_a_phone_withdraws_what_the_older_database_knows() {
    let mut server = Server::start().await;
    let mut phone = green(&server).await;
    let before = status(&phone);
    let copy = back_up(&server);
    phone.declare(&server, declaration(CONTACT, "[]", 11));
    let sent = phone.waiting.clone();
    let answer = phone.send(&server, &phone.request(&server)).await;
    phone.take(&server, &answer).await;
    // Nobody asked for the list in between.
    let response: SyncResponse = answer.json();
    let receipts = sent.into_iter().zip(&response.outcomes).map(|(sent, outcome)| Recovered::Operation {
        operation: sent.operation,
        link: sent.link,
        receipt: outcome.receipt.clone().unwrap(),
    });
    let changes = response
        .changes
        .iter()
        .map(|change| Recovered::Decision { kind: change.kind.clone(), object: change.object.clone() });
    let recovered = receipts.chain(changes).collect();
    restore(&mut server, &copy).await;
    server.go_to(11, 10, 0);
    assert!(raised(&list(&server, 1).await).is_empty());
    let request = SyncRequest { cursor: None, recovered, ..phone.request(&server) };
    let answer = phone.send(&server, &request).await;
    phone.take(&server, &answer).await;
    assert_eq!(phone.colour(), Some(Colour::Red));
    server.go_to(11, 10, 1);
    assert_eq!(raised(&list(&server, 1).await), [before.index]);
}

#[tokio::test]
async fn a_list_of_another_server_beside_the_database_is_passed_over() {
    let other = Server::start().await;
    let mut phone = green(&other).await;
    turns_red(&other, &mut phone, 11).await;
    list(&other, 1).await;
    let mut server = Server::start().await;
    let _phone = Phone::enrol(&server, &zhang_san(), 1).await;
    std::fs::copy(other.folder.path().join("server.status-1"), server.folder.path().join("server.status-1"))
        .unwrap();
    server.restart().await;
    assert!(raised(&list(&server, 1).await).is_empty());
}
