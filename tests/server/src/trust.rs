//! The trust list: one issuer, signed by one root. Its version grows with every change and never goes back, across
//! restarts too; it is signed anew every day, long before it expires.

use healthcode::rules::calendar::Timestamp;
use healthcode::token::trust_list::{Issuer, IssuerKey, StatusListEntry, TrustListContent};
use healthcode::token::{KeyUse, Signer, cbor};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::Inner;
use crate::error::ServerError;
use crate::keys::TOKEN_KEY_SECONDS;
use crate::life::number_in_tokens;
use crate::status;

/// The version of the root set.
pub(crate) const ROOT_VERSION: u32 = 1;
const NAME: &str = "trust-list";
const SIGN_ANEW_SECONDS: i64 = 24 * 3_600;
const VALID_SECONDS: i64 = 7 * 24 * 3_600;
/// Keys other than for tokens have no end yet: a later root ceremony replaces them.
const LAST: Timestamp = Timestamp::from_seconds(253_402_300_799);

/// The published list, as it is kept.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Published {
    pub(crate) version: u32,
    issued_at: i64,
    issuers: [u8; 32],
    pub(crate) bytes: Vec<u8>,
}

/// SHA-256.
pub(crate) fn digest(bytes: &[u8]) -> [u8; 32] {
    Sha256::digest(bytes).into()
}

impl Inner {
    /// The list of now: the one that is kept, or a new one that is kept before anybody sees it.
    pub(crate) async fn published(&self) -> Result<Published, ServerError> {
        let now = Timestamp::from_seconds(self.ports.clock.now().seconds());
        let issuers = vec![self.issuer(now)];
        let content = digest(&cbor::encode(&issuers));
        let current = |known: &Published| {
            let age = now.seconds() - known.issued_at;
            known.issuers == content
                && (0..SIGN_ANEW_SECONDS).contains(&age)
                && known.version >= self.life.once.trust_list()
        };
        let mut cached = self.trust.lock().await;
        if let Some(known) = cached.as_ref().filter(|known| current(known)) {
            return Ok(known.clone());
        }
        let stored = self.storage.document(NAME).await?;
        // One that cannot be read is not "none": its version was published, and no phone goes back.
        let stored: Option<Published> = stored
            .map(|bytes| serde_json::from_slice(&bytes))
            .transpose()
            .map_err(|_| ServerError::Internal("trust-list"))?;
        let published = match stored {
            Some(known) if current(&known) => known,
            known => {
                let version = self.life.once.next_trust_list(known.map_or(0, |known| known.version))?;
                let expires = Timestamp::from_seconds(now.seconds() + VALID_SECONDS);
                let list = TrustListContent::new(ROOT_VERSION, version, now, expires, issuers);
                let bytes = list.sign(&[self.keys.root()])?;
                let published = Published { version, issued_at: now.seconds(), issuers: content, bytes };
                let json = serde_json::to_vec(&published).map_err(|_| ServerError::Internal("trust"))?;
                self.storage.put_document(NAME, &json).await?;
                published
            }
        };
        *cached = Some(published.clone());
        Ok(published)
    }

    fn issuer(&self, now: Timestamp) -> Issuer {
        let lasting = |key: &dyn Signer, key_use| IssuerKey {
            cose_key: key.public_key().to_cose().into(),
            key_use,
            not_before: Timestamp::from_seconds(0),
            not_after: LAST,
        };
        let mut keys = vec![
            lasting(&self.keys.time, KeyUse::Time),
            lasting(&self.keys.rules, KeyUse::Rules),
            lasting(&self.keys.decisions, KeyUse::Decisions),
            lasting(&self.keys.status, KeyUse::Status),
            lasting(&self.keys.policy, KeyUse::Policy),
        ];
        // The period before while a token of it can be valid, this one, and the next for gates with an old list.
        for offset in [-1, 0, 1] {
            let at = Timestamp::from_seconds(now.seconds().saturating_add(offset * TOKEN_KEY_SECONDS).max(0));
            let (key, not_before, not_after) = self.keys.token_key(at);
            if now < self.rulebook.tokens.expires_at(not_after) {
                let cose_key = key.public_key().to_cose().into();
                keys.push(IssuerKey { cose_key, key_use: KeyUse::Tokens, not_before, not_after });
            }
        }
        Issuer {
            id: self.config.issuer.clone(),
            name: self.config.name.clone(),
            regions: vec![self.config.region],
            base_url: self.config.base_url.clone(),
            keys,
            status_lists: status::named(self.life.once.list())
                .map(|list| StatusListEntry {
                    list: number_in_tokens(list),
                    uri: status::uri(&self.config.base_url, list),
                })
                .collect(),
            colours: [0, 1, 2],
            time_epoch: 0,
            removed_keys: Vec::new(),
        }
    }
}
