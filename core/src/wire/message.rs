//! Requests and answers, as JSON. The paths stand beside them.

use serde::{Deserialize, Serialize};

use super::bytes::Bytes;
use super::problem::Problem;
use crate::rules::calendar::Timestamp;
use crate::rules::identity::Identity;
use crate::time::Evidence;
use crate::token::ids::{OperationId, SegmentId, SubjectId};

/// The trust list as a file of bytes, for everybody.
pub const TRUST_LIST_PATH: &str = "/.well-known/healthcode/trust-list.cbor";
/// The signed rulebook as a file of bytes, for everybody.
pub const RULEBOOK_PATH: &str = "/.well-known/healthcode/rulebook.cbor";
/// A time anchor, for everybody; `?nonce=` with 16 bytes in base64url is repeated in it.
pub const ANCHOR_PATH: &str = "/v1/anchor";
/// Asks for a one-time code: [`EnrolmentRequest`], signed by the new key; answers 202 [`EnrolmentStarted`].
pub const ENROLMENTS_PATH: &str = "/v1/enrolments";
/// Confirms the code: [`EnrolmentConfirmation`], signed by the new key; answers [`Enrolled`].
pub const CONFIRM_PATH: &str = "/v1/enrolments/confirm";
/// The exchange: [`SyncRequest`], signed by the subject's key; answers [`SyncResponse`].
pub const SYNC_PATH: &str = "/v1/sync";

/// The most operations in one request.
pub const MAX_BATCH: usize = 64;
/// The most bytes of a request's body.
pub const MAX_REQUEST_BYTES: usize = 512 * 1024;
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
    /// Where the phone is in what the server has said; none asks for all of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
    /// The id of the gate token that the phone holds, 8 bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token: Option<Bytes>,
    /// What the phone has to say, in order, at most [`MAX_BATCH`].
    #[serde(default)]
    pub operations: Vec<LinkedOperation>,
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
    /// Not looked at, because its link does not continue the segment: send again from `expected`.
    Retry,
}

/// The outcome of one operation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outcome {
    /// The operation.
    pub operation: OperationId,
    /// What became of it.
    pub outcome: OutcomeKind,
    /// The receipt, unless it is to be sent again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub receipt: Option<Bytes>,
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
    /// What became of each operation, in the request's order.
    pub outcomes: Vec<Outcome>,
    /// What was said since the cursor, in order.
    pub changes: Vec<Change>,
    /// Where the phone is with that.
    pub cursor: String,
    /// Whether there is more: ask again at once.
    pub more: bool,
    /// A gate token in the place of the one that the phone holds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token: Option<Bytes>,
    /// A time anchor with the request's nonce.
    pub anchor: Bytes,
    /// The segment that the phone's key writes, and the sequence that the server expects next in it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub segment: Option<SegmentState>,
}

/// Where a segment is, as the server has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SegmentState {
    /// The segment.
    pub segment: SegmentId,
    /// The sequence that is expected next.
    pub next: u64,
}
