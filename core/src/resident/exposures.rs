//! Where the resident's places met an exposure notice, and what the resident answers. A match is advice: it lowers this
//! phone's own standing as the rulebook allows, never to red by itself, and the authority learns of it only when the
//! resident tells it.

#![allow(clippy::needless_pass_by_value, reason = "what crosses the border is owned")]

use std::sync::Arc;

use super::Resident;
use super::record::{Recorded, tell};
use super::region::at_home;
use super::standing::Standing;
use super::whereabouts::{change, entry_at};
use crate::error::HealthcodeError;
use crate::rules::calendar::{LegalDate, Timestamp};
use crate::rules::colour::Colour;
use crate::rules::exposure::matching::{Meeting, Proximity};
use crate::rules::exposure::{PlaceKind, describe_meeting, describe_place};
use crate::rules::facts::ReportedExposure;
use crate::rules::rulebook::Rulebook;
use crate::rules::text::Text;
use crate::store::{StoredMatch, SubjectKey};
use crate::sync::NoticeExchange;
use crate::sync::exposure::NoticeFile;
use crate::sync::notice_exchange::Fetching;
use crate::sync::phone::Phone;

/// A match of where the resident was with an exposure notice.
#[derive(Clone, PartialEq, Eq, uniffi::Record)]
#[uniffi::export(Debug)]
pub struct Exposure {
    /// Names the match for as long as it is kept.
    pub id: String,
    /// The entry that matched, see [`Resident::whereabouts`].
    pub entry: String,
    /// The entry in words.
    pub place: Text,
    /// Why it counts as near: the published parameters, and what they were compared with.
    pub reason: Text,
    /// What it means, by the rulebook's rule; none where the notice is advice alone.
    pub meaning: Option<Text>,
    /// The rule's id; empty for none.
    pub rule: String,
    /// The colour that the rule gives: the phone itself lowers to yellow at the most. None for advice alone.
    pub colour: Option<Colour>,
    /// The days of quarantine that the rule asks for; 0 for none.
    pub days: u16,
    /// The legal day of the meeting.
    pub on: LegalDate,
    /// The minutes that both were there.
    pub minutes: u32,
    /// The notice's number in the authority's public log.
    pub notice: u32,
    /// From when on it counts.
    pub from: Timestamp,
    /// Until when it counts.
    pub until: Timestamp,
    /// Where it stands.
    pub state: ExposureState,
}

/// Where a match stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, uniffi::Enum)]
pub enum ExposureState {
    /// It holds: the phone lowers its code where the rule says so, for as long as the rule looks back.
    Holds,
    /// It would hold if carriage or row, or the times, were known: ask for them, and record the journey anew.
    PlaceUnknown,
    /// Its time has not come yet.
    Coming,
    /// Its time is over.
    Over,
    /// The resident said that the entry is wrong.
    WrongEntry,
    /// The resident told the authority, which has not decided since. It holds.
    Told,
    /// The authority has decided since it was found.
    Decided,
}

/// What a resident answers to a match.
#[derive(Clone, Copy, Debug, PartialEq, Eq, uniffi::Enum)]
pub enum ExposureAnswer {
    /// The entry is wrong: none of its matches holds any more, also of notices to come. It is kept with its time, in
    /// the journal too, for as long as the entry.
    WrongEntry,
    /// Tell the authority which notice matched, by which rule and on which day; not where, and not when on that day.
    Tell,
}

/// What this phone knows of the authority's exposure notices.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct NoticeState {
    /// How many notices the authority's log has, as seen last; 0 before the first fetch.
    pub size: u32,
    /// When the authority said so last; none before the first fetch.
    pub at: Option<Timestamp>,
}

silent!(Exposure);

#[uniffi::export]
impl Resident {
    /// Where the resident's places met exposure notices, the latest day last. Local: it needs no network.
    ///
    /// # Errors
    ///
    /// `UnknownSubject`, `NotSynced`, `Storage`, `Port`.
    pub fn exposures(&self, subject: String) -> Result<Vec<Exposure>, HealthcodeError> {
        let phone = self.phone()?;
        let key = at_home(&phone, &subject)?;
        let rulebook = phone.rulebook().ok_or(HealthcodeError::NotSynced)?;
        let now = phone.now()?.best();
        let (matches, entries, decided_at) = phone.store.read(|file| {
            let decided_at = Standing::read_in(file, &key)?.decided_at();
            Ok::<_, HealthcodeError>((file.matches(&key)?, file.whereabouts(&key)?, decided_at))
        })?;
        let place = |matched: &StoredMatch| {
            let entry = entries.iter().find(|(place, _)| *place == matched.entry);
            entry.map(|(_, entry)| describe_place(&entry.whereabouts, rulebook.offset_minutes))
        };
        let shown = |matched: &StoredMatch| {
            place(matched)
                .map(|place| Exposure::of(matched, place, &rulebook, matched.state(now, decided_at)))
        };
        let mut exposures: Vec<_> = matches.iter().filter_map(shown).collect();
        exposures.sort_by_key(|exposure| exposure.on);
        Ok(exposures)
    }

    /// Answers a match. `Tell` writes an operation that the next sync sends, and gives it; `WrongEntry` sends nothing.
    ///
    /// # Errors
    ///
    /// `InvalidField` for an `exposure` that is not there, that is `advice-only`, or that `does-not-hold` and cannot be
    /// told; `Replaced`,
    /// `UnknownSubject`, `Storage`, `Vault`, `Port`.
    pub fn answer_exposure(
        &self,
        subject: String,
        exposure: String,
        answer: ExposureAnswer,
    ) -> Result<Option<Recorded>, HealthcodeError> {
        let phone = self.phone()?;
        let key = at_home(&phone, &subject)?;
        let known = phone.store.read(|file| file.matches(&key))?;
        let matched = known.iter().find(|matched| matched.id() == exposure);
        let matched = matched.ok_or_else(|| HealthcodeError::field("exposure", "unknown"))?;
        match answer {
            ExposureAnswer::WrongEntry => note(&phone, &key, matched).map(|()| None),
            ExposureAnswer::Tell if matched.rule.is_empty() => {
                Err(HealthcodeError::field("exposure", "advice-only"))
            }
            ExposureAnswer::Tell => {
                let standing = Standing::read(&phone, &key)?;
                if matched.state(phone.now()?.best(), standing.decided_at()) != ExposureState::Holds {
                    return Err(HealthcodeError::field("exposure", "does-not-hold"));
                }
                tell(&phone, &key, matched).map(Some)
            }
        }
    }

    /// What this phone knows of the authority's exposure notices.
    ///
    /// # Errors
    ///
    /// `Storage`.
    pub fn notice_state(&self) -> Result<NoticeState, HealthcodeError> {
        let head = self.phone()?.store.read(|file| NoticeFile(file).head())?;
        let (size, at) = head.map_or((0, None), |head| (head.size, Some(head.at)));
        Ok(NoticeState { size, at })
    }

    /// Begins to fetch exposure notices over the app's own HTTP stack: no cookie and no authentication goes with its
    /// calls, and no connection that carries either.
    ///
    /// # Errors
    ///
    /// `NotSynced`, `Storage`.
    #[uniffi::method(default(large = false))]
    pub fn notice_exchange(&self, large: bool) -> Result<Arc<NoticeExchange>, HealthcodeError> {
        Ok(NoticeExchange::of(Fetching::begin(self.phone()?, large)?, &self.hold))
    }
}

/// Notes that an entry is wrong.
fn note(phone: &Phone, key: &SubjectKey, matched: &StoredMatch) -> Result<(), HealthcodeError> {
    change(phone, key, |file, now| {
        let mut entry = entry_at(file, key, matched.entry)?;
        entry.wrong_at.get_or_insert(now.lower_bound);
        Ok(file.put_whereabouts(key, matched.entry, &entry)?)
    })
}

impl StoredMatch {
    /// Names it: entry, notice, class.
    pub(super) fn id(&self) -> String {
        format!("{}-{}-{}", self.entry, self.notice, self.class)
    }

    /// Where it stands. `decided_at` is when the authority rated the person last.
    pub(super) fn state(&self, now: Timestamp, decided_at: Option<Timestamp>) -> ExposureState {
        match () {
            () if now >= self.until => ExposureState::Over,
            () if self.wrong_at.is_some() => ExposureState::WrongEntry,
            () if decided_at.is_some_and(|at| at > self.found_at) => ExposureState::Decided,
            () if now < self.from => ExposureState::Coming,
            () if !self.place_known => ExposureState::PlaceUnknown,
            () if self.told_at.is_some() => ExposureState::Told,
            () => ExposureState::Holds,
        }
    }

    /// The fact that the rules judge, while it holds.
    pub(super) fn fact(&self, now: Timestamp, decided_at: Option<Timestamp>) -> Option<ReportedExposure> {
        let holds = matches!(self.state(now, decided_at), ExposureState::Holds | ExposureState::Told);
        (holds && !self.rule.is_empty()).then(|| ReportedExposure { rule: self.rule.clone(), on: self.on })
    }

    fn reason(&self) -> Text {
        let meeting = Meeting {
            own: 0,
            record: self.record(),
            at: self.found_at,
            minutes: self.minutes,
            place_known: self.place_known,
        };
        // A kind of a later version has no places that this one can name.
        let kind = PlaceKind::from_number(self.kind).unwrap_or(PlaceKind::Area);
        describe_meeting(&meeting, kind, Proximity { minutes: self.least_minutes, apart: self.apart })
    }
}

impl Exposure {
    fn of(matched: &StoredMatch, place: Text, rulebook: &Rulebook, state: ExposureState) -> Self {
        let rule = rulebook.rule(&matched.rule);
        Self {
            id: matched.id(),
            entry: matched.entry.to_string(),
            place,
            reason: matched.reason(),
            meaning: rule.map(|rule| rule.text.clone()),
            rule: matched.rule.clone(),
            colour: rule.map(|rule| rule.colour),
            days: rule.map_or(0, |rule| rule.days.unwrap_or_else(|| rulebook.days_of(rule.colour))),
            on: matched.on,
            minutes: matched.minutes,
            notice: matched.notice,
            from: matched.from,
            until: matched.until,
            state,
        }
    }
}

#[cfg(test)]
mod tests;
