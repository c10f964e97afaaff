//! What the rulebook says is over goes: by age at H, the lower bound of trusted time, so that nothing goes early
//! whatever is done to the phone's own clock. What a screen shows or a rule reads stays. Each subject goes by the rules
//! that [`Phone::kept_by`] names.
//!
//! | what | goes |
//! |---|---|
//! | a check-in with operation, receipt and judgements | the appeal window after the end of its order |
//! | a check-in without an order | the travel window and the appeal window after its receipt, with no order in force |
//! | an order and its release | the same, once no day that a rule reads lies before it: `served` needs them |
//! | a declaration | the travel window after its receipt; the latest stays |
//! | a rating receipt | after its `appeal_by`; the latest stays |
//! | a gate token | the appeal window after its expiry |
//! | an answer to a gate's challenge | the travel window after it |
//! | an appeal, days brought from elsewhere | the appeal window after the authority must have answered |
//! | a paper code, what was said of an appeal, of days served elsewhere, of an officer's act | the appeal window after its end |
//! | where a person was, with its matches | the exposure window after it ended |
//! | a form that is being filled in | seven days after its last change |
//!
//! Never: what waits to be sent; notices of other phones' keys; the last check-in that told of symptoms, which rules
//! read; an operation whose link stands after that of a check-in which stays: a chain with a gap proves nothing.

use std::collections::{BTreeMap, BTreeSet};

use super::phone::Phone;
use super::round::kept;
use crate::error::HealthcodeError;
use crate::platform::LogLevel;
use crate::rules::calendar::{LegalDate, Timestamp};
use crate::rules::exposure::Whereabouts;
use crate::rules::rulebook::Rulebook;
use crate::store::{OutboxRow, OutboxState, StoreError, StoredCheckIn, SubjectKey, Transaction};
use crate::token::decision::ReleaseCause;
use crate::token::{
    ActNotice, AppealNotice, AppealState, GateToken, Judgement, OperationId, Order, OrderId, PaperNotice,
    RatingReceipt, Release, SegmentId, ServedNotice,
};
use crate::wire::message::ChangeKind;
use crate::wire::{Operation, OperationBody, Receipt};

/// Purges the phone's file, where a server's time and a rulebook have come. What does not succeed now is done the
/// next time: nothing else fails for it.
pub(crate) fn purge(phone: &Phone) {
    if let Err(error) = try_purge(phone) {
        phone.log(LogLevel::Warning, format!("not purged: {error}"));
    }
}

fn try_purge(phone: &Phone) -> Result<(), HealthcodeError> {
    let now = phone.now()?;
    if !now.anchored {
        return Ok(());
    }
    let over = |file: &Transaction<'_>| {
        let drafts = file.drafts_to_settle(now.lower_bound, now.estimate.is_some())?;
        Ok::<_, HealthcodeError>((plans(file, phone, now.lower_bound)?, drafts))
    };
    let (plans, drafts) = phone.store.read(over)?;
    if plans.is_empty() && !drafts {
        return Ok(());
    }
    phone.store.write(|file| {
        // Looked at again within the transaction: what has come in between counts.
        over(file)?.0.iter().try_for_each(|(key, over)| over.delete(file, key))?;
        Ok(file.settle_drafts(now.lower_bound, now.estimate.is_some())?)
    })
}

fn plans(
    file: &Transaction<'_>,
    phone: &Phone,
    now: Timestamp,
) -> Result<Vec<(SubjectKey, Over)>, HealthcodeError> {
    let mut plans = Vec::new();
    for key in file.subjects()? {
        let Some(rulebook) = phone.kept_by(&key.issuer) else { continue };
        let over = Kept::read(file, &key)?.over(&rulebook, now);
        if over != Over::default() {
            plans.push((key, over));
        }
    }
    Ok(plans)
}

/// What of a subject is over.
#[derive(Debug, Default, PartialEq, Eq)]
struct Over {
    check_ins: Vec<OperationId>,
    declarations: Vec<OperationId>,
    /// Operations without a row of their own.
    operations: Vec<OperationId>,
    decisions: Vec<u64>,
    token: bool,
    answered: Vec<u64>,
    whereabouts: Vec<u64>,
}

impl Over {
    fn delete(&self, file: &Transaction<'_>, key: &SubjectKey) -> Result<(), StoreError> {
        self.check_ins.iter().try_for_each(|operation| file.delete_check_in(key, *operation))?;
        self.declarations.iter().try_for_each(|operation| file.delete_declaration(key, *operation))?;
        self.operations.iter().try_for_each(|operation| file.delete_operation(key, *operation))?;
        self.decisions.iter().try_for_each(|serial| file.delete_decision(key, *serial))?;
        self.answered.iter().try_for_each(|place| file.delete_answered(key, *place))?;
        if !self.whereabouts.is_empty() {
            self.whereabouts.iter().try_for_each(|place| file.delete_whereabouts(key, *place))?;
            let mut matches = file.matches(key)?;
            matches.retain(|matched| !self.whereabouts.contains(&matched.entry));
            file.put_matches(key, &matches)?;
        }
        if self.token { file.delete_token(key) } else { Ok(()) }
    }
}

/// What is kept of a subject, as far as a purge looks at it.
#[derive(Default)]
struct Kept {
    outbox: BTreeMap<OperationId, OutboxRow>,
    check_ins: Vec<StoredCheckIn>,
    declarations: Vec<(OperationId, Vec<LegalDate>)>,
    orders: Vec<(u64, Order)>,
    releases: Vec<(u64, Release)>,
    judgements: Vec<(u64, Judgement)>,
    ratings: Vec<(u64, RatingReceipt)>,
    token: Option<GateToken>,
    answered: Vec<(u64, Timestamp)>,
    whereabouts: Vec<(u64, Whereabouts)>,
    /// What else was said, each with the instant at which it ends.
    said: Vec<(u64, Timestamp)>,
    /// When what was said of each appeal ends; never while it is not decided.
    appeals: BTreeMap<OperationId, Option<Timestamp>>,
}

/// An order and what became of it.
struct Course {
    order: OrderId,
    starts_on: LegalDate,
    /// None while it is in force.
    ended_at: Option<Timestamp>,
    served: bool,
    serials: Vec<u64>,
}

impl Kept {
    fn read(file: &Transaction<'_>, key: &SubjectKey) -> Result<Self, HealthcodeError> {
        let mut all = Self {
            outbox: file.outbox(key)?.into_iter().map(|row| (row.operation, row)).collect(),
            check_ins: file.check_ins(key)?,
            token: file.token(key)?.map(|token| kept(&token)).transpose()?,
            answered: file.answered(key)?.into_iter().map(|(place, answered)| (place, answered.at)).collect(),
            whereabouts: file
                .whereabouts(key)?
                .into_iter()
                .map(|(place, entry)| (place, entry.whereabouts))
                .collect(),
            ..Self::default()
        };
        for (operation, declaration) in file.declarations(key)? {
            let days = declaration.travel.iter().map(|stay| stay.to).chain([declaration.declared_on]);
            all.declarations.push((operation, days.collect()));
        }
        // A paper code and its withdrawal go together: one without the other would say something else.
        let mut of_appeals: Vec<(u64, OperationId)> = Vec::new();
        let mut papers: BTreeMap<[u8; 8], (Vec<u64>, Timestamp)> = BTreeMap::new();
        for (serial, decision) in file.serial_decisions(key)? {
            let object = &decision.object.0;
            match decision.kind {
                ChangeKind::Order => all.orders.push((serial, kept(object)?)),
                ChangeKind::Release => all.releases.push((serial, kept(object)?)),
                ChangeKind::Judgement => all.judgements.push((serial, kept(object)?)),
                ChangeKind::Rating => all.ratings.push((serial, kept(object)?)),
                ChangeKind::Paper => {
                    let notice: PaperNotice = kept(object)?;
                    let token = notice.token.map(|token| kept::<GateToken>(&token)).transpose()?;
                    let ends = token.map_or(notice.said_at, |token| token.expires_at);
                    let (serials, ends_at) = papers.entry(notice.id).or_insert((Vec::new(), ends));
                    serials.push(serial);
                    *ends_at = ends.min(*ends_at);
                }
                ChangeKind::Act => all.said.push((serial, kept::<ActNotice>(object)?.acted_at)),
                ChangeKind::Appeal => {
                    let AppealNotice { said_at, due_by, appeal, state, .. } = kept(object)?;
                    let open = matches!(state, AppealState::Received | AppealState::InReview);
                    all.appeals.insert(appeal, (!open).then(|| said_at.max(due_by)));
                    of_appeals.push((serial, appeal));
                }
                ChangeKind::Served => all.said.push((serial, kept::<ServedNotice>(object)?.said_at)),
                ChangeKind::Key | ChangeKind::Other => {}
            }
        }
        // What the authority has not decided stays, its lapse with it.
        let ends_at = |(serial, appeal)| Some((serial, (*all.appeals.get(&appeal)?)?));
        all.said.extend(of_appeals.into_iter().filter_map(ends_at));
        for (serials, ends_at) in papers.into_values() {
            all.said.extend(serials.into_iter().map(|serial| (serial, ends_at)));
        }
        Ok(all)
    }

    fn over(&self, rulebook: &Rulebook, now: Timestamp) -> Over {
        let appeal = 24 * i64::from(rulebook.appeal_days);
        let window = 24 * i64::from(rulebook.declaration.travel_window_days);
        let past = |at: Timestamp, hours: i64| now >= at.plus_hours(hours);
        let courses = self.courses();
        let (ended, open): (Vec<&Course>, Vec<&Course>) =
            courses.iter().partition(|course| course.ended_at.is_some_and(|at| past(at, appeal)));
        let open: BTreeSet<OrderId> = open.into_iter().map(|course| course.order).collect();
        let ended =
            ended.into_iter().map(|course| course.order).filter(|order| !open.contains(order)).collect();
        let check_ins = self.check_ins_over(&courses, &ended, |at| past(at, window + appeal));
        let mut over = Over {
            declarations: self.declarations_over(&courses, &ended, |at| past(at, window)),
            decisions: self.ratings_over(now),
            token: self.token.as_ref().is_some_and(|token| past(token.expires_at, appeal)),
            ..Over::default()
        };
        let answered = self.answered.iter().filter(|(_, at)| past(*at, window));
        over.answered.extend(answered.map(|(place, _)| *place));
        let whereabouts = self.whereabouts.iter().filter(|(_, place)| place.is_over(rulebook, now));
        over.whereabouts.extend(whereabouts.map(|(place, _)| *place));
        let said = self.said.iter().filter(|(_, ends_at)| past(*ends_at, appeal));
        over.decisions.extend(said.map(|(serial, _)| *serial));
        over.decisions.extend(self.judgements.iter().filter_map(|(serial, judgement)| {
            let known = courses.iter().any(|course| course.order == judgement.order);
            let old = if known {
                ended.contains(&judgement.order)
            } else {
                past(judgement.judged_at, window + appeal)
            };
            // Without it a check-in that stays would seem not to be judged yet.
            let stays = self.check_ins.iter().any(|tap| tap.operation == judgement.operation)
                && !check_ins.contains(&judgement.operation);
            (old && !stays).then_some(*serial)
        }));
        over.decisions.extend(self.releases.iter().filter_map(|(serial, release)| {
            let known = courses.iter().any(|course| course.order == release.order);
            (!known && past(release.released_at, appeal)).then_some(*serial)
        }));
        let read_from = self.first_day_read(rulebook.offset_minutes.date_of(now), rulebook);
        let readable = |course: &Course| course.served && course.starts_on >= read_from;
        // In their order, so that no release finds an order in force that had been replaced when it came.
        let gone = courses.iter().take_while(|course| ended.contains(&course.order) && !readable(course));
        over.decisions.extend(gone.flat_map(|course| course.serials.iter().copied()));
        over.check_ins = check_ins;
        let answered = i64::from(rulebook.appeal_answer_hours) + appeal;
        over.operations =
            self.operations_over(&courses, &ended, |at| past(at, answered), |at| past(at, appeal));
        over
    }

    /// The orders with their ends, as [`crate::resident`] replays them.
    fn courses(&self) -> Vec<Course> {
        let mut courses: Vec<Course> = Vec::with_capacity(self.orders.len());
        let mut said_before = Vec::new();
        for (place, (serial, order)) in self.orders.iter().enumerate() {
            let next = self.orders.get(place + 1);
            // Confirmed, an officer's order is said again: it is one order.
            if next.is_some_and(|(_, next)| next.order == order.order) {
                said_before.push(*serial);
                continue;
            }
            let mut releases = self.releases.iter().filter(|(_, release)| release.order == order.order);
            let mut course = Course {
                order: order.order,
                starts_on: order.starts_on,
                ended_at: next.map(|(_, next)| next.issued_at),
                served: false,
                serials: releases
                    .clone()
                    .map(|(at, _)| *at)
                    .chain([*serial])
                    .chain(said_before.drain(..))
                    .collect(),
            };
            // One that came before its order, or after the next one, ended nothing.
            if let Some((_, release)) =
                releases.find(|(at, _)| at > serial && next.is_none_or(|(next, _)| at < next))
            {
                course.ended_at = Some(release.released_at);
                course.served = release.cause == ReleaseCause::Completed;
            }
            courses.push(course);
        }
        courses
    }

    fn check_ins_over(
        &self,
        courses: &[Course],
        ended: &BTreeSet<OrderId>,
        past: impl Fn(Timestamp) -> bool,
    ) -> Vec<OperationId> {
        let in_force = courses.iter().any(|course| course.ended_at.is_none());
        let told = self.check_ins.iter().rev().find(|tap| !tap.check_in.symptoms.is_empty());
        let links = self.first_links_kept(courses, ended);
        let is_over = |tap: &&StoredCheckIn| {
            let Some(row) = self.outbox.get(&tap.operation) else { return false };
            let read = told.is_some_and(|told| told.operation == tap.operation);
            if row.state == OutboxState::Waiting || read || is_linked(&links, row) {
                return false;
            }
            let mut orders = self.orders_of(tap, courses).peekable();
            if orders.peek().is_some() {
                return orders.all(|order| ended.contains(&order));
            }
            !in_force && past(received_at(row).unwrap_or(tap.evidence.lower_bound))
        };
        self.check_ins.iter().filter(is_over).map(|tap| tap.operation).collect()
    }

    fn declarations_over(
        &self,
        courses: &[Course],
        ended: &BTreeSet<OrderId>,
        past: impl Fn(Timestamp) -> bool,
    ) -> Vec<OperationId> {
        let links = self.first_links_kept(courses, ended);
        let Some((_, earlier)) = self.declarations.split_last() else { return Vec::new() };
        let is_over = |operation: &OperationId| {
            let Some(row) = self.outbox.get(operation) else { return false };
            row.state != OutboxState::Waiting
                && !is_linked(&links, row)
                && received_at(row).is_some_and(&past)
        };
        earlier.iter().map(|(operation, _)| *operation).filter(is_over).collect()
    }

    /// Appeals and days from elsewhere, which tell of health and places.
    fn operations_over(
        &self,
        courses: &[Course],
        ended: &BTreeSet<OrderId>,
        past: impl Fn(Timestamp) -> bool,
        said: impl Fn(Timestamp) -> bool,
    ) -> Vec<OperationId> {
        let links = self.first_links_kept(courses, ended);
        let told = |row: &&OutboxRow| {
            let made = Operation::from_bytes(row.body.operation.0.clone()).ok();
            let body = made.and_then(|made| made.vouched().ok()?.body);
            matches!(body, Some(OperationBody::Appeal(_) | OperationBody::Served(_)))
        };
        let over = self.outbox.values().filter(|row| {
            row.state != OutboxState::Waiting
                && !is_linked(&links, row)
                && match self.appeals.get(&row.operation) {
                    // It goes with what was said of it.
                    Some(ends_at) => ends_at.is_some_and(&said),
                    None => received_at(row).is_some_and(&past),
                }
        });
        over.filter(told).map(|row| row.operation).collect()
    }

    fn ratings_over(&self, now: Timestamp) -> Vec<u64> {
        let Some((_, earlier)) = self.ratings.split_last() else { return Vec::new() };
        earlier.iter().filter(|(_, rating)| now >= rating.appeal_by).map(|(serial, _)| *serial).collect()
    }

    /// The orders, as far as they are known, that a check-in was made or judged for.
    fn orders_of<'a>(
        &'a self,
        tap: &'a StoredCheckIn,
        courses: &'a [Course],
    ) -> impl Iterator<Item = OrderId> + 'a {
        let judged = self.judgements.iter().filter(|(_, judgement)| judgement.operation == tap.operation);
        let orders = judged.map(|(_, judgement)| judgement.order).chain(tap.check_in.order);
        orders.filter(|order| courses.iter().any(|course| course.order == *order))
    }

    /// Where, in each segment, the links begin that prove an order's check-ins which are not over yet.
    fn first_links_kept(&self, courses: &[Course], ended: &BTreeSet<OrderId>) -> BTreeMap<SegmentId, u64> {
        let mut first = BTreeMap::new();
        for tap in &self.check_ins {
            let Some(row) = self.outbox.get(&tap.operation) else { continue };
            if self.orders_of(tap, courses).any(|order| !ended.contains(&order)) {
                let from = first.entry(row.segment).or_insert(row.sequence);
                *from = row.sequence.min(*from);
            }
        }
        first
    }

    /// The first day that a rule may ask `served` about: see [`crate::rules::facts`].
    fn first_day_read(&self, today: LegalDate, rulebook: &Rulebook) -> LegalDate {
        let asked = today.plus_days(-i32::from(rulebook.declaration.travel_window_days));
        let declared = self.declarations.last().into_iter().flat_map(|(_, days)| days.iter().copied());
        let told = self.check_ins.iter().rev().find(|tap| !tap.check_in.symptoms.is_empty());
        let told = told.map(|tap| rulebook.offset_minutes.date_of(tap.evidence.lower_bound));
        declared.chain(told).fold(asked, LegalDate::min)
    }
}

fn is_linked(links: &BTreeMap<SegmentId, u64>, row: &OutboxRow) -> bool {
    links.get(&row.segment).is_some_and(|from| row.sequence >= *from)
}

/// When the server received an operation, by its receipt.
fn received_at(row: &OutboxRow) -> Option<Timestamp> {
    let receipt = row.answer.as_ref()?.receipt.as_ref()?;
    kept::<Receipt>(&receipt.0).ok().map(|receipt| receipt.received_at)
}
