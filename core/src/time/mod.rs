//! Trusted time, as arithmetic over readings that somebody else took.
//!
//! Two readings, never mixed. **H** is a lower bound of true time: it decides what must not come early (countdown,
//! opening of a day, release) and never looks at the wall clock. The **estimate** is for freshness and expiry, where
//! a lower bound errs the wrong way; it exists only in the boot session of the last anchor. What never enters: a
//! clock, a zone, a guess that a reboot happened because the wall clock moved.

mod evidence;

use serde::{Deserialize, Serialize};

pub use evidence::{CALL_MILLIS, Evidence, Interval, interval_of};

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
/// By how much an anchor's whole seconds and two readings in whole milliseconds may be off.
const ROUNDING_MILLIS: i64 = 1_002;

/// What the platform's clocks say at one look.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reading {
    /// Names the boot: changes with every start of the device.
    pub boot_id: String,
    /// Milliseconds since the start of the device, sleep included, from a clock that nobody can set. One below zero is
    /// taken for zero.
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
    /// The latest instant of this epoch that somebody has signed for, or the app's build time. H beyond it is what the
    /// boot clock counted. None in a file of before it was kept.
    signed: Option<Timestamp>,
}

/// A clock that has just been looked at: only now can news of the time be taken, because it is news of now. What was
/// taken at an old reading would have the while since then counted twice.
pub struct Looked<'a>(&'a mut TrustedClock);

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
        let boot = reading.boot_millis.max(0);
        Self {
            base: floor,
            base_boot: boot,
            last_boot: boot,
            session,
            boot_id: reading.boot_id.clone(),
            epoch: 0,
            anchor: None,
            signed: Some(floor),
        }
    }

    /// Takes note of a reading. `fresh` names a new boot session, when the reading is of one.
    ///
    /// Of two readings the one that was taken later must be looked at later.
    pub fn look(&mut self, reading: &Reading, fresh: impl FnOnce() -> BootSession) -> Looked<'_> {
        let boot = reading.boot_millis.max(0);
        let same_name = reading.boot_id == self.boot_id;
        if !same_name || boot < self.last_boot {
            // Off for an unknown while: only what has surely passed since the last look is counted.
            self.base = self.lower_bound();
            self.base_boot = match (same_name, boot < self.last_boot) {
                // Another start, all of it since the last look.
                (false, true) => 0,
                // A longer start, or the same one under another name.
                (false, false) => self.last_boot,
                // A start that bears the name of the one before, or a clock that was set back: nobody knows.
                (true, _) => boot,
            };
            self.session = fresh();
            self.boot_id.clone_from(&reading.boot_id);
        }
        self.last_boot = boot;
        Looked(self)
    }

    /// H at the last look.
    #[must_use]
    pub fn lower_bound(&self) -> Timestamp {
        let elapsed = self.last_boot.saturating_sub(self.base_boot).max(0);
        self.base.plus_millis(elapsed - parts(elapsed, DRIFT_PPM))
    }

    /// The estimate of true time; none after a start of the device without a new anchor.
    #[must_use]
    pub fn estimate(&self) -> Option<Timestamp> {
        let anchor = self.anchor.as_ref().filter(|anchor| anchor.session == self.session)?;
        Some(anchor.at.plus_millis(self.last_boot.saturating_sub(anchor.boot_millis)))
    }

    /// The estimate with its uncertainty in milliseconds, while that is small enough to judge freshness by. True time
    /// is at most so much, and the second by which an anchor is rounded down, from the estimate.
    #[must_use]
    pub fn firm(&self) -> Option<(Timestamp, i64)> {
        let anchor = self.anchor.as_ref().filter(|anchor| anchor.session == self.session)?;
        let age = self.last_boot.saturating_sub(anchor.boot_millis);
        let uncertainty = anchor.round_trip_millis.saturating_add(parts(age, AGE_PPM));
        // Below what has surely passed, the anchor was of a clock that had been set back.
        let now = self.estimate()?;
        let back = now.plus_millis(uncertainty.saturating_add(ROUNDING_MILLIS)) < self.lower_bound();
        Some((now, uncertainty)).filter(|_| uncertainty <= FIRM_LIMIT_MILLIS && !back)
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

impl Looked<'_> {
    /// Takes a verified anchor of the home issuer that answered a request of `asked`, the evidence of that instant.
    /// `listed_epoch` is the issuer's in the trust list.
    pub fn anchor(
        self,
        anchor: &Anchor,
        digest: [u8; 32],
        asked: &Evidence,
        listed_epoch: u32,
    ) -> Result<(), AnchorRefused> {
        let clock = self.0;
        if anchor.epoch < clock.epoch {
            return Err(AnchorRefused::OldEpoch);
        }
        if anchor.epoch > listed_epoch {
            return Err(AnchorRefused::UnlistedEpoch);
        }
        let round_trip = clock.last_boot.saturating_sub(asked.boot_millis).max(0);
        if anchor.epoch > clock.epoch {
            (clock.epoch, clock.signed) = (anchor.epoch, Some(anchor.at));
            clock.rebase(anchor.at);
        } else {
            clock.signed = clock.signed.max(Some(anchor.at));
            let known = clock.lower_bound();
            let latest =
                round_trip.saturating_add(parts(round_trip, AGE_PPM)).saturating_add(ROUNDING_MILLIS);
            // Past what the server's time can be by now, H was carried there by a boot clock that has jumped: what
            // was signed for holds, the rest does not.
            let overrun = asked.session == clock.session && known > anchor.at.plus_millis(latest);
            clock.rebase(if overrun { clock.signed.unwrap_or(anchor.at) } else { known.max(anchor.at) });
        }
        // With a start of the device in between, the anchor is of that session and makes no estimate in this one:
        // nobody knows how long it was under way.
        clock.anchor = Some(Received {
            at: anchor.at,
            session: asked.session,
            boot_millis: clock.last_boot,
            round_trip_millis: round_trip,
            digest: crate::token::ids::OperationId(digest),
        });
        Ok(())
    }

    /// Raises H to a verified anchor that somebody relayed. It makes no estimate: nobody knows how old it is. One of
    /// an epoch that the trust list has left behind raises nothing.
    pub fn raise(self, anchor: &Anchor, listed_epoch: u32) {
        if anchor.epoch == self.0.epoch && anchor.epoch >= listed_epoch {
            self.at_least(anchor.at);
        }
    }

    /// Raises H to an instant that has surely passed, such as the build time of the app after an update.
    pub fn at_least(self, at: Timestamp) {
        self.0.signed = self.0.signed.max(Some(at));
        if at > self.0.lower_bound() {
            self.0.rebase(at);
        }
    }
}

impl TrustedClock {
    /// H is `at` when the boot clock stands where it was last seen.
    const fn rebase(&mut self, at: Timestamp) {
        self.base = at;
        self.base_boot = self.last_boot;
    }
}

/// So many parts per million, rounded up.
fn parts(of: i64, ppm: i64) -> i64 {
    of.max(0).saturating_mul(ppm).saturating_add(999_999) / 1_000_000
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;
