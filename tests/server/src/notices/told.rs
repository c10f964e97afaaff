//! What the log says of a match that a person tells: whether there is such a notice in force, and by which rules.

use std::collections::BTreeSet;

use healthcode::rules::calendar::{LegalDate, Timestamp};
use healthcode::time::Interval;
use healthcode::token::ExposureNotice;
use healthcode::wire::operation::ToldExposure;
use healthcode::wire::{Problem, ProblemKind};

/// The most matches that are kept of one person, the latest days first.
const MAX_EXPOSURES: usize = 64;

/// The notices in force, as far as a told match is judged by them.
#[derive(Clone, Debug, Default)]
pub(crate) struct Told {
    /// The classes of each notice that name a rule, the first notice's first.
    classes: Vec<Vec<Class>>,
    withdrawn: BTreeSet<u32>,
}

/// What a match means, and when: from the first instant until before the second.
#[derive(Clone, Debug)]
struct Class {
    rule: String,
    from: Timestamp,
    until: Timestamp,
}

impl Told {
    /// How many notices it knows.
    pub(crate) fn size(&self) -> u32 {
        u32::try_from(self.classes.len()).unwrap_or(u32::MAX)
    }

    /// Takes the next notice.
    pub(crate) fn push(&mut self, notice: &ExposureNotice) {
        let ruled = notice.classes.iter().filter(|class| !class.rule.is_empty());
        let class =
            ruled.map(|class| Class { rule: class.rule.clone(), from: class.from, until: class.until });
        self.classes.push(class.collect());
        self.withdrawn.extend(&notice.withdraws);
    }

    /// Whether a later notice has withdrawn the one of this number: for good, as the log only grows.
    pub(crate) fn is_withdrawn(&self, number: u32) -> bool {
        self.withdrawn.contains(&number)
    }

    /// Judges a match that was told at some instant of `made`. `days` are those on which a meeting still counts: the
    /// first and the last.
    pub(crate) fn check(
        &self,
        told: &ToldExposure,
        made: &Interval,
        days: (LegalDate, LegalDate),
    ) -> Result<(), Problem> {
        let wrong = |field: &str| Problem::new(&ProblemKind::Invalid).at(field);
        let place = told.notice.checked_sub(1).and_then(|place| usize::try_from(place).ok());
        let classes = place.and_then(|place| self.classes.get(place));
        let classes = classes.filter(|_| !self.is_withdrawn(told.notice)).ok_or_else(|| wrong("notice"))?;
        let mut classes = classes.iter().filter(|class| class.rule == told.rule).peekable();
        if classes.peek().is_none() {
            return Err(wrong("rule"));
        }
        if !(days.0..=days.1).contains(&told.on) {
            return Err(wrong("on"));
        }
        // Told without a network it can have been made at any instant between: only what surely was not is refused.
        let held = |class: &Class| class.from <= made.latest && made.earliest < class.until;
        if classes.any(held) { Ok(()) } else { Err(wrong("notice")) }
    }
}

/// Adds a match to those that are kept: each once, none from before `first`. Whether it is new.
pub(crate) fn keep(exposures: &mut Vec<ToldExposure>, told: &ToldExposure, first: LegalDate) -> bool {
    if exposures.contains(told) {
        return false;
    }
    exposures.retain(|met| met.on >= first);
    exposures.push(told.clone());
    if exposures.len() > MAX_EXPOSURES {
        exposures.sort_by_key(|met| std::cmp::Reverse(met.on));
        exposures.truncate(MAX_EXPOSURES);
    }
    true
}
