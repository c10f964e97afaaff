//! The object that a resident's app holds. One call a screen; each call reads the phone's file, the trusted clock and
//! the rules, and nothing is kept in memory between two calls. What never enters: a decision that only the authority
//! can take. The phone explains, previews, and may lower its own standing; it never raises it.

#![allow(clippy::needless_pass_by_value, reason = "what crosses the border is owned")]

// What a person typed, and what tells of a person's health, is for the rules and the sealed store, never for a log.
macro_rules! silent {
    ($($name:ident),+ $(,)?) => {
        $(impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(concat!(stringify!($name), "(..)"))
            }
        })+
    };
}

mod answered;
mod appeals;
mod brought;
mod care;
mod code;
mod count;
mod disclosure;
mod drafts;
mod draw;
mod erase;
mod export;
mod exposures;
mod handover;
mod home;
mod input;
mod journal;
mod moving;
#[cfg(feature = "http")]
mod network;
mod own_http;
mod papers;
mod proof;
mod quarantine;
mod record;
mod region;
mod scan;
mod standing;
mod time_state;
mod whereabouts;

use std::sync::Arc;

pub use answered::AnsweredChallenge;
pub use appeals::{AppealCard, AppealInput, AppealStanding, Appeals, Contestable};
pub use care::Carer;
pub use code::ShownCode;
pub use count::{QuarantineCount, count_quarantine};
pub use disclosure::explain_disclosure;
pub use drafts::EnrolmentUnderWay;
#[cfg(feature = "png")]
pub use draw::draw_png;
pub use draw::{draw_luminance, draw_svg};
pub use erase::erase_database;
pub use exposures::{Exposure, ExposureAnswer, ExposureState, NoticeState};
pub use handover::HandoverPicture;
pub use home::{Home, SubjectCard, SubjectState, SyncState, Takeover};
pub use input::{
    AnswerInput, AnswerValue, CheckInInput, ConsentInput, DeclarationInput, Entry, FieldProblem, Form,
    FormQuestion, IdentityForm, PaperInput, QuestionForm, StayInput,
};
pub use journal::{EntryOutcome, JournalEntry, JournalEvent, JournalPage};
pub use moving::MovePreview;
pub use own_http::{CodeRequested, Enrolment};
pub use papers::{PaperCode, PaperCodeState};
pub use quarantine::{CheckInState, CheckInView, QuarantineView};
pub use record::{Preview, Recorded, TraceLine};
pub use region::Authority;
pub use scan::ScannedText;
pub use time_state::{TimeNotice, TimeNoticeKind, TimeState};
pub use whereabouts::{TripInput, WhereaboutsEntry};

use crate::error::HealthcodeError;
use crate::platform::Ports;
use crate::rules::calendar::{LegalCalendar, LegalDate};
use crate::rules::identity::{Identity, IdentityInput};
use crate::store::SubjectKey;
use crate::sync::cancel::Hold;
use crate::sync::phone::{Now, Phone};
use crate::sync::purge::purge;
use crate::sync::{Cancel, Config};
use crate::token::SubjectId;

/// A resident's phone: the resident and the family members whom the resident cares for, each a subject with an own
/// key. Every method may be called from any thread; those without `async` touch the file and are quick.
#[derive(uniffi::Object)]
pub struct Resident {
    hold: Arc<Hold>,
}

impl Resident {
    /// Opens the phone's file, made if there is none.
    ///
    /// # Errors
    ///
    /// `Storage` with what is wrong with the file: `Busy` while another process has it, `Corrupt`, `WrongKey` and
    /// `NewerSchema` leave it as it is. `Vault` where the vault cannot be used; `Locked` is temporary. `InvalidField`
    /// names a wrong field of the configuration, or, with `differs`, one in which it is not that of the same file's
    /// open instance.
    pub fn open(config: Config, ports: Ports) -> Result<Arc<Self>, HealthcodeError> {
        let phone = Phone::open(config, ports)?;
        erase::at_open(&phone);
        purge(&phone);
        Ok(Arc::new(Self { hold: Arc::new(Hold::new(phone)) }))
    }

    /// Opens the phone's file only to look at it, beside a process that may have it open: for a widget, or another
    /// extension with a process of its own. It takes no lock, and neither makes nor changes the file. [`Resident::home`],
    /// [`Resident::code`], [`Resident::quarantine`] and [`Resident::form`] show what was written last; whatever would
    /// write answers `Storage` with `ReadOnly`. The clock is looked at and not written down. [`Resident::changed`]
    /// does not see what another process writes: look again when the system renews the widget.
    ///
    /// # Errors
    ///
    /// As [`Resident::open`], but never `Busy` for another process's lock: `Storage` with `Unreachable` where there is
    /// no file yet; with `ReadOnly` for a file of an earlier version, which the app has to open once, and where neither
    /// another process has the file open nor this one may make the journal's index beside it.
    pub fn open_read_only(config: Config, ports: Ports) -> Result<Arc<Self>, HealthcodeError> {
        Ok(Arc::new(Self { hold: Arc::new(Hold::new(Phone::open_read_only(config, ports)?)) }))
    }
}

/// [`Resident::open`], as a function: the generator does not rename what a constructor returns.
///
/// # Errors
///
/// As [`Resident::open`].
#[uniffi::export]
pub fn open_resident(config: Config, ports: Ports) -> Result<Arc<Resident>, HealthcodeError> {
    Resident::open(config, ports)
}

/// [`Resident::open_read_only`], as a function: the generator does not rename what a constructor returns.
///
/// # Errors
///
/// As [`Resident::open_read_only`].
#[uniffi::export]
pub fn open_resident_read_only(config: Config, ports: Ports) -> Result<Arc<Resident>, HealthcodeError> {
    Resident::open_read_only(config, ports)
}

#[uniffi::export]
impl Resident {
    /// Closes this object: calls of it that are under way, and every later one, end with `Closed`. The file is closed
    /// with the last object that has it open. Closing twice is well.
    ///
    /// # Errors
    ///
    /// None today.
    #[allow(
        clippy::unnecessary_wraps,
        reason = "only a fallible call turns a panic into an error on every platform"
    )]
    pub fn shut_down(&self) -> Result<(), HealthcodeError> {
        self.hold.close();
        Ok(())
    }

    /// Waits for a change of what [`Resident::home`] shows, on whatever object over the same file, and gives the
    /// number to wait for the next one with. The first number is 0, which returns at once. What changes with time
    /// alone is not announced: `next_wake` says when. Nor is what another process writes, to an object that was opened
    /// to look at the file only.
    ///
    /// # Errors
    ///
    /// `Closed`, `Cancelled`.
    #[uniffi::method(default(cancel = None))]
    pub async fn changed(&self, after: u64, cancel: Option<Arc<Cancel>>) -> Result<u64, HealthcodeError> {
        let mut changes = self.phone()?.store.changes();
        let work = async move {
            let change = changes.wait_for(|change| *change > after).await;
            change.map(|change| *change).map_err(|_| HealthcodeError::Closed)
        };
        self.hold.until_ended(cancel, work).await
    }

    /// Everything that a first screen shows: the subjects with colour and what is due, the time, the sync, and when
    /// to wake the app next.
    ///
    /// # Errors
    ///
    /// `Storage`, `Vault`, `Port`.
    pub fn home(&self) -> Result<Home, HealthcodeError> {
        home::home(self.phone()?.as_ref())
    }

    /// A fresh code of a subject: a presentation of now, or, with the text of a gate's challenge, an answer to it.
    /// Ask again after `refresh_in`.
    ///
    /// # Errors
    ///
    /// `NotRated` before the first code has come; `TimeUnsure` after a restart of the phone without a sync: scan the
    /// gate's challenge, an answer needs no clock; `Replaced`; `InvalidField` for a text that is no challenge.
    #[uniffi::method(default(challenge = None))]
    pub fn code(&self, subject: String, challenge: Option<String>) -> Result<ShownCode, HealthcodeError> {
        let phone = self.phone()?;
        code::code(&phone, &known(&phone, &subject)?, challenge.as_deref())
    }

    /// How far the quarantine of a subject has come; none without an order in force.
    ///
    /// # Errors
    ///
    /// `UnknownSubject`, `Storage`, `Port`.
    pub fn quarantine(&self, subject: String) -> Result<Option<QuarantineView>, HealthcodeError> {
        let phone = self.phone()?;
        quarantine::view(&phone, &known(&phone, &subject)?)
    }

    /// A proof of a quarantine: the order, the chain of its check-ins under the authority's receipts, what counts, and
    /// the release. Whoever has the trust list can verify it, without this phone and without the authority. It tells
    /// the person's id at the authority and which days were served; no name, no answers. The order is named by its
    /// id, or is the last one; one whose records were purged is not there any more.
    ///
    /// # Errors
    ///
    /// `InvalidField` for an order that is not there; `UnknownSubject`, `Storage`.
    #[uniffi::method(default(order = None))]
    pub fn quarantine_proof(
        &self,
        subject: String,
        order: Option<String>,
    ) -> Result<String, HealthcodeError> {
        let phone = self.phone()?;
        proof::proof(&phone, &known(&phone, &subject)?, order.as_deref())
    }

    /// The questions of the rulebook in force, and the days that they ask about: of the authority that knows the subject,
    /// or, without one, of the home authority.
    ///
    /// # Errors
    ///
    /// `NotSynced` before the first rulebook has come; `UnknownSubject`.
    #[uniffi::method(default(subject = None))]
    pub fn form(&self, subject: Option<String>) -> Result<Form, HealthcodeError> {
        let phone = self.phone()?;
        let key = subject.map(|subject| known(&phone, &subject)).transpose()?;
        let issuer = key.as_ref().map_or(&phone.config.issuer, |key| &key.issuer);
        let rulebook = phone.rulebook_of(issuer).ok_or(HealthcodeError::NotSynced)?;
        let today = rulebook.offset_minutes.date_of(phone.now()?.best());
        Ok(Form::of(&rulebook, today))
    }

    /// Everything that is wrong with an identity, field by field; empty for none.
    ///
    /// # Errors
    ///
    /// `Port`, `Storage`.
    pub fn check_identity(&self, identity: IdentityForm) -> Result<Vec<FieldProblem>, HealthcodeError> {
        let errors = Identity::check_all(identity.as_input(), latest_day(self.phone()?.as_ref())?.to_naive());
        Ok(errors.iter().map(|error| FieldProblem::of(error.field(), error.reason_id())).collect())
    }

    /// What is wrong with a declaration, or what it would come to as far as this phone can tell: the server asks the
    /// public records too, and decides.
    ///
    /// # Errors
    ///
    /// `UnknownSubject`, `NotSynced`, `Storage`, `Port`.
    pub fn preview(
        &self,
        subject: String,
        declaration: DeclarationInput,
    ) -> Result<Preview, HealthcodeError> {
        let phone = self.phone()?;
        record::preview(&phone, &known(&phone, &subject)?, &declaration)
    }

    /// Records a declaration, a check-in, a consent to another phone, an appeal, what is asked about a paper code, or the
    /// end of somebody's care: once this returns it survives whatever happens to the app, and it is sent
    /// with the next sync. It needs no network.
    ///
    /// # Errors
    ///
    /// `InvalidField` for the first field that is wrong; `UnknownSubject`, `Replaced`, `NotSynced`, `Storage`,
    /// `Vault`, `Port`. Nothing was recorded then.
    pub fn record(&self, subject: String, entry: Entry) -> Result<Recorded, HealthcodeError> {
        let phone = self.phone()?;
        record::record(&phone, &known(&phone, &subject)?, &entry)
    }

    /// What happened to a subject on this phone, the latest last, in pages of 50: what was recorded and what became of
    /// it, refusals with their reason, orders, releases, ratings. `after` is the id of the last entry seen; none begins
    /// with the first. Something may still come in before an entry that was seen, when the phone's time lagged behind:
    /// read from the start after a change.
    ///
    /// # Errors
    ///
    /// `InvalidField` for an `after` that is none; `UnknownSubject`, `Storage`.
    #[uniffi::method(default(after = None))]
    pub fn journal(&self, subject: String, after: Option<String>) -> Result<JournalPage, HealthcodeError> {
        let phone = self.phone()?;
        journal::journal(&phone, &known(&phone, &subject)?, after.as_deref())
    }

    /// Everything that is stored about one subject, or about everybody on this phone, as one JSON document. It is
    /// personal data in clear: keep it in memory, hand it to the platform's share sheet, write it to no file of the
    /// app's and to no log. It holds no private key. The format, number 1, is documented with the library's source,
    /// in `core/src/resident/export/mod.rs`.
    ///
    /// # Errors
    ///
    /// `UnknownSubject`, `Storage`, `Vault`, `Port`.
    #[uniffi::method(default(subject = None))]
    pub fn export(&self, subject: Option<String>) -> Result<String, HealthcodeError> {
        let phone = self.phone()?;
        let subject = subject.map(|subject| known(&phone, &subject)).transpose()?;
        export::export(&phone, subject.as_ref())
    }

    /// Erases one subject, or everything. What waits to be sent goes too: sync before, if it is to arrive. The issuer
    /// keeps what it has.
    ///
    /// One subject: its rows and keys are deleted, then all else is sealed under a new key. Everything: the key is
    /// destroyed first, then every file; this object and all others over the same file are closed, and the next
    /// opening begins with an empty file. What is cut off, or fails after it has begun, is finished at the next opening.
    ///
    /// # Errors
    ///
    /// `UnknownSubject`; `Storage` with `Full` or `ReadOnly`; `Vault` with `Locked`. Once everything has begun to go,
    /// this object is closed, errors or not.
    #[uniffi::method(default(subject = None))]
    pub fn erase(&self, subject: Option<String>) -> Result<(), HealthcodeError> {
        let phone = self.phone()?;
        match subject {
            Some(subject) => erase::subject(&phone, &known(&phone, &subject)?),
            None => erase::everything(&self.hold, &phone),
        }
    }
}

impl Resident {
    fn phone(&self) -> Result<Arc<Phone>, HealthcodeError> {
        self.hold.phone()
    }
}

fn known(phone: &Phone, id: &str) -> Result<SubjectKey, HealthcodeError> {
    let subject = SubjectId::parse(id).ok_or(HealthcodeError::UnknownSubject)?;
    let keys = phone.subjects()?;
    // On this phone an id names one subject: an enrolment under a known one is not kept.
    keys.into_iter().find(|key| key.subject == subject).ok_or(HealthcodeError::UnknownSubject)
}

#[cfg(test)]
mod manual_tests;
#[cfg(test)]
mod purge_tests;
#[cfg(test)]
mod test_notices;
#[cfg(test)]
mod test_phone;
#[cfg(test)]
mod test_ports;

impl std::fmt::Debug for Resident {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Resident(..)")
    }
}

/// The legal day, by the estimate where there is one: the server checks a day that was declared for.
fn today(phone: &Phone, now: &Now) -> Result<LegalDate, HealthcodeError> {
    let rulebook = phone.rulebook().ok_or(HealthcodeError::NotSynced)?;
    Ok(rulebook.offset_minutes.date_of(now.best()))
}

/// A day that is not before today anywhere on earth: it only keeps a form from refusing a newborn's document.
fn latest_day(phone: &Phone) -> Result<LegalDate, HealthcodeError> {
    let now = phone.now()?;
    let ahead = LegalCalendar::new(14 * 60).ok_or_else(|| HealthcodeError::internal("calendar"))?;
    Ok(ahead.date_of(now.lower_bound.max(now.wall)))
}

/// A checked identity.
fn identity(phone: &Phone, form: &IdentityForm) -> Result<Identity, HealthcodeError> {
    let input: IdentityInput<'_> = form.as_input();
    Ok(Identity::parse(input, latest_day(phone)?.to_naive())?)
}
