//! Attacks on what root keys sign: the next set of root keys, outage notices; and on an authority's gate policies.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "tests")]
#![allow(clippy::print_stdout, reason = "the counts are told")]

use healthcode::rules::gate_policy::HANGZHOU_2020;
use healthcode::token::envelope::{FormatError, Kind, Naming, sign};
use healthcode::token::key::{Signer, SoftwareKey};
use healthcode::token::policy::{SignedPolicyError, open_policies, sign_policies};
use healthcode::token::trust_list::TrustListContent;
use healthcode::token::{
    KeyUse, OutageNotice, RootContent, RootError, RootSet, TokenError, TrustList, TrustListError,
};
use healthcode_attacks::forge::flips;
use healthcode_attacks::world::{
    GUANGDONG, LIST_VERSION, ROOTS, STRANGER, USES, ZHEJIANG, at, content, hours, key, public, roots,
    seed_of, signed_by, trust, zhejiang,
};

const NEXT: [u8; 3] = [14, 15, 16];

fn signers<T>(seeds: &[u8], with: impl FnOnce(&[&dyn Signer]) -> T) -> T {
    let keys: Vec<SoftwareKey> = seeds.iter().map(|seed| key(*seed)).collect();
    let signers: Vec<&dyn Signer> = keys.iter().map(|key| key as &dyn Signer).collect();
    with(&signers)
}

fn set(version: u32, by: &[u8]) -> Vec<u8> {
    let content = RootContent::new(version, 2, &NEXT.map(public), at(0), at(hours(24 * 365)));
    signers(by, |signers| content.sign(signers).unwrap())
}

const BOTH: [u8; 4] = [ROOTS[0], ROOTS[1], NEXT[0], NEXT[1]];

#[test]
fn a_skipped_repeated_or_older_root_version_is_refused() {
    let next = roots().succeed(&set(2, &BOTH)).unwrap();
    assert_eq!((next.version, next.threshold), (2, 2));
    for version in [0, 1, 3, 4, u32::MAX] {
        assert_eq!(roots().succeed(&set(version, &BOTH)), Err(RootError::Skipped), "{version}");
    }
    // The first set does not come back once the second is in force, and the same one not twice.
    assert_eq!(next.succeed(&set(2, &BOTH)), Err(RootError::Skipped));
}

#[test]
fn a_root_set_that_old_and_new_have_not_both_signed_is_refused() {
    for by in [
        &ROOTS[..],
        &NEXT[..],
        &[ROOTS[0], NEXT[0], NEXT[1]],
        &[ROOTS[0], ROOTS[1], NEXT[0]],
        &[ROOTS[0], ROOTS[0], NEXT[0], NEXT[0]],
        &[STRANGER, 98, NEXT[0], NEXT[1]],
        &[],
    ] {
        assert_eq!(roots().succeed(&set(2, by)), Err(RootError::Signatures), "{by:?}");
    }
}

#[test]
fn no_bit_of_a_root_document_or_a_notice_can_be_flipped() {
    let mut count = 0;
    for (bit, flipped) in flips(&set(2, &BOTH)) {
        let refused = roots().succeed(&flipped).unwrap_err();
        assert!(matches!(refused, RootError::Form(_) | RootError::Signatures), "bit {bit}: {refused}");
        count += 1;
    }
    let signed = signers(&ROOTS[..2], |signers| notice(48).sign(signers).unwrap());
    for (bit, flipped) in flips(&signed) {
        let refused = OutageNotice::open(&flipped, &roots()).unwrap_err();
        assert!(matches!(refused, RootError::Form(_) | RootError::Signatures), "bit {bit}: {refused}");
        count += 1;
    }
    println!("\nflipped-bits: {count}");
}

#[test]
fn a_list_of_the_roots_before_is_refused_once_they_were_replaced() {
    let next = roots().succeed(&set(2, &BOTH)).unwrap();
    let list = |root_version, by: &[u8]| {
        let content = TrustListContent { root_version, ..content(vec![zhejiang()]) };
        TrustList::open(&signed_by(&content, by), &next, LIST_VERSION).map(|_| ())
    };
    assert_eq!(list(2, &NEXT), Ok(()));
    assert_eq!(list(2, &ROOTS), Err(TrustListError::Signatures));
    assert_eq!(list(1, &ROOTS), Err(TrustListError::Signatures));
    assert_eq!(list(1, &NEXT), Err(TrustListError::RolledBack));
    assert_eq!(list(3, &NEXT), Err(TrustListError::NextRoot));
    // An expired set makes its list expire with it.
    let content =
        TrustListContent { root_version: 2, expires_at: at(hours(24 * 900)), ..content(vec![zhejiang()]) };
    let list = TrustList::open(&signed_by(&content, &NEXT), &next, LIST_VERSION).unwrap();
    assert!(!list.is_expired(at(hours(24 * 365) - 1)) && list.is_expired(at(hours(24 * 365))));
}

#[test]
fn one_roots_document_is_no_other() {
    let list = signed_by(&content(vec![zhejiang()]), &ROOTS);
    let signed = signers(&ROOTS, |signers| notice(48).sign(signers).unwrap());
    let next = set(2, &BOTH);
    assert_eq!(roots().succeed(&list), Err(RootError::Signatures));
    assert_eq!(roots().succeed(&signed), Err(RootError::Signatures));
    assert_eq!(OutageNotice::open(&list, &roots()), Err(RootError::Signatures));
    assert_eq!(OutageNotice::open(&next, &roots()), Err(RootError::Signatures));
    for bytes in [&signed, &next] {
        let refused = TrustList::open(bytes, &roots(), LIST_VERSION).map(|_| ());
        assert_eq!(refused, Err(TrustListError::Signatures));
    }
}

fn notice(given: u16) -> OutageNotice {
    OutageNotice::new(1, "zhejiang".to_owned(), 1, at(0), at(hours(100)), given)
}

#[test]
fn a_notice_is_the_roots_of_now_and_gives_a_week_at_most() {
    let open = |notice: &OutageNotice, by: &[u8], roots: &RootSet| {
        OutageNotice::open(&signers(by, |signers| notice.sign(signers).unwrap()), roots).map(|_| ())
    };
    assert_eq!(open(&notice(168), &ROOTS, &roots()), Ok(()));
    assert_eq!(open(&notice(169), &ROOTS, &roots()), Err(RootError::Form(FormatError::Value)));
    assert_eq!(open(&notice(u16::MAX), &ROOTS, &roots()), Err(RootError::Form(FormatError::Value)));
    assert_eq!(open(&notice(48), &ROOTS[..1], &roots()), Err(RootError::Signatures));
    assert_eq!(open(&notice(48), &[ZHEJIANG, STRANGER], &roots()), Err(RootError::Signatures), "an issuer's");
    let later = OutageNotice { root_version: 2, ..notice(48) };
    assert_eq!(open(&later, &ROOTS, &roots()), Err(RootError::Skipped));
    let ended = OutageNotice { ends_at: at(0), ..notice(48) };
    assert_eq!(open(&ended, &ROOTS, &roots()), Err(RootError::Form(FormatError::Value)));
    let nobody = OutageNotice { issuer: String::new(), ..notice(48) };
    assert_eq!(open(&nobody, &ROOTS, &roots()), Err(RootError::Form(FormatError::Value)));
}

#[test]
fn a_gates_policy_is_its_own_authoritys_signed_with_the_key_for_policies() {
    let open = |bytes: &[u8]| match open_policies(&trust(), "zhejiang", bytes) {
        Ok(policies) => Ok(policies.gates.len()),
        Err(SignedPolicyError::Token(error)) => Err(error),
        Err(SignedPolicyError::Policy(error)) => panic!("{error}"),
    };
    let own = key(seed_of(ZHEJIANG, KeyUse::Policy));
    assert_eq!(open(&sign_policies(HANGZHOU_2020, &own).unwrap()), Ok(3));
    for key_use in USES.into_iter().filter(|key_use| *key_use != KeyUse::Policy) {
        let other = key(seed_of(ZHEJIANG, key_use));
        assert_eq!(
            open(&sign_policies(HANGZHOU_2020, &other).unwrap()),
            Err(TokenError::UnknownKey),
            "{key_use:?}"
        );
    }
    let theirs = key(seed_of(GUANGDONG, KeyUse::Policy));
    assert_eq!(open(&sign_policies(HANGZHOU_2020, &theirs).unwrap()), Err(TokenError::UnknownKey));
    for kind in Kind::all().into_iter().filter(|kind| *kind != Kind::Policy) {
        let bytes = sign(kind, Naming::ById, HANGZHOU_2020, &own).unwrap();
        assert_eq!(open(&bytes), Err(TokenError::Signature), "{kind:?}");
    }
}
