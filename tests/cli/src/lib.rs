//! The command line `healthcode`: the story, the reference server, and tools for app developers and rule authors.
//!
//! Exit status: 0, 1 for a plain no (an invalid number, a suite that fails, a story that does not go as it should),
//! 2 for bad usage. What never enters: a rule of its own. It plays with what the core and the server do.

mod arguments;
pub mod camera;
mod checkpoint;
mod inspect;
mod notice;
mod officer;
mod operator;
mod proof;
mod serve;
mod story;
pub mod time;
mod tools;
mod trust;
pub mod vault;

use std::ffi::OsString;
use std::io::Write;
use std::process::ExitCode;

use clap::Parser;

use arguments::{Arguments, Command, IdCommand, ProofCommand, RulesCommand, TokenCommand};

/// What a command came to.
enum Outcome {
    Yes,
    No,
}

/// Runs the command line.
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let arguments = match Arguments::try_parse_from(arguments) {
        Ok(arguments) => arguments,
        Err(error) => {
            // Help and version are no errors; clap knows which stream and which status.
            let _ = error.print();
            return ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(2));
        }
    };
    // Not locked: the server prints one-time codes from threads of its own.
    let mut out = std::io::stdout();
    let result = match arguments.command {
        None => story::run(None, arguments.json, &mut out).map(|()| Outcome::Yes),
        Some(Command::Story { keep }) => {
            story::run(keep.as_deref(), arguments.json, &mut out).map(|()| Outcome::Yes)
        }
        Some(Command::Serve(serve)) => serve::run(&serve, arguments.json, &mut out).map(|()| Outcome::Yes),
        Some(Command::Root { command }) => operator::root(&command, arguments.json, &mut out),
        Some(Command::Key { command }) => operator::key(&command, arguments.json, &mut out),
        Some(Command::Outage { command }) => operator::outage(&command, arguments.json, &mut out),
        Some(Command::Officer(officer)) => officer::run(&officer, arguments.json, &mut out),
        Some(Command::OfficerKey { command }) => officer::key(&command, arguments.json, &mut out),
        Some(Command::Notice { command }) => notice::notice(&command, arguments.json, &mut out),
        Some(Command::Venue(venue)) => notice::venue(&venue, arguments.json, &mut out),
        Some(Command::Id { command: IdCommand::Check { number } }) => {
            tools::check_id(&number, arguments.json, &mut out)
        }
        Some(Command::Rules { command: RulesCommand::Test { directory } }) => {
            tools::test_rules(&directory, arguments.json, &mut out)
        }
        Some(Command::Proof { command: ProofCommand::Verify { proof, trust_list, root_key } }) => {
            proof::verify(&proof, &trust_list, &root_key, arguments.json, &mut out)
        }
        Some(Command::Checkpoint(checkpoint)) => checkpoint::run(&checkpoint, arguments.json, &mut out),
        Some(Command::Token { command: TokenCommand::Inspect(inspect) }) => {
            inspect::run(&inspect, arguments.json, &mut out)
        }
    };
    match result {
        Ok(Outcome::Yes) => ExitCode::SUCCESS,
        Ok(Outcome::No) => ExitCode::FAILURE,
        // A reader that went away, such as `head`, has seen what it wanted.
        Err(Failure::Output(error)) if error.kind() == std::io::ErrorKind::BrokenPipe => ExitCode::SUCCESS,
        Err(failure) => {
            let _ = writeln!(std::io::stderr(), "healthcode: {failure}");
            ExitCode::from(if matches!(failure, Failure::Usage(_)) { 2 } else { 1 })
        }
    }
}

/// Why a command did not come to an answer.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// It was asked for what cannot be done.
    #[error("{0}")]
    Usage(String),
    /// Something was not as it should be.
    #[error("{0}")]
    Failed(String),
    /// Its output could not be written.
    #[error("output: {0}")]
    Output(#[from] std::io::Error),
}
