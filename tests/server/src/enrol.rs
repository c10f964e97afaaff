//! Enrolment: a new key asks for a one-time code and confirms it. The code goes only to the number that the records
//! hold for the person; who asks gets the same answer whether or not there is such a person, and whatever does not
//! fit is one and the same problem.

use std::net::IpAddr;

use healthcode::rules::calendar::Timestamp;
use healthcode::rules::identity::Document;
use healthcode::token::PublicKey;
use healthcode::token::ids::SubjectId;
use healthcode::wire::message::{
    CONFIRM_PATH, ENROLMENTS_PATH, Enrolled, EnrolmentConfirmation, EnrolmentRequest, EnrolmentStarted,
};
use healthcode::wire::{Bytes, ProblemKind, RequestSignature};

use crate::Inner;
use crate::care::{ASKED_HOURS, CareSession};
use crate::error::ServerError;
use crate::keys::random;
use crate::records::PersonRecord;
use crate::state::{HolderKey, SubjectState};
use crate::storage::{Changes, Session};

/// How long a code can be confirmed, in seconds.
const CODE_SECONDS: u32 = 300;
const DIGITS: u8 = 6;
const TRIES: u8 = 5;
/// How long a second phone waits while the first one keeps working, in hours.
const WAITING_HOURS: i64 = 24;
const ATTEMPTS: usize = 8;

impl Inner {
    /// Starts an enrolment.
    pub(crate) async fn start_enrolment(
        &self,
        signature: Option<&str>,
        body: &[u8],
        address: Option<IpAddr>,
    ) -> Result<EnrolmentStarted, ServerError> {
        let request: EnrolmentRequest = serde_json::from_slice(body).map_err(|_| ProblemKind::Malformed)?;
        let key = PublicKey::from_cose(&request.key.0).map_err(|_| malformed("key"))?;
        self.verify_new_key(signature, &key, ENROLMENTS_PATH, body)?;
        self.count_request(address).await?;
        let asks = match &request.care {
            Some(care) => Some(self.read_care(care, &key).await?),
            None => None,
        };
        if let Some((carer, state)) = &asks {
            let pseudonym = self.person(&request.identity.document).0.try_into();
            let pseudonym = pseudonym.map_err(|_| ServerError::Internal("pseudonym"))?;
            let subject = self.storage.subject_of(pseudonym).await?;
            self.has_room(carer.carer, state, subject).await?;
        }

        let id: [u8; 16] = random()?;
        let code = code()?;
        let found = self.ports.records.find(&request.identity.document).await;
        let found = found.map_err(|_| ServerError::from(ProblemKind::Unavailable))?;
        let person = found.filter(|person| {
            let name = person.name.matching_key() == request.identity.name.matching_key();
            let number = person.phone.as_ref().map(|phone| *phone == request.identity.phone);
            name && match &asks {
                None => number == Some(true),
                // Nobody is one's own carer; and who has no number on record cannot give another one's.
                Some((_, carer)) => number.unwrap_or(true) && carer.person != person.key,
            }
        });
        let may_send = self.may_send(&request.identity.document, person.is_some()).await?;
        let now = self.ports.clock.now();
        let care = asks.as_ref().map(|(carer, _)| CareSession {
            carer: carer.clone(),
            by_code: person.as_ref().is_some_and(|person| person.phone.is_some()),
            until: now.plus_hours(ASKED_HOURS),
        });
        let session = Session {
            cose_key: request.key,
            person: person.as_ref().map(|person| (self.person(&person.document), person.key.clone())),
            code: self.hashed(id, &code),
            tries_left: TRIES,
            expires_at: now.plus_millis(i64::from(CODE_SECONDS) * 1_000),
            confirmed: None,
            care,
        };
        self.storage.put_session(id, &session).await?;
        if let Some(person) = person.filter(|_| may_send) {
            match (&person.phone, &asks) {
                (Some(phone), _) => self.ports.sms.send(phone.as_str(), &code),
                (None, Some((carer, of))) => {
                    let pseudonym = self.person(&person.document).0.try_into();
                    let pseudonym = pseudonym.map_err(|_| ServerError::Internal("pseudonym"))?;
                    let subject = self.subject_of(pseudonym, &person).await?;
                    self.ask_officer(subject, &person, &key, (carer, of)).await?;
                }
                (None, None) => {}
            }
        }
        let (session, key) = (id.to_vec().into(), Some(key.id().to_vec().into()));
        Ok(EnrolmentStarted { session, expires_in: CODE_SECONDS, digits: DIGITS, key })
    }

    /// Confirms a code: the key belongs to the person from now on, or, where another phone speaks for the person,
    /// after the time in which that one can object.
    pub(crate) async fn confirm_enrolment(
        &self,
        signature: Option<&str>,
        body: &[u8],
    ) -> Result<Enrolled, ServerError> {
        let request: EnrolmentConfirmation =
            serde_json::from_slice(body).map_err(|_| ProblemKind::Malformed)?;
        let id: [u8; 16] = request.session.0.as_slice().try_into().map_err(|_| malformed("session"))?;
        // The key first: a stranger who has guessed a session takes none of its tries.
        let known = self.storage.session(id).await?.ok_or(ProblemKind::WrongCode)?;
        let key = PublicKey::from_cose(&known.cose_key.0).map_err(|_| ServerError::Internal("key"))?;
        self.verify_new_key(signature, &key, CONFIRM_PATH, body).map_err(|_| ProblemKind::WrongCode)?;
        if let Some(care) = known.care.clone().filter(|_| request.code.is_empty()) {
            return self.confirm_relation(id, known, &care, &key).await;
        }

        let now = self.ports.clock.now();
        let session = self.storage.take_try(id).await?.ok_or(ProblemKind::WrongCode)?;
        let in_time = now < session.expires_at || session.confirmed.is_some();
        let by_code = session.care.as_ref().is_none_or(|care| care.by_code);
        let fits = by_code && equal(&session.code.0, &self.hashed(id, &request.code).0);
        let person = session.person.clone().filter(|_| in_time && session.tries_left > 0 && fits);
        let (pseudonym, person) = person.ok_or(ProblemKind::WrongCode)?;
        let pseudonym = pseudonym.0.try_into().map_err(|_| ServerError::Internal("session"))?;
        let person = self.ports.records.get(&person).await;
        let person = person.ok().flatten().ok_or(ProblemKind::Unavailable)?;
        let subject = self.subject_of(pseudonym, &person).await?;
        let again = session.confirmed.is_some();
        let enrolled = match &session.care {
            Some(care) => self.add_carer_key(subject, &key, &care.carer, again).await?,
            None => self.add_key(subject, &key, now, again).await?,
        };
        if session.confirmed.is_none() {
            let session = Session { confirmed: Some(subject), tries_left: session.tries_left - 1, ..session };
            self.storage.put_session(id, &session).await?;
        }
        Ok(enrolled)
    }

    pub(crate) fn verify_new_key(
        &self,
        signature: Option<&str>,
        key: &PublicKey,
        path: &str,
        body: &[u8],
    ) -> Result<(), ServerError> {
        let signature = RequestSignature::parse(signature.ok_or(ProblemKind::Signature)?);
        let signature = signature.map_err(|_| ProblemKind::Signature)?;
        if signature.claims().subject.is_some() || signature.key_id() != key.id() {
            return Err(ProblemKind::Signature.into());
        }
        let verified = signature.verify(key, path, body, &self.config.issuer);
        verified.map(|_| ()).map_err(|_| ProblemKind::Signature.into())
    }

    pub(crate) async fn subject_of(
        &self,
        pseudonym: [u8; 32],
        person: &PersonRecord,
    ) -> Result<SubjectId, ServerError> {
        for _ in 0..ATTEMPTS {
            if let Some(subject) = self.storage.subject_of(pseudonym).await? {
                return Ok(subject);
            }
            // The same after a loss of the database: what a phone has kept is about this name.
            let name = self.keys.pseudonym(&[b"subject", &pseudonym]);
            let subject = SubjectId(name.first_chunk().copied().unwrap_or_default());
            match self.storage.create(pseudonym, subject, &SubjectState::new(person)).await {
                Ok(()) => return Ok(subject),
                Err(ServerError::Conflict) => {}
                Err(error) => return Err(error),
            }
        }
        Err(ProblemKind::Unavailable.into())
    }

    async fn add_key(
        &self,
        subject: SubjectId,
        key: &PublicKey,
        now: Timestamp,
        again: bool,
    ) -> Result<Enrolled, ServerError> {
        for _ in 0..ATTEMPTS {
            let found = self.storage.subject(subject).await?.ok_or(ServerError::Internal("subject"))?;
            let mut state = found.state;
            state.enter(self.life.generation);
            if again && state.key_of(&key.id()).is_none() {
                // It was confirmed once and has given way since: an old code does not bring it back.
                return Err(ProblemKind::WrongCode.into());
            }
            let (state, changes) = match state.key_of(&key.id()) {
                Some(_) => (state, Changes::default()),
                None => self.with_key(subject, state, key, now)?,
            };
            let place = state.key_of(&key.id()).ok_or(ServerError::Internal("key"))?;
            let key = state.keys.get(place).cloned().ok_or(ServerError::Internal("key"))?;
            match self.storage.commit(subject, found.version, &state, changes).await {
                Ok(()) => {
                    return Ok(self.enrolled(subject, &key, now));
                }
                Err(ServerError::Conflict) => {}
                Err(error) => return Err(error),
            }
        }
        Err(ProblemKind::Unavailable.into())
    }

    /// What a phone is told of its key.
    pub(crate) fn enrolled(&self, subject: SubjectId, key: &HolderKey, now: Timestamp) -> Enrolled {
        Enrolled {
            subject,
            pending_until: Some(key.active_from).filter(|from| *from > now),
            head: key.opens_on.to_vec().into(),
            region: format!("{:06}", self.config.region),
            carer: key.carer.as_ref().map(|of| of.carer),
            key: Some(key.id.clone()),
        }
    }

    /// The state with one key more. Where another phone speaks for the person, every phone is told.
    fn with_key(
        &self,
        subject: SubjectId,
        state: SubjectState,
        key: &PublicKey,
        now: Timestamp,
    ) -> Result<(SubjectState, Changes), ServerError> {
        let mut desk = self.desk(subject, state, None);
        let id = Bytes(key.id().to_vec());
        // Those who care for the person do not keep the person waiting.
        let (alone, first) =
            (desk.state.keys.is_empty(), desk.state.keys.iter().all(|key| key.carer.is_some()));
        let active_from = if first { now } else { now.plus_hours(WAITING_HOURS) };
        // One that still waits gives way to a newer one: a person who lost the second phone too goes on.
        let waiting: Vec<_> = desk.state.keys.extract_if(.., |key| key.active_from > now).collect();
        for dropped in waiting {
            desk.notice(&dropped.id, None)?;
        }
        if !alone {
            desk.notice(&id, Some(active_from))?;
        }
        desk.push_key(key, active_from, None);
        desk.state.mark();
        Ok((desk.state, desk.changes))
    }

    pub(crate) fn person(&self, document: &Document) -> Bytes {
        let parts = [b"person".as_slice(), document.kind_code().as_bytes(), document.number().as_bytes()];
        self.keys.pseudonym(&parts).to_vec().into()
    }

    fn hashed(&self, session: [u8; 16], code: &str) -> Bytes {
        self.keys.pseudonym(&[b"code", &session, code.as_bytes()]).to_vec().into()
    }
}

fn malformed(field: &str) -> ServerError {
    healthcode::wire::Problem::new(&ProblemKind::Malformed).at(field).into()
}

/// Six random digits.
fn code() -> Result<String, ServerError> {
    let number = u64::from_be_bytes(random()?);
    Ok(format!("{:06}", number % 1_000_000))
}

/// Whether two digests are equal, in a time that does not tell where they differ.
fn equal(one: &[u8], other: &[u8]) -> bool {
    one.len() == other.len() && one.iter().zip(other).fold(0, |sum, (a, b)| sum | (a ^ b)) == 0
}
