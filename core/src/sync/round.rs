//! One round of the exchange for one subject: a signed request out, its answer verified and kept in one transaction.

use super::care;
use super::exchange::verify_anchor;
use super::phone::{Now, Phone};
use super::recovery::{self, Part, Recovery};
use super::reply::{Call, Method, read_answer};
use super::report::SyncReport;
use crate::error::{HealthcodeError, StorageKind};
use crate::platform::LogLevel;
use crate::random;
use crate::rules::calendar::Timestamp;
use crate::store::{KeptDecision, OutboxAnswer, OutboxState, SubjectBody, SubjectKey, Transaction, Waiting};
use crate::token::anchor::{Anchor, Nonce};
use crate::token::decision::{Judgement, KeyNotice, Order, RatingReceipt, Release};
use crate::token::gate_token::GateToken;
use crate::token::ids::{OperationId, SubjectId};
use crate::token::key::PublicKey;
use crate::token::trust_list::{Object, TrustList};
use crate::token::{ActNotice, AppealNotice, PaperNotice, ServedNotice, Sign1, cbor};
use crate::wire::link::Head;
use crate::wire::message::{
    Change, ChangeKind, LinkedOperation, MAX_BATCH, MAX_REQUEST_BYTES, MAX_RESPONSE_BYTES, Outcome,
    OutcomeKind, SYNC_PATH, SyncRequest, SyncResponse,
};
use crate::wire::{Bytes, Link, Receipt, RequestClaims};

/// The most bytes of operations and links in one request; base64 makes four thirds of them.
const MAX_BATCH_BYTES: usize = MAX_REQUEST_BYTES / 2;

/// A request under way.
pub(crate) struct Round {
    pub(crate) key: SubjectKey,
    nonce: Nonce,
    asked: Now,
    holder: PublicKey,
    /// What was sent: each operation and its link.
    sent: Vec<(OperationId, Bytes)>,
    /// What it offers of what the server asked for because it has lost it.
    recovery: Option<Recovery>,
    /// Where more of that follows.
    next_recovered: Option<Recovery>,
}

/// What a round came to.
pub(crate) struct RoundDone {
    pub(crate) report: SyncReport,
    pub(crate) anchor: Anchor,
    /// Whether another phone has taken this one's place.
    pub(crate) replaced: bool,
    pub(crate) next: Next,
}

/// What comes after a round.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Next {
    /// Nothing: all is sent and fetched, or does not move.
    Done,
    /// There is more to send or to fetch.
    Again,
    /// A link did not continue its segment: link what waits anew on this head, then send it again.
    Relink(Head),
    /// Offer the next part of what the server has lost.
    Recover(Recovery),
}

impl Round {
    /// Makes the request of a subject from what waits now. With a recovery, it offers its next part.
    pub(crate) fn begin(
        phone: &Phone,
        key: SubjectKey,
        recovery: Option<Recovery>,
    ) -> Result<(Call, Self), HealthcodeError> {
        let holder = phone.holder(&key)?;
        let (waiting, cursor, token, part) = phone.store.read(|file| {
            let part = recovery.map(|recovery| recovery::part(file, &key, recovery)).transpose()?;
            let waiting = match &part {
                // What it has lost comes first.
                Some(Part { next: Some(_), .. }) => Vec::new(),
                _ => file.waiting(&key, MAX_BATCH)?,
            };
            Ok::<_, HealthcodeError>((waiting, file.cursor(&key)?, file.token(&key)?, part))
        })?;
        let (recovered, next_recovered) = part.map_or((Vec::new(), None), |part| (part.recovered, part.next));
        let asked = phone.now()?;
        let token = token.map(|bytes| kept::<GateToken>(&bytes)).transpose()?;
        let token = token.map(|token| Bytes(token.id.to_vec()));
        // What is offered and what is new go into one request of bounded size.
        let room = if recovered.is_empty() { MAX_BATCH_BYTES } else { MAX_BATCH_BYTES / 4 };
        let (sent, operations) = batch(waiting, room);
        let request = SyncRequest {
            evidence: asked.evidence,
            cursor,
            token,
            operations,
            recovered,
            recovered_after: recovery.map(|recovery| recovery.beyond),
            more_recovered: next_recovered.is_some(),
        };
        let body = serde_json::to_vec(&request).map_err(|_| HealthcodeError::internal("round/json"))?;
        let nonce = random::bytes()?;
        let claims = RequestClaims::new(SYNC_PATH, &body, &key.issuer, nonce, Some(key.subject));
        let signature = Some(claims.sign(holder.as_ref())?);
        let call = Call {
            method: Method::Post,
            server: phone.server_of(&key.issuer)?,
            path: SYNC_PATH.to_owned(),
            body,
            signature,
            limit: MAX_RESPONSE_BYTES as u64,
        };
        let holder = holder.public_key();
        Ok((call, Self { key, nonce, asked, holder, sent, recovery, next_recovered }))
    }

    /// Verifies the answer whole, then keeps it whole.
    pub(crate) fn accept(self, phone: &Phone, body: &[u8]) -> Result<RoundDone, HealthcodeError> {
        let response: SyncResponse = read_answer(body)?;
        let (anchor, digest, epoch) = verify_anchor(phone, &self.key.issuer, &response.anchor.0, self.nonce)?;
        let trust = phone.trust().ok_or_else(HealthcodeError::bad_answer)?;
        let mut report = SyncReport::default();
        let answers = self.verify_outcomes(&trust, &response.outcomes, &mut report)?;
        let decisions = self.verify_changes(&trust, &response.changes, phone)?;
        report.decisions = count(decisions.len());
        let token = response.token.clone().map(|token| self.verify_token(&trust, token)).transpose()?;
        report.tokens = count(usize::from(token.is_some()));

        let replaced = response.replaced;
        // Another authority's clock is not this phone's.
        if phone.is_home(&self.key.issuer) {
            phone.take_anchor(&anchor, digest, &self.asked, epoch)?;
        }
        if let Some(next) = self.next_recovered {
            phone.store.write_unseen(|file| phone.put_clock(file))?;
            return Ok(RoundDone { report, anchor, replaced, next: Next::Recover(next) });
        }
        let waiting = phone.store.write(|file: &Transaction<'_>| {
            // Erased while the request was under way: nothing about the subject comes back.
            if file.subject(&self.key)?.is_none() {
                return Ok(0);
            }
            for (operation, state, answer) in &answers {
                file.answer(&self.key, *operation, *state, answer)?;
            }
            for (serial, decision) in &decisions {
                file.put_decision(&self.key, *serial, decision)?;
            }
            if let Some(token) = &token {
                self.put_token(file, token)?;
            }
            // What a replaced phone is told ends here: if it enrols again, it asks from where it was.
            if !replaced {
                file.put_cursor(&self.key, Some(&response.cursor))?;
            }
            self.put_subject(file, &response, &decisions, anchor.at)?;
            phone.put_clock(file)?;
            Ok::<_, HealthcodeError>(file.count_waiting(&self.key)?)
        })?;
        report.waiting = waiting;
        let stuck = response.outcomes.iter().any(|outcome| outcome.outcome == OutcomeKind::Retry);
        let head = response.head.filter(|_| stuck).and_then(|head| head.0.as_slice().try_into().ok());
        // Only while something moves: a server that takes nothing is not asked in a loop.
        let next = match head {
            Some(head) => Next::Relink(head),
            None if response.more || (waiting > 0 && (self.sent.is_empty() || !answers.is_empty())) => {
                Next::Again
            }
            None => Next::Done,
        };
        Ok(RoundDone { report, anchor, replaced, next })
    }

    /// What it offered of what the server has lost.
    pub(crate) const fn recovery(&self) -> Option<Recovery> {
        self.recovery
    }

    /// Keeps a token, but where a later one is kept: an answer may be overtaken by the next one's.
    fn put_token(&self, file: &Transaction<'_>, token: &[u8]) -> Result<(), HealthcodeError> {
        let later = match file.token(&self.key)? {
            Some(known) => kept::<GateToken>(&known)?.issued_at > kept::<GateToken>(token)?.issued_at,
            None => false,
        };
        if !later {
            file.put_token(&self.key, token)?;
        }
        Ok(())
    }

    /// What the answer says of the subject's row, written where it is news.
    fn put_subject(
        &self,
        file: &Transaction<'_>,
        response: &SyncResponse,
        decisions: &[(u64, KeptDecision)],
        now: Timestamp,
    ) -> Result<(), HealthcodeError> {
        let Some(mut body) = file.subject(&self.key)? else { return Ok(()) };
        // One of a time before is of a phone that came and went.
        let takeover = self.takeover(&body, decisions)?.filter(|(_, from)| *from > now);
        let carers = care::carers(&body, decisions)?;
        let news = (response.replaced, false, response.spread.unwrap_or(0), takeover, carers);
        if (body.replaced, body.unknown, body.spread, body.takeover.clone(), body.carers.clone()) != news {
            (body.replaced, body.unknown, body.spread, body.takeover, body.carers) = news;
            file.put_subject(&self.key, &body)?;
        }
        Ok(())
    }

    /// The key that waits to take this one's place, after what was said since of keys of the same owner.
    fn takeover(
        &self,
        body: &SubjectBody,
        decisions: &[(u64, KeptDecision)],
    ) -> Result<Option<(Bytes, Timestamp)>, HealthcodeError> {
        let mut takeover = body.takeover.clone();
        for (_, decision) in decisions.iter().filter(|(_, decision)| decision.kind == ChangeKind::Key) {
            let notice: KeyNotice = kept(&decision.object.0)?;
            if notice.key == self.holder.id() || !care::is_of_group(body, &notice) {
                continue;
            }
            takeover = match notice.active_from {
                Some(from) => Some((Bytes(notice.key.to_vec()), from)),
                None => takeover.filter(|(key, _)| key.0 != notice.key),
            };
        }
        Ok(takeover)
    }

    fn verify_outcomes(
        &self,
        trust: &TrustList,
        outcomes: &[Outcome],
        report: &mut SyncReport,
    ) -> Result<Vec<(OperationId, OutboxState, OutboxAnswer)>, HealthcodeError> {
        if outcomes.len() != self.sent.len() {
            return Err(HealthcodeError::bad_answer());
        }
        let mut answers = Vec::with_capacity(outcomes.len());
        for (outcome, (operation, sent)) in outcomes.iter().zip(&self.sent) {
            if outcome.outcome == OutcomeKind::Retry {
                continue;
            }
            // Nothing leaves the outbox without the server's signature under it.
            let signed = outcome.receipt.as_ref().ok_or_else(HealthcodeError::bad_answer)?;
            let receipt: Receipt =
                trust.open_from(&self.key.issuer, &signed.0).map_err(|_| HealthcodeError::bad_answer())?;
            let link = Link::vouched(&outcome.link.as_ref().unwrap_or(sent).0);
            let countersigned =
                link.is_ok_and(|(link, _)| link.operation == *operation && link.digest() == receipt.head);
            if receipt.subject != self.key.subject || !countersigned {
                return Err(HealthcodeError::bad_answer());
            }
            let state = if receipt.accepted { OutboxState::Accepted } else { OutboxState::Refused };
            match state {
                OutboxState::Accepted => report.accepted += 1,
                _ => report.refused += 1,
            }
            let (receipt, problem, link) =
                (outcome.receipt.clone(), outcome.problem.clone(), outcome.link.clone());
            let answer = OutboxAnswer { receipt, problem, link };
            answers.push((*operation, state, answer));
        }
        Ok(answers)
    }

    fn verify_changes(
        &self,
        trust: &TrustList,
        changes: &[Change],
        phone: &Phone,
    ) -> Result<Vec<(u64, KeptDecision)>, HealthcodeError> {
        let mut decisions = Vec::with_capacity(changes.len());
        for change in changes {
            match self.verify_change(trust, change) {
                Some(Ok((subject, serial))) if subject == self.key.subject => {
                    let decision = KeptDecision { kind: change.kind.clone(), object: change.object.clone() };
                    decisions.push((serial, decision));
                }
                Some(_) => return Err(HealthcodeError::bad_answer()),
                None => {
                    phone.log(LogLevel::Warning, "a change of a later version was passed over".to_owned());
                }
            }
        }
        Ok(decisions)
    }

    fn verify_change(
        &self,
        trust: &TrustList,
        change: &Change,
    ) -> Option<Result<(SubjectId, u64), HealthcodeError>> {
        let (issuer, bytes) = (self.key.issuer.as_str(), change.object.0.as_slice());
        let named = match change.kind {
            ChangeKind::Order => {
                trust.open_from::<Order>(issuer, bytes).map(|object| (object.subject, object.serial))
            }
            ChangeKind::Release => {
                trust.open_from::<Release>(issuer, bytes).map(|object| (object.subject, object.serial))
            }
            ChangeKind::Rating => {
                trust.open_from::<RatingReceipt>(issuer, bytes).map(|object| (object.subject, object.serial))
            }
            ChangeKind::Judgement => {
                trust.open_from::<Judgement>(issuer, bytes).map(|object| (object.subject, object.serial))
            }
            ChangeKind::Key => {
                trust.open_from::<KeyNotice>(issuer, bytes).map(|object| (object.subject, object.serial))
            }
            ChangeKind::Paper => {
                trust.open_from::<PaperNotice>(issuer, bytes).map(|object| (object.subject, object.serial))
            }
            ChangeKind::Act => {
                trust.open_from::<ActNotice>(issuer, bytes).map(|object| (object.subject, object.serial))
            }
            ChangeKind::Appeal => {
                trust.open_from::<AppealNotice>(issuer, bytes).map(|object| (object.subject, object.serial))
            }
            ChangeKind::Served => {
                trust.open_from::<ServedNotice>(issuer, bytes).map(|object| (object.subject, object.serial))
            }
            ChangeKind::Other => return None,
        };
        Some(named.map_err(|_| HealthcodeError::bad_answer()))
    }

    /// A token is ours if our key is in it.
    fn verify_token(&self, trust: &TrustList, token: Bytes) -> Result<Vec<u8>, HealthcodeError> {
        let opened: GateToken =
            trust.open_from(&self.key.issuer, &token.0).map_err(|_| HealthcodeError::bad_answer())?;
        if opened.holder.as_ref() == Some(&self.holder) {
            Ok(token.0)
        } else {
            Err(HealthcodeError::bad_answer())
        }
    }
}

/// What goes into one request, from the first on: bounded in bytes too, and never nothing.
fn batch(waiting: Vec<Waiting>, room: usize) -> (Vec<(OperationId, Bytes)>, Vec<LinkedOperation>) {
    let mut bytes = 0;
    let fits = |waiting: &Waiting| {
        let first = bytes == 0;
        bytes += waiting.body.operation.0.len() + waiting.body.link.0.len();
        first || bytes <= room
    };
    let linked = |Waiting { operation, body, .. }: Waiting| {
        let sent = (operation, body.link.clone());
        (sent, LinkedOperation { operation: body.operation, link: body.link })
    };
    waiting.into_iter().take_while(fits).map(linked).unzip()
}

/// An object that was verified when it was kept: its key may have left the trust list since, and the seal of the
/// file has guarded it.
pub(crate) fn kept<T: Object>(bytes: &[u8]) -> Result<T, HealthcodeError> {
    let corrupt = |_| HealthcodeError::Storage { kind: StorageKind::Corrupt };
    let payload =
        Sign1::parse(bytes, T::LIMIT).and_then(|envelope| envelope.unverified_payload().map(<[u8]>::to_vec));
    cbor::decode(&payload.map_err(corrupt)?, T::LIMIT).map_err(corrupt)
}

fn count(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}
