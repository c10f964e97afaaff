//! The exchange as an object, for an app that has its own HTTP stack and for tests without sockets.

#![allow(clippy::needless_pass_by_value, reason = "what crosses the border is owned")]

use std::sync::{Arc, Mutex, PoisonError};

use super::exchange::{Exchange, Step, SyncReport};
use super::reply::{Call, Reply};
use crate::error::HealthcodeError;

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
}

#[uniffi::export]
impl SyncExchange {
    /// The next step; from the second call on with the reply to the last one.
    ///
    /// # Errors
    ///
    /// Those of `sync`. After one the exchange is over; begin another after a pause.
    #[uniffi::method(default(reply = None))]
    pub fn next(&self, reply: Option<Reply>) -> Result<ExchangeStep, HealthcodeError> {
        // Only a bug can leave it half done, and the next exchange begins anew.
        let mut exchange = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        let accepted = reply.map_or(Ok(()), |reply| exchange.accept(&reply));
        match accepted.and_then(|()| exchange.next()) {
            Ok(Step::Send(call)) => Ok(ExchangeStep::Send { call }),
            Ok(Step::Done(report)) => Ok(ExchangeStep::Done { report }),
            Err(error) => {
                exchange.end();
                Err(error)
            }
        }
    }
}

impl SyncExchange {
    pub(crate) fn of(exchange: Exchange) -> Arc<Self> {
        Arc::new(Self { inner: Mutex::new(exchange) })
    }
}

impl std::fmt::Debug for SyncExchange {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SyncExchange(..)")
    }
}
