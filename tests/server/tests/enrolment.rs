//! Enrolment at the wire: one-time codes, their caps, second phones, strangers.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

mod support;

use std::net::SocketAddr;

use healthcode::rules::colour::Colour;
use healthcode::token::Signer as _;
use healthcode::wire::message::{
    CONFIRM_PATH, ChangeKind, ENROLMENTS_PATH, Enrolled, EnrolmentStarted, OutcomeKind, SyncResponse,
};
use healthcode::wire::{Bytes, Consent, OperationBody, Receipt, RequestClaims, link::GENESIS};
use support::phone::{ISSUER, KeyName as _, Phone, ask, confirm, key, sign, well, yellow};
use support::{Server, at, li_si, zhang_san};

fn wrong_code() -> (u16, String, Option<String>) {
    (422, "wrong-code".to_owned(), None)
}

async fn started(server: &Server, seed: u8) -> (Bytes, String) {
    let started: EnrolmentStarted = ask(server, &key(seed), &zhang_san()).await.json();
    (started.session, server.last_code())
}

#[tokio::test]
async fn the_code_goes_to_the_number_on_record_and_opens_a_segment_on_nothing() {
    let server = Server::start().await;
    let answer = ask(&server, &key(1), &zhang_san()).await;
    assert_eq!(
        (answer.status, answer.headers.get("cache-control").unwrap().as_bytes()),
        (202, b"no-store".as_slice())
    );
    let started: EnrolmentStarted = answer.json();
    assert_eq!((started.session.0.len(), started.expires_in, started.digits), (16, 300, 6));
    let (number, code) = server.sent()[0].clone();
    assert_eq!((number.as_str(), code.len()), ("+8613800138000", 6));
    let enrolled: Enrolled = confirm(&server, &key(1), &started.session, &code).await.json();
    assert_eq!((enrolled.pending_until, enrolled.region.as_str()), (None, "330100"));
    assert_eq!(enrolled.head.0, GENESIS);
    // The answer was lost: asking again gives the same one.
    let again: Enrolled = confirm(&server, &key(1), &started.session, &code).await.json();
    assert_eq!(again, enrolled);
}

#[tokio::test]
async fn whoever_does_not_fit_gets_the_same_answer_and_no_message() {
    let server = Server::start().await;
    let fits = ask(&server, &key(1), &zhang_san()).await;
    assert_eq!(server.sent().len(), 1);
    let mut others = vec![zhang_san(), zhang_san(), zhang_san()];
    others[0].name = li_si().name;
    others[1].phone = li_si().phone;
    others[2].document = serde_json::from_str(r#"{"kind":"passport","number":"E12345678"}"#).unwrap();
    for other in others {
        let answer = ask(&server, &key(2), &other).await;
        assert_eq!((answer.status, &answer.headers), (fits.status, &fits.headers));
        assert_eq!(answer.body.len(), fits.body.len());
        let started: EnrolmentStarted = answer.json();
        let guess = confirm(&server, &key(2), &started.session, &server.last_code()).await;
        assert_eq!(guess.problem(), wrong_code());
    }
    assert_eq!(server.sent().len(), 1);
}

#[tokio::test]
async fn a_code_has_five_tries_and_five_minutes_and_one_key() {
    let server = Server::start().await;
    let wrong = |code: &str| format!("{:06}", (code.parse::<u32>().unwrap() + 1) % 1_000_000);

    let (session, code) = started(&server, 1).await;
    assert_eq!(confirm(&server, &key(2), &session, &code).await.problem(), wrong_code(), "another key");
    for _ in 0..4 {
        assert_eq!(confirm(&server, &key(1), &session, &wrong(&code)).await.problem(), wrong_code());
    }
    assert_eq!(confirm(&server, &key(1), &session, &code).await.status, 200, "the fifth try");

    let (session, code) = started(&server, 3).await;
    for _ in 0..5 {
        assert_eq!(confirm(&server, &key(3), &session, &wrong(&code)).await.problem(), wrong_code());
    }
    assert_eq!(confirm(&server, &key(3), &session, &code).await.problem(), wrong_code(), "no sixth try");

    let (session, code) = started(&server, 4).await;
    server.set(at(11, 9, 5).plus_millis(-1));
    assert_eq!(confirm(&server, &key(4), &session, &wrong(&code)).await.problem(), wrong_code());
    server.set(at(11, 9, 5));
    assert_eq!(confirm(&server, &key(4), &session, &code).await.problem(), wrong_code(), "too late");

    let (session, code) = started(&server, 5).await;
    for odd in
        ["", " ", &code[..5], &format!("{code}0"), &format!(" {code}"), "１２３４５６", &"9".repeat(10_000)]
    {
        assert_eq!(confirm(&server, &key(5), &session, odd).await.problem(), wrong_code());
    }
    for unknown in [Bytes(vec![0; 16])] {
        assert_eq!(confirm(&server, &key(5), &unknown, &code).await.problem(), wrong_code());
    }
    let malformed = (400, "malformed".to_owned(), Some("session".to_owned()));
    for length in [0, 15, 17] {
        assert_eq!(confirm(&server, &key(5), &Bytes(vec![0; length]), &code).await.problem(), malformed);
    }
}

#[tokio::test]
async fn guesses_at_the_same_time_are_counted_one_by_one() {
    let server = Server::start().await;
    let (session, code) = started(&server, 1).await;
    let wrong = format!("{:06}", (code.parse::<u32>().unwrap() + 1) % 1_000_000);
    let signer = key(1);
    let guess = || confirm(&server, &signer, &session, &wrong);
    let _ = tokio::join!(guess(), guess(), guess(), guess(), guess());
    assert_eq!(confirm(&server, &signer, &session, &code).await.problem(), wrong_code());
}

#[tokio::test]
async fn caps_end_with_their_hour() {
    let server = Server::start_with(|config| (config.codes_per_person, config.codes_in_all) = (2, 4)).await;
    for _ in 0..4 {
        assert_eq!(ask(&server, &key(1), &zhang_san()).await.status, 202, "a cap for a person is not told");
    }
    assert_eq!(server.sent().len(), 2);
    let answer = ask(&server, &key(1), &li_si()).await;
    assert_eq!(answer.problem(), (429, "rate-limited".to_owned(), None));
    assert!(answer.headers.contains_key("retry-after"));
    server.go_to(11, 10, 1);
    assert_eq!(ask(&server, &key(1), &zhang_san()).await.status, 202);
    assert_eq!(server.sent().len(), 3);
}

#[tokio::test]
async fn an_address_has_its_own_cap() {
    let server = Server::start_with(|config| config.codes_per_address = 2).await;
    let request = serde_json::json!({"identity": zhang_san(), "key": Bytes(key(1).public_key().to_cose())});
    let body = serde_json::to_vec(&request).unwrap();
    let from = async |address: &str| {
        let signature = sign(&key(1), ENROLMENTS_PATH, &body, None);
        let address: SocketAddr = address.parse().unwrap();
        server.post_from(ENROLMENTS_PATH, &signature, body.clone(), Some(address)).await.status
    };
    assert_eq!([from("192.0.2.1:1").await, from("192.0.2.1:2").await], [202, 202]);
    assert_eq!(from("192.0.2.1:3").await, 429);
    assert_eq!(from("192.0.2.2:1").await, 202);
}

#[tokio::test]
async fn the_new_key_signs_for_itself_and_for_this_issuer() {
    let server = Server::start().await;
    let (one, other) = (key(1), key(2));
    let request = serde_json::json!({"identity": zhang_san(), "key": Bytes(one.public_key().to_cose())});
    let body = serde_json::to_vec(&request).unwrap();
    let claims = |path, body, issuer, subject| RequestClaims::new(path, body, issuer, [7; 16], subject);
    let signatures = [
        String::new(),
        "AAAA".to_owned(),
        sign(&other, ENROLMENTS_PATH, &body, None),
        sign(&one, CONFIRM_PATH, &body, None),
        sign(&one, ENROLMENTS_PATH, b"{}", None),
        claims(ENROLMENTS_PATH, &body, "shenzhen", None).sign(&one).unwrap(),
        sign(&one, ENROLMENTS_PATH, &body, Some(healthcode::token::SubjectId([1; 16]))),
    ];
    for signature in signatures {
        let answer = server.post(ENROLMENTS_PATH, &signature, body.clone()).await;
        assert_eq!(answer.problem(), (401, "signature".to_owned(), None));
    }
    let weak = serde_json::json!({"identity": zhang_san(), "key": Bytes(vec![0; 32])});
    let weak = serde_json::to_vec(&weak).unwrap();
    let answer = server.post(ENROLMENTS_PATH, &sign(&one, ENROLMENTS_PATH, &weak, None), weak).await;
    assert_eq!(answer.problem(), (400, "malformed".to_owned(), Some("key".to_owned())));
    assert!(server.sent().is_empty());
}

#[tokio::test]
async fn a_second_phone_waits_a_day_in_which_the_first_keeps_working() {
    let server = Server::start().await;
    let mut first = yellow(&server).await;
    let mut second = Phone::enrol(&server, &zhang_san(), 2).await;
    assert_eq!((second.subject, second.enrolled.pending_until), (first.subject, Some(at(12, 9, 0))));
    assert_eq!(second.enrolled.head.0, first.head, "its segment opens on what was countersigned");
    server.set(at(12, 9, 0).plus_millis(-1));
    let waiting = second.send(&server, &second.request(&server)).await;
    assert_eq!(waiting.problem(), (403, "enrolment-pending".to_owned(), None));
    assert_eq!(waiting.headers.get("retry-after").unwrap(), "1");
    first.tap(at(12, 8, 59));
    first.sync(&server).await;

    server.go_to(12, 9, 0);
    // It learns of it, and what it had not sent is taken, late.
    let unsent = first.tap(at(12, 8, 59));
    let replaced: SyncResponse = first.send(&server, &first.request(&server)).await.json();
    assert!(replaced.replaced && replaced.changes.is_empty() && replaced.token.is_none());
    let receipt = replaced.outcomes[0].receipt.clone().unwrap();
    let receipt: Receipt = server.trust().await.open_from(ISSUER, &receipt.0).unwrap();
    assert!(receipt.accepted && receipt.late);
    second.tap_under(at(12, 9, 0), None, &[]);
    second.sync(&server).await;
    assert_eq!((second.colour(), second.orders.len()), (Some(Colour::Yellow), 1));
    assert_eq!(second.judgements.len(), 3, "the days go on");
    assert!(second.judgements.iter().any(|judgement| judgement.operation == unsent && judgement.late));
}

#[tokio::test]
async fn two_first_phones_at_once_make_one_subject_and_one_of_them_waits() {
    let server = Server::start().await;
    let (one, one_code) = started(&server, 1).await;
    let (other, other_code) = started(&server, 2).await;
    let signers = [key(1), key(2)];
    let (one, other) = tokio::join!(
        confirm(&server, &signers[0], &one, &one_code),
        confirm(&server, &signers[1], &other, &other_code)
    );
    let (one, other): (Enrolled, Enrolled) = (one.json(), other.json());
    assert_eq!(one.subject, other.subject);
    assert_eq!([one, other].iter().filter(|enrolled| enrolled.pending_until.is_some()).count(), 1);
}

#[tokio::test]
async fn a_stranger_with_an_own_number_gets_nothing_and_revokes_nothing() {
    let server = Server::start().await;
    let mut resident = yellow(&server).await;
    let sent = server.sent().len();
    let mut identity = zhang_san();
    identity.phone = "+8613712345678".parse_phone();
    for seed in 60..70 {
        let started: EnrolmentStarted = ask(&server, &key(seed), &identity).await.json();
        let guess = confirm(&server, &key(seed), &started.session, &server.last_code()).await;
        assert_eq!(guess.problem(), wrong_code());
    }
    assert_eq!(server.sent().len(), sent);
    resident.declare(&server, well("[]", 11));
    resident.sync(&server).await;
    server.go_to(13, 9, 0);
    resident.sync(&server).await;
    assert_eq!(resident.colour(), Some(Colour::Yellow));
}

trait ParsePhone {
    fn parse_phone(&self) -> healthcode::rules::identity::Phone;
}

impl ParsePhone for str {
    fn parse_phone(&self) -> healthcode::rules::identity::Phone {
        healthcode::rules::identity::Phone::parse(self).unwrap()
    }
}

#[tokio::test]
async fn the_first_phone_is_told_of_a_second_and_may_refuse_it_or_let_it_in_at_once() {
    for allow in [false, true] {
        let server = Server::start().await;
        let mut first = yellow(&server).await;
        let mut second = Phone::enrol(&server, &zhang_san(), 2).await;
        first.sync(&server).await;
        let notice = first.notices.last().unwrap().clone();
        assert_eq!((notice.key, notice.active_from), (second.key_id(), Some(at(12, 9, 0))));

        server.go_to(11, 10, 0);
        let consent = Consent { key: notice.key.to_vec().into(), allow };
        let evidence = first.evidence(at(11, 10, 0));
        first.record(&OperationBody::Consent(consent), evidence);
        let told = first.sync(&server).await;
        assert_eq!(told, [(OutcomeKind::Accepted, None, None, None)]);
        let notice = first.notices.last().unwrap();
        assert_eq!(notice.active_from, allow.then_some(at(11, 10, 0)));

        if allow {
            second.sync(&server).await;
            assert_eq!(second.colour(), Some(Colour::Yellow), "colour and order follow");
            assert!(first.send(&server, &first.request(&server)).await.json::<SyncResponse>().replaced);
        } else {
            let gone = second.send(&server, &second.request(&server)).await;
            assert_eq!(gone.problem(), (404, "unknown-subject".to_owned(), None));
            server.go_to(13, 10, 0);
            first.sync(&server).await;
            assert_eq!(first.colour(), Some(Colour::Yellow), "the first one goes on");
        }
        // A consent that nobody waits for is refused and told.
        let consent = Consent { key: key(77).public_key_id().into(), allow };
        if !allow {
            let evidence = first.evidence(at(13, 10, 0));
            first.record(&OperationBody::Consent(consent), evidence);
            let refused = (OutcomeKind::Refused, Some("invalid".to_owned()), Some("key".to_owned()), None);
            assert_eq!(first.sync(&server).await, [refused]);
        }
    }
}

#[tokio::test]
async fn a_second_request_drops_the_key_that_waits_and_says_so() {
    let server = Server::start().await;
    let mut first = yellow(&server).await;
    let second = Phone::enrol(&server, &zhang_san(), 2).await;
    Phone::enrol(&server, &zhang_san(), 3).await;
    let answer = first.send(&server, &first.request(&server)).await;
    let kinds: Vec<_> = answer.json::<SyncResponse>().changes.into_iter().map(|change| change.kind).collect();
    assert_eq!(kinds, [ChangeKind::Key, ChangeKind::Key, ChangeKind::Key]);
    first.take(&server, &answer).await;
    assert_eq!((first.notices[1].key, first.notices[1].active_from), (second.key_id(), None));
    assert_eq!(first.notices[2].key, key(3).public_key_id().as_slice());
}
