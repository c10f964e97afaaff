//! The exchange at the wire: what is delivered takes effect once, in order, and what does not fit is named.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

mod support;

use healthcode::rules::colour::Colour;
use healthcode::token::{SegmentId, SubjectId};
use healthcode::wire::link::Link;
use healthcode::wire::message::{LinkedOperation, MAX_BATCH, OutcomeKind, SYNC_PATH, SyncResponse};
use healthcode::wire::{CheckIn, OperationBody};
use support::phone::{CONTACT, Phone, Told, WUHAN, declaration, key, sign, well, yellow};
use support::{Server, at, li_si, zhang_san};

const ACCEPTED: Told = (OutcomeKind::Accepted, None, None, None);
const DUPLICATE: Told = (OutcomeKind::Duplicate, None, None, None);

fn retry(expected: u64) -> Told {
    (OutcomeKind::Retry, Some("sequence".to_owned()), None, Some(expected))
}

fn fork(expected: u64) -> Told {
    (OutcomeKind::Retry, Some("fork".to_owned()), None, Some(expected))
}

fn refused(word: &str, field: Option<&str>) -> Told {
    (OutcomeKind::Refused, Some(word.to_owned()), field.map(str::to_owned), None)
}

#[tokio::test]
async fn an_operation_sent_again_is_a_duplicate_with_the_same_receipt() {
    let server = Server::start().await;
    let mut phone = yellow(&server).await;
    phone.tap(at(11, 10, 0));
    server.go_to(11, 10, 1);
    let request = phone.request(&server);
    let first: SyncResponse = phone.send(&server, &request).await.json();
    // The answer was lost: the same request comes again, to the byte.
    let again = phone.send(&server, &request).await;
    let second: SyncResponse = again.json();
    assert_eq!(second.outcomes[0].receipt, first.outcomes[0].receipt);
    assert_eq!(second.changes, first.changes, "what was said is said once, and told again");
    assert_eq!(second.cursor, first.cursor);
    assert_eq!(phone.take(&server, &again).await, [DUPLICATE]);
    assert_eq!(phone.judgements.len(), 1);
}

#[tokio::test]
async fn a_gap_is_answered_with_the_sequence_that_is_expected() {
    let server = Server::start().await;
    let mut phone = yellow(&server).await;
    phone.tap(at(11, 10, 0));
    phone.tap(at(11, 11, 0));
    let all = phone.waiting.clone();
    phone.waiting = vec![all[1].clone()];
    server.go_to(11, 12, 0);
    assert_eq!(phone.sync(&server).await, [retry(1)]);
    phone.waiting = vec![all[1].clone(), all[0].clone()];
    assert_eq!(phone.sync(&server).await, [retry(1), ACCEPTED], "order is the segment's, not the request's");
    phone.waiting = all;
    assert_eq!(phone.sync(&server).await, [DUPLICATE, ACCEPTED]);
}

#[tokio::test]
async fn a_fork_of_the_segment_is_not_taken() {
    let server = Server::start().await;
    let mut phone = yellow(&server).await;
    let (next, head) = (phone.next, phone.head);
    phone.tap(at(11, 10, 0));
    phone.sync(&server).await;
    (phone.next, phone.head) = (next, head);
    phone.tap(at(11, 11, 0));
    assert_eq!(phone.sync(&server).await, [fork(2)], "the place is taken");
    phone.next = 2;
    phone.tap(at(11, 11, 30));
    assert_eq!(phone.sync(&server).await, [fork(2)], "the head is another");
    // In a segment of its own, on the head that was countersigned, it goes on.
    let answer: SyncResponse = {
        phone.tap(at(11, 11, 40));
        phone.send(&server, &phone.request(&server)).await.json()
    };
    phone.waiting.clear();
    (phone.segment, phone.next) = (SegmentId([99; 8]), 0);
    phone.head = answer.head.unwrap().0.as_slice().try_into().unwrap();
    phone.tap(at(11, 11, 50));
    assert_eq!(phone.sync(&server).await, [ACCEPTED]);
}

#[tokio::test]
async fn each_wrong_declaration_is_refused_by_its_field_and_consumes_its_place() {
    let server = Server::start().await;
    let mut phone = Phone::enrol(&server, &zhang_san(), 1).await;
    let stay = |from: &str, to: &str| format!(r#"[{{"region":"420100","from":"{from}","to":"{to}"}}]"#);
    let good = r#"{"contact":false,"symptoms":[]}"#;
    let wrong = [
        (r#"{"symptoms":[]}"#, "[]".to_owned(), 11, "answers.contact"),
        (r#"{"contact":"maybe","symptoms":[]}"#, "[]".to_owned(), 11, "answers.contact"),
        (r#"{"contact":false,"symptoms":["plague"]}"#, "[]".to_owned(), 11, "answers.symptoms"),
        (r#"{"contact":false,"symptoms":["fever","fever"]}"#, "[]".to_owned(), 11, "answers.symptoms"),
        (r#"{"contact":false,"symptoms":[],"secret":true}"#, "[]".to_owned(), 11, "answers.?"),
        (good, stay("2020-02-10", "2020-02-09"), 11, "travel[0]"),
        (good, stay("2020-02-10", "2020-02-12"), 11, "travel[0]"),
        (good, stay("2020-01-10", "2020-01-20"), 11, "travel[0]"),
        (good, "[]".to_owned(), 12, "declared_on"),
    ];
    let mut expected = Vec::new();
    for (answers, travel, on, field) in wrong {
        phone.declare(&server, declaration(answers, &travel, on));
        expected.push(refused("invalid", Some(field)));
    }
    phone.tap_under(at(11, 9, 0), None, &["plague"]);
    // A check-in is taken whatever it tells of: a word that the rulebook does not know costs nobody the day.
    expected.push(ACCEPTED);
    assert_eq!(phone.sync(&server).await, expected);
    assert!(phone.ratings.is_empty() && phone.token.is_none(), "nothing declared, nothing rated, no token");

    phone.declare(&server, well("[]", 11));
    assert_eq!(phone.sync(&server).await, [ACCEPTED], "nothing blocks what comes after");
    assert_eq!(phone.colour(), Some(Colour::Yellow), "the records know of a stay");
    assert_eq!(phone.ratings[0].reasons[0].rule, "undeclared-stay");
}

#[tokio::test]
async fn a_refused_operation_stays_refused_when_it_is_sent_again() {
    let server = Server::start().await;
    let mut phone = Phone::enrol(&server, &zhang_san(), 1).await;
    phone.declare(&server, well("[]", 12));
    let request = phone.request(&server);
    phone.send(&server, &request).await;
    server.go_to(12, 9, 0);
    let answer = phone.send(&server, &request).await;
    let told = phone.take(&server, &answer).await;
    assert_eq!(told[0].0, OutcomeKind::Duplicate);
    assert_eq!(told[0].1.as_deref(), Some("invalid"), "the reason is told again");
    assert_eq!(phone.token, None);
}

#[tokio::test]
async fn an_operation_of_another_key_is_refused_and_consumes_its_place() {
    let server = Server::start().await;
    let mut phone = Phone::enrol(&server, &zhang_san(), 1).await;
    let own = std::mem::replace(&mut phone.key, key(9));
    let body = OperationBody::CheckIn(CheckIn { symptoms: Vec::new(), order: None });
    let evidence = phone.evidence(at(11, 9, 0));
    let foreign = phone.operation(&body, evidence);
    phone.key = own;
    let link = phone.link(foreign.id);
    phone.waiting.push(LinkedOperation { operation: foreign.bytes.into(), link });
    phone.tap(at(11, 9, 0));
    assert_eq!(phone.sync(&server).await, [refused("signature", None), ACCEPTED]);
}

#[tokio::test]
async fn what_cannot_be_named_is_the_requests_fault_and_changes_nothing() {
    let server = Server::start().await;
    let mut phone = yellow(&server).await;
    phone.tap(at(11, 9, 0));
    phone.tap(at(11, 9, 1));
    let good = phone.request(&server);
    let place = |member: &str| (400, "malformed".to_owned(), Some(format!("operations[1].{member}")));
    for cut in [0, 1, 40] {
        let mut request = good.clone();
        request.operations[1].link.0.truncate(cut);
        assert_eq!(phone.send(&server, &request).await.problem(), place("link"));
    }
    // Somebody else's signature under the link; a link to another operation.
    let mut request = good.clone();
    let link =
        Link::open(&good.operations[1].link.0, &healthcode::token::Signer::public_key(&phone.key)).unwrap();
    request.operations[1].link = link.sign(&key(9)).unwrap().into();
    assert_eq!(phone.send(&server, &request).await.problem(), place("link"));
    let mut request = good.clone();
    request.operations = vec![good.operations[0].clone(); MAX_BATCH + 1];
    let too_many = (413, "too-large".to_owned(), Some("operations".to_owned()));
    assert_eq!(phone.send(&server, &request).await.problem(), too_many);
    assert_eq!(phone.sync(&server).await, [ACCEPTED, ACCEPTED], "nothing of it had been taken");
}

#[tokio::test]
async fn two_exchanges_at_once_both_succeed_and_each_operation_counts_once() {
    let server = Server::start().await;
    let mut phone = yellow(&server).await;
    for hour in 0..8 {
        phone.tap(at(11, 10 + hour, 0));
    }
    server.go_to(11, 20, 0);
    let request = phone.request(&server);
    let (one, other, third) = tokio::join!(
        phone.send(&server, &request),
        phone.send(&server, &request),
        phone.send(&server, &request)
    );
    let mut accepted = 0;
    for answer in [&one, &other, &third] {
        let response: SyncResponse = answer.json();
        assert_eq!((answer.status, response.outcomes.len()), (200, 8));
        accepted +=
            response.outcomes.iter().filter(|outcome| outcome.outcome == OutcomeKind::Accepted).count();
    }
    assert_eq!(accepted, 8);
    phone.take(&server, &third).await;
    assert_eq!(phone.judgements.len(), 8);
    assert_eq!(phone.judgements.iter().filter(|judgement| judgement.day.is_some()).count(), 1);
}

#[tokio::test]
async fn a_cursor_of_another_life_or_of_the_future_is_gone_and_none_gives_everything() {
    let server = Server::start().await;
    let mut phone = yellow(&server).await;
    let cursor = phone.cursor.clone().unwrap();
    let (life, serial) = cursor.split_once('.').unwrap();
    let future = format!("{life}.{}", serial.parse::<u64>().unwrap() + 1);
    let other = format!("{}.{serial}", life.replace(|_: char| true, "0"));
    for wrong in [
        future,
        other,
        String::new(),
        "1".to_owned(),
        format!("{life}."),
        format!("{life}.-1"),
        "x".repeat(9_999),
    ] {
        let mut request = phone.request(&server);
        request.cursor = Some(wrong);
        let answer = phone.send(&server, &request).await;
        assert_eq!(answer.problem(), (410, "cursor-gone".to_owned(), None));
    }
    let (orders, ratings) = (phone.orders.clone(), phone.ratings.clone());
    phone.sync(&server).await;
    assert_eq!((&phone.orders, &phone.ratings), (&orders, &ratings), "nothing new since the cursor");
    phone.cursor = None;
    (phone.orders, phone.ratings) = (Vec::new(), Vec::new());
    phone.sync(&server).await;
    assert_eq!((phone.orders, phone.ratings), (orders, ratings));
}

#[tokio::test]
async fn what_was_said_comes_in_pages_without_a_gap() {
    let server = Server::start().await;
    let mut phone = yellow(&server).await;
    for _ in 0..2 {
        for minute in 0..50 {
            phone.tap(at(11, 10, minute));
        }
        server.go_to(11, 12, 0);
        phone.sync(&server).await;
    }
    assert_eq!(phone.judgements.len(), 100, "an answer holds a page, and the cursor goes on behind it");
    phone.cursor = None;
    phone.judgements.clear();
    let first: SyncResponse = phone.send(&server, &phone.request(&server)).await.json();
    assert!(first.more && first.changes.len() < 102);
    let mut rounds = 0;
    loop {
        let answer = phone.send(&server, &phone.request(&server)).await;
        let more = answer.json::<SyncResponse>().more;
        phone.take(&server, &answer).await;
        rounds += 1;
        if !more {
            break;
        }
    }
    assert_eq!((phone.judgements.len(), rounds), (100, 2));
}

#[tokio::test]
async fn anothers_subject_is_answered_as_nobodys_to_the_byte() {
    let server = Server::start().await;
    let victim = yellow(&server).await;
    let other = Phone::enrol(&server, &li_si(), 2).await;
    let body = serde_json::to_vec(&other.request(&server)).unwrap();
    let ask = async |signer: &_, subject| {
        server.post(SYNC_PATH, &sign(signer, SYNC_PATH, &body, Some(subject)), body.clone()).await
    };
    assert_eq!(ask(&other.key, other.subject).await.status, 200);
    let nobodys = ask(&other.key, SubjectId([0xee; 16])).await;
    assert_eq!(nobodys.problem(), (404, "unknown-subject".to_owned(), None));
    assert_eq!(ask(&other.key, victim.subject).await, nobodys);
    assert_eq!(ask(&key(9), victim.subject).await, nobodys);
    // The right key over another body.
    let signature = sign(&victim.key, SYNC_PATH, b"{}", Some(victim.subject));
    assert_eq!(server.post(SYNC_PATH, &signature, body.clone()).await, nobodys);
}

#[tokio::test]
async fn bodies_that_are_signed_but_wrong_are_malformed_and_not_repeated() {
    let server = Server::start().await;
    let phone = yellow(&server).await;
    let evidence = serde_json::to_string(&phone.evidence(at(11, 9, 0))).unwrap();
    let secret = "11010519491231002X";
    for body in [
        String::new(),
        "{".to_owned(),
        "null".to_owned(),
        format!(r#"{{"evidence":{evidence},"{secret}":1}}"#),
        format!(r#"{{"evidence":"{secret}"}}"#),
        format!(r#"{{"evidence":{evidence},"token":"{secret}!"}}"#),
        format!(r#"{{"evidence":{evidence},"operations":[{{"operation":"{secret}="}}]}}"#),
        format!(r#"{{"evidence":{evidence},"operations":{}{}}}"#, "[".repeat(5_000), "]".repeat(5_000)),
        format!(r#"{{"evidence":{evidence},"evidence":{evidence}}}"#),
    ] {
        let body = body.into_bytes();
        let signature = sign(&phone.key, SYNC_PATH, &body, Some(phone.subject));
        let answer = server.post(SYNC_PATH, &signature, body).await;
        assert_eq!(answer.problem(), (400, "malformed".to_owned(), None));
        assert!(!String::from_utf8_lossy(&answer.body).contains(secret));
    }
}

#[tokio::test]
async fn a_server_that_starts_again_goes_on_where_it_was() {
    let mut server = Server::start().await;
    let mut phone = yellow(&server).await;
    let (root, request) = (server.root_key(), phone.request(&server));
    server.restart().await;
    assert_eq!(server.root_key(), root);
    phone.tap(at(11, 10, 0));
    server.go_to(11, 10, 1);
    assert_eq!(phone.sync(&server).await, [ACCEPTED]);
    let replayed: SyncResponse = phone.send(&server, &request).await.json();
    assert!(!replayed.more);
    phone.declare(&server, declaration(CONTACT, WUHAN, 11));
    assert_eq!(phone.sync(&server).await, [ACCEPTED]);
    assert_eq!(phone.colour(), Some(Colour::Red));
}
