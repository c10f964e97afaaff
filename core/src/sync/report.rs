//! What an exchange came to, for the app.

use std::time::Duration;

/// What an exchange came to.
#[derive(Clone, Debug, Default, PartialEq, Eq, uniffi::Record)]
pub struct SyncReport {
    /// Operations that the server took.
    pub accepted: u32,
    /// Operations that the server refused; see the subject's journal for why.
    pub refused: u32,
    /// Decisions that came: orders, releases, ratings, judgements.
    pub decisions: u32,
    /// Gate tokens that came.
    pub tokens: u32,
    /// Operations that still wait.
    pub waiting: u32,
    /// Status lists that came, for a gate.
    pub status_lists: u32,
    /// What the server said no to, subject by subject. One subject's trouble never holds up another's.
    pub problems: Vec<SubjectProblem>,
}

impl SyncReport {
    /// With what an exchange right after it came to.
    #[cfg(feature = "http")]
    pub(crate) fn then(self, next: Self) -> Self {
        Self {
            accepted: self.accepted + next.accepted,
            refused: self.refused + next.refused,
            decisions: self.decisions + next.decisions,
            tokens: self.tokens + next.tokens,
            status_lists: self.status_lists + next.status_lists,
            // How it stands, and what is wrong, the later one says.
            ..next
        }
    }
}

/// Why a subject could not be synced.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct SubjectProblem {
    /// The subject.
    pub subject: String,
    /// The problem's stable word: `enrolment-pending`, `replaced`, `unknown-subject`; `unreachable`, `bad-answer`,
    /// `update-app`, `not-listed` or a refusal's word where another authority than the home one does not answer, answers
    /// what is none, speaks a later version, or is listed no more; or one of a later version of this library.
    pub problem: String,
    /// How long to wait before trying again, if the server said so.
    pub retry_after: Option<Duration>,
}
