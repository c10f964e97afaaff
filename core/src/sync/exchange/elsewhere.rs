//! Subjects of other authorities than the home one: they come after those at home, and an authority that is not there
//! holds up nobody but those whom it knows.

use super::{Exchange, Task};
use crate::error::{HealthcodeError, NetworkKind};
use crate::store::SubjectKey;
use crate::sync::elsewhere;
use crate::sync::fetch::Fetch;
use crate::sync::phone::Phone;
use crate::sync::report::SubjectProblem;
use crate::token::Anchor;

/// The word for an authority that does not answer.
const UNREACHABLE: &str = "unreachable";
/// The word for an authority that is in the trust list no more.
const NOT_LISTED: &str = "not-listed";

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

    /// Whether another authority than the home one does not answer: then what is for it waits, and that is told.
    pub(super) fn is_let_be(
        &mut self,
        key: &SubjectKey,
        error: &HealthcodeError,
    ) -> Result<bool, HealthcodeError> {
        if self.phone.is_home(&key.issuer) {
            return Ok(false);
        }
        let (problem, retry_after) = match error {
            HealthcodeError::Network { kind, retry_after } if *kind != NetworkKind::BadAnswer => {
                (UNREACHABLE, *retry_after)
            }
            HealthcodeError::InvalidField { field, .. } if field == "issuer" => (NOT_LISTED, None),
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
