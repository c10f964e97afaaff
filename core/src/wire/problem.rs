//! Problems (RFC 9457): what a server says when it does not do what was asked. The kind is in `type`, a relative
//! reference `problems/…`; nothing in a problem repeats what was sent.

use serde::{Deserialize, Serialize};

/// The media type of a problem.
pub const MEDIA_TYPE: &str = "application/problem+json";

macro_rules! kinds {
    ($($(#[$doc:meta])* $variant:ident, $word:literal, $status:literal, $title:literal;)+) => {
        /// The kinds of problems. A word that this version does not know is kept.
        #[derive(Clone, Debug, PartialEq, Eq, Hash)]
        pub enum ProblemKind {
            $($(#[$doc])* $variant,)+
            /// A kind of a later version.
            Other(String),
        }

        impl ProblemKind {
            /// The last part of its `type`.
            #[must_use]
            pub fn word(&self) -> &str {
                match self {
                    $(Self::$variant => $word,)+
                    Self::Other(word) => word,
                }
            }

            /// The HTTP status that goes with it.
            #[must_use]
            pub const fn status(&self) -> u16 {
                match self {
                    $(Self::$variant => $status,)+
                    Self::Other(_) => 500,
                }
            }

            fn title(&self) -> &'static str {
                match self {
                    $(Self::$variant => $title,)+
                    Self::Other(_) => "Another problem",
                }
            }

            fn from_word(word: &str) -> Self {
                match word {
                    $($word => Self::$variant,)+
                    _ => Self::Other(word.chars().filter(|c| c.is_ascii_alphanumeric() || *c == '-').take(48).collect()),
                }
            }
        }
    };
}

kinds! {
    /// The body is not what this route takes; `field` names the place.
    Malformed, "malformed", 400, "The request cannot be read";
    /// The body has more bytes than this route takes.
    TooLarge, "too-large", 413, "The request is too large";
    /// No signature, or one that does not fit the request.
    Signature, "signature", 401, "The request's signature does not fit";
    /// No such subject for this key; the same for one that exists and one that does not.
    UnknownSubject, "unknown-subject", 404, "There is no such subject for this key";
    /// The code, the session or the person does not fit; which of them is not said.
    WrongCode, "wrong-code", 422, "The code does not fit";
    /// This key is not active yet: see `retry_after`.
    EnrolmentPending, "enrolment-pending", 403, "The enrolment is not confirmed yet";
    /// Another phone has taken this one's place.
    Replaced, "replaced", 403, "Another phone has taken the place of this one";
    /// The cursor is of another incarnation or too old: ask again without one.
    CursorGone, "cursor-gone", 410, "The cursor is not known any more";
    /// The link leaves a gap: `expected` says which sequence is next in the segment.
    Sequence, "sequence", 409, "The link does not continue the segment";
    /// The link takes a place of its segment that another operation has: a file that was rolled back, or a copy of it.
    Fork, "fork", 409, "Another operation has this place in the segment";
    /// The operation is of a kind or form that this server does not take.
    Operation, "operation", 422, "The operation is not understood";
    /// What the operation says breaks a rule; `field` names the place.
    Invalid, "invalid", 422, "The operation breaks a rule";
    /// A log of exposure notices that is to be witnessed does not go on from what is known of it; `field` names what
    /// does not, `expected` is the number of the last notice that is known.
    Log, "log", 409, "The log does not go on from what is known of it";
    /// An officer must confirm first that the person is cared for by who asks.
    RelationPending, "relation-pending", 403, "An officer has yet to confirm it";
    /// There are as many as the rulebook allows; `field` names of what.
    Limit, "limit", 422, "There are as many as there may be";
    /// The time for it is over.
    Late, "late", 422, "The time for this is over";
    /// It was done before, or is under way.
    AlreadyDone, "already-done", 409, "It is done already";
    /// The officer's role does not say so, or the key is no officer's.
    Role, "role", 403, "This key may not do this";
    /// Too many requests: see `retry_after`.
    RateLimited, "rate-limited", 429, "Too many requests";
    /// The server cannot do it now: see `retry_after`.
    Unavailable, "unavailable", 503, "Not available now";
    /// No such route.
    NotFound, "not-found", 404, "There is nothing here";
}

/// A problem.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Problem {
    /// `problems/` and the kind's word.
    #[serde(rename = "type")]
    uri: String,
    /// A sentence in English, the same for every problem of the kind.
    pub title: String,
    /// The HTTP status.
    pub status: u16,
    /// The place in the request that it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
    /// Seconds to wait before trying again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_after: Option<u32>,
    /// The sequence that the server expects next in the segment; with `log`, the number of the last notice that the
    /// server knows; with `cursor-gone`, the serial of the last thing that
    /// it still knows to have said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expected: Option<u64>,
}

impl Problem {
    /// A problem of a kind.
    #[must_use]
    pub fn new(kind: &ProblemKind) -> Self {
        Self {
            uri: format!("problems/{}", kind.word()),
            title: kind.title().to_owned(),
            status: kind.status(),
            field: None,
            retry_after: None,
            expected: None,
        }
    }

    /// The same, about a place in the request.
    #[must_use]
    pub fn at(mut self, field: impl Into<String>) -> Self {
        self.field = Some(field.into());
        self
    }

    /// The same, with seconds to wait.
    #[must_use]
    pub const fn after(mut self, seconds: u32) -> Self {
        self.retry_after = Some(seconds);
        self
    }

    /// The same, with the sequence that is expected.
    #[must_use]
    pub const fn expecting(mut self, sequence: u64) -> Self {
        self.expected = Some(sequence);
        self
    }

    /// Its kind.
    #[must_use]
    pub fn kind(&self) -> ProblemKind {
        ProblemKind::from_word(self.uri.rsplit('/').next().unwrap_or_default())
    }
}

impl From<ProblemKind> for Problem {
    fn from(kind: ProblemKind) -> Self {
        Self::new(&kind)
    }
}
