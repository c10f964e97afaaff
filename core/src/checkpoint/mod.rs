//! The object that a checkpoint's app holds: it verifies codes offline. Of a scanned code nothing is stored; what was
//! seen lives in memory, for as long as a code is fresh. What never enters: a reason for a colour, a list of people.

#![allow(clippy::needless_pass_by_value, reason = "what crosses the border is owned")]

mod both;
mod counts;
mod documents;
mod lane;
mod memory;
#[cfg(feature = "http")]
mod network;
mod status;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

pub use counts::HourCount;
pub use documents::Loaded;
pub use lane::Lane;
pub use status::{CheckpointStatus, GateTimeState, OutageState, PolicyChoice, StatusListState};

use both::Both;
use counts::Counts;
use memory::Memory;

use crate::error::HealthcodeError;
use crate::platform::Ports;
use crate::qr::{CodePicture, Shade};
use crate::random;
use crate::rules::calendar::{LegalDate, Timestamp};
use crate::rules::gate_policy::{Direction, GatePolicy};
use crate::rules::text::Text;
use crate::sync::cancel::Hold;
use crate::sync::exchange::Exchange;
use crate::sync::gate_documents::GateDocuments;
use crate::sync::phone::{Now, Phone};
use crate::sync::{Config, SyncExchange};
use crate::token::challenge::LIFETIME_MILLIS;
use crate::token::code_text::{CodeText, Prefix};
use crate::token::gate::{Gate, GateTime, Judged, OpenChallenge};
use crate::token::{BootSession, Challenge, Verdict};

/// A checkpoint's phone: one lane, with one camera and one display. Every method may be called from any thread.
#[derive(uniffi::Object)]
pub struct Checkpoint {
    hold: Arc<Hold>,
    lane: Lane,
    /// What holds where the lane names no policy.
    default_policy: GatePolicy,
    state: Mutex<State>,
}

struct State {
    memory: Memory,
    both: Both,
    challenge: Option<OpenedChallenge>,
    /// The date that the staff confirmed: the boot session, the boot clock, and the time that was shown then.
    confirmed: Option<(BootSession, i64, Timestamp)>,
    counts: Counts,
    /// Whether the phone's own clock is taken for sure.
    assumed: bool,
}

/// The challenge that is open, as it was shown, and the boot clock of that moment.
struct OpenedChallenge {
    open: OpenChallenge,
    shown: ShownChallenge,
    at: i64,
}

/// A challenge to show to a resident's phone.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct ShownChallenge {
    /// The text in the QR code.
    pub text: String,
    /// The QR code.
    pub picture: CodePicture,
    /// The frame: none, a challenge rates nobody.
    pub shade: Shade,
    /// How long an answer is taken, from when it was opened.
    pub valid_for: Duration,
}

/// What a scan came to.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct Scan {
    /// The verdict.
    pub verdict: Verdict,
    /// What the staff do, in both languages.
    pub action: Text,
    /// The challenge to show now: there is one whenever the verdict asks for an answer and the lane can show it.
    pub challenge: Option<ShownChallenge>,
}

impl Checkpoint {
    /// Opens the phone's file, made if there is none.
    ///
    /// # Errors
    ///
    /// As [`crate::resident::Resident::open`]; `InvalidField` for the gate's name.
    pub fn open(config: Config, ports: Ports, lane: Lane) -> Result<Arc<Self>, HealthcodeError> {
        if !Challenge::is_gate_name(&lane.gate) {
            return Err(HealthcodeError::field("gate", "too-long"));
        }
        let phone = Phone::open(config, ports)?;
        let now = phone.now()?;
        // What was shown before this start may have been seen here: only newer presentations are taken.
        let floor = now.firm.map_or(now.lower_bound, |(now, _)| now);
        let counts = Counts::new();
        let state = State {
            memory: Memory::new(floor),
            both: Both::default(),
            challenge: None,
            confirmed: None,
            counts,
            assumed: false,
        };
        let hold = Arc::new(Hold::new(phone));
        let default_policy = GatePolicy::default();
        Ok(Arc::new(Self { hold, lane, default_policy, state: Mutex::new(state) }))
    }

    /// Takes this machine's own clock for sure: for a command line whose user has said so. Not for apps, whose users
    /// can set their phone's clock; it does not cross to Kotlin and Swift.
    pub fn assume_clock(&self) {
        self.state().assumed = true;
    }
}

/// [`Checkpoint::open`], as a function: the generator does not rename what a constructor returns.
///
/// # Errors
///
/// As [`Checkpoint::open`].
#[uniffi::export]
pub fn open_checkpoint(config: Config, ports: Ports, lane: Lane) -> Result<Arc<Checkpoint>, HealthcodeError> {
    Checkpoint::open(config, ports, lane)
}

#[uniffi::export]
impl Checkpoint {
    /// Closes this object: calls of it that are under way, and every later one, end with `Closed`. The file is closed
    /// with the last object that has it open. Closing twice is well.
    ///
    /// # Errors
    ///
    /// None today.
    #[allow(
        clippy::unnecessary_wraps,
        reason = "only a fallible call turns a panic into an error on every platform"
    )]
    pub fn shut_down(&self) -> Result<(), HealthcodeError> {
        if let Ok(phone) = self.hold.phone() {
            self.state().counts.write(&phone);
        }
        self.hold.close();
        Ok(())
    }

    /// Judges a scanned text. Each verdict has one action; where it asks for an answer, the challenge to show comes with
    /// it. The same text within three seconds of its last scan repeats its verdict. Of two authorities' codes of one
    /// person within a minute the stricter verdict counts. Needs no network.
    ///
    /// # Errors
    ///
    /// `Port`, `Storage`: the phone itself is in trouble. Whatever was scanned comes to a verdict.
    #[uniffi::method(default(direction = None))]
    pub fn verify(&self, text: String, direction: Option<Direction>) -> Result<Scan, HealthcodeError> {
        let phone = self.hold.phone()?;
        let now = phone.now()?;
        let direction = direction.unwrap_or_default();
        let mut state = self.state();
        state.drop_late_challenge(now.boot_millis);
        if let Some(verdict) = state.memory.repeated(&text, direction, now.boot_millis) {
            let verdict = state.both.stricter(verdict, now.boot_millis);
            return self.scan(&phone, &mut state, verdict, &now);
        }
        let time = gate_time(&now, &state);
        let judged = self.judge(&phone, &state, time, &text, direction)?;
        if judged.answered {
            state.challenge = None;
        }
        if let Some(key) = judged.seen {
            state.memory.see(key, time);
        }
        state.memory.remember(text, direction, judged.verdict.clone(), now.boot_millis);
        let verdict = state.both.stricter(judged.verdict, now.boot_millis);
        let at = match time {
            GateTime::Firm { now, .. } | GateTime::Coarse { now } => now,
            GateTime::None => now.best(),
        };
        state.counts.count(&phone, at, verdict.name(), now.boot_millis);
        self.scan(&phone, &mut state, verdict, &now)
    }

    /// Opens a challenge to show; one that was open before is closed by it. It takes one answer within a minute.
    ///
    /// # Errors
    ///
    /// `Port`, `Storage`.
    pub fn challenge(&self) -> Result<ShownChallenge, HealthcodeError> {
        let phone = self.hold.phone()?;
        let now = phone.now()?;
        self.open_challenge(&phone, &mut self.state(), &now)
    }

    /// Takes the staff's word that `date` is today's date, once in a start of the phone, where no server's time has
    /// come since. The time runs on by a clock that nobody can set.
    ///
    /// # Errors
    ///
    /// `InvalidField` when the phone's own clock shows another date, or one that has passed; `NotSynced` before the
    /// first sync.
    pub fn confirm_date(&self, date: LegalDate) -> Result<(), HealthcodeError> {
        let phone = self.hold.phone()?;
        let now = phone.now()?;
        let rulebook = phone.rulebook().filter(|_| now.anchored).ok_or(HealthcodeError::NotSynced)?;
        if now.wall < now.lower_bound {
            return Err(HealthcodeError::field("date", "in-the-past"));
        }
        if rulebook.offset_minutes.date_of(now.wall) != date {
            return Err(HealthcodeError::field("date", "another-date"));
        }
        self.state().confirmed = Some((now.evidence.session, now.boot_millis, now.wall));
        Ok(())
    }

    /// Begins an exchange over the app's own HTTP stack.
    ///
    /// # Errors
    ///
    /// `Closed`.
    pub fn exchange(&self) -> Result<Arc<SyncExchange>, HealthcodeError> {
        Ok(SyncExchange::of(Exchange::begin_gate(self.hold.phone()?), &self.hold))
    }
}

impl Checkpoint {
    fn judge(
        &self,
        phone: &Phone,
        state: &State,
        time: GateTime,
        text: &str,
        direction: Direction,
    ) -> Result<Judged, HealthcodeError> {
        let (trust, documents) = (phone.current_trust(), phone.gate_documents()?);
        // A lane whose policy did not come judges by no other.
        let policy = self.policy(&documents);
        let trust = trust.filter(|_| policy.is_some());
        let judged = Gate {
            direction,
            takes_answers: self.lane.shows_challenges,
            status: &|issuer, reference| documents.status(issuer, reference),
            outages: &documents.outages,
            challenge: state.challenge.as_ref().map(|challenge| &challenge.open),
            seen: &|key| state.memory.has_seen(key, time),
            ..Gate::new(time, trust.as_deref(), policy.unwrap_or(&self.default_policy))
        }
        .judge(text);
        if let Some(holder) = judged.verdict.holder() {
            phone.meet(&holder.issuer)?;
        }
        Ok(judged)
    }

    /// The lane's policy; none where the one that it names is not here.
    fn policy<'a>(&'a self, documents: &'a GateDocuments) -> Option<&'a GatePolicy> {
        match &self.lane.policy {
            None => Some(&self.default_policy),
            Some(id) => documents.policies.as_ref()?.gate(id),
        }
    }

    /// The verdict, with the open challenge or a new one where it asks for an answer.
    fn scan(
        &self,
        phone: &Phone,
        state: &mut State,
        verdict: Verdict,
        now: &Now,
    ) -> Result<Scan, HealthcodeError> {
        let asks = matches!(verdict, Verdict::AskForAnswer { .. }) && self.lane.shows_challenges;
        let challenge = match &state.challenge {
            _ if !asks => None,
            Some(challenge) => Some(challenge.shown.clone()),
            None => Some(self.open_challenge(phone, state, now)?),
        };
        Ok(Scan { action: verdict.action(), verdict, challenge })
    }

    fn open_challenge(
        &self,
        phone: &Phone,
        state: &mut State,
        now: &Now,
    ) -> Result<ShownChallenge, HealthcodeError> {
        let relay = phone.gate_documents()?.relay.clone();
        let challenge = Challenge::new(random::bytes()?, &self.lane.gate, relay);
        let bytes = challenge.to_bytes();
        let text = CodeText::write(Prefix::Challenge, &bytes);
        let shown = ShownChallenge {
            picture: CodePicture::of(&text)?,
            text,
            shade: Shade::Plain,
            valid_for: Duration::from_millis(LIFETIME_MILLIS.unsigned_abs()),
        };
        let open = OpenChallenge { bytes, short_nonce: challenge.short_nonce() };
        state.challenge = Some(OpenedChallenge { open, shown: shown.clone(), at: now.boot_millis });
        Ok(shown)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Every change of it is whole: a panic elsewhere leaves it sound.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn drop_late_challenge(&mut self, boot_millis: i64) {
        let late = |opened: i64| boot_millis < opened || boot_millis - opened > LIFETIME_MILLIS;
        self.challenge.take_if(|challenge| late(challenge.at));
    }
}

/// What the gate knows of the time: a server's, else the staff's word, else nothing.
fn gate_time(now: &Now, state: &State) -> GateTime {
    if state.assumed {
        return GateTime::Firm { now: now.wall, uncertainty_millis: 0 };
    }
    if let Some((now, uncertainty_millis)) = now.firm {
        return GateTime::Firm { now, uncertainty_millis };
    }
    match state.confirmed {
        Some((session, boot_millis, wall)) if session == now.evidence.session && now.anchored => {
            let at = wall.plus_millis(now.boot_millis.saturating_sub(boot_millis));
            GateTime::Coarse { now: at.max(now.lower_bound) }
        }
        _ => GateTime::None,
    }
}

impl std::fmt::Debug for Checkpoint {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Checkpoint(..)")
    }
}
