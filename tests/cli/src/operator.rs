//! What an operator does with the keys beside a server's database, whether the server runs or not: one that runs goes on
//! with what it finds changed.

use std::io::Write;
use std::path::{Path, PathBuf};

use chrono::DateTime;
use clap::{Subcommand, ValueEnum};
use healthcode::qr::{Matrix, Shade, TerminalStyle, png, terminal};
use healthcode::rules::calendar::Timestamp;
use healthcode::token::ids::hex;
use healthcode::token::{KeyUse, OutageNotice, RootSet};
use healthcode_server::{Operator, ServerClock, StartError, SystemClock};
use serde_json::json;

use crate::{Failure, Outcome};

/// How many points a module of a picture has.
pub(crate) const SCALE: u32 = 8;

/// What to do with the root keys.
#[derive(Subcommand)]
pub(crate) enum RootCommand {
    /// Print the root set in force, as an app is built with it
    Show {
        /// The server's database; its keys lie beside it
        #[arg(long, value_name = "FILE")]
        database: PathBuf,
    },
    /// Make new root keys, for which the old ones vouch once; the old ones are gone then. The server may be running
    Rotate {
        /// The server's database; its keys lie beside it
        #[arg(long, value_name = "FILE")]
        database: PathBuf,
        /// How many of the new keys must sign from now on
        #[arg(long, value_name = "K")]
        threshold: u8,
        /// How many new keys there are
        #[arg(long, value_name = "N")]
        keys: u8,
    },
}

/// What to do with an issuer's keys.
#[derive(Subcommand)]
pub(crate) enum KeyCommand {
    /// Remove a key that somebody else may have, and begin a new one at once: what it signed is signed anew when its
    /// holder connects. The server may be running
    Remove {
        /// The server's database; its keys lie beside it
        #[arg(long, value_name = "FILE")]
        database: PathBuf,
        /// What the key signs
        #[arg(long = "use", value_name = "USE", value_enum)]
        key_use: Use,
    },
}

/// What a key signs.
#[derive(Clone, Copy, ValueEnum)]
pub(crate) enum Use {
    /// Codes
    Tokens,
    /// Time anchors
    Time,
    /// The rulebook
    Rules,
    /// Ratings, orders, releases, receipts
    Decisions,
    /// Status lists
    Status,
    /// Gate policies
    Policy,
    /// Exposure notices and their log: what is published is signed anew
    Notices,
    /// Venue codes: those that hang are to be printed anew
    Venues,
}

impl From<Use> for KeyUse {
    fn from(key_use: Use) -> Self {
        match key_use {
            Use::Tokens => Self::Tokens,
            Use::Time => Self::Time,
            Use::Rules => Self::Rules,
            Use::Decisions => Self::Decisions,
            Use::Status => Self::Status,
            Use::Policy => Self::Policy,
            Use::Notices => Self::Notices,
            Use::Venues => Self::Venues,
        }
    }
}

/// What to do with outage notices.
#[derive(Subcommand)]
pub(crate) enum OutageCommand {
    /// Sign that an issuer's server is down: its codes, and what gates know of them, count some hours longer. Made for
    /// when the server is down, and published by it when it is up
    Declare {
        /// The database of the server that holds the root; its keys lie beside it
        #[arg(long, value_name = "FILE")]
        database: PathBuf,
        /// The id of the issuer whose server is down
        #[arg(long, value_name = "ID")]
        issuer: String,
        /// By how many hours, 168 at most; 0 ends an outage early
        #[arg(long, value_name = "HOURS")]
        hours: u16,
        /// Until when the notice holds, such as 2020-02-13T08:00:00+08:00
        #[arg(long, value_name = "RFC3339", value_parser = instant)]
        until: Timestamp,
        /// Write the notice to this file, for gates to load
        #[arg(long, value_name = "FILE")]
        out: Option<PathBuf>,
        /// Write its QR code to this PNG
        #[arg(long, value_name = "FILE")]
        png: Option<PathBuf>,
        /// Print its QR code for a screen of light letters on dark
        #[arg(long)]
        qr: bool,
    },
}

/// Runs a command about the root keys.
pub(crate) fn root(command: &RootCommand, as_json: bool, out: &mut dyn Write) -> Result<Outcome, Failure> {
    let roots = match command {
        RootCommand::Show { database } => Operator::of(database).root_set().map_err(failed)?,
        RootCommand::Rotate { database, threshold, keys } => {
            Operator::of(database).rotate_root(*threshold, *keys, SystemClock.now()).map_err(failed)?
        }
    };
    let RootSet { version, threshold, keys, expires_at } = roots;
    let keys: Vec<_> = keys.iter().map(|key| hex(&key.to_cose())).collect();
    let ends = expires_at.map(|at| at.to_string());
    if as_json {
        let line = json!({"version": version, "threshold": threshold, "keys": keys, "expires_at": ends});
        writeln!(out, "{line}")?;
    } else {
        writeln!(out, "root version {version}, {threshold} of {} keys", keys.len())?;
        for key in keys {
            writeln!(out, "  root key {key}")?;
        }
        writeln!(out, "  until    {}", ends.unwrap_or_else(|| "it is followed by another".to_owned()))?;
    }
    Ok(Outcome::Yes)
}

/// Runs a command about an issuer's keys.
pub(crate) fn key(command: &KeyCommand, as_json: bool, out: &mut dyn Write) -> Result<Outcome, Failure> {
    let KeyCommand::Remove { database, key_use } = command;
    let removed = Operator::of(database).remove_key((*key_use).into(), SystemClock.now()).map_err(failed)?;
    let removed: Vec<_> = removed.iter().map(|id| hex(id)).collect();
    if as_json {
        writeln!(out, "{}", json!({"removed": removed}))?;
    } else {
        for id in removed {
            writeln!(out, "removed {id}")?;
        }
    }
    Ok(Outcome::Yes)
}

/// Runs a command about outage notices.
pub(crate) fn outage(
    command: &OutageCommand,
    as_json: bool,
    out: &mut dyn Write,
) -> Result<Outcome, Failure> {
    let OutageCommand::Declare { database, issuer, hours, until, out: file, png: picture, qr } = command;
    let operator = Operator::of(database);
    let signed = operator.declare_outage(issuer, *hours, *until, SystemClock.now()).map_err(failed)?;
    if let Some(path) = file {
        write(path, &signed)?;
    }
    let text = OutageNotice::to_text(&signed);
    let matrix = || Matrix::encode(&text).map_err(|error| Failure::Failed(error.to_string()));
    if let Some(path) = picture {
        let drawn =
            png(&matrix()?, Shade::Plain, SCALE).map_err(|error| Failure::Failed(error.to_string()))?;
        write(path, &drawn)?;
    }
    if as_json {
        let line = json!({"issuer": issuer, "hours": hours, "until": until.to_string(), "text": text});
        writeln!(out, "{line}")?;
        return Ok(Outcome::Yes);
    }
    if *qr {
        writeln!(out, "{}", terminal(&matrix()?, TerminalStyle::DarkBackground))?;
    }
    writeln!(out, "{text}")?;
    Ok(Outcome::Yes)
}

fn instant(text: &str) -> Result<Timestamp, String> {
    let at = DateTime::parse_from_rfc3339(text).map_err(|error| error.to_string())?;
    Ok(Timestamp::from_millis(at.timestamp_millis()))
}

pub(crate) fn write(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    std::fs::write(path, bytes).map_err(|error| Failure::Failed(format!("{}: {error}", path.display())))
}

pub(crate) fn failed(error: StartError) -> Failure {
    match error {
        StartError::Refused(reason) => Failure::Usage(reason),
        StartError::Draft(wrong) => Failure::Usage(wrong.to_string()),
        other => Failure::Failed(other.to_string()),
    }
}
