//! Quarantine: the terms of an order, whose day a tap is, and how far the order has come.
//!
//! Everything here is a pure function of an order, its taps and an instant: phone and server run the same code over
//! the same data and come to the same answer. The instant is a lower bound of true time on the phone, so nothing
//! here opens early. What never enters: a clock, a release (only the server signs one), anything that is not a day.

mod attribution;
mod progress;
#[cfg(test)]
mod properties;

use serde::{Deserialize, Serialize};

pub use attribution::{Attribution, Certainty, NotCounted, Tap, attribute};
pub use progress::{Day, DayState, MissEffect, Phase, Progress, Risk, days_to_come, progress};

use super::calendar::{LegalCalendar, LegalDate, Timestamp};

/// What a missed day does to the days before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "policy", deny_unknown_fields)]
#[cfg_attr(feature = "device", derive(uniffi::Enum))]
pub enum MissedDay {
    /// The count begins again: the days must be consecutive, as Hangzhou had it.
    Restart,
    /// The order lasts a day longer.
    Extend,
    /// So many missed days an order are forgiven and count; one more restarts the count.
    Tolerate {
        /// How many.
        days: u16,
    },
}

/// When an order that has all its days ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "device", derive(uniffi::Enum))]
pub enum ReleaseAt {
    /// At the start of the legal day after the last counted one.
    DayEnd,
    /// With the check-in that completes it.
    LastCheckIn,
}

/// The parameters by which an order's days are counted. They come from a rulebook and are frozen into the order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "device", derive(uniffi::Record))]
pub struct QuarantineTerms {
    /// The legal calendar's offset from UTC in minutes.
    #[serde(rename = "offset_minutes")]
    pub calendar: LegalCalendar,
    /// What a missed day does.
    pub missed_day: MissedDay,
    /// Whether days from `starts_on` up to the day of issue count without a check-in.
    pub credit_before_issue: bool,
    /// Minutes after midnight until which a check-in still counts for the day before; 0 for none, below 1440.
    pub late_until_minutes: u16,
    /// Legal days after which an unfinished order goes to an officer instead of running on.
    pub max_total_days: u16,
    /// How many check-ins an order whose evidence spans several days may count.
    pub max_ambiguous: u16,
    /// Hours within which a check-in must reach the server, from its earliest possible instant.
    pub max_offline_hours: u16,
    /// When a completed order ends.
    pub release_at: ReleaseAt,
}

/// The longest that any order may run, in legal days: the bound of every loop over days.
pub const MAX_TOTAL_DAYS: u16 = 366;

impl QuarantineTerms {
    /// The terms that make no sense, by the name of their field; none when all are well.
    #[must_use]
    pub fn wrong_field(&self) -> Option<&'static str> {
        if self.late_until_minutes >= 24 * 60 {
            return Some("late_until_minutes");
        }
        if self.max_total_days == 0 || self.max_total_days > MAX_TOTAL_DAYS {
            return Some("max_total_days");
        }
        (self.max_offline_hours == 0).then_some("max_offline_hours")
    }

    /// The instant after which a day takes no more check-ins: its end, or later where late ones are taken.
    #[must_use]
    pub fn closes(&self, day: LegalDate) -> Timestamp {
        self.calendar.at(day.plus_days(1), self.late_until_minutes)
    }
}

/// A quarantine as its days are counted. Colour and cause are the order's own affair: see [`crate::token::Order`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "device", derive(uniffi::Record))]
pub struct Quarantine {
    /// The first day, which may lie before the issue.
    pub starts_on: LegalDate,
    /// How many days it takes.
    pub days: u16,
    /// When the order was signed.
    pub issued_at: Timestamp,
    /// How its days are counted.
    pub terms: QuarantineTerms,
}

impl Quarantine {
    /// The legal day in which the order was signed.
    #[must_use]
    pub fn issued_on(&self) -> LegalDate {
        self.terms.calendar.date_of(self.issued_at)
    }

    /// The first day for which a check-in can count.
    #[must_use]
    pub fn first_open_day(&self) -> LegalDate {
        self.starts_on.max(self.issued_on())
    }

    /// The last day before an unfinished order goes to an officer.
    #[must_use]
    pub fn last_day(&self) -> LegalDate {
        self.starts_on.plus_days(i32::from(self.terms.max_total_days.min(MAX_TOTAL_DAYS)) - 1)
    }
}

/// The days from `first` to `last`, both included; none when `last` lies before. It ends at the calendar's end too.
fn days_between(first: LegalDate, last: LegalDate) -> impl Iterator<Item = LegalDate> {
    (first.epoch_days()..=last.epoch_days()).map(LegalDate::from_epoch_days)
}
