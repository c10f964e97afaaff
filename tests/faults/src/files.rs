//! Database files of a test: in memory where there is a file system for it, and copied as a power cut would leave them.

use std::path::{Path, PathBuf};

use tempfile::TempDir;

/// A folder that is gone with its holder: in memory where the system has a place for that.
pub fn folder() -> TempDir {
    let memory = Path::new("/dev/shm");
    if memory.is_dir()
        && let Ok(folder) = TempDir::new_in(memory)
    {
        return folder;
    }
    TempDir::new().unwrap()
}

/// The file beside a database that holds what is not yet in it.
fn log_of(database: &Path) -> PathBuf {
    let mut name = database.as_os_str().to_owned();
    name.push("-wal");
    name.into()
}

/// Copies a database with its log as they are at this instant, whoever has them open: what a killed process or a power
/// cut leaves. The log's end is torn by so many bytes of a write that was under way.
pub fn copy_at_once(from: &Path, to: &Path, torn: u16) {
    remove(to);
    std::fs::copy(from, to).unwrap();
    let mut log = std::fs::read(log_of(from)).unwrap_or_default();
    log.extend((0..torn).map(|byte| byte.to_le_bytes()[0] ^ 0x5a));
    if !log.is_empty() {
        std::fs::write(log_of(to), log).unwrap();
    }
}

/// Removes a database with all that lies beside it.
pub fn remove(database: &Path) {
    for end in ["", "-wal", "-shm", "-journal", ".lock"] {
        let mut name = database.as_os_str().to_owned();
        name.push(end);
        let _ = std::fs::remove_file(name);
    }
}
