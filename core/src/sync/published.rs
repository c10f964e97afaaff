//! What authorities publish for everybody, as it is taken: verified, not older than what is in force, kept before it is
//! used. Root documents wait for the trust list that they sign, and are kept with it: a phone that has one without the
//! other could verify nothing.

use std::sync::Arc;

use minicbor::bytes::ByteVec;
use serde::{Deserialize, Serialize};

use super::kept::InForce;
use super::phone::{Phone, ROOTS, TRUST_LIST};
use crate::error::HealthcodeError;
use crate::rules::rulebook::{Rulebook, RulebookError};
use crate::store::StoreError;
use crate::token::cbor;
use crate::token::envelope::TokenError;
use crate::token::root::{RootError, RootSet};
use crate::token::rules::{SignedRulebookError, open_rulebook};
use crate::token::trust_list::{TrustList, TrustListError};

/// The versions that the home issuer's anchors have named: what is older is not in force, wherever it came from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Named {
    pub(super) root: u32,
    pub(super) trust_list: u32,
}

/// A root set that waits for its trust list, and the documents that lead to it.
#[derive(Clone)]
pub(super) struct Staged {
    roots: Arc<RootSet>,
    steps: Vec<ByteVec>,
}

/// Why something published was not taken.
#[derive(Debug)]
pub(crate) enum NotTaken {
    /// The document's own fault.
    Root(RootError),
    /// The list's own fault.
    List(TrustListError),
    /// A later one is known.
    Older,
    /// It is of a time that has not come.
    Ahead,
    /// The phone's.
    Phone(HealthcodeError),
}

impl From<StoreError> for NotTaken {
    fn from(error: StoreError) -> Self {
        Self::Phone(error.into())
    }
}

impl From<HealthcodeError> for NotTaken {
    fn from(error: HealthcodeError) -> Self {
        Self::Phone(error)
    }
}

impl From<NotTaken> for HealthcodeError {
    fn from(refused: NotTaken) -> Self {
        match refused {
            NotTaken::Root(RootError::Newer) => Self::UpdateApp,
            NotTaken::Root(_) | NotTaken::Older | NotTaken::Ahead => Self::bad_answer(),
            NotTaken::List(error) => error.into(),
            NotTaken::Phone(error) => error,
        }
    }
}

impl Phone {
    /// The trust list in force.
    pub(crate) fn trust(&self) -> Option<Arc<TrustList>> {
        self.state().in_force.trust.clone()
    }

    /// The trust list in force, unless the home issuer has named a later one, or later roots.
    pub(crate) fn current_trust(&self) -> Option<Arc<TrustList>> {
        let state = self.state();
        let current = state.in_force.roots.version >= state.named.root;
        let trust = state.in_force.trust.clone().filter(|_| current);
        trust.filter(|trust| trust.content().version >= state.named.trust_list)
    }

    /// The root set in force.
    pub(crate) fn roots(&self) -> Arc<RootSet> {
        Arc::clone(&self.state().in_force.roots)
    }

    /// The version of the root document to ask for next.
    pub(crate) fn next_root(&self) -> u32 {
        let state = self.state();
        let roots = state.staged.as_ref().map_or(&state.in_force.roots, |staged| &staged.roots);
        roots.version.saturating_add(1)
    }

    /// The rulebook in force.
    pub(crate) fn rulebook(&self) -> Option<Arc<Rulebook>> {
        self.state().in_force.rulebook.clone()
    }

    /// Takes the document of the next root set; it is in force once a trust list comes that it signed.
    pub(crate) fn take_root(&self, bytes: &[u8]) -> Result<(), NotTaken> {
        let _one_at_a_time = self.publishing();
        let mut state = self.state();
        let (roots, mut steps) = match &state.staged {
            Some(staged) => (Arc::clone(&staged.roots), staged.steps.clone()),
            None => (Arc::clone(&state.in_force.roots), state.in_force.steps.clone()),
        };
        let next = roots.succeed(bytes).map_err(NotTaken::Root)?;
        steps.push(bytes.to_vec().into());
        state.staged = Some(Staged { roots: Arc::new(next), steps });
        Ok(())
    }

    /// Takes a trust list, and with it the root set that waited for it.
    pub(crate) fn take_trust_list(&self, bytes: &[u8]) -> Result<(), NotTaken> {
        let _one_at_a_time = self.publishing();
        let (InForce { roots, steps, trust, .. }, staged) = {
            let state = self.state();
            (state.in_force.clone(), state.staged.clone())
        };
        let floor = trust.map_or(0, |trust| trust.content().version).max(self.config.trust_list_floor);
        // Until a list of the next roots comes, one of those in force is as good as before.
        let of_next = staged.and_then(|Staged { roots, steps }| {
            TrustList::open(bytes, &roots, floor).ok().map(|trust| (trust, roots, steps))
        });
        let rotated = of_next.is_some();
        let (trust, roots, steps) = match of_next {
            Some(next) => next,
            None => (TrustList::open(bytes, &roots, floor).map_err(NotTaken::List)?, roots, steps),
        };
        let rulebook_stays = !self.is_rulebook_removed(&trust, &self.config.issuer)?;
        let mut removed = Vec::new();
        let others: Vec<_> = self.state().in_force.others.keys().cloned().collect();
        for issuer in others {
            if self.is_rulebook_removed(&trust, &issuer)? {
                removed.push(issuer);
            }
        }
        self.store.write(|file| {
            if rotated {
                file.put_document(ROOTS, &cbor::encode(&steps))?;
            }
            file.put_document(TRUST_LIST, bytes)
        })?;
        let mut state = self.state();
        (state.in_force.roots, state.in_force.steps) = (roots, steps);
        state.in_force.trust = Some(Arc::new(trust));
        state.in_force.rulebook = state.in_force.rulebook.take().filter(|_| rulebook_stays);
        state.in_force.others.retain(|issuer, _| !removed.contains(issuer));
        if rotated {
            state.staged = None;
        }
        drop(state);
        // What an older list vouched for is verified anew.
        self.forget_gate_documents();
        Ok(())
    }

    /// Whether the key that signed a rulebook was removed before its time: it is in force no longer, and the same
    /// version is fetched anew.
    fn is_rulebook_removed(&self, trust: &TrustList, issuer: &str) -> Result<bool, StoreError> {
        let name = self.rulebook_document(issuer);
        let Some(bytes) = self.store.read(|file| file.document(&name))? else { return Ok(false) };
        let opened = open_rulebook(trust, issuer, &bytes);
        Ok(matches!(opened, Err(SignedRulebookError::Token(TokenError::RemovedKey))))
    }

    /// Takes the home issuer's rulebook, see [`Self::take_rulebook_of`].
    pub(crate) fn take_rulebook(&self, bytes: &[u8]) -> Result<(), HealthcodeError> {
        self.take_rulebook_of(&self.config.issuer, bytes)
    }

    /// Takes an authority's rulebook: verified, not older than the one in force.
    pub(crate) fn take_rulebook_of(&self, issuer: &str, bytes: &[u8]) -> Result<(), HealthcodeError> {
        let _one_at_a_time = self.publishing();
        let bad = HealthcodeError::bad_answer;
        let trust = self.trust().ok_or_else(bad)?;
        let rulebook = published_rulebook(&trust, issuer, bytes)?;
        if self.rulebook_of(issuer).is_some_and(|known| known.version > rulebook.version) {
            return Err(bad());
        }
        self.store.write(|file| file.put_document(&self.rulebook_document(issuer), bytes))?;
        let rulebook = Arc::new(rulebook);
        let mut state = self.state();
        if self.is_home(issuer) {
            state.in_force.rulebook = Some(rulebook);
        } else {
            state.in_force.others.insert(issuer.to_owned(), rulebook);
        }
        Ok(())
    }
}

/// An authority's rulebook, verified; one of a later form wants a newer app.
pub(crate) fn published_rulebook(
    trust: &TrustList,
    issuer: &str,
    bytes: &[u8],
) -> Result<Rulebook, HealthcodeError> {
    open_rulebook(trust, issuer, bytes).map_err(|error| match error {
        SignedRulebookError::Rulebook(RulebookError::Format(_)) => HealthcodeError::UpdateApp,
        _ => HealthcodeError::bad_answer(),
    })
}
