//! Subjects of other authorities than the home one: they come after those at home, and an authority that is not there
//! holds up nobody but those whom it knows.

use super::{Exchange, Task};
use crate::error::{HealthcodeError, NetworkKind};
use crate::store::SubjectKey;
use crate::sync::elsewhere;
use crate::sync::fetch::Fetch;
use crate::sync::phone::Phone;
use crate::sync::recovery::Recovery;
use crate::sync::report::SubjectProblem;
use crate::token::Anchor;

/// The word for an authority that does not answer.
const UNREACHABLE: &str = "unreachable";
/// The word for an authority that is in the trust list no more, or without an address.
const NOT_LISTED: &str = "not-listed";
/// The word for an answer that is none, or does not verify.
const BAD_ANSWER: &str = "bad-answer";
/// The word for an authority that speaks a later version.
const UPDATE_APP: &str = "update-app";

/// The rounds of an exchange: those at home first, then the others with the rules that they go by.
pub(super) fn in_turn(phone: &Phone, subjects: Vec<SubjectKey>) -> Vec<Task> {
    let (home, others): (Vec<_>, Vec<_>) = subjects.into_iter().partition(|key| phone.is_home(&key.issuer));
    let mut tasks: Vec<_> = home.into_iter().map(|key| Task::Subject(key, None)).collect();
    let mut asked: Vec<String> = Vec::new();
    for key in others {
        let missing = phone.rulebook_of(&key.issuer).is_none() && !asked.contains(&key.issuer);
        if missing && let Some(fetch) = rulebook(phone, &key.issuer) {
            asked.push(key.issuer.clone());
            tasks.push(Task::Fetch(fetch));
        }
        tasks.push(Task::Subject(key, None));
    }
    tasks
}

fn rulebook(phone: &Phone, issuer: &str) -> Option<Fetch> {
    elsewhere::rulebook(phone.trust()?.as_ref(), issuer).ok()
}

impl Exchange {
    /// What an anchor names and is not here yet. Another authority's says what its rules are, and no more: its list is
    /// not ours.
    pub(super) fn follow_up_of(&mut self, key: &SubjectKey, anchor: &Anchor) -> Result<(), HealthcodeError> {
        if self.phone.is_home(&key.issuer) {
            return self.follow_up(anchor);
        }
        let known = self.phone.rulebook_of(&key.issuer).map_or(0, |rulebook| rulebook.version);
        let fetch = rulebook(&self.phone, &key.issuer).filter(|_| anchor.rules_version > known);
        let Some(fetch) = fetch else { return Ok(()) };
        if !self.tasks.iter().any(|task| matches!(task, Task::Fetch(other) if *other == fetch)) {
            self.tasks.push_back(Task::Fetch(fetch));
        }
        Ok(())
    }

    /// Goes on with a subject: at once at home; elsewhere after the others, so that one authority without an end keeps no
    /// other one waiting.
    pub(super) fn in_its_turn(&mut self, key: SubjectKey, recovery: Option<Recovery>) {
        let is_home = self.phone.is_home(&key.issuer);
        let task = Task::Subject(key, recovery);
        if is_home { self.tasks.push_front(task) } else { self.tasks.push_back(task) }
    }

    /// The home authority's rulebook is fetched before anything is asked of another one.
    pub(super) fn fetch_before_others(&mut self, fetch: Fetch) {
        let other = |task: &Task| matches!(task, Task::Subject(key, _) if !self.phone.is_home(&key.issuer));
        let place = self.tasks.iter().position(other).unwrap_or(self.tasks.len());
        self.tasks.insert(place, Task::Fetch(fetch));
    }

    /// Whether another authority than the home one does not answer, or answers what is none: then what is for it waits,
    /// that is told, and nobody else's exchange fails for it.
    pub(super) fn is_let_be(
        &mut self,
        key: &SubjectKey,
        error: &HealthcodeError,
    ) -> Result<bool, HealthcodeError> {
        if self.phone.is_home(&key.issuer) {
            return Ok(false);
        }
        let (problem, retry_after) = match error {
            HealthcodeError::Network { kind: NetworkKind::BadAnswer, retry_after } => {
                (BAD_ANSWER, *retry_after)
            }
            HealthcodeError::Network { retry_after, .. } => (UNREACHABLE, *retry_after),
            HealthcodeError::Rejected { problem, retry_after, .. } => (problem.as_str(), *retry_after),
            HealthcodeError::UpdateApp => (UPDATE_APP, None),
            HealthcodeError::InvalidField { .. } => (NOT_LISTED, None),
            _ => return Ok(false),
        };
        let mut told = vec![key.clone()];
        self.tasks.retain(|task| match task {
            Task::Subject(other, _) if other.issuer == key.issuer => {
                if !told.contains(other) {
                    told.push(other.clone());
                }
                false
            }
            _ => true,
        });
        for key in told {
            let waiting = self.phone.store.read(|file| file.count_waiting(&key))?;
            self.report.waiting += waiting;
            let (subject, problem) = (key.subject.to_string(), problem.to_owned());
            self.report.problems.push(SubjectProblem { subject, problem, retry_after });
        }
        Ok(true)
    }
}
