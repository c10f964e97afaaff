//! A file of every schema that was released, kept in the repository: a phone goes on with it as if nothing had
//! happened. What the core's own tests read value by value is opened here as an app opens it.

#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

use std::path::PathBuf;

use healthcode::HealthcodeError;
use healthcode::resident::{AppealInput, CheckInInput, CheckInState, Entry, Resident, TripInput};
use healthcode::rules::colour::Colour;
use healthcode::rules::exposure::TransportMode;
use healthcode::token::{Challenge, CodeText, Prefix};
use healthcode_cli::time::World;
use healthcode_cli::vault::MemoryVault;
use healthcode_e2e::phone::{Phone, at, config_of, february, li_si};
use healthcode_e2e::server::ServerProcess;
use healthcode_faults::file::{left_at, ports, released, started_at, whole};
use healthcode_faults::{hex, unhex};

/// Every frozen file with its root key.
fn frozen() -> Vec<(PathBuf, Vec<u8>)> {
    let files = std::fs::read_dir(released()).unwrap().map(|entry| entry.unwrap().path());
    let files = files.filter(|path| path.extension().is_some_and(|extension| extension == "sqlite"));
    let with_key = files.map(|path| {
        let root = std::fs::read_to_string(path.with_extension("root-key")).unwrap();
        (path, unhex(root.trim()))
    });
    with_key.collect()
}

#[test]
fn a_phone_goes_on_with_a_file_of_every_released_schema() {
    let frozen = frozen();
    assert!(!frozen.is_empty());
    for (file, root) in frozen {
        let folder = tempfile::TempDir::new().unwrap();
        let database = folder.path().join("phone.db");
        std::fs::copy(&file, &database).unwrap();
        let config = config_of("http://127.0.0.1:9".to_owned(), root, &database);
        let resident = Resident::open(config, ports(MemoryVault::with_key([7; 32]))).unwrap();

        let home = resident.home().unwrap();
        let [card] = home.subjects.as_slice() else { panic!("one subject") };
        assert_eq!((card.masked_name.as_str(), card.id_tail.as_str()), ("*三", "002X"));
        assert_eq!((card.colour, card.waiting, home.time.sure), (Some(Colour::Yellow), 2, true));
        assert_eq!(card.word.as_ref().map(|word| word.en.as_str()), Some("YELLOW"));
        let view = resident.quarantine(card.subject.clone()).unwrap().unwrap();
        let states: Vec<_> = view.check_ins.iter().map(|tap| tap.state.clone()).collect();
        let (judged, waiting) = states.split_at(3);
        assert!(judged.iter().all(|state| matches!(state, CheckInState::Counted { .. })), "{judged:?}");
        assert!(waiting.iter().all(|state| matches!(state, CheckInState::Waiting { .. })), "{waiting:?}");
        assert_eq!((view.counted, waiting.len()), (4, 2));
        assert!(resident.code(card.subject.clone(), None).is_ok());
        assert!(!resident.form(None).unwrap().questions.is_empty());
        let entry = Entry::CheckIn { check_in: CheckInInput { symptoms: Vec::new() } };
        resident.record(card.subject.clone(), entry).unwrap();
        assert_eq!(resident.home().unwrap().sync.waiting, 3);
        drop(resident);
        whole(&database);
    }
}

/// Makes the frozen file of the current schema, unless there is one: see the folder's README.
#[test]
#[ignore = "makes a file of the repository"]
fn freeze() {
    let mut server = ServerProcess::start(World::new(started_at()));
    let database = server.folder.path().join("phone.db");
    let mut phone = Phone::open(&server, "phone.db");
    phone.become_yellow(&server);
    for day in 11..=13 {
        server.world.go_to(at(day, 10, 0));
        phone.tap().unwrap();
        phone.sync().unwrap();
    }
    phone.ask(li_si()).unwrap();
    let challenge = Challenge::new([7; 16], "North gate", None).to_bytes();
    let challenge = CodeText::write(Prefix::Challenge, &challenge);
    phone.resident.code(phone.subject.clone(), Some(challenge)).unwrap();
    let trip = TripInput {
        mode: TransportMode::Train,
        number: "G7315".to_owned(),
        date: february(10),
        place: Some(7),
        from: "310000".to_owned(),
        to: "330100".to_owned(),
        departed_at: None,
        arrived_at: None,
    };
    let appeals = phone.resident.appeals(phone.subject.clone()).unwrap();
    let contested = appeals.contestable.first().unwrap();
    let draft = AppealInput {
        rating: contested.rating,
        rule: contested.reason.rule.clone(),
        text: "I was not there".to_owned(),
        statements: Vec::new(),
    };
    phone.resident.keep_appeal_draft(phone.subject.clone(), Some(draft)).unwrap();
    phone.resident.record_trip(phone.subject.clone(), trip).unwrap();
    server.kill();
    server.world.go_to(left_at());
    phone.tap().unwrap();
    phone.tap().unwrap();
    assert!(matches!(phone.sync(), Err(HealthcodeError::Network { .. })));
    drop(phone);

    let connection = rusqlite::Connection::open(&database).unwrap();
    connection.execute_batch("VACUUM; PRAGMA wal_checkpoint(TRUNCATE)").unwrap();
    let version: i64 = connection.query_row("PRAGMA user_version", [], |row| row.get(0)).unwrap();
    drop(connection);
    let file = released().join(format!("{version}.sqlite"));
    assert!(!file.exists(), "a released file is never changed");
    std::fs::write(file.with_extension("root-key"), hex(&server.root_key()) + "\n").unwrap();
    std::fs::copy(&database, &file).unwrap();
}
