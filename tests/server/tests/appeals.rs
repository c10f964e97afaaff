//! Appeals: what the server takes, what it refuses, and what it says.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

mod support;

use healthcode::token::AppealState;
use healthcode::wire::message::OutcomeKind;
use healthcode::wire::{Appeal, OperationBody};
use healthcode_server::ServerClock as _;
use support::phone::{Phone, Told, yellow};
use support::{Server, at};

fn appeal(phone: &Phone) -> Appeal {
    let rating = phone.ratings.last().unwrap();
    Appeal {
        rating: rating.serial,
        rule: rating.reasons[0].rule.clone(),
        text: "I was at home".to_owned(),
        statements: vec!["A ticket that was given back".to_owned()],
    }
}

async fn make(server: &Server, phone: &mut Phone, appeal: Appeal) -> Told {
    let evidence = phone.evidence(server.clock.now());
    phone.record(&OperationBody::Appeal(appeal), evidence);
    phone.sync(server).await.remove(0)
}

fn refused(problem: &str, field: Option<&str>) -> Told {
    (OutcomeKind::Refused, Some(problem.to_owned()), field.map(str::to_owned), None)
}

#[tokio::test]
async fn it_is_received_with_the_time_by_which_it_is_answered() {
    let server = Server::start().await;
    let mut phone = yellow(&server).await;
    let first = appeal(&phone);
    assert_eq!(make(&server, &mut phone, first.clone()).await.0, OutcomeKind::Accepted);
    let notice = phone.appeals.last().unwrap();
    let now = server.clock.now();
    assert_eq!((notice.state, notice.due_by), (AppealState::Received, now.plus_hours(72)));
    assert!(notice.reason.is_none() && notice.officer.is_none());
    // Once is enough.
    assert_eq!(make(&server, &mut phone, first).await, refused("already-done", None));
    assert_eq!(phone.appeals.len(), 1);
}

#[tokio::test]
async fn what_contests_nothing_in_force_is_refused_and_named() {
    let server = Server::start().await;
    let mut phone = yellow(&server).await;
    let sound = appeal(&phone);
    let wrong = |change: fn(&mut Appeal)| {
        let mut wrong = sound.clone();
        change(&mut wrong);
        wrong
    };
    for (appeal, field) in [
        (wrong(|appeal| appeal.rating -= 1), "rating"),
        (wrong(|appeal| appeal.rule = "another".to_owned()), "rule"),
        (wrong(|appeal| appeal.text = " ".to_owned()), "text"),
        (wrong(|appeal| appeal.text = "a".repeat(4_097)), "text"),
        (wrong(|appeal| appeal.statements = vec![String::new(); 17]), "statements"),
    ] {
        assert_eq!(make(&server, &mut phone, appeal).await, refused("invalid", Some(field)), "{field}");
    }
    // Fourteen days after the rating the time is over.
    server.set(at(11, 10, 0).plus_hours(15 * 24));
    phone.ask_the_time(&server).await;
    assert_eq!(make(&server, &mut phone, sound).await, refused("late", None));
    assert!(phone.appeals.is_empty());
}
