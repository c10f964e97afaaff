//! A quarantine's proof around what is about somebody else.

#![allow(clippy::unwrap_used, reason = "tests")]

use healthcode::rules::calendar::Timestamp;
use healthcode::token::trust_list::seal;
use healthcode::token::{KeyUse, Order, OrderId, Release, SubjectId};
use healthcode::wire::proof::{ProofError, QuarantineProof};
use healthcode_attacks::objects::{self, order, release};
use healthcode_attacks::world::{ZHEJIANG, at, hours, key, seed_of, trust};

fn proof_of(release: &Release) -> Result<(), ProofError> {
    proof(&order(), None, Some(release)).map(|_| ())
}

/// What a proof of these objects comes to: until when its order is provisional.
fn proof(
    order: &Order,
    confirmation: Option<&Order>,
    release: Option<&Release>,
) -> Result<Option<Timestamp>, ProofError> {
    let signer = key(seed_of(ZHEJIANG, KeyUse::Decisions));
    let proof = QuarantineProof {
        format: 1,
        issuer: "zhejiang".to_owned(),
        order: healthcode::wire::Bytes(seal(order, &signer).unwrap()),
        entries: Vec::new(),
        judgements: Vec::new(),
        confirmation: confirmation.map(|order| healthcode::wire::Bytes(seal(order, &signer).unwrap())),
        release: release.map(|release| healthcode::wire::Bytes(seal(release, &signer).unwrap())),
    };
    proof.verify(&trust(), at(hours(24 * 8))).map(|proven| proven.provisional_until)
}

#[test]
fn another_subjects_release_ends_no_order() {
    assert_eq!(proof_of(&release()), Ok(()));
    let other = Release { subject: SubjectId([2; 16]), ..release() };
    assert_eq!(proof_of(&other), Err(ProofError::Foreign));
    let another = Release { order: OrderId([9; 8]), ..release() };
    assert_eq!(proof_of(&another), Err(ProofError::Foreign));
    let older = Release { serial: objects::order().serial, ..release() };
    assert_eq!(proof_of(&older), Err(ProofError::Foreign));
}

#[test]
fn an_officers_order_is_confirmed_by_itself_alone() {
    let until = Some(at(hours(72)));
    let provisional = Order { rule: "manual".to_owned(), provisional_until: until, ..order() };
    let confirmed = Order { serial: provisional.serial + 1, provisional_until: None, ..provisional.clone() };
    assert_eq!(proof(&provisional, None, None), Ok(until));
    assert_eq!(proof(&provisional, Some(&confirmed), None), Ok(None));
    for wrong in [
        Order { subject: SubjectId([2; 16]), ..confirmed.clone() },
        Order { order: OrderId([9; 8]), ..confirmed.clone() },
        Order { days: confirmed.days + 1, ..confirmed.clone() },
        Order { serial: provisional.serial, ..confirmed.clone() },
        provisional.clone(),
    ] {
        assert_eq!(proof(&provisional, Some(&wrong), None), Err(ProofError::Foreign));
    }
    // What was never provisional is not confirmed.
    assert_eq!(proof(&order(), Some(&confirmed), None), Err(ProofError::Foreign));
}
