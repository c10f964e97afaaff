//! Exposure notices and their log. A notice is a signed list of files of places ([`crate::rules::exposure::blocks`]),
//! each with the parameters that define what is near and the rule that says what it means. Each names the digest of the
//! notice before it, so that the notices of an issuer are one chain; the head of the chain is signed by the issuer and
//! by a second one, which signs no head that does not go on from the last it saw. Who is shown a notice that others are
//! not shown holds a head that the others cannot hold.
//!
//! What never enters: who asks, and whom a notice is about.

use std::collections::BTreeSet;

use minicbor::bytes::{ByteArray, ByteVec};
use minicbor::{Decode, Encode};
use sha2::{Digest, Sha256};
use thiserror::Error;

use super::cbor;
use super::envelope::{self, FormatError, Kind, Sign1, TokenError};
use super::key::{Signer, SignerError};
use super::trust_list::{KeyUse, Object, TrustList};
use crate::rules::calendar::{LegalDate, Timestamp};
use crate::rules::exposure::blocks::MAX_PART;
use crate::rules::exposure::{PlaceKind, Proximity};
use crate::rules::identity::Region;

/// The most bytes of a signed notice: a thousand files of places.
pub const MAX_BYTES: usize = 128 * 1024;
/// The most bytes of a signed head.
pub const MAX_HEAD_BYTES: usize = 1_024;
/// The most files of a notice: 128 MB of places.
pub const MAX_PARTS: usize = 1_024;
/// The most records of a file: many more than fit where they differ.
const MAX_RECORDS: u32 = 256 * 1024;
const MAX_CLASSES: usize = 64;
const MAX_WITHDRAWN: usize = 1_024;
const FORMAT: u8 = 1;

/// The digest of a notice's payload, SHA-256. Its signature is no part of it.
pub type NoticeDigest = [u8; 32];

/// The digest that the first notice of a log names.
pub const BEGINNING: NoticeDigest = [0; 32];

/// A notice.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct ExposureNotice {
    /// The form of this document: 1.
    #[n(1)]
    pub format: u8,
    /// Its place in the issuer's log, from 1 on without a gap.
    #[n(2)]
    pub number: u32,
    /// The digest of the notice before it; [`BEGINNING`] for the first.
    #[n(3)]
    pub previous: ByteArray<32>,
    /// The region that it is for, six digits of GB/T 2260.
    #[n(4)]
    pub region: u32,
    /// When it was signed.
    #[cbor(n(5), with = "cbor::seconds")]
    pub issued_at: Timestamp,
    /// What its files mean.
    #[n(6)]
    pub classes: Vec<ExposureClass>,
    /// Its files.
    #[n(7)]
    pub parts: Vec<PartEntry>,
    /// The numbers of earlier notices that no longer hold, rising.
    #[n(8)]
    pub withdraws: Vec<u32>,
}

/// What some of a notice's files mean.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct ExposureClass {
    /// What they are about, see [`PlaceKind::number`].
    #[n(1)]
    pub kind: u8,
    /// The rule of the issuer's rulebook that says what a match means; empty where it is advice alone.
    #[n(2)]
    pub rule: String,
    /// The fewest minutes at the same place at the same time.
    #[n(3)]
    pub minutes: u16,
    /// How many carriages or rows apart still count.
    #[n(4)]
    pub apart: u16,
    /// From when on a match counts.
    #[cbor(n(5), with = "cbor::seconds")]
    pub from: Timestamp,
    /// Until when a match counts.
    #[cbor(n(6), with = "cbor::seconds")]
    pub until: Timestamp,
}

/// A file of places.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct PartEntry {
    /// The class that it is of, by its place in the notice.
    #[n(1)]
    pub class: u8,
    /// The legal day that its minutes are counted from, in days after 1970-01-01.
    #[n(2)]
    pub day: i32,
    /// How many records it has.
    #[n(3)]
    pub records: u32,
    /// How many bytes it has.
    #[n(4)]
    pub bytes: u32,
    /// SHA-256 of its bytes.
    #[n(5)]
    pub digest: ByteArray<32>,
}

/// The head of an issuer's log.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct LogHead {
    /// The form of this document: 1.
    #[n(1)]
    pub format: u8,
    /// The issuer.
    #[n(2)]
    pub issuer: String,
    /// How many notices there are.
    #[n(3)]
    pub size: u32,
    /// The digest of the last one; [`BEGINNING`] where there is none.
    #[n(4)]
    pub digest: ByteArray<32>,
    /// When the head was signed.
    #[cbor(n(5), with = "cbor::seconds")]
    pub at: Timestamp,
}

/// A head with its signatures, `[payload, [detached COSE_Sign1, …]]`. Nothing of it is to be believed before
/// [`SignedHead::open`].
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct SignedHead {
    #[n(0)]
    payload: ByteVec,
    #[n(1)]
    signatures: Vec<ByteVec>,
}

/// Asks a second issuer to sign a head: the head as its issuer signed it, and the signed notices from the first that the
/// second issuer has not seen to the last, in their order.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct WitnessRequest {
    /// The head.
    #[n(0)]
    pub head: SignedHead,
    /// The notices.
    #[n(1)]
    pub notices: Vec<ByteVec>,
}

/// Why something of a log is refused. What was taken before stays in force.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum LogError {
    /// Its form, or a form of a later version.
    #[error("form: {0}")]
    Form(#[from] FormatError),
    /// Not signed by a listed key of the issuer.
    #[error("unsigned")]
    Unsigned,
    /// No second listed issuer has signed the head.
    #[error("unwitnessed")]
    Unwitnessed,
    /// A head of fewer notices than one that was taken before, or an earlier one of as many.
    #[error("older")]
    Older,
    /// A head, or a notice, that does not go on from what was taken before.
    #[error("forked")]
    Forked,
    /// Of a region that its issuer may not speak for.
    #[error("region")]
    Region,
    /// A file whose bytes are not those that the notice names.
    #[error("altered")]
    Altered,
}

impl ExposureClass {
    /// What it is about.
    pub fn kind(&self) -> Result<PlaceKind, FormatError> {
        PlaceKind::from_number(self.kind).ok_or(FormatError::Value)
    }

    /// What counts as near.
    #[must_use]
    pub const fn proximity(&self) -> Proximity {
        Proximity { minutes: self.minutes, apart: self.apart }
    }

    /// Whether a match counts at `now`.
    #[must_use]
    pub fn holds(&self, now: Timestamp) -> bool {
        self.from <= now && now < self.until
    }
}

impl PartEntry {
    /// The legal day that its minutes are counted from.
    #[must_use]
    pub const fn day(&self) -> LegalDate {
        LegalDate::from_epoch_days(self.day)
    }

    /// Whether these are its bytes.
    pub fn verify(&self, bytes: &[u8]) -> Result<(), LogError> {
        let same =
            bytes.len() == self.bytes as usize && Sha256::digest(bytes).as_slice() == self.digest.as_slice();
        if same { Ok(()) } else { Err(LogError::Altered) }
    }
}

impl ExposureNotice {
    /// A notice of the first format.
    #[must_use]
    pub fn new(number: u32, previous: NoticeDigest, region: Region, issued_at: Timestamp) -> Self {
        Self {
            format: FORMAT,
            number,
            previous: previous.into(),
            region: region.code(),
            issued_at,
            classes: Vec::new(),
            parts: Vec::new(),
            withdraws: Vec::new(),
        }
    }

    /// Its digest, by which the next one and the head name it.
    #[must_use]
    pub fn digest(&self) -> NoticeDigest {
        Sha256::digest(cbor::encode(self)).into()
    }

    /// The bytes of all its files.
    #[must_use]
    pub fn part_bytes(&self) -> u64 {
        self.parts.iter().map(|part| u64::from(part.bytes)).sum()
    }

    /// The class of one of its files.
    #[must_use]
    pub fn class_of(&self, part: &PartEntry) -> Option<&ExposureClass> {
        self.classes.get(usize::from(part.class))
    }

    /// Verifies a notice of an issuer.
    pub fn open(bytes: &[u8], issuer: &str, trust: &TrustList) -> Result<Self, LogError> {
        let opened = trust.open_object::<Self>(bytes).map_err(of_log)?;
        if opened.issuer.id != issuer {
            return Err(LogError::Unsigned);
        }
        let region = Region::from_code(opened.object.region).map_err(|_| FormatError::Value)?;
        if opened.issuer.speaks_for(region) { Ok(opened.object) } else { Err(LogError::Region) }
    }
}

impl Object for ExposureNotice {
    const KIND: Kind = Kind::Notice;
    const USE: KeyUse = KeyUse::Notices;
    const LIMIT: usize = MAX_BYTES;

    fn issued_at(&self) -> Timestamp {
        self.issued_at
    }

    fn check(&self) -> Result<(), FormatError> {
        // A kind of a later version is passed over by who does not know it.
        let class = |class: &ExposureClass| class.rule.len() <= 64 && class.from < class.until;
        let part = |part: &PartEntry| {
            self.class_of(part).is_some()
                && (1..=MAX_PART).contains(&(part.bytes as usize))
                && (1..=MAX_RECORDS).contains(&part.records)
        };
        let rising = self.withdraws.is_sorted_by(|one, next| one < next);
        let earlier = self.withdraws.iter().all(|number| (1..self.number).contains(number));
        let sound = self.format == FORMAT
            && self.number > 0
            && (self.number == 1) == (*self.previous == BEGINNING)
            && self.classes.len() <= MAX_CLASSES
            && self.parts.len() <= MAX_PARTS
            && self.withdraws.len() <= MAX_WITHDRAWN
            && self.classes.iter().all(class)
            && self.parts.iter().all(part)
            && rising
            && earlier;
        if sound { Ok(()) } else { Err(FormatError::Value) }
    }
}

impl LogHead {
    /// A head of the first format.
    #[must_use]
    pub fn new(issuer: String, size: u32, digest: NoticeDigest, at: Timestamp) -> Self {
        Self { format: FORMAT, issuer, size, digest: digest.into(), at }
    }

    /// Signs the head with the issuer's key: a second issuer's signature is still wanted.
    pub fn sign(&self, issuer: &dyn Signer) -> Result<SignedHead, SignerError> {
        let payload = cbor::encode(self);
        let signature = envelope::sign_detached(Kind::Log, &payload, issuer)?;
        Ok(SignedHead { payload: payload.into(), signatures: vec![signature.into()] })
    }

    /// Whether this head may follow one that was taken before: not older, and, where it has as many notices, the same
    /// ones. Where it has more, the notices between must be asked.
    pub fn follows(&self, known: &Self) -> Result<(), LogError> {
        if self.size < known.size || self.at < known.at {
            return Err(LogError::Older);
        }
        if self.size == known.size && self.digest != known.digest {
            return Err(LogError::Forked);
        }
        Ok(())
    }
}

impl SignedHead {
    /// Reads a head.
    pub fn parse(bytes: &[u8]) -> Result<Self, FormatError> {
        cbor::decode(bytes, MAX_HEAD_BYTES)
    }

    /// Its bytes.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        cbor::encode(self)
    }

    /// The content without any check of the signatures: for who signs it and has just made it, or shows it to people.
    pub fn unverified(&self) -> Result<LogHead, FormatError> {
        let head: LogHead = cbor::decode(&self.payload, MAX_HEAD_BYTES)?;
        let sound = head.format == FORMAT && (head.size == 0) == (*head.digest == BEGINNING);
        if sound { Ok(head) } else { Err(FormatError::Value) }
    }

    /// Another issuer's signature over the head: it witnesses that it saw no other log of this issuer.
    pub fn witness(&self, second: &dyn Signer) -> Result<Vec<u8>, SignerError> {
        envelope::sign_detached(Kind::Log, &self.payload, second)
    }

    /// Adds a signature.
    pub fn add(&mut self, signature: Vec<u8>) {
        self.signatures.push(signature.into());
    }

    /// Verifies the issuer's own signature alone: what a witness looks at before it signs.
    pub fn open_unwitnessed(&self, issuer: &str, trust: &TrustList) -> Result<LogHead, LogError> {
        self.opened(issuer, trust).map(|(head, _)| head)
    }

    /// Verifies a head of an issuer, signed by a key of it for notices and by one of another listed issuer.
    pub fn open(&self, issuer: &str, trust: &TrustList) -> Result<LogHead, LogError> {
        let (head, signers) = self.opened(issuer, trust)?;
        if signers.iter().any(|signer| signer != issuer) { Ok(head) } else { Err(LogError::Unwitnessed) }
    }

    fn opened(&self, issuer: &str, trust: &TrustList) -> Result<(LogHead, BTreeSet<String>), LogError> {
        let head = self.unverified()?;
        let mut signers = BTreeSet::new();
        for signature in self.signatures.iter().take(4) {
            let envelope = Sign1::parse(signature, 256)?;
            let id = envelope.key_id().ok_or(FormatError::ProtectedHeader)?;
            let Ok((public, key)) = trust.key(id) else { continue };
            let in_window = key.listed.not_before <= head.at && head.at < key.listed.not_after;
            let verified = key.listed.key_use == KeyUse::Notices
                && in_window
                && envelope.verify_detached(Kind::Log, public, &self.payload).is_ok();
            if verified {
                signers.insert(key.issuer.id.clone());
            }
        }
        if head.issuer == issuer && signers.contains(issuer) {
            Ok((head, signers))
        } else {
            Err(LogError::Unsigned)
        }
    }
}

fn of_log(error: TokenError) -> LogError {
    match error {
        TokenError::Form(error) => LogError::Form(error),
        _ => LogError::Unsigned,
    }
}
