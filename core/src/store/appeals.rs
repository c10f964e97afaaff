//! The draft of an appeal: kept for the resident alone until it is sent.

use rusqlite::params;
use serde::{Deserialize, Serialize};

use super::row::SubjectKey;
use super::transaction::{Result, Transaction};

const READ: &str = "SELECT body FROM appeal_draft WHERE subject = ?1 AND issuer = ?2";
const WRITE: &str = "INSERT INTO appeal_draft (subject, issuer, body) VALUES (?1, ?2, ?3)
    ON CONFLICT (subject, issuer) DO UPDATE SET body = excluded.body";
const DELETE: &str = "DELETE FROM appeal_draft WHERE subject = ?1 AND issuer = ?2";

/// What was written so far. It may be of a rating that no longer holds.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct AppealDraft {
    pub(crate) rating: u64,
    pub(crate) rule: String,
    pub(crate) text: String,
    pub(crate) statements: Vec<String>,
}

impl Transaction<'_> {
    pub(crate) fn appeal_draft(&self, key: &SubjectKey) -> Result<Option<AppealDraft>> {
        let body = self.blob(READ, key)?;
        body.map(|body| self.open_json("appeal_draft", key, &[], &body)).transpose()
    }

    pub(crate) fn put_appeal_draft(&self, key: &SubjectKey, draft: &AppealDraft) -> Result<()> {
        let body = self.seal_json("appeal_draft", key, &[], draft)?;
        self.run(WRITE, params![key.subject.as_bytes(), key.issuer, body])?;
        Ok(())
    }

    pub(crate) fn delete_appeal_draft(&self, key: &SubjectKey) -> Result<()> {
        self.run(DELETE, params![key.subject.as_bytes(), key.issuer])?;
        Ok(())
    }
}
