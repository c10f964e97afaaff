//! Handover at the wire: a subject moves to the phone of another key.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

mod support;

use healthcode::rules::colour::Colour;
use healthcode::token::consent::Purpose;
use healthcode::token::{KeyConsent, Signer as _, SubjectId};
use healthcode::wire::Bytes;
use healthcode::wire::message::{Enrolled, OutcomeKind, SyncResponse};
use support::family::{care_for, consent, hand_over};
use support::phone::{Phone, key, yellow};
use support::{Server, at, li_si, sun_qi, zhang_san};

#[tokio::test]
async fn the_new_phone_is_active_at_once_with_colour_and_days_and_the_old_one_is_told() {
    let server = Server::start().await;
    let mut old = yellow(&server).await;
    server.go_to(12, 9, 0);
    old.tap(at(12, 9, 0));
    old.sync(&server).await;
    let (new, agreed) = (key(2), consent(&old, Purpose::Handover, &key(2), at(12, 9, 0)));
    let enrolled: Enrolled = hand_over(&server, old.subject, &new, agreed.clone()).await.json();
    assert_eq!((enrolled.subject, enrolled.pending_until, enrolled.carer), (old.subject, None, None));
    // Asked again, also long after: the answer was lost.
    server.go_to(14, 9, 0);
    let again: Enrolled = hand_over(&server, old.subject, &new, agreed.clone()).await.json();
    assert_eq!(again, enrolled);
    let mut phone = Phone::of(enrolled, new, 2);
    phone.tap_under(at(14, 9, 0), None, &[]);
    assert_eq!(phone.sync(&server).await.len(), 1);
    assert_eq!((phone.colour(), phone.orders.len()), (Some(Colour::Yellow), 1));
    assert_eq!(phone.judgements.iter().filter(|judged| judged.day.is_some()).count(), 2, "days go on");
    let told: SyncResponse = old.send(&server, &old.request(&server)).await.json();
    assert!(told.replaced && told.token.is_none());

    // It has moved on: what moved it to here does so no more.
    let onward = consent(&phone, Purpose::Handover, &key(3), at(14, 9, 0));
    assert_eq!(hand_over(&server, old.subject, &key(3), onward).await.status, 200);
    let back = consent(&phone, Purpose::Handover, &key(4), at(14, 9, 0));
    assert_eq!(hand_over(&server, old.subject, &key(4), back).await.problem().1, "replaced");
}

#[tokio::test]
async fn what_does_not_fit_moves_nobody_and_tells_nothing() {
    let server = Server::start().await;
    let old = yellow(&server).await;
    let other = Phone::enrol(&server, &li_si(), 9).await;
    let (new, now) = (key(2), at(11, 9, 0));
    let elsewhere = KeyConsent::new(Purpose::Handover, old.subject, &new.public_key(), now, "shenzhen");
    let nobody = (404, "unknown-subject".to_owned(), None);
    for (subject, consent) in [
        (old.subject, consent(&old, Purpose::Care, &new, now)),
        (old.subject, consent(&old, Purpose::Handover, &key(3), now)),
        (old.subject, consent(&other, Purpose::Handover, &new, now)),
        (other.subject, consent(&old, Purpose::Handover, &new, now)),
        (SubjectId([9; 16]), consent(&old, Purpose::Handover, &new, now)),
        (old.subject, elsewhere.sign(&old.key).unwrap().into()),
        (old.subject, Bytes(vec![0; 64])),
        (old.subject, Bytes(Vec::new())),
    ] {
        assert_eq!(hand_over(&server, subject, &new, consent).await.problem(), nobody);
    }
    let late = consent(&old, Purpose::Handover, &new, now);
    server.go_to(12, 9, 0);
    assert_eq!(hand_over(&server, old.subject, &new, late).await.problem().1, "late");
    let response: SyncResponse = old.send(&server, &old.request(&server)).await.json();
    assert!(!response.replaced, "nobody was moved");
}

#[tokio::test]
async fn a_key_that_waits_gives_way_and_neither_it_nor_an_ended_care_moves_anything() {
    let server = Server::start_family().await;
    let first = Phone::enrol(&server, &zhang_san(), 1).await;
    let waiting = Phone::enrol(&server, &zhang_san(), 2).await;
    assert!(waiting.enrolled.pending_until.is_some());
    let now = at(11, 9, 0);
    let early = consent(&waiting, Purpose::Handover, &key(3), now);
    assert_eq!(hand_over(&server, first.subject, &key(3), early).await.problem().1, "unknown-subject");
    let agreed = consent(&first, Purpose::Handover, &key(4), now);
    let enrolled: Enrolled = hand_over(&server, first.subject, &key(4), agreed).await.json();
    let gone = waiting.send(&server, &waiting.request(&server)).await;
    assert_eq!(gone.problem().1, "unknown-subject");

    // A carer's phone hands over what it cares for, and stays a carer's.
    let carer = Phone::of(enrolled, key(4), 4);
    let mother = care_for(&server, &carer, &sun_qi(), 10, false).await;
    let father = Phone::enrol(&server, &li_si(), 5).await;
    let mut father = care_for(&server, &father, &sun_qi(), 11, false).await;
    let agreed = consent(&mother, Purpose::Handover, &key(12), now);
    let enrolled: Enrolled = hand_over(&server, mother.subject, &key(12), agreed).await.json();
    assert_eq!(enrolled.carer, Some(carer.subject));
    father.sync(&server).await;
    let told = father.notices.last().unwrap();
    let name = told.carer.clone().map(|of| (of.carer, of.name));
    assert_eq!((told.key, name), (key(12).public_key().id(), Some((carer.subject, "*三".to_owned()))));
    let mut next = Phone::of(enrolled, key(12), 12);
    let end = healthcode::wire::operation::CareChange { end: next.key_id().to_vec().into() };
    let evidence = next.evidence(now);
    next.record(&healthcode::wire::OperationBody::Care(end), evidence);
    assert_eq!(next.sync(&server).await, [(OutcomeKind::Accepted, None, None, None)]);
    let agreed = consent(&next, Purpose::Handover, &key(13), now);
    assert_eq!(hand_over(&server, mother.subject, &key(13), agreed).await.problem().1, "replaced");
}
