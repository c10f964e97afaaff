//! A database that came back from a backup, or not at all: what phones hold brings it up to where it was, and nothing
//! that was used is used again.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

mod support;

use std::collections::BTreeSet;

use healthcode::rules::colour::Colour;
use healthcode::token::{GateToken, PaperNotice};
use healthcode::wire::message::{ChangeKind, OutcomeKind, Recovered, SyncRequest, SyncResponse};
use healthcode::wire::operation::{PaperChange, ToldExposure};
use healthcode::wire::{Bytes, OperationBody, Problem};
use support::keeper::{Keeper, back_up, day, in_quarantine, restore, restore_nothing};
use support::phone::{Phone, well, yellow};
use support::second::{pair, publish, train, withdrawal};
use support::{Server, at, february, li_si, zhang_san};

#[tokio::test]
async fn a_database_of_last_night_takes_back_what_the_phone_holds() {
    let mut server = Server::start().await;
    let mut keeper = in_quarantine(&server).await;
    let mut taps = vec![day(&server, &mut keeper, 11).await, day(&server, &mut keeper, 12).await];
    let copy = back_up(&server);
    for number in 13..=15 {
        taps.push(day(&server, &mut keeper, number).await);
    }
    let (order, known) = (keeper.phone.orders[0].clone(), keeper.phone.judgements.len());
    assert_eq!(known, 5);

    restore(&mut server, Some(&copy)).await;
    server.go_to(16, 9, 0);
    taps.push(keeper.phone.tap(at(16, 9, 0)));
    keeper.recover(&server).await;
    keeper.phone.waiting.clear();
    let days: Vec<_> = taps.iter().map(|tap| keeper.phone.day_of(*tap).unwrap()).collect();
    assert_eq!(days, [11, 12, 13, 14, 15, 16], "each day counts, the lost ones too");

    taps.push(day(&server, &mut keeper, 17).await);
    server.go_to(18, 0, 0);
    keeper.sync(&server).await;
    assert_eq!(keeper.phone.releases.last().unwrap().order, order.order);
    assert_eq!(keeper.phone.colour(), Some(Colour::Green));
}

#[tokio::test]
async fn a_restore_that_nobody_told_of_is_seen_by_the_first_phone() {
    let mut server = Server::start().await;
    let mut keeper = in_quarantine(&server).await;
    let copy = back_up(&server);
    let tap = day(&server, &mut keeper, 12).await;
    // The file beside is as old as the backup: the same life, as far as the server can tell.
    let beside = server.config.database.with_extension("life");
    let count = std::fs::read_to_string(&beside).unwrap().replace("\"starts\":1", "\"starts\":0");
    std::fs::write(&beside, count).unwrap();
    restore(&mut server, Some(&copy)).await;
    let (known, _) = keeper.recover(&server).await;
    assert!(known > 0, "what it still knows is not asked for");
    assert_eq!(keeper.phone.day_of(tap), Some(12));
}

#[tokio::test]
async fn a_completed_quarantine_survives_the_loss_of_the_database() {
    let mut server = Server::start().await;
    let mut keeper = in_quarantine(&server).await;
    for number in 11..=17 {
        day(&server, &mut keeper, number).await;
    }
    restore(&mut server, None).await;
    let nobody = keeper.phone.send(&server, &keeper.phone.request(&server)).await;
    assert_eq!(nobody.problem(), (404, "unknown-subject".to_owned(), None));

    server.go_to(18, 9, 0);
    let again = Phone::enrol(&server, &zhang_san(), 2).await;
    assert_eq!(again.subject, keeper.phone.subject, "the same name after the loss");
    assert_eq!(again.enrolled.pending_until, None);
    let before = std::mem::replace(&mut keeper.phone, again);
    keeper.phone.cursor = before.cursor;
    let (known, _) = keeper.recover(&server).await;
    assert_eq!(known, 0);
    assert_eq!(keeper.phone.releases.len(), 1, "released by the days that the receipts prove");
    assert_eq!(keeper.phone.colour(), Some(Colour::Green));
}

#[tokio::test]
async fn only_what_the_server_signed_itself_is_taken_back_and_nothing_newer_is_undone() {
    let server = Server::start().await;
    let mut keeper = in_quarantine(&server).await;
    let tap = day(&server, &mut keeper, 11).await;
    let held = keeper.kept.clone();
    let forged = |bytes: &Bytes| {
        let mut bytes = bytes.0.clone();
        *bytes.last_mut().unwrap() ^= 1;
        Bytes(bytes)
    };
    let recovered: Vec<_> = held
        .iter()
        .map(|one| match one.clone() {
            Recovered::Operation { operation, link, receipt } => {
                Recovered::Operation { operation, link, receipt: forged(&receipt) }
            }
            Recovered::Decision { kind, object } => Recovered::Decision { kind, object: forged(&object) },
        })
        .collect();
    for offered in [recovered, held.clone(), [held.clone(), held].concat()] {
        let request = SyncRequest { recovered: offered, ..keeper.phone.request(&server) };
        let response: SyncResponse = keeper.phone.send(&server, &request).await.json();
        assert!(response.changes.is_empty());
    }
    assert_eq!(keeper.phone.day_of(tap), Some(11));
    let other = support::phone::Phone::enrol(&server, &support::li_si(), 9).await;
    let request = SyncRequest { recovered: keeper.kept.clone(), ..other.request(&server) };
    let response: SyncResponse = other.send(&server, &request).await.json();
    assert!(response.changes.is_empty(), "what is another's is nobody's here");
}

#[tokio::test]
async fn what_is_offered_in_parts_is_decided_on_after_the_last() {
    let mut server = Server::start().await;
    let mut keeper = in_quarantine(&server).await;
    let copy = back_up(&server);
    for number in 12..=14 {
        day(&server, &mut keeper, number).await;
    }
    restore(&mut server, Some(&copy)).await;
    let parts: Vec<_> = keeper.kept.chunks(2).map(<[_]>::to_vec).collect();
    let last = parts.len() - 1;
    for (number, recovered) in parts.into_iter().enumerate() {
        let more_recovered = number < last;
        let recovered_after = Some(0);
        let request =
            SyncRequest { recovered, recovered_after, more_recovered, ..keeper.phone.request(&server) };
        let answer = keeper.phone.send(&server, &request).await;
        let response: SyncResponse = answer.json();
        assert_eq!((response.more, response.token.is_some()), (more_recovered, !more_recovered));
        assert!(!more_recovered || response.changes.is_empty());
    }
}

#[tokio::test]
async fn what_is_offered_to_a_database_that_is_older_by_then_is_asked_for_anew() {
    let mut server = Server::start().await;
    let mut keeper = in_quarantine(&server).await;
    let oldest = server.folder.path().join("oldest.db");
    std::fs::rename(back_up(&server), &oldest).unwrap();
    day(&server, &mut keeper, 12).await;
    let (older, kept) = (back_up(&server), keeper.kept.len());
    let tap = day(&server, &mut keeper, 13).await;
    restore(&mut server, Some(&older)).await;
    let gone = keeper.phone.send(&server, &keeper.phone.request(&server)).await;
    let recovered_after = gone.json::<Problem>().expected;
    let recovered = keeper.kept[kept..].to_vec();
    let late = SyncRequest { recovered, recovered_after, ..keeper.phone.request(&server) };
    for (backup, taken) in [(&oldest, false), (&older, true)] {
        restore(&mut server, Some(backup)).await;
        let answer = keeper.phone.send(&server, &late).await;
        assert_eq!(answer.status == 200, taken);
        if !taken {
            assert!(answer.json::<Problem>().expected < recovered_after);
        }
    }
    restore(&mut server, Some(&oldest)).await;
    keeper.recover(&server).await;
    assert_eq!(keeper.phone.day_of(tap), Some(13));
}

#[tokio::test]
async fn a_judgement_that_comes_back_before_its_check_in_counts_one_day() {
    let mut server = Server::start().await;
    let mut keeper = in_quarantine(&server).await;
    let copy = back_up(&server);
    server.go_to(12, 10, 0);
    let tap = keeper.phone.tap(at(11, 10, 0));
    let sent = keeper.phone.waiting.clone();
    let response = keeper.sync(&server).await;
    assert_eq!(keeper.phone.day_of(tap), Some(11));
    restore(&mut server, Some(&copy)).await;
    // The judgement comes back, then the check-in itself as something new, from another boot session.
    server.go_to(13, 10, 0);
    keeper.phone.boot = 2;
    let judgement = response.changes.iter().find(|change| change.kind == ChangeKind::Judgement).unwrap();
    let (kind, object) = (judgement.kind.clone(), judgement.object.clone());
    let recovered = vec![Recovered::Decision { kind, object }];
    let request = SyncRequest { cursor: None, recovered, ..keeper.phone.request(&server) };
    let answer = keeper.phone.send(&server, &request).await;
    keeper.phone.take(&server, &answer).await;
    let request = SyncRequest { operations: sent.clone(), ..keeper.phone.request(&server) };
    let answer = keeper.phone.send(&server, &request).await;
    keeper.phone.waiting = sent;
    let told = keeper.phone.take(&server, &answer).await;
    assert_eq!(told[0].0, OutcomeKind::Accepted);
    let days: BTreeSet<_> = keeper.phone.judgements.iter().map(|judgement| judgement.day).collect();
    assert_eq!(days.len(), 1, "{days:?}");
    assert_eq!(keeper.phone.day_of(tap), Some(11));
}

#[tokio::test]
async fn an_earlier_receipt_takes_its_place_back_and_what_was_judged_by_the_later_one_is_judged_anew() {
    let mut server = Server::start().await;
    let mut keeper = in_quarantine(&server).await;
    let copy = back_up(&server);
    server.go_to(12, 9, 0);
    let tap = keeper.phone.tap(at(12, 9, 0));
    let again = SyncRequest { cursor: None, ..keeper.phone.request(&server) };
    let first = keeper.sync(&server).await.outcomes[0].receipt.clone();
    // The page of the answer with its judgement never came.
    let kept = keeper
        .kept
        .iter()
        .filter(|one| !matches!(one, Recovered::Decision { kind, .. } if *kind == ChangeKind::Judgement));
    keeper.kept = kept.cloned().collect();
    keeper.phone.declare(&server, support::phone::well(support::phone::WUHAN, 12));
    keeper.sync(&server).await;

    restore(&mut server, Some(&copy)).await;
    server.go_to(12, 20, 0);
    let later: SyncResponse = keeper.phone.send(&server, &again).await.json();
    assert_eq!(later.outcomes[0].outcome, OutcomeKind::Accepted);
    assert_ne!(later.outcomes[0].receipt, first);
    keeper.recover(&server).await;
    let judgement = keeper.phone.judgements.iter().rfind(|judgement| judgement.operation == tap).unwrap();
    assert_eq!((judgement.received, judgement.day.is_some()), (at(12, 9, 0), true));
    let known: SyncResponse = keeper.phone.send(&server, &again).await.json();
    assert_eq!(known.outcomes[0].outcome, OutcomeKind::Duplicate);
    assert_eq!(known.outcomes[0].receipt, first, "what was delivered after it has its place after it");
    // The segment stands where the phone's does: the next one goes on without a new one.
    server.go_to(13, 9, 0);
    keeper.phone.tap(at(13, 9, 0));
    assert_eq!(keeper.phone.sync(&server).await[0].0, OutcomeKind::Accepted);
}

#[tokio::test]
async fn keys_without_a_life_are_of_a_life_that_was_lost() {
    let mut server = Server::start().await;
    in_quarantine(&server).await;
    restore_nothing(&server);
    std::fs::remove_file(server.config.database.with_extension("life")).unwrap();
    assert!(server.reopened().await.is_err(), "what was used cannot be told");
    server.config.generation = Some(2);
    server.restart().await;
}

#[tokio::test]
async fn no_index_of_the_status_list_is_used_twice() {
    let mut server = Server::start().await;
    let mut keeper = in_quarantine(&server).await;
    let mut used = BTreeSet::new();
    let token = |phone: &Phone| {
        let token: &GateToken = phone.token.as_ref().unwrap();
        (token.status.list, token.status.index)
    };
    assert!(used.insert(token(&keeper.phone)));
    let copy = back_up(&server);
    for number in 12..=14 {
        day(&server, &mut keeper, number).await;
        assert!(used.insert(token(&keeper.phone)));
        restore(&mut server, Some(&copy)).await;
        keeper.recover(&server).await;
        assert!(used.insert(token(&keeper.phone)));
    }
    // Where the file beside is lost too, the operator names a life that was never lived.
    std::fs::remove_file(server.config.database.with_extension("life")).unwrap();
    assert!(server.reopened().await.is_err());
    server.config.generation = Some(1);
    assert!(server.reopened().await.is_err(), "one that was");
    server.config.generation = Some(9);
    server.restart().await;
    server.config.generation = None;
    keeper.recover(&server).await;
    server.go_to(16, 9, 0);
    keeper.sync(&server).await;
    let (list, index) = token(&keeper.phone);
    assert!(list == 9 && used.insert((list, index)));
    let lists = &server.trust().await.content().issuers[0].status_lists.clone();
    assert!(lists.iter().any(|entry| entry.list == 9) && lists.len() <= 5);
}

#[tokio::test]
async fn the_morning_is_spread_the_same_for_a_subject_every_day() {
    let server = Server::start_with(|config| config.spread_seconds = 900).await;
    let phone = yellow(&server).await;
    let mut seen = BTreeSet::new();
    for _ in 0..3 {
        let response: SyncResponse = phone.send(&server, &phone.request(&server)).await.json();
        seen.insert(response.spread.unwrap());
    }
    assert_eq!(seen.len(), 1);
    assert!(seen.first().unwrap() < &900);
}

#[tokio::test]
async fn an_order_that_comes_back_still_ends_with_the_notice_on_which_it_stands() {
    let mut pair = pair().await;
    publish(&pair, &train()).await;
    let phone = Phone::enrol(&pair.hangzhou, &li_si(), 1).await;
    let mut keeper = Keeper { phone, kept: Vec::new() };
    keeper.phone.declare(&pair.hangzhou, well("[]", 11));
    keeper.sync(&pair.hangzhou).await;
    let copy = back_up(&pair.hangzhou);
    let told = ToldExposure { notice: 1, rule: "exposure-near".to_owned(), on: february(3) };
    let evidence = keeper.phone.evidence(at(11, 9, 0));
    keeper.phone.record(&OperationBody::Exposure(told), evidence);
    keeper.sync(&pair.hangzhou).await;
    assert_eq!(keeper.phone.colour(), Some(Colour::Yellow));

    restore(&mut pair.hangzhou, Some(&copy)).await;
    keeper.recover(&pair.hangzhou).await;
    assert_eq!((keeper.phone.colour(), keeper.phone.releases.len()), (Some(Colour::Yellow), 0));
    assert_eq!(pair.hangzhou.app.publish_notice(&withdrawal(1)).await.unwrap().waits, None);
    keeper.phone.sync(&pair.hangzhou).await;
    assert_eq!((keeper.phone.colour(), keeper.phone.releases.len()), (Some(Colour::Green), 1));
}

#[tokio::test]
async fn paper_codes_come_back_from_the_phone_and_are_limited_and_withdrawn_as_before() {
    let mut server = Server::start().await;
    let mut keeper = in_quarantine(&server).await;
    let ask = async |server: &Server, keeper: &mut Keeper, change| {
        let evidence = keeper.phone.evidence(healthcode_server::ServerClock::now(&*server.clock));
        keeper.phone.record(&OperationBody::Paper(change), evidence);
        let outcome = keeper.sync(server).await.outcomes.remove(0);
        outcome.problem.map(|problem| problem.kind().word().to_owned())
    };
    let withdrawal = |paper: &PaperNotice| PaperChange::Withdraw { paper: Bytes(paper.id.to_vec()) };
    ask(&server, &mut keeper, PaperChange::Issue {}).await;
    let copy = back_up(&server);
    server.go_to(12, 9, 0);
    for _ in 0..2 {
        assert_eq!(ask(&server, &mut keeper, PaperChange::Issue {}).await, None);
    }
    let issued = keeper.phone.papers.clone();
    assert_eq!(ask(&server, &mut keeper, withdrawal(&issued[0])).await, None);

    restore(&mut server, Some(&copy)).await;
    server.go_to(13, 9, 0);
    keeper.recover(&server).await;
    assert_eq!(ask(&server, &mut keeper, withdrawal(&issued[0])).await.as_deref(), Some("already-done"));
    assert_eq!(ask(&server, &mut keeper, PaperChange::Issue {}).await, None);
    assert_eq!(ask(&server, &mut keeper, PaperChange::Issue {}).await.as_deref(), Some("limit"));
    assert_eq!(ask(&server, &mut keeper, withdrawal(&issued[1])).await, None);
}
