//! What a phone can say of the instant of a tap, and what a server makes of it when the tap arrives.

use minicbor::{Decode, Encode};
use serde::{Deserialize, Serialize};

use crate::rules::calendar::Timestamp;
use crate::token::cbor;
use crate::token::ids::{BootSession, OperationId};

/// The evidence of an instant: no wall clock is in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Encode, Decode)]
#[cbor(map)]
pub struct Evidence {
    /// H: true time was not before this.
    #[cbor(n(1), with = "cbor::millis")]
    pub lower_bound: Timestamp,
    /// The boot session.
    #[n(2)]
    pub session: BootSession,
    /// The boot clock in milliseconds.
    #[n(3)]
    pub boot_millis: i64,
    /// SHA-256 of the last anchor that the phone had taken.
    #[n(4)]
    pub anchor: Option<OperationId>,
}

/// Where the true instant of a tap lies, both ends included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Interval {
    /// Not before.
    pub earliest: Timestamp,
    /// Not after.
    pub latest: Timestamp,
}

/// How far the boot clock's word for a tap may lie before its lower bound and still be believed: servers whose clocks
/// differ, and (by parts per million of the wait) a boot clock that runs fast. In milliseconds.
const SLACK_MILLIS: i64 = 60_000;

/// The longest that a call is on its way, in milliseconds: the core's own client waits no longer. So far may the lower
/// bound of a request lie before its receipt for the boot clock to make its taps exact, and so much later than they were
/// made may these be dated at the most.
pub const CALL_MILLIS: i64 = 45_000;

/// The instant of a tap, from its own evidence, the evidence of the sync that brought it, and the server's time of
/// receipt. In one boot session the boot clock makes it exact; otherwise it lies between H at the tap and receipt.
/// A request whose H lies further before its receipt than [`CALL_MILLIS`] may have been held back on its way, and its
/// boot clock tells only the latest instant then. A phone whose H may lag asks for the time before it sends.
///
/// Readings that cannot be (a boot clock below zero, one that has run backwards, one by which the tap would lie before
/// its own lower bound) make nothing exact, whoever made them up: the tap keeps the interval that is sure without
/// them, which counts as ambiguous where it spans days. It is never earlier than H, and never later than receipt.
#[must_use]
pub fn interval_of(tap: &Evidence, sync: &Evidence, received: Timestamp) -> Interval {
    let earliest = tap.lower_bound.min(received);
    let unsure = Interval { earliest, latest: received };
    if tap.session != sync.session || !(0..=sync.boot_millis).contains(&tap.boot_millis) {
        return unsure;
    }
    let waited = sync.boot_millis.saturating_sub(tap.boot_millis);
    let told = received.plus_millis(waited.saturating_neg());
    let slack = SLACK_MILLIS.saturating_add(super::parts(waited, super::AGE_PPM));
    if earliest.since(told) > slack {
        return unsure;
    }
    let latest = told.max(earliest);
    if received.since(sync.lower_bound) <= CALL_MILLIS {
        return Interval { earliest: latest, latest };
    }
    // It may have been on its way for long: all that is sure is that it was not made before its own lower bound.
    let drift = super::parts(waited, super::AGE_PPM);
    let made = sync.lower_bound.plus_millis(waited.saturating_add(drift).saturating_neg());
    Interval { earliest: made.clamp(earliest, latest), latest }
}
