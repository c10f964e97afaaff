//! Where the resident was: journeys typed in, and visits by scanning a venue's code. All of it stays on this phone,
//! sealed, and goes after the rulebook's window; no call here makes an entry of the outbox.

#![allow(clippy::needless_pass_by_value, reason = "what crosses the border is owned")]

use super::region::at_home;
use super::{Resident, ScannedText};
use crate::error::HealthcodeError;
use crate::rules::calendar::{LegalCalendar, LegalDate, Timestamp};
use crate::rules::exposure::matching::LONGEST_RUN_DAYS;
use crate::rules::exposure::{ServiceNumber, TransportMode, Trip, Visit, Whereabouts, describe_place};
use crate::rules::identity::Region;
use crate::rules::rulebook::Rulebook;
use crate::rules::text::Text;
use crate::store::{StoredWhereabouts, SubjectKey, Transaction};
use crate::sync::exposure::{match_subject, terms};
use crate::sync::phone::{Now, Phone};
use crate::token::code_text::{CodeText, Prefix};
use crate::token::venue::VenueCode;

/// The most entries of one subject: many times what anybody does in the days that are kept.
const MOST: u32 = 2_000;
/// The longest visit that a check-out ends, in hours.
const LONGEST_VISIT_HOURS: i64 = 24;
/// A phone that was off for longer is asked for a sync before its wall clock is believed, in days.
const LONGEST_OFF_DAYS: i64 = 14;
/// The highest carriage or row.
const MOST_PLACES: u16 = 999;

/// A journey as it is typed in.
#[derive(Clone, PartialEq, Eq, uniffi::Record)]
#[uniffi::export(Debug)]
pub struct TripInput {
    /// How.
    pub mode: TransportMode,
    /// The number of the train, flight or coach, or the coach's plate, in any spelling.
    pub number: String,
    /// The date on the ticket.
    pub date: LegalDate,
    /// The carriage of a train, the row of a flight or coach; none where it is not known: a notice about some
    /// carriages then asks for it.
    #[uniffi(default = None)]
    pub place: Option<u16>,
    /// Where it was boarded, six digits of GB/T 2260.
    pub from: String,
    /// Where it was left, six digits of GB/T 2260.
    pub to: String,
    /// When it was boarded; none where it is not known: the whole run counts.
    #[uniffi(default = None)]
    pub departed_at: Option<Timestamp>,
    /// When it was left; none where it is not known.
    #[uniffi(default = None)]
    pub arrived_at: Option<Timestamp>,
}

/// Where the resident was, for the list on the screen.
#[derive(Clone, PartialEq, Eq, uniffi::Record)]
#[uniffi::export(Debug)]
pub struct WhereaboutsEntry {
    /// Names the entry for as long as it is kept.
    pub id: String,
    /// It in words.
    pub text: Text,
    /// How a journey was made; none for a visit.
    pub mode: Option<TransportMode>,
    /// Since when: of a journey without times, the start of its date.
    pub from: Timestamp,
    /// Until when, as far as it was told; a visit without a check-out counts for the rulebook's default.
    pub to: Option<Timestamp>,
    /// Whether it is a visit that has not been left yet: offer the check-out.
    pub open: bool,
}

silent!(TripInput, WhereaboutsEntry);

#[uniffi::export]
impl Resident {
    /// Records a journey and matches it with the exposure notices on this phone; its id. It stays on this phone.
    ///
    /// # Errors
    ///
    /// `InvalidField` for the first field that is wrong, `whereabouts` with `too-many` among them; `NotSynced` where
    /// the authority publishes no notices; `UnknownSubject`, `Storage`, `Port`.
    pub fn record_trip(&self, subject: String, trip: TripInput) -> Result<String, HealthcodeError> {
        let phone = self.phone()?;
        let key = at_home(&phone, &subject)?;
        let terms = terms(&phone)?;
        let today = super::today(&phone, &phone.now()?)?;
        let calendar = phone.rulebook().ok_or(HealthcodeError::NotSynced)?.offset_minutes;
        let whereabouts = Whereabouts::Trip(trip.read(today, terms.window_days, calendar)?);
        change(&phone, &key, |file, now| add(file, &key, whereabouts, now))
    }

    /// Enters a venue by its code's text: the visit begins now and is matched with the exposure notices on this phone.
    /// It stays on this phone; nothing is sent. Where the last visit to this venue is still open, it goes on.
    ///
    /// # Errors
    ///
    /// `InvalidField` for a `venue` that is `not-a-venue`, or `unknown-issuer` where no listed issuer signed it;
    /// `whereabouts` with `too-many`; `NotSynced`, `UnknownSubject`, `Storage`, `Port`.
    pub fn enter_venue(&self, subject: String, text: String) -> Result<String, HealthcodeError> {
        let phone = self.phone()?;
        let key = at_home(&phone, &subject)?;
        let terms = terms(&phone)?;
        let (issuer, code) = read_venue(&phone, &text)?;
        let region = Region::from_code(code.region).map_err(|_| not_a_venue())?;
        let stay = terms.default_stay_minutes;
        let (venue, name) = (code.number, code.name);
        change(&phone, &key, |file, now| {
            let at = taken_at(now);
            // Later than the stay that counts, it is another visit.
            let goes_on = |last: &Visit| {
                let same = last.venue == venue && last.issuer == issuer && last.left_at.is_none();
                same && last.entered_at <= at && at <= last.interval(stay).1
            };
            for (place, mut entry) in file.whereabouts(&key)?.into_iter().rev() {
                match &mut entry.whereabouts {
                    Whereabouts::Visit(last) if entry.wrong_at.is_none() && goes_on(last) => {
                        last.seen_at = Some(at);
                    }
                    _ => continue,
                }
                file.put_whereabouts(&key, place, &entry)?;
                return Ok(place.to_string());
            }
            let visit = Visit { issuer, venue, region, name, entered_at: at, seen_at: None, left_at: None };
            add(file, &key, Whereabouts::Visit(visit), now)
        })
    }

    /// Leaves a venue: the visit ends now.
    ///
    /// # Errors
    ///
    /// `InvalidField` for an `entry` that is no open visit; `UnknownSubject`, `Storage`, `Port`.
    pub fn leave_venue(&self, subject: String, entry: String) -> Result<(), HealthcodeError> {
        let phone = self.phone()?;
        let key = at_home(&phone, &subject)?;
        let place = entry.parse::<u64>().map_err(|_| no_entry())?;
        change(&phone, &key, |file, now| {
            let at = taken_at(now);
            let mut stored = entry_at(file, &key, place)?;
            match &mut stored.whereabouts {
                Whereabouts::Visit(visit) if is_open(visit, at) => {
                    visit.left_at = Some(at.max(visit.entered_at));
                }
                _ => return Err(no_entry()),
            }
            Ok(file.put_whereabouts(&key, place, &stored)?)
        })
    }

    /// Where the resident was, in the order in which it was recorded. Entries go after the rulebook's window (14 days in
    /// the first rulebook), by trusted time.
    ///
    /// # Errors
    ///
    /// `UnknownSubject`, `NotSynced`, `Storage`, `Port`.
    pub fn whereabouts(&self, subject: String) -> Result<Vec<WhereaboutsEntry>, HealthcodeError> {
        let phone = self.phone()?;
        let key = at_home(&phone, &subject)?;
        let rulebook = phone.rulebook().ok_or(HealthcodeError::NotSynced)?;
        let now = taken_at(&phone.now()?);
        let entries = phone.store.read(|file| file.whereabouts(&key))?;
        Ok(entries.iter().map(|(place, entry)| WhereaboutsEntry::of(*place, entry, &rulebook, now)).collect())
    }

    /// Deletes an entry of where the resident was, with the matches that it had; or all of them.
    ///
    /// # Errors
    ///
    /// `InvalidField` for an `entry` that is not there; `UnknownSubject`, `NotSynced`, `Storage`, `Port`.
    #[uniffi::method(default(entry = None))]
    pub fn forget_whereabouts(&self, subject: String, entry: Option<String>) -> Result<(), HealthcodeError> {
        let phone = self.phone()?;
        let key = at_home(&phone, &subject)?;
        change(&phone, &key, |file, _| {
            match entry {
                Some(entry) => {
                    let place = entry.parse::<u64>().map_err(|_| no_entry())?;
                    entry_at(file, &key, place)?;
                    file.delete_whereabouts(&key, place)?;
                }
                None => {
                    for (place, _) in file.whereabouts(&key)? {
                        file.delete_whereabouts(&key, place)?;
                    }
                }
            }
            Ok(())
        })
    }
}

/// The time of a scan: after a start of the device without a sync the wall clock, where it is neither behind what is known
/// for sure nor far ahead of it. It decides nothing but which published minutes the scan is compared with.
fn taken_at(now: &Now) -> Timestamp {
    let likely = now.lower_bound..=now.lower_bound.plus_hours(24 * LONGEST_OFF_DAYS);
    let by_wall = if likely.contains(&now.wall) { now.wall } else { now.lower_bound };
    now.estimate.unwrap_or(by_wall)
}

/// Changes a subject's entries in one transaction, and matches again.
pub(super) fn change<T>(
    phone: &Phone,
    key: &SubjectKey,
    work: impl FnOnce(&Transaction<'_>, &Now) -> Result<T, HealthcodeError>,
) -> Result<T, HealthcodeError> {
    let now = phone.now()?;
    let rulebook = phone.rulebook().ok_or(HealthcodeError::NotSynced)?;
    phone.store.write(|file| {
        let done = work(file, &now)?;
        match_subject(file, key, &rulebook, now.lower_bound)?;
        Ok(done)
    })
}

/// Adds an entry; its id.
fn add(
    file: &Transaction<'_>,
    key: &SubjectKey,
    whereabouts: Whereabouts,
    now: &Now,
) -> Result<String, HealthcodeError> {
    if file.count_whereabouts(key)? >= MOST {
        return Err(HealthcodeError::field("whereabouts", "too-many"));
    }
    let entry = StoredWhereabouts { whereabouts, recorded_at: now.best(), wrong_at: None };
    Ok(file.add_whereabouts(key, &entry)?.to_string())
}

pub(super) fn entry_at(
    file: &Transaction<'_>,
    key: &SubjectKey,
    place: u64,
) -> Result<StoredWhereabouts, HealthcodeError> {
    let entries = file.whereabouts(key)?;
    entries.into_iter().find(|(at, _)| *at == place).map(|(_, entry)| entry).ok_or_else(no_entry)
}

fn is_open(visit: &Visit, now: Timestamp) -> bool {
    visit.left_at.is_none() && now < visit.entered_at.plus_hours(LONGEST_VISIT_HOURS)
}

fn no_entry() -> HealthcodeError {
    HealthcodeError::field("entry", "unknown")
}

fn not_a_venue() -> HealthcodeError {
    HealthcodeError::field("venue", "not-a-venue")
}

/// A venue's code and the issuer that signed it.
fn read_venue(phone: &Phone, text: &str) -> Result<(String, VenueCode), HealthcodeError> {
    let code =
        CodeText::parse(text).ok().filter(|code| code.prefix == Prefix::Venue).ok_or_else(not_a_venue)?;
    let trust = phone.trust().ok_or(HealthcodeError::NotSynced)?;
    let opened = trust.open_object::<VenueCode>(&code.bytes).map_err(|error| match error {
        crate::token::TokenError::Form(_) => not_a_venue(),
        _ => HealthcodeError::field("venue", "unknown-issuer"),
    })?;
    let region = Region::from_code(opened.object.region).map_err(|_| not_a_venue())?;
    if !opened.issuer.speaks_for(region) {
        return Err(HealthcodeError::field("venue", "unknown-issuer"));
    }
    Ok((opened.issuer.id.clone(), opened.object))
}

/// What a scanned venue's code is.
pub(super) fn scanned(phone: &Phone, text: &str) -> Result<ScannedText, HealthcodeError> {
    match read_venue(phone, text) {
        Ok((_, code)) => Ok(ScannedText::Venue { name: code.name }),
        Err(HealthcodeError::InvalidField { reason, .. }) if reason == "unknown-issuer" => {
            Ok(ScannedText::UnsignedVenue)
        }
        Err(HealthcodeError::InvalidField { .. }) => Ok(ScannedText::Damaged),
        Err(error) => Err(error),
    }
}

impl TripInput {
    fn read(
        &self,
        today: LegalDate,
        window_days: u16,
        calendar: LegalCalendar,
    ) -> Result<Trip, HealthcodeError> {
        let field = HealthcodeError::field;
        let number = ServiceNumber::parse(&self.number).ok_or_else(|| field("number", "not-a-number"))?;
        let window = today.plus_days(-i32::from(window_days))..=today.plus_days(1);
        if !window.contains(&self.date) {
            return Err(field("date", "out-of-window"));
        }
        if self.place.is_some_and(|place| !(1..=MOST_PLACES).contains(&place)) {
            return Err(field("place", "out-of-range"));
        }
        let region =
            |name: &'static str, text: &str| Region::parse(text).map_err(|reason| field(name, reason.id()));
        let (from, to) = (region("from", &self.from)?, region("to", &self.to)?);
        let run = calendar.start_of(self.date)..=calendar.end_of(self.date.plus_days(LONGEST_RUN_DAYS - 1));
        for (name, at) in [("departed_at", self.departed_at), ("arrived_at", self.arrived_at)] {
            if at.is_some_and(|at| !run.contains(&at)) {
                return Err(field(name, "out-of-window"));
            }
        }
        let times = self.departed_at.zip(self.arrived_at);
        if times.is_some_and(|(departed, arrived)| arrived < departed) {
            return Err(field("arrived_at", "before-departure"));
        }
        let Self { mode, date, place, departed_at, arrived_at, .. } = self.clone();
        Ok(Trip { mode, number, date, place, from, to, departed_at, arrived_at })
    }
}

impl WhereaboutsEntry {
    fn of(place: u64, entry: &StoredWhereabouts, rulebook: &Rulebook, now: Timestamp) -> Self {
        let calendar = rulebook.offset_minutes;
        let (mode, from, to, open) = match &entry.whereabouts {
            Whereabouts::Trip(trip) => (Some(trip.mode), trip.interval(calendar).0, trip.arrived_at, false),
            Whereabouts::Visit(visit) => (None, visit.entered_at, visit.left_at, is_open(visit, now)),
        };
        Self {
            id: place.to_string(),
            text: describe_place(&entry.whereabouts, calendar),
            mode,
            from,
            to,
            open,
        }
    }
}
