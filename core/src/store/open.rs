//! How the file is opened: one connection that writes, and as many as are reading at a time.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use rusqlite::{Connection, MAIN_DB, OpenFlags};

use super::StoreError;
use super::schema;
use crate::error::StorageKind;

/// How long a connection waits for another one: only while a journal is recovered or folded into the file.
pub(super) const PATIENCE: Duration = Duration::from_secs(2);
/// How many readers are kept for the next time.
const IDLE: usize = 4;

/// The connection that writes, over a file of the current schema.
pub(super) fn writer(path: &Path) -> Result<Connection, StoreError> {
    let mut connection = Connection::open(path)?;
    connection.busy_timeout(PATIENCE)?;
    // SQLite opens what it may not write to read it only.
    if connection.is_readonly(MAIN_DB)? {
        return Err(StoreError::Kind(StorageKind::ReadOnly));
    }
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.pragma_update(None, "temp_store", "MEMORY")?;
    connection.pragma_update(None, "foreign_keys", true)?;
    connection.pragma_update(None, "secure_delete", true)?;
    schema::migrations().to_latest(&mut connection)?;
    Ok(connection)
}

/// A connection that reads.
pub(super) fn reader(path: &Path) -> Result<Connection, StoreError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(PATIENCE)?;
    connection.pragma_update(None, "temp_store", "MEMORY")?;
    connection.pragma_update(None, "query_only", true)?;
    Ok(connection)
}

/// That a file which is only looked at has the current schema: an earlier one waits for an opening that may write,
/// and a file that is only just being made is not there yet.
pub(super) fn check_version(reader: &Connection) -> Result<(), StoreError> {
    let version: i64 = reader.query_row("PRAGMA user_version", [], |row| row.get(0))?;
    Err(StoreError::Kind(match usize::try_from(version) {
        Ok(schema::VERSION) => return Ok(()),
        Ok(0) => StorageKind::Unreachable,
        Ok(earlier) if earlier < schema::VERSION => StorageKind::ReadOnly,
        Ok(_) => StorageKind::NewerSchema,
        Err(_) => StorageKind::Corrupt,
    }))
}

/// The connections that read, each one thread's at a time.
pub(super) struct Readers {
    path: PathBuf,
    idle: Mutex<Vec<Connection>>,
}

impl Readers {
    pub(super) fn new(path: &Path) -> Self {
        Self { path: path.to_owned(), idle: Mutex::default() }
    }

    pub(super) fn take(&self) -> Result<Connection, StoreError> {
        let idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        idle.map_or_else(|| reader(&self.path), Ok)
    }

    pub(super) fn give_back(&self, connection: Connection) {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        if idle.len() < IDLE {
            idle.push(connection);
        }
    }
}
