//! What the scripts of `tests/run` ask of this crate.
//!
//! `seeds FOLDER` writes what each fuzz target begins with, a folder a target. `pack FOLDER` prints the files of a folder
//! as the lines of a kept corpus, the shortest first. `world` prints keys and signed objects as JSON, for another
//! implementation to verify; `judge` reads a line `SECONDS TEXT` after the other and answers each with a gate's verdict on
//! that text so many seconds after the token's issue.

#![allow(clippy::print_stdout, reason = "a tool's answer")]

use std::io::BufRead as _;
use std::path::Path;
use std::process::ExitCode;

use healthcode::token::GateToken;
use healthcode::token::key::Signer;
use healthcode_attacks::world::{
    GUANGDONG, HOLDER, HardwareKey, ISSUED, Lane, ROOTS, ZHEJIANG, answered, challenge, code, green, hours, on_paper,
    paper, public, sealed, showing, token, trust_bytes,
};
use healthcode_attacks::{seeds, targets};
use serde_json::{Value, json};

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let done = match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["seeds", folder] => write_seeds(Path::new(folder)),
        ["pack", folder] => pack(Path::new(folder)),
        ["world"] => {
            println!("{}", world());
            Ok(())
        }
        ["judge"] => judge(),
        _ => Err(std::io::Error::other("usage: attacks seeds FOLDER | pack FOLDER | world | judge")),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            println!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn write_seeds(folder: &Path) -> std::io::Result<()> {
    for (name, _) in targets::TARGETS {
        let own = folder.join(name);
        std::fs::create_dir_all(&own)?;
        for (number, bytes) in seeds::corpus(name).iter().enumerate() {
            std::fs::write(own.join(format!("seed-{number:03}")), bytes)?;
        }
    }
    Ok(())
}

fn pack(folder: &Path) -> std::io::Result<()> {
    let files = std::fs::read_dir(folder)?.map(|entry| std::fs::read(entry?.path()));
    let mut inputs = files.collect::<std::io::Result<Vec<_>>>()?;
    inputs.sort_by(|one, other| one.len().cmp(&other.len()).then_with(|| one.cmp(other)));
    inputs.dedup();
    for input in inputs {
        println!("{}", hex(&input));
    }
    Ok(())
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Keys by their seeds, and what they have signed.
fn world() -> Value {
    let hardware = HardwareKey::new(HOLDER);
    let by_hardware = sealed(&GateToken { holder: Some(hardware.public_key()), ..token() });
    let by_hardware = showing(&by_hardware, 30).sign(None, &hardware).unwrap_or_default();
    json!({
        "issued": ISSUED,
        "seeds": { "zhejiang": ZHEJIANG, "guangdong": GUANGDONG, "holder": HOLDER, "roots": ROOTS },
        "hardware": hex(&hardware.public_key().to_cose()),
        "issuer_key": hex(&public(ZHEJIANG).to_cose()),
        "trust_list": hex(&trust_bytes()),
        "challenge": hex(&challenge().to_bytes()),
        "codes": {
            "shown": green(30),
            "answer": code(&answered(&sealed(&token()), &challenge(), HOLDER)),
            "hardware": code(&by_hardware),
            "paper": on_paper(&sealed(&paper())),
        },
    })
}

/// A gate that knows the time, has its challenge open and a list of an hour ago, and remembers nothing.
fn judge() -> std::io::Result<()> {
    for line in std::io::stdin().lock().lines() {
        let line = line?;
        let (seconds, text) = line.split_once(' ').unwrap_or_default();
        let now = seconds.parse().map_err(std::io::Error::other)?;
        let lane = Lane::firm(now).asking(&challenge()).listing(now - hours(1), now + hours(24), &[]);
        println!("{}", lane.says(text));
    }
    Ok(())
}
