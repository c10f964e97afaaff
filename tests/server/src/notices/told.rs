//! What the log says of a match that a person tells: whether there is such a notice in force, and by which rules.

use std::collections::BTreeSet;

use healthcode::rules::calendar::LegalDate;
use healthcode::rules::facts::ReportedExposure;
use healthcode::token::ExposureNotice;
use healthcode::wire::operation::ToldExposure;
use healthcode::wire::{Problem, ProblemKind};

/// The most matches that are kept of one person, the latest days first.
const MAX_EXPOSURES: usize = 64;

/// The notices in force, as far as a told match is judged by them.
#[derive(Clone, Debug, Default)]
pub(crate) struct Told {
    /// The rules of each notice, the first one's first.
    rules: Vec<BTreeSet<String>>,
    withdrawn: BTreeSet<u32>,
}

impl Told {
    /// How many notices it knows.
    pub(crate) fn size(&self) -> u32 {
        u32::try_from(self.rules.len()).unwrap_or(u32::MAX)
    }

    /// Takes the next notice.
    pub(crate) fn push(&mut self, notice: &ExposureNotice) {
        let rules = notice.classes.iter().map(|class| class.rule.clone()).filter(|rule| !rule.is_empty());
        self.rules.push(rules.collect());
        self.withdrawn.extend(&notice.withdraws);
    }

    /// Judges a told match. `days` are those on which a meeting still counts: the first and the last.
    pub(crate) fn check(&self, told: &ToldExposure, days: (LegalDate, LegalDate)) -> Result<(), Problem> {
        let wrong = |field: &str| Problem::new(&ProblemKind::Invalid).at(field);
        let place = told.notice.checked_sub(1).and_then(|place| usize::try_from(place).ok());
        let rules = place.and_then(|place| self.rules.get(place));
        let rules =
            rules.filter(|_| !self.withdrawn.contains(&told.notice)).ok_or_else(|| wrong("notice"))?;
        if !rules.contains(&told.rule) {
            return Err(wrong("rule"));
        }
        if (days.0..=days.1).contains(&told.on) { Ok(()) } else { Err(wrong("on")) }
    }
}

/// Adds a match to those that are kept: each once, none from before `first`. Whether it is new.
pub(crate) fn keep(exposures: &mut Vec<ReportedExposure>, told: &ToldExposure, first: LegalDate) -> bool {
    let met = ReportedExposure { rule: told.rule.clone(), on: told.on };
    if exposures.contains(&met) {
        return false;
    }
    exposures.retain(|met| met.on >= first);
    exposures.push(met);
    if exposures.len() > MAX_EXPOSURES {
        exposures.sort_by_key(|met| std::cmp::Reverse(met.on));
        exposures.truncate(MAX_EXPOSURES);
    }
    true
}
