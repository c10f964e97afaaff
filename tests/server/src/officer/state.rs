//! What the server knows of one person for officers: where the log about the person stands, what else there is to an
//! order that no rule gave, and when the person waits for an officer or an officer for the person.

use healthcode::rules::calendar::{LegalDate, Timestamp};
use healthcode::rules::colour::Colour;
use healthcode::rules::quarantine::{Attribution, DayState, Phase, attribute, progress};
use healthcode::rules::text::Text;
use healthcode::token::ids::OrderId;
use healthcode::wire::Bytes;
use serde::{Deserialize, Serialize};

use super::log::BEGINNING;
use crate::state::{OrderState, SubjectState};

/// Who is overdue: the word in the agenda.
pub(crate) const OVERDUE: &str = "overdue";
/// Whose order waits for a second officer, at the instant of its lapse.
pub(crate) const PROVISIONAL: &str = "order";
/// Whose order has run for as long as any may, and waits for an officer to end it.
pub(crate) const REVIEW: &str = "review";
/// Whose appeal waits, at the instant by which it must be decided.
pub(crate) const APPEAL: &str = "appeal";
/// Whom somebody has asked to care for.
pub(crate) const RELATION: &str = "relation";

/// Where the log of officers' acts about a person stands.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct ActsHead {
    /// How many entries there are.
    pub place: u64,
    /// The digest of the last.
    pub entry: [u8; 32],
    /// The legal day on which the person was told last of having been on the list of overdue check-ins.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub listed_on: Option<LegalDate>,
}

impl Default for ActsHead {
    fn default() -> Self {
        Self { place: 0, entry: BEGINNING, listed_on: None }
    }
}

/// What else there is to an order that an officer gave without a rule.
#[derive(Clone, Serialize, Deserialize)]
pub struct ManualOrder {
    /// Why, as the resident reads it.
    pub cause: Text,
    /// SHA-256 of the signed rulebook of its issue.
    pub rulebook: Bytes,
    /// The order that it took the place of.
    pub supersedes: Option<OrderId>,
    /// When it lapses; none once it is confirmed.
    pub provisional_until: Option<Timestamp>,
    /// Who gave it; none where that was lost, and then nobody can be known to be a second officer.
    pub by: Option<OrderedBy>,
    /// The second officer, who has confirmed it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub confirmed_by: Option<OrderedBy>,
    /// Where and when it is counted, and what its lapse was to be.
    pub counted: (u32, LegalDate, Timestamp),
    /// Whether the person was green before, and the rules have said nothing else since.
    pub green_before: bool,
}

/// The officer who gave an order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderedBy {
    /// The id of the officer's key.
    pub key: Bytes,
    /// What the authority calls the officer.
    pub name: String,
}

impl OrderedBy {
    /// Whether both are one officer, by key or by name.
    #[must_use]
    pub fn is_same(&self, other: &Self) -> bool {
        self.key == other.key || self.name == other.name
    }
}

/// What orders that no rule gave leave behind.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Left {
    /// Whose orders have ended without a second officer's word since the last one that had it: the next one is somebody
    /// else's to give, so that no few officers hold a person by turns.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub alone: Vec<Alone>,
    /// The days that were served before, until the rules have said what holds in the order's place.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub days: Option<HeldDays>,
}

impl Left {
    /// Whether there is nothing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// An officer whose order nobody confirmed, and when that was so.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Alone {
    /// Who gave it.
    pub by: OrderedBy,
    /// When it was over.
    pub at: Timestamp,
}

/// Days of a quarantine that count for the one that takes its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HeldDays {
    /// As strict as this they were served.
    pub colour: Colour,
    /// How many.
    pub days: u16,
}

impl OrderState {
    /// When it lapses unless it is confirmed; none for an order that stays.
    #[must_use]
    pub fn provisional_until(&self) -> Option<Timestamp> {
        self.manual.as_ref().and_then(|manual| manual.provisional_until)
    }

    /// Who gave it, where an officer did and no second one has confirmed it.
    #[must_use]
    pub fn given_alone(&self) -> Option<&OrderedBy> {
        self.manual.as_ref().filter(|manual| manual.provisional_until.is_some())?.by.as_ref()
    }

    /// From when on it waits for an officer if nothing more comes; none for one that may lapse, or whose days are
    /// complete.
    fn review_from(&self) -> Option<Timestamp> {
        let from = self.quarantine.terms.closes(self.quarantine.last_day());
        self.is_in_review(from).then_some(from)
    }

    /// Whether it has run for as long as any order may, and its days are not complete.
    #[must_use]
    pub fn is_in_review(&self, now: Timestamp) -> bool {
        let stays = self.provisional_until().is_none();
        stays && progress(&self.quarantine, &self.taps(), now).phase == Phase::Review
    }

    /// The days that were missed in a row up to the last that takes no check-in any more, by the order's own terms; none
    /// where that one was kept, and once the order waits for an officer.
    #[must_use]
    pub fn missed(&self, now: Timestamp) -> Vec<LegalDate> {
        let progress = progress(&self.quarantine, &self.taps(), now);
        // In review no check-in counts any more.
        if progress.phase != Phase::Running {
            return Vec::new();
        }
        let closed = progress.calendar.iter().rev().skip_while(|day| day.state == DayState::Open);
        let missed = closed.take_while(|day| matches!(day.state, DayState::Missed | DayState::Tolerated));
        let mut missed: Vec<_> = missed.map(|day| day.date).collect();
        missed.reverse();
        missed
    }

    /// From when on the person is overdue if nothing more comes; none where nothing more is needed.
    fn overdue_from(&self) -> Option<Timestamp> {
        let (order, taps) = (&self.quarantine, self.taps());
        let days = attribute(order, &taps).into_iter().filter_map(|attribution| match attribution {
            Attribution::Counted { day, .. } => Some(day.plus_days(1)),
            Attribution::Not(_) => None,
        });
        let next = days.max().map_or(order.first_open_day(), |day| day.max(order.first_open_day()));
        let from = order.terms.closes(next.min(order.last_day()));
        let complete = matches!(progress(order, &taps, from).phase, Phase::Complete { .. });
        (!complete).then_some(from)
    }
}

impl SubjectState {
    /// What is to be looked for, and from when on: a kind once.
    #[must_use]
    pub fn agenda(&self) -> Vec<(&'static str, Timestamp)> {
        let order = self.order.as_ref();
        let overdue = order.and_then(OrderState::overdue_from).map(|at| (OVERDUE, at));
        let provisional = order.and_then(OrderState::provisional_until).map(|at| (PROVISIONAL, at));
        let review = order.and_then(OrderState::review_from).map(|at| (REVIEW, at));
        // At the instant by which the authority has bound itself to decide.
        let appeals = self.appeals.iter().filter(|case| !case.decided).map(|case| case.due_by);
        let appeal = appeals.min().map(|at| (APPEAL, at));
        let relation = self.asked.iter().map(|asked| asked.asked_at).min().map(|at| (RELATION, at));
        overdue.into_iter().chain(provisional).chain(review).chain(appeal).chain(relation).collect()
    }
}
