//! The legal calendar: instants, and the days that the law counts in.
//!
//! A legal day begins at midnight at the rulebook's fixed offset from UTC (+08:00 in the first one), wherever the
//! phone is and whatever its zone says. What enters is an instant that somebody else has judged; the clock of the
//! machine never does. All arithmetic saturates at the years 1 and 9999, so that no input can make it fail.

use std::fmt;

use chrono::{DateTime, Datelike, NaiveDate, SecondsFormat};
use serde::{Deserialize, Serialize};

const MILLIS_PER_SECOND: i64 = 1_000;
const MILLIS_PER_MINUTE: i64 = 60 * MILLIS_PER_SECOND;
/// One hour in milliseconds.
pub const MILLIS_PER_HOUR: i64 = 60 * MILLIS_PER_MINUTE;
const MILLIS_PER_DAY: i64 = 24 * MILLIS_PER_HOUR;
/// 0001-01-01 and 9999-12-31 as days since 1970-01-01.
const FIRST_DAY: i32 = -719_162;
const LAST_DAY: i32 = 2_932_896;
const FIRST_MILLI: i64 = FIRST_DAY as i64 * MILLIS_PER_DAY;
const LAST_MILLI: i64 = (LAST_DAY as i64 + 1) * MILLIS_PER_DAY - 1;

/// An instant: milliseconds since 1970-01-01T00:00:00Z, without leap seconds, within the years 1 to 9999.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct Timestamp(i64);

impl Timestamp {
    /// From milliseconds since 1970 UTC; values outside the years 1 to 9999 saturate.
    #[must_use]
    pub const fn from_millis(millis: i64) -> Self {
        if millis < FIRST_MILLI {
            Self(FIRST_MILLI)
        } else if millis > LAST_MILLI {
            Self(LAST_MILLI)
        } else {
            Self(millis)
        }
    }

    /// From whole seconds since 1970 UTC, as signed objects carry them.
    #[must_use]
    pub const fn from_seconds(seconds: i64) -> Self {
        Self::from_millis(seconds.saturating_mul(MILLIS_PER_SECOND))
    }

    /// Milliseconds since 1970 UTC.
    #[must_use]
    pub const fn millis(self) -> i64 {
        self.0
    }

    /// Whole seconds since 1970 UTC, rounded down.
    #[must_use]
    pub const fn seconds(self) -> i64 {
        self.0.div_euclid(MILLIS_PER_SECOND)
    }

    /// This instant moved by `millis` (negative: earlier).
    #[must_use]
    pub const fn plus_millis(self, millis: i64) -> Self {
        Self::from_millis(self.0.saturating_add(millis))
    }

    /// This instant moved by whole hours.
    #[must_use]
    pub const fn plus_hours(self, hours: i64) -> Self {
        self.plus_millis(hours.saturating_mul(MILLIS_PER_HOUR))
    }

    /// Milliseconds from `earlier` to this instant; negative when it lies after.
    #[must_use]
    pub const fn since(self, earlier: Self) -> i64 {
        self.0.saturating_sub(earlier.0)
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        i64::deserialize(deserializer).map(Self::from_millis)
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let utc = DateTime::from_timestamp_millis(self.0).unwrap_or_default();
        f.write_str(&utc.to_rfc3339_opts(SecondsFormat::AutoSi, true))
    }
}

impl fmt::Debug for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A day of the legal calendar. It says nothing of a zone: which instants it holds is [`LegalCalendar`]'s to tell.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LegalDate(i32);

impl LegalDate {
    /// From days since 1970-01-01; saturates at the years 1 and 9999.
    #[must_use]
    pub const fn from_epoch_days(days: i32) -> Self {
        if days < FIRST_DAY {
            Self(FIRST_DAY)
        } else if days > LAST_DAY {
            Self(LAST_DAY)
        } else {
            Self(days)
        }
    }

    /// Days since 1970-01-01.
    #[must_use]
    pub const fn epoch_days(self) -> i32 {
        self.0
    }

    /// From year, month (1 to 12) and day (1 to 31); none when there is no such day or the year is not 1 to 9999.
    #[must_use]
    pub fn from_ymd(year: i32, month: u32, day: u32) -> Option<Self> {
        let date = NaiveDate::from_ymd_opt(year, month, day)?;
        (1..=9_999).contains(&year).then(|| Self::from(date))
    }

    /// From `YYYY-MM-DD` and nothing else.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let date = NaiveDate::parse_from_str(text, "%Y-%m-%d").ok().map(Self::from)?;
        (date.to_string() == text).then_some(date)
    }

    /// This day moved by `days`.
    #[must_use]
    pub const fn plus_days(self, days: i32) -> Self {
        Self::from_epoch_days(self.0.saturating_add(days))
    }

    /// Days from `earlier` to this day; negative when it lies after.
    #[must_use]
    pub const fn days_since(self, earlier: Self) -> i32 {
        self.0 - earlier.0
    }

    /// The same day in the type of the date library.
    #[must_use]
    pub fn to_naive(self) -> NaiveDate {
        NaiveDate::default()
            .checked_add_signed(chrono::TimeDelta::days(i64::from(self.0)))
            .unwrap_or_default()
    }

    /// Year, month (1 to 12) and day (1 to 31).
    #[must_use]
    pub fn ymd(self) -> (i32, u32, u32) {
        let date = self.to_naive();
        (date.year(), date.month(), date.day())
    }
}

impl From<NaiveDate> for LegalDate {
    fn from(date: NaiveDate) -> Self {
        let days = date.signed_duration_since(NaiveDate::default()).num_days();
        Self::from_epoch_days(i32::try_from(days).unwrap_or(LAST_DAY))
    }
}

impl fmt::Display for LegalDate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (year, month, day) = self.ymd();
        write!(f, "{year:04}-{month:02}-{day:02}")
    }
}

impl fmt::Debug for LegalDate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for LegalDate {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for LegalDate {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).ok_or_else(|| serde::de::Error::custom("not a date of the form YYYY-MM-DD"))
    }
}

/// Which instants make which legal day: a fixed offset from UTC, never a zone with its summer times.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "i16", into = "i16")]
pub struct LegalCalendar {
    offset_minutes: i16,
}

impl LegalCalendar {
    /// A calendar at `offset_minutes` east of UTC (480 is +08:00); none beyond 18 hours either way.
    #[must_use]
    pub const fn new(offset_minutes: i16) -> Option<Self> {
        if offset_minutes.unsigned_abs() <= 18 * 60 { Some(Self { offset_minutes }) } else { None }
    }

    /// Minutes east of UTC.
    #[must_use]
    pub const fn offset_minutes(self) -> i16 {
        self.offset_minutes
    }

    /// The legal day in which an instant lies.
    #[must_use]
    pub fn date_of(self, instant: Timestamp) -> LegalDate {
        let local = instant.millis().saturating_add(self.offset_millis());
        LegalDate::from_epoch_days(i32::try_from(local.div_euclid(MILLIS_PER_DAY)).unwrap_or(LAST_DAY))
    }

    /// The first instant of a legal day.
    #[must_use]
    pub fn start_of(self, date: LegalDate) -> Timestamp {
        Timestamp::from_millis(i64::from(date.epoch_days()) * MILLIS_PER_DAY - self.offset_millis())
    }

    /// The first instant after a legal day.
    #[must_use]
    pub fn end_of(self, date: LegalDate) -> Timestamp {
        self.start_of(date).plus_millis(MILLIS_PER_DAY)
    }

    /// The instant of a time of day (minutes after midnight) in a legal day.
    #[must_use]
    pub fn at(self, date: LegalDate, minutes: u16) -> Timestamp {
        self.start_of(date).plus_millis(i64::from(minutes) * MILLIS_PER_MINUTE)
    }

    /// The local reading of an instant, `YYYY-MM-DDTHH:MM:SS+08:00`, for rules and for people.
    #[must_use]
    pub fn local(self, instant: Timestamp) -> String {
        let shifted = DateTime::from_timestamp_millis(instant.millis().saturating_add(self.offset_millis()));
        let sign = if self.offset_minutes < 0 { '-' } else { '+' };
        let offset = self.offset_minutes.unsigned_abs();
        let local = shifted.unwrap_or_default().format("%Y-%m-%dT%H:%M:%S");
        format!("{local}{sign}{:02}:{:02}", offset / 60, offset % 60)
    }

    const fn offset_millis(self) -> i64 {
        self.offset_minutes as i64 * MILLIS_PER_MINUTE
    }
}

impl TryFrom<i16> for LegalCalendar {
    type Error = &'static str;

    fn try_from(offset_minutes: i16) -> Result<Self, Self::Error> {
        Self::new(offset_minutes).ok_or("an offset from UTC is at most 18 hours")
    }
}

impl From<LegalCalendar> for i16 {
    fn from(calendar: LegalCalendar) -> Self {
        calendar.offset_minutes
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    fn instant(text: &str) -> Timestamp {
        Timestamp::from_millis(DateTime::parse_from_rfc3339(text).unwrap().timestamp_millis())
    }

    #[test]
    fn a_legal_day_ends_at_midnight_in_shanghai_wherever_the_phone_is() {
        let shanghai = LegalCalendar::new(480).unwrap();
        let first = LegalDate::from_ymd(2020, 2, 14).unwrap();
        // The same two instants as phones at UTC-11, at UTC+14 and in New York around its DST change write them.
        for (last, next) in [
            ("2020-02-14T23:59:59.999+08:00", "2020-02-15T00:00:00+08:00"),
            ("2020-02-14T04:59:59.999-11:00", "2020-02-14T05:00:00-11:00"),
            ("2020-02-15T05:59:59.999+14:00", "2020-02-15T06:00:00+14:00"),
        ] {
            assert_eq!(shanghai.date_of(instant(last)), first);
            assert_eq!(shanghai.date_of(instant(next)), first.plus_days(1));
            assert_eq!(shanghai.end_of(first), instant(next));
        }
    }

    #[test]
    fn a_change_of_summer_time_on_the_phone_moves_no_legal_day() {
        // New York went from -05:00 to -04:00 on 2020-03-08 at 02:00 local time.
        let shanghai = LegalCalendar::new(480).unwrap();
        let eighth = LegalDate::from_ymd(2020, 3, 8).unwrap();
        assert_eq!(shanghai.date_of(instant("2020-03-08T01:59:59.999-05:00")), eighth);
        assert_eq!(shanghai.date_of(instant("2020-03-08T03:00:00-04:00")), eighth);
        assert_eq!(shanghai.date_of(instant("2020-03-08T11:59:59.999-04:00")), eighth);
        assert_eq!(shanghai.date_of(instant("2020-03-08T12:00:00-04:00")), eighth.plus_days(1));
        assert_eq!(shanghai.end_of(eighth).since(shanghai.start_of(eighth)), 86_400_000);
    }

    #[test]
    fn dates_are_read_in_one_form_only() {
        assert_eq!(LegalDate::parse("2020-02-29"), LegalDate::from_ymd(2020, 2, 29));
        for wrong in ["2021-02-29", "2020-2-29", "2020-02-29 ", "20200229", "+2020-02-29", "", "12020-02-29"]
        {
            assert_eq!(LegalDate::parse(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn arithmetic_saturates_instead_of_failing() {
        let calendar = LegalCalendar::new(480).unwrap();
        for millis in [i64::MIN, i64::MAX] {
            let instant = Timestamp::from_millis(millis).plus_hours(i64::MAX).plus_millis(i64::MIN);
            let date = calendar.date_of(instant);
            assert!(!date.plus_days(i32::MAX).to_string().is_empty());
            assert!(!calendar.local(calendar.end_of(date)).is_empty());
        }
    }

    #[test]
    fn an_instant_reads_locally_with_its_offset() {
        let at = instant("2020-02-14T16:00:00Z");
        assert_eq!(LegalCalendar::new(480).unwrap().local(at), "2020-02-15T00:00:00+08:00");
        assert_eq!(LegalCalendar::new(-210).unwrap().local(at), "2020-02-14T12:30:00-03:30");
    }
}
