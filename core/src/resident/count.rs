//! The count of a quarantine's days for data that is not on this phone: what an order would come to, and the worked
//! examples that every language of this project asserts.

#![allow(clippy::needless_pass_by_value, reason = "what crosses the border is owned")]

use crate::error::HealthcodeError;
use crate::rules::calendar::Timestamp;
use crate::rules::quarantine::{Attribution, Progress, Quarantine, Tap, attribute, progress};

/// The most taps that are counted in one call; a quarantine has one a day.
const MAX_TAPS: usize = 4_096;

/// The days of a quarantine, counted.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct QuarantineCount {
    /// How far it has come.
    pub progress: Progress,
    /// What became of each tap, in the order in which they were given.
    pub attributions: Vec<Attribution>,
}

/// Counts the days of a quarantine at an instant, a lower bound of true time: the rules that phone and server share,
/// without a phone's file. For the quarantine of a subject ask [`crate::resident::Resident::quarantine`].
///
/// # Errors
///
/// `InvalidField` for terms that make no sense, and for more than 4,096 taps.
#[uniffi::export]
pub fn count_quarantine(
    quarantine: Quarantine,
    taps: Vec<Tap>,
    at: Timestamp,
) -> Result<QuarantineCount, HealthcodeError> {
    if let Some(field) = quarantine.terms.wrong_field() {
        return Err(HealthcodeError::field(format!("terms.{field}"), "out-of-range"));
    }
    if taps.len() > MAX_TAPS {
        return Err(HealthcodeError::field("taps", "too-many"));
    }
    Ok(QuarantineCount {
        progress: progress(&quarantine, &taps, at),
        attributions: attribute(&quarantine, &taps),
    })
}
