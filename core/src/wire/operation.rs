//! Operations: what a phone tells the server. The body is signed once and never changes; its id is SHA-256 of the
//! signed payload, whoever signs it and however often it is sent.

use minicbor::bytes::ByteVec;
use minicbor::{Decode, Encode};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::bytes::Bytes;
use crate::rules::calendar::LegalDate;
use crate::rules::declaration::Declaration;
use crate::time::Evidence;
use crate::token::cbor;
use crate::token::envelope::{self, FormatError, Kind, Naming, Sign1, TokenError};
use crate::token::ids::{OperationId, OrderId};
use crate::token::key::{PublicKey, Signer, SignerError};

/// The most bytes of a signed operation.
pub const MAX_BYTES: usize = 96 * 1024;

/// What an operation is about. An unknown number is refused by name and consumes its place in the segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OperationKind {
    /// A declaration.
    Declaration,
    /// A check-in.
    CheckIn,
    /// What this phone says to another one that wants to take its place.
    Consent,
    /// A match of an exposure notice, told by a person who agreed to tell it.
    Exposure,
    /// The end of what a carer does for the person.
    Care,
    /// A paper code is asked for, or withdrawn.
    Paper,
    /// An appeal against a rating.
    Appeal,
    /// Days of a quarantine that were served under another authority's order.
    Served,
}

impl OperationKind {
    /// Its number on the wire.
    #[must_use]
    pub const fn number(self) -> u8 {
        match self {
            Self::Declaration => 1,
            Self::CheckIn => 2,
            Self::Consent => 3,
            Self::Exposure => 4,
            Self::Care => 5,
            Self::Paper => 6,
            Self::Appeal => 7,
            Self::Served => 8,
        }
    }

    /// The kind of a number; none for one that this version does not know.
    #[must_use]
    pub const fn from_number(number: u8) -> Option<Self> {
        match number {
            1 => Some(Self::Declaration),
            2 => Some(Self::CheckIn),
            3 => Some(Self::Consent),
            4 => Some(Self::Exposure),
            5 => Some(Self::Care),
            6 => Some(Self::Paper),
            7 => Some(Self::Appeal),
            8 => Some(Self::Served),
            _ => None,
        }
    }
}

/// A check-in: the day's tap.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CheckIn {
    /// Symptoms by their ids in the rulebook; empty for none.
    pub symptoms: Vec<String>,
    /// The order that the phone held: proof that the tap was made after it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub order: Option<OrderId>,
}

/// What a phone that speaks for the person says to a key that waits to take its place.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Consent {
    /// The key that waits, as its notice names it.
    pub key: Bytes,
    /// Whether it may take over, at once; else it is dropped.
    pub allow: bool,
}

/// A match of an exposure notice: which notice, by which rule, on which day. Not where, nor when on that day.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ToldExposure {
    /// The notice's number in the issuer's log.
    pub notice: u32,
    /// The rule that it names.
    pub rule: String,
    /// The legal day of the meeting.
    pub on: LegalDate,
}

/// The end of care: what a key does for the person ends at once.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CareChange {
    /// The carer's key.
    pub end: Bytes,
}

/// A paper code: asked for, or withdrawn.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum PaperChange {
    /// A new one, in the colour in force.
    Issue {},
    /// One that was lost, or is no longer wanted.
    Withdraw {
        /// The id of its gate token.
        paper: Bytes,
    },
}

/// The most bytes of an appeal's text.
pub const MAX_APPEAL_TEXT: usize = 4_096;
/// The most statements of an appeal.
pub const MAX_STATEMENTS: usize = 16;

/// An appeal against one reason of a rating. Statements are texts: nothing that a phone holds is attached unseen.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Appeal {
    /// The serial of the rating receipt.
    pub rating: u64,
    /// The rule of the reason, or `manual`.
    pub rule: String,
    /// What the person says, at most [`MAX_APPEAL_TEXT`] bytes.
    pub text: String,
    /// What speaks for it, each a statement of at most [`MAX_APPEAL_TEXT`] bytes: at most [`MAX_STATEMENTS`].
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub statements: Vec<String>,
}

// What a person says in an appeal tells of health and places.
impl std::fmt::Debug for Appeal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Appeal(..)")
    }
}

/// What was served under another authority's order, with what binds it to the person.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ServedElsewhere {
    /// The other authority, by its id in the trust list.
    pub issuer: String,
    /// The proof, as `quarantine_proof` gives it.
    pub proof: super::proof::QuarantineProof,
    /// A gate token of the other authority: its key signs the consent, its mask and tail are the person's.
    pub token: Bytes,
    /// The consent of that token's key to the key that signs this operation.
    pub consent: Bytes,
}

impl std::fmt::Debug for ServedElsewhere {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "ServedElsewhere({})", self.issuer)
    }
}

/// What an operation says.
#[derive(Clone, PartialEq, Eq)]
pub enum OperationBody {
    /// A declaration.
    Declaration(Declaration),
    /// A check-in.
    CheckIn(CheckIn),
    /// A consent, or its refusal.
    Consent(Consent),
    /// A match of an exposure notice.
    Exposure(ToldExposure),
    /// The end of care.
    Care(CareChange),
    /// A paper code.
    Paper(PaperChange),
    /// An appeal.
    Appeal(Appeal),
    /// Days served elsewhere.
    Served(Box<ServedElsewhere>),
}

impl OperationBody {
    /// What it is about.
    #[must_use]
    pub const fn kind(&self) -> OperationKind {
        match self {
            Self::Declaration(_) => OperationKind::Declaration,
            Self::CheckIn(_) => OperationKind::CheckIn,
            Self::Consent(_) => OperationKind::Consent,
            Self::Exposure(_) => OperationKind::Exposure,
            Self::Care(_) => OperationKind::Care,
            Self::Paper(_) => OperationKind::Paper,
            Self::Appeal(_) => OperationKind::Appeal,
            Self::Served(_) => OperationKind::Served,
        }
    }

    fn to_json(&self) -> Result<Vec<u8>, FormatError> {
        match self {
            Self::Declaration(declaration) => serde_json::to_vec(declaration),
            Self::CheckIn(check_in) => serde_json::to_vec(check_in),
            Self::Consent(consent) => serde_json::to_vec(consent),
            Self::Exposure(told) => serde_json::to_vec(told),
            Self::Care(change) => serde_json::to_vec(change),
            Self::Paper(change) => serde_json::to_vec(change),
            Self::Appeal(appeal) => serde_json::to_vec(appeal),
            Self::Served(served) => serde_json::to_vec(served),
        }
        .map_err(|_| FormatError::Content)
    }
}

/// The signed payload.
#[derive(Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
struct Payload {
    #[n(1)]
    kind: u8,
    #[n(2)]
    json: ByteVec,
    #[n(3)]
    evidence: Evidence,
    #[cbor(n(4), with = "minicbor::bytes")]
    salt: [u8; 16],
}

/// An operation as it travels and as it is kept: its id and its signed bytes.
#[derive(Clone, PartialEq, Eq)]
pub struct Operation {
    /// SHA-256 of the signed payload.
    pub id: OperationId,
    /// COSE_Sign1 by a key of the subject.
    pub bytes: Vec<u8>,
}

/// An operation whose signature was verified.
#[derive(Clone, PartialEq, Eq)]
pub struct OpenedOperation {
    /// Its id.
    pub id: OperationId,
    /// The evidence of when it was made.
    pub evidence: Evidence,
    /// What it says; none where this version does not understand it.
    pub body: Option<OperationBody>,
}

/// Why an operation was not made.
#[derive(Debug, thiserror::Error)]
pub enum MakeError {
    /// Too large for the wire.
    #[error(transparent)]
    Form(#[from] FormatError),
    /// The key did not sign.
    #[error(transparent)]
    Signer(#[from] SignerError),
}

impl Operation {
    /// Signs an operation. `salt` is random: it keeps what is said from being guessed from the id.
    pub fn make(
        body: &OperationBody,
        evidence: Evidence,
        salt: [u8; 16],
        key: &dyn Signer,
    ) -> Result<Self, MakeError> {
        let payload = Payload { kind: body.kind().number(), json: body.to_json()?.into(), evidence, salt };
        let payload = cbor::encode(&payload);
        let bytes = envelope::sign(Kind::Op, Naming::ById, &payload, key)?;
        if bytes.len() > MAX_BYTES {
            return Err(FormatError::TooLarge.into());
        }
        Ok(Self { id: id_of(&payload), bytes })
    }

    /// The id of an operation's bytes, its form checked and its signature not.
    pub fn from_bytes(bytes: Vec<u8>) -> Result<Self, FormatError> {
        let id = id_of(Sign1::parse(&bytes, MAX_BYTES)?.unverified_payload()?);
        Ok(Self { id, bytes })
    }

    /// The same operation, signed by another key of the subject: its id stays.
    pub fn signed_by(&self, key: &dyn Signer) -> Result<Self, MakeError> {
        let payload = Sign1::parse(&self.bytes, MAX_BYTES)?.unverified_payload()?;
        Ok(Self { id: self.id, bytes: envelope::sign(Kind::Op, Naming::ById, payload, key)? })
    }

    /// Verifies the signature and reads what it says.
    pub fn open(&self, key: &PublicKey) -> Result<OpenedOperation, TokenError> {
        read(Sign1::parse(&self.bytes, MAX_BYTES)?.verify(Kind::Op, key)?)
    }

    /// Reads what it says without the key: only for one whose id a receipt of the reader's own vouches for, or that the
    /// reader signed itself, with a key that it may not have any more.
    pub fn vouched(&self) -> Result<OpenedOperation, TokenError> {
        read(Sign1::parse(&self.bytes, MAX_BYTES)?.unverified_payload()?)
    }
}

fn read(payload: &[u8]) -> Result<OpenedOperation, TokenError> {
    let content: Payload = cbor::decode(payload, MAX_BYTES)?;
    let body = OperationKind::from_number(content.kind).and_then(|kind| body_of(kind, &content.json));
    Ok(OpenedOperation { id: id_of(payload), evidence: content.evidence, body })
}

fn body_of(kind: OperationKind, json: &[u8]) -> Option<OperationBody> {
    fn read<T: serde::de::DeserializeOwned>(json: &[u8]) -> Option<T> {
        serde_json::from_slice(json).ok()
    }
    match kind {
        OperationKind::Declaration => read(json).map(OperationBody::Declaration),
        OperationKind::CheckIn => read(json).map(OperationBody::CheckIn),
        OperationKind::Consent => read(json).map(OperationBody::Consent),
        OperationKind::Exposure => read(json).map(OperationBody::Exposure),
        OperationKind::Care => read(json).map(OperationBody::Care),
        OperationKind::Paper => read(json).map(OperationBody::Paper),
        OperationKind::Appeal => read(json).map(OperationBody::Appeal),
        OperationKind::Served => read(json).map(OperationBody::Served),
    }
}

fn id_of(payload: &[u8]) -> OperationId {
    OperationId(Sha256::digest(payload).into())
}

impl std::fmt::Debug for Operation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Operation({})", self.id)
    }
}
