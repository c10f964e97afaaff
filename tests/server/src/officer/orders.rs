//! Orders that no rule gives. One officer alone orders for as long as it takes a second one to look at it: what nobody
//! else confirms lapses, and with it every colour that it gave. Each is counted in public.

use std::sync::Arc;
use std::time::Duration;

use healthcode::rules::calendar::{LegalDate, Timestamp};
use healthcode::rules::colour::Colour;
use healthcode::rules::quarantine::progress;
use healthcode::rules::rating::{Rating, Reason};
use healthcode::rules::text::Text;
use healthcode::token::Order;
use healthcode::token::acts::MAX_TEXT;
use healthcode::token::decision::{MANUAL, ReleaseCause};
use healthcode::token::ids::{OrderId, SubjectId};
use healthcode::wire::message::ChangeKind;
use healthcode::wire::{Bytes, Problem, ProblemKind};
use serde_json::{Value, json};

use super::state::PROVISIONAL;
use super::{Asking, NO_PHONE, counted_in};
use crate::Inner;
use crate::desk::Desk;
use crate::error::ServerError;
use crate::state::{Alone, HeldDays, ManualOrder, OrderState, OrderedBy};
use crate::storage::log::{Fate, ManualRow};

/// So many lapses at a time.
const LAPSES: u32 = 256;
const EVERY: Duration = Duration::from_mins(1);

/// Colour, first day, days and cause of an order.
type Ordered<'a> = (Colour, LegalDate, u16, &'a Text);

impl Desk<'_> {
    /// Orders a quarantine that no rule gives.
    pub(super) fn order_manually(
        &mut self,
        asking: &Asking<'_>,
        (colour, starts_on, days, cause): Ordered<'_>,
        region: u32,
    ) -> Result<Value, ServerError> {
        self.check_order((colour, starts_on, days, cause))?;
        let by = ordered_by(asking);
        // One officer alone orders for once 72 hours, not for 72 hours again and again, nor two by turns.
        self.note_alone(self.state.order.clone().as_ref());
        if self.state.left.alone.iter().any(|before| before.by.is_same(&by)) {
            return Err(ProblemKind::Role.into());
        }
        self.give_way();
        let before = self.state.order.as_ref();
        let green_before = match before {
            Some(order) => order.manual.as_ref().is_some_and(|manual| manual.green_before),
            None => self.state.rating.as_ref().is_some_and(|rating| rating.colour == Colour::Green),
        };
        let supersedes = self.end_order(ReleaseCause::Superseded)?;
        let issued_at = self.now_in_seconds();
        let until = issued_at.plus_hours(i64::from(self.rulebook.manual.confirm_hours));
        let serial = self.next_serial()?;
        let order = Order {
            subject: self.subject,
            serial,
            order: self.order_id(serial),
            issued_at,
            colour,
            rule: MANUAL.to_owned(),
            cause: cause.clone(),
            starts_on,
            days,
            terms: self.rulebook.terms(),
            rulebook: self.keys.rulebook_digest,
            supersedes,
            provisional_until: Some(until),
        };
        self.say(ChangeKind::Order, serial, &order)?;
        self.state.last.order = serial;
        let today = self.rulebook.offset_minutes.date_of(self.now);
        let manual = ManualOrder {
            cause: cause.clone(),
            rulebook: order.rulebook.to_vec().into(),
            supersedes,
            provisional_until: Some(until),
            by: Some(by),
            confirmed_by: None,
            counted: (region, today, until),
            green_before,
        };
        self.count(order.order, &manual, Fate::Ordered);
        self.state.order = Some(OrderState {
            id: order.order,
            colour,
            rule: MANUAL.to_owned(),
            quarantine: order.quarantine(),
            notices: Vec::new(),
            manual: Some(manual),
            exposed_on: None,
            check_ins: Vec::new(),
        });
        let reason = Reason { rule: MANUAL.to_owned(), colour, text: cause.clone() };
        self.receipt(Rating { colour, reasons: vec![reason], order: None, trace: Vec::new() })?;
        Ok(json!({ "order": order.order, "provisional_until": until }))
    }

    fn check_order(&self, (colour, starts_on, days, cause): Ordered<'_>) -> Result<(), Problem> {
        let wrong = |field: &str| Err(Problem::new(&ProblemKind::Invalid).at(field));
        let today = self.rulebook.offset_minutes.date_of(self.now);
        let first = today.plus_days(-i32::from(self.rulebook.declaration.travel_window_days));
        let is_text = |text: &String| !text.trim().is_empty() && text.len() <= MAX_TEXT;
        if colour == Colour::Green {
            return wrong("colour");
        }
        if !(1..=self.rulebook.manual.max_days).contains(&days) {
            return wrong("days");
        }
        if !(first..=today).contains(&starts_on) {
            return wrong("starts_on");
        }
        if !is_text(&cause.zh) || !is_text(&cause.en) {
            return wrong("cause");
        }
        match self.state.order.as_ref().map(|order| order.colour) {
            Some(in_force) if colour < in_force => wrong("colour"),
            // Nothing of the same colour begins it anew.
            Some(in_force) if colour == in_force => Err(Problem::new(&ProblemKind::AlreadyDone).at("colour")),
            _ => Ok(()),
        }
    }

    /// The order in force, if it is the one that is named and an officer gave it.
    fn named_order(&self, order: OrderId) -> Result<(&OrderState, &ManualOrder), Problem> {
        let unknown = || Problem::new(&ProblemKind::Invalid).at("order");
        let known = self.state.order.as_ref().filter(|known| known.id == order).ok_or_else(unknown)?;
        let manual = known.manual.as_ref().ok_or_else(unknown)?;
        if self.has_lapsed() {
            Err(Problem::new(&ProblemKind::Late).at("order"))
        } else {
            Ok((known, manual))
        }
    }

    /// A second officer confirms: the same order is said again, and does not lapse any more.
    pub(super) fn confirm_order(&mut self, asking: &Asking<'_>, id: OrderId) -> Result<Value, ServerError> {
        let (known, manual) = self.named_order(id)?;
        if manual.provisional_until.is_none() {
            return Err(ProblemKind::AlreadyDone.into());
        }
        let second = ordered_by(asking);
        let other = manual.by.as_ref().is_some_and(|first| !first.is_same(&second));
        if !other {
            return Err(ProblemKind::Role.into());
        }
        let manual = ManualOrder { provisional_until: None, confirmed_by: Some(second), ..manual.clone() };
        let known = known.clone();
        let serial = self.next_serial()?;
        let order = Order {
            subject: self.subject,
            serial,
            order: known.id,
            // Its days are those that it had.
            issued_at: known.quarantine.issued_at,
            colour: known.colour,
            rule: MANUAL.to_owned(),
            cause: manual.cause.clone(),
            starts_on: known.quarantine.starts_on,
            days: known.quarantine.days,
            terms: known.quarantine.terms,
            rulebook: manual
                .rulebook
                .0
                .as_slice()
                .try_into()
                .map_err(|_| ServerError::Internal("rulebook"))?,
            supersedes: manual.supersedes,
            provisional_until: None,
        };
        self.say(ChangeKind::Order, serial, &order)?;
        self.state.last.order = serial;
        self.state.left.alone.clear();
        self.count(known.id, &manual, Fate::Confirmed);
        self.state.order = Some(OrderState { manual: Some(manual), ..known });
        Ok(json!({ "order": id }))
    }

    /// Lifts an order that an officer gave, or one of the rules' that has come to its review.
    pub(super) fn lift_order(&mut self, id: OrderId) -> Result<Value, ServerError> {
        let ruled = self.state.order.clone().filter(|order| order.id == id && order.manual.is_none());
        if let Some(order) = ruled.filter(|order| order.is_in_review(self.now)) {
            // What it was for is over: news of something else does not bring it back.
            let served = order.as_served();
            self.set_aside_with(order)?;
            self.state.served.push(served);
        } else {
            self.named_order(id)?;
            self.end_manual(ReleaseCause::Officer)?;
        }
        Ok(json!({ "order": id }))
    }

    fn has_lapsed(&self) -> bool {
        let until = self.state.order.as_ref().and_then(OrderState::provisional_until);
        until.is_some_and(|until| self.now >= until)
    }

    /// Ends an order that no second officer has confirmed in time.
    pub(crate) fn lapse_if_due(&mut self) -> Result<(), ServerError> {
        if self.has_lapsed() { self.end_manual(ReleaseCause::Lapsed) } else { Ok(()) }
    }

    /// Ends the order in force, which an officer gave and which should not have been.
    pub(crate) fn end_manual(&mut self, cause: ReleaseCause) -> Result<(), ServerError> {
        let Some(order) = self.state.order.clone() else { return Ok(()) };
        // Where there was none before it, the rules' days begin with the rules' order.
        if self.state.left.days.is_some() {
            self.hold_days(&order);
        }
        self.end_order(cause)?;
        self.forget_manual_rating(order.manual.as_ref())
    }

    /// The days of the order in force, which gives way to an officer's.
    fn give_way(&mut self) {
        let order = self.state.order.clone();
        let by_officer = order.as_ref().is_some_and(|order| order.manual.is_some());
        // Where there is none, what was held before still waits for the rules' word.
        if order.is_some() && !by_officer {
            self.state.left.days = None;
        }
        if let Some(order) = order.filter(|_| !by_officer || self.state.left.days.is_some()) {
            self.hold_days(&order);
        }
    }

    /// Keeps the days that were served under an order which gives way to an officer's or ends as a wrong one: they count
    /// for what the rules say in its place.
    pub(crate) fn hold_days(&mut self, order: &OrderState) {
        let counted = progress(&order.quarantine, &order.taps(), self.now).counted;
        let before = self.state.left.days.unwrap_or(HeldDays { colour: order.colour, days: 0 });
        let (colour, days) = (before.colour.min(order.colour), before.days.saturating_add(counted));
        self.state.left.days = Some(HeldDays { colour, days });
    }

    /// Notes the end of an order for those to come.
    pub(crate) fn note_end(&mut self, order: &OrderState, cause: ReleaseCause) {
        if cause == ReleaseCause::Completed {
            self.state.left.days = None;
        }
        // An officer's order that takes its place has noted whose it was; the rules' has proved it right.
        if cause != ReleaseCause::Superseded {
            self.note_alone(Some(order));
        }
    }

    /// Notes whose order was one officer's word alone. As long after it as a colour can be contested it is no longer held
    /// against anybody: where few officers give orders, somebody must be able to.
    fn note_alone(&mut self, order: Option<&OrderState>) {
        let now = self.now_in_seconds();
        let term = 24 * i64::from(self.rulebook.appeal_days);
        let alone = &mut self.state.left.alone;
        alone.retain(|before| now < before.at.plus_hours(term));
        if let Some(by) = order.and_then(OrderState::given_alone).cloned() {
            alone.retain(|before| !before.by.is_same(&by));
            alone.push(Alone { by, at: now });
        }
    }

    /// After the end of an officer's order its colour is gone: whom the rules have green is green again at once, and what
    /// else they say is rated anew.
    pub(crate) fn forget_manual_rating(&mut self, manual: Option<&ManualOrder>) -> Result<(), ServerError> {
        let Some(manual) = manual else { return Ok(()) };
        // What is not rated yet is never green.
        let green = manual.green_before && !self.state.rating_due;
        self.state.rating = None;
        self.state.rating_due = true;
        if green {
            let (colour, reasons) = (Colour::Green, Vec::new());
            self.receipt(Rating { colour, reasons, order: None, trace: Vec::new() })?;
        }
        Ok(())
    }

    /// Counts the end of an order that lapses no more: one that was lifted or gave way before anybody confirmed it.
    pub(crate) fn count_end(&mut self, order: &OrderState, cause: ReleaseCause) {
        let early = matches!(cause, ReleaseCause::Officer | ReleaseCause::Superseded);
        if let Some(manual) =
            order.manual.as_ref().filter(|manual| manual.provisional_until.is_some() && early)
        {
            self.count(order.id, manual, Fate::Ended);
        }
    }

    fn count(&mut self, order: OrderId, manual: &ManualOrder, fate: Fate) {
        let (region, day, until) = manual.counted;
        self.changes.manual.push(ManualRow { region, day, order, until, fate });
    }

    /// Counts an order that a phone brings back.
    pub(crate) fn count_again(&mut self, order: OrderId, manual: Option<&ManualOrder>) {
        let Some(manual) = manual else { return };
        let fate = if manual.provisional_until.is_some() { Fate::Ordered } else { Fate::Confirmed };
        self.count(order, manual, fate);
    }

    /// What the server knew besides of an order that a phone brings back. Who gave it is lost.
    pub(crate) fn recovered_manual(&self, order: &Order) -> Option<ManualOrder> {
        let region = counted_in(self.region, self.state.resides_in);
        let until = order.issued_at.plus_hours(i64::from(self.rulebook.manual.confirm_hours));
        let known = self.state.order.as_ref().filter(|known| known.id == order.order);
        let known = known.and_then(|known| known.manual.as_ref());
        order.is_manual().then(|| ManualOrder {
            cause: order.cause.clone(),
            rulebook: order.rulebook.to_vec().into(),
            supersedes: order.supersedes,
            provisional_until: order.provisional_until,
            by: known.and_then(|known| known.by.clone()),
            confirmed_by: known.and_then(|known| known.confirmed_by.clone()),
            counted: known.map_or((region, order.quarantine().issued_on(), until), |known| known.counted),
            green_before: known.is_some_and(|known| known.green_before),
        })
    }
}

impl Inner {
    /// Ends what lapses, also where no phone asks: its tokens are withdrawn.
    pub(crate) async fn keep_lapsing(self: Arc<Self>) {
        loop {
            if let Err(error) = self.lapse_all(self.ports.clock.now()).await {
                tracing::error!(%error, "lapsing");
            }
            tokio::time::sleep(EVERY).await;
        }
    }

    /// Ends the orders that have lapsed by an instant.
    pub(super) async fn lapse_all(&self, now: Timestamp) -> Result<(), ServerError> {
        for subject in self.storage.agenda(PROVISIONAL, now, LAPSES).await? {
            match self.lapse(subject).await {
                // Somebody else's request about the person does it, or the next round.
                Ok(()) | Err(ServerError::Conflict) => {}
                // One that cannot be read keeps nobody else's from lapsing.
                Err(error) => tracing::error!(%error, "an order that should lapse"),
            }
        }
        Ok(())
    }

    async fn lapse(&self, subject: SubjectId) -> Result<(), ServerError> {
        let Some(mut found) = self.storage.subject(subject).await? else { return Ok(()) };
        found.state.enter(self.life.generation);
        let records = self.records(&found.state).await;
        let mut desk = self.desk(subject, found.state, None);
        desk.decide(records.as_ref())?;
        desk.withdraw(NO_PHONE)?;
        desk.state.mark();
        let withdrawn = !desk.changes.withdrawn.is_empty();
        self.storage.commit(subject, found.version, &desk.state, desk.changes).await?;
        if withdrawn {
            self.status.changed();
        }
        Ok(())
    }
}

pub(super) fn ordered_by(asking: &Asking<'_>) -> OrderedBy {
    OrderedBy { key: Bytes(asking.officer.id().to_vec()), name: asking.officer.name.clone() }
}
