//! Attacks on what a gate trusts: an old list for the one in force, a list of other roots, too few of them, a list that
//! contradicts itself. The list in force stays in force whatever is offered.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "tests")]

use healthcode::token::envelope::{FormatError, Kind, sign_detached};
use healthcode::token::trust_list::{Issuer, RootSet, TrustListContent};
use healthcode::token::{KeyUse, TrustList, TrustListError, cbor};
use healthcode_attacks::world::{
    GUANGDONG, LIST_VERSION, Lane, ROOTS, STRANGER, content, green, guangdong, hours, issuer_key, key,
    public, roots, seed_of, signed_by, trust_bytes, zhejiang,
};
use minicbor::bytes::ByteVec;

fn open(bytes: &[u8]) -> Result<u32, TrustListError> {
    TrustList::open(bytes, &roots(), LIST_VERSION).map(|list| list.content().version)
}

fn of_version(version: u32) -> Vec<u8> {
    signed_by(&TrustListContent { version, ..content(vec![zhejiang(), guangdong()]) }, &ROOTS)
}

fn of(issuers: Vec<Issuer>) -> Result<u32, TrustListError> {
    open(&signed_by(&content(issuers), &ROOTS))
}

#[test]
fn a_rolled_back_list_is_refused_and_the_same_one_is_not() {
    assert_eq!(open(&trust_bytes()), Ok(LIST_VERSION));
    assert_eq!(open(&of_version(LIST_VERSION + 1)), Ok(LIST_VERSION + 1));
    for older in [0, 1, LIST_VERSION - 1] {
        assert_eq!(open(&of_version(older)), Err(TrustListError::RolledBack), "{older}");
    }
    assert_eq!(open(&of_version(u32::MAX)), Ok(u32::MAX));
}

#[test]
fn a_list_of_another_root_is_refused() {
    let own = content(vec![zhejiang(), guangdong()]);
    let refused = Err(TrustListError::Signatures);
    assert_eq!(open(&signed_by(&own, &[21, 22, 23])), refused, "keys of an issuer are no roots");
    assert_eq!(open(&signed_by(&own, &[STRANGER])), refused);
    assert_eq!(open(&signed_by(&own, &[STRANGER, ROOTS[0]])), refused, "one of two");
    assert_eq!(open(&signed_by(&own, &[])), refused);
    let theirs = RootSet { keys: vec![public(STRANGER), public(98)], ..roots() };
    assert_eq!(
        TrustList::open(&trust_bytes(), &theirs, LIST_VERSION).map(|_| ()),
        Err(TrustListError::Signatures)
    );
}

#[test]
fn one_root_is_no_threshold_however_often_it_signs() {
    let own = content(vec![zhejiang(), guangdong()]);
    for seeds in [&[11_u8][..], &[11, 11], &[11; 32], &[11, STRANGER, 98, 97]] {
        assert_eq!(open(&signed_by(&own, seeds)), Err(TrustListError::Signatures), "{seeds:?}");
    }
    assert_eq!(open(&signed_by(&own, &[11; 33])), Err(TrustListError::Form(FormatError::TooLarge)));
    assert!(open(&signed_by(&own, &[11, 12])).is_ok());
    let unset = RootSet { threshold: 0, ..roots() };
    assert_eq!(TrustList::open(&trust_bytes(), &unset, 0).map(|_| ()), Err(TrustListError::Signatures));
}

#[test]
fn a_list_signed_as_any_other_kind_is_none() {
    let payload = cbor::encode(&content(vec![zhejiang()]));
    for kind in Kind::all() {
        let sign = |seed: &u8| ByteVec::from(sign_detached(kind, &payload, &key(*seed)).unwrap());
        let signatures: Vec<ByteVec> = ROOTS.iter().map(sign).collect();
        let document = cbor::encode(&(ByteVec::from(payload.clone()), signatures));
        let expected = if kind == Kind::Trust { Ok(LIST_VERSION) } else { Err(TrustListError::Signatures) };
        assert_eq!(open(&document), expected, "{kind:?}");
    }
}

#[test]
fn a_skipped_root_version_is_refused_both_ways() {
    let own = content(vec![zhejiang()]);
    let of_root = |root_version| signed_by(&TrustListContent { root_version, ..own.clone() }, &ROOTS);
    assert_eq!(open(&of_root(1)), Ok(LIST_VERSION));
    for later in [2, 3, u32::MAX] {
        assert_eq!(open(&of_root(later)), Err(TrustListError::NextRoot), "{later}");
    }
    assert_eq!(open(&of_root(0)), Err(TrustListError::RolledBack));
}

#[test]
fn a_list_that_contradicts_itself_is_refused_whole() {
    let inconsistent = Err(TrustListError::Inconsistent);
    let tokens = seed_of(GUANGDONG, KeyUse::Tokens);
    for change in [
        // Zhejiang takes Guangdong's key for its own; its name; both at once.
        (|issuer: &mut Issuer, seed| issuer.keys.push(issuer_key(seed, KeyUse::Tokens)))
            as fn(&mut Issuer, u8),
        |issuer, seed| issuer.keys.push(issuer_key(seed, KeyUse::Acts)),
        |issuer, _| issuer.id = "guangdong".to_owned(),
        |issuer, _| issuer.colours = [0, 0, 3],
        |issuer, _| issuer.regions.push(0),
        |issuer, _| issuer.keys[0].not_before = issuer.keys[0].not_after,
    ] {
        let mut changed = zhejiang();
        change(&mut changed, tokens);
        assert_eq!(of(vec![changed, guangdong()]), inconsistent);
    }
    assert_eq!(of(vec![zhejiang(), zhejiang()]), inconsistent);
    assert_eq!(of(vec![zhejiang(), guangdong()]), Ok(LIST_VERSION));
}

#[test]
fn a_gate_without_a_list_in_force_judges_nothing() {
    let mut lane = Lane::firm(30);
    lane.trust = None;
    for text in [&green(30), "https://example.org", ""] {
        assert_eq!(lane.says(text), "connect_first Gate");
    }
    let expired = Lane::firm(hours(24 * 30));
    assert_eq!(expired.says(&green(hours(24 * 30))), "connect_first Gate");
    let last = Lane::firm(hours(24 * 30) - 1);
    assert_eq!(last.says(&green(30)), "renew");
}

#[test]
fn an_issuers_key_of_small_order_makes_a_list_invalid() {
    let mut weak = zhejiang();
    let identity = [&b"\xa3\x01\x01\x20\x06\x21\x58\x20\x01"[..], &[0; 31]].concat();
    weak.keys[0].cose_key = identity.into();
    assert_eq!(of(vec![weak]), Err(TrustListError::Inconsistent));
}
