//! Random histories of a phone and its server over a line that breaks. `HEALTHCODE_HISTORIES` sets how many;
//! `HEALTHCODE_SEED` makes those of an earlier run again.

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "tests")]
#![allow(clippy::disallowed_methods, reason = "how long it took is printed, and decides nothing")]

use std::time::Instant;

use healthcode_faults::fault::Fault;
use healthcode_faults::history::{Declared, Entry, Event, Histories, Model, Start, beginning};
use healthcode_faults::play::{COUNTS, Play};
use proptest::test_runner::{Config, RngAlgorithm, TestError, TestRng, TestRunner};
use proptest_state_machine::{ReferenceStateMachine, StateMachineTest};

/// How many, where nobody says otherwise.
const HISTORIES: u32 = 2_000;
/// How many at once.
const THREADS: u32 = 2;
/// How many events a history has.
const EVENTS: std::ops::Range<usize> = 10..45;

fn variable<T: std::str::FromStr>(name: &str) -> Option<T> {
    std::env::var(name).ok()?.parse().ok()
}

fn run(cases: u32, seed: u64) -> Result<(), String> {
    let config = Config {
        cases,
        failure_persistence: None,
        max_shrink_iters: 3_000,
        max_shrink_time: 120_000,
        ..Config::default()
    };
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&seed.to_le_bytes());
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &bytes);
    let mut runner = TestRunner::new_with_rng(config.clone(), rng);
    let ran = runner.run(&Histories::sequential_strategy(EVENTS), |(model, events, seen)| {
        Play::test_sequential(config.clone(), model, events, seen);
        Ok(())
    });
    ran.map_err(|error| match error {
        TestError::Fail(reason, (model, events, _)) => {
            let events: Vec<_> = events.iter().map(|event| format!("    {event:?}")).collect();
            format!(
                "{reason}\n  seed {seed}; the least history from {:?}:\n{}",
                model.start,
                events.join("\n")
            )
        }
        TestError::Abort(reason) => format!("given up: {reason}"),
    })
}

#[test]
fn nothing_is_lost_and_nothing_comes_early_whatever_happens() {
    let histories = variable("HEALTHCODE_HISTORIES").unwrap_or(HISTORIES);
    let seed = variable("HEALTHCODE_SEED").unwrap_or_else(|| u64::from(std::process::id()) << 32);
    let from = Instant::now();
    // A failed history is made less a thousand times over, and fails each time: its last reason is printed below.
    std::panic::set_hook(Box::new(|_| {}));
    let threads: Vec<_> = (0..THREADS)
        .map(|thread| {
            let cases = histories / THREADS + u32::from(thread < histories % THREADS);
            std::thread::spawn(move || run(cases, seed + u64::from(thread)))
        })
        .collect();
    let failed: Vec<_> = threads.into_iter().filter_map(|thread| thread.join().unwrap().err()).collect();
    let _ = std::panic::take_hook();
    for (name, count) in COUNTS.lock().unwrap().iter() {
        println!("  {name}: {count}");
    }
    println!("  seconds: {}", from.elapsed().as_secs());
    // Between these two lines, by which `tests/run faults` finds it.
    for failed in &failed {
        println!("a promise is broken: {failed}\nend of the history");
    }
    assert!(failed.is_empty(), "a history in which a promise is broken is printed above");
    println!("histories: {histories}");
}

const fn unseen(which: u8) -> Event {
    Event::RestoreServer { which, unseen: true }
}

/// Plays one history.
fn play(start: Start, pause_millis: i64, events: Vec<Event>) {
    let model = Model::new(start, beginning(), pause_millis);
    Play::test_sequential(Config::default(), model, events, None);
}

#[test]
fn a_check_in_that_came_before_the_order_counts_on_neither_side() {
    // A green resident checks in with a cough, and the app syncs at once: yellow, from this second on.
    play(Start::Green, 0, vec![Event::Record(Entry::Tap(true)), Event::Heal]);
}

#[test]
fn a_request_that_is_held_back_for_a_day_does_not_date_its_check_in_a_day_later() {
    let on_its_way = vec![Event::Record(Entry::Tap(false)), Event::Sync(vec![Fault::Withheld])];
    let arrives = vec![Event::NextDay(600), Event::Late(0)];
    play(Start::Yellow, 1_000, [on_its_way, arrives].concat());
}

#[test]
fn a_request_that_is_held_back_longer_than_a_call_takes_does_not_date_its_check_in_later() {
    // The day's first sync fetches the trust list, and then brings the check-in.
    for millis in [1, 44_999, 45_000, 45_001, 60_000, 299_000, 301_000] {
        let tapped = vec![Event::NextDay(541), Event::Record(Entry::Tap(false))];
        let on_its_way = vec![Event::Sync(vec![Fault::Twice, Fault::Withheld])];
        let arrives = vec![Event::Pass(millis), Event::Late(0)];
        play(Start::Yellow, 0, [tapped, on_its_way, arrives].concat());
    }
}

#[test]
fn check_ins_about_midnight_after_a_week_without_a_line_count_for_their_days() {
    // A check-in of noon, and two of midnight: more than the order allows to be ambiguous.
    let week = vec![Event::NextDay(541); 7];
    let tap = |minutes| vec![Event::NextDay(minutes), Event::Record(Entry::Tap(false))];
    play(Start::Yellow, 0, [week, tap(720), tap(0), tap(0), vec![Event::Heal]].concat());
}

#[test]
fn a_server_that_was_rolled_back_gives_no_serial_twice() {
    let delivered = vec![Event::CopyPhone, Event::CopyServer, Event::Record(Entry::Tap(false)), Event::Heal];
    let rolled_back = vec![Event::CopyPhone, unseen(0), Event::RestorePhone(0)];
    let other = vec![Event::Record(Entry::Tap(false)), Event::Heal, Event::RestorePhone(1), Event::Heal];
    play(Start::Yellow, 1_000, [delivered, rolled_back, other].concat());
}

#[test]
fn a_request_that_comes_late_to_a_restored_server_gets_no_serial_of_what_was_lost() {
    let tap = || Event::Record(Entry::Tap(false));
    let delivered = vec![tap(), Event::CopyServer, Event::Sync(vec![Fault::Echoed]), Event::Pass(4), tap()];
    // All of it within the millisecond of the second check-in.
    let lost = vec![Event::Sync(Vec::new()), unseen(0), Event::Late(0), tap()];
    play(Start::Yellow, 0, [delivered, lost].concat());
}

#[test]
fn a_server_that_is_restored_twice_asks_for_what_it_lost_twice() {
    let delivered =
        vec![Event::CopyServer, Event::Record(Entry::Tap(false)), Event::Heal, Event::RestartServer];
    let twice = vec![unseen(0), Event::CopyServer, Event::Sync(Vec::new()), unseen(1), Event::Heal];
    play(Start::Yellow, 1_000, [delivered, twice].concat());
}

#[test]
fn an_older_answer_keeps_nothing_back_from_a_server_that_is_restored_again() {
    let tap = || Event::Record(Entry::Tap(false));
    let restored = |which| Event::RestoreServer { which, unseen: false };
    let first = vec![tap(), Event::CopyServer, Event::Heal, Event::CopyServer, tap(), Event::Heal];
    // The second time it has lost more, and the answer of the first time comes in the place of the one that says so.
    let twice = vec![restored(1), Event::Heal, restored(0), Event::Sync(vec![Fault::Stale(1)]), tap()];
    play(Start::Yellow, 1_000, [first, twice].concat());
}

#[test]
fn what_is_brought_back_after_it_was_judged_anew_is_said_to_the_phone() {
    let declare = || Event::Record(Entry::Declaration(Declared::Well));
    let before = vec![declare(), declare(), Event::Sync(Vec::new()), Event::Record(Entry::Tap(false))];
    // The request that is sent again after a stale answer is the one that arrives once more later.
    let judged = vec![Event::CopyServer, Event::Sync(vec![Fault::Stale(0), Fault::None, Fault::Echoed])];
    let lost = vec![Event::NextDay(360), Event::NextDay(360), unseen(0), Event::Pass(97_260_000)];
    let again = vec![Event::Late(0), Event::Sync(Vec::new()), Event::Heal];
    play(Start::Yellow, 0, [before, judged, lost, again].concat());
}

#[test]
fn a_check_in_that_came_late_once_more_keeps_its_place_before_the_one_that_was_lost_after_it() {
    let tap = || Event::Record(Entry::Tap(false));
    let delivered = vec![tap(), Event::CopyServer, Event::Sync(vec![Fault::Echoed]), tap()];
    // The server has lost both; the request with the first one arrives again before the phone comes.
    let lost = vec![Event::Sync(Vec::new()), unseen(0), Event::Late(0), Event::Sync(Vec::new())];
    for pause in [0, 1_000] {
        play(Start::Yellow, pause, [delivered.clone(), lost.clone()].concat());
    }
}
