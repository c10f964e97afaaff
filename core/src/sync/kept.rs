//! What a phone starts from: the documents of its file that are not about a subject.

use std::sync::Arc;

use minicbor::bytes::ByteVec;

use super::config::Config;
use super::phone::{CLOCK, NAMED, ROOTS, RULEBOOK, TRUST_LIST};
use super::published::Named;
use crate::rules::rulebook::Rulebook;
use crate::store::{Store, StoreError};
use crate::time::TrustedClock;
use crate::token::cbor;
use crate::token::root::{self, RootSet};
use crate::token::rules::open_rulebook;
use crate::token::trust_list::TrustList;

/// The most bytes of the root documents that are kept: a century of yearly sets.
pub(super) const MAX_ROOTS: usize = 100 * root::MAX_BYTES;

/// The documents as they were kept.
pub(super) struct Kept {
    pub(super) clock: Option<TrustedClock>,
    pub(super) named: Named,
    pub(super) published: Published,
}

/// What the authority has published, as bytes.
#[derive(PartialEq, Eq)]
pub(super) struct Published {
    roots: Option<Vec<u8>>,
    trust: Option<Vec<u8>>,
    rulebook: Option<Vec<u8>>,
}

/// What is in force, verified.
#[derive(Clone)]
pub(super) struct InForce {
    pub(super) roots: Arc<RootSet>,
    /// The documents that lead from the app's roots to these.
    pub(super) steps: Vec<ByteVec>,
    pub(super) trust: Option<Arc<TrustList>>,
    pub(super) rulebook: Option<Arc<Rulebook>>,
}

impl Kept {
    /// Reads them in one view.
    pub(super) fn read(store: &Store) -> Result<Self, StoreError> {
        store.read(|file| {
            let published = Published {
                roots: file.document(ROOTS)?,
                trust: file.document(TRUST_LIST)?,
                rulebook: file.document(RULEBOOK)?,
            };
            let named = file.json_document(NAMED)?.unwrap_or_default();
            Ok(Self { clock: file.json_document(CLOCK)?, named, published })
        })
    }

    /// What of it is in force. A list that the app's own floor or roots have overtaken is fetched anew.
    pub(super) fn open(&self, config: &Config, embedded: &RootSet) -> InForce {
        let (roots, steps) = follow(embedded, self.published.roots.as_deref());
        let open = |bytes: &Vec<u8>| TrustList::open(bytes, &roots, config.trust_list_floor).ok();
        let trust = self.published.trust.as_ref().and_then(open);
        let rulebook = match (&trust, &self.published.rulebook) {
            (Some(trust), Some(bytes)) => open_rulebook(trust, &config.issuer, bytes).ok(),
            _ => None,
        };
        let (roots, trust, rulebook) = (Arc::new(roots), trust.map(Arc::new), rulebook.map(Arc::new));
        InForce { roots, steps, trust, rulebook }
    }
}

/// Follows the root documents that were kept from the app's own set on; those that an update of the app has overtaken
/// lead nowhere and are left out.
fn follow(embedded: &RootSet, kept: Option<&[u8]>) -> (RootSet, Vec<ByteVec>) {
    let kept = kept.and_then(|bytes| cbor::decode::<Vec<ByteVec>>(bytes, MAX_ROOTS).ok());
    let (mut roots, mut steps) = (embedded.clone(), Vec::new());
    for document in kept.unwrap_or_default() {
        if let Ok(next) = roots.succeed(&document) {
            roots = next;
            steps.push(document);
        }
    }
    (roots, steps)
}
