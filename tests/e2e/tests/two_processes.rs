//! The story against a server that is a process of its own, and that is killed in the middle of it.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]

use std::process::Command;
use std::time::Duration;

use healthcode::HealthcodeError;
use healthcode::resident::CheckInState;
use healthcode::rules::colour::Colour;
use healthcode::rules::quarantine::Phase;
use healthcode_cli::time::World;
use healthcode_e2e::phone::{Phone, at, february};
use healthcode_e2e::server::ServerProcess;

#[test]
fn the_story_goes_on_after_the_server_is_killed() {
    let mut server = ServerProcess::start(World::new(at(11, 9, 0)));
    let mut phone = Phone::open(&server, "phone.db");
    phone.become_yellow(&server);
    assert_eq!(phone.card().colour, Some(Colour::Yellow));
    for day in 11..=17 {
        server.world.go_to(at(day, 9, 30));
        assert_eq!(phone.tap().unwrap().day, Some(february(day)));
        if day == 13 {
            server.kill();
            assert!(matches!(phone.sync(), Err(HealthcodeError::Network { .. })));
            assert_eq!(phone.card().waiting, 1);
            continue;
        }
        if day == 14 {
            server.restart();
        }
        let report = phone.sync().unwrap();
        assert_eq!((report.refused, report.waiting), (0, 0));
    }
    let view = phone.resident.quarantine(phone.subject.clone()).unwrap().expect("an order");
    assert_eq!(view.phase, Phase::Complete { release_at: at(18, 0, 0) });
    assert!(view.check_ins.iter().all(|tap| matches!(tap.state, CheckInState::Counted { .. })));

    // A minute early nothing is released; a minute later it is.
    server.world.go_to(at(17, 23, 59));
    phone.sync().unwrap();
    assert_eq!(phone.card().colour, Some(Colour::Yellow));
    server.kill();
    server.restart();
    server.world.go_to(at(18, 0, 1));
    phone.sync().unwrap();
    assert_eq!(phone.card().colour, Some(Colour::Green));
    assert_eq!(server.terminate(), Some(0), "SIGTERM is obeyed");
}

/// The server is killed at another moment of each exchange; every check-in arrives, and each once.
#[test]
fn nothing_is_lost_when_the_server_is_killed_during_an_exchange() {
    let mut server = ServerProcess::start(World::new(at(11, 9, 0)));
    let mut phone = Phone::open(&server, "phone.db");
    phone.become_yellow(&server);
    let mut recorded = Vec::new();
    for round in 0..10_u32 {
        server.world.pass(60_000);
        recorded.push(phone.tap().unwrap().operation);
        let pid = server.pid().to_string();
        let killer = std::thread::spawn(move || {
            std::thread::sleep(Duration::from_micros(u64::from(round) * 700));
            Command::new("kill").args(["-9", &pid]).status().unwrap();
        });
        // It may have succeeded, or failed at any point.
        let _ = phone.sync();
        killer.join().unwrap();
        server.kill();
        server.restart();
        let report = phone.sync().unwrap();
        assert_eq!((report.waiting, report.refused), (0, 0), "round {round}");
    }
    let view = phone.resident.quarantine(phone.subject.clone()).unwrap().expect("an order");
    let known: Vec<_> = view.check_ins.iter().map(|tap| tap.operation.clone()).collect();
    assert_eq!(known, recorded);
    assert_eq!(view.counted, 1, "ten taps of one day are one day");
    let judged = |tap: &&healthcode::resident::CheckInView| {
        matches!(tap.state, CheckInState::Counted { .. } | CheckInState::NotCounted { .. })
    };
    assert_eq!(view.check_ins.iter().filter(judged).count(), recorded.len());
}

#[test]
fn a_restart_of_the_phone_makes_its_time_unsure_until_it_has_synced() {
    let server = ServerProcess::start(World::new(at(11, 9, 0)));
    let mut phone = Phone::open(&server, "phone.db");
    phone.become_green(&server);
    assert_eq!(phone.card().colour, Some(Colour::Green));
    assert!(phone.resident.code(phone.subject.clone(), None).is_ok());
    phone.clock.restart();
    server.world.pass(1_000);
    let shown = phone.resident.code(phone.subject.clone(), None);
    assert_eq!(shown.map(|_| ()), Err(HealthcodeError::TimeUnsure));
    assert!(!phone.resident.home().unwrap().time.sure);
    phone.sync().unwrap();
    assert!(phone.resident.code(phone.subject.clone(), None).is_ok());
}
