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

/// The instant of a tap, from its own evidence, the evidence of the sync that brought it, and the server's time of
/// receipt. In one boot session the boot clock makes it exact; otherwise it lies between H at the tap and receipt.
#[must_use]
pub fn interval_of(tap: &Evidence, sync: &Evidence, received: Timestamp) -> Interval {
    let earliest = tap.lower_bound.min(received);
    if tap.session == sync.session && tap.boot_millis <= sync.boot_millis {
        let waited = sync.boot_millis.saturating_sub(tap.boot_millis);
        // Never before what was already sure at the tap: a boot clock that jumps ahead gains nothing.
        let exact = received.plus_millis(waited.saturating_neg()).max(earliest);
        return Interval { earliest: exact, latest: exact };
    }
    Interval { earliest, latest: received }
}
