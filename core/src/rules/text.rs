//! A text in the languages that every rulebook speaks.

use serde::{Deserialize, Serialize};

use super::calendar::{LegalCalendar, LegalDate, Timestamp};

/// One text in zh-CN and in English, as rulebooks carry it: whoever shows it picks by the phone's language.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "device", derive(uniffi::Record))]
pub struct Text {
    /// Simplified Chinese.
    #[serde(rename = "zh-CN")]
    pub zh: String,
    /// English.
    pub en: String,
}

impl Text {
    /// A text from its two languages.
    #[must_use]
    pub fn new(zh: impl Into<String>, en: impl Into<String>) -> Self {
        Self { zh: zh.into(), en: en.into() }
    }

    /// A legal day as people write it: 2020年2月11日, 11 February 2020.
    #[must_use]
    pub fn day(day: LegalDate) -> Self {
        const MONTHS: [&str; 12] = [
            "January",
            "February",
            "March",
            "April",
            "May",
            "June",
            "July",
            "August",
            "September",
            "October",
            "November",
            "December",
        ];
        let (year, month, day) = day.ymd();
        let name = month.checked_sub(1).and_then(|at| MONTHS.get(at as usize)).copied().unwrap_or_default();
        Self::new(format!("{year}年{month}月{day}日"), format!("{day} {name} {year}"))
    }

    /// An instant in legal time as people write it, to the second: 2020年2月11日 09:00:00, 11 February 2020, 09:00:00.
    #[must_use]
    pub fn instant(at: Timestamp, calendar: LegalCalendar) -> Self {
        let day = Self::day(calendar.date_of(at));
        let seconds = at.since(calendar.start_of(calendar.date_of(at))) / 1_000;
        let time = format!("{:02}:{:02}:{:02}", seconds / 3_600, seconds / 60 % 60, seconds % 60);
        Self::new(format!("{} {time}", day.zh), format!("{}, {time}", day.en))
    }
}
