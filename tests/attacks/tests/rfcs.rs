//! The examples of the standards, typed from them: COSE (RFC 9052), CWT (RFC 8392), key thumbprints (RFC 9679) and
//! base45 (RFC 9285). Our profile is narrower than COSE and CWT: their signatures verify and their envelopes do not.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "tests")]

use healthcode::token::code_text::decode_strictly;
use healthcode::token::envelope::FormatError;
use healthcode::token::{CodeText, Prefix, PublicKey, Sign1};
use healthcode_attacks::forge::to_be_signed;
use healthcode_e2e::server::unhex;
use minicbor::{Decoder, Encoder};

fn p256(x: &str, y: &str) -> PublicKey {
    PublicKey::p256(&[&[4][..], &unhex(x), &unhex(y)].concat()).unwrap()
}

/// The key "11" of RFC 9052, appendix C.7.1.
fn key_11() -> PublicKey {
    p256(
        "bac5b11cad8f99f9c72b05cf4b9e26d244dc189f745228255a219a86d6a09eff",
        "20138bf82dc1b6d562be0fa54ab7804a3a64b6d72ccfed6b6fb6ed28bbfc117e",
    )
}

/// An envelope of any form, taken apart: protected header, payload, signature.
fn taken_apart(bytes: &[u8]) -> (Vec<u8>, Vec<u8>, [u8; 64]) {
    let mut d = Decoder::new(bytes);
    assert_eq!(d.tag().unwrap().as_u64(), 18);
    assert_eq!(d.array().unwrap(), Some(4));
    let protected = d.bytes().unwrap().to_vec();
    d.skip().unwrap();
    let payload = d.bytes().unwrap().to_vec();
    (protected, payload, d.bytes().unwrap().try_into().unwrap())
}

/// RFC 9052, appendix C.2.1.
const SIGN1: &str = concat!(
    "d28443a10126a10442313154546869732069732074686520636f6e74656e742e5840",
    "8eb33e4ca31d1c465ab05aac34cc6b23d58fef5c083106c4d25a91aef0b0117e",
    "2af9a291aa32e14ab834dc56ed2a223444547e01f11d3b0916e5a4c345cacb36",
);

/// RFC 8392, appendix A.3.
const CWT: &str = concat!(
    "d28443a10126a104524173796d6d657472696345434453413235365850a70175636f61703a2f2f61732e6578616d706c652e636f6d",
    "02656572696b77037818636f61703a2f2f6c696768742e6578616d706c652e636f6d041a5612aeb0051a5610d9f0061a5610d9f007420b71",
    "58405427c1ff28d23fbad1f29c4c7c6a555e601d6fa29f9179bc3d7438bacaca5acd08c8d4d4f96131680c429a01f85951ecee743a52b9b6",
    "3632c57209120e1c9e30",
);

/// Its key, appendix A.2.3.
fn cwt_key() -> PublicKey {
    p256(
        "143329cce7868e416927599cf65a34f3ce2ffda55a7eca69ed8919a394d42f0f",
        "60f7f1a780d8a783bfb7a2dd6b2796e8128dbbcef9d3d168db9529971a36e7b9",
    )
}

#[test]
fn the_signatures_of_rfc_9052_and_rfc_8392_verify_and_another_kinds_do_not() {
    for (bytes, key) in [(unhex(SIGN1), key_11()), (unhex(CWT), cwt_key())] {
        let (protected, payload, signature) = taken_apart(&bytes);
        assert!(key.verifies(&to_be_signed(&protected, b"", &payload), &signature));
        assert!(!key.verifies(&to_be_signed(&protected, b"hc/1/token", &payload), &signature));
        assert!(!key.verifies(&to_be_signed(b"", b"", &payload), &signature));
    }
}

/// RFC 9052, appendix C.1.1: an ECDSA signature of a `COSE_Sign`, whose structure has another word and the body's header.
#[test]
fn the_signature_of_a_cose_sign_verifies_over_its_own_structure_and_not_over_ours() {
    let signature: [u8; 64] = unhex(concat!(
        "e2aeafd40d69d19dfe6e52077c5d7ff4e408282cbefb5d06cbf414af2e19d982",
        "ac45ac98b8544c908b4507de1e90b717c3d34816fe926a2b98f53afd2fa0f30a",
    ))
    .try_into()
    .unwrap();
    let (payload, header) = (b"This is the content.", unhex("a10126"));
    let mut e = Encoder::new(Vec::new());
    e.array(5).unwrap().str("Signature").unwrap().bytes(b"").unwrap();
    e.bytes(&header).unwrap().bytes(b"").unwrap().bytes(payload).unwrap();
    assert!(key_11().verifies(&e.into_writer(), &signature));
    assert!(!key_11().verifies(&to_be_signed(&header, b"", payload), &signature));
}

#[test]
fn our_profile_refuses_the_examples_for_their_tag_and_then_for_their_unprotected_key_id() {
    for bytes in [unhex(SIGN1), unhex(CWT)] {
        assert_eq!(Sign1::parse(&bytes, 1_000).unwrap_err(), FormatError::NotSign1);
        assert_eq!(Sign1::parse(&bytes[1..], 1_000).unwrap_err(), FormatError::UnprotectedHeader);
    }
}

/// RFC 9679, section 6.
#[test]
fn a_key_is_named_by_the_thumbprint_of_rfc_9679() {
    let key = p256(
        "65eda5a12577c2bae829437fe338701a10aaa375e1bb5b5de108de439c08551d",
        "1e52ed75701163f7f9e40ddf9f341b3dc9ba860af7e0ca7ca7e9eecd0084d19c",
    );
    let thumbprint = unhex("496bd8afadf307e5b08c64b0421bf9dc01528a344a43bda88fadd1669da253ec");
    assert_eq!(key.thumbprint().to_vec(), thumbprint);
    assert_eq!(key.id().to_vec(), thumbprint[..8]);
}

/// RFC 9285, sections 4.3 and 4.4.
#[test]
fn the_examples_of_base45_hold() {
    for (bytes, text) in
        [("AB", "BB8"), ("Hello!!", "%69 VD92EX0"), ("base-45", "UJCLQE7W581"), ("ietf!", "QED8WEX0")]
    {
        assert_eq!(CodeText::write(Prefix::Code, bytes.as_bytes()), format!("H1:{text}"));
        assert_eq!(decode_strictly(text), Some(bytes.as_bytes().to_vec()));
    }
    // Section 6: what is no encoding, as GGW, which would be 65,536.
    for none in ["GGW", "GG", ":::", "A", "bb8", "BB8 "] {
        assert_eq!(decode_strictly(none), None, "{none}");
    }
}
