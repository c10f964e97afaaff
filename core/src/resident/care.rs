//! Care for others: a child, a parent, somebody without a phone. The resident asks for a key of an own for that person,
//! which the person's one-time code, the public records or an officer confirm; every phone of the person is told of it,
//! and what it does ends at once where either says so (`EndCare`).

#![allow(clippy::needless_pass_by_value, reason = "what crosses the border is owned")]

#[cfg(feature = "http")]
use std::sync::Arc;

#[cfg(feature = "http")]
use super::own_http::{CodeRequested, Enrolment, enrolled};
use super::standing::Standing;
use super::{IdentityForm, Resident, identity, known};
use crate::error::HealthcodeError;
use crate::rules::calendar::Timestamp;
use crate::store::{StoredCarer, SubjectBody, SubjectKey};
#[cfg(feature = "http")]
use crate::sync::Cancel;
#[cfg(feature = "http")]
use crate::sync::http::{Client, run};
use crate::sync::phone::Phone;
use crate::sync::{Call, care, enrol};
use crate::token::ids::{hex, unhex};
use crate::wire::operation::CareChange;

/// Somebody who cares for a subject, with a key of an own.
#[derive(Clone, PartialEq, Eq, uniffi::Record)]
#[uniffi::export(Debug)]
pub struct Carer {
    /// The key: what [`super::Entry::EndCare`] takes.
    pub key: String,
    /// The carer's subject id at the same issuer.
    pub carer: String,
    /// The carer's masked name, as the issuer says it.
    pub masked_name: String,
    /// Since when the key speaks for the subject, by the issuer's time.
    pub since: Timestamp,
    /// Whether it is the key that this phone has for the subject.
    pub this_phone: bool,
}

silent!(Carer);

#[uniffi::export]
impl Resident {
    /// The call by which a subject of this phone asks to care for another person; see `request_care`. Take the reply with
    /// [`Resident::one_time_code_reply`].
    ///
    /// # Errors
    ///
    /// As `request_care`, but for those of the network.
    pub fn care_call(&self, carer: String, identity: IdentityForm) -> Result<Call, HealthcodeError> {
        let phone = self.phone()?;
        care::request(&phone, &known(&phone, &carer)?, self::identity(&phone, &identity)?)
    }

    /// The call that confirms it, with the code that the person was sent, or without one; see `confirm_care`. Take the
    /// reply with [`Resident::enrol_reply`].
    ///
    /// # Errors
    ///
    /// `InvalidField` for a code that is none, or where nobody has asked; `Vault`, `Storage`.
    #[uniffi::method(default(code = None))]
    pub fn confirm_care_call(&self, code: Option<String>) -> Result<Call, HealthcodeError> {
        enrol::confirm_with(self.phone()?.as_ref(), code.as_deref())
    }
}

#[cfg(feature = "http")]
#[uniffi::export]
impl Resident {
    /// Asks to care for another person. `carer` is the subject of this phone who asks, with an own key; the telephone
    /// number in the form is the one on record for the person, or any where the records have none. A one-time code goes to
    /// the number on record; without one the records or an officer confirm it. The answer is the same whether or not there
    /// is such a person. A key for the person is made first and kept.
    ///
    /// # Errors
    ///
    /// `InvalidField` for the first field that is wrong: `carer` with `cared-for` for a subject for whom this phone cares
    /// itself, or with `too-many` where the rulebook's number is reached on this phone; `Rejected` with `limit` where it is
    /// reached at the authority; `UnknownSubject`, `Replaced`, `Network`, `Rejected`, `Vault`, `Storage`, `Cancelled`.
    #[uniffi::method(default(cancel = None))]
    pub async fn request_care(
        &self,
        carer: String,
        identity: IdentityForm,
        cancel: Option<Arc<Cancel>>,
    ) -> Result<CodeRequested, HealthcodeError> {
        let phone = self.phone()?;
        let work = async move {
            let identity = self::identity(&phone, &identity)?;
            let carer = known(&phone, &carer)?;
            let client = Client::new(&phone.config)?;
            let call = care::request(&phone, &carer, identity)?;
            Ok(CodeRequested::of(&enrol::started(&phone, &client.send(&call).await?)?))
        };
        run(&self.hold, cancel, work).await
    }

    /// Confirms it with the code that the person was sent; without a code, asks whether the records or an officer have
    /// confirmed it. A request stands for a week, also over an end of the app. The person is on this phone from then on,
    /// and the key speaks at once. Then [`Resident::sync`].
    ///
    /// # Errors
    ///
    /// `InvalidField` for a code that is none, or where nobody has asked; `Rejected` with `relation-pending` while it is not
    /// confirmed, with `wrong-code` for a code that does not fit or a request that has lapsed, with `limit` where as many
    /// care for the person as may; `Network`, `Vault`, `Storage`, `Cancelled`.
    #[uniffi::method(default(code = None, cancel = None))]
    pub async fn confirm_care(
        &self,
        code: Option<String>,
        cancel: Option<Arc<Cancel>>,
    ) -> Result<Enrolment, HealthcodeError> {
        let phone = self.phone()?;
        let work = async move {
            let client = Client::new(&phone.config)?;
            let call = enrol::confirm_with(&phone, code.as_deref())?;
            enrolled(&phone, &client.send(&call).await?)
        };
        run(&self.hold, cancel, work).await
    }
}

/// Who cares for a subject, for its card.
pub(super) fn carers(standing: &Standing) -> Vec<Carer> {
    let body = &standing.body;
    let carer = |StoredCarer { key, of, since }: &StoredCarer| Carer {
        key: hex(&key.0),
        carer: of.carer.to_string(),
        masked_name: of.name.clone(),
        since: *since,
        this_phone: body.cared_by.as_ref().is_some_and(|ours| ours.carer == of.carer),
    };
    body.carers.iter().map(carer).collect()
}

/// The end of what a carer does: the person's own phone says it of anybody, a carer's of itself.
pub(super) fn check_end(
    phone: &Phone,
    subject: &SubjectKey,
    key: &str,
) -> Result<CareChange, HealthcodeError> {
    let wrong = |reason: &str| HealthcodeError::field("key", reason);
    let end = unhex::<8>(key).ok_or_else(|| wrong("not-a-key"))?;
    let body = phone.store.read(|file| file.subject(subject))?.ok_or(HealthcodeError::UnknownSubject)?;
    let SubjectBody { carers, cared_by, .. } = body;
    let named = carers.iter().find(|known| known.key.0 == end).ok_or_else(|| wrong("not-a-carer"))?;
    if cared_by.is_some_and(|ours| ours.carer != named.of.carer) {
        return Err(wrong("another-carer"));
    }
    Ok(CareChange { end: end.to_vec().into() })
}

#[cfg(test)]
mod tests;
