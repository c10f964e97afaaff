//! Days of a quarantine that were served under another authority's order. The proof is verified by the trust list alone;
//! the person is bound to it by the holder's key, which the other authority's receipts and its gate token name, which
//! signs the consent, and by masked name and ID tail. Taken or not, the answer is signed and says why.

use healthcode::rules::calendar::LegalDate;
use healthcode::rules::colour::Colour;
use healthcode::rules::facts::ServedOrder;
use healthcode::rules::rating::ORDER_ELSEWHERE;
use healthcode::rules::rating::OrderTerms;
use healthcode::time::Interval;
use healthcode::token::consent::Purpose;
use healthcode::token::decision::ReleaseCause;
use healthcode::token::{
    GateToken, KeyConsent, OperationId, OrderId, PublicKey, ServedNotice, ServedRefusal, TrustList,
};
use healthcode::wire::message::ChangeKind;
use healthcode::wire::operation::ServedElsewhere;
use healthcode::wire::proof::ProvenQuarantine;
use healthcode::wire::{Problem, ProblemKind};
use serde::{Deserialize, Serialize};

use crate::desk::Desk;
use crate::error::ServerError;
use crate::state::HeldDays;

/// So many legal days after they were brought, the days of an order that runs on elsewhere begin one here.
const FRESH_DAYS: i32 = 1;
/// The most bytes of an authority's id.
const MAX_ISSUER: usize = 64;

/// An order of another authority, as its days were brought here.
#[derive(Clone, Serialize, Deserialize)]
pub struct BroughtState {
    /// The other authority.
    pub issuer: String,
    /// Its order.
    pub order: OrderId,
    /// The colour, as it counts here.
    pub colour: Colour,
    /// How many days count.
    pub days: u16,
    /// The legal day on which they were brought.
    pub on: LegalDate,
    /// The legal day on which it was released, where it was.
    #[serde(default)]
    pub ended_on: Option<LegalDate>,
    /// Whether the order had run to its release.
    pub completed: bool,
    /// Its first day; none for one that was brought before this was noted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub starts_on: Option<LegalDate>,
}

/// What a proof comes to here.
struct Credit {
    brought: BroughtState,
    starts_on: LegalDate,
}

impl Desk<'_> {
    /// Takes a proof. Whether it is believed is the answer's to say: the operation itself is understood.
    pub(crate) fn take_served(
        &mut self,
        operation: OperationId,
        served: &ServedElsewhere,
        key: &PublicKey,
        made: &Interval,
    ) -> Result<(), Problem> {
        if self.is_late() {
            return Err(Problem::new(&ProblemKind::Replaced));
        }
        // The answer repeats it.
        if served.issuer.len() > MAX_ISSUER {
            return Err(Problem::new(&ProblemKind::Invalid).at("issuer"));
        }
        // The exchange that brings one has the trust list on the desk.
        let trust = self.trust.clone().ok_or_else(|| Problem::new(&ProblemKind::Unavailable))?;
        let credit = self.credit(&trust, served, key, made);
        self.answer_served(operation, &served.issuer, credit).map_err(|error| {
            tracing::error!(%error, "days served elsewhere");
            Problem::new(&ProblemKind::Unavailable)
        })
    }

    fn credit(
        &self,
        trust: &TrustList,
        served: &ServedElsewhere,
        key: &PublicKey,
        made: &Interval,
    ) -> Result<Credit, ServedRefusal> {
        let not_proved = || ServedRefusal::NotProved;
        let other = trust.issuer(&served.issuer).filter(|other| other.id != self.issuer);
        let other = other.ok_or_else(not_proved)?;
        if served.proof.issuer != other.id {
            return Err(not_proved());
        }
        let proven = served.proof.verify(trust, self.now).map_err(|_| not_proved())?;
        let token: GateToken = trust.open_from(&other.id, &served.token.0).map_err(|_| not_proved())?;
        let holder = token.holder.as_ref().ok_or_else(not_proved)?;
        let consent = KeyConsent::open(&served.consent.0, holder).map_err(|_| ServedRefusal::NoConsent)?;
        if !consent.covers(Purpose::Move, key, self.issuer, made.earliest) {
            return Err(ServedRefusal::NoConsent);
        }
        let same_person = token.masked_name == self.state.masked_name && token.id_tail == self.state.id_tail;
        if consent.subject != proven.subject || !proven.holders.contains(&holder.id()) || !same_person {
            return Err(ServedRefusal::OtherPerson);
        }
        self.days_of(other.counts_as(proven.colour), &other.id, &proven)
    }

    /// The days that count, of an order that was proved to be this person's.
    fn days_of(
        &self,
        colour: Colour,
        issuer: &str,
        proven: &ProvenQuarantine,
    ) -> Result<Credit, ServedRefusal> {
        let (days, completed) = match proven.released {
            Some((_, ReleaseCause::Completed)) => (u16::try_from(proven.days.len()).unwrap_or(0), true),
            Some(_) => return Err(ServedRefusal::NotServed),
            None => (proven.progress.counted, false),
        };
        if days == 0 {
            return Err(ServedRefusal::NotServed);
        }
        let before =
            self.state.brought.iter().find(|known| known.issuer == issuer && known.order == proven.order);
        // One that ran on when it was brought may be brought again once it is over.
        if before.is_some_and(|before| before.completed || !completed) {
            return Err(ServedRefusal::AlreadyTaken);
        }
        let on = self.rulebook.offset_minutes.date_of(self.now);
        let (issuer, order) = (issuer.to_owned(), proven.order);
        let starts_on = Some(proven.starts_on);
        let ended_on = proven.released.map(|(at, _)| self.rulebook.offset_minutes.date_of(at));
        let brought = BroughtState { issuer, order, colour, days, on, ended_on, completed, starts_on };
        Ok(Credit { brought, starts_on: proven.starts_on })
    }

    fn answer_served(
        &mut self,
        operation: OperationId,
        issuer: &str,
        credit: Result<Credit, ServedRefusal>,
    ) -> Result<(), ServerError> {
        let serial = self.next_serial()?;
        let mut notice = ServedNotice {
            subject: self.subject,
            serial,
            operation,
            said_at: self.now_in_seconds(),
            issuer: issuer.to_owned(),
            colour: None,
            starts_on: None,
            days: 0,
            refused: None,
        };
        match credit {
            Err(refused) => notice.refused = Some(refused),
            Ok(Credit { brought, starts_on }) => {
                let colour = brought.colour;
                (notice.colour, notice.starts_on, notice.days) =
                    (Some(colour), Some(starts_on), brought.days);
                self.state.brought.retain(|known| {
                    (known.issuer.as_str(), known.order) != (brought.issuer.as_str(), brought.order)
                });
                if brought.completed {
                    self.state.served.push(ServedOrder { colour, starts_on });
                }
                self.state.brought.push(brought);
                self.state.rating_due = true;
            }
        }
        self.say(ChangeKind::Served, serial, &notice)
    }

    /// The days that an order has behind it when it begins: those of one that runs on elsewhere, and was brought today or
    /// yesterday, or those that were served here before an order ended that should not have been. One day is left to be
    /// served here in any case.
    pub(crate) fn days_behind(&self, terms: &OrderTerms, held: Option<HeldDays>) -> u16 {
        let colour = terms.colour;
        let held = held.filter(|held| held.colour >= colour).map_or(0, |held| held.days);
        let first = self.rulebook.offset_minutes.date_of(self.now).plus_days(-FRESH_DAYS);
        let running = self
            .state
            .brought
            .iter()
            .filter(|brought| !brought.completed && brought.colour >= colour && brought.on >= first);
        let brought = running.map(|brought| brought.days).max().unwrap_or(0);
        brought.max(held).min(terms.days.saturating_sub(1))
    }

    /// Whether an order of another authority as strict as the one in force here was served to its end, brought since, and
    /// begun after what the one in force is for: then that one goes with the rating that it stood on. One that was over
    /// before sheds nothing.
    pub(crate) fn is_served_elsewhere(&self) -> bool {
        // An officer's order is an officer's to lift.
        let Some(order) = self.state.order.as_ref().filter(|order| order.manual.is_none()) else {
            return false;
        };
        let issued_on = order.quarantine.issued_on();
        let covers = |starts_on: LegalDate| match order.exposed_on {
            Some(exposed_on) => starts_on > exposed_on,
            None => starts_on >= order.quarantine.starts_on,
        };
        // One that was in force there when the one here was issued for it, and is over now.
        let by_it = order.rule == ORDER_ELSEWHERE;
        self.state.brought.iter().any(|brought| {
            brought.completed
                && brought.colour >= order.colour
                && brought.on >= issued_on
                && (brought.starts_on.is_some_and(covers)
                    || (by_it && brought.ended_on.is_some_and(|ended_on| ended_on >= issued_on)))
        })
    }
}
