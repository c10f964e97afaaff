//! An officer's request: signed by the officer's own key, it is at once the call and the entry of the log. It names
//! itself, so that asking again is asking the same. What never enters: a decision.

use minicbor::bytes::ByteVec;
use minicbor::{Decode, Encode};
use serde::{Deserialize, Serialize};

use super::bytes::Bytes;
use crate::rules::calendar::{LegalDate, Timestamp};
use crate::rules::colour::Colour;
use crate::rules::declaration::Declaration;
use crate::rules::identity::Document;
use crate::rules::text::Text;
use crate::token::cbor;
use crate::token::envelope::{self, FormatError, Kind, Naming, Sign1, TokenError};
use crate::token::ids::{OperationId, OrderId, SubjectId};
use crate::token::key::{KeyId, PublicKey, Signer, SignerError};

/// The most bytes of a signed request.
pub const MAX_BYTES: usize = 32 * 1024;
/// How far the officer's clock may be from the server's, in seconds.
pub const MAX_AGE_SECONDS: i64 = 600;

/// Whom an act is about.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Whom {
    /// A subject, as an earlier answer named it.
    Subject(SubjectId),
    /// Somebody who stands at the counter, by the document.
    Document(Document),
}

// A document is personal data.
impl std::fmt::Debug for Whom {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Whom(..)")
    }
}

/// What is decided about an appeal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AppealDecision {
    /// The officer takes it in hand.
    Take,
    /// The rating was wrong.
    Grant,
    /// The rating stands.
    Refuse,
}

/// What of a person an officer looks at, to end some of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Shown {
    /// The paper codes.
    Papers,
    /// Who cares for the person.
    Carers,
    /// The order in force.
    Order,
}

/// What an officer does.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "act", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Act {
    /// Lists who has not checked in. Each person on the list is told.
    Overdue {},
    /// Lists what waits for an officer: relations, appeals, orders to be confirmed or reviewed.
    Waiting {},
    /// Lists what a person has that an officer may end, each with its id. The person is told.
    Show {
        /// Whose.
        whom: Whom,
        /// What.
        what: Shown,
    },
    /// Says whether a key that asks may care for a person.
    Relation {
        /// For whom.
        whom: Whom,
        /// The key, as the list of what waits names it.
        key: Bytes,
        /// Whether it may.
        allow: bool,
    },
    /// Ends what a key does for a person.
    EndCare {
        /// For whom.
        whom: Whom,
        /// The key.
        key: Bytes,
    },
    /// Records a declaration that somebody made at the counter.
    Declare {
        /// Who.
        whom: Whom,
        /// The declaration.
        declaration: Declaration,
    },
    /// Issues a paper code.
    IssuePaper {
        /// To whom.
        whom: Whom,
    },
    /// Withdraws one.
    WithdrawPaper {
        /// Whose.
        whom: Whom,
        /// The id of its token.
        paper: Bytes,
    },
    /// Checks in for somebody, today.
    CheckIn {
        /// For whom.
        whom: Whom,
        /// Symptoms by their ids in the rulebook.
        symptoms: Vec<String>,
    },
    /// Takes or decides an appeal.
    DecideAppeal {
        /// Whose.
        whom: Whom,
        /// The appeal.
        appeal: OperationId,
        /// What is decided.
        decision: AppealDecision,
        /// Why; a refusal has a reason.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<Text>,
    },
    /// Orders a quarantine that no rule gives: it ends by itself unless a second officer confirms it.
    Order {
        /// Of whom.
        whom: Whom,
        /// Yellow or red.
        colour: Colour,
        /// The first day.
        starts_on: LegalDate,
        /// How many days.
        days: u16,
        /// Why, as the resident reads it.
        cause: Text,
    },
    /// Confirms another officer's order.
    ConfirmOrder {
        /// Of whom.
        whom: Whom,
        /// The order.
        order: OrderId,
    },
    /// Lifts an order that an officer gave, or one of the rules' that has run for as long as any may.
    LiftOrder {
        /// Of whom.
        whom: Whom,
        /// The order.
        order: OrderId,
    },
}

impl std::fmt::Debug for Act {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Act(..)")
    }
}

/// The signed payload.
#[derive(Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
struct Payload {
    #[cbor(n(1), with = "minicbor::bytes")]
    request: [u8; 16],
    #[cbor(n(2), with = "cbor::seconds")]
    at: Timestamp,
    #[n(3)]
    audience: String,
    #[n(4)]
    json: ByteVec,
    #[n(5)]
    note: Option<String>,
}

/// An officer's request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OfficerRequest {
    /// Its name, random.
    pub request: [u8; 16],
    /// When it was made, by the officer's clock.
    pub at: Timestamp,
    /// The authority that it is for.
    pub audience: String,
    /// What is to be done.
    pub act: Act,
    /// What the officer writes to the resident.
    pub note: Option<String>,
}

impl OfficerRequest {
    /// Signs it with the officer's key.
    ///
    /// # Errors
    ///
    /// [`SignerError`] where the key does not sign.
    pub fn sign(&self, key: &dyn Signer) -> Result<Vec<u8>, SignerError> {
        let json = serde_json::to_vec(&self.act).unwrap_or_default().into();
        let (request, at, audience, note) = (self.request, self.at, self.audience.clone(), self.note.clone());
        let payload = cbor::encode(&Payload { request, at, audience, json, note });
        envelope::sign(Kind::Officer, Naming::ById, &payload, key)
    }

    /// The key that it names.
    ///
    /// # Errors
    ///
    /// [`FormatError`] where it is no such request.
    pub fn key_id(bytes: &[u8]) -> Result<KeyId, FormatError> {
        Sign1::parse(bytes, MAX_BYTES)?.key_id().ok_or(FormatError::ProtectedHeader)
    }

    /// Verifies it and reads what is to be done.
    ///
    /// # Errors
    ///
    /// [`TokenError`] where the signature or the content is not such a request's.
    pub fn open(bytes: &[u8], key: &PublicKey) -> Result<Self, TokenError> {
        Ok(Self::read(Sign1::parse(bytes, MAX_BYTES)?.verify(Kind::Officer, key)?)?)
    }

    /// Reads one that was verified when it was taken: its key may be registered no more.
    ///
    /// # Errors
    ///
    /// [`FormatError`] where the content is not such a request's.
    pub fn unverified(bytes: &[u8]) -> Result<Self, FormatError> {
        Self::read(Sign1::parse(bytes, MAX_BYTES)?.unverified_payload()?)
    }

    fn read(payload: &[u8]) -> Result<Self, FormatError> {
        let Payload { request, at, audience, json, note } = cbor::decode(payload, MAX_BYTES)?;
        let act = serde_json::from_slice(&json).map_err(|_| FormatError::Content)?;
        Ok(Self { request, at, audience, act, note })
    }
}
