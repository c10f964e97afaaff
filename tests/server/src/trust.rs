//! The trust list: the own issuer and its peers, signed by the root; or another authority's, which this server follows.
//! Its version grows with every change and never goes back, across restarts too; it is signed anew every day, long
//! before it expires.

use healthcode::rules::calendar::Timestamp;
use healthcode::token::outage::MAX_HOURS;
use healthcode::token::trust_list::{Issuer, IssuerKey, StatusListEntry, TrustListContent};
use healthcode::token::{KeyUse, RootSet, Signer, TrustList, cbor};
use healthcode::wire::ProblemKind;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::Inner;
use crate::config::Config;
use crate::error::ServerError;
use crate::followed::{Followed, Taken};
use crate::key_file::LAST;
use crate::keys::{Keys, Sealed};
use crate::life::number_in_tokens;
use crate::peers::Peers;
use crate::{operator, outages, paper, status};

const NAME: &str = "trust-list";
const SIGN_ANEW_SECONDS: i64 = 24 * 3_600;
const VALID_SECONDS: i64 = 7 * 24 * 3_600;
/// So long before a root set ends the operator is told, in hours.
const ROOT_WARNING_HOURS: i64 = 60 * 24;

/// Where the list comes from.
pub(crate) enum Source {
    /// This server holds the root and signs.
    Own(Peers),
    /// Another authority's.
    Followed(Followed),
}

/// The list of now.
#[derive(Clone)]
pub(crate) struct Current {
    pub(crate) version: u32,
    pub(crate) root_version: u32,
    pub(crate) bytes: Vec<u8>,
}

/// The list that was signed last, as it is kept.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Published {
    version: u32,
    issued_at: i64,
    issuers: [u8; 32],
    bytes: Vec<u8>,
}

/// SHA-256.
pub(crate) fn digest(bytes: &[u8]) -> [u8; 32] {
    Sha256::digest(bytes).into()
}

impl Inner {
    /// The list of now.
    pub(crate) async fn published(&self) -> Result<Current, ServerError> {
        match &self.source {
            Source::Own(peers) => self.signed(peers).await,
            Source::Followed(followed) => {
                let taken = self.followed(followed).ok_or(ProblemKind::Unavailable)?;
                let content = taken.list.content();
                Ok(Current {
                    version: content.version,
                    root_version: content.root_version,
                    bytes: taken.bytes.clone(),
                })
            }
        }
    }

    fn followed(&self, followed: &Followed) -> Option<std::sync::Arc<Taken>> {
        followed.current(|taken| {
            if let Some(difference) = self.difference(taken) {
                tracing::error!(
                    difference,
                    "the holder of the root has another entry: give it the current one"
                );
            }
        })
    }

    /// What the followed list lacks of what this server would say now. What it has beyond that, of the past, is nobody's
    /// trouble.
    fn difference(&self, taken: &Taken) -> Option<&'static str> {
        let own = self.own_issuer();
        let Some(listed) = taken.list.issuer(&own.id) else { return Some("own-entry-missing") };
        let now = self.ports.clock.now();
        let of_the_past = |key: &IssuerKey| key.key_use == KeyUse::Tokens && now >= key.not_after;
        let keys = own.keys.iter().all(|key| listed.keys.contains(key))
            && listed.keys.iter().all(|key| own.keys.contains(key) || of_the_past(key));
        let lists = own.status_lists.iter().all(|list| listed.status_lists.contains(list));
        let (own_keys, own_lists) = (own.keys.clone(), own.status_lists.clone());
        let rest = Issuer { keys: own_keys, status_lists: own_lists, ..listed.clone() } == own;
        (!(keys && lists && rest)).then_some("own-entry-differs")
    }

    /// What an operator should look at.
    pub(crate) fn complaints(&self) -> Vec<&'static str> {
        let now = self.ports.clock.now();
        let mut complaints: Vec<_> = self.notice_complaint().into_iter().collect();
        match &self.source {
            Source::Own(peers) => {
                complaints.extend(peers.has_refused().then_some("peer-refused"));
                let roots = operator::root_set(&self.keys.now());
                let soon = roots.is_expired(now.plus_hours(ROOT_WARNING_HOURS));
                complaints.extend(soon.then_some("root-ends-soon"));
            }
            Source::Followed(followed) => match self.followed(followed) {
                None => complaints.push("trust-list-missing"),
                Some(taken) => {
                    complaints.extend(self.difference(&taken));
                    complaints.extend(followed.refused().map(|_| "trust-list-refused"));
                    complaints.extend(taken.list.is_expired(now).then_some("trust-list-expired"));
                }
            },
        }
        complaints
    }

    /// The root set in force; none at a follower that has no list yet.
    pub(crate) fn root_set(&self) -> Option<RootSet> {
        match &self.source {
            Source::Own(_) => Some(operator::root_set(&self.keys.now())),
            Source::Followed(followed) => self.followed(followed).map(|taken| taken.roots.clone()),
        }
    }

    /// The document of a root set, by the name of its file.
    pub(crate) fn root_document(&self, name: &str) -> Result<Vec<u8>, ServerError> {
        let version = name.strip_suffix(".cbor").and_then(|version| version.parse::<u32>().ok());
        let version = version.filter(|version| format!("{version}.cbor") == name);
        let document = version.and_then(|version| match &self.source {
            Source::Own(_) => self.keys.now().root_document(version).map(<[u8]>::to_vec),
            Source::Followed(followed) => followed.root_document(version),
        });
        document.ok_or_else(|| ProblemKind::NotFound.into())
    }

    /// The outage notices of the root.
    pub(crate) fn outages(&self) -> Result<Vec<u8>, ServerError> {
        match &self.source {
            Source::Own(_) => {
                let (keys, files) = (self.config.keys_path(), self.config.outages_path());
                let current = outages::current(&keys, &files, &self.keys.now(), self.ports.clock.now());
                current.map_err(|error| ServerError::Storage(error.to_string()))
            }
            Source::Followed(followed) => Ok(followed.outages().unwrap_or_else(|| vec![0x80])),
        }
    }

    /// The list that this server signs: the one that is kept, or a new one that is kept before anybody sees it.
    async fn signed(&self, peers: &Peers) -> Result<Current, ServerError> {
        let now = Timestamp::from_seconds(self.ports.clock.now().seconds());
        let keys = self.keys.now();
        let issuers = peers.current(&self.issuer(&keys, now));
        let content =
            digest(&[&keys.root_version().to_be_bytes(), cbor::encode(&issuers).as_slice()].concat());
        let current = |known: &Published| {
            let age = now.seconds() - known.issued_at;
            known.issuers == content
                && (0..SIGN_ANEW_SECONDS).contains(&age)
                && known.version >= self.life.once.trust_list()
        };
        let mut cached = self.trust.lock().await;
        if let Some(known) = cached.as_ref().filter(|known| current(known)) {
            return Ok(known.with(&keys));
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
                let list = TrustListContent::new(keys.root_version(), version, now, expires, issuers);
                let bytes = list.sign(&keys.root_signers())?;
                let published = Published { version, issued_at: now.seconds(), issuers: content, bytes };
                let json = serde_json::to_vec(&published).map_err(|_| ServerError::Internal("trust"))?;
                self.storage.put_document(NAME, &json).await?;
                published
            }
        };
        let answer = published.with(&keys);
        *cached = Some(published);
        Ok(answer)
    }

    /// The list of now, to verify by. One that has expired vouches for nobody.
    pub(crate) async fn listed(&self) -> Result<TrustList, ServerError> {
        let bytes = self.published().await?.bytes;
        let roots = self.root_set().ok_or(ProblemKind::Unavailable)?;
        let list = TrustList::open(&bytes, &roots, 0).map_err(|_| ServerError::Internal("trust-list/own"))?;
        if list.is_expired(self.ports.clock.now()) {
            return Err(ProblemKind::Unavailable.into());
        }
        Ok(list)
    }

    /// The own entry of now.
    pub(crate) fn own_issuer(&self) -> Issuer {
        self.issuer(&self.keys.now(), Timestamp::from_seconds(self.ports.clock.now().seconds()))
    }

    fn issuer(&self, keys: &Keys, now: Timestamp) -> Issuer {
        issuer(&self.config, keys, self.life.once.list(), &|at| paper::last_expiry(&self.rulebook, at), now)
    }
}

impl Published {
    fn with(&self, keys: &Sealed) -> Current {
        Current { version: self.version, root_version: keys.root_version(), bytes: self.bytes.clone() }
    }
}

/// The entry of an issuer: who it is and with what it signs.
pub(crate) fn issuer(
    config: &Config,
    keys: &Keys,
    list: u32,
    expiry: &dyn Fn(Timestamp) -> Timestamp,
    now: Timestamp,
) -> Issuer {
    // Keys other than for tokens have no end: an operator replaces them.
    let lasting = keys.lasting().map(|(key, key_use)| IssuerKey {
        cose_key: key.public_key().to_cose().into(),
        key_use,
        not_before: Timestamp::from_seconds(0),
        not_after: LAST,
    });
    let mut listed = lasting.to_vec();
    // Those of before while a token or a paper code of them can pass, by the most generous outage notice too; this one,
    // and the next for gates with an old list.
    for (key, not_before, not_after) in keys.token_keys(now) {
        if now < expiry(not_after).plus_hours(i64::from(MAX_HOURS)) {
            let cose_key = key.public_key().to_cose().into();
            listed.push(IssuerKey { cose_key, key_use: KeyUse::Tokens, not_before, not_after });
        }
    }
    Issuer {
        id: config.issuer.clone(),
        name: config.name.clone(),
        regions: vec![config.region],
        base_url: config.base_url.clone(),
        keys: listed,
        status_lists: status::named(list)
            .map(|list| StatusListEntry {
                list: number_in_tokens(list),
                uri: status::uri(&config.base_url, list),
            })
            .collect(),
        colours: [0, 1, 2],
        time_epoch: 0,
        removed_keys: keys.removed().map(|id| id.to_vec().into()).collect(),
    }
}
