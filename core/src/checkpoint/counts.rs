//! How many came to which verdict, by hour: numbers alone, no person, no issuer, no code.

use std::collections::BTreeMap;

use super::Checkpoint;
use crate::error::HealthcodeError;
use crate::platform::LogLevel;
use crate::rules::calendar::{MILLIS_PER_HOUR, Timestamp};
use crate::sync::phone::Phone;

const COUNTS: &str = "gate-counts";
/// How long they are kept, in hours: two weeks.
const KEPT_HOURS: i64 = 336;
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
}

/// By the hour's first second and the verdict's name.
pub(super) struct Counts {
    by_hour: BTreeMap<i64, BTreeMap<String, u32>>,
    changed: bool,
    written_at: i64,
}

impl Counts {
    pub(super) fn read(phone: &Phone) -> Result<Self, HealthcodeError> {
        let by_hour = phone.store.read(|file| file.json_document(COUNTS))?.unwrap_or_default();
        Ok(Self { by_hour, changed: false, written_at: i64::MIN })
    }

    /// Counts a verdict; once a minute they are written down.
    pub(super) fn count(&mut self, phone: &Phone, at: Timestamp, verdict: &str, boot_millis: i64) {
        let hour = at.seconds().div_euclid(3_600) * 3_600;
        let of_hour = self.by_hour.entry(hour).or_default().entry(verdict.to_owned()).or_default();
        *of_hour = of_hour.saturating_add(1);
        let oldest = at.plus_millis(-KEPT_HOURS * MILLIS_PER_HOUR).seconds();
        self.by_hour = self.by_hour.split_off(&oldest);
        self.changed = true;
        if boot_millis.saturating_sub(self.written_at) >= WRITE_MILLIS {
            self.written_at = boot_millis;
            self.write(phone);
        }
    }

    /// Writes them down. No verdict fails for it: they are statistics.
    pub(super) fn write(&mut self, phone: &Phone) {
        if !std::mem::take(&mut self.changed) {
            return;
        }
        if let Err(error) = phone.store.write(|file| file.put_json_document(COUNTS, &self.by_hour)) {
            phone.log(LogLevel::Warning, format!("counts not written: {error}"));
            self.changed = true;
        }
    }

    fn list(&self) -> Vec<HourCount> {
        let of_hour = |(hour, counts): (&i64, &BTreeMap<String, u32>)| {
            let hour = Timestamp::from_seconds(*hour);
            let one = |(verdict, count): (&String, &u32)| HourCount {
                hour,
                verdict: verdict.clone(),
                count: *count,
            };
            counts.iter().map(one).collect::<Vec<_>>()
        };
        self.by_hour.iter().flat_map(of_hour).collect()
    }
}

#[uniffi::export]
impl Checkpoint {
    /// How many scans came to which verdict, by hour of the last two weeks; the same text while it lies in view counts
    /// once. There is nothing about persons in it.
    ///
    /// # Errors
    ///
    /// `Closed`.
    pub fn counts(&self) -> Result<Vec<HourCount>, HealthcodeError> {
        let phone = self.hold.phone()?;
        let mut state = self.state();
        state.counts.write(&phone);
        Ok(state.counts.list())
    }
}
