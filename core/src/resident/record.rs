//! Recording: the domain row, the signed operation with its link, the segment and the clock in one transaction. What
//! returned to the app is kept, whatever happens to the process; what failed left no trace. The vault, which may wait
//! for hardware or for a person, is asked before the transaction: nobody else waits for it.

use super::appeals;
use super::care;
use super::input::{CheckInInput, ConsentInput, DeclarationInput, Entry, FieldProblem};
use super::papers;
use super::quarantine::expected_days;
use super::standing::{Course, Past, Standing};
use crate::error::HealthcodeError;
use crate::random;
use crate::rules::calendar::LegalDate;
use crate::rules::colour::Colour;
use crate::rules::declaration::{Declaration, SYMPTOMS};
use crate::rules::quarantine::Attribution;
use crate::rules::rating::{Rating, Reason};
use crate::store::{ChainState, Moved, StoreError, StoredCheckIn, StoredMatch, SubjectKey, Transaction};
use crate::sync::phone::{Now, Phone};
use crate::sync::{holder, outbox};
use crate::token::OperationId;
use crate::token::ids::unhex;
use crate::wire::{
    Appeal, CareChange, CheckIn, Consent, Operation, OperationBody, PaperChange, ToldExposure,
};

/// How many check-ins before a new one are looked at to tell its day: more than anybody makes in the days that are
/// open at once.
const RECENT: usize = 32;

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
    let rulebook = phone.rulebook_of(&key.issuer).ok_or(HealthcodeError::NotSynced)?;
    let now = phone.now()?;
    let today = rulebook.offset_minutes.date_of(now.best());
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
    let (standing, past) = phone
        .store
        .read(|file| Ok::<_, HealthcodeError>((Standing::read_in(file, key)?, Past::read(file, key)?)))?;
    let rating = rulebook.preview(&standing.facts(&past, &rulebook, now.best(), Some(declaration)));
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
    let (now, _) = phone.look()?;
    let content = match entry {
        Entry::Declaration { declaration } => {
            Content::Declaration(check_declaration(phone, key, &now, declaration)?)
        }
        Entry::CheckIn { check_in } => Content::CheckIn(check_symptoms(phone, key, check_in)?),
        Entry::Consent { consent } => Content::Consent(check_consent(consent)?),
        Entry::Appeal { appeal } => Content::Appeal(appeals::check(phone, key, appeal, &now)?),
        Entry::Paper { paper } => Content::Paper(papers::check(phone, key, paper, &now)?),
        Entry::EndCare { key: end } => Content::Care(care::check_end(phone, key, end)?),
    };
    keep(phone, key, &content, &now)
}

/// Tells the authority of a match: which notice, which rule, which day.
pub(super) fn tell(
    phone: &Phone,
    key: &SubjectKey,
    matched: &StoredMatch,
) -> Result<Recorded, HealthcodeError> {
    let (now, _) = phone.look()?;
    keep(phone, key, &Content::Exposure(matched.clone()), &now)
}

/// Records what a move brings along, and with it how far that has come.
pub(super) fn bring(
    phone: &Phone,
    key: &SubjectKey,
    body: &OperationBody,
    after: &Moved,
) -> Result<Recorded, HealthcodeError> {
    let (now, _) = phone.look()?;
    keep(phone, key, &Content::Brought(body.clone(), after.clone()), &now)
}

fn keep(phone: &Phone, key: &SubjectKey, content: &Content, now: &Now) -> Result<Recorded, HealthcodeError> {
    // It ends: whenever the ground has moved, another entry or a sync was kept in between.
    loop {
        if let Some(recorded) = try_record(phone, key, content, now)? {
            phone.clock_is_written(now);
            return Ok(recorded);
        }
    }
}

enum Content {
    Declaration(Declaration),
    CheckIn(Vec<String>),
    Consent(Consent),
    Paper(PaperChange),
    Care(CareChange),
    Exposure(StoredMatch),
    Appeal(Appeal),
    Brought(OperationBody, Moved),
}

/// What an entry stands on: while it is this, what was signed over it holds.
#[derive(PartialEq, Eq)]
struct Ground {
    chain: ChainState,
    /// The serial of the last decision.
    decided: Option<u64>,
}

impl Ground {
    fn read(file: &Transaction<'_>, key: &SubjectKey) -> Result<Self, HealthcodeError> {
        if file.subject(key)?.ok_or(HealthcodeError::UnknownSubject)?.replaced {
            return Err(HealthcodeError::Replaced);
        }
        let chain = file.chain(key)?.ok_or_else(|| StoreError::internal("chain"))?;
        Ok(Self { chain, decided: file.last_serial(key)? })
    }
}

/// Signs over the ground as it is, and keeps the entry if it is still so; none where it has moved.
fn try_record(
    phone: &Phone,
    key: &SubjectKey,
    content: &Content,
    now: &Now,
) -> Result<Option<Recorded>, HealthcodeError> {
    let (ground, course, holder) = phone.store.read(|file| {
        let tap = matches!(content, Content::CheckIn(_));
        let course = if tap { Course::in_force(file, key, RECENT)? } else { None };
        // In one view with the segment: another key writes another one.
        let holder = file.holder_key(key)?.ok_or(HealthcodeError::UnknownSubject)?;
        Ok::<_, HealthcodeError>((Ground::read(file, key)?, course, holder))
    })?;
    let holder = holder::signer(&holder, &phone.ports.vault)?;
    let body = match content {
        Content::Declaration(declaration) => OperationBody::Declaration(declaration.clone()),
        Content::CheckIn(symptoms) => OperationBody::CheckIn(CheckIn {
            symptoms: symptoms.clone(),
            order: course.as_ref().map(|course| course.order.order),
        }),
        Content::Consent(said) => OperationBody::Consent(said.clone()),
        Content::Appeal(appeal) => OperationBody::Appeal(appeal.clone()),
        Content::Paper(change) => OperationBody::Paper(change.clone()),
        Content::Care(change) => OperationBody::Care(change.clone()),
        Content::Brought(body, _) => body.clone(),
        Content::Exposure(matched) => OperationBody::Exposure(ToldExposure {
            notice: matched.notice,
            rule: matched.rule.clone(),
            on: matched.on,
        }),
    };
    let operation = Operation::make(&body, now.evidence, random::bytes()?, holder.as_ref())?;
    let id = operation.id;
    let mut after = ground.chain.clone();
    let waiting = outbox::linked(&mut after, operation, holder.as_ref())?;

    let kept = phone.store.write(|file| {
        if Ground::read(file, key)? != ground {
            return Ok(false);
        }
        file.put_waiting(key, &waiting)?;
        file.put_chain(key, &after)?;
        match &body {
            OperationBody::Declaration(declaration) => file.put_declaration(key, id, declaration)?,
            OperationBody::CheckIn(check_in) => file.put_check_in(key, id, &stored(check_in, id, now))?,
            // What it does is the server's to say: it is an entry of the outbox alone.
            OperationBody::Consent(_)
            | OperationBody::Exposure(_)
            | OperationBody::Care(_)
            | OperationBody::Paper(_)
            | OperationBody::Served(_) => {}
            // What was written is said.
            OperationBody::Appeal(_) => file.delete_appeal_draft(key)?,
        }
        if let Content::Exposure(matched) = content {
            let mut all = file.matches(key)?;
            if let Some(known) = all.iter_mut().find(|known| known.is_of(matched)) {
                known.told_at = Some(now.best());
            }
            file.put_matches(key, &all)?;
        }
        if let Content::Brought(_, after) = content
            && let Some(mut body) = file.subject(key)?
        {
            body.moved = Some(after.clone());
            file.put_subject(key, &body)?;
        }
        phone.put_clock(file)?;
        Ok::<_, HealthcodeError>(true)
    })?;
    let day = match (course, &body) {
        (Some(mut course), OperationBody::CheckIn(check_in)) => {
            course.check_ins.push(stored(check_in, id, now));
            now.estimate.and_then(|_| expected_day(&course, id))
        }
        _ => None,
    };
    Ok(kept.then(|| Recorded { operation: id.to_string(), day }))
}

fn stored(check_in: &CheckIn, operation: OperationId, now: &Now) -> StoredCheckIn {
    StoredCheckIn { evidence: now.evidence, check_in: check_in.clone(), operation }
}

fn check_declaration(
    phone: &Phone,
    key: &SubjectKey,
    now: &Now,
    input: &DeclarationInput,
) -> Result<Declaration, HealthcodeError> {
    let rulebook = phone.rulebook_of(&key.issuer).ok_or(HealthcodeError::NotSynced)?;
    let today = rulebook.offset_minutes.date_of(now.best());
    let declaration = input.read(today)?;
    match declaration.errors(&rulebook, today).into_iter().next() {
        Some(error) => Err(error.into()),
        None => Ok(declaration),
    }
}

fn check_consent(input: &ConsentInput) -> Result<Consent, HealthcodeError> {
    let key = unhex::<8>(&input.key).ok_or_else(|| HealthcodeError::field("key", "not-a-key"))?;
    Ok(Consent { key: key.to_vec().into(), allow: input.allow })
}

fn check_symptoms(
    phone: &Phone,
    key: &SubjectKey,
    input: &CheckInInput,
) -> Result<Vec<String>, HealthcodeError> {
    let rulebook = phone.rulebook_of(&key.issuer).ok_or(HealthcodeError::NotSynced)?;
    match rulebook.symptoms_error(&input.symptoms) {
        Some(reason) => Err(HealthcodeError::field(SYMPTOMS, reason.id())),
        None => Ok(input.symptoms.clone()),
    }
}

/// The day for which a check-in will count, as far as this phone can tell.
fn expected_day(course: &Course, operation: OperationId) -> Option<LegalDate> {
    match expected_days(course).get(&operation) {
        Some(Attribution::Counted { day, .. }) => Some(*day),
        _ => None,
    }
}
