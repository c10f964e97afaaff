//! Where a person was, and where that met what was published: kept for the resident alone. Neither has a row in the
//! outbox.

use rusqlite::params;
use serde::{Deserialize, Serialize};

use super::row::SubjectKey;
use super::transaction::{Result, Transaction, integer};
use crate::rules::calendar::{LegalDate, Timestamp};
use crate::rules::exposure::{Record, Whereabouts};

const NEXT_PLACE: &str =
    "SELECT COALESCE(MAX(place), 0) + 1 FROM whereabouts WHERE subject = ?1 AND issuer = ?2";
const WRITE: &str = "INSERT INTO whereabouts (subject, issuer, place, body) VALUES (?1, ?2, ?3, ?4)
    ON CONFLICT (subject, issuer, place) DO UPDATE SET body = excluded.body";
const READ: &str = "SELECT place, body FROM whereabouts WHERE subject = ?1 AND issuer = ?2 ORDER BY place";
const COUNT: &str = "SELECT COUNT(*) FROM whereabouts WHERE subject = ?1 AND issuer = ?2";
const DELETE: &str = "DELETE FROM whereabouts WHERE subject = ?1 AND issuer = ?2 AND place = ?3";
const READ_MATCHES: &str = "SELECT body FROM exposure WHERE subject = ?1 AND issuer = ?2";
const WRITE_MATCHES: &str = "INSERT INTO exposure (subject, issuer, body) VALUES (?1, ?2, ?3)
    ON CONFLICT (subject, issuer) DO UPDATE SET body = excluded.body";

/// An entry of where a person was.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct StoredWhereabouts {
    /// Where.
    pub(crate) whereabouts: Whereabouts,
    /// When it was recorded, as far as the phone knew.
    pub(crate) recorded_at: Timestamp,
    /// When the person said that it is wrong.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) wrong_at: Option<Timestamp>,
}

/// A match: which entry met which notice.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct StoredMatch {
    /// The entry's place.
    pub(crate) entry: u64,
    /// The notice's number.
    pub(crate) notice: u32,
    /// The class of the notice.
    pub(crate) class: u8,
    /// What the class is about.
    pub(crate) kind: u8,
    /// The rule that it names; empty for none.
    pub(crate) rule: String,
    /// Its parameters.
    pub(crate) least_minutes: u16,
    pub(crate) apart: u16,
    /// From when until when it counts.
    pub(crate) from: Timestamp,
    pub(crate) until: Timestamp,
    /// What was met: the record's places, the day of the meeting, its minutes.
    pub(crate) first_place: u16,
    pub(crate) further_places: u16,
    pub(crate) on: LegalDate,
    pub(crate) minutes: u32,
    /// Whether the person's carriage or row is known.
    pub(crate) place_known: bool,
    /// When it was found, by the lower bound of true time.
    pub(crate) found_at: Timestamp,
    /// When the person said that the entry is wrong.
    pub(crate) wrong_at: Option<Timestamp>,
    /// When the person told the authority.
    pub(crate) told_at: Option<Timestamp>,
}

impl StoredMatch {
    /// The published record, as far as it is kept: its key and times were compared and are not needed again.
    pub(crate) fn record(&self) -> Record {
        Record { first_place: self.first_place, further_places: self.further_places, ..Record::default() }
    }

    /// Whether it is of the same entry and class of a notice.
    pub(crate) fn is_of(&self, other: &Self) -> bool {
        (self.entry, self.notice, self.class) == (other.entry, other.notice, other.class)
    }
}

impl Transaction<'_> {
    /// Adds an entry; its place.
    pub(crate) fn add_whereabouts(&self, key: &SubjectKey, entry: &StoredWhereabouts) -> Result<u64> {
        let of = params![key.subject.as_bytes(), key.issuer];
        let place: i64 = self.one(NEXT_PLACE, of, |row| row.get(0))?;
        let place = u64::try_from(place).unwrap_or_default();
        self.put_whereabouts(key, place, entry)?;
        Ok(place)
    }

    pub(crate) fn put_whereabouts(
        &self,
        key: &SubjectKey,
        place: u64,
        entry: &StoredWhereabouts,
    ) -> Result<()> {
        let place = integer(place)?;
        let body = self.seal_json("whereabouts", key, &[&place.to_be_bytes()], entry)?;
        self.run(WRITE, params![key.subject.as_bytes(), key.issuer, place, body])?;
        Ok(())
    }

    /// The entries in the order in which they were recorded, each with its place.
    pub(crate) fn whereabouts(&self, key: &SubjectKey) -> Result<Vec<(u64, StoredWhereabouts)>> {
        self.placed(READ, "whereabouts", key)
    }

    /// How many there are.
    pub(crate) fn count_whereabouts(&self, key: &SubjectKey) -> Result<u32> {
        Ok(self.one(COUNT, params![key.subject.as_bytes(), key.issuer], |row| row.get(0))?)
    }

    pub(crate) fn delete_whereabouts(&self, key: &SubjectKey, place: u64) -> Result<()> {
        self.run(DELETE, params![key.subject.as_bytes(), key.issuer, integer(place)?])?;
        Ok(())
    }

    /// The matches of a subject, as they were found last.
    pub(crate) fn matches(&self, key: &SubjectKey) -> Result<Vec<StoredMatch>> {
        let body = self.blob(READ_MATCHES, key)?;
        Ok(body.map(|body| self.open_json("exposure", key, &[], &body)).transpose()?.unwrap_or_default())
    }

    pub(crate) fn put_matches(&self, key: &SubjectKey, matches: &[StoredMatch]) -> Result<()> {
        let body = self.seal_json("exposure", key, &[], &matches)?;
        self.run(WRITE_MATCHES, params![key.subject.as_bytes(), key.issuer, body])?;
        Ok(())
    }
}
