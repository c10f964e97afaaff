//! `healthcode checkpoint`: what staff, scanners and scripts meet, over a server process and a phone of its own.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use healthcode::resident::draw_png;
use healthcode::token::ids::hex;
use healthcode::wire::message::TRUST_LIST_PATH;
use healthcode_cli::time::World;
use healthcode_e2e::phone::{Phone, at};
use healthcode_e2e::server::{ServerProcess, healthcode};
use serde_json::Value;

/// A server, a green resident, and the trust list as a file.
struct Scene {
    server: ServerProcess,
    phone: Phone,
}

/// A command that waits for lines.
struct Desk {
    child: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
}

impl Scene {
    fn new() -> Self {
        let server = ServerProcess::start(World::new(at(11, 9, 0)));
        let mut phone = Phone::open(&server, "phone.db");
        phone.become_green(&server);
        let list = fetch(server.port(), TRUST_LIST_PATH);
        std::fs::write(server.folder.path().join("trust-list.cbor"), list).unwrap();
        server.world.pass(1_000);
        Self { server, phone }
    }

    fn code(&self, challenge: Option<&str>) -> String {
        let challenge = challenge.map(str::to_owned);
        self.phone.resident.code(self.phone.subject.clone(), challenge).unwrap().text
    }

    fn picture(&self, name: &str) -> String {
        let shown = self.phone.resident.code(self.phone.subject.clone(), None).unwrap();
        let path = self.server.folder.path().join(name);
        std::fs::write(&path, draw_png(shown.text, shown.shade, 4).unwrap()).unwrap();
        path.to_str().unwrap().to_owned()
    }

    /// The command, in this world's time.
    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(healthcode());
        command
            .arg("checkpoint")
            .arg("--trust-list")
            .arg(self.server.folder.path().join("trust-list.cbor"))
            .args(["--root-key", &hex(&self.server.root_key())])
            .arg("--clock")
            .arg(self.server.folder.path().join("clock"))
            .args(arguments)
            .env("LC_ALL", "C")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    fn open(&self, arguments: &[&str]) -> Desk {
        let mut child = self.command(arguments).spawn().unwrap();
        let (input, output) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
        Desk { child, input, output: BufReader::new(output) }
    }

    /// Runs it to its end: exit status, standard output, standard error.
    fn run(&self, arguments: &[&str], input: &[u8]) -> (Option<i32>, String, String) {
        let mut desk = self.open(arguments);
        let _ = desk.input.write_all(input);
        desk.end()
    }
}

impl Desk {
    /// What is answered to a text before another is typed.
    fn scan(&mut self, text: &str) -> String {
        self.input.write_all(text.as_bytes()).unwrap();
        let mut line = String::new();
        self.output.read_line(&mut line).unwrap();
        line
    }

    fn verdict(&mut self, text: &str) -> Value {
        serde_json::from_str(&self.scan(text)).unwrap()
    }

    fn end(mut self) -> (Option<i32>, String, String) {
        drop(self.input);
        let (mut out, mut error) = (String::new(), String::new());
        self.output.read_to_string(&mut out).unwrap();
        self.child.stderr.take().unwrap().read_to_string(&mut error).unwrap();
        (self.child.wait().unwrap().code(), out, error)
    }
}

/// The body of an answer, byte for byte.
fn fetch(port: u16, path: &str) -> Vec<u8> {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
    let head = format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
    stream.write_all(head.as_bytes()).unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap();
    let body = answer.windows(4).position(|window| window == b"\r\n\r\n").unwrap() + 4;
    answer.split_off(body)
}

#[test]
fn a_scanner_is_answered_line_by_line_by_the_servers_time() {
    let scene = Scene::new();
    let mut desk = scene.open(&["--server", &scene.server.url()]);
    let code = scene.code(None);
    let passed = desk.scan(&(code.clone() + "\r\n"));
    assert!(
        passed.starts_with("Let the person pass · *四 0014 · Hangzhou · green · valid until 2020-02-"),
        "{passed}"
    );
    assert!(!passed.contains("clock: assumed"));
    scene.server.world.pass(4_000);
    assert!(desk.scan(&(code + "\r")).starts_with("Shown here before"));
    assert!(desk.scan("https://example.org\n").starts_with("This is not a health code · a web address"));
    // A last line without its end, as some scanners leave it.
    desk.input.write_all(scene.code(None).as_bytes()).unwrap();
    let (status, out, error) = desk.end();
    assert!(out.starts_with("Let the person pass"), "{out}");
    assert_eq!(status, Some(1));
    assert_eq!(error, "healthcode: already_seen 1, not_a_health_code 1, pass 2\n");
}

#[test]
fn every_line_for_a_machine_is_one_object_whatever_was_typed() {
    let scene = Scene::new();
    let server = scene.server.url();
    let code = scene.code(None);
    let input = [
        b"\xef\xbb\xbf".as_slice(),
        code.as_bytes(),
        b"\r\n\n \r\nH1:\xff\xfe\nHC1:6BF\nwxp://f2f\nH2:00\nH1:",
        &vec![b'0'; 1_000_000],
        b"\n\x02hello\x03",
    ]
    .concat();
    let (status, out, _) = scene.run(&["--json", "--server", &server], &input);
    assert_eq!(status, Some(1));
    let lines: Vec<Value> = out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let told = |name: &str| lines.iter().map(|line| line[name].as_str().unwrap_or("")).collect::<Vec<_>>();
    let other = "not_a_health_code";
    assert_eq!(told("verdict"), ["pass", "invalid", other, other, other, "invalid", other]);
    assert_eq!(
        told("reason"),
        ["", "base45", "eu_certificate", "payment", "challenge", "too-large", "other"]
    );
    assert_eq!(
        lines.iter().map(|line| line["line"].as_u64().unwrap()).collect::<Vec<_>>(),
        [1, 2, 3, 4, 5, 6, 7]
    );
    let first = &lines[0];
    for (name, value) in [
        ("masked_name", "*四"),
        ("id_tail", "0014"),
        ("issuer", "hangzhou"),
        ("colour", "green"),
        ("region", "330100"),
    ] {
        assert_eq!(first[name], value);
    }
    assert_eq!(first["issuer_name"]["zh-CN"], "杭州市");
    assert!(first["valid_until"].as_str().unwrap().ends_with('Z'));
    // All that passes ends with 0, and nobody at all does too.
    scene.server.world.pass(5_000);
    let (status, out, _) = scene.run(&["--server", &server, "--lang", "zh"], scene.code(None).as_bytes());
    assert!(
        status == Some(0) && out.starts_with("请通行 · *四 0014 · 杭州市 · 绿码 · 有效期至 2020-02-"),
        "{out}"
    );
    assert_eq!(scene.run(&["--server", &server], b"").0, Some(0));
}

#[test]
fn an_old_code_is_asked_for_an_answer_and_the_answer_passes() {
    let scene = Scene::new();
    let mut desk =
        scene.open(&["--json", "--server", &scene.server.url(), "--gate-name", "北门", "--show-challenge"]);
    let old = scene.code(None);
    scene.server.world.pass(61_000);
    let asked = desk.verdict(&(old + "\n"));
    assert_eq!((&asked["verdict"], &asked["reason"]), (&"ask_for_answer".into(), &"older".into()));
    let challenge = asked["challenge"].as_str().unwrap();
    let answer = scene.code(Some(challenge));
    assert_eq!(desk.verdict(&(answer + "\n"))["verdict"], "pass");
    let (_, _, error) = desk.end();
    assert!(error.lines().filter(|line| line.contains(['█', '▀', '▄'])).count() >= 15, "{error}");
    assert!(error.ends_with("ask_for_answer 1, pass 1\n"));
}

#[test]
fn pictures_are_read_and_one_without_a_code_is_named() {
    let scene = Scene::new();
    let server = scene.server.url();
    let good = scene.picture("good.png");
    let (status, out, error) = scene.run(&["--json", "--server", &server, &good], b"");
    assert_eq!(status, Some(0), "{error}");
    let line: Value = serde_json::from_str(&out).unwrap();
    assert_eq!((&line["verdict"], &line["picture"]), (&"pass".into(), &good.clone().into()));

    let broken = scene.server.folder.path().join("broken.png");
    std::fs::write(&broken, b"no picture").unwrap();
    let broken = broken.to_str().unwrap();
    let (status, out, error) = scene.run(&["--server", &server, broken, "/nowhere.png", &good], b"");
    assert_eq!(status, Some(2));
    assert!(out.starts_with("Let the person pass") && out.contains(&good), "{out}");
    assert!(error.contains("broken.png: not a readable PNG") && error.contains("/nowhere.png"), "{error}");
}

#[test]
fn without_a_time_nothing_is_judged_and_bad_usage_is_told() {
    let mut scene = Scene::new();
    let (status, out, error) = scene.run(&[], scene.code(None).as_bytes());
    assert_eq!(status, Some(1));
    assert!(out.starts_with("Connect this phone first") && error.contains("--assume-clock"), "{out}{error}");
    let url = scene.server.url();
    assert_eq!(scene.run(&["--server", &url, "--assume-clock"], b"").0, Some(2));
    assert_eq!(scene.run(&["--server", &url, "--gate-name", &"x".repeat(25)], b"").0, Some(2));
    assert_eq!(scene.run(&["--server", &url, "--issuer", "nobody"], b"").0, Some(2));
    assert_eq!(scene.run(&["--root-threshold", "2"], b"").0, Some(2));
    scene.server.kill();
    let (status, out, error) = scene.run(&["--server", &url], b"H1:\n");
    assert_eq!((status, out.as_str()), (Some(2), ""));
    assert!(error.contains("--server"), "{error}");
    let help = Command::new(healthcode()).args(["checkpoint", "--help"]).output().unwrap();
    assert!(String::from_utf8_lossy(&help.stdout).contains("Examples:"));
}
