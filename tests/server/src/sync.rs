//! The exchange: one request about one subject, answered whole after one commit.

use std::sync::Arc;

use healthcode::rules::calendar::Timestamp;
use healthcode::rules::facts::Records;
use healthcode::token::ids::{OperationId, SubjectId, hex};
use healthcode::token::trust_list::seal;
use healthcode::token::{Anchor, PublicKey, TrustList};
use healthcode::wire::message::{
    Change, MAX_BATCH, MAX_RECOVERED, Outcome, OutcomeKind, Recovered, SYNC_PATH, SyncRequest, SyncResponse,
};
use healthcode::wire::{Bytes, Operation, Problem, ProblemKind, RequestClaims, RequestSignature};

use crate::Inner;
use crate::deliver::Delivery;
use crate::desk::Desk;
use crate::error::ServerError;
use crate::state::{Standing, SubjectState};
use crate::storage::{Changes, StoredOperation};

/// How often a commit is tried against other requests about the same subject.
const ATTEMPTS: usize = 8;
/// The most decisions in one answer.
const PAGE: u32 = 64;

/// The operation that something recovered says it is.
fn operation_of(recovered: &Recovered) -> Option<OperationId> {
    match recovered {
        Recovered::Operation { operation, .. } => {
            Operation::from_bytes(operation.0.clone()).ok().map(|operation| operation.id)
        }
        Recovered::Decision { .. } => None,
    }
}

/// Who asks, verified.
struct Caller {
    subject: SubjectId,
    place: usize,
    key: PublicKey,
    claims: RequestClaims,
    /// When another phone took its place: what it brings is late.
    replaced_at: Option<Timestamp>,
}

impl Inner {
    /// Answers a sync. Whoever is not known for the subject, and whoever asks for nobody, gets the same answer.
    pub(crate) async fn sync(
        &self,
        signature: Option<&str>,
        body: &[u8],
    ) -> Result<SyncResponse, ServerError> {
        let signature = signature.ok_or(ProblemKind::Signature)?;
        let signature = RequestSignature::parse(signature).map_err(|_| ProblemKind::Signature)?;
        let subject = signature.claims().subject.ok_or(ProblemKind::Signature)?;
        let mut found = self.storage.subject(subject).await?.ok_or(ProblemKind::UnknownSubject)?;
        let mut caller = self.verify(&signature, subject, &found.state, body)?;
        match found.state.standing(caller.place, self.ports.clock.now()) {
            Standing::Active | Standing::Replaced => {}
            Standing::Pending(from) => {
                let seconds = from.since(self.ports.clock.now()) / 1_000 + 1;
                let problem = Problem::new(&ProblemKind::EnrolmentPending);
                return Err(problem.after(u32::try_from(seconds).unwrap_or(u32::MAX)).into());
            }
        }

        let request: SyncRequest = serde_json::from_slice(body).map_err(|_| ProblemKind::Malformed)?;
        for (list, length, most) in [
            ("operations", request.operations.len(), MAX_BATCH),
            ("recovered", request.recovered.len(), MAX_RECOVERED),
        ] {
            if length > most {
                return Err(Problem::new(&ProblemKind::TooLarge).at(list).into());
            }
        }
        let deliveries =
            (0..).zip(&request.operations).map(|(index, sent)| Delivery::read(index, sent, &caller.key));
        let deliveries = deliveries.collect::<Result<Vec<_>, _>>()?;
        // What brings days served elsewhere keeps its place in what waits until there is a list to prove them by.
        let proves = deliveries.iter().any(|delivery| delivery.brings_proof(&caller.key));
        let trust = if proves { Some(Arc::new(self.listed().await?)) } else { None };
        let recovered = request.recovered.iter().filter_map(operation_of);
        let ids: Vec<_> =
            deliveries.iter().map(|delivery| delivery.link.operation).chain(recovered).collect();

        for _ in 0..ATTEMPTS {
            found.state.enter(self.life.generation);
            caller.replaced_at = found.state.replaced_at(caller.place, self.ports.clock.now());
            let after = self.read_cursor(subject, &request, &found.state).await?;
            let known = self.storage.delivered(subject, &ids).await?;
            let records = self.records(&found.state).await;
            let (state, changes, outcomes) = self.work(
                (&caller, trust.as_ref()),
                &found.state,
                &deliveries,
                &request,
                &known,
                records.as_ref(),
            )?;
            // A head that has moved without a new operation: one of before, under a new link.
            let withdrawn = !changes.withdrawn.is_empty();
            let moved = state.head != found.state.head;
            // Without an operation there are fewer only where a notice was withdrawn.
            let dropped = state.exposures.len() != found.state.exposures.len();
            let committed = if changes.is_empty() && !moved && !dropped {
                Ok(())
            } else {
                self.storage.commit(subject, found.version, &state, changes).await
            };
            match committed {
                Ok(()) => {
                    if withdrawn {
                        self.status.changed();
                    }
                    return self.answer(&caller, &request, &state, outcomes, after).await;
                }
                Err(ServerError::Conflict) => {
                    found = self.storage.subject(subject).await?.ok_or(ProblemKind::UnknownSubject)?;
                }
                Err(error) => return Err(error),
            }
        }
        Err(Problem::new(&ProblemKind::Unavailable).after(1).into())
    }

    /// The caller, if the key is one of the subject's and signed exactly this request; else nobody.
    fn verify(
        &self,
        signature: &RequestSignature,
        subject: SubjectId,
        state: &SubjectState,
        body: &[u8],
    ) -> Result<Caller, ServerError> {
        let nobody = ProblemKind::UnknownSubject;
        let place = state.key_of(&signature.key_id()).ok_or_else(|| nobody.clone())?;
        let key = state.keys.get(place).ok_or_else(|| nobody.clone())?;
        let key = PublicKey::from_cose(&key.cose_key.0).map_err(|_| ServerError::Internal("key"))?;
        let claims = signature.verify(&key, SYNC_PATH, body, &self.config.issuer).map_err(|_| nobody)?;
        Ok(Caller { subject, place, claims: claims.clone(), key, replaced_at: None })
    }

    /// The records port's answer about a person; none where it does not answer.
    pub(crate) async fn records(&self, state: &SubjectState) -> Option<Records> {
        match self.ports.records.get(&state.person).await {
            Ok(Some(person)) => Some(person.records),
            Ok(None) | Err(_) => None,
        }
    }

    /// Works through a request at the subject's desk.
    fn work(
        &self,
        (caller, trust): (&Caller, Option<&Arc<TrustList>>),
        state: &SubjectState,
        deliveries: &[Delivery],
        request: &SyncRequest,
        known: &[StoredOperation],
        records: Option<&Records>,
    ) -> Result<(SubjectState, Changes, Vec<Outcome>), ServerError> {
        let mut desk = self.desk(caller.subject, state.clone(), caller.replaced_at);
        desk.trust = trust.cloned();
        desk.recover(&request.recovered, known)?;
        // What came back may say that the key which asks was removed.
        let removed = desk.state.replaced_at(caller.place, desk.now);
        desk.replaced_at = desk.replaced_at.or(removed);
        if request.more_recovered {
            return Ok((desk.state, desk.changes, Vec::new()));
        }
        let mut outcomes = Vec::with_capacity(deliveries.len());
        for delivery in deliveries {
            outcomes.push(desk.deliver(caller.place, &caller.key, delivery, &request.evidence, known)?);
        }
        desk.decide(records)?;
        desk.withdraw(caller.place)?;
        if !desk.is_late() {
            desk.issue_if_due(caller.place, &caller.key)?;
        }
        desk.state.mark();
        Ok((desk.state, desk.changes, outcomes))
    }

    /// The desk for a subject's case.
    pub(crate) fn desk(
        &self,
        subject: SubjectId,
        state: SubjectState,
        replaced_at: Option<Timestamp>,
    ) -> Desk<'_> {
        Desk {
            keys: self.keys.now(),
            rulebook: &self.rulebook,
            life: &self.life,
            notices: self.told(),
            subject,
            issuer: &self.config.issuer,
            issuer_name: &self.config.name,
            region: self.config.region,
            trust: None,
            now: self.ports.clock.now(),
            replaced_at,
            state,
            changes: Changes::default(),
        }
    }

    async fn answer(
        &self,
        caller: &Caller,
        request: &SyncRequest,
        state: &SubjectState,
        outcomes: Vec<Outcome>,
        after: u64,
    ) -> Result<SyncResponse, ServerError> {
        // A phone that was replaced is told nothing more, and one that still recovers not yet.
        let page = if caller.replaced_at.is_some() || request.more_recovered { 0 } else { PAGE };
        let mut decisions = match page {
            0 => Vec::new(),
            page => self.storage.decisions(caller.subject, after, page + 1).await?,
        };
        let more = decisions.len() > page as usize || request.more_recovered;
        decisions.truncate(page as usize);
        let last = decisions.last().map_or(after, |decision| decision.serial);
        // At the end of the list the cursor stands at the last serial, receipts included.
        let at = if more { last } else { state.serial.max(last) };
        let key = state.keys.get(caller.place);
        let token = key.and_then(|key| key.token.as_ref()).filter(|_| page > 0);
        let stuck = outcomes.iter().any(|outcome| outcome.outcome == OutcomeKind::Retry);
        Ok(SyncResponse {
            outcomes,
            changes: decisions
                .into_iter()
                .map(|decision| Change { kind: decision.kind, object: decision.object })
                .collect(),
            cursor: self.cursor(at),
            more,
            token: token
                .filter(|token| request.token.as_ref() != Some(&token.id))
                .map(|token| token.bytes.clone()),
            anchor: self.anchor(Some(caller.claims.nonce)).await?,
            head: stuck.then(|| state.head.to_vec().into()),
            replaced: caller.replaced_at.is_some() || key.is_some_and(|key| key.revoked_at.is_some()),
            spread: self.spread(caller.subject),
        })
    }

    /// The second within the operator's window that is this subject's, the same every day.
    fn spread(&self, subject: SubjectId) -> Option<u32> {
        let digest = self.keys.pseudonym(&[b"spread", subject.as_bytes()]);
        let random = digest.first_chunk().map_or(0, |bytes| u32::from_be_bytes(*bytes));
        random.checked_rem(self.config.spread_seconds)
    }

    fn cursor(&self, serial: u64) -> String {
        format!("{}.{serial}", hex(&self.life.incarnation))
    }

    /// The serial after which the phone wants to know. A cursor of another life, or of the future, is gone: nothing is
    /// decided before the phone has offered what it holds beyond the serial that is named. Whether it has is looked at
    /// here: the answer that named one may be older than the backup's coming back.
    async fn read_cursor(
        &self,
        subject: SubjectId,
        request: &SyncRequest,
        state: &SubjectState,
    ) -> Result<u64, ServerError> {
        let Some(cursor) = &request.cursor else { return Ok(0) };
        let (incarnation, serial) = cursor.split_once('.').unwrap_or_default();
        let (serial, of_this_life) = match serial.parse() {
            Ok(serial) => (serial, incarnation == hex(&self.life.incarnation)),
            Err(_) => (u64::MAX, false),
        };
        if of_this_life && (serial == state.serial || state.marks.contains(&serial)) {
            return Ok(serial);
        }
        // A page of an answer ends at a decision.
        let page = self.storage.decisions(subject, serial.saturating_sub(1), 1).await?;
        if of_this_life && page.first().is_some_and(|decision| decision.serial == serial) {
            return Ok(serial);
        }
        let known = state.common_serial(serial, of_this_life);
        if request.recovered_after.is_some_and(|offered| offered <= known) {
            return Ok(0);
        }
        Err(Problem::new(&ProblemKind::CursorGone).expecting(known).into())
    }

    /// A time anchor of now.
    pub(crate) async fn anchor(&self, nonce: Option<[u8; 16]>) -> Result<Bytes, ServerError> {
        let published = self.published().await?;
        let anchor = Anchor {
            at: Timestamp::from_seconds(self.ports.clock.now().seconds()),
            epoch: 0,
            root_version: published.root_version,
            trust_list_version: published.version,
            rules_version: self.rulebook.version,
            policy_version: self.policies.version,
            nonce,
        };
        Ok(seal(&anchor, &self.keys.now().time)?.into())
    }
}
