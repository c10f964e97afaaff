//! Keys that were removed or gave way: nothing that they say later has an effect, and no database that came back revives
//! them.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

mod support;

use healthcode::rules::colour::Colour;
use healthcode::token::consent::Purpose;
use healthcode::wire::act::Whom;
use healthcode::wire::message::{OutcomeKind, SyncRequest, SyncResponse};
use healthcode::wire::operation::CareChange;
use healthcode::wire::{Act, OperationBody};
use healthcode_server::OfficerRole::Relations;
use support::family::{care_for, consent, hand_over};
use support::keeper::{Keeper, back_up, in_quarantine, restore};
use support::officer::{Officer, logged};
use support::phone::{Phone, Told, WUHAN, key, well, yellow};
use support::{Server, at, li_si, sun_qi, zhang_san};

const ACCEPTED: Told = (OutcomeKind::Accepted, None, None, None);

fn end(phone: &mut Phone, key: [u8; 8], day: u32) {
    let evidence = phone.evidence(at(day, 9, 0));
    phone.record(&OperationBody::Care(CareChange { end: key.to_vec().into() }), evidence);
}

/// A child of two carers, of whom the first is ended by an officer at 10:00 of the 12th.
async fn one_of_two_is_ended(server: &Server, declared: bool) -> (Phone, Phone) {
    let (one, two) = (Phone::enrol(server, &zhang_san(), 1).await, Phone::enrol(server, &li_si(), 2).await);
    let mut mother = care_for(server, &one, &sun_qi(), 10, false).await;
    let mut father = care_for(server, &two, &sun_qi(), 11, false).await;
    if declared {
        father.declare(server, well(WUHAN, 11));
    }
    for phone in [&mut father, &mut mother] {
        phone.sync(server).await;
    }
    server.go_to(12, 10, 0);
    let (whom, key) = (Whom::Subject(mother.subject), mother.key_id().to_vec().into());
    Officer::with(server, 50, "甲", &[Relations]).done(server, Act::EndCare { whom, key }).await;
    assert_eq!(logged(server, mother.subject), ["end-care"]);
    father.sync(server).await;
    assert_eq!(father.acts.len(), 1);
    assert!(is_replaced(server, &mother).await);
    (mother, father)
}

async fn told(server: &Server, phone: &Phone) -> Vec<Option<String>> {
    let response: SyncResponse = phone.send(server, &phone.request(server)).await.json();
    let problem = |outcome: &healthcode::wire::message::Outcome| outcome.problem.clone();
    let problems = response.outcomes.iter().map(problem);
    problems.map(|problem| problem.map(|problem| problem.kind().word().to_owned())).collect()
}

#[tokio::test]
async fn whoever_was_removed_declares_for_nobody() {
    let server = Server::start_family().await;
    let (mut mother, mut father) = one_of_two_is_ended(&server, false).await;
    // Made before by the phone's own word.
    let evidence = mother.evidence(at(12, 9, 0));
    mother.record(&OperationBody::Declaration(well(WUHAN, 12)), evidence);
    assert_eq!(told(&server, &mother).await, [Some("replaced".to_owned())]);
    father.sync(&server).await;
    assert_eq!((father.colour(), father.ratings.len()), (None, 0));
    father.declare(&server, well("[]", 12));
    father.sync(&server).await;
    assert_eq!((father.colour().is_some(), father.ratings.len()), (true, 1));
}

#[tokio::test]
async fn whoever_was_removed_gives_nobody_a_colour_by_symptoms() {
    let server = Server::start().await;
    let carer = Phone::enrol(&server, &zhang_san(), 1).await;
    let mut own = Phone::enrol(&server, &li_si(), 2).await;
    let mut caring = care_for(&server, &carer, &li_si(), 10, true).await;
    own.declare(&server, well("[]", 11));
    own.sync(&server).await;
    caring.sync(&server).await;
    server.go_to(12, 10, 0);
    end(&mut own, caring.key_id(), 12);
    assert_eq!(own.sync(&server).await, [ACCEPTED]);
    // Made before, by the phone's own word.
    server.go_to(12, 12, 0);
    caring.tap_under(at(12, 9, 0), None, &["fever"]);
    assert_eq!(told(&server, &caring).await, [None]);
    own.sync(&server).await;
    assert_eq!((own.colour(), own.ratings.len()), (Some(Colour::Green), 1));
}

#[tokio::test]
async fn whoever_was_removed_tells_of_no_symptoms_and_only_the_days_of_before_count() {
    let server = Server::start_family().await;
    let (mut mother, mut father) = one_of_two_is_ended(&server, true).await;
    assert_eq!(father.colour(), Some(Colour::Yellow));
    let order = Some(father.orders[0].order);
    // Off the air on the morning of the 12th, before the end; an hour after it, dated before by the phone's own word; and
    // after a restart, which leaves the time open.
    let before = mother.tap_under(at(12, 9, 0), order, &["fever"]);
    let mut posed = mother.evidence(at(12, 9, 30));
    posed.boot_millis += 2 * 3_600_000;
    posed.lower_bound = at(12, 9, 30);
    let check_in = healthcode::wire::CheckIn { symptoms: vec!["fever".to_owned()], order };
    let posed = mother.record(&OperationBody::CheckIn(check_in.clone()), posed);
    mother.boot = 2;
    let mut open = mother.evidence(at(12, 9, 45));
    open.lower_bound = at(12, 9, 45);
    let open = mother.record(&OperationBody::CheckIn(check_in), open);
    mother.boot = 1;
    server.go_to(12, 12, 0);
    assert_eq!(told(&server, &mother).await, [None, None, None], "delivered, whatever becomes of it");
    let rated = father.ratings.len();
    father.sync(&server).await;
    assert_eq!((father.colour(), father.ratings.len()), (Some(Colour::Yellow), rated), "no symptoms");
    assert_eq!(father.day_of(before), Some(12));
    let judged = |operation| father.judgements.iter().any(|judged| judged.operation == operation);
    assert!(!judged(posed) && !judged(open), "what may be later is not looked at");
}

async fn is_replaced(server: &Server, phone: &Phone) -> bool {
    let request = SyncRequest { cursor: None, ..phone.request(server) };
    let response: SyncResponse = phone.send(server, &request).await.json();
    response.replaced && response.token.is_none()
}

#[tokio::test]
async fn who_was_removed_stays_so_in_a_database_that_came_back() {
    let mut server = Server::start().await;
    let carer = Phone::enrol(&server, &li_si(), 2).await;
    let mut keeper = in_quarantine(&server).await;
    let caring = care_for(&server, &carer, &zhang_san(), 10, true).await;
    keeper.sync(&server).await;
    let copy = back_up(&server);
    server.go_to(12, 9, 0);
    let evidence = keeper.phone.evidence(at(12, 9, 0));
    let end = OperationBody::Care(CareChange { end: caring.key_id().to_vec().into() });
    keeper.phone.record(&end, evidence);
    keeper.sync(&server).await;
    assert!(is_replaced(&server, &caring).await);

    restore(&mut server, Some(&copy)).await;
    server.go_to(13, 9, 0);
    let mut revived = caring;
    revived.cursor = None;
    revived.sync(&server).await;
    let token = revived.token.clone().unwrap();
    keeper.recover(&server).await;
    assert!(is_replaced(&server, &revived).await);
    let list = token.status.list;
    server.go_to(13, 9, 2);
    let answer = server.get(&format!("{}{list}", healthcode::wire::message::STATUS_PATH_PREFIX)).await;
    let trust = server.trust().await;
    let statuses = trust.open_status_list(&answer.body).unwrap().object;
    assert_eq!(statuses.status(token.status.index), Some(1), "what it was given meanwhile passes no gate");
    // Whoever is asked again by the person's code begins anew.
    let anew = care_for(&server, &carer, &zhang_san(), 11, true).await;
    assert!(!is_replaced(&server, &anew).await);
    keeper.sync(&server).await;
    assert_eq!(keeper.phone.colour(), Some(Colour::Yellow));
}

#[tokio::test]
async fn a_phone_that_was_handed_over_does_not_come_back_with_the_database() {
    let mut server = Server::start().await;
    let old = yellow(&server).await;
    let carer = Phone::enrol(&server, &li_si(), 2).await;
    let phone = care_for(&server, &carer, &zhang_san(), 10, true).await;
    let mut caring = Keeper { phone, kept: Vec::new() };
    caring.sync(&server).await;
    let copy = back_up(&server);
    server.go_to(12, 9, 0);
    let agreed = consent(&old, Purpose::Handover, &key(3), at(12, 9, 0));
    assert_eq!(hand_over(&server, old.subject, &key(3), agreed).await.status, 200);
    caring.sync(&server).await;
    assert!(is_replaced(&server, &old).await);

    restore(&mut server, Some(&copy)).await;
    server.go_to(13, 9, 0);
    assert!(!is_replaced(&server, &old).await, "nobody has told the server yet");
    caring.recover(&server).await;
    assert!(is_replaced(&server, &old).await);
    assert!(!is_replaced(&server, &caring.phone).await);
}

#[tokio::test]
async fn a_phone_that_was_refused_takes_nobodys_place_in_a_database_that_came_back() {
    let mut server = Server::start().await;
    let mut keeper = in_quarantine(&server).await;
    let copy = back_up(&server);
    // Somebody with the number asks for a second phone, and the first one says no.
    let second = Phone::enrol(&server, &zhang_san(), 5).await;
    keeper.sync(&server).await;
    let evidence = keeper.phone.evidence(at(11, 9, 0));
    let consent = healthcode::wire::Consent { key: second.key_id().to_vec().into(), allow: false };
    keeper.phone.record(&OperationBody::Consent(consent), evidence);
    keeper.sync(&server).await;
    restore(&mut server, Some(&copy)).await;
    server.go_to(13, 9, 0);
    keeper.recover(&server).await;
    assert!(!is_replaced(&server, &keeper.phone).await);
}
