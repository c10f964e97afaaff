//! One HTTP call and its reply, without a socket; and what a reply is, when it is not what was asked for.

use std::time::Duration;

use chrono::NaiveDateTime;

use crate::error::{HealthcodeError, NetworkKind};
use crate::wire::message::{self, UnreadAnswer};
use crate::wire::{Problem, ProblemKind, problem};

/// The longest that a `Retry-After` is minded.
const LONGEST_WAIT_SECONDS: u32 = 86_400;

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
    /// The root of another server than the configured one, such as that of another issuer's status list; none for the
    /// configured one.
    pub server: Option<String>,
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
        let (server, path) = (None, path.into());
        Self { method: Method::Get, server, path, body: Vec::new(), signature: None, limit }
    }

    /// A call of an address that may be another server's: nothing of the phone goes with it. None for what is no
    /// address of HTTP.
    pub(crate) fn get_from(address: &str, limit: u64) -> Option<Self> {
        let (scheme, rest) = address.split_once("://")?;
        let host = rest.find('/')?;
        let server = address.get(..scheme.len() + 3 + host)?;
        let path = address.get(server.len()..)?;
        let of_http = scheme == "https" || scheme == "http";
        (of_http && host > 0 && !rest.contains(['@', '#', ' ', '\\']))
            .then(|| Self { server: Some(server.to_owned()), ..Self::get(path, limit) })
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
        // A sign-in page answers everything with a page, often as a success, some under the name of what was asked
        // for. Neither JSON nor CBOR of ours begins as one.
        let page =
            is("text/html") || is("application/xhtml+xml") || self.body.trim_ascii_start().starts_with(b"<");
        let network = |kind, retry| Err(Unusable::Network(kind, retry));
        let retry = self.retry_after;
        match self.status {
            200..=299 if page => network(NetworkKind::Intercepted, None),
            200..=299 if is(media_type) => Ok(&self.body),
            200..=299 => network(NetworkKind::BadAnswer, None),
            300..=399 | 511 => network(NetworkKind::Intercepted, None),
            status => match serde_json::from_slice(&self.body) {
                Ok(problem) if is(problem::MEDIA_TYPE) => Err(Unusable::Problem(problem, retry)),
                _ if status == 429 || status >= 500 => network(NetworkKind::Unavailable, retry),
                _ if page => network(NetworkKind::Intercepted, None),
                _ => network(NetworkKind::BadAnswer, retry),
            },
        }
    }
}

/// `Retry-After` in seconds (RFC 9110, 10.2.3). A date counts from the reply's own `Date`: the phone's clock may be
/// wrong. None for what is neither, and for a date without a `Date`.
pub(crate) fn retry_after(value: &str, date: Option<&str>) -> Option<u32> {
    if let Ok(seconds) = value.parse() {
        return Some(seconds);
    }
    let wait = http_date(value)?.signed_duration_since(http_date(date?)?);
    Some(u32::try_from(wait.num_seconds().max(0)).unwrap_or(u32::MAX))
}

/// A date in the one form that is sent today and the two that are still read (RFC 9110, 5.6.7).
fn http_date(text: &str) -> Option<NaiveDateTime> {
    let forms = ["%a, %d %b %Y %H:%M:%S GMT", "%A, %d-%b-%y %H:%M:%S GMT", "%a %b %e %H:%M:%S %Y"];
    forms.iter().find_map(|form| NaiveDateTime::parse_from_str(text, form).ok())
}

/// Seconds as the errors carry them.
pub(crate) fn seconds(seconds: Option<u32>) -> Option<Duration> {
    seconds.map(|seconds| Duration::from_secs(seconds.into()))
}

impl From<Unusable> for HealthcodeError {
    fn from(unusable: Unusable) -> Self {
        match unusable {
            Unusable::Network(kind, retry_after) => Self::unreachable(kind, retry_after),
            Unusable::Problem(problem, header) => {
                let wait = problem.retry_after.max(header);
                let retry_after = seconds(wait);
                match problem.kind() {
                    ProblemKind::Unavailable | ProblemKind::RateLimited => {
                        Self::unreachable(NetworkKind::Unavailable, wait)
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

impl HealthcodeError {
    /// Whoever answers, nobody can keep a phone from trying again for longer than a day.
    fn unreachable(kind: NetworkKind, retry_after: Option<u32>) -> Self {
        Self::Network { kind, retry_after: seconds(retry_after.map(|wait| wait.min(LONGEST_WAIT_SECONDS))) }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    const DATE: &str = "Tue, 11 Feb 2020 01:00:00 GMT";

    #[test]
    fn a_server_may_name_the_wait_in_seconds_or_as_a_date_by_its_own_clock() {
        for (value, date, seconds) in [
            ("120", None, Some(120)),
            ("0", None, Some(0)),
            ("Tue, 11 Feb 2020 01:02:00 GMT", Some(DATE), Some(120)),
            ("Tuesday, 11-Feb-20 01:02:00 GMT", Some(DATE), Some(120)),
            ("Tue Feb 11 01:02:00 2020", Some(DATE), Some(120)),
            ("Tue Feb  4 01:02:00 2020", Some(DATE), Some(0)),
            ("Tue, 11 Feb 2020 01:02:00 GMT", None, None),
            ("Wed, 11 Feb 2020 01:02:00 GMT", Some(DATE), None),
            ("Fri, 31 Dec 9999 23:59:59 GMT", Some(DATE), Some(u32::MAX)),
            ("99999999999999999999", Some(DATE), None),
            ("-5", Some(DATE), None),
            ("soon", Some(DATE), None),
            ("", Some(DATE), None),
        ] {
            assert_eq!(retry_after(value, date), seconds, "{value}");
        }
    }

    #[test]
    fn what_answers_in_the_servers_place_is_named() {
        use NetworkKind::{BadAnswer, Intercepted, Unavailable};
        let problem = serde_json::to_string(&Problem::new(&ProblemKind::Unavailable).after(7)).unwrap();
        for (status, content_type, body, kind) in [
            (200, "text/html; charset=utf-8", "<html>", Intercepted),
            (200, "application/json", " \r\n<!DOCTYPE html>", Intercepted),
            (200, "application/xhtml+xml", "", Intercepted),
            (200, "text/plain", "{}", BadAnswer),
            (200, "", "{}", BadAnswer),
            (302, "", "", Intercepted),
            (511, "text/html", "<html>", Intercepted),
            (403, "text/html", "<html>", Intercepted),
            (404, "text/plain", "no", BadAnswer),
            (429, "text/plain", "no", Unavailable),
            (502, "text/html", "<html>", Unavailable),
            (503, "application/problem+json", "no problem", Unavailable),
            (503, "application/problem+json", problem.as_str(), Unavailable),
        ] {
            let body = body.as_bytes().to_vec();
            let reply = Reply { status, content_type: content_type.to_owned(), retry_after: None, body };
            let error = HealthcodeError::from(reply.body_of("application/json").unwrap_err());
            let HealthcodeError::Network { kind: named, .. } = error else { unreachable!() };
            assert_eq!(named, kind, "{status} {content_type}");
        }
        let reply = |content_type: &str| {
            let content_type = content_type.to_owned();
            Reply { status: 200, content_type, retry_after: None, body: b"{}".to_vec() }
        };
        assert!(reply("Application/JSON;charset=utf-8").body_of("application/json").is_ok());
    }

    #[test]
    fn nobody_keeps_a_phone_from_trying_again_for_longer_than_a_day() {
        let day = seconds(Some(LONGEST_WAIT_SECONDS));
        assert_eq!(day, Some(Duration::from_hours(24)));
        let unusable = Unusable::Network(NetworkKind::Unavailable, Some(u32::MAX));
        let expected = HealthcodeError::Network { kind: NetworkKind::Unavailable, retry_after: day };
        assert_eq!(HealthcodeError::from(unusable), expected);
        let problem = Problem::new(&ProblemKind::RateLimited).after(u32::MAX);
        assert_eq!(HealthcodeError::from(Unusable::Problem(problem, None)), expected);
    }
}
