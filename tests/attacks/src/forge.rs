//! The tools of an attacker who can sign: an envelope put together by hand, signed over the very bytes that it shows,
//! so that it is the form that is refused and never the signature. And the mutations of bytes that need no key.

use healthcode::token::key::Signer;
use minicbor::Encoder;

use crate::world::{ZHEJIANG, key, public, seed_of};
use healthcode::token::KeyUse;

/// The `external_aad` of a token.
pub const TOKEN: &[u8] = b"hc/1/token";
/// The `external_aad` of a code that is shown.
pub const SHOW: &[u8] = b"hc/1/show";

/// A CBOR byte string of these bytes, in its shortest form.
#[must_use]
pub fn byte_string(bytes: &[u8]) -> Vec<u8> {
    minicbor::to_vec(minicbor::bytes::ByteVec::from(bytes.to_vec())).unwrap()
}

/// RFC 9052, 4.4: what is signed.
#[must_use]
pub fn to_be_signed(protected: &[u8], aad: &[u8], payload: &[u8]) -> Vec<u8> {
    let mut e = Encoder::new(Vec::new());
    e.array(4).unwrap().str("Signature1").unwrap();
    e.bytes(protected).unwrap().bytes(aad).unwrap().bytes(payload).unwrap();
    e.into_writer()
}

/// An envelope from its parts as they stand.
#[derive(Clone)]
pub struct Forged {
    /// The array's head.
    pub head: Vec<u8>,
    /// The protected header, without the byte string's head.
    pub protected: Vec<u8>,
    /// The protected header's item, where it is no byte string of the header in its shortest form.
    pub protected_item: Option<Vec<u8>>,
    /// The unprotected header's item.
    pub unprotected: Vec<u8>,
    /// The payload that is signed.
    pub payload: Vec<u8>,
    /// The payload's item, where it is no byte string of the payload in its shortest form.
    pub payload_item: Option<Vec<u8>>,
    /// What stands behind the signature.
    pub tail: Vec<u8>,
    /// The `external_aad`.
    pub aad: Vec<u8>,
}

impl Forged {
    /// A token of this payload, as Zhejiang's key would sign it.
    #[must_use]
    pub fn token(payload: &[u8]) -> Self {
        Self::of(&[&[0xa2, 0x01, 0x27, 0x04, 0x48], &token_key_id()[..]].concat(), TOKEN, payload)
    }

    /// A presentation of this payload.
    #[must_use]
    pub fn presentation(payload: &[u8]) -> Self {
        Self::of(&[0xa1, 0x01, 0x27], SHOW, payload)
    }

    fn of(protected: &[u8], aad: &[u8], payload: &[u8]) -> Self {
        Self {
            head: vec![0x84],
            protected: protected.to_vec(),
            protected_item: None,
            unprotected: vec![0xa0],
            payload: payload.to_vec(),
            payload_item: None,
            tail: Vec::new(),
            aad: aad.to_vec(),
        }
    }

    /// Signs it with the key of a seed.
    #[must_use]
    pub fn signed_by(&self, seed: u8) -> Vec<u8> {
        self.signed(&key(seed))
    }

    /// Signs it.
    #[must_use]
    pub fn signed(&self, signer: &dyn Signer) -> Vec<u8> {
        let signature = signer.sign(&to_be_signed(&self.protected, &self.aad, &self.payload)).unwrap();
        self.with_signature(&byte_string(&signature))
    }

    /// Puts this item where the signature stands.
    #[must_use]
    pub fn with_signature(&self, item: &[u8]) -> Vec<u8> {
        let protected = self.protected_item.clone().unwrap_or_else(|| byte_string(&self.protected));
        let payload = self.payload_item.clone().unwrap_or_else(|| byte_string(&self.payload));
        [&self.head[..], &protected, &self.unprotected, &payload, item, &self.tail].concat()
    }
}

/// The id of the key with which Zhejiang signs tokens.
#[must_use]
pub fn token_key_id() -> [u8; 8] {
    public(seed_of(ZHEJIANG, KeyUse::Tokens)).id()
}

/// Every bit of some bytes flipped, one at a time, and its number.
pub fn flips(bytes: &[u8]) -> impl Iterator<Item = (usize, Vec<u8>)> {
    (0..bytes.len() * 8).map(|bit| {
        let mut flipped = bytes.to_vec();
        flipped[bit / 8] ^= 1 << (bit % 8);
        (bit, flipped)
    })
}

/// The bytes with the first occurrence of `from` replaced by `to`.
#[must_use]
pub fn replaced(bytes: &[u8], from: &[u8], to: &[u8]) -> Vec<u8> {
    let place = bytes.windows(from.len()).position(|window| window == from).expect("it is in them");
    [&bytes[..place], to, &bytes[place + from.len()..]].concat()
}
