//! Requests and answers, as JSON. The paths stand beside them.

use serde::{Deserialize, Serialize};

use super::bytes::Bytes;
use super::problem::Problem;
use crate::rules::calendar::Timestamp;
use crate::rules::identity::Identity;
use crate::time::Evidence;
use crate::token::ids::SubjectId;

/// The trust list as a file of bytes, for everybody.
pub const TRUST_LIST_PATH: &str = "/.well-known/healthcode/trust-list.cbor";
/// A root document, for everybody: its version in decimal and `.cbor` follow.
pub const ROOT_PATH_PREFIX: &str = "/.well-known/healthcode/root/";
/// A status list, for everybody: its number in decimal follows. Where an issuer's lists lie, its trust list says.
pub const STATUS_PATH_PREFIX: &str = "/.well-known/healthcode/status/";
/// The signed gate policies as a file of bytes, for everybody.
pub const POLICY_PATH: &str = "/.well-known/healthcode/policy.cbor";
/// The outage notices in force, a CBOR array of byte strings, for everybody.
pub const OUTAGES_PATH: &str = "/.well-known/healthcode/outages.cbor";
/// The issuer's own entry in a trust list, for whoever makes one.
pub const ISSUER_PATH: &str = "/.well-known/healthcode/issuer.cbor";
/// The signed rulebook as a file of bytes, for everybody.
pub const RULEBOOK_PATH: &str = "/.well-known/healthcode/rulebook.cbor";
/// The head of the log of exposure notices, as bytes, for everybody.
pub const NOTICE_HEAD_PATH: &str = "/.well-known/healthcode/notices/head.cbor";
/// An exposure notice, for everybody: its number in decimal and `.cbor` follow; `/`, the place of a file of places in it,
/// from 0 on, and `.bin` stand after the number for that file.
pub const NOTICE_PATH_PREFIX: &str = "/.well-known/healthcode/notices/";
/// Asks a second issuer to sign the head of another's log: a CBOR array of the signed head and the signed notices since
/// the last that it saw. Answers its signature, or a problem.
pub const WITNESS_PATH: &str = "/v1/notices/witness";
/// A time anchor, for everybody; `?nonce=` with 16 bytes in base64url is repeated in it.
pub const ANCHOR_PATH: &str = "/v1/anchor";
/// Asks for a one-time code: [`EnrolmentRequest`], signed by the new key; answers 202 [`EnrolmentStarted`].
pub const ENROLMENTS_PATH: &str = "/v1/enrolments";
/// Confirms the code: [`EnrolmentConfirmation`], signed by the new key; answers [`Enrolled`].
pub const CONFIRM_PATH: &str = "/v1/enrolments/confirm";
/// The exchange: [`SyncRequest`], signed by the subject's key; answers [`SyncResponse`].
pub const SYNC_PATH: &str = "/v1/sync";

/// Moves a subject to another phone: [`HandoverRequest`], signed by the new key; answers [`Enrolled`].
pub const HANDOVERS_PATH: &str = "/v1/handovers";
/// An officer's act: [`super::OfficerRequest`] as signed bytes; answers JSON about the act, or a problem.
pub const OFFICER_PATH: &str = "/v1/officer";
/// How many orders without a rule there are, by region and day of issue, for everybody.
pub const COUNTS_PATH: &str = "/v1/counts";

/// The most operations in one request.
pub const MAX_BATCH: usize = 64;
/// The most bytes of a request's body.
pub const MAX_REQUEST_BYTES: usize = 512 * 1024;
/// The most objects that a request offers back to a server that has lost them.
pub const MAX_RECOVERED: usize = 128;
/// The format of the answers that this version reads; an answer without the member has the first.
pub const FORMAT: u32 = 1;
/// The most bytes of an answer's body.
pub const MAX_RESPONSE_BYTES: usize = 1024 * 1024;

/// Asks for a one-time code.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EnrolmentRequest {
    /// Who wants to enrol.
    pub identity: Identity,
    /// The new holder key as COSE_Key; its possession is proved by the request's signature.
    pub key: Bytes,
    /// Where somebody else asks, who cares for the person.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub care: Option<CareRequest>,
}

/// Who asks to care for the person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CareRequest {
    /// The carer, as the issuer knows that person.
    pub carer: SubjectId,
    /// A [`crate::token::KeyConsent`] of the carer's own key to the new one.
    pub consent: Bytes,
}

/// Moves a subject to the phone of a new key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HandoverRequest {
    /// The subject.
    pub subject: SubjectId,
    /// The new holder key as COSE_Key.
    pub key: Bytes,
    /// A [`crate::token::KeyConsent`] of the key whose place it takes.
    pub consent: Bytes,
}

/// The answer, the same whether or not there is such a person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EnrolmentStarted {
    /// The session, for the confirmation.
    pub session: Bytes,
    /// Seconds until the code expires.
    pub expires_in: u32,
    /// How many digits a code has.
    pub digits: u8,
    /// The id of the key that asked: an answer is taken for no other one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<Bytes>,
}

/// Confirms a one-time code.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EnrolmentConfirmation {
    /// The session.
    pub session: Bytes,
    /// The code's digits.
    pub code: String,
}

// The code is a secret for as long as it lasts.
impl std::fmt::Debug for EnrolmentConfirmation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("EnrolmentConfirmation(..)")
    }
}

/// The new key belongs to a subject now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Enrolled {
    /// The subject's id at this issuer.
    pub subject: SubjectId,
    /// When the key becomes active, where an older phone must be told first; none when it is active now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pending_until: Option<Timestamp>,
    /// The head on which the key's segment opens.
    pub head: Bytes,
    /// The issuer's region, six digits.
    pub region: String,
    /// The carer whose key it is, where it is one of somebody who cares for the person.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub carer: Option<SubjectId>,
    /// The id of the key that is the subject's now: an answer is taken for no other one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<Bytes>,
}

/// An operation with its link.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LinkedOperation {
    /// The signed operation.
    pub operation: Bytes,
    /// The signed link.
    pub link: Bytes,
}

/// One exchange.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SyncRequest {
    /// When the request was made, by the phone's evidence.
    pub evidence: Evidence,
    /// Where the phone is in what the server has said; none asks for all of it, and so does one that the server does
    /// not know, where what it has lost comes with it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
    /// The id of the gate token that the phone holds, 8 bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token: Option<Bytes>,
    /// What the phone has to say, in order, at most [`MAX_BATCH`].
    #[serde(default)]
    pub operations: Vec<LinkedOperation>,
    /// What the server has signed and lost, by its serials, at most [`MAX_RECOVERED`]. Only a server whose database
    /// came back older asks for it, by a [`ProblemKind::CursorGone`](super::ProblemKind::CursorGone).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub recovered: Vec<Recovered>,
    /// The serial beyond which it is offered, in this request and the parts before it. A server that has lost more than
    /// that says so again: what it said first may have come from before it lost the rest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recovered_after: Option<u64>,
    /// Whether more of it follows in the next request: nothing is decided before.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub more_recovered: bool,
}

/// Something that the server signed and has lost.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Recovered {
    /// An operation under its receipt. The receipt vouches for it: the key that signed it may be lost too.
    Operation {
        /// The signed operation.
        operation: Bytes,
        /// The signed link.
        link: Bytes,
        /// The server's receipt.
        receipt: Bytes,
    },
    /// A decision.
    Decision {
        /// What it is.
        kind: ChangeKind,
        /// The signed object.
        object: Bytes,
    },
}

/// What became of an operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OutcomeKind {
    /// Taken.
    Accepted,
    /// It had been taken before.
    Duplicate,
    /// Not taken, and it will not be: the problem says why. It keeps its place in the segment.
    Refused,
    /// Not looked at, because its link does not continue the segment: link again, on the answer's `head`.
    Retry,
}

/// The outcome of one operation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outcome {
    /// What became of it.
    pub outcome: OutcomeKind,
    /// The receipt, unless it is to be sent again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub receipt: Option<Bytes>,
    /// The link that the receipt countersigns, where it is not the one that was sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub link: Option<Bytes>,
    /// Why not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub problem: Option<Problem>,
}

/// What kind of object a change carries. One of a later version is kept by the cursor and passed over.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ChangeKind {
    /// An [`crate::token::Order`].
    Order,
    /// A [`crate::token::Release`].
    Release,
    /// A [`crate::token::RatingReceipt`].
    Rating,
    /// A [`crate::token::Judgement`].
    Judgement,
    /// A [`crate::token::KeyNotice`].
    Key,
    /// A [`crate::token::PaperNotice`].
    Paper,
    /// A [`crate::token::ActNotice`].
    Act,
    /// A [`crate::token::AppealNotice`].
    Appeal,
    /// A [`crate::token::ServedNotice`].
    Served,
    /// A kind of a later version.
    #[serde(other)]
    Other,
}

/// Something that was said about the subject since the cursor.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    /// What it is.
    pub kind: ChangeKind,
    /// The signed object.
    pub object: Bytes,
}

/// The answer to an exchange.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SyncResponse {
    /// What became of each operation: as many as were sent, in the request's order.
    pub outcomes: Vec<Outcome>,
    /// What was said since the cursor, in order.
    pub changes: Vec<Change>,
    /// Where the phone is with that.
    pub cursor: String,
    /// Whether there is more: ask again at once.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub more: bool,
    /// A gate token in the place of the one that the phone holds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token: Option<Bytes>,
    /// A time anchor with the request's nonce.
    pub anchor: Bytes,
    /// The head that was countersigned last, where a link did not continue its segment: a new segment opens on it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub head: Option<Bytes>,
    /// Whether another phone has taken this one's place. What it had not sent yet is taken late, and it is told
    /// nothing more.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub replaced: bool,
    /// How many seconds after a moment that all phones share (a reminder, the opening of a day) this phone does on its
    /// own what it does then: the server spreads the morning with it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub spread: Option<u32>,
}

/// Reads an answer of the server.
///
/// # Errors
///
/// Says whether it is of a later version, or not one at all.
pub fn read_answer<T: serde::de::DeserializeOwned>(body: &[u8]) -> Result<T, UnreadAnswer> {
    #[derive(Deserialize)]
    struct Versioned {
        format: Option<u32>,
    }
    let format = || serde_json::from_slice::<Versioned>(body).ok().and_then(|read| read.format);
    match serde_json::from_slice(body) {
        Ok(answer) if format().is_none_or(|format| format <= FORMAT) => Ok(answer),
        _ if format().is_some_and(|format| format > FORMAT) => Err(UnreadAnswer::Later),
        _ => Err(UnreadAnswer::NoAnswer),
    }
}

/// Why an answer cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UnreadAnswer {
    /// It is of a later version.
    Later,
    /// It is none.
    NoAnswer,
}
