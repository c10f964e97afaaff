//! What the sealed values hold. Each is JSON with a form of its own, so that a later version can tell an older one's.

use serde::{Deserialize, Serialize};

use crate::rules::identity::Identity;
use crate::time::Evidence;
use crate::token::ids::{OperationId, OrderId, SubjectId};
use crate::wire::message::ChangeKind;
use crate::wire::{Bytes, CheckIn, Problem};

/// Whose row it is.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct SubjectKey {
    pub(crate) subject: SubjectId,
    pub(crate) issuer: String,
}

/// A person as one issuer knows them.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct SubjectBody {
    pub(crate) identity: Identity,
    /// When the key becomes active, where another phone has to be told first: milliseconds since 1970.
    pub(crate) pending_until: Option<crate::rules::calendar::Timestamp>,
    /// Whether the server said that another phone has taken this one's place.
    pub(crate) replaced: bool,
    /// Whether the server said that it knows no such subject, or none of this key: it has lost it.
    #[serde(default)]
    pub(crate) unknown: bool,
    /// So many seconds after a moment that all phones share, this one does on its own what it does then.
    #[serde(default)]
    pub(crate) spread: u32,
    /// The key that waits to take this one's place: it does at this instant unless it is refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) takeover: Option<(Bytes, crate::rules::calendar::Timestamp)>,
    /// Whose key this phone has for the person, where it is one of somebody who cares for the person.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) cared_by: Option<CaredBy>,
    /// Who cares for the person, as far as this phone was told.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) carers: Vec<StoredCarer>,
    /// As whom another authority knows the person, where this one was told by a move.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) moved: Option<Moved>,
}

impl SubjectBody {
    /// A person of whom nothing else is known yet.
    pub(crate) const fn new(identity: Identity) -> Self {
        Self {
            identity,
            pending_until: None,
            replaced: false,
            unknown: false,
            spread: 0,
            takeover: None,
            cared_by: None,
            carers: Vec::new(),
            moved: None,
        }
    }
}

/// A move: where the person came from, and what was brought along.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Moved {
    pub(crate) subject: SubjectId,
    pub(crate) issuer: String,
    /// Whether the declaration was brought, or is left to the person.
    #[serde(default)]
    pub(crate) declared: bool,
    /// The order whose days were brought last, and whether it was over.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) brought: Option<(OrderId, bool)>,
}

impl Moved {
    pub(crate) fn from(&self) -> SubjectKey {
        SubjectKey { subject: self.subject, issuer: self.issuer.clone() }
    }
}

/// A carer, as the same issuer names and masks that person.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct CaredBy {
    pub(crate) carer: SubjectId,
    pub(crate) name: String,
}

/// A carer's key.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct StoredCarer {
    pub(crate) key: Bytes,
    #[serde(flatten)]
    pub(crate) of: CaredBy,
    /// When the key began to speak.
    pub(crate) since: crate::rules::calendar::Timestamp,
}

/// A holder's key.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub(crate) enum HolderKeyBody {
    /// An Ed25519 seed, sealed by the vault.
    Software { sealed_seed: Bytes },
    /// A hardware key by its name in the vault, and its public half as COSE_Key.
    Hardware { name: String, public: Bytes },
}

/// A check-in as recorded.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct StoredCheckIn {
    pub(crate) evidence: Evidence,
    pub(crate) check_in: CheckIn,
    #[serde(skip, default = "no_operation")]
    pub(crate) operation: OperationId,
}

const fn no_operation() -> OperationId {
    OperationId([0; 32])
}

/// Where an operation stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum OutboxState {
    Waiting,
    Accepted,
    Refused,
}

impl OutboxState {
    pub(crate) const fn number(self) -> i64 {
        match self {
            Self::Waiting => 0,
            Self::Accepted => 1,
            Self::Refused => 2,
        }
    }

    pub(crate) const fn from_number(number: i64) -> Self {
        match number {
            0 => Self::Waiting,
            1 => Self::Accepted,
            _ => Self::Refused,
        }
    }
}

/// An operation and its link, as they are sent.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct OutboxBody {
    pub(crate) operation: Bytes,
    pub(crate) link: Bytes,
}

/// What the server answered.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct OutboxAnswer {
    pub(crate) receipt: Option<Bytes>,
    pub(crate) problem: Option<Problem>,
    /// The link that the receipt countersigns, where it is not the one that was sent last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) link: Option<Bytes>,
}

/// What the server decided: a signed object that was verified before it was kept.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct KeptDecision {
    pub(crate) kind: ChangeKind,
    pub(crate) object: Bytes,
}
