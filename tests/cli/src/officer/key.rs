//! `healthcode officer-key`: an officer's key in a file of the officer's own, and who is registered as an officer beside a
//! server's database.

use std::fs::OpenOptions;
use std::io::Write;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use clap::{Subcommand, ValueEnum};
use healthcode::token::ids::{hex, unhex};
use healthcode::token::{PublicKey, Signer, SoftwareKey};
use healthcode_server::{OfficerRole, Operator};
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::operator::failed;
use crate::{Failure, Outcome, trust};

/// What to do with officers' keys.
#[derive(Subcommand)]
pub(crate) enum OfficerKeyCommand {
    /// Make an officer's key and print its public half, for the operator. The file is the officer's alone
    Make {
        /// The new file
        #[arg(value_name = "FILE")]
        file: PathBuf,
    },
    /// Register an officer's key, or give it other roles. The server may be running
    Register {
        /// The server's database; the officers stand in a file beside it
        #[arg(long, value_name = "FILE")]
        database: PathBuf,
        /// The officer's public key, as `officer-key make` prints it
        #[arg(long, value_name = "HEX")]
        key: String,
        /// What the authority calls the officer; residents read it
        #[arg(long, value_name = "NAME")]
        name: String,
        /// What the officer may do; once for each
        #[arg(long, value_name = "ROLE", value_enum, required = true)]
        role: Vec<Role>,
    },
    /// Remove an officer: from now on the key is nobody's
    Remove {
        /// The server's database
        #[arg(long, value_name = "FILE")]
        database: PathBuf,
        /// What the authority calls the officer
        #[arg(long, value_name = "NAME")]
        name: String,
    },
    /// List the officers, and those who were removed
    List {
        /// The server's database
        #[arg(long, value_name = "FILE")]
        database: PathBuf,
    },
    /// Verify the log of officers' acts and print it, an act a line; without notes, documents or declarations
    Log {
        /// The server's database; the keys beside it open the log
        #[arg(long, value_name = "FILE")]
        database: PathBuf,
    },
}

/// What an officer may do.
#[derive(Clone, Copy, ValueEnum)]
pub(crate) enum Role {
    /// See overdue check-ins, check in for others
    CheckIns,
    /// Say who may care for whom
    Relations,
    /// Take declarations at a counter, issue and withdraw paper codes
    Papers,
    /// Decide appeals
    Appeals,
    /// Order, confirm and lift quarantines without a rule
    Orders,
}

impl From<Role> for OfficerRole {
    fn from(role: Role) -> Self {
        match role {
            Role::CheckIns => Self::CheckIns,
            Role::Relations => Self::Relations,
            Role::Papers => Self::Papers,
            Role::Appeals => Self::Appeals,
            Role::Orders => Self::Orders,
        }
    }
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct KeyFile {
    format: u8,
    seed: String,
}

const FORMAT: u8 = 1;

/// Runs a command about officers' keys.
pub(crate) fn run(
    command: &OfficerKeyCommand,
    as_json: bool,
    out: &mut dyn Write,
) -> Result<Outcome, Failure> {
    match command {
        OfficerKeyCommand::Make { file } => {
            let key = hex(&make(file)?.public_key().to_cose());
            if as_json {
                writeln!(out, "{}", json!({ "key": key }))?;
            } else {
                writeln!(out, "officer's key {key}")?;
            }
        }
        OfficerKeyCommand::Register { database, key, name, role } => {
            let key = trust::unhex(key).and_then(|bytes| PublicKey::from_cose(&bytes).ok());
            let key = key.ok_or_else(|| Failure::Usage("--key: no COSE_Key in hexadecimal".to_owned()))?;
            let roles: Vec<OfficerRole> = role.iter().map(|role| (*role).into()).collect();
            Operator::of(database).register_officer(&key, name, &roles).map_err(failed)?;
            list(database, Some(name), as_json, out)?;
        }
        OfficerKeyCommand::Remove { database, name } => {
            Operator::of(database).remove_officer(name).map_err(failed)?;
            if as_json {
                writeln!(out, "{}", json!({ "removed": name }))?;
            } else {
                writeln!(out, "removed {name}")?;
            }
        }
        OfficerKeyCommand::List { database } => list(database, None, as_json, out)?,
        OfficerKeyCommand::Log { database } => log(database, as_json, out)?,
    }
    Ok(Outcome::Yes)
}

fn list(database: &Path, named: Option<&str>, as_json: bool, out: &mut dyn Write) -> Result<(), Failure> {
    let officers = Operator::of(database).officers().map_err(failed)?;
    for officer in officers.iter().filter(|officer| named.is_none_or(|name| officer.name == name)) {
        let roles: Vec<_> = officer.roles.iter().map(|role| role.word()).collect();
        let key = hex(&officer.key);
        if as_json {
            let removed = officer.removed;
            writeln!(
                out,
                "{}",
                json!({"officer": officer.name, "key": key, "roles": roles, "removed": removed})
            )?;
        } else {
            let may = if officer.removed { "removed".to_owned() } else { roles.join(", ") };
            writeln!(out, "{key}  {}  {may}", officer.name)?;
        }
    }
    Ok(())
}

fn log(database: &Path, as_json: bool, out: &mut dyn Write) -> Result<(), Failure> {
    for entry in Operator::of(database).officers_log().map_err(failed)? {
        let subject = entry.subject.map(|subject| subject.to_string());
        let (at, key, request) = (entry.at.to_string(), hex(&entry.key), hex(&entry.request));
        if as_json {
            let line = json!({
                "subject": subject, "place": entry.place, "at": at, "act": entry.act, "officer": entry.officer,
                "removed": entry.removed,
                "key": key, "request": request, "entry": hex(&entry.entry),
            });
            writeln!(out, "{line}")?;
        } else {
            let subject = subject.unwrap_or_else(|| format!("{:32}", "-"));
            let officer = entry.officer.unwrap_or(key);
            writeln!(out, "{subject}  {:4}  {at}  {:14}  {officer}", entry.place, entry.act)?;
        }
    }
    Ok(())
}

fn make(path: &Path) -> Result<SoftwareKey, Failure> {
    let failed = |error: std::io::Error| Failure::Failed(format!("{}: {error}", path.display()));
    let mut seed = [0; 32];
    getrandom::fill(&mut seed).map_err(|error| failed(std::io::Error::other(error)))?;
    let json = serde_json::to_vec(&KeyFile { format: FORMAT, seed: hex(&seed) });
    let json = json.map_err(|error| failed(error.into()))?;
    // One that there is may be the only copy of somebody's key.
    let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path);
    let mut file = match file {
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {
            return Err(Failure::Usage(format!("{}: there is a file already", path.display())));
        }
        file => file.map_err(failed)?,
    };
    file.write_all(&json).and_then(|()| file.sync_all()).map_err(failed)?;
    Ok(SoftwareKey::from_seed(&seed))
}

/// Reads an officer's key. What is wrong with the file repeats nothing of it.
pub(super) fn read(path: &Path) -> Result<SoftwareKey, Failure> {
    let wrong = |reason: &str| Failure::Usage(format!("--key {}: {reason}", path.display()));
    let metadata = std::fs::metadata(path).map_err(|error| wrong(&error.to_string()))?;
    if metadata.mode() & 0o077 != 0 {
        return Err(wrong("others can read the file: set its mode to 0600"));
    }
    let bytes = std::fs::read(path).map_err(|error| wrong(&error.to_string()))?;
    let file: KeyFile = serde_json::from_slice(&bytes).map_err(|_| wrong("no officer's key"))?;
    let seed = unhex::<32>(&file.seed).filter(|_| file.format == FORMAT);
    seed.map(|seed| SoftwareKey::from_seed(&seed)).ok_or_else(|| wrong("no officer's key"))
}
