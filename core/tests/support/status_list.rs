//! Status lists put together item by item, so that a wrong one is signed by the right key over the bytes it shows.

use healthcode::token::key::Signer;
use healthcode::token::status_list::MEDIA_TYPE;
use healthcode::token::trust_list::{KeyUse, StatusListEntry, TrustList};
use healthcode::token::{StatusListContent, Statuses};
use minicbor::Encoder;

use super::{at, hours, issuer, issuer_key, key, other_issuer, public, trust_of};

/// The seed of the issuer's key for status lists.
pub(crate) const STATUS: u8 = 6;
/// The same of the other issuer.
pub(crate) const OTHER_STATUS: u8 = 7;
/// The issuer's list 1.
pub(crate) const URI: &str = "https://zhejiang.example/v1/lists/1";

/// The issuer's list 7.
pub(crate) const SEVENTH: &str = "https://zhejiang.example/v1/lists/7";

/// A list of both issuers, each with a key for status lists.
pub(crate) fn status_trust() -> TrustList {
    let (mut own, mut other) = (issuer(), other_issuer());
    own.status_lists.push(StatusListEntry { list: 7, uri: SEVENTH.to_owned() });
    own.keys.push(issuer_key(STATUS, KeyUse::Status));
    other.keys.push(issuer_key(OTHER_STATUS, KeyUse::Status));
    trust_of(vec![own, other])
}

/// Twenty places, three of them withdrawn.
pub(crate) fn status_content() -> StatusListContent {
    StatusListContent {
        uri: URI.to_owned(),
        issued_at: at(0),
        expires_at: at(hours(24)),
        ttl: 43_200,
        statuses: Statuses::new(20, [0, 9, 19]).expect("within the list"),
    }
}

/// The zlib stream of some bytes.
pub(crate) fn zlib(bytes: &[u8]) -> Vec<u8> {
    miniz_oxide::deflate::compress_to_vec_zlib(bytes, 9)
}

/// Bytes that an encoder writes.
pub(crate) fn cbor(write: impl FnOnce(&mut Encoder<Vec<u8>>)) -> Vec<u8> {
    let mut e = Encoder::new(Vec::new());
    write(&mut e);
    e.into_writer()
}

/// The claims of a list, each as the CBOR of its label and value.
#[derive(Clone)]
pub(crate) struct Claims(pub(crate) Vec<Vec<u8>>);

impl Claims {
    /// Those of [`status_content`], with other statuses.
    pub(crate) fn of(bits: u8, stream: &[u8]) -> Self {
        let list = |e: &mut Encoder<Vec<u8>>| {
            e.u32(65_533).unwrap().map(2).unwrap();
            e.str("lst").unwrap().bytes(stream).unwrap().str("bits").unwrap().u8(bits).unwrap();
        };
        Self(vec![
            cbor(|e| drop(e.u8(2).unwrap().str(URI))),
            cbor(|e| drop(e.u8(4).unwrap().i64(at(hours(24)).seconds()))),
            cbor(|e| drop(e.u8(6).unwrap().i64(at(0).seconds()))),
            cbor(list),
            cbor(|e| drop(e.u32(65_534).unwrap().u32(43_200))),
        ])
    }

    pub(crate) fn payload(&self) -> Vec<u8> {
        let head = cbor(|e| drop(e.map(self.0.len() as u64)));
        [head, self.0.concat()].concat()
    }
}

/// The items of an envelope as they stand on the wire.
#[derive(Clone)]
pub(crate) struct Crafted {
    pub(crate) head: Vec<u8>,
    pub(crate) protected: Vec<u8>,
    pub(crate) unprotected: Vec<u8>,
    pub(crate) payload: Vec<u8>,
}

impl Crafted {
    pub(crate) fn of(claims: &Claims) -> Self {
        let id = public(STATUS).id();
        let protected = |e: &mut Encoder<Vec<u8>>| {
            e.map(3).unwrap().u8(1).unwrap().i8(-8).unwrap().u8(4).unwrap().bytes(&id).unwrap();
            e.u8(16).unwrap().str(MEDIA_TYPE).unwrap();
        };
        Self {
            head: vec![0xd2, 0x84],
            protected: cbor(protected),
            unprotected: vec![0xa0],
            payload: claims.payload(),
        }
    }

    /// Signed as the draft has it.
    pub(crate) fn sign(&self) -> Vec<u8> {
        self.sign_over(b"")
    }

    /// Signed with bytes as `external_aad`.
    pub(crate) fn sign_over(&self, external_aad: &[u8]) -> Vec<u8> {
        let signature = key(STATUS).sign(&to_be_signed(&self.protected, external_aad, &self.payload));
        let (protected, payload) = (byte_string(&self.protected), byte_string(&self.payload));
        let signature = byte_string(&signature.expect("software keys sign"));
        [&*self.head, &*protected, &*self.unprotected, &*payload, &*signature].concat()
    }
}

/// The list of this stream, signed as the issuer signs.
pub(crate) fn signed_stream(bits: u8, stream: &[u8]) -> Vec<u8> {
    Crafted::of(&Claims::of(bits, stream)).sign()
}

pub(crate) fn byte_string(bytes: &[u8]) -> Vec<u8> {
    cbor(|e| drop(e.bytes(bytes)))
}

/// The bytes that RFC 9052, 4.4 has signed.
pub(crate) fn to_be_signed(protected: &[u8], external_aad: &[u8], payload: &[u8]) -> Vec<u8> {
    cbor(|e| {
        e.array(4).unwrap().str("Signature1").unwrap();
        e.bytes(protected).unwrap().bytes(external_aad).unwrap().bytes(payload).unwrap();
    })
}
