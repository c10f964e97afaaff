//! The stage: a server on a free loopback port, a resident's phone, a checkpoint's phone, and the one true time.

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use healthcode::checkpoint::{Checkpoint, Lane};
use healthcode::platform::Ports;
use healthcode::resident::Resident;
use healthcode::rules::calendar::{LegalCalendar, LegalDate, Timestamp};
use healthcode::rules::rulebook::Rulebook;
use healthcode::sync::Config;
use healthcode::token::PublicKey;
use healthcode::token::ids::hex;
use healthcode_server::{EmbeddedRecords, SmsGateway};
use tokio::runtime::Runtime;

use super::server::Server;
use crate::Failure;
use crate::time::{PhoneClock, World};
use crate::vault::MemoryVault;

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
    pub(super) server: Server,
    root_keys: Vec<Vec<u8>>,
}

impl Scene {
    /// Sets the stage in a folder; the checkpoint's file goes into another one.
    pub(super) fn set(folder: &Path, gate_folder: &Path) -> Result<Self, Failure> {
        let world = World::new(at(0, 9, 0));
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
        let telephone = Arc::new(Telephone::default());
        let database = folder.join("server.db");
        let server = Server::start(&runtime, server_ports(&world, &telephone)?, |base_url| {
            healthcode_server::Config::hangzhou(&database, base_url)
        })?;
        let root_keys: Vec<_> = server.app()?.root_keys().iter().map(PublicKey::to_cose).collect();
        let root_key = root_keys.first().map_or_else(String::new, |key| hex(key));
        let trust_list = runtime.block_on(server.app()?.trust_list()).map_err(failed)?;

        let phone_clock = PhoneClock::new(&world, "phone");
        let config = app_config(&server, &root_keys, &folder.join("phone.db"));
        let phone = Resident::open(config, phone_ports(&phone_clock)?).map_err(failed)?;
        let config = app_config(&server, &root_keys, &gate_folder.join("gate.db"));
        let gate = Checkpoint::open(config, phone_ports(&PhoneClock::new(&world, "gate"))?, Lane::new(GATE));
        let gate = gate.map_err(failed)?;
        Ok(Self {
            world,
            runtime,
            phone,
            phone_clock,
            gate,
            telephone,
            trust_list,
            root_key,
            server,
            root_keys,
        })
    }

    /// What an app of an authority is built with, its file at this place.
    pub(super) fn app_config(&self, server: &Server, database: &Path) -> Config {
        app_config(server, &self.root_keys, database)
    }

    /// What a server asks of others.
    pub(super) fn server_ports(&self) -> Result<healthcode_server::Ports, Failure> {
        server_ports(&self.world, &self.telephone)
    }

    /// The server goes away.
    pub(super) fn stop_server(&mut self) -> Result<(), Failure> {
        self.server.stop(&self.runtime)
    }

    /// The server comes back.
    pub(super) fn restart_server(&mut self) -> Result<(), Failure> {
        self.server.restart(&self.runtime)
    }
}

fn app_config(server: &Server, root_keys: &[Vec<u8>], database: &Path) -> Config {
    Config {
        database: database.to_string_lossy().into_owned(),
        server: server.config.base_url.clone(),
        issuer: server.config.issuer.clone(),
        root_keys: root_keys.to_vec(),
        root_threshold: 1,
        root_version: 1,
        trust_list_floor: 0,
        built_at: at(0, 0, 0),
        cleartext_hosts: Vec::new(),
        tls_roots: Vec::new(),
    }
}

/// The invented people of the story.
const RECORDS: &[u8] = include_bytes!("records.json");

fn server_ports(world: &World, telephone: &Arc<Telephone>) -> Result<healthcode_server::Ports, Failure> {
    Ok(healthcode_server::Ports {
        clock: Arc::new(world.clone()),
        sms: telephone.clone(),
        records: Arc::new(EmbeddedRecords::parse(RECORDS).map_err(failed)?),
        witnesses: Vec::new(),
    })
}

/// The ports of a phone with this clock.
pub(super) fn phone_ports(clock: &Arc<PhoneClock>) -> Result<Ports, Failure> {
    Ok(Ports { vault: MemoryVault::new()?, clock: clock.clone(), log: None })
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
