//! Trusted time, as arithmetic over readings that somebody else took.
//!
//! Two readings, never mixed. **H** is a lower bound of true time: it decides what must not come early (countdown,
//! opening of a day, release) and never looks at the wall clock. The **estimate** is for freshness and expiry, where
//! a lower bound errs the wrong way; it exists only in the boot session of the last anchor. What never enters: a
//! clock, a zone, a guess that a reboot happened because the wall clock moved.

mod evidence;

use serde::{Deserialize, Serialize};

pub use evidence::{Evidence, Interval, interval_of};

use crate::rules::calendar::Timestamp;
use crate::token::anchor::Anchor;
use crate::token::ids::BootSession;

/// How far a boot clock may run fast, in parts per million: so much is taken off what it counts.
const DRIFT_PPM: i64 = 100;
/// How an anchor's uncertainty grows with its age, in parts per million.
const AGE_PPM: i64 = 200;
/// The most that a firm time may be uncertain, in milliseconds.
const FIRM_LIMIT_MILLIS: i64 = 20_000;
/// From this difference on, the wall clock is said to be wrong, in milliseconds.
const HINT_MILLIS: i64 = 5 * 60_000;

/// What the platform's clocks say at one look.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reading {
    /// Names the boot: changes with every start of the device.
    pub boot_id: String,
    /// Milliseconds since the start of the device, sleep included, from a clock that nobody can set.
    pub boot_millis: i64,
    /// The wall clock. Only for hints to people, and for a gate that has nothing better.
    pub wall: Timestamp,
}

/// The last anchor as it was received.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Received {
    at: Timestamp,
    session: BootSession,
    boot_millis: i64,
    round_trip_millis: i64,
    digest: crate::token::ids::OperationId,
}

/// What is kept of time between two looks, and between two starts of the app.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TrustedClock {
    /// H when the boot clock stood at `base_boot`.
    base: Timestamp,
    base_boot: i64,
    /// The latest reading of the boot clock in this session.
    last_boot: i64,
    session: BootSession,
    boot_id: String,
    epoch: u32,
    anchor: Option<Received>,
}

/// What to tell a person whose wall clock is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "device", derive(uniffi::Enum))]
pub enum ClockHint {
    /// The phone's clock is ahead of true time: set it to automatic. Nothing is gained by it, no day comes earlier.
    Ahead,
    /// The phone's clock is behind true time: set it to automatic.
    Behind,
}

/// Why an anchor was not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AnchorRefused {
    /// Of an earlier epoch than one that was seen.
    OldEpoch,
    /// Of a later epoch than the trust list allows.
    UnlistedEpoch,
}

impl TrustedClock {
    /// A clock that knows no more than that `floor` has passed: the build time of the app.
    #[must_use]
    pub fn new(floor: Timestamp, reading: &Reading, session: BootSession) -> Self {
        Self {
            base: floor,
            base_boot: reading.boot_millis,
            last_boot: reading.boot_millis,
            session,
            boot_id: reading.boot_id.clone(),
            epoch: 0,
            anchor: None,
        }
    }

    /// Takes note of a reading. `fresh` names a new boot session, when the reading is of one.
    pub fn look(&mut self, reading: &Reading, fresh: impl FnOnce() -> BootSession) {
        let same = reading.boot_id == self.boot_id && reading.boot_millis >= self.last_boot;
        if !same {
            // Off for an unknown while: only what the new boot clock has counted is sure to have passed.
            self.base = self.lower_bound();
            self.base_boot = 0;
            self.session = fresh();
            self.boot_id.clone_from(&reading.boot_id);
        }
        self.last_boot = reading.boot_millis.max(0);
    }

    /// H at the last look.
    #[must_use]
    pub fn lower_bound(&self) -> Timestamp {
        let elapsed = self.last_boot.saturating_sub(self.base_boot).max(0);
        self.base.plus_millis(elapsed - parts(elapsed, DRIFT_PPM))
    }

    /// Takes a verified anchor of the home issuer, received `round_trip_millis` after it was asked for, at the time
    /// of the last look. `listed_epoch` is the issuer's in the trust list.
    pub fn anchor(
        &mut self,
        anchor: &Anchor,
        digest: [u8; 32],
        round_trip_millis: i64,
        listed_epoch: u32,
    ) -> Result<(), AnchorRefused> {
        if anchor.epoch < self.epoch {
            return Err(AnchorRefused::OldEpoch);
        }
        if anchor.epoch > listed_epoch {
            return Err(AnchorRefused::UnlistedEpoch);
        }
        let known = self.lower_bound();
        self.base = if anchor.epoch > self.epoch { anchor.at } else { known.max(anchor.at) };
        self.base_boot = self.last_boot;
        self.epoch = anchor.epoch;
        self.anchor = Some(Received {
            at: anchor.at,
            session: self.session,
            boot_millis: self.last_boot,
            round_trip_millis: round_trip_millis.max(0),
            digest: crate::token::ids::OperationId(digest),
        });
        Ok(())
    }

    /// Raises H to a verified anchor that somebody relayed. It makes no estimate: nobody knows how old it is.
    pub fn raise(&mut self, anchor: &Anchor) {
        if anchor.epoch == self.epoch && anchor.at > self.lower_bound() {
            self.base = anchor.at;
            self.base_boot = self.last_boot;
        }
    }

    /// The estimate of true time; none after a start of the device without a new anchor.
    #[must_use]
    pub fn estimate(&self) -> Option<Timestamp> {
        let anchor = self.anchor.as_ref().filter(|anchor| anchor.session == self.session)?;
        Some(anchor.at.plus_millis(self.last_boot.saturating_sub(anchor.boot_millis)))
    }

    /// The estimate with its uncertainty in milliseconds, while that is small enough to judge freshness by.
    #[must_use]
    pub fn firm(&self) -> Option<(Timestamp, i64)> {
        let anchor = self.anchor.as_ref().filter(|anchor| anchor.session == self.session)?;
        let age = self.last_boot.saturating_sub(anchor.boot_millis);
        let uncertainty = anchor.round_trip_millis.saturating_add(parts(age, AGE_PPM));
        Some((self.estimate()?, uncertainty)).filter(|_| uncertainty <= FIRM_LIMIT_MILLIS)
    }

    /// Whether the wall clock of a reading is wrong by more than five minutes, as far as can be told.
    #[must_use]
    pub fn hint(&self, wall: Timestamp) -> Option<ClockHint> {
        match self.estimate() {
            Some(now) if wall.since(now) > HINT_MILLIS => Some(ClockHint::Ahead),
            Some(now) if now.since(wall) > HINT_MILLIS => Some(ClockHint::Behind),
            Some(_) => None,
            None => (self.lower_bound().since(wall) > HINT_MILLIS).then_some(ClockHint::Behind),
        }
    }

    /// The evidence of an instant for the server: this look.
    #[must_use]
    pub fn evidence(&self) -> Evidence {
        Evidence {
            lower_bound: self.lower_bound(),
            session: self.session,
            boot_millis: self.last_boot,
            anchor: self.anchor.as_ref().map(|anchor| anchor.digest),
        }
    }

    /// Whether an anchor was ever taken.
    #[must_use]
    pub const fn is_anchored(&self) -> bool {
        self.anchor.is_some()
    }
}

/// So many parts per million, rounded up.
fn parts(of: i64, ppm: i64) -> i64 {
    of.max(0).saturating_mul(ppm).saturating_add(999_999) / 1_000_000
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;
