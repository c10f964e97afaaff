//! What a phone delivers: each operation takes its place in its segment, is accepted or refused, and is
//! countersigned. An operation is accepted on signature and link alone; whether a check-in counts is a later
//! judgement.

use healthcode::rules::facts::ReportedSymptoms;
use healthcode::rules::quarantine::Tap;
use healthcode::time::{Evidence, Interval, interval_of};
use healthcode::token::trust_list::seal;
use healthcode::token::{By, PublicKey};
use healthcode::wire::message::{LinkedOperation, Outcome, OutcomeKind};
use healthcode::wire::operation::ToldExposure;
use healthcode::wire::{CheckIn, Consent, Link, Operation, OperationBody, Problem, ProblemKind, Receipt};

use crate::desk::Desk;
use crate::error::ServerError;
use crate::notices::keep;
use crate::state::{CheckInState, HolderKey, Segment};
use crate::storage::StoredOperation;

/// So many check-ins of one day, each certain, are judged; further ones are kept and have no effect.
const TAPS_OF_A_DAY: usize = 128;

/// An operation of a request, read as far as its link names it.
pub(crate) struct Delivery {
    /// None where the bytes are not the operation that the link names.
    operation: Option<Operation>,
    pub(crate) link: Link,
    sent: LinkedOperation,
}

impl Delivery {
    /// Reads the operation at a place of a request. Without a link it cannot even be named: the request's fault.
    pub(crate) fn read(index: usize, sent: &LinkedOperation, key: &PublicKey) -> Result<Self, ServerError> {
        let link = Link::open(&sent.link.0, key)
            .map_err(|_| Problem::new(&ProblemKind::Malformed).at(format!("operations[{index}].link")))?;
        let operation = Operation::from_bytes(sent.operation.0.clone()).ok();
        let operation = operation.filter(|operation| operation.id == link.operation);
        Ok(Self { operation, link, sent: sent.clone() })
    }

    /// Whether it brings days served elsewhere, which only the trust list can prove.
    pub(crate) fn brings_proof(&self, key: &PublicKey) -> bool {
        // A tap, of which there are many, is never as large: it need not be opened twice.
        let large = self.operation.as_ref().filter(|operation| operation.bytes.len() > 1_024);
        let opened = large.and_then(|operation| operation.open(key).ok());
        matches!(opened.and_then(|opened| opened.body), Some(OperationBody::Served(_)))
    }
}

impl Desk<'_> {
    /// Takes one operation from the key at a place.
    pub(crate) fn deliver(
        &mut self,
        place: usize,
        key: &PublicKey,
        delivery: &Delivery,
        evidence: &Evidence,
        known: &[StoredOperation],
    ) -> Result<Outcome, ServerError> {
        let id = delivery.link.operation;
        let mut delivered = self.changes.operations.iter().chain(known);
        if let Some(stored) = delivered.find(|stored| stored.operation == id) {
            let outcome = Outcome {
                outcome: OutcomeKind::Duplicate,
                receipt: Some(stored.receipt.clone()),
                link: Some(&stored.link).filter(|link| **link != delivery.sent.link).cloned(),
                problem: stored.problem.clone(),
            };
            // Under a new link, as after a change of key, it takes its place in the new segment too.
            if stored.link != delivery.sent.link && self.continues(place, &delivery.link).is_ok() {
                self.advance(place, &delivery.link);
            }
            return Ok(outcome);
        }
        if let Err(problem) = self.continues(place, &delivery.link) {
            return Ok(Outcome {
                outcome: OutcomeKind::Retry,
                receipt: None,
                link: None,
                problem: Some(problem),
            });
        }
        // The receipt's serial comes before those of what follows from the operation.
        let serial = self.next_serial()?;
        let problem = match &delivery.operation {
            Some(operation) => self.take(operation, serial, key, evidence).err(),
            None => Some(Problem::new(&ProblemKind::Operation)),
        };
        self.countersign((place, key), serial, delivery, problem)
    }

    /// Whether a link continues the key's segment, or opens a new one on a head that was countersigned.
    fn continues(&self, place: usize, link: &Link) -> Result<(), Problem> {
        let gap = |expected| Problem::new(&ProblemKind::Sequence).expecting(expected);
        let key = self.state.keys.get(place).ok_or_else(|| gap(0))?;
        match key.segment {
            Some(segment) if segment.id == link.segment => {
                if link.sequence == segment.next && link.previous == segment.head {
                    Ok(())
                } else if link.sequence <= segment.next {
                    Err(Problem::new(&ProblemKind::Fork).expecting(segment.next))
                } else {
                    Err(gap(segment.next))
                }
            }
            segment => {
                // The first one of a key may open on what was the head when the key came.
                let known =
                    link.previous == self.state.head || (segment.is_none() && link.previous == key.opens_on);
                if link.sequence == 0 && known { Ok(()) } else { Err(gap(0)) }
            }
        }
    }

    fn take(
        &mut self,
        operation: &Operation,
        serial: u64,
        key: &PublicKey,
        evidence: &Evidence,
    ) -> Result<(), Problem> {
        let opened = operation.open(key).map_err(|_| Problem::new(&ProblemKind::Signature))?;
        match opened.body {
            None => Err(Problem::new(&ProblemKind::Operation)),
            // What another phone has said since is not undone by one that it has replaced.
            Some(OperationBody::Exposure(_)) if self.is_late() => Ok(()),
            Some(OperationBody::Exposure(told)) => {
                self.take_exposure(&told, serial, &interval_of(&opened.evidence, evidence, self.now))
            }
            // Whoever was removed says nothing for the person any more, whenever it is said to have been made.
            Some(OperationBody::Declaration(_)) if self.was_removed(key) => {
                Err(Problem::new(&ProblemKind::Replaced))
            }
            Some(OperationBody::Declaration(_)) if self.is_late() && self.state.declaration.is_some() => {
                Ok(())
            }
            Some(OperationBody::Declaration(declaration)) => {
                // Judged by the day in which it was made, as far as the evidence bears that out.
                let day_of = |at| self.rulebook.offset_minutes.date_of(at);
                let made = day_of(interval_of(&opened.evidence, evidence, self.now).earliest);
                let today = day_of(self.now);
                let declared = Some(declaration.declared_on).filter(|day| (made..=today).contains(day));
                if let Some(error) = declaration.errors(self.rulebook, declared.unwrap_or(today)).first() {
                    return Err(Problem::new(&ProblemKind::Invalid).at(error.place().0));
                }
                self.state.declaration = Some(declaration);
                self.state.said_by = None;
                self.state.last.declaration = serial;
                self.state.rating_due = true;
                Ok(())
            }
            Some(OperationBody::CheckIn(check_in)) => {
                let (by, made) = (self.by_of(key), interval_of(&opened.evidence, evidence, self.now));
                let removed = self.was_removed(key);
                if self.is_heard(&made, removed) {
                    self.take_check_in((operation, serial), check_in, by, made, removed);
                }
                Ok(())
            }
            Some(OperationBody::Consent(_) | OperationBody::Care(_) | OperationBody::Appeal(_))
                if self.is_late() =>
            {
                Err(Problem::new(&ProblemKind::Replaced))
            }
            Some(OperationBody::Consent(consent)) => self.take_consent(&consent, key),
            Some(OperationBody::Care(change)) => self.take_care(&change, key),
            Some(OperationBody::Appeal(appeal)) => {
                let made = interval_of(&opened.evidence, evidence, self.now).earliest;
                self.take_appeal(&appeal, operation.id, made)
            }
            Some(OperationBody::Paper(change)) => {
                let by = self.by_of(key);
                self.take_paper(&change, by)
            }
            Some(OperationBody::Served(served)) => {
                let made = interval_of(&opened.evidence, evidence, self.now);
                self.take_served(operation.id, &served, key, &made)
            }
        }
    }

    /// A match that the person tells. When it was told, it must have been within the rulebook's window, and the notice
    /// must have held: what was told in time is not refused for the days that it took to arrive.
    fn take_exposure(&mut self, told: &ToldExposure, serial: u64, made: &Interval) -> Result<(), Problem> {
        let invalid = || Problem::new(&ProblemKind::Invalid).at("notice");
        let terms = self.rulebook.exposure.as_ref().ok_or_else(invalid)?;
        let day_of = |at| self.rulebook.offset_minutes.date_of(at);
        let (first, today) = (day_of(made.earliest), day_of(self.now));
        let days = i32::from(terms.window_days);
        self.notices.check(told, made, (first.plus_days(-days), today))?;
        if keep(&mut self.state.exposures, told, today.plus_days(-days)) {
            self.state.last.told = serial;
            self.state.rating_due = true;
        }
        Ok(())
    }

    /// A key that waits takes over at once, or goes.
    fn take_consent(&mut self, consent: &Consent, key: &PublicKey) -> Result<(), Problem> {
        // Who cares for the person does not say which phone is the person's own.
        if self.by_of(key).is_some() {
            return Err(Problem::new(&ProblemKind::Role));
        }
        let waits = |key: &HolderKey| key.id == consent.key && key.active_from > self.now;
        let place = self.state.keys.iter().position(waits);
        let place = place.ok_or_else(|| Problem::new(&ProblemKind::Invalid).at("key"))?;
        if consent.allow {
            let now = self.now;
            if let Some(key) = self.state.keys.get_mut(place) {
                key.active_from = now;
            }
        } else {
            self.state.keys.remove(place);
        }
        let active_from = consent.allow.then_some(self.now_in_seconds());
        self.notice(&consent.key, active_from).map_err(|_| Problem::new(&ProblemKind::Unavailable))
    }

    fn take_check_in(
        &mut self,
        (operation, serial): (&Operation, u64),
        check_in: CheckIn,
        by: Option<By>,
        interval: Interval,
        removed: bool,
    ) {
        // A word that this rulebook does not know costs nobody the day: it only says nothing to the rules.
        let known = |symptom: &String| {
            !removed && self.rulebook.symptoms_error(std::slice::from_ref(symptom)).is_none()
        };
        let symptoms: Vec<_> = check_in.symptoms.into_iter().filter(known).collect();
        if !symptoms.is_empty() {
            let on = self.rulebook.offset_minutes.date_of(interval.latest);
            self.state.reported = Some(ReportedSymptoms { on, symptoms });
            self.state.last.told = serial;
            self.state.rating_due = true;
        }
        let late = self.is_late();
        let Some(order) = &mut self.state.order else { return };
        let mut tap =
            Tap { earliest: interval.earliest, latest: interval.latest, received: Some(self.now), late };
        if check_in.order == Some(order.id) {
            // It names the order, so it was made after its issue.
            tap.earliest = tap.earliest.max(order.quarantine.issued_at).min(tap.latest);
        }
        // Its judgement may have been brought back before the check-in itself; and whoever taps all day long is heard,
        // and not counted anew each time.
        if !order.has(operation.id) && order.exact_on(tap) < TAPS_OF_A_DAY {
            order.check_ins.push(CheckInState { operation: operation.id, tap, judged: None, said: 0, by });
        }
    }

    /// Whether what a check-in says has an effect: always, but for one that a replaced phone made after it was replaced,
    /// or brings long after. Of one whose key was removed it must be sure that it was made before. It is kept all the same.
    fn is_heard(&self, made: &Interval, removed: bool) -> bool {
        let hours = i64::from(self.rulebook.terms().max_offline_hours);
        let at_the_latest = if removed { made.latest } else { made.earliest };
        self.replaced_at.is_none_or(|at| at_the_latest < at && self.now <= at.plus_hours(hours))
    }

    /// Whether a key was removed, and not only followed by the next one of the same hands.
    fn was_removed(&self, key: &PublicKey) -> bool {
        let key = self.state.key_of(&key.id()).and_then(|place| self.state.keys.get(place));
        key.is_some_and(|key| key.revoked_at.is_some())
    }

    /// The key's segment goes on by this link; its digest.
    fn advance(&mut self, place: usize, link: &Link) -> [u8; 32] {
        let head = link.digest();
        if let Some(key) = self.state.keys.get_mut(place) {
            key.segment = Some(Segment { id: link.segment, next: link.sequence + 1, head });
        }
        self.state.head = head;
        head
    }

    /// Countersigns the link: from now on the operation is delivered, whatever becomes of it.
    fn countersign(
        &mut self,
        (place, key): (usize, &PublicKey),
        serial: u64,
        delivery: &Delivery,
        problem: Option<Problem>,
    ) -> Result<Outcome, ServerError> {
        let link = &delivery.link;
        let head = self.advance(place, link);
        let receipt = Receipt {
            subject: self.subject,
            serial,
            head,
            received_at: self.now,
            accepted: problem.is_none(),
            incarnation: self.life.incarnation,
            late: self.is_late(),
            key: Some(key.id().into()),
        };
        self.state.last.link = serial;
        let receipt: healthcode::wire::Bytes = seal(&receipt, &self.keys.decisions)?.into();
        self.changes.operations.push(StoredOperation {
            operation: link.operation,
            signed: delivery.sent.operation.clone(),
            link: delivery.sent.link.clone(),
            receipt: receipt.clone(),
            problem: problem.clone(),
        });
        let outcome = if problem.is_none() { OutcomeKind::Accepted } else { OutcomeKind::Refused };
        Ok(Outcome { outcome, receipt: Some(receipt), link: None, problem })
    }
}
