//! The phone's file: SQLite in WAL mode, one file a person's phone, its values sealed.
//!
//! One process writes a file at a time, by an operating system's lock; others may look at it. Every change is one
//! transaction. A reader has a connection of its own and waits for no writer. The vault is never asked while a
//! transaction is open. What never enters: a network, a decision, a clear text of anything that identifies a person.

mod answered;
mod appeals;
mod drafts;
mod erase;
mod error;
mod keys;
mod life;
mod lock;
mod open;
mod records;
mod rotate;
mod row;
pub(crate) mod schema;
pub(crate) mod seal;
mod transaction;
mod whereabouts;

use std::fs::File;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rusqlite::{Connection, TransactionBehavior};
use tokio::sync::watch;

pub(crate) use answered::Answered;
pub(crate) use appeals::AppealDraft;
pub(crate) use drafts::{Draft, has_drafts_of_others};
#[cfg(test)]
pub(crate) use erase::{Erasure, Step};
pub(crate) use erase::{delete_hardware_keys, erase_unopened, finish_erasing};
pub(crate) use error::StoreError;
pub(crate) use life::OutboxRow;
pub(crate) use lock::canonical_path;
pub(crate) use records::Waiting;
pub(crate) use row::{
    CaredBy, HolderKeyBody, KeptDecision, Moved, OutboxAnswer, OutboxBody, OutboxState, StoredCarer,
    StoredCheckIn, SubjectBody, SubjectKey,
};
pub(crate) use transaction::{ChainState, Transaction};
pub(crate) use whereabouts::{StoredMatch, StoredWhereabouts};

use crate::error::StorageKind;
use crate::platform::Vault;
use keys::{Key, Keys};
use open::Readers;

/// How often a view is taken anew because the database key changed while it was taken.
const VIEWS: usize = 5;

/// An open file. Dropped with its last holder.
pub(crate) struct Store {
    // In this order: the last connection to close writes the journal back into the file, and only a writer can.
    readers: Readers,
    writer: Option<Mutex<Connection>>,
    keys: Keys,
    changes: watch::Sender<u64>,
    // Held for as long as the file is open; the operating system lets go of it whatever becomes of the process.
    lock: Option<File>,
}

impl Store {
    /// Opens the file at `path`, made if there is none, under the operating system's lock.
    pub(crate) fn open(path: &Path, vault: &dyn Vault) -> Result<Self, StoreError> {
        let lock = lock::take(path)?;
        let open = || {
            let writer = open::writer(path)?;
            let key = match keys::unlock(&writer, vault)? {
                Some(key) => key,
                None => keys::create(&writer, vault)?,
            };
            Ok((writer, key))
        };
        let (writer, key) = open().map_err(|error: StoreError| error.of_opening(path))?;
        Ok(Self::of(path, Some(writer), Keys::new(key, None), Some(lock)))
    }

    /// Opens the file at `path` to look at, beside a process that may have it open. It takes no lock, and neither
    /// makes nor changes the file: every write is refused as `ReadOnly`.
    pub(crate) fn open_read_only(path: &Path, vault: &Arc<dyn Vault>) -> Result<Self, StoreError> {
        erase::none_begun(path)?;
        let nothing = StoreError::Kind(StorageKind::Unreachable);
        if !path.is_file() {
            return Err(nothing);
        }
        let open = || {
            let reader = open::reader(path)?;
            if open::has_schema(&reader)? { keys::unlock(&reader, vault.as_ref()) } else { Ok(None) }
        };
        // A file without a key has never been anybody's.
        let key = open().map_err(|error: StoreError| error.of_opening(path))?.ok_or(nothing)?;
        Ok(Self::of(path, None, Keys::new(key, Some(Arc::clone(vault))), None))
    }

    fn of(path: &Path, writer: Option<Connection>, keys: Keys, lock: Option<File>) -> Self {
        let (readers, writer) = (Readers::new(path), writer.map(Mutex::new));
        Self { readers, writer, keys, changes: watch::Sender::new(1), lock }
    }

    /// That changes are taken here; `ReadOnly` where the file is only looked at.
    pub(crate) fn writable(&self) -> Result<(), StoreError> {
        self.writer.as_ref().map(|_| ()).ok_or(StoreError::Kind(StorageKind::ReadOnly))
    }

    /// Runs `work` in one transaction: all of it is kept or none. Whoever watches is told.
    pub(crate) fn write<T, E: From<StoreError>>(
        &self,
        work: impl FnOnce(&Transaction<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        let result = self.write_unseen(work)?;
        self.touch();
        Ok(result)
    }

    /// The same for what no screen shows.
    pub(crate) fn write_unseen<T, E: From<StoreError>>(
        &self,
        work: impl FnOnce(&Transaction<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        let connection = self.writer()?;
        let (inner, key) = self.view(&connection, TransactionBehavior::Immediate)?;
        let result = work(&Transaction { inner: &inner, seal: key.seal() })?;
        inner.commit().map_err(StoreError::from)?;
        Ok(result)
    }

    /// Runs `work` over one unchanging view, beside whatever is being written: it sees what was committed before.
    pub(crate) fn read<T, E: From<StoreError>>(
        &self,
        work: impl FnOnce(&Transaction<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        let connection = self.readers.take()?;
        // Erased in the middle of it: what it finds is no key and no row, and what it says is that.
        let closed = |error| if self.is_closed() { StoreError::Closed } else { error };
        let (inner, key) = self.view(&connection, TransactionBehavior::Deferred).map_err(closed)?;
        let result = work(&Transaction { inner: &inner, seal: key.seal() });
        drop(inner);
        self.readers.give_back(connection);
        if result.is_err() && self.is_closed() { Err(StoreError::Closed.into()) } else { result }
    }

    /// Tells whoever watches that something has changed, in the file or beside it.
    pub(crate) fn touch(&self) {
        self.changes.send_modify(|changes| *changes += 1);
    }

    /// Counts the changes, from 1.
    pub(crate) fn changes(&self) -> watch::Receiver<u64> {
        self.changes.subscribe()
    }

    /// A transaction, and the key that its view is sealed under: each view says so itself, and so a change of the
    /// key is seen with the rows that it sealed anew.
    fn view<'a>(
        &self,
        connection: &'a Connection,
        behavior: TransactionBehavior,
    ) -> Result<(rusqlite::Transaction<'a>, Arc<Key>), StoreError> {
        for _ in 0..VIEWS {
            let inner = rusqlite::Transaction::new_unchecked(connection, behavior)?;
            if let Some(key) = self.keys.of(&keys::probe(&inner)?) {
                return Ok((inner, key));
            }
            drop(inner);
            self.keys.refresh(connection)?;
        }
        Err(StoreError::Kind(StorageKind::WrongKey))
    }

    fn writer(&self) -> Result<MutexGuard<'_, Connection>, StoreError> {
        let writer = self.writer.as_ref().ok_or(StoreError::Kind(StorageKind::ReadOnly))?;
        // A panic while it was held has rolled its transaction back; the connection itself is sound.
        let writer = writer.lock().unwrap_or_else(PoisonError::into_inner);
        if self.is_closed() { Err(StoreError::Closed) } else { Ok(writer) }
    }
}

impl std::fmt::Debug for Store {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Store(..)")
    }
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;

#[cfg(test)]
#[path = "released/tests.rs"]
mod released;
