//! What follows from what came: root sets from a list that they sign, and whatever an anchor names that is not here yet.

use super::{Exchange, MOST_ROOTS, Pending, Task};
use crate::error::{HealthcodeError, NetworkKind};
use crate::sync::fetch::{Fetch, Fetched};
use crate::sync::reply::Reply;
use crate::token::Anchor;

impl Exchange {
    pub(super) fn accept_fetched(&mut self, fetch: &Fetch, reply: &Reply) -> Result<(), HealthcodeError> {
        match (fetch, fetch.accept(&self.phone, reply)?) {
            (Fetch::StatusList(_), Fetched::Taken) => self.report.status_lists += 1,
            (Fetch::Root(_), Fetched::Taken) if self.roots < MOST_ROOTS => self.ask_for_root(),
            (Fetch::TrustList, Fetched::NextRoot) if self.roots == 0 => self.follow_roots(),
            (Fetch::TrustList, Fetched::NextRoot) => return Err(HealthcodeError::bad_answer()),
            _ => {}
        }
        Ok(())
    }

    /// Fetches the root sets that follow ours, then the list that they sign.
    fn follow_roots(&mut self) {
        self.refreshed = true;
        self.tasks.retain(|task| !matches!(task, Task::Fetch(Fetch::TrustList)));
        self.tasks.push_front(Task::Fetch(Fetch::TrustList));
        self.ask_for_root();
    }

    fn ask_for_root(&mut self) {
        self.roots += 1;
        self.tasks.push_front(Task::Fetch(Fetch::Root(self.phone.next_root())));
    }

    /// What the anchor names and we do not have yet is fetched next.
    pub(super) fn follow_up(&mut self, anchor: &Anchor) -> Result<(), HealthcodeError> {
        let fetches = |this: &Self, of: Fetch| {
            this.tasks.iter().any(|task| matches!(task, Task::Fetch(fetch) if *fetch == of))
        };
        let list = self.phone.trust().map_or(0, |trust| trust.content().version);
        if anchor.root_version > self.phone.roots().version && self.roots == 0 {
            self.follow_roots();
        } else if anchor.trust_list_version > list && !self.refreshed {
            self.refreshed = true;
            self.tasks.push_front(Task::Fetch(Fetch::TrustList));
        }
        let rules = self.phone.rulebook().map_or(0, |rulebook| rulebook.version);
        if anchor.rules_version > rules && !fetches(self, Fetch::Rulebook) {
            self.fetch_before_others(Fetch::Rulebook);
        }
        if self.gate && !fetches(self, Fetch::Policies) {
            let policies = self.phone.gate_documents()?.policies.as_ref().map_or(0, |known| known.version);
            if anchor.policy_version > policies {
                self.tasks.push_back(Task::Fetch(Fetch::Policies));
            }
        }
        Ok(())
    }

    /// A call brought no reply: whether the exchange can go on without it.
    pub(crate) fn unanswered(&mut self, error: HealthcodeError) -> Result<(), HealthcodeError> {
        match self.pending.take() {
            Some(Pending::Fetch(fetch)) if fetch.is_optional() => {
                fetch.miss(&self.phone, &error);
                self.leave_out(&fetch, &error);
                Ok(())
            }
            Some(Pending::Subject(round)) if self.is_let_be(&round.key, &error)? => Ok(()),
            _ => Err(error),
        }
    }

    /// Whose server is not there is not asked for more that the exchange can go on without: each call would wait for as
    /// long, while a queue waits at the gate.
    fn leave_out(&mut self, missed: &Fetch, error: &HealthcodeError) {
        use NetworkKind::{Offline, Timeout};
        if !matches!(error, HealthcodeError::Network { kind: Offline | Timeout, .. }) {
            return;
        }
        let server = |fetch: &Fetch| fetch.call().map(|call| call.server);
        let silent = server(missed);
        let stays = |task: &Task| match task {
            Task::Fetch(fetch) => !fetch.is_optional() || server(fetch) != silent,
            _ => true,
        };
        self.tasks.retain(stays);
    }
}
