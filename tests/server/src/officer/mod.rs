//! Officers: people of the authority who do by name what no rule and no phone does. Each request is signed by an
//! officer's own key, is answered once, stands in the log about the person whom it concerns, and is told to that person,
//! but for the list of what waits, which is only logged. Whoever is no officer, or not one for this, gets one and the
//! same answer and learns nothing. What never enters: a list of people but those who are overdue or wait for an officer.

mod acts;
mod client;
mod counts;
mod lists;
pub(crate) mod log;
mod orders;
mod registry;
mod roles;
mod show;
pub(crate) mod state;

use healthcode::rules::identity::Region;
use healthcode::token::acts::MAX_TEXT;
use healthcode::token::ids::SubjectId;
use healthcode::token::{Kind, Sign1};
use healthcode::wire::act::{MAX_AGE_SECONDS, MAX_BYTES, Whom};
use healthcode::wire::{Act, OfficerRequest, Problem, ProblemKind};

pub use client::{AskError, OfficerClient};
pub use log::LogEntry;
pub use registry::ListedOfficer;
pub(crate) use registry::{Known, Officers};
pub use roles::OfficerRole;

use crate::Inner;
use crate::error::ServerError;
use crate::records::PersonRecord;
use crate::storage::Versioned;
use crate::storage::log::Asked;
use crate::trust::digest;
use roles::{needed, told_as, word_of};

/// How often a commit is tried against other requests about the same subject.
const ATTEMPTS: usize = 8;
/// No phone's place among the keys: an officer asks.
const NO_PHONE: usize = usize::MAX;

/// A request of an officer who may make it.
struct Asking<'a> {
    officer: &'a Known,
    request: &'a OfficerRequest,
    signed: &'a [u8],
}

impl Inner {
    /// Does what an officer asks; the answer's JSON.
    pub(crate) async fn officer(&self, signed: &[u8]) -> Result<String, ServerError> {
        let id = OfficerRequest::key_id(signed).map_err(|_| ProblemKind::Malformed)?;
        let officer = self.officers.find(id).ok_or(ProblemKind::Role)?;
        let key = officer.public_key().ok_or(ProblemKind::Role)?;
        // The same for a key that is nobody's and for somebody else's signature under an officer's key id.
        let envelope = Sign1::parse(signed, MAX_BYTES).map_err(|_| ProblemKind::Malformed)?;
        envelope.verify(Kind::Officer, &key).map_err(|_| ProblemKind::Role)?;
        let request = OfficerRequest::open(signed, &key)
            .map_err(|_| ServerError::from(Problem::new(&ProblemKind::Malformed).at("act")))?;
        if request.audience != self.config.issuer {
            return Err(Problem::new(&ProblemKind::Signature).at("audience").into());
        }
        if !officer.has(needed(&request.act)) {
            return Err(ProblemKind::Role.into());
        }
        let asking = Asking { officer: &officer, request: &request, signed };
        let answered = self.answer_officer(&asking).await;
        let problem = match &answered {
            Err(ServerError::Problem(problem)) => Some(problem.kind()),
            _ => None,
        };
        let problem = problem.as_ref().map(ProblemKind::word);
        tracing::info!(act = word_of(&request.act), problem, done = answered.is_ok(), "officer");
        answered
    }

    async fn answer_officer(&self, asking: &Asking<'_>) -> Result<String, ServerError> {
        for _ in 0..ATTEMPTS {
            if let Some((known, answer)) = self.storage.asked(asking.request.request).await? {
                let same = known == digest(asking.signed);
                return if same { Ok(answer) } else { Err(ProblemKind::AlreadyDone.into()) };
            }
            let age = self.ports.clock.now().since(asking.request.at) / 1_000;
            if age.abs() > MAX_AGE_SECONDS {
                return Err(Problem::new(&ProblemKind::Late).at("at").into());
            }
            if asking.request.note.as_ref().is_some_and(|note| note.len() > MAX_TEXT) {
                return Err(Problem::new(&ProblemKind::Invalid).at("note").into());
            }
            let done = match told_as(&asking.request.act) {
                None => self.list(asking).await,
                Some((whom, kind)) => self.act(asking, whom, kind).await,
            };
            match done {
                Err(ServerError::Conflict) => {}
                done => return done,
            }
        }
        Err(Problem::new(&ProblemKind::Unavailable).after(1).into())
    }

    /// The subject whom an officer means. One is made for somebody at the counter whom the records know, where the act
    /// does not need that there was one; whoever is unknown to either is one and the same problem.
    async fn whom(&self, whom: &Whom, act: &Act) -> Result<SubjectId, ServerError> {
        let document = match whom {
            Whom::Subject(subject) => return Ok(*subject),
            Whom::Document(document) => document,
        };
        let found = self.ports.records.find(document).await;
        let found = found.map_err(|_| Problem::new(&ProblemKind::Unavailable).after(5))?;
        let person: PersonRecord = found.ok_or(ProblemKind::UnknownSubject)?;
        let pseudonym = self.person(document).0.try_into().map_err(|_| ServerError::Internal("person"))?;
        if matches!(act, Act::Declare { .. } | Act::Order { .. }) {
            return self.subject_of(pseudonym, &person).await;
        }
        Ok(self.storage.subject_of(pseudonym).await?.ok_or(ProblemKind::UnknownSubject)?)
    }

    /// The region by which a person's orders are counted: of residence, as far as this authority speaks for it.
    fn region_of(&self, resides_in: Option<u32>) -> u32 {
        counted_in(self.config.region, resides_in)
    }

    /// A person's state, for a list. One that cannot be read is reported and passed over: it hides nobody else.
    async fn listed_state(&self, subject: SubjectId) -> Result<Option<Versioned>, ServerError> {
        match self.storage.subject(subject).await {
            Err(ServerError::Internal(place)) => {
                tracing::error!(place, "a person's state cannot be read");
                Ok(None)
            }
            found => found,
        }
    }

    fn asked(&self, asking: &Asking<'_>, answer: String) -> Asked {
        let (request, digest) = (asking.request.request, digest(asking.signed));
        Asked { request, digest, at: self.ports.clock.now(), answer }
    }
}

/// The region by which an order is counted: of residence, as far as the authority of a region speaks for it.
fn counted_in(own: u32, resides_in: Option<u32>) -> u32 {
    let within = |code: &u32| {
        let (region, own) = (Region::from_code(*code), Region::from_code(own));
        region.is_ok_and(|region| own.is_ok_and(|own| own.contains(&region)))
    };
    resides_in.filter(within).unwrap_or(own)
}
