//! The envelope: COSE_Sign1 (RFC 9052, 4.2) in one exact form. An untagged array of four, the unprotected header
//! empty, the protected one `{1: alg}` or `{1: alg, 4: kid}`, definite lengths. Each kind of object has its own
//! `external_aad`, so that a signature of one kind is never one of another; these bytes are not on the wire.

use minicbor::data::Type;
use minicbor::{Decoder, Encoder};
use sha2::{Digest, Sha256};
use thiserror::Error;

use super::key::{Algorithm, KeyId, PublicKey, Signer, SignerError};

/// What a signature is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "each is the last word of its context, `hc/1/…`")]
pub enum Kind {
    Token,
    Show,
    /// An answer to the challenge of this digest.
    Answer([u8; 32]),
    Link,
    Op,
    Enrol,
    Sync,
    Receipt,
    Rating,
    Time,
    Order,
    Release,
    Appeal,
    Notice,
    Rules,
    Policy,
    Venue,
    Judgement,
    Outage,
    Act,
    Log,
    Consent,
    /// What becomes of a key of a phone.
    Key,
    /// What an officer asks for.
    Officer,
    Paper,
    /// What an authority says to days that were served elsewhere.
    Served,
    Trust,
    Root,
}

impl Kind {
    /// The kind of answers to a challenge of these bytes.
    #[must_use]
    pub fn answer_to(challenge: &[u8]) -> Self {
        Self::Answer(Sha256::digest(challenge).into())
    }

    /// Every kind, an answer to the empty challenge among them.
    #[must_use]
    pub fn all() -> [Self; 28] {
        use Kind::{
            Act, Appeal, Consent, Enrol, Judgement, Key, Link, Log, Notice, Officer, Op, Order, Outage,
            Paper, Policy, Rating, Receipt, Release, Root, Rules, Served, Show, Sync, Time, Token, Trust,
            Venue,
        };
        [
            Token,
            Show,
            Self::answer_to(b""),
            Link,
            Op,
            Enrol,
            Sync,
            Receipt,
            Rating,
            Time,
            Order,
            Release,
            Appeal,
            Notice,
            Rules,
            Policy,
            Venue,
            Judgement,
            Outage,
            Act,
            Log,
            Consent,
            Key,
            Officer,
            Paper,
            Served,
            Trust,
            Root,
        ]
    }

    fn external_aad(self) -> Vec<u8> {
        let word = match self {
            Self::Token => "hc/1/token",
            Self::Show => "hc/1/show",
            Self::Answer(digest) => {
                let mut aad = b"hc/1/answer\0".to_vec();
                aad.extend_from_slice(&digest);
                return aad;
            }
            Self::Link => "hc/1/link",
            Self::Op => "hc/1/op",
            Self::Enrol => "hc/1/enrol",
            Self::Sync => "hc/1/sync",
            Self::Receipt => "hc/1/receipt",
            Self::Rating => "hc/1/rating",
            Self::Time => "hc/1/time",
            Self::Order => "hc/1/order",
            Self::Release => "hc/1/release",
            Self::Appeal => "hc/1/appeal",
            Self::Notice => "hc/1/notice",
            Self::Rules => "hc/1/rules",
            Self::Policy => "hc/1/policy",
            Self::Venue => "hc/1/venue",
            Self::Judgement => "hc/1/judgement",
            Self::Outage => "hc/1/outage",
            Self::Act => "hc/1/act",
            Self::Log => "hc/1/log",
            Self::Consent => "hc/1/consent",
            Self::Key => "hc/1/key",
            Self::Officer => "hc/1/officer",
            Self::Paper => "hc/1/paper",
            Self::Served => "hc/1/served",
            Self::Trust => "hc/1/trust",
            Self::Root => "hc/1/root",
        };
        word.as_bytes().to_vec()
    }
}

/// Why bytes are not what they should be. The names are stable: `invalid` verdicts and problems carry them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Error)]
pub enum FormatError {
    /// More bytes than this kind of object can have.
    #[error("too-large")]
    TooLarge,
    /// Not an array of four as COSE_Sign1 is.
    #[error("not-cose-sign1")]
    NotSign1,
    /// The unprotected header is not empty.
    #[error("unprotected-header")]
    UnprotectedHeader,
    /// The protected header has other entries than algorithm and key id.
    #[error("protected-header")]
    ProtectedHeader,
    /// An algorithm other than `EdDSA` and ES256, or not the key's.
    #[error("algorithm")]
    Algorithm,
    /// A signature of other than 64 bytes.
    #[error("signature-length")]
    SignatureLength,
    /// A payload where there should be none, or none where there should be one.
    #[error("payload")]
    Payload,
    /// The payload is not this kind of object.
    #[error("content")]
    Content,
    /// A value that this kind of object cannot have.
    #[error("value")]
    Value,
    /// Another encoding of the same value than the one that is valid.
    #[error("not-deterministic")]
    NotDeterministic,
    /// Not a key of a known type, not on its curve, or of small order.
    #[error("key")]
    Key,
}

/// Why a signed object is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Error)]
pub enum TokenError {
    /// Its form.
    #[error("form: {0}")]
    Form(#[from] FormatError),
    /// No listed key has this id and this use.
    #[error("unknown key")]
    UnknownKey,
    /// The key was removed from the trust list before its time: what it signed is to be signed anew.
    #[error("removed key")]
    RemovedKey,
    /// The key may not sign at the instant that the object was issued.
    #[error("outside the key's window")]
    OutsideKeyWindow,
    /// The signature is not the key's.
    #[error("signature")]
    Signature,
    /// It is about somebody else than asked.
    #[error("another subject")]
    OtherSubject,
    /// Its issuer may not speak for this region.
    #[error("region")]
    Region,
}

/// A parsed envelope. Nothing of it is to be believed before [`Sign1::verify`].
#[derive(Clone, Copy)]
pub struct Sign1<'b> {
    algorithm: Algorithm,
    key_id: Option<KeyId>,
    protected: &'b [u8],
    payload: Option<&'b [u8]>,
    signature: [u8; 64],
}

impl<'b> Sign1<'b> {
    /// Reads an envelope of at most `limit` bytes.
    pub fn parse(bytes: &'b [u8], limit: usize) -> Result<Self, FormatError> {
        if bytes.len() > limit {
            return Err(FormatError::TooLarge);
        }
        let envelope = Self::read(bytes)?;
        if envelope.encode() == bytes { Ok(envelope) } else { Err(FormatError::NotDeterministic) }
    }

    fn read(bytes: &'b [u8]) -> Result<Self, FormatError> {
        let Items { protected, payload, signature } = Items::read(&mut Decoder::new(bytes))?;
        let (algorithm, key_id) = read_protected(protected)?;
        Ok(Self { algorithm, key_id, protected, payload, signature })
    }

    fn encode(&self) -> Vec<u8> {
        write_envelope(&write_protected(self.algorithm, self.key_id), self.payload, &self.signature)
    }

    /// The key id in the protected header.
    #[must_use]
    pub const fn key_id(&self) -> Option<KeyId> {
        self.key_id
    }

    /// The payload without any check of the signature: to find the key that must then verify it, and to take
    /// untrusted objects apart for people.
    pub fn unverified_payload(&self) -> Result<&'b [u8], FormatError> {
        self.payload.ok_or(FormatError::Payload)
    }

    /// The payload, once the signature is `key`'s over it as this kind of object.
    pub fn verify(&self, kind: Kind, key: &PublicKey) -> Result<&'b [u8], TokenError> {
        let payload = self.unverified_payload()?;
        self.verify_over(kind, key, payload).map(|()| payload)
    }

    /// Checks a detached signature (a nil payload in the envelope) over `payload`.
    pub fn verify_detached(&self, kind: Kind, key: &PublicKey, payload: &[u8]) -> Result<(), TokenError> {
        if self.payload.is_some() {
            return Err(FormatError::Payload.into());
        }
        self.verify_over(kind, key, payload)
    }

    fn verify_over(&self, kind: Kind, key: &PublicKey, payload: &[u8]) -> Result<(), TokenError> {
        if self.algorithm != key.algorithm() {
            return Err(FormatError::Algorithm.into());
        }
        let message = sig_structure(self.protected, &kind.external_aad(), payload);
        if key.verifies(&message, &self.signature) { Ok(()) } else { Err(TokenError::Signature) }
    }
}

impl std::fmt::Debug for Sign1<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Sign1({:?}, {:02x?})", self.algorithm, self.key_id)
    }
}

/// Whether the protected header names its key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Naming {
    /// `{1: alg, 4: kid}`: an issuer's objects.
    ById,
    /// `{1: alg}`: what a holder signs, whose key stands in the object's context.
    Implied,
}

/// Signs a payload as this kind of object.
pub fn sign(kind: Kind, naming: Naming, payload: &[u8], signer: &dyn Signer) -> Result<Vec<u8>, SignerError> {
    sign_as(kind, naming, payload, Some(payload), signer)
}

/// Signs a payload that travels beside its signature (RFC 9052, 2: nil in the envelope).
pub fn sign_detached(kind: Kind, payload: &[u8], signer: &dyn Signer) -> Result<Vec<u8>, SignerError> {
    sign_as(kind, Naming::ById, payload, None, signer)
}

fn sign_as(
    kind: Kind,
    naming: Naming,
    payload: &[u8],
    carried: Option<&[u8]>,
    signer: &dyn Signer,
) -> Result<Vec<u8>, SignerError> {
    let key = signer.public_key();
    let key_id = (naming == Naming::ById).then(|| key.id());
    let protected = write_protected(key.algorithm(), key_id);
    let signature = signer.sign(&sig_structure(&protected, &kind.external_aad(), payload))?;
    Ok(write_envelope(&protected, carried, &signature))
}

/// The four items of COSE_Sign1, without the unprotected header: that is empty.
#[derive(Clone, Copy)]
pub(super) struct Items<'b> {
    pub(super) protected: &'b [u8],
    pub(super) payload: Option<&'b [u8]>,
    pub(super) signature: [u8; 64],
}

impl<'b> Items<'b> {
    pub(super) fn read(d: &mut Decoder<'b>) -> Result<Self, FormatError> {
        if !matches!(d.array(), Ok(Some(4))) {
            return Err(FormatError::NotSign1);
        }
        let protected = d.bytes().map_err(|_| FormatError::ProtectedHeader)?;
        if !matches!(d.map(), Ok(Some(0))) {
            return Err(FormatError::UnprotectedHeader);
        }
        let payload = match d.datatype() {
            Ok(Type::Null) => d.null().map(|()| None),
            _ => d.bytes().map(Some),
        }
        .map_err(|_| FormatError::Payload)?;
        let signature = d.bytes().map_err(|_| FormatError::NotSign1)?;
        let signature = signature.try_into().map_err(|_| FormatError::SignatureLength)?;
        Ok(Self { protected, payload, signature })
    }
}

fn read_protected(bytes: &[u8]) -> Result<(Algorithm, Option<KeyId>), FormatError> {
    let mut d = Decoder::new(bytes);
    let entries = d.map().map_err(|_| FormatError::ProtectedHeader)?;
    if !matches!(d.u8(), Ok(1)) {
        return Err(FormatError::ProtectedHeader);
    }
    let algorithm = d.i64().ok().and_then(Algorithm::from_number).ok_or(FormatError::Algorithm)?;
    let key_id = match entries {
        Some(1) => None,
        Some(2) if matches!(d.u8(), Ok(4)) => {
            let id = d.bytes().ok().and_then(|id| id.try_into().ok());
            Some(id.ok_or(FormatError::ProtectedHeader)?)
        }
        _ => return Err(FormatError::ProtectedHeader),
    };
    Ok((algorithm, key_id))
}

#[allow(clippy::expect_used, reason = "writing to a vector cannot fail")]
fn write_protected(algorithm: Algorithm, key_id: Option<KeyId>) -> Vec<u8> {
    let mut e = Encoder::new(Vec::with_capacity(13));
    e.map(1 + u64::from(key_id.is_some()))
        .and_then(|e| e.u8(1)?.i64(algorithm.number()))
        .and_then(|e| match key_id {
            Some(id) => e.u8(4)?.bytes(&id),
            None => Ok(e),
        })
        .expect("writing to a vector cannot fail");
    e.into_writer()
}

#[allow(clippy::expect_used, reason = "writing to a vector cannot fail")]
fn write_envelope(protected: &[u8], payload: Option<&[u8]>, signature: &[u8; 64]) -> Vec<u8> {
    let mut e = Encoder::new(Vec::with_capacity(96 + payload.map_or(0, <[u8]>::len)));
    e.array(4)
        .and_then(|e| e.bytes(protected)?.map(0))
        .and_then(|e| match payload {
            Some(payload) => e.bytes(payload),
            None => e.null(),
        })
        .and_then(|e| e.bytes(signature))
        .expect("writing to a vector cannot fail");
    e.into_writer()
}

/// RFC 9052, 4.4: what is signed.
#[allow(clippy::expect_used, reason = "writing to a vector cannot fail")]
pub(super) fn sig_structure(protected: &[u8], external_aad: &[u8], payload: &[u8]) -> Vec<u8> {
    let mut e = Encoder::new(Vec::with_capacity(64 + payload.len()));
    e.array(4)
        .and_then(|e| e.str("Signature1")?.bytes(protected)?.bytes(external_aad)?.bytes(payload))
        .expect("writing to a vector cannot fail");
    e.into_writer()
}
