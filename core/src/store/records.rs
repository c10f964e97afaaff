//! What a person recorded, what waits to be sent, what the server said: the rows that grow.

use rusqlite::types::FromSql;
use rusqlite::{OptionalExtension, params};
use serde::Serialize;

use super::StoreError;
use super::row::{KeptDecision, OutboxAnswer, OutboxBody, OutboxState, StoredCheckIn, SubjectKey};
use super::seal::Place;
use super::transaction::{Result, Transaction, corrupt, from_json, id, integer, place, row_of, to_json};
use crate::rules::declaration::Declaration;
use crate::token::ids::{OperationId, SegmentId};

const WRITE_DECLARATION: &str = "INSERT INTO declaration (subject, issuer, operation, place, body)
    SELECT ?1, ?2, ?3, COALESCE(MAX(place), 0) + 1, ?4 FROM declaration WHERE subject = ?1 AND issuer = ?2";
const WRITE_CHECK_IN: &str = "INSERT INTO check_in (subject, issuer, operation, place, body)
    SELECT ?1, ?2, ?3, COALESCE(MAX(place), 0) + 1, ?4 FROM check_in WHERE subject = ?1 AND issuer = ?2";
const READ_LAST_DECLARATION: &str = "SELECT operation, body FROM declaration
    WHERE subject = ?1 AND issuer = ?2 ORDER BY place DESC LIMIT 1";
const READ_CHECK_INS: &str =
    "SELECT operation, body FROM check_in WHERE subject = ?1 AND issuer = ?2 ORDER BY place";
const READ_CHECK_INS_BACK: &str =
    "SELECT operation, body FROM check_in WHERE subject = ?1 AND issuer = ?2 ORDER BY place DESC";
const WRITE_OUTBOX: &str = "INSERT INTO outbox (subject, issuer, segment, sequence, operation, state, body)
    VALUES (?1, ?2, ?3, ?4, ?5, 0, ?6)";
const READ_WAITING: &str = "SELECT segment, sequence, operation, body FROM outbox
    WHERE subject = ?1 AND issuer = ?2 AND state = 0 ORDER BY segment, sequence LIMIT ?3";
const DELETE_WAITING: &str =
    "DELETE FROM outbox WHERE subject = ?1 AND issuer = ?2 AND operation = ?3 AND state = 0";
const DELETE_TOKEN: &str = "DELETE FROM token WHERE subject = ?1 AND issuer = ?2";
const COUNT_WAITING: &str = "SELECT COUNT(*) FROM outbox WHERE subject = ?1 AND issuer = ?2 AND state = 0";
const READ_STATE: &str =
    "SELECT state, answer FROM outbox WHERE subject = ?1 AND issuer = ?2 AND operation = ?3";
const WRITE_ANSWER: &str = "UPDATE outbox SET state = ?4, answer = ?5
    WHERE subject = ?1 AND issuer = ?2 AND operation = ?3 AND state = 0";
const READ_DECISIONS: &str =
    "SELECT serial, body FROM decision WHERE subject = ?1 AND issuer = ?2 ORDER BY serial";
const READ_DECISIONS_BACK: &str =
    "SELECT serial, body FROM decision WHERE subject = ?1 AND issuer = ?2 ORDER BY serial DESC";
const LAST_SERIAL: &str = "SELECT MAX(serial) FROM decision WHERE subject = ?1 AND issuer = ?2";
const WRITE_DECISION: &str = "INSERT INTO decision (subject, issuer, serial, body) VALUES (?1, ?2, ?3, ?4)
    ON CONFLICT (subject, issuer, serial) DO NOTHING";
const READ_TOKEN: &str = "SELECT body FROM token WHERE subject = ?1 AND issuer = ?2";
const WRITE_TOKEN: &str = "INSERT INTO token (subject, issuer, body) VALUES (?1, ?2, ?3)
    ON CONFLICT (subject, issuer) DO UPDATE SET body = excluded.body";
const READ_CURSOR: &str = "SELECT cursor FROM exchange WHERE subject = ?1 AND issuer = ?2";
const WRITE_CURSOR: &str = "INSERT INTO exchange (subject, issuer, cursor) VALUES (?1, ?2, ?3)
    ON CONFLICT (subject, issuer) DO UPDATE SET cursor = excluded.cursor";

/// An operation that waits to be sent.
#[derive(Clone)]
pub(crate) struct Waiting {
    pub(crate) segment: SegmentId,
    pub(crate) sequence: u64,
    pub(crate) operation: OperationId,
    pub(crate) body: OutboxBody,
}

impl Transaction<'_> {
    pub(crate) fn put_declaration(
        &self,
        key: &SubjectKey,
        operation: OperationId,
        body: &Declaration,
    ) -> Result<()> {
        self.put_recorded("declaration", WRITE_DECLARATION, key, operation, body)
    }

    pub(crate) fn put_check_in(
        &self,
        key: &SubjectKey,
        operation: OperationId,
        body: &StoredCheckIn,
    ) -> Result<()> {
        self.put_recorded("check_in", WRITE_CHECK_IN, key, operation, body)
    }

    /// The check-ins in the order in which they were recorded.
    pub(crate) fn check_ins(&self, key: &SubjectKey) -> Result<Vec<StoredCheckIn>> {
        let mut check_ins = Vec::new();
        self.each_check_in(READ_CHECK_INS, key, |check_in| {
            check_ins.push(check_in);
            Ok::<_, StoreError>(true)
        })?;
        Ok(check_ins)
    }

    /// The check-ins from the latest one back, for as long as `take` wants more.
    pub(crate) fn check_ins_back<E: From<StoreError>>(
        &self,
        key: &SubjectKey,
        take: impl FnMut(StoredCheckIn) -> std::result::Result<bool, E>,
    ) -> std::result::Result<(), E> {
        self.each_check_in(READ_CHECK_INS_BACK, key, take)
    }

    fn each_check_in<E: From<StoreError>>(
        &self,
        statement: &str,
        key: &SubjectKey,
        mut take: impl FnMut(StoredCheckIn) -> std::result::Result<bool, E>,
    ) -> std::result::Result<(), E> {
        self.each_row(statement, key, |operation: Vec<u8>, body| {
            let opened: StoredCheckIn = self.open_json("check_in", key, &[&operation], &body)?;
            take(StoredCheckIn { operation: OperationId(id(&operation)?), ..opened })
        })
    }

    /// Rows about a subject, each a key and a sealed value, for as long as `take` wants more.
    fn each_row<K: FromSql, E: From<StoreError>>(
        &self,
        statement: &str,
        key: &SubjectKey,
        mut take: impl FnMut(K, Vec<u8>) -> std::result::Result<bool, E>,
    ) -> std::result::Result<(), E> {
        let mut statement = self.inner.prepare_cached(statement).map_err(StoreError::from)?;
        let rows = statement.query_map(params![key.subject.as_bytes(), key.issuer], |row| {
            Ok((row.get::<_, K>(0)?, row.get::<_, Vec<u8>>(1)?))
        });
        for row in rows.map_err(StoreError::from)? {
            let (key, body) = row.map_err(StoreError::from)?;
            if !take(key, body)? {
                break;
            }
        }
        Ok(())
    }

    /// The declaration recorded last.
    pub(crate) fn last_declaration(&self, key: &SubjectKey) -> Result<Option<(OperationId, Declaration)>> {
        let row = self.one(READ_LAST_DECLARATION, params![key.subject.as_bytes(), key.issuer], |row| {
            Ok((row.get::<_, Vec<u8>>(0)?, row.get::<_, Vec<u8>>(1)?))
        });
        let Some((operation, body)) = row.optional()? else { return Ok(None) };
        Ok(Some((OperationId(id(&operation)?), self.open_json("declaration", key, &[&operation], &body)?)))
    }

    /// Puts an operation into the outbox.
    pub(crate) fn put_waiting(&self, key: &SubjectKey, waiting: &Waiting) -> Result<()> {
        let sealed = self.seal_json("outbox", key, &[waiting.operation.as_bytes()], &waiting.body)?;
        self.run(
            WRITE_OUTBOX,
            params![
                key.subject.as_bytes(),
                key.issuer,
                waiting.segment.as_bytes(),
                integer(waiting.sequence)?,
                waiting.operation.as_bytes(),
                sealed
            ],
        )?;
        Ok(())
    }

    /// Takes a waiting operation out, to be put in again under another link in the same transaction.
    pub(crate) fn delete_waiting(&self, key: &SubjectKey, operation: OperationId) -> Result<()> {
        self.run(DELETE_WAITING, params![key.subject.as_bytes(), key.issuer, operation.as_bytes()])?;
        Ok(())
    }

    /// The operations that wait, in order, at most `limit`.
    pub(crate) fn waiting(&self, key: &SubjectKey, limit: usize) -> Result<Vec<Waiting>> {
        let mut statement = self.inner.prepare_cached(READ_WAITING)?;
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let rows = statement.query_map(params![key.subject.as_bytes(), key.issuer, limit], |row| {
            Ok((
                row.get::<_, Vec<u8>>(0)?,
                row.get::<_, i64>(1)?,
                row.get::<_, Vec<u8>>(2)?,
                row.get::<_, Vec<u8>>(3)?,
            ))
        })?;
        let mut waiting = Vec::new();
        for row in rows {
            let (segment, sequence, operation, body) = row?;
            waiting.push(Waiting {
                segment: SegmentId(id(&segment)?),
                sequence: u64::try_from(sequence).map_err(|_| corrupt())?,
                operation: OperationId(id(&operation)?),
                body: self.open_json("outbox", key, &[&operation], &body)?,
            });
        }
        Ok(waiting)
    }

    pub(crate) fn count_waiting(&self, key: &SubjectKey) -> Result<u32> {
        let count: i64 =
            self.one(COUNT_WAITING, params![key.subject.as_bytes(), key.issuer], |row| row.get(0))?;
        Ok(u32::try_from(count).unwrap_or(u32::MAX))
    }

    /// Where an operation stands, and what the server answered.
    pub(crate) fn outbox_state(
        &self,
        key: &SubjectKey,
        operation: OperationId,
    ) -> Result<Option<(OutboxState, Option<OutboxAnswer>)>> {
        let row =
            self.one(READ_STATE, params![key.subject.as_bytes(), key.issuer, operation.as_bytes()], |row| {
                Ok((row.get::<_, i64>(0)?, row.get::<_, Option<Vec<u8>>>(1)?))
            });
        let Some((state, answer)) = row.optional()? else { return Ok(None) };
        let state = OutboxState::from_number(state);
        let answer = answer.map(|body| {
            let opened = self.seal.open(answer_place(&row_of(key, &[operation.as_bytes()])), &body)?;
            from_json(&opened)
        });
        Ok(Some((state, answer.transpose()?)))
    }

    /// Notes what the server answered to an operation that waited.
    pub(crate) fn answer(
        &self,
        key: &SubjectKey,
        operation: OperationId,
        state: OutboxState,
        answer: &OutboxAnswer,
    ) -> Result<()> {
        let sealed =
            self.seal.seal(answer_place(&row_of(key, &[operation.as_bytes()])), &to_json(answer)?)?;
        self.run(
            WRITE_ANSWER,
            params![key.subject.as_bytes(), key.issuer, operation.as_bytes(), state.number(), sealed],
        )?;
        Ok(())
    }

    /// What the server decided about a subject, by serial.
    pub(crate) fn decisions(&self, key: &SubjectKey) -> Result<Vec<KeptDecision>> {
        let mut decisions = Vec::new();
        self.each_decision(READ_DECISIONS, key, |decision| {
            decisions.push(decision);
            Ok::<_, StoreError>(true)
        })?;
        Ok(decisions)
    }

    /// The same from the latest one back, for as long as `take` wants more.
    pub(crate) fn decisions_back<E: From<StoreError>>(
        &self,
        key: &SubjectKey,
        take: impl FnMut(KeptDecision) -> std::result::Result<bool, E>,
    ) -> std::result::Result<(), E> {
        self.each_decision(READ_DECISIONS_BACK, key, take)
    }

    fn each_decision<E: From<StoreError>>(
        &self,
        statement: &str,
        key: &SubjectKey,
        mut take: impl FnMut(KeptDecision) -> std::result::Result<bool, E>,
    ) -> std::result::Result<(), E> {
        self.each_row(statement, key, |serial: i64, body| {
            take(self.open_json("decision", key, &[&serial.to_be_bytes()], &body)?)
        })
    }

    /// The serial of what the server decided last.
    pub(crate) fn last_serial(&self, key: &SubjectKey) -> Result<Option<u64>> {
        let mut statement = self.inner.prepare_cached(LAST_SERIAL)?;
        let last: Option<i64> =
            statement.query_row(params![key.subject.as_bytes(), key.issuer], |row| row.get(0))?;
        last.map(|serial| u64::try_from(serial).map_err(|_| corrupt())).transpose()
    }

    pub(crate) fn put_decision(&self, key: &SubjectKey, serial: u64, decision: &KeptDecision) -> Result<()> {
        let serial = integer(serial)?;
        let sealed = self.seal_json("decision", key, &[&serial.to_be_bytes()], decision)?;
        self.run(WRITE_DECISION, params![key.subject.as_bytes(), key.issuer, serial, sealed])?;
        Ok(())
    }

    pub(crate) fn token(&self, key: &SubjectKey) -> Result<Option<Vec<u8>>> {
        let body = self.blob(READ_TOKEN, key)?;
        let open = |body: Vec<u8>| Ok(self.seal.open(place("token", &row_of(key, &[])), &body)?.to_vec());
        body.map(open).transpose()
    }

    pub(crate) fn put_token(&self, key: &SubjectKey, token: &[u8]) -> Result<()> {
        let sealed = self.seal.seal(place("token", &row_of(key, &[])), token)?;
        self.run(WRITE_TOKEN, params![key.subject.as_bytes(), key.issuer, sealed])?;
        Ok(())
    }

    pub(crate) fn delete_token(&self, key: &SubjectKey) -> Result<()> {
        self.run(DELETE_TOKEN, params![key.subject.as_bytes(), key.issuer])?;
        Ok(())
    }

    pub(crate) fn cursor(&self, key: &SubjectKey) -> Result<Option<String>> {
        let row = self.one(READ_CURSOR, params![key.subject.as_bytes(), key.issuer], |row| row.get(0));
        Ok(row.optional()?.flatten())
    }

    pub(crate) fn put_cursor(&self, key: &SubjectKey, cursor: Option<&str>) -> Result<()> {
        self.run(WRITE_CURSOR, params![key.subject.as_bytes(), key.issuer, cursor])?;
        Ok(())
    }

    fn put_recorded<T: Serialize>(
        &self,
        table: &'static str,
        statement: &'static str,
        key: &SubjectKey,
        operation: OperationId,
        body: &T,
    ) -> Result<()> {
        let sealed = self.seal_json(table, key, &[operation.as_bytes()], body)?;
        self.run(statement, params![key.subject.as_bytes(), key.issuer, operation.as_bytes(), sealed])?;
        Ok(())
    }
}

pub(super) const fn answer_place<'a>(row: &'a [&'a [u8]]) -> Place<'a> {
    Place { table: "outbox", column: "answer", row }
}
