//! The reference server: it stands in for the authority so that everything runs end to end.
//!
//! It registers residents by a one-time code that goes only to the number that public records hold, checks what they
//! declare against the records, rates by the same rules as the phone, counts check-ins, releases, and issues tokens.
//! What it decides is signed; what it keeps is said in [`storage`]. What never enters: a rule of its own, a route
//! that sets the clock, a bare hash of an identity number.

mod clock;
mod config;
mod decide;
mod deliver;
mod desk;
mod enrol;
mod error;
mod http;
mod issue;
mod keys;
mod life;
mod limits;
mod ports;
mod records;
mod recover;
pub mod state;
mod status;
pub mod storage;
mod sync;
mod trust;

use std::future::Future;
use std::sync::Arc;

use axum::Router;
use healthcode::rules::gate_policy::{self, GatePolicies};
use healthcode::rules::rulebook::Rulebook;
use healthcode::token::PublicKey;
use healthcode::token::policy::sign_policies;
use tokio::net::TcpListener;

pub use clock::{ServerClock, SystemClock};
pub use config::Config;
pub use error::StartError;
pub use ports::{ConsoleGateway, Ports, PublicRecords, RecordsUnavailable, SmsGateway};
pub use records::{EmbeddedRecords, PersonRecord, embedded_records};

use error::ServerError;
use keys::Keys;
use life::Life;
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
    pub(crate) keys: Arc<Keys>,
    pub(crate) storage: Arc<dyn Storage>,
    pub(crate) rulebook: Rulebook,
    pub(crate) signed_rulebook: Vec<u8>,
    pub(crate) rulebook_digest: [u8; 32],
    pub(crate) policies: GatePolicies,
    pub(crate) signed_policies: Vec<u8>,
    pub(crate) status: status::StatusLists,
    pub(crate) life: Life,
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
        let keys = Arc::new(open_keys(&config, storage.as_ref()).await?);
        let rulebook = Rulebook::hangzhou_2020();
        let signed_rulebook = keys.sign_rulebook(healthcode::rules::rulebook::HANGZHOU_2020)?;
        let (policies, signed_policies) = read_policies(&config, &keys)?;
        let room = Arc::new(tokio::sync::Semaphore::new(config.max_requests));
        let inner = Inner {
            rulebook_digest: trust::digest(&signed_rulebook),
            config,
            ports,
            keys,
            storage,
            rulebook,
            signed_rulebook,
            policies,
            signed_policies,
            status: status::StatusLists::default(),
            life,
            trust: tokio::sync::Mutex::new(None),
            room,
        };
        inner.take_back_withdrawn().await?;
        Ok(Self { inner: Arc::new(inner) })
    }

    /// The root keys that an app is built with; one of them signs the trust list.
    #[must_use]
    pub fn root_keys(&self) -> Vec<PublicKey> {
        vec![self.inner.keys.root_public()]
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
        async move { axum::serve(listener, service).with_graceful_shutdown(shutdown).await }
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
    let root = keys.root_public().to_cose();
    match used {
        Some(used) if used != root => {
            Err(StartError::Keys("the file belongs to another database".to_owned()))
        }
        Some(_) => Ok(keys),
        None => {
            storage.put_document(NAME, &root).await?;
            Ok(keys)
        }
    }
}

/// The gate policies that are served, read and signed.
fn read_policies(config: &Config, keys: &Keys) -> Result<(GatePolicies, Vec<u8>), StartError> {
    let json = match &config.policies {
        None => gate_policy::HANGZHOU_2020.to_vec(),
        Some(path) => std::fs::read(path).map_err(|error| StartError::Policies(error.to_string()))?,
    };
    let policies = GatePolicies::parse(&json).map_err(|error| StartError::Policies(error.to_string()))?;
    Ok((policies, sign_policies(&json, &keys.policy)?))
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
