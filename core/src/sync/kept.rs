//! What a phone starts from: the documents of its file that are not about a subject.

use std::collections::BTreeMap;
use std::sync::Arc;

use minicbor::bytes::ByteVec;

use super::config::Config;
use super::phone::{CLOCK, NAMED, ROOTS, RULEBOOK, RULEBOOK_OF, TRUST_LIST};
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
    /// The rulebooks of other authorities.
    others: BTreeMap<String, Vec<u8>>,
}

/// What is in force, verified.
#[derive(Clone)]
pub(super) struct InForce {
    pub(super) roots: Arc<RootSet>,
    /// The documents that lead from the app's roots to these.
    pub(super) steps: Vec<ByteVec>,
    pub(super) trust: Option<Arc<TrustList>>,
    pub(super) rulebook: Option<Arc<Rulebook>>,
    /// The rulebooks of other authorities that know somebody on this phone.
    pub(super) others: BTreeMap<String, Arc<Rulebook>>,
}

impl Kept {
    /// Reads them in one view.
    pub(super) fn read(store: &Store) -> Result<Self, StoreError> {
        store.read(|file| {
            let mut others = BTreeMap::new();
            for name in file.document_names(RULEBOOK_OF)? {
                if let (Some(issuer), Some(bytes)) = (name.strip_prefix(RULEBOOK_OF), file.document(&name)?) {
                    others.insert(issuer.to_owned(), bytes);
                }
            }
            let published = Published {
                roots: file.document(ROOTS)?,
                trust: file.document(TRUST_LIST)?,
                rulebook: file.document(RULEBOOK)?,
                others,
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
        let of_others = trust.iter().flat_map(|trust| {
            self.published.others.iter().filter_map(|(issuer, bytes)| {
                open_rulebook(trust, issuer, bytes).ok().map(|rulebook| (issuer.clone(), Arc::new(rulebook)))
            })
        });
        let others = of_others.collect();
        let (roots, trust, rulebook) = (Arc::new(roots), trust.map(Arc::new), rulebook.map(Arc::new));
        InForce { roots, steps, trust, rulebook, others }
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
