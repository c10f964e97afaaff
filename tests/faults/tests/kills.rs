//! Real kills: processes that end by SIGKILL at random instants, over the same files each time. Of a phone's process:
//! whatever it said was recorded or synced is there. Of the server's: whatever it answered for is there.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stdout, reason = "tests")]
#![allow(clippy::disallowed_methods, reason = "how long it took is printed, and decides nothing")]

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use healthcode::resident::{CheckInInput, Entry, Resident};
use healthcode_cli::time::{SocketClock, World};
use healthcode_e2e::phone::{Phone, at, config_of, ports, stay_in_wuhan};
use healthcode_e2e::server::ServerProcess;
use healthcode_faults::authority::{Authority, copy_companions};
use healthcode_faults::files;
use healthcode_faults::handset::read_only;
use healthcode_faults::ledger::Ledger;
use healthcode_server::ServerClock as _;

const PHONE_KILLS: u32 = 200;
const SERVER_KILLS: u32 = 50;
const FOLDER: &str = "HEALTHCODE_TEST_FOLDER";
const SERVER: &str = "HEALTHCODE_TEST_SERVER";
const ROOT: &str = "HEALTHCODE_TEST_ROOT";

/// A number below `below`, other at each call and each run.
fn random(below: u64) -> u64 {
    use std::hash::{BuildHasher as _, RandomState};
    RandomState::new().hash_one(below) % below
}

fn beginning() -> World {
    World::new(at(11, 9, 0))
}

fn check_in() -> Entry {
    Entry::CheckIn { check_in: CheckInInput { symptoms: Vec::new() } }
}

/// What the killed process does: check-ins and syncs without end, a line for each that is done. It is no test by
/// itself: without the variables that name a file it has nothing to do.
#[test]
fn child_that_checks_in_and_syncs() {
    let Ok(folder) = std::env::var(FOLDER) else { return };
    let folder = PathBuf::from(folder);
    let root: Vec<u8> = std::env::var(ROOT).unwrap().split(',').map(|byte| byte.parse().unwrap()).collect();
    let config = config_of(std::env::var(SERVER).unwrap(), root, &folder.join("phone.db"));
    // One start of the device, however often its app is killed.
    let world = beginning();
    let (ports, _) = ports(&world, 7);
    let true_time = SocketClock::connect(&folder.join("clock")).unwrap();
    world.go_to(true_time.now());
    let resident = Resident::open(config, ports).unwrap();
    let subject = resident.home().unwrap().subjects.first().unwrap().subject.clone();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let say = |line: &str| {
        println!("\n{line}");
        std::io::stdout().flush().unwrap();
    };
    say("open");
    loop {
        for _ in 0..random(4) {
            world.go_to(true_time.now());
            let recorded = resident.record(subject.clone(), check_in()).unwrap();
            say(&format!("recorded {}", recorded.operation));
        }
        say("syncing");
        let report = runtime.block_on(resident.sync(None)).unwrap();
        assert_eq!(report.waiting, 0);
        say("synced");
    }
}

fn child(server: &ServerProcess) -> Command {
    let root: Vec<String> = server.root_key().iter().map(ToString::to_string).collect();
    let mut command = Command::new(std::env::current_exe().unwrap());
    command
        .args(["--exact", "child_that_checks_in_and_syncs", "--nocapture"])
        .env(FOLDER, server.folder.path())
        .env(SERVER, server.url())
        .env(ROOT, root.join(","))
        .stdout(Stdio::piped())
        .stderr(Stdio::null());
    command
}

/// What a phone's file holds after a kill: sound, and in one unbroken row. The operations that wait and the others.
fn sound_outbox(phone: &Path, aside: &Path) -> (BTreeSet<String>, BTreeSet<String>) {
    files::copy_at_once(phone, aside, 0);
    let file = rusqlite::Connection::open(aside).unwrap();
    assert_sound(&file);
    let sql = "SELECT lower(hex(operation)), sequence, state FROM outbox ORDER BY sequence";
    let mut statement = file.prepare(sql).unwrap();
    let rows = statement
        .query_map([], |row| Ok((row.get::<_, String>(0)?, row.get::<_, i64>(1)?, row.get::<_, i64>(2)?)));
    let rows: Vec<_> = rows.unwrap().collect::<Result<_, _>>().unwrap();
    let (mut waiting, mut answered) = (BTreeSet::new(), BTreeSet::new());
    for ((operation, sequence, state), place) in rows.into_iter().zip(0..) {
        assert_eq!(sequence, place, "the segment has no gap");
        if state == 0 { &mut waiting } else { &mut answered }.insert(operation);
    }
    (waiting, answered)
}

fn assert_sound(file: &rusqlite::Connection) {
    let said: String = file.query_row("PRAGMA integrity_check", [], |row| row.get(0)).unwrap();
    assert_eq!(said, "ok");
}

fn operations(server: &Path) -> BTreeSet<String> {
    let file = read_only(server);
    let mut statement = file.prepare("SELECT lower(hex(operation)) FROM operation").unwrap();
    let rows = statement.query_map([], |row| row.get(0));
    rows.unwrap().collect::<Result<_, _>>().unwrap()
}

/// What a server's files say of a subject, every signature verified and the chain unbroken.
fn audited(database: &Path, world: &World, subject: &str) -> Ledger {
    let folder = files::folder();
    let copy = folder.path().join("server.db");
    files::copy_at_once(database, &copy, 0);
    copy_companions(database, &copy);
    let authority = Authority::open(folder.path(), world);
    let ledger = Ledger::read(authority.database(), &authority.trust(), subject);
    ledger.assert_continuous();
    assert!(ledger.delivered.iter().all(|delivered| delivered.receipt.accepted));
    let judged = ledger.state.order.iter().flat_map(|order| &order.check_ins);
    let judged: Vec<_> = judged.map(|check_in| check_in.operation).collect();
    assert_eq!(judged.iter().collect::<BTreeSet<_>>().len(), judged.len(), "each takes effect once");
    ledger
}

#[test]
fn what_a_phone_said_survives_two_hundred_kills() {
    let mut server = ServerProcess::start(beginning());
    let database = server.folder.path().join("phone.db");
    let aside = files::folder();
    let mut phone = Phone::open(&server, "phone.db");
    phone.become_yellow(&server);
    let subject = phone.subject.clone();
    drop(phone);

    let from = Instant::now();
    let (mut recorded, mut synced) = (BTreeSet::new(), BTreeSet::new());
    let (mut amid_sync, mut amid_record) = (0, 0);
    for round in 0..PHONE_KILLS {
        server.world.pass(i64::try_from(random(40)).unwrap() * 60_000 + 1_234);
        let mut child = child(&server).spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
        // Mostly counted from when it has the file open; each tenth is killed as it opens it.
        if round % 10 > 0 {
            assert!(lines.any(|line| line == "open"), "the file opens after a kill");
        }
        let reader = std::thread::spawn(move || lines.collect::<Vec<_>>());
        std::thread::sleep(Duration::from_micros(random(90_000)));
        child.kill().unwrap();
        child.wait().unwrap();

        let mut last = String::new();
        for line in reader.join().unwrap() {
            if let Some(operation) = line.strip_prefix("recorded ") {
                recorded.insert(operation.to_owned());
            } else if line == "synced" {
                synced.clone_from(&recorded);
            }
            if !line.is_empty() {
                last = line;
            }
        }
        if last == "syncing" {
            amid_sync += 1;
        } else {
            amid_record += 1;
        }
        let (waiting, answered) = sound_outbox(&database, &aside.path().join("phone.db"));
        let missing: Vec<_> =
            recorded.iter().filter(|id| !waiting.contains(*id) && !answered.contains(*id)).collect();
        assert!(missing.is_empty(), "recorded and lost: {missing:?}");
        assert!(synced.is_subset(&answered), "synced, and waits again");
        let there = operations(&server.folder.path().join("server.db"));
        assert!(answered.is_subset(&there), "a receipt for nothing");
        // What a kill cut off between recording and saying so was recorded too.
        recorded.extend(waiting);
        recorded.extend(answered);
    }
    let phone = Phone::open(&server, "phone.db");
    let report = phone.sync().unwrap();
    assert_eq!((report.waiting, report.refused), (0, 0));
    drop(phone);
    server.kill();
    let ledger = audited(&server.folder.path().join("server.db"), &server.world, &subject);
    let there: BTreeSet<_> =
        ledger.operations().iter().filter(|id| recorded.contains(*id)).cloned().collect();
    assert_eq!(there, recorded, "the server has each");
    println!(
        "  phone: {} operations, {amid_sync} kills amid a sync, {amid_record} amid recording, {} s",
        recorded.len(),
        from.elapsed().as_secs()
    );
    println!("kills: {PHONE_KILLS}");
}

/// A phone that checks in and syncs until it is told to stop, whatever becomes of the server.
fn live(phone: &Phone, stop: &AtomicBool) -> u32 {
    let mut failed = 0;
    while !stop.load(Ordering::SeqCst) {
        for _ in 0..random(3) {
            phone.tap().unwrap();
        }
        if phone.sync().is_err() {
            failed += 1;
            std::thread::sleep(Duration::from_millis(3));
        }
    }
    failed
}

#[test]
fn what_a_server_answered_for_survives_fifty_kills() {
    let mut server = ServerProcess::start(beginning());
    let database = server.folder.path().join("server.db");
    let mut yellow = Phone::open(&server, "yellow.db");
    yellow.become_yellow(&server);
    let mut other = Phone::open(&server, "other.db");
    other.become_green(&server);
    other.declare(stay_in_wuhan());

    let from = Instant::now();
    let aside = files::folder();
    let copy = aside.path().join("copy.db");
    let stop = AtomicBool::new(false);
    let failed = std::thread::scope(|scope| {
        let phones = [("yellow.db", &yellow), ("other.db", &other)];
        let lives = phones.map(|(_, phone)| scope.spawn(|| live(phone, &stop)));
        for _ in 0..SERVER_KILLS {
            server.world.pass(i64::try_from(random(40)).unwrap() * 60_000 + 1_234);
            std::thread::sleep(Duration::from_micros(random(250_000)));
            server.kill();
            files::copy_at_once(&database, &copy, 0);
            assert_sound(&rusqlite::Connection::open(&copy).unwrap());
            let there = operations(&copy);
            for (name, _) in phones {
                let (_, answered) = sound_outbox(&server.folder.path().join(name), &aside.path().join(name));
                assert!(answered.is_subset(&there), "a receipt for nothing");
            }
            server.restart();
        }
        stop.store(true, Ordering::SeqCst);
        lives.map(|life| life.join().unwrap())
    });
    for phone in [&yellow, &other] {
        assert_eq!(phone.sync().unwrap().waiting, 0);
    }
    server.kill();
    let mut operations = 0;
    for (name, phone) in [("yellow.db", &yellow), ("other.db", &other)] {
        let ledger = audited(&database, &server.world, &phone.subject);
        let (waiting, answered) = sound_outbox(&server.folder.path().join(name), &aside.path().join(name));
        assert!(waiting.is_empty());
        assert_eq!(*ledger.operations(), answered, "phone and server have the same");
        let one = ledger.delivered.iter().map(|delivered| delivered.receipt.incarnation);
        assert_eq!(one.collect::<BTreeSet<_>>().len(), 1, "no kill makes another life of the database");
        operations += answered.len();
    }
    println!("  server: {operations} operations, {failed:?} failed syncs, {} s", from.elapsed().as_secs());
    println!("kills: {SERVER_KILLS}");
}
