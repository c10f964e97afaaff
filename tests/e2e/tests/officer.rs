//! Officers at the command line, against a server of its own process, and what a resident's phone shows of it.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::process::{Command, Output, Stdio};

use healthcode::resident::{AppealInput, AppealStanding, Entry, JournalEvent};
use healthcode::rules::colour::Colour;
use healthcode::token::ActKind;
use healthcode::wire::message::COUNTS_PATH;
use healthcode_cli::time::World;
use healthcode_e2e::http::send;
use healthcode_e2e::phone::{Phone, at};
use healthcode_e2e::server::{ServerProcess, healthcode};
use serde_json::Value;

fn run(arguments: &[&str], input: &str) -> (Option<i32>, String, String) {
    let mut child = Command::new(healthcode())
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // A command that reads nothing may be gone already.
    let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
    let Output { status, stdout, stderr } = child.wait_with_output().unwrap();
    let text = |bytes| String::from_utf8_lossy(bytes).into_owned();
    (status.code(), text(&stdout), text(&stderr))
}

struct Desk {
    server: ServerProcess,
}

impl Desk {
    fn path(&self, name: &str) -> String {
        self.server.folder.path().join(name).to_str().unwrap().to_owned()
    }

    /// Makes an officer's key and registers it.
    fn officer(&self, name: &str, roles: &[&str]) {
        let (code, out, _) = run(&["--json", "officer-key", "make", &self.path(name)], "");
        assert_eq!(code, Some(0));
        let key = serde_json::from_str::<Value>(&out).unwrap()["key"].as_str().unwrap().to_owned();
        let database = self.path("server.db");
        let mut register =
            vec!["officer-key", "register", "--database", &database, "--key", &key, "--name", name];
        register.extend(roles.iter().flat_map(|role| ["--role", role]));
        let (code, out, error) = run(&register, "");
        assert!(code == Some(0) && out.contains(name), "{error}");
    }

    fn act(&self, officer: &str, act: &[&str], input: &str) -> (Option<i32>, String, String) {
        let (key, url, clock) = (self.path(officer), self.server.url(), self.path("clock"));
        let call = ["--json", "officer", "--server", &url, "--key", &key, "--clock", &clock];
        run(&[&call[..], &["--note", "see you"], act].concat(), input)
    }

    fn done(&self, officer: &str, act: &[&str], input: &str) -> Value {
        let (code, out, error) = self.act(officer, act, input);
        assert_eq!(code, Some(0), "{error}");
        serde_json::from_str(&out).unwrap()
    }
}

fn desk() -> Desk {
    let desk = Desk { server: ServerProcess::start(World::new(at(11, 9, 0))) };
    desk.officer("first", &["orders", "check-ins"]);
    desk.officer("second", &["orders"]);
    desk
}

#[test]
fn an_order_is_given_confirmed_shown_to_the_resident_and_counted() {
    let desk = desk();
    let mut phone = Phone::open(&desk.server, "phone.db");
    phone.become_green(&desk.server);
    let order = [
        "order",
        "--document",
        "-",
        "--colour",
        "yellow",
        "--starts-on",
        "2020-02-11",
        "--days",
        "3",
        "--cause-zh",
        "与病例同住",
        "--cause-en",
        "Lives with a case",
    ];
    let answer = desk.done("first", &order, "440524188001010014\n");
    assert_eq!((&answer["subject"], &answer["colour"]), (&phone.subject.clone().into(), &"yellow".into()));
    phone.sync().unwrap();
    let view = phone.resident.quarantine(phone.subject.clone()).unwrap().unwrap();
    assert_eq!((view.rule.as_str(), view.provisional_until), ("manual", Some(at(14, 9, 0))));
    assert_eq!((view.order.as_str(), view.connect_to_confirm), (answer["order"].as_str().unwrap(), false));
    phone.tap().unwrap();
    phone.sync().unwrap();

    let confirm = ["confirm-order", "--subject", &phone.subject, "--order", &view.order];
    let (code, _, error) = desk.act("first", &confirm, "");
    assert!(code == Some(1) && error.contains("role"), "{error}");
    desk.server.world.go_to(at(12, 9, 0));
    desk.done("second", &confirm, "");
    phone.sync().unwrap();
    let view = phone.resident.quarantine(phone.subject.clone()).unwrap().unwrap();
    assert_eq!((view.provisional_until, view.counted, view.check_ins.len()), (None, 1, 1));

    let counts: Value =
        serde_json::from_str(&send(desk.server.port(), "GET", COUNTS_PATH, &[], b"").body).unwrap();
    assert_eq!(
        (&counts["manual_orders"][0]["confirmed"], &counts["manual_orders"][0]["day"]),
        (&1.into(), &"2020-02-11".into())
    );

    // The proof holds with its confirmation, for whoever has the trust list.
    let proof = phone.resident.quarantine_proof(phone.subject.clone(), None).unwrap();
    assert!(proof.contains("\"confirmation\""));
    let (file, list) = (desk.path("proof.json"), desk.path("list.cbor"));
    std::fs::write(&file, proof).unwrap();
    let published = get_bytes(&desk.server, healthcode::wire::message::TRUST_LIST_PATH);
    std::fs::write(&list, published).unwrap();
    let root = healthcode::token::ids::hex(&desk.server.root_key());
    let (code, out, error) =
        run(&["--json", "proof", "verify", &file, "--trust-list", &list, "--root-key", &root], "");
    assert_eq!(code, Some(0), "{error}");
    let proven: Value = serde_json::from_str(&out).unwrap();
    assert_eq!((&proven["provisional_until"], &proven["days"][0]), (&Value::Null, &"2020-02-11".into()));

    // Each act is in the log and in the app.
    let (code, out, _) = run(&["--json", "officer-key", "log", "--database", &desk.path("server.db")], "");
    assert_eq!(code, Some(0));
    let log: Vec<Value> = out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let acts: Vec<_> = log.iter().map(|entry| entry["act"].as_str().unwrap()).collect();
    assert_eq!(acts, ["order", "confirm-order"]);
    let journal = phone.resident.journal(phone.subject.clone(), None).unwrap();
    let told = journal.entries.into_iter().filter_map(|entry| match entry.event {
        JournalEvent::Acted { officer, act, note } => Some((officer, act, note)),
        _ => None,
    });
    let note = Some("see you".to_owned());
    let expected = ["first", "second"].map(|officer| (officer.to_owned(), ActKind::Order, note.clone()));
    assert_eq!(told.collect::<Vec<_>>(), expected);
}

/// A public file, byte by byte.
fn get_bytes(server: &ServerProcess, path: &str) -> Vec<u8> {
    use std::io::Read as _;
    let mut stream = std::net::TcpStream::connect(("127.0.0.1", server.port())).unwrap();
    let request = format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap();
    let head = answer.windows(4).position(|end| end == b"\r\n\r\n").unwrap();
    answer.split_off(head + 4)
}

#[test]
fn an_order_that_lapses_is_shown_as_lapsed_and_the_next_sync_is_green() {
    let desk = desk();
    let mut phone = Phone::open(&desk.server, "phone.db");
    phone.become_green(&desk.server);
    let order = [
        "order",
        "--subject",
        &phone.subject,
        "--colour",
        "red",
        "--starts-on",
        "2020-02-11",
        "--days",
        "14",
        "--cause-zh",
        "与病例同住",
        "--cause-en",
        "Lives with a case",
    ];
    desk.done("first", &order, "");
    phone.sync().unwrap();
    assert_eq!(phone.card().colour, Some(Colour::Red));
    desk.server.world.go_to(at(14, 10, 0));
    let view = phone.resident.quarantine(phone.subject.clone()).unwrap().unwrap();
    assert!(view.connect_to_confirm, "the phone knows that it has lapsed, and that only the server ends it");
    phone.sync().unwrap();
    assert_eq!(phone.resident.quarantine(phone.subject.clone()).unwrap(), None);
    assert_eq!(phone.card().colour, Some(Colour::Green));
}

#[test]
fn who_is_overdue_is_listed_checked_in_for_and_told() {
    let desk = desk();
    let mut phone = Phone::open(&desk.server, "phone.db");
    phone.become_yellow(&desk.server);
    desk.server.world.go_to(at(12, 9, 0));
    let list = desk.done("first", &["overdue"], "");
    assert_eq!(list["people"][0]["subject"], phone.subject);
    let checked = desk.done("first", &["check-in", "--subject", &phone.subject], "");
    assert_eq!(checked["day"], "2020-02-12");
    let (code, _, error) = desk.act("first", &["check-in", "--subject", &phone.subject], "");
    assert!(code == Some(1) && error.contains("already-done"), "{error}");
    phone.sync().unwrap();
    let view = phone.resident.quarantine(phone.subject.clone()).unwrap().unwrap();
    assert_eq!(view.counted, 1);
    let (code, out, _) = {
        let (key, url, clock) = (desk.path("first"), desk.server.url(), desk.path("clock"));
        run(&["officer", "--server", &url, "--key", &key, "--clock", &clock, "overdue"], "")
    };
    assert_eq!((code, out.trim()), (Some(0), "nobody"));
}

/// What an officer reads at the terminal.
fn read(desk: &Desk, officer: &str, act: &[&str]) -> String {
    let (key, url, clock) = (desk.path(officer), desk.server.url(), desk.path("clock"));
    let call = ["officer", "--server", &url, "--key", &key, "--clock", &clock];
    let (code, out, error) = run(&[&call[..], act].concat(), "");
    assert_eq!(code, Some(0), "{error}");
    out
}

#[test]
fn a_paper_code_is_printed_at_the_counter_and_withdrawn_by_what_is_listed() {
    let desk = desk();
    desk.officer("counter", &["papers"]);
    let mut phone = Phone::open(&desk.server, "phone.db");
    phone.become_green(&desk.server);
    let (subject, file) = (phone.subject.clone(), desk.path("page.svg"));
    let issue = ["issue-paper", "--subject", &subject, "--page", &file];
    let issued = read(&desk, "counter", &issue);
    let page = std::fs::read_to_string(&file).unwrap();
    assert!(page.starts_with("<svg") && page.trim_end().ends_with("</svg>"));
    assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    phone.sync().unwrap();
    let paper = phone.resident.papers(subject.clone()).unwrap().remove(0).id;
    assert!(issued.contains(&paper), "{issued}");
    assert_eq!(phone.resident.paper_page(subject.clone(), paper.clone()).unwrap(), page, "the same page");
    // A page that is there is not written over, and then no code is issued.
    let (code, _, error) = desk.act("counter", &issue, "");
    assert!(code == Some(1) && error.contains("page.svg"), "{error}");
    let refused = ["issue-paper", "--subject", &"00".repeat(16), "--page", &desk.path("none.svg")];
    assert_eq!(desk.act("counter", &refused, "").0, Some(1));
    assert!(!std::path::Path::new(&desk.path("none.svg")).exists());

    let shown = read(&desk, "counter", &["show", "--subject", &subject, "--what", "papers"]);
    assert_eq!(
        shown.lines().filter(|line| line.contains(&paper) && line.contains("green")).count(),
        1,
        "{shown}"
    );
    desk.done("counter", &["withdraw-paper", "--subject", &subject, "--paper", &paper], "");
    phone.sync().unwrap();
    assert!(phone.resident.paper_page(subject, paper).is_err());
    // A removed officer's acts are read with the name.
    let database = desk.path("server.db");
    run(&["officer-key", "remove", "--database", &database, "--name", "counter"], "");
    let (_, listed, _) = run(&["officer-key", "list", "--database", &database], "");
    assert!(listed.contains("counter  removed"), "{listed}");
    let (code, out, _) = run(&["--json", "officer-key", "log", "--database", &database], "");
    let log: Vec<Value> = out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let acts: Vec<_> =
        log.iter().map(|entry| (&entry["act"], &entry["officer"], &entry["removed"])).collect();
    let by = (&Value::from("counter"), &Value::from(true));
    let expected = ["issue-paper", "show", "withdraw-paper"].map(Value::from);
    assert_eq!((code, acts), (Some(0), expected.iter().map(|act| (act, by.0, by.1)).collect()));
}

#[test]
fn an_appeal_is_read_before_it_is_decided_and_commands_no_terminal() {
    let desk = desk();
    desk.officer("appeals", &["appeals"]);
    let mut phone = Phone::open(&desk.server, "phone.db");
    phone.become_yellow(&desk.server);
    let contestable = phone.resident.appeals(phone.subject.clone()).unwrap().contestable.remove(0);
    let appeal = AppealInput {
        rating: contestable.rating,
        rule: contestable.reason.rule.clone(),
        text: "I was\u{1b}[2J at home".to_owned(),
        statements: vec!["A ticket that was given back".to_owned()],
    };
    let entry = Entry::Appeal { appeal };
    let operation = phone.resident.record(phone.subject.clone(), entry).unwrap().operation;
    phone.sync().unwrap();
    let waiting = read(&desk, "appeals", &["waiting"]);
    for words in ["I was [2J at home", "- A ticket that was given back", &contestable.reason.rule, &operation]
    {
        assert!(waiting.contains(words), "{words}: {waiting}");
    }
    let decide = |decision, reason: &str| {
        let act = ["decide-appeal", "--subject", &phone.subject, "--appeal", &operation];
        let reason = ["--decision", decision, "--reason-zh", reason, "--reason-en", reason];
        desk.act("appeals", &[&act[..], &reason].concat(), "")
    };
    let (code, _, error) = decide("refuse", "");
    assert!(code == Some(1) && error.contains("reason"), "{error}");
    assert_eq!(decide("refuse", "The stay is in the records").0, Some(0));
    phone.sync().unwrap();
    let made = phone.resident.appeals(phone.subject.clone()).unwrap().made.remove(0);
    assert_eq!(made.standing, AppealStanding::Refused);
    assert_eq!(made.reason.unwrap().en, "The stay is in the records");
}

#[test]
fn bad_usage_and_refusals_have_their_own_exit_status() {
    let desk = desk();
    let nobody = "00".repeat(16);
    for usage in [
        &["check-in"][..],
        &["check-in", "--subject", "xyz"],
        &["check-in", "--subject", &nobody, "--document", "1"],
        &["check-in", "--document", "110105194912310021"],
        &["order", "--subject", &nobody, "--colour", "green"],
        &["relation", "--subject", &nobody, "--carer-key", "00"],
    ] {
        let (code, out, error) = desk.act("first", usage, "");
        assert_eq!((code, out.as_str()), (Some(2), ""), "{usage:?}: {error}");
        assert!(!error.contains("110105194912310021"));
    }
    let unknown = desk.act("first", &["check-in", "--subject", &nobody], "");
    let never_enrolled = desk.act("first", &["check-in", "--document", "440524188001010014"], "");
    assert_eq!(unknown.0, Some(1));
    assert_eq!(unknown, never_enrolled);
    assert!(unknown.2.contains("unknown-subject"), "{}", unknown.2);
    let (code, _, error) = desk.act("second", &["overdue"], "");
    assert!(code == Some(1) && error.contains("role"), "{error}");
    assert_eq!(run(&["officer-key", "make", &desk.path("first")], "").0, Some(2), "a key is not replaced");
    let key = desk.path("first");
    let plain = ["officer", "--server", "http://example.org", "--key", &key, "overdue"];
    assert_eq!(run(&plain, "").0, Some(2), "nothing about people goes in the clear");
    std::fs::set_permissions(&key, std::fs::Permissions::from_mode(0o644)).unwrap();
    assert_eq!(desk.act("first", &["overdue"], "").0, Some(2));
}
