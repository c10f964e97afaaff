//! What a phone starts from: the documents of its file that are not about a subject.

use std::sync::Arc;

use super::config::Config;
use super::phone::{CLOCK, RULEBOOK, TRUST_LIST};
use crate::rules::rulebook::Rulebook;
use crate::store::{Store, StoreError};
use crate::time::TrustedClock;
use crate::token::rules::open_rulebook;
use crate::token::trust_list::{RootSet, TrustList};

/// The documents as they were kept.
pub(super) struct Kept {
    pub(super) clock: Option<TrustedClock>,
    pub(super) published: Published,
}

/// What the authority has published, as bytes.
#[derive(PartialEq, Eq)]
pub(super) struct Published {
    trust: Option<Vec<u8>>,
    rulebook: Option<Vec<u8>>,
}

impl Kept {
    /// Reads them in one view.
    pub(super) fn read(store: &Store) -> Result<Self, StoreError> {
        store.read(|file| {
            let published =
                Published { trust: file.document(TRUST_LIST)?, rulebook: file.document(RULEBOOK)? };
            Ok(Self { clock: file.json_document(CLOCK)?, published })
        })
    }

    /// Trust list and rulebook, verified. A list that the app's own floor or roots have overtaken is fetched anew.
    pub(super) fn open(
        &self,
        config: &Config,
        roots: &RootSet,
    ) -> (Option<Arc<TrustList>>, Option<Arc<Rulebook>>) {
        let open = |bytes: &Vec<u8>| TrustList::open(bytes, roots, config.trust_list_floor).ok();
        let trust = self.published.trust.as_ref().and_then(open);
        let rulebook = match (&trust, &self.published.rulebook) {
            (Some(trust), Some(bytes)) => open_rulebook(trust, &config.issuer, bytes).ok(),
            _ => None,
        };
        (trust.map(Arc::new), rulebook.map(Arc::new))
    }
}
