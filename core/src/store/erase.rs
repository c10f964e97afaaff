//! Erasing a phone's file for good. The database key is destroyed first: from then on nothing that is left can be
//! read. Then the hardware keys, then every file. A marker beside the file says that an erasure has begun; it goes
//! last, so that one that was cut off at any step is finished at the next opening.
//!
//! The lock's file stays. It is empty, and a process that waits for it must not be left with one that another process
//! no longer finds.

use std::ffi::OsString;
use std::fs::{File, OpenOptions};
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};

use rusqlite::{Connection, OpenFlags, TransactionBehavior};
use rustix::fs::{FlockOperation, flock};

use super::transaction::{Transaction, from_json, to_json};
use super::{Store, StoreError, lock};
use crate::error::StorageKind;
use crate::platform::{Vault, VaultError};

type Result<T> = std::result::Result<T, StoreError>;

const MARKER: &str = ".erasing";
/// The marker before it is whole: an erasure that has not begun.
const UNFINISHED_MARKER: &str = ".erasing.new";
/// What lies beside the database: its log, the log's index, and the journal of a file that is not in WAL mode yet.
const LOG: &str = "-wal";
const OTHERS: [&str; 3] = [LOG, "-shm", "-journal"];

const BLANK_KEY: &str =
    "UPDATE vault_key SET sealed = zeroblob(length(sealed)), probe = zeroblob(length(probe))";
const EMPTY_LOG: &str = "PRAGMA wal_checkpoint(TRUNCATE)";

/// An erasure that has begun. Whoever has one holds the file's lock.
pub(crate) struct Erasure {
    database: PathBuf,
    /// The names of the hardware keys: random, and unknown once the database key is gone.
    hardware: Vec<String>,
}

/// One step. Each may be done again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// The database key: overwritten in its row, and in the log that had it.
    Key,
    /// The hardware keys in the vault.
    HardwareKeys,
    /// The log and what else lies beside the database.
    Others,
    /// The database.
    Database,
    /// The marker.
    Marker,
}

impl Step {
    /// All of them, in their order.
    pub(crate) const ALL: [Self; 5] =
        [Self::Key, Self::HardwareKeys, Self::Others, Self::Database, Self::Marker];
}

impl Erasure {
    /// Begins: once this returns, the file will be erased, whatever happens.
    pub(crate) fn begin(database: &Path, hardware: Vec<String>) -> Result<Self> {
        let unfinished = beside(database, UNFINISHED_MARKER);
        let mut file = File::create(&unfinished).map_err(|error| io(&error))?;
        file.write_all(&to_json(&hardware)?).and_then(|()| file.sync_all()).map_err(|error| io(&error))?;
        // Whole or not at all, so that no name of a key is lost.
        std::fs::rename(&unfinished, beside(database, MARKER)).map_err(|error| io(&error))?;
        sync_folder(database)?;
        Ok(Self { database: database.to_owned(), hardware })
    }

    fn begun(database: &Path) -> Result<Option<Self>> {
        match std::fs::read(beside(database, MARKER)) {
            // A marker that does not read was not written by this version: it still says what was asked for.
            Ok(names) => {
                let hardware = from_json(&names).unwrap_or_default();
                Ok(Some(Self { database: database.to_owned(), hardware }))
            }
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(io(&error)),
        }
    }

    /// Does all steps. After an error the next opening goes on.
    pub(crate) fn run(&self, vault: &dyn Vault) -> Result<()> {
        Step::ALL.into_iter().try_for_each(|step| self.step(step, vault))
    }

    pub(crate) fn step(&self, step: Step, vault: &dyn Vault) -> Result<()> {
        match step {
            Step::Key => {
                if blank_key(&self.database).is_err() {
                    // Damaged, or the disk is full: what is there already can still be written over.
                    for path in [&self.database, &beside(&self.database, LOG)] {
                        // What cannot be written to may still be deleted, below.
                        let _ = overwrite(path);
                    }
                }
                Ok(())
            }
            Step::HardwareKeys => delete_hardware_keys(&self.hardware, vault),
            Step::Others => {
                OTHERS.iter().try_for_each(|other| remove(&beside(&self.database, other)))?;
                sync_folder(&self.database)
            }
            Step::Database => {
                remove(&self.database)?;
                sync_folder(&self.database)
            }
            Step::Marker => {
                remove(&beside(&self.database, MARKER))?;
                sync_folder(&self.database)
            }
        }
    }
}

/// Finishes an erasure that was cut off, if there is one.
pub(crate) fn finish_erasing(database: &Path, vault: &dyn Vault) -> Result<()> {
    let left = [MARKER, UNFINISHED_MARKER].iter().any(|name| beside(database, name).exists());
    if !left {
        return Ok(());
    }
    // Asked again under the lock: another process may have finished it, and begun a new file.
    let _lock = lock::take(database)?;
    remove(&beside(database, UNFINISHED_MARKER))?;
    Erasure::begun(database)?.map_or(Ok(()), |erasure| erasure.run(vault))
}

/// That no erasure has begun: to whoever only looks, a file that is being erased is not there.
pub(super) fn none_begun(database: &Path) -> Result<()> {
    if beside(database, MARKER).exists() { Err(StoreError::Kind(StorageKind::Unreachable)) } else { Ok(()) }
}

/// Erases a file that does not open. What its rows name is not known.
pub(crate) fn erase_unopened(database: &Path, vault: &dyn Vault) -> Result<()> {
    let _lock = lock::take(database)?;
    Erasure::begin(database, Vec::new())?.run(vault)
}

impl Store {
    /// Begins to erase this file. Nobody writes in between; where it succeeds, the file is closed, and whoever still
    /// has this object gets `Closed` from every call. The lock stays until [`Store::let_go`].
    pub(crate) fn begin_erasing(
        &self,
        hardware: impl FnOnce(&Transaction<'_>) -> Vec<String>,
    ) -> Result<Erasure> {
        let mut writer = self.writer()?;
        let (inner, key) = self.view(&writer, TransactionBehavior::Deferred)?;
        let hardware = hardware(&Transaction { inner: &inner, seal: key.seal() });
        drop(inner);
        let erasure = Erasure::begin(self.path(), hardware)?;
        self.readers.close();
        // In the place of the file's connection, which is closed with it.
        *writer = Connection::open_in_memory()?;
        drop(writer);
        self.touch();
        Ok(erasure)
    }

    /// Where the file is.
    pub(crate) fn path(&self) -> &Path {
        self.readers.path()
    }

    /// Whether it was erased, or is being erased.
    pub(crate) fn is_closed(&self) -> bool {
        self.readers.is_closed()
    }

    /// Lets go of the lock of a file that was erased, before the last holder of this object does.
    pub(crate) fn let_go(&self) {
        if let Some(lock) = &self.lock {
            // The operating system does so anyway when this object is dropped.
            let _ = flock(lock, FlockOperation::Unlock);
        }
    }
}

/// Deletes hardware keys by their names.
pub(crate) fn delete_hardware_keys(names: &[String], vault: &dyn Vault) -> Result<()> {
    for name in names {
        match vault.delete(name.clone()) {
            Err(VaultError::Locked) => return Err(VaultError::Locked.into()),
            // One that the vault will not delete signs nothing any more, and must not keep the rest from going.
            Ok(()) | Err(VaultError::Gone | VaultError::Refused) => {}
        }
    }
    Ok(())
}

/// Writes zeros over the sealed key, in the database and in the log.
fn blank_key(database: &Path) -> rusqlite::Result<()> {
    if !database.exists() {
        return Ok(());
    }
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(database, flags)?;
    connection.pragma_update(None, "secure_delete", true)?;
    connection.execute(BLANK_KEY, [])?;
    let blocked: bool = connection.query_row(EMPTY_LOG, [], |row| row.get(0))?;
    if blocked { Err(rusqlite::Error::InvalidQuery) } else { Ok(()) }
}

fn overwrite(path: &Path) -> std::io::Result<()> {
    const ZEROS: [u8; 4_096] = [0; 4_096];
    let mut file = match OpenOptions::new().write(true).open(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        opened => opened?,
    };
    let mut left = file.metadata()?.len();
    while left > 0 {
        let chunk = ZEROS.get(..usize::try_from(left).unwrap_or(ZEROS.len())).unwrap_or(&ZEROS);
        file.write_all(chunk)?;
        left = left.saturating_sub(chunk.len() as u64);
    }
    file.sync_all()
}

fn remove(path: &Path) -> Result<()> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(io(&error)),
        _ => Ok(()),
    }
}

fn sync_folder(database: &Path) -> Result<()> {
    let folder = database.parent().ok_or(StoreError::Kind(StorageKind::Unreachable))?;
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(|error| io(&error))
}

fn beside(database: &Path, ending: &str) -> PathBuf {
    let mut name: OsString = database.as_os_str().to_owned();
    name.push(ending);
    name.into()
}

fn io(error: &std::io::Error) -> StoreError {
    StoreError::Kind(match error.kind() {
        ErrorKind::ReadOnlyFilesystem | ErrorKind::PermissionDenied => StorageKind::ReadOnly,
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => StorageKind::Full,
        _ => StorageKind::Unreachable,
    })
}
