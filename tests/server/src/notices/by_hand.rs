//! What an operator does with notices and venues, by the files beside the database, whether the server runs or not.

use std::sync::Arc;

use healthcode::rules::calendar::Timestamp;
use healthcode::rules::identity::Region;
use healthcode::rules::rulebook::Rulebook;
use healthcode::rules::text::Text;
use healthcode::token::{ExposureNotice, VenueCode};

use super::ask::{Signing, Witness};
use super::draft::NoticeDraft;
use super::publish::never_begun;
use super::{Log, Publication, venues};
use crate::Operator;
use crate::error::StartError;

/// A notice of the log, for its operator.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListedNotice {
    /// The notice.
    pub notice: ExposureNotice,
    /// Whether it is served: a second issuer has signed for the log with it.
    pub in_force: bool,
    /// The notice that withdraws it.
    pub withdrawn_by: Option<u32>,
}

impl Operator {
    /// Numbers a venue and signs the code for its door.
    ///
    /// # Errors
    ///
    /// A region that the issuer may not speak for, a name that is none, or files that cannot be read or written.
    pub fn register_venue(
        &self,
        region: Region,
        name: Text,
        now: Timestamp,
    ) -> Result<(VenueCode, Vec<u8>), StartError> {
        let listed = self.log().listed()?.ok_or_else(never_begun)?;
        let own = listed.issuers.iter().find(|issuer| issuer.id == listed.issuer);
        if !own.is_some_and(|own| own.speaks_for(region)) {
            return Err(StartError::Refused("the issuer may not speak for this region".to_owned()));
        }
        venues::register((&self.venues, &self.keys), &self.read()?.venues, region, name, now)
    }

    /// Signs a notice, and asks the second issuers for it; see [`crate::App::publish_notice`].
    ///
    /// # Errors
    ///
    /// As there.
    pub async fn publish_notice(
        &self,
        draft: &NoticeDraft,
        rulebook: &Rulebook,
        witnesses: &[Arc<dyn Witness>],
        now: Timestamp,
    ) -> Result<Publication, StartError> {
        let number = {
            let keys = self.read()?;
            let last = venues::last(&self.venues)?;
            self.log().publish(draft, &keys.notices, rulebook.offset_minutes, last, now)?
        };
        let waits = match self.witness_notices(witnesses, now).await {
            Ok(_) => None,
            Err(StartError::Unwitnessed(reason)) => Some(reason),
            Err(error) => return Err(error),
        };
        // A running server may have been quicker.
        Ok(Publication { number, waits: waits.filter(|_| !self.is_in_force(number)) })
    }

    /// Signs that a notice no longer holds.
    ///
    /// # Errors
    ///
    /// A number that no notice has, and as [`Operator::publish_notice`].
    pub async fn withdraw_notice(
        &self,
        number: u32,
        rulebook: &Rulebook,
        witnesses: &[Arc<dyn Witness>],
        now: Timestamp,
    ) -> Result<Publication, StartError> {
        let notices = self.notices()?;
        let listed = number.checked_sub(1).and_then(|place| notices.get(place as usize));
        let region = listed.and_then(|listed| Region::from_code(listed.notice.region).ok());
        let region = region.ok_or_else(|| StartError::Refused(format!("there is no notice {number}")))?;
        let draft = NoticeDraft { region, withdraws: vec![number], classes: Vec::new() };
        self.publish_notice(&draft, rulebook, witnesses, now).await
    }

    /// Asks the second issuers to sign for the log as it is; how many notices are in force then.
    ///
    /// # Errors
    ///
    /// [`StartError::Unwitnessed`] where none has signed: the former head stays in force. Or files that cannot be read
    /// or written.
    pub async fn witness_notices(
        &self,
        witnesses: &[Arc<dyn Witness>],
        now: Timestamp,
    ) -> Result<u32, StartError> {
        let (log, keys) = (self.log(), self.read()?);
        let listed = log.listed()?.ok_or_else(never_begun)?;
        let trust = listed.trust()?;
        let (issuer, key) = (listed.issuer.as_str(), &keys.notices);
        Signing { log: &log, issuer, key, trust: &trust, witnesses, now }.renew().await
    }

    /// All notices of the log, the first one first.
    ///
    /// # Errors
    ///
    /// Where the log cannot be read.
    pub fn notices(&self) -> Result<Vec<ListedNotice>, StartError> {
        let (log, keys) = (self.log(), self.read()?);
        let served = log.head()?.ok_or_else(never_begun)?.1.size;
        let tip = log.tip(&keys.notices)?;
        let mut all: Vec<ListedNotice> = Vec::new();
        for number in 1..=tip.size {
            let notice = log.notice(number, &keys.notices)?;
            for withdrawn in &notice.withdraws {
                let place = withdrawn.checked_sub(1).and_then(|place| all.get_mut(place as usize));
                if let Some(known) = place {
                    known.withdrawn_by.get_or_insert(number);
                }
            }
            all.push(ListedNotice { notice, in_force: number <= served, withdrawn_by: None });
        }
        Ok(all)
    }

    fn is_in_force(&self, number: u32) -> bool {
        self.log().head().ok().flatten().is_some_and(|(_, head)| number <= head.size)
    }

    fn log(&self) -> Log {
        Log::new(self.notices.clone(), self.keys.clone())
    }
}
