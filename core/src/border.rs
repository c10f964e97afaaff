//! How values of the rules cross the border to Kotlin and Swift: instants as the platform's instants, days as a
//! record. What cannot be lifted becomes the typed error of the call, never a panic.

use std::time::{Duration, SystemTime};

use crate::error::HealthcodeError;
use crate::rules::calendar::{LegalDate, Timestamp};

uniffi::custom_type!(Timestamp, SystemTime, {
    lower: |at| to_system_time(at),
    try_lift: |at| Ok(from_system_time(at)),
});

uniffi::custom_type!(LegalDate, CalendarDay, {
    lower: |date| CalendarDay::from(date),
    try_lift: |day| {
        let date = LegalDate::from_ymd(day.year, u32::from(day.month), u32::from(day.day));
        Ok(date.ok_or_else(|| HealthcodeError::field("date", "not-a-date"))?)
    },
});

/// A day of the legal calendar, without a zone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, uniffi::Record)]
pub struct CalendarDay {
    /// The year, 1 to 9999.
    pub year: i32,
    /// The month, 1 to 12.
    pub month: u8,
    /// The day of the month, 1 to 31.
    pub day: u8,
}

impl From<LegalDate> for CalendarDay {
    fn from(date: LegalDate) -> Self {
        let (year, month, day) = date.ymd();
        // A month and a day of a month fit.
        Self { year, month: u8::try_from(month).unwrap_or(1), day: u8::try_from(day).unwrap_or(1) }
    }
}

fn to_system_time(at: Timestamp) -> SystemTime {
    let distance = Duration::from_millis(at.millis().unsigned_abs());
    let shifted = if at.millis() < 0 {
        SystemTime::UNIX_EPOCH.checked_sub(distance)
    } else {
        SystemTime::UNIX_EPOCH.checked_add(distance)
    };
    // The years 1 to 9999 lie within every platform's range.
    shifted.unwrap_or(SystemTime::UNIX_EPOCH)
}

fn from_system_time(at: SystemTime) -> Timestamp {
    let millis = |distance: Duration| i64::try_from(distance.as_millis()).unwrap_or(i64::MAX);
    match at.duration_since(SystemTime::UNIX_EPOCH) {
        Ok(after) => Timestamp::from_millis(millis(after)),
        Err(before) => Timestamp::from_millis(-millis(before.duration())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instants_cross_the_border_and_come_back() {
        for millis in [0, 1, -1, 1_581_642_000_123, -62_135_596_800_000, 253_402_300_799_999] {
            let at = Timestamp::from_millis(millis);
            assert_eq!(from_system_time(to_system_time(at)), at);
        }
    }
}
