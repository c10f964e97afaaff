//! The stage: a server on a free loopback port, a resident's phone, a checkpoint's phone, and the one true time.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use healthcode::checkpoint::Checkpoint;
use healthcode::platform::Ports;
use healthcode::resident::Resident;
use healthcode::rules::calendar::{LegalCalendar, LegalDate, Timestamp};
use healthcode::rules::rulebook::Rulebook;
use healthcode::sync::Config;
use healthcode::token::ids::hex;
use healthcode_server::{App, SmsGateway};
use tokio::net::TcpListener;
use tokio::runtime::Runtime;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use crate::Failure;
use crate::time::{PhoneClock, World};
use crate::vault::MemoryVault;

/// The issuer of the story.
const ISSUER: &str = "hangzhou";
/// The gate of the story.
pub(super) const GATE: &str = "西湖1号门";

/// Where the one-time code arrives: the telephone that the public records name.
#[derive(Default)]
pub(super) struct Telephone(Mutex<Option<String>>);

impl Telephone {
    /// The digits of the last message.
    pub(super) fn read(&self) -> Option<String> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl SmsGateway for Telephone {
    fn send(&self, _to: &str, code: &str) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(code.to_owned());
    }
}

/// The stage.
pub(super) struct Scene {
    pub(super) world: World,
    pub(super) runtime: Runtime,
    pub(super) phone: Arc<Resident>,
    pub(super) phone_clock: Arc<PhoneClock>,
    pub(super) gate: Arc<Checkpoint>,
    pub(super) telephone: Arc<Telephone>,
    pub(super) trust_list: Vec<u8>,
    pub(super) root_key: String,
    server: Option<(oneshot::Sender<()>, JoinHandle<std::io::Result<()>>)>,
    address: SocketAddr,
    database: PathBuf,
}

impl Scene {
    /// Sets the stage in a folder; the checkpoint's file goes into another one.
    pub(super) fn set(folder: &Path, gate_folder: &Path) -> Result<Self, Failure> {
        let world = World::new(at(0, 9, 0));
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
        let telephone = Arc::new(Telephone::default());
        let database = folder.join("server.db");
        let listener = runtime.block_on(TcpListener::bind(("127.0.0.1", 0)))?;
        let address = listener.local_addr()?;
        let app = runtime.block_on(open(&database, address, &world, &telephone))?;
        let root_key = app.root_keys().first().map_or_else(String::new, |key| hex(&key.to_cose()));
        let (root_keys, trust_list) = (app.root_keys(), runtime.block_on(app.trust_list()).map_err(failed)?);

        let config = |database: PathBuf| Config {
            database: database.to_string_lossy().into_owned(),
            server: format!("http://{address}"),
            issuer: ISSUER.to_owned(),
            root_keys: root_keys.iter().map(healthcode::token::PublicKey::to_cose).collect(),
            root_threshold: 1,
            root_version: 1,
            trust_list_floor: 0,
            built_at: at(0, 0, 0),
            cleartext_hosts: Vec::new(),
            tls_roots: Vec::new(),
        };
        let phone_clock = PhoneClock::new(&world, "phone");
        let phone_ports = Ports { vault: MemoryVault::new()?, clock: phone_clock.clone(), log: None };
        let gate_ports =
            Ports { vault: MemoryVault::new()?, clock: PhoneClock::new(&world, "gate"), log: None };
        let phone = Resident::open(config(folder.join("phone.db")), phone_ports).map_err(failed)?;
        let gate = Checkpoint::open(
            config(gate_folder.join("gate.db")),
            gate_ports,
            healthcode::checkpoint::Lane::new(GATE),
        );
        let gate = gate.map_err(failed)?;
        let mut scene = Self {
            world,
            runtime,
            phone,
            phone_clock,
            gate,
            telephone,
            trust_list,
            root_key,
            server: None,
            address,
            database,
        };
        scene.serve(app, listener);
        Ok(scene)
    }

    fn serve(&mut self, app: App, listener: TcpListener) {
        let (stop, stopped) = oneshot::channel();
        let shutdown = async move {
            // A stage that is gone stops its server too.
            let _ = stopped.await;
        };
        self.server = Some((stop, self.runtime.spawn(app.serve(listener, shutdown))));
    }

    /// The server goes away, gracefully, as in a maintenance.
    pub(super) fn stop_server(&mut self) -> Result<(), Failure> {
        let Some((stop, running)) = self.server.take() else { return Ok(()) };
        let _ = stop.send(());
        self.runtime.block_on(running).map_err(failed)?.map_err(failed)
    }

    /// The server comes back, at the same address and over the same database.
    pub(super) fn restart_server(&mut self) -> Result<(), Failure> {
        let listener = self.runtime.block_on(TcpListener::bind(self.address))?;
        let app = self.runtime.block_on(open(&self.database, self.address, &self.world, &self.telephone))?;
        self.serve(app, listener);
        Ok(())
    }
}

async fn open(
    database: &Path,
    address: SocketAddr,
    world: &World,
    telephone: &Arc<Telephone>,
) -> Result<App, Failure> {
    let config = healthcode_server::Config::hangzhou(database, format!("http://{address}"));
    let ports = healthcode_server::Ports {
        clock: Arc::new(world.clone()),
        sms: telephone.clone(),
        records: healthcode_server::embedded_records(),
    };
    App::open(config, ports).await.map_err(failed)
}

/// The legal calendar of the story's rulebook.
pub(super) fn calendar() -> LegalCalendar {
    Rulebook::hangzhou_2020().offset_minutes
}

/// An instant of the story: so many days after the first, at this time of the legal day.
pub(super) fn at(day: i32, hour: u16, minute: u16) -> Timestamp {
    calendar().at(day_of(day), hour * 60 + minute)
}

/// A day of the story.
pub(super) fn day_of(day: i32) -> LegalDate {
    let first = LegalDate::from_ymd(2020, 2, 11).unwrap_or(LegalDate::from_epoch_days(0));
    first.plus_days(day)
}

/// An error of a part, as the story's own.
pub(super) fn failed(error: impl std::fmt::Display) -> Failure {
    Failure::Failed(error.to_string())
}
