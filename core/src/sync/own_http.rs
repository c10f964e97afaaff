//! The exchange as an object, for an app that has its own HTTP stack and for tests without sockets.

#![allow(clippy::needless_pass_by_value, reason = "what crosses the border is owned")]

use std::sync::{Arc, Mutex, PoisonError};

use super::cancel::{Cancel, Hold};
use super::exchange::{Exchange, Step};
use super::reply::{Call, Reply};
use super::report::SyncReport;
use crate::error::{HealthcodeError, NetworkKind};

/// What to do next in an exchange.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Enum)]
pub enum ExchangeStep {
    /// Make this call and bring the reply.
    Send {
        /// The call.
        call: Call,
    },
    /// The exchange is over.
    Done {
        /// What it came to.
        report: SyncReport,
    },
}

/// One exchange under way. Given up at any point, it loses nothing: what was sent takes effect once.
#[derive(uniffi::Object)]
pub struct SyncExchange {
    inner: Mutex<Exchange>,
    hold: Arc<Hold>,
}

#[uniffi::export]
impl SyncExchange {
    /// The next step; from the second call on with the reply to the last one.
    ///
    /// # Errors
    ///
    /// Those of `sync`, and `Closed` with the object that began it. After one the exchange is over; begin another after a pause.
    #[uniffi::method(default(reply = None))]
    pub fn next(&self, reply: Option<Reply>) -> Result<ExchangeStep, HealthcodeError> {
        self.step(|exchange| reply.map_or(Ok(()), |reply| exchange.accept(&reply)))
    }

    /// The next step where no reply came to the last call: what a gate can do without, such as another issuer's status
    /// list, is left for the next exchange.
    ///
    /// # Errors
    ///
    /// `Network` with `Offline` for a call without whose reply the exchange cannot go on; else as [`SyncExchange::next`].
    pub fn unanswered(&self) -> Result<ExchangeStep, HealthcodeError> {
        let offline = HealthcodeError::Network { kind: NetworkKind::Offline, retry_after: None };
        self.step(|exchange| exchange.unanswered(offline))
    }
}

#[uniffi::export]
impl SyncExchange {
    /// Waits until the object that began it is closed, so that who waits for a reply can be woken.
    ///
    /// # Errors
    ///
    /// `Closed`, `Cancelled`: it has no other end.
    #[uniffi::method(default(cancel = None))]
    pub async fn closed(&self, cancel: Option<Arc<Cancel>>) -> Result<(), HealthcodeError> {
        self.hold.until_ended(cancel, std::future::pending()).await
    }
}

impl SyncExchange {
    fn step(
        &self,
        take: impl FnOnce(&mut Exchange) -> Result<(), HealthcodeError>,
    ) -> Result<ExchangeStep, HealthcodeError> {
        // Only a bug can leave it half done, and the next exchange begins anew.
        let mut exchange = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        if let Err(closed) = self.hold.phone() {
            exchange.end();
            return Err(closed);
        }
        match take(&mut exchange).and_then(|()| exchange.next()) {
            Ok(Step::Send(call)) => Ok(ExchangeStep::Send { call }),
            Ok(Step::Done(report)) => Ok(ExchangeStep::Done { report }),
            Err(error) => {
                exchange.end();
                Err(error)
            }
        }
    }

    pub(crate) fn of(exchange: Exchange, hold: &Arc<Hold>) -> Arc<Self> {
        Arc::new(Self { inner: Mutex::new(exchange), hold: Arc::clone(hold) })
    }
}

impl std::fmt::Debug for SyncExchange {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SyncExchange(..)")
    }
}
