//! The countdown as a screen shows it. Days are counted at H, the lower bound of true time: whatever is done to the
//! phone's own clock, no day comes early. Only the server's signed release ends an order.

use std::collections::BTreeMap;

use super::standing::{Course, Standing};
use super::time_state::TimeState;
use crate::error::{HealthcodeError, refusal_text};
use crate::rules::calendar::{LegalDate, Timestamp};
use crate::rules::colour::Colour;
use crate::rules::quarantine::{
    Attribution, Certainty, Day, NotCounted, Phase, Progress, Risk, Tap, attribute, days_to_come, progress,
};
use crate::rules::rulebook::Rulebook;
use crate::rules::sorted::tree;
use crate::rules::text::Text;
use crate::store::{OutboxAnswer, OutboxState, StoredCheckIn, SubjectKey};
use crate::sync::phone::{Now, Phone};
use crate::token::OperationId;

/// How far a quarantine has come.
#[derive(Clone, PartialEq, Eq, uniffi::Record)]
pub struct QuarantineView {
    /// The order's id.
    pub order: String,
    /// Yellow or red.
    pub colour: Colour,
    /// The rule that caused it, or `manual`.
    pub rule: String,
    /// The cause.
    pub cause: Text,
    /// The first day.
    pub starts_on: LegalDate,
    /// When the order was signed.
    pub issued_at: Timestamp,
    /// When an officer's order without a rule lapses unless a second officer confirms it: from then on connect, the
    /// server says what holds. None for an order that stays.
    pub provisional_until: Option<Timestamp>,
    /// Days that the order takes.
    pub days: u16,
    /// Days that count so far.
    pub counted: u16,
    /// The legal day, as far as this phone is sure of it: a later one may have begun where `time.sure` is false.
    pub today: LegalDate,
    /// Every day from the first one to today.
    pub calendar: Vec<Day>,
    /// The days after those that the order still takes, if every day from now on is kept; empty without an earliest
    /// release.
    #[uniffi(default)]
    pub to_come: Vec<LegalDate>,
    /// Whether days are missing, complete, or in an officer's review.
    pub phase: Phase,
    /// Whether all days are done and the time of the release has come, or the order has lapsed: connect, the server
    /// confirms.
    pub connect_to_confirm: bool,
    /// The check-in that is due now, until when, and what missing it does. Where `time.sure` is false another may
    /// be due: offer a check-in all the same.
    pub due: Option<Risk>,
    /// When the next day opens, if nothing is due now.
    pub next_opens_at: Option<Timestamp>,
    /// When the order can end at the earliest, if every day from now on is kept.
    pub earliest_release: Option<Timestamp>,
    /// When to remind of the check-in that is due, or of the next day's.
    pub reminders: Vec<Timestamp>,
    /// The check-ins recorded on this phone under this order, the latest last.
    pub check_ins: Vec<CheckInView>,
    /// The time as this phone knows it.
    pub time: TimeState,
    /// The masked name of the person that it is about.
    #[uniffi(default = "")]
    pub masked_name: String,
}

/// A check-in and what became of it.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct CheckInView {
    /// Its id.
    pub operation: String,
    /// When it was recorded, as a lower bound of true time.
    pub recorded_at: Timestamp,
    /// What became of it.
    pub state: CheckInState,
}

/// What became of a check-in.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Enum)]
pub enum CheckInState {
    /// It waits to be sent.
    Waiting {
        /// The day for which it will count, as far as this phone can tell; none where it was made when the phone did
        /// not know the day, and has not learnt it since.
        day: Option<LegalDate>,
    },
    /// The server has it and has not judged it yet.
    Received,
    /// It counts, as the server judged.
    Counted {
        /// For this day.
        day: LegalDate,
        /// How surely.
        certainty: Certainty,
    },
    /// It does not count, as the server judged.
    NotCounted {
        /// Why not.
        reason: NotCounted,
    },
    /// The server refused it.
    Refused {
        /// The problem's stable word.
        problem: String,
        /// What was wrong, and what can be done about it.
        text: Text,
    },
}

impl std::fmt::Debug for QuarantineView {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "QuarantineView({} of {}, {:?})", self.counted, self.days, self.phase)
    }
}

pub(super) fn view(phone: &Phone, key: &SubjectKey) -> Result<Option<QuarantineView>, HealthcodeError> {
    let now = phone.now()?;
    let standing = Standing::read(phone, key)?;
    let Some(course) = &standing.course else { return Ok(None) };
    let (order, progress) = (&course.order, progress_of(course, &now));
    let rulebook = phone.rulebook_of(&key.issuer);
    let reminders =
        reminders(course, &progress, rulebook.as_deref(), standing.spread_millis(), now.lower_bound);
    Ok(Some(QuarantineView {
        order: order.order.to_string(),
        colour: order.colour,
        rule: order.rule.clone(),
        cause: order.cause.clone(),
        starts_on: order.starts_on,
        issued_at: order.issued_at,
        days: progress.days,
        counted: progress.counted,
        today: progress.today,
        connect_to_confirm: is_confirmable(&progress, now.lower_bound) || has_lapsed(course, &now),
        provisional_until: order.provisional_until,
        phase: progress.phase,
        due: progress.due,
        next_opens_at: progress.next_opens_at,
        earliest_release: progress.earliest_release,
        calendar: progress.calendar,
        to_come: days_to_come(&order.quarantine(), &taps(course), now.lower_bound),
        reminders,
        check_ins: check_ins(course, &now),
        time: TimeState::of(&now),
        masked_name: standing.body.identity.name.mask(),
    }))
}

/// The progress of the order in force at H.
pub(super) fn progress_of(course: &Course, now: &Now) -> Progress {
    progress(&course.order.quarantine(), &taps(course), now.lower_bound)
}

fn taps(course: &Course) -> Vec<Tap> {
    course.taps().into_iter().map(|(_, tap)| tap).collect()
}

pub(super) fn is_confirmable(progress: &Progress, now: Timestamp) -> bool {
    matches!(progress.phase, Phase::Complete { release_at } if now >= release_at)
}

/// Whether it is sure that nobody confirmed the order in time, as far as this phone knows.
fn has_lapsed(course: &Course, now: &Now) -> bool {
    course.order.provisional_until.is_some_and(|until| now.lower_bound >= until)
}

/// The instants after `now` at which to remind of the due day, or of the next one.
pub(super) fn reminders(
    course: &Course,
    progress: &Progress,
    rulebook: Option<&Rulebook>,
    spread_millis: i64,
    now: Timestamp,
) -> Vec<Timestamp> {
    let Some(rulebook) = rulebook else { return Vec::new() };
    let calendar = course.order.terms.calendar;
    let day = progress.due.map(|due| due.day).or(progress.next_opens_at.map(|at| calendar.date_of(at)));
    let Some(day) = day else { return Vec::new() };
    let minutes = rulebook.quarantine.remind_minutes.iter();
    let at = |minutes: &u16| calendar.at(day, *minutes).plus_millis(spread_millis);
    minutes.map(at).filter(|at| *at > now).collect()
}

/// The day for which a tap would count, as far as this phone can tell.
pub(super) fn expected_days(course: &Course) -> BTreeMap<OperationId, Attribution> {
    let (operations, taps): (Vec<_>, Vec<_>) = course.taps().into_iter().unzip();
    tree(operations.into_iter().zip(attribute(&course.order.quarantine(), &taps)))
}

fn check_ins(course: &Course, now: &Now) -> Vec<CheckInView> {
    let expected = expected_days(course);
    // Of taps of another start of the phone nobody knows any more how sure it was.
    let unsure = |check_in: &StoredCheckIn| {
        now.estimate.is_none() && check_in.evidence.session == now.evidence.session
    };
    let of_this_order = |check_in: &&StoredCheckIn| {
        expected.contains_key(&check_in.operation) || check_in.check_in.order == Some(course.order.order)
    };
    let view = |check_in: &StoredCheckIn| CheckInView {
        operation: check_in.operation.to_string(),
        recorded_at: check_in.evidence.lower_bound,
        state: state(course, check_in, &expected, unsure(check_in)),
    };
    course.check_ins.iter().filter(of_this_order).map(view).collect()
}

fn state(
    course: &Course,
    check_in: &StoredCheckIn,
    expected: &BTreeMap<OperationId, Attribution>,
    unsure: bool,
) -> CheckInState {
    if let Some(judgement) = course.judgements.get(&check_in.operation) {
        return match (judgement.day, judgement.certainty, judgement.not_counted) {
            (Some(day), Some(certainty), _) => CheckInState::Counted { day, certainty },
            (_, _, Some(reason)) => CheckInState::NotCounted { reason },
            // A judgement says one or the other: one that does not was refused when it came.
            _ => CheckInState::Received,
        };
    }
    match course.answers.get(&check_in.operation) {
        Some((OutboxState::Refused, answer)) => {
            let (problem, field) = (problem_of(answer.as_ref()), field_of(answer.as_ref()));
            CheckInState::Refused { text: refusal_text(&problem, field), problem }
        }
        Some((OutboxState::Accepted, _)) => CheckInState::Received,
        Some((OutboxState::Waiting, _)) | None => {
            let day = match expected.get(&check_in.operation) {
                Some(Attribution::Counted { day, .. }) if !unsure => Some(*day),
                _ => None,
            };
            CheckInState::Waiting { day }
        }
    }
}

/// The stable word of what was wrong.
pub(super) fn problem_of(answer: Option<&OutboxAnswer>) -> String {
    let problem = answer.and_then(|answer| answer.problem.as_ref());
    problem.map_or_else(|| "invalid".to_owned(), |problem| problem.kind().word().to_owned())
}

/// The field that was wrong, where the server names one.
pub(super) fn field_of(answer: Option<&OutboxAnswer>) -> Option<&str> {
    answer.and_then(|answer| answer.problem.as_ref()?.field.as_deref())
}
