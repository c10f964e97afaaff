//! The status lists as they are served (IETF Token Status List): which tokens are withdrawn. A list is built from the
//! storage when a gate asks and something may have changed, never two at a time, off the threads that answer; between
//! builds everybody gets the same bytes, under an entity tag.
//!
//! The last one that was signed lies beside the database: a database that came back older takes from it what it has
//! lost. Of tokens that a lost life issued and nobody withdrew, the places are not known: they live out their hours,
//! and their phones get new ones at the next exchange.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use axum::body::Bytes;
use healthcode::rules::calendar::Timestamp;
use healthcode::token::{SignedStatusList, Signer as _, StatusListContent, Statuses};
use healthcode::wire::ProblemKind;
use healthcode::wire::message::STATUS_PATH_PREFIX;
use tokio::sync::OwnedMutexGuard;

use crate::Inner;
use crate::error::{ServerError, StartError};
use crate::key_file::replace_file;
use crate::life::PLACES;
use crate::paper;
use crate::storage::Withdrawn;
use crate::trust::digest;

/// The status lists that are named: the one in use, those before it into which tokens may still point, and the next,
/// so that a trust list is not behind on the day when it begins.
const LISTS_BEFORE: u32 = 3;
/// How long a list is valid.
const VALID_SECONDS: i64 = 7 * 24 * 3_600;
/// Signed anew after so long without a change, or a quarter of its time to live: by its age a gate knows the age of its
/// evidence, and when to ask again.
const SIGN_ANEW_SECONDS: i64 = 900;
/// The storage is looked at again after so long, in case another server has written there.
const LOOK_AGAIN_SECONDS: i64 = 60;
/// After a change, not sooner than this after the last look.
const SETTLE_SECONDS: i64 = 10;

/// A list as it is served.
#[derive(Clone)]
pub(crate) struct Served {
    pub(crate) bytes: Bytes,
    pub(crate) tag: String,
}

/// A list as it was built, and when it was last compared with the storage.
#[derive(Clone)]
struct Built {
    served: Served,
    issued_at: Timestamp,
    ttl: u32,
    places: [u8; 32],
    key: [u8; 8],
    looked_at: Timestamp,
    change: u64,
}

impl Built {
    fn is_current(&self, now: Timestamp, change: u64) -> bool {
        let since = |at: Timestamp| now.since(at).div_euclid(1_000);
        let looked = since(self.looked_at);
        let known = if change == self.change { LOOK_AGAIN_SECONDS } else { SETTLE_SECONDS };
        self.is_fresh(now) && (0..known).contains(&looked)
    }

    fn is_fresh(&self, now: Timestamp) -> bool {
        let most = SIGN_ANEW_SECONDS.min(i64::from(self.ttl / 4)).max(1);
        (0..most).contains(&now.since(self.issued_at).div_euclid(1_000))
    }

    fn is_valid(&self, now: Timestamp) -> bool {
        (0..VALID_SECONDS).contains(&now.since(self.issued_at).div_euclid(1_000))
    }
}

/// The lists that were built.
#[derive(Default)]
pub(crate) struct StatusLists {
    built: Mutex<BTreeMap<u32, Built>>,
    changes: AtomicU64,
    building: Arc<tokio::sync::Mutex<()>>,
}

impl StatusLists {
    /// Notes that a token was withdrawn.
    pub(crate) fn changed(&self) {
        self.changes.fetch_add(1, Ordering::SeqCst);
    }

    fn change(&self) -> u64 {
        self.changes.load(Ordering::SeqCst)
    }

    fn get(&self, list: u32) -> Option<Built> {
        self.built.lock().unwrap_or_else(PoisonError::into_inner).get(&list).cloned()
    }

    fn put(&self, list: u32, built: Built) {
        let mut known = self.built.lock().unwrap_or_else(PoisonError::into_inner);
        known.insert(list, built);
        while known.len() > 2 * LISTS_BEFORE as usize {
            known.pop_first();
        }
    }
}

/// The numbers of the lists that are named while one is in use, the newest first.
pub(crate) fn named(in_use: u32) -> impl Iterator<Item = u32> {
    (in_use.saturating_sub(LISTS_BEFORE).max(1)..=in_use.saturating_add(1)).rev()
}

/// Where a list lies.
pub(crate) fn uri(base_url: &str, list: u32) -> String {
    format!("{base_url}{STATUS_PATH_PREFIX}{list}")
}

impl Inner {
    /// The status list of a number, as its address has it.
    pub(crate) async fn status_list(&self, number: &str) -> Result<Served, ServerError> {
        let list: u32 = number.parse().map_err(|_| ProblemKind::NotFound)?;
        // One number has one address.
        if list.to_string() != number || !named(self.life.once.list()).any(|named| named == list) {
            return Err(ProblemKind::NotFound.into());
        }
        let now = Timestamp::from_seconds(self.ports.clock.now().seconds());
        let known = self.status.get(list);
        if let Some(known) = known.as_ref().filter(|known| known.is_current(now, self.status.change())) {
            return Ok(known.served.clone());
        }
        let building = Arc::clone(&self.status.building);
        let turn = match (building.clone().try_lock_owned(), known) {
            (Ok(turn), _) => turn,
            // While one is built, the last one is good enough.
            (Err(_), Some(known)) if known.is_valid(now) => return Ok(known.served),
            (Err(_), _) => building.lock_owned().await,
        };
        self.build(turn, list, now).await
    }

    async fn build(
        &self,
        turn: OwnedMutexGuard<()>,
        list: u32,
        now: Timestamp,
    ) -> Result<Served, ServerError> {
        let change = self.status.change();
        let known = self.status.get(list);
        if let Some(known) = known.as_ref().filter(|known| known.is_current(now, change)) {
            return Ok(known.served.clone());
        }
        let withdrawn = self.storage.withdrawn(list, now).await?;
        let packed: Vec<u8> = withdrawn.iter().flat_map(|place| place.to_be_bytes()).collect();
        let keys = self.keys.now();
        let (places, key) = (digest(&packed), keys.status.public_key().id());
        if let Some(known) =
            known.filter(|known| known.places == places && known.key == key && known.is_fresh(now))
        {
            self.status.put(list, Built { looked_at: now, change, ..known.clone() });
            return Ok(known.served);
        }
        let ttl = self.config.status_ttl.max(1);
        let content = StatusListContent {
            uri: uri(&self.config.base_url, list),
            issued_at: now,
            expires_at: Timestamp::from_seconds(now.seconds() + VALID_SECONDS),
            ttl,
            statuses: Statuses::new(PLACES, withdrawn)
                .map_err(|_| ServerError::Internal("status-list/places"))?,
        };
        let beside = (self.config.status_path(list), list.checked_sub(2 * LISTS_BEFORE));
        let before = beside.1.map(|list| self.config.status_path(list));
        let signed = tokio::task::spawn_blocking(move || {
            // The turn is held until it is done, also where nobody waits for it any more.
            let _turn = turn;
            let bytes = content.sign(&keys.status).map_err(|_| ServerError::Internal("status-list"))?;
            keep(&beside.0, &bytes, before.as_ref());
            Ok::<_, ServerError>(bytes)
        });
        let bytes = signed.await.map_err(|_| ServerError::Internal("status-list/thread"))??;
        let served = Served { tag: tag(&bytes), bytes: bytes.into() };
        let built =
            Built { served: served.clone(), issued_at: now, ttl, places, key, looked_at: now, change };
        self.status.put(list, built);
        Ok(served)
    }

    /// Takes back what the lists that were published last say is withdrawn and the database does not know: it came back
    /// older.
    pub(crate) async fn take_back_withdrawn(&self) -> Result<(), StartError> {
        let now = self.ports.clock.now();
        for list in named(self.life.once.list()) {
            let mut lost = self.published_before(list);
            if lost.is_empty() {
                continue;
            }
            let known = self.storage.withdrawn(list, now).await?;
            lost.retain(|token| now < token.until && known.binary_search(&token.index).is_err());
            if !lost.is_empty() {
                tracing::warn!(list, tokens = lost.len(), "withdrawals that the database had lost");
                self.storage.withdraw(lost).await?;
            }
        }
        Ok(())
    }

    /// The tokens that are withdrawn by the list that was published last, as far as this server signed it.
    fn published_before(&self, list: u32) -> Vec<Withdrawn> {
        let Ok(bytes) = std::fs::read(self.config.status_path(list)) else { return Vec::new() };
        let signed = SignedStatusList::parse(&bytes).ok();
        let content = signed.and_then(|signed| signed.verify(&self.keys.now().status.public_key()).ok());
        let content = content.filter(|content| content.uri.ends_with(&format!("{STATUS_PATH_PREFIX}{list}")));
        let Some(content) = content else {
            tracing::error!(list, "the status list beside the database is not one of this server's");
            return Vec::new();
        };
        // What was withdrawn by then had been issued by then.
        let until = paper::withdrawn_until(&self.rulebook, content.issued_at);
        let bytes = (0..).zip(content.statuses.packed()).filter(|(_, byte)| **byte != 0);
        let places = bytes.flat_map(|(at, _)| at * 8..at * 8 + 8);
        let raised = places.filter(|index| content.statuses.get(*index).is_some_and(|status| status != 0));
        raised.map(|index| Withdrawn { list, index, until }).collect()
    }
}

/// Keeps a list beside the database. Where that fails, it is served all the same.
fn keep(path: &Path, bytes: &[u8], before: Option<&PathBuf>) {
    if let Err(error) = replace_file(path, bytes) {
        tracing::error!(%error, "the status list cannot be kept beside the database");
    }
    if let Some(before) = before {
        let _ = std::fs::remove_file(before);
    }
}

/// An entity tag: the same for the same bytes, and for no others.
pub(crate) fn tag(bytes: &[u8]) -> String {
    let digest = digest(bytes);
    format!("\"{}\"", healthcode::token::ids::hex(digest.get(..16).unwrap_or_default()))
}
