//! Appeals against a rating: drafted and kept here without a network, sent by the next sync, and followed to their
//! outcome. The model is the correction interface of GB/T 38963. What never enters: a verdict of the phone's own.

use super::quarantine::{field_of, problem_of};
use super::{Resident, known};
use crate::error::{HealthcodeError, refusal_text};
use crate::rules::calendar::Timestamp;
use crate::rules::rating::Reason;
use crate::rules::text::Text;
use crate::store::{AppealDraft, OutboxRow, OutboxState, SubjectKey, Transaction};
use crate::sync::phone::{Now, Phone};
use crate::sync::round::kept;
use crate::token::{AppealNotice, AppealState, OperationId, RatingReceipt};
use crate::wire::message::ChangeKind;
use crate::wire::operation::{MAX_APPEAL_TEXT, MAX_STATEMENTS};
use crate::wire::{Appeal, Operation, OperationBody};

/// Everything about a person's appeals.
#[derive(Clone, PartialEq, Eq, uniffi::Record)]
#[uniffi::export(Debug)]
pub struct Appeals {
    /// What can be contested now: the reasons of the colour in force that no open appeal contests, while the time for
    /// it lasts. Empty for green.
    pub contestable: Vec<Contestable>,
    /// What was written and not sent.
    pub draft: Option<AppealInput>,
    /// The appeals that were made, the latest last.
    pub made: Vec<AppealCard>,
    /// The masked name of the person that it is about.
    #[uniffi(default = "")]
    pub masked_name: String,
}

/// A reason that can be contested.
#[derive(Clone, PartialEq, Eq, uniffi::Record)]
#[uniffi::export(Debug)]
pub struct Contestable {
    /// The rating, for [`AppealInput`].
    pub rating: u64,
    /// The reason.
    pub reason: Reason,
    /// Until when: an instant in UTC.
    pub until: Timestamp,
}

/// An appeal as it is written.
#[derive(Clone, PartialEq, Eq, uniffi::Record)]
#[uniffi::export(Debug)]
pub struct AppealInput {
    /// The rating that it contests, see [`Contestable`].
    pub rating: u64,
    /// The rule of the reason, or `manual`.
    pub rule: String,
    /// What the person says: at most 4,096 bytes of UTF-8.
    pub text: String,
    /// What speaks for it, each at most 4,096 bytes: at most 16.
    #[uniffi(default)]
    pub statements: Vec<String>,
}

/// An appeal that was made.
#[derive(Clone, PartialEq, Eq, uniffi::Record)]
#[uniffi::export(Debug)]
pub struct AppealCard {
    /// Its name: the operation's id.
    pub appeal: String,
    /// What it says.
    pub content: AppealInput,
    /// When it was made: a lower bound of true time, in UTC.
    pub made_at: Timestamp,
    /// Where it stands.
    pub standing: AppealStanding,
    /// By when the authority has bound itself to decide; none before it has said so. In UTC.
    pub due_by: Option<Timestamp>,
    /// Whether the authority has let its own time lapse. It is said only once it is sure.
    pub overdue: bool,
    /// Why it was decided so.
    pub reason: Option<Text>,
    /// What the authority calls the officer who has it in hand or decided it.
    pub officer: Option<String>,
    /// Whether this phone made it. Of one that another phone of the person made, or a carer's, there is neither text nor
    /// statements here.
    #[uniffi(default = true)]
    pub made_here: bool,
}

/// Where an appeal stands.
#[derive(Clone, PartialEq, Eq, uniffi::Enum)]
#[uniffi::export(Debug)]
pub enum AppealStanding {
    /// It waits to be sent.
    Waiting,
    /// The authority has it, and says by when it answers.
    Received,
    /// An officer has it in hand.
    InReview,
    /// The rating was wrong.
    Granted,
    /// The rating stands.
    Refused,
    /// The authority did not take it.
    NotTaken {
        /// The problem's stable word, such as `late` or `already-done`.
        problem: String,
        /// What was wrong, and what can be done about it.
        text: Text,
    },
}

silent!(Appeals, Contestable, AppealInput, AppealCard, AppealStanding);

#[uniffi::export]
impl Resident {
    /// The appeals of a subject: what can be contested, what is being written, and where each one stands that was
    /// made. One is made by [`Resident::record`] with [`super::Entry::Appeal`]; GB/T 38963 is the model.
    ///
    /// # Errors
    ///
    /// `UnknownSubject`, `Storage`, `Port`.
    pub fn appeals(&self, subject: String) -> Result<Appeals, HealthcodeError> {
        let phone = self.phone()?;
        appeals(&phone, &known(&phone, &subject)?)
    }

    /// Keeps an appeal that is being written, in the place of the one before; none throws it away. It needs no network,
    /// nobody else learns of it, and it goes when the appeal is recorded.
    ///
    /// # Errors
    ///
    /// `InvalidField` for what is too long; `UnknownSubject`, `Storage`.
    #[uniffi::method(default(draft = None))]
    pub fn keep_appeal_draft(
        &self,
        subject: String,
        draft: Option<AppealInput>,
    ) -> Result<(), HealthcodeError> {
        let phone = self.phone()?;
        keep_draft(&phone, &known(&phone, &subject)?, draft)
    }
}

fn appeals(phone: &Phone, key: &SubjectKey) -> Result<Appeals, HealthcodeError> {
    let now = phone.now()?;
    phone.store.read(|file| {
        let said = Said::read(file, key)?;
        let mut made = Vec::new();
        for row in file.outbox(key)? {
            made.extend(said.card(&row, &now));
        }
        made.extend(said.elsewhere(&made, &now));
        made.sort_by_key(|card| card.made_at);
        let contestable = said.contestable(&now, &made);
        let draft = file.appeal_draft(key)?.map(|draft| AppealInput {
            rating: draft.rating,
            rule: draft.rule,
            text: draft.text,
            statements: draft.statements,
        });
        let body = file.subject(key)?.ok_or(HealthcodeError::UnknownSubject)?;
        Ok(Appeals { contestable, draft, made, masked_name: body.identity.name.mask() })
    })
}

/// Keeps what was written so far; none throws it away.
fn keep_draft(phone: &Phone, key: &SubjectKey, draft: Option<AppealInput>) -> Result<(), HealthcodeError> {
    if let Some(draft) = &draft {
        check_size(draft)?;
    }
    phone.store.write(|file| match draft {
        Some(AppealInput { rating, rule, text, statements }) => {
            Ok(file.put_appeal_draft(key, &AppealDraft { rating, rule, text, statements })?)
        }
        None => Ok(file.delete_appeal_draft(key)?),
    })
}

/// Checks an appeal that is to be made.
pub(super) fn check(
    phone: &Phone,
    key: &SubjectKey,
    input: &AppealInput,
    now: &Now,
) -> Result<Appeal, HealthcodeError> {
    check_size(input)?;
    if input.text.trim().is_empty() {
        return Err(HealthcodeError::field("text", "missing"));
    }
    let of_this = |rating: u64, rule: &str| rating == input.rating && rule == input.rule;
    let (said, open) = phone.store.read(|file| {
        let said = Said::read(file, key)?;
        let mut open = false;
        for row in file.outbox(key)? {
            let card = said.card(&row, now);
            open |=
                card.is_some_and(|card| card.contests() && of_this(card.content.rating, &card.content.rule));
        }
        open |= said.notices.iter().any(|notice| {
            let of = notice.rating.zip(notice.rule.as_deref());
            of.is_some_and(|(rating, rule)| of_this(rating, rule))
        });
        Ok::<_, HealthcodeError>((said, open))
    })?;
    let (rating, receipt) = said.rating.as_ref().ok_or(HealthcodeError::NotRated)?;
    if *rating != input.rating {
        return Err(HealthcodeError::field("rating", "not-in-force"));
    }
    if !receipt.reasons.iter().any(|reason| reason.rule == input.rule) {
        return Err(HealthcodeError::field("rule", "unknown"));
    }
    if now.best() >= receipt.appeal_by {
        return Err(HealthcodeError::field("rating", "late"));
    }
    if open {
        return Err(HealthcodeError::field("rating", "already-appealed"));
    }
    let AppealInput { rating, rule, text, statements } = input.clone();
    Ok(Appeal { rating, rule, text, statements })
}

fn check_size(input: &AppealInput) -> Result<(), HealthcodeError> {
    if input.rule.len() > 64 {
        return Err(HealthcodeError::field("rule", "unknown"));
    }
    if input.text.len() > MAX_APPEAL_TEXT {
        return Err(HealthcodeError::field("text", "too-long"));
    }
    if input.statements.len() > MAX_STATEMENTS {
        return Err(HealthcodeError::field("statements", "too-many"));
    }
    match input.statements.iter().position(|statement| statement.len() > MAX_APPEAL_TEXT) {
        Some(place) => Err(HealthcodeError::field(format!("statements[{place}]"), "too-long")),
        None => Ok(()),
    }
}

impl AppealStanding {
    /// Whether the authority has still to decide.
    const fn is_open(&self) -> bool {
        matches!(self, Self::Received | Self::InReview)
    }
}

impl From<AppealState> for AppealStanding {
    fn from(state: AppealState) -> Self {
        match state {
            AppealState::Received => Self::Received,
            AppealState::InReview => Self::InReview,
            AppealState::Granted => Self::Granted,
            AppealState::Refused => Self::Refused,
        }
    }
}

impl AppealCard {
    /// Whether it stands in the way of another one against the same reason.
    const fn contests(&self) -> bool {
        !matches!(self.standing, AppealStanding::NotTaken { .. })
    }
}

/// What the authority has said.
#[derive(Default)]
struct Said {
    /// The last rating and its serial.
    rating: Option<(u64, RatingReceipt)>,
    /// Of each appeal, the last word.
    notices: Vec<AppealNotice>,
    /// Of each appeal, when the first word was said.
    received: Vec<(OperationId, Timestamp)>,
}

impl Said {
    fn read(file: &Transaction<'_>, key: &SubjectKey) -> Result<Self, HealthcodeError> {
        let mut said = Self::default();
        for (serial, decision) in file.serial_decisions(key)? {
            match decision.kind {
                ChangeKind::Rating => said.rating = Some((serial, kept(&decision.object.0)?)),
                ChangeKind::Appeal => {
                    let notice: AppealNotice = kept(&decision.object.0)?;
                    if said.received.iter().all(|(appeal, _)| *appeal != notice.appeal) {
                        said.received.push((notice.appeal, notice.said_at));
                    }
                    said.notices.retain(|known| known.appeal != notice.appeal);
                    said.notices.push(notice);
                }
                _ => {}
            }
        }
        Ok(said)
    }

    fn contestable(&self, now: &Now, made: &[AppealCard]) -> Vec<Contestable> {
        let Some((rating, receipt)) = &self.rating else { return Vec::new() };
        if now.best() >= receipt.appeal_by {
            return Vec::new();
        }
        let open = |rule: &str| {
            made.iter()
                .any(|card| card.contests() && card.content.rating == *rating && card.content.rule == rule)
        };
        let reasons = receipt.reasons.iter().filter(|reason| !open(&reason.rule));
        let of =
            |reason| Contestable { rating: *rating, reason: Reason::from(reason), until: receipt.appeal_by };
        reasons.map(of).collect()
    }

    fn card(&self, row: &OutboxRow, now: &Now) -> Option<AppealCard> {
        let made = Operation::from_bytes(row.body.operation.0.clone()).ok();
        let opened = made.and_then(|made| made.vouched().ok())?;
        let Some(OperationBody::Appeal(appeal)) = opened.body else { return None };
        let notice = self.notice(row.operation);
        let standing = match (row.state, notice) {
            (OutboxState::Waiting, _) => AppealStanding::Waiting,
            (OutboxState::Refused, _) => {
                let answer = row.answer.as_ref();
                let problem = problem_of(answer);
                AppealStanding::NotTaken { text: refusal_text(&problem, field_of(answer)), problem }
            }
            (OutboxState::Accepted, Some(notice)) => notice.state.into(),
            // Its receipt has come and its notice has not: the next page brings it.
            (OutboxState::Accepted, None) => AppealStanding::Received,
        };
        let undecided = standing.is_open();
        let due_by = notice.map(|notice| notice.due_by);
        let Appeal { rating, rule, text, statements } = appeal;
        Some(AppealCard {
            appeal: row.operation.to_string(),
            content: AppealInput { rating, rule, text, statements },
            made_at: opened.evidence.lower_bound,
            overdue: undecided && due_by.is_some_and(|due| now.lower_bound > due),
            standing,
            due_by,
            reason: notice.and_then(|notice| notice.reason.clone()),
            officer: notice.and_then(|notice| notice.officer.clone()),
            made_here: true,
        })
    }

    /// Appeals that were made elsewhere for the person: by the phone of before, the own one, or a carer's.
    fn elsewhere(&self, here: &[AppealCard], now: &Now) -> Vec<AppealCard> {
        let known = |notice: &&AppealNotice| {
            let id = notice.appeal.to_string();
            here.iter().all(|card| card.appeal != id)
        };
        let card = |notice: &AppealNotice| {
            let (rating, rule) = notice.rating.zip(notice.rule.clone())?;
            let standing = AppealStanding::from(notice.state);
            let first = self.received.iter().find(|(appeal, _)| *appeal == notice.appeal);
            Some(AppealCard {
                appeal: notice.appeal.to_string(),
                content: AppealInput { rating, rule, text: String::new(), statements: Vec::new() },
                made_at: first.map_or(notice.said_at, |(_, at)| *at),
                overdue: standing.is_open() && now.lower_bound > notice.due_by,
                standing,
                due_by: Some(notice.due_by),
                reason: notice.reason.clone(),
                officer: notice.officer.clone(),
                made_here: false,
            })
        };
        self.notices.iter().filter(known).filter_map(card).collect()
    }

    fn notice(&self, appeal: OperationId) -> Option<&AppealNotice> {
        self.notices.iter().find(|notice| notice.appeal == appeal)
    }
}

#[cfg(test)]
mod tests;
