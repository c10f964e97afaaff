//! The core's checkpoint behind the command: its configuration from the arguments, its clocks, its first sync.

use std::sync::Arc;
use std::time::Instant;

use healthcode::HealthcodeError;
use healthcode::checkpoint::Checkpoint;
use healthcode::platform::{ClockReading, DeviceClock, Ports};
use healthcode::rules::calendar::Timestamp;
use healthcode::sync::{Config, system_clock};
use healthcode::token::trust_list::{Issuer, TrustList};
use healthcode::token::{PublicKey, Verdict};
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
    /// The file of a phone: under a key that is nowhere but in this process, and deleted at its end.
    _folder: TempDir,
}

impl Gate {
    /// Opens a checkpoint with the trust list, and syncs it where there is a server.
    pub(super) fn open(arguments: &CheckpointArguments) -> Result<Self, Failure> {
        let threshold = arguments.roots.root_threshold;
        let keys = trust::keys(&arguments.roots)?;
        let bytes = trust::bytes(&arguments.trust_list)?;
        let list = trust::read(&arguments.trust_list, &keys, threshold)?;
        let folder = tempfile::tempdir()?;
        let config = config(arguments, &list, &keys, &folder)?;
        let ports = Ports { vault: MemoryVault::new()?, clock: clock(arguments)?, log: None };
        let checkpoint =
            Checkpoint::open(config, ports, arguments.gate_name.clone()).map_err(|error| usage(&error))?;
        let _ = bytes;
        let gate = Self { checkpoint, _folder: folder };
        if arguments.server.is_some() {
            gate.sync()?;
        } else if !arguments.assume_clock {
            super::complain("there is no time to judge by: give --server, or --assume-clock");
        }
        Ok(gate)
    }

    fn sync(&self) -> Result<(), Failure> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let synced = runtime.block_on(self.checkpoint.sync(None));
        synced.map(|_| ()).map_err(|error| Failure::Usage(format!("--server: {error}: {}", error.text().en)))
    }

    /// Judges a text.
    pub(super) fn scan(&self, text: &str) -> Result<Scanned, Failure> {
        let verdict = self.checkpoint.verify(text.to_owned()).map_err(|error| failed(&error))?;
        let asks = matches!(verdict, Verdict::AskForAnswer { .. });
        let challenge = asks.then(|| self.checkpoint.challenge().map(|shown| shown.text));
        Ok(Scanned { verdict, challenge: challenge.transpose().map_err(|error| failed(&error))? })
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
