//! `healthcode token inspect` as a person or a script meets it, over the bytes that a server and a phone really make.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use healthcode::token::SoftwareKey;
use healthcode::token::ids::hex;
use healthcode::token::key::Signer;
use healthcode_e2e::server::healthcode;
use serde_json::Value;
use tempfile::TempDir;

/// Exit status, standard output, standard error.
type Ran = (Option<i32>, String, String);

fn inspect(arguments: &[&str], input: &[u8]) -> Ran {
    let mut child = Command::new(healthcode())
        .args(["token", "inspect"])
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // Where the command ends before it has read all, writing fails.
    let _ = child.stdin.take().unwrap().write_all(input);
    let output = child.wait_with_output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (output.status.code(), text(output.stdout), text(output.stderr))
}

/// The files of a story that was played: a trust list, its root key, codes, a proof.
struct Kept {
    _folder: TempDir,
    path: PathBuf,
    root: String,
}

impl Kept {
    fn new() -> Self {
        let folder = TempDir::new().unwrap();
        let path = folder.path().join("story");
        let played = Command::new(healthcode()).args(["story", "--keep"]).arg(&path).output().unwrap();
        assert!(played.status.success());
        let root = std::fs::read_to_string(path.join("root-key.hex")).unwrap();
        Self { _folder: folder, path, root }
    }

    fn file(&self, name: &str) -> String {
        self.path.join(name).to_str().unwrap().to_owned()
    }

    fn verified(&self, name: &str, more: &[&str]) -> Ran {
        let (file, list) = (self.file(name), self.file("trust-list.cbor"));
        let trust = ["--trust-list", &list, "--root-key", &self.root];
        inspect(&[&[file.as_str()], &trust[..], more].concat(), b"")
    }
}

#[test]
fn what_a_story_leaves_is_explained_and_its_signatures_hold() {
    let kept = Kept::new();
    for (name, what, holds) in [
        ("codes/2-green.png", "a presentation", 2),
        ("codes/2-green.txt", "a presentation", 2),
        ("codes/4-answer.txt", "a presentation", 1),
        // The anchor that it relays.
        ("codes/3-challenge.png", "a gate's challenge", 1),
        ("trust-list.cbor", "a trust list", 1),
    ] {
        let (status, out, error) = kept.verified(name, &[]);
        assert_eq!((status, error.as_str()), (Some(0), ""), "{name}\n{out}");
        assert!(out.lines().nth(1).unwrap().contains(what), "{out}");
        assert_eq!(out.matches(": holds, by ").count(), holds, "{out}");
        assert!(!out.contains("unknown here") && !out.contains("\nodd "), "{out}");
    }
    let (status, out, _) = kept.verified("quarantine-proof.json", &["--json"]);
    assert_eq!(status, Some(0));
    let proof: Value = serde_json::from_str(&out).unwrap();
    let signatures = proof["signatures"].as_array().unwrap();
    assert!(signatures.len() > 20 && signatures.iter().all(|signature| signature["verified"] != false));
    assert_eq!(proof["could_be"][0]["what"], "a quarantine proof");

    // Another root key refuses the list before anything is said of the code.
    let list = kept.file("trust-list.cbor");
    let other = hex(&SoftwareKey::from_seed(&[1; 32]).public_key().to_cose());
    let (status, out, error) = inspect(&["--trust-list", &list, "--root-key", &other], b"H1:");
    assert_eq!((status, out.as_str()), (Some(2), ""), "{error}");
}

#[test]
fn a_code_is_read_from_a_pipe_in_any_spelling_and_every_line_is_one_field() {
    let vector = Path::new(env!("CARGO_MANIFEST_DIR")).join("../vectors/tokens.json");
    let vector: Value = serde_json::from_str(&std::fs::read_to_string(vector).unwrap()).unwrap();
    let of = |name: &str| vector[name].as_str().unwrap().to_owned();
    let (status, out, _) = inspect(&["--json", "-"], (of("text") + "\r\n").as_bytes());
    assert_eq!((status, out.lines().count()), (Some(0), 1));
    let report: Value = serde_json::from_str(&out).unwrap();
    let field = |path: &str| {
        let fields = report["fields"].as_array().unwrap();
        fields.iter().find(|field| field["path"] == path).unwrap().clone()
    };
    assert_eq!(field("payload/0/payload/4")["value"], vector["claims"]["exp"]);
    assert_eq!(field("payload/0/payload/4")["name"], "exp");
    assert_eq!(field("payload/0/payload/-65537/6")["value"], vector["claims"]["masked_name"]);
    assert_eq!(field("payload/0/protected/4")["value"], vector["issuer"]["key_id"]);
    assert_eq!(report["could_be"][0]["refused"], Value::Null);

    for (name, what) in [("token", "a gate token"), ("presentation", "a presentation")] {
        let (status, out, _) = inspect(&[], of(name).as_bytes());
        assert!(status == Some(0) && out.contains(what) && out.contains("given as hexadecimal"), "{out}");
    }
}

#[test]
fn what_is_refused_ends_with_one_and_bad_usage_with_two() {
    for (input, part) in [
        (&b"H1:abc"[..], "base45"),
        (b"https://example.org", "a web address"),
        (b"", "not a health code"),
        (b"\xff\xfe\x00", "not CBOR"),
        (b"{\"order\":1,\"entries\":[]}", "a quarantine proof"),
        (&vec![b'0'; 1_000_000], "hexadecimal"),
    ] {
        let (status, out, error) = inspect(&[], input);
        assert!(status == Some(1) && error.is_empty() && out.contains(part), "{out}{error}");
    }
    assert_eq!(inspect(&["/nowhere/at/all"], b"").0, Some(2));
    assert_eq!(inspect(&["--trust-list", "list"], b"").0, Some(2), "without a root key");
    assert_eq!(inspect(&["--root-key", "00"], b"").0, Some(2));
    let (status, out, _) = inspect(&["--help"], b"");
    assert!(status == Some(0) && out.contains("Examples:") && out.contains("Exit status"));
}
