//! Erasing under faults: a process that is killed while it erases, and an answer that comes when whom it is about is
//! gone.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stdout, reason = "tests")]

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use healthcode::resident::{Entry, Resident};
use healthcode::sync::{ExchangeStep, Method, Reply};
use healthcode_cli::time::World;
use healthcode_e2e::http;
use healthcode_e2e::phone::{Phone, at, config, config_of, ports, stay_in_wuhan};
use healthcode_e2e::server::ServerProcess;
use healthcode_faults::file::whole;
use healthcode_faults::{hex, unhex};
use rusqlite::Connection;

const DATABASE: &str = "HEALTHCODE_TEST_DATABASE";
const ROOT: &str = "HEALTHCODE_TEST_ROOT";
/// How many processes are killed; more by this variable.
const KILLS: &str = "HEALTHCODE_ERASE_KILLS";
const FEW: u32 = 60;

fn nowhere(root: Vec<u8>, database: &Path) -> healthcode::sync::Config {
    config_of("http://127.0.0.1:9".to_owned(), root, database)
}

/// What the killed process does. It is no test by itself: without the variables it has nothing to do.
#[test]
fn child_that_erases() {
    let Ok(database) = std::env::var(DATABASE) else { return };
    let config = nowhere(unhex(&std::env::var(ROOT).unwrap()), Path::new(&database));
    let resident = Resident::open(config, ports(&World::new(at(11, 10, 0)), 7).0).unwrap();
    println!("\nready");
    resident.erase(None).unwrap();
    println!("\nerased");
}

fn sealed_key(database: &Path) -> Vec<u8> {
    let file = Connection::open(database).unwrap();
    file.query_row("SELECT sealed FROM vault_key", [], |row| row.get(0)).unwrap()
}

fn files(folder: &Path) -> Vec<PathBuf> {
    std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect()
}

/// That a needle is in no file of a folder.
fn nowhere_in(folder: &Path, needle: &[u8]) {
    for path in files(folder) {
        let found = std::fs::read(&path).unwrap().windows(needle.len()).any(|window| window == needle);
        assert!(!found, "in {}", path.display());
    }
}

#[test]
fn a_process_that_is_killed_while_it_erases_leaves_everything_or_in_the_end_nothing() {
    let server = ServerProcess::start(World::new(at(11, 9, 0)));
    let mut phone = Phone::open(&server, "phone.db");
    phone.become_yellow(&server);
    phone.tap().unwrap();
    phone.resident.shut_down().unwrap();
    let source = server.folder.path().join("phone.db");
    let key = sealed_key(&source);
    let kills = std::env::var(KILLS).ok().and_then(|kills| kills.parse().ok()).unwrap_or(FEW);

    let (mut everything, mut cut_off, mut nothing) = (0, 0, 0);
    for kill in 0..kills {
        let folder = tempfile::TempDir::new().unwrap();
        let database = folder.path().join("phone.db");
        std::fs::copy(&source, &database).unwrap();
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "child_that_erases", "--nocapture"])
            .env(DATABASE, &database)
            .env(ROOT, hex(&server.root_key()))
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
        assert!(lines.any(|line| line == "ready"), "the child opens the file");
        // From at once to after its end.
        std::thread::sleep(Duration::from_micros(u64::from(kill * 37 % 60) * 600));
        child.kill().unwrap();
        child.wait().unwrap();

        let begun = folder.path().join("phone.db.erasing").exists();
        let left = database.exists();
        let resident =
            Resident::open(nowhere(server.root_key(), &database), ports(&server.world, 7).0).unwrap();
        let subjects = resident.home().unwrap().subjects.len();
        resident.shut_down().unwrap();
        whole(&database);
        match (begun, left) {
            (true, _) => cut_off += 1,
            (false, true) => everything += 1,
            (false, false) => nothing += 1,
        }
        if begun || !left {
            assert_eq!(subjects, 0);
            nowhere_in(folder.path(), &key);
            assert!(files(folder.path()).len() <= 2, "a new file and the lock's: {:?}", files(folder.path()));
        } else {
            assert_eq!(subjects, 1, "what has not begun has done nothing");
        }
    }
    println!("erasing: {kills} kills, {everything} before it began, {cut_off} in it, {nothing} after it");
    assert!(cut_off > 0, "no kill met an erasure");
}

/// Makes a call over a socket of its own, and brings the reply.
fn answer(server: &ServerProcess, step: ExchangeStep) -> Option<Reply> {
    let ExchangeStep::Send { call } = step else { return None };
    let method = if call.method == Method::Post { "POST" } else { "GET" };
    let mut headers = vec![("Content-Type", "application/json")];
    headers.extend(call.signature.as_deref().map(|value| (healthcode::wire::SIGNATURE_HEADER, value)));
    let answer = http::send(server.port(), method, &call.path, &headers, &call.body);
    let of = |line: &String| line.strip_prefix("content-type: ").map(str::to_owned);
    Some(Reply {
        status: answer.status,
        content_type: answer.headers.iter().find_map(of).unwrap(),
        retry_after: None,
        body: answer.body.into_bytes(),
    })
}

#[test]
fn an_answer_about_a_subject_that_was_erased_meanwhile_brings_nothing_back() {
    let server = ServerProcess::start(World::new(at(11, 9, 0)));
    let mut phone = Phone::open(&server, "phone.db");
    phone.become_yellow(&server);
    phone.tap().unwrap();
    let exchange = phone.resident.exchange().unwrap();
    let reply = answer(&server, exchange.next(None).unwrap()).expect("the check-in is sent");
    assert_eq!(reply.status, 200);
    phone.resident.erase(Some(phone.subject.clone())).unwrap();
    let after = exchange.next(Some(reply));
    assert!(matches!(after, Ok(ExchangeStep::Done { .. })), "{after:?}");
    let home = phone.resident.home().unwrap();
    assert!(home.subjects.is_empty());
    let document = phone.resident.export(None).unwrap();
    assert!(!document.contains(&phone.subject) && !document.contains("11010519491231002X"));
    // The person can come back: the issuer still knows them, and this phone is told so.
    assert!(phone.sync().is_ok());
}

#[test]
fn an_exchange_under_way_ends_closed_when_everything_is_erased() {
    let server = ServerProcess::start(World::new(at(11, 9, 0)));
    let mut phone = Phone::open(&server, "phone.db");
    phone.become_yellow(&server);
    phone.record(Entry::Declaration { declaration: stay_in_wuhan() }).unwrap();
    let exchange = phone.resident.exchange().unwrap();
    let reply = answer(&server, exchange.next(None).unwrap());
    phone.resident.erase(None).unwrap();
    assert!(matches!(exchange.next(reply), Err(healthcode::HealthcodeError::Closed)));
    let database = server.folder.path().join("phone.db");
    assert!(!database.exists());
    let anew = Resident::open(config(&server, &database), ports(&server.world, 7).0).unwrap();
    assert!(anew.home().unwrap().subjects.is_empty());
}
