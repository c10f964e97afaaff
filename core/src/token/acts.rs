//! What others did for or about a person, as the person's phones are told: an officer's act, a paper code. Signed with
//! the authority's key for decisions, each with a serial among all that was said about the subject. What never enters:
//! an officer's key, a document's number, a telephone number.

use minicbor::bytes::ByteVec;
use minicbor::{Decode, Encode};
use serde::{Deserialize, Serialize};

use super::cbor;
use super::envelope::{FormatError, Kind};
use super::ids::SubjectId;
use super::trust_list::{KeyUse, Object};
use crate::rules::calendar::Timestamp;

/// The most bytes of a name or a note.
pub const MAX_TEXT: usize = 1_024;

/// Who acted in a person's place.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
#[cbor(map)]
#[cfg_attr(feature = "device", derive(uniffi::Record))]
pub struct By {
    /// In which role.
    #[n(1)]
    pub role: ByRole,
    /// A carer's masked name, or what the authority calls its officer.
    #[n(2)]
    pub name: String,
}

/// In which role somebody acts for another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
#[cbor(index_only)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "device", derive(uniffi::Enum))]
pub enum ByRole {
    /// A family member who cares for the person.
    #[n(1)]
    Carer,
    /// An officer of the authority.
    #[n(2)]
    Officer,
}

/// What an officer did.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(index_only)]
#[cfg_attr(feature = "device", derive(uniffi::Enum))]
pub enum ActKind {
    /// Saw the person on the list of overdue check-ins.
    #[n(1)]
    Overdue,
    /// Confirmed or refused that somebody cares for the person.
    #[n(2)]
    Relation,
    /// Issued or withdrew a paper code.
    #[n(3)]
    Paper,
    /// Checked in for the person.
    #[n(4)]
    CheckIn,
    /// Took an appeal in hand, or decided it.
    #[n(5)]
    Appeal,
    /// Ordered a quarantine without a rule, confirmed such an order, or lifted one.
    #[n(6)]
    Order,
    /// Recorded a declaration that the person made at a counter.
    #[n(7)]
    Declaration,
}

/// An officer's act, as the resident whom it concerns is told of it. The same act stands in the authority's log.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct ActNotice {
    /// Whom it concerns.
    #[n(1)]
    pub subject: SubjectId,
    /// Its place in what was said about the subject.
    #[n(2)]
    pub serial: u64,
    /// The name of the officer's request: an act is done once, however often it is asked for.
    #[cbor(n(3), with = "minicbor::bytes")]
    pub request: [u8; 16],
    /// When it was done.
    #[cbor(n(4), with = "cbor::seconds")]
    pub acted_at: Timestamp,
    /// What the authority calls the officer.
    #[n(5)]
    pub officer: String,
    /// What was done.
    #[n(6)]
    pub kind: ActKind,
    /// The digest of the entry in the log of acts about this person: whoever holds it can tell a log that was cut.
    #[cbor(n(7), with = "minicbor::bytes")]
    pub entry: [u8; 32],
    /// What the officer wrote to the resident.
    #[n(8)]
    pub note: Option<String>,
}

impl Object for ActNotice {
    const KIND: Kind = Kind::Act;
    const USE: KeyUse = KeyUse::Decisions;

    fn issued_at(&self) -> Timestamp {
        self.acted_at
    }

    fn check(&self) -> Result<(), FormatError> {
        let short = |text: &String| text.len() <= MAX_TEXT;
        if short(&self.officer) && self.note.as_ref().is_none_or(short) {
            Ok(())
        } else {
            Err(FormatError::Value)
        }
    }
}

/// A paper code: issued, or withdrawn. Every phone of the person is told, and one of them prints it.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct PaperNotice {
    /// Whom it concerns.
    #[n(1)]
    pub subject: SubjectId,
    /// Its place in what was said about the subject.
    #[n(2)]
    pub serial: u64,
    /// The id of its gate token.
    #[cbor(n(3), with = "minicbor::bytes")]
    pub id: [u8; 8],
    /// When this was said.
    #[cbor(n(4), with = "cbor::seconds")]
    pub said_at: Timestamp,
    /// The signed gate token, of class paper; none where it is withdrawn.
    #[n(5)]
    pub token: Option<ByteVec>,
    /// Who asked for it; none where the authority withdrew it because the colour has changed.
    #[n(6)]
    pub by: Option<By>,
}

impl Object for PaperNotice {
    const KIND: Kind = Kind::Paper;
    const USE: KeyUse = KeyUse::Decisions;

    fn issued_at(&self) -> Timestamp {
        self.said_at
    }

    fn check(&self) -> Result<(), FormatError> {
        let short = self.by.as_ref().is_none_or(|by| by.name.len() <= MAX_TEXT);
        if short { Ok(()) } else { Err(FormatError::Value) }
    }
}
