//! The clock under random schedules of sleep, reboots, moved wall clocks, drift, slow anchors, relayed anchors and
//! restored files: the lower bound never passes true time, and the estimate is as near to it as it says.
//! `HEALTHCODE_SCHEDULES` sets how many.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, reason = "tests")]
#![allow(clippy::print_stdout, reason = "the counts are read by tests/steps/faults.sh")]

use std::cell::Cell;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use healthcode::platform::{ClockReading, DeviceClock, PortError, Ports};
use healthcode::resident::{Resident, TimeNoticeKind};
use healthcode::rules::calendar::Timestamp;
use healthcode::time::{Looked, Reading, TrustedClock};
use healthcode::token::{Anchor, BootSession, Signer, SoftwareKey};
use healthcode_cli::vault::MemoryVault;
use healthcode_e2e::phone::config_of;
use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestRunner};

/// 11 February 2020 at 9:00 in Hangzhou.
const START: Timestamp = Timestamp::from_seconds(1_581_382_800);
const MINUTE: i64 = 60_000;
const HOUR: i64 = 60 * MINUTE;
/// How far a boot clock may run fast or slow, in parts per million.
const PPM: i64 = 100;
/// Whole seconds on the wire, whole milliseconds of the boot clock.
const ROUNDING: i64 = 1_002;

/// How the platform names its starts, and what may happen to its boot clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Platform {
    /// As it should be.
    Sound,
    /// Every start bears the same name, as on devices that have no randomness yet when they make it.
    OneName,
    /// One start is named in several ways, as by an app that changes where it takes the name from.
    Renames,
    /// Its boot clock is set back, as in a virtual machine that is put back to a snapshot.
    SetsBack,
}

/// What happens. Durations are in milliseconds.
#[derive(Clone, Debug)]
enum Event {
    /// Time passes, awake or asleep, without a look, and the boot clock runs fast (positive) or slow.
    Passes { millis: i64, ppm: i64 },
    /// The app looks at the clock; once a minute it is written.
    Looks,
    /// The app writes something, and the clock with it.
    Writes,
    /// The device is off for a while, then up for a while without a look. Cleanly, or losing what was not written.
    Reboots { off: i64, up: i64, cleanly: bool },
    /// The app is killed and started.
    Restarts,
    /// Somebody sets the wall clock so far from true time.
    WallMoves { by: i64 },
    /// An exchange: the request is under way, then the answer.
    Syncs { there: i64, back: i64 },
    /// A gate relays an anchor of this age.
    Relayed { age: i64 },
    /// Somebody puts back a file as it was written so many writes ago.
    Restored { back: usize },
    /// The platform names this start otherwise.
    Renamed,
    /// The boot clock is set back.
    SetBack { by: i64 },
}

/// Four numbers become an event: one strategy of numbers makes and shrinks schedules many times faster than one of events.
fn event([kind, first, second, third]: [u32; 4]) -> Event {
    let below = |number: u32, limit: i64| i64::from(number) % limit;
    let span = |number: u32| below(number, if number.is_multiple_of(2) { 2 * MINUTE } else { 40 * HOUR });
    let delay = |number: u32| below(number, if number.is_multiple_of(5) { 10 * MINUTE } else { 2_000 });
    match kind % 32 {
        0..8 => Event::Passes { millis: span(first), ppm: below(second, 2 * PPM + 1) - PPM },
        8..12 => Event::Looks,
        12..14 => Event::Writes,
        14..17 => Event::Reboots {
            off: below(first, 72 * HOUR),
            up: span(second),
            cleanly: third.is_multiple_of(2),
        },
        17 => Event::Restarts,
        18 => Event::WallMoves {
            by: if first.is_multiple_of(8) { i64::MIN } else { below(first, 800 * HOUR) - 400 * HOUR },
        },
        19 => Event::WallMoves { by: i64::MAX },
        20..26 => Event::Syncs { there: delay(first), back: delay(second) },
        26..28 => Event::Relayed { age: below(first, 100 * HOUR) },
        28 => Event::Restored { back: (first % 20) as usize },
        29 => Event::Renamed,
        _ => Event::SetBack { by: below(first, 200 * HOUR) },
    }
}

fn schedule() -> impl Strategy<Value = (Platform, Vec<Event>)> {
    let draws = prop::collection::vec(any::<[u32; 4]>(), 1..60);
    (0..8_usize, draws).prop_map(|(platform, draws)| {
        let others = [Platform::OneName, Platform::Renames, Platform::SetsBack];
        let platform = others.get(platform).copied().unwrap_or(Platform::Sound);
        (platform, draws.into_iter().map(event).collect())
    })
}

/// A phone and the true time around it, both in millionths of a millisecond so that drift adds up exactly.
struct Device {
    platform: Platform,
    truth: i128,
    boot: i128,
    name: u32,
    wall_error: i64,
    clock: TrustedClock,
    looks: u64,
    written_at: i64,
    written: Vec<TrustedClock>,
    /// When each anchor was taken, in true time, and how long its exchange took.
    taken: Vec<(Timestamp, i64)>,
}

impl Device {
    fn new(platform: Platform) -> Self {
        let truth = START;
        let reading = Reading { boot_id: "0".to_owned(), boot_millis: 5_000, wall: truth };
        let clock = TrustedClock::new(truth, &reading, BootSession([0; 8]));
        Self {
            platform,
            truth: i128::from(truth.millis()) * 1_000_000,
            boot: 5_000_000_000,
            name: 0,
            wall_error: 0,
            written: vec![clock.clone()],
            clock,
            looks: 0,
            written_at: 5_000,
            taken: Vec::new(),
        }
    }

    fn truth(&self) -> Timestamp {
        Timestamp::from_millis(i64::try_from(self.truth / 1_000_000).unwrap())
    }

    fn reading(&self) -> Reading {
        Reading {
            boot_id: self.name.to_string(),
            boot_millis: i64::try_from(self.boot / 1_000_000).unwrap(),
            wall: self.truth().plus_millis(self.wall_error),
        }
    }

    fn pass(&mut self, millis: i64, ppm: i64) {
        self.truth += i128::from(millis) * 1_000_000;
        self.boot += i128::from(millis) * i128::from(1_000_000 + ppm);
    }

    fn look(&mut self) -> Looked<'_> {
        let reading = self.reading();
        let session = self.clock.evidence().session;
        self.looks += 1;
        let fresh = BootSession(self.looks.to_be_bytes());
        self.clock.look(&reading, || fresh);
        // As the phone does: once a minute, and after a start of the device.
        if self.clock.evidence().session != session || reading.boot_millis - self.written_at >= MINUTE {
            self.write();
        }
        self.clock.look(&reading, || unreachable!("it is the same reading"))
    }

    fn write(&mut self) {
        self.written_at = self.clock.evidence().boot_millis;
        self.written.push(self.clock.clone());
    }

    fn open(&mut self) {
        self.clock = self.written.last().unwrap().clone();
        self.written_at = i64::MIN / 2;
    }

    fn sync(&mut self, there: i64, back: i64) {
        self.look();
        let asked = self.clock.evidence();
        self.pass(there, 0);
        let anchor = anchor(Timestamp::from_seconds(self.truth().seconds()));
        self.pass(back, 0);
        let mut digest = [0; 32];
        digest[..8].copy_from_slice(&self.taken.len().to_be_bytes());
        self.taken.push((self.truth(), there + back));
        self.look().anchor(&anchor, digest, &asked, 0).unwrap();
        assert!(self.clock.lower_bound() >= anchor.at);
        self.write();
    }

    fn happens(&mut self, event: &Event) {
        match *event {
            Event::Passes { millis, ppm } => self.pass(millis, ppm),
            Event::Looks => {
                self.look();
            }
            Event::Writes => {
                self.look();
                self.write();
            }
            Event::Reboots { off, up, cleanly } => {
                if cleanly {
                    self.look();
                    self.write();
                }
                self.truth += i128::from(off + up) * 1_000_000;
                self.boot = i128::from(up) * 1_000_000;
                self.name += u32::from(self.platform != Platform::OneName);
                self.open();
            }
            Event::Restarts => self.open(),
            Event::WallMoves { by } => self.wall_error = by,
            Event::Syncs { there, back } => self.sync(there, back),
            Event::Relayed { age } => {
                let relayed = anchor(self.truth().plus_millis(-age));
                self.look().raise(&relayed, 0);
                assert!(self.clock.lower_bound() >= relayed.at);
            }
            Event::Restored { back } => {
                let place = self.written.len().saturating_sub(back + 1);
                self.written.push(self.written[place].clone());
                self.open();
            }
            Event::Renamed if self.platform == Platform::Renames => self.name += 1,
            Event::SetBack { by } if self.platform == Platform::SetsBack => {
                self.boot = (self.boot - i128::from(by) * 1_000_000).max(0);
            }
            Event::Renamed | Event::SetBack { .. } => {}
        }
    }

    /// What a look would find now. Says whether there is an estimate.
    fn check(&self) -> bool {
        let mut clock = self.clock.clone();
        clock.look(&self.reading(), || BootSession([255; 8]));
        let (truth, bound) = (self.truth(), clock.lower_bound());
        assert!(bound <= truth, "the lower bound {bound} has passed {truth}");
        let Some(estimate) = clock.estimate() else {
            assert_eq!(clock.firm(), None);
            return false;
        };
        if matches!(self.platform, Platform::OneName | Platform::SetsBack) {
            // Nobody can tell such a start from time that passes: only the bound is promised.
            return true;
        }
        let digest = clock.evidence().anchor.expect("an estimate is of an anchor").0;
        let (taken, round_trip) = self.taken[usize::from_be_bytes(digest[..8].try_into().unwrap())];
        let drift = truth.since(taken) * 2 * PPM / 1_000_000 + 2;
        let wrong = truth.since(estimate).abs();
        assert!(wrong <= round_trip + drift + ROUNDING, "{wrong} ms after {round_trip} and {drift}");
        assert!(estimate.since(bound) <= drift, "{bound} lies far behind {estimate}");
        if let Some((firm, uncertainty)) = clock.firm() {
            assert!(
                truth.since(firm).abs() <= uncertainty + ROUNDING,
                "{wrong} ms are more than {uncertainty}"
            );
        }
        true
    }
}

fn anchor(at: Timestamp) -> Anchor {
    let (epoch, root_version, trust_list_version, rules_version, policy_version) = (0, 1, 1, 1, 0);
    Anchor { at, epoch, root_version, trust_list_version, rules_version, policy_version, nonce: None }
}

/// Plays so many schedules, each to its end. How many were, how often the clock was judged, and how often with an estimate.
fn play(cases: u32) -> [u32; 3] {
    let config = Config {
        cases,
        failure_persistence: None,
        rng_algorithm: RngAlgorithm::XorShift,
        ..Config::default()
    };
    let [schedules, checks, estimates] = [const { Cell::new(0) }; 3];
    let ran = TestRunner::new(config).run(&schedule(), |(platform, events)| {
        let mut device = Device::new(platform);
        for event in &events {
            device.happens(event);
            checks.set(checks.get() + 1);
            estimates.set(estimates.get() + u32::from(device.check()));
        }
        schedules.set(schedules.get() + 1);
        Ok(())
    });
    ran.unwrap();
    [schedules.get(), checks.get(), estimates.get()]
}

#[test]
fn whatever_happens_to_a_phone_the_lower_bound_never_passes_true_time() {
    let cases: u32 = std::env::var("HEALTHCODE_SCHEDULES").map_or(20_000, |cases| cases.parse().unwrap());
    let played = std::thread::scope(|scope| {
        [cases / 2, cases - cases / 2]
            .map(|cases| scope.spawn(move || play(cases)))
            .map(|half| half.join().unwrap())
    });
    let [schedules, checks, estimates] = [0, 1, 2].map(|place| played[0][place] + played[1][place]);
    assert!(estimates > checks / 5, "there is an estimate often enough to judge it");
    println!("schedules: {schedules}");
}

/// A clock that is a millisecond further at each reading, and lets other threads read it before it answers.
struct Ticking(AtomicI64);

impl DeviceClock for Ticking {
    fn read(&self) -> Result<ClockReading, PortError> {
        let boot_millis = self.0.fetch_add(1, Ordering::SeqCst);
        std::thread::yield_now();
        Ok(ClockReading { boot_id: "one".to_owned(), boot_millis, wall: START })
    }
}

#[test]
fn threads_that_look_at_once_count_no_time_twice() {
    let folder = tempfile::TempDir::new().unwrap();
    let root = SoftwareKey::from_seed(&[1; 32]).public_key().to_cose();
    let config = config_of("http://127.0.0.1:9".to_owned(), root, &folder.path().join("phone.db"));
    let floor = config.built_at;
    // Up for ten days: a reading that is taken for one after a restart would add them all.
    let started = 240 * HOUR;
    let clock = Arc::new(Ticking(AtomicI64::new(started)));
    let ports = Ports { vault: MemoryVault::with_key([7; 32]), clock: clock.clone(), log: None };
    let resident = Resident::open(config, ports).unwrap();
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| (0..200).for_each(|_| drop(resident.home().unwrap())));
        }
    });
    let time = resident.home().unwrap().time;
    let read = clock.0.load(Ordering::SeqCst) - started;
    assert!((400..=read).contains(&time.now.since(floor)), "{} in {read} readings", time.now.since(floor));
    assert_eq!((time.sure, time.notice.map(|notice| notice.kind)), (false, Some(TimeNoticeKind::DayUnknown)));
}
