//! Recovery: what a phone kept of what this server signed, for a database that came back older. The server believes
//! its own signatures alone. An operation needs no other: its id stands in the receipt. What is recovered takes its
//! place in the order of its serials, and never the place of something newer.

use std::cmp::Ordering;

use healthcode::rules::facts::ReportedSymptoms;
use healthcode::rules::quarantine::Tap;
use healthcode::token::decision::ReleaseCause;
use healthcode::token::trust_list::{Object, unseal};
use healthcode::token::{
    ActNotice, AppealNotice, Judgement, KeyNotice, Order, PaperNotice, RatingReceipt, Release, ServedNotice,
    Signer as _, SubjectId,
};
use healthcode::wire::message::{ChangeKind, Recovered};
use healthcode::wire::operation::OpenedOperation;
use healthcode::wire::{Bytes, Link, Operation, OperationBody, Problem, ProblemKind, Receipt};

use crate::desk::Desk;
use crate::error::ServerError;
use crate::notices::keep;
use crate::state::{CheckInState, OrderState, Rated, Segment};
use crate::storage::{Decision, StoredOperation};

/// Something recovered, verified.
enum Found {
    Operation(Box<FoundOperation>),
    Order(Order),
    Release(Release),
    Rating(RatingReceipt),
    Judgement(Judgement),
    Key(KeyNotice),
    Appeal(AppealNotice),
    Paper(PaperNotice),
    /// What was said besides: it is told again, and changes nothing by itself.
    Said {
        subject: SubjectId,
        serial: u64,
    },
}

struct FoundOperation {
    receipt: Receipt,
    link: Link,
    key: Vec<u8>,
    opened: Option<OpenedOperation>,
    stored: StoredOperation,
}

impl Found {
    const fn serial(&self) -> u64 {
        match self {
            Self::Operation(found) => found.receipt.serial,
            Self::Order(order) => order.serial,
            Self::Release(release) => release.serial,
            Self::Rating(rating) => rating.serial,
            Self::Judgement(judgement) => judgement.serial,
            Self::Key(notice) => notice.serial,
            Self::Appeal(notice) => notice.serial,
            Self::Paper(notice) => notice.serial,
            Self::Said { serial, .. } => *serial,
        }
    }
}

impl Desk<'_> {
    /// Takes back what is verified and not known. What is not verified is passed over: nobody else can offer it either.
    ///
    /// # Errors
    ///
    /// Where the file that lies beside the database cannot be written.
    pub(crate) fn recover(
        &mut self,
        recovered: &[Recovered],
        known: &[StoredOperation],
    ) -> Result<(), ServerError> {
        let mut found: Vec<_> = recovered.iter().filter_map(|one| self.find(one)).collect();
        if found.len() < recovered.len() {
            tracing::warn!(passed_over = recovered.len() - found.len(), "recovery");
        }
        found.sort_by_key(Found::serial);
        let before = self.changes.operations.len();
        let ratings = found.iter().filter(|one| matches!(one, Found::Rating(_)));
        let rated = ratings.map(Found::serial).max();
        let decided = !self.changes.recovered.is_empty();
        let dropped = found.iter().filter_map(|one| match one {
            Found::Key(notice) if notice.active_from.is_none() => Some(notice.key),
            _ => None,
        });
        let dropped: Vec<_> = dropped.collect();
        for one in found {
            let serial = one.serial();
            match one {
                Found::Operation(found) => self.recover_operation(*found, known),
                Found::Order(order) => self.recover_order(&order),
                Found::Release(release) => self.recover_release(&release),
                Found::Rating(rating) => self.recover_rating(&rating),
                Found::Judgement(judgement) => self.recover_judgement(&judgement),
                Found::Appeal(notice) => self.recover_appeal_notice(&notice),
                Found::Paper(notice) => self.recover_paper(&notice),
                Found::Key(notice) => self.recover_key(&notice, &dropped),
                Found::Said { .. } => {}
            }
            self.state.serial = self.state.serial.max(serial);
        }
        if decided || self.changes.operations.len() > before {
            // The cursor moves on: a backup from before this is told from what came after.
            self.next_serial()?;
        }
        // The rating that came back is of what came back with it; else what was due before is due still.
        if rated == Some(self.state.last.rating)
            && rated > Some(self.state.last.declaration.max(self.state.last.told))
        {
            self.state.rating_due = false;
        }
        Ok(())
    }

    fn find(&mut self, recovered: &Recovered) -> Option<Found> {
        match recovered {
            Recovered::Operation { operation, link, receipt } => {
                self.find_operation(operation, link, receipt).map(|found| Found::Operation(Box::new(found)))
            }
            Recovered::Decision { kind, object } => {
                let found = match kind {
                    ChangeKind::Order => Found::Order(self.own(object)?),
                    ChangeKind::Release => Found::Release(self.own(object)?),
                    ChangeKind::Rating => Found::Rating(self.own(object)?),
                    ChangeKind::Judgement => Found::Judgement(self.own(object)?),
                    ChangeKind::Key => Found::Key(self.own(object)?),
                    ChangeKind::Paper => Found::Paper(self.own(object)?),
                    ChangeKind::Act => {
                        let ActNotice { subject, serial, .. } = self.own(object)?;
                        Found::Said { subject, serial }
                    }
                    ChangeKind::Appeal => Found::Appeal(self.own(object)?),
                    ChangeKind::Served => {
                        let ServedNotice { subject, serial, .. } = self.own(object)?;
                        Found::Said { subject, serial }
                    }
                    ChangeKind::Other => return None,
                };
                let subject = match &found {
                    Found::Order(order) => order.subject,
                    Found::Release(release) => release.subject,
                    Found::Rating(rating) => rating.subject,
                    Found::Judgement(judgement) => judgement.subject,
                    Found::Key(notice) => notice.subject,
                    Found::Appeal(notice) => notice.subject,
                    Found::Paper(notice) => notice.subject,
                    Found::Said { subject, .. } => *subject,
                    Found::Operation(_) => return None,
                };
                if subject != self.subject {
                    return None;
                }
                let decision =
                    Decision { serial: found.serial(), kind: kind.clone(), object: object.clone() };
                self.changes.recovered.push(decision);
                Some(found)
            }
        }
    }

    fn own<T: Object>(&self, object: &Bytes) -> Option<T> {
        unseal(&object.0, &self.keys.decisions.public_key()).ok()
    }

    fn find_operation(&self, operation: &Bytes, link: &Bytes, receipt: &Bytes) -> Option<FoundOperation> {
        let signed: Receipt = self.own(receipt)?;
        let (read, key) = Link::vouched(&link.0).ok()?;
        let sent = Operation::from_bytes(operation.0.clone()).ok();
        // A refused one may be no operation at all; its link is vouched for all the same.
        let opened = sent.filter(|sent| sent.id == read.operation).and_then(|sent| sent.vouched().ok());
        let vouched = signed.subject == self.subject
            && signed.head == read.digest()
            && (opened.is_some() || !signed.accepted);
        vouched.then(|| FoundOperation {
            key: key.to_vec(),
            opened,
            stored: StoredOperation {
                operation: read.operation,
                signed: operation.clone(),
                link: link.clone(),
                receipt: receipt.clone(),
                problem: (!signed.accepted).then(|| Problem::new(&ProblemKind::Invalid)),
            },
            receipt: signed,
            link: read,
        })
    }

    fn recover_operation(&mut self, found: FoundOperation, known: &[StoredOperation]) {
        let FoundOperation { receipt, link, key, opened, stored } = found;
        let mut delivered = self.changes.operations.iter().chain(known);
        if let Some(known) = delivered.find(|known| known.operation == link.operation) {
            let later = self.own::<Receipt>(&known.receipt).filter(|later| later.serial > receipt.serial);
            if let Some(later) = later {
                self.put_back(&receipt, &later, stored);
            }
            return;
        }
        self.changes.operations.push(stored);
        if receipt.serial > self.state.last.link {
            self.state.last.link = receipt.serial;
            self.state.head = receipt.head;
            if let Some(place) = self.state.key_of(&key)
                && let Some(key) = self.state.keys.get_mut(place)
            {
                key.segment = Some(Segment { id: link.segment, next: link.sequence + 1, head: receipt.head });
            }
        }
        let Some(opened) = opened.filter(|_| receipt.accepted) else { return };
        match opened.body {
            Some(OperationBody::Declaration(declaration))
                if receipt.serial > self.state.last.declaration && !receipt.late =>
            {
                self.state.declaration = Some(declaration);
                self.state.said_by = None;
                self.state.last.declaration = receipt.serial;
                self.state.rating_due = true;
            }
            // It was judged when it was accepted.
            Some(OperationBody::Exposure(told)) if !receipt.late => {
                let days = self.rulebook.exposure.as_ref().map_or(0, |terms| i32::from(terms.window_days));
                let first = self.rulebook.offset_minutes.date_of(self.now).plus_days(-days);
                if keep(&mut self.state.exposures, &told, first) {
                    self.recover_told(receipt.serial);
                }
            }
            Some(OperationBody::Appeal(appeal)) => {
                self.recover_appeal(&appeal, link.operation, receipt.received_at);
            }
            Some(OperationBody::CheckIn(check_in)) => {
                if !check_in.symptoms.is_empty() {
                    let on = self.rulebook.offset_minutes.date_of(receipt.received_at);
                    self.state.reported = Some(ReportedSymptoms { on, symptoms: check_in.symptoms });
                    self.recover_told(receipt.serial);
                }
                let by = self.by_of_id(&Bytes(key));
                let Some(order) = &mut self.state.order else { return };
                // The evidence of the exchange that brought it is lost; its judgement, if there is one, has the rest.
                let mut earliest = opened.evidence.lower_bound;
                if check_in.order == Some(order.id) {
                    earliest = earliest.max(order.quarantine.issued_at);
                }
                let tap = Tap {
                    earliest: earliest.min(receipt.received_at),
                    latest: receipt.received_at,
                    received: Some(receipt.received_at),
                    late: receipt.late,
                };
                // Its judgement may have come back before it.
                if !order.has(link.operation) {
                    order.check_ins.push(CheckInState {
                        operation: link.operation,
                        tap,
                        judged: None,
                        said: 0,
                        by,
                    });
                }
            }
            _ => {}
        }
    }

    /// What was told after the last rating makes one due.
    fn recover_told(&mut self, serial: u64) {
        self.state.last.told = self.state.last.told.max(serial);
        self.state.rating_due |= serial > self.state.last.rating;
    }

    /// The earlier of two receipts holds, where an operation was delivered again after it was lost: what was delivered
    /// next has its place after it. A phone that got the later one keeps it: it has no receipt from between the two.
    fn put_back(&mut self, receipt: &Receipt, later: &Receipt, stored: StoredOperation) {
        let last = &mut self.state.last;
        for last in [&mut last.link, &mut last.declaration, &mut last.told] {
            if *last == later.serial {
                *last = receipt.serial;
            }
        }
        let check_ins = self.state.order.iter_mut().flat_map(|order| &mut order.check_ins);
        for check_in in check_ins.filter(|check_in| check_in.operation == stored.operation) {
            let latest = check_in.tap.latest.min(receipt.received_at);
            check_in.tap = Tap {
                earliest: check_in.tap.earliest.min(latest),
                latest,
                received: Some(receipt.received_at),
                late: receipt.late,
            };
            // A judgement says when its check-in was received: it is said anew.
            check_in.judged = None;
        }
        self.changes.operations.push(stored);
    }

    fn recover_order(&mut self, order: &Order) {
        if order.serial > self.state.last.order {
            self.state.last.order = order.serial;
            let manual = self.recovered_manual(order);
            self.count_again(order.order, manual.as_ref());
            // Said again, it is the same order with all its check-ins.
            if let Some(known) = self.state.order.as_mut().filter(|known| known.id == order.order) {
                known.manual = manual;
                return;
            }
            let notices = self.state.notices_of(&order.rule);
            self.state.order = Some(OrderState {
                id: order.order,
                colour: order.colour,
                rule: order.rule.clone(),
                quarantine: order.quarantine(),
                notices,
                manual,
                exposed_on: None,
                check_ins: Vec::new(),
            });
        }
    }

    fn recover_release(&mut self, release: &Release) {
        if release.serial <= self.state.last.order {
            return;
        }
        self.state.last.order = release.serial;
        let Some(order) = self.state.order.take_if(|order| order.id == release.order) else { return };
        self.count_end(&order, release.cause);
        if release.cause == ReleaseCause::Completed {
            let served = order.as_served();
            self.state.served.push(served);
        }
    }

    fn recover_rating(&mut self, rating: &RatingReceipt) {
        if rating.serial > self.state.last.rating {
            self.state.last.rating = rating.serial;
            let reasons = rating.reasons.iter().map(Into::into).collect();
            self.state.rating =
                Some(Rated { colour: rating.colour, reasons, appeal_by: Some(rating.appeal_by) });
        }
    }

    fn recover_judgement(&mut self, judgement: &Judgement) {
        let Some(order) = self.state.order.as_mut().filter(|order| order.id == judgement.order) else {
            return;
        };
        let (tap, judged, serial) = (judgement.tap(), judgement.attribution(), judgement.serial);
        let same = |check_in: &&mut CheckInState| check_in.operation == judgement.operation;
        let Some(known) = order.check_ins.iter_mut().find(same) else {
            let by = judgement.by.clone();
            order.check_ins.push(CheckInState {
                operation: judgement.operation,
                tap,
                judged,
                said: serial,
                by,
            });
            return;
        };
        // Of two receipts the earlier one says more, and of one receipt the later word.
        let newer = serial > known.said;
        let says_more = match judgement.received.cmp(&known.tap.received.unwrap_or(self.now)) {
            Ordering::Less => true,
            Ordering::Equal => newer || known.judged.is_none(),
            Ordering::Greater => false,
        };
        if says_more {
            known.tap = tap;
        }
        known.by = known.by.take().or_else(|| judgement.by.clone());
        if says_more || newer {
            // Where that is not what was said last, it is said anew.
            known.judged = judged.filter(|_| says_more && newer);
        }
        known.said = known.said.max(serial);
        known.by = known.by.take().or_else(|| judgement.by.clone());
    }
}
