//! Family: whose keys speak for a person besides the person's own. A carer asks with a consent of an own key; the
//! one-time code that goes to the person's number confirms it, or, where the records know no number, a relation in the
//! records, or else an officer. Who asks learns nothing of the person before that. What a carer does ends at once.

use healthcode::rules::calendar::Timestamp;
use healthcode::token::consent::Purpose;
use healthcode::token::ids::SubjectId;
use healthcode::token::{By, ByRole, CarerKey, KeyConsent, PublicKey, Sign1};
use healthcode::wire::message::{CareRequest, Enrolled};
use healthcode::wire::operation::CareChange;
use healthcode::wire::{Bytes, Problem, ProblemKind};
use serde::{Deserialize, Serialize};

use crate::Inner;
use crate::desk::Desk;
use crate::error::ServerError;
use crate::records::PersonRecord;
use crate::state::{HolderKey, Standing, SubjectState};
use crate::storage::{Changes, Session, Withdrawn};

/// How long a request to care for somebody stands, in hours.
pub(crate) const ASKED_HOURS: i64 = 7 * 24;
/// So many requests about one person wait for an officer at once.
const MOST_ASKED: usize = 16;
/// How often who waits for an officer asks again, in seconds.
const ASK_AGAIN_SECONDS: u32 = 3_600;
const ATTEMPTS: usize = 8;

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
    fn is_cared_for_by(&self, carer: SubjectId) -> bool {
        self.keys.iter().any(|key| key.serves(carer))
    }

    /// Whether the care of this carer has ended once: the records alone do not begin it again.
    fn has_ended(&self, carer: SubjectId) -> bool {
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
    fn add_carer(&mut self, key: &PublicKey, carer: &CarerOf) -> Result<(), Problem> {
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
        let (mut ended, now) = (Vec::new(), self.now);
        let mut keys = std::mem::take(&mut self.state.keys);
        for (place, key) in keys.iter_mut().enumerate().filter(|(_, key)| key.serves(carer)) {
            self.know_place(key);
            key.revoked_at = Some(now);
            key.token = None;
            let withdrawn = key.places.drain(..);
            self.changes.withdrawn.extend(withdrawn.map(|token| Withdrawn {
                list: token.list,
                index: token.index,
                until: token.until,
            }));
            ended.push(place);
        }
        self.state.keys = keys;
        self.state.asked.retain(|asked| asked.carer.carer != carer);
        // The one that spoke last: those before it were told of when it took their place.
        let last = ended.last().and_then(|place| self.state.keys.get(*place)).map(|key| key.id.clone());
        last.map_or(Ok(()), |last| self.tell(&last, None))
    }

    /// An officer's word on a request to care for the person, by the id of its key.
    #[allow(dead_code, reason = "the officers' part calls it")]
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

impl Inner {
    /// Who asks to care for somebody: the person whose active own key agrees to the new one. Also the person's key at the
    /// records port.
    pub(crate) async fn read_care(
        &self,
        request: &CareRequest,
        key: &PublicKey,
    ) -> Result<(CarerOf, SubjectState), ServerError> {
        let wrong = || ServerError::from(Problem::new(&ProblemKind::Signature).at("care"));
        let (now, consent) = (self.ports.clock.now(), &request.consent.0);
        let signed_by = Sign1::parse(consent, healthcode::token::consent::MAX_BYTES).ok();
        let signed_by = signed_by.and_then(|signed| signed.key_id()).ok_or_else(wrong)?;
        let state = self.storage.subject(request.carer).await?.ok_or_else(wrong)?.state;
        let place = state.key_of(&signed_by).ok_or_else(wrong)?;
        let own = state.keys.get(place).filter(|own| own.carer.is_none()).ok_or_else(wrong)?;
        if state.standing(place, now) != Standing::Active {
            return Err(wrong());
        }
        let own = PublicKey::from_cose(&own.cose_key.0).map_err(|_| ServerError::Internal("key"))?;
        let consent = KeyConsent::open(consent, &own).map_err(|_| wrong())?;
        if consent.subject != request.carer || !consent.covers(Purpose::Care, key, &self.config.issuer, now) {
            return Err(wrong());
        }
        Ok((CarerOf { carer: request.carer, name: state.masked_name.clone() }, state))
    }

    /// Says so where somebody cares for as many as the rulebook allows, and not for this person already. It is about who
    /// asks, and tells nothing of the person.
    pub(crate) async fn has_room(
        &self,
        carer: SubjectId,
        state: &SubjectState,
        subject: Option<SubjectId>,
    ) -> Result<Vec<SubjectId>, ServerError> {
        let (most, noted) = (usize::from(self.rulebook.care.max_subjects), &state.cares_for);
        if subject.is_some_and(|subject| noted.contains(&subject)) || noted.len() < most {
            return Ok(noted.clone());
        }
        // What has ended is noted with the other person: it is looked up only where it makes a difference.
        let now = self.ports.clock.now();
        let mut still = Vec::with_capacity(noted.len());
        for other in noted.iter().copied() {
            let asks = |asked: &Asked| asked.carer.carer == carer && asked.stands(now);
            let found = self.storage.subject(other).await?;
            if found
                .is_some_and(|found| found.state.is_cared_for_by(carer) || found.state.asked.iter().any(asks))
            {
                still.push(other);
            }
        }
        if still.len() < most {
            Ok(still)
        } else {
            Err(Problem::new(&ProblemKind::Limit).at("subjects").into())
        }
    }

    /// Notes with the carer for whom the carer cares, before the other person's state says so.
    async fn note_with_carer(&self, carer: SubjectId, subject: SubjectId) -> Result<(), ServerError> {
        for _ in 0..ATTEMPTS {
            let found = self.storage.subject(carer).await?.ok_or(ServerError::Internal("carer"))?;
            let mut state = found.state;
            if state.cares_for.contains(&subject) {
                return Ok(());
            }
            state.cares_for = self.has_room(carer, &state, Some(subject)).await?;
            state.cares_for.push(subject);
            match self.storage.commit(carer, found.version, &state, Changes::default()).await {
                Err(ServerError::Conflict) => {}
                done => return done,
            }
        }
        Err(ProblemKind::Unavailable.into())
    }

    /// Whether the records say that the carer speaks for the person, who has no telephone number there.
    fn is_guardian(person: &PersonRecord, carer: &SubjectState) -> bool {
        person.phone.is_none() && person.guardians.contains(&carer.person)
    }

    /// Puts a request before the officers, but where the records answer it.
    pub(crate) async fn ask_officer(
        &self,
        subject: SubjectId,
        person: &PersonRecord,
        key: &PublicKey,
        (carer, of): (&CarerOf, &SubjectState),
    ) -> Result<(), ServerError> {
        self.note_with_carer(carer.carer, subject).await?;
        for _ in 0..ATTEMPTS {
            let found = self.storage.subject(subject).await?.ok_or(ServerError::Internal("subject"))?;
            let (mut state, now) = (found.state, self.ports.clock.now());
            if Self::is_guardian(person, of) && !state.has_ended(carer.carer) {
                return Ok(());
            }
            // Whoever asks again asks with the new key.
            state.asked.retain(|asked| asked.stands(now) && asked.carer.carer != carer.carer);
            if state.asked.len() >= MOST_ASKED {
                return Ok(());
            }
            state.asked.push(Asked { key: key.to_cose().into(), carer: carer.clone(), asked_at: now });
            match self.storage.commit(subject, found.version, &state, Changes::default()).await {
                Err(ServerError::Conflict) => {}
                done => return done,
            }
        }
        Err(ProblemKind::Unavailable.into())
    }

    /// Confirms a request to care for somebody without a code: by the records, or once an officer has agreed. Until then,
    /// and for whoever fits nobody, it is one and the same answer.
    pub(crate) async fn confirm_relation(
        &self,
        id: [u8; 16],
        session: Session,
        care: &CareSession,
        key: &PublicKey,
    ) -> Result<Enrolled, ServerError> {
        let pending =
            || ServerError::from(Problem::new(&ProblemKind::RelationPending).after(ASK_AGAIN_SECONDS));
        if self.ports.clock.now() >= care.until {
            return Err(ProblemKind::WrongCode.into());
        }
        let (pseudonym, person) = session.person.clone().filter(|_| !care.by_code).ok_or_else(pending)?;
        let pseudonym = pseudonym.0.try_into().map_err(|_| ServerError::Internal("session"))?;
        let person = self.ports.records.get(&person).await.ok().flatten().ok_or_else(pending)?;
        let subject = self.subject_of(pseudonym, &person).await?;
        let state = self.storage.subject(subject).await?.ok_or(ServerError::Internal("subject"))?.state;
        let carer = self.storage.subject(care.carer.carer).await?.ok_or_else(pending)?.state;
        let agreed = state.key_of(&key.id()).is_some();
        if !agreed && (!Self::is_guardian(&person, &carer) || state.has_ended(care.carer.carer)) {
            return Err(pending());
        }
        let enrolled = self.add_carer_key(subject, key, &care.carer, session.confirmed.is_some()).await?;
        if session.confirmed.is_none() {
            self.storage.put_session(id, &Session { confirmed: Some(subject), ..session }).await?;
        }
        Ok(enrolled)
    }

    /// Gives a person the key of a carer; the same answer for one that the person has.
    pub(crate) async fn add_carer_key(
        &self,
        subject: SubjectId,
        key: &PublicKey,
        carer: &CarerOf,
        again: bool,
    ) -> Result<Enrolled, ServerError> {
        self.note_with_carer(carer.carer, subject).await?;
        for _ in 0..ATTEMPTS {
            let found = self.storage.subject(subject).await?.ok_or(ServerError::Internal("subject"))?;
            let mut state = found.state;
            state.enter(self.life.generation);
            let known = state.key_of(&key.id()).and_then(|place| state.keys.get(place));
            let (head, added) = match known {
                // What has ended is not begun again by an old answer.
                Some(known) if known.revoked_at.is_some() => return Err(ProblemKind::WrongCode.into()),
                Some(known) => (known.opens_on, None),
                None if again => return Err(ProblemKind::WrongCode.into()),
                None => {
                    let mut desk = self.desk(subject, state, None);
                    desk.add_carer(key, carer)?;
                    desk.state.asked.retain(|asked| asked.carer.carer != carer.carer);
                    desk.state.mark();
                    (desk.state.head, Some((desk.state, desk.changes)))
                }
            };
            let committed = match added {
                Some((state, changes)) => self.storage.commit(subject, found.version, &state, changes).await,
                None => Ok(()),
            };
            match committed {
                Ok(()) => {
                    return Ok(Enrolled {
                        subject,
                        pending_until: None,
                        head: head.to_vec().into(),
                        region: format!("{:06}", self.config.region),
                        carer: Some(carer.carer),
                    });
                }
                Err(ServerError::Conflict) => {}
                Err(error) => return Err(error),
            }
        }
        Err(ProblemKind::Unavailable.into())
    }
}
