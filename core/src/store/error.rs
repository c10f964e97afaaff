//! Why the store did not do what was asked. An error says what a caller can act on; it never holds a value.

use std::path::Path;

use rusqlite::{Error, ErrorCode, ffi};
use thiserror::Error;

use crate::error::StorageKind;
use crate::platform::VaultError;

/// Why the store did not do what was asked. It never holds a value.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum StoreError {
    /// Something that a caller can act on.
    #[error("storage: {0:?}")]
    Kind(StorageKind),
    /// The vault.
    #[error("vault: {0}")]
    Vault(#[from] VaultError),
    /// The file was erased, or is being erased.
    #[error("closed")]
    Closed,
    /// A fault of the library.
    #[error("internal: {0}")]
    Internal(String),
}

impl StoreError {
    pub(crate) fn internal(place: &str) -> Self {
        Self::Internal(format!("store/{place}"))
    }

    /// What an error means at the opening of a file.
    pub(super) fn of_opening(self, path: &Path) -> Self {
        match self {
            // Our own statements do not fit its tables: they are not ours.
            Self::Internal(place) if place == incident(Some(ErrorCode::Unknown)) => {
                Self::Kind(StorageKind::Corrupt)
            }
            // It is there, and its journal, or the journal's index, cannot be made beside it.
            Self::Kind(StorageKind::Unreachable) if path.is_file() => Self::Kind(StorageKind::ReadOnly),
            error => error,
        }
    }
}

impl From<Error> for StoreError {
    fn from(error: Error) -> Self {
        Self::Kind(match error.sqlite_error_code() {
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => StorageKind::Busy,
            Some(ErrorCode::DiskFull) => StorageKind::Full,
            // The index of the journal is a file too, and cannot grow where nothing can.
            Some(ErrorCode::SystemIoFailure) if is(&error, ffi::SQLITE_IOERR_SHMSIZE) => StorageKind::Full,
            Some(ErrorCode::ReadOnly | ErrorCode::PermissionDenied) => StorageKind::ReadOnly,
            Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => StorageKind::Corrupt,
            // The device does not give what is there, or does not take it.
            Some(ErrorCode::CannotOpen | ErrorCode::SystemIoFailure) => StorageKind::Unreachable,
            None if is_misread(&error) => StorageKind::Corrupt,
            code => return Self::Internal(incident(code)),
        })
    }
}

/// The number says what happened; SQLite's own text could hold a value.
fn incident(code: Option<ErrorCode>) -> String {
    format!("sqlite/{code:?}")
}

fn is(error: &Error, extended: i32) -> bool {
    error.sqlite_error().is_some_and(|error| error.extended_code == extended)
}

/// A value that is not of its column's type, in tables that are strict: the page that says so is damaged.
const fn is_misread(error: &Error) -> bool {
    matches!(
        error,
        Error::InvalidColumnType(..)
            | Error::FromSqlConversionFailure(..)
            | Error::IntegralValueOutOfRange(..)
            | Error::Utf8Error(..)
    )
}

impl From<rusqlite_migration::Error> for StoreError {
    fn from(error: rusqlite_migration::Error) -> Self {
        match error {
            rusqlite_migration::Error::RusqliteError { err, .. } => err.into(),
            rusqlite_migration::Error::MigrationDefinition(
                rusqlite_migration::MigrationDefinitionError::DatabaseTooFarAhead,
            ) => Self::Kind(StorageKind::NewerSchema),
            rusqlite_migration::Error::InvalidUserVersion => Self::Kind(StorageKind::Corrupt),
            _ => Self::internal("migration"),
        }
    }
}
