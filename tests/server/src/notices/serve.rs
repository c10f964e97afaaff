//! The log as the server serves it. Its head is signed anew every quarter of an hour, and as soon as a notice waits; where
//! no second issuer signs, the last one stays.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use healthcode::rules::calendar::Timestamp;
use healthcode::token::TrustList;
use healthcode::token::key::{KeyId, Signer as _};
use healthcode::token::notice::LogHead;
use healthcode::wire::ProblemKind;

use super::ask::Signing;
use super::draft::NoticeDraft;
use super::{Listed, Log, Publication, Told, venues};
use crate::error::{ServerError, StartError};
use crate::key_file::Stamp;
use crate::{App, Inner};

const SIGN_ANEW_SECONDS: i64 = 15 * 60;
/// So long nobody is asked again who has not signed.
const ASK_AGAIN_SECONDS: i64 = 10;
/// So long who asks for the head waits for a newer one.
const WAIT: Duration = Duration::from_secs(3);
/// How often a server that nobody asks looks by itself.
const TICK: Duration = Duration::from_mins(1);
/// A head that nobody has signed anew for so long is told to the operator.
const OLD_SECONDS: i64 = 24 * 3_600;

/// The log of a running server.
pub(crate) struct Notices {
    log: Log,
    known: Mutex<(Option<Stamp>, Arc<Told>)>,
    /// The file of the head that was found good, and the key that signed it.
    good: Mutex<Option<(Stamp, KeyId)>>,
    /// Who asks the second issuers, and when that was last.
    asking: tokio::sync::Mutex<Option<Timestamp>>,
}

impl Notices {
    pub(crate) fn new(log: Log) -> Self {
        Self { log, known: Mutex::default(), good: Mutex::default(), asking: tokio::sync::Mutex::default() }
    }
}

impl Inner {
    /// The head in force, as it is published.
    pub(crate) async fn notice_head(self: &Arc<Self>) -> Result<Vec<u8>, ServerError> {
        if self.is_head_due() {
            let inner = Arc::clone(self);
            // What was begun is finished, also where nobody waits any more.
            let renewal = tokio::spawn(async move { inner.renew_head().await });
            let _ = tokio::time::timeout(WAIT, renewal).await;
        }
        let head =
            self.notices.log.head().map_err(|error| of_log(&error))?.ok_or(ProblemKind::Unavailable)?;
        Ok(head.0.to_bytes())
    }

    /// Has the head signed anew where that is due and nobody else does.
    pub(crate) async fn renew_head(&self) {
        let now = self.ports.clock.now();
        let Ok(mut asked) = self.notices.asking.try_lock() else { return };
        let again = |at: Timestamp| !(0..ASK_AGAIN_SECONDS).contains(&now.since(at).div_euclid(1_000));
        if !self.is_head_due() || !asked.is_none_or(again) {
            return;
        }
        match self.witness_log().await {
            Ok(()) => *asked = None,
            Err(error) => {
                *asked = Some(now);
                tracing::error!(%error, "the head of the log of exposure notices is not signed anew");
            }
        }
    }

    fn is_head_due(&self) -> bool {
        // Without a second issuer there is nobody to sign anew for.
        if self.ports.witnesses.is_empty() {
            return false;
        }
        let Ok(Some((_, content))) = self.notices.log.head() else { return true };
        let age = self.ports.clock.now().since(content.at).div_euclid(1_000);
        let good = *self.notices.good.lock().unwrap_or_else(PoisonError::into_inner);
        !(0..SIGN_ANEW_SECONDS).contains(&age)
            || self.notices.log.has(content.size + 1)
            || good != self.head_as_it_is()
    }

    fn head_as_it_is(&self) -> Option<(Stamp, KeyId)> {
        let stamp = Stamp::of(&self.notices.log.head_path()).ok().flatten()?;
        Some((stamp, self.keys.now().notices.public_key().id()))
    }

    /// Begins the log where there is none.
    pub(crate) async fn begin_notices(&self) -> Result<(), StartError> {
        let now = self.ports.clock.now();
        self.notices.log.begin(&self.own_issuer(), &self.keys.now().notices, now)?;
        self.look_after_notices().await;
        Ok(())
    }

    /// What the server does by itself: it keeps for its operator who is listed.
    async fn look_after_notices(&self) {
        // A follower has no list yet.
        let Ok(trust) = self.listed().await else { return };
        if let Err(error) = self.note_listed(&trust) {
            tracing::error!(%error, "the issuers cannot be kept beside the log");
        }
    }

    /// Looks after the log for as long as the server serves.
    pub(crate) async fn keep_notices(self: Arc<Self>) {
        loop {
            self.look_after_notices().await;
            self.renew_head().await;
            tokio::time::sleep(TICK).await;
        }
    }

    async fn witness_log(&self) -> Result<(), StartError> {
        let trust = self.listed().await.map_err(|error| StartError::Unwitnessed(error.to_string()))?;
        self.note_listed(&trust)?;
        let keys = self.keys.now();
        let signing = Signing {
            log: &self.notices.log,
            issuer: &self.config.issuer,
            key: &keys.notices,
            trust: &trust,
            witnesses: &self.ports.witnesses,
            now: self.ports.clock.now(),
        };
        signing.renew().await?;
        *self.notices.good.lock().unwrap_or_else(PoisonError::into_inner) = self.head_as_it_is();
        Ok(())
    }

    /// Keeps for the operator who is listed.
    fn note_listed(&self, trust: &TrustList) -> Result<(), StartError> {
        let listed = Listed { issuer: self.config.issuer.clone(), issuers: trust.content().issuers.clone() };
        self.notices.log.note_listed(&listed)
    }

    /// A file of the log by its names in the address: a notice, or a file of places of it. Only what is in force.
    pub(crate) fn notice_file(&self, number: &str, part: Option<&str>) -> Result<Vec<u8>, ServerError> {
        let missing = || ServerError::from(ProblemKind::NotFound);
        let number = canonical(number).ok_or_else(missing)?;
        let (_, head) = self.notices.log.head().map_err(|error| of_log(&error))?.ok_or_else(missing)?;
        if !(1..=head.size).contains(&number) {
            return Err(missing());
        }
        let Some(part) = part else {
            return self
                .notices
                .log
                .notice_bytes(number, &self.keys.now().notices)
                .map_err(|error| of_log(&error));
        };
        let place = canonical(part).ok_or_else(missing)?;
        self.notices.log.part_bytes(number, place).map_err(|error| of_log(&error))?.ok_or_else(missing)
    }

    /// What is known of the notices in force, to judge a told match.
    pub(crate) fn told(&self) -> Arc<Told> {
        let stamp = Stamp::of(&self.notices.log.head_path()).ok().flatten();
        let mut known = self.notices.known.lock().unwrap_or_else(PoisonError::into_inner);
        if stamp != known.0 {
            match self.read_told(&known.1) {
                Ok(told) => *known = (stamp, Arc::new(told)),
                // Those that were read before are as they were: a log only grows.
                Err(error) => tracing::error!(%error, "the log of exposure notices cannot be read"),
            }
        }
        known.1.clone()
    }

    fn read_told(&self, known: &Told) -> Result<Told, StartError> {
        let size = self.notices.log.head()?.map_or(0, |(_, head)| head.size);
        let mut told = known.clone();
        for number in told.size() + 1..=size {
            told.push(&self.notices.log.notice(number, &self.keys.now().notices)?);
        }
        Ok(told)
    }

    /// What an operator should look at.
    pub(crate) fn notice_complaint(&self) -> Option<&'static str> {
        let log = &self.notices.log;
        let Ok(Some((_, head))) = log.head() else { return Some("notices-unreadable") };
        let old = |head: &LogHead| {
            self.ports.clock.now().since(head.at).div_euclid(1_000) >= OLD_SECONDS
                && !self.ports.witnesses.is_empty()
        };
        (log.has(head.size + 1) || old(&head)).then_some("notices-unwitnessed")
    }
}

impl App {
    /// Signs a notice as the next one of the log and asks the second issuers to sign for it. Without their signature it
    /// is not served: phones take none that only one authority vouches for. It waits then, and the server asks again.
    ///
    /// # Errors
    ///
    /// What no notice can say, with the member named; or files that cannot be read or written. Then nothing is published.
    pub async fn publish_notice(&self, draft: &NoticeDraft) -> Result<Publication, StartError> {
        let inner = &self.inner;
        let (calendar, now) = (inner.rulebook.offset_minutes, inner.ports.clock.now());
        let last = venues::last(&inner.config.venues_path())?;
        let log = &inner.notices.log;
        let number = log.publish(draft, &inner.keys.now().notices, calendar, last, now)?;
        let waits = match inner.witness_log().await {
            Ok(()) => None,
            Err(StartError::Unwitnessed(reason)) => Some(reason),
            Err(error) => return Err(error),
        };
        Ok(Publication { number, waits })
    }
}

/// A number in its one spelling.
fn canonical(text: &str) -> Option<u32> {
    text.parse::<u32>().ok().filter(|number| number.to_string() == text)
}

fn of_log(error: &StartError) -> ServerError {
    ServerError::Storage(error.to_string())
}
