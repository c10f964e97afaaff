//! What the scripts of `tests/run` ask of this crate.
//!
//! `seeds FOLDER` writes what each fuzz target begins with, a folder a target. `pack FOLDER` prints the files of a folder
//! as the lines of a kept corpus, the shortest first. `world` prints keys and signed objects as JSON, for another
//! implementation to verify; `judge` reads a line `SECONDS TEXT` after the other and answers each with a gate's verdict on
//! that text so many seconds after the token's issue, and a line `list HEX` with whether it takes that status list.

#![allow(clippy::print_stdout, reason = "a tool's answer")]

use std::io::BufRead as _;
use std::path::Path;
use std::process::ExitCode;

use healthcode::token::ids::hex;
use healthcode::token::key::Signer;
use healthcode::token::{GateToken, KeyUse};
use healthcode_attacks::world::{
    GUANGDONG, HOLDER, HardwareKey, ISSUED, Lane, ROOTS, ZHEJIANG, answered, challenge, code, green, hours,
    on_paper, paper, public, sealed, seed_of, showing, signed_status_list, status_list, token, trust_bytes,
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

/// Places of the status list that are withdrawn, the first and the last among them.
const WITHDRAWN: [u32; 4] = [0, 4_711, 4_712, 99_999];

/// Keys by their seeds, and what they have signed.
fn world() -> Value {
    let hardware = HardwareKey::new(HOLDER);
    let by_hardware = sealed(&GateToken { holder: Some(hardware.public_key()), ..token() });
    let by_hardware = showing(&by_hardware, 30).sign(None, &hardware).unwrap_or_default();
    let uri = status_list(0, 1, &[]).uri;
    let list = signed_status_list(-60, hours(24), &WITHDRAWN);
    json!({
        "issued": ISSUED,
        "seeds": { "zhejiang": ZHEJIANG, "guangdong": GUANGDONG, "holder": HOLDER,
            "status": seed_of(ZHEJIANG, KeyUse::Status), "roots": ROOTS },
        "hardware": hex(&hardware.public_key().to_cose()),
        "issuer_key": hex(&public(ZHEJIANG).to_cose()),
        "trust_list": hex(&trust_bytes()),
        "status_list": { "uri": uri, "withdrawn": WITHDRAWN, "signed": hex(&list) },
        "challenge": hex(&challenge().to_bytes()),
        "codes": {
            "shown": green(30),
            "answer": code(&answered(&sealed(&token()), &challenge(), HOLDER)),
            "hardware": code(&by_hardware),
            "paper": on_paper(&sealed(&paper())),
        },
    })
}

/// A gate that knows the time, has its challenge open and a status list, and remembers no code.
fn judge() -> std::io::Result<()> {
    let mut list = signed_status_list(-hours(1), hours(24), &[]);
    for line in std::io::stdin().lock().lines() {
        let line = line?;
        let (head, rest) = line.split_once(' ').unwrap_or_default();
        if head == "list" {
            let signed = seeds::unhex(rest);
            match Lane::firm(0).loaded(&signed) {
                Ok(_) => {
                    println!("taken");
                    list = signed;
                }
                Err(refused) => println!("{refused}"),
            }
            continue;
        }
        let now = head.parse().map_err(std::io::Error::other)?;
        let gate = Lane::firm(now).asking(&challenge()).loaded(&list).map_err(std::io::Error::other)?;
        println!("{}", gate.says(rest));
    }
    Ok(())
}
