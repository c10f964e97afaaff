//! The quarantine proof: with it a resident shows, to whoever has the trust list and to nobody's database, which days of
//! an order were served. It holds the signed order, the chain of links under the issuer's receipts, the judgements, and
//! the release if there is one. What was answered at a check-in is not in it, and nothing of other people is.
//!
//! One JSON document, the signed objects in base64url (RFC 4648, 5):
//!
//! | member | holds |
//! |---|---|
//! | `format` | 1 |
//! | `issuer` | the issuer's id in the trust list |
//! | `order` | the order (`hc/1/order`) |
//! | `entries` | from the order on, in the order of the receipts' serials: `link` (`hc/1/link`), `receipt` (`hc/1/receipt`) |
//! | `judgements` | the last one of each check-in under the order (`hc/1/judgement`) |
//! | `confirmation` | the same order said again by a second officer, where the first one gave it without a rule |
//! | `release` | the release (`hc/1/release`), once there is one |
//!
//! A link's signature is its phone's; who verifies needs it not, because the receipt names the link's digest.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::bytes::Bytes;
use super::link::{Head, Link};
use super::receipt::Receipt;
use crate::rules::calendar::{LegalDate, Timestamp};
use crate::rules::colour::Colour;
use crate::rules::quarantine::{Progress, Tap, progress};
use crate::token::decision::ReleaseCause;
use crate::token::ids::{OperationId, SegmentId};
use crate::token::key::KeyId;
use crate::token::trust_list::{Object, TrustList};
use crate::token::{Judgement, Order, OrderId, Release, SubjectId};

/// The format that this version writes and reads.
pub const FORMAT: u32 = 1;
/// The most bytes of a proof.
pub const MAX_BYTES: usize = 4 * 1024 * 1024;
/// The most entries, and the most judgements.
const MAX_ENTRIES: usize = 8_192;

/// A proof as it travels.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct QuarantineProof {
    /// [`FORMAT`].
    pub format: u32,
    /// The issuer's id in the trust list.
    pub issuer: String,
    /// The signed order.
    pub order: Bytes,
    /// The chain from the order on, in the order of its receipts.
    pub entries: Vec<ProofEntry>,
    /// The last judgement of each check-in under the order.
    pub judgements: Vec<Bytes>,
    /// The same order, said again: an officer's order that a second one has confirmed. Without it such an order proves
    /// a quarantine until the instant of its lapse alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub confirmation: Option<Bytes>,
    /// The signed release; none while the order is in force.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub release: Option<Bytes>,
}

/// One link and its receipt.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProofEntry {
    /// The signed link.
    pub link: Bytes,
    /// The receipt that countersigns it.
    pub receipt: Bytes,
}

/// What a proof proves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProvenQuarantine {
    /// Whom it concerns, as the issuer names the person. A card or a code shows whether that is who presents it.
    pub subject: SubjectId,
    /// The order.
    pub order: OrderId,
    /// Its colour.
    pub colour: Colour,
    /// Its first day.
    pub starts_on: LegalDate,
    /// The days for which a check-in counts, as the issuer judged, in order.
    pub days: Vec<LegalDate>,
    /// The count at the instant of the verification, by the order's own terms.
    pub progress: Progress,
    /// When the order lapses or has lapsed, where no second officer is known to have confirmed it.
    pub provisional_until: Option<Timestamp>,
    /// The ids of the keys that signed the links, as the receipts say it: whose they are, the issuer knows.
    pub holders: BTreeSet<KeyId>,
    /// The release and its cause.
    pub released: Option<(Timestamp, ReleaseCause)>,
}

/// Why a proof proves nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum ProofError {
    /// It cannot be read.
    #[error("not a quarantine proof")]
    Unreadable,
    /// It is of a later format.
    #[error("of a later version")]
    Later,
    /// An object in it is not signed by its issuer as the trust list has it.
    #[error("not signed by the issuer")]
    Unsigned,
    /// An object in it is about somebody else, or another order.
    #[error("about somebody or something else")]
    Foreign,
    /// A link is not the one that its receipt countersigns, or the chain has a gap or is out of order.
    #[error("the chain does not hold")]
    Chain,
}

impl QuarantineProof {
    /// Reads a proof.
    pub fn parse(text: &[u8]) -> Result<Self, ProofError> {
        #[derive(Deserialize)]
        struct Format {
            format: u32,
        }
        if text.len() > MAX_BYTES {
            return Err(ProofError::Unreadable);
        }
        let format = serde_json::from_slice::<Format>(text).map_err(|_| ProofError::Unreadable)?.format;
        if format > FORMAT {
            return Err(ProofError::Later);
        }
        let proof: Self = serde_json::from_slice(text).map_err(|_| ProofError::Unreadable)?;
        let bounded = proof.entries.len() <= MAX_ENTRIES && proof.judgements.len() <= MAX_ENTRIES;
        if bounded && format == FORMAT { Ok(proof) } else { Err(ProofError::Unreadable) }
    }

    /// Verifies every signature and the chain, and counts the days at `now`. The release of an order ends it whatever
    /// the count says.
    pub fn verify(&self, trust: &TrustList, now: Timestamp) -> Result<ProvenQuarantine, ProofError> {
        let order: Order = self.open(trust, &self.order)?;
        let provisional_until = self.verify_confirmation(trust, &order)?;
        let receipts = self.verify_chain(trust, &order)?;
        let holders = receipts.values().filter_map(|receipt| receipt.key).map(Into::into).collect();
        let (days, taps) = self.verify_judgements(trust, &order, &receipts)?;
        let release: Option<Release> =
            self.release.as_ref().map(|release| self.open(trust, release)).transpose()?;
        if release.as_ref().is_some_and(|release| {
            release.subject != order.subject || release.order != order.order || release.serial <= order.serial
        }) {
            return Err(ProofError::Foreign);
        }
        Ok(ProvenQuarantine {
            subject: order.subject,
            order: order.order,
            colour: order.colour,
            starts_on: order.starts_on,
            days: days.into_iter().collect(),
            progress: progress(&order.quarantine(), &taps, now),
            provisional_until,
            holders,
            released: release.map(|release| (release.released_at, release.cause)),
        })
    }

    fn open<T: Object>(&self, trust: &TrustList, bytes: &Bytes) -> Result<T, ProofError> {
        trust.open_from(&self.issuer, &bytes.0).map_err(|_| ProofError::Unsigned)
    }

    /// When the order lapses, after its confirmation was looked at: it changes nothing else.
    fn verify_confirmation(&self, trust: &TrustList, order: &Order) -> Result<Option<Timestamp>, ProofError> {
        let Some(confirmation) = &self.confirmation else { return Ok(order.provisional_until) };
        let said_again: Order = self.open(trust, confirmation)?;
        let expected = Order { serial: said_again.serial, provisional_until: None, ..order.clone() };
        let later = said_again.serial > order.serial && order.provisional_until.is_some();
        if later && said_again == expected { Ok(None) } else { Err(ProofError::Foreign) }
    }

    /// The accepted operations by their receipts, after the chain was followed link by link.
    fn verify_chain(
        &self,
        trust: &TrustList,
        order: &Order,
    ) -> Result<BTreeMap<OperationId, Receipt>, ProofError> {
        let mut receipts = BTreeMap::new();
        let mut segments: BTreeMap<SegmentId, (u64, Head)> = BTreeMap::new();
        let mut last = order.serial;
        for entry in &self.entries {
            let receipt: Receipt = self.open(trust, &entry.receipt)?;
            if receipt.subject != order.subject {
                return Err(ProofError::Foreign);
            }
            let (link, _) = Link::vouched(&entry.link.0).map_err(|_| ProofError::Chain)?;
            let countersigned = receipt.head == link.digest();
            // Where the proof meets a segment first, what lies before is not its affair.
            let continues = segments
                .get(&link.segment)
                .is_none_or(|(next, head)| (link.sequence, link.previous) == (*next, *head));
            if !countersigned || !continues || receipt.serial <= last {
                return Err(ProofError::Chain);
            }
            last = receipt.serial;
            segments.insert(link.segment, (link.sequence + 1, receipt.head));
            if receipt.accepted {
                receipts.insert(link.operation, receipt);
            }
        }
        Ok(receipts)
    }

    /// The days and the taps that the judgements tell of. One of a check-in whose receipt is here must fit it.
    fn verify_judgements(
        &self,
        trust: &TrustList,
        order: &Order,
        receipts: &BTreeMap<OperationId, Receipt>,
    ) -> Result<(BTreeSet<LegalDate>, Vec<Tap>), ProofError> {
        let mut judged = BTreeSet::new();
        let (mut days, mut taps) = (BTreeSet::new(), Vec::new());
        for judgement in &self.judgements {
            let judgement: Judgement = self.open(trust, judgement)?;
            if judgement.subject != order.subject || judgement.order != order.order {
                return Err(ProofError::Foreign);
            }
            let fits = receipts.get(&judgement.operation).is_none_or(|receipt| {
                receipt.serial < judgement.serial && receipt.received_at == judgement.received
            });
            let one_day = judgement.day.is_none_or(|day| days.insert(day));
            if !fits || !one_day || !judged.insert(judgement.operation) {
                return Err(ProofError::Chain);
            }
            taps.push(judgement.tap());
        }
        Ok((days, taps))
    }
}
