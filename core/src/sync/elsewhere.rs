//! The authorities besides the home one that know somebody on this phone after a move: where they are, and by which rules
//! they go. What never enters: their time. Only the home authority's anchors move this phone's clock.

use std::borrow::Cow;
use std::sync::Arc;

use super::fetch::Fetch;
use super::phone::{Phone, RULEBOOK, RULEBOOK_OF};
use crate::error::HealthcodeError;
use crate::rules::identity::Region;
use crate::rules::rulebook::Rulebook;
use crate::store::{StoreError, SubjectKey};
use crate::token::trust_list::TrustList;
use crate::wire::message::RULEBOOK_PATH;

impl Phone {
    /// All subjects of this phone, at whatever authority.
    #[allow(
        clippy::redundant_closure_for_method_calls,
        reason = "the method is of one lifetime, the closure of all"
    )]
    pub(crate) fn subjects(&self) -> Result<Vec<SubjectKey>, StoreError> {
        self.store.read(|file| file.subjects())
    }

    /// Whether an authority is the one that the app was built for.
    pub(crate) fn is_home(&self, issuer: &str) -> bool {
        self.config.issuer == issuer
    }

    /// Where an authority is, for a call; none for the home one.
    pub(crate) fn server_of(&self, issuer: &str) -> Result<Option<String>, HealthcodeError> {
        if self.is_home(issuer) {
            return Ok(None);
        }
        let trust = self.trust().ok_or(HealthcodeError::NotSynced)?;
        let listed = Self::issuer(&trust, issuer)?;
        Ok(Some(listed.base_url.trim_end_matches('/').to_owned()))
    }

    /// The rulebook in force of an authority.
    pub(crate) fn rulebook_of(&self, issuer: &str) -> Option<Arc<Rulebook>> {
        if self.is_home(issuer) {
            return self.rulebook();
        }
        self.state().in_force.others.get(issuer).cloned()
    }

    /// By whose rules what is known of an authority's people is kept: its own, or, once the trust list names it no more,
    /// the home authority's, so that it does not stay for ever.
    pub(crate) fn kept_by(&self, issuer: &str) -> Option<Arc<Rulebook>> {
        let is_listed = |trust: Arc<TrustList>| trust.issuer(issuer).is_some();
        let is_delisted = || self.trust().is_some_and(|trust| !is_listed(trust));
        self.rulebook_of(issuer).or_else(|| is_delisted().then(|| self.rulebook()).flatten())
    }

    /// The name of the document that an authority's rulebook is kept in.
    pub(super) fn rulebook_document(&self, issuer: &str) -> Cow<'static, str> {
        if self.is_home(issuer) { RULEBOOK.into() } else { format!("{RULEBOOK_OF}{issuer}").into() }
    }

    /// Whether an authority speaks for a region.
    pub(crate) fn speaks_for(&self, issuer: &str, region: Region) -> bool {
        let trust = self.trust();
        trust.is_some_and(|trust| trust.issuer(issuer).is_some_and(|listed| listed.speaks_for(region)))
    }
}

/// The rulebook of another authority, to be fetched from where the trust list says that it lies.
pub(crate) fn rulebook(trust: &TrustList, issuer: &str) -> Result<Fetch, HealthcodeError> {
    let listed = Phone::issuer(trust, issuer)?;
    let address = format!("{}{RULEBOOK_PATH}", listed.base_url.trim_end_matches('/'));
    Ok(Fetch::RulebookOf { issuer: listed.id.clone(), address })
}
