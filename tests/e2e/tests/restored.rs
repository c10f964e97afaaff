//! What comes back older: a phone's file, a server's database, a phone that was replaced. Nothing that was recorded is
//! lost by it.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]

use std::path::Path;

use healthcode::resident::SubjectState;
use healthcode::rules::colour::Colour;
use healthcode_cli::time::World;
use healthcode_e2e::phone::{Phone, at, zhang_san};
use healthcode_e2e::server::ServerProcess;

/// Puts a copy of a closed database in the place of another.
fn put(copy: &Path, database: &Path) {
    for end in ["-wal", "-shm"] {
        let mut name = database.as_os_str().to_owned();
        name.push(end);
        let _ = std::fs::remove_file(name);
    }
    std::fs::copy(copy, database).unwrap();
}

fn counted(phone: &Phone) -> u16 {
    phone.resident.quarantine(phone.subject.clone()).unwrap().expect("an order in force").counted
}

fn day(server: &ServerProcess, phone: &Phone, day: u32) {
    server.world.go_to(at(day, 9, 0));
    phone.tap().unwrap();
    phone.sync().unwrap();
}

#[test]
fn a_phones_file_of_yesterday_goes_on_in_a_new_segment() {
    let server = ServerProcess::start(World::new(at(11, 8, 0)));
    let mut phone = Phone::open(&server, "phone.db");
    phone.become_yellow(&server);
    day(&server, &phone, 11);
    let database = phone.close();
    let copy = server.folder.path().join("yesterday");
    std::fs::copy(&database, &copy).unwrap();
    let phone = Phone::reopen(&server, "phone.db");
    day(&server, &phone, 12);
    day(&server, &phone, 13);
    assert_eq!(counted(&phone), 3);

    put(&copy, &phone.close());
    let phone = Phone::reopen(&server, "phone.db");
    server.world.go_to(at(14, 9, 0));
    // Two taps at places of the segment that the server gave to others: both are taken.
    phone.tap().unwrap();
    phone.tap().unwrap();
    let report = phone.sync().unwrap();
    assert_eq!((report.accepted, report.waiting), (2, 0));
    assert_eq!(counted(&phone), 4, "the server's judgements tell of the days that the file forgot");
    day(&server, &phone, 15);
    assert_eq!(counted(&phone), 5);
}

#[test]
fn a_servers_database_of_yesterday_takes_back_what_the_phone_holds() {
    let mut server = ServerProcess::start(World::new(at(11, 8, 0)));
    let mut phone = Phone::open(&server, "phone.db");
    phone.become_yellow(&server);
    day(&server, &phone, 11);
    server.terminate();
    let database = server.folder.path().join("server.db");
    let copy = server.folder.path().join("yesterday");
    std::fs::copy(&database, &copy).unwrap();
    server.restart();
    for number in 12..=16 {
        day(&server, &phone, number);
    }
    server.terminate();
    put(&copy, &database);
    server.restart();
    day(&server, &phone, 17);
    assert_eq!(counted(&phone), 7);
    server.world.go_to(at(18, 0, 1));
    phone.sync().unwrap();
    assert_eq!(phone.card().colour, Some(Colour::Green), "the days that only the phone knew were served");
}

#[test]
fn a_lost_database_is_cured_by_enrolling_again_on_the_same_phone() {
    let mut server = ServerProcess::start(World::new(at(11, 8, 0)));
    let mut phone = Phone::open(&server, "phone.db");
    phone.become_yellow(&server);
    for number in 11..=17 {
        day(&server, &phone, number);
    }
    server.terminate();
    for end in ["", "-wal", "-shm"] {
        let _ = std::fs::remove_file(server.folder.path().join(format!("server.db{end}")));
    }
    server.restart();
    server.world.go_to(at(18, 9, 0));
    let report = phone.sync().unwrap();
    assert_eq!(report.problems.first().expect("a problem").problem, "unknown-subject");
    assert_eq!(phone.card().state, SubjectState::Unknown);
    phone.enrol(&server, zhang_san());
    let card = phone.card();
    assert_eq!((card.state, card.colour), (SubjectState::Active, Some(Colour::Green)));
}

#[test]
fn what_a_replaced_phone_had_not_sent_is_taken_late() {
    let server = ServerProcess::start(World::new(at(11, 8, 0)));
    let mut first = Phone::open(&server, "first.db");
    first.become_yellow(&server);
    day(&server, &first, 11);
    let mut second = Phone::open(&server, "second.db");
    second.ask(zhang_san()).unwrap();
    second.confirm(&server.one_time_code().unwrap()).unwrap();
    server.world.go_to(at(12, 7, 0));
    first.tap().unwrap();
    // The first phone stays offline until it has been replaced.
    server.world.go_to(at(12, 9, 0));
    second.sync().unwrap();
    assert_eq!(counted(&second), 1, "a phone that has just come knows the days of the order");
    let report = first.sync().unwrap();
    assert_eq!((report.accepted, report.waiting), (1, 0));
    assert_eq!(report.problems.first().unwrap().problem, "replaced");
    assert_eq!(first.card().state, SubjectState::Replaced);
    second.sync().unwrap();
    assert_eq!(counted(&second), 2);
}
