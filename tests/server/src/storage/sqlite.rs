//! Storage in an embedded SQLite file. One connection; its work runs on threads that may block.

use std::fs::OpenOptions;
use std::io::ErrorKind;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use healthcode::rules::calendar::Timestamp;
use healthcode::token::ids::{OperationId, SubjectId};
use rusqlite::{Connection, OptionalExtension, Transaction, TransactionBehavior, params};
use rusqlite_migration::{M, Migrations};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::{Changes, Decision, Pseudonym, Session, Storage, StoredOperation, Versioned, Withdrawn, log};
use crate::error::{ServerError, StartError};
use crate::state::SubjectState;

const V1: &str = "
CREATE TABLE document (
    name TEXT PRIMARY KEY,
    body BLOB NOT NULL
) STRICT, WITHOUT ROWID;

-- People are found by a pseudonym: HMAC of the document under a secret that is not here.
CREATE TABLE person (
    pseudonym BLOB PRIMARY KEY,
    subject   BLOB NOT NULL UNIQUE
) STRICT, WITHOUT ROWID;

CREATE TABLE subject (
    subject BLOB PRIMARY KEY,
    version INTEGER NOT NULL,
    state   TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE operation (
    subject   BLOB NOT NULL REFERENCES subject (subject) ON DELETE CASCADE,
    operation BLOB NOT NULL,
    body      TEXT NOT NULL,
    PRIMARY KEY (subject, operation)
) STRICT, WITHOUT ROWID;

CREATE TABLE decision (
    subject BLOB NOT NULL REFERENCES subject (subject) ON DELETE CASCADE,
    serial  INTEGER NOT NULL,
    body    TEXT NOT NULL,
    PRIMARY KEY (subject, serial)
) STRICT, WITHOUT ROWID;

CREATE TABLE session (
    session    BLOB PRIMARY KEY,
    expires_at INTEGER NOT NULL,
    body       TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX session_expiry ON session (expires_at);

CREATE TABLE event (
    bucket BLOB NOT NULL,
    at     INTEGER NOT NULL,
    number INTEGER NOT NULL,
    PRIMARY KEY (bucket, at, number)
) STRICT, WITHOUT ROWID;

CREATE INDEX event_at ON event (at);
";

const V2: &str = "
-- Without a reference: what is withdrawn stays so when its subject is erased. `subject` is empty where it is not known.
CREATE TABLE withdrawn (
    subject BLOB NOT NULL,
    list    INTEGER NOT NULL,
    place   INTEGER NOT NULL,
    until   INTEGER NOT NULL,
    PRIMARY KEY (subject, list, place)
) STRICT, WITHOUT ROWID;

CREATE INDEX withdrawn_place ON withdrawn (list, place);
CREATE INDEX withdrawn_until ON withdrawn (until);
";

const READ_DOCUMENT: &str = "SELECT body FROM document WHERE name = ?1";
const WRITE_DOCUMENT: &str =
    "INSERT INTO document (name, body) VALUES (?1, ?2) ON CONFLICT (name) DO UPDATE SET body = excluded.body";
const READ_PERSON: &str = "SELECT subject FROM person WHERE pseudonym = ?1";
const WRITE_PERSON: &str = "INSERT INTO person (pseudonym, subject) VALUES (?1, ?2) ON CONFLICT DO NOTHING";
const READ_SUBJECT: &str = "SELECT version, state FROM subject WHERE subject = ?1";
const WRITE_SUBJECT: &str = "INSERT INTO subject (subject, version, state) VALUES (?1, 1, ?2)";
const CHANGE_SUBJECT: &str =
    "UPDATE subject SET version = version + 1, state = ?3 WHERE subject = ?1 AND version = ?2";
const WRITE_OPERATION: &str = "INSERT INTO operation (subject, operation, body) VALUES (?1, ?2, ?3)
    ON CONFLICT (subject, operation) DO UPDATE SET body = excluded.body";
const READ_OPERATION: &str = "SELECT body FROM operation WHERE subject = ?1 AND operation = ?2";
const WRITE_DECISION: &str = "INSERT INTO decision (subject, serial, body) VALUES (?1, ?2, ?3)";
const RECOVER_DECISION: &str =
    "INSERT INTO decision (subject, serial, body) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING";
const READ_DECISIONS: &str =
    "SELECT body FROM decision WHERE subject = ?1 AND serial > ?2 ORDER BY serial LIMIT ?3";
const WITHDRAW: &str =
    "INSERT INTO withdrawn (subject, list, place, until) VALUES (?1, ?2, ?3, ?4) ON CONFLICT DO NOTHING";
const FORGET_WITHDRAWN: &str = "DELETE FROM withdrawn WHERE until <= ?1";
const READ_WITHDRAWN: &str = "SELECT DISTINCT place FROM withdrawn WHERE list = ?1 ORDER BY place";
const READ_SESSION: &str = "SELECT body FROM session WHERE session = ?1";
const WRITE_SESSION: &str = "INSERT INTO session (session, expires_at, body) VALUES (?1, ?2, ?3)
    ON CONFLICT (session) DO UPDATE SET body = excluded.body";
const FORGET_SESSIONS: &str = "DELETE FROM session WHERE expires_at < ?1";
/// How long a session outlives its code, in milliseconds: an answer that was lost can be asked for again.
const SESSION_OUTLIVES_MILLIS: i64 = 24 * 3_600_000;
const FORGET_EVENTS: &str = "DELETE FROM event WHERE at < ?1";
const WRITE_EVENT: &str = "INSERT INTO event (bucket, at, number)
    SELECT ?1, ?2, COALESCE(MAX(number), 0) + 1 FROM event WHERE bucket = ?1";
const COUNT_EVENTS: &str = "SELECT COUNT(*) FROM event WHERE bucket = ?1";

/// A storage in one file.
pub(crate) struct SqliteStorage {
    connection: Arc<Mutex<Connection>>,
}

impl SqliteStorage {
    /// Opens the file, made if there is none. A damaged one is reported and left as it is.
    pub(crate) async fn open(path: &Path) -> Result<Self, StartError> {
        let path = path.to_owned();
        let opened = tokio::task::spawn_blocking(move || -> Result<Connection, StartError> {
            let failed = |error: rusqlite::Error| StartError::Database(reason(&error));
            // It holds what was declared: for its owner alone, the files beside it too, which take its mode.
            let made = OpenOptions::new().create_new(true).write(true).mode(0o600).open(&path);
            if let Err(error) = made
                && error.kind() != ErrorKind::AlreadyExists
            {
                return Err(StartError::Database(error.to_string()));
            }
            let mut connection = Connection::open(path).map_err(failed)?;
            connection.busy_timeout(std::time::Duration::from_secs(5)).map_err(failed)?;
            for (name, value) in [("journal_mode", "WAL"), ("synchronous", "FULL"), ("temp_store", "MEMORY")]
            {
                connection.pragma_update(None, name, value).map_err(failed)?;
            }
            connection.pragma_update(None, "foreign_keys", true).map_err(failed)?;
            let migrated =
                Migrations::new(vec![M::up(V1), M::up(V2), log::migration()]).to_latest(&mut connection);
            migrated.map_err(|error| match error {
                rusqlite_migration::Error::RusqliteError { err, .. } => failed(err),
                _ => StartError::Database("the file is of a later version".to_owned()),
            })?;
            Ok(connection)
        });
        let connection = opened.await.map_err(|_| StartError::Database("interrupted".to_owned()))??;
        Ok(Self { connection: Arc::new(Mutex::new(connection)) })
    }

    /// Runs `work` in one transaction, on a thread that may block.
    pub(super) async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Transaction<'_>) -> Result<T, ServerError> + Send + 'static,
    ) -> Result<T, ServerError> {
        let connection = Arc::clone(&self.connection);
        let ran = tokio::task::spawn_blocking(move || {
            // A panic while it was held has rolled its transaction back.
            let mut connection = connection.lock().unwrap_or_else(PoisonError::into_inner);
            let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
            let result = work(&transaction)?;
            transaction.commit()?;
            Ok(result)
        });
        ran.await.map_err(|_| ServerError::Internal("storage/thread"))?
    }
}

#[async_trait]
impl Storage for SqliteStorage {
    async fn document(&self, name: &'static str) -> Result<Option<Vec<u8>>, ServerError> {
        self.run(move |file| Ok(file.query_row(READ_DOCUMENT, [name], |row| row.get(0)).optional()?)).await
    }

    async fn put_document(&self, name: &'static str, body: &[u8]) -> Result<(), ServerError> {
        let body = body.to_vec();
        self.run(move |file| Ok(file.execute(WRITE_DOCUMENT, params![name, body]).map(|_| ())?)).await
    }

    async fn subject_of(&self, person: Pseudonym) -> Result<Option<SubjectId>, ServerError> {
        self.run(move |file| {
            let row: Option<Vec<u8>> = file.query_row(READ_PERSON, [person], |row| row.get(0)).optional()?;
            row.map(|bytes| SubjectId::from_slice(&bytes).ok_or_else(damaged)).transpose()
        })
        .await
    }

    async fn subject(&self, subject: SubjectId) -> Result<Option<Versioned>, ServerError> {
        self.run(move |file| {
            let row = file.query_row(READ_SUBJECT, [subject.as_bytes()], |row| {
                Ok((row.get::<_, i64>(0)?, row.get::<_, String>(1)?))
            });
            let Some((version, state)) = row.optional()? else { return Ok(None) };
            Ok(Some(Versioned { state: from_json(&state)?, version }))
        })
        .await
    }

    async fn create(
        &self,
        person: Pseudonym,
        subject: SubjectId,
        state: &SubjectState,
    ) -> Result<(), ServerError> {
        let state = to_json(state)?;
        self.run(move |file| {
            if file.execute(WRITE_PERSON, params![person, subject.as_bytes()])? == 0 {
                return Err(ServerError::Conflict);
            }
            file.execute(WRITE_SUBJECT, params![subject.as_bytes(), state])?;
            Ok(())
        })
        .await
    }

    async fn commit(
        &self,
        subject: SubjectId,
        version: i64,
        state: &SubjectState,
        changes: Changes,
    ) -> Result<(), ServerError> {
        let (state, agenda) = (to_json(state)?, state.agenda());
        self.run(move |file| {
            let id = subject.as_bytes();
            if file.execute(CHANGE_SUBJECT, params![id, version, state])? == 0 {
                return Err(ServerError::Conflict);
            }
            for operation in &changes.operations {
                let body = to_json(operation)?;
                file.execute(WRITE_OPERATION, params![id, operation.operation.as_bytes(), body])?;
            }
            for (statement, decisions) in
                [(WRITE_DECISION, &changes.decisions), (RECOVER_DECISION, &changes.recovered)]
            {
                for decision in decisions {
                    let serial = i64::try_from(decision.serial).map_err(|_| damaged())?;
                    file.execute(statement, params![id, serial, to_json(decision)?])?;
                }
            }
            withdraw(file, id, &changes.withdrawn)?;
            log::keep(file, subject, &changes, &agenda)
        })
        .await
    }

    async fn delivered(
        &self,
        subject: SubjectId,
        operations: &[OperationId],
    ) -> Result<Vec<StoredOperation>, ServerError> {
        let operations = operations.to_vec();
        self.run(move |file| {
            let mut found = Vec::new();
            for operation in operations {
                let key = params![subject.as_bytes(), operation.as_bytes()];
                let row: Option<String> = file.query_row(READ_OPERATION, key, |row| row.get(0)).optional()?;
                if let Some(body) = row {
                    found.push(from_json(&body)?);
                }
            }
            Ok(found)
        })
        .await
    }

    async fn decisions(
        &self,
        subject: SubjectId,
        after: u64,
        limit: u32,
    ) -> Result<Vec<Decision>, ServerError> {
        let after = i64::try_from(after).unwrap_or(i64::MAX);
        self.run(move |file| {
            let mut statement = file.prepare(READ_DECISIONS)?;
            let rows = statement
                .query_map(params![subject.as_bytes(), after, limit], |row| row.get::<_, String>(0))?;
            let mut decisions = Vec::new();
            for row in rows {
                decisions.push(from_json(&row?)?);
            }
            Ok(decisions)
        })
        .await
    }

    async fn withdraw(&self, tokens: Vec<Withdrawn>) -> Result<(), ServerError> {
        self.run(move |file| withdraw(file, &[], &tokens)).await
    }

    async fn withdrawn(&self, list: u32, now: Timestamp) -> Result<Vec<u32>, ServerError> {
        self.run(move |file| {
            file.execute(FORGET_WITHDRAWN, [now.seconds()])?;
            let mut statement = file.prepare(READ_WITHDRAWN)?;
            let places = statement.query_map([list], |row| row.get(0))?;
            Ok(places.collect::<Result<_, _>>()?)
        })
        .await
    }

    async fn session(&self, id: [u8; 16]) -> Result<Option<Session>, ServerError> {
        self.run(move |file| read_session(file, &id)).await
    }

    async fn put_session(&self, id: [u8; 16], session: &Session) -> Result<(), ServerError> {
        let (body, expires_at) = (to_json(session)?, session.expires_at.millis());
        let lasts_until = session.lasts_until().millis();
        self.run(move |file| {
            file.execute(FORGET_SESSIONS, [expires_at.saturating_sub(SESSION_OUTLIVES_MILLIS)])?;
            file.execute(WRITE_SESSION, params![id, lasts_until, body])?;
            Ok(())
        })
        .await
    }

    async fn take_try(&self, id: [u8; 16]) -> Result<Option<Session>, ServerError> {
        self.run(move |file| {
            let Some(session) = read_session(file, &id)? else { return Ok(None) };
            let tries_left = session.tries_left.saturating_sub(1);
            let after = to_json(&Session { tries_left, ..session.clone() })?;
            file.execute(WRITE_SESSION, params![id, session.lasts_until().millis(), after])?;
            Ok(Some(session))
        })
        .await
    }

    async fn count(&self, bucket: Pseudonym, at: Timestamp, since: Timestamp) -> Result<u32, ServerError> {
        self.run(move |file| {
            file.execute(FORGET_EVENTS, [since.millis()])?;
            file.execute(WRITE_EVENT, params![bucket, at.millis()])?;
            let count: i64 = file.query_row(COUNT_EVENTS, [bucket], |row| row.get(0))?;
            Ok(u32::try_from(count).unwrap_or(u32::MAX))
        })
        .await
    }
}

fn withdraw(file: &Transaction<'_>, subject: &[u8], tokens: &[Withdrawn]) -> Result<(), ServerError> {
    for token in tokens {
        file.execute(WITHDRAW, params![subject, token.list, token.index, token.until.seconds()])?;
    }
    Ok(())
}

fn read_session(file: &Transaction<'_>, id: &[u8; 16]) -> Result<Option<Session>, ServerError> {
    let row: Option<String> = file.query_row(READ_SESSION, [id], |row| row.get(0)).optional()?;
    row.map(|body| from_json(&body)).transpose()
}

impl From<rusqlite::Error> for ServerError {
    fn from(error: rusqlite::Error) -> Self {
        Self::Storage(reason(&error))
    }
}

/// What happened, without SQLite's own text, which may hold a value.
fn reason(error: &rusqlite::Error) -> String {
    match error.sqlite_error_code() {
        Some(rusqlite::ErrorCode::NotADatabase | rusqlite::ErrorCode::DatabaseCorrupt) => {
            "the file is damaged or no database; it was left as it is".to_owned()
        }
        Some(code) => format!("{code:?}"),
        None => "unexpected content".to_owned(),
    }
}

fn to_json<T: Serialize>(value: &T) -> Result<String, ServerError> {
    serde_json::to_string(value).map_err(|_| ServerError::Internal("storage/json"))
}

pub(super) fn from_json<T: DeserializeOwned>(text: &str) -> Result<T, ServerError> {
    serde_json::from_str(text).map_err(|_| damaged())
}

pub(super) const fn damaged() -> ServerError {
    ServerError::Internal("storage/content")
}
