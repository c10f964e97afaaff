//! The exchange for an app that has its own HTTP stack, and for tests without sockets: the core says which call to
//! make, the app makes it and brings the reply. The core's own client goes the same way, see [`crate::sync::http`].

#![allow(clippy::needless_pass_by_value, reason = "what crosses the border is owned")]

use std::sync::Arc;

use super::input::IdentityForm;
use super::{Resident, identity};
use crate::error::HealthcodeError;
use crate::rules::calendar::Timestamp;
use crate::sync::exchange::Exchange;
use crate::sync::{Call, Reply, SyncExchange, enrol};

/// A one-time code was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, uniffi::Record)]
pub struct CodeRequested {
    /// Seconds until it expires.
    pub expires_in_seconds: u32,
    /// How many digits it has.
    pub digits: u8,
}

/// A subject was enrolled on this phone.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct Enrolment {
    /// The subject's id: what the other calls take.
    pub subject: String,
    /// When this phone takes over, where another one has to be told first; none when it is active now.
    pub pending_until: Option<Timestamp>,
}

#[uniffi::export]
impl Resident {
    /// Begins an exchange over the app's own HTTP stack.
    ///
    /// # Errors
    ///
    /// `Storage`, `Port`.
    pub fn exchange(&self) -> Result<Arc<SyncExchange>, HealthcodeError> {
        Ok(SyncExchange::of(Exchange::begin(Arc::clone(&self.phone))?))
    }

    /// Notes that a call of an exchange failed, with the server's `Retry-After`, so that [`Resident::home`] says when
    /// background work may try again.
    ///
    /// # Errors
    ///
    /// `Storage`, `Port`.
    pub fn exchange_failed(&self, retry_after_seconds: Option<u32>) -> Result<(), HealthcodeError> {
        let kind = crate::error::NetworkKind::Offline;
        Exchange::failed(&self.phone, &HealthcodeError::Network { kind, retry_after_seconds })
    }

    /// The call that asks for a one-time code; see `request_one_time_code`.
    ///
    /// # Errors
    ///
    /// `InvalidField` for the first field that is wrong; `Vault`, `Storage`.
    pub fn one_time_code_call(&self, identity: IdentityForm) -> Result<Call, HealthcodeError> {
        enrol::request(&self.phone, self::identity(&self.phone, &identity)?)
    }

    /// Takes the reply to that call.
    ///
    /// # Errors
    ///
    /// `Network`, `Rejected`, `Storage`.
    pub fn one_time_code_reply(&self, reply: Reply) -> Result<CodeRequested, HealthcodeError> {
        let started = enrol::started(&self.phone, &reply)?;
        Ok(CodeRequested { expires_in_seconds: started.expires_in, digits: started.digits })
    }

    /// The call that confirms a one-time code; see `enrol`.
    ///
    /// # Errors
    ///
    /// `InvalidField` for a code that is none, or without one asked for; `Vault`, `Storage`.
    pub fn enrol_call(&self, code: String) -> Result<Call, HealthcodeError> {
        enrol::confirm(&self.phone, &code)
    }

    /// Takes the reply to that call.
    ///
    /// # Errors
    ///
    /// `Rejected` with `wrong-code`; `Network`, `Vault`, `Storage`.
    pub fn enrol_reply(&self, reply: Reply) -> Result<Enrolment, HealthcodeError> {
        let confirmed = enrol::confirmed(&self.phone, &reply)?;
        Ok(Enrolment { subject: confirmed.key.subject.to_string(), pending_until: confirmed.pending_until })
    }
}
