//! Publishing: a draft becomes the next notice of the log, which waits until a second issuer has signed for it.

use healthcode::rules::calendar::{LegalCalendar, Timestamp};
use healthcode::rules::identity::Region;
use healthcode::token::trust_list::Object as _;
use healthcode::token::{ExposureNotice, SoftwareKey};

use super::draft::{NoticeDraft, Packed, Place};
use super::read::DraftError;
use super::{Log, Tip};
use crate::error::StartError;

/// What became of a draft.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Publication {
    /// The notice's number in the log.
    pub number: u32,
    /// Why it is not served yet; none where it is in force. It is signed and waits: the server asks again by itself, and
    /// so does publishing the same draft again.
    pub waits: Option<String>,
}

impl Log {
    /// Signs a draft as the next notice; its number. One that the last notice says already has that number: whoever was
    /// interrupted publishes the same again. `venues` is the number of the last venue.
    pub(crate) fn publish(
        &self,
        draft: &NoticeDraft,
        key: &SoftwareKey,
        calendar: LegalCalendar,
        venues: u32,
        now: Timestamp,
    ) -> Result<u32, StartError> {
        self.check(draft, venues)?;
        // Before the turn: it may take long.
        let packed = draft.pack(calendar)?;
        let _turn = self.turn()?;
        let tip = self.tip(key)?;
        if tip.size > 0 && packed.is_in(draft, &self.notice(tip.size, key)?) {
            return Ok(tip.size);
        }
        let notice = next(draft, &packed, tip, now)?;
        self.append(&notice, &packed.bytes, key)?;
        Ok(notice.number)
    }

    fn check(&self, draft: &NoticeDraft, venues: u32) -> Result<(), StartError> {
        let listed = self.listed()?.ok_or_else(never_begun)?;
        let own = listed.issuers.iter().find(|issuer| issuer.id == listed.issuer);
        let speaks_for = |region: Region| own.is_some_and(|own| own.speaks_for(region));
        let wrong = |path: String, reason: &'static str| Err(StartError::Draft(DraftError { path, reason }));
        if !speaks_for(draft.region) {
            return wrong("region".to_owned(), "not one that the issuer may speak for");
        }
        for (class, places) in draft.classes.iter().enumerate() {
            for (at, record) in places.records.iter().enumerate() {
                if matches!(record.place, Place::Venue(number) if number > venues) {
                    let path = format!("classes[{class}].records[{at}].venue");
                    return wrong(path, "no venue has this number yet");
                }
            }
        }
        Ok(())
    }
}

fn next(
    draft: &NoticeDraft,
    packed: &Packed,
    tip: Tip,
    now: Timestamp,
) -> Result<ExposureNotice, StartError> {
    let number = tip.size.checked_add(1).ok_or_else(|| StartError::Refused("the log is full".to_owned()))?;
    let withdraws = draft.withdrawn();
    if let Some(place) = draft.withdraws.iter().position(|withdrawn| !(1..number).contains(withdrawn)) {
        let path = format!("withdraws[{place}]");
        return Err(StartError::Draft(DraftError { path, reason: "no notice of this number" }));
    }
    let at = Timestamp::from_seconds(now.seconds());
    let notice = ExposureNotice {
        classes: packed.classes.clone(),
        parts: packed.entries.clone(),
        withdraws,
        ..ExposureNotice::new(number, tip.digest, draft.region, at)
    };
    // What no phone would take is not signed.
    notice.check().map_err(|error| StartError::Refused(format!("no notice can say this: {error}")))?;
    Ok(notice)
}

pub(super) fn never_begun() -> StartError {
    StartError::Refused("there is no log beside this database yet: start its server once".to_owned())
}
