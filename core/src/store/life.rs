//! Rows seen as a whole: what an export lists, and what a purge or an erasure takes away.

use std::collections::BTreeMap;

use rusqlite::params;

use super::row::{HolderKeyBody, KeptDecision, OutboxAnswer, OutboxBody, OutboxState, SubjectKey};
use super::transaction::{Result, Transaction, corrupt, from_json, id, integer, place, row_of};
use crate::rules::declaration::Declaration;
use crate::token::ids::{OperationId, SegmentId};
use crate::token::key::KeyId;
use crate::wire::Bytes;

const READ_DOCUMENTS: &str = "SELECT name, body FROM document ORDER BY name";
const READ_HOLDER_KEYS: &str =
    "SELECT key_id, body FROM holder_key WHERE subject = ?1 AND issuer = ?2 ORDER BY key_id";
const READ_DECLARATIONS: &str =
    "SELECT operation, body FROM declaration WHERE subject = ?1 AND issuer = ?2 ORDER BY place";
const READ_PLACES: &str = "SELECT operation, place FROM declaration WHERE subject = ?1 AND issuer = ?2
    UNION ALL SELECT operation, place FROM check_in WHERE subject = ?1 AND issuer = ?2";
const READ_OUTBOX: &str = "SELECT segment, sequence, operation, state, body, answer FROM outbox
    WHERE subject = ?1 AND issuer = ?2 ORDER BY segment, sequence";
const READ_DECISIONS: &str =
    "SELECT serial, body FROM decision WHERE subject = ?1 AND issuer = ?2 ORDER BY serial";
const DELETE_SUBJECT: &str = "DELETE FROM subject WHERE subject = ?1 AND issuer = ?2";
const DELETE_DECISION: &str = "DELETE FROM decision WHERE subject = ?1 AND issuer = ?2 AND serial = ?3";
// What waits to be sent stays, whatever was asked: its row in the outbox says so.
const DELETE_DELIVERED: &str =
    "DELETE FROM outbox WHERE subject = ?1 AND issuer = ?2 AND operation = ?3 AND state <> 0";
const DELETE_CHECK_IN: &str = "DELETE FROM check_in WHERE subject = ?1 AND issuer = ?2 AND operation = ?3";
const DELETE_DECLARATION: &str =
    "DELETE FROM declaration WHERE subject = ?1 AND issuer = ?2 AND operation = ?3";

/// An operation of the outbox with what became of it.
pub(crate) struct OutboxRow {
    pub(crate) segment: SegmentId,
    pub(crate) sequence: u64,
    pub(crate) operation: OperationId,
    pub(crate) state: OutboxState,
    pub(crate) body: OutboxBody,
    pub(crate) answer: Option<OutboxAnswer>,
}

impl OutboxRow {
    /// The operation under the link that the server countersigned, and its receipt; none while it waits.
    pub(crate) fn countersigned(self) -> Option<(OutboxBody, Bytes)> {
        let answer = self.answer?;
        // Under a later link it was known already: what counts is the one under the receipt.
        let link = answer.link.unwrap_or(self.body.link);
        Some((OutboxBody { link, ..self.body }, answer.receipt?))
    }
}

impl Transaction<'_> {
    /// The documents that are not about a subject, by name.
    pub(crate) fn documents(&self) -> Result<Vec<(String, Vec<u8>)>> {
        let mut statement = self.inner.prepare_cached(READ_DOCUMENTS)?;
        let rows =
            statement.query_map([], |row| Ok((row.get::<_, String>(0)?, row.get::<_, Vec<u8>>(1)?)))?;
        let mut documents = Vec::new();
        for row in rows {
            let (name, body) = row?;
            let opened = self.seal.open(place("document", &[name.as_bytes()]), &body)?.to_vec();
            documents.push((name, opened));
        }
        Ok(documents)
    }

    /// All keys of a subject on this phone.
    pub(crate) fn holder_keys(&self, key: &SubjectKey) -> Result<Vec<(KeyId, HolderKeyBody)>> {
        let rows = self.blobs(READ_HOLDER_KEYS, key)?;
        let open = |(key_id, body): (Vec<u8>, Vec<u8>)| {
            Ok((id(&key_id)?, self.open_json("holder_key", key, &[&key_id], &body)?))
        };
        rows.into_iter().map(open).collect()
    }

    /// All declarations of a subject, in the order in which they were recorded.
    pub(crate) fn declarations(&self, key: &SubjectKey) -> Result<Vec<(OperationId, Declaration)>> {
        let rows = self.blobs(READ_DECLARATIONS, key)?;
        let open = |(operation, body): (Vec<u8>, Vec<u8>)| {
            Ok((OperationId(id(&operation)?), self.open_json("declaration", key, &[&operation], &body)?))
        };
        rows.into_iter().map(open).collect()
    }

    /// The places of declarations, and of check-ins, in the order in which each were recorded.
    pub(crate) fn places(&self, key: &SubjectKey) -> Result<BTreeMap<OperationId, u64>> {
        let mut statement = self.inner.prepare_cached(READ_PLACES)?;
        let rows = statement.query_map(params![key.subject.as_bytes(), key.issuer], |row| {
            Ok((row.get::<_, Vec<u8>>(0)?, row.get::<_, i64>(1)?))
        })?;
        let mut places = BTreeMap::new();
        for row in rows {
            let (operation, place) = row?;
            places.insert(OperationId(id(&operation)?), u64::try_from(place).map_err(|_| corrupt())?);
        }
        Ok(places)
    }

    /// All operations of a subject, by segment and place in it.
    pub(crate) fn outbox(&self, key: &SubjectKey) -> Result<Vec<OutboxRow>> {
        let mut statement = self.inner.prepare_cached(READ_OUTBOX)?;
        let mut rows = statement.query(params![key.subject.as_bytes(), key.issuer])?;
        let mut outbox = Vec::new();
        while let Some(row) = rows.next()? {
            let (segment, operation): (Vec<u8>, Vec<u8>) = (row.get(0)?, row.get(2)?);
            let answer = row.get::<_, Option<Vec<u8>>>(5)?.map(|sealed| {
                let place = super::records::answer_place;
                from_json(&self.seal.open(place(&row_of(key, &[&operation])), &sealed)?)
            });
            outbox.push(OutboxRow {
                segment: SegmentId(id(&segment)?),
                sequence: u64::try_from(row.get::<_, i64>(1)?).map_err(|_| corrupt())?,
                operation: OperationId(id(&operation)?),
                state: OutboxState::from_number(row.get(3)?),
                body: self.open_json("outbox", key, &[&operation], &row.get::<_, Vec<u8>>(4)?)?,
                answer: answer.transpose()?,
            });
        }
        Ok(outbox)
    }

    /// What the server decided about a subject, each with its serial.
    pub(crate) fn serial_decisions(&self, key: &SubjectKey) -> Result<Vec<(u64, KeptDecision)>> {
        let mut statement = self.inner.prepare_cached(READ_DECISIONS)?;
        let rows = statement.query_map(params![key.subject.as_bytes(), key.issuer], |row| {
            Ok((row.get::<_, i64>(0)?, row.get::<_, Vec<u8>>(1)?))
        })?;
        let mut decisions = Vec::new();
        for row in rows {
            let (serial, body) = row?;
            let decision = self.open_json("decision", key, &[&serial.to_be_bytes()], &body)?;
            decisions.push((u64::try_from(serial).map_err(|_| corrupt())?, decision));
        }
        Ok(decisions)
    }

    /// Deletes a subject with everything that is kept about it.
    pub(crate) fn delete_subject(&self, key: &SubjectKey) -> Result<()> {
        self.run(DELETE_SUBJECT, params![key.subject.as_bytes(), key.issuer])?;
        Ok(())
    }

    pub(crate) fn delete_decision(&self, key: &SubjectKey, serial: u64) -> Result<()> {
        self.run(DELETE_DECISION, params![key.subject.as_bytes(), key.issuer, integer(serial)?])?;
        Ok(())
    }

    /// Deletes a check-in that was delivered, with its operation and receipt.
    pub(crate) fn delete_check_in(&self, key: &SubjectKey, operation: OperationId) -> Result<()> {
        self.delete_delivered(DELETE_CHECK_IN, key, operation)
    }

    /// Deletes an operation that was delivered and has no row of its own, with its receipt.
    pub(crate) fn delete_operation(&self, key: &SubjectKey, operation: OperationId) -> Result<()> {
        self.run(DELETE_DELIVERED, params![key.subject.as_bytes(), key.issuer, operation.as_bytes()])?;
        Ok(())
    }

    /// Deletes a declaration that was delivered, with its operation and receipt.
    pub(crate) fn delete_declaration(&self, key: &SubjectKey, operation: OperationId) -> Result<()> {
        self.delete_delivered(DELETE_DECLARATION, key, operation)
    }

    fn delete_delivered(&self, row: &str, key: &SubjectKey, operation: OperationId) -> Result<()> {
        let of = params![key.subject.as_bytes(), key.issuer, operation.as_bytes()];
        if self.run(DELETE_DELIVERED, of)? > 0 {
            self.run(row, of)?;
        }
        Ok(())
    }

    fn blobs(&self, statement: &str, key: &SubjectKey) -> Result<Vec<(Vec<u8>, Vec<u8>)>> {
        let mut statement = self.inner.prepare_cached(statement)?;
        let rows = statement.query_map(params![key.subject.as_bytes(), key.issuer], |row| {
            Ok((row.get::<_, Vec<u8>>(0)?, row.get::<_, Vec<u8>>(1)?))
        })?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }
}
