//! What the authority decides about one person, signed with its key for decisions. Each names the subject and a
//! serial that grows with everything said about the subject, so that a phone can tell what is newer.

use minicbor::decode::Error as DecodeError;
use minicbor::encode::{Error as EncodeError, Write};
use minicbor::{Decode, Decoder, Encode, Encoder};

use super::acts::By;
use super::cbor;
use super::envelope::{FormatError, Kind};
use super::ids::{OperationId, OrderId, SubjectId};
use super::key::KeyId;
use super::trust_list::{KeyUse, Object};
use crate::rules::calendar::{LegalDate, Timestamp};
use crate::rules::colour::Colour;
use crate::rules::quarantine::{Attribution, Certainty, NotCounted, Quarantine, QuarantineTerms, Tap};
use crate::rules::rating::Reason;
use crate::rules::text::Text;

/// A quarantine order. It is in force from its issue until its release or until another supersedes it.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Order {
    /// Whom it concerns.
    #[n(1)]
    pub subject: SubjectId,
    /// Its place in what was said about the subject.
    #[n(2)]
    pub serial: u64,
    /// Its name.
    #[n(3)]
    pub order: OrderId,
    /// When it was signed.
    #[cbor(n(4), with = "cbor::seconds")]
    pub issued_at: Timestamp,
    /// Yellow or red.
    #[n(5)]
    pub colour: Colour,
    /// The rule, or `manual`.
    #[n(6)]
    pub rule: String,
    /// The cause as the resident reads it.
    #[n(7)]
    pub cause: Text,
    /// The first day.
    #[n(8)]
    pub starts_on: LegalDate,
    /// How many days.
    #[n(9)]
    pub days: u16,
    /// How they are counted: the rulebook's parameters, frozen.
    #[cbor(n(10), with = "cbor::json")]
    pub terms: QuarantineTerms,
    /// SHA-256 of the signed rulebook.
    #[cbor(n(11), with = "minicbor::bytes")]
    pub rulebook: [u8; 32],
    /// The order that it takes the place of.
    #[n(12)]
    pub supersedes: Option<OrderId>,
    /// When it lapses unless a second officer confirms it: an order without a rule. The same order, said again with a
    /// later serial and without this, is confirmed.
    #[cbor(n(13), with = "cbor::optional_seconds", has_nil)]
    pub provisional_until: Option<Timestamp>,
}

/// What stands in the place of a rule's id where an officer ordered without one.
pub const MANUAL: &str = "manual";

impl Order {
    /// Whether an officer gave it without a rule.
    #[must_use]
    pub fn is_manual(&self) -> bool {
        self.rule == MANUAL
    }

    /// Its days as the rules count them.
    #[must_use]
    pub const fn quarantine(&self) -> Quarantine {
        Quarantine {
            starts_on: self.starts_on,
            days: self.days,
            issued_at: self.issued_at,
            terms: self.terms,
        }
    }
}

impl Object for Order {
    const KIND: Kind = Kind::Order;
    const USE: KeyUse = KeyUse::Decisions;

    fn issued_at(&self) -> Timestamp {
        self.issued_at
    }

    fn check(&self) -> Result<(), FormatError> {
        let well = self.colour != Colour::Green && self.days > 0 && self.terms.wrong_field().is_none();
        if well { Ok(()) } else { Err(FormatError::Value) }
    }
}

/// The end of an order.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Release {
    /// Whom it concerns.
    #[n(1)]
    pub subject: SubjectId,
    /// Its place in what was said about the subject.
    #[n(2)]
    pub serial: u64,
    /// The order that ends.
    #[n(3)]
    pub order: OrderId,
    /// When it ended.
    #[cbor(n(4), with = "cbor::seconds")]
    pub released_at: Timestamp,
    /// Why.
    #[n(5)]
    pub cause: ReleaseCause,
}

/// Why an order ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(index_only)]
#[cfg_attr(feature = "device", derive(uniffi::Enum))]
pub enum ReleaseCause {
    /// Its days are complete.
    #[n(1)]
    Completed,
    /// Another order took its place; its days were not completed.
    #[n(2)]
    Superseded,
    /// An officer, or a granted appeal.
    #[n(3)]
    Officer,
    /// An officer's order that no second officer confirmed in time.
    #[n(4)]
    Lapsed,
}

impl Object for Release {
    const KIND: Kind = Kind::Release;
    const USE: KeyUse = KeyUse::Decisions;

    fn issued_at(&self) -> Timestamp {
        self.released_at
    }
}

/// A reason of a rating, as its receipt carries it.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct RatingReason {
    /// The rule, or `manual`.
    #[n(1)]
    pub rule: String,
    /// The colour that it gives.
    #[n(2)]
    pub colour: Colour,
    /// The reason as the resident reads it.
    #[n(3)]
    pub text: Text,
}

impl From<&Reason> for RatingReason {
    fn from(reason: &Reason) -> Self {
        Self { rule: reason.rule.clone(), colour: reason.colour, text: reason.text.clone() }
    }
}

impl From<&RatingReason> for Reason {
    fn from(reason: &RatingReason) -> Self {
        Self { rule: reason.rule.clone(), colour: reason.colour, text: reason.text.clone() }
    }
}

/// The rating receipt: why the colour is what it is. It stays on the phone; no code carries it.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct RatingReceipt {
    /// Whom it concerns.
    #[n(1)]
    pub subject: SubjectId,
    /// Its place in what was said about the subject.
    #[n(2)]
    pub serial: u64,
    /// When it was rated.
    #[cbor(n(3), with = "cbor::seconds")]
    pub rated_at: Timestamp,
    /// The colour.
    #[n(4)]
    pub colour: Colour,
    /// Why; empty for green.
    #[n(5)]
    pub reasons: Vec<RatingReason>,
    /// SHA-256 of the signed rulebook.
    #[cbor(n(6), with = "minicbor::bytes")]
    pub rulebook: [u8; 32],
    /// The rulebook's version.
    #[n(7)]
    pub rulebook_version: u32,
    /// The order in force.
    #[n(8)]
    pub order: Option<OrderId>,
    /// Until when it can be appealed.
    #[cbor(n(9), with = "cbor::seconds")]
    pub appeal_by: Timestamp,
}

impl Object for RatingReceipt {
    const KIND: Kind = Kind::Rating;
    const USE: KeyUse = KeyUse::Decisions;

    fn issued_at(&self) -> Timestamp {
        self.rated_at
    }

    fn check(&self) -> Result<(), FormatError> {
        // No colour but green without a reason.
        let well = self.colour == Colour::Green || !self.reasons.is_empty();
        if well { Ok(()) } else { Err(FormatError::Value) }
    }
}

/// Whether a check-in counts, or why not. A later judgement of the same operation takes this one's place.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Judgement {
    /// Whom it concerns.
    #[n(1)]
    pub subject: SubjectId,
    /// Its place in what was said about the subject.
    #[n(2)]
    pub serial: u64,
    /// The check-in.
    #[n(3)]
    pub operation: OperationId,
    /// The order for which it is judged.
    #[n(4)]
    pub order: OrderId,
    /// When it was judged.
    #[cbor(n(5), with = "cbor::seconds")]
    pub judged_at: Timestamp,
    /// The earliest instant at which it can have been made.
    #[cbor(n(6), with = "cbor::millis")]
    pub earliest: Timestamp,
    /// The latest.
    #[cbor(n(7), with = "cbor::millis")]
    pub latest: Timestamp,
    /// When the server received it.
    #[cbor(n(8), with = "cbor::millis")]
    pub received: Timestamp,
    /// The day for which it counts.
    #[n(9)]
    pub day: Option<LegalDate>,
    /// How surely, where it counts.
    #[n(10)]
    pub certainty: Option<Certainty>,
    /// Why not, where it does not.
    #[n(11)]
    pub not_counted: Option<NotCounted>,
    /// Whether a replaced phone brought it: then it fills no day that another one fills.
    #[cbor(n(12), with = "cbor::flag", has_nil)]
    pub late: bool,
    /// Who made it, where it was not the person: the check-in of somebody who is cared for says by whom.
    #[n(13)]
    pub by: Option<By>,
}

impl Judgement {
    /// The tap that was judged: phone and server count days from the same intervals.
    #[must_use]
    pub const fn tap(&self) -> Tap {
        Tap { earliest: self.earliest, latest: self.latest, received: Some(self.received), late: self.late }
    }

    /// What it says, as the rules have it.
    #[must_use]
    pub fn attribution(&self) -> Option<Attribution> {
        match (self.day, self.certainty, self.not_counted) {
            (Some(day), Some(certainty), None) => Some(Attribution::Counted { day, certainty }),
            (None, None, Some(reason)) => Some(Attribution::Not(reason)),
            _ => None,
        }
    }

    /// The judgement's `day`, `certainty` and `not_counted`, from an attribution.
    #[must_use]
    pub const fn outcome(
        attribution: Attribution,
    ) -> (Option<LegalDate>, Option<Certainty>, Option<NotCounted>) {
        match attribution {
            Attribution::Counted { day, certainty } => (Some(day), Some(certainty), None),
            Attribution::Not(reason) => (None, None, Some(reason)),
        }
    }
}

impl Object for Judgement {
    const KIND: Kind = Kind::Judgement;
    const USE: KeyUse = KeyUse::Decisions;

    fn issued_at(&self) -> Timestamp {
        self.judged_at
    }

    fn check(&self) -> Result<(), FormatError> {
        let one = self.day.is_some() == self.certainty.is_some()
            && self.day.is_some() != self.not_counted.is_some();
        if one && self.earliest <= self.latest { Ok(()) } else { Err(FormatError::Value) }
    }
}

/// What becomes of a key with which another phone wants to speak for the person. Every phone of the person is told,
/// so that nobody is replaced unseen. A later notice of the same key takes this one's place.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct KeyNotice {
    /// Whom it concerns.
    #[n(1)]
    pub subject: SubjectId,
    /// Its place in what was said about the subject.
    #[n(2)]
    pub serial: u64,
    /// The key, the first bytes of its thumbprint.
    #[cbor(n(3), with = "minicbor::bytes")]
    pub key: KeyId,
    /// When this was decided.
    #[cbor(n(4), with = "cbor::seconds")]
    pub noticed_at: Timestamp,
    /// From when on the key speaks for the person; none where it was dropped: refused, or given up for another.
    #[cbor(n(5), with = "cbor::optional_seconds", has_nil)]
    pub active_from: Option<Timestamp>,
    /// Whose key it is, where it is one of somebody who cares for the person.
    #[n(6)]
    pub carer: Option<CarerKey>,
}

/// Whose a carer's key is.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct CarerKey {
    /// The carer, as the same issuer knows that person.
    #[n(1)]
    pub carer: SubjectId,
    /// The carer's masked name.
    #[n(2)]
    pub name: String,
}

impl Object for KeyNotice {
    const KIND: Kind = Kind::Key;
    const USE: KeyUse = KeyUse::Decisions;

    fn issued_at(&self) -> Timestamp {
        self.noticed_at
    }
}

/// Enums of the rules that travel as small numbers: a table each, so that their order in the code is free.
macro_rules! numbered {
    ($name:ident { $($variant:ident = $number:literal),+ $(,)? }) => {
        impl<C> Encode<C> for $name {
            fn encode<W: Write>(&self, e: &mut Encoder<W>, _: &mut C) -> Result<(), EncodeError<W::Error>> {
                e.u8(match self { $(Self::$variant => $number),+ }).map(|_| ())
            }
        }

        impl<'b, C> Decode<'b, C> for $name {
            fn decode(d: &mut Decoder<'b>, _: &mut C) -> Result<Self, DecodeError> {
                match d.u8()? {
                    $($number => Ok(Self::$variant),)+
                    _ => Err(DecodeError::message(stringify!($name))),
                }
            }
        }
    };
}

numbered!(Colour { Green = 0, Yellow = 1, Red = 2 });
numbered!(Certainty { Certain = 1, Late = 2, Ambiguous = 3 });
numbered!(NotCounted { BeforeOrder = 1, TooOld = 2, DayTaken = 3, Unclear = 4, AfterOrder = 5 });
