//! Whose code to show where the person is: of one whom several authorities know, the one that speaks for the region. The
//! phone does not look where it is: the person says it, or the app asks.

#![allow(clippy::needless_pass_by_value, reason = "what crosses the border is owned")]

use super::standing::Standing;
use super::{Resident, known};
use crate::error::HealthcodeError;
use crate::rules::calendar::Timestamp;
use crate::rules::identity::Region;
use crate::rules::text::Text;
use crate::store::{StoreError, SubjectKey, Transaction};
use crate::sync::phone::Phone;
use crate::token::SubjectId;
use crate::token::trust_list::Issuer;

/// The name of the document with the region.
const REGION: &str = "region";

/// An authority of the trust list.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct Authority {
    /// Its id: what [`Resident::preview_move`] and [`Resident::move_to`] take.
    pub id: String,
    /// Its name.
    pub name: Text,
    /// The regions that it speaks for, each with all within it: six digits of GB/T 2260.
    pub regions: Vec<String>,
    /// Whether it is the one that the app was built for.
    pub home: bool,
}

#[uniffi::export]
impl Resident {
    /// The authorities of the trust list, the home one among them: to choose where to move.
    ///
    /// # Errors
    ///
    /// `NotSynced` before the first trust list has come.
    pub fn authorities(&self) -> Result<Vec<Authority>, HealthcodeError> {
        let phone = self.phone()?;
        let trust = phone.trust().ok_or(HealthcodeError::NotSynced)?;
        let authority = |issuer: &Issuer| Authority {
            id: issuer.id.clone(),
            name: issuer.name.clone(),
            regions: issuer.regions.iter().map(|code| format!("{code:06}")).collect(),
            home: phone.is_home(&issuer.id),
        };
        Ok(trust.content().issuers.iter().map(authority).collect())
    }

    /// Says in which region this phone is, six digits of GB/T 2260, or that it is not said any more: [`Resident::home`]
    /// shows then which code is to be shown there, see [`super::SubjectCard::shown_here`]. It is kept on this phone, and
    /// nobody is told.
    ///
    /// # Errors
    ///
    /// `InvalidField` at `region`; `Storage`.
    #[uniffi::method(default(region = None))]
    pub fn set_region(&self, region: Option<String>) -> Result<(), HealthcodeError> {
        let region = region.map(|region| Region::parse(&region)).transpose();
        let region = region.map_err(|reason| HealthcodeError::field("region", reason.id()))?;
        self.phone()?.store.write(|file| match region {
            Some(region) => Ok(file.put_json_document(REGION, &region)?),
            None => Ok(file.delete_document(REGION)?),
        })
    }
}

/// The region that was said.
pub(super) fn region(file: &Transaction<'_>) -> Result<Option<Region>, StoreError> {
    file.json_document(REGION)
}

/// The subjects whose codes are to be shown in a region, one for each person: of the authority that speaks for it, if it
/// has given a code that is valid; else of the one that knew the person first.
pub(super) fn shown(
    phone: &Phone,
    region: Option<Region>,
    all: &[(Standing, SubjectKey)],
    now: Timestamp,
) -> Vec<SubjectId> {
    let works = |standing: &Standing| {
        let valid = standing.token.as_ref().is_some_and(|(_, token)| now < token.expires_at);
        valid && !standing.body.replaced && !standing.body.unknown
    };
    let mut persons: Vec<(SubjectId, Vec<&(Standing, SubjectKey)>)> = Vec::new();
    for one in all {
        let person = first_of(all, one);
        match persons.iter_mut().find(|(known, _)| *known == person) {
            Some((_, known)) => known.push(one),
            None => persons.push((person, vec![one])),
        }
    }
    let pick = |(person, known): (SubjectId, Vec<&(Standing, SubjectKey)>)| {
        let here = region.and_then(|region| {
            let speaks = |(standing, key): &&&(Standing, SubjectKey)| {
                works(standing) && phone.speaks_for(&key.issuer, region)
            };
            known.iter().find(speaks).map(|(_, key)| key.subject)
        });
        let first = || {
            let own = known.iter().find(|(standing, key)| key.subject == person && works(standing));
            own.or_else(|| known.iter().find(|(standing, _)| works(standing))).map(|(_, key)| key.subject)
        };
        here.or_else(first).unwrap_or(person)
    };
    persons.into_iter().map(pick).collect()
}

/// The subject under which it is kept where a person was: the one at the home authority, whose notices this phone follows.
pub(super) fn at_home(phone: &Phone, id: &str) -> Result<SubjectKey, HealthcodeError> {
    let asked = known(phone, id)?;
    phone.store.read(|file| {
        let mut key = asked.clone();
        for _ in file.subjects()? {
            if phone.is_home(&key.issuer) {
                return Ok(key);
            }
            let before = file.subject(&key)?.and_then(|body| body.moved).map(|moved| moved.from());
            match before {
                Some(before) if file.subject(&before)?.is_some() => key = before,
                _ => break,
            }
        }
        Err(HealthcodeError::UnknownSubject)
    })
}

/// As whom this phone knew the person first.
fn first_of(all: &[(Standing, SubjectKey)], (standing, key): &(Standing, SubjectKey)) -> SubjectId {
    let mut first = key.subject;
    let mut before = standing.body.moved.as_ref();
    // No longer than there are subjects: a chain that leads back to its beginning ends.
    for _ in 0..all.len() {
        let Some(moved) = before else { break };
        let Some((standing, _)) = all.iter().find(|(_, known)| *known == moved.from()) else { break };
        (first, before) = (moved.subject, standing.body.moved.as_ref());
    }
    first
}
