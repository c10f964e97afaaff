//! Date-times of CertLogic: their formats, and their shifting by years, months, days and hours.
//!
//! Strings enter, UTC instants in whole milliseconds leave; a zone is normalised away and never kept.
//! Shifting is that of ECMAScript's `Date`, as the specification says: a day that the month does not have
//! runs over into the next (2020-02-29 and a year is 2021-03-01). Unlike there, a string with such a day is
//! no date.

use chrono::{Datelike, Days, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, Timelike};

/// A unit of `plusTime`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unit {
    Year,
    Month,
    Day,
    Hour,
}

impl Unit {
    pub(super) fn named(name: &str) -> Option<Self> {
        match name {
            "year" => Some(Self::Year),
            "month" => Some(Self::Month),
            "day" => Some(Self::Day),
            "hour" => Some(Self::Hour),
            _ => None,
        }
    }
}

/// A date-time, a date, or a partial date that stands for its last day.
pub(super) fn parse(text: &str) -> Option<NaiveDateTime> {
    match text.split_once('T') {
        None => date_of_birth(text),
        Some((date, rest)) => {
            let (time, rest) = rest.split_at_checked(8)?;
            let local = full_date(date)?.and_time(clock_time(time)?);
            let (milliseconds, zone) = fraction(rest)?;
            local
                .checked_add_signed(TimeDelta::milliseconds(milliseconds))?
                .checked_sub_signed(TimeDelta::minutes(offset_minutes(zone)?))
        }
    }
}

/// The last day that agrees with YYYY, YYYY-MM or YYYY-MM-DD, at midnight.
pub(super) fn date_of_birth(text: &str) -> Option<NaiveDateTime> {
    let date = match text.len() {
        4 => NaiveDate::from_ymd_opt(number(text)?, 12, 31)?,
        7 => last_of_month(text)?,
        _ => full_date(text)?,
    };
    Some(date.and_time(NaiveTime::MIN))
}

/// Shifts by an amount of units; nothing when the result cannot be represented.
pub(super) fn shift(instant: NaiveDateTime, amount: i64, unit: Unit) -> Option<NaiveDateTime> {
    match unit {
        Unit::Year => shift_months(instant, amount.checked_mul(12)?),
        Unit::Month => shift_months(instant, amount),
        Unit::Day => instant.checked_add_signed(TimeDelta::try_days(amount)?),
        Unit::Hour => instant.checked_add_signed(TimeDelta::try_hours(amount)?),
    }
}

/// In the format of ECMAScript's `toISOString`.
pub(super) fn format(instant: NaiveDateTime) -> String {
    let year = match instant.year() {
        year @ 0..=9999 => format!("{year:04}"),
        year => format!("{year:+07}"),
    };
    let milliseconds = instant.nanosecond() / 1_000_000;
    format!("{year}-{}.{milliseconds:03}Z", instant.format("%m-%dT%H:%M:%S"))
}

fn shift_months(instant: NaiveDateTime, amount: i64) -> Option<NaiveDateTime> {
    let months = (i64::from(instant.year()) * 12 + i64::from(instant.month0())).checked_add(amount)?;
    let year = i32::try_from(months.div_euclid(12)).ok()?;
    let month = u32::try_from(months.rem_euclid(12)).ok()? + 1;
    let date =
        NaiveDate::from_ymd_opt(year, month, 1)?.checked_add_days(Days::new(u64::from(instant.day0())))?;
    Some(date.and_time(instant.time()))
}

/// Digits only: a sign is not part of any number in a date.
fn number<N: std::str::FromStr>(digits: &str) -> Option<N> {
    digits.bytes().all(|byte| byte.is_ascii_digit()).then(|| digits.parse().ok())?
}

fn full_date(text: &str) -> Option<NaiveDate> {
    let (year, month, day) = three(text, '-', [4, 2, 2])?;
    NaiveDate::from_ymd_opt(number(year)?, number(month)?, number(day)?)
}

fn last_of_month(text: &str) -> Option<NaiveDate> {
    let (year, month) = text.split_once('-').filter(|(year, _)| year.len() == 4)?;
    let first = NaiveDate::from_ymd_opt(number(year)?, number(month)?, 1)?;
    first.with_day(u32::from(first.num_days_in_month()))
}

fn clock_time(text: &str) -> Option<NaiveTime> {
    let (hour, minute, second) = three(text, ':', [2, 2, 2])?;
    NaiveTime::from_hms_opt(number(hour)?, number(minute)?, number(second)?)
}

/// Three parts of fixed lengths.
fn three(text: &str, separator: char, lengths: [usize; 3]) -> Option<(&str, &str, &str)> {
    let (first, rest) = text.split_once(separator)?;
    let (second, third) = rest.split_once(separator)?;
    ([first.len(), second.len(), third.len()] == lengths).then_some((first, second, third))
}

/// The milliseconds of an optional fraction, rounded down, and what follows it.
fn fraction(text: &str) -> Option<(i64, &str)> {
    let Some(text) = text.strip_prefix('.') else {
        return Some((0, text));
    };
    let end = text.bytes().position(|byte| !byte.is_ascii_digit()).unwrap_or(text.len());
    let (digits, rest) = text.split_at_checked(end).filter(|(digits, _)| !digits.is_empty())?;
    let padded: String = digits.chars().chain("00".chars()).take(3).collect();
    Some((number(&padded)?, rest))
}

/// Minutes east of UTC: nothing or Z for UTC itself, else a sign and h, hh, hmm, hhmm, h:mm or hh:mm.
fn offset_minutes(zone: &str) -> Option<i64> {
    let (sign, offset) = match zone.split_at_checked(1) {
        None | Some(("Z", "")) => return Some(0),
        Some(("+", offset)) => (1, offset),
        Some(("-", offset)) => (-1, offset),
        Some(_) => return None,
    };
    let (hours, minutes) = match offset.split_once(':') {
        Some((hours, minutes)) if minutes.len() == 2 => (hours, minutes),
        Some(_) => return None,
        None if offset.len() > 2 => offset.split_at_checked(offset.len() - 2)?,
        None => (offset, "0"),
    };
    let (hours, minutes) = (number::<i64>(hours).filter(|_| hours.len() <= 2)?, number::<i64>(minutes)?);
    (hours < 24 && minutes < 60).then_some(sign * (hours * 60 + minutes))
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "tests")]
mod tests {
    use super::*;

    fn read(text: &str) -> Option<String> {
        parse(text).map(format)
    }

    #[test]
    fn every_allowed_format_is_read_and_normalised() {
        for (text, expected) in [
            ("2020", "2020-12-31T00:00:00.000Z"),
            ("2020-02", "2020-02-29T00:00:00.000Z"),
            ("2021-12", "2021-12-31T00:00:00.000Z"),
            ("2020-02-29", "2020-02-29T00:00:00.000Z"),
            ("2022-03-01T09:08:07", "2022-03-01T09:08:07.000Z"),
            ("2022-03-01T09:08:07Z", "2022-03-01T09:08:07.000Z"),
            ("2022-03-01T00:30:00+1", "2022-02-28T23:30:00.000Z"),
            ("2022-03-01T09:08:07+08", "2022-03-01T01:08:07.000Z"),
            ("2022-03-01T09:08:07+530", "2022-03-01T03:38:07.000Z"),
            ("2022-03-01T09:08:07-0330", "2022-03-01T12:38:07.000Z"),
            ("2022-03-01T09:08:07-3:30", "2022-03-01T12:38:07.000Z"),
            ("2022-03-01T09:08:07+08:00", "2022-03-01T01:08:07.000Z"),
            ("2022-03-01T09:08:07.5", "2022-03-01T09:08:07.500Z"),
            ("2022-03-01T09:08:07.0425Z", "2022-03-01T09:08:07.042Z"),
            ("2022-03-01T09:08:07.999999999999+8", "2022-03-01T01:08:07.999Z"),
        ] {
            assert_eq!(read(text).as_deref(), Some(expected), "{text}");
        }
    }

    #[test]
    fn anything_else_is_no_date() {
        for text in [
            "",
            "20",
            "+202",
            "20222",
            "2022-3",
            "2022-13",
            "2022-00",
            "2022-03-1",
            "2021-02-29",
            "2022/03/01",
            "-022-03-01",
            "2022-+3-01",
            "2022-03-01 09:08:07",
            "2022-03-01T",
            "2022-03-01T09:08",
            "2022-03-01T24:00:00",
            "2022-03-01T09:08:60",
            "2022-03-01T09:08:07.",
            "2022-03-01T09:08:07z",
            "2022-03-01T09:08:07Zx",
            "2022-03-01T09:08:07+",
            "2022-03-01T09:08:07+8:",
            "2022-03-01T09:08:07+24:00",
            "2022-03-01T09:08:07+08:60",
            "2022-03-01T09:08:07+08000",
            "2022-03-01T09:08:07+123:00",
            "２０２２",
            "2022-03-01T09:08:0７",
        ] {
            assert_eq!(read(text), None, "{text}");
        }
    }

    #[test]
    fn far_dates_are_written_with_a_sign_and_the_farthest_are_refused() {
        let instant = parse("2022-01-01").unwrap();
        let far = |amount, unit| shift(instant, amount, unit).map(format);
        assert_eq!(far(10_000, Unit::Year).as_deref(), Some("+012022-01-01T00:00:00.000Z"));
        assert_eq!(far(-2023, Unit::Year).as_deref(), Some("-000001-01-01T00:00:00.000Z"));
        for unit in [Unit::Year, Unit::Month, Unit::Day, Unit::Hour] {
            assert_eq!(far(i64::MAX, unit), None);
            assert_eq!(far(i64::MIN, unit), None);
            assert_eq!(far(9_007_199_254_740_991, unit), None);
        }
    }
}
