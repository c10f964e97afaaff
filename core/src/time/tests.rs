//! The clock under sleep, reboots, wall jumps, drift and anchors.
#![allow(clippy::unwrap_used, reason = "tests")]

use proptest::prelude::*;

use super::*;
use crate::token::ids::OperationId;

const HOUR: i64 = 3_600_000;

fn reading(boot: u32, boot_millis: i64) -> Reading {
    Reading { boot_id: format!("boot-{boot}"), boot_millis, wall: Timestamp::from_millis(0) }
}

fn session(number: u8) -> BootSession {
    BootSession([number; 8])
}

fn anchor(at: Timestamp, epoch: u32) -> Anchor {
    Anchor {
        at,
        epoch,
        root_version: 1,
        trust_list_version: 1,
        rules_version: 1,
        policy_version: 0,
        nonce: None,
    }
}

/// A clock that asked at 800 ms and took the answer at 1,000 ms of its first boot.
fn anchored(at_hours: i64) -> TrustedClock {
    let mut clock = TrustedClock::new(Timestamp::from_millis(0), &reading(1, 800), session(1));
    answer(&mut clock, at_hours, 0, 0).unwrap();
    clock
}

/// An anchor of this hour, taken 200 ms after it was asked for.
fn answer(clock: &mut TrustedClock, at_hours: i64, epoch: u32, listed: u32) -> Result<(), AnchorRefused> {
    let asked = clock.evidence();
    let answered = Reading {
        boot_id: clock.boot_id.clone(),
        boot_millis: asked.boot_millis + 200,
        wall: Timestamp::from_millis(0),
    };
    let at = Timestamp::from_millis(at_hours * HOUR);
    let looked = clock.look(&answered, || unreachable!("the same boot"));
    looked.anchor(&anchor(at, epoch), [8; 32], &asked, listed)
}

#[test]
fn moving_the_wall_clock_moves_nothing_and_is_said() {
    let mut clock = anchored(1_000);
    let week_ahead = Reading { wall: Timestamp::from_millis(1_168 * HOUR), ..reading(1, 1_000 + HOUR) };
    clock.look(&week_ahead, || unreachable!("the same boot"));
    assert_eq!(clock.lower_bound(), Timestamp::from_millis(1_001 * HOUR - 360));
    assert_eq!(clock.estimate(), Some(Timestamp::from_millis(1_001 * HOUR)));
    assert_eq!(clock.hint(week_ahead.wall), Some(ClockHint::Ahead));
    assert_eq!(clock.hint(Timestamp::from_millis(800 * HOUR)), Some(ClockHint::Behind));
    assert_eq!(clock.hint(Timestamp::from_millis(1_001 * HOUR + 60_000)), None);
}

#[test]
fn after_a_reboot_only_the_new_boot_clock_counts_and_there_is_no_estimate() {
    let mut clock = anchored(1_000);
    clock.look(&reading(1, 1_000 + 2 * HOUR), || unreachable!("the same boot"));
    let before = clock.lower_bound();
    clock.look(&reading(2, HOUR), || session(2));
    assert_eq!(clock.lower_bound(), before.plus_millis(HOUR - 360));
    assert_eq!(clock.estimate(), None);
    assert_eq!(clock.firm(), None);
    assert_eq!(clock.evidence().session, session(2));
}

#[test]
fn a_boot_clock_that_runs_backwards_is_a_new_session() {
    let mut clock = anchored(1_000);
    clock.look(&reading(1, 1_000 + HOUR), || unreachable!("the same boot"));
    let before = clock.lower_bound();
    clock.look(&reading(1, 500), || session(3));
    assert!(clock.lower_bound() >= before && clock.lower_bound().since(before) <= 500);
    assert_eq!(clock.estimate(), None);
}

#[test]
fn a_boot_clock_set_back_under_the_same_name_adds_nothing() {
    let mut clock = anchored(1_000);
    clock.look(&reading(1, 1_000 + 100 * HOUR), || unreachable!("the same boot"));
    let before = clock.lower_bound();
    for (boot, by) in [(90 * HOUR, 0), (90 * HOUR + 1_000, 1_000), (80 * HOUR, 1_000)] {
        clock.look(&reading(1, boot), || session(2));
        assert!(clock.lower_bound().since(before) <= by, "{boot}");
    }
    assert_eq!((clock.estimate(), clock.evidence().session), (None, session(2)));
}

#[test]
fn a_start_that_is_named_otherwise_is_not_counted_twice() {
    let mut clock = anchored(1_000);
    clock.look(&reading(1, 1_000 + 100 * HOUR), || unreachable!("the same boot"));
    clock.look(&reading(2, 1_000 + 101 * HOUR), || session(2));
    assert!(clock.lower_bound() <= Timestamp::from_millis(1_101 * HOUR), "{}", clock.lower_bound());
    assert!(clock.lower_bound() > Timestamp::from_millis(1_100 * HOUR), "{}", clock.lower_bound());
}

#[test]
fn absurd_readings_break_nothing_and_pass_no_time_that_is_not_there() {
    let start = Timestamp::from_seconds(1_581_382_800);
    let mut clock = TrustedClock::new(start, &reading(1, i64::MIN), session(1));
    clock.look(&reading(1, 5), || session(2));
    assert!(clock.lower_bound() <= start.plus_millis(5), "{}", clock.lower_bound());
    for boot in [i64::MIN, -1, 0, i64::MAX, 0, i64::MIN, 7] {
        for wall in [i64::MIN, i64::MAX, 2_147_483_648_000] {
            let reading = Reading { wall: Timestamp::from_millis(wall), ..reading(1, boot) };
            clock.look(&reading, || session(3));
            let _ = (clock.hint(reading.wall), clock.estimate(), clock.firm(), clock.evidence());
        }
    }
    // The one absurd reading that looks like time passing is put right by the next sync.
    assert_eq!(clock.lower_bound(), Timestamp::from_millis(i64::MAX));
    let answered = 440_000;
    answer(&mut clock, answered, 0, 0).unwrap();
    assert_eq!(clock.lower_bound(), Timestamp::from_millis(answered * HOUR));
}

#[test]
fn the_years_2038_and_9999_are_instants_like_others() {
    for at in [Timestamp::from_seconds(i64::from(i32::MAX)), Timestamp::from_millis(i64::MAX).plus_hours(-2)]
    {
        let mut clock = TrustedClock::new(at, &reading(1, 0), session(1));
        clock.look(&reading(1, HOUR), || unreachable!("the same boot"));
        assert_eq!(clock.lower_bound(), at.plus_millis(HOUR - 360));
        clock.look(&reading(1, 100 * HOUR), || unreachable!("the same boot"));
        assert!(clock.lower_bound() > at && clock.lower_bound() <= Timestamp::from_millis(i64::MAX));
    }
}

#[test]
fn a_file_of_yesterday_knows_no_more_than_yesterday_and_no_less_in_the_same_boot() {
    let mut clock = anchored(1_000);
    let copy = serde_json::to_string(&clock).unwrap();
    clock.look(&reading(1, 1_000 + 24 * HOUR), || unreachable!("the same boot"));
    let mut restored: TrustedClock = serde_json::from_str(&copy).unwrap();
    restored.look(&reading(1, 1_000 + 24 * HOUR), || unreachable!("the same boot"));
    assert_eq!(restored, clock, "the boot clock tells it what it missed");
    let mut restored: TrustedClock = serde_json::from_str(&copy).unwrap();
    restored.look(&reading(2, HOUR), || session(2));
    // The new start is longer than what the copy knew of the old one, which might be the same: the difference counts.
    assert_eq!(restored.lower_bound(), Timestamp::from_millis(1_001 * HOUR - 1_000 - 360));
    // A file of before the signed instant was kept opens as well.
    let older = copy.replace(r#","signed":3600000000"#, "");
    assert_ne!(older, copy);
    assert_eq!(
        serde_json::from_str::<TrustedClock>(&older).unwrap().lower_bound(),
        Timestamp::from_millis(1_000 * HOUR)
    );
}

#[test]
fn an_anchor_never_lowers_what_was_signed_for_except_by_a_listed_higher_epoch() {
    let mut clock = anchored(1_000);
    answer(&mut clock, 500, 0, 0).unwrap();
    assert_eq!(clock.lower_bound(), Timestamp::from_millis(1_000 * HOUR));
    assert_eq!(answer(&mut clock, 600, 1, 0), Err(AnchorRefused::UnlistedEpoch));
    answer(&mut clock, 600, 1, 1).unwrap();
    assert_eq!(clock.lower_bound(), Timestamp::from_millis(600 * HOUR));
    assert_eq!(answer(&mut clock, 2_000, 0, 1), Err(AnchorRefused::OldEpoch));
    // Nor does a gate judge by the clock of a server that was set back: its time lies before what has surely passed.
    let mut back = anchored(1_000);
    assert!(back.firm().is_some());
    answer(&mut back, 500, 0, 0).unwrap();
    assert_eq!(back.firm(), None);
    // What was signed for in the epoch that was wrong holds no more.
    answer(&mut clock, 550, 1, 1).unwrap();
    assert_eq!(clock.lower_bound(), Timestamp::from_millis(600 * HOUR));
}

#[test]
fn a_boot_clock_that_jumped_is_put_right_by_the_next_anchor_of_our_own() {
    for jump in [24 * HOUR, 300 * 24 * HOUR, i64::MAX - 2_000] {
        let mut clock = anchored(1_000);
        clock.look(&reading(1, 1_000 + jump), || unreachable!("the same boot"));
        assert!(clock.lower_bound() > Timestamp::from_millis(1_023 * HOUR));
        answer(&mut clock, 1_001, 0, 0).unwrap();
        assert_eq!(clock.lower_bound(), Timestamp::from_millis(1_001 * HOUR), "{jump}");
        assert_eq!(clock.estimate(), Some(Timestamp::from_millis(1_001 * HOUR)));
    }
    // Servers that differ by less than the answer was under way move nothing back.
    let mut clock = anchored(1_000);
    clock.look(&reading(1, 1_900), || unreachable!("the same boot"));
    let known = clock.lower_bound();
    answer(&mut clock, 1_000, 0, 0).unwrap();
    assert!(clock.lower_bound() >= known);
}

#[test]
fn an_anchor_that_was_asked_for_before_a_restart_raises_the_bound_and_makes_no_estimate() {
    let mut clock = anchored(1_000);
    let asked = clock.evidence();
    let at = Timestamp::from_millis(1_010 * HOUR);
    clock.look(&reading(2, 6 * HOUR), || session(2)).anchor(&anchor(at, 0), [9; 32], &asked, 0).unwrap();
    assert_eq!(clock.lower_bound(), at, "not six hours more");
    assert_eq!((clock.estimate(), clock.firm()), (None, None));
    assert_eq!(clock.evidence().anchor, Some(OperationId([9; 32])));
}

#[test]
fn a_relayed_anchor_raises_the_bound_and_makes_no_estimate() {
    let mut clock = TrustedClock::new(Timestamp::from_millis(0), &reading(1, 0), session(1));
    let mut relay = |hours: i64, epoch: u32, listed: u32| {
        let relayed = anchor(Timestamp::from_millis(hours * HOUR), epoch);
        clock.look(&reading(1, 0), || unreachable!("the same boot")).raise(&relayed, listed);
        assert_eq!(clock.estimate(), None);
        clock.lower_bound()
    };
    assert_eq!(relay(10, 0, 0), Timestamp::from_millis(10 * HOUR));
    assert_eq!(relay(5, 0, 0), Timestamp::from_millis(10 * HOUR));
    assert_eq!(
        relay(9_000, 1, 1),
        Timestamp::from_millis(10 * HOUR),
        "only an own sync moves to another epoch"
    );
    assert_eq!(relay(9_000, 0, 1), Timestamp::from_millis(10 * HOUR), "the list has left this epoch behind");
}

#[test]
fn a_relayed_anchor_after_a_long_while_without_a_look_counts_the_while_once() {
    let mut clock = anchored(1_000);
    let relayed = Timestamp::from_millis(1_005 * HOUR);
    clock.look(&reading(1, 1_000 + 5 * HOUR), || unreachable!("the same boot")).raise(&anchor(relayed, 0), 0);
    assert_eq!(clock.lower_bound(), relayed);
    let mut clock = anchored(1_000);
    clock.look(&reading(2, 5 * HOUR), || session(2)).raise(&anchor(relayed, 0), 0);
    assert_eq!(clock.lower_bound(), relayed, "nor is the new start counted on top of it");
}

#[test]
fn the_build_time_of_an_updated_app_is_a_floor_too() {
    let mut clock = anchored(1_000);
    let built = Timestamp::from_millis(2_000 * HOUR);
    clock.look(&reading(2, 5 * HOUR), || session(2)).at_least(built);
    assert_eq!(clock.lower_bound(), built);
    clock.look(&reading(2, 5 * HOUR), || session(2)).at_least(Timestamp::from_millis(0));
    assert_eq!(clock.lower_bound(), built);
}

#[test]
fn a_firm_time_lasts_about_a_day() {
    let mut clock = anchored(1_000);
    clock.look(&reading(1, 1_000 + 26 * HOUR), || unreachable!("the same boot"));
    assert!(clock.firm().is_some());
    clock.look(&reading(1, 1_000 + 28 * HOUR), || unreachable!("the same boot"));
    assert!(clock.firm().is_none() && clock.estimate().is_some());
}

#[test]
fn a_tap_of_the_same_boot_session_has_an_exact_instant_and_another_an_interval() {
    let at = |hours: i64| Timestamp::from_millis(hours * HOUR);
    let evidence = |h: i64, session_number: u8, boot_hours: i64| Evidence {
        lower_bound: at(h),
        session: session(session_number),
        boot_millis: boot_hours * HOUR,
        anchor: Some(OperationId([0; 32])),
    };
    let tap = evidence(100, 1, 5);
    let same = interval_of(&tap, &evidence(130, 1, 25), at(130));
    assert_eq!(same, Interval { earliest: at(110), latest: at(110) });
    // A request that was on its way for a day says when the tap was made at the latest, and no more.
    let held_back = interval_of(&tap, &evidence(106, 1, 11), at(130));
    assert_eq!(held_back, Interval { earliest: at(100).max(at(100).plus_millis(-4_320)), latest: at(124) });
    let rebooted = interval_of(&tap, &evidence(110, 2, 1), at(130));
    assert_eq!(rebooted, Interval { earliest: at(100), latest: at(130) });
    // The boot clock runs fast within its allowance, and another server's clock is behind by a second.
    let fast = interval_of(&evidence(100, 1, 5), &evidence(130, 1, 35), at(130).plus_millis(-12_000));
    assert_eq!(fast, Interval { earliest: at(100), latest: at(100) });
    let ahead_of_receipt = interval_of(&evidence(200, 1, 0), &evidence(200, 2, 0), at(130));
    assert_eq!(ahead_of_receipt, Interval { earliest: at(130), latest: at(130) });
}

#[test]
fn boot_readings_that_cannot_be_make_no_tap_exact() {
    let at = |hours: i64| Timestamp::from_millis(hours * HOUR);
    let evidence = |h: i64, boot_millis: i64| Evidence {
        lower_bound: at(h),
        session: session(1),
        boot_millis,
        anchor: None,
    };
    let sure = Interval { earliest: at(100), latest: at(130) };
    for (tap, sync) in [
        (0, 200 * HOUR),        // it would lie long before what was sure at the tap
        (0, i64::MAX),          //
        (i64::MIN, i64::MAX),   //
        (-1, 20 * HOUR),        // a boot clock below zero
        (i64::MIN, i64::MIN),   //
        (20 * HOUR, 19 * HOUR), // a boot clock that ran backwards
        (i64::MAX, i64::MIN),   //
    ] {
        assert_eq!(interval_of(&evidence(100, tap), &evidence(130, sync), at(130)), sure, "{tap} {sync}");
    }
    // Seven taps on the last day cannot be older than what was sure at the tap, nor younger than their receipt.
    for lower_bound in [i64::MIN, i64::MAX] {
        let tap = Evidence { lower_bound: Timestamp::from_millis(lower_bound), ..evidence(0, 0) };
        let interval = interval_of(&tap, &evidence(0, i64::MAX), at(130));
        assert!(interval.earliest <= interval.latest && interval.latest <= at(130));
    }
}

#[derive(Clone, Debug)]
enum Event {
    Run { millis: i64, ppm: i64 },
    Reboot { off: i64, up: i64 },
    Anchor { delay: i64 },
    Relay { age: i64 },
    Save,
}

fn event() -> impl Strategy<Value = Event> {
    prop_oneof![
        (0..40 * HOUR, -100..=100_i64).prop_map(|(millis, ppm)| Event::Run { millis, ppm }),
        (0..72 * HOUR, 0..HOUR).prop_map(|(off, up)| Event::Reboot { off, up }),
        (0..30_000_i64).prop_map(|delay| Event::Anchor { delay }),
        (0..100 * HOUR).prop_map(|age| Event::Relay { age }),
        Just(Event::Save),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn the_bound_never_passes_true_time(events in proptest::collection::vec(event(), 1..40)) {
        let start = Timestamp::from_millis(1_580_000_000_000);
        let (mut truth, mut boot, mut boot_clock) = (start, 1_u32, 5_000_i64);
        let mut clock = TrustedClock::new(start, &reading(boot, boot_clock), session(1));
        let mut saved = clock.clone();
        for event in events {
            match event {
                Event::Run { millis, ppm } => {
                    truth = truth.plus_millis(millis);
                    // The boot clock runs fast or slow within the allowance.
                    boot_clock += millis + millis * ppm / 1_000_000 - i64::from(ppm > 0);
                    boot_clock = boot_clock.max(0);
                }
                Event::Reboot { off, up } => {
                    truth = truth.plus_millis(off + up);
                    (boot, boot_clock) = (boot + 1, up);
                    // What was not written before the power went is forgotten.
                    clock = saved.clone();
                }
                Event::Anchor { delay } => {
                    clock.look(&reading(boot, boot_clock), || session(2));
                    let (at, asked) = (truth, clock.evidence());
                    truth = truth.plus_millis(delay);
                    boot_clock += delay;
                    let looked = clock.look(&reading(boot, boot_clock), || session(3));
                    looked.anchor(&anchor(at, 0), [0; 32], &asked, 0).unwrap();
                }
                Event::Relay { age } => {
                    let looked = clock.look(&reading(boot, boot_clock), || session(4));
                    looked.raise(&anchor(truth.plus_millis(-age), 0), 0);
                }
                Event::Save => saved = clock.clone(),
            }
            clock.look(&reading(boot, boot_clock), || session(5));
            // A boot clock may count at most one part in 10,000 too much since the last base, rounding included.
            prop_assert!(clock.lower_bound() <= truth.plus_millis(1), "{} > {truth}", clock.lower_bound());
        }
    }
}
