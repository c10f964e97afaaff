//! What a resident declares: answers to the rulebook's questions and where they were in the last days.
//!
//! A declaration is checked against the rulebook that asked and against the legal day of today, both given as
//! arguments. Every error names the field and a reason; none repeats what was answered. What never enters: what the
//! answers mean, which is the rules' affair.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::calendar::LegalDate;
use super::identity::Region;
use super::rulebook::{Question, QuestionKind, Rulebook};

/// One answer, in the form that its question's kind asks for.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Answer {
    /// To a `yes-no` question.
    YesNo(bool),
    /// To a `one-of` question: the option's id. To a `date` question: `YYYY-MM-DD`.
    One(String),
    /// To an `any-of` question: the ids of the options that apply, none for "none of these".
    Any(Vec<String>),
}

/// A stay away from or at home: a place and the days spent there, both included.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Stay {
    /// Where, by GB/T 2260 code.
    pub region: Region,
    /// The first day.
    pub from: LegalDate,
    /// The last day.
    pub to: LegalDate,
}

/// A resident's declaration.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Declaration {
    /// Answers by question id.
    pub answers: BTreeMap<String, Answer>,
    /// Where the resident was in the rulebook's window.
    pub travel: Vec<Stay>,
    /// The legal day on which it was made.
    pub declared_on: LegalDate,
}

impl Declaration {
    /// One that says nothing.
    #[must_use]
    pub const fn empty(declared_on: LegalDate) -> Self {
        Self { answers: BTreeMap::new(), travel: Vec::new(), declared_on }
    }
}

/// Why a stay is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum StayReason {
    /// It ends, or begins, after today.
    #[error("a day in the future")]
    Future,
    /// It lies wholly before the rulebook's window.
    #[error("before the days that are asked for")]
    OutsideWindow,
    /// It ends before it begins.
    #[error("ends before it begins")]
    EndsBeforeItBegins,
}

/// Why an answer is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum AnswerReason {
    /// The rulebook has no such question.
    #[error("the rulebook has no such question")]
    UnknownQuestion,
    /// A required question is not answered.
    #[error("an answer is required")]
    Missing,
    /// The answer has another form than the question asks for.
    #[error("another form of answer is asked for")]
    WrongForm,
    /// The answer is none of the question's options.
    #[error("not one of the options")]
    UnknownOption,
    /// The same option twice.
    #[error("the same option twice")]
    Repeated,
    /// A date in the future.
    #[error("a date in the future")]
    Future,
    /// A date before the rulebook's window.
    #[error("a date before the days that are asked for")]
    OutsideWindow,
}

/// Why a declaration is refused. Ids are the rulebook's; where a caller's own text would be repeated it is left out.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum DeclarationError {
    /// An answer. The question's id is `?` where the rulebook does not have it.
    #[error("answers.{question}: {reason}")]
    Answer {
        /// The question.
        question: String,
        /// Why.
        reason: AnswerReason,
    },
    /// A stay of the travel list, counted from 0.
    #[error("travel[{index}]: {reason}")]
    Stay {
        /// Which one.
        index: usize,
        /// Why.
        reason: StayReason,
    },
    /// More stays than the rulebook takes.
    #[error("travel: more than {limit} stays")]
    TooManyStays {
        /// How many it takes.
        limit: u16,
    },
    /// It was made on a day after today, or before the window that it speaks of.
    #[error("declared_on: not a day that can be declared for")]
    DeclaredOn,
}

impl StayReason {
    /// A stable word for it.
    #[must_use]
    pub const fn id(self) -> &'static str {
        match self {
            Self::Future => "in-the-future",
            Self::OutsideWindow => "outside-window",
            Self::EndsBeforeItBegins => "ends-before-it-begins",
        }
    }
}

impl AnswerReason {
    /// A stable word for it.
    #[must_use]
    pub const fn id(self) -> &'static str {
        match self {
            Self::UnknownQuestion => "unknown-question",
            Self::Missing => "missing",
            Self::WrongForm => "wrong-form",
            Self::UnknownOption => "unknown-option",
            Self::Repeated => "repeated",
            Self::Future => "in-the-future",
            Self::OutsideWindow => "outside-window",
        }
    }
}

impl DeclarationError {
    /// The path of the field that is wrong, and a stable word for what is wrong with it.
    #[must_use]
    pub fn place(&self) -> (String, &'static str) {
        match self {
            Self::Answer { question, reason } => (format!("answers.{question}"), reason.id()),
            Self::Stay { index, reason } => (format!("travel[{index}]"), reason.id()),
            Self::TooManyStays { .. } => ("travel".to_owned(), "too-many"),
            Self::DeclaredOn => ("declared_on".to_owned(), "outside-window"),
        }
    }
}

/// The question whose options are the symptoms that a check-in may name.
pub const SYMPTOMS: &str = "symptoms";

impl Rulebook {
    /// What is wrong with the symptoms of a check-in, if anything.
    #[must_use]
    pub fn symptoms_error(&self, symptoms: &[String]) -> Option<AnswerReason> {
        if symptoms.is_empty() {
            return None;
        }
        let Some(question) = self.question(SYMPTOMS) else { return Some(AnswerReason::UnknownQuestion) };
        let known = |symptom: &String| question.options.iter().any(|option| option.id == *symptom);
        if !symptoms.iter().all(known) {
            return Some(AnswerReason::UnknownOption);
        }
        repeats(symptoms).then_some(AnswerReason::Repeated)
    }
}

impl Declaration {
    /// Everything that is wrong with this declaration under `rulebook` on the legal day `today`.
    #[must_use]
    pub fn errors(&self, rulebook: &Rulebook, today: LegalDate) -> Vec<DeclarationError> {
        let mut errors = Vec::new();
        let first = today.plus_days(-i32::from(rulebook.declaration.travel_window_days));
        if self.declared_on > today || self.declared_on < first {
            errors.push(DeclarationError::DeclaredOn);
        }
        for question in &rulebook.questions {
            let reason = match self.answers.get(&question.id) {
                None if question.required => Some(AnswerReason::Missing),
                None => None,
                Some(answer) => wrong_answer(question, answer, first, today),
            };
            errors.extend(
                reason.map(|reason| DeclarationError::Answer { question: question.id.clone(), reason }),
            );
        }
        for id in self.answers.keys() {
            if rulebook.question(id).is_none() {
                let reason = AnswerReason::UnknownQuestion;
                errors.push(DeclarationError::Answer { question: "?".to_owned(), reason });
            }
        }
        let limit = rulebook.declaration.max_stays;
        if self.travel.len() > usize::from(limit) {
            errors.push(DeclarationError::TooManyStays { limit });
        }
        for (index, stay) in self.travel.iter().enumerate().take(usize::from(limit)) {
            let reason = wrong_stay(stay, first, today);
            errors.extend(reason.map(|reason| DeclarationError::Stay { index, reason }));
        }
        errors
    }
}

fn repeats(ids: &[String]) -> bool {
    let mut seen = BTreeSet::new();
    !ids.iter().all(|id| seen.insert(id))
}

fn wrong_answer(
    question: &Question,
    answer: &Answer,
    first: LegalDate,
    today: LegalDate,
) -> Option<AnswerReason> {
    let unknown = |id: &String| !question.options.iter().any(|option| option.id == *id);
    match (&question.kind, answer) {
        // A kind that this version does not know was shown as text; the server may know it.
        (QuestionKind::YesNo, Answer::YesNo(_)) | (QuestionKind::Other(_), _) => None,
        (QuestionKind::OneOf, Answer::One(id)) => unknown(id).then_some(AnswerReason::UnknownOption),
        (QuestionKind::AnyOf, Answer::Any(ids)) => {
            if ids.iter().any(unknown) {
                Some(AnswerReason::UnknownOption)
            } else {
                repeats(ids).then_some(AnswerReason::Repeated)
            }
        }
        (QuestionKind::Date, Answer::One(date)) => match LegalDate::parse(date) {
            None => Some(AnswerReason::WrongForm),
            Some(date) if date > today => Some(AnswerReason::Future),
            Some(date) => (date < first).then_some(AnswerReason::OutsideWindow),
        },
        _ => Some(AnswerReason::WrongForm),
    }
}

fn wrong_stay(stay: &Stay, first: LegalDate, today: LegalDate) -> Option<StayReason> {
    if stay.to < stay.from {
        Some(StayReason::EndsBeforeItBegins)
    } else if stay.to > today {
        Some(StayReason::Future)
    } else {
        (stay.to < first).then_some(StayReason::OutsideWindow)
    }
}

// Answers and whereabouts tell of health: they are for the rules and the sealed store, never for a log.
impl std::fmt::Debug for Answer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Answer(..)")
    }
}

impl std::fmt::Debug for Stay {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Stay(..)")
    }
}

impl std::fmt::Debug for Declaration {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Declaration(..)")
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]
mod tests {
    use super::*;

    fn declaration(answers: &str, travel: &str) -> Declaration {
        serde_json::from_str(&format!(
            r#"{{"answers":{answers},"travel":{travel},"declared_on":"2020-02-14"}}"#
        ))
        .unwrap()
    }

    fn errors(answers: &str, travel: &str) -> Vec<String> {
        let today = LegalDate::parse("2020-02-14").unwrap();
        let found = declaration(answers, travel).errors(&Rulebook::hangzhou_2020(), today);
        found.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_complete_declaration_has_no_errors() {
        let stay = r#"[{"region":"420100","from":"2020-01-20","to":"2020-02-10"}]"#;
        assert!(errors(r#"{"contact":false,"symptoms":[]}"#, stay).is_empty());
    }

    #[test]
    fn each_wrong_answer_is_named_and_not_repeated() {
        assert_eq!(
            errors(r#"{"contact":"maybe","symptoms":["plague"],"secret":true}"#, "[]"),
            [
                "answers.contact: another form of answer is asked for",
                "answers.symptoms: not one of the options",
                "answers.?: the rulebook has no such question",
            ]
        );
        assert_eq!(
            errors(r#"{"symptoms":["fever","fever"]}"#, "[]"),
            ["answers.contact: an answer is required", "answers.symptoms: the same option twice"]
        );
    }

    #[test]
    fn each_wrong_stay_is_named_by_its_place_in_the_list() {
        let travel = r#"[{"region":"420100","from":"2020-02-10","to":"2020-02-09"},
            {"region":"420100","from":"2020-02-10","to":"2020-02-15"},
            {"region":"420100","from":"2020-01-10","to":"2020-01-30"},
            {"region":"420100","from":"2020-01-10","to":"2020-01-31"}]"#;
        assert_eq!(
            errors(r#"{"contact":false,"symptoms":[]}"#, travel),
            [
                "travel[0]: ends before it begins",
                "travel[1]: a day in the future",
                "travel[2]: before the days that are asked for",
            ]
        );
    }

    #[test]
    fn answers_do_not_reach_a_debug_output() {
        let shown = format!("{:?}", declaration(r#"{"contact":true,"symptoms":["fever"]}"#, "[]"));
        assert_eq!(shown, "Declaration(..)");
    }
}
