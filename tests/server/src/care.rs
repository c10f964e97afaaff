//! Family: whose keys speak for a person besides the person's own. Each carer has an own key; every phone of the person
//! is told of each, and what a carer does ends at once.

use healthcode::rules::calendar::Timestamp;
use healthcode::token::ids::SubjectId;
use healthcode::token::key::KeyId;
use healthcode::token::{By, ByRole, CarerKey, KeyNotice, PublicKey};
use healthcode::wire::operation::CareChange;
use healthcode::wire::{Bytes, Problem, ProblemKind};
use serde::{Deserialize, Serialize};

use crate::desk::Desk;
use crate::state::{HolderKey, SubjectState};
use crate::storage::Withdrawn;

/// How long a request to care for somebody stands, in hours.
pub(crate) const ASKED_HOURS: i64 = 7 * 24;

/// Whose a key is that is not the person's own.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CarerOf {
    /// The carer's subject.
    pub carer: SubjectId,
    /// The carer's masked name.
    pub name: String,
}

/// A request to care for a person that an officer has to decide.
#[derive(Clone, Serialize, Deserialize)]
pub struct Asked {
    /// The key as COSE_Key.
    pub key: Bytes,
    /// Who asks.
    pub carer: CarerOf,
    /// When.
    pub asked_at: Timestamp,
}

impl Asked {
    /// What a notice calls the key.
    #[must_use]
    pub fn key_id(&self) -> Option<Bytes> {
        PublicKey::from_cose(&self.key.0).ok().map(|key| Bytes(key.id().to_vec()))
    }

    /// Whether it still stands.
    #[must_use]
    pub fn stands(&self, now: Timestamp) -> bool {
        now < self.asked_at.plus_hours(ASKED_HOURS)
    }
}

/// What a session knows of who asks to care for the person.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct CareSession {
    pub(crate) carer: CarerOf,
    /// Whether a code went out, which then confirms it; nothing else does.
    pub(crate) by_code: bool,
    /// Until when it can be confirmed without a code.
    pub(crate) until: Timestamp,
}

impl HolderKey {
    /// Whether both are the person's own, or one carer's.
    #[must_use]
    pub fn is_of_group(&self, other: &Self) -> bool {
        self.owner() == other.owner()
    }

    fn owner(&self) -> Option<SubjectId> {
        self.carer.as_ref().map(|of| of.carer)
    }

    fn serves(&self, carer: SubjectId) -> bool {
        self.owner() == Some(carer) && self.revoked_at.is_none()
    }
}

impl SubjectState {
    pub(crate) fn is_cared_for_by(&self, carer: SubjectId) -> bool {
        self.keys.iter().any(|key| key.serves(carer))
    }

    /// Whether the care of this carer has ended once: the records alone do not begin it again.
    pub(crate) fn has_ended(&self, carer: SubjectId) -> bool {
        self.keys.iter().any(|key| key.owner() == Some(carer) && key.revoked_at.is_some())
    }
}

impl Desk<'_> {
    /// Whose the key of an id is, for a notice.
    pub(crate) fn carer_of(&self, id: &Bytes) -> Option<CarerKey> {
        let key = self.state.keys.get(self.state.key_of(&id.0)?)?;
        key.carer.as_ref().map(|of| CarerKey { carer: of.carer, name: of.name.clone() })
    }

    /// Who acts with the key of an id; none for the person.
    pub(crate) fn by_of_id(&self, id: &Bytes) -> Option<By> {
        self.carer_of(id).map(|carer| By { role: ByRole::Carer, name: carer.name })
    }

    /// Who acts with a key; none for the person.
    pub(crate) fn by_of(&self, key: &PublicKey) -> Option<By> {
        self.by_of_id(&Bytes(key.id().to_vec()))
    }

    /// Gives the person one key more.
    pub(crate) fn push_key(&mut self, key: &PublicKey, active_from: Timestamp, carer: Option<CarerOf>) {
        self.state.keys.push(HolderKey {
            id: key.id().to_vec().into(),
            cose_key: key.to_cose().into(),
            active_from,
            carer,
            revoked_at: None,
            opens_on: self.state.head,
            segment: None,
            token: None,
            places: Vec::new(),
        });
    }

    /// A carer's key speaks for the person from now on, in the place of an earlier one of the same carer; every phone is
    /// told.
    pub(crate) fn add_carer(&mut self, key: &PublicKey, carer: &CarerOf) -> Result<(), Problem> {
        if !self.state.is_cared_for_by(carer.carer) {
            let serving = self.state.keys.iter().filter(|key| key.revoked_at.is_none());
            let mut carers: Vec<_> = serving.filter_map(HolderKey::owner).collect();
            carers.sort_unstable();
            carers.dedup();
            if carers.len() >= usize::from(self.rulebook.care.max_carers) {
                return Err(Problem::new(&ProblemKind::Limit).at("carers"));
            }
        }
        self.push_key(key, self.now, Some(carer.clone()));
        self.tell(&Bytes(key.id().to_vec()), Some(self.now_in_seconds()))
    }

    /// The end of care: from the person's own phone for any carer, from a carer's for itself.
    pub(crate) fn take_care(&mut self, change: &CareChange, key: &PublicKey) -> Result<(), Problem> {
        let keys = &self.state.keys;
        let known = |id: &[u8]| self.state.key_of(id).and_then(|place| keys.get(place));
        let carers = known(&change.end.0).filter(|key| key.carer.is_some());
        let carers = carers.ok_or_else(|| Problem::new(&ProblemKind::Invalid).at("end"))?;
        let from = known(&key.id()).ok_or_else(|| Problem::new(&ProblemKind::Role))?;
        if from.carer.is_some() && !from.is_of_group(carers) {
            return Err(Problem::new(&ProblemKind::Role));
        }
        self.end_care(&change.end)
    }

    /// Ends what the carer of a key does for the person: the carer's keys speak no more, their tokens are withdrawn, and
    /// every phone is told.
    pub(crate) fn end_care(&mut self, key: &Bytes) -> Result<(), Problem> {
        let place = self.state.key_of(&key.0);
        let carer = place.and_then(|place| self.state.keys.get(place)).and_then(HolderKey::owner);
        let carer = carer.ok_or_else(|| Problem::new(&ProblemKind::Invalid).at("end"))?;
        if !self.state.is_cared_for_by(carer) {
            return Err(Problem::new(&ProblemKind::AlreadyDone));
        }
        let ended = self.end_keys(self.now, |key| key.serves(carer));
        self.state.asked.retain(|asked| asked.carer.carer != carer);
        // The one that spoke last: those before it were told of when it took their place.
        ended.last().map_or(Ok(()), |last| self.tell(last, None))
    }

    /// Keys speak no more from an instant on, and their tokens are withdrawn; the ids, in their order.
    fn end_keys(&mut self, at: Timestamp, ends: impl Fn(&HolderKey) -> bool) -> Vec<Bytes> {
        let mut ended = Vec::new();
        let mut keys = std::mem::take(&mut self.state.keys);
        for key in keys.iter_mut().filter(|key| key.revoked_at.is_none() && ends(key)) {
            self.know_place(key);
            key.revoked_at = Some(at);
            key.token = None;
            let withdrawn = key.places.drain(..);
            self.changes.withdrawn.extend(withdrawn.map(Withdrawn::from));
            ended.push(key.id.clone());
        }
        self.state.keys = keys;
        ended
    }

    /// A notice that was lost: an end stays an end, and a key whose place another one took speaks no more, also where that
    /// one is not known here and has to come again. `dropped` are the ids of those that waited in vain.
    pub(crate) fn recover_key(&mut self, notice: &KeyNotice, dropped: &[KeyId]) {
        let carer = notice.carer.as_ref().map(|carer| carer.carer);
        let known = self.state.key_of(&notice.key).is_some();
        match notice.active_from {
            Some(from) if from <= self.now && !known && !dropped.contains(&notice.key) => {
                self.end_keys(from, |key| key.owner() == carer && key.active_from < from);
            }
            Some(_) => {}
            None if carer.is_some() => {
                let at = notice.noticed_at;
                self.end_keys(at, |key| key.owner() == carer && key.active_from <= at);
            }
            None => {
                self.end_keys(notice.noticed_at, |key| key.id.0 == notice.key);
            }
        }
    }

    /// An officer's word on a request to care for the person, by the id of its key.
    pub(crate) fn decide_relation(&mut self, key: &Bytes, allow: bool) -> Result<(), Problem> {
        let now = self.now;
        self.state.asked.retain(|asked| asked.stands(now));
        if self.carer_of(key).is_some() {
            return Err(Problem::new(&ProblemKind::AlreadyDone));
        }
        let named = self.state.asked.iter().position(|asked| asked.key_id().as_ref() == Some(key));
        let place = named.ok_or_else(|| Problem::new(&ProblemKind::Invalid).at("key"))?;
        let asked = self.state.asked.get(place).cloned();
        if let Some(Asked { key, carer, .. }) = asked.filter(|_| allow) {
            let key = PublicKey::from_cose(&key.0).map_err(|_| Problem::new(&ProblemKind::Unavailable))?;
            self.add_carer(&key, &carer)?;
        }
        self.state.asked.remove(place);
        Ok(())
    }

    fn tell(&mut self, key: &Bytes, active_from: Option<Timestamp>) -> Result<(), Problem> {
        self.notice(key, active_from).map_err(|_| Problem::new(&ProblemKind::Unavailable))
    }
}

#[cfg(test)]
mod tests;
