//! Recording: the domain row, the signed operation with its link, the segment and the clock in one transaction. What
//! returned to the app is kept, whatever happens to the process; what failed left no trace.

use super::input::{CheckInInput, DeclarationInput, Entry, FieldProblem};
use super::quarantine::expected_days;
use super::standing::Standing;
use super::today;
use crate::error::HealthcodeError;
use crate::random;
use crate::rules::calendar::LegalDate;
use crate::rules::colour::Colour;
use crate::rules::declaration::{Declaration, SYMPTOMS};
use crate::rules::quarantine::Attribution;
use crate::rules::rating::{Rating, Reason};
use crate::store::{StoredCheckIn, SubjectKey, Transaction};
use crate::sync::outbox;
use crate::sync::phone::{Now, Phone};
use crate::token::{OperationId, Signer};
use crate::wire::{CheckIn, Operation, OperationBody};

/// What was recorded.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct Recorded {
    /// The operation's id.
    pub operation: String,
    /// The day for which a check-in will count, as far as this phone can tell; none for a declaration, without an
    /// order in force, where the day has its check-in already, or where this phone does not know the day.
    pub day: Option<LegalDate>,
}

/// What a declaration would come to.
#[derive(Clone, PartialEq, Eq, uniffi::Record)]
pub struct Preview {
    /// What is wrong with it; nothing else is said then.
    pub problems: Vec<FieldProblem>,
    /// The colour, as far as this phone can tell without the public records.
    pub colour: Option<Colour>,
    /// Why it is not green.
    pub reasons: Vec<Reason>,
    /// The days of the quarantine that would follow; 0 for none.
    pub days: u16,
    /// Every rule, whether it holds, and what it read: the explanation, for the resident's eyes.
    pub trace: Vec<TraceLine>,
}

/// What one rule came to.
#[derive(Clone, PartialEq, Eq, uniffi::Record)]
pub struct TraceLine {
    /// The rule's id.
    pub rule: String,
    /// Whether it holds.
    pub holds: bool,
    /// What it read, each as a path and its value in JSON.
    pub read: Vec<String>,
}

impl std::fmt::Debug for Preview {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Preview(..)")
    }
}

impl std::fmt::Debug for TraceLine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "TraceLine({})", self.rule)
    }
}

pub(super) fn preview(
    phone: &Phone,
    key: &SubjectKey,
    input: &DeclarationInput,
) -> Result<Preview, HealthcodeError> {
    let rulebook = phone.rulebook().ok_or(HealthcodeError::NotSynced)?;
    let now = phone.now()?;
    let today = today(phone, &now)?;
    let declaration = match input.read(today) {
        Ok(declaration) => declaration,
        Err(HealthcodeError::InvalidField { field, reason }) => {
            return Ok(Preview::wrong(vec![FieldProblem::of(&field, &reason)]));
        }
        Err(error) => return Err(error),
    };
    let errors = declaration.errors(&rulebook, today);
    if !errors.is_empty() {
        let problem = |error: &crate::rules::declaration::DeclarationError| {
            let (field, reason) = error.place();
            FieldProblem::of(&field, reason)
        };
        return Ok(Preview::wrong(errors.iter().map(problem).collect()));
    }
    let standing = Standing::read(phone, key)?;
    let at = now.best();
    let rating = rulebook.preview(&standing.facts(&rulebook, at, Some(declaration)));
    // The rulebook passed its checks; a rule that still cannot be evaluated is its authority's fault.
    let rating = rating.map_err(|_| HealthcodeError::internal("preview/rule"))?;
    Ok(Preview::of(rating))
}

impl Preview {
    const fn wrong(problems: Vec<FieldProblem>) -> Self {
        Self { problems, colour: None, reasons: Vec::new(), days: 0, trace: Vec::new() }
    }

    fn of(rating: Rating) -> Self {
        let line = |step: crate::rules::rating::TraceStep| TraceLine {
            rule: step.rule,
            holds: step.holds,
            read: step.read.iter().map(|(path, value)| format!("{path} = {value}")).collect(),
        };
        Self {
            problems: Vec::new(),
            colour: Some(rating.colour),
            days: rating.order.as_ref().map_or(0, |order| order.days),
            reasons: rating.reasons,
            trace: rating.trace.into_iter().map(line).collect(),
        }
    }
}

pub(super) fn record(phone: &Phone, key: &SubjectKey, entry: &Entry) -> Result<Recorded, HealthcodeError> {
    let now = phone.now()?;
    let content = match entry {
        Entry::Declaration { declaration } => {
            Content::Declaration(check_declaration(phone, &now, declaration)?)
        }
        Entry::CheckIn { check_in } => Content::CheckIn(check_symptoms(phone, check_in)?),
    };
    let holder = phone.holder(key)?;
    phone.store.write(|file| {
        let mut standing = Standing::read_in(file, key)?;
        if standing.body.replaced {
            return Err(HealthcodeError::Replaced);
        }
        let recorded = match content {
            Content::Declaration(declaration) => {
                let body = OperationBody::Declaration(declaration.clone());
                let operation = put_operation(file, key, &body, &now, holder.as_ref())?;
                file.put_declaration(key, operation, &declaration)?;
                Recorded { operation: operation.to_string(), day: None }
            }
            Content::CheckIn(symptoms) => {
                let order = standing.order.as_ref().map(|order| order.order);
                let check_in = CheckIn { symptoms, order };
                let body = OperationBody::CheckIn(check_in.clone());
                let operation = put_operation(file, key, &body, &now, holder.as_ref())?;
                let stored = StoredCheckIn { evidence: now.evidence, check_in, operation };
                file.put_check_in(key, operation, &stored)?;
                standing.check_ins.push(stored);
                let day = now.estimate.and_then(|_| expected_day(&standing, operation));
                Recorded { operation: operation.to_string(), day }
            }
        };
        phone.put_clock(file)?;
        Ok(recorded)
    })
}

enum Content {
    Declaration(Declaration),
    CheckIn(Vec<String>),
}

fn check_declaration(
    phone: &Phone,
    now: &Now,
    input: &DeclarationInput,
) -> Result<Declaration, HealthcodeError> {
    let rulebook = phone.rulebook().ok_or(HealthcodeError::NotSynced)?;
    let today = today(phone, now)?;
    let declaration = input.read(today)?;
    match declaration.errors(&rulebook, today).into_iter().next() {
        Some(error) => Err(error.into()),
        None => Ok(declaration),
    }
}

fn check_symptoms(phone: &Phone, input: &CheckInInput) -> Result<Vec<String>, HealthcodeError> {
    let rulebook = phone.rulebook().ok_or(HealthcodeError::NotSynced)?;
    match rulebook.symptoms_error(&input.symptoms) {
        Some(reason) => Err(HealthcodeError::field(SYMPTOMS, reason.id())),
        None => Ok(input.symptoms.clone()),
    }
}

/// Signs an operation and puts it into the outbox.
fn put_operation(
    file: &Transaction<'_>,
    key: &SubjectKey,
    body: &OperationBody,
    now: &Now,
    holder: &dyn Signer,
) -> Result<OperationId, HealthcodeError> {
    let operation = Operation::make(body, now.evidence, random::bytes()?, holder)?;
    let id = operation.id;
    outbox::append(file, key, operation, holder)?;
    Ok(id)
}

/// The day for which a check-in will count, as far as this phone can tell.
fn expected_day(standing: &Standing, operation: OperationId) -> Option<LegalDate> {
    match expected_days(standing, standing.order.as_ref()?).get(&operation) {
        Some(Attribution::Counted { day, .. }) => Some(*day),
        _ => None,
    }
}
