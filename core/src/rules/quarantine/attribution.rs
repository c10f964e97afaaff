//! Whose day is a tap? A tap's true instant is known as an interval; this file gives it to one legal day or says
//! why to none. A tap that can only lie in one day never loses it to an ambiguous one.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::super::calendar::{LegalDate, MILLIS_PER_HOUR, Timestamp};
use super::super::sorted::positions;
use super::{Quarantine, days_between};

/// One check-in as the evidence has it: the true instant lies between `earliest` and `latest`, both included.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "device", derive(uniffi::Record))]
pub struct Tap {
    /// The instant before which it cannot have been made.
    pub earliest: Timestamp,
    /// The instant after which it cannot have been made; equal to `earliest` when it is exact.
    pub latest: Timestamp,
    /// When the server received it; none while it waits on the phone.
    pub received: Option<Timestamp>,
    /// Whether a phone brought it that another one has replaced: it fills only days that no other tap fills.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    #[cfg_attr(feature = "device", uniffi(default = false))]
    pub late: bool,
}

impl Tap {
    /// `latest`, or `earliest` where the evidence has them upside down.
    pub(super) fn last_instant(&self) -> Timestamp {
        self.latest.max(self.earliest)
    }
}

/// How surely a tap belongs to its day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "device", derive(uniffi::Enum))]
pub enum Certainty {
    /// Its whole interval lies in the day.
    Certain,
    /// It was, or may have been, made early the next day, while the day before still took check-ins.
    Late,
    /// Its interval spans several days; it was given to the earliest that fits.
    Ambiguous,
}

/// Why a tap counts for no day. Each is said to the resident; none throws the tap away.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "device", derive(uniffi::Enum))]
pub enum NotCounted {
    /// It was, or may have been, made before the order.
    BeforeOrder,
    /// It reached the server too long after it may have been made.
    TooOld,
    /// Another check-in counts for its day already.
    DayTaken,
    /// Its evidence spans several days and the order has used up what it allows of these; an officer decides.
    Unclear,
    /// It was made after the order's last possible day.
    AfterOrder,
}

/// What became of one tap.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "device", derive(uniffi::Enum))]
pub enum Attribution {
    /// It counts for this day.
    Counted {
        /// The day.
        day: LegalDate,
        /// How surely.
        certainty: Certainty,
    },
    /// It counts for none.
    Not(NotCounted),
}

/// Gives each tap its day, in the order of `taps`. The result does not depend on that order, except that of several
/// taps with the same evidence the first is counted.
///
/// A further tap adds days and takes none away, with one exception: an ambiguous tap spends the order's budget, and
/// who has spent it is asked in the order of receipt. One with an earlier receipt can leave another unclear. Taps of a
/// replaced phone come after all others, and change nothing for these.
#[must_use]
pub fn attribute(quarantine: &Quarantine, taps: &[Tap]) -> Vec<Attribution> {
    let mut round = Round {
        taken: BTreeSet::new(),
        left: quarantine.terms.max_ambiguous,
        verdicts: vec![Attribution::Not(NotCounted::Unclear); taps.len()],
    };
    for late in [false, true] {
        round.give(quarantine, taps, late);
    }
    round.verdicts
}

/// An attribution under way.
struct Round {
    taken: BTreeSet<LegalDate>,
    /// How many ambiguous taps may still count.
    left: u16,
    verdicts: Vec<Attribution>,
}

impl Round {
    /// Gives their days to the taps that are late, or to those that are not.
    fn give(&mut self, quarantine: &Quarantine, taps: &[Tap], late: bool) {
        let Self { taken, left, verdicts } = self;
        // What is sure first, so that it never loses its day to what may lie in several.
        let mut spanning = Vec::new();
        for place in positions(taps.iter().map(|tap| (tap.earliest.millis(), tap.latest.millis()))) {
            let (Some(tap), Some(verdict)) = (taps.get(place), verdicts.get_mut(place)) else { continue };
            if tap.late != late {
                continue;
            }
            match candidates(quarantine, tap) {
                Err(reason) => *verdict = Attribution::Not(reason),
                Ok(Candidates::Sure(choices)) => *verdict = take_sure(taken, choices),
                Ok(Candidates::Span { first, last }) => spanning.push((place, tap.received, first, last)),
            }
        }
        // Then in the order of receipt, what still waits on the phone last: no judgement is undone by a later arrival.
        let receipt =
            |received: &Option<Timestamp>| received.map_or((1, 0), |received| (0, received.millis()));
        for next in positions(spanning.iter().map(|(_, received, ..)| receipt(received))) {
            let Some((place, _, first, last)) = spanning.get(next) else { continue };
            if let Some(verdict) = verdicts.get_mut(*place) {
                *verdict = take_spanning(taken, *first, *last, left);
            }
        }
    }
}

/// A day and how surely the tap belongs to it.
type Choice = (LegalDate, Certainty);

enum Candidates {
    /// The tap counts for the first of these that is not taken.
    Sure([Option<Choice>; 2]),
    /// It may lie in any of these days.
    Span { first: LegalDate, last: LegalDate },
}

fn candidates(quarantine: &Quarantine, tap: &Tap) -> Result<Candidates, NotCounted> {
    let terms = &quarantine.terms;
    if tap.earliest < quarantine.issued_at {
        return Err(NotCounted::BeforeOrder);
    }
    let oldest = i64::from(terms.max_offline_hours) * MILLIS_PER_HOUR;
    if tap.received.is_some_and(|received| received.since(tap.earliest) > oldest) {
        return Err(NotCounted::TooOld);
    }
    let first = terms.calendar.date_of(tap.earliest);
    let last = terms.calendar.date_of(tap.last_instant());
    if last < quarantine.starts_on {
        return Err(NotCounted::BeforeOrder);
    }
    let open = quarantine.first_open_day()..=quarantine.last_day();
    let in_time = |day| open.contains(&day) && tap.last_instant() < terms.closes(day);
    let before = first.plus_days(-1);
    let late = in_time(before).then_some((before, Certainty::Late));
    if first > quarantine.last_day() && late.is_none() {
        return Err(NotCounted::AfterOrder);
    }
    if first == last {
        return Ok(Candidates::Sure([late, open.contains(&first).then_some((first, Certainty::Certain))]));
    }
    if in_time(first) {
        // It spans midnight, but either way it is in time for the first day.
        return Ok(Candidates::Sure([Some((first, Certainty::Late)), None]));
    }
    Ok(Candidates::Span { first: first.max(*open.start()), last: last.min(*open.end()) })
}

fn take_sure(taken: &mut BTreeSet<LegalDate>, choices: [Option<Choice>; 2]) -> Attribution {
    let choice = choices.into_iter().flatten().find(|(day, _)| taken.insert(*day));
    choice.map_or(Attribution::Not(NotCounted::DayTaken), |(day, certainty)| Attribution::Counted {
        day,
        certainty,
    })
}

fn take_spanning(
    taken: &mut BTreeSet<LegalDate>,
    first: LegalDate,
    last: LegalDate,
    left: &mut u16,
) -> Attribution {
    let Some(day) = days_between(first, last).find(|day| !taken.contains(day)) else {
        return Attribution::Not(NotCounted::DayTaken);
    };
    if *left == 0 {
        return Attribution::Not(NotCounted::Unclear);
    }
    *left -= 1;
    taken.insert(day);
    Attribution::Counted { day, certainty: Certainty::Ambiguous }
}
