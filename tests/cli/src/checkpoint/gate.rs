//! The core's checkpoint behind the command: its configuration from the arguments, its clocks, its first sync.

use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use healthcode::HealthcodeError;
use healthcode::checkpoint::{Checkpoint, Lane};
use healthcode::platform::{ClockReading, DeviceClock, Ports};
use healthcode::rules::calendar::Timestamp;
use healthcode::rules::gate_policy::Direction;
use healthcode::sync::{Config, system_clock};
use healthcode::token::PublicKey;
use healthcode::token::policy::open_policies;
use healthcode::token::trust_list::{Issuer, TrustList};
use healthcode_server::{ServerClock, SystemClock};
use tempfile::TempDir;

use super::Scanned;
use crate::Failure;
use crate::arguments::CheckpointArguments;
use crate::time::SocketClock;
use crate::trust;
use crate::vault::MemoryVault;

/// A checkpoint for as long as the command runs.
pub(super) struct Gate {
    checkpoint: Arc<Checkpoint>,
    direction: Direction,
    /// The file of a phone: under a key that is nowhere but in this process, and deleted at its end.
    _folder: TempDir,
}

impl Gate {
    /// Opens a checkpoint with what was given as files, and syncs it where there is a server.
    pub(super) fn open(arguments: &CheckpointArguments) -> Result<Self, Failure> {
        let threshold = arguments.roots.root_threshold;
        let keys = trust::keys(&arguments.roots)?;
        let list = trust::read(&arguments.trust_list, &keys, threshold)?;
        let folder = tempfile::tempdir()?;
        let config = config(arguments, &list, &keys, &folder)?;
        let lane = Lane { policy: gate_kind(arguments, &list, &config)?, ..Lane::new(&arguments.gate_name) };
        let ports = Ports { vault: MemoryVault::new()?, clock: clock(arguments)?, log: None };
        let checkpoint = Checkpoint::open(config, ports, lane).map_err(|error| usage(&error))?;
        let direction = arguments.direction.into();
        let gate = Self { checkpoint, direction, _folder: folder };
        gate.begin(arguments)?;
        Ok(gate)
    }

    fn begin(&self, arguments: &CheckpointArguments) -> Result<(), Failure> {
        self.load(&arguments.trust_list)?;
        if arguments.server.is_some() {
            self.sync()?;
        } else if arguments.assume_clock {
            self.checkpoint.assume_clock();
        } else {
            super::complain("there is no time to judge by: give --server, or --assume-clock");
        }
        for document in arguments.policy.iter().chain(&arguments.load) {
            self.load(document)?;
        }
        let status = self.checkpoint.status().map_err(|error| failed(&error))?;
        match &arguments.gate_kind {
            Some(kind) if status.policy.is_none() => {
                let kinds: Vec<_> = status.policies.into_iter().map(|choice| choice.id).collect();
                let kinds = if kinds.is_empty() { "there is no policy".to_owned() } else { kinds.join(", ") };
                Err(Failure::Usage(format!("--gate-kind {kind}: {kinds}")))
            }
            _ => Ok(()),
        }
    }

    fn load(&self, path: &Path) -> Result<(), Failure> {
        let loaded = self.checkpoint.load(trust::bytes(path)?);
        let refused = |error: HealthcodeError| format!("{}: {error}: {}", path.display(), error.text().en);
        loaded.map(|_| ()).map_err(|error| Failure::Usage(refused(error)))
    }

    fn sync(&self) -> Result<(), Failure> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let synced = runtime.block_on(self.checkpoint.sync(None));
        synced.map(|_| ()).map_err(|error| Failure::Usage(format!("--server: {error}: {}", error.text().en)))
    }

    /// Judges a text.
    pub(super) fn scan(&self, text: &str) -> Result<Scanned, Failure> {
        let scan =
            self.checkpoint.verify(text.to_owned(), Some(self.direction)).map_err(|error| failed(&error))?;
        Ok(Scanned { verdict: scan.verdict, challenge: scan.challenge.map(|shown| shown.text) })
    }
}

/// The kind of gate: the one that was named, or the only one in the policies that were given.
fn gate_kind(
    arguments: &CheckpointArguments,
    list: &TrustList,
    config: &Config,
) -> Result<Option<String>, Failure> {
    let (None, Some(path)) = (&arguments.gate_kind, &arguments.policy) else {
        return Ok(arguments.gate_kind.clone());
    };
    let refused = |why: String| Failure::Usage(format!("{}: {why}", path.display()));
    let policies = open_policies(list, &config.issuer, &trust::bytes(path)?);
    let policies = policies.map_err(|error| refused(error.to_string()))?;
    let kinds: Vec<_> = policies.gates.into_iter().map(|gate| gate.id).collect();
    match kinds.as_slice() {
        [only] => Ok(Some(only.clone())),
        several => {
            Err(refused(format!("which kind of gate? Give --gate-kind, one of {}", several.join(", "))))
        }
    }
}

fn usage(error: &HealthcodeError) -> Failure {
    Failure::Usage(format!("{error}: {}", error.text().en))
}

fn failed(error: &HealthcodeError) -> Failure {
    Failure::Failed(format!("{error}: {}", error.text().en))
}

fn config(
    arguments: &CheckpointArguments,
    list: &TrustList,
    keys: &[PublicKey],
    folder: &TempDir,
) -> Result<Config, Failure> {
    let content = list.content();
    let home = home(arguments, &content.issuers)?;
    let database = folder.path().join("checkpoint.db");
    Ok(Config {
        database: database.to_str().unwrap_or_default().to_owned(),
        server: arguments.server.clone().unwrap_or_else(|| home.base_url.clone()),
        issuer: home.id.clone(),
        root_keys: keys.iter().map(PublicKey::to_cose).collect(),
        root_threshold: u32::try_from(arguments.roots.root_threshold).unwrap_or(u32::MAX),
        root_version: content.root_version,
        // Nothing older than what was given is taken from a server, and true time is not before it was signed.
        trust_list_floor: content.version,
        built_at: content.issued_at,
        cleartext_hosts: Vec::new(),
        tls_roots: Vec::new(),
    })
}

/// The issuer whose server gives the time: the one that was named, or whose server it is, or the only one.
fn home<'l>(arguments: &CheckpointArguments, issuers: &'l [Issuer]) -> Result<&'l Issuer, Failure> {
    let ids = || issuers.iter().map(|issuer| issuer.id.as_str()).collect::<Vec<_>>().join(", ");
    if let Some(id) = &arguments.issuer {
        let named = issuers.iter().find(|issuer| issuer.id == *id);
        return named.ok_or_else(|| Failure::Usage(format!("--issuer {id}: the trust list has {}", ids())));
    }
    let server = arguments.server.as_deref().map(|server| server.trim_end_matches('/'));
    let of_server = |issuer: &&Issuer| server == Some(issuer.base_url.trim_end_matches('/'));
    match issuers {
        [only] => Ok(only),
        several => several
            .iter()
            .find(of_server)
            .or_else(|| several.first().filter(|_| server.is_none()))
            .ok_or_else(|| {
                Failure::Usage(format!("--server: of which issuer? Give --issuer, one of {}", ids()))
            }),
    }
}

#[allow(clippy::disallowed_methods, reason = "this is a clock port")]
fn clock(arguments: &CheckpointArguments) -> Result<Arc<dyn DeviceClock>, Failure> {
    if let Some(socket) = &arguments.clock {
        let wall = SocketClock::connect(socket)
            .map_err(|error| Failure::Usage(format!("--clock {}: {error}", socket.display())))?;
        let begun = ServerClock::now(&wall);
        return Ok(Arc::new(ProcessClock { wall, boot: Box::new(move |now| now.since(begun)) }));
    }
    // A kernel other than Linux: what this process can count, which stands still while the machine sleeps.
    system_clock().or_else(|_| {
        let begun = Instant::now();
        let millis = move |_| i64::try_from(begun.elapsed().as_millis()).unwrap_or(i64::MAX);
        Ok(Arc::new(ProcessClock { wall: SystemClock, boot: Box::new(millis) }) as Arc<dyn DeviceClock>)
    })
}

/// Clocks whose session is this process.
struct ProcessClock<W> {
    wall: W,
    /// The boot clock at an instant of the wall clock.
    boot: Box<dyn Fn(Timestamp) -> i64 + Send + Sync>,
}

impl<W: ServerClock> DeviceClock for ProcessClock<W> {
    fn read(&self) -> Result<ClockReading, healthcode::platform::PortError> {
        let wall = self.wall.now();
        let boot_id = std::process::id().to_string();
        Ok(ClockReading { boot_id, boot_millis: (self.boot)(wall), wall })
    }
}
