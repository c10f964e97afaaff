//! The exposure notices that were taken, as they lie in the file, and where they met a person's own places. Matching is
//! done again whenever either side changes, part by part: what is in memory is one part and what matched.

use std::collections::{BTreeMap, BTreeSet};

use super::phone::Phone;
use crate::error::HealthcodeError;
use crate::rules::calendar::{LegalDate, Timestamp};
use crate::rules::exposure::matching::{Meeting, PartContext, match_part};
use crate::rules::rulebook::{ExposureTerms, Rulebook};
use crate::store::{StoreError, StoredMatch, SubjectKey, Transaction};
use crate::token::cbor;
use crate::token::notice::{ExposureClass, ExposureNotice, LogHead, MAX_BYTES, MAX_HEAD_BYTES, PartEntry};

/// The name of the last head that was taken.
const HEAD: &str = "notice-head";
const NOTICE: &str = "notice:";
const PART: &str = "notice-part:";

/// Whether a document is public and about nobody: no export holds it.
pub(crate) fn is_notice(document: &str) -> bool {
    document.starts_with(NOTICE) || document.starts_with(PART)
}

fn notice_name(number: u32) -> String {
    format!("{NOTICE}{number:010}")
}

fn part_name(number: u32, part: usize) -> String {
    format!("{PART}{number:010}:{part:04}")
}

/// The rulebook's terms; none where its authority publishes no notices.
pub(crate) fn terms(phone: &Phone) -> Result<ExposureTerms, HealthcodeError> {
    phone.rulebook().and_then(|rulebook| rulebook.exposure).ok_or(HealthcodeError::NotSynced)
}

impl ExposureTerms {
    /// Places and notices of before this are over.
    pub(crate) fn window_start(self, now: Timestamp) -> Timestamp {
        now.plus_hours(-24 * i64::from(self.window_days))
    }
}

/// The notices of one log in the file.
pub(crate) struct NoticeFile<'t, 'a>(pub(crate) &'t Transaction<'a>);

impl NoticeFile<'_, '_> {
    /// The last head that was taken.
    pub(crate) fn head(&self) -> Result<Option<LogHead>, StoreError> {
        let head = self.0.document(HEAD)?;
        Ok(head.and_then(|head| cbor::decode(&head, MAX_HEAD_BYTES).ok()))
    }

    pub(crate) fn put_head(&self, head: &LogHead) -> Result<(), StoreError> {
        self.0.put_document(HEAD, &cbor::encode(head))
    }

    /// The notices, the first one first. They were verified when they were taken.
    pub(crate) fn notices(&self) -> Result<Vec<ExposureNotice>, StoreError> {
        let mut notices = Vec::new();
        for name in self.0.document_names(NOTICE)? {
            let notice = self.0.document(&name)?;
            notices.extend(notice.and_then(|notice| cbor::decode(&notice, MAX_BYTES).ok()));
        }
        Ok(notices)
    }

    pub(crate) fn put_notice(&self, notice: &ExposureNotice) -> Result<(), StoreError> {
        self.0.put_document(&notice_name(notice.number), &cbor::encode(notice))
    }

    /// A file of places; none where it has not come, or not whole.
    pub(crate) fn part(
        &self,
        number: u32,
        place: usize,
        entry: &PartEntry,
    ) -> Result<Option<Vec<u8>>, StoreError> {
        let part = self.0.document(&part_name(number, place))?;
        Ok(part.filter(|part| part.len() == entry.bytes as usize))
    }

    /// Keeps a file of places, verified.
    pub(crate) fn put_part(&self, number: u32, place: usize, bytes: &[u8]) -> Result<(), StoreError> {
        self.0.put_document(&part_name(number, place), bytes)
    }

    /// Whether these very bytes are kept.
    pub(crate) fn has_part(&self, number: u32, place: usize, entry: &PartEntry) -> Result<bool, StoreError> {
        Ok(self.part(number, place, entry)?.is_some_and(|part| entry.verify(&part).is_ok()))
    }

    /// Deletes what is over: notices of before the window with their files, and files that no notice names.
    pub(crate) fn drop_before(&self, start: Timestamp) -> Result<(), StoreError> {
        let mut keep = BTreeSet::new();
        for notice in self.notices()? {
            if notice.issued_at < start {
                self.0.delete_document(&notice_name(notice.number))?;
            } else {
                keep.extend((0..notice.parts.len()).map(|part| part_name(notice.number, part)));
            }
        }
        let parts = self.0.document_names(PART)?;
        parts.iter().filter(|part| !keep.contains(*part)).try_for_each(|part| self.0.delete_document(part))
    }
}

/// The notices that no later one has withdrawn.
pub(crate) fn in_force(notices: &[ExposureNotice]) -> Vec<&ExposureNotice> {
    let withdrawn: BTreeSet<u32> =
        notices.iter().flat_map(|notice| notice.withdraws.iter().copied()).collect();
    notices.iter().filter(|notice| !withdrawn.contains(&notice.number)).collect()
}

/// Matches a subject's places with all notices, and keeps what met; how many of it is new.
pub(crate) fn match_subject(
    file: &Transaction<'_>,
    key: &SubjectKey,
    rulebook: &Rulebook,
    now: Timestamp,
) -> Result<u32, StoreError> {
    let Some(terms) = rulebook.exposure else {
        file.put_matches(key, &[])?;
        return Ok(0);
    };
    let entries = file.whereabouts(key)?;
    let wrong: BTreeMap<u64, Timestamp> =
        entries.iter().filter_map(|(place, entry)| entry.wrong_at.map(|at| (*place, at))).collect();
    let (places, own): (Vec<u64>, Vec<_>) =
        entries.into_iter().map(|(place, entry)| (place, entry.whereabouts)).unzip();
    let known = file.matches(key)?;
    let notices = NoticeFile(file);
    let all = notices.notices()?;
    let mut found: Vec<StoredMatch> = Vec::new();
    for notice in in_force(&all) {
        for (place, entry) in notice.parts.iter().enumerate() {
            let Some(class) = notice.class_of(entry).filter(|class| class.until > now && !own.is_empty())
            else {
                continue;
            };
            let (Ok(kind), Some(part)) = (class.kind(), notices.part(notice.number, place, entry)?) else {
                continue;
            };
            let context = PartContext {
                kind,
                issuer: &key.issuer,
                day: entry.day(),
                calendar: rulebook.offset_minutes,
                proximity: class.proximity(),
                default_stay_minutes: terms.default_stay_minutes,
            };
            let met = |meeting: Meeting| {
                let Some(own) = places.get(meeting.own) else { return };
                let on = rulebook.offset_minutes.date_of(meeting.at);
                keep_nearer(
                    &mut found,
                    matched((*own, notice.number, entry.class), class, &meeting, (on, now)),
                );
            };
            match_part(&part, &context, &own, met).map_err(|_| StoreError::internal("notice/part"))?;
        }
    }
    let mut new = 0;
    for matched in &mut found {
        match known.iter().find(|known| known.is_of(matched)) {
            Some(known) => (matched.found_at, matched.told_at) = (known.found_at, known.told_at),
            None => new += 1,
        }
        matched.wrong_at = wrong.get(&matched.entry).copied();
    }
    file.put_matches(key, &found)?;
    Ok(new)
}

fn matched(
    (entry, notice, class_place): (u64, u32, u8),
    class: &ExposureClass,
    meeting: &Meeting,
    (on, found_at): (LegalDate, Timestamp),
) -> StoredMatch {
    StoredMatch {
        entry,
        notice,
        class: class_place,
        kind: class.kind,
        rule: class.rule.clone(),
        least_minutes: class.minutes,
        apart: class.apart,
        from: class.from,
        until: class.until,
        first_place: meeting.record.first_place,
        further_places: meeting.record.further_places,
        on,
        minutes: meeting.minutes,
        place_known: meeting.place_known,
        found_at,
        wrong_at: None,
        told_at: None,
    }
}

/// Of the meetings of one entry with one class the one that says most stays.
fn keep_nearer(found: &mut Vec<StoredMatch>, matched: StoredMatch) {
    let says = |of: &StoredMatch| (of.place_known, of.minutes);
    match found.iter_mut().find(|known| known.is_of(&matched)) {
        Some(known) if says(&matched) > says(known) => *known = matched,
        Some(_) => {}
        None => found.push(matched),
    }
}

/// Matches every subject of the issuer whose log it is.
pub(crate) fn match_all(
    file: &Transaction<'_>,
    issuer: &str,
    rulebook: &Rulebook,
    now: Timestamp,
) -> Result<u32, StoreError> {
    let mut new = 0;
    for key in file.subjects()?.into_iter().filter(|key| key.issuer == issuer) {
        new += match_subject(file, &key, rulebook, now)?;
    }
    Ok(new)
}
