//! Trusted time against a simulated device: whatever it does (sleep, drift, reboots, a moved wall clock, lost writes),
//! the lower bound never passes true time, no wall clock enters, and a tap's interval holds the tap.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    missing_docs,
    reason = "tests"
)]

mod support;

use healthcode::rules::calendar::Timestamp;
use healthcode::time::{CALL_MILLIS, Evidence, Interval, Looked, Reading, TrustedClock, interval_of};
use healthcode::token::{Anchor, BootSession};
use proptest::prelude::*;
use support::runs;

const HOUR: i64 = 3_600_000;
/// The drift that a boot clock is allowed, in parts per million.
const PPM: i64 = 100;

/// What happens to the phone. Durations are in milliseconds.
#[derive(Clone, Debug)]
enum Event {
    /// Time passes, awake or asleep, and the boot clock runs fast (positive) or slow.
    Passes { millis: i64, ppm: i64 },
    /// It is off for a while, then up for a while. What was not written is lost.
    Reboots { off: i64, up: i64 },
    /// The app is killed and started: what was not written is lost, the boot session goes on.
    Restarts,
    /// It writes its state.
    Writes,
    /// Somebody sets the wall clock so far from true time.
    WallMoves { by: i64 },
    /// It syncs; the answer takes so long.
    Syncs { round_trip: i64 },
    /// A gate relays an anchor of this age.
    Relayed { age: i64 },
}

fn event() -> impl Strategy<Value = Event> {
    let wall = prop_oneof![-100 * HOUR..100 * HOUR, Just(i64::MIN), Just(i64::MAX)];
    prop_oneof![
        4 => (0..40 * HOUR, -PPM..=PPM).prop_map(|(millis, ppm)| Event::Passes { millis, ppm }),
        2 => (0..72 * HOUR, 0..HOUR).prop_map(|(off, up)| Event::Reboots { off, up }),
        1 => Just(Event::Restarts),
        2 => Just(Event::Writes),
        2 => wall.prop_map(|by| Event::WallMoves { by }),
        2 => (0..30_000_i64).prop_map(|round_trip| Event::Syncs { round_trip }),
        1 => (0..100 * HOUR).prop_map(|age| Event::Relayed { age }),
    ]
}

fn events() -> impl Strategy<Value = Vec<Event>> {
    prop::collection::vec(event(), 1..40)
}

/// A phone and the true time around it, the boot clock in millionths of a millisecond so that drift adds up exactly.
struct Phone {
    truth: Timestamp,
    boot: u32,
    boot_nanos: i128,
    wall_error: i64,
    clock: TrustedClock,
    written: String,
}

impl Phone {
    fn new() -> Self {
        let truth = Timestamp::from_millis(1_580_000_000_000);
        let reading = Reading { boot_id: "boot-0".to_owned(), boot_millis: 5_000, wall: truth };
        let clock = TrustedClock::new(truth, &reading, BootSession([0; 8]));
        let written = serde_json::to_string(&clock).unwrap();
        Self { truth, boot: 0, boot_nanos: 5_000_000_000, wall_error: 0, clock, written }
    }

    fn reading(&self) -> Reading {
        let boot_millis = i64::try_from(self.boot_nanos / 1_000_000).unwrap();
        Reading {
            boot_id: format!("boot-{}", self.boot),
            boot_millis,
            wall: self.truth.plus_millis(self.wall_error),
        }
    }

    fn look(&mut self) -> Looked<'_> {
        let reading = self.reading();
        let mut session = [0; 8];
        session[..4].copy_from_slice(&self.boot.to_be_bytes());
        let _ = self.clock.hint(reading.wall);
        self.clock.look(&reading, || BootSession(session))
    }

    fn pass(&mut self, millis: i64, ppm: i64) {
        self.truth = self.truth.plus_millis(millis);
        self.boot_nanos += i128::from(millis) * i128::from(1_000_000 + ppm);
    }

    fn anchor(at: Timestamp) -> Anchor {
        let (epoch, root_version, trust_list_version, rules_version, policy_version) = (0, 1, 1, 1, 0);
        Anchor { at, epoch, root_version, trust_list_version, rules_version, policy_version, nonce: None }
    }

    fn happens(&mut self, event: &Event) {
        match *event {
            Event::Passes { millis, ppm } => self.pass(millis, ppm),
            Event::Reboots { off, up } => {
                self.truth = self.truth.plus_millis(off + up);
                (self.boot, self.boot_nanos) = (self.boot + 1, i128::from(up) * 1_000_000);
                self.clock = serde_json::from_str(&self.written).unwrap();
            }
            Event::Restarts => self.clock = serde_json::from_str(&self.written).unwrap(),
            Event::Writes => self.written = serde_json::to_string(&self.clock).unwrap(),
            Event::WallMoves { by } => self.wall_error = by,
            Event::Syncs { round_trip } => {
                // The server's seconds are whole, and it answers at the earliest moment.
                let answered = Timestamp::from_seconds(self.truth.seconds());
                let asked = self.clock.evidence();
                self.pass(round_trip, 0);
                self.look().anchor(&Self::anchor(answered), [0; 32], &asked, 0).unwrap();
            }
            Event::Relayed { age } => {
                let relayed = Self::anchor(self.truth.plus_millis(-age));
                self.look().raise(&relayed, 0);
            }
        }
        self.look();
    }
}

proptest! {
    #![proptest_config(runs(600))]

    #[test]
    fn the_lower_bound_never_passes_true_time(events in events()) {
        let mut phone = Phone::new();
        for event in &events {
            phone.happens(event);
            prop_assert!(phone.clock.lower_bound() <= phone.truth, "{:?} after {event:?}", phone.clock.lower_bound());
        }
    }

    #[test]
    fn between_two_losses_the_lower_bound_never_goes_back(events in events()) {
        let mut phone = Phone::new();
        for event in &events {
            let before = phone.clock.lower_bound();
            phone.happens(event);
            if !matches!(event, Event::Reboots { .. } | Event::Restarts) {
                prop_assert!(phone.clock.lower_bound() >= before, "{event:?}");
            }
        }
    }

    #[test]
    fn what_the_wall_clock_says_changes_nothing(events in events(), walls in prop::collection::vec(any::<i64>(), 40)) {
        let (mut right, mut wrong) = (Phone::new(), Phone::new());
        for (event, wall) in events.iter().zip(walls) {
            wrong.wall_error = wall;
            wrong.happens(event);
            right.happens(event);
            prop_assert_eq!(&right.clock, &wrong.clock);
        }
    }

    /// The estimate lies about true time by no more than what a firm time says of itself, and drift.
    #[test]
    fn a_firm_time_is_as_sure_as_it_says(events in events()) {
        let mut phone = Phone::new();
        for event in &events {
            phone.happens(event);
            if let Some((now, uncertainty)) = phone.clock.firm() {
                let wrong = phone.truth.since(now).abs();
                // Whole seconds on the wire are the rest.
                prop_assert!(wrong <= uncertainty + 1_000, "{wrong} of {uncertainty}");
            }
        }
    }

    #[test]
    fn the_interval_of_a_tap_holds_the_tap(before in events(), between in events()) {
        let mut phone = Phone::new();
        for event in &before {
            phone.happens(event);
        }
        let (tapped, tap): (Timestamp, Evidence) = (phone.truth, phone.clock.evidence());
        // Each tap is a write.
        phone.happens(&Event::Writes);
        for event in &between {
            phone.happens(event);
        }
        let sync = phone.clock.evidence();
        let Interval { earliest, latest } = interval_of(&tap, &sync, phone.truth);
        let drift = phone.truth.since(tapped) * PPM / 1_000_000 + 2;
        prop_assert!(earliest <= latest && latest <= phone.truth);
        prop_assert!(earliest <= tapped.plus_millis(drift), "{earliest} for {tapped}");
        prop_assert!(latest >= tapped.plus_millis(-drift), "{latest} for {tapped}");
        // Exact in one boot session, where the phone knows the time.
        if tap.session == sync.session && phone.truth.since(sync.lower_bound) <= CALL_MILLIS {
            prop_assert_eq!(earliest, latest);
        }
    }
}
