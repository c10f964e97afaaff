//! Handover: a subject moves to the phone of a new key, by a consent of the key whose place it takes. It is active at
//! once: the phone of before has agreed itself. Whatever does not fit is one and the same problem.

use healthcode::token::consent::{self, Purpose};
use healthcode::token::{KeyConsent, PublicKey, Sign1};
use healthcode::wire::message::{Enrolled, HANDOVERS_PATH, HandoverRequest};
use healthcode::wire::{Bytes, ProblemKind};

use crate::Inner;
use crate::desk::Desk;
use crate::error::ServerError;
use crate::state::{HolderKey, Standing, SubjectState};

const ATTEMPTS: usize = 8;

impl Inner {
    /// Moves a subject to a new key. Asked again, the answer is the same.
    pub(crate) async fn hand_over(
        &self,
        signature: Option<&str>,
        body: &[u8],
    ) -> Result<Enrolled, ServerError> {
        let request: HandoverRequest = serde_json::from_slice(body).map_err(|_| ProblemKind::Malformed)?;
        let key = PublicKey::from_cose(&request.key.0).map_err(|_| {
            ServerError::from(healthcode::wire::Problem::new(&ProblemKind::Malformed).at("key"))
        })?;
        self.verify_new_key(signature, &key, HANDOVERS_PATH, body)?;
        for _ in 0..ATTEMPTS {
            let found = self.storage.subject(request.subject).await?.ok_or(ProblemKind::UnknownSubject)?;
            let mut state = found.state;
            state.enter(self.life.generation);
            let known = state.key_of(&key.id()).and_then(|place| state.keys.get(place));
            if let Some(known) = known {
                // It was moved before, and has not been removed since: one that has given way to a later phone learns that
                // with its first exchange.
                let stands = known.revoked_at.is_none() && self.agreed(&request, &state, &key).is_ok();
                let enrolled = stands.then(|| self.enrolled(request.subject, known, self.ports.clock.now()));
                return enrolled.ok_or_else(|| ProblemKind::UnknownSubject.into());
            }
            let from = self.agreed(&request, &state, &key)?;
            let now = self.ports.clock.now();
            match state.standing(from, now) {
                Standing::Active => {}
                Standing::Replaced => return Err(ProblemKind::Replaced.into()),
                Standing::Pending(_) => return Err(ProblemKind::UnknownSubject.into()),
            }
            let mut desk = self.desk(request.subject, state, None);
            desk.take_over(from, &key)?;
            let place = desk.state.key_of(&key.id());
            let moved = place.and_then(|place| desk.state.keys.get(place));
            let enrolled = self.enrolled(request.subject, moved.ok_or(ServerError::Internal("key"))?, now);
            match self.storage.commit(request.subject, found.version, &desk.state, desk.changes).await {
                Ok(()) => return Ok(enrolled),
                Err(ServerError::Conflict) => {}
                Err(error) => return Err(error),
            }
        }
        Err(ProblemKind::Unavailable.into())
    }

    /// The place of the key that agrees to the new one. A consent that is too old is told so to who has it.
    fn agreed(
        &self,
        request: &HandoverRequest,
        state: &SubjectState,
        key: &PublicKey,
    ) -> Result<usize, ServerError> {
        let nobody = || ServerError::from(ProblemKind::UnknownSubject);
        let signed = Sign1::parse(&request.consent.0, consent::MAX_BYTES).map_err(|_| nobody())?;
        let place = signed.key_id().and_then(|id| state.key_of(&id)).ok_or_else(nobody)?;
        let from = state.keys.get(place).ok_or_else(nobody)?;
        let from = PublicKey::from_cose(&from.cose_key.0).map_err(|_| ServerError::Internal("key"))?;
        let consent = KeyConsent::open(&request.consent.0, &from).map_err(|_| nobody())?;
        let covers = |at| consent.covers(Purpose::Handover, key, &self.config.issuer, at);
        if consent.subject != request.subject || !covers(consent.given_at) {
            return Err(nobody());
        }
        // Of a key that it moved before, the age is no matter: the answer was lost.
        if state.key_of(&key.id()).is_none() && !covers(self.ports.clock.now()) {
            return Err(ProblemKind::Late.into());
        }
        Ok(place)
    }
}

impl Desk<'_> {
    /// A new key takes the place of the one at a place, in its group; whichever waits to do so goes, and every phone is
    /// told.
    fn take_over(&mut self, from: usize, key: &PublicKey) -> Result<(), ServerError> {
        let before = self.state.keys.get(from).cloned().ok_or(ServerError::Internal("key"))?;
        let now = self.now;
        let waits = |other: &mut HolderKey| other.active_from > now && other.is_of_group(&before);
        let waiting: Vec<_> = self.state.keys.extract_if(.., waits).collect();
        for dropped in waiting {
            self.notice(&dropped.id, None)?;
        }
        self.push_key(key, now, before.carer);
        self.notice(&Bytes(key.id().to_vec()), Some(self.now_in_seconds()))?;
        self.state.mark();
        Ok(())
    }
}
