//! What waits for officers: nobody is hidden behind others, and every answer is one that an officer's client can read.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

mod support;

use std::collections::BTreeSet;

use healthcode::wire::message::MAX_RESPONSE_BYTES;
use healthcode::wire::operation::MAX_APPEAL_TEXT;
use healthcode::wire::{Act, Appeal, OperationBody};
use healthcode_server::OfficerRole::{Appeals, Relations};
use healthcode_server::ServerClock as _;
use rusqlite::Connection;
use serde_json::Value;
use support::family::ask_to_care;
use support::officer::Officer;
use support::phone::{Phone, key, yellow};
use support::{Server, li_si, zhang_san, zhao_liu};

fn subjects(answer: &Value) -> Vec<String> {
    let people = answer["people"].as_array().unwrap().iter();
    people.map(|row| row["subject"].as_str().unwrap().to_owned()).collect()
}

/// Asks until there is no more.
async fn all_waiting(server: &Server, officer: &mut Officer) -> Vec<Vec<String>> {
    let mut pages = Vec::new();
    loop {
        let answer = officer.ask(server, Act::Waiting {}).await;
        assert!(answer.body.len() < MAX_RESPONSE_BYTES, "an answer of {} bytes", answer.body.len());
        let answer: Value = answer.json();
        pages.push(subjects(&answer));
        if answer["more"] == false {
            return pages;
        }
    }
}

#[tokio::test]
async fn however_long_appeals_are_the_list_of_them_can_be_read() {
    let server = Server::start().await;
    let mut phone = yellow(&server).await;
    let rating = phone.ratings.last().unwrap();
    let appeal = Appeal {
        rating: rating.serial,
        rule: rating.reasons[0].rule.clone(),
        text: "长".repeat(MAX_APPEAL_TEXT / 3),
        statements: vec!["长".repeat(MAX_APPEAL_TEXT / 3); 14],
    };
    let evidence = phone.evidence(server.clock.now());
    phone.record(&OperationBody::Appeal(appeal), evidence);
    assert_eq!(phone.sync(&server).await[0].1, None);
    multiply(&server, &phone.subject, 20);
    let mut officer = Officer::with(&server, 50, "甲", &[Appeals]);
    for _ in 0..2 {
        let pages = all_waiting(&server, &mut officer).await;
        assert!(pages.len() > 1);
        let listed: BTreeSet<_> = pages.concat().into_iter().collect();
        assert_eq!((pages.concat().len(), listed.len()), (21, 21), "each once, and again when asked again");
    }
}

/// So many people more of whom the database has what it has of one.
fn multiply(server: &Server, subject: &healthcode::token::SubjectId, times: u32) {
    let database = Connection::open(&server.config.database).unwrap();
    for number in 0..times {
        let mut name = [0xee; 16];
        name[..4].copy_from_slice(&number.to_be_bytes());
        for statement in [
            "INSERT INTO subject SELECT ?1, version, state FROM subject WHERE subject = ?2",
            "INSERT INTO operation SELECT ?1, operation, body FROM operation WHERE subject = ?2",
            "INSERT INTO agenda SELECT ?1, kind, at FROM agenda WHERE subject = ?2",
        ] {
            database.execute(statement, (name, subject.as_bytes())).unwrap();
        }
    }
}

async fn asked(server: &Server, carer: &Phone, identity: &healthcode::rules::identity::Identity, seed: u8) {
    assert_eq!(ask_to_care(server, carer, &key(seed), identity).await.status, 202);
}

fn relations(server: &Server) -> u32 {
    let database = Connection::open(&server.config.database).unwrap();
    database.query_row("SELECT COUNT(*) FROM agenda WHERE kind = 'relation'", [], |row| row.get(0)).unwrap()
}

#[tokio::test]
async fn a_page_is_followed_by_the_next() {
    let server = Server::start_family().await;
    let carer = Phone::enrol(&server, &zhang_san(), 1).await;
    asked(&server, &carer, &zhao_liu(), 20).await;
    let mut officer = Officer::with(&server, 50, "甲", &[Relations]);
    let one = all_waiting(&server, &mut officer).await.concat();
    multiply(&server, &healthcode::token::SubjectId::parse(&one[0]).unwrap(), 450);
    let pages = all_waiting(&server, &mut officer).await;
    assert_eq!(pages.iter().map(Vec::len).collect::<Vec<_>>(), [200, 200, 51]);
    assert_eq!(pages.concat().into_iter().collect::<BTreeSet<_>>().len(), 451, "each once");
}

#[tokio::test]
async fn what_nobody_decided_in_time_hides_nobody_and_is_forgotten() {
    let server = Server::start_family().await;
    let carer = Phone::enrol(&server, &zhang_san(), 1).await;
    asked(&server, &carer, &zhao_liu(), 20).await;
    let mut officer = Officer::with(&server, 50, "甲", &[Relations]);
    let one = all_waiting(&server, &mut officer).await.concat();
    multiply(&server, &healthcode::token::SubjectId::parse(&one[0]).unwrap(), 250);
    server.go_to(18, 9, 0);
    let other = Phone::enrol(&server, &li_si(), 2).await;
    asked(&server, &other, &zhao_liu(), 21).await;
    let answer = officer.done(&server, Act::Waiting {}).await;
    assert_eq!((subjects(&answer), &answer["more"]), (one, &false.into()));
    assert_eq!(answer["people"][0]["carer_name"], "*四");
    assert_eq!(relations(&server), 1);
}
