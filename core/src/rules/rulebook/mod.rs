//! The rulebook: questions, rules, parameters and texts as data, versioned and signed by the authority.
//!
//! It enters as JSON (the payload of a signed object) and is checked whole before anything uses it. Rules are
//! JsonLogic in the CertLogic subset, see [`super::certlogic`]. What never enters: a person, a clock.

mod parse;
mod terms;

use serde::{Deserialize, Serialize};

pub use parse::RulebookError;
pub use terms::{CareTerms, ManualTerms, PaperTerms};

use crate::rules::calendar::{LegalCalendar, LegalDate, Timestamp};
use crate::rules::certlogic::Expression;
use crate::rules::colour::Colour;
use crate::rules::identity::Region;
use crate::rules::quarantine::{MissedDay, QuarantineTerms, ReleaseAt};
use crate::rules::text::Text;

/// The version of the rulebook's own form that this library reads.
pub const FORMAT: u16 = 1;
/// The largest rulebook that is read, in bytes of JSON.
pub const MAX_BYTES: usize = 256 * 1024;

/// A rulebook that has passed its own checks.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rulebook {
    /// The form of this document: [`FORMAT`].
    pub format: u16,
    /// A name that stays through all versions.
    pub id: String,
    /// Grows with every change.
    pub version: u32,
    /// The region whose authority wrote it.
    pub region: Region,
    /// The first legal day on which it holds.
    pub valid_from: LegalDate,
    /// The legal calendar's offset from UTC in minutes (480 is +08:00).
    pub offset_minutes: LegalCalendar,
    /// Its title.
    pub title: Text,
    /// How long gate tokens live.
    pub tokens: TokenTerms,
    /// What may be declared.
    pub declaration: DeclarationTerms,
    /// The questions, in the order to ask them.
    pub questions: Vec<Question>,
    /// Areas with a risk, by region and days.
    pub areas: Vec<Area>,
    /// The rules. All are evaluated; the strictest colour wins.
    pub rules: Vec<Rule>,
    /// What is done with exposure notices; none where the authority publishes none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exposure: Option<ExposureTerms>,
    /// How quarantine days are counted.
    pub quarantine: QuarantineParameters,
    /// What each colour means, for the screens.
    pub colours: ColourTexts,
    /// Days within which a rating can be appealed.
    pub appeal_days: u16,
    /// Hours within which the authority answers an appeal.
    #[serde(default = "terms::appeal_answer_hours")]
    pub appeal_answer_hours: u16,
    /// Who may care for how many.
    #[serde(default)]
    pub care: CareTerms,
    /// Paper codes.
    #[serde(default)]
    pub paper: PaperTerms,
    /// Orders that no rule gives.
    #[serde(default)]
    pub manual: ManualTerms,
}

/// How long gate tokens live.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TokenTerms {
    /// Hours from issue to expiry.
    pub lifetime_hours: u16,
    /// Hours after which the phone asks for a new one.
    pub refresh_after_hours: u16,
}

impl TokenTerms {
    /// When a token of this issue expires.
    #[must_use]
    pub fn expires_at(&self, issued_at: Timestamp) -> Timestamp {
        issued_at.plus_hours(i64::from(self.lifetime_hours))
    }

    /// When a token of this issue should be replaced.
    #[must_use]
    pub fn refresh_at(&self, issued_at: Timestamp) -> Timestamp {
        issued_at.plus_hours(i64::from(self.refresh_after_hours))
    }
}

/// What may be declared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DeclarationTerms {
    /// How many days back travel is asked for.
    pub travel_window_days: u16,
    /// The most stays that a declaration holds.
    pub max_stays: u16,
}

/// What is done with exposure notices.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExposureTerms {
    /// How many days back a phone remembers where its person was, and keeps notices.
    pub window_days: u16,
    /// For how many minutes a visit without a check-out counts.
    pub default_stay_minutes: u16,
    /// A notice with more bytes of places is fetched only where the app allows large ones.
    pub large_bytes: u32,
}

/// The form of a question's answer. An unknown kind is shown as text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
pub enum QuestionKind {
    /// Yes or no.
    YesNo,
    /// One of the options.
    OneOf,
    /// Any of the options, or none.
    AnyOf,
    /// A date within the travel window.
    Date,
    /// A kind of a later version.
    Other(String),
}

impl From<String> for QuestionKind {
    fn from(kind: String) -> Self {
        match kind.as_str() {
            "yes-no" => Self::YesNo,
            "one-of" => Self::OneOf,
            "any-of" => Self::AnyOf,
            "date" => Self::Date,
            _ => Self::Other(kind),
        }
    }
}

impl From<QuestionKind> for String {
    fn from(kind: QuestionKind) -> Self {
        match kind {
            QuestionKind::YesNo => "yes-no".to_owned(),
            QuestionKind::OneOf => "one-of".to_owned(),
            QuestionKind::AnyOf => "any-of".to_owned(),
            QuestionKind::Date => "date".to_owned(),
            QuestionKind::Other(kind) => kind,
        }
    }
}

/// A question of the declaration.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Question {
    /// Its id: the name of the answer.
    pub id: String,
    /// The form of the answer.
    pub kind: QuestionKind,
    /// Whether it must be answered.
    pub required: bool,
    /// The question.
    pub text: Text,
    /// What can be chosen, for `one-of` and `any-of`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub options: Vec<Choice>,
}

/// An option of a question.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "device", derive(uniffi::Record))]
pub struct Choice {
    /// Its id: what an answer names.
    pub id: String,
    /// What it says.
    pub text: Text,
}

/// An area with a risk.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Area {
    /// The region and everything within it.
    pub region: Region,
    /// The word that rules compare: `high`, `medium`, or the authority's own.
    pub risk: String,
    /// The first day of the risk.
    pub from: LegalDate,
    /// The last day; none while it lasts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<LegalDate>,
}

/// A rule: a condition over the facts, and the colour it gives.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// Its id, which every reason names.
    pub id: String,
    /// The colour where it holds.
    pub colour: Colour,
    /// The reason as a resident reads it.
    pub text: Text,
    /// The condition.
    pub when: Expression,
    /// The order's days, where they differ from the colour's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub days: Option<u16>,
    /// The order's first day.
    #[serde(default)]
    pub starts: Starts,
}

/// The first day of the order that a rule causes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Starts {
    /// The day of issue.
    #[default]
    Issue,
    /// The day after the last exposure that the facts know of, today at the latest.
    LastExposure,
}

/// How quarantine days are counted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct QuarantineParameters {
    /// Days of a yellow order.
    pub yellow_days: u16,
    /// Days of a red order.
    pub red_days: u16,
    /// See [`QuarantineTerms::missed_day`].
    pub missed_day: MissedDay,
    /// See [`QuarantineTerms::credit_before_issue`].
    pub credit_before_issue: bool,
    /// See [`QuarantineTerms::late_until_minutes`].
    pub late_until_minutes: u16,
    /// See [`QuarantineTerms::max_total_days`].
    pub max_total_days: u16,
    /// See [`QuarantineTerms::max_ambiguous`].
    pub max_ambiguous: u16,
    /// See [`QuarantineTerms::max_offline_hours`].
    pub max_offline_hours: u16,
    /// See [`QuarantineTerms::release_at`].
    pub release_at: ReleaseAt,
    /// Minutes after midnight at which an open day is reminded of, in order.
    pub remind_minutes: Vec<u16>,
}

/// What each colour means.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ColourTexts {
    /// Green.
    pub green: ColourText,
    /// Yellow.
    pub yellow: ColourText,
    /// Red.
    pub red: ColourText,
}

/// A colour's word and what its holder does.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ColourText {
    /// The word under the code.
    pub word: Text,
    /// What it asks of the holder.
    pub advice: Text,
}

impl Rulebook {
    /// The project's first rulebook, in the spirit of Hangzhou in February 2020.
    #[must_use]
    #[allow(
        clippy::missing_panics_doc,
        clippy::expect_used,
        reason = "a file of this crate, parsed in its tests"
    )]
    pub fn hangzhou_2020() -> Self {
        Self::parse(HANGZHOU_2020).expect("the built-in rulebook passes its own checks")
    }

    /// The question of an id.
    #[must_use]
    pub fn question(&self, id: &str) -> Option<&Question> {
        self.questions.iter().find(|question| question.id == id)
    }

    /// The rule of an id.
    #[must_use]
    pub fn rule(&self, id: &str) -> Option<&Rule> {
        self.rules.iter().find(|rule| rule.id == id)
    }

    /// What a colour means.
    #[must_use]
    pub const fn colour_text(&self, colour: Colour) -> &ColourText {
        match colour {
            Colour::Green => &self.colours.green,
            Colour::Yellow => &self.colours.yellow,
            Colour::Red => &self.colours.red,
        }
    }

    /// The days of an order of this colour, where the rule names none.
    #[must_use]
    pub const fn days_of(&self, colour: Colour) -> u16 {
        match colour {
            Colour::Green => 0,
            Colour::Yellow => self.quarantine.yellow_days,
            Colour::Red => self.quarantine.red_days,
        }
    }

    /// The terms that an order freezes.
    #[must_use]
    pub const fn terms(&self) -> QuarantineTerms {
        let of = &self.quarantine;
        QuarantineTerms {
            calendar: self.offset_minutes,
            missed_day: of.missed_day,
            credit_before_issue: of.credit_before_issue,
            late_until_minutes: of.late_until_minutes,
            max_total_days: of.max_total_days,
            max_ambiguous: of.max_ambiguous,
            max_offline_hours: of.max_offline_hours,
            release_at: of.release_at,
        }
    }

    /// The strictest risk word of a stay at `region` from `from` to `to`: the first area of the list that meets it.
    #[must_use]
    pub fn risk_of(&self, region: Region, from: LegalDate, to: LegalDate) -> Option<&str> {
        let meets = |area: &&Area| {
            // A stay given as a whole province meets an area within it: the stricter reading, which an appeal can cure.
            let place = area.region.contains(&region) || region.contains(&area.region);
            place && area.from <= to && area.to.is_none_or(|end| from <= end)
        };
        self.areas.iter().find(meets).map(|area| area.risk.as_str())
    }
}

/// The built-in rulebook's JSON, as the reference server signs it.
pub const HANGZHOU_2020: &[u8] = include_bytes!("../hangzhou-2020.json");
