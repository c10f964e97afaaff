//! The command line as a person or a script meets it.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

use std::path::Path;
use std::process::{Command, Output};

use healthcode_cli::time::World;
use healthcode_e2e::phone::at;
use healthcode_e2e::server::{ServerProcess, healthcode};
use tempfile::TempDir;

fn run(arguments: &[&str]) -> (Option<i32>, String, String) {
    let Output { status, stdout, stderr } = Command::new(healthcode()).args(arguments).output().unwrap();
    let text = |bytes| String::from_utf8_lossy(bytes).into_owned();
    (status.code(), text(&stdout), text(&stderr))
}

#[test]
fn the_story_is_told_in_json_without_personal_data() {
    let (status, out, _) = run(&["--json"]);
    assert_eq!(status, Some(0));
    let events: Vec<serde_json::Value> =
        out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let of = |name: &str| events.iter().filter(|event| event["event"] == name).count();
    assert_eq!((of("checked_in"), of("released"), of("clock_moved"), of("ended")), (7, 1, 1, 1));
    let verdicts: Vec<_> = events.iter().filter_map(|event| event["verdict"].as_str()).collect();
    let (one_province, two_provinces) = verdicts.split_at(5);
    assert_eq!(one_province, ["stop", "pass", "ask_for_answer", "pass", "ask_for_answer"]);
    let (travel, later) = two_provinces.split_at(7);
    let (outage, train) = later.split_at(6);
    assert_eq!(travel, ["pass", "ask_for_answer", "ask_for_answer", "pass", "pass", "withdrawn", "stop"]);
    assert_eq!(outage, ["compare_card", "ask_for_answer", "compare_card", "renew", "pass", "pass"]);
    let (train, paper) = train.split_at(2);
    assert_eq!(train, ["compare_card", "pass"], "who was near, and who was not");
    assert_eq!(paper, ["compare_card", "stop", "stop"], "a code on paper, and a worker's two codes");
    assert_eq!((of("serving"), of("foreseen"), of("moved"), of("shown")), (1, 1, 1, 1));
    assert_eq!((of("cared_for"), of("paper_issued"), of("appealed"), of("granted")), (1, 1, 1, 1));
    let matches: Vec<_> = events.iter().filter_map(|event| event["matches"].as_u64()).collect();
    assert_eq!((matches.as_slice(), of("same_requests"), of("told_authority")), ([1, 0].as_slice(), 1, 1));
    let extended: Vec<_> = events.iter().filter(|event| event["extended"] == true).collect();
    assert!(extended.len() == 1 && extended[0]["issuer"]["en"] == "Shenzhen");
    assert_eq!((of("server_died"), of("notice_loaded"), of("server_back"), of("asked_by")), (1, 1, 1, 1));
    for secret in [
        "张三",
        "*三",
        "002X",
        "11010519491231",
        "13800138000",
        "*四",
        "0014",
        "*七",
        "1152",
        "G7315",
        "*六",
        "4626",
        "ticket",
        "H3:",
        "H1:",
        "H2:",
    ] {
        assert!(!out.contains(secret), "{secret}");
    }
}

#[test]
fn a_kept_story_leaves_its_files_and_overwrites_none() {
    let folder = TempDir::new().unwrap();
    let keep = folder.path().join("story");
    let (status, out, _) = run(&["story", "--keep", keep.to_str().unwrap()]);
    assert_eq!(status, Some(0));
    assert!(out.contains("Warning:"));
    for name in ["phone.db", "server.db", "trust-list.cbor", "quarantine-proof.json", "paper.svg"] {
        assert!(keep.join(name).metadata().unwrap().len() > 0, "{name}");
    }
    let root = std::fs::read_to_string(keep.join("root-key.hex")).unwrap();
    let path = |name: &str| keep.join(name).to_str().unwrap().to_owned();
    let verify = |proof: &str, root: &str| {
        let (proof, list) = (path(proof), path("trust-list.cbor"));
        run(&["proof", "verify", &proof, "--trust-list", &list, "--root-key", root])
    };
    let (status, out, _) = verify("quarantine-proof.json", &root);
    assert_eq!(status, Some(0), "{out}");
    assert!(
        out.contains("days       7 (2020-02-11, ") && out.contains("released   2020-02-18T00:00"),
        "{out}"
    );
    let proof = std::fs::read_to_string(keep.join("quarantine-proof.json")).unwrap();
    let other = proof.replace("\"judgements\":[\"", "\"judgements\":[\"A");
    std::fs::write(keep.join("changed.json"), other).unwrap();
    let (status, out, _) = verify("changed.json", &root);
    assert!(status == Some(1) && out.starts_with("not valid: the proof: "), "{out}");
    assert_eq!(verify("quarantine-proof.json", "00").0, Some(2));
    let names = |extension: &str| -> Vec<_> {
        let entries = std::fs::read_dir(keep.join("codes")).unwrap().map(|entry| entry.unwrap().path());
        let mut names: Vec<_> = entries.filter(|path| path.extension().unwrap() == extension).collect();
        names.sort();
        names
    };
    let (pictures, texts) = (names("png"), names("txt"));
    assert_eq!((pictures.len(), texts.len()), (4, 4));
    for (picture, text) in pictures.iter().zip(&texts) {
        let read = healthcode_cli::camera::scan(&std::fs::read(picture).unwrap()).unwrap();
        assert_eq!(read, std::fs::read_to_string(text).unwrap());
    }
    for file in ["phone.db", "server.db"] {
        let bytes = std::fs::read(keep.join(file)).unwrap();
        for secret in ["张三", "11010519491231002X", "13800138000"] {
            assert!(
                !bytes.windows(secret.len()).any(|window| window == secret.as_bytes()),
                "{file} {secret}"
            );
        }
    }
    let (status, _, error) = run(&["story", "--keep", keep.to_str().unwrap()]);
    assert_eq!(status, Some(2));
    assert!(error.contains("not empty"));
}

#[test]
fn an_identity_number_is_checked_with_a_plain_answer() {
    let (status, out, _) = run(&["id", "check", "11010519491231002X"]);
    assert_eq!(status, Some(0));
    assert!(out.contains("valid") && out.contains("1949-12-31") && out.contains("Beijing"));
    assert_eq!(run(&["id", "check", "440524188001010014"]).0, Some(0));
    for (number, reason) in [
        ("110105194912310021", "check-digit"),
        ("110105194913310020", "not-a-date"),
        ("990105194912310020", "unknown-division"),
        ("11010519491231", "length"),
    ] {
        let (status, out, _) = run(&["id", "check", number]);
        assert_eq!(status, Some(1));
        assert!(out.contains(reason) && !out.contains(number), "{out}");
    }
    assert_eq!(run(&["id", "check"]).0, Some(2));
    assert_eq!(run(&["--json", "id", "check", "11010519491231002X"]).1.lines().count(), 1);
}

#[test]
fn suites_of_rules_are_run_and_a_failing_one_is_shown() {
    let suites = Path::new(env!("CARGO_MANIFEST_DIR")).join("../vectors/certlogic");
    let (status, out, _) = run(&["rules", "test", suites.to_str().unwrap()]);
    assert_eq!(status, Some(0));
    assert!(out.lines().last().unwrap().contains(" 0 failed"));

    let folder = TempDir::new().unwrap();
    let path = folder.path().join("wrong.json");
    let suite = std::fs::read_to_string(suites.join("truth.json")).unwrap();
    let mut suite: serde_json::Value = serde_json::from_str(&suite).unwrap();
    suite["cases"][0]["assertions"][0]["expected"] = "something else".into();
    std::fs::write(&path, suite.to_string()).unwrap();
    let (status, out, _) = run(&["rules", "test", folder.path().to_str().unwrap()]);
    assert_eq!(status, Some(1));
    assert!(out.contains("FAIL") && out.contains("something else"));

    std::fs::write(&path, "{").unwrap();
    assert_eq!(run(&["rules", "test", folder.path().to_str().unwrap()]).0, Some(2));
    assert_eq!(run(&["rules", "test", "/nowhere"]).0, Some(2));
}

#[test]
fn help_has_examples_and_bad_usage_is_told() {
    let (status, out, _) = run(&["--help"]);
    assert_eq!(status, Some(0));
    assert!(out.contains("Examples:"));
    assert_eq!(run(&["dance"]).0, Some(2));
    assert_eq!(run(&["serve"]).0, Some(2), "a server needs a database");
}

#[test]
fn a_server_reports_a_damaged_database_and_open_keys_and_changes_neither() {
    use std::os::unix::fs::PermissionsExt;

    let folder = TempDir::new().unwrap();
    let database = folder.path().join("server.db");
    let garbage = b"not a database at all, whoever put it here ".repeat(100);
    std::fs::write(&database, &garbage).unwrap();
    let serve = || run(&["serve", "--listen", "127.0.0.1:0", "--database", database.to_str().unwrap()]);
    let (status, _, error) = serve();
    assert_eq!(status, Some(1));
    assert!(error.contains("damaged"), "{error}");
    assert_eq!(std::fs::read(&database).unwrap(), garbage);

    std::fs::remove_file(&database).unwrap();
    let mut server = ServerProcess::start(World::new(at(11, 9, 0)));
    server.kill();
    let database = server.folder.path().join("server.db");
    let serve = || run(&["serve", "--listen", "127.0.0.1:0", "--database", database.to_str().unwrap()]);
    let keys = server.folder.path().join("server.keys");
    for file in [&keys, &database] {
        assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    }
    std::fs::set_permissions(&keys, std::fs::Permissions::from_mode(0o644)).unwrap();
    let (status, _, error) = serve();
    assert_eq!(status, Some(1));
    assert!(error.contains("0600"), "{error}");
    std::fs::set_permissions(&keys, std::fs::Permissions::from_mode(0o600)).unwrap();
    std::fs::write(&keys, "{}").unwrap();
    let (status, _, error) = serve();
    assert_eq!(status, Some(1));
    assert!(error.contains("damaged"), "{error}");
    assert_eq!(std::fs::read(&keys).unwrap(), b"{}");
    std::fs::remove_file(&keys).unwrap();
    let (status, _, error) = serve();
    assert_eq!(status, Some(1));
    assert!(error.contains("gone") && !keys.exists(), "{error}");
}
