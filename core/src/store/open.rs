//! How the file is opened: one connection that writes, and as many as are reading at a time.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rusqlite::{Connection, MAIN_DB, OpenFlags};

use super::StoreError;
use super::schema;
use crate::error::StorageKind;

/// How long a connection waits for another one: only while a journal is recovered or folded into the file.
pub(super) const PATIENCE: Duration = Duration::from_secs(2);
/// How many readers are kept for the next time.
const IDLE: usize = 4;
/// How many prepared statements a connection keeps: all that there are.
const STATEMENTS: usize = 64;

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
    // Where `fsync` leaves what is written in the drive's own memory, as on Apple's; elsewhere it says nothing.
    connection.pragma_update(None, "fullfsync", true)?;
    connection.pragma_update(None, "temp_store", "MEMORY")?;
    connection.pragma_update(None, "foreign_keys", true)?;
    connection.pragma_update(None, "secure_delete", true)?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS);
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
    connection.set_prepared_statement_cache_capacity(STATEMENTS);
    Ok(connection)
}

/// Whether a file which is only looked at has the current schema, or nothing yet because it is only just being made. An
/// earlier one waits for an opening that may write.
pub(super) fn has_schema(reader: &Connection) -> Result<bool, StoreError> {
    let version: i64 = reader.query_row("PRAGMA user_version", [], |row| row.get(0))?;
    Err(StoreError::Kind(match usize::try_from(version) {
        Ok(schema::VERSION) => return Ok(true),
        Ok(0) => return Ok(false),
        Ok(earlier) if earlier < schema::VERSION => StorageKind::ReadOnly,
        Ok(_) => StorageKind::NewerSchema,
        Err(_) => StorageKind::Corrupt,
    }))
}

/// The connections that read, each one thread's at a time.
pub(super) struct Readers {
    path: PathBuf,
    /// None once the file is to be erased.
    idle: Mutex<Option<Vec<Connection>>>,
}

impl Readers {
    pub(super) fn new(path: &Path) -> Self {
        Self { path: path.to_owned(), idle: Mutex::new(Some(Vec::new())) }
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    pub(super) fn take(&self) -> Result<Connection, StoreError> {
        let idle = self.idle().as_mut().ok_or(StoreError::Closed)?.pop();
        idle.map_or_else(|| reader(&self.path), Ok)
    }

    pub(super) fn give_back(&self, connection: Connection) {
        if let Some(idle) = self.idle().as_mut().filter(|idle| idle.len() < IDLE) {
            idle.push(connection);
        }
    }

    /// Closes those that are idle; the others are closed when they are given back.
    pub(super) fn close(&self) {
        *self.idle() = None;
    }

    pub(super) fn is_closed(&self) -> bool {
        self.idle().is_none()
    }

    fn idle(&self) -> MutexGuard<'_, Option<Vec<Connection>>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
