//! How many came to which verdict, by hour: numbers alone, no person, no issuer, no code.

use std::collections::BTreeMap;

use super::Checkpoint;
use crate::error::HealthcodeError;
use crate::platform::LogLevel;
use crate::rules::calendar::{LegalDate, Timestamp};
use crate::sync::phone::Phone;

const COUNTS: &str = "gate-counts";
/// How many hours are kept: two weeks.
const KEPT_HOURS: usize = 336;
/// How often they are written, in milliseconds: what a kill loses is a minute of statistics.
const WRITE_MILLIS: i64 = 60_000;

/// How many scans came to a verdict in an hour.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct HourCount {
    /// The hour's first instant, by the gate's time.
    pub hour: Timestamp,
    /// The verdict's name: `pass`, `stop`, …
    pub verdict: String,
    /// How many.
    pub count: u32,
    /// The legal day in which the hour begins; none before the first sync.
    #[uniffi(default = None)]
    pub date: Option<LegalDate>,
}

/// By the hour's first second and the verdict's name.
type ByHour = BTreeMap<i64, BTreeMap<String, u32>>;

/// What was counted and not written yet. Lanes over one file add to one count.
pub(super) struct Counts {
    unwritten: ByHour,
    written_at: i64,
}

impl Counts {
    pub(super) const fn new() -> Self {
        Self { unwritten: ByHour::new(), written_at: i64::MIN }
    }

    /// Counts a verdict; once a minute they are written down.
    pub(super) fn count(&mut self, phone: &Phone, at: Timestamp, verdict: &str, boot_millis: i64) {
        let hour = at.seconds().div_euclid(3_600) * 3_600;
        let of_hour = self.unwritten.entry(hour).or_default().entry(verdict.to_owned()).or_default();
        *of_hour = of_hour.saturating_add(1);
        if boot_millis.saturating_sub(self.written_at) >= WRITE_MILLIS {
            self.written_at = boot_millis;
            self.write(phone);
        }
    }

    /// Writes them down. No verdict fails for it: they are statistics.
    pub(super) fn write(&mut self, phone: &Phone) {
        if self.unwritten.is_empty() {
            return;
        }
        let written = phone.store.write(|file| {
            let mut by_hour: ByHour = file.json_document(COUNTS)?.unwrap_or_default();
            add(&mut by_hour, &self.unwritten);
            // By number and not by age: a date that was confirmed wrongly must not push the true hours out.
            while by_hour.len() > KEPT_HOURS {
                by_hour.pop_first();
            }
            file.put_json_document(COUNTS, &by_hour)
        });
        match written {
            Ok(()) => self.unwritten.clear(),
            Err(error) => phone.log(LogLevel::Warning, format!("counts not written: {error}")),
        }
    }

    fn list(&self, phone: &Phone) -> Result<Vec<HourCount>, HealthcodeError> {
        let mut by_hour: ByHour = phone.store.read(|file| file.json_document(COUNTS))?.unwrap_or_default();
        add(&mut by_hour, &self.unwritten);
        let rulebook = phone.rulebook();
        let of_hour = |(hour, counts): (i64, BTreeMap<String, u32>)| {
            let hour = Timestamp::from_seconds(hour);
            let date = rulebook.as_ref().map(|rulebook| rulebook.offset_minutes.date_of(hour));
            counts.into_iter().map(move |(verdict, count)| HourCount { hour, verdict, count, date })
        };
        Ok(by_hour.into_iter().flat_map(of_hour).collect())
    }
}

fn add(to: &mut ByHour, more: &ByHour) {
    for (hour, counts) in more {
        let of_hour = to.entry(*hour).or_default();
        for (verdict, count) in counts {
            let known = of_hour.entry(verdict.clone()).or_default();
            *known = known.saturating_add(*count);
        }
    }
}

#[uniffi::export]
impl Checkpoint {
    /// How many scans came to which verdict, by hour of the last two weeks; the same text while it lies in view counts
    /// once. There is nothing about persons in it.
    ///
    /// # Errors
    ///
    /// `Closed`, `Storage`.
    pub fn counts(&self) -> Result<Vec<HourCount>, HealthcodeError> {
        let phone = self.hold.phone()?;
        let mut state = self.state();
        state.counts.write(&phone);
        state.counts.list(&phone)
    }
}
