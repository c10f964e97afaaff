//! What the authority says of an appeal, and of days that were served elsewhere: each a signed object about one
//! operation of the person. The model is the correction interface of GB/T 38963: received, in review, decided with a
//! reason, each by when.

use minicbor::{Decode, Encode};

use super::acts::MAX_TEXT;
use super::cbor;
use super::envelope::{FormatError, Kind};
use super::ids::{OperationId, SubjectId};
use super::trust_list::{KeyUse, Object};
use crate::rules::calendar::{LegalDate, Timestamp};
use crate::rules::colour::Colour;
use crate::rules::text::Text;

/// Where an appeal stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(index_only)]
#[cfg_attr(feature = "device", derive(uniffi::Enum))]
pub enum AppealState {
    /// The authority has it, and says by when it answers.
    #[n(1)]
    Received,
    /// An officer has it in hand.
    #[n(2)]
    InReview,
    /// The rating was wrong: a release and a new rating follow.
    #[n(3)]
    Granted,
    /// The rating stands, and the reason says why.
    #[n(4)]
    Refused,
}

/// Where an appeal stands now; a later notice of the same appeal takes this one's place.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct AppealNotice {
    /// Whom it concerns.
    #[n(1)]
    pub subject: SubjectId,
    /// Its place in what was said about the subject.
    #[n(2)]
    pub serial: u64,
    /// The appeal: the operation that made it.
    #[n(3)]
    pub appeal: OperationId,
    /// When this was said.
    #[cbor(n(4), with = "cbor::seconds")]
    pub said_at: Timestamp,
    /// Where it stands.
    #[n(5)]
    pub state: AppealState,
    /// By when the authority has bound itself to decide.
    #[cbor(n(6), with = "cbor::seconds")]
    pub due_by: Timestamp,
    /// Why it was decided so, where it was.
    #[n(7)]
    pub reason: Option<Text>,
    /// What the authority calls the officer who has it in hand or decided it.
    #[n(8)]
    pub officer: Option<String>,
    /// The rating that it contests, for phones of the person that did not make it.
    #[n(9)]
    pub rating: Option<u64>,
    /// The rule of the reason that it contests.
    #[n(10)]
    pub rule: Option<String>,
}

impl Object for AppealNotice {
    const KIND: Kind = Kind::Appeal;
    const USE: KeyUse = KeyUse::Decisions;

    fn issued_at(&self) -> Timestamp {
        self.said_at
    }

    fn check(&self) -> Result<(), FormatError> {
        // A refusal without a reason is none.
        let reasoned = self.state != AppealState::Refused || self.reason.is_some();
        let short = [&self.officer, &self.rule].into_iter().flatten().all(|text| text.len() <= MAX_TEXT);
        if reasoned && short { Ok(()) } else { Err(FormatError::Value) }
    }
}

/// What the authority says to days of a quarantine that were served under another authority's order.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct ServedNotice {
    /// Whom it concerns.
    #[n(1)]
    pub subject: SubjectId,
    /// Its place in what was said about the subject.
    #[n(2)]
    pub serial: u64,
    /// The operation that brought the proof.
    #[n(3)]
    pub operation: OperationId,
    /// When this was said.
    #[cbor(n(4), with = "cbor::seconds")]
    pub said_at: Timestamp,
    /// The other authority, by its id in the trust list.
    #[n(5)]
    pub issuer: String,
    /// The colour of the other order.
    #[n(6)]
    pub colour: Option<Colour>,
    /// The first day of the other order.
    #[n(7)]
    pub starts_on: Option<LegalDate>,
    /// How many of its days count here.
    #[n(8)]
    pub days: u16,
    /// Why it was not taken; none where it was.
    #[n(9)]
    pub refused: Option<ServedRefusal>,
}

/// Why days that were served elsewhere do not count.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(index_only)]
#[cfg_attr(feature = "device", derive(uniffi::Enum))]
pub enum ServedRefusal {
    /// The proof does not hold by the trust list.
    #[n(1)]
    NotProved,
    /// The proof is about another person, or nothing binds it to this one.
    #[n(2)]
    OtherPerson,
    /// The other authority says that the order did not end by its days.
    #[n(3)]
    NotServed,
    /// The same order was brought before.
    #[n(4)]
    AlreadyTaken,
    /// The person has not agreed to it by the key of the other authority's code.
    #[n(5)]
    NoConsent,
}

impl Object for ServedNotice {
    const KIND: Kind = Kind::Served;
    const USE: KeyUse = KeyUse::Decisions;

    fn issued_at(&self) -> Timestamp {
        self.said_at
    }

    fn check(&self) -> Result<(), FormatError> {
        let taken = self.colour.is_some() && self.starts_on.is_some();
        if taken || self.refused.is_some() { Ok(()) } else { Err(FormatError::Value) }
    }
}
