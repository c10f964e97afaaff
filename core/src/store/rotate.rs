//! A new database key: every sealed value is sealed anew in one transaction. Whoever is killed meanwhile finds the
//! file under the old key or under the new one.

use std::sync::Arc;
use std::time::Duration;

use rusqlite::types::Value;
use rusqlite::{Connection, TransactionBehavior, params_from_iter};

use super::keys::NewKey;
use super::seal::{Place, Seal};
use super::transaction::corrupt;
use super::{Store, StoreError, open};
use crate::platform::Vault;

/// How long the emptying of the journal waits for readers.
const EMPTYING: Duration = Duration::from_millis(200);

/// A column of sealed values, and the columns that name its row in the associated data, in their order.
pub(super) struct SealedColumn {
    pub(super) table: &'static str,
    pub(super) column: &'static str,
    pub(super) row: &'static [&'static str],
}

const fn sealed(table: &'static str, column: &'static str, row: &'static [&'static str]) -> SealedColumn {
    SealedColumn { table, column, row }
}

const SUBJECT: &[&str] = &["subject", "issuer"];
const OPERATION: &[&str] = &["subject", "issuer", "operation"];

/// Every sealed column but the key's own probe. A test compares it with the schema.
pub(super) const SEALED: &[SealedColumn] = &[
    sealed("document", "body", &["name"]),
    sealed("subject", "body", SUBJECT),
    sealed("holder_key", "body", &["subject", "issuer", "key_id"]),
    sealed("chain", "head", SUBJECT),
    sealed("declaration", "body", OPERATION),
    sealed("check_in", "body", OPERATION),
    sealed("outbox", "body", OPERATION),
    sealed("outbox", "answer", OPERATION),
    sealed("decision", "body", &["subject", "issuer", "serial"]),
    sealed("token", "body", SUBJECT),
    sealed("answered_challenge", "body", &["subject", "issuer", "place"]),
    sealed("whereabouts", "body", &["subject", "issuer", "place"]),
    sealed("exposure", "body", SUBJECT),
    sealed("appeal_draft", "body", SUBJECT),
];

impl Store {
    /// Puts a new database key, sealed by the vault, in the place of the old one, and seals every value anew under
    /// it, in one transaction. A view sees all of the old or all of the new. When it fails, or the process is killed,
    /// the file is as it was.
    pub(crate) fn rotate(&self, vault: &dyn Vault) -> Result<(), StoreError> {
        self.writable()?;
        // The vault may take its time: asked before anything waits for the writer.
        let (sealed, key) = NewKey::make(vault)?.into_parts();
        let connection = self.writer()?;
        self.keys.add(Arc::clone(&key));
        let changed = self.view(&connection, TransactionBehavior::Immediate).and_then(|(inner, old)| {
            for column in SEALED {
                column.seal_anew(&inner, old.seal(), key.seal())?;
            }
            NewKey::replace(&sealed, &key, &inner)?;
            Ok(inner.commit()?)
        });
        self.keys.settle(&connection);
        changed?;
        // The journal holds the rows under the old key, and that key as the vault sealed it. A reader may keep it
        // from being emptied now: then it is overwritten in time, or deleted when the file is closed.
        connection.busy_timeout(EMPTYING)?;
        let _ = connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()));
        connection.busy_timeout(open::PATIENCE)?;
        Ok(())
    }
}

/// A sealed value and the parts that name its row.
pub(super) type SealedRow = (Vec<u8>, Vec<Value>);

impl SealedColumn {
    fn seal_anew(&self, file: &Connection, old: &Seal, new: &Seal) -> Result<(), StoreError> {
        let Self { table, column, row } = self;
        let places: Vec<_> = row.iter().map(|name| format!("{name} = ?")).collect();
        let write = format!("UPDATE {table} SET {column} = ? WHERE {}", places.join(" AND "));
        let mut write = file.prepare(&write)?;
        // Read whole before it is written: a table that changes under a running query may show a row twice.
        for (value, parts) in self.rows(file)? {
            let plain = self.at(&parts, |place| old.open(place, &value))?;
            let value = self.at(&parts, |place| new.seal(place, &plain))?;
            write.execute(params_from_iter(std::iter::once(Value::Blob(value)).chain(parts)))?;
        }
        Ok(())
    }

    /// The values as they lie in the file.
    pub(super) fn rows(&self, file: &Connection) -> Result<Vec<SealedRow>, StoreError> {
        let Self { table, column, row } = self;
        let names = row.join(", ");
        let read = format!("SELECT {column}, {names} FROM {table} WHERE {column} IS NOT NULL");
        let mut read = file.prepare(&read)?;
        let rows = read.query_map([], |found| {
            let parts: Result<Vec<Value>, _> = (1..=row.len()).map(|index| found.get(index)).collect();
            Ok((found.get(0)?, parts?))
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Does `work` with the place of the value of a row.
    pub(super) fn at<T>(
        &self,
        parts: &[Value],
        work: impl FnOnce(Place<'_>) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let named = parts.iter().map(part).collect::<Result<Vec<_>, _>>()?;
        let named: Vec<_> = named.iter().map(Vec::as_slice).collect();
        work(Place { table: self.table, column: self.column, row: &named })
    }
}

/// A part of a row's key as the associated data has it.
fn part(value: &Value) -> Result<Vec<u8>, StoreError> {
    match value {
        Value::Blob(bytes) => Ok(bytes.clone()),
        Value::Text(text) => Ok(text.clone().into_bytes()),
        Value::Integer(number) => Ok(number.to_be_bytes().to_vec()),
        Value::Real(_) | Value::Null => Err(corrupt()),
    }
}

#[cfg(test)]
mod tests;
