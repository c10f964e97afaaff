//! What is known of one subject, read whole from the file: the one place where stored rows become meaning again.

use std::collections::{BTreeMap, BTreeSet};

use crate::error::HealthcodeError;
use crate::rules::calendar::{LegalDate, Timestamp};
use crate::rules::colour::Colour;
use crate::rules::declaration::Declaration;
use crate::rules::facts::{Facts, ReportedSymptoms, ServedOrder};
use crate::rules::quarantine::Tap;
use crate::rules::rulebook::Rulebook;
use crate::store::{
    OutboxAnswer, OutboxState, StoreError, StoredCheckIn, SubjectBody, SubjectKey, Transaction,
};
use crate::sync::phone::Phone;
use crate::sync::round::kept;
use crate::token::decision::ReleaseCause;
use crate::token::{GateToken, Judgement, OperationId, Order, RatingReceipt, Release};
use crate::wire::message::ChangeKind;

/// What became of an operation, as far as this phone knows.
pub(super) type Answered = (OutboxState, Option<OutboxAnswer>);

/// What is known of one subject.
pub(super) struct Standing {
    pub(super) body: SubjectBody,
    /// The gate token: its bytes and what it says.
    pub(super) token: Option<(Vec<u8>, GateToken)>,
    pub(super) rating: Option<RatingReceipt>,
    /// The order in force.
    pub(super) order: Option<Order>,
    pub(super) served: Vec<ServedOrder>,
    pub(super) judgements: BTreeMap<OperationId, Judgement>,
    pub(super) check_ins: Vec<StoredCheckIn>,
    pub(super) answers: BTreeMap<OperationId, Answered>,
    pub(super) declaration: Option<(OperationId, Declaration)>,
    pub(super) waiting: u32,
}

impl Standing {
    /// Reads it in one view of the file.
    pub(super) fn read(phone: &Phone, key: &SubjectKey) -> Result<Self, HealthcodeError> {
        phone.store.read(|file| Self::read_in(file, key))
    }

    /// Reads it within a transaction.
    pub(super) fn read_in(file: &Transaction<'_>, key: &SubjectKey) -> Result<Self, HealthcodeError> {
        let body = file.subject(key)?.ok_or(HealthcodeError::UnknownSubject)?;
        let token = file.token(key)?;
        let token = token.map(|bytes| kept(&bytes).map(|token| (bytes, token)));
        let check_ins = file.check_ins(key)?;
        let declaration = file.last_declaration(key)?;
        let mut answers = BTreeMap::new();
        let recorded = check_ins.iter().map(|check_in| check_in.operation);
        for operation in recorded.chain(declaration.iter().map(|(operation, _)| *operation)) {
            let answered =
                file.outbox_state(key, operation)?.ok_or_else(|| StoreError::internal("outbox"))?;
            answers.insert(operation, answered);
        }
        let mut standing = Self {
            body,
            token: token.transpose()?,
            rating: None,
            order: None,
            served: Vec::new(),
            judgements: BTreeMap::new(),
            check_ins,
            answers,
            declaration,
            waiting: file.count_waiting(key)?,
        };
        standing.replay(file, key)?;
        Ok(standing)
    }

    /// Takes what the server decided, in the order of its serials.
    fn replay(&mut self, file: &Transaction<'_>, key: &SubjectKey) -> Result<(), HealthcodeError> {
        for decision in file.decisions(key)? {
            match decision.kind {
                ChangeKind::Order => self.order = Some(kept::<Order>(&decision.object.0)?),
                ChangeKind::Release => {
                    let release: Release = kept(&decision.object.0)?;
                    // A superseded order's release may stand before or after the order that took its place.
                    if let Some(order) = self.order.take_if(|order| order.order == release.order)
                        && release.cause == ReleaseCause::Completed
                    {
                        self.served.push(ServedOrder { colour: order.colour, starts_on: order.starts_on });
                    }
                }
                ChangeKind::Rating => self.rating = Some(kept(&decision.object.0)?),
                ChangeKind::Judgement => {
                    let judgement: Judgement = kept(&decision.object.0)?;
                    self.judgements.insert(judgement.operation, judgement);
                }
                ChangeKind::Key | ChangeKind::Other => {}
            }
        }
        Ok(())
    }

    /// The colour of the token, which is the colour of the code.
    pub(super) fn colour(&self) -> Option<Colour> {
        self.token.as_ref().map(|(_, token)| token.colour)
    }

    /// The taps that the order's days are counted from: judged ones as the server judged them, those included that
    /// this file does not know (another phone's, or forgotten with a copy of yesterday); the others as they were
    /// recorded, at H.
    pub(super) fn taps(&self, order: &Order) -> Vec<(OperationId, Tap)> {
        let here: BTreeSet<_> = self.check_ins.iter().map(|check_in| check_in.operation).collect();
        let elsewhere = self.judgements.values().filter_map(|judgement| {
            let ours = judgement.order == order.order && !here.contains(&judgement.operation);
            ours.then(|| (judgement.operation, judgement.tap()))
        });
        let tap = |check_in: &StoredCheckIn| {
            let operation = check_in.operation;
            if let Some(judgement) = self.judgements.get(&operation) {
                return (judgement.order == order.order).then(|| (operation, judgement.tap()));
            }
            let refused =
                self.answers.get(&operation).is_some_and(|(state, _)| *state == OutboxState::Refused);
            let other = check_in.check_in.order.is_some_and(|named| named != order.order);
            if refused || other {
                return None;
            }
            let mut at = check_in.evidence.lower_bound;
            if check_in.check_in.order.is_some() {
                // It names the order, so it was made after its issue, however far H lags behind.
                at = at.max(order.issued_at);
            }
            Some((operation, Tap { earliest: at, latest: at, received: None, late: false }))
        };
        elsewhere.chain(self.check_ins.iter().filter_map(tap)).collect()
    }

    /// The facts that this phone knows: the public records are the server's.
    pub(super) fn facts(
        &self,
        rulebook: &Rulebook,
        now: Timestamp,
        declaration: Option<Declaration>,
    ) -> Facts {
        let day = |at: Timestamp| -> LegalDate { rulebook.offset_minutes.date_of(at) };
        let told = self.check_ins.iter().rev().find(|check_in| !check_in.check_in.symptoms.is_empty());
        Facts {
            now,
            declaration: declaration.or_else(|| self.declaration.as_ref().map(|(_, known)| known.clone())),
            records: None,
            served: self.served.clone(),
            check_in: told.map(|check_in| ReportedSymptoms {
                on: day(check_in.evidence.lower_bound),
                symptoms: check_in.check_in.symptoms.clone(),
            }),
        }
    }

    /// Whether the phone lowers itself: the token is green, and something recorded here that the server does not
    /// know yet gives another colour by the rules, or an order is in force that the token does not show yet.
    pub(super) fn is_lowered(&self, rulebook: Option<&Rulebook>, now: Timestamp) -> bool {
        if self.colour() != Some(Colour::Green) {
            return false;
        }
        if self.order.is_some() {
            return true;
        }
        let Some(rulebook) = rulebook.filter(|_| self.waiting > 0) else { return false };
        let rating = rulebook.preview(&self.facts(rulebook, now, None));
        rating.is_ok_and(|rating| rating.colour != Colour::Green)
    }
}
