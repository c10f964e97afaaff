//! Reading a rulebook: its form first, then every value, then what the values must be to each other.

use thiserror::Error;

use super::{ExposureTerms, FORMAT, MAX_BYTES, Rulebook};
use crate::rules::colour::Colour;
use crate::rules::document::{self, Fault};
use crate::rules::exposure::MAX_DEFAULT_STAY;

/// Why a rulebook is refused.
#[derive(Debug, Error)]
pub enum RulebookError {
    /// Larger than [`MAX_BYTES`].
    #[error("the rulebook has more than {MAX_BYTES} bytes")]
    TooLarge,
    /// Not the JSON of a rulebook.
    #[error("not a rulebook: line {line}, column {column}: {what}")]
    Json {
        /// Line, from 1.
        line: usize,
        /// Column, from 1.
        column: usize,
        /// What the parser found.
        what: String,
    },
    /// A form that this version does not read: the app must be updated.
    #[error("the rulebook has format {0}, this version reads {FORMAT}")]
    Format(u16),
    /// Two questions, options or rules of one id, or an id of another form than `[a-z0-9-]{{1,48}}`.
    #[error("{0}: ids are distinct and of the form [a-z0-9-]{{1,48}}")]
    Id(String),
    /// A value out of its range.
    #[error("{0}: out of range")]
    Range(&'static str),
    /// A rule that gives green: green is what no rule gives.
    #[error("rule {0}: a rule gives yellow or red")]
    GreenRule(String),
}

impl Rulebook {
    /// Reads and checks a rulebook.
    pub fn parse(json: &[u8]) -> Result<Self, RulebookError> {
        if json.len() > MAX_BYTES {
            return Err(RulebookError::TooLarge);
        }
        // The form first: a later one may hold fields that this version cannot read.
        let format = document::format_of(json)?;
        if format != FORMAT {
            return Err(RulebookError::Format(format));
        }
        let rulebook: Self = document::read(json)?;
        rulebook.check()?;
        Ok(rulebook)
    }

    fn check(&self) -> Result<(), RulebookError> {
        check_ids("questions", self.questions.iter().map(|question| &question.id))?;
        check_ids("rules", self.rules.iter().map(|rule| &rule.id))?;
        for question in &self.questions {
            check_ids(&question.id, question.options.iter().map(|option| &option.id))?;
        }
        if let Some(rule) = self.rules.iter().find(|rule| rule.colour == Colour::Green) {
            return Err(RulebookError::GreenRule(rule.id.clone()));
        }
        let of = &self.quarantine;
        let days = self.rules.iter().filter_map(|rule| rule.days).chain([of.yellow_days, of.red_days]);
        if days.into_iter().any(|days| days == 0 || days > of.max_total_days) {
            return Err(RulebookError::Range("days"));
        }
        if let Some(field) = self.terms().wrong_field() {
            return Err(RulebookError::Range(field));
        }
        if self.tokens.lifetime_hours == 0 || self.tokens.refresh_after_hours > self.tokens.lifetime_hours {
            return Err(RulebookError::Range("tokens"));
        }
        if self.declaration.travel_window_days > 366 || self.declaration.max_stays > 256 {
            return Err(RulebookError::Range("declaration"));
        }
        let exposure = |of: &ExposureTerms| {
            (1..=366).contains(&of.window_days) && (1..=MAX_DEFAULT_STAY).contains(&of.default_stay_minutes)
        };
        if !self.exposure.as_ref().is_none_or(exposure) {
            return Err(RulebookError::Range("exposure"));
        }
        if !(1..=24 * 366).contains(&self.appeal_answer_hours) {
            return Err(RulebookError::Range("appeal_answer_hours"));
        }
        if self.care.max_subjects > 64 || self.care.max_carers > 16 {
            return Err(RulebookError::Range("care"));
        }
        if !(1..=92).contains(&self.paper.lifetime_days) || self.paper.max_valid > 16 {
            return Err(RulebookError::Range("paper"));
        }
        let manual = &self.manual;
        if !(1..=24 * 14).contains(&manual.confirm_hours)
            || !(1..=of.max_total_days).contains(&manual.max_days)
        {
            return Err(RulebookError::Range("manual"));
        }
        let late = of.remind_minutes.iter().any(|minutes| *minutes >= 24 * 60);
        if late { Err(RulebookError::Range("remind_minutes")) } else { Ok(()) }
    }
}

impl From<Fault> for RulebookError {
    fn from((line, column, what): Fault) -> Self {
        Self::Json { line, column, what }
    }
}

fn check_ids<'a>(place: &str, ids: impl Iterator<Item = &'a String>) -> Result<(), RulebookError> {
    if document::are_ids(ids) { Ok(()) } else { Err(RulebookError::Id(place.to_owned())) }
}
