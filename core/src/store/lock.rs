//! One process a file: an operating system's lock beside it, which is let go of whatever becomes of the process.

use std::fs::{File, OpenOptions};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rustix::fs::{FlockOperation, flock};
use rustix::io::Errno;

use super::StoreError;
use crate::error::StorageKind;

/// How often the lock is asked for, and how long is waited in between.
const ATTEMPTS: u32 = 25;
const PAUSE: Duration = Duration::from_millis(40);

/// The path with its folder resolved, so that one file has one name; the file itself need not exist yet.
pub(crate) fn canonical_path(path: &str) -> Result<PathBuf, StoreError> {
    let unreachable = || StoreError::Kind(StorageKind::Unreachable);
    let path = Path::new(path);
    let name = path.file_name().ok_or_else(unreachable)?;
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    Ok(folder.canonicalize().map_err(|_| unreachable())?.join(name))
}

/// Takes the lock of a file, or says that another process has it.
pub(super) fn take(path: &Path) -> Result<File, StoreError> {
    let mut name = path.as_os_str().to_owned();
    name.push(".lock");
    let opened = OpenOptions::new().create(true).truncate(false).write(true).open(name);
    let file = opened.map_err(|error| {
        StoreError::Kind(match error.kind() {
            ErrorKind::ReadOnlyFilesystem | ErrorKind::PermissionDenied => StorageKind::ReadOnly,
            ErrorKind::StorageFull => StorageKind::Full,
            _ => StorageKind::Unreachable,
        })
    })?;
    for attempt in 0..ATTEMPTS {
        // Not the standard library's: up to Rust 1.97 its lock is always refused on Android (rust-lang/rust#148325).
        match flock(&file, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => return Ok(file),
            // The last holder in this process may be closing the file at this moment.
            Err(Errno::WOULDBLOCK) if attempt + 1 < ATTEMPTS => std::thread::sleep(PAUSE),
            Err(Errno::WOULDBLOCK) => break,
            Err(Errno::INTR) => {}
            Err(_) => return Err(StoreError::internal("lock")),
        }
    }
    Err(StoreError::Kind(StorageKind::Busy))
}
