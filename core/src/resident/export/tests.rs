#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

use std::collections::BTreeSet;
use std::sync::atomic::Ordering;

use rusqlite::Connection;
use serde_json::Value;

use super::super::identity;
use super::super::test_notices::{TestLog, venue};
use super::super::test_phone::{TestPhone, li_si, zhang_san};
use crate::resident::AppealInput;
use crate::rules::calendar::Timestamp;
use crate::rules::colour::Colour;
use crate::rules::exposure::{PlaceKind, Record};
use crate::store::{Answered, HolderKeyBody, SubjectKey};
use crate::sync::enrol::ENROLMENT;
use crate::sync::holder;
use crate::sync::retry::RetryState;
use crate::token::decision::ReleaseCause;
use crate::token::ids::hex;
use crate::wire::Bytes;

/// A phone with a row in every table, and everything in it that can be.
fn phone() -> (TestPhone, SubjectKey, SubjectKey) {
    let mut phone = TestPhone::new();
    let key = phone.enrol(1, &zhang_san());
    phone.vault.has_hardware.store(true, Ordering::SeqCst);
    let other = phone.enrol(2, &li_si());
    phone.declare(&key, Some(2));
    phone.deliver(&key, true);
    let order = phone.order(&key, Colour::Red, None);
    let tap = phone.tap(&key, &["fever"]);
    phone.deliver(&key, true);
    phone.judge(&key, tap, order, true);
    phone.tap(&key, &[]);
    phone.deliver(&key, false);
    phone.release(&key, order, ReleaseCause::Officer);
    phone.rate(&key, Colour::Yellow);
    phone.token(&key, Colour::Yellow);
    phone.tap(&key, &["cough"]);
    phone.declare(&other, None);
    let (gate, at) = ("North gate".to_owned(), Timestamp::from_seconds(1_581_382_800));
    let answered = Answered { gate, at, sure: true, colour: Colour::Yellow };
    phone.core().store.write(|file| file.put_answered(&key, &answered)).unwrap();
    phone.resident.enter_venue(key.subject.to_string(), venue(12)).unwrap();
    let mut log = TestLog::new(phone.now());
    let record = Record { key: 12, start: 720, minutes: 60, ..Record::default() };
    log.publish(phone.now(), (PlaceKind::Venue, vec![record]));
    assert_eq!(log.fetch(&phone.resident, false).unwrap().matches, 1);
    let draft = AppealInput {
        rating: 1,
        rule: "area-high".to_owned(),
        text: "I was at home".to_owned(),
        statements: vec!["The neighbours saw me".to_owned()],
    };
    phone.resident.keep_appeal_draft(key.subject.to_string(), Some(draft)).unwrap();
    (phone, key, other)
}

fn exported(phone: &TestPhone, only: Option<&SubjectKey>) -> Value {
    let text = phone.resident.export(only.map(|key| key.subject.to_string())).unwrap();
    serde_json::from_str(&text).unwrap()
}

/// Where a column of the schema is in the document: a pointer, or why it is not.
enum Shown {
    At(&'static str),
    /// Told by the order of the array.
    Order(&'static str),
    Never,
}

/// Every column of every table. One that the schema gets needs a line here, and what it holds a place in the document.
const COLUMNS: &[(&str, &str, Shown)] = &[
    // The database key, sealed, and what tells a wrong one: never.
    ("vault_key", "id", Shown::Never),
    ("vault_key", "sealed", Shown::Never),
    ("vault_key", "probe", Shown::Never),
    ("document", "name", Shown::At("/documents/0/name")),
    ("document", "body", Shown::At("/documents/0/content")),
    ("subject", "subject", Shown::At("/subjects/0/subject")),
    ("subject", "issuer", Shown::At("/subjects/0/issuer")),
    ("subject", "place", Shown::Order("/subjects")),
    ("subject", "body", Shown::At("/subjects/0/identity/name")),
    ("holder_key", "subject", Shown::At("/subjects/0/keys/0")),
    ("holder_key", "issuer", Shown::At("/subjects/0/keys/0")),
    ("holder_key", "key_id", Shown::At("/subjects/0/keys/0/id")),
    ("holder_key", "body", Shown::At("/subjects/0/keys/0/public")),
    ("chain", "subject", Shown::At("/subjects/0/chain")),
    ("chain", "issuer", Shown::At("/subjects/0/chain")),
    ("chain", "segment", Shown::At("/subjects/0/chain/segment")),
    ("chain", "next", Shown::At("/subjects/0/chain/next")),
    ("chain", "head", Shown::At("/subjects/0/chain/head")),
    ("declaration", "subject", Shown::At("/subjects/0/declarations/0")),
    ("declaration", "issuer", Shown::At("/subjects/0/declarations/0")),
    ("declaration", "operation", Shown::At("/subjects/0/declarations/0/operation")),
    ("declaration", "place", Shown::Order("/subjects/0/declarations")),
    ("declaration", "body", Shown::At("/subjects/0/declarations/0/answers")),
    ("check_in", "subject", Shown::At("/subjects/0/check_ins/0")),
    ("check_in", "issuer", Shown::At("/subjects/0/check_ins/0")),
    ("check_in", "operation", Shown::At("/subjects/0/check_ins/0/operation")),
    ("check_in", "place", Shown::Order("/subjects/0/check_ins")),
    ("check_in", "body", Shown::At("/subjects/0/check_ins/0/evidence")),
    ("outbox", "subject", Shown::At("/subjects/0/operations/0")),
    ("outbox", "issuer", Shown::At("/subjects/0/operations/0")),
    ("outbox", "segment", Shown::At("/subjects/0/operations/0/segment")),
    ("outbox", "sequence", Shown::At("/subjects/0/operations/0/sequence")),
    ("outbox", "operation", Shown::At("/subjects/0/operations/0/operation")),
    ("outbox", "state", Shown::At("/subjects/0/operations/0/state")),
    ("outbox", "body", Shown::At("/subjects/0/operations/0/signed")),
    ("outbox", "answer", Shown::At("/subjects/0/operations/0/receipt/content")),
    ("decision", "subject", Shown::At("/subjects/0/decisions/0/content/subject")),
    ("decision", "issuer", Shown::At("/subjects/0/issuer")),
    ("decision", "serial", Shown::At("/subjects/0/decisions/0/serial")),
    ("decision", "body", Shown::At("/subjects/0/decisions/0/signed")),
    ("answered_challenge", "subject", Shown::At("/subjects/0/answered_challenges/0")),
    ("answered_challenge", "issuer", Shown::At("/subjects/0/answered_challenges/0")),
    ("answered_challenge", "place", Shown::Order("/subjects/0/answered_challenges")),
    ("answered_challenge", "body", Shown::At("/subjects/0/answered_challenges/0/gate")),
    ("whereabouts", "subject", Shown::At("/subjects/0/whereabouts/0")),
    ("whereabouts", "issuer", Shown::At("/subjects/0/whereabouts/0")),
    ("whereabouts", "place", Shown::At("/subjects/0/whereabouts/0/entry")),
    ("whereabouts", "body", Shown::At("/subjects/0/whereabouts/0/whereabouts/visit")),
    ("exposure", "subject", Shown::At("/subjects/0/exposures/0")),
    ("exposure", "issuer", Shown::At("/subjects/0/exposures/0")),
    ("exposure", "body", Shown::At("/subjects/0/exposures/0/minutes")),
    ("appeal_draft", "subject", Shown::At("/subjects/0/appeal_draft")),
    ("appeal_draft", "issuer", Shown::At("/subjects/0/appeal_draft")),
    ("appeal_draft", "body", Shown::At("/subjects/0/appeal_draft/text")),
    ("token", "subject", Shown::At("/subjects/0/token")),
    ("token", "issuer", Shown::At("/subjects/0/token")),
    ("token", "body", Shown::At("/subjects/0/token/signed")),
    ("exchange", "subject", Shown::At("/subjects/0/cursor")),
    ("exchange", "issuer", Shown::At("/subjects/0/cursor")),
    ("exchange", "cursor", Shown::At("/subjects/0/cursor")),
];

#[test]
fn no_table_and_no_column_is_left_out() {
    let (phone, ..) = phone();
    let file = Connection::open(phone.path()).unwrap();
    let mut columns = file
        .prepare(
            "SELECT m.name, c.name FROM sqlite_schema m, pragma_table_info(m.name) c
             WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite_%'",
        )
        .unwrap();
    let columns = columns.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
    let columns: BTreeSet<(String, String)> = columns.map(Result::unwrap).collect();
    let listed = COLUMNS.iter().map(|(table, column, _)| ((*table).to_owned(), (*column).to_owned()));
    assert_eq!(columns, listed.collect(), "the schema has a column that nothing is said of, or the reverse");

    let document = exported(&phone, None);
    for (table, column, shown) in COLUMNS {
        let there = match shown {
            Shown::At(place) => document.pointer(place).is_some_and(|value| !value.is_null()),
            Shown::Order(place) => document.pointer(place).is_some_and(Value::is_array),
            Shown::Never => true,
        };
        assert!(there, "{table}.{column}");
    }
}

#[test]
fn every_row_is_in_it() {
    let (phone, ..) = phone();
    let document = exported(&phone, None);
    let file = Connection::open(phone.path()).unwrap();
    let count = |table: &str| -> usize {
        file.query_row(&format!("SELECT COUNT(*) FROM {table}"), [], |row| row.get::<_, i64>(0))
            .unwrap()
            .try_into()
            .unwrap()
    };
    let of_all = |field: &str| -> usize {
        let subjects = document["subjects"].as_array().unwrap();
        subjects.iter().map(|subject| subject[field].as_array().unwrap().len()).sum()
    };
    let tables = [
        ("holder_key", "keys"),
        ("answered_challenge", "answered_challenges"),
        ("whereabouts", "whereabouts"),
        ("declaration", "declarations"),
        ("check_in", "check_ins"),
        ("outbox", "operations"),
        ("decision", "decisions"),
    ];
    for (table, field) in tables {
        assert!(count(table) > 0, "{table}");
        assert_eq!(count(table), of_all(field), "{table}");
    }
    assert_eq!(count("subject"), document["subjects"].as_array().unwrap().len());
    // Exposure notices are the authority's, and public: here, one with its file.
    assert_eq!(count("document"), document["documents"].as_array().unwrap().len() + 2);
}

#[test]
fn every_value_that_was_planted_is_in_it_in_a_readable_form() {
    let (phone, key, other) = phone();
    let core = phone.core();
    let retry = RetryState::default().failed(phone.now(), Some(3_333), 1);
    core.store.write(|file| file.put_json_document(crate::sync::exchange::RETRY, &retry)).unwrap();
    let text = phone.resident.export(None).unwrap();
    let subject = core.store.read(|file| file.subject(&key)).unwrap().unwrap();
    // What a person typed, leaf by leaf, so that a field that an identity gets is looked for too.
    let mut values = Vec::new();
    leaves(&serde_json::to_value(&subject.identity).unwrap(), &mut values);
    for check_in in core.store.read(|file| file.check_ins(&key)).unwrap() {
        let session = serde_json::to_value(check_in.evidence.session).unwrap();
        values.push(session.as_str().unwrap().to_owned());
        values.push(check_in.evidence.lower_bound.to_string());
        values.push(check_in.operation.to_string());
    }
    for (_, declaration) in core.store.read(|file| file.declarations(&key)).unwrap() {
        leaves(&serde_json::to_value(&declaration).unwrap(), &mut values);
    }
    let cursor = core.store.read(|file| file.cursor(&key)).unwrap().unwrap();
    values.extend([cursor, "420100".into(), "fever".into(), "cough".into(), hex(&[1; 8]), hex(&[7; 32])]);
    values.extend(
        ["the cause", "the reason", "officer", "invalid", "certain", "2020-02-10T04:00:00Z"].map(Into::into),
    );
    for key in [&key, &other] {
        let public = core.holder(key).unwrap().public_key();
        values.extend([Bytes(public.to_cose()).to_text(), hex(&public.id())]);
    }
    for (_, decision) in core.store.read(|file| file.serial_decisions(&key)).unwrap() {
        values.push(decision.object.to_text());
    }
    for row in core.store.read(|file| file.outbox(&key)).unwrap() {
        values.extend([row.body.operation.to_text(), row.body.link.to_text()]);
        values.extend(row.answer.and_then(|answer| answer.receipt).map(|receipt| receipt.to_text()));
    }
    values.push(Bytes(core.store.read(|file| file.token(&key)).unwrap().unwrap()).to_text());
    values.push(retry_text(&retry));
    for value in values {
        assert!(text.contains(&value), "{value}");
    }
}

fn retry_text(retry: &RetryState) -> String {
    retry.not_before.unwrap().millis().to_string()
}

fn leaves(value: &Value, into: &mut Vec<String>) {
    match value {
        Value::Object(fields) => fields.values().for_each(|field| leaves(field, into)),
        Value::Array(items) => items.iter().for_each(|item| leaves(item, into)),
        Value::String(text) => into.push(text.clone()),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

#[test]
fn no_private_key_leaves_the_phone() {
    let (phone, key, _) = phone();
    let core = phone.core();
    phone.vault.has_hardware.store(false, Ordering::SeqCst);
    let enrolling = holder::make(phone.vault.as_ref()).unwrap();
    let identity = identity(&core, &zhang_san()).unwrap();
    let pending = serde_json::json!({ "identity": identity, "key": enrolling, "session": "c2Vzc2lvbg" });
    core.store.write(|file| file.put_json_document(ENROLMENT, &pending)).unwrap();
    let text = phone.resident.export(None).unwrap();
    assert!(text.contains("c2Vzc2lvbg"), "the enrolment under way is told of");
    let database_key: Vec<u8> = Connection::open(phone.path())
        .unwrap()
        .query_row("SELECT sealed FROM vault_key", [], |row| row.get(0))
        .unwrap();
    let mut secrets = vec![database_key];
    let kept = core.store.read(|file| file.holder_keys(&key)).unwrap();
    for body in kept.into_iter().map(|(_, body)| body).chain([enrolling]) {
        if let HolderKeyBody::Software { sealed_seed } = body {
            secrets.push(sealed_seed.0);
        }
    }
    assert_eq!(secrets.len(), 3);
    for sealed in secrets {
        let open: Vec<u8> = sealed.iter().map(|byte| !byte).collect();
        for secret in [sealed, open] {
            assert!(!text.contains(&Bytes(secret.clone()).to_text()) && !text.contains(&hex(&secret)));
        }
    }
    assert!(super::PRIVATE.iter().all(|private| !text.contains(private)));
}

#[test]
fn the_document_about_one_subject_tells_of_nobody_else() {
    let (phone, key, other) = phone();
    let core = phone.core();
    let pending = |form| {
        let key = holder::make(phone.vault.as_ref()).unwrap();
        let identity = identity(&core, &form).unwrap();
        let pending = serde_json::json!({ "identity": identity, "key": key, "session": null });
        core.store.write(|file| file.put_json_document(ENROLMENT, &pending)).unwrap();
    };
    pending(zhang_san());
    let text = phone.resident.export(Some(other.subject.to_string())).unwrap();
    for secret in ["张三", "11010519491231002X", "13800138000", &key.subject.to_string(), "cursor-1"] {
        assert!(!text.contains(secret), "{secret}");
    }
    assert!(text.contains("李四") && text.contains(&other.subject.to_string()));
    pending(li_si());
    let document = exported(&phone, Some(&other));
    let names =
        document["documents"].as_array().unwrap().iter().map(|document| document["name"].as_str().unwrap());
    assert_eq!(
        names.collect::<Vec<_>>(),
        ["clock", "enrolment", "named", "notice-head", "rulebook", "trust-list"]
    );
    assert_eq!(document["subjects"].as_array().unwrap().len(), 1);
}

#[test]
fn what_was_signed_stands_beside_its_reading() {
    let (phone, ..) = phone();
    let document = exported(&phone, None);
    assert_eq!(
        (document["kind"].as_str(), document["format"].as_u64()),
        (Some("healthcode-export"), Some(1))
    );
    let decisions = document.pointer("/subjects/0/decisions").unwrap().as_array().unwrap();
    let kinds: Vec<_> = decisions.iter().map(|decision| decision["kind"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["order", "judgement", "release", "rating"]);
    for decision in decisions {
        let signed = Bytes::parse(decision["signed"].as_str().unwrap()).unwrap();
        let envelope = crate::token::Sign1::parse(&signed.0, 8_192).unwrap();
        let fields = minicbor::Decoder::new(envelope.unverified_payload().unwrap()).map().unwrap().unwrap();
        let absent = decision["content"]
            .as_object()
            .unwrap()
            .values()
            .filter(|value| value.is_null() || **value == false)
            .count();
        let shown = decision["content"].as_object().unwrap().len();
        // An absent field is null or false in the reading and not in the payload.
        assert_eq!(usize::try_from(fields).unwrap(), shown - absent, "{}", decision["kind"]);
    }
}
