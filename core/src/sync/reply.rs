//! One HTTP call and its reply, without a socket; and what a reply is, when it is not what was asked for.

use std::time::Duration;

use crate::error::{HealthcodeError, NetworkKind};
use crate::wire::message::{self, UnreadAnswer};
use crate::wire::{Problem, ProblemKind, problem};

/// The method of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, uniffi::Enum)]
pub enum Method {
    /// GET.
    Get,
    /// POST.
    Post,
}

/// A call to make.
#[derive(Clone, PartialEq, Eq, uniffi::Record)]
pub struct Call {
    /// The method.
    pub method: Method,
    /// Path and query, to be put after the server's root.
    pub path: String,
    /// The body, JSON; empty for GET.
    pub body: Vec<u8>,
    /// The value of [`crate::wire::SIGNATURE_HEADER`], if there is one.
    pub signature: Option<String>,
    /// The most bytes of a reply's body; more is cut off and refused.
    pub limit: u64,
}

impl Call {
    pub(crate) fn get(path: impl Into<String>, limit: u64) -> Self {
        Self { method: Method::Get, path: path.into(), body: Vec::new(), signature: None, limit }
    }
}

// A body may be an enrolment with a name in it.
impl std::fmt::Debug for Call {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Call({:?} {}, {} bytes)", self.method, self.path, self.body.len())
    }
}

/// A reply as it came.
#[derive(Clone, PartialEq, Eq, uniffi::Record)]
pub struct Reply {
    /// The status.
    pub status: u16,
    /// `Content-Type`, or empty.
    pub content_type: String,
    /// `Retry-After` in seconds; none without one.
    #[uniffi(default)]
    pub retry_after: Option<u32>,
    /// The body.
    pub body: Vec<u8>,
}

impl std::fmt::Debug for Reply {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Reply({}, {} bytes)", self.status, self.body.len())
    }
}

/// Why a reply is not what was asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Unusable {
    /// The server said no.
    Problem(Problem, Option<u32>),
    /// Something else answered, or something unreadable.
    Network(NetworkKind, Option<u32>),
}

impl Reply {
    /// The body of a success of this media type.
    pub(crate) fn body_of(&self, media_type: &str) -> Result<&[u8], Unusable> {
        let is = |expected: &str| {
            let own = self.content_type.split(';').next().unwrap_or_default().trim();
            own.eq_ignore_ascii_case(expected)
        };
        let retry = self.retry_after;
        match self.status {
            200..=299 if is(media_type) => Ok(&self.body),
            // A sign-in page answers everything with HTML, often as a success.
            200..=299 if is("text/html") => Err(Unusable::Network(NetworkKind::Intercepted, None)),
            200..=299 => Err(Unusable::Network(NetworkKind::BadAnswer, None)),
            300..=399 | 511 => Err(Unusable::Network(NetworkKind::Intercepted, None)),
            _ if is(problem::MEDIA_TYPE) => match serde_json::from_slice::<Problem>(&self.body) {
                Ok(problem) => Err(Unusable::Problem(problem, retry)),
                Err(_) => Err(Unusable::Network(NetworkKind::BadAnswer, retry)),
            },
            429 | 500..=599 => Err(Unusable::Network(NetworkKind::Unavailable, retry)),
            _ if is("text/html") => Err(Unusable::Network(NetworkKind::Intercepted, None)),
            _ => Err(Unusable::Network(NetworkKind::BadAnswer, retry)),
        }
    }
}

/// Seconds as the errors carry them.
pub(crate) fn seconds(seconds: Option<u32>) -> Option<Duration> {
    seconds.map(|seconds| Duration::from_secs(seconds.into()))
}

impl From<Unusable> for HealthcodeError {
    fn from(unusable: Unusable) -> Self {
        match unusable {
            Unusable::Network(kind, retry_after) => Self::Network { kind, retry_after: seconds(retry_after) },
            Unusable::Problem(problem, header) => {
                let retry_after = seconds(problem.retry_after.max(header));
                match problem.kind() {
                    ProblemKind::Unavailable | ProblemKind::RateLimited => {
                        Self::Network { kind: NetworkKind::Unavailable, retry_after }
                    }
                    ProblemKind::Replaced => Self::Replaced,
                    kind => Self::Rejected { problem: kind.word().to_owned(), retry_after },
                }
            }
        }
    }
}

/// Reads an answer of the server.
pub(crate) fn read_answer<T: serde::de::DeserializeOwned>(body: &[u8]) -> Result<T, HealthcodeError> {
    message::read_answer(body).map_err(|unread| match unread {
        UnreadAnswer::Later => HealthcodeError::UpdateApp,
        UnreadAnswer::NoAnswer => HealthcodeError::bad_answer(),
    })
}
