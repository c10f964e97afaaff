//! The reference server: it stands in for the authority so that everything runs end to end.
//!
//! It registers residents by a one-time code that goes only to the number that public records hold, checks what they
//! declare against the records, rates by the same rules as the phone, counts check-ins, releases, and issues tokens.
//! What it decides is signed; what it keeps is said in [`storage`]. What never enters: a rule of its own, a route
//! that sets the clock, a bare hash of an identity number.

mod appeal;
mod care;
mod clock;
mod config;
mod decide;
mod deliver;
mod desk;
mod enrol;
mod error;
mod followed;
mod handover;
mod http;
mod issue;
mod key_file;
mod keys;
mod life;
mod limits;
mod notices;
mod officer;
mod operator;
mod outages;
mod paper;
mod peers;
mod ports;
mod records;
mod recover;
mod relation;
mod served;
pub mod state;
mod status;
pub mod storage;
mod sync;
mod trust;

// The tests of this crate use what those beside it do, which name it.
#[cfg(test)]
extern crate self as healthcode_server;

#[cfg(test)]
#[path = "../tests/support/mod.rs"]
mod support;

use std::future::Future;
use std::sync::Arc;

use axum::Router;
use healthcode::rules::calendar::Timestamp;
use healthcode::rules::gate_policy::{self, GatePolicies};
use healthcode::rules::rulebook::{HANGZHOU_2020, Rulebook};
use healthcode::token::key::KeyId;
use healthcode::token::{KeyUse, PublicKey, RootSet, cbor};
use tokio::net::TcpListener;

pub use clock::{ServerClock, SystemClock};
pub use config::Config;
pub use error::StartError;
pub use notices::{
    ClassDraft, DraftError, HttpWitness, ListedNotice, NoticeDraft, Place, PlaceRecord, Publication, Witness,
    WitnessError,
};
pub use officer::{AskError, ListedOfficer, LogEntry, OfficerClient, OfficerRole};
pub use operator::Operator;
pub use ports::{ConsoleGateway, Ports, PublicRecords, RecordsUnavailable, SmsGateway};
pub use records::{EmbeddedRecords, PersonRecord, embedded_records, family_records};

use error::ServerError;
use followed::Followed;
use keys::{KeyRing, Keys};
use life::Life;
use peers::Peers;
use storage::Storage;
use storage::sqlite::SqliteStorage;

/// A server that is ready to serve. Clones are the same server.
#[derive(Clone)]
pub struct App {
    inner: Arc<Inner>,
}

pub(crate) struct Inner {
    pub(crate) config: Config,
    pub(crate) ports: Ports,
    pub(crate) keys: KeyRing,
    pub(crate) storage: Arc<dyn Storage>,
    pub(crate) rulebook: Rulebook,
    pub(crate) policies: GatePolicies,
    pub(crate) source: trust::Source,
    pub(crate) status: status::StatusLists,
    pub(crate) life: Life,
    pub(crate) notices: notices::Notices,
    pub(crate) officers: officer::Officers,
    pub(crate) trust: tokio::sync::Mutex<Option<trust::Published>>,
    pub(crate) room: Arc<tokio::sync::Semaphore>,
}

impl App {
    /// Opens the database and the keys, both made at the first start.
    ///
    /// # Errors
    ///
    /// A file that cannot be opened, is damaged, or whose permissions let others read the keys; gate policies that are
    /// none. Nothing is changed.
    pub async fn open(config: Config, ports: Ports) -> Result<Self, StartError> {
        let storage: Arc<dyn Storage> = Arc::new(SqliteStorage::open(&config.database).await?);
        // Before the keys are made: where there are keys, there was a life.
        let lived = config.keys_path().exists();
        let life = Life::open(config.life_path(), storage.as_ref(), lived, config.generation).await?;
        let keys = open_keys(&config, storage.as_ref()).await?;
        let rulebook = Rulebook::hangzhou_2020();
        let (policies, json) = read_policies(&config)?;
        let source = open_source(&config, &keys, &life, &rulebook, ports.clock.now())?;
        let keys = KeyRing::new(config.keys_path(), keys, HANGZHOU_2020, json)?;
        let room = Arc::new(tokio::sync::Semaphore::new(config.max_requests));
        let log = notices::Log::new(config.notices_path(), config.keys_path());
        let inner = Inner {
            notices: notices::Notices::new(log),
            officers: officer::Officers::open(config.officers_path())?,
            config,
            ports,
            keys,
            storage,
            rulebook,
            policies,
            source,
            status: status::StatusLists::default(),
            life,
            trust: tokio::sync::Mutex::new(None),
            room,
        };
        inner.take_back_withdrawn().await?;
        inner.begin_notices().await?;
        Ok(Self { inner: Arc::new(inner) })
    }

    /// The root keys that an app is built with today: those of [`App::root_set`].
    #[must_use]
    pub fn root_keys(&self) -> Vec<PublicKey> {
        self.root_set().map(|roots| roots.keys).unwrap_or_default()
    }

    /// The root set in force, with its version and threshold. At a server that follows another authority's list it is
    /// the other's, and none before there is a list.
    #[must_use]
    pub fn root_set(&self) -> Option<RootSet> {
        self.inner.root_set()
    }

    /// See [`Operator::rotate_root`].
    ///
    /// # Errors
    ///
    /// As there; and at a server that follows another authority's list.
    pub fn rotate_root(&self, threshold: u8, keys: u8) -> Result<RootSet, StartError> {
        self.holder()?.rotate_root(threshold, keys, self.inner.ports.clock.now())
    }

    /// See [`Operator::declare_outage`].
    ///
    /// # Errors
    ///
    /// As there; and at a server that follows another authority's list.
    pub fn declare_outage(&self, issuer: &str, hours: u16, until: Timestamp) -> Result<Vec<u8>, StartError> {
        self.holder()?.declare_outage(issuer, hours, until, self.inner.ports.clock.now())
    }

    /// See [`Operator::remove_key`].
    ///
    /// # Errors
    ///
    /// As there.
    pub fn remove_key(&self, key_use: KeyUse) -> Result<Vec<KeyId>, StartError> {
        Operator::of(&self.inner.config.database).remove_key(key_use, self.inner.ports.clock.now())
    }

    fn holder(&self) -> Result<Operator, StartError> {
        match self.inner.source {
            trust::Source::Own(_) => Ok(Operator::of(&self.inner.config.database)),
            trust::Source::Followed(_) => {
                Err(StartError::Refused("another authority holds the root of this server's list".to_owned()))
            }
        }
    }

    /// The server's own entry of a trust list as CBOR, for the authority that holds the root.
    #[must_use]
    pub fn issuer_entry(&self) -> Vec<u8> {
        cbor::encode(&self.inner.own_issuer())
    }

    /// The current trust list as it is published.
    ///
    /// # Errors
    ///
    /// Where the database fails.
    pub async fn trust_list(&self) -> Result<Vec<u8>, StartError> {
        Ok(self.inner.published().await?.bytes)
    }

    /// The routes.
    pub fn router(&self) -> Router {
        http::router(self.inner.clone())
    }

    /// Serves until `shutdown` ends; what is under way then is answered.
    ///
    /// # Errors
    ///
    /// Where the listener fails.
    pub fn serve(
        self,
        listener: TcpListener,
        shutdown: impl Future<Output = ()> + Send + 'static,
    ) -> impl Future<Output = std::io::Result<()>> + Send + 'static {
        let service = self.router().into_make_service_with_connect_info::<std::net::SocketAddr>();
        let inner = Arc::clone(&self.inner);
        async move {
            let lapsing = tokio::spawn(Arc::clone(&inner).keep_lapsing());
            let kept = tokio::spawn(inner.keep_notices());
            let served = axum::serve(listener, service).with_graceful_shutdown(shutdown).await;
            kept.abort();
            lapsing.abort();
            served
        }
    }
}

/// The keys that belong to the database. One that was used is never given new keys: every resident of it would be
/// lost, silently.
async fn open_keys(config: &Config, storage: &dyn Storage) -> Result<Keys, StartError> {
    const NAME: &str = "root-key";
    let path = config.keys_path();
    let used = storage.document(NAME).await?;
    if used.is_some() && !path.exists() {
        return Err(StartError::Keys("the file that belongs to this database is gone".to_owned()));
    }
    let keys = Keys::open(&path)?;
    let root = keys.first_root();
    match used {
        Some(used) if used != root => {
            Err(StartError::Keys("the file belongs to another database".to_owned()))
        }
        Some(_) => Ok(keys),
        None => {
            storage.put_document(NAME, root).await?;
            Ok(keys)
        }
    }
}

/// The gate policies that are served, and their JSON.
fn read_policies(config: &Config) -> Result<(GatePolicies, Vec<u8>), StartError> {
    let json = match &config.policies {
        None => gate_policy::HANGZHOU_2020.to_vec(),
        Some(path) => std::fs::read(path).map_err(|error| StartError::Policies(error.to_string()))?,
    };
    let policies = GatePolicies::parse(&json).map_err(|error| StartError::Policies(error.to_string()))?;
    Ok((policies, json))
}

/// Where the trust list comes from.
fn open_source(
    config: &Config,
    keys: &Keys,
    life: &Life,
    rulebook: &Rulebook,
    now: Timestamp,
) -> Result<trust::Source, StartError> {
    let Some(path) = &config.trust_list else {
        let own = trust::issuer(config, keys, life.once.list(), &|at| rulebook.tokens.expires_at(at), now);
        return Ok(trust::Source::Own(Peers::read(&own, &config.peers, &config.peer_files)?));
    };
    if !config.peers.is_empty() || !config.peer_files.is_empty() {
        return Err(StartError::Peer("a server that follows a trust list signs none".to_owned()));
    }
    Ok(trust::Source::Followed(Followed::new(path.clone())))
}

impl From<ServerError> for StartError {
    fn from(error: ServerError) -> Self {
        Self::Database(error.to_string())
    }
}

impl std::fmt::Debug for App {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "App({})", self.inner.config.issuer)
    }
}
