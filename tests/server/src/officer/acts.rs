//! An officer's act at one person's desk: done, decided, logged and told in one commit.

use healthcode::paper::page;
use healthcode::rules::declaration::Declaration;
use healthcode::rules::facts::ReportedSymptoms;
use healthcode::rules::quarantine::{Attribution, NotCounted, Tap, attribute};
use healthcode::token::ids::{OperationId, hex};
use healthcode::token::{ActKind, ActNotice, By, ByRole};
use healthcode::wire::act::Whom;
use healthcode::wire::message::ChangeKind;
use healthcode::wire::{Act, Problem, ProblemKind};
use serde_json::{Value, json};

use super::log::{chained, name_of, sealed};
use super::orders::ordered_by;
use super::roles::word_of;
use super::{ATTEMPTS, Asking, NO_PHONE};
use crate::Inner;
use crate::desk::Desk;
use crate::error::ServerError;
use crate::state::CheckInState;
use crate::storage::log::LoggedAct;
use crate::trust::digest;

impl Inner {
    /// Does an act that concerns one person; the answer's JSON.
    pub(super) async fn act(
        &self,
        asking: &Asking<'_>,
        whom: &Whom,
        kind: ActKind,
    ) -> Result<String, ServerError> {
        let subject = self.whom(whom, &asking.request.act).await?;
        for _ in 0..ATTEMPTS {
            let mut found = self.storage.subject(subject).await?.ok_or(ProblemKind::UnknownSubject)?;
            found.state.enter(self.life.generation);
            let region = self.region_of(found.state.resides_in);
            let records = self.records(&found.state).await;
            let mut desk = self.desk(subject, found.state, None);
            desk.note_act(asking, kind)?;
            let done = desk.act(asking, region)?;
            desk.decide(records.as_ref())?;
            desk.withdraw(NO_PHONE)?;
            desk.state.mark();
            let answer = desk.answer(asking, done)?;
            desk.changes.asked = Some(self.asked(asking, answer.clone()));
            let (state, changes) = (desk.state, desk.changes);
            let withdrawn = !changes.withdrawn.is_empty();
            match self.storage.commit(subject, found.version, &state, changes).await {
                Ok(()) => {
                    if withdrawn {
                        self.status.changed();
                    }
                    return Ok(answer);
                }
                // It may be the same request that was answered meanwhile: then it is not done again.
                Err(ServerError::Conflict) if self.storage.asked(asking.request.request).await?.is_some() => {
                    return Err(ServerError::Conflict);
                }
                Err(ServerError::Conflict) => {}
                Err(error) => return Err(error),
            }
        }
        Err(Problem::new(&ProblemKind::Unavailable).after(1).into())
    }
}

impl Desk<'_> {
    /// Puts an act into the log about the person, and tells every phone of the person.
    pub(super) fn note_act(&mut self, asking: &Asking<'_>, kind: ActKind) -> Result<(), ServerError> {
        let (head, request) = (&mut self.state.acts, asking.request.request);
        (head.place, head.entry) = (head.place + 1, chained(&head.entry, asking.signed));
        let (place, entry) = (head.place, head.entry);
        let sealed = sealed(&self.keys, self.subject, request, asking.signed)?;
        self.changes.acts.push(LoggedAct { place, request, sealed, entry });
        let serial = self.next_serial()?;
        let notice = ActNotice {
            subject: self.subject,
            serial,
            request,
            acted_at: self.now_in_seconds(),
            officer: asking.officer.name.clone(),
            kind,
            entry,
            note: self.note_of(asking)?,
        };
        self.say(ChangeKind::Act, serial, &notice)
    }

    /// Does the act; what the answer says of it.
    fn act(&mut self, asking: &Asking<'_>, region: u32) -> Result<Value, ServerError> {
        match &asking.request.act {
            Act::CheckIn { symptoms, .. } => self.check_in_for(asking, symptoms),
            Act::Declare { declaration, .. } => self.declare_for(asking, declaration).map(|()| json!({})),
            Act::Order { colour, starts_on, days, cause, .. } => {
                self.lapse_if_due()?;
                self.order_manually(asking, (*colour, *starts_on, *days, cause), region)
            }
            Act::ConfirmOrder { order, .. } => self.confirm_order(asking, *order),
            Act::LiftOrder { order, .. } => self.lift_order(*order),
            Act::Show { what, .. } => self.show(*what),
            Act::Relation { key, allow, .. } => {
                self.decide_relation(key, *allow)?;
                Ok(json!({ "allowed": allow }))
            }
            Act::EndCare { key, .. } => {
                self.end_care(key)?;
                Ok(json!({}))
            }
            Act::IssuePaper { .. } => {
                let (token, signed) = self.issue_paper(Some(officer_of(asking)))?;
                // Whoever has no phone has no other way to it.
                let page = page(&token, &signed, self.rulebook, self.issuer_name)
                    .map_err(|_| ServerError::Internal("paper/page"))?;
                Ok(json!({ "paper": hex(&token.id), "token": hex(&signed), "page": page }))
            }
            Act::WithdrawPaper { paper, .. } => {
                self.withdraw_paper(paper, Some(officer_of(asking)))?;
                Ok(json!({}))
            }
            Act::DecideAppeal { appeal, decision, reason, .. } => {
                self.decide_appeal(*appeal, *decision, reason.clone(), &ordered_by(asking))?;
                Ok(json!({ "decision": decision }))
            }
            // Lists are at nobody's desk.
            Act::Overdue {} | Act::Waiting {} => Err(ServerError::Internal("officer/list")),
        }
    }

    /// The answer: whom it was done for as every code shows the person, and where it stands.
    fn answer(&self, asking: &Asking<'_>, mut done: Value) -> Result<String, ServerError> {
        let Value::Object(done) = &mut done else { return Err(ServerError::Internal("officer/answer")) };
        let mut answer = json!({
            "format": 1,
            "act": word_of(&asking.request.act),
            "request": name_of(asking.request.request),
            "subject": self.subject,
            "masked_name": self.state.masked_name,
            "id_tail": self.state.id_tail,
            "colour": self.state.colour().map(healthcode::rules::colour::Colour::word),
        });
        if let Value::Object(answer) = &mut answer {
            answer.append(done);
        }
        serde_json::to_string(&answer).map_err(|_| ServerError::Internal("officer/json"))
    }

    /// A check-in that an officer makes for somebody: a tap of now, once for each day.
    fn check_in_for(&mut self, asking: &Asking<'_>, symptoms: &[String]) -> Result<Value, ServerError> {
        if self.rulebook.symptoms_error(symptoms).is_some() {
            return Err(Problem::new(&ProblemKind::Invalid).at("symptoms").into());
        }
        self.lapse_if_due()?;
        let tap = Tap { earliest: self.now, latest: self.now, received: Some(self.now), late: false };
        let order =
            self.state.order.as_ref().ok_or_else(|| Problem::new(&ProblemKind::Invalid).at("order"))?;
        let taps: Vec<_> = order.taps().into_iter().chain([tap]).collect();
        let counts = attribute(&order.quarantine, &taps).pop();
        let day = match counts {
            Some(Attribution::Counted { day, .. }) => day,
            Some(Attribution::Not(NotCounted::DayTaken)) => return Err(ProblemKind::AlreadyDone.into()),
            _ => return Err(Problem::new(&ProblemKind::Late).at("order").into()),
        };
        let check_in = CheckInState {
            operation: OperationId(digest(asking.signed)),
            tap,
            judged: None,
            said: 0,
            by: Some(officer_of(asking)),
        };
        if let Some(order) = &mut self.state.order {
            order.check_ins.push(check_in);
        }
        if !symptoms.is_empty() {
            let on = self.rulebook.offset_minutes.date_of(self.now);
            self.state.reported = Some(ReportedSymptoms { on, symptoms: symptoms.to_vec() });
            self.state.last.told = self.next_serial()?;
            self.state.said_by = Some(ordered_by(asking));
            self.state.rating_due = true;
        }
        Ok(json!({ "day": day }))
    }

    /// A declaration that somebody made at the counter: rated like any.
    fn declare_for(&mut self, asking: &Asking<'_>, declaration: &Declaration) -> Result<(), ServerError> {
        let today = self.rulebook.offset_minutes.date_of(self.now);
        if let Some(error) = declaration.errors(self.rulebook, today).first() {
            return Err(Problem::new(&ProblemKind::Invalid).at(error.place().0).into());
        }
        self.state.declaration = Some(declaration.clone());
        self.state.said_by = Some(ordered_by(asking));
        self.state.last.declaration = self.next_serial()?;
        self.state.rating_due = true;
        Ok(())
    }
}

/// Who acts in the person's place.
fn officer_of(asking: &Asking<'_>) -> By {
    By { role: ByRole::Officer, name: asking.officer.name.clone() }
}
