//! The root keys and what they sign together: the trust list, the next set of root keys, outage notices.
//!
//! On the wire `[payload, [detached COSE_Sign1, …]]`, believed where a threshold of the set's keys has signed it. A set
//! is followed as in The Update Framework (TUF, 5.3): the next version only, signed by the threshold of the set before
//! and by its own; when a set expires is asked after the last step. What never enters: a root key that a server sent
//! without the signatures of those that are trusted.

use std::collections::BTreeSet;

use minicbor::bytes::ByteVec;
use minicbor::{Decode, Decoder, Encode};
use thiserror::Error;

use super::cbor;
use super::envelope::{self, FormatError, Kind, Sign1};
use super::key::{PublicKey, Signer, SignerError};
use crate::rules::calendar::Timestamp;

/// The most bytes of a root document: sixteen keys and as many signatures of two sets.
pub const MAX_BYTES: usize = 8 * 1024;
const FORMAT: u8 = 1;
/// The most keys of a set.
const MAX_KEYS: usize = 16;
/// A document between two sets bears the signatures of both.
const MAX_SIGNATURES: usize = 2 * MAX_KEYS;

/// A set of root keys that is trusted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RootSet {
    /// Grows by one with every change.
    pub version: u32,
    /// How many of the keys must have signed.
    pub threshold: usize,
    /// The keys.
    pub keys: Vec<PublicKey>,
    /// When it must have been replaced; none for the set that an app is built with.
    pub expires_at: Option<Timestamp>,
}

/// The content of a root document: a set of root keys.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct RootContent {
    /// The form of this document: 1.
    #[n(1)]
    pub format: u8,
    /// One above the set that it follows.
    #[n(2)]
    pub version: u32,
    /// How many of the keys must have signed.
    #[n(3)]
    pub threshold: u8,
    /// The keys, each as COSE_Key.
    #[n(4)]
    pub keys: Vec<ByteVec>,
    /// When it was signed.
    #[cbor(n(5), with = "cbor::seconds")]
    pub issued_at: Timestamp,
    /// When it must have been replaced.
    #[cbor(n(6), with = "cbor::seconds")]
    pub expires_at: Timestamp,
}

/// Why something that root keys sign is refused. What is in force stays in force.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum RootError {
    /// Its form.
    #[error("form: {0}")]
    Form(#[from] FormatError),
    /// A form of a later version: the app must be updated.
    #[error("of a later version")]
    Newer,
    /// Fewer root keys have signed it than must.
    #[error("not signed by the roots")]
    Signatures,
    /// Not the version that follows the set in force.
    #[error("not the next version")]
    Skipped,
    /// A set that cannot be: no key, one key twice, a threshold that cannot be met.
    #[error("inconsistent")]
    Inconsistent,
}

impl RootContent {
    /// A set of the first format.
    #[must_use]
    pub fn new(
        version: u32,
        threshold: u8,
        keys: &[PublicKey],
        issued_at: Timestamp,
        expires_at: Timestamp,
    ) -> Self {
        let keys = keys.iter().map(|key| key.to_cose().into()).collect();
        Self { format: FORMAT, version, threshold, keys, issued_at, expires_at }
    }

    /// Signs the set: with a threshold of the keys of the set before, and of its own.
    pub fn sign(&self, roots: &[&dyn Signer]) -> Result<Vec<u8>, SignerError> {
        sign_by_roots(Kind::Root, cbor::encode(self), roots)
    }

    fn into_set(self) -> Result<RootSet, RootError> {
        let keys: Result<Vec<_>, _> = self.keys.iter().map(|key| PublicKey::from_cose(key)).collect();
        let set = RootSet {
            version: self.version,
            threshold: usize::from(self.threshold),
            keys: keys?,
            expires_at: Some(self.expires_at),
        };
        if set.is_sound() { Ok(set) } else { Err(RootError::Inconsistent) }
    }
}

impl RootSet {
    /// A set that an app is built with.
    #[must_use]
    pub const fn embedded(version: u32, threshold: usize, keys: Vec<PublicKey>) -> Self {
        Self { version, threshold, keys, expires_at: None }
    }

    /// Whether its threshold can be met, and none of its keys counts twice.
    #[must_use]
    pub fn is_sound(&self) -> bool {
        self.keys_are_sound() && (1..=self.keys.len()).contains(&self.threshold)
    }

    /// Whether it has no more keys than a set may, and none of them twice.
    #[must_use]
    pub fn keys_are_sound(&self) -> bool {
        let distinct: BTreeSet<_> = self.keys.iter().map(PublicKey::id).collect();
        self.keys.len() <= MAX_KEYS && distinct.len() == self.keys.len()
    }

    /// Verifies the document of the set that follows this one.
    pub fn succeed(&self, bytes: &[u8]) -> Result<Self, RootError> {
        let document = Document::parse(bytes, MAX_BYTES)?;
        let content: RootContent = document.content(Kind::Root, self, FORMAT, MAX_BYTES)?;
        if content.format != FORMAT || content.issued_at >= content.expires_at {
            return Err(FormatError::Value.into());
        }
        if self.version.checked_add(1) != Some(content.version) {
            return Err(RootError::Skipped);
        }
        let next = content.into_set()?;
        document.verify(Kind::Root, &next)?;
        Ok(next)
    }

    /// Whether it should have been replaced by `now`.
    #[must_use]
    pub fn is_expired(&self, now: Timestamp) -> bool {
        self.expires_at.is_some_and(|expires_at| now >= expires_at)
    }
}

/// A payload with the signatures of root keys. Nothing of it is to be believed before its signatures are verified.
#[derive(Encode, Decode)]
pub struct Document {
    #[n(0)]
    payload: ByteVec,
    #[n(1)]
    signatures: Vec<ByteVec>,
}

impl Document {
    /// Reads a document of at most `limit` bytes.
    pub fn parse(bytes: &[u8], limit: usize) -> Result<Self, FormatError> {
        let document: Self = cbor::decode(bytes, limit)?;
        if document.signatures.len() > MAX_SIGNATURES {
            return Err(FormatError::TooLarge);
        }
        for signature in &document.signatures {
            Sign1::parse(signature, 256)?;
        }
        Ok(document)
    }

    /// The payload without any check of the signatures: to take untrusted documents apart for people.
    #[must_use]
    pub fn unverified_payload(&self) -> &[u8] {
        &self.payload
    }

    /// The payload, once a threshold of the set's keys has signed it as this kind.
    pub(crate) fn verify(&self, kind: Kind, roots: &RootSet) -> Result<&[u8], RootError> {
        let mut signed = BTreeSet::new();
        for signature in &self.signatures {
            let envelope = Sign1::parse(signature, 256)?;
            let root = roots.keys.iter().find(|key| envelope.key_id() == Some(key.id()));
            if let Some(root) = root
                && envelope.verify_detached(kind, root, &self.payload).is_ok()
            {
                signed.insert(root.id());
            }
        }
        if roots.threshold > 0 && signed.len() >= roots.threshold {
            Ok(&self.payload)
        } else {
            Err(RootError::Signatures)
        }
    }
}

impl Document {
    /// What the payload says, once it is verified. One of a later form than `format` may have members that this version
    /// cannot read.
    pub(crate) fn content<T: for<'b> Decode<'b, ()> + Encode<()>>(
        &self,
        kind: Kind,
        roots: &RootSet,
        format: u8,
        limit: usize,
    ) -> Result<T, RootError> {
        let payload = self.verify(kind, roots)?;
        if format_of(payload).is_some_and(|named| named > format) {
            return Err(RootError::Newer);
        }
        Ok(cbor::decode(payload, limit)?)
    }
}

/// Signs a payload with root keys.
pub(crate) fn sign_by_roots(
    kind: Kind,
    payload: Vec<u8>,
    roots: &[&dyn Signer],
) -> Result<Vec<u8>, SignerError> {
    let sign = |root: &&dyn Signer| envelope::sign_detached(kind, &payload, *root).map(ByteVec::from);
    let signatures = roots.iter().map(sign).collect::<Result<_, _>>()?;
    Ok(cbor::encode(&Document { payload: payload.into(), signatures }))
}

/// The form that a document names at its head.
fn format_of(payload: &[u8]) -> Option<u8> {
    let mut d = Decoder::new(payload);
    d.map().ok()?;
    (d.u8().ok()? == 1).then(|| d.u8().ok()).flatten()
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;
    use crate::token::SoftwareKey;

    const DAY: i64 = 86_400;

    fn key(seed: u8) -> SoftwareKey {
        SoftwareKey::from_seed(&[seed; 32])
    }

    fn set(version: u32, threshold: usize, seeds: &[u8]) -> RootSet {
        RootSet::embedded(version, threshold, seeds.iter().map(|seed| key(*seed).public_key()).collect())
    }

    fn document(version: u32, threshold: u8, seeds: &[u8], signers: &[u8]) -> Vec<u8> {
        let keys: Vec<_> = seeds.iter().map(|seed| key(*seed).public_key()).collect();
        let at = Timestamp::from_seconds(1_600_000_000);
        let content = RootContent::new(version, threshold, &keys, at, at.plus_millis(365 * DAY * 1_000));
        let signers: Vec<_> = signers.iter().map(|seed| key(*seed)).collect();
        let signers: Vec<&dyn Signer> = signers.iter().map(|key| key as &dyn Signer).collect();
        content.sign(&signers).unwrap()
    }

    #[test]
    fn a_set_is_followed_by_the_next_that_both_thresholds_have_signed() {
        let first = set(1, 2, &[1, 2, 3]);
        let second = first.succeed(&document(2, 2, &[3, 4, 5], &[1, 2, 4, 5])).unwrap();
        assert_eq!((second.version, second.threshold, second.keys.len()), (2, 2, 3));
        assert!(!second.is_expired(Timestamp::from_seconds(1_600_000_000)));
        assert!(second.is_expired(Timestamp::from_seconds(1_600_000_000 + 365 * DAY)));
        // A key of both sets counts in both.
        first.succeed(&document(2, 2, &[3, 4, 5], &[1, 3, 4])).unwrap();
        let third = second.succeed(&document(3, 1, &[6], &[4, 5, 6])).unwrap();
        assert_eq!(third.version, 3);
    }

    #[test]
    fn a_set_that_one_threshold_has_not_signed_is_refused() {
        let first = set(1, 2, &[1, 2, 3]);
        let refused = |signers: &[u8]| first.succeed(&document(2, 2, &[4, 5, 6], signers)).unwrap_err();
        assert_eq!(refused(&[1, 2]), RootError::Signatures, "not by its own");
        assert_eq!(refused(&[4, 5, 6]), RootError::Signatures, "not by the set before");
        assert_eq!(refused(&[1, 1, 4, 5]), RootError::Signatures, "one key twice is one key");
        assert_eq!(refused(&[1, 2, 4, 4]), RootError::Signatures);
    }

    #[test]
    fn no_version_is_skipped_and_none_comes_back() {
        let first = set(1, 1, &[1]);
        for version in [0, 1, 3, u32::MAX] {
            assert_eq!(first.succeed(&document(version, 1, &[1], &[1])), Err(RootError::Skipped));
        }
        let last = set(u32::MAX, 1, &[1]);
        assert_eq!(last.succeed(&document(0, 1, &[1], &[1])), Err(RootError::Skipped));
    }

    #[test]
    fn a_set_whose_threshold_cannot_be_met_is_refused() {
        let first = set(1, 1, &[1]);
        for (threshold, seeds) in [(0, &[1][..]), (2, &[1]), (2, &[1, 1]), (1, &[])] {
            let refused = first.succeed(&document(2, threshold, seeds, &[1]));
            assert_eq!(refused, Err(RootError::Inconsistent), "{threshold} of {seeds:?}");
        }
    }
}
