//! What both facades stand on: the file, the ports, the trusted clock and the trust list of one phone.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use super::config::Config;
use super::gate_documents::GateDocuments;
use super::kept::{InForce, Kept, Published};
use super::published::{Named, Staged};
use crate::error::HealthcodeError;
use crate::platform::{LogLevel, Ports};
use crate::random;
use crate::rules::calendar::Timestamp;
use crate::store::{Store, StoreError, Transaction, canonical_path, finish_erasing};
use crate::time::{ClockHint, Evidence, Reading, TrustedClock};
use crate::token::anchor::Anchor;
use crate::token::ids::BootSession;
use crate::token::trust_list::{Issuer, RootSet, TrustList};

/// The names of the documents that are not about a subject.
pub(crate) const CLOCK: &str = "clock";
pub(crate) const TRUST_LIST: &str = "trust-list";
pub(crate) const RULEBOOK: &str = "rulebook";
pub(super) const ROOTS: &str = "roots";
pub(super) const NAMED: &str = "named";
/// Before the id of another authority than the home one, whose rulebook it is.
pub(super) const RULEBOOK_OF: &str = "rulebook:";
/// How long the clock may run before it is written again, in milliseconds.
const WRITE_CLOCK_MILLIS: i64 = 60_000;

/// The open phones of this process. A path's own lock is held while its file is opened, which asks the vault and may
/// take long; the map's never is.
static OPEN: Mutex<Option<HashMap<PathBuf, Place>>> = Mutex::new(None);

/// A path's place among the open phones.
pub(crate) type Place = Arc<Mutex<Weak<Phone>>>;

/// One phone's file with all that lives beside it in memory.
pub(crate) struct Phone {
    pub(crate) config: Config,
    pub(crate) ports: Ports,
    pub(crate) store: Store,
    /// The roots that the app was built with.
    embedded: RootSet,
    state: Mutex<State>,
    pub(super) gate: Mutex<Option<Arc<GateDocuments>>>,
    /// Held from the look at what is in force until what follows it is: what is published is taken one at a time.
    publishing: Mutex<()>,
    /// Held while what a move brings along is recorded.
    moving: Mutex<()>,
    exchanges: AtomicU32,
    #[cfg(feature = "http")]
    pub(crate) flight: tokio::sync::Mutex<()>,
    #[cfg(feature = "http")]
    pub(crate) fetching: tokio::sync::Mutex<()>,
    #[cfg(feature = "http")]
    pub(crate) flights: super::flight::Flights,
}

pub(super) struct State {
    clock: TrustedClock,
    written_at_boot: i64,
    pub(super) in_force: InForce,
    pub(super) staged: Option<Staged>,
    pub(super) named: Named,
    /// What stood in the file when it was opened.
    named_at_start: Named,
    /// What trust list and rulebook were opened from, where another process may change them.
    source: Published,
}

/// One look at the time.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Now {
    /// H: decides what must not come early.
    pub(crate) lower_bound: Timestamp,
    /// The estimate, while the boot session of the last anchor lasts.
    pub(crate) estimate: Option<Timestamp>,
    /// The estimate with its uncertainty in milliseconds, while that is small.
    pub(crate) firm: Option<(Timestamp, i64)>,
    pub(crate) wall: Timestamp,
    pub(crate) hint: Option<ClockHint>,
    pub(crate) boot_millis: i64,
    pub(crate) evidence: Evidence,
    /// Whether an anchor was ever taken.
    pub(crate) anchored: bool,
}

impl Now {
    /// The estimate, or the lower bound where there is none.
    pub(crate) fn best(&self) -> Timestamp {
        self.estimate.unwrap_or(self.lower_bound)
    }
}

impl Phone {
    /// Opens the phone of a file: the open one of this process, or a new one. The open one has one configuration.
    pub(crate) fn open(config: Config, ports: Ports) -> Result<Arc<Self>, HealthcodeError> {
        let roots = config.roots()?;
        let path = canonical_path(&config.database)?;
        let place = place_of(&path);
        let mut open = place.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(phone) = open.upgrade().filter(|phone| !phone.store.is_closed()) {
            return match phone.config.difference(&config) {
                Some(field) => Err(HealthcodeError::field(field, "differs")),
                None => Ok(phone),
            };
        }
        finish_erasing(&path, ports.vault.as_ref())?;
        let store = Store::open(&path, ports.vault.as_ref())?;
        let phone = Arc::new(Self::start(config, ports, store, roots)?);
        *open = Arc::downgrade(&phone);
        Ok(phone)
    }

    /// Opens the file only to look at it, beside whoever has it open: a phone of its own, which writes nothing.
    pub(crate) fn open_read_only(config: Config, ports: Ports) -> Result<Arc<Self>, HealthcodeError> {
        let roots = config.roots()?;
        let store = Store::open_read_only(&canonical_path(&config.database)?, &ports.vault)?;
        Ok(Arc::new(Self::start(config, ports, store, roots)?))
    }

    fn start(config: Config, ports: Ports, store: Store, roots: RootSet) -> Result<Self, HealthcodeError> {
        let reading = read_clock(&ports)?;
        let kept = Kept::read(&store)?;
        let session = BootSession(random::bytes()?);
        let in_force = kept.open(&config, &roots);
        let floor = config.built_at;
        let mut clock = kept.clock.clone().unwrap_or_else(|| TrustedClock::new(floor, &reading, session));
        // An update of the app knows a later time.
        clock.look(&reading, || session).at_least(floor);
        let Kept { named, published: source, .. } = kept;
        let state = State {
            clock,
            written_at_boot: i64::MIN,
            in_force,
            staged: None,
            named,
            named_at_start: named,
            source,
        };
        Ok(Self {
            config,
            ports,
            store,
            embedded: roots,
            state: Mutex::new(state),
            gate: Mutex::new(None),
            publishing: Mutex::new(()),
            moving: Mutex::new(()),
            exchanges: AtomicU32::new(0),
            #[cfg(feature = "http")]
            flight: tokio::sync::Mutex::new(()),
            #[cfg(feature = "http")]
            fetching: tokio::sync::Mutex::new(()),
            #[cfg(feature = "http")]
            flights: super::flight::Flights::default(),
        })
    }

    /// Looks at the time; once a minute, and after a start of the device, it is written down.
    pub(crate) fn now(&self) -> Result<Now, HealthcodeError> {
        let (now, due) = self.look()?;
        // Where the file is only looked at, whoever writes it keeps the clock.
        if due && self.store.writable().is_ok() {
            self.clock_is_written(&now);
            // A clock that cannot be written down is lower after a restart, which is safe: no call fails for it.
            if let Err(error) = self.store.write_unseen(|file| self.put_clock(file)) {
                self.log(LogLevel::Warning, format!("clock not written: {error}"));
                self.state().written_at_boot = i64::MIN;
            }
        }
        Ok(now)
    }

    /// Looks at the time, and says whether it is due to be written down. For who writes it down with other changes,
    /// and says so by [`Self::clock_is_written`]: one wait for the disk instead of two.
    pub(crate) fn look(&self) -> Result<(Now, bool), HealthcodeError> {
        let fresh = BootSession(random::bytes()?);
        if self.store.writable().is_err() {
            self.look_again()?;
        }
        let mut state = self.state();
        let reading = self.read_clock(&state)?;
        let session = state.clock.evidence().session;
        state.clock.look(&reading, || fresh);
        if state.clock.evidence().session != session {
            state.written_at_boot = i64::MIN;
        }
        let due = state.written_at_boot == i64::MIN
            || reading.boot_millis.saturating_sub(state.written_at_boot) >= WRITE_CLOCK_MILLIS;
        let now = Now {
            lower_bound: state.clock.lower_bound(),
            estimate: state.clock.estimate(),
            firm: state.clock.firm(),
            wall: reading.wall,
            hint: state.clock.hint(reading.wall),
            boot_millis: reading.boot_millis,
            evidence: state.clock.evidence(),
            anchored: state.clock.is_anchored(),
        };
        Ok((now, due))
    }

    /// The clock of this look is in the file.
    pub(crate) fn clock_is_written(&self, now: &Now) {
        self.state().written_at_boot = now.boot_millis;
    }

    /// Where the file is only looked at: takes what the process that writes it has kept since the last look.
    fn look_again(&self) -> Result<(), HealthcodeError> {
        let kept = Kept::read(&self.store)?;
        let changed = self.state().source != kept.published;
        let opened = changed.then(|| kept.open(&self.config, &self.embedded));
        let mut state = self.state();
        if let Some(clock) = kept.clock {
            state.clock = clock;
        }
        state.named = kept.named;
        if let Some(in_force) = opened {
            (state.in_force, state.source) = (in_force, kept.published);
        }
        Ok(())
    }

    /// Writes the clock down with other changes.
    pub(crate) fn put_clock(&self, file: &Transaction<'_>) -> Result<(), StoreError> {
        let (clock, named, known) = {
            let state = self.state();
            (state.clock.clone(), state.named, state.named_at_start)
        };
        if named != known {
            file.put_json_document(NAMED, &named)?;
        }
        file.put_json_document(CLOCK, &clock)
    }

    /// Takes a verified anchor of the home issuer that answered a request of `asked`.
    pub(crate) fn take_anchor(
        &self,
        anchor: &Anchor,
        digest: [u8; 32],
        asked: &Now,
        listed_epoch: u32,
    ) -> Result<(), HealthcodeError> {
        let fresh = BootSession(random::bytes()?);
        let mut state = self.state();
        let reading = self.read_clock(&state)?;
        let looked = state.clock.look(&reading, || fresh);
        let taken = looked.anchor(anchor, digest, &asked.evidence, listed_epoch);
        if taken.is_ok() {
            state.named.root = state.named.root.max(anchor.root_version);
            state.named.trust_list = state.named.trust_list.max(anchor.trust_list_version);
        }
        drop(state);
        taken.map_err(|refused| {
            self.log(LogLevel::Warning, format!("anchor refused: {refused:?}"));
            HealthcodeError::bad_answer()
        })
    }

    /// Raises H to an anchor that a gate relayed, if it is the home issuer's.
    pub(crate) fn raise(&self, relayed: &[u8]) -> Result<(), HealthcodeError> {
        let Some(trust) = self.trust() else { return Ok(()) };
        let issuer = &self.config.issuer;
        let (Ok(anchor), Some(listed)) = (trust.open_from::<Anchor>(issuer, relayed), trust.issuer(issuer))
        else {
            return Ok(());
        };
        let fresh = BootSession(random::bytes()?);
        let mut state = self.state();
        let reading = self.read_clock(&state)?;
        state.clock.look(&reading, || fresh).raise(&anchor, listed.time_epoch);
        Ok(())
    }

    /// Reads the clocks. Only under the lock: of two readings the later one must be looked at later, or the boot clock
    /// would seem to have run backwards.
    fn read_clock(&self, _: &MutexGuard<'_, State>) -> Result<Reading, HealthcodeError> {
        read_clock(&self.ports)
    }

    /// An issuer as the trust list has it.
    pub(crate) fn issuer<'a>(trust: &'a TrustList, id: &str) -> Result<&'a Issuer, HealthcodeError> {
        trust.issuer(id).ok_or_else(|| HealthcodeError::field("issuer", "not-listed"))
    }

    /// Whether an exchange is under way.
    pub(crate) fn is_exchanging(&self) -> bool {
        self.exchanges.load(Ordering::SeqCst) > 0
    }

    pub(crate) fn log(&self, level: LogLevel, line: String) {
        self.ports.log(level, line);
    }

    pub(crate) fn moving(&self) -> MutexGuard<'_, ()> {
        self.moving.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn publishing(&self) -> MutexGuard<'_, ()> {
        self.publishing.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        // Every change of it is one assignment: a panic elsewhere leaves it sound.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// An exchange under way, for as long as it lives.
pub(crate) struct UnderWay(Arc<Phone>);

impl UnderWay {
    pub(crate) fn new(phone: &Arc<Phone>) -> Self {
        phone.exchanges.fetch_add(1, Ordering::SeqCst);
        phone.store.touch();
        Self(Arc::clone(phone))
    }
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        self.0.exchanges.fetch_sub(1, Ordering::SeqCst);
        self.0.store.touch();
    }
}

/// The place of a path among the open phones; while it is held, none is opened there.
pub(crate) fn place_of(path: &Path) -> Place {
    let mut open = OPEN.lock().unwrap_or_else(PoisonError::into_inner);
    let open = open.get_or_insert_default();
    // One that nobody holds, and whose phone is closed, is forgotten.
    open.retain(|_, place| {
        Arc::strong_count(place) > 1
            || place.lock().unwrap_or_else(PoisonError::into_inner).strong_count() > 0
    });
    Arc::clone(open.entry(path.to_owned()).or_default())
}

fn read_clock(ports: &Ports) -> Result<Reading, HealthcodeError> {
    let reading = ports.clock.read()?;
    Ok(Reading { boot_id: reading.boot_id, boot_millis: reading.boot_millis, wall: reading.wall })
}
