//! Who is not the resident learns nothing and breaks nothing.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]
#![allow(clippy::indexing_slicing, reason = "tests")]

use std::time::Duration;

use healthcode::HealthcodeError;
use healthcode::resident::IdentityForm;
use healthcode::rules::colour::Colour;
use healthcode::rules::identity::{Identity, IdentityInput, check_resident_id};
use healthcode::token::{Signer, SoftwareKey, SubjectId};
use healthcode::wire::message::{CONFIRM_PATH, ENROLMENTS_PATH, Enrolled, EnrolmentStarted, SYNC_PATH};
use healthcode::wire::{RequestClaims, SIGNATURE_HEADER};
use healthcode_cli::time::World;
use healthcode_e2e::http::{Answer, send};
use healthcode_e2e::phone::{Phone, at, february, li_si, zhang_san};
use healthcode_e2e::server::ServerProcess;
use serde_json::json;

const JSON: (&str, &str) = ("Content-Type", "application/json");

fn post(
    server: &ServerProcess,
    path: &str,
    body: &serde_json::Value,
    key: &SoftwareKey,
    subject: Option<SubjectId>,
) -> Answer {
    let body = serde_json::to_vec(body).unwrap();
    let signature = RequestClaims::new(path, &body, "hangzhou", [9; 16], subject).sign(key).unwrap();
    send(server.port(), "POST", path, &[JSON, (SIGNATURE_HEADER, &signature)], &body)
}

/// Enrols a key at the wire, without a phone.
fn enrol(server: &ServerProcess, form: &IdentityForm, key: &SoftwareKey) -> (Answer, Option<Enrolled>) {
    let input = IdentityInput {
        name: &form.name,
        document_kind: &form.document_kind,
        document_number: &form.document_number,
        phone: &form.phone,
        region: &form.region,
    };
    let identity = Identity::parse(input, february(11).to_naive()).unwrap();
    let key_text = healthcode::wire::Bytes(key.public_key().to_cose()).to_text();
    let body = json!({"identity": identity, "key": key_text});
    let answer = post(server, ENROLMENTS_PATH, &body, key, None);
    let Some(code) = server.one_time_code() else { return (answer, None) };
    let started: EnrolmentStarted = serde_json::from_str(&answer.body).unwrap();
    let confirmation = json!({"session": started.session, "code": code});
    let confirmed = post(server, CONFIRM_PATH, &confirmation, key, None);
    (answer, serde_json::from_str(&confirmed.body).ok())
}

fn sync_body() -> serde_json::Value {
    json!({"evidence": {
        "lower_bound": at(11, 9, 0), "session": "0102030405060708", "boot_millis": 1_000,
    }})
}

#[test]
fn name_and_number_with_an_own_telephone_get_nothing_and_revoke_nothing() {
    let server = ServerProcess::start(World::new(at(11, 9, 0)));
    let mut phone = Phone::open(&server, "phone.db");
    phone.become_yellow(&server);

    let stranger = SoftwareKey::from_seed(&[66; 32]);
    let own_number = IdentityForm { phone: "+8613712345678".to_owned(), ..zhang_san() };
    // A number with the right check digit that the records do not know.
    let unknown_number = ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "X"]
        .map(|digit| format!("33010619900101001{digit}"))
        .into_iter()
        .find(|number| check_resident_id(number, february(11).to_naive()).is_ok());
    let nobody = IdentityForm { document_number: unknown_number.unwrap(), ..own_number.clone() };

    let (known, no_code) = enrol(&server, &own_number, &stranger);
    let (unknown, neither) = enrol(&server, &nobody, &stranger);
    assert!(no_code.is_none() && neither.is_none(), "no message goes to a number that was typed");
    assert_eq!((known.status, unknown.status), (202, 202));
    assert_eq!(known.headers, unknown.headers);
    let shape = |answer: &Answer| {
        let started: EnrolmentStarted = serde_json::from_str(&answer.body).unwrap();
        (started.session.0.len(), started.expires_in, started.digits, answer.body.len())
    };
    assert_eq!(shape(&known), shape(&unknown));

    // Guessing: the fifth try is the last, and each answer is the same.
    let started: EnrolmentStarted = serde_json::from_str(&known.body).unwrap();
    let guesses = (0..8).map(|guess| {
        let body = json!({"session": started.session, "code": format!("{guess:06}")});
        post(&server, CONFIRM_PATH, &body, &stranger, None)
    });
    let answers: Vec<_> = guesses.collect();
    assert!(answers.iter().all(|answer| answer.status == 422 && *answer == answers[0]));

    // The resident's phone has noticed nothing.
    let report = phone.sync().unwrap();
    assert!(report.problems.is_empty());
    assert_eq!(phone.card().colour, Some(Colour::Yellow));
}

#[test]
fn anothers_subject_is_answered_as_nobodys() {
    let server = ServerProcess::start(World::new(at(11, 9, 0)));
    let mut phone = Phone::open(&server, "phone.db");
    phone.become_yellow(&server);
    let victim = SubjectId::parse(&phone.subject).unwrap();

    let key = SoftwareKey::from_seed(&[5; 32]);
    let (_, enrolled) = enrol(&server, &li_si(), &key);
    let own = enrolled.expect("a resident of the records enrols").subject;
    assert_eq!(post(&server, SYNC_PATH, &sync_body(), &key, Some(own)).status, 200);

    let anothers = post(&server, SYNC_PATH, &sync_body(), &key, Some(victim));
    let nobodys = post(&server, SYNC_PATH, &sync_body(), &key, Some(SubjectId([0xee; 16])));
    let strangers = post(&server, SYNC_PATH, &sync_body(), &SoftwareKey::from_seed(&[6; 32]), Some(victim));
    assert_eq!(anothers.status, 404);
    assert_eq!(anothers, nobodys);
    assert_eq!(anothers, strangers);
}

#[test]
fn a_second_phone_waits_a_day_and_the_first_keeps_working_until_then() {
    let server = ServerProcess::start(World::new(at(11, 9, 0)));
    let mut first = Phone::open(&server, "first.db");
    first.become_yellow(&server);
    let mut second = Phone::open(&server, "second.db");
    second.ask(zhang_san()).unwrap();
    let until = second.confirm(&server.one_time_code().unwrap()).unwrap();
    assert_eq!(until, Some(at(12, 9, 0)));
    let report = second.sync().unwrap();
    assert_eq!(report.problems[0].problem, "enrolment-pending");
    assert!(report.problems[0].retry_after.is_some_and(|wait| wait > Duration::from_secs(86_000)));
    assert!(first.sync().unwrap().problems.is_empty());

    server.world.go_to(at(12, 9, 1));
    second.sync().unwrap();
    assert_eq!(second.card().colour, Some(Colour::Yellow), "colour and order move, declarations do not");
    assert!(second.resident.quarantine(second.subject.clone()).unwrap().is_some());
    assert_eq!(first.sync().unwrap().problems[0].problem, "replaced");
    assert_eq!(first.tap().map(|_| ()), Err(HealthcodeError::Replaced));
    let shown = first.resident.code(first.subject.clone(), None);
    assert_eq!(shown.map(|_| ()), Err(HealthcodeError::Replaced));
}

/// A phone that was replaced and takes its place again: what waited on it was taken late, and it still shows it.
#[test]
fn a_replaced_phone_comes_back_with_what_it_had_recorded() {
    let server = ServerProcess::start(World::new(at(11, 9, 0)));
    let mut first = Phone::open(&server, "first.db");
    first.become_yellow(&server);
    let again = first.ask(zhang_san());
    let already =
        HealthcodeError::InvalidField { field: "document".to_owned(), reason: "already-enrolled".to_owned() };
    assert_eq!(again, Err(already), "this phone speaks for the person already");

    let mut second = Phone::open(&server, "second.db");
    second.ask(zhang_san()).unwrap();
    second.confirm(&server.one_time_code().unwrap()).unwrap();
    server.world.go_to(at(12, 8, 0));
    let waiting = [first.tap().unwrap().operation, first.tap().unwrap().operation];
    server.world.go_to(at(12, 9, 1));
    let report = first.sync().unwrap();
    assert_eq!((report.accepted, report.waiting, report.problems[0].problem.as_str()), (2, 0, "replaced"));
    first.ask(zhang_san()).unwrap();
    assert_eq!(first.confirm(&server.one_time_code().unwrap()).unwrap(), Some(at(13, 9, 1)));
    assert_eq!(first.resident.code(first.subject.clone(), None).map(|_| ()), Err(HealthcodeError::NotRated));
    assert_eq!(first.sync().unwrap().problems[0].problem, "enrolment-pending");

    server.world.go_to(at(13, 9, 2));
    let report = first.sync().unwrap();
    assert_eq!((report.accepted, report.refused, report.waiting), (0, 0, 0));
    let view = first.resident.quarantine(first.subject.clone()).unwrap().expect("an order");
    let known: Vec<_> = view.check_ins.iter().map(|tap| tap.operation.clone()).collect();
    assert_eq!(known, waiting);
    assert!(first.resident.code(first.subject.clone(), None).is_ok());
}
