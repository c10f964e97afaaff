//! The envelope in its one form: whatever differs from it is refused, by name where the fault has one.
//!
//! The wrong forms here are signed by the right key over the very bytes that they show, so that it is the form
//! that is refused and never the signature.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    missing_docs,
    reason = "tests"
)]

mod support;

use healthcode::token::envelope::{FormatError, Kind, Naming, Sign1, TokenError, sign, sign_detached};
use healthcode::token::key::{PublicKey, Signer};
use healthcode::token::presentation::{Flags, Mode, Presentation, Scanned};
use healthcode::token::{Challenge, GateToken, cbor};
use minicbor::Encoder;
use proptest::prelude::*;
use support::{
    HOLDER, HardwareKey, STRANGER, TOKENS, at, issuer, key, public, runs, sealed, shown, token, trust,
    trust_of,
};

const LIMIT: usize = 448;

/// What each bit of some bytes flipped gives, one at a time.
fn flips(bytes: &[u8]) -> impl Iterator<Item = (usize, Vec<u8>)> {
    (0..bytes.len() * 8).map(|bit| {
        let mut flipped = bytes.to_vec();
        flipped[bit / 8] ^= 1 << (bit % 8);
        (bit, flipped)
    })
}

fn opens(presentation: &[u8], holder: &PublicKey) -> bool {
    let scanned = Scanned::parse(presentation);
    scanned.is_ok_and(|scanned| scanned.verify(holder, None).is_ok())
}

/// The bytes that RFC 9052, 4.4 has signed, for a token.
fn to_be_signed(protected: &[u8], payload: &[u8]) -> Vec<u8> {
    let mut e = Encoder::new(Vec::new());
    e.array(4).unwrap().str("Signature1").unwrap();
    e.bytes(protected).unwrap().bytes(b"hc/1/token").unwrap().bytes(payload).unwrap();
    e.into_writer()
}

fn byte_string(bytes: &[u8]) -> Vec<u8> {
    minicbor::to_vec(minicbor::bytes::ByteVec::from(bytes.to_vec())).unwrap()
}

/// An envelope from its four items as they stand, signed over `protected` and a fixed payload.
struct Crafted {
    head: Vec<u8>,
    protected: Vec<u8>,
    unprotected: Vec<u8>,
    payload: Vec<u8>,
    /// What takes the place of the signature's CBOR item.
    signature: fn(&[u8; 64]) -> Vec<u8>,
    tail: Vec<u8>,
}

const PAYLOAD: &[u8] = b"payload";

fn protected() -> Vec<u8> {
    let mut header = vec![0xa2, 0x01, 0x27, 0x04, 0x48];
    header.extend(public(TOKENS).id());
    header
}

fn crafted() -> Crafted {
    Crafted {
        head: vec![0x84],
        protected: protected(),
        unprotected: vec![0xa0],
        payload: byte_string(PAYLOAD),
        signature: |signature| byte_string(signature),
        tail: vec![],
    }
}

impl Crafted {
    fn bytes(&self) -> Vec<u8> {
        let signature = key(TOKENS).sign(&to_be_signed(&self.protected, PAYLOAD)).unwrap();
        let signature = (self.signature)(&signature);
        let protected = byte_string(&self.protected);
        [&self.head, &protected, &self.unprotected, &self.payload, &signature, &self.tail]
            .map(Vec::as_slice)
            .concat()
    }

    fn refusal(&self) -> FormatError {
        Sign1::parse(&self.bytes(), LIMIT).expect_err("a wrong form")
    }
}

fn with_header(header: &[u8]) -> FormatError {
    Crafted { protected: header.to_vec(), ..crafted() }.refusal()
}

#[test]
fn the_one_form_is_read_and_verifies() {
    let bytes = crafted().bytes();
    assert_eq!(bytes, sign(Kind::Token, Naming::ById, PAYLOAD, &key(TOKENS)).unwrap());
    let envelope = Sign1::parse(&bytes, LIMIT).unwrap();
    assert_eq!(envelope.key_id(), Some(public(TOKENS).id()));
    assert_eq!(envelope.verify(Kind::Token, &public(TOKENS)), Ok(PAYLOAD));
    assert_eq!(envelope.verify(Kind::Token, &public(STRANGER)), Err(TokenError::Signature));
}

#[test]
fn no_bit_of_a_token_can_be_flipped() {
    let (bytes, trust) = (sealed(&token()), trust());
    assert!(trust.open_object::<GateToken>(&bytes).is_ok());
    for (bit, flipped) in flips(&bytes) {
        assert!(trust.open_object::<GateToken>(&flipped).is_err(), "bit {bit}");
    }
}

#[test]
fn no_bit_of_a_presentation_can_be_flipped() {
    let bytes = shown(&sealed(&token()), 30);
    assert!(opens(&bytes, &public(HOLDER)));
    for (bit, flipped) in flips(&bytes) {
        assert!(!opens(&flipped, &public(HOLDER)), "bit {bit}");
    }
}

#[test]
fn no_bit_of_a_hardware_keys_presentation_can_be_flipped() {
    let key = HardwareKey::new(false);
    let token = sealed(&GateToken { holder: Some(key.public_key()), ..token() });
    let presentation = Presentation { token, mode: Mode::Shown(at(30)), flags: Flags::default() };
    let bytes = presentation.sign(None, &key).unwrap();
    assert!(opens(&bytes, &key.public_key()));
    for (bit, flipped) in flips(&bytes) {
        assert!(!opens(&flipped, &key.public_key()), "bit {bit}");
    }
}

#[test]
fn nothing_can_be_cut_off_and_nothing_added() {
    let (token, trust) = (sealed(&token()), trust());
    let presentation = shown(&token, 30);
    for length in 0..token.len() {
        assert!(trust.open_object::<GateToken>(&token[..length]).is_err(), "{length} bytes");
    }
    for length in 0..presentation.len() {
        assert!(!opens(&presentation[..length], &public(HOLDER)), "{length} bytes");
    }
    for trailing in 0..=u8::MAX {
        let longer = [token.as_slice(), &[trailing]].concat();
        let form = TokenError::Form(FormatError::NotDeterministic);
        assert_eq!(trust.open_object::<GateToken>(&longer), Err(form), "{trailing:02x}");
        let longer = [presentation.as_slice(), &[trailing]].concat();
        assert_eq!(Scanned::parse(&longer).unwrap_err(), FormatError::NotDeterministic, "{trailing:02x}");
    }
}

#[test]
fn a_signature_of_one_kind_is_of_no_other() {
    for own in Kind::all() {
        let bytes = sign(own, Naming::ById, PAYLOAD, &key(TOKENS)).unwrap();
        let detached = sign_detached(own, PAYLOAD, &key(TOKENS)).unwrap();
        for kind in Kind::all() {
            let expected = if kind == own { Ok(()) } else { Err(TokenError::Signature) };
            let envelope = Sign1::parse(&bytes, LIMIT).unwrap();
            assert_eq!(envelope.verify(kind, &public(TOKENS)).map(|_| ()), expected, "{own:?} as {kind:?}");
            let envelope = Sign1::parse(&detached, LIMIT).unwrap();
            assert_eq!(
                envelope.verify_detached(kind, &public(TOKENS), PAYLOAD),
                expected,
                "{own:?} as {kind:?}"
            );
        }
    }
}

#[test]
fn an_answer_is_to_one_challenge_and_not_a_shown_code() {
    let challenges: [&[u8]; 2] = [b"one", b"another"];
    let presentation =
        Presentation { token: sealed(&token()), mode: Mode::Answer(*b"once"), flags: Flags::default() };
    let bytes = presentation.sign(Some(challenges[0]), &key(HOLDER)).unwrap();
    let scanned = Scanned::parse(&bytes).unwrap();
    assert_eq!(scanned.verify(&public(HOLDER), Some(challenges[0])), Ok(()));
    assert_eq!(scanned.verify(&public(HOLDER), Some(challenges[1])), Err(TokenError::Signature));
    assert_eq!(scanned.verify(&public(HOLDER), None), Err(TokenError::Signature));
    let as_shown = presentation.sign(None, &key(HOLDER)).unwrap();
    let scanned = Scanned::parse(&as_shown).unwrap();
    assert_eq!(scanned.verify(&public(HOLDER), Some(challenges[0])), Err(TokenError::Signature));
}

#[test]
fn a_presentation_names_no_key_and_a_token_names_one() {
    let named = sign(Kind::Show, Naming::ById, &cbor::encode(&bare()), &key(HOLDER)).unwrap();
    assert_eq!(Scanned::parse(&named).unwrap_err(), FormatError::ProtectedHeader);
    let unnamed = sign(Kind::Token, Naming::Implied, &cbor::encode(&token()), &key(TOKENS)).unwrap();
    let form = TokenError::Form(FormatError::ProtectedHeader);
    assert_eq!(trust().open_object::<GateToken>(&unnamed), Err(form));
}

fn bare() -> Presentation {
    Presentation { token: sealed(&token()), mode: Mode::Shown(at(30)), flags: Flags::default() }
}

#[test]
fn the_protected_header_holds_algorithm_and_key_id_in_this_order_and_nothing_else() {
    let id = public(TOKENS).id();
    let headers: [(&[u8], &[u8], FormatError); 14] = [
        (b"", b"", FormatError::ProtectedHeader),
        (b"\xa0", b"", FormatError::ProtectedHeader),
        (b"\xa1\x04\x48", &id, FormatError::ProtectedHeader),
        (b"\xa2\x04\x48", &[&id[..], b"\x01\x27"].concat(), FormatError::ProtectedHeader),
        (b"\xa3\x01\x27\x04\x48", &[&id[..], b"\x10\x18\x3d"].concat(), FormatError::ProtectedHeader),
        (b"\xa2\x01\x27\x05\x48", &id, FormatError::ProtectedHeader),
        (b"\xa2\x01\x27\x01\x27", b"", FormatError::ProtectedHeader),
        (b"\xa3\x01\x27\x01\x27\x04\x48", &id, FormatError::ProtectedHeader),
        (b"\xa2\x01\x27\x04\x47", &id[..7], FormatError::ProtectedHeader),
        (b"\xbf\x01\x27\x04\x48", &[&id[..], b"\xff"].concat(), FormatError::ProtectedHeader),
        (b"\xa2\x18\x01\x27\x04\x48", &id, FormatError::NotDeterministic),
        (b"\xa2\x01\x38\x07\x04\x48", &id, FormatError::NotDeterministic),
        (b"\xb8\x02\x01\x27\x04\x48", &id, FormatError::NotDeterministic),
        (b"\xa2\x01\x27\x04\x48", &[&id[..], b"\x00"].concat(), FormatError::NotDeterministic),
    ];
    for (head, tail, reason) in headers {
        let header = [head, tail].concat();
        assert_eq!(with_header(&header), reason, "{header:02x?}");
    }
}

#[test]
fn no_algorithm_but_two_is_known_and_none_is_not_one() {
    // 0 is reserved, "none" and "EdDSA" are texts, -9 and -19 name curves outright, -37 is RSA, 5 a MAC.
    let algorithms: [&[u8]; 7] = [b"\x00", b"\x64none", b"\x65EdDSA", b"\x28", b"\x32", b"\x38\x24", b"\x05"];
    for algorithm in algorithms {
        let header = [b"\xa1\x01", algorithm].concat();
        assert_eq!(with_header(&header), FormatError::Algorithm, "{algorithm:02x?}");
    }
}

#[test]
fn the_algorithm_follows_from_the_key() {
    let swapped = Crafted { protected: b"\xa1\x01\x26".to_vec(), ..crafted() }.bytes();
    let swapped = Sign1::parse(&swapped, LIMIT).unwrap();
    let algorithm = Err(TokenError::Form(FormatError::Algorithm));
    assert_eq!(swapped.verify(Kind::Token, &public(TOKENS)), algorithm);
    let hardware = HardwareKey::new(false).public_key();
    assert_eq!(swapped.verify(Kind::Token, &hardware), Err(TokenError::Signature));
    let own = crafted().bytes();
    assert_eq!(Sign1::parse(&own, LIMIT).unwrap().verify(Kind::Token, &hardware), algorithm);
}

#[test]
fn the_unprotected_header_is_empty() {
    let id = byte_string(&public(TOKENS).id());
    let headers: [&[u8]; 4] = [&[b"\xa1\x04", &id[..]].concat(), b"\xa1\x01\x27", b"\xbf\xff", b"\x40"];
    for unprotected in headers {
        let wrong = Crafted { unprotected: unprotected.to_vec(), ..crafted() };
        assert_eq!(wrong.refusal(), FormatError::UnprotectedHeader, "{unprotected:02x?}");
    }
    let moved = Crafted { protected: b"\xa1\x01\x27".to_vec(), ..crafted() };
    let moved = Crafted { unprotected: [b"\xa1\x04", &id[..]].concat(), ..moved };
    assert_eq!(moved.refusal(), FormatError::UnprotectedHeader);
    let long = Crafted { unprotected: b"\xb8\x00".to_vec(), ..crafted() };
    assert_eq!(long.refusal(), FormatError::NotDeterministic);
}

#[test]
fn the_envelope_is_an_untagged_array_of_four_in_definite_and_shortest_form() {
    let heads: [(&[u8], &[u8], FormatError); 6] = [
        (b"\xd2\x84", b"", FormatError::NotSign1),
        (b"\xd8\x12\x84", b"", FormatError::NotSign1),
        (b"\x9f", b"\xff", FormatError::NotSign1),
        (b"\x85", b"\x00", FormatError::NotSign1),
        (b"\x83", b"", FormatError::NotSign1),
        (b"\x98\x04", b"", FormatError::NotDeterministic),
    ];
    for (head, tail, reason) in heads {
        let wrong = Crafted { head: head.to_vec(), tail: tail.to_vec(), ..crafted() };
        assert_eq!(wrong.refusal(), reason, "{head:02x?}");
    }
}

#[test]
fn the_payload_is_one_byte_string_and_nil_only_where_it_travels_apart() {
    let payloads: [(&[u8], FormatError); 4] = [
        (b"\xf7", FormatError::Payload),
        (b"\x67payload", FormatError::Payload),
        (b"\x5f\x47payload\xff", FormatError::Payload),
        (b"\x58\x07payload", FormatError::NotDeterministic),
    ];
    for (payload, reason) in payloads {
        let wrong = Crafted { payload: payload.to_vec(), ..crafted() };
        assert_eq!(wrong.refusal(), reason, "{payload:02x?}");
    }
    let form = TokenError::Form(FormatError::Payload);
    let nil = Crafted { payload: vec![0xf6], ..crafted() }.bytes();
    let nil = Sign1::parse(&nil, LIMIT).unwrap();
    assert_eq!(nil.verify(Kind::Token, &public(TOKENS)), Err(form));
    assert_eq!(nil.verify_detached(Kind::Token, &public(TOKENS), PAYLOAD), Ok(()));
    assert_eq!(nil.verify_detached(Kind::Token, &public(TOKENS), b"other"), Err(TokenError::Signature));
    let carried = crafted().bytes();
    let carried = Sign1::parse(&carried, LIMIT).unwrap();
    assert_eq!(carried.verify_detached(Kind::Token, &public(TOKENS), PAYLOAD), Err(form));
}

#[test]
fn a_signature_has_64_bytes() {
    let shorter = Crafted { signature: |s| byte_string(&s[..63]), ..crafted() };
    assert_eq!(shorter.refusal(), FormatError::SignatureLength);
    let longer = Crafted { signature: |s| byte_string(&[&s[..], &[0]].concat()), ..crafted() };
    assert_eq!(longer.refusal(), FormatError::SignatureLength);
    let long_form = Crafted { signature: |s| [b"\x59\x00\x40", &s[..]].concat(), ..crafted() };
    assert_eq!(long_form.refusal(), FormatError::NotDeterministic);
    let chunked = Crafted { signature: |s| [b"\x5f\x58\x40", &s[..], b"\xff"].concat(), ..crafted() };
    assert_eq!(chunked.refusal(), FormatError::NotSign1);
}

#[test]
fn an_envelope_over_its_limit_is_not_looked_at() {
    let bytes = crafted().bytes();
    assert!(Sign1::parse(&bytes, bytes.len()).is_ok());
    assert_eq!(Sign1::parse(&bytes, bytes.len() - 1).unwrap_err(), FormatError::TooLarge);
    assert_eq!(Scanned::parse(&[0xff; 449]).unwrap_err(), FormatError::TooLarge);
}

#[test]
fn a_hardware_keys_presentation_verifies_with_low_and_with_high_s() {
    for high_s in [false, true] {
        let key = HardwareKey::new(high_s);
        let token = GateToken { holder: Some(key.public_key()), ..token() };
        let bytes = Presentation { token: sealed(&token), ..bare() }.sign(None, &key).unwrap();
        let scanned = Scanned::parse(&bytes).unwrap();
        let trust = trust_of(vec![issuer()]);
        let opened = trust.open_object::<GateToken>(&scanned.content().token).unwrap();
        assert_eq!(scanned.verify(opened.object.holder.as_ref().unwrap(), None), Ok(()), "high s: {high_s}");
    }
}

proptest! {
    #![proptest_config(runs(2_000))]

    #[test]
    fn any_bytes_are_refused_or_read_in_their_one_form(bytes in proptest::collection::vec(any::<u8>(), 0..500)) {
        prop_assert!(Sign1::parse(&bytes, LIMIT).is_err());
        prop_assert!(Scanned::parse(&bytes).is_err());
        if let Ok(challenge) = Challenge::parse(&bytes) {
            prop_assert_eq!(challenge.to_bytes(), bytes);
        }
    }

    #[test]
    fn a_presentation_with_some_bytes_replaced_is_refused(
        edits in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
    ) {
        let valid = shown(&sealed(&token()), 30);
        let mut bytes = valid.clone();
        for (index, byte) in edits {
            bytes[index.index(valid.len())] = byte;
        }
        prop_assert_eq!(opens(&bytes, &public(HOLDER)), bytes == valid);
    }

    #[test]
    fn any_payload_that_a_holder_signs_is_refused_or_a_presentation(
        edits in proptest::collection::vec((0_usize..260, any::<u8>()), 0..4),
        cut in 100_usize..400,
    ) {
        let mut payload = cbor::encode(&bare());
        for (at, byte) in edits {
            let length = payload.len();
            payload[at % length] = byte;
        }
        payload.truncate(cut);
        let bytes = sign(Kind::Show, Naming::Implied, &payload, &key(HOLDER)).unwrap();
        if let Ok(scanned) = Scanned::parse(&bytes) {
            prop_assert_eq!(cbor::encode(scanned.content()), payload);
        }
    }
}

/// A y of 2^255 - 19 or more is a second spelling of a small y (RFC 8032, 5.1.3).
#[test]
fn an_ed25519_key_has_one_spelling() {
    let mut read = 0;
    for y in 0..19_u8 {
        for sign in [0, 0x80] {
            let (mut small, mut second) = ([0; 32], [0xff; 32]);
            (small[0], small[31]) = (y, sign);
            (second[0], second[31]) = (0xed + y, 0x7f | sign);
            read += usize::from(PublicKey::ed25519(&small).is_ok());
            assert!(PublicKey::ed25519(&second).is_err(), "{y} {sign}");
        }
    }
    assert!(read > 10, "small ones are keys: {read}");
    let largest = |low: u8| [[low].as_slice(), &[0xff; 30], &[0x7f]].concat();
    // 2^255 - 20 and some below are in the field: whether they are points is the curve's to say.
    let below =
        (0..0xed).filter(|low| PublicKey::ed25519(&largest(*low).try_into().unwrap()).is_ok()).count();
    assert!(below > 60, "{below}");
}
