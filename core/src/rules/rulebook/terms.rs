//! The terms of care, of paper codes, of orders that no rule gives, and of the answer to an appeal. A rulebook of before
//! them has the first rulebook's.

use serde::{Deserialize, Serialize};

pub(super) const fn appeal_answer_hours() -> u16 {
    72
}

/// Who may care for how many.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CareTerms {
    /// For how many people one person may care.
    pub max_subjects: u16,
    /// How many may care for one person.
    pub max_carers: u16,
}

impl Default for CareTerms {
    fn default() -> Self {
        Self { max_subjects: 8, max_carers: 4 }
    }
}

/// Paper codes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PaperTerms {
    /// Days from issue to expiry.
    pub lifetime_days: u16,
    /// How many of one person may be valid at once.
    pub max_valid: u16,
}

impl Default for PaperTerms {
    fn default() -> Self {
        Self { lifetime_days: 28, max_valid: 3 }
    }
}

/// Orders that no rule gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ManualTerms {
    /// Hours within which a second officer confirms one; else it lapses.
    pub confirm_hours: u16,
    /// The most days of one.
    pub max_days: u16,
}

impl Default for ManualTerms {
    fn default() -> Self {
        Self { confirm_hours: 72, max_days: 14 }
    }
}
