//! The handover of a subject to another phone, face to face: the new phone shows a code, the old one answers with one,
//! also without a network, and the new one tells the authority, which lets it speak at once.

#![allow(clippy::needless_pass_by_value, reason = "what crosses the border is owned")]

#[cfg(feature = "http")]
use std::sync::Arc;

use super::own_http::Enrolment;
use super::{Resident, known};
use crate::error::HealthcodeError;
use crate::qr::CodePicture;
use crate::rules::calendar::Timestamp;
#[cfg(feature = "http")]
use crate::sync::Cancel;
#[cfg(feature = "http")]
use crate::sync::http::{Client, run};
use crate::sync::{Call, Reply, handover};

/// A code of a handover, to be shown to the other phone. Keep it in memory only: no file, no clipboard.
#[derive(Clone, PartialEq, Eq, uniffi::Record)]
#[uniffi::export(Debug)]
pub struct HandoverPicture {
    /// The text in the QR code, `H5:` and base45.
    pub text: String,
    /// The QR code.
    pub picture: CodePicture,
    /// Until when the authority takes it, by the phone's lower bound of time; none for what the new phone shows.
    pub expires_at: Option<Timestamp>,
    /// Who is handed over, as every code shows the person; none for what the new phone shows.
    #[uniffi(default = None)]
    pub masked_name: Option<String>,
}

silent!(HandoverPicture);

#[uniffi::export]
impl Resident {
    /// What a new phone shows to the phone of before: a key and a secret, for one subject. It is the same until a subject
    /// has come with [`Resident::take_over`], also over an end of the app. It needs no network.
    ///
    /// # Errors
    ///
    /// `Vault`, `Storage`.
    pub fn handover_request(&self) -> Result<HandoverPicture, HealthcodeError> {
        let text = handover::request(self.phone()?.as_ref())?;
        Ok(HandoverPicture { picture: CodePicture::of(&text)?, text, expires_at: None, masked_name: None })
    }

    /// What the phone of before shows to the new one, whose code it has scanned: its consent to the new key, good for 24
    /// hours, and who the person is, which only the new phone reads. It needs no network. This phone speaks for the subject
    /// until the authority says that the new one does. After a start of the device a day or more after the last sync its time
    /// lags, and the authority would find the consent too old: sync before. Ask the person first: whoever has this code's other phone speaks for
    /// the subject then.
    ///
    /// # Errors
    ///
    /// `InvalidField` of `text`: `not-a-handover`, or `not-a-request` for the answer of another handover; of `subject`:
    /// `another-authority` for whom another one than the phone's home authority knows; `UnknownSubject`, `Replaced`,
    /// `Vault`, `Storage`, `Port`.
    pub fn hand_over(&self, subject: String, text: String) -> Result<HandoverPicture, HealthcodeError> {
        let phone = self.phone()?;
        let answer = handover::agree(&phone, &known(&phone, &subject)?, &text)?;
        Ok(HandoverPicture {
            picture: CodePicture::of(&answer.text)?,
            text: answer.text,
            expires_at: Some(answer.expires_at),
            masked_name: Some(answer.masked_name),
        })
    }

    /// The call by which a new phone tells the authority what the phone of before has agreed to; see `take_over`.
    ///
    /// # Errors
    ///
    /// As `take_over`, but for those of the network.
    #[uniffi::method(default(text = None))]
    pub fn take_over_call(&self, text: Option<String>) -> Result<Call, HealthcodeError> {
        handover::take_over(self.phone()?.as_ref(), text.as_deref())
    }

    /// Takes the reply to that call.
    ///
    /// # Errors
    ///
    /// `Rejected` with `late` or `unknown-subject`; `Replaced`, `Network`, `Vault`, `Storage`.
    pub fn take_over_reply(&self, reply: Reply) -> Result<Enrolment, HealthcodeError> {
        Ok(Enrolment::of(handover::taken_over(self.phone()?.as_ref(), &reply)?))
    }
}

#[cfg(feature = "http")]
#[uniffi::export]
impl Resident {
    /// Tells the authority what the phone of before has agreed to, by the code that it shows: the subject is on this phone
    /// from then on, and this phone speaks at once. What was scanned is kept: after a failure of the network, or an end of
    /// the app, it goes on without a text. Then [`Resident::sync`].
    ///
    /// # Errors
    ///
    /// `InvalidField` of `text`: `not-a-handover`, `not-an-answer` for what a new phone shows, `another-authority`,
    /// `for-another-phone`, `expired`, `already-enrolled`, `not-requested` where this phone has shown no code,
    /// `not-scanned` without a text where none was scanned before. `Rejected` with `late` where the 24 hours are over,
    /// `unknown-subject` for what fits nobody; `Replaced` where the subject has moved on: begin anew on the phone of before.
    /// `Network`, `Vault`, `Storage`, `Cancelled`.
    #[uniffi::method(default(text = None, cancel = None))]
    pub async fn take_over(
        &self,
        text: Option<String>,
        cancel: Option<Arc<Cancel>>,
    ) -> Result<Enrolment, HealthcodeError> {
        let phone = self.phone()?;
        let work = async move {
            let client = Client::new(&phone.config)?;
            let call = handover::take_over(&phone, text.as_deref())?;
            Ok(Enrolment::of(handover::taken_over(&phone, &client.send(&call).await?)?))
        };
        run(&self.hold, cancel, work).await
    }
}

#[cfg(test)]
mod tests;
