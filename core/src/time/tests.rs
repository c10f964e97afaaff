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

fn anchored(at_hours: i64) -> TrustedClock {
    let mut clock = TrustedClock::new(Timestamp::from_millis(0), &reading(1, 1_000), session(1));
    let at = Timestamp::from_millis(at_hours * HOUR);
    clock.anchor(&anchor(at, 0), [7; 32], 200, 0).unwrap();
    clock
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
fn an_anchor_never_lowers_the_bound_except_by_a_listed_higher_epoch() {
    let mut clock = anchored(1_000);
    clock.anchor(&anchor(Timestamp::from_millis(500 * HOUR), 0), [8; 32], 10, 0).unwrap();
    assert_eq!(clock.lower_bound(), Timestamp::from_millis(1_000 * HOUR));
    let repair = anchor(Timestamp::from_millis(600 * HOUR), 1);
    assert_eq!(clock.anchor(&repair, [8; 32], 10, 0), Err(AnchorRefused::UnlistedEpoch));
    clock.anchor(&repair, [8; 32], 10, 1).unwrap();
    assert_eq!(clock.lower_bound(), Timestamp::from_millis(600 * HOUR));
    let old = anchor(Timestamp::from_millis(2_000 * HOUR), 0);
    assert_eq!(clock.anchor(&old, [8; 32], 10, 1), Err(AnchorRefused::OldEpoch));
}

#[test]
fn a_relayed_anchor_raises_the_bound_and_makes_no_estimate() {
    let mut clock = TrustedClock::new(Timestamp::from_millis(0), &reading(1, 0), session(1));
    clock.raise(&anchor(Timestamp::from_millis(10 * HOUR), 0));
    assert_eq!(clock.lower_bound(), Timestamp::from_millis(10 * HOUR));
    assert_eq!(clock.estimate(), None);
    clock.raise(&anchor(Timestamp::from_millis(5 * HOUR), 0));
    assert_eq!(clock.lower_bound(), Timestamp::from_millis(10 * HOUR));
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
    let same = interval_of(&tap, &evidence(110, 1, 25), at(130));
    assert_eq!(same, Interval { earliest: at(110), latest: at(110) });
    let rebooted = interval_of(&tap, &evidence(110, 2, 1), at(130));
    assert_eq!(rebooted, Interval { earliest: at(100), latest: at(130) });
    // Seven taps on the last day with invented boot readings cannot be older than what was sure at the tap.
    let invented = interval_of(&evidence(100, 1, 0), &evidence(100, 1, 200), at(130));
    assert_eq!(invented.earliest, at(100));
    let ahead_of_receipt = interval_of(&evidence(200, 1, 0), &evidence(200, 2, 0), at(130));
    assert_eq!(ahead_of_receipt, Interval { earliest: at(130), latest: at(130) });
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
                    let at = truth;
                    truth = truth.plus_millis(delay);
                    boot_clock += delay;
                    clock.look(&reading(boot, boot_clock), || session(2));
                    let _ = clock.anchor(&anchor(at, 0), [0; 32], delay, 0);
                }
                Event::Relay { age } => clock.raise(&anchor(truth.plus_millis(-age), 0)),
                Event::Save => saved = clock.clone(),
            }
            clock.look(&reading(boot, boot_clock), || session(3));
            // A boot clock may count at most one part in 10,000 too much since the last base, rounding included.
            prop_assert!(clock.lower_bound() <= truth.plus_millis(1), "{} > {truth}", clock.lower_bound());
        }
    }
}
