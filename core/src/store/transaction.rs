//! What can be done within one transaction: typed rows in and out, sealed on the way.

use rusqlite::{OptionalExtension, Params, Row, params};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::StoreError;
use super::row::{HolderKeyBody, SubjectBody, SubjectKey};
use super::seal::{Place, Seal};
use crate::error::StorageKind;
use crate::token::ids::{SegmentId, SubjectId};
use crate::token::key::KeyId;
use crate::wire::link::Head;

const READ_DOCUMENT: &str = "SELECT body FROM document WHERE name = ?1";
const WRITE_DOCUMENT: &str = "INSERT INTO document (name, body) VALUES (?1, ?2)
    ON CONFLICT (name) DO UPDATE SET body = excluded.body";
const READ_DOCUMENT_NAMES: &str =
    "SELECT name FROM document WHERE substr(name, 1, length(?1)) = ?1 ORDER BY name";
const DELETE_DOCUMENT: &str = "DELETE FROM document WHERE name = ?1";
const READ_SUBJECTS: &str = "SELECT subject, issuer FROM subject ORDER BY place";
const READ_SUBJECT: &str = "SELECT body FROM subject WHERE subject = ?1 AND issuer = ?2";
const WRITE_SUBJECT: &str = "INSERT INTO subject (subject, issuer, place, body)
    VALUES (?1, ?2, (SELECT COALESCE(MAX(place), 0) + 1 FROM subject), ?3)
    ON CONFLICT (subject, issuer) DO UPDATE SET body = excluded.body";
const READ_HOLDER_KEY: &str = "SELECT key_id, body FROM holder_key WHERE subject = ?1 AND issuer = ?2";
const DELETE_HOLDER_KEYS: &str = "DELETE FROM holder_key WHERE subject = ?1 AND issuer = ?2";
const WRITE_HOLDER_KEY: &str =
    "INSERT INTO holder_key (subject, issuer, key_id, body) VALUES (?1, ?2, ?3, ?4)";
const READ_CHAIN: &str = "SELECT segment, next, head FROM chain WHERE subject = ?1 AND issuer = ?2";
const WRITE_CHAIN: &str =
    "INSERT INTO chain (subject, issuer, segment, next, head) VALUES (?1, ?2, ?3, ?4, ?5)
    ON CONFLICT (subject, issuer) DO UPDATE
    SET segment = excluded.segment, next = excluded.next, head = excluded.head";

/// One transaction over the file.
pub(crate) struct Transaction<'a> {
    pub(super) inner: &'a rusqlite::Transaction<'a>,
    pub(super) seal: &'a Seal,
}

/// Where a subject's segment is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ChainState {
    pub(crate) segment: SegmentId,
    pub(crate) next: u64,
    pub(crate) head: Head,
}

pub(super) type Result<T> = std::result::Result<T, StoreError>;

impl Transaction<'_> {
    /// A document that is not about a subject.
    pub(crate) fn document(&self, name: &str) -> Result<Option<Vec<u8>>> {
        let body = self.one(READ_DOCUMENT, [name], |row| row.get::<_, Vec<u8>>(0)).optional()?;
        body.map(|body| Ok(self.seal.open(document_place(&[name.as_bytes()]), &body)?.to_vec())).transpose()
    }

    pub(crate) fn put_document(&self, name: &str, body: &[u8]) -> Result<()> {
        let sealed = self.seal.seal(document_place(&[name.as_bytes()]), body)?;
        self.run(WRITE_DOCUMENT, params![name, sealed])?;
        Ok(())
    }

    pub(crate) fn delete_document(&self, name: &str) -> Result<()> {
        self.run(DELETE_DOCUMENT, [name])?;
        Ok(())
    }

    /// The names of the documents that begin so, in their order.
    pub(crate) fn document_names(&self, prefix: &str) -> Result<Vec<String>> {
        let mut statement = self.inner.prepare_cached(READ_DOCUMENT_NAMES)?;
        let names = statement.query_map([prefix], |row| row.get(0))?;
        Ok(names.collect::<std::result::Result<_, _>>()?)
    }

    /// A document that is JSON.
    pub(crate) fn json_document<T: DeserializeOwned>(&self, name: &str) -> Result<Option<T>> {
        self.document(name)?.map(|body| from_json(&body)).transpose()
    }

    pub(crate) fn put_json_document<T: Serialize>(&self, name: &str, value: &T) -> Result<()> {
        self.put_document(name, &to_json(value)?)
    }

    /// The subjects, in the order in which they came.
    pub(crate) fn subjects(&self) -> Result<Vec<SubjectKey>> {
        let mut statement = self.inner.prepare_cached(READ_SUBJECTS)?;
        let rows = statement.query_map([], |row| Ok((row.get::<_, Vec<u8>>(0)?, row.get(1)?)))?;
        let mut keys = Vec::new();
        for row in rows {
            let (subject, issuer) = row?;
            keys.push(SubjectKey { subject: SubjectId(id(&subject)?), issuer });
        }
        Ok(keys)
    }

    pub(crate) fn subject(&self, key: &SubjectKey) -> Result<Option<SubjectBody>> {
        let body = self.blob(READ_SUBJECT, key)?;
        body.map(|body| self.open_json("subject", key, &[], &body)).transpose()
    }

    pub(crate) fn put_subject(&self, key: &SubjectKey, body: &SubjectBody) -> Result<()> {
        let sealed = self.seal_json("subject", key, &[], body)?;
        self.run(WRITE_SUBJECT, params![key.subject.as_bytes(), key.issuer, sealed])?;
        Ok(())
    }

    /// The key that signs for a subject.
    pub(crate) fn holder_key(&self, key: &SubjectKey) -> Result<Option<HolderKeyBody>> {
        let row = self.one(READ_HOLDER_KEY, params![key.subject.as_bytes(), key.issuer], |row| {
            Ok((row.get::<_, Vec<u8>>(0)?, row.get::<_, Vec<u8>>(1)?))
        });
        let row = row.optional()?;
        row.map(|(key_id, body)| self.open_json("holder_key", key, &[&key_id], &body)).transpose()
    }

    pub(crate) fn put_holder_key(&self, key: &SubjectKey, id: KeyId, body: &HolderKeyBody) -> Result<()> {
        let sealed = self.seal_json("holder_key", key, &[&id], body)?;
        self.run(DELETE_HOLDER_KEYS, params![key.subject.as_bytes(), key.issuer])?;
        self.run(WRITE_HOLDER_KEY, params![key.subject.as_bytes(), key.issuer, id, sealed])?;
        Ok(())
    }

    pub(crate) fn chain(&self, key: &SubjectKey) -> Result<Option<ChainState>> {
        let row = self.one(READ_CHAIN, params![key.subject.as_bytes(), key.issuer], |row| {
            Ok((row.get::<_, Vec<u8>>(0)?, row.get::<_, i64>(1)?, row.get::<_, Vec<u8>>(2)?))
        });
        let Some((segment, next, head)) = row.optional()? else { return Ok(None) };
        let opened = self.seal.open(head_place(&row_of(key, &[])), &head)?;
        let head = opened.as_slice().try_into().map_err(|_| corrupt())?;
        let next = u64::try_from(next).map_err(|_| corrupt())?;
        Ok(Some(ChainState { segment: SegmentId(id(&segment)?), next, head }))
    }

    pub(crate) fn put_chain(&self, key: &SubjectKey, chain: &ChainState) -> Result<()> {
        let head = self.seal.seal(head_place(&row_of(key, &[])), &chain.head)?;
        let (subject, segment) = (key.subject.as_bytes(), chain.segment.as_bytes());
        self.run(WRITE_CHAIN, params![subject, key.issuer, segment, integer(chain.next)?, head])?;
        Ok(())
    }

    /// Runs a statement, which is prepared once an opening.
    pub(super) fn run(&self, statement: &str, values: impl Params) -> rusqlite::Result<usize> {
        self.inner.prepare_cached(statement)?.execute(values)
    }

    /// The first row of a query, which is prepared once an opening.
    pub(super) fn one<T>(
        &self,
        statement: &str,
        values: impl Params,
        read: impl FnOnce(&Row<'_>) -> rusqlite::Result<T>,
    ) -> rusqlite::Result<T> {
        self.inner.prepare_cached(statement)?.query_row(values, read)
    }

    pub(super) fn blob(&self, statement: &str, key: &SubjectKey) -> Result<Option<Vec<u8>>> {
        let row = self.one(statement, params![key.subject.as_bytes(), key.issuer], |row| row.get(0));
        Ok(row.optional()?)
    }
}

impl Transaction<'_> {
    pub(super) fn seal_json<T: Serialize>(
        &self,
        table: &'static str,
        key: &SubjectKey,
        more: &[&[u8]],
        value: &T,
    ) -> Result<Vec<u8>> {
        self.seal.seal(place(table, &row_of(key, more)), &to_json(value)?)
    }

    /// The rows of a subject, each its place and its sealed body.
    pub(super) fn placed<T: DeserializeOwned>(
        &self,
        statement: &str,
        table: &'static str,
        key: &SubjectKey,
    ) -> Result<Vec<(u64, T)>> {
        let mut statement = self.inner.prepare_cached(statement)?;
        let rows = statement.query_map(params![key.subject.as_bytes(), key.issuer], |row| {
            Ok((row.get::<_, i64>(0)?, row.get::<_, Vec<u8>>(1)?))
        })?;
        let mut placed = Vec::new();
        for row in rows {
            let (place, body) = row?;
            let opened = self.open_json(table, key, &[&place.to_be_bytes()], &body)?;
            placed.push((u64::try_from(place).unwrap_or_default(), opened));
        }
        Ok(placed)
    }

    pub(super) fn open_json<T: DeserializeOwned>(
        &self,
        table: &'static str,
        key: &SubjectKey,
        more: &[&[u8]],
        sealed: &[u8],
    ) -> Result<T> {
        from_json(&self.seal.open(place(table, &row_of(key, more)), sealed)?)
    }
}

pub(super) fn row_of<'a>(key: &'a SubjectKey, more: &[&'a [u8]]) -> Vec<&'a [u8]> {
    [key.subject.as_bytes().as_slice(), key.issuer.as_bytes()]
        .into_iter()
        .chain(more.iter().copied())
        .collect()
}

pub(super) const fn place<'a>(table: &'static str, row: &'a [&'a [u8]]) -> Place<'a> {
    Place { table, column: "body", row }
}

const fn head_place<'a>(row: &'a [&'a [u8]]) -> Place<'a> {
    Place { table: "chain", column: "head", row }
}

const fn document_place<'a>(row: &'a [&'a [u8]]) -> Place<'a> {
    place("document", row)
}

pub(super) fn to_json<T: Serialize>(value: &T) -> Result<zeroize::Zeroizing<Vec<u8>>> {
    serde_json::to_vec(value).map(zeroize::Zeroizing::new).map_err(|_| StoreError::internal("json"))
}

/// A value that opened under its key and does not read was written by another version.
pub(super) fn from_json<T: DeserializeOwned>(bytes: &[u8]) -> Result<T> {
    serde_json::from_slice(bytes).map_err(|_| StoreError::Kind(StorageKind::NewerSchema))
}

pub(super) fn id<const N: usize>(bytes: &[u8]) -> Result<[u8; N]> {
    bytes.try_into().map_err(|_| corrupt())
}

pub(super) fn integer(value: u64) -> Result<i64> {
    i64::try_from(value).map_err(|_| StoreError::internal("integer"))
}

pub(super) const fn corrupt() -> StoreError {
    StoreError::Kind(StorageKind::Corrupt)
}
