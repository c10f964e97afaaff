//! Deciding: rating, orders, judgements of check-ins, release. By the same rules as the phone's; each decision is
//! signed, and each names its reason. Nothing is decided twice: deciding again without news says nothing.

use healthcode::rules::colour::Colour;
use healthcode::rules::facts::{Facts, Records, ReportedExposure, ServedOrder};
use healthcode::rules::quarantine::{Phase, attribute, progress};
use healthcode::rules::rating::{OrderTerms, Rating, RatingError};
use healthcode::token::decision::ReleaseCause;
use healthcode::token::ids::OrderId;
use healthcode::token::{Judgement, Order, RatingReceipt, Release};
use healthcode::wire::Bytes;
use healthcode::wire::message::ChangeKind;
use healthcode::wire::operation::ToldExposure;

use crate::desk::Desk;
use crate::error::ServerError;
use crate::state::{HeldDays, OrderState, Rated};
use crate::trust::digest;

impl OrderState {
    /// What the rules read of it once it is over and its cause with it.
    pub(crate) const fn as_served(&self) -> ServedOrder {
        ServedOrder { colour: self.colour, starts_on: self.quarantine.starts_on }
    }
}

impl Desk<'_> {
    /// Decides everything that is due. `records` are the port's answer; none where it has not answered, and then
    /// nothing is rated: unanswered is never green.
    pub(crate) fn decide(&mut self, records: Option<&Records>) -> Result<(), ServerError> {
        self.lapse_if_due()?;
        self.judge()?;
        if self.release_if_done()? {
            // What was served is over; what else there is may still give a colour.
            self.state.rating_due = true;
        }
        self.drop_withdrawn();
        self.look_at(records)?;
        if self.state.rating_due && self.state.declaration.is_some() {
            self.rate(records)?;
        }
        Ok(())
    }

    /// A match of a notice that was withdrawn since says nothing any more; that makes a rating due, as does an order that
    /// has lost its ground.
    fn drop_withdrawn(&mut self) {
        let told = self.state.exposures.len();
        self.state.exposures.retain(|told| !self.notices.is_withdrawn(told.notice));
        self.state.rating_due |= self.state.exposures.len() < told || self.is_void();
    }

    /// Whether every notice on which the order in force stands was withdrawn.
    fn is_void(&self) -> bool {
        let notices = self.state.order.as_ref().map_or(&[][..], |order| &order.notices);
        !notices.is_empty() && notices.iter().all(|notice| self.notices.is_withdrawn(*notice))
    }

    /// Records that say something new make a rating due.
    fn look_at(&mut self, records: Option<&Records>) -> Result<(), ServerError> {
        let Some(records) = records else { return Ok(()) };
        // An order of this server's own, and its end, is no news.
        let json = serde_json::to_vec(&self.of_others(records));
        let digest = digest(&json.map_err(|_| ServerError::Internal("records"))?);
        let digest = Some(Bytes(digest.to_vec()));
        for aside in &mut self.state.aside {
            aside.records = aside.records.take().or_else(|| digest.clone());
        }
        if self.state.records != digest {
            self.state.records = digest;
            self.state.rating_due = true;
        }
        Ok(())
    }

    /// Says of each check-in of the order in force whether it counts, where that is new.
    fn judge(&mut self) -> Result<(), ServerError> {
        let Some(order) = self.state.order.clone() else { return Ok(()) };
        let attributions = attribute(&order.quarantine, &order.taps());
        for (place, attribution) in attributions.into_iter().enumerate() {
            let Some(check_in) = order.check_ins.get(place) else { continue };
            if check_in.judged == Some(attribution) {
                continue;
            }
            let (day, certainty, not_counted) = Judgement::outcome(attribution);
            let serial = self.next_serial()?;
            let judgement = Judgement {
                subject: self.subject,
                serial,
                operation: check_in.operation,
                order: order.id,
                judged_at: self.now_in_seconds(),
                earliest: check_in.tap.earliest,
                latest: check_in.tap.latest,
                received: check_in.tap.received.unwrap_or(self.now),
                day,
                certainty,
                not_counted,
                late: check_in.tap.late,
                by: check_in.by.clone(),
            };
            self.say(ChangeKind::Judgement, serial, &judgement)?;
            let known = self.state.order.as_mut().and_then(|order| order.check_ins.get_mut(place));
            if let Some(known) = known {
                (known.judged, known.said) = (Some(attribution), serial);
            }
        }
        Ok(())
    }

    /// Releases from an order whose days are complete and whose time has come. Says whether it did.
    fn release_if_done(&mut self) -> Result<bool, ServerError> {
        let Some(order) = &self.state.order else { return Ok(false) };
        match progress(&order.quarantine, &order.taps(), self.now).phase {
            Phase::Complete { release_at } if self.now >= release_at => {
                let served = order.as_served();
                let manual = order.manual.clone();
                self.end_order(ReleaseCause::Completed)?;
                self.forget_manual_rating(manual.as_ref())?;
                self.state.served.push(served);
                Ok(true)
            }
            _ => Ok(false),
        }
    }

    /// Ends the order in force; its name, if there was one.
    pub(crate) fn end_order(&mut self, cause: ReleaseCause) -> Result<Option<OrderId>, ServerError> {
        let Some(order) = self.state.order.take() else { return Ok(None) };
        self.count_end(&order, cause);
        self.note_end(&order, cause);
        let serial = self.next_serial()?;
        let release = Release {
            subject: self.subject,
            serial,
            order: order.id,
            released_at: self.now_in_seconds(),
            cause,
        };
        self.say(ChangeKind::Release, serial, &release)?;
        self.state.last.order = serial;
        Ok(Some(order.id))
    }

    /// What is known of the person now.
    fn facts(&self, records: Option<&Records>) -> Facts {
        let met = |told: &ToldExposure| ReportedExposure { rule: told.rule.clone(), on: told.on };
        Facts {
            now: self.now,
            declaration: self.state.declaration.clone(),
            records: records.map(|records| self.of_others(records)).map(|mut records| {
                records.orders.retain(|_| !self.sets_elsewhere_aside());
                records
            }),
            served: self.state.served.clone(),
            check_in: self.state.reported.clone(),
            exposures: self.state.exposures.iter().map(met).collect(),
        }
    }

    /// The records' answer without the orders that are this server's own.
    fn of_others(&self, records: &Records) -> Records {
        let mut records = records.clone();
        records.orders.retain(|order| order.issuer != self.issuer);
        records
    }

    fn rate(&mut self, records: Option<&Records>) -> Result<(), ServerError> {
        let lenient = self.without_aside();
        let rulebook = lenient.as_ref().unwrap_or(self.rulebook);
        let rating = match rulebook.rate(&self.facts(records)) {
            Ok(rating) => rating,
            // It stays due and is asked for again with the next request.
            Err(RatingError::RecordsUnanswered | RatingError::NotDeclared) => return Ok(()),
            // So does one by a rulebook at fault: what was delivered is taken all the same.
            Err(RatingError::Rule { rule, .. }) => {
                tracing::error!(%rule, "a rule cannot be evaluated");
                return Ok(());
            }
        };
        self.state.rating_due = false;
        if let Some(manual) = self.state.order.as_mut().and_then(|order| order.manual.as_mut()) {
            // What the rules say beside an officer's order holds once that is gone.
            manual.green_before = rating.colour == Colour::Green;
        }
        let in_force = self.state.order.as_ref().map(|order| order.colour);
        // Whatever the rules say next is said with these days; under an officer's order they wait.
        let by_officer = self.state.order.as_ref().is_some_and(|order| order.manual.is_some());
        let held = if by_officer { None } else { self.state.left.days.take() };
        match &rating.order {
            // A stricter cause takes the place of the order in force; its days are counted anew, never merged.
            Some(terms) if in_force.is_none_or(|colour| terms.colour > colour) => {
                let superseded = self.end_order(ReleaseCause::Superseded)?;
                self.issue_order(terms, &rating, superseded, held)?;
                let exposed_on = self.facts(records).last_exposure(self.rulebook);
                if let Some(order) = &mut self.state.order {
                    order.exposed_on = exposed_on;
                }
                self.receipt(rating)
            }
            None if in_force.is_none() => self.receipt(rating),
            // The authority has taken back what the order was for: that is its act, not days served.
            None if self.is_void() => {
                self.end_order(ReleaseCause::Officer)?;
                self.receipt(rating)
            }
            // What it was for was served under another authority's order.
            None if self.is_served_elsewhere() => {
                self.end_order(ReleaseCause::Completed)?;
                self.receipt(rating)
            }
            // Another cause holds: from now on the order stands on that one.
            Some(terms) if self.is_void() => {
                let notices = self.state.notices_of(&terms.rule);
                if let Some(order) = &mut self.state.order {
                    order.notices = notices;
                }
                Ok(())
            }
            // Nothing milder ends an order, and nothing of the same colour begins it anew.
            _ => Ok(()),
        }
    }

    fn issue_order(
        &mut self,
        terms: &OrderTerms,
        rating: &Rating,
        supersedes: Option<OrderId>,
        held: Option<HeldDays>,
    ) -> Result<(), ServerError> {
        let serial = self.next_serial()?;
        let cause = rating.reasons.iter().find(|reason| reason.rule == terms.rule);
        let order = Order {
            subject: self.subject,
            serial,
            order: self.order_id(serial),
            issued_at: self.now_in_seconds(),
            colour: terms.colour,
            rule: terms.rule.clone(),
            cause: cause.ok_or(ServerError::Internal("order/cause"))?.text.clone(),
            starts_on: terms.starts_on,
            days: terms.days - self.days_behind(terms, held),
            terms: self.rulebook.terms(),
            rulebook: self.keys.rulebook_digest,
            supersedes,
            provisional_until: None,
        };
        self.say(ChangeKind::Order, serial, &order)?;
        self.state.last.order = serial;
        self.state.order = Some(OrderState {
            id: order.order,
            colour: order.colour,
            rule: order.rule.clone(),
            quarantine: order.quarantine(),
            notices: self.state.notices_of(&order.rule),
            manual: None,
            exposed_on: None,
            check_ins: Vec::new(),
        });
        Ok(())
    }

    /// The rating receipt, where the rating says something new.
    pub(crate) fn receipt(&mut self, rating: Rating) -> Result<(), ServerError> {
        let said = self.state.rating.as_ref().map(|said| said.colour);
        // Green has no reasons: it is said once.
        if rating.colour == Colour::Green && said == Some(Colour::Green) {
            return Ok(());
        }
        let serial = self.next_serial()?;
        let days = i64::from(self.rulebook.appeal_days);
        let receipt = RatingReceipt {
            subject: self.subject,
            serial,
            rated_at: self.now_in_seconds(),
            colour: rating.colour,
            reasons: rating.reasons.iter().map(Into::into).collect(),
            rulebook: self.keys.rulebook_digest,
            rulebook_version: self.rulebook.version,
            order: self.state.order.as_ref().map(|order| order.id),
            appeal_by: self.now_in_seconds().plus_hours(24 * days),
        };
        self.say(ChangeKind::Rating, serial, &receipt)?;
        self.state.last.rating = serial;
        self.state.rating = Some(Rated {
            colour: rating.colour,
            reasons: rating.reasons,
            appeal_by: Some(receipt.appeal_by),
        });
        Ok(())
    }
}
