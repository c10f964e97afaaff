//! What a resident can try on a phone's clocks and its file, what the resident sees of it, and what the server judges:
//! a table, played with real phones against a server's process. The quarantine of everybody here is seven days from
//! 11 February 2020; whoever is not green by a check-in in each of them is not released.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, reason = "tests")]
#![allow(clippy::print_stdout, reason = "the table is for people, its count for tests/steps/faults.sh")]

mod scene;

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::process::Command;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use healthcode::platform::Ports;
use healthcode::resident::{CheckInState, QuarantineView, Resident, TimeNoticeKind};
use healthcode::rules::calendar::{LegalDate, Timestamp};
use healthcode::rules::colour::Colour;
use healthcode::rules::quarantine::Certainty;
use healthcode::rules::rulebook::Rulebook;
use healthcode_cli::time::World;
use healthcode_cli::vault::MemoryVault;
use healthcode_e2e::phone::{Phone, at, config, february};
use healthcode_e2e::server::ServerProcess;
use scene::Scene;

const MINUTE: i64 = 60_000;
const DAY: i64 = 24 * 60 * MINUTE;
/// Names the row that a child process plays.
const ROW: &str = "HEALTHCODE_TEST_ROW";

/// A row: what is tried, what the resident sees then, and what the server has judged after the next sync.
struct Cheat {
    name: &'static str,
    play: fn(&mut Scene),
    sees: &'static str,
    judges: &'static str,
    /// Played in a process of its own, in this time zone.
    zone: Option<&'static str>,
}

const fn cheat(name: &'static str, play: fn(&mut Scene), sees: &'static str, judges: &'static str) -> Cheat {
    Cheat { name, play, sees, judges, zone: None }
}

const CHEATS: [Cheat; 15] = [
    cheat(
        "wall clock forward a week",
        |scene| {
            scene.tap();
            scene.phone.clock.set_wall_off_by(7 * DAY);
            scene.pass(2 * 60 * MINUTE);
            scene.taps(6);
        },
        "1/7 on 11, due -, ClockAhead",
        "1/7: 11 certain, 6 x day-taken",
    ),
    cheat(
        "wall clock back a week, for a day that was missed",
        |scene| {
            scene.tap();
            scene.go_to(13, 10, 0);
            scene.phone.clock.set_wall_off_by(-7 * DAY);
            scene.taps(2);
        },
        "1/7 on 13, due -, ClockBehind",
        "1/7: 11 certain, 13 certain, 1 x day-taken",
    ),
    Cheat {
        zone: Some("Pacific/Kiritimati"),
        ..cheat(
            "time zone to UTC+14, and the clock to its local time",
            |scene| {
                scene.tap();
                scene.go_to(11, 23, 0);
                scene.phone.clock.set_wall_off_by(6 * 60 * MINUTE);
                scene.tap();
            },
            "1/7 on 11, due -, ClockAhead",
            "1/7: 11 certain, 1 x day-taken",
        )
    },
    cheat(
        "wall clock to the year 2038",
        |scene| {
            let there = Timestamp::from_seconds(i64::from(i32::MAX) + 1);
            scene.phone.clock.set_wall_off_by(there.since(scene.server.world.now()));
            scene.taps(7);
        },
        "1/7 on 11, due -, ClockAhead",
        "1/7: 11 certain, 6 x day-taken",
    ),
    cheat(
        "seven taps in a minute on day seven",
        |scene| {
            scene.go_to(17, 22, 0);
            for _ in 0..7 {
                scene.tap();
                scene.pass(8_000);
            }
        },
        "1/7 on 17, due -, -",
        "1/7: 17 certain, 6 x day-taken",
    ),
    cheat(
        "reboot offline",
        |scene| {
            scene.tap();
            scene.go_to(12, 8, 0);
            scene.phone.clock.restart();
            scene.go_to(12, 10, 0);
            scene.tap();
        },
        "1/7 on 11, due -, DayUnknown",
        "2/7: 11 ambiguous, 12 certain",
    ),
    cheat(
        "seven reboots, a tap after each",
        |scene| {
            for _ in 0..7 {
                scene.phone.clock.restart();
                scene.pass(MINUTE);
                scene.tap();
            }
        },
        "1/7 on 11, due -, DayUnknown",
        "1/7: 11 certain, 6 x day-taken",
    ),
    cheat(
        "power off over a day and tap late",
        |scene| {
            scene.tap();
            scene.go_to(13, 7, 0);
            scene.phone.clock.restart();
            scene.go_to(13, 8, 0);
            scene.tap();
        },
        "1/7 on 11, due -, DayUnknown",
        "1/7: 11 ambiguous, 13 certain",
    ),
    cheat(
        "the same on two days, and another reboot before the sync, so that nothing is exact",
        |scene| {
            scene.tap();
            scene.phone.sync().unwrap();
            for day in [13, 15] {
                scene.go_to(day, 7, 0);
                scene.phone.clock.restart();
                scene.go_to(day, 8, 0);
                scene.tap();
                scene.phone.clock.restart();
                scene.pass(MINUTE);
                if day == 13 {
                    scene.phone.sync().unwrap();
                    scene.tap();
                    scene.go_to(14, 8, 0);
                    scene.phone.sync().unwrap();
                }
            }
        },
        "4/7 on 14, due -, DayUnknown",
        "0/7: 11 certain, 12 ambiguous, 13 certain, 1 x unclear",
    ),
    cheat(
        "boot clock reset under the same boot id",
        |scene| {
            scene.tap();
            scene.phone.sync().unwrap();
            scene.go_to(12, 9, 0);
            assert_eq!(scene.sees(), "1/7 on 12, due 12, -");
            scene.phone.clock.reset_boot_clock();
            scene.go_to(12, 10, 0);
            scene.taps(2);
        },
        "2/7 on 12, due -, DayUnknown",
        "2/7: 11 certain, 12 certain, 1 x day-taken",
    ),
    cheat(
        "the same with the app closed, so that it is not seen",
        |scene| {
            scene.tap();
            scene.phone.sync().unwrap();
            scene.go_to(12, 9, 0);
            scene.phone.clock.reset_boot_clock();
            scene.go_to(12, 10, 0);
            scene.taps(2);
        },
        "1/7 on 11, due -, ClockAhead",
        "2/7: 11 certain, 12 ambiguous, 1 x day-taken",
    ),
    cheat(
        "database rolled back to yesterday's copy",
        |scene| {
            scene.tap();
            scene.phone.sync().unwrap();
            scene.copy_file();
            scene.go_to(12, 10, 0);
            scene.tap();
            scene.phone.sync().unwrap();
            scene.put_file_back();
            assert_eq!(scene.sees(), "1/7 on 12, due 12, -");
            scene.tap();
        },
        "2/7 on 12, due -, -",
        "2/7: 11 certain, 1 x day-taken",
    ),
    cheat(
        "database rolled back to yesterday's copy, and a reboot",
        |scene| {
            scene.tap();
            scene.phone.sync().unwrap();
            scene.copy_file();
            scene.go_to(12, 10, 0);
            scene.tap();
            scene.phone.sync().unwrap();
            scene.phone.clock.restart();
            scene.pass(60 * MINUTE);
            scene.put_file_back();
            assert_eq!(scene.sees(), "1/7 on 11, due -, DayUnknown");
            scene.tap();
        },
        "1/7 on 11, due -, DayUnknown",
        "2/7: 11 certain, 1 x day-taken",
    ),
    cheat(
        "rooted: the boot clock a day ahead before each of seven taps",
        |scene| {
            scene.rooted = true;
            for _ in 0..7 {
                scene.tap();
                scene.phone.clock.move_boot_clock(DAY);
            }
        },
        "7/7 on 18, due -, ClockBehind, connect to confirm",
        "1/7: 11 certain, 6 x day-taken",
    ),
    cheat(
        "rooted: six days of taps invented on day seven by the boot clock",
        |scene| {
            scene.go_to(17, 10, 0);
            scene.phone.clock.move_boot_clock(-6 * DAY);
            for _ in 0..7 {
                scene.tap();
                scene.phone.clock.move_boot_clock(DAY);
            }
            scene.phone.clock.move_boot_clock(-DAY);
            scene.pass(30 * MINUTE);
        },
        "7/7 on 17, due -, -",
        "3/7: 15 certain, 16 certain, 17 certain, 4 x too-old",
    ),
];

/// Plays a row: what the resident sees, what the server judges. On the way, and on the day of the release that would
/// be due to somebody honest, nobody is released early.
fn played(cheat: &Cheat) -> [String; 2] {
    let mut scene = Scene::new();
    (cheat.play)(&mut scene);
    let sees = scene.sees();
    assert!(scene.rooted || scene.view().today <= scene.today(), "the lower bound has passed true time");
    scene.sync_and_check();
    let after = scene.view();
    assert!(after.time.sure && after.today <= scene.today(), "a sync tells the day, on a rooted phone too");
    assert!(!after.connect_to_confirm);
    let judges = scene.judges();
    scene.go_to(17, 23, 59);
    scene.sync_and_check();
    scene.go_to(18, 0, 1);
    scene.sync_and_check();
    [sees, judges]
}

/// What a process in another time zone plays. It is no test by itself: without the variable there is nothing to do.
#[test]
fn child_that_plays_a_row() {
    let Ok(name) = std::env::var(ROW) else { return };
    let row = CHEATS.iter().find(|cheat| cheat.name == name).unwrap();
    println!("\nplayed {}", played(row).join(" | "));
}

fn played_in(zone: &str, cheat: &Cheat) -> [String; 2] {
    let output = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "child_that_plays_a_row", "--nocapture"])
        .env("TZ", zone)
        .env(ROW, cheat.name)
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    let played = text.lines().find_map(|line| line.strip_prefix("played ")).expect(&text);
    let (sees, judges) = played.split_once(" | ").unwrap();
    [sees.to_owned(), judges.to_owned()]
}

#[test]
fn no_cheat_brings_the_release_nearer() {
    let play = |cheat: &Cheat| cheat.zone.map_or_else(|| played(cheat), |zone| played_in(zone, cheat));
    // Brought up to date once, not by each of them.
    healthcode_e2e::server::healthcode();
    let next = AtomicUsize::new(0);
    let outcomes = Mutex::new(BTreeMap::new());
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                while let Some(cheat) = CHEATS.get(next.fetch_add(1, Ordering::SeqCst)) {
                    let outcome = play(cheat);
                    outcomes.lock().unwrap().insert(cheat.name, outcome);
                }
            });
        }
    });
    let outcomes = outcomes.into_inner().unwrap();
    println!("\ncheat | resident sees | server judges");
    let mut wrong = Vec::new();
    for cheat in &CHEATS {
        let [sees, judges] = &outcomes[cheat.name];
        println!("{} | {sees} | {judges}", cheat.name);
        if (sees.as_str(), judges.as_str()) != (cheat.sees, cheat.judges) {
            wrong.push(cheat.name);
        }
    }
    println!("cheats: {}", outcomes.len());
    assert!(wrong.is_empty(), "otherwise than the table says: {wrong:?}");
}

#[test]
fn a_phone_that_does_not_know_the_day_says_so_and_keeps_the_check_in() {
    let mut scene = Scene::new();
    scene.tap();
    scene.phone.sync().unwrap();
    assert_eq!(scene.view().time.notice, None);
    scene.phone.clock.restart();
    scene.go_to(12, 10, 0);
    for time in [scene.phone.resident.home().unwrap().time, scene.view().time] {
        let notice = time.notice.expect("a notice");
        assert_eq!((time.sure, notice.kind), (false, TimeNoticeKind::DayUnknown));
        assert_eq!(notice.action.en, "Connect once so that this phone learns the day.");
        assert_eq!(notice.action.zh, "请联网一次，让手机获知日期。");
    }
    let recorded = scene.phone.tap().unwrap();
    assert_eq!(recorded.day, None);
    let state = |scene: &Scene| scene.view().check_ins.last().unwrap().state.clone();
    assert_eq!(state(&scene), CheckInState::Waiting { day: None });
    scene.phone.sync().unwrap();
    let counted = CheckInState::Counted { day: february(12), certainty: Certainty::Certain };
    assert_eq!(state(&scene), counted);
    assert_eq!(scene.view().time.notice, None);

    // The wall clock is another matter: the day is known, and its action another.
    scene.phone.clock.set_wall_off_by(-DAY);
    let notice = scene.view().time.notice.expect("a notice");
    assert_eq!(notice.kind, TimeNoticeKind::ClockBehind);
    assert_eq!(notice.action.en, "Set date and time to automatic.");
}
