//! `healthcode checkpoint --assume-clock`: a gate that has files and no network. Two issuers, policies, an outage notice,
//! all made here; the time is a world's.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use healthcode::rules::calendar::Timestamp;
use healthcode::rules::colour::Colour;
use healthcode::rules::gate_policy::HANGZHOU_2020;
use healthcode::rules::identity::Region;
use healthcode::rules::text::Text;
use healthcode::token::code_text::{CodeText, Prefix};
use healthcode::token::ids::hex;
use healthcode::token::key::Signer;
use healthcode::token::policy::sign_policies;
use healthcode::token::trust_list::{Issuer, IssuerKey, KeyUse, TrustListContent, seal};
use healthcode::token::{Flags, GateToken, Mode, OutageNotice, Presentation, SoftwareKey, StatusReference};
use healthcode_cli::time::World;
use healthcode_e2e::phone::at;
use healthcode_e2e::server::healthcode;
use serde_json::Value;
use tempfile::TempDir;

const ROOT: u8 = 1;
const HANGZHOU: u8 = 2;
const POLICY: u8 = 3;
const SHENZHEN: u8 = 4;
const HOLDER: u8 = 5;

fn key(seed: u8) -> SoftwareKey {
    SoftwareKey::from_seed(&[seed; 32])
}

fn issuer(id: &str, name: Text, region: u32, keys: &[(u8, KeyUse)]) -> Issuer {
    let listed = |(seed, key_use): &(u8, KeyUse)| IssuerKey {
        cose_key: key(*seed).public_key().to_cose().into(),
        key_use: *key_use,
        not_before: at(1, 0, 0),
        not_after: at(29, 0, 0),
    };
    Issuer {
        id: id.to_owned(),
        name,
        regions: vec![region],
        base_url: format!("https://{id}.example"),
        keys: keys.iter().map(listed).collect(),
        status_lists: Vec::new(),
        colours: [0, 1, 2],
        time_epoch: 1,
        removed_keys: Vec::new(),
    }
}

/// A folder with the files of a gate, at 9 in the morning.
struct Gate {
    folder: TempDir,
    world: World,
}

impl Gate {
    fn new() -> Self {
        let (folder, world) = (TempDir::new().unwrap(), World::new(at(11, 9, 0)));
        world.serve(&folder.path().join("clock")).unwrap();
        let issuers = vec![
            issuer(
                "hangzhou",
                Text::new("杭州市", "Hangzhou"),
                330_100,
                &[(HANGZHOU, KeyUse::Tokens), (POLICY, KeyUse::Policy)],
            ),
            issuer("shenzhen", Text::new("深圳市", "Shenzhen"), 440_300, &[(SHENZHEN, KeyUse::Tokens)]),
        ];
        let list =
            TrustListContent::new(1, 1, at(11, 0, 0), at(18, 0, 0), issuers).sign(&[&key(ROOT)]).unwrap();
        let gate = Self { folder, world };
        gate.write("trust-list.cbor", &list);
        gate.write("policies.cbor", &sign_policies(HANGZHOU_2020, &key(POLICY)).unwrap());
        gate
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn write(&self, name: &str, bytes: &[u8]) -> String {
        std::fs::write(self.path(name), bytes).unwrap();
        self.path(name).to_str().unwrap().to_owned()
    }

    /// A code that is shown now, of a token of this age.
    fn code(&self, issuer: u8, colour: Colour, hours_old: i64) -> String {
        let (now, region) = (self.world.now(), if issuer == SHENZHEN { 440_300 } else { 330_100 });
        let token = GateToken {
            expires_at: now.plus_hours(72 - hours_old),
            issued_at: now.plus_hours(-hours_old),
            // Another token for each: a second presentation of one at the same second would be "already seen".
            id: [issuer ^ (colour.code() << 4), 0, 0, 0, 0, 0, 0, u8::try_from(hours_old).unwrap()],
            holder: Some(key(HOLDER).public_key()),
            colour,
            region: Region::from_code(region).unwrap(),
            status: StatusReference { list: 1, index: 5 },
            masked_name: "*三".to_owned(),
            id_tail: "002X".to_owned(),
        };
        let mode = Mode::Shown(Timestamp::from_seconds(now.seconds()));
        let token = seal(&token, &key(issuer)).unwrap();
        let shown = Presentation { token, mode, flags: Flags::default() }.sign(None, &key(HOLDER)).unwrap();
        CodeText::write(Prefix::Code, &shown)
    }

    fn run(&self, arguments: &[&str], input: &str) -> (Option<i32>, String, String) {
        let mut child = Command::new(healthcode())
            .args(["checkpoint", "--assume-clock", "--root-key", &hex(&key(ROOT).public_key().to_cose())])
            .arg("--trust-list")
            .arg(self.path("trust-list.cbor"))
            .arg("--clock")
            .arg(self.path("clock"))
            .args(arguments)
            .env("LC_ALL", "C")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
        let output = child.wait_with_output().unwrap();
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        (output.status.code(), text(output.stdout), text(output.stderr))
    }

    fn verdicts(&self, arguments: &[&str], codes: &[String]) -> Vec<String> {
        let (_, out, error) = self.run(&[arguments, &["--json"]].concat(), &codes.join("\n"));
        let verdict = |line: &str| -> String {
            let line: Value = serde_json::from_str(line).unwrap();
            assert_eq!(line["clock"], "assumed", "every line is marked");
            line["verdict"].as_str().unwrap().to_owned()
        };
        assert!(!out.is_empty(), "{error}");
        out.lines().map(verdict).collect()
    }
}

#[test]
fn codes_of_two_provinces_pass_by_this_machines_clock_and_every_line_says_so() {
    let gate = Gate::new();
    let codes = [gate.code(HANGZHOU, Colour::Green, 1), gate.code(SHENZHEN, Colour::Green, 1)].join("\n");
    let (status, out, error) = gate.run(&[], &codes);
    assert_eq!(status, Some(0), "{out}{error}");
    let lines: Vec<_> = out.lines().collect();
    assert!(lines[0].contains("· Hangzhou · green ·") && lines[1].contains("· Shenzhen · green ·"), "{out}");
    assert!(lines.iter().all(|line| line.ends_with(" · clock: assumed")));
    let colours = [Colour::Yellow, Colour::Red].map(|colour| gate.code(HANGZHOU, colour, 1));
    assert_eq!(gate.verdicts(&[], &colours), ["stop", "stop"]);
    let forged = gate.code(9, Colour::Green, 1);
    assert_eq!(
        gate.verdicts(&[], &[gate.code(HANGZHOU, Colour::Green, 30), forged]),
        ["compare_card", "unknown_issuer"]
    );
}

#[test]
fn a_yellow_resident_goes_home_and_not_out_where_the_policy_says_so() {
    let gate = Gate::new();
    let policies = gate.path("policies.cbor");
    let policy = ["--policy", policies.to_str().unwrap(), "--gate-kind", "residential"];
    let yellow = [gate.code(HANGZHOU, Colour::Yellow, 1)];
    assert_eq!(gate.verdicts(&policy, &yellow), ["compare_card"]);
    assert_eq!(gate.verdicts(&[&policy[..], &["--direction", "out"]].concat(), &yellow), ["stop"]);
    let (status, _, error) = gate.run(&policy[..2], "");
    assert!(status == Some(2) && error.contains("--gate-kind") && error.contains("highway-toll"), "{error}");
    let (status, _, error) = gate.run(&["--gate-kind", "residential"], "");
    assert!(status == Some(2) && error.contains("there is no policy"), "{error}");
    let (status, _, error) = gate.run(&["--policy", policies.to_str().unwrap(), "--gate-kind", "moon"], "");
    assert!(status == Some(2) && error.contains("railway-station"), "{error}");
}

#[test]
fn an_outage_notice_from_a_file_keeps_residents_passing_and_a_forged_one_is_refused() {
    let gate = Gate::new();
    let old = [gate.code(HANGZHOU, Colour::Green, 40)];
    assert_eq!(gate.verdicts(&[], &old), ["compare_card"]);
    let notice = OutageNotice::new(1, "hangzhou".to_owned(), 1, at(11, 8, 0), at(13, 0, 0), 48);
    let file =
        gate.write("outage.txt", OutageNotice::to_text(&notice.sign(&[&key(ROOT)]).unwrap()).as_bytes());
    assert_eq!(gate.verdicts(&["--load", &file], &old), ["pass"]);
    let forged = gate.write("forged.cbor", &notice.sign(&[&key(HOLDER)]).unwrap());
    let (status, out, error) = gate.run(&["--load", &forged], &old[0]);
    assert_eq!((status, out.as_str()), (Some(2), ""));
    assert!(error.contains("not-signed"), "{error}");
}
