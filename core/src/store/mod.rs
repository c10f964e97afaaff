//! The phone's file: SQLite in WAL mode, one file a person's phone, its values sealed.
//!
//! One process has a file open at a time, by an operating system's lock. Every change is one transaction. What never
//! enters: a network, a decision, a clear text of anything that identifies a person.

mod lock;
mod records;
mod recovery;
mod row;
pub(crate) mod schema;
pub(crate) mod seal;
mod transaction;

use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};

use rusqlite::{Connection, ErrorCode, TransactionBehavior};
use thiserror::Error;
use tokio::sync::watch;

pub(crate) use lock::canonical_path;
pub(crate) use records::Waiting;
pub(crate) use row::{
    HolderKeyBody, KeptDecision, OutboxAnswer, OutboxBody, OutboxState, StoredCheckIn, SubjectBody,
    SubjectKey,
};
pub(crate) use transaction::{ChainState, Transaction};

use crate::error::StorageKind;
use crate::platform::{Vault, VaultError};
use seal::{Place, Seal};

/// Why the store did not do what was asked. It never holds a value.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum StoreError {
    /// Something that a caller can act on.
    #[error("storage: {0:?}")]
    Kind(StorageKind),
    /// The vault.
    #[error("vault: {0}")]
    Vault(#[from] VaultError),
    /// A fault of the library.
    #[error("internal: {0}")]
    Internal(String),
}

impl StoreError {
    pub(crate) fn internal(place: &str) -> Self {
        Self::Internal(format!("store/{place}"))
    }
}

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> Self {
        let kind = match error.sqlite_error_code() {
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => StorageKind::Busy,
            Some(ErrorCode::DiskFull) => StorageKind::Full,
            Some(ErrorCode::ReadOnly | ErrorCode::PermissionDenied) => StorageKind::ReadOnly,
            Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => StorageKind::Corrupt,
            Some(ErrorCode::CannotOpen) => StorageKind::Unreachable,
            // The number says what happened; SQLite's own text could hold a value.
            code => return Self::Internal(format!("sqlite/{code:?}")),
        };
        Self::Kind(kind)
    }
}

/// An open file. Dropped with its last holder.
pub(crate) struct Store {
    connection: Mutex<Connection>,
    seal: Seal,
    changes: watch::Sender<u64>,
    // Held for as long as the file is open; the operating system lets go of it whatever becomes of the process.
    _lock: std::fs::File,
}

const PROBE: Place<'_> = Place { table: "vault_key", column: "probe", row: &[b"1"] };
const PROBE_TEXT: &[u8] = b"healthcode";
const READ_VAULT_KEY: &str = "SELECT sealed, probe FROM vault_key WHERE id = 1";
const WRITE_VAULT_KEY: &str = "INSERT INTO vault_key (id, sealed, probe) VALUES (1, ?1, ?2)";
const HAS_SUBJECTS: &str = "SELECT EXISTS (SELECT 1 FROM document) OR EXISTS (SELECT 1 FROM subject)";

impl Store {
    /// Opens the file at `path`, made if there is none, under the operating system's lock.
    pub(crate) fn open(path: &Path, vault: &dyn Vault) -> Result<Self, StoreError> {
        let lock = lock::take(path)?;
        let mut connection = Connection::open(path)?;
        connection.busy_timeout(std::time::Duration::from_secs(2))?;
        connection.pragma_update(None, "journal_mode", "WAL")?;
        connection.pragma_update(None, "synchronous", "FULL")?;
        connection.pragma_update(None, "temp_store", "MEMORY")?;
        connection.pragma_update(None, "foreign_keys", true)?;
        connection.pragma_update(None, "secure_delete", true)?;
        schema::migrations().to_latest(&mut connection).map_err(migration_error)?;
        let seal = unlock(&mut connection, vault)?;
        Ok(Self { connection: Mutex::new(connection), seal, changes: watch::Sender::new(1), _lock: lock })
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
        let mut connection = self.connection();
        let inner =
            connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(StoreError::from)?;
        let result = work(&Transaction { inner: &inner, seal: &self.seal })?;
        inner.commit().map_err(StoreError::from)?;
        Ok(result)
    }

    /// Runs `work` over one unchanging view.
    pub(crate) fn read<T, E: From<StoreError>>(
        &self,
        work: impl FnOnce(&Transaction<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        let mut connection = self.connection();
        let inner = connection.transaction().map_err(StoreError::from)?;
        work(&Transaction { inner: &inner, seal: &self.seal })
    }

    /// Tells whoever watches that something has changed, in the file or beside it.
    pub(crate) fn touch(&self) {
        self.changes.send_modify(|changes| *changes += 1);
    }

    /// Counts the changes, from 1.
    pub(crate) fn changes(&self) -> watch::Receiver<u64> {
        self.changes.subscribe()
    }

    fn connection(&self) -> MutexGuard<'_, Connection> {
        // A panic while it was held has rolled its transaction back; the connection itself is sound.
        self.connection.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl std::fmt::Debug for Store {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Store(..)")
    }
}

fn migration_error(error: rusqlite_migration::Error) -> StoreError {
    match error {
        rusqlite_migration::Error::RusqliteError { err, .. } => err.into(),
        rusqlite_migration::Error::MigrationDefinition(
            rusqlite_migration::MigrationDefinitionError::DatabaseTooFarAhead,
        ) => StoreError::Kind(StorageKind::NewerSchema),
        _ => StoreError::internal("migration"),
    }
}

/// The database key: unsealed by the vault, or made when the file is new. An entry that is gone is an error, never a
/// new key over old rows.
fn unlock(connection: &mut Connection, vault: &dyn Vault) -> Result<Seal, StoreError> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let row = transaction
        .query_row(READ_VAULT_KEY, [], |row| Ok((row.get::<_, Vec<u8>>(0)?, row.get::<_, Vec<u8>>(1)?)));
    match row {
        Ok((sealed, probe)) => {
            let key = zeroize::Zeroizing::new(vault.unseal(sealed)?);
            let key = key.as_slice().try_into().map_err(|_| StoreError::Kind(StorageKind::WrongKey))?;
            let seal = Seal::new(key);
            match seal.open(PROBE, &probe) {
                Ok(text) if text.as_slice() == PROBE_TEXT => Ok(seal),
                _ => Err(StoreError::Kind(StorageKind::WrongKey)),
            }
        }
        Err(rusqlite::Error::QueryReturnedNoRows) => {
            if transaction.query_row(HAS_SUBJECTS, [], |row| row.get::<_, bool>(0))? {
                return Err(StoreError::Kind(StorageKind::Corrupt));
            }
            let key = crate::random::bytes()?;
            let seal = Seal::new(key);
            let sealed = vault.seal(key.to_vec())?;
            transaction.execute(WRITE_VAULT_KEY, (sealed, seal.seal(PROBE, PROBE_TEXT)?))?;
            transaction.commit()?;
            Ok(seal)
        }
        Err(error) => Err(error.into()),
    }
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;
