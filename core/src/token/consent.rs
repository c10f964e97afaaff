//! What a phone's key agrees to beyond an operation of its own subject: that another key cares for somebody, takes over
//! on another phone, or brings what was served to another authority. It travels outside the chain of operations, since
//! who reads it may be another authority.

use minicbor::{Decode, Encode};
use sha2::{Digest, Sha256};

use super::cbor;
use super::envelope::{self, FormatError, Kind, Naming, Sign1, TokenError};
use super::ids::SubjectId;
use super::key::{PublicKey, Signer, SignerError};
use crate::rules::calendar::Timestamp;

/// The most bytes of a signed consent.
pub const MAX_BYTES: usize = 512;
/// How long a consent holds, in hours.
pub const HOURS: i64 = 24;

/// What is agreed to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(index_only)]
pub enum Purpose {
    /// The new key is one of the same person's, with which the person cares for somebody else.
    #[n(1)]
    Care,
    /// The new key takes this one's place, on another phone.
    #[n(2)]
    Handover,
    /// The new key is the same person's at another authority, and may bring what was served here.
    #[n(3)]
    Move,
}

/// A consent of the key that signs it.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct KeyConsent {
    /// To what.
    #[n(1)]
    pub purpose: Purpose,
    /// The subject of the key that agrees.
    #[n(2)]
    pub subject: SubjectId,
    /// SHA-256 of the new key as COSE_Key.
    #[cbor(n(3), with = "minicbor::bytes")]
    pub key: [u8; 32],
    /// A lower bound of the time at which it was given, by the phone's evidence.
    #[cbor(n(4), with = "cbor::seconds")]
    pub given_at: Timestamp,
    /// The authority at which the new key is to be taken, by its id in the trust list.
    #[n(5)]
    pub audience: String,
}

impl KeyConsent {
    /// A consent to a key.
    #[must_use]
    pub fn new(
        purpose: Purpose,
        subject: SubjectId,
        key: &PublicKey,
        given_at: Timestamp,
        audience: &str,
    ) -> Self {
        let key = Sha256::digest(key.to_cose()).into();
        Self { purpose, subject, key, given_at, audience: audience.to_owned() }
    }

    /// Signs it with the key that agrees.
    pub fn sign(&self, key: &dyn Signer) -> Result<Vec<u8>, SignerError> {
        envelope::sign(Kind::Consent, Naming::ById, &cbor::encode(self), key)
    }

    /// Verifies a consent of this key.
    pub fn open(bytes: &[u8], key: &PublicKey) -> Result<Self, TokenError> {
        let payload = Sign1::parse(bytes, MAX_BYTES)?.verify(Kind::Consent, key)?;
        Ok(cbor::decode(payload, MAX_BYTES)?)
    }

    /// What it says without the signature: to find the key that must then verify it.
    pub fn unverified(bytes: &[u8]) -> Result<Self, FormatError> {
        cbor::decode(Sign1::parse(bytes, MAX_BYTES)?.unverified_payload()?, MAX_BYTES)
    }

    /// Whether it is about this key, for this purpose, at this authority, and not too old at `now`.
    #[must_use]
    pub fn covers(&self, purpose: Purpose, key: &PublicKey, audience: &str, now: Timestamp) -> bool {
        let digest: [u8; 32] = Sha256::digest(key.to_cose()).into();
        self.purpose == purpose
            && self.key == digest
            && self.audience == audience
            && now < self.given_at.plus_hours(HOURS)
    }
}
