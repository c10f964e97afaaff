//! What officers do, as it is kept: the log of acts, which only grows, what was answered, what waits for an officer, and
//! the orders that no rule gave. The log has no reference to the person's row: it outlives it.

use async_trait::async_trait;
use healthcode::rules::calendar::{LegalDate, Timestamp};
use healthcode::token::OrderId;
use healthcode::token::ids::SubjectId;
use rusqlite::{OptionalExtension, Transaction, params};
use rusqlite_migration::M;

use super::Changes;
use super::sqlite::{SqliteStorage, damaged, from_json};
use crate::error::ServerError;
use crate::officer::log::{BEGINNING, NOBODY, chained};
use crate::state::SubjectState;

const V3: &str = "
-- `signed` is sealed under a secret that is not here; `entry` is the digest of the entry before and of what was signed.
CREATE TABLE act (
    subject BLOB NOT NULL,
    place   INTEGER NOT NULL,
    request BLOB NOT NULL,
    signed  BLOB NOT NULL,
    entry   BLOB NOT NULL,
    PRIMARY KEY (subject, place)
) STRICT, WITHOUT ROWID;

CREATE INDEX act_request ON act (subject, request);

CREATE TRIGGER act_is_not_changed BEFORE UPDATE ON act
BEGIN SELECT RAISE(ABORT, 'the log only grows'); END;

CREATE TRIGGER act_is_not_deleted BEFORE DELETE ON act
BEGIN SELECT RAISE(ABORT, 'the log only grows'); END;

-- INSERT OR REPLACE deletes without a word to the trigger above.
CREATE TRIGGER act_is_appended BEFORE INSERT ON act
WHEN NEW.place <> (SELECT COALESCE(MAX(place), 0) + 1 FROM act WHERE subject = NEW.subject)
    OR EXISTS (SELECT 1 FROM act WHERE subject = NEW.subject AND request = NEW.request)
BEGIN SELECT RAISE(ABORT, 'the log only grows'); END;

-- For as long as a request may come again.
CREATE TABLE asked (
    request BLOB PRIMARY KEY,
    digest  BLOB NOT NULL,
    at      INTEGER NOT NULL,
    answer  TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX asked_at ON asked (at);

CREATE TABLE agenda (
    subject BLOB NOT NULL REFERENCES subject (subject) ON DELETE CASCADE,
    kind    TEXT NOT NULL,
    at      INTEGER NOT NULL,
    PRIMARY KEY (subject, kind)
) STRICT, WITHOUT ROWID;

CREATE INDEX agenda_at ON agenda (kind, at);

-- `fate`: 0 an officer alone has ordered it, 1 a second one has confirmed it, 2 it ended before either.
CREATE TABLE manual_order (
    region  INTEGER NOT NULL,
    day     INTEGER NOT NULL,
    subject BLOB NOT NULL,
    name    BLOB NOT NULL,
    until   INTEGER NOT NULL,
    fate    INTEGER NOT NULL,
    PRIMARY KEY (region, day, subject, name)
) STRICT, WITHOUT ROWID;
";

const READ_STATES: &str = "SELECT subject, state FROM subject";
const WRITE_ACT: &str =
    "INSERT INTO act (subject, place, request, signed, entry) VALUES (?1, ?2, ?3, ?4, ?5)";
const LAST_ACT: &str = "SELECT place, entry FROM act WHERE subject = ?1 ORDER BY place DESC LIMIT 1";
const HAS_ACT: &str = "SELECT 1 FROM act WHERE subject = ?1 AND request = ?2";
const READ_ASKED: &str = "SELECT digest, answer FROM asked WHERE request = ?1";
const WRITE_ASKED: &str =
    "INSERT INTO asked (request, digest, at, answer) VALUES (?1, ?2, ?3, ?4) ON CONFLICT DO NOTHING";
const FORGET_ASKED: &str = "DELETE FROM asked WHERE at < ?1";
/// How long an answer is kept, in seconds: far longer than a request may be on its way.
const ASKED_SECONDS: i64 = 24 * 3_600;
const CLEAR_AGENDA: &str = "DELETE FROM agenda WHERE subject = ?1";
const WRITE_AGENDA: &str = "INSERT INTO agenda (subject, kind, at) VALUES (?1, ?2, ?3)";
const READ_AGENDA: &str =
    "SELECT subject FROM agenda WHERE kind = ?1 AND at <= ?2 ORDER BY at, subject LIMIT ?3";
const WRITE_MANUAL: &str =
    "INSERT INTO manual_order (region, day, subject, name, until, fate) VALUES (?1, ?2, ?3, ?4, ?5, ?6)
    ON CONFLICT (region, day, subject, name) DO UPDATE SET fate = excluded.fate";
const COUNT_MANUAL: &str = "SELECT region, day, COUNT(*), SUM(fate = 0 AND until > ?1), SUM(fate = 1),
    SUM(fate = 0 AND until <= ?1), SUM(fate = 2) FROM manual_order GROUP BY region, day ORDER BY day, region";

/// An entry of the log of acts about a person.
pub(crate) struct LoggedAct {
    pub(crate) place: u64,
    pub(crate) request: [u8; 16],
    pub(crate) sealed: Vec<u8>,
    pub(crate) entry: [u8; 32],
}

/// What an officer's request was answered.
pub(crate) struct Asked {
    pub(crate) request: [u8; 16],
    pub(crate) digest: [u8; 32],
    pub(crate) at: Timestamp,
    pub(crate) answer: String,
}

/// What became of an order that no rule gave.
#[derive(Clone, Copy)]
pub(crate) enum Fate {
    Ordered = 0,
    Confirmed = 1,
    Ended = 2,
}

/// An order that no rule gave, for the public count.
pub(crate) struct ManualRow {
    pub(crate) region: u32,
    pub(crate) day: LegalDate,
    pub(crate) order: OrderId,
    pub(crate) until: Timestamp,
    pub(crate) fate: Fate,
}

/// How many such orders there were in a region on a day.
pub(crate) struct ManualCount {
    pub(crate) region: u32,
    pub(crate) day: LegalDate,
    pub(crate) ordered: u32,
    pub(crate) provisional: u32,
    pub(crate) confirmed: u32,
    pub(crate) lapsed: u32,
    pub(crate) ended: u32,
}

/// What storage keeps for officers.
#[async_trait]
pub(crate) trait ActLog: Send + Sync {
    /// Digest and answer of a request that was answered before.
    async fn asked(&self, request: [u8; 16]) -> Result<Option<([u8; 32], String)>, ServerError>;

    /// Logs an act that concerns nobody, with its answer. [`ServerError::Conflict`] where it was answered meanwhile.
    async fn log_alone(&self, signed: Vec<u8>, sealed: Vec<u8>, asked: Asked) -> Result<(), ServerError>;

    /// Whose time of a kind has come by an instant, the earliest first.
    async fn agenda(
        &self,
        kind: &'static str,
        by: Timestamp,
        limit: u32,
    ) -> Result<Vec<SubjectId>, ServerError>;

    /// The orders that no rule gave, by region and day of issue.
    async fn manual_counts(&self, now: Timestamp) -> Result<Vec<ManualCount>, ServerError>;
}

/// The migration; who is overdue in a database of before does not wait for a phone to connect.
pub(super) fn migration<'a>() -> M<'a> {
    M::up_with_hook(V3, |file: &Transaction<'_>| {
        let mut states = file.prepare(READ_STATES)?;
        let rows = states.query_map([], |row| Ok((row.get::<_, Vec<u8>>(0)?, row.get::<_, String>(1)?)))?;
        for row in rows {
            let (subject, state) = row?;
            // One that cannot be read is reported by the first request about it.
            if let Ok(state) = from_json::<SubjectState>(&state) {
                write_agenda(file, &subject, &state.agenda())?;
            }
        }
        Ok(())
    })
}

fn write_agenda(
    file: &Transaction<'_>,
    subject: &[u8],
    agenda: &[(&'static str, Timestamp)],
) -> rusqlite::Result<()> {
    file.execute(CLEAR_AGENDA, [subject])?;
    for (kind, at) in agenda {
        file.execute(WRITE_AGENDA, params![subject, kind, at.millis()])?;
    }
    Ok(())
}

/// Keeps what a commit changes of all this.
pub(super) fn keep(
    file: &Transaction<'_>,
    subject: SubjectId,
    changes: &Changes,
    agenda: &[(&'static str, Timestamp)],
) -> Result<(), ServerError> {
    let id = subject.as_bytes();
    write_agenda(file, id, agenda)?;
    for act in &changes.acts {
        write_act(file, id, act)?;
    }
    for order in &changes.manual {
        let (day, until) = (order.day.epoch_days(), order.until.seconds());
        let row = params![order.region, day, id, order.order.as_bytes(), until, order.fate as u8];
        file.execute(WRITE_MANUAL, row)?;
    }
    changes.asked.as_ref().map_or(Ok(()), |asked| write_asked(file, asked))
}

fn write_act(file: &Transaction<'_>, subject: &[u8], act: &LoggedAct) -> Result<(), ServerError> {
    let place = i64::try_from(act.place).map_err(|_| damaged())?;
    file.execute(WRITE_ACT, params![subject, place, act.request, act.sealed, act.entry])?;
    Ok(())
}

fn write_asked(file: &Transaction<'_>, asked: &Asked) -> Result<(), ServerError> {
    file.execute(FORGET_ASKED, [asked.at.seconds() - ASKED_SECONDS])?;
    let row = params![asked.request, asked.digest, asked.at.seconds(), asked.answer];
    if file.execute(WRITE_ASKED, row)? == 0 { Err(ServerError::Conflict) } else { Ok(()) }
}

#[async_trait]
impl ActLog for SqliteStorage {
    async fn asked(&self, request: [u8; 16]) -> Result<Option<([u8; 32], String)>, ServerError> {
        self.run(move |file| {
            let row = file.query_row(READ_ASKED, [request], |row| Ok((row.get(0)?, row.get(1)?)));
            Ok(row.optional()?)
        })
        .await
    }

    async fn log_alone(&self, signed: Vec<u8>, sealed: Vec<u8>, asked: Asked) -> Result<(), ServerError> {
        self.run(move |file| {
            let nobody = NOBODY.as_bytes();
            let last = file.query_row(LAST_ACT, [nobody], |row| Ok((row.get::<_, i64>(0)?, row.get(1)?)));
            let (place, previous) = last.optional()?.unwrap_or((0, BEGINNING));
            let entry = chained(&previous, &signed);
            // After its answer was forgotten it is too old to come here: this is the answer of a moment ago.
            let again = file.query_row(HAS_ACT, params![nobody, asked.request], |_| Ok(())).optional()?;
            if again.is_some() {
                return Err(ServerError::Conflict);
            }
            let place = u64::try_from(place + 1).map_err(|_| damaged())?;
            let act = LoggedAct { place, request: asked.request, sealed, entry };
            write_act(file, nobody, &act)?;
            write_asked(file, &asked)
        })
        .await
    }

    async fn agenda(
        &self,
        kind: &'static str,
        by: Timestamp,
        limit: u32,
    ) -> Result<Vec<SubjectId>, ServerError> {
        self.run(move |file| {
            let mut statement = file.prepare(READ_AGENDA)?;
            let rows =
                statement.query_map(params![kind, by.millis(), limit], |row| row.get::<_, Vec<u8>>(0))?;
            let mut subjects = Vec::new();
            for row in rows {
                subjects.push(SubjectId::from_slice(&row?).ok_or_else(damaged)?);
            }
            Ok(subjects)
        })
        .await
    }

    async fn manual_counts(&self, now: Timestamp) -> Result<Vec<ManualCount>, ServerError> {
        self.run(move |file| {
            let mut statement = file.prepare(COUNT_MANUAL)?;
            let rows = statement.query_map([now.seconds()], |row| {
                Ok(ManualCount {
                    region: row.get(0)?,
                    day: LegalDate::from_epoch_days(row.get(1)?),
                    ordered: row.get(2)?,
                    provisional: row.get(3)?,
                    confirmed: row.get(4)?,
                    lapsed: row.get(5)?,
                    ended: row.get(6)?,
                })
            })?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
        .await
    }
}
