//! Asking to care for somebody: who may ask, what confirms it, and what is answered meanwhile. The code that goes to the
//! person's number confirms it, or, where the records know no number, a relation in the records, or else an officer. Who
//! asks learns nothing of the person before that: whoever fits nobody gets the same answers.

use healthcode::token::consent::Purpose;
use healthcode::token::ids::SubjectId;
use healthcode::token::{KeyConsent, PublicKey, Sign1};
use healthcode::wire::message::{CareRequest, Enrolled};
use healthcode::wire::{Problem, ProblemKind};

use crate::Inner;
use crate::care::{Asked, CareSession, CarerOf};
use crate::error::ServerError;
use crate::records::PersonRecord;
use crate::state::{Standing, SubjectState};
use crate::storage::{Changes, Session};

/// So many requests about one person wait for an officer at once.
const MOST_ASKED: usize = 16;
/// How often who waits for an officer asks again, in seconds.
const ASK_AGAIN_SECONDS: u32 = 3_600;
const ATTEMPTS: usize = 8;

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
                        key: Some(key.id().to_vec().into()),
                    });
                }
                Err(ServerError::Conflict) => {}
                Err(error) => return Err(error),
            }
        }
        Err(ProblemKind::Unavailable.into())
    }
}
