//! What holds for every schedule of taps, every policy and every instant: the schedules. What holds of them stands in
//! the two files beside this one.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "tests")]

mod attribution;
mod progress;

use std::collections::BTreeSet;

use proptest::prelude::*;

use super::super::calendar::MILLIS_PER_HOUR;
use super::*;

const MINUTE: i64 = MILLIS_PER_HOUR / 60;
const DAY: i64 = 24 * MILLIS_PER_HOUR;
/// 2020-02-14, the middle of every schedule here.
const MIDDLE: i32 = 18_306;

fn missed_day() -> impl Strategy<Value = MissedDay> {
    prop_oneof![
        Just(MissedDay::Restart),
        Just(MissedDay::Extend),
        (0..4_u16).prop_map(|days| MissedDay::Tolerate { days })
    ]
}

fn terms() -> impl Strategy<Value = QuarantineTerms> {
    (
        (-18 * 60..=18 * 60_i16, missed_day(), any::<bool>()),
        prop_oneof![Just(0), Just(120), 0..1_440_u16],
        (1..30_u16, 0..4_u16, prop_oneof![1..200_u16, Just(u16::MAX)]),
        prop_oneof![Just(ReleaseAt::DayEnd), Just(ReleaseAt::LastCheckIn)],
    )
        .prop_map(
            |((offset, missed_day, credit_before_issue), late_until_minutes, bounds, release_at)| {
                QuarantineTerms {
                    calendar: LegalCalendar::new(offset).unwrap(),
                    missed_day,
                    credit_before_issue,
                    late_until_minutes,
                    max_total_days: bounds.0,
                    max_ambiguous: bounds.1,
                    max_offline_hours: bounds.2,
                    release_at,
                }
            },
        )
}

/// Orders of one to nine days, issued from five days after to two days before they start.
fn quarantine() -> impl Strategy<Value = Quarantine> {
    (terms(), 1..10_u16, -2 * DAY..5 * DAY).prop_map(|(terms, days, issued_after)| {
        let starts_on = LegalDate::from_epoch_days(MIDDLE);
        let issued_at = terms.calendar.start_of(starts_on).plus_millis(issued_after);
        Quarantine { starts_on, days, issued_at, terms }
    })
}

/// A tap `at` minutes after the middle's midnight UTC, known to a `width` of minutes, received `delay` minutes later.
fn tap() -> impl Strategy<Value = Tap> {
    let at = -2 * 1_440..16 * 1_440_i64;
    let width = prop_oneof![4 => Just(0), 2 => 0..180_i64, 1 => 0..4_000_i64];
    let delay = proptest::option::of(0..4_000_i64);
    (at, width, delay).prop_map(|(at, width, delay)| {
        let earliest = Timestamp::from_millis(i64::from(MIDDLE) * DAY).plus_millis(at * MINUTE);
        let latest = earliest.plus_millis(width * MINUTE);
        Tap { earliest, latest, received: delay.map(|delay| latest.plus_millis(delay * MINUTE)), late: false }
    })
}

fn taps() -> impl Strategy<Value = Vec<Tap>> {
    prop_oneof![prop::collection::vec(tap(), 0..24), prop::collection::vec(crowded(), 0..8)]
}

/// A tap of one of four days around the start, to the half hour: they collide, span midnights, and come in any order.
fn crowded() -> impl Strategy<Value = Tap> {
    (-48..144_i64, prop_oneof![Just(0), 0..8_i64, 0..72_i64], proptest::option::of(0..4_i64)).prop_map(
        |(from, width, received)| {
            let midnight = Timestamp::from_millis(i64::from(MIDDLE) * DAY);
            let earliest = midnight.plus_millis(from * 30 * MINUTE);
            let received = received.map(|days| midnight.plus_millis((6 + days) * DAY));
            Tap { earliest, latest: earliest.plus_millis(width * 30 * MINUTE), received, late: false }
        },
    )
}

fn any_tap() -> impl Strategy<Value = Tap> {
    prop_oneof![tap(), crowded()]
}

fn instant() -> impl Strategy<Value = Timestamp> {
    (-4 * 1_440..40 * 1_440_i64).prop_map(|at| Timestamp::from_millis(i64::from(MIDDLE) * DAY + at * MINUTE))
}

/// A resident who taps once on most days, so that orders do complete.
fn diligent(quarantine: &Quarantine, minutes: &[Option<u16>]) -> Vec<Tap> {
    let days = quarantine.first_open_day().epoch_days()..;
    let made = days.zip(minutes).filter_map(|(day, minute)| {
        let at = quarantine.terms.calendar.at(LegalDate::from_epoch_days(day), (*minute)?);
        Some(Tap { earliest: at, latest: at, received: Some(at), late: false })
    });
    made.collect()
}

fn schedule() -> impl Strategy<Value = (Quarantine, Vec<Tap>)> {
    let minutes = prop::collection::vec(proptest::option::weighted(0.85, 0..1_440_u16), 0..16);
    (quarantine(), minutes, prop::collection::vec(tap(), 0..8)).prop_map(|(quarantine, minutes, mut taps)| {
        taps.extend(diligent(&quarantine, &minutes));
        (quarantine, taps)
    })
}

fn day_of(attribution: Attribution) -> Option<LegalDate> {
    match attribution {
        Attribution::Counted { day, .. } => Some(day),
        Attribution::Not(_) => None,
    }
}

fn is_ambiguous(attribution: Attribution) -> bool {
    matches!(attribution, Attribution::Counted { certainty: Certainty::Ambiguous, .. })
}

fn done_days(quarantine: &Quarantine, taps: &[Tap]) -> BTreeSet<LegalDate> {
    attribute(quarantine, taps).into_iter().filter_map(day_of).collect()
}

fn order(late_until_minutes: u16, missed_day: MissedDay, release_at: ReleaseAt) -> Quarantine {
    let calendar = LegalCalendar::new(480).unwrap();
    let starts_on = LegalDate::from_epoch_days(MIDDLE);
    let terms = QuarantineTerms {
        calendar,
        missed_day,
        credit_before_issue: true,
        late_until_minutes,
        max_total_days: 14,
        max_ambiguous: 1,
        max_offline_hours: 72,
        release_at,
    };
    Quarantine { starts_on, days: 7, issued_at: calendar.start_of(starts_on), terms }
}

/// A tap from `from` to `to` minutes after the first day's midnight.
fn between(quarantine: &Quarantine, from: i64, to: i64) -> Tap {
    let start = quarantine.terms.calendar.start_of(quarantine.starts_on);
    let (earliest, latest) = (start.plus_millis(from * MINUTE), start.plus_millis(to * MINUTE));
    Tap { earliest, latest, received: Some(latest), late: false }
}
