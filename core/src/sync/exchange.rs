//! The exchange as a state machine: it says which call to make, takes the reply, and goes on until nothing is left.
//! No I/O but the phone's own file, so that a test can lose, repeat and delay replies without a socket.

mod elsewhere;
mod follow;
mod rounds;

use std::collections::VecDeque;
use std::sync::Arc;

use self::rounds::Rounds;
use super::fetch::{CBOR, Fetch};
use super::outbox;
use super::phone::{Now, Phone, UnderWay};
use super::recovery::Recovery;
use super::reply::{Call, Reply, Unusable, seconds};
use super::report::{SubjectProblem, SyncReport};
use super::retry::RetryState;
use super::round::{Next, Round};
use crate::error::{HealthcodeError, NetworkKind, VaultKind};
use crate::platform::LogLevel;
use crate::random;
use crate::store::{StoreError, SubjectKey};
use crate::token::anchor::{Anchor, Nonce};
use crate::wire::message::ANCHOR_PATH;
use crate::wire::{Bytes, Problem, ProblemKind};

/// The name of the retry state's document.
pub(crate) const RETRY: &str = "retry";
/// The most root documents that one exchange follows: sets of as many years.
const MOST_ROOTS: u32 = 64;
/// A trust list this old is asked for anew, in hours.
const LIST_HOURS: i64 = 24;

/// What to do next.
#[derive(Debug)]
pub(crate) enum Step {
    /// Make this call and bring the reply.
    Send(Call),
    /// Nothing is left.
    Done(SyncReport),
}

enum Task {
    Fetch(Fetch),
    Anchor,
    /// The status lists that are due by then.
    StatusLists,
    /// One round about a subject; it may offer what the server signed and has lost.
    Subject(SubjectKey, Option<Recovery>),
}

enum Pending {
    Fetch(Fetch),
    Anchor { nonce: Nonce, asked: Now },
    Subject(Box<Round>),
}

/// One exchange.
pub(crate) struct Exchange {
    phone: Arc<Phone>,
    tasks: VecDeque<Task>,
    pending: Option<Pending>,
    gate: bool,
    refreshed: bool,
    /// How many root documents were asked for.
    roots: u32,
    /// The subjects whose operations were linked anew: once an exchange.
    relinked: Vec<SubjectKey>,
    report: SyncReport,
    /// What went wrong about one subject: the others come first, then it is told.
    failed: Option<HealthcodeError>,
    rounds: Rounds,
    under_way: Option<UnderWay>,
}

impl Exchange {
    /// An exchange for all subjects of this phone, or, with none, for what everybody may ask.
    pub(crate) fn begin(phone: Arc<Phone>) -> Result<Self, HealthcodeError> {
        // What is sent must be kept when it is answered.
        phone.store.writable()?;
        let now = phone.now()?;
        let (subjects, waits) = phone.store.read(|file| {
            let (mut subjects, mut waits) = (Vec::new(), false);
            for key in file.subjects()? {
                // One that was replaced has nothing to ask for, and says what it still has to say.
                let replaced = file.subject(&key)?.is_some_and(|body| body.replaced);
                let waiting = file.count_waiting(&key)? > 0;
                waits |= waiting;
                if !replaced || waiting {
                    subjects.push(key);
                }
            }
            Ok::<_, StoreError>((subjects, waits))
        })?;
        let mut tasks = VecDeque::new();
        let stale = phone.trust().is_none_or(|trust| {
            trust.is_expired(now.lower_bound)
                || now.lower_bound >= trust.content().issued_at.plus_hours(LIST_HOURS)
        });
        if stale {
            tasks.push_back(Task::Fetch(Fetch::TrustList));
        }
        if phone.rulebook().is_none() {
            tasks.push_back(Task::Fetch(Fetch::Rulebook));
        }
        // After a start of the device, and a day or more after the last anchor, what is known of the time lags, and with
        // it what the server can make of a tap.
        let home = subjects.iter().any(|key| phone.is_home(&key.issuer));
        if !home || now.estimate.is_none() || (waits && now.firm.is_none()) {
            tasks.push_back(Task::Anchor);
        }
        tasks.extend(elsewhere::in_turn(&phone, subjects));
        Ok(Self::of(phone, tasks, stale, false))
    }

    /// An exchange for a gate: its trust list, the time, the rulebook with the legal calendar, outage notices, and the
    /// status lists that are due.
    pub(crate) fn begin_gate(phone: Arc<Phone>) -> Self {
        let mut tasks = VecDeque::from([Task::Fetch(Fetch::TrustList), Task::Anchor]);
        if phone.rulebook().is_none() {
            tasks.push_back(Task::Fetch(Fetch::Rulebook));
        }
        tasks.extend([Task::Fetch(Fetch::Outages), Task::StatusLists]);
        // One that was published meanwhile is fetched too: the anchor names it.
        Self::of(phone, tasks, false, true)
    }

    fn of(phone: Arc<Phone>, tasks: VecDeque<Task>, refreshed: bool, gate: bool) -> Self {
        let under_way = Some(UnderWay::new(&phone));
        let (relinked, report) = (Vec::new(), SyncReport::default());
        Self {
            phone,
            tasks,
            pending: None,
            gate,
            refreshed,
            roots: 0,
            relinked,
            report,
            failed: None,
            rounds: Rounds::default(),
            under_way,
        }
    }

    /// Nothing comes of it any more: it failed.
    pub(crate) fn end(&mut self) {
        self.tasks.clear();
        self.under_way = None;
    }

    /// The next call, or the end.
    pub(crate) fn next(&mut self) -> Result<Step, HealthcodeError> {
        let Some(task) = self.tasks.pop_front() else {
            if let Some(failed) = self.failed.take() {
                return Err(failed);
            }
            let now = self.phone.now()?;
            let state = RetryState::succeeded(now.lower_bound);
            self.phone.store.write(|file| file.put_json_document(RETRY, &state))?;
            self.phone.log(LogLevel::Info, format!("sync: {:?}", self.report));
            super::purge::purge(&self.phone);
            self.under_way = None;
            return Ok(Step::Done(std::mem::take(&mut self.report)));
        };
        let (call, pending) = match task {
            Task::Fetch(fetch) => {
                let Some(call) = fetch.call() else {
                    fetch.miss(&self.phone, &HealthcodeError::bad_answer());
                    return self.next();
                };
                (call, Pending::Fetch(fetch))
            }
            Task::StatusLists => {
                let due = self.phone.lists_due(self.phone.now()?.best())?;
                due.into_iter().rev().for_each(|fetch| self.tasks.push_front(Task::Fetch(fetch)));
                return self.next();
            }
            Task::Anchor => {
                let nonce: Nonce = random::bytes()?;
                let path = format!("{ANCHOR_PATH}?nonce={}", Bytes(nonce.to_vec()).to_text());
                (Call::get(path, 1_024), Pending::Anchor { nonce, asked: self.phone.now()? })
            }
            Task::Subject(key, recovery) => match self.begin_round(key.clone(), recovery) {
                Ok((call, round)) => (call, Pending::Subject(Box::new(round))),
                Err(error) => {
                    self.put_off(&key, error)?;
                    return self.next();
                }
            },
        };
        self.pending = Some(pending);
        Ok(Step::Send(call))
    }

    fn begin_round(
        &mut self,
        key: SubjectKey,
        recovery: Option<Recovery>,
    ) -> Result<(Call, Round), HealthcodeError> {
        if !self.rounds.another(&key.issuer) {
            return Err(HealthcodeError::bad_answer());
        }
        Round::begin(&self.phone, key, recovery)
    }

    /// What is wrong with one subject alone is told after the others were seen to; anything else ends the exchange.
    fn put_off(&mut self, key: &SubjectKey, error: HealthcodeError) -> Result<(), HealthcodeError> {
        use HealthcodeError::{Internal, Network, Rejected, Replaced, UnknownSubject, Vault};
        if self.is_let_be(key, &error)? {
            return Ok(());
        }
        let of_one = match &error {
            Network { kind, .. } => *kind == NetworkKind::BadAnswer,
            Vault { kind } => *kind != VaultKind::Locked,
            Rejected { .. } | Internal { .. } | Replaced | UnknownSubject => true,
            _ => false,
        };
        if !of_one {
            return Err(error);
        }
        self.failed.get_or_insert(error);
        Ok(())
    }

    /// Takes the reply to the call of the last [`Exchange::next`].
    pub(crate) fn accept(&mut self, reply: &Reply) -> Result<(), HealthcodeError> {
        match self.pending.take() {
            None => Err(HealthcodeError::internal("exchange/unasked")),
            Some(Pending::Fetch(fetch)) => self.accept_fetched(&fetch, reply),
            Some(Pending::Anchor { nonce, asked }) => {
                let body = reply.body_of(CBOR)?.to_vec();
                match take_anchor(&self.phone, &body, nonce, &asked) {
                    Ok(anchor) => {
                        if self.gate {
                            self.phone.keep_relay(&body)?;
                        }
                        self.follow_up(&anchor)
                    }
                    Err(error) => self.refresh_or(error, Task::Anchor),
                }
            }
            Some(Pending::Subject(round)) => {
                let key = round.key.clone();
                self.accept_round(*round, reply).or_else(|error| self.put_off(&key, error))
            }
        }
    }

    /// Notes that the exchange failed, so that background work knows when to try again.
    pub(crate) fn failed(phone: &Phone, error: &HealthcodeError) -> Result<(), HealthcodeError> {
        let HealthcodeError::Network { retry_after, .. } = error else { return Ok(()) };
        let retry_after = retry_after.and_then(|wait| u32::try_from(wait.as_secs()).ok());
        let now = phone.now()?;
        let random = u64::from_be_bytes(random::bytes()?);
        phone.store.write(|file| {
            let state: RetryState = file.json_document(RETRY)?.unwrap_or_default();
            file.put_json_document(RETRY, &state.failed(now.lower_bound, retry_after, random))
        })?;
        Ok(())
    }

    fn accept_round(&mut self, round: Round, reply: &Reply) -> Result<(), HealthcodeError> {
        let key = round.key.clone();
        let body = match reply.body_of("application/json") {
            Ok(body) => body,
            Err(Unusable::Problem(problem, after)) => {
                return self.problem(&key, round.recovery(), problem, after);
            }
            Err(unusable) => return Err(unusable.into()),
        };
        match round.accept(&self.phone, body) {
            Ok(done) => {
                self.report.accepted += done.report.accepted;
                self.report.refused += done.report.refused;
                self.report.decisions += done.report.decisions;
                self.report.tokens += done.report.tokens;
                if done.replaced {
                    self.note(&key, &Problem::new(&ProblemKind::Replaced), None);
                }
                self.follow_up_of(&key, &done.anchor)?;
                self.go_on(key, done.next, done.report.waiting)
            }
            // Asked again, it offers again what was lost: the answer still names from where.
            Err(error) => self.refresh_or(error, Task::Subject(key, None)),
        }
    }

    fn go_on(&mut self, key: SubjectKey, next: Next, waiting: u32) -> Result<(), HealthcodeError> {
        match next {
            Next::Again => self.in_its_turn(key, None),
            Next::Recover(next) => self.in_its_turn(key, Some(next)),
            Next::Relink(head) if !self.relinked.contains(&key) => {
                outbox::relink(&self.phone, &key, head)?;
                self.phone.log(LogLevel::Warning, "what waits was linked anew".to_owned());
                self.relinked.push(key.clone());
                self.tasks.push_front(Task::Subject(key, None));
            }
            Next::Relink(_) | Next::Done => self.report.waiting += waiting,
        }
        Ok(())
    }

    fn problem(
        &mut self,
        key: &SubjectKey,
        recovery: Option<Recovery>,
        problem: Problem,
        retry_after: Option<u32>,
    ) -> Result<(), HealthcodeError> {
        let known = problem.expected.unwrap_or(0);
        match problem.kind() {
            // The server has forgotten where we were, and perhaps more: the next request asks for all of it, and
            // offers what was signed beyond what it knows, from further back if it knows less than it said first. The
            // cursor stays until that is done.
            ProblemKind::CursorGone if recovery.is_none_or(|offered| known < offered.beyond) => {
                let recovery = Recovery::beyond(known);
                self.tasks.push_front(Task::Subject(key.clone(), Some(recovery)));
                Ok(())
            }
            ProblemKind::Replaced | ProblemKind::UnknownSubject => {
                let replaced = problem.kind() == ProblemKind::Replaced;
                self.phone.store.write(|file| {
                    let Some(mut body) = file.subject(key)? else { return Ok(()) };
                    (body.replaced, body.unknown) = (body.replaced || replaced, body.unknown || !replaced);
                    file.put_subject(key, &body)
                })?;
                self.note(key, &problem, retry_after);
                Ok(())
            }
            ProblemKind::EnrolmentPending => {
                self.note(key, &problem, retry_after);
                Ok(())
            }
            _ => Err(Unusable::Problem(problem, retry_after).into()),
        }
    }

    fn note(&mut self, key: &SubjectKey, problem: &Problem, retry_after: Option<u32>) {
        self.report.problems.push(SubjectProblem {
            subject: key.subject.to_string(),
            problem: problem.kind().word().to_owned(),
            retry_after: seconds(problem.retry_after.max(retry_after)),
        });
    }

    /// An object that does not verify may be of a key that our list does not have yet: once, the list is fetched and
    /// the task done again. What was sent takes effect once, however often it is sent.
    fn refresh_or(&mut self, error: HealthcodeError, task: Task) -> Result<(), HealthcodeError> {
        let unverified = matches!(error, HealthcodeError::Network { kind: NetworkKind::BadAnswer, .. });
        if !unverified || self.refreshed {
            return Err(error);
        }
        self.refreshed = true;
        self.tasks.push_front(task);
        self.tasks.push_front(Task::Fetch(Fetch::TrustList));
        Ok(())
    }
}

fn take_anchor(phone: &Phone, body: &[u8], nonce: Nonce, asked: &Now) -> Result<Anchor, HealthcodeError> {
    let (anchor, digest, epoch) = verify_anchor(phone, &phone.config.issuer, body, nonce)?;
    phone.take_anchor(&anchor, digest, asked, epoch)?;
    phone.store.write(|file| phone.put_clock(file))?;
    Ok(anchor)
}

/// Verifies an authority's anchor that answers our nonce. Also its digest, and the epoch that the list allows.
pub(crate) fn verify_anchor(
    phone: &Phone,
    issuer: &str,
    bytes: &[u8],
    nonce: Nonce,
) -> Result<(Anchor, [u8; 32], u32), HealthcodeError> {
    use sha2::{Digest, Sha256};
    let trust = phone.trust().ok_or_else(HealthcodeError::bad_answer)?;
    let issuer = Phone::issuer(&trust, issuer)?;
    let anchor: Anchor = trust.open_from(&issuer.id, bytes).map_err(|_| HealthcodeError::bad_answer())?;
    if anchor.nonce != Some(nonce) {
        return Err(HealthcodeError::bad_answer());
    }
    Ok((anchor, Sha256::digest(bytes).into(), issuer.time_epoch))
}

/// When background work may try again.
pub(crate) fn retry_state(phone: &Phone) -> Result<RetryState, StoreError> {
    Ok(phone.store.read(|file| file.json_document(RETRY))?.unwrap_or_default())
}
