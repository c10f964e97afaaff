//! Who asked a resident's phone for an answer, and what was shown: kept for the resident alone.

use rusqlite::params;
use serde::{Deserialize, Serialize};

use super::row::SubjectKey;
use super::transaction::{Result, Transaction, integer};
use crate::rules::calendar::Timestamp;
use crate::rules::colour::Colour;

const NEXT_PLACE: &str =
    "SELECT COALESCE(MAX(place), 0) + 1 FROM answered_challenge WHERE subject = ?1 AND issuer = ?2";
const WRITE: &str = "INSERT INTO answered_challenge (subject, issuer, place, body) VALUES (?1, ?2, ?3, ?4)";
const READ: &str =
    "SELECT place, body FROM answered_challenge WHERE subject = ?1 AND issuer = ?2 ORDER BY place";
const DELETE: &str = "DELETE FROM answered_challenge WHERE subject = ?1 AND issuer = ?2 AND place = ?3";
const DELETE_ALL: &str = "DELETE FROM answered_challenge WHERE subject = ?1 AND issuer = ?2";

/// An answer to a gate's challenge.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Answered {
    /// How the gate named itself.
    pub(crate) gate: String,
    /// When, as far as the phone knew.
    pub(crate) at: Timestamp,
    /// Whether that is more than a lower bound.
    pub(crate) sure: bool,
    /// The colour that was shown.
    pub(crate) colour: Colour,
}

impl Transaction<'_> {
    pub(crate) fn put_answered(&self, key: &SubjectKey, answered: &Answered) -> Result<()> {
        let of = params![key.subject.as_bytes(), key.issuer];
        let place: i64 = self.one(NEXT_PLACE, of, |row| row.get(0))?;
        let body = self.seal_json("answered_challenge", key, &[&place.to_be_bytes()], answered)?;
        self.run(WRITE, params![key.subject.as_bytes(), key.issuer, place, body])?;
        Ok(())
    }

    /// The answers in the order in which they were given, each with its place.
    pub(crate) fn answered(&self, key: &SubjectKey) -> Result<Vec<(u64, Answered)>> {
        self.placed(READ, "answered_challenge", key)
    }

    pub(crate) fn delete_answered(&self, key: &SubjectKey, place: u64) -> Result<()> {
        self.run(DELETE, params![key.subject.as_bytes(), key.issuer, integer(place)?])?;
        Ok(())
    }

    /// Deletes all of a subject's.
    pub(crate) fn forget_answered(&self, key: &SubjectKey) -> Result<()> {
        self.run(DELETE_ALL, params![key.subject.as_bytes(), key.issuer])?;
        Ok(())
    }
}
