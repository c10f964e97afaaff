//! What an operator does at the command line, beside a server that runs or is down.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::indexing_slicing, reason = "tests")]

use std::process::{Command, Output};

use healthcode::token::{CodeText, OutageNotice, PublicKey, RootSet};
use healthcode::wire::message::{OUTAGES_PATH, ROOT_PATH_PREFIX};
use healthcode_cli::time::World;
use healthcode_e2e::http::send;
use healthcode_e2e::phone::at;
use healthcode_e2e::server::{ServerProcess, healthcode, unhex};

fn run(arguments: &[&str]) -> (Option<i32>, String, String) {
    let Output { status, stdout, stderr } = Command::new(healthcode()).args(arguments).output().unwrap();
    let text = |bytes| String::from_utf8_lossy(bytes).into_owned();
    (status.code(), text(&stdout), text(&stderr))
}

fn server() -> (ServerProcess, String) {
    let server = ServerProcess::start(World::new(at(11, 9, 0)));
    let database = server.folder.path().join("server.db").to_str().unwrap().to_owned();
    (server, database)
}

/// The root set that `root show` prints.
fn root_set(database: &str) -> RootSet {
    let (status, out, _) = run(&["--json", "root", "show", "--database", database]);
    assert_eq!(status, Some(0));
    let shown: serde_json::Value = serde_json::from_str(&out).unwrap();
    let number = |name: &str| usize::try_from(shown[name].as_u64().unwrap()).unwrap();
    let keys = shown["keys"].as_array().unwrap().iter();
    let keys = keys.map(|key| PublicKey::from_cose(&unhex(key.as_str().unwrap())).unwrap()).collect();
    RootSet::embedded(u32::try_from(number("version")).unwrap(), number("threshold"), keys)
}

#[test]
fn a_server_that_runs_goes_on_with_a_new_root_and_so_does_the_next() {
    let (mut server, database) = server();
    let status = |server: &ServerProcess, version: u32| {
        send(server.port(), "GET", &format!("{ROOT_PATH_PREFIX}{version}.cbor"), &[], b"").status
    };
    assert_eq!((status(&server, 1), status(&server, 2)), (200, 404));
    assert_eq!(root_set(&database).keys.first().unwrap().to_cose(), server.root_key());
    let (code, out, _) = run(&["root", "rotate", "--database", &database, "--threshold", "2", "--keys", "3"]);
    assert_eq!(code, Some(0));
    assert!(out.starts_with("root version 2, 2 of 3 keys\n"), "{out}");
    assert_eq!((status(&server, 2), status(&server, 3)), (200, 404));
    let (code, out, _) = run(&["key", "remove", "--database", &database, "--use", "tokens"]);
    assert!(code == Some(0) && out.lines().all(|line| line.starts_with("removed ")), "{out}");
    server.kill();
    server.restart();
    assert_eq!(status(&server, 2), 200);
    let roots = root_set(&database);
    assert_eq!((roots.version, roots.threshold, roots.keys.len()), (2, 2, 3));
    assert_eq!(roots.keys.first().unwrap().to_cose(), server.root_key());
    let (code, ..) = run(&["root", "rotate", "--database", &database, "--threshold", "4", "--keys", "3"]);
    assert_eq!((code, root_set(&database)), (Some(2), roots));
}

#[test]
fn an_outage_is_declared_while_the_server_is_down_and_read_from_its_picture() {
    let (mut server, database) = server();
    server.kill();
    let path = |name: &str| server.folder.path().join(name).to_str().unwrap().to_owned();
    let (file, picture) = (path("notice.cbor"), path("notice.png"));
    let declare = |hours: &str, until: &str| {
        let issuer = ["outage", "declare", "--database", &database, "--issuer", "hangzhou", "--qr"];
        run(&[&issuer[..], &["--hours", hours, "--until", until, "--out", &file, "--png", &picture]].concat())
    };
    let (code, out, _) = declare("48", "2099-02-13T08:00:00+08:00");
    assert_eq!(code, Some(0));
    let text = healthcode_cli::camera::scan(&std::fs::read(&picture).unwrap()).unwrap();
    assert_eq!(out.lines().last().unwrap(), text);
    let signed = std::fs::read(&file).unwrap();
    assert_eq!(CodeText::parse(&text).unwrap().bytes, signed);
    let notice = OutageNotice::open(&signed, &root_set(&database)).unwrap();
    assert_eq!((notice.issuer.as_str(), notice.hours), ("hangzhou", 48));
    assert_eq!(notice.ends_at.to_string(), "2099-02-13T00:00:00Z");
    for (hours, until, expected) in
        [("169", "2099-02-13T08:00:00+08:00", 2), ("1", "2020-02-13T08:00:00Z", 2), ("1", "tomorrow", 2)]
    {
        assert_eq!(declare(hours, until).0, Some(expected), "{hours} {until}");
    }
    assert_eq!(std::fs::read(&file).unwrap(), signed);
    server.restart();
    let published = send(server.port(), "GET", OUTAGES_PATH, &[], b"");
    assert!(published.status == 200 && published.body.len() > 100);
    assert_eq!(run(&["root", "show", "--database", "/nowhere/server.db"]).0, Some(1));
}

#[test]
fn who_serves_says_who_it_is_and_either_signs_a_list_or_follows_one() {
    let folder = tempfile::TempDir::new().unwrap();
    let database = folder.path().join("server.db");
    let serve = |more: &[&str]| {
        let listen = ["serve", "--listen", "127.0.0.1:0", "--database", database.to_str().unwrap()];
        run(&[&listen[..], more].concat())
    };
    for usage in [
        &["--issuer-id", "ningbo"][..],
        &[
            "--issuer-id",
            "ningbo",
            "--issuer-name-zh",
            "宁波市",
            "--issuer-name-en",
            "Ningbo",
            "--region",
            "999999",
        ],
        &["--peer", "a.cbor", "--follow", "b.cbor"],
    ] {
        let (code, _, error) = serve(usage);
        assert_eq!(code, Some(2), "{error}");
    }
    let (code, _, error) = serve(&["--peer", "/nowhere/a.cbor"]);
    assert!(code == Some(1) && error.contains("/nowhere/a.cbor"), "{error}");
    let gates = folder.path().join("gates.json");
    std::fs::write(&gates, "{}").unwrap();
    assert_eq!(serve(&["--policies", gates.to_str().unwrap()]).0, Some(1));
}
