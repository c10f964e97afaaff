//! What an authority wants to publish, before it has a number and files.

use std::collections::BTreeMap;

use healthcode::rules::calendar::{LegalCalendar, LegalDate, Timestamp};
use healthcode::rules::exposure::blocks::{Record, pack};
use healthcode::rules::exposure::matching::transport_key;
use healthcode::rules::exposure::{PlaceKind, Proximity, ServiceNumber};
use healthcode::rules::identity::Region;
use healthcode::token::notice::{ExposureClass, ExposureNotice, MAX_PARTS, PartEntry};
use sha2::{Digest, Sha256};

use crate::error::StartError;

/// How many days the files of one first day reach: as many runs of a service as a key tells apart.
const DAYS: i32 = 32;
const MILLIS_PER_MINUTE: i64 = 60_000;
const MAX_CLASSES: usize = 64;
const MAX_WITHDRAWN: usize = 1_024;

/// What is to be published.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NoticeDraft {
    /// The region that it is for.
    pub region: Region,
    /// The numbers of notices that no longer hold.
    pub withdraws: Vec<u32>,
    /// Places, by what a match means.
    pub classes: Vec<ClassDraft>,
}

/// Places, and what a match with one of them means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClassDraft {
    /// What they are.
    pub kind: PlaceKind,
    /// The rule of the rulebook; empty for advice alone.
    pub rule: String,
    /// What counts as near.
    pub proximity: Proximity,
    /// From when on a match counts.
    pub from: Timestamp,
    /// Until when a match counts.
    pub until: Timestamp,
    /// The places.
    pub records: Vec<PlaceRecord>,
}

/// One place and time.
#[derive(Clone, PartialEq, Eq)]
pub struct PlaceRecord {
    /// Which place.
    pub place: Place,
    /// When it begins; the seconds do not count.
    pub begins: Timestamp,
    /// When it ends.
    pub ends: Timestamp,
}

/// A published place.
#[derive(Clone, PartialEq, Eq)]
pub enum Place {
    /// A run of a train, a flight or a coach.
    Run {
        /// Its number.
        number: ServiceNumber,
        /// The date on which the run left its first station.
        date: LegalDate,
        /// The first and the last carriage or row; none for all of the vehicle.
        places: Option<(u16, u16)>,
    },
    /// A venue of the issuer, by its number.
    Venue(u32),
    /// An area.
    Area(Region),
}

/// Files of places as a notice names them, with their bytes in the same order.
pub(crate) struct Packed {
    pub(crate) classes: Vec<ExposureClass>,
    pub(crate) entries: Vec<PartEntry>,
    pub(crate) bytes: Vec<Vec<u8>>,
}

impl NoticeDraft {
    /// Packs the places into files: by class, and within a class by first day.
    pub(crate) fn pack(&self, calendar: LegalCalendar) -> Result<Packed, StartError> {
        let refused = |reason: &str| Err(StartError::Refused(reason.to_owned()));
        if self.classes.len() > MAX_CLASSES || self.withdraws.len() > MAX_WITHDRAWN {
            return refused("a notice has 64 classes and withdraws 1024 others at most");
        }
        let mut packed = Packed { classes: Vec::new(), entries: Vec::new(), bytes: Vec::new() };
        for (place, class) in (0..).zip(&self.classes) {
            packed.classes.push(class.entry());
            for (day, records) in class.by_day(calendar)? {
                for part in pack(records) {
                    packed.entries.push(PartEntry {
                        class: place,
                        day: day.epoch_days(),
                        records: part.records,
                        bytes: u32::try_from(part.bytes.len()).unwrap_or(u32::MAX),
                        digest: <[u8; 32]>::from(Sha256::digest(&part.bytes)).into(),
                    });
                    packed.bytes.push(part.bytes);
                }
            }
        }
        if packed.entries.len() > MAX_PARTS {
            return refused("a notice has 1024 files of places at most: publish them in two");
        }
        Ok(packed)
    }

    /// The notices that it withdraws, as a notice names them.
    pub(crate) fn withdrawn(&self) -> Vec<u32> {
        let mut withdraws = self.withdraws.clone();
        withdraws.sort_unstable();
        withdraws.dedup();
        withdraws
    }
}

impl Packed {
    /// Whether a notice says this already.
    pub(crate) fn is_in(&self, draft: &NoticeDraft, notice: &ExposureNotice) -> bool {
        notice.region == draft.region.code()
            && notice.classes == self.classes
            && notice.parts == self.entries
            && notice.withdraws == draft.withdrawn()
    }
}

impl ClassDraft {
    fn entry(&self) -> ExposureClass {
        ExposureClass {
            kind: self.kind.number(),
            rule: self.rule.clone(),
            minutes: self.proximity.minutes,
            apart: self.proximity.apart,
            // What is signed has whole seconds.
            from: Timestamp::from_seconds(self.from.seconds()),
            until: Timestamp::from_seconds(self.until.seconds()),
        }
    }

    /// The records by the first day of the file that they go into.
    fn by_day(&self, calendar: LegalCalendar) -> Result<BTreeMap<LegalDate, Vec<Record>>, StartError> {
        let mut records: Vec<_> = self.records.iter().map(|record| (record.day(calendar), record)).collect();
        records.sort_by_key(|(day, _)| *day);
        let mut days: BTreeMap<LegalDate, Vec<Record>> = BTreeMap::new();
        for (day, record) in records {
            let last = days.keys().next_back().copied();
            let first = last.filter(|first| day.days_since(*first) < DAYS).unwrap_or(day);
            let packed = record.pack(first, calendar);
            let wrong = "a record ends before it begins, or begins before the day of its run";
            days.entry(first).or_default().push(packed.ok_or_else(|| StartError::Refused(wrong.to_owned()))?);
        }
        Ok(days)
    }
}

impl PlaceRecord {
    /// The day that it is counted from: a run's by the day on which it left, for its key names that.
    fn day(&self, calendar: LegalCalendar) -> LegalDate {
        match &self.place {
            Place::Run { date, .. } => *date,
            Place::Venue(_) | Place::Area(_) => calendar.date_of(self.begins),
        }
    }

    /// The record in a file of this first day; none for one that no file can hold.
    fn pack(&self, first: LegalDate, calendar: LegalCalendar) -> Option<Record> {
        let minutes = |millis: i64| u32::try_from(millis.div_euclid(MILLIS_PER_MINUTE)).ok();
        let (key, first_place, further_places) = match &self.place {
            Place::Run { number, date, places } => {
                let (from, to) = places.unwrap_or((0, u16::MAX));
                (transport_key(number.packed(), *date, first)?, from, to.checked_sub(from)?)
            }
            Place::Venue(number) => (u64::from(*number), 0, 0),
            Place::Area(region) => (u64::from(region.code()), 0, 0),
        };
        let start = minutes(self.begins.since(calendar.start_of(first)))?;
        let lasts = minutes(self.ends.since(self.begins))?;
        Some(Record { key, start, minutes: lasts, first_place, further_places })
    }
}

// A published place is public, but what is to be published is not yet.
impl std::fmt::Debug for PlaceRecord {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("PlaceRecord(..)")
    }
}
