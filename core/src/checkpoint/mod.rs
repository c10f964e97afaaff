//! The object that a checkpoint's app holds: it verifies codes offline. Of a scanned code nothing is stored; what was
//! seen lives in memory, for as long as a code is fresh. What never enters: a reason for a colour, a list of people.

#![allow(clippy::needless_pass_by_value, reason = "what crosses the border is owned")]

mod memory;
#[cfg(feature = "http")]
mod network;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use memory::Memory;

use crate::error::HealthcodeError;
use crate::platform::Ports;
use crate::qr::{CodePicture, Shade};
use crate::random;
use crate::rules::calendar::{LegalDate, Timestamp};
use crate::rules::gate_policy::{Direction, GatePolicy};
use crate::sync::cancel::Hold;
use crate::sync::exchange::Exchange;
use crate::sync::phone::{Now, Phone};
use crate::sync::{Config, SyncExchange};
use crate::time::ClockHint;
use crate::token::challenge::LIFETIME_MILLIS;
use crate::token::code_text::{CodeText, Prefix};
use crate::token::gate::{Gate, GateTime, OpenChallenge};
use crate::token::{BootSession, Challenge, Verdict};

/// A checkpoint's phone: one lane, with one camera and one display. Every method may be called from any thread.
#[derive(uniffi::Object)]
pub struct Checkpoint {
    hold: Arc<Hold>,
    gate: String,
    policy: GatePolicy,
    state: Mutex<State>,
}

struct State {
    memory: Memory,
    challenge: Option<(OpenChallenge, i64)>,
    /// The date that the staff confirmed: the boot session, the boot clock, and the time that was shown then.
    confirmed: Option<(BootSession, i64, Timestamp)>,
}

/// What a gate knows of the time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, uniffi::Enum)]
pub enum GateTimeState {
    /// From a server, in this start of the phone: codes are judged as they are shown.
    Firm,
    /// From the phone's own clock, its date confirmed by the staff: codes must answer a challenge.
    Coarse,
    /// From the phone's own clock: show its date to the staff, then [`Checkpoint::confirm_date`].
    ConfirmDate,
    /// Not at all: connect first.
    None,
}

/// Where a checkpoint stands.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct CheckpointStatus {
    /// What the gate knows of the time.
    pub time: GateTimeState,
    /// The time by which it judges, or would once its date is confirmed.
    pub now: Timestamp,
    /// The legal date of `now`; none before the first sync.
    pub date: Option<LegalDate>,
    /// What to tell the staff when the phone's own clock is wrong.
    pub hint: Option<ClockHint>,
    /// The version of the trust list; none before the first sync.
    pub trust_list_version: Option<u32>,
    /// When the trust list expires: sync before.
    pub trust_list_expires_at: Option<Timestamp>,
    /// How many issuers it knows.
    pub issuers: u32,
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
    /// How long an answer is taken.
    pub valid_for: Duration,
}

impl Checkpoint {
    /// Opens the phone's file, made if there is none. `gate` is the name that residents see on a challenge, at most
    /// 24 bytes of UTF-8.
    ///
    /// # Errors
    ///
    /// As [`crate::resident::Resident::open`]; `InvalidField` for the gate's name.
    pub fn open(config: Config, ports: Ports, gate: String) -> Result<Arc<Self>, HealthcodeError> {
        if !Challenge::is_gate_name(&gate) {
            return Err(HealthcodeError::field("gate", "too-long"));
        }
        let phone = Phone::open(config, ports)?;
        let now = phone.now()?;
        // What was shown before this start may have been seen here: only newer presentations are taken.
        let floor = now.firm.map_or(now.lower_bound, |(now, _)| now);
        let state = State { memory: Memory::new(floor), challenge: None, confirmed: None };
        let hold = Arc::new(Hold::new(phone));
        Ok(Arc::new(Self { hold, gate, policy: GatePolicy::default(), state: Mutex::new(state) }))
    }
}

/// [`Checkpoint::open`], as a function: the generator does not rename what a constructor returns.
///
/// # Errors
///
/// As [`Checkpoint::open`].
#[uniffi::export]
pub fn open_checkpoint(
    config: Config,
    ports: Ports,
    gate: String,
) -> Result<Arc<Checkpoint>, HealthcodeError> {
    Checkpoint::open(config, ports, gate)
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
        self.hold.close();
        Ok(())
    }

    /// Judges a scanned text. Each verdict has one action; the same text within three seconds of its last scan
    /// repeats its verdict. Needs no network.
    ///
    /// # Errors
    ///
    /// `Port`, `Storage`: the phone itself is in trouble. Whatever was scanned comes to a verdict.
    pub fn verify(&self, text: String) -> Result<Verdict, HealthcodeError> {
        let phone = self.hold.phone()?;
        let (now, trust) = (phone.now()?, phone.trust());
        let mut state = self.state();
        if let Some(verdict) = state.memory.repeated(&text, now.boot_millis) {
            return Ok(verdict);
        }
        state.drop_late_challenge(now.boot_millis);
        let time = gate_time(&now, &state);
        let judged = Gate {
            time,
            trust: trust.as_deref(),
            policy: &self.policy,
            direction: Direction::In,
            takes_answers: true,
            status: &|_, _| None,
            outages: &[],
            challenge: state.challenge.as_ref().map(|(open, _)| open),
            seen: &|key| state.memory.has_seen(key, time),
        }
        .judge(&text);
        if judged.answered {
            state.challenge = None;
        }
        if let Some(key) = judged.seen {
            state.memory.see(key, time);
        }
        state.memory.remember(text, judged.verdict.clone(), now.boot_millis);
        Ok(judged.verdict)
    }

    /// Opens a challenge to show; one that was open before is closed by it. It takes one answer within a minute.
    ///
    /// # Errors
    ///
    /// `Port`, `Storage`.
    pub fn challenge(&self) -> Result<ShownChallenge, HealthcodeError> {
        let now = self.hold.phone()?.now()?;
        let challenge = Challenge::new(random::bytes()?, &self.gate, None);
        let bytes = challenge.to_bytes();
        let text = CodeText::write(Prefix::Challenge, &bytes);
        let picture = CodePicture::of(&text)?;
        let open = OpenChallenge { bytes, short_nonce: challenge.short_nonce() };
        self.state().challenge = Some((open, now.boot_millis));
        Ok(ShownChallenge {
            text,
            picture,
            shade: Shade::Plain,
            valid_for: Duration::from_millis(LIFETIME_MILLIS.unsigned_abs()),
        })
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

    /// Where this checkpoint stands: what it knows of the time, and how old its trust list is.
    ///
    /// # Errors
    ///
    /// `Port`, `Storage`.
    pub fn status(&self) -> Result<CheckpointStatus, HealthcodeError> {
        let phone = self.hold.phone()?;
        let now = phone.now()?;
        let (time, at) = match gate_time(&now, &self.state()) {
            GateTime::Firm { now, .. } => (GateTimeState::Firm, now),
            GateTime::Coarse { now } => (GateTimeState::Coarse, now),
            GateTime::None if now.anchored && now.wall >= now.lower_bound => {
                (GateTimeState::ConfirmDate, now.wall)
            }
            GateTime::None => (GateTimeState::None, now.lower_bound),
        };
        let trust = phone.trust();
        let content = trust.as_ref().map(|trust| trust.content());
        Ok(CheckpointStatus {
            time,
            now: at,
            date: phone.rulebook().map(|rulebook| rulebook.offset_minutes.date_of(at)),
            hint: now.hint,
            trust_list_version: content.map(|content| content.version),
            trust_list_expires_at: content.map(|content| content.expires_at),
            issuers: content.map_or(0, |content| u32::try_from(content.issuers.len()).unwrap_or(u32::MAX)),
        })
    }
}

impl Checkpoint {
    fn state(&self) -> MutexGuard<'_, State> {
        // Every change of it is whole: a panic elsewhere leaves it sound.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn drop_late_challenge(&mut self, boot_millis: i64) {
        let late = |opened: i64| boot_millis < opened || boot_millis - opened > LIFETIME_MILLIS;
        self.challenge.take_if(|(_, opened)| late(*opened));
    }
}

/// What the gate knows of the time: a server's, else the staff's word, else nothing.
fn gate_time(now: &Now, state: &State) -> GateTime {
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
