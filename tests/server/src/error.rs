//! What goes wrong: at the start, for the operator; in a request, as a problem (RFC 9457). Neither repeats what a
//! person sent.

use healthcode::token::SignerError;
use healthcode::token::object::SealError;
use healthcode::wire::{Problem, ProblemKind};
use thiserror::Error;

use crate::notices::DraftError;

/// Why the server does not start, or an operator's act is not done. Nothing was changed.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum StartError {
    /// The keys' file.
    #[error("keys: {0}")]
    Keys(String),
    /// The database.
    #[error("database: {0}")]
    Database(String),
    /// What tells a database that came back from a backup.
    #[error("life: {0}")]
    Life(String),
    /// The gate policies' file.
    #[error("gate policies: {0}")]
    Policies(String),
    /// An entry of another authority.
    #[error("peer: {0}")]
    Peer(String),
    /// The outage notices' file.
    #[error("outage notices: {0}")]
    Outages(String),
    /// The log of exposure notices, or the file that numbers venues.
    #[error("exposure notices: {0}")]
    Notices(String),
    /// What was to be published is not what a notice says; the place and why.
    #[error("{0}")]
    Draft(DraftError),
    /// The notice is signed and waits: no second issuer has signed for the log as it is now.
    #[error("no second issuer has signed for the log: {0}")]
    Unwitnessed(String),
    /// The file of the officers.
    #[error("officers: {0}")]
    Officers(String),
    /// The act is not one that can be done.
    #[error("{0}")]
    Refused(String),
}

/// Why a request is not answered as asked.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub(crate) enum ServerError {
    /// What the client is told.
    #[error("problem: {}", .0.title)]
    Problem(Box<Problem>),
    /// Somebody else wrote first: try again.
    #[error("conflict")]
    Conflict,
    /// The database.
    #[error("storage: {0}")]
    Storage(String),
    /// A fault of the server.
    #[error("internal: {0}")]
    Internal(&'static str),
}

impl From<Problem> for ServerError {
    fn from(problem: Problem) -> Self {
        Self::Problem(Box::new(problem))
    }
}

impl From<ProblemKind> for ServerError {
    fn from(kind: ProblemKind) -> Self {
        Problem::new(&kind).into()
    }
}

impl From<getrandom::Error> for ServerError {
    fn from(_: getrandom::Error) -> Self {
        Self::Internal("random")
    }
}

impl From<SignerError> for ServerError {
    fn from(_: SignerError) -> Self {
        Self::Internal("signer")
    }
}

impl From<SealError> for ServerError {
    fn from(error: SealError) -> Self {
        match error {
            SealError::Signer(error) => error.into(),
            SealError::TooLarge(_) => Self::Internal("signed/too-large"),
        }
    }
}

impl From<SignerError> for StartError {
    fn from(error: SignerError) -> Self {
        Self::Keys(error.to_string())
    }
}

impl From<SealError> for StartError {
    fn from(error: SealError) -> Self {
        match error {
            SealError::Signer(error) => error.into(),
            SealError::TooLarge(_) => Self::Refused(error.to_string()),
        }
    }
}
