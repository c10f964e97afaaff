//! How far a quarantine has come: which days are done, missed or open, what is due, and when it can end at the
//! earliest. A replay of the legal days from the first one; nothing is stored between two looks.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::super::calendar::{LegalDate, Timestamp};
use super::super::sorted::tree;
use super::{Attribution, Certainty, MissedDay, Quarantine, ReleaseAt, Tap, attribute, days_between};

/// What a legal day of a quarantine is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "device", derive(uniffi::Enum))]
pub enum DayState {
    /// It lies before the order's issue and counts without a check-in.
    Credited,
    /// It lies before the order's issue and does not count.
    BeforeIssue,
    /// A check-in counts for it.
    Done,
    /// No check-in counts for it, and none can any more.
    Missed,
    /// Missed, and forgiven by the rulebook.
    Tolerated,
    /// It takes a check-in now.
    Open,
}

/// One legal day and what it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "device", derive(uniffi::Record))]
pub struct Day {
    /// The day.
    pub date: LegalDate,
    /// What it is.
    pub state: DayState,
}

/// Where a quarantine stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "phase")]
#[cfg_attr(feature = "device", derive(uniffi::Enum))]
pub enum Phase {
    /// Days are missing.
    Running,
    /// All days are counted, and no day before the last of them is open. From `release_at` on the server releases;
    /// only its signed release ends the order.
    Complete {
        /// The earliest instant of the release.
        release_at: Timestamp,
    },
    /// It has run for as long as any order may; an officer decides.
    Review,
}

/// What missing the due day would do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "device", derive(uniffi::Enum))]
pub enum MissEffect {
    /// The count would begin again.
    Restart,
    /// The release would come a day later.
    Extend,
    /// It would be forgiven.
    Forgiven,
}

/// What would break the count, and when.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "device", derive(uniffi::Record))]
pub struct Risk {
    /// The day that needs a check-in.
    pub day: LegalDate,
    /// The instant from which it is missed.
    pub deadline: Timestamp,
    /// What that does.
    pub effect: MissEffect,
}

/// How far a quarantine has come at an instant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "device", derive(uniffi::Record))]
pub struct Progress {
    /// Where it stands.
    pub phase: Phase,
    /// Days that count so far, open ones not among them.
    pub counted: u16,
    /// Days that the order takes.
    pub days: u16,
    /// The legal day at the instant asked for.
    pub today: LegalDate,
    /// Every day from the first one to today, or to the last counted one.
    pub calendar: Vec<Day>,
    /// The earliest open day and what missing it does; none when nothing is due now.
    pub due: Option<Risk>,
    /// When the next day opens, if nothing is due now and days are missing; none when the order has no next day.
    pub next_opens_at: Option<Timestamp>,
    /// When the order can end at the earliest, if every day from now on is kept; none in review, or when keeping
    /// every day would still end in one. Only the late arrival of a check-in made before can bring it nearer.
    pub earliest_release: Option<Timestamp>,
}

/// Counts the days of `quarantine` at `now`, a lower bound of true time.
#[must_use]
pub fn progress(quarantine: &Quarantine, taps: &[Tap], now: Timestamp) -> Progress {
    let terms = &quarantine.terms;
    let taps = counted_days(quarantine, taps);
    let today = terms.calendar.date_of(now);
    let count = Count::new(quarantine, now).replay(&taps, today);
    let phase = if count.complete() {
        Phase::Complete { release_at: count.release_at() }
    } else if now >= terms.closes(quarantine.last_day()) {
        Phase::Review
    } else {
        Phase::Running
    };
    let running = phase == Phase::Running;
    let due = count.due.filter(|_| running);
    let next_day = today.plus_days(1).max(quarantine.first_open_day());
    let opens = running && due.is_none() && next_day <= quarantine.last_day();
    Progress {
        phase,
        counted: count.counted,
        days: quarantine.days,
        today,
        due,
        next_opens_at: opens.then(|| terms.calendar.start_of(next_day)),
        earliest_release: earliest_release(quarantine, &taps, phase, now),
        calendar: count.calendar,
    }
}

/// The latest instant at which the check-in of each counted day can have been made.
fn counted_days(quarantine: &Quarantine, taps: &[Tap]) -> BTreeMap<LegalDate, Timestamp> {
    let attributions = attribute(quarantine, taps);
    let counted = taps.iter().zip(attributions).filter_map(|(tap, attribution)| match attribution {
        // What was given to a day was made in it, whatever more its evidence allows.
        Attribution::Counted { day, certainty: Certainty::Ambiguous } => {
            Some((day, tap.last_instant().min(quarantine.terms.calendar.end_of(day))))
        }
        Attribution::Counted { day, .. } => Some((day, tap.last_instant())),
        Attribution::Not(_) => None,
    });
    tree(counted)
}

/// The best that can still happen: every open day and every day to come is kept, as soon as can be.
fn earliest_release(
    quarantine: &Quarantine,
    taps: &BTreeMap<LegalDate, Timestamp>,
    phase: Phase,
    now: Timestamp,
) -> Option<Timestamp> {
    match phase {
        Phase::Complete { release_at } => Some(release_at),
        Phase::Review => None,
        Phase::Running => {
            let best = best(quarantine, taps, now);
            best.complete().then(|| best.release_at().max(now))
        }
    }
}

fn best<'a>(quarantine: &'a Quarantine, taps: &BTreeMap<LegalDate, Timestamp>, now: Timestamp) -> Count<'a> {
    Count { all_kept: true, ..Count::new(quarantine, now) }.replay(taps, quarantine.last_day())
}

/// The days after the last one in [`Progress::calendar`] that the order still takes if every day from now on is kept;
/// none without an earliest release.
#[must_use]
pub fn days_to_come(quarantine: &Quarantine, taps: &[Tap], now: Timestamp) -> Vec<LegalDate> {
    let progress = progress(quarantine, taps, now);
    if progress.phase != Phase::Running || progress.earliest_release.is_none() {
        return Vec::new();
    }
    let last = progress.calendar.last().map(|day| day.date);
    let best = best(quarantine, &counted_days(quarantine, taps), now);
    let counts = |day: &Day| Some(day.date) > last && day.state != DayState::BeforeIssue;
    best.calendar.into_iter().filter(counts).map(|day| day.date).collect()
}

struct Count<'a> {
    quarantine: &'a Quarantine,
    now: Timestamp,
    /// Whether days that are open or to come are taken as kept.
    all_kept: bool,
    counted: u16,
    /// Open days: while there is one, what comes after it is not yet sure.
    open: u16,
    tolerated_left: u16,
    last_counted: LegalDate,
    /// The instant by which what is counted was so.
    settled: Timestamp,
    due: Option<Risk>,
    calendar: Vec<Day>,
}

impl<'a> Count<'a> {
    fn new(quarantine: &'a Quarantine, now: Timestamp) -> Self {
        let tolerated_left = match quarantine.terms.missed_day {
            MissedDay::Tolerate { days } => days,
            MissedDay::Restart | MissedDay::Extend => 0,
        };
        Self {
            quarantine,
            now,
            all_kept: false,
            counted: 0,
            open: 0,
            tolerated_left,
            last_counted: quarantine.starts_on,
            settled: quarantine.issued_at,
            due: None,
            calendar: Vec::new(),
        }
    }

    /// Goes through the days up to `last`, or to the one that completes the order.
    fn replay(mut self, taps: &BTreeMap<LegalDate, Timestamp>, last: LegalDate) -> Self {
        for day in days_between(self.quarantine.starts_on, last.min(self.quarantine.last_day())) {
            if self.complete() {
                break;
            }
            let tap = taps.get(&day).copied();
            self.step(day, if self.all_kept { self.kept(day, tap) } else { tap });
        }
        self
    }

    /// The check-in of a day of which the best is assumed: one that still can be made may come as early as now.
    fn kept(&self, day: LegalDate, tap: Option<Timestamp>) -> Option<Timestamp> {
        let terms = &self.quarantine.terms;
        if day < self.quarantine.issued_on() || self.now >= terms.closes(day) {
            return tap;
        }
        let soonest = terms.calendar.start_of(day).max(self.now);
        Some(tap.map_or(soonest, |tap| tap.min(soonest)))
    }

    fn step(&mut self, day: LegalDate, tap: Option<Timestamp>) {
        let state = self.state_of(day, tap.is_some());
        match state {
            DayState::Credited => self.keep(day, self.quarantine.issued_at),
            DayState::Done => self.keep(day, tap.unwrap_or(self.settled)),
            DayState::Tolerated => {
                self.tolerated_left -= 1;
                self.keep(day, self.quarantine.terms.closes(day));
            }
            DayState::Missed if self.quarantine.terms.missed_day != MissedDay::Extend => {
                self.counted = 0;
                self.settled = self.quarantine.issued_at;
            }
            DayState::Missed | DayState::BeforeIssue => {}
            DayState::Open => {
                self.open += 1;
                self.due = self.due.or(Some(self.risk(day)));
            }
        }
        self.calendar.push(Day { date: day, state });
    }

    fn state_of(&self, day: LegalDate, tapped: bool) -> DayState {
        let terms = &self.quarantine.terms;
        if tapped {
            DayState::Done
        } else if day < self.quarantine.issued_on() {
            if terms.credit_before_issue { DayState::Credited } else { DayState::BeforeIssue }
        } else if self.now < terms.closes(day) {
            DayState::Open
        } else if self.tolerated_left > 0 {
            DayState::Tolerated
        } else {
            DayState::Missed
        }
    }

    fn keep(&mut self, day: LegalDate, settled: Timestamp) {
        self.counted += 1;
        self.last_counted = day;
        self.settled = self.settled.max(settled);
    }

    fn risk(&self, day: LegalDate) -> Risk {
        let effect = match self.quarantine.terms.missed_day {
            _ if self.tolerated_left > 0 => MissEffect::Forgiven,
            MissedDay::Extend => MissEffect::Extend,
            MissedDay::Restart | MissedDay::Tolerate { .. } => MissEffect::Restart,
        };
        Risk { day, deadline: self.quarantine.terms.closes(day), effect }
    }

    fn complete(&self) -> bool {
        self.open == 0 && self.counted >= self.quarantine.days
    }

    fn release_at(&self) -> Timestamp {
        match self.quarantine.terms.release_at {
            ReleaseAt::DayEnd => self.quarantine.terms.calendar.end_of(self.last_counted).max(self.settled),
            ReleaseAt::LastCheckIn => self.settled,
        }
    }
}
