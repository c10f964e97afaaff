//! A quarantine's proof around what is about somebody else.

#![allow(clippy::unwrap_used, reason = "tests")]

use healthcode::token::trust_list::seal;
use healthcode::token::{KeyUse, Release, SubjectId};
use healthcode::wire::proof::{ProofError, QuarantineProof};
use healthcode_attacks::objects::{self, order, release};
use healthcode_attacks::world::{ZHEJIANG, at, hours, key, seed_of, trust};

fn proof_of(release: &Release) -> Result<(), ProofError> {
    let signer = key(seed_of(ZHEJIANG, KeyUse::Decisions));
    let proof = QuarantineProof {
        format: 1,
        issuer: "zhejiang".to_owned(),
        order: healthcode::wire::Bytes(seal(&order(), &signer).unwrap()),
        entries: Vec::new(),
        judgements: Vec::new(),
        confirmation: None,
        release: Some(healthcode::wire::Bytes(seal(release, &signer).unwrap())),
    };
    proof.verify(&trust(), at(hours(24 * 8))).map(|_| ())
}

#[test]
fn another_subjects_release_ends_no_order() {
    assert_eq!(proof_of(&release()), Ok(()));
    let other = Release { subject: SubjectId([2; 16]), ..release() };
    assert_eq!(proof_of(&other), Err(ProofError::Foreign));
    let another = Release { order: healthcode::token::OrderId([9; 8]), ..release() };
    assert_eq!(proof_of(&another), Err(ProofError::Foreign));
    let older = Release { serial: objects::order().serial, ..release() };
    assert_eq!(proof_of(&older), Err(ProofError::Foreign));
}
