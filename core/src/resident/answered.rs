//! The log of answers: who asked this phone for one, when, and what was shown. It stays on the phone.

use super::{Resident, known};
use crate::error::HealthcodeError;
use crate::rules::calendar::Timestamp;
use crate::rules::colour::Colour;
use crate::store::{Answered, SubjectKey};
use crate::sync::phone::{Now, Phone};

/// An answer that was given to a gate's challenge.
#[derive(Clone, PartialEq, Eq, uniffi::Record)]
#[uniffi::export(Debug)]
pub struct AnsweredChallenge {
    /// How the gate named itself; nobody vouches for the name.
    pub gate: String,
    /// When, by this phone.
    pub at: Timestamp,
    /// Whether `at` is more than a lower bound of true time.
    pub time_sure: bool,
    /// The colour that was shown. With it went the masked name and the last four characters of the document.
    pub colour: Colour,
}

silent!(AnsweredChallenge);

/// Writes an answer down. A resident whose phone's disk is full still passes: the answer is given all the same.
pub(super) fn note(phone: &Phone, key: &SubjectKey, gate: &str, colour: Colour, now: &Now) {
    let (at, sure) = (now.best(), now.estimate.is_some());
    let answered = Answered { gate: gate.to_owned(), at, sure, colour };
    if let Err(error) = phone.store.write(|file| file.put_answered(key, &answered)) {
        phone.log(crate::platform::LogLevel::Warning, format!("an answer was not noted: {error}"));
    }
}

#[uniffi::export]
impl Resident {
    /// To whom answers were given about a subject, the latest last. Entries go after the rulebook's travel window (14
    /// days in the first rulebook), by trusted time.
    ///
    /// # Errors
    ///
    /// `UnknownSubject`, `Storage`.
    pub fn answered_challenges(&self, subject: String) -> Result<Vec<AnsweredChallenge>, HealthcodeError> {
        let phone = self.phone()?;
        let key = known(&phone, &subject)?;
        let answered = phone.store.read(|file| file.answered(&key))?;
        let shown = |(_, Answered { gate, at, sure, colour }): (u64, Answered)| AnsweredChallenge {
            gate,
            at,
            time_sure: sure,
            colour,
        };
        Ok(answered.into_iter().map(shown).collect())
    }

    /// Deletes this log of a subject at once.
    ///
    /// # Errors
    ///
    /// `UnknownSubject`, `Storage`.
    pub fn forget_answered_challenges(&self, subject: String) -> Result<(), HealthcodeError> {
        let phone = self.phone()?;
        let key = known(&phone, &subject)?;
        Ok(phone.store.write(|file| file.forget_answered(&key))?)
    }
}
