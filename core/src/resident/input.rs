//! What an app hands in, as its platform's values, and how it becomes values of the rules. A value that is none is
//! named by its field; nothing of what was typed is repeated.

use std::collections::BTreeMap;

use super::AppealInput;
use crate::error::{HealthcodeError, field_text};
use crate::rules::calendar::LegalDate;
use crate::rules::declaration::SYMPTOMS;
use crate::rules::declaration::{Answer, Declaration, Stay};
use crate::rules::identity::{IdentityInput, Region};
use crate::rules::rulebook::{Choice, Question, QuestionKind, Rulebook};
use crate::rules::text::Text;

/// Who somebody is, as typed into a form.
#[derive(Clone, PartialEq, Eq, uniffi::Record)]
#[uniffi::export(Debug)]
pub struct IdentityForm {
    /// The name as written on the document.
    pub name: String,
    /// `resident-id` for a PRC resident identity number (GB 11643), or another word of `[a-z0-9-]` for another
    /// document, such as `passport`.
    pub document_kind: String,
    /// The document's number.
    pub document_number: String,
    /// The telephone number on record, E.164 or as dialled within the country.
    pub phone: String,
    /// The region of residence, six digits of GB/T 2260.
    pub region: String,
}

/// One field that is wrong, and why.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct FieldProblem {
    /// The field's path, such as `document` or `travel[0]`.
    pub field: String,
    /// A stable word for what is wrong with it.
    pub reason: String,
    /// The same for the person.
    pub text: Text,
}

impl FieldProblem {
    pub(super) fn of(field: &str, reason: &str) -> Self {
        Self { field: field.to_owned(), reason: reason.to_owned(), text: field_text(field, reason) }
    }
}

/// The declaration's form.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct Form {
    /// The rulebook's title.
    pub title: Text,
    /// The rulebook's version.
    pub version: u32,
    /// The questions, in the order to ask them.
    pub questions: Vec<FormQuestion>,
    /// The first day of travel that is asked for.
    pub from: LegalDate,
    /// The last one: today.
    pub to: LegalDate,
    /// The most stays that a declaration holds.
    pub max_stays: u16,
    /// The symptoms that a check-in may name.
    pub symptoms: Vec<Choice>,
}

/// A question.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct FormQuestion {
    /// Its id: what an answer names.
    pub id: String,
    /// The form of the answer.
    pub form: QuestionForm,
    /// Whether it must be answered.
    pub required: bool,
    /// The question.
    pub text: Text,
    /// What can be chosen.
    pub options: Vec<Choice>,
}

/// The form of a question's answer.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Enum)]
pub enum QuestionForm {
    /// Yes or no.
    YesNo,
    /// One of the options.
    OneOf,
    /// Any of the options, or none.
    AnyOf,
    /// A date within the days that are asked for.
    Date,
    /// A kind of a later version: show the question and take a text.
    Other {
        /// Its word.
        kind: String,
    },
}

/// An answer.
#[derive(Clone, PartialEq, Eq, uniffi::Record)]
#[uniffi::export(Debug)]
pub struct AnswerInput {
    /// The question's id.
    pub question: String,
    /// What was answered.
    pub value: AnswerValue,
}

/// What was answered.
#[derive(Clone, PartialEq, Eq, uniffi::Enum)]
#[uniffi::export(Debug)]
pub enum AnswerValue {
    /// To a yes-or-no question.
    YesNo {
        /// Yes.
        yes: bool,
    },
    /// To a question with one answer: the option's id.
    One {
        /// The option.
        option: String,
    },
    /// To a question with any number of answers: the ids of those that apply.
    Any {
        /// The options.
        options: Vec<String>,
    },
    /// To a question for a date.
    Date {
        /// The day.
        day: LegalDate,
    },
}

/// A stay.
#[derive(Clone, PartialEq, Eq, uniffi::Record)]
#[uniffi::export(Debug)]
pub struct StayInput {
    /// Where, six digits of GB/T 2260.
    pub region: String,
    /// The first day.
    pub from: LegalDate,
    /// The last day.
    pub to: LegalDate,
}

/// A declaration.
#[derive(Clone, PartialEq, Eq, uniffi::Record)]
#[uniffi::export(Debug)]
pub struct DeclarationInput {
    /// The answers.
    pub answers: Vec<AnswerInput>,
    /// Where the person was in the days that are asked for.
    #[uniffi(default)]
    pub travel: Vec<StayInput>,
}

/// A day's check-in.
#[derive(Clone, PartialEq, Eq, uniffi::Record)]
#[uniffi::export(Debug)]
pub struct CheckInInput {
    /// Symptoms by their ids in the form; empty for none.
    #[uniffi(default)]
    pub symptoms: Vec<String>,
}

/// The answer to another phone that wants to take this one's place, see [`super::Takeover`].
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct ConsentInput {
    /// The other phone's key, as the takeover names it.
    pub key: String,
    /// Whether it may take over at once; else it is refused. Refuse what the person has not asked for.
    pub allow: bool,
}

/// What is recorded.
#[derive(Clone, PartialEq, Eq, uniffi::Enum)]
#[uniffi::export(Debug)]
pub enum Entry {
    /// A declaration.
    Declaration {
        /// Its content.
        declaration: DeclarationInput,
    },
    /// A check-in.
    CheckIn {
        /// Its content.
        check_in: CheckInInput,
    },
    /// A consent to another phone, or its refusal.
    Consent {
        /// Its content.
        consent: ConsentInput,
    },
    /// An appeal against a reason of the colour in force, see [`super::Resident::appeals`].
    Appeal {
        /// Its content.
        appeal: AppealInput,
    },
    /// A paper code is asked for, or withdrawn.
    Paper {
        /// Which of the two.
        paper: PaperInput,
    },
    /// The end of what somebody does who cares for the subject: the subject's own phone says it of anybody, a carer's of
    /// itself. The key speaks no more once the authority has it.
    EndCare {
        /// The carer's key, see [`super::Carer`].
        key: String,
    },
}

/// What is asked of the authority about a paper code.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Enum)]
pub enum PaperInput {
    /// A new one, in the colour in force. It is there to print after the next sync.
    Issue,
    /// One is not to pass any more: it was lost, or is not wanted.
    Withdraw {
        /// Its id, as [`super::PaperCode`] has it.
        paper: String,
    },
}

silent!(IdentityForm, AnswerInput, AnswerValue, StayInput, DeclarationInput, CheckInInput, Entry);

impl IdentityForm {
    pub(super) fn as_input(&self) -> IdentityInput<'_> {
        IdentityInput {
            name: &self.name,
            document_kind: &self.document_kind,
            document_number: &self.document_number,
            phone: &self.phone,
            region: &self.region,
        }
    }
}

impl Form {
    pub(super) fn of(rulebook: &Rulebook, today: LegalDate) -> Self {
        let symptoms = rulebook.question(SYMPTOMS).map_or_else(Vec::new, |question| question.options.clone());
        Self {
            title: rulebook.title.clone(),
            version: rulebook.version,
            questions: rulebook.questions.iter().map(FormQuestion::of).collect(),
            from: today.plus_days(-i32::from(rulebook.declaration.travel_window_days)),
            to: today,
            max_stays: rulebook.declaration.max_stays,
            symptoms,
        }
    }
}

impl FormQuestion {
    fn of(question: &Question) -> Self {
        let form = match &question.kind {
            QuestionKind::YesNo => QuestionForm::YesNo,
            QuestionKind::OneOf => QuestionForm::OneOf,
            QuestionKind::AnyOf => QuestionForm::AnyOf,
            QuestionKind::Date => QuestionForm::Date,
            QuestionKind::Other(kind) => QuestionForm::Other { kind: kind.clone() },
        };
        Self {
            id: question.id.clone(),
            form,
            required: question.required,
            text: question.text.clone(),
            options: question.options.clone(),
        }
    }
}

impl DeclarationInput {
    /// The declaration of a day. A region that is none, and a question answered twice, are named.
    pub(super) fn read(&self, declared_on: LegalDate) -> Result<Declaration, HealthcodeError> {
        let mut answers = BTreeMap::new();
        for answer in &self.answers {
            let value = match &answer.value {
                AnswerValue::YesNo { yes } => Answer::YesNo(*yes),
                AnswerValue::One { option } => Answer::One(option.clone()),
                AnswerValue::Any { options } => Answer::Any(options.clone()),
                AnswerValue::Date { day } => Answer::One(day.to_string()),
            };
            if answers.insert(answer.question.clone(), value).is_some() {
                return Err(HealthcodeError::field("answers", "repeated"));
            }
        }
        let mut travel = Vec::with_capacity(self.travel.len());
        for (index, stay) in self.travel.iter().enumerate() {
            let region = Region::parse(&stay.region)
                .map_err(|reason| HealthcodeError::field(format!("travel[{index}].region"), reason.id()))?;
            travel.push(Stay { region, from: stay.from, to: stay.to });
        }
        Ok(Declaration { answers, travel, declared_on })
    }
}
