//! What a phone holds of what the server signed, read for a server that has lost it.

use rusqlite::params;

use super::row::{KeptDecision, OutboxAnswer, OutboxBody, SubjectKey};
use super::transaction::{Result, Transaction, corrupt};
use crate::token::ids::OperationId;

const READ_ANSWERED: &str = "SELECT operation FROM outbox WHERE subject = ?1 AND issuer = ?2 AND state <> 0";
const READ_DECISION_SERIALS: &str =
    "SELECT serial FROM decision WHERE subject = ?1 AND issuer = ?2 AND serial > ?3 ORDER BY serial";

impl Transaction<'_> {
    /// The operations that the server has answered, in no order: each with its bytes, the link that was
    /// countersigned, and its answer.
    pub(crate) fn answered(&self, key: &SubjectKey) -> Result<Vec<(OutboxBody, OutboxAnswer)>> {
        let mut statement = self.inner.prepare_cached(READ_ANSWERED)?;
        let rows = statement
            .query_map(params![key.subject.as_bytes(), key.issuer], |row| row.get::<_, Vec<u8>>(0))?;
        let operations = rows.collect::<std::result::Result<Vec<_>, _>>()?;
        let mut answered = Vec::with_capacity(operations.len());
        for operation in operations {
            let operation = OperationId::from_slice(&operation).ok_or_else(corrupt)?;
            let (Some(body), Some((_, Some(answer)))) =
                (self.outbox_body(key, operation)?, self.outbox_state(key, operation)?)
            else {
                continue;
            };
            // Under a later link it was known already: what counts is the one under the receipt.
            let link = answer.link.clone().unwrap_or(body.link);
            answered.push((OutboxBody { link, ..body }, answer));
        }
        Ok(answered)
    }

    /// What the server decided after a serial, by serial.
    pub(crate) fn decisions_after(&self, key: &SubjectKey, serial: u64) -> Result<Vec<(u64, KeptDecision)>> {
        let serial = i64::try_from(serial).unwrap_or(i64::MAX);
        let mut statement = self.inner.prepare_cached(READ_DECISION_SERIALS)?;
        let rows = statement
            .query_map(params![key.subject.as_bytes(), key.issuer, serial], |row| row.get::<_, i64>(0))?;
        let serials = rows.collect::<std::result::Result<Vec<_>, _>>()?;
        let mut decisions = Vec::with_capacity(serials.len());
        for serial in serials {
            let known = u64::try_from(serial).map_err(|_| corrupt())?;
            decisions.extend(self.decision(key, known)?.map(|decision| (known, decision)));
        }
        Ok(decisions)
    }
}
