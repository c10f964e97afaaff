//! Appeals: taken as they come, within the rulebook's time, and decided by an officer. A granted one sets the rule aside
//! for as long as its ground is unchanged, ends the order that the rule gave, and has the person rated anew. The model
//! is the correction interface of GB/T 38963. What never enters: what an appeal says; only that it was made.

use healthcode::rules::calendar::Timestamp;
use healthcode::rules::rating::ORDER_ELSEWHERE;
use healthcode::rules::rulebook::Rulebook;
use healthcode::rules::text::Text;
use healthcode::token::acts::MAX_TEXT;
use healthcode::token::decision::{MANUAL, ReleaseCause};
use healthcode::token::ids::OperationId;
use healthcode::token::{AppealNotice, AppealState};
use healthcode::wire::message::ChangeKind;
use healthcode::wire::operation::{MAX_APPEAL_TEXT, MAX_STATEMENTS};
use healthcode::wire::{Appeal, AppealDecision, Bytes, Problem, ProblemKind};
use serde::{Deserialize, Serialize};

use crate::desk::Desk;
use crate::error::ServerError;
use crate::state::{OrderState, OrderedBy};

/// The most appeals that a state remembers: of the decided ones the oldest goes first.
const REMEMBERED: usize = 32;

/// An appeal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AppealCase {
    /// The operation that made it.
    pub appeal: OperationId,
    /// The rating that it contests.
    pub rating: u64,
    /// The rule of the reason that it contests.
    pub rule: String,
    /// By when the authority has bound itself to decide.
    pub due_by: Timestamp,
    /// Whether it is decided.
    pub decided: bool,
    /// The officer who has it in hand.
    pub officer: Option<String>,
    /// Who gave the order that it contests, where an officer did: somebody else decides.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ordered_by: Option<OrderedBy>,
    /// Who confirmed it, likewise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub confirmed_by: Option<OrderedBy>,
}

/// A rule that a granted appeal has set aside, and what it stood on: with anything new it counts again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SetAside {
    /// The rule.
    pub rule: String,
    /// The receipt's serial of the declaration.
    pub declaration: u64,
    /// The receipt's serial of what was told last.
    pub told: u64,
    /// The digest of the public records, without this server's own orders; none until they are looked at next.
    pub records: Option<Bytes>,
}

impl Desk<'_> {
    /// Takes an appeal that was made at `made` at the earliest: one that was made in time is not refused for the days
    /// that it took to arrive.
    pub(crate) fn take_appeal(
        &mut self,
        appeal: &Appeal,
        operation: OperationId,
        made: Timestamp,
    ) -> Result<(), Problem> {
        let invalid = |field: &str| Problem::new(&ProblemKind::Invalid).at(field);
        if appeal.text.trim().is_empty() || appeal.text.len() > MAX_APPEAL_TEXT {
            return Err(invalid("text"));
        }
        let long = |statement: &String| statement.len() > MAX_APPEAL_TEXT;
        if appeal.statements.len() > MAX_STATEMENTS || appeal.statements.iter().any(long) {
            return Err(invalid("statements"));
        }
        let rated = self.state.rating.as_ref().filter(|_| appeal.rating == self.state.last.rating);
        let rated = rated.ok_or_else(|| invalid("rating"))?;
        if !rated.reasons.iter().any(|reason| reason.rule == appeal.rule) {
            return Err(invalid("rule"));
        }
        if rated.appeal_by.is_some_and(|until| made >= until) {
            return Err(Problem::new(&ProblemKind::Late));
        }
        let same = |case: &AppealCase| case.rating == appeal.rating && case.rule == appeal.rule;
        if self.state.appeals.iter().any(same) {
            return Err(Problem::new(&ProblemKind::AlreadyDone));
        }
        let (ordered_by, confirmed_by) = self.who_ordered(&appeal.rule);
        let case = AppealCase {
            appeal: operation,
            rating: appeal.rating,
            rule: appeal.rule.clone(),
            due_by: self.now_in_seconds().plus_hours(i64::from(self.rulebook.appeal_answer_hours)),
            decided: false,
            officer: None,
            ordered_by,
            confirmed_by,
        };
        self.say_of_appeal(&case, AppealState::Received, None)
            .map_err(|_| Problem::new(&ProblemKind::Unavailable))?;
        self.state.appeals.push(case);
        if self.state.appeals.len() > REMEMBERED
            && let Some(oldest) = self.state.appeals.iter().position(|case| case.decided)
        {
            self.state.appeals.remove(oldest);
        }
        Ok(())
    }

    /// An officer takes an appeal in hand, or decides it. What follows from a grant is for [`Desk::decide`], which the
    /// caller asks next.
    pub(crate) fn decide_appeal(
        &mut self,
        appeal: OperationId,
        decision: AppealDecision,
        reason: Option<Text>,
        officer: &OrderedBy,
    ) -> Result<(), ServerError> {
        let place = self.state.appeals.iter().position(|case| case.appeal == appeal);
        let place = place.ok_or_else(|| Problem::new(&ProblemKind::Invalid).at("appeal"))?;
        // Nor is whoever confirmed the order after the appeal was made, or has said for the person what it stands on.
        let rule = self.state.appeals.get(place).map(|case| case.rule.clone());
        let confirmed = rule.and_then(|rule| self.who_ordered(&rule).1);
        let said = self.state.said_by.clone();
        let Some(case) = self.state.appeals.get_mut(place) else { return Ok(()) };
        if case.decided || (decision == AppealDecision::Take && case.officer.is_some()) {
            return Err(ProblemKind::AlreadyDone.into());
        }
        let gave = [&case.ordered_by, &case.confirmed_by, &confirmed, &said];
        if gave.into_iter().flatten().any(|other| other.is_same(officer)) {
            return Err(ProblemKind::Role.into());
        }
        // Signed, it must be one that every phone can open; and a refusal that says nothing has no reason.
        let is_text = |text: &String| !text.trim().is_empty() && text.len() <= MAX_TEXT;
        let sound = reason
            .as_ref()
            .map_or(decision != AppealDecision::Refuse, |reason| is_text(&reason.zh) && is_text(&reason.en));
        if !sound {
            return Err(Problem::new(&ProblemKind::Invalid).at("reason").into());
        }
        case.officer = Some(officer.name.clone());
        case.decided = decision != AppealDecision::Take;
        let case = case.clone();
        let state = match decision {
            AppealDecision::Take => AppealState::InReview,
            AppealDecision::Grant => AppealState::Granted,
            AppealDecision::Refuse => AppealState::Refused,
        };
        self.say_of_appeal(&case, state, reason)?;
        if decision == AppealDecision::Grant { self.grant(case) } else { Ok(()) }
    }

    fn grant(&mut self, case: AppealCase) -> Result<(), ServerError> {
        let given = self.state.order.clone().filter(|order| order.rule == case.rule);
        if case.rule == MANUAL {
            // No rule says it again; and one that came later is contested by an appeal of its own.
            let contested = given.is_some() && case.rating == self.state.last.rating;
            return if contested { self.end_manual(ReleaseCause::Officer) } else { Ok(()) };
        }
        if let Some(order) = given {
            return self.set_aside_with(order);
        }
        self.set_aside(case.rule);
        self.state.rating_due = true;
        Ok(())
    }

    /// Ends an order of the rules by an officer's word, and sets its rule aside: the next rating, which the caller asks
    /// for, does not give it again.
    pub(crate) fn set_aside_with(&mut self, order: OrderState) -> Result<(), ServerError> {
        // Another rule of this colour may hold as well: for that one they were served too.
        self.hold_days(&order);
        self.end_order(ReleaseCause::Officer)?;
        self.set_aside(order.rule);
        self.state.rating_due = true;
        Ok(())
    }

    /// Who gave and who confirmed the order in force, where it is an officer's and a reason of it is meant.
    fn who_ordered(&self, rule: &str) -> (Option<OrderedBy>, Option<OrderedBy>) {
        let order = self.state.order.as_ref().filter(|order| order.rule == rule);
        let manual = order.and_then(|order| order.manual.as_ref());
        manual.map_or((None, None), |manual| (manual.by.clone(), manual.confirmed_by.clone()))
    }

    /// Sets a rule aside on the ground of now: the records are those that are looked at next, by the same request.
    fn set_aside(&mut self, rule: String) {
        if rule == MANUAL {
            return;
        }
        self.state.aside.retain(|aside| aside.rule != rule);
        self.state.aside.push(SetAside {
            rule,
            declaration: self.state.last.declaration,
            told: self.state.last.told,
            records: None,
        });
    }

    /// The rulebook without the rules that granted appeals have set aside; none where there are none.
    pub(crate) fn without_aside(&mut self) -> Option<Rulebook> {
        let last = self.state.last;
        let records = self.state.records.clone();
        let holds = |aside: &SetAside| {
            let same = aside.records.is_none() || aside.records == records;
            aside.declaration == last.declaration && aside.told == last.told && same
        };
        self.state.aside.retain(holds);
        if self.state.aside.is_empty() {
            return None;
        }
        let mut rulebook = self.rulebook.clone();
        rulebook.rules.retain(|rule| self.state.aside.iter().all(|aside| aside.rule != rule.id));
        Some(rulebook)
    }

    /// Whether a granted appeal has set other authorities' orders aside, which no rule of the rulebook has to say.
    pub(crate) fn sets_elsewhere_aside(&self) -> bool {
        self.state.aside.iter().any(|aside| aside.rule == ORDER_ELSEWHERE)
    }

    fn say_of_appeal(
        &mut self,
        case: &AppealCase,
        state: AppealState,
        reason: Option<Text>,
    ) -> Result<(), ServerError> {
        let serial = self.next_serial()?;
        let notice = AppealNotice {
            subject: self.subject,
            serial,
            appeal: case.appeal,
            said_at: self.now_in_seconds(),
            state,
            due_by: case.due_by,
            reason,
            officer: case.officer.clone(),
            rating: Some(case.rating),
            rule: Some(case.rule.clone()),
        };
        self.say(ChangeKind::Appeal, serial, &notice)
    }

    /// What an appeal that came back says of a case: the case is there, its last word holds.
    pub(crate) fn recover_appeal(&mut self, appeal: &Appeal, operation: OperationId, received: Timestamp) {
        if self.state.appeals.iter().any(|case| case.appeal == operation) {
            return;
        }
        let (ordered_by, confirmed_by) = self.who_ordered(&appeal.rule);
        self.state.appeals.push(AppealCase {
            appeal: operation,
            rating: appeal.rating,
            rule: appeal.rule.clone(),
            due_by: received.plus_hours(i64::from(self.rulebook.appeal_answer_hours)),
            decided: false,
            officer: None,
            ordered_by,
            confirmed_by,
        });
    }

    /// The last word that came back.
    pub(crate) fn recover_appeal_notice(&mut self, notice: &AppealNotice) {
        let case = self.state.appeals.iter_mut().find(|case| case.appeal == notice.appeal);
        let Some(case) = case.filter(|case| !case.decided) else { return };
        case.due_by = notice.due_by;
        case.officer.clone_from(&notice.officer);
        case.decided = matches!(notice.state, AppealState::Granted | AppealState::Refused);
        if notice.state == AppealState::Granted {
            let rule = case.rule.clone();
            self.set_aside(rule);
        }
    }
}
