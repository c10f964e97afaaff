//! Attacks by somebody who can sign, and signs another form than the one that is valid: other algorithms, other
//! headers, other encodings. Each wrong form is signed over the very bytes that it shows by the right key, at both
//! depths: a holder's presentation, and an issuer's token in a good presentation.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "tests")]

use healthcode::token::key::{PublicKey, Signer};
use healthcode::token::{GateToken, KeyUse, cbor};
use healthcode_attacks::forge::{Forged, byte_string, replaced, token_key_id};
use healthcode_attacks::world::{
    HOLDER, HardwareKey, Lane, ZHEJIANG, at, code, public, sealed, seed_of, showing, shown, token,
};

/// What a gate says to a presentation that the holder signs in this form.
fn presented(change: &dyn Fn(Forged) -> Forged) -> String {
    let forged = Forged::presentation(&cbor::encode(&showing(&sealed(&token()), 30)));
    Lane::firm(30).says(&code(&change(forged).signed_by(HOLDER)))
}

/// What a gate says to a token that Zhejiang signs in this form, in a good presentation.
fn issued(change: &dyn Fn(Forged) -> Forged) -> String {
    let forged = change(Forged::token(&cbor::encode(&token())));
    Lane::firm(30).says(&code(&shown(&forged.signed_by(seed_of(ZHEJIANG, KeyUse::Tokens)), 30)))
}

/// What a gate says to claims of these bytes.
fn claimed(claims: &[u8]) -> String {
    issued(&|token| Forged { payload: claims.to_vec(), ..token })
}

/// What a gate says to a presentation's payload of these bytes.
fn content(payload: &[u8]) -> String {
    presented(&|presentation| Forged { payload: payload.to_vec(), ..presentation })
}

fn header(bytes: &[u8], form: Forged) -> Forged {
    Forged { protected: bytes.to_vec(), ..form }
}

#[test]
fn the_forms_that_are_changed_here_are_good_ones() {
    assert_eq!(presented(&|form| form), "pass green");
    assert_eq!(issued(&|form| form), "pass green");
    assert_eq!(claimed(&cbor::encode(&token())), "pass green");
}

#[test]
fn alg_none_is_no_algorithm() {
    // 0 is reserved; "none" is how JOSE names it; "EdDSA" and "ES256" are its names for ours; nil, false.
    for none in [&b"\x00"[..], b"\x64none", b"\x65EdDSA", b"\x65ES256", b"\xf6", b"\xf4", b"\x40"] {
        let own = [b"\xa1\x01", none].concat();
        assert_eq!(presented(&|form| header(&own, form)), "invalid algorithm");
        let named = [b"\xa2\x01", none, b"\x04\x48", &token_key_id()].concat();
        assert_eq!(issued(&|form| header(&named, form)), "invalid algorithm");
    }
    assert_eq!(presented(&|form| header(b"\xa0", form)), "invalid protected-header");
    assert_eq!(presented(&|form| header(b"", form)), "invalid protected-header");
    assert_eq!(issued(&|form| header(b"\xa0", form)), "invalid protected-header");
    assert_eq!(issued(&|form| header(b"", form)), "invalid protected-header");
}

#[test]
fn an_empty_signature_is_none() {
    for empty in [&b"\x40"[..], b"\xf6", b"\x80", b"\xf4"] {
        let forged = Forged::presentation(&cbor::encode(&showing(&sealed(&token()), 30)));
        let told = Lane::firm(30).says(&code(&forged.with_signature(empty)));
        let expected = if empty == b"\x40" { "invalid signature-length" } else { "invalid not-cose-sign1" };
        assert_eq!(told, expected);
    }
    for byte in [0, 0xff] {
        let forged = Forged::presentation(&cbor::encode(&showing(&sealed(&token()), 30)));
        let told = Lane::firm(30).says(&code(&forged.with_signature(&byte_string(&[byte; 64]))));
        assert_eq!(told, "invalid signature");
    }
}

#[test]
fn alg_swapped_is_refused_both_ways() {
    assert_eq!(presented(&|form| header(b"\xa1\x01\x26", form)), "invalid algorithm");
    let es256 = [b"\xa2\x01\x26\x04\x48", &token_key_id()[..]].concat();
    assert_eq!(issued(&|form| header(&es256, form)), "invalid algorithm");

    let hardware = HardwareKey::new(HOLDER);
    let token = sealed(&GateToken { holder: Some(hardware.public_key()), ..token() });
    let payload = cbor::encode(&showing(&token, 30));
    let good = header(b"\xa1\x01\x26", Forged::presentation(&payload));
    assert_eq!(Lane::firm(30).says(&code(&good.signed(&hardware))), "pass green");
    let swapped = header(b"\xa1\x01\x27", good.clone());
    assert_eq!(Lane::firm(30).says(&code(&swapped.signed(&hardware))), "invalid algorithm");
    // An Ed25519 signature under the header that the hardware key's algorithm asks for.
    assert_eq!(Lane::firm(30).says(&code(&good.signed_by(HOLDER))), "invalid signature");
}

#[test]
fn no_algorithm_but_two_is_known() {
    // ES384, ES512, ES256K, Ed25519 and ESP256 by their new numbers, PS256, RS256, HS256, an AES-CMAC.
    for number in [-35_i64, -36, -47, -19, -9, -37, -257, 5, 14, 1, 26, i64::MIN, i64::MAX] {
        let own = [&b"\xa1\x01"[..], &minicbor::to_vec(number).unwrap()].concat();
        assert_eq!(presented(&|form| header(&own, form)), "invalid algorithm", "{number}");
    }
}

#[test]
fn alg_or_kid_in_the_unprotected_header_is_refused() {
    let id = byte_string(&token_key_id());
    let kid = [b"\xa1\x04", &id[..]].concat();
    let both = [b"\xa2\x01\x27\x04", &id[..]].concat();
    for unprotected in
        [&b"\xa1\x01\x27"[..], &kid, &both, b"\xa1\x01\x26", b"\xa1\x02\x80", b"\xa1\x18\x21\x40"]
    {
        // As well as in the protected one, and instead of it.
        let added = |form: Forged| Forged { unprotected: unprotected.to_vec(), ..form };
        assert_eq!(presented(&added), "invalid unprotected-header", "{unprotected:02x?}");
        assert_eq!(issued(&added), "invalid unprotected-header", "{unprotected:02x?}");
        let moved = |form| Forged { unprotected: unprotected.to_vec(), ..header(b"", form) };
        assert_eq!(presented(&moved), "invalid unprotected-header", "{unprotected:02x?}");
        assert_eq!(issued(&moved), "invalid unprotected-header", "{unprotected:02x?}");
    }
    let id_only = |form| Forged { unprotected: kid.clone(), ..header(b"\xa1\x01\x27", form) };
    assert_eq!(issued(&id_only), "invalid unprotected-header");
    assert_eq!(issued(&|form| header(b"\xa1\x01\x27", form)), "invalid protected-header", "no kid at all");
}

#[test]
fn a_label_twice_is_refused() {
    let id = byte_string(&token_key_id());
    for own in [&b"\xa2\x01\x27\x01\x27"[..], b"\xa2\x01\x27\x01\x26", b"\xa2\x01\x26\x01\x27"] {
        assert_eq!(presented(&|form| header(own, form)), "invalid protected-header", "{own:02x?}");
    }
    let twice = [b"\xa3\x01\x27\x04", &id[..], b"\x04", &id].concat();
    assert_eq!(issued(&|form| header(&twice, form)), "invalid protected-header");

    // Claims with a second expiry, before and behind the first one; a map that counts it and one that does not.
    let claims = cbor::encode(&token());
    let later = [&[0x04][..], &minicbor::to_vec(at(1 << 30).seconds()).unwrap()].concat();
    assert_eq!(claims[0], 0xa5);
    for (head, told) in [(0xa6, "invalid content"), (0xa5, "invalid content")] {
        assert_eq!(claimed(&[&[head], &later[..], &claims[1..]].concat()), told);
    }
    assert_eq!(claimed(&[&[0xa6], &claims[1..], &later[..]].concat()), "invalid content");
    assert_eq!(claimed(&[&claims[..], &later[..]].concat()), "invalid not-deterministic");
    // A second key in cnf.
    let cose = public(HOLDER).to_cose();
    let second = [&[0xa2, 0x01][..], &cose, &[0x01], &public(99).to_cose()].concat();
    let two = replaced(&claims, &[&[0xa1, 0x01][..], &cose].concat(), &second);
    assert_eq!(claimed(&two), "invalid content");
}

#[test]
fn an_unknown_critical_header_is_refused_and_so_is_a_known_one() {
    let id = byte_string(&token_key_id());
    for crit in [&b"\x02\x80"[..], b"\x02\x81\x04", b"\x02\x81\x19\x03\xe7", b"\x02\x81\x01", b"\x02\x40"] {
        for (head, tail) in [(b"\xa2\x01\x27".to_vec(), vec![]), (b"\xa2".to_vec(), b"\x01\x27".to_vec())] {
            let own = [&head[..], crit, &tail].concat();
            assert_eq!(presented(&|form| header(&own, form)), "invalid protected-header", "{own:02x?}");
        }
        let own = [b"\xa3\x01\x27", crit, b"\x04", &id].concat();
        assert_eq!(issued(&|form| header(&own, form)), "invalid protected-header", "{own:02x?}");
        let with_value = [b"\xa4\x01\x27", crit, b"\x04", &id, b"\x19\x03\xe7\x00"].concat();
        assert_eq!(issued(&|form| header(&with_value, form)), "invalid protected-header");
    }
}

#[test]
fn no_header_is_known_but_algorithm_and_key_id() {
    // Content type, IV, x5chain, CWT claims, kid context, a private one, a text label.
    for more in [&b"\x03\x00"[..], b"\x05\x40", b"\x18\x21\x40", b"\x0f\xa0", b"\x0a\x40", b"\x61a\x00"] {
        let own = [b"\xa2\x01\x27", more].concat();
        assert_eq!(presented(&|form| header(&own, form)), "invalid protected-header", "{own:02x?}");
    }
    let named = [b"\xa2\x01\x27\x04\x48", &token_key_id()[..]].concat();
    assert_eq!(
        presented(&|form| header(&named, form)),
        "invalid protected-header",
        "a holder's key has no id"
    );
}

#[test]
fn indefinite_lengths_are_refused_wherever_they_stand() {
    let chunks = |bytes: &[u8]| [&[0x5f][..], &byte_string(bytes), &[0xff]].concat();
    for told in
        [presented, issued].map(|of| of(&|form| Forged { head: vec![0x9f], tail: vec![0xff], ..form }))
    {
        assert_eq!(told, "invalid not-cose-sign1");
    }
    for of in [presented, issued] {
        let item = |form: Forged| Forged { protected_item: Some(chunks(&form.protected)), ..form };
        assert_eq!(of(&item), "invalid protected-header");
        assert_eq!(
            of(&|form| Forged { unprotected: vec![0xbf, 0xff], ..form }),
            "invalid unprotected-header"
        );
        let item = |form: Forged| Forged { payload_item: Some(chunks(&form.payload)), ..form };
        assert_eq!(of(&item), "invalid payload");
    }
    assert_eq!(presented(&|form| header(b"\xbf\x01\x27\xff", form)), "invalid protected-header");
    let map = [b"\xbf\x01\x27\x04\x48", &token_key_id()[..], b"\xff"].concat();
    assert_eq!(issued(&|form| header(&map, form)), "invalid protected-header");

    let claims = cbor::encode(&token());
    assert_eq!(claimed(&[&[0xbf], &claims[1..], &[0xff]].concat()), "invalid content");
    let array = replaced(&claims, &[0x88, 0x01, 0x00], &[0x9f, 0x01, 0x00]);
    assert_eq!(claimed(&[&array[..], &[0xff]].concat()), "invalid content");
    let id = byte_string(&[0xc7; 8]);
    assert_eq!(claimed(&replaced(&claims, &id, &chunks(&[0xc7; 8]))), "invalid content");
    let tail = replaced(&claims, b"\x64123X", b"\x7f\x64123X\xff");
    assert_eq!(claimed(&tail), "invalid content");

    let payload = cbor::encode(&showing(&sealed(&token()), 30));
    assert_eq!(content(&[&[0x9f], &payload[1..], &[0xff]].concat()), "invalid content");
    let item = byte_string(&sealed(&token()));
    assert_eq!(content(&replaced(&payload, &item, &chunks(&sealed(&token())))), "invalid content");
}

#[test]
fn integers_and_lengths_longer_than_need_be_are_refused() {
    for of in [presented, issued] {
        assert_eq!(of(&|form| Forged { head: vec![0x98, 0x04], ..form }), "invalid not-deterministic");
        assert_eq!(of(&|form| Forged { unprotected: vec![0xb8, 0x00], ..form }), "invalid not-deterministic");
    }
    for own in [&b"\xa1\x18\x01\x27"[..], b"\xa1\x01\x38\x07", b"\xb8\x01\x01\x27", b"\xa1\x01\x39\x00\x07"] {
        assert_eq!(presented(&|form| header(own, form)), "invalid not-deterministic", "{own:02x?}");
    }
    let claims = cbor::encode(&token());
    let expiry = minicbor::to_vec(token().expires_at.seconds()).unwrap();
    assert_eq!(expiry[0], 0x1a);
    let region = minicbor::to_vec(330_100).unwrap();
    for (from, to) in [
        (&claims[..2], &[0xa5, 0x18, 0x04][..]),
        (&claims[..2], &[0xb8, 0x05, 0x04]),
        (&expiry, &[&[0x1b, 0, 0, 0, 0], &expiry[1..]].concat()),
        (&[0x88, 0x01, 0x00], &[0x88, 0x01, 0x18, 0x00]),
        (&[0x88, 0x01, 0x00], &[0x98, 0x08, 0x01, 0x00]),
        (&region, &[&[0x1b, 0, 0, 0, 0], &region[1..]].concat()),
        (b"\x64123X", b"\x78\x04123X"),
        (&[0x48, 0xc7], &[0x58, 0x08, 0xc7]),
    ] {
        assert_eq!(claimed(&replaced(&claims, from, to)), "invalid not-deterministic", "{to:02x?}");
    }
    let payload = cbor::encode(&showing(&sealed(&token()), 30));
    let time = minicbor::to_vec(at(30).seconds()).unwrap();
    let longer = [&[0x1b, 0, 0, 0, 0][..], &time[1..]].concat();
    assert_eq!(content(&replaced(&payload, &time, &longer)), "invalid not-deterministic");
    let (last, rest) = payload.split_last().unwrap();
    assert_eq!(content(&[rest, &[0x18, *last]].concat()), "invalid not-deterministic");
}

#[test]
fn other_types_for_the_same_value_are_refused() {
    let claims = cbor::encode(&token());
    let time = minicbor::to_vec(at(0).seconds()).unwrap();
    let exact: Vec<u8> = minicbor::to_vec(1_582_185_600_f64).unwrap();
    for (from, to) in [
        // A float, a tagged time, a bignum for the same instant; true for 1; a text for bytes, bytes for a text.
        (&time[..], &exact[..]),
        (&time, &[&[0xc1], &time[..]].concat()),
        (&time, &[&[0xc2, 0x44], &time[1..]].concat()),
        (&[0x88, 0x01], &[0x88, 0xf5]),
        (&[0x48, 0xc7], &[0x68, 0xc7]),
        (b"\x64123X", b"\x44123X"),
    ] {
        assert_eq!(claimed(&replaced(&claims, from, to)), "invalid content", "{to:02x?}");
    }
    // A COSE envelope with its tag, a CWT with both of its tags.
    for head in [&[0xd2, 0x84][..], &[0xd8, 0x3d, 0xd2, 0x84], &[0xd8, 0x12, 0x84], &[0xd1, 0x84]] {
        for of in [presented, issued] {
            assert_eq!(of(&|form| Forged { head: head.to_vec(), ..form }), "invalid not-cose-sign1");
        }
    }
}

#[test]
fn keys_in_another_order_are_refused() {
    let reversed = [b"\xa2\x04\x48", &token_key_id()[..], b"\x01\x27"].concat();
    assert_eq!(issued(&|form| header(&reversed, form)), "invalid protected-header");
    let claims = cbor::encode(&token());
    let (expires, issued) = (token().expires_at.seconds(), token().issued_at.seconds());
    let of = |label: u8, seconds: i64| [&[label][..], &minicbor::to_vec(seconds).unwrap()].concat();
    let swapped = [of(6, issued), of(4, expires)].concat();
    assert_eq!(
        claimed(&replaced(&claims, &[of(4, expires), of(6, issued)].concat(), &swapped)),
        "invalid content"
    );
}

#[test]
fn a_holders_key_that_is_none_is_refused() {
    let claims = cbor::encode(&token());
    let cose = public(HOLDER).to_cose();
    let ed25519 = |x: &[u8]| [&b"\xa3\x01\x01\x20\x06\x21\x58\x20"[..], x].concat();
    let p256 = |x: &[u8]| [&b"\xa4\x01\x02\x20\x01\x21\x58\x20"[..], x, b"\x22\xf4"].concat();
    let mut not_on_curve = [0; 32];
    not_on_curve[31] = 1;
    let uncompressed = {
        let sec1 = healthcode_attacks::world::HardwareKey::new(HOLDER).public_key();
        let x = sec1.to_cose()[8..40].to_vec();
        [&b"\xa4\x01\x02\x20\x01\x21\x58\x20"[..], &x, b"\x22\x58\x20", &[7; 32]].concat()
    };
    for other in [
        // Of small order (which verifies anything), a second spelling of one, no point.
        ed25519(&[&[1][..], &[0; 31]].concat()),
        ed25519(&[0; 32]),
        ed25519(&[&[0xee][..], &[0xff; 30], &[0x7f]].concat()),
        ed25519(&[2; 32]),
        // No point of P-256; a coordinate beyond the field; the identity's encoding has no place in a COSE_Key.
        p256(&not_on_curve.map(|byte| if byte == 1 { 7 } else { 0xff })),
        p256(&[0xff; 32]),
        uncompressed,
        // P-384, secp256k1, X25519, Ed448, a symmetric key; one with a private part.
        replaced(&p256(&[1; 32]), b"\x20\x01", b"\x20\x02"),
        replaced(&p256(&[1; 32]), b"\x20\x01", b"\x20\x08"),
        replaced(&cose, b"\x20\x06", b"\x20\x04"),
        replaced(&cose, b"\x20\x06", b"\x20\x07"),
        b"\xa2\x01\x04\x20\x44keys".to_vec(),
        [&[0xa4][..], &cose[1..], &[0x23, 0x41, 0x00]].concat(),
        [&[0xa4][..], &cose[1..3], &[0x03, 0x27], &cose[3..]].concat(),
    ] {
        assert_eq!(claimed(&replaced(&claims, &cose, &other)), "invalid content", "{other:02x?}");
        let refused = PublicKey::from_cose(&other);
        assert!(refused.is_err(), "{other:02x?}");
    }
}
