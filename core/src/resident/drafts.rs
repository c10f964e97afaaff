//! What a person has typed and not recorded yet, so that the end of the app's process loses none of it: forms as an app
//! keeps them, and the wait for a one-time code. What never enters: a meaning. The core reads no word of a form here.

#![allow(clippy::needless_pass_by_value, reason = "what crosses the border is owned")]

use std::collections::HashMap;
use std::time::Duration;

use super::own_http::CodeRequested;
use super::{Resident, known};
use crate::error::HealthcodeError;
use crate::store::Draft;
use crate::sync::enrol;
use crate::sync::phone::Phone;
use crate::token::SubjectId;

const MAX_FORMS: usize = 16;
const MAX_FIELDS: usize = 256;
const MAX_NAME: usize = 64;
/// Of the names and the words of one form together, in bytes.
const MAX_SIZE: usize = 64 * 1024;

/// An enrolment whose one-time code is waited for.
#[derive(Clone, PartialEq, Eq, uniffi::Record)]
#[uniffi::export(Debug)]
pub struct EnrolmentUnderWay {
    /// The masked name of the person whom it is to enrol.
    pub masked_name: String,
    /// The subject of this phone who asks to care for the person; none where the person enrols.
    pub carer: Option<String>,
    /// The subject of this phone that moves to another authority; none for an enrolment at the home one.
    pub moved_from: Option<String>,
    /// The id of the authority to which the person moves; none for the home authority.
    pub moves_to: Option<String>,
    /// The code: how many digits it has, and how long from now it is good. Zero where that is over, and an officer or
    /// the records may still confirm.
    pub code: CodeRequested,
}

silent!(EnrolmentUnderWay);

#[uniffi::export]
impl Resident {
    /// Keeps a form that is being filled in, in the place of what was kept of it before; no words forget it. It is
    /// sealed like everything else in the phone's file, leaves the phone only in [`Resident::export`], and goes after
    /// seven days, or with the subject. A form about nobody on this phone yet has no `subject` and goes with whoever is
    /// erased.
    ///
    /// `form` is the app's own name for it: at most 64 letters, digits, points and hyphens of ASCII. `words` are what
    /// was typed, by the app's own names of the fields: at most 256, each name at most 64 bytes, 64 KiB in all, of at most
    /// 16 forms a subject.
    ///
    /// # Errors
    ///
    /// `InvalidField` for `form` or `words`; `UnknownSubject`, `Storage`, `Port`.
    #[uniffi::method(default(words = None))]
    pub fn keep_draft(
        &self,
        subject: Option<String>,
        form: String,
        words: Option<HashMap<String, String>>,
    ) -> Result<(), HealthcodeError> {
        check_form(&form)?;
        let phone = self.phone()?;
        let subject = subject_of(&phone, subject.as_deref())?;
        words.as_ref().map_or(Ok(()), check_words)?;
        let now = phone.now()?;
        let kept_at = now.estimate.is_some().then_some(now.lower_bound);
        let draft = words.map(|words| Draft { kept_at, words: words.into_iter().collect() });
        // No screen shows it but the one that types: the others are not woken with each letter.
        phone.store.write_unseen(|file| match file.put_draft(subject, &form, draft)? {
            ..=MAX_FORMS => Ok(()),
            _ => Err(HealthcodeError::field("form", "too-many")),
        })
    }

    /// What was kept of a form by [`Resident::keep_draft`].
    ///
    /// # Errors
    ///
    /// `InvalidField` for `form`; `UnknownSubject`, `Storage`, `Port`.
    pub fn draft(
        &self,
        subject: Option<String>,
        form: String,
    ) -> Result<Option<HashMap<String, String>>, HealthcodeError> {
        check_form(&form)?;
        let phone = self.phone()?;
        let subject = subject_of(&phone, subject.as_deref())?;
        let now = phone.now()?.lower_bound;
        let draft = phone.store.read(|file| file.draft(subject, &form, now))?;
        Ok(draft.map(|draft| draft.words.into_iter().collect()))
    }

    /// The enrolment whose one-time code is waited for, also where the app has ended since: `enrol` or `confirm_care`
    /// goes on with it. None where no code was asked for, or the code is no longer good; whoever asks to care for
    /// somebody waits for a week.
    ///
    /// # Errors
    ///
    /// `Storage`, `Port`.
    pub fn enrolment_under_way(&self) -> Result<Option<EnrolmentUnderWay>, HealthcodeError> {
        let Some(waiting) = enrol::waiting(self.phone()?.as_ref())? else { return Ok(None) };
        let (moved_from, moves_to) = waiting.moves.unzip();
        Ok(Some(EnrolmentUnderWay {
            masked_name: waiting.masked_name,
            carer: waiting.carer.map(|carer| carer.to_string()),
            moved_from: moved_from.map(|subject| subject.to_string()),
            moves_to,
            code: CodeRequested { expires_in: Duration::from_secs(waiting.left), digits: waiting.digits },
        }))
    }

    /// Gives up the enrolment that is waited for: its code fits no more on this phone, and its key goes. Nothing where
    /// none is.
    ///
    /// # Errors
    ///
    /// `Storage`.
    pub fn give_up_enrolment(&self) -> Result<(), HealthcodeError> {
        enrol::give_up(self.phone()?.as_ref())
    }
}

fn subject_of(phone: &Phone, subject: Option<&str>) -> Result<Option<SubjectId>, HealthcodeError> {
    Ok(subject.map(|subject| known(phone, subject)).transpose()?.map(|key| key.subject))
}

fn check_form(form: &str) -> Result<(), HealthcodeError> {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'.' || byte == b'-';
    if form.is_empty() || !form.bytes().all(plain) {
        return Err(HealthcodeError::field("form", "characters"));
    }
    if form.len() > MAX_NAME { Err(HealthcodeError::field("form", "too-long")) } else { Ok(()) }
}

fn check_words(words: &HashMap<String, String>) -> Result<(), HealthcodeError> {
    if words.len() > MAX_FIELDS {
        return Err(HealthcodeError::field("words", "too-many"));
    }
    let size: usize = words.iter().map(|(name, word)| name.len().saturating_add(word.len())).sum();
    if size > MAX_SIZE || words.keys().any(|name| name.len() > MAX_NAME) {
        return Err(HealthcodeError::field("words", "too-long"));
    }
    Ok(())
}

#[cfg(test)]
mod tests;
