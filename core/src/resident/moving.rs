//! Moving to another authority: what its rulebook makes of what this phone knows of a person. The rulebook is fetched from
//! where the trust list says it lies, and believed under that authority's own key. What never enters: a decision. The
//! destination asks the public records too, and decides.

#![allow(clippy::needless_pass_by_value, reason = "what crosses the border is owned")]

use std::sync::Arc;

use super::brought::anew;
use super::input::FieldProblem;
#[cfg(feature = "http")]
use super::own_http::CodeRequested;
use super::quarantine::progress_of;
use super::standing::{Past, Standing};
use super::{Resident, known};
use crate::error::HealthcodeError;
use crate::rules::colour::Colour;
use crate::rules::facts::{OpenOrder, Records};
use crate::rules::rating::Reason;
use crate::rules::rulebook::Rulebook;
use crate::rules::text::Text;
use crate::store::{CaredBy, Moved, SubjectKey};
#[cfg(feature = "http")]
use crate::sync::Cancel;
use crate::sync::elsewhere::rulebook;
use crate::sync::enrol::{self, MoveTo};
#[cfg(feature = "http")]
use crate::sync::http::{Client, run};
use crate::sync::phone::{Now, Phone};
use crate::sync::published::published_rulebook;
use crate::sync::{Call, Reply};
use crate::token::trust_list::{Issuer, TrustList};

/// What a person would be at another authority, as far as this phone can tell.
#[derive(Clone, PartialEq, Eq, uniffi::Record)]
pub struct MovePreview {
    /// The authority's id in the trust list.
    pub issuer: String,
    /// Its name.
    pub name: Text,
    /// The title of its rulebook.
    pub rulebook: Text,
    /// The rulebook's version.
    pub version: u32,
    /// What its form asks that the last declaration here does not answer, or answers otherwise: no colour is told then.
    pub problems: Vec<FieldProblem>,
    /// The colour there, without what the public records may add.
    pub colour: Option<Colour>,
    /// The colour's word there.
    pub word: Option<Text>,
    /// What the colour asks of the holder there.
    pub advice: Option<Text>,
    /// Why it is not green.
    pub reasons: Vec<Reason>,
    /// The days of quarantine that would follow there; 0 for none. Days that count here already are taken off.
    pub days: u16,
    /// How many days of the order in force here were taken off.
    pub counted_here: u16,
    /// The masked name of the person that it is about.
    #[uniffi(default = "")]
    pub masked_name: String,
}

impl std::fmt::Debug for MovePreview {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "MovePreview({}, {})", self.issuer, self.version)
    }
}

#[uniffi::export]
impl Resident {
    /// The call for the rulebook of another authority; see `preview_move`.
    ///
    /// # Errors
    ///
    /// `InvalidField` at `issuer`; `NotSynced`, `UnknownSubject`, `Storage`.
    pub fn preview_move_call(&self, subject: String, issuer: String) -> Result<Call, HealthcodeError> {
        let phone = self.phone()?;
        let trust = listed(&phone)?;
        call(&trust, &known(&phone, &subject)?, &issuer)
    }

    /// Takes the reply to that call.
    ///
    /// # Errors
    ///
    /// As `preview_move`.
    pub fn preview_move_reply(
        &self,
        subject: String,
        issuer: String,
        reply: Reply,
    ) -> Result<MovePreview, HealthcodeError> {
        let phone = self.phone()?;
        let trust = listed(&phone)?;
        preview(&phone, &known(&phone, &subject)?, (&trust, &issuer), &reply)
    }

    /// Takes a fresh reply to [`Resident::preview_move_call`], and gives the call that makes the subject known there; see
    /// `move_to`. Take the reply with [`Resident::one_time_code_reply`].
    ///
    /// # Errors
    ///
    /// As `move_to`, but for those of the network.
    pub fn move_call(
        &self,
        subject: String,
        issuer: String,
        rulebook: Reply,
    ) -> Result<Call, HealthcodeError> {
        let phone = self.phone()?;
        begin(&phone, &known(&phone, &subject)?, &issuer, &rulebook)
    }
}

#[cfg(feature = "http")]
#[uniffi::export]
impl Resident {
    /// Fetches the rulebook of another authority of the trust list, and says what it makes of a subject's last
    /// declaration, of the orders served here and of the one in force. Nothing is sent of the person, and nothing kept.
    ///
    /// # Errors
    ///
    /// `InvalidField` at `issuer` for one that is not listed, or is the subject's own; `NotSynced` before the first sync, or while
    /// the trust list is out of date;
    /// `UpdateApp` for a rulebook of a later form; `UnknownSubject`, `Network`, `Rejected`, `Storage`, `Port`,
    /// `Cancelled`.
    #[uniffi::method(default(cancel = None))]
    pub async fn preview_move(
        &self,
        subject: String,
        issuer: String,
        cancel: Option<Arc<Cancel>>,
    ) -> Result<MovePreview, HealthcodeError> {
        let phone = self.phone()?;
        let work = async move {
            let key = known(&phone, &subject)?;
            let trust = listed(&phone)?;
            let call = call(&trust, &key, &issuer)?;
            let reply = Client::new(&phone.config)?.send(&call).await?;
            preview(&phone, &key, (&trust, &issuer), &reply)
        };
        run(&self.hold, cancel, work).await
    }

    /// Makes a subject known to another authority of the trust list, with what this phone keeps of the person: nothing is
    /// typed again. A one-time code goes to the number that the records there have; confirm it with [`Resident::enrol`], or,
    /// for somebody who is cared for, with [`Resident::confirm_care`]: the person is on this phone a second time then, as
    /// that authority knows the person. The declaration and the days served here are recorded at once and go with the next
    /// sync; what the form there asks for besides is asked by [`Resident::form`] of the new subject. The authority answers
    /// on the days with a signed yes or a signed reason, see the journal. It asks the public records, orders in force
    /// elsewhere included: nobody sheds a colour by a move. Ask the person first, and show [`Resident::preview_move`]
    /// before.
    ///
    /// The code stays: whoever holds a code of the same masked name and the same last four characters could otherwise be
    /// taken for the person.
    ///
    /// # Errors
    ///
    /// As [`Resident::preview_move`]; `InvalidField` at `document` with `already-enrolled` where the authority knows this
    /// phone's person already, at `carer` with `not-moved` where who cares for the person has not moved there; `Replaced`,
    /// `Vault`.
    #[uniffi::method(default(cancel = None))]
    pub async fn move_to(
        &self,
        subject: String,
        issuer: String,
        cancel: Option<Arc<Cancel>>,
    ) -> Result<CodeRequested, HealthcodeError> {
        let phone = self.phone()?;
        let work = async move {
            let key = known(&phone, &subject)?;
            let trust = listed(&phone)?;
            let client = Client::new(&phone.config)?;
            let reply = client.send(&call(&trust, &key, &issuer)?).await?;
            let call = begin(&phone, &key, &issuer, &reply)?;
            Ok(CodeRequested::of(&enrol::started(&phone, &client.send(&call).await?)?))
        };
        run(&self.hold, cancel, work).await
    }
}

/// The trust list, if it is in force: name and document go to nobody by an old one.
fn listed(phone: &Phone) -> Result<Arc<TrustList>, HealthcodeError> {
    let now = phone.now()?.lower_bound;
    let trust = phone.current_trust().filter(|trust| !trust.is_expired(now));
    trust.ok_or(HealthcodeError::NotSynced)
}

fn destination<'a>(
    trust: &'a TrustList,
    key: &SubjectKey,
    issuer: &str,
) -> Result<&'a Issuer, HealthcodeError> {
    if issuer == key.issuer {
        return Err(HealthcodeError::field("issuer", "home"));
    }
    Phone::issuer(trust, issuer)
}

/// The call for the rulebook of another authority.
fn call(trust: &TrustList, key: &SubjectKey, issuer: &str) -> Result<Call, HealthcodeError> {
    let listed = destination(trust, key, issuer)?;
    rulebook(trust, &listed.id)?.call().ok_or_else(HealthcodeError::bad_answer)
}

/// Keeps the rulebook that has come, and gives the call that makes the person known there.
fn begin(phone: &Phone, key: &SubjectKey, issuer: &str, rulebook: &Reply) -> Result<Call, HealthcodeError> {
    let trust = listed(phone)?;
    destination(&trust, key, issuer)?;
    phone.take_rulebook_of(issuer, rulebook.body_of("application/cbor")?)?;
    let (body, carer) = phone.store.read(|file| {
        let body = file.subject(key)?.ok_or(HealthcodeError::UnknownSubject)?;
        let mut carer = None;
        for there in file.subjects()?.into_iter().filter(|there| there.issuer == issuer) {
            let known = file.subject(&there)?.filter(|known| !known.replaced && !known.unknown);
            let moved = known.and_then(|known| known.moved).map(|moved| moved.subject);
            if moved.is_some() && moved == body.cared_by.as_ref().map(|of| of.carer) {
                carer = Some(there.subject);
            }
        }
        Ok::<_, HealthcodeError>((body, carer))
    })?;
    if body.replaced {
        return Err(HealthcodeError::Replaced);
    }
    let care = match (body.cared_by, carer) {
        (None, _) => None,
        (Some(of), Some(carer)) => Some(CaredBy { carer, name: of.name }),
        (Some(_), None) => return Err(HealthcodeError::field("carer", "not-moved")),
    };
    let from = Moved { subject: key.subject, issuer: key.issuer.clone(), declared: false, brought: None };
    enrol::begin(phone, body.identity, care, Some(MoveTo { issuer: issuer.to_owned(), from }))
}

/// What its rulebook comes to.
fn preview(
    phone: &Phone,
    key: &SubjectKey,
    (trust, issuer): (&TrustList, &str),
    reply: &Reply,
) -> Result<MovePreview, HealthcodeError> {
    let listed = destination(trust, key, issuer)?;
    let body = reply.body_of("application/cbor")?;
    let rulebook = published_rulebook(trust, issuer, body)?;
    let now = phone.now()?;
    let (standing, past) = phone
        .store
        .read(|file| Ok::<_, HealthcodeError>((Standing::read_in(file, key)?, Past::read(file, key)?)))?;
    let mut preview = MovePreview {
        issuer: listed.id.clone(),
        name: listed.name.clone(),
        rulebook: rulebook.title.clone(),
        version: rulebook.version,
        problems: Vec::new(),
        colour: None,
        word: None,
        advice: None,
        reasons: Vec::new(),
        days: 0,
        counted_here: 0,
        masked_name: standing.body.identity.name.mask(),
    };
    let home = Phone::issuer(trust, &key.issuer)?;
    preview.rate(&rulebook, home, (&standing, &past), &now)?;
    Ok(preview)
}

impl MovePreview {
    fn rate(
        &mut self,
        rulebook: &Rulebook,
        home: &Issuer,
        (standing, past): (&Standing, &Past),
        now: &Now,
    ) -> Result<(), HealthcodeError> {
        let Some(declared) = &standing.declaration else {
            self.problems.push(FieldProblem::of("declared_on", "missing"));
            return Ok(());
        };
        let today = rulebook.offset_minutes.date_of(now.best());
        let declaration = anew(declared, rulebook, today);
        let errors = declaration.errors(rulebook, today);
        if !errors.is_empty() {
            let problem = |error: &crate::rules::declaration::DeclarationError| {
                let (field, reason) = error.place();
                FieldProblem::of(&field, reason)
            };
            self.problems = errors.iter().map(problem).collect();
            return Ok(());
        }
        let mut facts = standing.facts(past, rulebook, now.best(), Some(declaration));
        let open = standing.course.as_ref().map(|course| {
            let counted = progress_of(course, now).counted;
            let order = &course.order;
            // The order holds there as it does here: its rule may be one that the other rulebook does not have.
            let colour = home.counts_as(order.colour);
            let open = OpenOrder { issuer: home.id.clone(), colour, days: order.days };
            (open, counted)
        });
        let counted = open.as_ref().map_or(0, |(_, counted)| *counted);
        let in_force = open.as_ref().map(|(open, _)| open.colour);
        facts.records = open.map(|(open, _)| Records { orders: vec![open], ..Records::default() });
        let rating = rulebook.preview(&facts).map_err(|_| HealthcodeError::internal("preview/rule"))?;
        let meaning = rulebook.colour_text(rating.colour);
        if let Some(order) = &rating.order {
            // Days of a milder order are not those of a stricter one.
            self.counted_here = if in_force >= Some(order.colour) { counted.min(order.days - 1) } else { 0 };
            self.days = order.days - self.counted_here;
        }
        self.colour = Some(rating.colour);
        self.word = Some(meaning.word.clone());
        self.advice = Some(meaning.advice.clone());
        self.reasons = rating.reasons;
        Ok(())
    }
}

#[cfg(test)]
mod tests;
