//! What this server signs of other issuers' logs. It signs a head only where the log goes on from the last one that it
//! signed, and writes down what it signs before the signature leaves: whoever it signed two logs for would have to find
//! that file gone.
//!
//! Of a log that it has not seen it takes what it is shown first: all of it, or the last notice at least, so that what it
//! signs is a notice of that issuer and no bare number. A log can therefore be forked before its first head here, and
//! after the file was lost; not between.

use healthcode::rules::calendar::Timestamp;
use healthcode::token::notice::{BEGINNING, LogError, LogHead, NoticeDigest, WitnessRequest};
use healthcode::token::{ExposureNotice, TrustList, cbor};
use healthcode::wire::{Problem, ProblemKind};
use minicbor::bytes::ByteArray;
use minicbor::{Decode, Encode};

use crate::Inner;
use crate::error::ServerError;
use crate::key_file::{self, replace_file};

/// The most bytes of a request: a notice of the largest kind fits many times.
pub(crate) const MAX_WITNESS_BYTES: usize = 1024 * 1024;
/// The most bytes of the file: as many issuers as a trust list has.
const MAX_FILE_BYTES: usize = 512 * 1024;
/// So far ahead another issuer's clock may be. A head of the future would be the last that this server signs for it.
const MAX_AHEAD_MILLIS: i64 = 5 * 60 * 1_000;

/// What was signed of an issuer's log last.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
struct Signed {
    #[n(0)]
    issuer: String,
    #[n(1)]
    size: u32,
    #[n(2)]
    digest: ByteArray<32>,
    #[cbor(n(3), with = "cbor::seconds")]
    at: Timestamp,
}

impl Signed {
    fn head(&self) -> LogHead {
        LogHead::new(self.issuer.clone(), self.size, *self.digest, self.at)
    }
}

impl Inner {
    /// Signs the head of another issuer's log, where it goes on from what was signed before.
    pub(crate) async fn witness(&self, body: &[u8]) -> Result<Vec<u8>, ServerError> {
        let trust = self.listed().await?;
        let request: WitnessRequest =
            cbor::decode(body, MAX_WITNESS_BYTES).map_err(|_| ProblemKind::Malformed)?;
        let head = self.shown_head(&request, &trust)?;
        let notices = request.notices.iter().enumerate().map(|(place, notice)| {
            ExposureNotice::open(notice, &head.issuer, &trust)
                .map_err(|error| refused(error, format!("notices[{place}]")))
        });
        let notices = notices.collect::<Result<Vec<_>, _>>()?;
        self.sign_after(&head, &notices)?;
        let signature = request.head.witness(&self.keys.now().notices)?;
        tracing::info!(issuer = head.issuer, size = head.size, "a log of exposure notices is witnessed");
        Ok(signature)
    }

    /// The head, verified as its issuer's.
    fn shown_head(&self, request: &WitnessRequest, trust: &TrustList) -> Result<LogHead, ServerError> {
        let wrong = || Problem::new(&ProblemKind::Invalid).at("head");
        let issuer = request.head.unverified().map_err(|_| wrong())?.issuer;
        // A second signature by the same hand says nothing.
        if issuer == self.config.issuer {
            return Err(wrong().into());
        }
        let head = request.head.open_unwitnessed(&issuer, trust).map_err(|_| wrong())?;
        let ahead = head.at.since(self.ports.clock.now()) > MAX_AHEAD_MILLIS;
        if ahead { Err(wrong().into()) } else { Ok(head) }
    }

    /// Writes down that this head was signed, if it may be.
    fn sign_after(&self, head: &LogHead, notices: &[ExposureNotice]) -> Result<(), ServerError> {
        let path = self.config.witnessed_path();
        let _turn = key_file::turn(&self.config.keys_path()).map_err(|error| storage(&error))?;
        // What cannot be read is not "nothing": a log may have been signed in it.
        let mut all: Vec<Signed> = match std::fs::read(&path) {
            Ok(bytes) => cbor::decode(&bytes, MAX_FILE_BYTES).map_err(|error| storage(&error))?,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Vec::new(),
            Err(error) => return Err(storage(&error)),
        };
        let last = all.iter().position(|signed| signed.issuer == head.issuer);
        let known = last.and_then(|place| all.get(place));
        goes_on(known, head, notices)?;
        let signed =
            Signed { issuer: head.issuer.clone(), size: head.size, digest: head.digest, at: head.at };
        match last.and_then(|place| all.get_mut(place)) {
            Some(known) if *known == signed => return Ok(()),
            Some(known) => *known = signed,
            None => all.push(signed),
        }
        replace_file(&path, &cbor::encode(&all)).map_err(|error| storage(&error))
    }
}

/// Whether a head goes on from the one that was signed last, by the notices that are shown.
fn goes_on(known: Option<&Signed>, head: &LogHead, notices: &[ExposureNotice]) -> Result<(), Problem> {
    let size = known.map(|known| known.size);
    // Who shows what does not follow on is told what is known.
    let problem = |field: &str| {
        let problem = Problem::new(&ProblemKind::Log).at(field);
        problem.expecting(u64::from(size.unwrap_or(head.size.saturating_sub(1))))
    };
    if let Some(known) = known {
        head.follows(&known.head()).map_err(|_| problem("head"))?;
    }
    let count = u32::try_from(notices.len()).unwrap_or(u32::MAX);
    let before = head.size.checked_sub(count).ok_or_else(|| problem("notices"))?;
    let shown = match size {
        Some(size) => before == size,
        None => head.size == 0 || count > 0,
    };
    if !shown {
        return Err(problem("notices"));
    }
    let start: Option<NoticeDigest> = match (known, before) {
        (Some(known), _) => Some(*known.digest),
        (None, 0) => Some(BEGINNING),
        // What came before is taken as it is told.
        (None, _) => None,
    };
    let mut digest = start;
    for (number, notice) in (before + 1..).zip(notices) {
        let follows = digest.is_none_or(|digest| *notice.previous == digest);
        if notice.number != number || !follows {
            return Err(problem(&format!("notices[{}]", number - before - 1)));
        }
        digest = Some(notice.digest());
    }
    if digest == Some(*head.digest) { Ok(()) } else { Err(problem("head")) }
}

fn refused(error: LogError, field: String) -> ServerError {
    tracing::warn!(%error, field, "a notice of another issuer is refused");
    Problem::new(&ProblemKind::Invalid).at(field).into()
}

fn storage(error: &dyn std::fmt::Display) -> ServerError {
    ServerError::Storage(error.to_string())
}
