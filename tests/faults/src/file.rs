//! The phone's file from outside, as bytes and as SQLite sees it.

use std::path::Path;

use rusqlite::Connection;

/// Asserts that SQLite finds nothing wrong with a file.
pub fn whole(database: &Path) {
    let connection = Connection::open(database).unwrap();
    let found: String = connection.query_row("PRAGMA integrity_check", [], |row| row.get(0)).unwrap();
    assert_eq!(found, "ok");
    let dangling = connection.query_row("PRAGMA foreign_key_check", [], |_| Ok(()));
    assert_eq!(dangling, Err(rusqlite::Error::QueryReturnedNoRows));
}
