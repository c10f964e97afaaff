//! Enrolment: a new key asks for a one-time code, and confirms it. The key is made and kept before anything is sent,
//! so that an app killed between the two steps goes on with the same one.

use serde::{Deserialize, Serialize};

use super::care;
use super::holder;
use super::outbox::Relinked;
use super::phone::{Now, Phone};
use super::reply::{Call, Method, Reply, read_answer};
use crate::error::HealthcodeError;
use crate::random;
use crate::rules::calendar::Timestamp;
use crate::rules::identity::Identity;
use crate::store::{CaredBy, HolderKeyBody, Moved, StoreError, SubjectBody, SubjectKey, Transaction};
use crate::time::Evidence;
use crate::token::SubjectId;
use crate::wire::message::{
    CONFIRM_PATH, ENROLMENTS_PATH, Enrolled, EnrolmentConfirmation, EnrolmentRequest, EnrolmentStarted,
};
use crate::wire::{Bytes, RequestClaims};

/// The name of the document of an enrolment under way.
pub(crate) const ENROLMENT: &str = "enrolment";
/// The name of the document of one that was asked for and not answered yet. Until it is, the one before is waited for.
pub(crate) const ASKED: &str = "enrolment-asked";
/// For how long the records or an officer may confirm that somebody cares for a person.
const CARE_SECONDS: i64 = 7 * 24 * 3_600;
const MAX_REPLY: u64 = 16 * 1024;

/// An enrolment under way, as it is kept.
#[derive(Clone, Serialize, Deserialize)]
struct Pending {
    identity: Identity,
    key: HolderKeyBody,
    session: Option<Bytes>,
    /// The code that was sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    code: Option<SentCode>,
    /// Who asks, where it is to care for the person.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    care: Option<CaredBy>,
    /// To which authority, where it is not the home one, and as whom the person is known where the move began.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    move_to: Option<MoveTo>,
}

/// A code that was sent: how many digits it has, how long it is good, and when the phone learnt of it.
#[derive(Clone, Serialize, Deserialize)]
struct SentCode {
    digits: u8,
    expires_in: u32,
    sent: Evidence,
}

impl SentCode {
    /// Seconds since it was sent: exact while the device runs, else at most as long as the phone knows.
    fn age(&self, now: &Now) -> i64 {
        let millis = if now.evidence.session == self.sent.session {
            now.evidence.boot_millis.saturating_sub(self.sent.boot_millis)
        } else {
            now.best().since(self.sent.lower_bound)
        };
        millis.max(0) / 1_000
    }
}

/// An enrolment whose code is waited for.
pub(crate) struct WaitsForCode {
    pub(crate) masked_name: String,
    pub(crate) carer: Option<SubjectId>,
    /// As whom the person is known where a move began, and the authority where it leads.
    pub(crate) moves: Option<(SubjectId, String)>,
    pub(crate) digits: u8,
    /// Seconds for which the code is still good.
    pub(crate) left: u64,
}

/// A move to another authority.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct MoveTo {
    pub(crate) issuer: String,
    pub(crate) from: Moved,
}

/// What a confirmed enrolment came to.
pub(crate) struct Confirmed {
    pub(crate) key: SubjectKey,
    pub(crate) pending_until: Option<Timestamp>,
}

/// The call that asks for a one-time code. An enrolment that was under way is given up once this one is answered.
pub(crate) fn request(phone: &Phone, identity: Identity) -> Result<Call, HealthcodeError> {
    begin(phone, identity, None, None)
}

/// The same, where somebody on this phone asks to care for the person, or at another authority than the home one.
pub(crate) fn begin(
    phone: &Phone,
    identity: Identity,
    care: Option<CaredBy>,
    move_to: Option<MoveTo>,
) -> Result<Call, HealthcodeError> {
    phone.store.writable()?;
    let issuer = issuer_of(phone, move_to.as_ref()).to_owned();
    let (known, mine) = phone.store.read(|file| {
        let mut mine = Vec::new();
        for key in file.subjects()?.iter().filter(|key| key.issuer == issuer) {
            mine.extend(file.subject(key)?);
        }
        Ok::<_, StoreError>((pending(file)?, mine))
    })?;
    // A second key of the same phone would only put the first one out of work.
    let speaks = |body: &SubjectBody| !body.replaced && !body.unknown;
    if mine.iter().any(|body| speaks(body) && body.identity.document == identity.document) {
        return Err(HealthcodeError::field("document", "already-enrolled"));
    }
    let same = |known: &Pending| known.identity == identity && known.care == care && known.move_to == move_to;
    // Asking again for the same person: the same key, so that an earlier code still fits.
    let (key, is_new) = match known.into_iter().find(same) {
        Some(known) => (known.key, false),
        None => (holder::make(phone.ports.vault.as_ref())?, true),
    };
    let signer = holder::signer(&key, &phone.ports.vault)?;
    let public = signer.public_key();
    let asks = care.as_ref().map(|care| care::consent(phone, care, &public, &issuer)).transpose()?;
    let body = EnrolmentRequest { identity: identity.clone(), key: Bytes(public.to_cose()), care: asks };
    if is_new {
        let asked = Pending { identity, key, session: None, code: None, care, move_to };
        let replaced = phone.store.write(|file| {
            let replaced: Option<Pending> = file.json_document(ASKED)?;
            file.put_json_document(ASKED, &asked)?;
            Ok::<_, StoreError>(replaced)
        })?;
        forget_keys(phone, replaced);
    }
    call(phone, &issuer, ENROLMENTS_PATH, &body, signer.as_ref())
}

/// Takes the reply to [`request`].
pub(crate) fn started(phone: &Phone, reply: &Reply) -> Result<EnrolmentStarted, HealthcodeError> {
    let body = reply.body_of("application/json")?;
    let started: EnrolmentStarted = read_answer(body)?;
    let code =
        SentCode { digits: started.digits, expires_in: started.expires_in, sent: phone.now()?.evidence };
    loop {
        let known = phone.store.read(pending)?;
        if known.is_empty() {
            break;
        }
        let answered = answered(phone, known, started.key.as_ref())?;
        let replaced = phone.store.write(|file| {
            let (asked, before) = (file.json_document(ASKED)?, file.json_document::<Pending>(ENROLMENT)?);
            let is_answered = |known: &Pending| known.key == answered.key;
            let is_new = asked.as_ref().is_some_and(is_answered);
            let (now, replaced) = if is_new { (asked, before) } else { (before.filter(is_answered), None) };
            let Some(mut now) = now else { return Ok(None) };
            (now.session, now.code) = (Some(started.session.clone()), Some(code.clone()));
            file.put_json_document(ENROLMENT, &now)?;
            if is_new {
                file.delete_document(ASKED)?;
            }
            Ok::<_, StoreError>(Some(replaced))
        })?;
        if let Some(replaced) = replaced {
            forget_keys(phone, replaced);
            break;
        }
    }
    Ok(started)
}

/// Which of these an answer is to. Where it is to none, another one was asked for since, and it was given up.
fn answered(phone: &Phone, known: Vec<Pending>, key: Option<&Bytes>) -> Result<Pending, HealthcodeError> {
    for known in known {
        match check_key(phone, &known.key, key) {
            Ok(()) => return Ok(known),
            Err(HealthcodeError::Cancelled) => {}
            Err(error) => return Err(error),
        }
    }
    Err(HealthcodeError::Cancelled)
}

/// What was asked for last, and what is waited for.
fn pending(file: &Transaction<'_>) -> Result<Vec<Pending>, StoreError> {
    let (asked, waits) = (file.json_document(ASKED)?, file.json_document(ENROLMENT)?);
    Ok(asked.into_iter().chain(waits).collect())
}

/// Deletes the hardware keys of what is given up. If one stays, it is one that nobody names.
fn forget_keys(phone: &Phone, of: impl IntoIterator<Item = Pending>) {
    for given_up in of {
        if let HolderKeyBody::Hardware { name, .. } = given_up.key {
            let _ = phone.ports.vault.delete(name);
        }
    }
}

/// Gives up what is waited for.
pub(crate) fn give_up(phone: &Phone) -> Result<(), HealthcodeError> {
    let given_up = phone.store.write(|file| {
        let given_up = pending(file)?;
        file.delete_document(ASKED)?;
        file.delete_document(ENROLMENT)?;
        Ok::<_, StoreError>(given_up)
    })?;
    forget_keys(phone, given_up);
    Ok(())
}

/// What waits for a code that was sent.
pub(crate) fn waiting(phone: &Phone) -> Result<Option<WaitsForCode>, HealthcodeError> {
    let pending: Option<Pending> = phone.store.read(|file| file.json_document(ENROLMENT))?;
    let Some((pending, code)) = pending.and_then(|pending| pending.code.clone().map(|code| (pending, code)))
    else {
        return Ok(None);
    };
    let age = code.age(&phone.now()?);
    let left = u64::try_from(i64::from(code.expires_in) - age).unwrap_or(0);
    let is_over = if pending.care.is_some() { age >= CARE_SECONDS } else { left == 0 };
    Ok((!is_over).then(|| WaitsForCode {
        masked_name: pending.identity.name.mask(),
        carer: pending.care.map(|care| care.carer),
        moves: pending.move_to.map(|to| (to.from.subject, to.issuer)),
        digits: code.digits,
        left,
    }))
}

/// The call that confirms the code.
pub(crate) fn confirm(phone: &Phone, code: &str) -> Result<Call, HealthcodeError> {
    confirm_with(phone, Some(code))
}

/// The same; without a code it asks whether the records or an officer have confirmed that somebody on this phone cares
/// for the person.
pub(crate) fn confirm_with(phone: &Phone, code: Option<&str>) -> Result<Call, HealthcodeError> {
    phone.store.writable()?;
    let none = || HealthcodeError::field("code", "not-requested");
    let Some(code) = code else {
        let pending: Option<Pending> = phone.store.read(|file| file.json_document(ENROLMENT))?;
        let pending = pending.filter(|pending| pending.care.is_some()).ok_or_else(none)?;
        return confirm_call(phone, pending, String::new());
    };
    let code: String = code.chars().filter(|c| !c.is_whitespace()).collect();
    if code.is_empty() || code.len() > 12 || !code.bytes().all(|digit| digit.is_ascii_digit()) {
        return Err(HealthcodeError::field("code", "not-digits"));
    }
    let pending: Option<Pending> = phone.store.read(|file| file.json_document(ENROLMENT))?;
    confirm_call(phone, pending.ok_or_else(none)?, code)
}

fn confirm_call(phone: &Phone, pending: Pending, code: String) -> Result<Call, HealthcodeError> {
    let session = pending.session.ok_or_else(|| HealthcodeError::field("code", "not-requested"))?;
    let signer = holder::signer(&pending.key, &phone.ports.vault)?;
    let issuer = issuer_of(phone, pending.move_to.as_ref());
    call(phone, issuer, CONFIRM_PATH, &EnrolmentConfirmation { session, code }, signer.as_ref())
}

/// Takes the reply to [`confirm`]: the subject, its key and its segment are kept in one transaction.
pub(crate) fn confirmed(phone: &Phone, reply: &Reply) -> Result<Confirmed, HealthcodeError> {
    let body = reply.body_of("application/json")?;
    let enrolled: Enrolled = read_answer(body)?;
    let pending: Option<Pending> = phone.store.read(|file| file.json_document(ENROLMENT))?;
    let Pending { identity, key, care, move_to, .. } = pending.ok_or_else(HealthcodeError::bad_answer)?;
    check_key(phone, &key, enrolled.key.as_ref())?;
    // What was asked for, and nothing else.
    if enrolled.carer != care.as_ref().map(|care| care.carer) {
        return Err(HealthcodeError::bad_answer());
    }
    keep(phone, &enrolled, &New { identity, key, care, move_to, document: ENROLMENT })
}

/// What a new key of a subject comes with.
pub(super) struct New {
    pub(super) identity: Identity,
    pub(super) key: HolderKeyBody,
    pub(super) care: Option<CaredBy>,
    pub(super) move_to: Option<MoveTo>,
    /// The document in which it was kept until now.
    pub(super) document: &'static str,
}

/// Of what waits for an answer, the key that asks.
#[derive(Deserialize)]
struct Asks {
    key: HolderKeyBody,
}

/// Keeps the subject, its key and its segment in one transaction.
pub(super) fn keep(phone: &Phone, enrolled: &Enrolled, new: &New) -> Result<Confirmed, HealthcodeError> {
    let head = enrolled.head.0.as_slice().try_into().map_err(|_| HealthcodeError::bad_answer())?;
    let issuer = issuer_of(phone, new.move_to.as_ref()).to_owned();
    let key = SubjectKey { subject: enrolled.subject, issuer };
    let signer = holder::signer(&new.key, &phone.ports.vault)?;
    let before = loop {
        let relinked = Relinked::make(phone, &key, head, signer.as_ref(), true)?;
        let kept = phone.store.write(|file| {
            // Whatever an authority says: on this phone an id names one subject.
            if file.subjects()?.iter().any(|known| known.subject == key.subject && known.issuer != key.issuer)
            {
                return Err(HealthcodeError::bad_answer());
            }
            let known = file.subject(&key)?;
            let mut body = SubjectBody::new(new.identity.clone());
            body.pending_until = enrolled.pending_until;
            body.cared_by.clone_from(&new.care);
            body.moved = new.move_to.as_ref().map(|to| to.from.clone());
            if let Some(known) = known {
                (body.spread, body.carers) = (known.spread, known.carers);
                // A new key brings anew what it consents to; taken before, it is not taken twice.
                body.moved = body.moved.or(known.moved);
            }
            let before = file.holder_key(&key)?;
            if !relinked.is_current(file, &key)? {
                return Ok(None);
            }
            file.put_subject(&key, &body)?;
            relinked.keep(file, &key)?;
            file.put_holder_key(&key, signer.public_key().id(), &new.key)?;
            // The cursor stays: a server that has lost what it said asks for what is held here beyond it.
            if before.is_none() {
                file.put_cursor(&key, None)?;
            }
            // It was of the key before: what it would show is nobody's any more.
            file.delete_token(&key)?;
            // Another enrolment may have begun since: then the document is that one's.
            let kept: Option<Asks> = file.json_document(new.document)?;
            if kept.is_some_and(|kept| kept.key == new.key) {
                file.delete_document(new.document)?;
            }
            Ok::<_, HealthcodeError>(Some(before))
        })?;
        if let Some(before) = kept {
            break before;
        }
    };
    if let Some(HolderKeyBody::Hardware { name, .. }) = before {
        // It signs nothing any more. If it stays, it is one that nobody names.
        let _ = phone.ports.vault.delete(name);
    }
    Ok(Confirmed { key, pending_until: enrolled.pending_until })
}

/// Whether an answer is to the key that asks now: another enrolment may have been begun since, and this one given up.
pub(super) fn check_key(
    phone: &Phone,
    asks: &HolderKeyBody,
    answered: Option<&Bytes>,
) -> Result<(), HealthcodeError> {
    let answered = answered.ok_or_else(HealthcodeError::bad_answer)?;
    let ours = holder::signer(asks, &phone.ports.vault)?.public_key().id();
    if answered.0 == ours { Ok(()) } else { Err(HealthcodeError::Cancelled) }
}

/// Where an enrolment goes.
fn issuer_of<'a>(phone: &'a Phone, move_to: Option<&'a MoveTo>) -> &'a str {
    move_to.map_or(phone.config.issuer.as_str(), |to| to.issuer.as_str())
}

pub(super) fn call<T: Serialize>(
    phone: &Phone,
    issuer: &str,
    path: &str,
    body: &T,
    signer: &dyn crate::token::Signer,
) -> Result<Call, HealthcodeError> {
    let body = serde_json::to_vec(body).map_err(|_| HealthcodeError::internal("enrol/json"))?;
    let claims = RequestClaims::new(path, &body, issuer, random::bytes()?, None);
    let signature = Some(claims.sign(signer)?);
    let (server, path) = (phone.server_of(issuer)?, path.to_owned());
    Ok(Call { method: Method::Post, server, path, body, signature, limit: MAX_REPLY })
}
