//! Legal days are those of the rulebook's offset, wherever the phone is: the same examples in processes whose zone is
//! UTC-11, UTC+14, and New York across its change to summer time.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    missing_docs,
    reason = "tests"
)]

use std::process::Command;

use healthcode::rules::calendar::{LegalCalendar, LegalDate, Timestamp};
use healthcode::rules::quarantine::{
    Attribution, Certainty, DayState, NotCounted, Phase, Progress, Quarantine, Tap, attribute, progress,
};
use healthcode::rules::rulebook::Rulebook;
use healthcode::time::{Reading, TrustedClock};
use healthcode::token::{Anchor, BootSession};

/// A zone as POSIX writes it, which needs no zone files; its common name; what `date` says of it in the last second
/// before New York's summer time of 2020 begins, and in the next.
const ZONES: [(&str, &str, &str, &str); 4] = [
    ("SST11", "Pacific/Pago_Pago", "2020-03-07T19:59:59-1100", "2020-03-07T20:00:00-1100"),
    ("<+14>-14", "Pacific/Kiritimati", "2020-03-08T20:59:59+1400", "2020-03-08T21:00:00+1400"),
    ("EST5EDT,M3.2.0,M11.1.0", "America/New_York", "2020-03-08T01:59:59-0500", "2020-03-08T03:00:00-0400"),
    ("UTC0", "UTC", "2020-03-08T06:59:59+0000", "2020-03-08T07:00:00+0000"),
];
/// 2020-03-08T06:59:59Z.
const LAST_WINTER_SECOND: i64 = 1_583_650_799;

/// An instant that a watch in Shanghai shows.
fn shanghai(text: &str) -> Timestamp {
    let local = format!("{text}+08:00");
    Timestamp::from_millis(chrono::DateTime::parse_from_rfc3339(&local).unwrap().timestamp_millis())
}

fn date(text: &str) -> LegalDate {
    LegalDate::parse(text).unwrap()
}

/// Seven days from 5 March 2020 on, by the first rulebook; New York's summer time begins on the fourth of them.
fn order(late_until_minutes: u16) -> Quarantine {
    let mut terms = Rulebook::hangzhou_2020().terms();
    terms.late_until_minutes = late_until_minutes;
    let starts_on = date("2020-03-05");
    Quarantine { starts_on, days: 7, issued_at: shanghai("2020-03-05T00:00:00"), terms }
}

fn tap(at: Timestamp) -> Tap {
    Tap { earliest: at, latest: at, received: Some(at), late: false }
}

fn certain(day: &str) -> Attribution {
    Attribution::Counted { day: date(day), certainty: Certainty::Certain }
}

fn states(progress: &Progress) -> Vec<DayState> {
    progress.calendar.iter().map(|day| day.state).collect()
}

#[test]
fn a_legal_day_begins_at_midnight_in_shanghai_and_lasts_24_hours() {
    let calendar = LegalCalendar::new(480).unwrap();
    for day in 5..=11 {
        let today = LegalDate::from_ymd(2020, 3, day).unwrap();
        let (first, last) = (
            shanghai(&format!("2020-03-{day:02}T00:00:00")),
            shanghai(&format!("2020-03-{day:02}T23:59:59.999")),
        );
        assert_eq!((calendar.date_of(first), calendar.date_of(last)), (today, today));
        assert_eq!((calendar.start_of(today), calendar.end_of(today)), (first, last.plus_millis(1)));
        assert_eq!(calendar.date_of(last.plus_millis(1)), today.plus_days(1));
        assert_eq!(calendar.date_of(first.plus_millis(-1)), today.plus_days(-1));
        assert_eq!(calendar.local(last), format!("2020-03-{day:02}T23:59:59+08:00"));
    }
}

#[test]
fn seven_check_ins_in_the_last_millisecond_of_their_days_complete_an_order() {
    let order = order(0);
    let taps: Vec<_> = (5..=11).map(|day| tap(shanghai(&format!("2020-03-{day:02}T23:59:59.999")))).collect();
    let days = (5..=11).map(|day| certain(&format!("2020-03-{day:02}")));
    assert_eq!(attribute(&order, &taps), days.collect::<Vec<_>>());
    let release_at = shanghai("2020-03-12T00:00:00");
    let complete = progress(&order, &taps, taps[6].latest);
    assert_eq!((complete.phase, complete.counted), (Phase::Complete { release_at }, 7));
    // Each a millisecond later: the first day is missed, the last one is not yet there.
    let later: Vec<_> = taps.iter().map(|it| tap(it.earliest.plus_millis(1))).collect();
    let days = (6..=12).map(|day| certain(&format!("2020-03-{day:02}")));
    assert_eq!(attribute(&order, &later), days.collect::<Vec<_>>());
    let running = progress(&order, &later[..6], later[5].latest);
    assert_eq!((running.phase, running.counted), (Phase::Running, 6));
    assert_eq!(states(&running)[0], DayState::Missed);
    assert_eq!(running.earliest_release, Some(shanghai("2020-03-13T00:00:00")));
}

#[test]
fn midnight_in_shanghai_opens_the_next_day_and_closes_the_last_one_when_late_minutes_are_over() {
    for (late, last) in [(0, "2020-03-08T23:59:59.999"), (120, "2020-03-09T01:59:59.999")] {
        let order = order(late);
        let taps: Vec<_> = (5..=7).map(|day| tap(shanghai(&format!("2020-03-{day:02}T09:00:00")))).collect();
        let before = progress(&order, &taps, shanghai(last));
        let due = before.due.unwrap();
        assert_eq!((due.day, due.deadline), (date("2020-03-08"), shanghai(last).plus_millis(1)));
        assert_eq!(before.counted, 3);
        let after = progress(&order, &taps, due.deadline);
        assert_eq!((after.due.unwrap().day, after.counted), (date("2020-03-09"), 0));
        // Twice at the same midnight: for the day before where that is still taken, then for the day itself.
        let midnight = tap(shanghai("2020-03-09T00:00:00"));
        let first = if late == 0 {
            certain("2020-03-09")
        } else {
            Attribution::Counted { day: date("2020-03-08"), certainty: Certainty::Late }
        };
        let second = if late == 0 { Attribution::Not(NotCounted::DayTaken) } else { certain("2020-03-09") };
        assert_eq!(attribute(&order, &[midnight, midnight]), [first, second]);
    }
}

#[test]
fn a_wall_clock_in_another_zones_time_opens_no_day() {
    let order = order(120);
    let evening = shanghai("2020-03-08T23:59:59");
    for hours in [-11, -5, -4, 0, 14] {
        let wall = evening.plus_hours(hours);
        let mut reading = Reading { boot_id: "boot".to_owned(), boot_millis: 1_000, wall };
        let mut clock = TrustedClock::new(Timestamp::from_millis(0), &reading, BootSession([1; 8]));
        let anchor = Anchor {
            at: evening,
            epoch: 0,
            root_version: 1,
            trust_list_version: 1,
            rules_version: 1,
            policy_version: 0,
            nonce: None,
        };
        let asked = clock.evidence();
        let looked = clock.look(&reading, || unreachable!("the same boot"));
        looked.anchor(&anchor, [0; 32], &asked, 0).unwrap();
        reading.boot_millis += 999;
        clock.look(&reading, || unreachable!("the same boot"));
        assert_eq!(progress(&order, &[], clock.lower_bound()).today, date("2020-03-08"), "{hours}");
        // The drift allowance takes a millisecond from each begun ten seconds.
        reading.boot_millis += 2;
        clock.look(&reading, || unreachable!("the same boot"));
        assert_eq!(progress(&order, &[], clock.lower_bound()).today, date("2020-03-09"), "{hours}");
    }
}

/// The tests above, each in a process of its own for each zone.
#[test]
fn the_zone_of_the_phone_never_enters() {
    let tests = [
        "a_legal_day_begins_at_midnight_in_shanghai_and_lasts_24_hours",
        "seven_check_ins_in_the_last_millisecond_of_their_days_complete_an_order",
        "midnight_in_shanghai_opens_the_next_day_and_closes_the_last_one_when_late_minutes_are_over",
        "a_wall_clock_in_another_zones_time_opens_no_day",
    ];
    for zone in ZONES.into_iter().flat_map(|(posix, name, ..)| [posix, name]) {
        let this = std::env::current_exe().unwrap();
        let output = Command::new(this).arg("--exact").args(tests).env("TZ", zone).output().unwrap();
        let said = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success() && said.contains("4 passed"), "{zone}: {said}");
    }
}

/// The zones above are what their names say: a program that asks for local time is told so.
#[test]
#[cfg(target_os = "linux")]
fn the_zones_are_in_force_in_the_processes_that_have_them() {
    for (zone, _, before, after) in ZONES {
        for (second, expected) in [(LAST_WINTER_SECOND, before), (LAST_WINTER_SECOND + 1, after)] {
            let mut date = Command::new("date");
            date.args(["-d", &format!("@{second}"), "+%Y-%m-%dT%H:%M:%S%z"]).env("TZ", zone);
            let local = String::from_utf8(date.output().unwrap().stdout).unwrap();
            assert_eq!(local.trim_end(), expected, "{zone}");
        }
    }
}
