//! What goes with time, over a real server: nothing before its time, and a phone that has forgotten is as good as one
//! that has not.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

use healthcode::platform::Ports;
use healthcode::resident::{EntryOutcome, JournalEntry, JournalEvent, Resident};
use healthcode::rules::colour::Colour;
use healthcode_cli::time::World;
use healthcode_e2e::phone::{Phone, at, at_home, config, ports};
use healthcode_e2e::server::ServerProcess;
use rusqlite::Connection;

const DAY: i64 = 24 * 3_600_000;

fn journal(phone: &Phone) -> Vec<JournalEntry> {
    phone.resident.journal(phone.subject.clone(), None).unwrap().entries
}

fn check_ins(entries: &[JournalEntry]) -> usize {
    entries.iter().filter(|entry| matches!(entry.event, JournalEvent::CheckedIn { .. })).count()
}

/// Yellow on the 11th of February, a check-in a day, green on the 18th.
fn served(server: &ServerProcess) -> Phone {
    let mut phone = Phone::open(server, "phone.db");
    phone.become_yellow(server);
    for day in 11..18 {
        server.world.go_to(at(day, 10, 0));
        phone.tap().unwrap();
        phone.sync().unwrap();
    }
    server.world.go_to(at(18, 9, 0));
    phone.sync().unwrap();
    assert_eq!(phone.card().colour, Some(Colour::Green));
    phone
}

/// The same phone, its app started again.
fn reopened(server: &ServerProcess, mut phone: Phone) -> Phone {
    phone.resident.shut_down().unwrap();
    let ports = Ports { clock: phone.clock.clone(), ..ports(&server.world, 7).0 };
    phone.resident = Resident::open(config(server, &server.folder.path().join("phone.db")), ports).unwrap();
    phone
}

#[test]
fn a_served_quarantine_is_forgotten_after_the_appeal_window_and_the_code_stays_green() {
    let server = ServerProcess::start(World::new(at(11, 9, 0)));
    let phone = served(&server);
    let told = journal(&phone);
    assert_eq!(check_ins(&told), 7);
    assert!(told.iter().any(|entry| matches!(
        &entry.event,
        JournalEvent::CheckedIn { outcome: EntryOutcome::Counted { .. }, .. }
    )));
    // Released on the morning of the 18th: two weeks later, less an hour.
    server.world.go_to(at(18, 8, 0).plus_millis(14 * DAY));
    phone.sync().unwrap();
    assert_eq!(check_ins(&journal(&phone)), 7);
    server.world.go_to(at(18, 10, 0).plus_millis(14 * DAY));
    phone.sync().unwrap();
    let left = journal(&phone);
    assert_eq!(check_ins(&left), 0);
    // The declaration that it answered is the latest: order and release say that it was served.
    assert!(left.iter().any(|entry| matches!(entry.event, JournalEvent::Declared { .. })));
    assert!(left.iter().any(|entry| matches!(entry.event, JournalEvent::Released { .. })));
    assert_eq!(phone.card().colour, Some(Colour::Green));

    // What waits is not lowered by a stay that was served.
    phone.tap().unwrap();
    assert_eq!(phone.card().colour, Some(Colour::Green));
    phone.sync().unwrap();
    phone.declare(at_home());
    assert_eq!(phone.card().colour, Some(Colour::Green));
    let code = phone.resident.code(phone.subject.clone(), None).unwrap();
    assert!(!code.lowered && !code.expired);
}

#[test]
fn a_phone_that_is_told_everything_again_forgets_it_again() {
    let server = ServerProcess::start(World::new(at(11, 9, 0)));
    let phone = served(&server);
    server.world.go_to(at(18, 10, 0).plus_millis(30 * DAY));
    phone.sync().unwrap();
    let after = journal(&phone).len();
    phone.resident.shut_down().unwrap();
    // As when the server no longer knows where the phone was: the next answer holds all that was ever said.
    let file = Connection::open(server.folder.path().join("phone.db")).unwrap();
    file.execute("UPDATE exchange SET cursor = NULL", []).unwrap();
    drop(file);
    let phone = reopened(&server, phone);
    let report = phone.sync().unwrap();
    assert!(report.decisions > 7, "everything came again: {report:?}");
    assert_eq!(journal(&phone).len(), after);
    assert_eq!(phone.card().colour, Some(Colour::Green));
}

#[test]
fn it_is_also_done_at_opening_and_never_by_the_phones_own_clock() {
    let server = ServerProcess::start(World::new(at(11, 9, 0)));
    let phone = served(&server);
    // A person sets the clock ahead by a year and starts the app again.
    phone.clock.set_wall_off_by(365 * DAY);
    let phone = reopened(&server, phone);
    assert_eq!(check_ins(&journal(&phone)), 7);
    // The boot clock counts through sleep: no sync is needed. It may be fast by a hundred parts in a million, and H
    // takes that off.
    server.world.go_to(at(18, 10, 0).plus_millis(14 * DAY));
    let phone = reopened(&server, phone);
    assert_eq!(check_ins(&journal(&phone)), 0);
}
