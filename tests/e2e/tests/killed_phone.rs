//! A phone's process that is killed: what it said was recorded is there when the file is opened again. And a second
//! process beside a living one: it is told that the file is busy.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stdout, reason = "tests")]

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};

use healthcode::resident::Resident;
use healthcode::{HealthcodeError, StorageKind};
use healthcode_cli::time::World;
use healthcode_e2e::phone::{Phone, at, config, config_of, ports};
use healthcode_e2e::server::ServerProcess;

const DATABASE: &str = "HEALTHCODE_TEST_DATABASE";
const SERVER: &str = "HEALTHCODE_TEST_SERVER";
const ROOT: &str = "HEALTHCODE_TEST_ROOT";

/// What the killed process does: opens the phone's file and records check-ins until the end. It is no test by
/// itself: without the variables that name a file it has nothing to do.
#[test]
fn child_that_records() {
    let Ok(database) = std::env::var(DATABASE) else { return };
    let root = std::env::var(ROOT).unwrap();
    let root: Vec<u8> = root.split(',').map(|byte| byte.parse().unwrap()).collect();
    let config = config_of(std::env::var(SERVER).unwrap(), root, Path::new(&database));
    let world = World::new(at(11, 10, 0));
    let resident = match Resident::open(config, ports(&world, 7).0) {
        Ok(resident) => resident,
        Err(error) => {
            println!("\nrefused {error:?}");
            return;
        }
    };
    let subject = resident.home().unwrap().subjects.first().unwrap().subject.clone();
    loop {
        let check_in = healthcode::resident::CheckInInput { symptoms: Vec::new() };
        let entry = healthcode::resident::Entry::CheckIn { check_in };
        let recorded = resident.record(subject.clone(), entry).unwrap();
        println!("\nrecorded {}", recorded.operation);
    }
}

fn child(server: &ServerProcess, database: &Path) -> Command {
    let root: Vec<String> = server.root_key().iter().map(ToString::to_string).collect();
    let mut command = Command::new(std::env::current_exe().unwrap());
    command
        .args(["--exact", "child_that_records", "--nocapture"])
        .env(DATABASE, database)
        .env(SERVER, server.url())
        .env(ROOT, root.join(","))
        .stdout(Stdio::piped())
        .stderr(Stdio::null());
    command
}

#[test]
fn what_was_recorded_survives_the_kill_of_the_phones_process() {
    let server = ServerProcess::start(World::new(at(11, 9, 0)));
    let database = server.folder.path().join("phone.db");
    let mut phone = Phone::open(&server, "phone.db");
    phone.become_yellow(&server);
    let subject = phone.subject.clone();
    drop(phone);

    let mut said = Vec::new();
    for round in 1..=5 {
        let mut child = child(&server, &database).spawn().unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
        let recorded = lines.filter_map(|line| line.strip_prefix("recorded ").map(str::to_owned));
        said.extend(recorded.take(3 * round));
        child.kill().unwrap();
        child.wait().unwrap();
    }
    assert_eq!(said.len(), 45);

    let mut phone = Phone::open(&server, "phone.db");
    phone.subject = subject;
    let view = phone.resident.quarantine(phone.subject.clone()).unwrap().expect("an order");
    let kept: Vec<_> = view.check_ins.iter().map(|tap| tap.operation.clone()).collect();
    assert!(said.iter().all(|operation| kept.contains(operation)), "nothing that was said is missing");
    // What a kill cut off between recording and saying may be there too; nothing is there twice, and all of it syncs.
    assert!(kept.len() <= said.len() + 5);
    let report = phone.sync().unwrap();
    assert_eq!((report.waiting, report.refused), (0, 0));
    assert_eq!(usize::try_from(report.accepted).unwrap(), kept.len());
}

#[test]
fn another_process_is_told_that_the_file_is_busy() {
    let server = ServerProcess::start(World::new(at(11, 9, 0)));
    let database = server.folder.path().join("phone.db");
    let mut phone = Phone::open(&server, "phone.db");
    phone.become_yellow(&server);
    let output = child(&server, &database).output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    let busy = HealthcodeError::Storage { kind: StorageKind::Busy };
    assert!(text.contains(&format!("refused {busy:?}")), "{text}");

    // In one process the same path is the same phone.
    let again = Resident::open(config(&server, &database), ports(&server.world, 7).0).unwrap();
    assert_eq!(again.home().unwrap(), phone.resident.home().unwrap());
}
