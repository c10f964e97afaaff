//! Whether a person's own places met published ones. The person's are few and sorted; the published are many and are
//! read once, in their order, without being kept: memory is that of one block.
//!
//! Intervals are closed: a stay that ends as another begins touches it, for no minutes. A stay without an end counts
//! for the rulebook's default; a journey without times counts for the whole run of its service.

use super::blocks::{BlockError, Blocks, Record};
use super::{PlaceKind, TransportMode, Trip, Visit, Whereabouts};
use crate::rules::calendar::{LegalCalendar, LegalDate, Timestamp};
use crate::rules::identity::Region;
use crate::rules::rulebook::Rulebook;

/// The runs of a service in one part: its first day and the 31 that follow.
const RUN_DAYS: i32 = 32;
/// How many days the longest run lasts, its first among them: no train is longer on its way.
pub const LONGEST_RUN_DAYS: i32 = 4;
/// How many days after a run's first one a ticket may bear.
const LATE_TICKET_DAYS: i32 = LONGEST_RUN_DAYS - 1;
/// How long somebody is taken to have been in the area where a journey began, or ended.
const AT_A_STATION_MILLIS: i64 = 3_600_000;
const MILLIS_PER_MINUTE: i64 = 60_000;

/// The published parameters: what counts as near.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Proximity {
    /// The fewest minutes at the same place at the same time; 0 counts a touch.
    pub minutes: u16,
    /// How many carriages or rows apart still count, beyond those that the record names.
    pub apart: u16,
}

/// What a part is read with.
#[derive(Clone, Copy, Debug)]
pub struct PartContext<'c> {
    /// What it is about.
    pub kind: PlaceKind,
    /// The issuer that published it: its venues have its numbers.
    pub issuer: &'c str,
    /// Its first legal day.
    pub day: LegalDate,
    /// The legal calendar.
    pub calendar: LegalCalendar,
    /// What counts as near.
    pub proximity: Proximity,
    /// For how many minutes a visit without a check-out counts.
    pub default_stay_minutes: u16,
}

/// Two places that met.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Meeting {
    /// Which of the person's.
    pub own: usize,
    /// The published one.
    pub record: Record,
    /// When both were there first.
    pub at: Timestamp,
    /// The minutes that both were there, whole ones.
    pub minutes: u32,
    /// Whether carriage or row, and times where they matter, were told. Without them the two may have been far apart.
    pub place_known: bool,
}

/// The key of a run: a service's number and the day on which it left its first station, counted from the part's first.
/// None for a day that no part of this first day names.
#[must_use]
pub fn transport_key(packed: u64, date: LegalDate, part_day: LegalDate) -> Option<u64> {
    let offset = date.days_since(part_day);
    let offset = u64::try_from(offset).ok().filter(|_| offset < RUN_DAYS)?;
    packed.checked_mul(RUN_DAYS.unsigned_abs().into())?.checked_add(offset)
}

/// The keys of the areas that hold a region: itself, its prefecture, its province.
#[must_use]
pub fn area_keys(region: Region) -> [u64; 3] {
    let code = u64::from(region.code());
    [code, code / 100 * 100, code / 10_000 * 10_000]
}

/// Reads a part and tells which of the person's own places met a record of it, in the order of the records.
pub fn match_part(
    part: &[u8],
    context: &PartContext<'_>,
    own: &[Whereabouts],
    mut met: impl FnMut(Meeting),
) -> Result<(), BlockError> {
    let keys = own_keys(context, own);
    let mut next = 0;
    for block in Blocks::of(part)? {
        let block = block?;
        // Those before the block cannot come again: the blocks' first keys grow.
        while keys.get(next).is_some_and(|(key, _)| *key < block.first()) {
            next += 1;
        }
        if keys.get(next).is_none_or(|(key, _)| *key > block.last()) {
            continue;
        }
        let mut at = next;
        block.unpack(|record| {
            while keys.get(at).is_some_and(|(key, _)| *key < record.key) {
                at += 1;
            }
            let same = keys.get(at..).unwrap_or_default().iter().take_while(|(key, _)| *key == record.key);
            for (_, index) in same {
                let meeting = own.get(*index).and_then(|place| meet(*index, place, record, context));
                if let Some(meeting) = meeting {
                    met(meeting);
                }
            }
        })?;
    }
    Ok(())
}

/// The person's own keys in a part of this kind, sorted.
fn own_keys(context: &PartContext<'_>, own: &[Whereabouts]) -> Vec<(u64, usize)> {
    let mut keys: Vec<(u64, usize)> = Vec::new();
    for (index, place) in own.iter().enumerate() {
        match (context.kind, place) {
            (PlaceKind::Transport(mode), Whereabouts::Trip(trip)) if trip.mode == mode => {
                // A ticket for the second night of a run bears a later date than the run.
                let runs = (0..=LATE_TICKET_DAYS).map(|days| trip.date.plus_days(-days));
                let key = |run| transport_key(trip.number.packed(), run, context.day);
                keys.extend(runs.filter_map(key).map(|key| (key, index)));
            }
            (PlaceKind::Venue, Whereabouts::Visit(visit)) if visit.issuer == context.issuer => {
                keys.push((visit.venue.into(), index));
            }
            (PlaceKind::Area, Whereabouts::Visit(visit)) => {
                keys.extend(area_keys(visit.region).map(|key| (key, index)));
            }
            (PlaceKind::Area, Whereabouts::Trip(trip)) => {
                keys.extend(area_keys(trip.from).map(|key| (key, index)));
                keys.extend(area_keys(trip.to).map(|key| (key, index)));
            }
            _ => {}
        }
    }
    keys.sort_unstable();
    keys.dedup();
    keys
}

/// Whether a place and a record of its key meet.
fn meet(own: usize, place: &Whereabouts, record: Record, context: &PartContext<'_>) -> Option<Meeting> {
    let begins =
        context.calendar.start_of(context.day).plus_millis(i64::from(record.start) * MILLIS_PER_MINUTE);
    let ends = begins.plus_millis(i64::from(record.minutes) * MILLIS_PER_MINUTE);
    let (stays, place_known) = match (context.kind, place) {
        (_, Whereabouts::Visit(visit)) => (vec![visit.interval(context.default_stay_minutes)], true),
        (PlaceKind::Area, Whereabouts::Trip(trip)) => {
            let known = trip.departed_at.is_some() && trip.arrived_at.is_some();
            (trip.in_area(record.key, context.calendar), known)
        }
        (_, Whereabouts::Trip(trip)) => {
            // Of a later night's ticket without times it is not known whether it was for this run.
            let offset = i32::try_from(record.key % u64::from(RUN_DAYS.unsigned_abs())).ok()?;
            let known = trip.date == context.day.plus_days(offset) || trip.departed_at.is_some();
            let near = is_near(trip.place, record, context.proximity)?;
            (vec![trip.interval(context.calendar)], known && near)
        }
    };
    let shared = |(from, to): (Timestamp, Timestamp)| {
        let at = from.max(begins);
        let both = to.min(ends).since(at);
        (both >= i64::from(context.proximity.minutes) * MILLIS_PER_MINUTE).then_some((both, at))
    };
    let (both, at) = stays.into_iter().filter_map(shared).max_by_key(|(both, _)| *both)?;
    // Not negative: a touch is at least no minutes.
    let minutes = u32::try_from(both / MILLIS_PER_MINUTE).unwrap_or(u32::MAX);
    Some(Meeting { own, record, at, minutes, place_known })
}

/// None where the places are too far apart; else whether the person's is known, or does not matter.
fn is_near(place: Option<u16>, record: Record, proximity: Proximity) -> Option<bool> {
    if record.first_place == 0 && record.further_places == u16::MAX {
        return Some(true);
    }
    let Some(place) = place.map(i64::from) else { return Some(false) };
    let apart = i64::from(proximity.apart);
    let first = i64::from(record.first_place);
    let last = first + i64::from(record.further_places);
    (place + apart >= first && place <= last + apart).then_some(true)
}

impl Visit {
    /// From when to when, at the most.
    #[must_use]
    pub fn interval(&self, default_stay_minutes: u16) -> (Timestamp, Timestamp) {
        let stay = i64::from(default_stay_minutes) * MILLIS_PER_MINUTE;
        let seen = self.seen_at.unwrap_or(self.entered_at);
        let left = self.left_at.unwrap_or_else(|| seen.plus_millis(stay));
        (self.entered_at, left.max(self.entered_at))
    }
}

impl Trip {
    /// When somebody was in an area of this key: about the departure where it was boarded there, about the arrival where
    /// it was left there; the whole days where no times are known.
    fn in_area(&self, key: u64, calendar: LegalCalendar) -> Vec<(Timestamp, Timestamp)> {
        let mut stays = Vec::new();
        if area_keys(self.from).contains(&key) {
            stays.push(match self.departed_at {
                Some(at) => (at.plus_millis(-AT_A_STATION_MILLIS), at),
                None => (calendar.start_of(self.date), calendar.end_of(self.date)),
            });
        }
        if area_keys(self.to).contains(&key) {
            stays.push(match self.arrived_at {
                Some(at) => (at, at.plus_millis(AT_A_STATION_MILLIS)),
                None => (calendar.start_of(self.date), self.interval(calendar).1),
            });
        }
        stays
    }

    /// From when to when, at the most.
    #[must_use]
    pub fn interval(&self, calendar: LegalCalendar) -> (Timestamp, Timestamp) {
        let from = self.departed_at.unwrap_or_else(|| calendar.start_of(self.date));
        let longest = calendar.end_of(self.date.plus_days(LONGEST_RUN_DAYS - 1));
        let to = self.arrived_at.unwrap_or(longest);
        (from, to.max(from))
    }
}

impl Whereabouts {
    /// Whether it lies so far back that the rulebook's window has passed it; the window for travel where the authority
    /// publishes no notices.
    #[must_use]
    pub fn is_over(&self, rulebook: &Rulebook, now: Timestamp) -> bool {
        let terms = rulebook.exposure;
        let days = terms.map_or(rulebook.declaration.travel_window_days, |terms| terms.window_days);
        let ended = match self {
            Self::Visit(visit) => visit.interval(terms.map_or(0, |terms| terms.default_stay_minutes)).1,
            Self::Trip(trip) => trip.interval(rulebook.offset_minutes).1,
        };
        now >= ended.plus_hours(24 * i64::from(days))
    }
}

impl TransportMode {
    /// What its places are called: carriages, or rows.
    #[must_use]
    pub const fn has_carriages(self) -> bool {
        matches!(self, Self::Train)
    }
}

#[cfg(test)]
#[path = "matching_tests.rs"]
mod tests;
