//! What is known of one subject, read from the file as far back as it matters: the one place where stored rows become
//! meaning again.

use std::collections::{BTreeMap, BTreeSet};

use crate::error::HealthcodeError;
use crate::rules::calendar::{LegalDate, Timestamp};
use crate::rules::colour::Colour;
use crate::rules::declaration::Declaration;
use crate::rules::facts::{Facts, ReportedExposure, ReportedSymptoms, ServedOrder};
use crate::rules::quarantine::Tap;
use crate::rules::rulebook::Rulebook;
use crate::store::{
    OutboxAnswer, OutboxState, StoreError, StoredCheckIn, StoredMatch, SubjectBody, SubjectKey, Transaction,
};
use crate::sync::phone::Phone;
use crate::sync::round::kept;
use crate::token::decision::ReleaseCause;
use crate::token::ids::OrderId;
use crate::token::{GateToken, Judgement, OperationId, Order, RatingReceipt, Release};
use crate::wire::Receipt;
use crate::wire::message::ChangeKind;

/// What became of an operation, as far as this phone knows.
pub(super) type Answered = (OutboxState, Option<OutboxAnswer>);

const SPREAD_LIMIT_SECONDS: u32 = 3_600;

/// What is known of one subject.
pub(super) struct Standing {
    pub(super) body: SubjectBody,
    /// The gate token: its bytes and what it says.
    pub(super) token: Option<(Vec<u8>, GateToken)>,
    pub(super) rating: Option<RatingReceipt>,
    /// The order in force, and what was done under it.
    pub(super) course: Option<Course>,
    pub(super) declaration: Option<Declaration>,
    pub(super) waiting: u32,
    /// What went before, where the phone may have to lower itself for it.
    past: Option<Past>,
    /// Where the person met exposure notices.
    matches: Vec<StoredMatch>,
}

/// An order in force, and the check-ins that may count for it.
pub(super) struct Course {
    pub(super) order: Order,
    /// The serial with which it was said first: an officer's order is said again when a second officer confirms it.
    since: u64,
    pub(super) judgements: BTreeMap<OperationId, Judgement>,
    /// In the order in which they were recorded.
    pub(super) check_ins: Vec<StoredCheckIn>,
    pub(super) answers: BTreeMap<OperationId, Answered>,
}

/// All that went before, as far as it bears on a rating.
pub(super) struct Past {
    served: Vec<ServedOrder>,
    /// The last check-in with symptoms.
    told: Option<StoredCheckIn>,
}

/// What the server decided, from the latest decision back to the order in force.
#[derive(Default)]
struct Decided {
    /// The order in force, and the serial with which it was said first.
    order: Option<(Order, u64)>,
    rating: Option<RatingReceipt>,
    judgements: BTreeMap<OperationId, Judgement>,
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
        let decided = Decided::read_back(file, key)?;
        let course =
            decided.order.map(|order| Course::read(file, key, order, decided.judgements, usize::MAX));
        let mut standing = Self {
            body,
            token: token.transpose()?,
            rating: decided.rating,
            course: course.transpose()?,
            declaration: file.last_declaration(key)?.map(|(_, declaration)| declaration),
            waiting: file.count_waiting(key)?,
            past: None,
            matches: file.matches(key)?,
        };
        if standing.may_be_lowered() {
            standing.past = Some(Past::read(file, key)?);
        }
        Ok(standing)
    }

    /// So long after a moment that all phones share, this one does on its own what it does then: an hour at most,
    /// whatever the server says.
    pub(super) fn spread_millis(&self) -> i64 {
        i64::from(self.body.spread.min(SPREAD_LIMIT_SECONDS)) * 1_000
    }

    /// The colour of the token, which is the colour of the code.
    pub(super) fn colour(&self) -> Option<Colour> {
        self.token.as_ref().map(|(_, token)| token.colour)
    }

    /// The facts that this phone knows: the public records are the server's.
    pub(super) fn facts(
        &self,
        past: &Past,
        rulebook: &Rulebook,
        now: Timestamp,
        declaration: Option<Declaration>,
    ) -> Facts {
        let day = |at: Timestamp| -> LegalDate { rulebook.offset_minutes.date_of(at) };
        Facts {
            now,
            declaration: declaration.or_else(|| self.declaration.clone()),
            records: None,
            served: past.served.clone(),
            check_in: past.told.as_ref().map(|check_in| ReportedSymptoms {
                on: day(check_in.evidence.lower_bound),
                symptoms: check_in.check_in.symptoms.clone(),
            }),
            exposures: self.exposures(now),
        }
    }

    /// The matches of exposure notices that hold.
    fn exposures(&self, now: Timestamp) -> Vec<ReportedExposure> {
        self.matches.iter().filter_map(|matched| matched.fact(now, self.decided_at())).collect()
    }

    /// When the authority rated the person last.
    pub(super) fn decided_at(&self) -> Option<Timestamp> {
        self.rating.as_ref().map(|rating| rating.rated_at)
    }

    /// Whether the phone lowers itself: the token is green, and something recorded here that the server does not
    /// know yet gives another colour by the rules, or an order is in force that the token does not show yet.
    pub(super) fn is_lowered(&self, rulebook: Option<&Rulebook>, now: Timestamp) -> bool {
        if self.colour() != Some(Colour::Green) {
            return false;
        }
        if self.course.is_some() {
            return true;
        }
        let (Some(past), Some(rulebook)) = (&self.past, rulebook) else { return false };
        let mut facts = self.facts(past, rulebook, now, None);
        // Whoever has a code has declared; what a new phone does not have says nothing.
        facts.declaration.get_or_insert_with(|| Declaration::empty(rulebook.offset_minutes.date_of(now)));
        let rating = rulebook.preview(&facts);
        rating.is_ok_and(|rating| rating.colour != Colour::Green)
    }

    /// Whether it takes the rules to say if the phone lowers itself.
    fn may_be_lowered(&self) -> bool {
        self.colour() == Some(Colour::Green)
            && self.course.is_none()
            && (self.waiting > 0 || !self.matches.is_empty())
    }
}

impl Course {
    /// The order in force with its last `most` check-ins; none without an order.
    pub(super) fn in_force(
        file: &Transaction<'_>,
        key: &SubjectKey,
        most: usize,
    ) -> Result<Option<Self>, HealthcodeError> {
        let decided = Decided::read_back(file, key)?;
        decided.order.map(|order| Self::read(file, key, order, decided.judgements, most)).transpose()
    }

    /// Reads the check-ins back to the first one that was answered before the order.
    fn read(
        file: &Transaction<'_>,
        key: &SubjectKey,
        (order, since): (Order, u64),
        judgements: BTreeMap<OperationId, Judgement>,
        most: usize,
    ) -> Result<Self, HealthcodeError> {
        let mut course = Self { order, since, judgements, check_ins: Vec::new(), answers: BTreeMap::new() };
        file.check_ins_back(key, |check_in| {
            let answered = file.outbox_state(key, check_in.operation)?;
            let answered = answered.ok_or_else(|| StoreError::internal("outbox"))?;
            let judged = course.judgements.contains_key(&check_in.operation);
            let over = !course.is_under(&check_in) || (!judged && came_before(course.since, &answered)?);
            if answered.0 != OutboxState::Waiting && over {
                return Ok(false);
            }
            course.answers.insert(check_in.operation, answered);
            course.check_ins.push(check_in);
            Ok::<_, HealthcodeError>(course.check_ins.len() < most)
        })?;
        course.check_ins.reverse();
        Ok(course)
    }

    /// Whether the check-in is of this order, or may come to be.
    fn is_under(&self, check_in: &StoredCheckIn) -> bool {
        match (self.judgements.get(&check_in.operation), check_in.check_in.order) {
            (Some(judgement), _) => judgement.order == self.order.order,
            (None, Some(named)) => named == self.order.order,
            (None, None) => check_in.evidence.lower_bound >= self.order.issued_at,
        }
    }

    /// The taps that the order's days are counted from: judged ones as the server judged them, those included that
    /// this file does not know (another phone's, or forgotten with a copy of yesterday); the others as they were
    /// recorded, at H.
    pub(super) fn taps(&self) -> Vec<(OperationId, Tap)> {
        let order = &self.order;
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
}

/// Whether the server had an operation before it issued an order, in the same second perhaps: then it judges it for no
/// day of this one.
fn came_before(order: u64, (_, answer): &Answered) -> Result<bool, HealthcodeError> {
    let receipt = answer.as_ref().and_then(|answer| answer.receipt.as_ref());
    let receipt = receipt.map(|receipt| kept::<Receipt>(&receipt.0)).transpose()?;
    Ok(receipt.is_some_and(|receipt| receipt.serial < order))
}

impl Past {
    /// Reads all of it: only where the rules are asked.
    pub(super) fn read(file: &Transaction<'_>, key: &SubjectKey) -> Result<Self, HealthcodeError> {
        let mut served = Vec::new();
        let mut in_force: Option<Order> = None;
        for decision in file.decisions(key)? {
            match decision.kind {
                ChangeKind::Order => in_force = Some(kept(&decision.object.0)?),
                ChangeKind::Release => {
                    let release: Release = kept(&decision.object.0)?;
                    // A superseded order's release may stand before or after the order that took its place.
                    if let Some(order) = in_force.take_if(|order| order.order == release.order)
                        && release.cause == ReleaseCause::Completed
                    {
                        served.push(ServedOrder { colour: order.colour, starts_on: order.starts_on });
                    }
                }
                _ => {}
            }
        }
        let mut check_ins = file.check_ins(key)?;
        check_ins.retain(|check_in| !check_in.check_in.symptoms.is_empty());
        Ok(Self { served, told: check_ins.pop() })
    }
}

impl Decided {
    fn read_back(file: &Transaction<'_>, key: &SubjectKey) -> Result<Self, HealthcodeError> {
        let mut decided = Self::default();
        let mut released: BTreeSet<OrderId> = BTreeSet::new();
        let mut last: Option<(Order, u64)> = None;
        let mut begun = false;
        file.decisions_back(key, |decision| {
            let object = &decision.object.0;
            match decision.kind {
                ChangeKind::Order if !begun => {
                    let order: Order = kept(object)?;
                    match &mut last {
                        // The last order is in force unless it was released: one before it has given way to it.
                        None => {
                            // What a second officer has confirmed was said before.
                            begun = !order.is_manual() || order.provisional_until.is_some();
                            let serial = order.serial;
                            last = Some((order, serial));
                        }
                        Some((known, since)) => {
                            begun = true;
                            if known.order == order.order {
                                *since = order.serial;
                            }
                        }
                    }
                }
                ChangeKind::Release => {
                    released.insert(kept::<Release>(object)?.order);
                }
                ChangeKind::Rating if decided.rating.is_none() => decided.rating = Some(kept(object)?),
                ChangeKind::Judgement if !begun => {
                    let judgement: Judgement = kept(object)?;
                    // A later one takes an earlier one's place.
                    decided.judgements.entry(judgement.operation).or_insert(judgement);
                }
                _ => {}
            }
            Ok::<_, HealthcodeError>(!begun || decided.rating.is_none())
        })?;
        decided.order = last.filter(|(order, _)| !released.contains(&order.order));
        Ok(decided)
    }
}
