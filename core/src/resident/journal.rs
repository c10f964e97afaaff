//! What happened to a subject on this phone: what was recorded and what became of it, what the issuer decided. It is
//! read from the rows that there are, so that what was purged is not in it either.

use std::collections::BTreeMap;

use super::quarantine::{field_of, problem_of};
use crate::error::{HealthcodeError, refusal_text};
use crate::rules::calendar::Timestamp;
use crate::store::{OutboxRow, OutboxState, SubjectKey, Transaction};
use crate::sync::phone::Phone;
use crate::sync::round::kept;
use crate::token::decision::KeyNotice;
use crate::token::ids::hex;
use crate::token::{
    ActNotice, AppealNotice, GateToken, Judgement, OperationId, Order, OrderId, PaperNotice, RatingReceipt,
    Release, ServedNotice,
};
use crate::wire::message::ChangeKind;
use crate::wire::{
    Appeal, CareChange, Consent, Operation, OperationBody, PaperChange, Receipt, ToldExposure,
};

mod event;

pub use event::{EntryOutcome, JournalEntry, JournalEvent, JournalPage};

/// The most entries of a page.
const PAGE: usize = 50;

/// Where an entry stands: by time; in one instant a declaration, then what was decided, then a check-in, which names
/// the order that it was made under; then by the order in which they came.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Place {
    at: Timestamp,
    kind: u8,
    number: u64,
}

const DECLARED: u8 = 0;
const DECIDED: u8 = 1;
const CHECKED_IN: u8 = 2;
const ANSWERED: u8 = 3;
const WRONG_ENTRY: u8 = 4;

impl Place {
    fn id(self) -> String {
        format!("{}.{}.{}", self.at.millis(), self.kind, self.number)
    }

    fn parse(id: &str) -> Option<Self> {
        let mut parts = id.split('.');
        let at = Timestamp::from_millis(parts.next()?.parse().ok()?);
        let place = Self { at, kind: parts.next()?.parse().ok()?, number: parts.next()?.parse().ok()? };
        (place.id() == id).then_some(place)
    }
}

pub(super) fn journal(
    phone: &Phone,
    key: &SubjectKey,
    after: Option<&str>,
) -> Result<JournalPage, HealthcodeError> {
    let after = after.map(|id| Place::parse(id).ok_or_else(|| HealthcodeError::field("after", "unknown")));
    let after = after.transpose()?;
    let (mut events, body) = phone.store.read(|file| {
        let body = file.subject(key)?.ok_or(HealthcodeError::UnknownSubject)?;
        Ok::<_, HealthcodeError>((Rows::read(file, key)?.events(file, key)?, body))
    })?;
    events.retain(|(place, _)| after.is_none_or(|after| *place > after));
    events.sort_by_key(|(place, _)| *place);
    let more = events.len() > PAGE;
    events.truncate(PAGE);
    let next = events.last().filter(|_| more).map(|(place, _)| place.id());
    let entry = |(place, event): (Place, JournalEvent)| JournalEntry { id: place.id(), at: place.at, event };
    let masked_name = body.identity.name.mask();
    Ok(JournalPage { entries: events.into_iter().map(entry).collect(), next, masked_name })
}

/// What the events are told from.
#[derive(Default)]
struct Rows {
    outbox: BTreeMap<OperationId, OutboxRow>,
    judgements: BTreeMap<OperationId, Judgement>,
    issues: BTreeMap<OrderId, Timestamp>,
    decided: Vec<(Place, JournalEvent)>,
}

impl Rows {
    fn read(file: &Transaction<'_>, key: &SubjectKey) -> Result<Self, HealthcodeError> {
        let outbox = file.outbox(key)?.into_iter().map(|row| (row.operation, row)).collect();
        let mut rows = Self { outbox, ..Self::default() };
        for (number, decision) in file.serial_decisions(key)? {
            let object = &decision.object.0;
            let (at, event) = match decision.kind {
                ChangeKind::Order => {
                    let order: Order = kept(object)?;
                    rows.issues.insert(order.order, order.issued_at);
                    (order.issued_at, ordered(order))
                }
                ChangeKind::Release => {
                    let Release { order, cause, released_at, .. } = kept(object)?;
                    (released_at, JournalEvent::Released { order: order.to_string(), cause })
                }
                ChangeKind::Rating => {
                    let rating: RatingReceipt = kept(object)?;
                    (rating.rated_at, rated(&rating))
                }
                ChangeKind::Judgement => {
                    let judgement: Judgement = kept(object)?;
                    rows.judgements.insert(judgement.operation, judgement);
                    continue;
                }
                ChangeKind::Key => {
                    let notice: KeyNotice = kept(object)?;
                    let (key, active_from) = (hex(&notice.key), notice.active_from);
                    let carer = notice.carer.map(|carer| carer.name);
                    (notice.noticed_at, JournalEvent::OtherPhone { key, active_from, carer })
                }
                ChangeKind::Paper => {
                    let PaperNotice { id, said_at, token, by, .. } = kept(object)?;
                    let token = token.map(|token| kept::<GateToken>(&token)).transpose()?;
                    let expires_at = token.map(|token| token.expires_at);
                    (said_at, JournalEvent::Paper { paper: hex(&id), expires_at, by })
                }
                ChangeKind::Act => {
                    let ActNotice { acted_at, officer, kind, note, .. } = kept(object)?;
                    (acted_at, JournalEvent::Acted { officer, act: kind, note })
                }
                ChangeKind::Appeal => {
                    let AppealNotice { appeal, said_at, state, due_by, reason, .. } = kept(object)?;
                    let appeal = appeal.to_string();
                    (said_at, JournalEvent::AppealAnswered { appeal, state, due_by, reason })
                }
                ChangeKind::Served => {
                    let ServedNotice { said_at, issuer, days, refused, .. } = kept(object)?;
                    (said_at, JournalEvent::ServedElsewhere { issuer, days, refused })
                }
                ChangeKind::Other => continue,
            };
            rows.decided.push((Place { at, kind: DECIDED, number }, event));
        }
        Ok(rows)
    }

    fn events(
        mut self,
        file: &Transaction<'_>,
        key: &SubjectKey,
    ) -> Result<Vec<(Place, JournalEvent)>, HealthcodeError> {
        let mut events = std::mem::take(&mut self.decided);
        let places = file.places(key)?;
        let number_of = |operation| places.get(&operation).copied().unwrap_or(0);
        for (operation, declaration) in file.declarations(key)? {
            let row = self.row(operation)?;
            let made = Operation::from_bytes(row.body.operation.0.clone());
            let made = made.ok().and_then(|made| made.vouched().ok());
            let made = made.ok_or_else(|| HealthcodeError::internal("journal/operation"))?;
            let at = made.evidence.lower_bound;
            let event = JournalEvent::Declared {
                operation: operation.to_string(),
                declared_on: declaration.declared_on,
                outcome: self.outcome(row)?,
            };
            events.push((Place { at, kind: DECLARED, number: number_of(operation) }, event));
        }
        for stored in file.check_ins(key)? {
            let row = self.row(stored.operation)?;
            let order = stored.check_in.order;
            // It names the order, so it was made after its issue, however far the lower bound lagged behind.
            let issued = order.and_then(|order| self.issues.get(&order).copied());
            let at = issued.map_or(stored.evidence.lower_bound, |at| at.max(stored.evidence.lower_bound));
            let event = JournalEvent::CheckedIn {
                operation: stored.operation.to_string(),
                symptoms: stored.check_in.symptoms,
                order: order.map(|order| order.to_string()),
                outcome: self.outcome(row)?,
            };
            events.push((Place { at, kind: CHECKED_IN, number: number_of(stored.operation) }, event));
        }
        for (number, stored) in file.whereabouts(key)? {
            let event = JournalEvent::WrongEntry { entry: number.to_string() };
            events.extend(stored.wrong_at.map(|at| (Place { at, kind: WRONG_ENTRY, number }, event)));
        }
        for row in self.outbox.values().filter(|row| !places.contains_key(&row.operation)) {
            events.extend(self.answered(row)?);
        }
        Ok(events)
    }

    /// An operation without a row of its own: a consent or its refusal, a match that was told.
    fn answered(&self, row: &OutboxRow) -> Result<Option<(Place, JournalEvent)>, HealthcodeError> {
        let made = Operation::from_bytes(row.body.operation.0.clone()).ok();
        let Some(opened) = made.and_then(|made| made.vouched().ok()) else { return Ok(None) };
        let (operation, outcome) = (row.operation.to_string(), self.outcome(row)?);
        let event = match opened.body {
            Some(OperationBody::Consent(Consent { key, allow })) => {
                JournalEvent::Answered { operation, key: hex(&key.0), allow, outcome }
            }
            Some(OperationBody::Exposure(ToldExposure { notice, rule, on })) => {
                JournalEvent::ToldExposure { operation, notice, rule, on, outcome }
            }
            Some(OperationBody::Care(CareChange { end })) => {
                JournalEvent::EndedCare { operation, key: hex(&end.0), outcome }
            }
            Some(OperationBody::Paper(change)) => {
                let withdraw = match change {
                    PaperChange::Issue {} => None,
                    PaperChange::Withdraw { paper } => Some(hex(&paper.0)),
                };
                JournalEvent::AskedForPaper { operation, withdraw, outcome }
            }
            Some(OperationBody::Appeal(Appeal { rule, .. })) => {
                JournalEvent::Appealed { operation, rule, outcome }
            }
            Some(OperationBody::Served(served)) => {
                JournalEvent::BroughtServed { operation, issuer: served.issuer, outcome }
            }
            _ => return Ok(None),
        };
        let place = Place { at: opened.evidence.lower_bound, kind: ANSWERED, number: row.sequence };
        Ok(Some((place, event)))
    }

    fn row(&self, operation: OperationId) -> Result<&OutboxRow, HealthcodeError> {
        self.outbox.get(&operation).ok_or_else(|| HealthcodeError::internal("journal/outbox"))
    }

    fn outcome(&self, row: &OutboxRow) -> Result<EntryOutcome, HealthcodeError> {
        if row.state == OutboxState::Waiting {
            return Ok(EntryOutcome::Waiting);
        }
        let receipt = row.answer.as_ref().and_then(|answer| answer.receipt.as_ref());
        let receipt = receipt.ok_or_else(|| HealthcodeError::internal("journal/receipt"))?;
        let at = kept::<Receipt>(&receipt.0)?.received_at;
        if row.state == OutboxState::Refused {
            let answer = row.answer.as_ref();
            let problem = problem_of(answer);
            return Ok(EntryOutcome::Refused { at, text: refusal_text(&problem, field_of(answer)), problem });
        }
        let Some(judgement) = self.judgements.get(&row.operation) else {
            return Ok(EntryOutcome::Accepted { at });
        };
        let judged_at = judgement.judged_at;
        Ok(match (judgement.day, judgement.certainty, judgement.not_counted) {
            (Some(day), Some(certainty), _) => {
                EntryOutcome::Counted { at, judged_at, day, certainty, by: judgement.by.clone() }
            }
            (_, _, Some(reason)) => EntryOutcome::NotCounted { at, judged_at, reason },
            // A judgement says one or the other: one that does not was refused when it came.
            _ => EntryOutcome::Accepted { at },
        })
    }
}

fn ordered(order: Order) -> JournalEvent {
    JournalEvent::Ordered {
        order: order.order.to_string(),
        colour: order.colour,
        rule: order.rule,
        cause: order.cause,
        starts_on: order.starts_on,
        days: order.days,
        supersedes: order.supersedes.map(|order| order.to_string()),
        provisional_until: order.provisional_until,
    }
}

fn rated(rating: &RatingReceipt) -> JournalEvent {
    JournalEvent::Rated {
        colour: rating.colour,
        reasons: rating.reasons.iter().map(Into::into).collect(),
        order: rating.order.map(|order| order.to_string()),
        appeal_by: rating.appeal_by,
    }
}

#[cfg(test)]
mod tests;
