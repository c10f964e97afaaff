//! The file: SQLite and its migrations.

use std::fs::{File, OpenOptions};

use rusqlite::{Connection, OptionalExtension, Result, TransactionBehavior, params};
use rusqlite_migration::{M, Migrations};
use rustix::fs::{FlockOperation, flock};

const SCHEMA: &str = "CREATE TABLE one (name TEXT PRIMARY KEY, body BLOB NOT NULL) STRICT, WITHOUT ROWID";

pub(crate) fn lock(path: &str) -> std::io::Result<File> {
    let file = OpenOptions::new().create(true).truncate(false).write(true).open(path)?;
    flock(&file, FlockOperation::NonBlockingLockExclusive)?;
    Ok(file)
}

pub(crate) fn open(path: &str) -> Result<Connection> {
    let mut connection = Connection::open(path)?;
    connection.busy_timeout(std::time::Duration::from_secs(2))?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    match Migrations::new(vec![M::up(SCHEMA)]).to_latest(&mut connection) {
        Ok(()) => Ok(connection),
        Err(rusqlite_migration::Error::RusqliteError { err, .. }) => Err(err),
        Err(_) => Err(rusqlite::Error::InvalidQuery),
    }
}

/// Writes one row and gives all of them.
pub(crate) fn keep(connection: &mut Connection, name: &str, body: &[u8]) -> Result<Vec<Vec<u8>>> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let read = "SELECT body FROM one WHERE name = ?1";
    let before: Option<Vec<u8>> = transaction.query_row(read, [name], |row| row.get(0)).optional()?;
    if before.is_none() {
        transaction.execute("INSERT INTO one (name, body) VALUES (?1, ?2)", params![name, body])?;
    }
    let mut rows = Vec::new();
    {
        let mut statement = transaction.prepare_cached("SELECT body FROM one ORDER BY name")?;
        for row in statement.query_map([], |row| row.get(0))? {
            rows.push(row?);
        }
    }
    transaction.commit()?;
    Ok(rows)
}
