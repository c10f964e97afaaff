//! Status lists in their one form: the draft's, signed by a key for status lists, for a URI of its issuer.
//!
//! The wrong forms here are signed by the right key over the very bytes that they show.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    missing_docs,
    reason = "tests"
)]

mod support;

use std::collections::BTreeSet;

use healthcode::token::envelope::{FormatError, TokenError};
use healthcode::token::key::{Signer, SignerError};
use healthcode::token::status_list::{Bits, MAX_BYTES, MAX_PACKED, MAX_URI, MEDIA_TYPE, StatusListError};
use healthcode::token::trust_list::KeyUse;
use healthcode::token::{PublicKey, SignedStatusList, StatusListContent, Statuses};
use proptest::prelude::*;
use support::status_list::{
    Claims, Crafted, OTHER_STATUS, SEVENTH, STATUS, URI, byte_string, cbor, signed_stream, status_content,
    status_trust, zlib,
};
use support::{
    DECISIONS, HardwareKey, STRANGER, TOKENS, at, hours, issuer, issuer_key, key, public, runs, trust_of,
};

/// Why the issuers' trust list refuses a status list.
fn refused(bytes: &[u8]) -> TokenError {
    status_trust().open_status_list(bytes).unwrap_err()
}

fn signed(content: &StatusListContent, seed: u8) -> Vec<u8> {
    content.sign(&key(seed)).unwrap()
}

fn own() -> Crafted {
    let packed = [0b0000_0001, 0b0000_0010, 0b0000_1000];
    Crafted::of(&Claims::of(1, &zlib(&packed)))
}

fn claims() -> Claims {
    Claims::of(1, &zlib(b"\x01\x02\x08"))
}

/// Why a list of these claims is refused.
fn refused_claims(change: impl FnOnce(&mut Vec<Vec<u8>>)) -> TokenError {
    let mut claims = claims();
    change(&mut claims.0);
    refused(&Crafted::of(&claims).sign())
}

#[test]
fn a_list_says_which_of_its_places_are_withdrawn() {
    let (trust, bytes) = (status_trust(), signed(&status_content(), STATUS));
    let opened = trust.open_status_list(&bytes).unwrap();
    assert_eq!((opened.issuer.id.as_str(), opened.object.number()), ("zhejiang", 1));
    let list = opened.object;
    assert_eq!(list.content(), &status_content());
    let withdrawn: Vec<u32> = (0..24).filter(|index| list.status(*index) == Some(1)).collect();
    assert_eq!(withdrawn, [0, 9, 19]);
    // Twenty places fill up three bytes; what fills up is valid, what lies beyond has no status.
    assert_eq!((list.status(23), list.status(24), list.status(u32::MAX)), (Some(0), None, None));
    assert_eq!(list.content().statuses.places(), 24);
    assert!(!list.content().is_expired(at(hours(24) - 1)) && list.content().is_expired(at(hours(24))));
}

#[test]
fn the_signed_form_is_the_drafts_to_the_byte() {
    let bytes = signed(&status_content(), STATUS);
    assert_eq!(bytes, own().sign());
    let parsed = SignedStatusList::parse(&bytes).unwrap();
    assert_eq!(parsed.key_id(), public(STATUS).id());
    assert_eq!(parsed.unverified_content(), Ok(status_content()));
    assert_eq!(parsed.verify(&public(STATUS)), Ok(status_content()));
    assert_eq!(parsed.verify(&public(STRANGER)), Err(TokenError::UnknownKey));
    let text = format!("{parsed:?} {:?}", status_content());
    assert!(text.contains("EdDsa") && text.contains("24 places of 1 bits"), "{text}");
}

#[test]
fn a_hardware_key_signs_lists_too() {
    for high_s in [false, true] {
        let hardware = HardwareKey::new(high_s);
        let bytes = status_content().sign(&hardware).unwrap();
        let parsed = SignedStatusList::parse(&bytes).unwrap();
        assert_eq!(parsed.verify(&hardware.public_key()), Ok(status_content()));
    }
}

#[test]
fn a_key_that_does_not_sign_is_named() {
    struct Locked;
    impl Signer for Locked {
        fn public_key(&self) -> PublicKey {
            public(STATUS)
        }
        fn sign(&self, _: &[u8]) -> Result<[u8; 64], SignerError> {
            Err(SignerError::Locked)
        }
    }
    assert_eq!(status_content().sign(&Locked), Err(StatusListError::Signer(SignerError::Locked)));
}

#[test]
fn another_tag_or_none_is_refused() {
    // COSE_Sign; a CWT tag around it (RFC 8392, 6); no tag; 18 in two bytes; and an array of three or five.
    let forms: [(&[u8], FormatError); 6] = [
        (&[0xd8, 98, 0x84], FormatError::NotSign1),
        (&[0xd8, 61, 0xd2, 0x84], FormatError::NotSign1),
        (&[0x84], FormatError::NotSign1),
        (&[0xd8, 18, 0x84], FormatError::NotDeterministic),
        (&[0xd2, 0x83], FormatError::NotSign1),
        (&[0xd2, 0x85], FormatError::NotSign1),
    ];
    for (head, error) in forms {
        let crafted = Crafted { head: head.to_vec(), ..own() };
        assert_eq!(refused(&crafted.sign()), error.into(), "{head:02x?}");
    }
}

#[test]
fn the_protected_header_has_these_three_entries_and_no_other() {
    let id = public(STATUS).id();
    let alg = |number: i8| cbor(|e| drop(e.u8(1).unwrap().i8(number)));
    let kid = |id: &[u8]| cbor(|e| drop(e.u8(4).unwrap().bytes(id)));
    let typ = |text: &str| cbor(|e| drop(e.u8(16).unwrap().str(text)));
    let own_typ = || typ(MEDIA_TYPE);
    let cases = [
        (vec![alg(-8), kid(&id), typ("application/statuslist+jwt")], FormatError::ProtectedHeader),
        (vec![alg(-8), kid(&id), typ("statuslist+cwt")], FormatError::ProtectedHeader),
        (vec![alg(-8), kid(&id), vec![0x10, 0x18, 61]], FormatError::ProtectedHeader),
        (vec![alg(-8), kid(&id)], FormatError::ProtectedHeader),
        (vec![alg(-8), own_typ()], FormatError::ProtectedHeader),
        (vec![alg(-8), kid(&id[..7]), own_typ()], FormatError::ProtectedHeader),
        (vec![alg(-8), own_typ(), kid(&id)], FormatError::ProtectedHeader),
        (vec![kid(&id), alg(-8), own_typ()], FormatError::ProtectedHeader),
        (vec![alg(-8), vec![2, 0x81, 0x10], kid(&id), own_typ()], FormatError::ProtectedHeader),
        (vec![alg(-8), alg(-8), own_typ()], FormatError::ProtectedHeader),
        (vec![vec![1, 0], kid(&id), own_typ()], FormatError::Algorithm),
        (vec![alg(-16), kid(&id), own_typ()], FormatError::Algorithm),
        (vec![alg(-7), kid(&id), own_typ()], FormatError::Algorithm),
        (vec![vec![0x18, 1, 0x27], kid(&id), own_typ()], FormatError::NotDeterministic),
    ];
    for (entries, error) in cases {
        let protected = Claims(entries).payload();
        let crafted = Crafted { protected: protected.clone(), ..own() };
        assert_eq!(refused(&crafted.sign()), error.into(), "{protected:02x?}");
    }
    let trailing = Crafted { protected: [own().protected, vec![0]].concat(), ..own() };
    assert_eq!(refused(&trailing.sign()), FormatError::NotDeterministic.into());
}

#[test]
fn an_unprotected_header_is_refused_even_with_the_right_key_id() {
    let kid = cbor(|e| drop(e.map(1).unwrap().u8(4).unwrap().bytes(&public(STATUS).id())));
    let crafted = Crafted { unprotected: kid, ..own() };
    assert_eq!(refused(&crafted.sign()), FormatError::UnprotectedHeader.into());
}

#[test]
fn a_payload_or_signature_of_another_shape_is_refused() {
    let (bytes, payload) = (own().sign(), byte_string(&own().payload));
    let at = bytes.len() - 66 - payload.len();
    let detached = [&bytes[..at], &[0xf6], &bytes[at + payload.len()..]].concat();
    assert_eq!(refused(&detached), FormatError::Payload.into());
    let short = [&bytes[..bytes.len() - 66], &byte_string(&bytes[bytes.len() - 63..])].concat();
    assert_eq!(refused(&short), FormatError::SignatureLength.into());
}

#[test]
fn a_signature_with_other_context_is_none() {
    assert_eq!(refused(&own().sign_over(b"hc/1/token")), TokenError::Signature);
}

#[test]
fn the_payload_has_these_claims_in_this_order_and_no_other() {
    let content = TokenError::Form(FormatError::Content);
    for missing in 0..5 {
        assert_eq!(refused_claims(|claims| drop(claims.remove(missing))), content, "claim {missing}");
    }
    for twice in 0..5 {
        assert_eq!(refused_claims(|claims| claims.insert(twice, claims[twice].clone())), content);
    }
    for early in 0..4 {
        assert_eq!(refused_claims(|claims| claims.swap(early, early + 1)), content);
    }
    // An issuer claim, as the draft's JWT has it.
    assert_eq!(refused_claims(|claims| claims.insert(0, b"\x01\x61z".to_vec())), content);
    let stream = zlib(b"\x01");
    let bits_first = cbor(|e| {
        e.u32(65_533).unwrap().map(2).unwrap();
        e.str("bits").unwrap().u8(1).unwrap().str("lst").unwrap().bytes(&stream).unwrap();
    });
    assert_eq!(refused_claims(|claims| claims[3] = bits_first), content);
    let aggregated = cbor(|e| {
        e.u32(65_533).unwrap().map(3).unwrap().str("lst").unwrap().bytes(&stream).unwrap();
        e.str("bits").unwrap().u8(1).unwrap().str("aggregation_uri").unwrap().str(URI).unwrap();
    });
    assert_eq!(refused_claims(|claims| claims[3] = aggregated), content);
    for bits in [0, 3, 5, 7, 16, 255] {
        assert_eq!(refused(&signed_stream(bits, &stream)), content, "{bits}");
    }
}

#[test]
fn other_encodings_of_the_same_payload_are_refused() {
    let uri_in_pieces = [&[2, 0x7f][..], &cbor(|e| drop(e.str(URI))), &[0xff]].concat();
    let indefinite = [&[0xbf][..], &claims().0.concat(), &[0xff]].concat();
    let trailing = [claims().payload(), vec![0]].concat();
    let long_label = [&[0x18, 4][..], &claims().0[1][1..]].concat();
    let long_ttl = [&claims().0[4][..3], &[0x1a, 0, 0, 0xa8, 0xc0]].concat();
    assert_eq!(refused_claims(|claims| claims[0] = uri_in_pieces), FormatError::Content.into());
    for payload in [indefinite, trailing] {
        let error = refused(&Crafted { payload, ..own() }.sign());
        let named = [FormatError::Content.into(), FormatError::NotDeterministic.into()];
        assert!(named.contains(&error), "{error}");
    }
    assert_eq!(refused_claims(|claims| claims[1] = long_label), FormatError::NotDeterministic.into());
    assert_eq!(refused_claims(|claims| claims[4] = long_ttl), FormatError::NotDeterministic.into());
}

#[test]
fn times_and_uris_that_no_list_can_have_are_refused_and_not_signed() {
    let changes: [fn(&mut StatusListContent); 5] = [
        |list| list.expires_at = list.issued_at,
        |list| list.expires_at = at(-1),
        |list| list.ttl = 0,
        |list| list.uri.clear(),
        |list| list.uri = "u".repeat(MAX_URI + 1),
    ];
    for change in changes {
        let mut content = status_content();
        change(&mut content);
        assert_eq!(content.sign(&key(STATUS)), Err(FormatError::Value.into()));
        let stream = zlib(content.statuses.packed());
        let mut claims = Claims::of(1, &stream);
        claims.0[0] = cbor(|e| drop(e.u8(2).unwrap().str(&content.uri)));
        claims.0[1] = cbor(|e| drop(e.u8(4).unwrap().i64(content.expires_at.seconds())));
        claims.0[4] = cbor(|e| drop(e.u32(65_534).unwrap().u32(content.ttl)));
        assert_eq!(refused(&Crafted::of(&claims).sign()), FormatError::Value.into());
    }
    for (claim, label) in [(1, 4), (2, 6)] {
        for seconds in [-1, i64::MIN, i64::MAX] {
            let instant = cbor(|e| drop(e.u8(label).unwrap().i64(seconds)));
            assert_eq!(refused_claims(|claims| claims[claim] = instant), FormatError::Content.into());
        }
    }
}

#[test]
fn only_a_key_for_status_lists_signs_them() {
    for seed in [STRANGER, TOKENS, DECISIONS] {
        assert_eq!(refused(&signed(&status_content(), seed)), TokenError::UnknownKey);
    }
}

#[test]
fn a_list_is_of_a_uri_of_its_own_issuer() {
    let seventh = StatusListContent { uri: SEVENTH.to_owned(), ..status_content() };
    let number = |content| status_trust().open_status_list(&signed(content, STATUS)).unwrap().object.number();
    assert_eq!((number(&status_content()), number(&seventh)), (1, 7));
    for uri in ["https://zhejiang.example/v1/lists/2", "https://zhejiang.example/v1/lists/1/", &URI[..34]] {
        let content = StatusListContent { uri: uri.to_owned(), ..status_content() };
        assert_eq!(refused(&signed(&content, STATUS)), TokenError::OtherSubject);
    }
    assert_eq!(refused(&signed(&status_content(), OTHER_STATUS)), TokenError::OtherSubject);
}

#[test]
fn a_list_is_issued_in_its_keys_window() {
    let issued = |seconds: i64| {
        let content =
            StatusListContent { issued_at: at(seconds), expires_at: at(hours(24 * 30)), ..status_content() };
        status_trust().open_status_list(&signed(&content, STATUS)).map(|_| ())
    };
    assert_eq!(issued(-hours(24)), Ok(()));
    assert_eq!(issued(hours(24 * 7) - 1), Ok(()));
    for outside in [-hours(24) - 1, hours(24 * 7), hours(24 * 8)] {
        assert_eq!(issued(outside), Err(TokenError::OutsideKeyWindow));
    }
}

#[test]
fn an_emergency_removal_makes_the_key_unknown() {
    let mut own = issuer();
    own.keys.push(issuer_key(OTHER_STATUS, KeyUse::Status));
    let bytes = signed(&status_content(), STATUS);
    assert_eq!(trust_of(vec![own]).open_status_list(&bytes).unwrap_err(), TokenError::UnknownKey);
}

#[test]
fn every_bit_flipped_is_refused() {
    let (trust, bytes) = (status_trust(), signed(&status_content(), STATUS));
    for bit in 0..bytes.len() * 8 {
        let mut flipped = bytes.clone();
        flipped[bit / 8] ^= 1 << (bit % 8);
        assert!(trust.open_status_list(&flipped).is_err(), "bit {bit}");
    }
}

#[test]
fn truncated_at_any_length_and_with_bytes_after_it_a_list_is_refused() {
    let (trust, bytes) = (status_trust(), signed(&status_content(), STATUS));
    for length in 0..bytes.len() {
        assert!(trust.open_status_list(&bytes[..length]).is_err(), "{length} bytes");
    }
    for tail in [&[0][..], &[0xf6], &bytes] {
        let longer = [&bytes, tail].concat();
        assert_eq!(refused(&longer), FormatError::NotDeterministic.into());
    }
}

#[test]
fn what_is_too_large_is_neither_made_nor_read() {
    let most = u32::try_from(MAX_PACKED * 8).unwrap();
    assert!(Statuses::new(most, [most - 1]).is_ok());
    for places in [most + 1, u32::MAX] {
        assert_eq!(Statuses::new(places, []), Err(FormatError::TooLarge));
    }
    for (places, index) in [(0, 0), (20, 20), (20, 23), (20, u32::MAX)] {
        assert_eq!(Statuses::new(places, [index]), Err(FormatError::Value));
    }
    assert_eq!(refused(&vec![0xd2; MAX_BYTES + 1]), FormatError::TooLarge.into());
    assert_eq!(refused(&vec![0xd2; MAX_BYTES]), FormatError::NotSign1.into());
}

#[test]
fn a_list_that_does_not_compress_into_the_bound_is_not_signed() {
    // A multiplicative generator's high bits: as good as random, and the same each time.
    let mut state = 1_u64;
    let half = (0..u32::try_from(MAX_PACKED * 8).unwrap()).filter(|_| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        state >> 63 == 1
    });
    let statuses = Statuses::new(u32::try_from(MAX_PACKED * 8).unwrap(), half).unwrap();
    let content = StatusListContent { statuses, ..status_content() };
    assert_eq!(content.sign(&key(STATUS)), Err(FormatError::TooLarge.into()));
}

proptest! {
    #![proptest_config(runs(64))]

    #[test]
    fn any_set_of_places_reads_back_as_it_was(
        places in 1_u32..5_000,
        indices in prop::collection::btree_set(0_u32..5_000, 0..200),
    ) {
        let set: BTreeSet<u32> = indices.into_iter().filter(|index| *index < places).collect();
        let statuses = Statuses::new(places, set.iter().copied()).unwrap();
        let content = StatusListContent { statuses, ..status_content() };
        let bytes = signed(&content, STATUS);
        let trust = status_trust();
        let list = trust.open_status_list(&bytes).unwrap().object;
        prop_assert_eq!(list.content(), &content);
        prop_assert_eq!(list.content().statuses.bits(), Bits::One);
        let end = places.div_ceil(8) * 8;
        for index in 0..end {
            prop_assert_eq!(list.status(index), Some(u8::from(set.contains(&index))));
        }
        prop_assert_eq!(list.status(end), None);
    }

    #[test]
    fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        prop_assert!(status_trust().open_status_list(&bytes).is_err());
        let _ = status_trust().open_status_list(&signed_stream(1, &bytes));
        let crafted = Crafted { payload: bytes, ..own() };
        prop_assert!(status_trust().open_status_list(&crafted.sign()).is_err());
    }
}
