//! What a person told the phone is looked for in everything that it leaves: its files, its log, what its values and
//! errors show of themselves. A search that finds nothing proves nothing, so each is shown to find what is there.

#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stdout, reason = "tests")]

use std::collections::HashMap;
use std::fmt::Debug;
use std::path::Path;
use std::process::Command;
use std::sync::{Arc, LazyLock, Mutex};

use healthcode::platform::{LogLevel, LogSink, PortError};
use healthcode::resident::{
    AnswerInput, AnswerValue, AppealInput, CheckInInput, DeclarationInput, Entry, IdentityForm, StayInput,
    TripInput,
};
use healthcode::rules::calendar::LegalDate;
use healthcode::rules::exposure::TransportMode;
use healthcode::sync::{ExchangeStep, SyncExchange};
use healthcode::token::{Challenge, CodeText, Prefix};
use healthcode::{HealthcodeError, error_text};
use healthcode_cli::time::World;
use healthcode_e2e::phone::{Phone, at, at_home, february, li_si, zhang_san};
use healthcode_e2e::server::ServerProcess;
use healthcode_faults::search::Search;
use rusqlite::Connection;
use tempfile::TempDir;

/// What the two residents tell: names, documents with a birthday in them, numbers, where they live and were, symptoms.
const SECRETS: &[&str] = &[
    "张三",
    "11010519491231002X",
    "19491231",
    "13800138000",
    "李四",
    "440524188001010014",
    "13900139000",
    "330100",
    "420100",
    "fever",
    "fatigue",
    "breath",
    "Wulin Gate",
    "K8417",
];

static SEARCH: LazyLock<Search> = LazyLock::new(|| Search::for_texts(SECRETS));

/// Every line of the log, from the phone's own place and from the libraries beneath it.
static LOG: Mutex<Vec<String>> = Mutex::new(Vec::new());

struct Sink;

impl LogSink for Sink {
    fn log(&self, level: LogLevel, line: String) -> Result<(), PortError> {
        LOG.lock().unwrap().push(format!("{level:?} {line}"));
        Ok(())
    }
}

impl log::Log for Sink {
    fn enabled(&self, _: &log::Metadata<'_>) -> bool {
        true
    }

    fn log(&self, record: &log::Record<'_>) {
        LOG.lock().unwrap().push(format!("{} {} {}", record.level(), record.target(), record.args()));
    }

    fn flush(&self) {}
}

/// What values and errors show of themselves, each with where it came from.
#[derive(Default)]
struct Shown(Vec<String>);

impl Shown {
    fn value<T: Debug>(&mut self, value: T) -> T {
        self.0.push(format!("{value:?} {value:#?}"));
        value
    }

    fn result<T: Debug>(&mut self, result: Result<T, HealthcodeError>) -> Result<T, HealthcodeError> {
        if let Err(error) = &result {
            self.0.push(format!("{error} {error:?} {:?} {:?}", error.text(), error_text(error.clone())));
        }
        self.value(result)
    }
}

fn answers(symptoms: &[&str]) -> DeclarationInput {
    let options = symptoms.iter().map(|symptom| (*symptom).to_owned()).collect();
    let answer = |question: &str, value| AnswerInput { question: question.to_owned(), value };
    DeclarationInput {
        answers: vec![
            answer("contact", AnswerValue::YesNo { yes: false }),
            answer("symptoms", AnswerValue::Any { options }),
        ],
        travel: vec![StayInput {
            region: "420100".to_owned(),
            from: LegalDate::from_ymd(2020, 1, 29).unwrap(),
            to: february(8),
        }],
    }
}

fn check_in(symptoms: &[&str]) -> Entry {
    let symptoms = symptoms.iter().map(|symptom| (*symptom).to_owned()).collect();
    Entry::CheckIn { check_in: CheckInInput { symptoms } }
}

/// A phone's whole life, with every value and error that comes of it.
fn live(server: &mut ServerProcess, phone: &mut Phone, shown: &mut Shown) {
    shown.value(zhang_san());
    let right = answers(&["fever", "breath"]);
    shown.value(right.clone());
    mistakes(phone, shown);
    shown.result(phone.ask(zhang_san())).unwrap();
    shown.result(phone.confirm("000000")).unwrap_err();
    let code = server.one_time_code().unwrap();
    shown.result(phone.confirm(&code)).unwrap();
    shown.result(phone.sync()).unwrap();

    let subject = phone.subject.clone();
    shown.result(phone.resident.preview(subject.clone(), right.clone())).unwrap();
    let entry = shown.value(Entry::Declaration { declaration: right });
    shown.result(phone.record(entry)).unwrap();
    shown.result(phone.sync()).unwrap();
    for day in 11..=13 {
        server.world.go_to(at(day, 10, 0));
        shown.result(phone.record(check_in(&["fever", "fatigue"]))).unwrap();
        shown.result(phone.sync()).unwrap();
    }
    shown.result(phone.ask(li_si())).unwrap();
    own_http(phone, shown);
    server.kill();
    let entry = shown.value(check_in(&["breath"]));
    shown.result(phone.record(entry)).unwrap();
    shown.result(phone.sync()).unwrap_err();
    screens(phone, &subject, shown);
}

/// What people get wrong: every error that repeats what was typed would show it here.
fn mistakes(phone: &Phone, shown: &mut Shown) {
    let mut wrong: Vec<IdentityForm> = Vec::new();
    for (name, number, telephone, region) in [
        ("张三\u{7}", "11010519491231002X", "+8613800138000", "330100"),
        ("张三", "110105194912310021", "+8613800138000", "330100"),
        ("张三", "11010519491231002X", "+8613800138000x", "330100"),
        ("张三", "11010519491231002X", "+8613800138000", "3301001"),
    ] {
        let form = IdentityForm {
            name: name.to_owned(),
            document_number: number.to_owned(),
            phone: telephone.to_owned(),
            region: region.to_owned(),
            ..zhang_san()
        };
        wrong.push(form);
    }
    for form in wrong {
        let problems = shown.result(phone.resident.check_identity(form.clone())).unwrap();
        assert!(!problems.is_empty(), "{}", form.name);
        shown.result(phone.ask(form.clone())).unwrap_err();
        shown.result(phone.resident.one_time_code_call(form)).unwrap_err();
    }
    shown.result(phone.resident.home()).unwrap();
    shown.result(phone.resident.code("张三".to_owned(), None)).unwrap_err();
    shown.result(phone.resident.record("11010519491231002X".to_owned(), check_in(&["fever"]))).unwrap_err();
    shown.result(phone.resident.scan("11010519491231002X".to_owned())).unwrap();
    shown.result(phone.resident.enrol_call("13800138000张三".to_owned())).unwrap_err();
}

/// The calls of an app's own HTTP stack, with bodies in them.
fn own_http(phone: &Phone, shown: &mut Shown) {
    shown.result(phone.resident.enrol_call("123456".to_owned())).unwrap();
    shown.result(phone.resident.one_time_code_call(li_si())).unwrap();
    phone.record(check_in(&["fatigue"])).unwrap();
    let exchange: Arc<SyncExchange> = shown.result(phone.resident.exchange()).unwrap();
    let step = shown.result(exchange.next(None)).unwrap();
    assert!(matches!(step, ExchangeStep::Send { .. }));
}

fn screens(phone: &Phone, subject: &str, shown: &mut Shown) {
    let resident = &phone.resident;
    shown.value(resident);
    let home = shown.result(resident.home()).unwrap();
    assert_eq!(home.subjects.len(), 1);
    let view = shown.result(resident.quarantine(subject.to_owned())).unwrap();
    assert_eq!(view.unwrap().check_ins.len(), 5);
    shown.result(resident.code(subject.to_owned(), None)).unwrap();
    let challenge =
        CodeText::write(Prefix::Challenge, &Challenge::new([7; 16], "Wulin Gate", None).to_bytes());
    shown.result(resident.code(subject.to_owned(), Some(challenge))).unwrap();
    assert_eq!(shown.result(resident.answered_challenges(subject.to_owned())).unwrap().len(), 1);
    let trip = TripInput {
        mode: TransportMode::Train,
        number: "k8417".to_owned(),
        date: february(12),
        place: Some(7),
        from: "420100".to_owned(),
        to: "330100".to_owned(),
        departed_at: None,
        arrived_at: None,
    };
    let trip = shown.value(trip);
    shown.result(resident.record_trip(subject.to_owned(), trip)).unwrap();
    assert_eq!(shown.result(resident.whereabouts(subject.to_owned())).unwrap().len(), 1);
    shown.result(resident.exposures(subject.to_owned())).unwrap();
    shown.result(resident.enter_venue(subject.to_owned(), "H4:K8417".to_owned())).unwrap_err();
    let draft = AppealInput {
        rating: 1,
        rule: "area-high".to_owned(),
        text: "张三 was at Wulin Gate, not in 420100, and had no fever".to_owned(),
        statements: vec!["call 13800138000".to_owned()],
    };
    let draft = shown.value(draft);
    shown.result(resident.keep_appeal_draft(subject.to_owned(), Some(draft))).unwrap();
    assert!(shown.result(resident.appeals(subject.to_owned())).unwrap().draft.is_some());
    // What is read again is the app's own to keep to itself; an answer and an error say nothing of it.
    let typed = HashMap::from([
        ("name".to_owned(), "张三".to_owned()),
        ("phone".to_owned(), "13800138000".to_owned()),
    ]);
    for whose in [None, Some(subject.to_owned())] {
        shown.result(resident.keep_draft(whose.clone(), "form".to_owned(), Some(typed.clone()))).unwrap();
        assert_eq!(resident.draft(whose, "form".to_owned()).unwrap().as_ref(), Some(&typed));
    }
    shown.result(resident.keep_draft(None, "张三".to_owned(), Some(typed))).unwrap_err();
    let new = shown.result(resident.handover_request()).unwrap();
    shown.result(resident.hand_over(subject.to_owned(), new.text)).unwrap();
    for wrong in [answers(&["fever", "plague"]), DeclarationInput { answers: Vec::new(), ..answers(&[]) }] {
        shown.result(resident.preview(subject.to_owned(), wrong.clone())).unwrap();
        shown.result(phone.record(Entry::Declaration { declaration: wrong })).unwrap_err();
    }
    let mut nowhere = answers(&["breath"]);
    "4201009".clone_into(&mut nowhere.travel.first_mut().unwrap().region);
    shown.result(phone.record(Entry::Declaration { declaration: nowhere })).unwrap_err();
    shown.result(phone.record(check_in(&["feverish"]))).unwrap_err();
    shown.result(phone.record(Entry::Declaration { declaration: at_home() })).unwrap();
}

/// Searches every file of a folder, and gives their names.
fn search_files(folder: &Path) -> Vec<String> {
    let mut names = Vec::new();
    for file in std::fs::read_dir(folder).unwrap() {
        let path = file.unwrap().path();
        let bytes = std::fs::read(&path).unwrap();
        assert_eq!(SEARCH.find(&bytes), Vec::<String>::new(), "{}", path.display());
        names.push(format!("{} ({} bytes)", path.file_name().unwrap().to_string_lossy(), bytes.len()));
    }
    names.sort();
    names
}

#[test]
fn nothing_that_a_person_told_is_in_any_file_line_value_or_error() {
    log::set_logger(&Sink).unwrap();
    log::set_max_level(log::LevelFilter::Trace);
    let mut server = ServerProcess::start(World::new(at(11, 9, 0)));
    let folder = TempDir::new().unwrap();
    let database = folder.path().join("phone.db");
    let mut phone = Phone::open_logging(&server, &database, Some(Arc::new(Sink)));
    let mut shown = Shown::default();
    live(&mut server, &mut phone, &mut shown);

    let open = search_files(folder.path());
    assert!(open.iter().any(|name| name.starts_with("phone.db-wal")), "{open:?}");
    drop(phone);
    let closed = search_files(folder.path());
    println!("files while open: {open:?}, closed: {closed:?}; {} forms", SEARCH.forms());

    let log = LOG.lock().unwrap().clone();
    for line in &log {
        assert_eq!(SEARCH.find(line.as_bytes()), Vec::<String>::new(), "{line}");
    }
    assert!(log.iter().any(|line| line.starts_with("Info sync")), "{log:?}");
    assert!(log.iter().any(|line| line.contains("reqwest")), "the libraries' lines are there too");
    for shown in &shown.0 {
        assert_eq!(SEARCH.find(shown.as_bytes()), Vec::<String>::new(), "{shown}");
    }
    println!("{} lines of log, {} values and errors", log.len(), shown.0.len());
    stock_sqlite_sees_sealed_values(&database);
    the_same_in_clear_is_found(&database);
}

/// The control: the same file with one text in clear, and the same texts in another database's rows.
fn the_same_in_clear_is_found(database: &Path) {
    let connection = Connection::open(database).unwrap();
    connection.execute("UPDATE exchange SET cursor = 'at 张三'", []).unwrap();
    drop(connection);
    assert_eq!(SEARCH.find(&std::fs::read(database).unwrap()), ["张三 as UTF-8"]);
    let folder = TempDir::new().unwrap();
    let clear = folder.path().join("clear.db");
    let connection = Connection::open(&clear).unwrap();
    connection.execute_batch("CREATE TABLE clear (body TEXT)").unwrap();
    for secret in SECRETS {
        connection.execute("INSERT INTO clear VALUES (?1)", [secret]).unwrap();
    }
    drop(connection);
    let found = SEARCH.find(&std::fs::read(&clear).unwrap());
    for secret in SECRETS {
        assert!(found.contains(&format!("{secret} as UTF-8")), "{secret}");
    }
}

/// Columns whose values are not sealed by the store: random ids, sequence, the sync's state, and the database key as
/// the vault sealed it.
const CLEAR: &[(&str, &[&str])] = &[
    ("vault_key", &["id", "sealed"]),
    ("document", &["name"]),
    ("subject", &["subject", "issuer", "place"]),
    ("holder_key", &["subject", "issuer", "key_id"]),
    ("chain", &["subject", "issuer", "segment", "next"]),
    ("declaration", &["subject", "issuer", "operation", "place"]),
    ("check_in", &["subject", "issuer", "operation", "place"]),
    ("outbox", &["subject", "issuer", "segment", "sequence", "operation", "state"]),
    ("decision", &["subject", "issuer", "serial"]),
    ("token", &["subject", "issuer"]),
    ("exchange", &["subject", "issuer", "cursor"]),
    ("answered_challenge", &["subject", "issuer", "place"]),
    ("whereabouts", &["subject", "issuer", "place"]),
    ("exposure", &["subject", "issuer"]),
    ("appeal_draft", &["subject", "issuer"]),
];

/// What the stock `sqlite3` answers.
fn sqlite3(database: &Path, sql: &str) -> Vec<String> {
    let output = Command::new("sqlite3").arg("-readonly").arg(database).arg(sql).output();
    let output = output.unwrap_or_else(|error| panic!("sqlite3 (the package sqlite3) is installed: {error}"));
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(SEARCH.find(&output.stdout), Vec::<String>::new(), "{sql}");
    String::from_utf8(output.stdout).unwrap().lines().map(str::to_owned).collect()
}

fn stock_sqlite_sees_sealed_values(database: &Path) {
    assert_eq!(sqlite3(database, "PRAGMA integrity_check"), ["ok"]);
    assert!(sqlite3(database, ".dump").len() > 50);
    let tables = sqlite3(database, "SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name");
    let (mut sealed, mut clear) = (0, 0);
    for table in &tables {
        let known = CLEAR.iter().find(|(name, _)| name == table);
        let (_, known) = known.unwrap_or_else(|| panic!("{table} is not known here"));
        for column in sqlite3(database, &format!("SELECT name FROM pragma_table_info('{table}')")) {
            let values = sqlite3(database, &format!("SELECT typeof({column}), hex({column}) FROM {table}"));
            assert!(!values.is_empty(), "{table}.{column} has a value to look at");
            if known.contains(&column.as_str()) {
                clear += values.len();
                continue;
            }
            for value in values {
                // What waits has no answer yet.
                if value == "null|" && (table.as_str(), column.as_str()) == ("outbox", "answer") {
                    continue;
                }
                let digits =
                    value.strip_prefix("blob|").unwrap_or_else(|| panic!("{table}.{column}: {value}"));
                assert!(digits.starts_with("01"), "{table}.{column}: {digits}");
                // The form's number, a nonce of 24 bytes, blocks of 256, a tag of 16.
                let blocks = (digits.len() / 2).checked_sub(1 + 24 + 16).unwrap();
                assert!(blocks > 0 && blocks.is_multiple_of(256), "{table}.{column}: {blocks} bytes");
                sealed += 1;
            }
        }
    }
    assert_eq!(tables.len(), CLEAR.len());
    println!("stock sqlite3: {sealed} sealed values, {clear} clear ones in {} tables", tables.len());
}
