//! What the scripts of `tests/run` ask of this crate.
//!
//! `seeds FOLDER` writes what each fuzz target begins with, a folder a target. `pack FOLDER` prints the files of a folder
//! as the lines of a kept corpus, the shortest first.

#![allow(clippy::print_stdout, reason = "a tool's answer")]

use std::path::Path;
use std::process::ExitCode;

use healthcode_attacks::{seeds, targets};

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let done = match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["seeds", folder] => write_seeds(Path::new(folder)),
        ["pack", folder] => pack(Path::new(folder)),
        _ => Err(std::io::Error::other("usage: attacks seeds FOLDER | pack FOLDER")),
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
        let line: String = input.iter().map(|byte| format!("{byte:02x}")).collect();
        println!("{line}");
    }
    Ok(())
}
