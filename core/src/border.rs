//! How values of the rules cross the border to Kotlin and Swift: instants as milliseconds, days as a record, calendars
//! as minutes; `uniffi.toml` makes the platform's own types of them. What cannot be lifted becomes the typed error of
//! the call, never a panic.

use crate::error::HealthcodeError;
use crate::rules::calendar::{LegalCalendar, LegalDate, Timestamp};

// Not `SystemTime`: the platforms' code for it ends the process at an instant that it cannot hold. Beyond the years 1
// to 9999 an instant is taken for the nearest one within.
uniffi::custom_type!(Timestamp, i64, {
    lower: |at| at.millis(),
    try_lift: |millis| Ok(Timestamp::from_millis(millis)),
});

uniffi::custom_type!(LegalDate, CalendarDay, {
    lower: |date| CalendarDay::from(date),
    try_lift: |day| {
        let date = LegalDate::from_ymd(day.year, u32::from(day.month), u32::from(day.day));
        Ok(date.ok_or_else(|| HealthcodeError::field("date", "not-a-date"))?)
    },
});

uniffi::custom_type!(LegalCalendar, i16, {
    lower: |calendar| calendar.offset_minutes(),
    try_lift: |minutes| {
        Ok(LegalCalendar::new(minutes).ok_or_else(|| HealthcodeError::field("calendar", "out-of-range"))?)
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
