//! One round of the exchange for one subject: a signed request out, its answer verified and kept in one transaction.

use super::exchange::{SyncReport, verify_anchor};
use super::phone::{Now, Phone};
use super::reply::{Call, Method};
use crate::error::{HealthcodeError, StorageKind};
use crate::platform::LogLevel;
use crate::random;
use crate::store::{KeptDecision, OutboxAnswer, OutboxState, StoreError, SubjectKey, Transaction};
use crate::token::anchor::{Anchor, Nonce};
use crate::token::decision::{Judgement, Order, RatingReceipt, Release};
use crate::token::gate_token::GateToken;
use crate::token::ids::SubjectId;
use crate::token::key::PublicKey;
use crate::token::trust_list::{Object, TrustList};
use crate::token::{Sign1, cbor};
use crate::wire::message::{
    Change, ChangeKind, LinkedOperation, MAX_BATCH, MAX_RESPONSE_BYTES, Outcome, OutcomeKind, SYNC_PATH,
    SyncRequest, SyncResponse,
};
use crate::wire::{Bytes, Receipt, RequestClaims};

/// A request under way.
pub(crate) struct Round {
    pub(crate) key: SubjectKey,
    nonce: Nonce,
    asked: Now,
    holder: PublicKey,
    sent: usize,
}

/// What a round came to.
pub(crate) struct RoundDone {
    pub(crate) report: SyncReport,
    pub(crate) anchor: Anchor,
    /// Whether there is more to send or to fetch.
    pub(crate) again: bool,
}

impl Round {
    /// Makes the request of a subject from what waits now.
    pub(crate) fn begin(phone: &Phone, key: SubjectKey) -> Result<(Call, Self), HealthcodeError> {
        let holder = phone.holder(&key)?;
        let (waiting, cursor, token) = phone.store.read(|file| {
            Ok::<_, StoreError>((file.waiting(&key, MAX_BATCH)?, file.cursor(&key)?, file.token(&key)?))
        })?;
        let asked = phone.now()?;
        let token = token.map(|bytes| kept::<GateToken>(&bytes)).transpose()?;
        let token = token.map(|token| Bytes(token.id.to_vec()));
        let sent = waiting.len();
        let operations = waiting
            .into_iter()
            .map(|waiting| LinkedOperation { operation: waiting.body.operation, link: waiting.body.link });
        let request =
            SyncRequest { evidence: asked.evidence, cursor, token, operations: operations.collect() };
        let body = serde_json::to_vec(&request).map_err(|_| HealthcodeError::internal("round/json"))?;
        let nonce = random::bytes()?;
        let claims = RequestClaims::new(SYNC_PATH, &body, &key.issuer, nonce, Some(key.subject));
        let signature = Some(claims.sign(holder.as_ref())?);
        let call = Call {
            method: Method::Post,
            path: SYNC_PATH.to_owned(),
            body,
            signature,
            limit: MAX_RESPONSE_BYTES as u64,
        };
        Ok((call, Self { key, nonce, asked, holder: holder.public_key(), sent }))
    }

    /// Verifies the answer whole, then keeps it whole.
    pub(crate) fn accept(self, phone: &Phone, body: &[u8]) -> Result<RoundDone, HealthcodeError> {
        let response: SyncResponse =
            serde_json::from_slice(body).map_err(|_| HealthcodeError::bad_answer())?;
        let (anchor, digest, epoch) = verify_anchor(phone, &response.anchor.0, self.nonce)?;
        let trust = phone.trust().ok_or_else(HealthcodeError::bad_answer)?;
        let mut report = SyncReport::default();
        let answers = self.verify_outcomes(&trust, &response.outcomes, &mut report)?;
        let decisions = self.verify_changes(&trust, &response.changes, phone)?;
        report.decisions = count(decisions.len());
        let token = response.token.map(|token| self.verify_token(&trust, token)).transpose()?;
        report.tokens = count(usize::from(token.is_some()));

        phone.take_anchor(&anchor, digest, &self.asked, epoch)?;
        let waiting = phone.store.write(|file: &Transaction<'_>| {
            for (operation, state, answer) in &answers {
                file.answer(&self.key, *operation, *state, answer)?;
            }
            for (serial, decision) in &decisions {
                file.put_decision(&self.key, *serial, decision)?;
            }
            if let Some(token) = &token {
                file.put_token(&self.key, token)?;
            }
            file.put_cursor(&self.key, Some(&response.cursor))?;
            phone.put_clock(file)?;
            file.count_waiting(&self.key)
        })?;
        report.waiting = waiting;
        // Only while something moves: a server that takes nothing is not asked in a loop.
        let moved = response.more || (!answers.is_empty() && self.sent > 0);
        let again = moved && (response.more || waiting > 0);
        Ok(RoundDone { report, anchor, again })
    }

    fn verify_outcomes(
        &self,
        trust: &TrustList,
        outcomes: &[Outcome],
        report: &mut SyncReport,
    ) -> Result<Vec<(crate::token::OperationId, OutboxState, OutboxAnswer)>, HealthcodeError> {
        let mut answers = Vec::with_capacity(outcomes.len());
        for outcome in outcomes {
            if outcome.outcome == OutcomeKind::Retry {
                continue;
            }
            // Nothing leaves the outbox without the server's signature under it.
            let signed = outcome.receipt.as_ref().ok_or_else(HealthcodeError::bad_answer)?;
            let receipt: Receipt =
                trust.open_from(&self.key.issuer, &signed.0).map_err(|_| HealthcodeError::bad_answer())?;
            if receipt.subject != self.key.subject || receipt.operation != outcome.operation {
                return Err(HealthcodeError::bad_answer());
            }
            let state = if receipt.accepted { OutboxState::Accepted } else { OutboxState::Refused };
            match state {
                OutboxState::Accepted => report.accepted += 1,
                _ => report.refused += 1,
            }
            let answer = OutboxAnswer { receipt: outcome.receipt.clone(), problem: outcome.problem.clone() };
            answers.push((outcome.operation, state, answer));
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
