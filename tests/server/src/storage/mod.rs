//! What the server keeps, behind one trait: embedded SQLite now, PostgreSQL later. Every key begins with the subject
//! or is a pseudonym; no transaction spans two subjects, so one schema serves one machine or many.
//!
//! In the clear are: random ids, pseudonyms (HMAC of a document or number under a secret that is not in the database),
//! the masked name and tail that every code shows, what was declared, ratings, orders and check-ins. Name, document
//! and telephone number are not kept: the records port has them. What an officer signed may name a document, and is
//! sealed under a secret that is not in the database either.

pub(crate) mod log;
pub(crate) mod sqlite;

use async_trait::async_trait;
use healthcode::rules::calendar::Timestamp;
use healthcode::token::ids::{OperationId, SubjectId};
use healthcode::wire::message::ChangeKind;
use healthcode::wire::{Bytes, Problem};
use serde::{Deserialize, Serialize};

use crate::care::CareSession;
use crate::error::ServerError;
use crate::state::{SubjectState, TokenPlace};
use log::{ActLog, Asked, LoggedAct, ManualRow};

/// What stands for a person: HMAC-SHA-256 of the document.
pub(crate) type Pseudonym = [u8; 32];

/// A subject's state and the version that a commit must find.
pub(crate) struct Versioned {
    pub(crate) state: SubjectState,
    pub(crate) version: i64,
}

/// An operation as it was delivered, and what was answered.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct StoredOperation {
    pub(crate) operation: OperationId,
    pub(crate) signed: Bytes,
    pub(crate) link: Bytes,
    pub(crate) receipt: Bytes,
    pub(crate) problem: Option<Problem>,
}

/// Something that was said about a subject.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Decision {
    pub(crate) serial: u64,
    pub(crate) kind: ChangeKind,
    pub(crate) object: Bytes,
}

/// A token that is withdrawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Withdrawn {
    pub(crate) list: u32,
    pub(crate) index: u32,
    /// From when on no gate lets it pass anyhow: then it is forgotten.
    pub(crate) until: Timestamp,
}

impl From<TokenPlace> for Withdrawn {
    fn from(TokenPlace { list, index, until, .. }: TokenPlace) -> Self {
        Self { list, index, until }
    }
}

/// All that one request changes about one subject.
#[derive(Default)]
pub(crate) struct Changes {
    pub(crate) operations: Vec<StoredOperation>,
    pub(crate) decisions: Vec<Decision>,
    /// Whether a token was issued: it is kept in the state.
    pub(crate) issued: bool,
    /// What a phone had kept of what was lost.
    pub(crate) recovered: Vec<Decision>,
    /// The tokens that are withdrawn by it.
    pub(crate) withdrawn: Vec<Withdrawn>,
    /// Officers' acts about the person, for the log.
    pub(crate) acts: Vec<LoggedAct>,
    /// The officer's request that this answers.
    pub(crate) asked: Option<Asked>,
    /// Orders that no rule gave, and what became of them.
    pub(crate) manual: Vec<ManualRow>,
}

impl Changes {
    /// Whether there is nothing to keep but the state itself.
    pub(crate) const fn is_empty(&self) -> bool {
        !self.issued
            && self.operations.is_empty()
            && self.decisions.is_empty()
            && self.recovered.is_empty()
            && self.withdrawn.is_empty()
            && self.acts.is_empty()
            && self.asked.is_none()
            && self.manual.is_empty()
    }
}

/// An enrolment under way.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Session {
    /// The new key as COSE_Key.
    pub(crate) cose_key: Bytes,
    /// The person, where the request fits one: else no code ever fits.
    pub(crate) person: Option<(Bytes, String)>,
    /// HMAC of session and code.
    pub(crate) code: Bytes,
    pub(crate) tries_left: u8,
    pub(crate) expires_at: Timestamp,
    /// The subject, once the code was confirmed: asking again gives the same answer.
    pub(crate) confirmed: Option<SubjectId>,
    /// Where it is somebody else who asks, to care for the person.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) care: Option<CareSession>,
}

impl Session {
    /// Until when it can be confirmed, with a code or without one.
    pub(crate) fn lasts_until(&self) -> Timestamp {
        self.care.as_ref().map_or(self.expires_at, |care| care.until)
    }
}

/// The storage of a server.
#[async_trait]
pub(crate) trait Storage: ActLog + Send + Sync {
    /// A document that is not about a subject.
    async fn document(&self, name: &'static str) -> Result<Option<Vec<u8>>, ServerError>;

    /// Keeps such a document.
    async fn put_document(&self, name: &'static str, body: &[u8]) -> Result<(), ServerError>;

    /// The subject of a person.
    async fn subject_of(&self, person: Pseudonym) -> Result<Option<SubjectId>, ServerError>;

    /// A subject's state.
    async fn subject(&self, subject: SubjectId) -> Result<Option<Versioned>, ServerError>;

    /// Keeps a new subject; [`ServerError::Conflict`] if the person has one.
    async fn create(
        &self,
        person: Pseudonym,
        subject: SubjectId,
        state: &SubjectState,
    ) -> Result<(), ServerError>;

    /// Keeps a subject's new state and what goes with it, all or nothing; [`ServerError::Conflict`] if the state is
    /// of another version than `version` by now.
    async fn commit(
        &self,
        subject: SubjectId,
        version: i64,
        state: &SubjectState,
        changes: Changes,
    ) -> Result<(), ServerError>;

    /// Those of these operations that were delivered before.
    async fn delivered(
        &self,
        subject: SubjectId,
        operations: &[OperationId],
    ) -> Result<Vec<StoredOperation>, ServerError>;

    /// What was said after a serial, at most `limit`, in order.
    async fn decisions(
        &self,
        subject: SubjectId,
        after: u64,
        limit: u32,
    ) -> Result<Vec<Decision>, ServerError>;

    /// Keeps that tokens are withdrawn, where it is not known whose they are.
    async fn withdraw(&self, tokens: Vec<Withdrawn>) -> Result<(), ServerError>;

    /// The places of a status list that are withdrawn, in their order. Those that no gate lets pass anyhow are
    /// forgotten.
    async fn withdrawn(&self, list: u32, now: Timestamp) -> Result<Vec<u32>, ServerError>;

    /// An enrolment under way.
    async fn session(&self, id: [u8; 16]) -> Result<Option<Session>, ServerError>;

    /// Keeps an enrolment under way.
    async fn put_session(&self, id: [u8; 16], session: &Session) -> Result<(), ServerError>;

    /// Takes one of a session's tries before its code is looked at: the session as it was, none if there is none.
    async fn take_try(&self, id: [u8; 16]) -> Result<Option<Session>, ServerError>;

    /// Counts an event under a pseudonym, and says how many there were since `since`, this one included. Older ones
    /// are forgotten.
    async fn count(&self, bucket: Pseudonym, at: Timestamp, since: Timestamp) -> Result<u32, ServerError>;
}
