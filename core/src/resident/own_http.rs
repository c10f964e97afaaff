//! The exchange for an app that has its own HTTP stack, and for tests without sockets: the core says which call to
//! make, the app makes it and brings the reply. The core's own client goes the same way, see [`crate::sync::http`].

#![allow(clippy::needless_pass_by_value, reason = "what crosses the border is owned")]

use std::sync::Arc;
use std::time::Duration;

use super::brought::bring_all;
use super::input::IdentityForm;
use super::{Resident, identity};
use crate::error::HealthcodeError;
use crate::rules::calendar::Timestamp;
use crate::sync::enrol::{self, Confirmed};
use crate::sync::exchange::Exchange;
use crate::sync::phone::Phone;
use crate::sync::reply::seconds;
use crate::sync::{Call, Reply, SyncExchange};
use crate::wire::message::EnrolmentStarted;

/// A one-time code was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, uniffi::Record)]
pub struct CodeRequested {
    /// How long until it expires.
    pub expires_in: Duration,
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

impl CodeRequested {
    pub(super) fn of(started: &EnrolmentStarted) -> Self {
        Self { expires_in: Duration::from_secs(started.expires_in.into()), digits: started.digits }
    }
}

impl Enrolment {
    pub(super) fn of(confirmed: Confirmed) -> Self {
        Self { subject: confirmed.key.subject.to_string(), pending_until: confirmed.pending_until }
    }
}

/// What a confirmed enrolment came to. What a move brings along is recorded with it.
pub(super) fn enrolled(phone: &Phone, reply: &Reply) -> Result<Enrolment, HealthcodeError> {
    let confirmed = enrol::confirmed(phone, reply)?;
    bring_all(phone);
    Ok(Enrolment::of(confirmed))
}

#[uniffi::export]
impl Resident {
    /// Begins an exchange over the app's own HTTP stack.
    ///
    /// # Errors
    ///
    /// `Storage`, `Port`.
    pub fn exchange(&self) -> Result<Arc<SyncExchange>, HealthcodeError> {
        let phone = self.phone()?;
        bring_all(&phone);
        Ok(SyncExchange::of(Exchange::begin(phone)?, &self.hold))
    }

    /// Notes that a call of an exchange failed, with the server's `Retry-After` in seconds, so that [`Resident::home`] says when
    /// background work may try again.
    ///
    /// # Errors
    ///
    /// `Storage`, `Port`.
    #[uniffi::method(default(retry_after_seconds = None))]
    pub fn exchange_failed(&self, retry_after_seconds: Option<u32>) -> Result<(), HealthcodeError> {
        let kind = crate::error::NetworkKind::Offline;
        let retry_after = seconds(retry_after_seconds);
        Exchange::failed(self.phone()?.as_ref(), &HealthcodeError::Network { kind, retry_after })
    }

    /// The call that asks for a one-time code; see `request_one_time_code`.
    ///
    /// # Errors
    ///
    /// `InvalidField` for the first field that is wrong; `Vault`, `Storage`.
    pub fn one_time_code_call(&self, identity: IdentityForm) -> Result<Call, HealthcodeError> {
        let phone = self.phone()?;
        enrol::request(&phone, self::identity(&phone, &identity)?)
    }

    /// Takes the reply to that call.
    ///
    /// # Errors
    ///
    /// `Network`, `Rejected`, `Storage`.
    pub fn one_time_code_reply(&self, reply: Reply) -> Result<CodeRequested, HealthcodeError> {
        Ok(CodeRequested::of(&enrol::started(self.phone()?.as_ref(), &reply)?))
    }

    /// The call that confirms a one-time code; see `enrol`.
    ///
    /// # Errors
    ///
    /// `InvalidField` for a code that is none, or without one asked for; `Vault`, `Storage`.
    pub fn enrol_call(&self, code: String) -> Result<Call, HealthcodeError> {
        enrol::confirm(self.phone()?.as_ref(), &code)
    }

    /// Takes the reply to that call.
    ///
    /// # Errors
    ///
    /// `Rejected` with `wrong-code`; `Network`, `Vault`, `Storage`.
    pub fn enrol_reply(&self, reply: Reply) -> Result<Enrolment, HealthcodeError> {
        enrolled(self.phone()?.as_ref(), &reply)
    }
}
