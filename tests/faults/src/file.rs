//! The phone's file from outside: as bytes, as SQLite sees it, and as what it must never lose.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use healthcode::platform::{Ports, Vault};
use healthcode::resident::{CheckInInput, Entry, Resident};
use healthcode::rules::calendar::Timestamp;
use healthcode::sync::Config;
use healthcode::{HealthcodeError, StorageKind};
use healthcode_cli::time::{PhoneClock, World};
use healthcode_cli::vault::MemoryVault;
use healthcode_e2e::phone::{at, config_of};
use rusqlite::Connection;
use tempfile::TempDir;

use crate::unhex;

/// The folder with a file of every released schema.
#[must_use]
pub fn released() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../core/src/store/released")
}

/// Asserts that SQLite finds nothing wrong with a file.
pub fn whole(database: &Path) {
    let connection = Connection::open(database).unwrap();
    let found: String = connection.query_row("PRAGMA integrity_check", [], |row| row.get(0)).unwrap();
    assert_eq!(found, "ok");
    let dangling = connection.query_row("PRAGMA foreign_key_check", [], |_| Ok(()));
    assert_eq!(dangling, Err(rusqlite::Error::QueryReturnedNoRows));
}

/// A resident's file in a folder of its own: a copy of the latest frozen one. 张三 is in a yellow quarantine; five
/// check-ins are recorded, of which two wait to be sent.
pub struct Kept {
    folder: TempDir,
    root_key: Vec<u8>,
}

/// What was accepted once and must not be lost: the subject, and its check-ins by their ids.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Accepted {
    /// The subject's id.
    pub subject: String,
    /// The ids of the check-ins.
    pub check_ins: BTreeSet<String>,
    /// How many of them wait.
    pub waiting: u32,
}

impl Kept {
    /// A copy.
    #[must_use]
    pub fn new() -> Self {
        let schema =
            (1..1000).take_while(|schema| released().join(format!("{schema}.sqlite")).exists()).last();
        let file = released().join(format!("{}.sqlite", schema.expect("a frozen file")));
        let root_key = unhex(std::fs::read_to_string(file.with_extension("root-key")).unwrap().trim());
        let kept = Self { folder: TempDir::new().unwrap(), root_key };
        std::fs::copy(file, kept.database()).unwrap();
        kept
    }

    /// The folder.
    #[must_use]
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// The file's path.
    #[must_use]
    pub fn database(&self) -> PathBuf {
        self.folder().join("phone.db")
    }

    /// The file's bytes.
    #[must_use]
    pub fn bytes(&self) -> Vec<u8> {
        std::fs::read(self.database()).unwrap()
    }

    /// What an app is built with.
    #[must_use]
    pub fn config(&self) -> Config {
        config_of("http://127.0.0.1:9".to_owned(), self.root_key.clone(), &self.database())
    }

    /// Opens the file with the vault that it belongs to.
    ///
    /// # Errors
    ///
    /// As [`Resident::open`].
    pub fn open(&self) -> Result<Arc<Resident>, HealthcodeError> {
        self.open_with(MemoryVault::with_key([7; 32]))
    }

    /// Opens it with another vault.
    ///
    /// # Errors
    ///
    /// As [`Resident::open`].
    pub fn open_with(&self, vault: Arc<dyn Vault>) -> Result<Arc<Resident>, HealthcodeError> {
        Resident::open(self.config(), ports(vault))
    }

    /// Opens it only to look at it.
    ///
    /// # Errors
    ///
    /// As [`Resident::open_read_only`].
    pub fn look(&self) -> Result<Arc<Resident>, HealthcodeError> {
        Resident::open_read_only(self.config(), ports(MemoryVault::with_key([7; 32])))
    }

    /// What has been accepted, as an opening of the whole file shows it.
    #[must_use]
    pub fn accepted(&self) -> Accepted {
        let accepted = accepted(&self.open().unwrap());
        whole(&self.database());
        accepted
    }
}

impl Default for Kept {
    fn default() -> Self {
        Self::new()
    }
}

/// The ports of the phone that the frozen file was left by, a minute later.
#[must_use]
pub fn ports(vault: Arc<dyn Vault>) -> Ports {
    let world = World::new(started_at());
    let clock = PhoneClock::new(&world, "phone");
    world.go_to(left_at().plus_millis(60_000));
    Ports { vault, clock, log: None }
}

/// When the phone of the frozen file was first used.
#[must_use]
pub fn started_at() -> Timestamp {
    at(11, 9, 0)
}

/// When it was left.
#[must_use]
pub fn left_at() -> Timestamp {
    at(14, 10, 0)
}

/// What a phone shows of what was accepted.
///
/// # Panics
///
/// Where it shows something else than one subject in quarantine.
#[must_use]
pub fn accepted(resident: &Resident) -> Accepted {
    let home = resident.home().unwrap();
    let card = home.subjects.first().expect("a subject");
    let view = resident.quarantine(card.subject.clone()).unwrap().expect("an order");
    let check_ins: BTreeSet<_> = view.check_ins.into_iter().map(|check_in| check_in.operation).collect();
    Accepted { subject: card.subject.clone(), check_ins, waiting: card.waiting }
}

/// Records a check-in and gives its id.
///
/// # Errors
///
/// As [`Resident::record`].
pub fn tap(resident: &Resident, subject: &str) -> Result<String, HealthcodeError> {
    let entry = Entry::CheckIn { check_in: CheckInInput { symptoms: Vec::new() } };
    resident.record(subject.to_owned(), entry).map(|recorded| recorded.operation)
}

/// The error of the file.
#[must_use]
pub const fn storage(kind: StorageKind) -> HealthcodeError {
    HealthcodeError::Storage { kind }
}

/// Why it was not opened.
pub fn error(opened: Result<Arc<Resident>, HealthcodeError>) -> HealthcodeError {
    opened.map(|_| ()).unwrap_err()
}

/// What was accepted, and these operations.
#[must_use]
pub fn with(before: &Accepted, operations: impl IntoIterator<Item = String>) -> Accepted {
    let mut after = before.clone();
    for operation in operations {
        assert!(after.check_ins.insert(operation));
        after.waiting += 1;
    }
    after
}

/// The configuration for a file of another process, which needs none of its server.
#[must_use]
pub fn config(database: &Path) -> Config {
    Config { database: database.to_str().unwrap().to_owned(), ..Kept::new().config() }
}
