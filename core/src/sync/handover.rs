//! Handover: a subject moves from one phone to another, the two of them face to face. The new phone shows a key and a
//! secret; the old one, which needs no network for it, shows its consent and who the person is, sealed under the secret;
//! the new one tells the authority. The key is made and kept before anything is shown, and goes only with the subject
//! that came for it: an app killed at any point goes on with the same one.

use chacha20poly1305::aead::{Aead, Payload};
use chacha20poly1305::{KeyInit, XChaCha20Poly1305, XNonce};
use hkdf::Hkdf;
use serde::{Deserialize, Serialize};
use sha2::Sha256;
use zeroize::Zeroizing;

use super::enrol::{self, Confirmed, New};
use super::holder;
use super::phone::Phone;
use super::reply::{Call, Reply, Unusable, read_answer};
use crate::error::HealthcodeError;
use crate::random;
use crate::rules::calendar::Timestamp;
use crate::rules::identity::Identity;
use crate::store::{CaredBy, HolderKeyBody, StoreError, SubjectKey};
use crate::token::code_text::{CodeText, Prefix};
use crate::token::consent::{HOURS, Purpose};
use crate::token::{HandoverCode, KeyConsent, SubjectId};
use crate::wire::message::{Enrolled, HANDOVERS_PATH, HandoverRequest};
use crate::wire::{Bytes, ProblemKind};

/// The name of the document of a handover to this phone.
pub(crate) const HANDOVER: &str = "handover";
const NONCE: usize = 24;

/// A handover to this phone, as it is kept.
#[derive(Clone, Serialize, Deserialize)]
struct Pending {
    key: HolderKeyBody,
    secret: Bytes,
    /// What the phone of before has agreed to.
    #[serde(flatten)]
    moved: Option<Moved>,
}

/// Whom it hands over.
#[derive(Clone, Serialize, Deserialize)]
struct Moved {
    subject: SubjectId,
    consent: Bytes,
    #[serde(flatten)]
    person: Person,
}

/// What is sealed for the other phone.
#[derive(Clone, Serialize, Deserialize)]
struct Person {
    identity: Identity,
    /// Whose key it is, where it is one of somebody who cares for the person.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    cared_by: Option<CaredBy>,
}

/// What the new phone shows. Asked again, it is the same until a subject has come.
pub(crate) fn request(phone: &Phone) -> Result<String, HealthcodeError> {
    phone.store.writable()?;
    let known: Option<Pending> = phone.store.read(|file| file.json_document(HANDOVER))?;
    let pending = if let Some(pending) = known {
        pending
    } else {
        let made = Pending {
            key: holder::make(phone.ports.vault.as_ref())?,
            secret: Bytes(random::bytes::<16>()?.to_vec()),
            moved: None,
        };
        // Another call may have been first: then its key is the one, and this one was never shown.
        phone.store.write(|file| match file.json_document(HANDOVER)? {
            Some(first) => Ok::<Pending, StoreError>(first),
            None => file.put_json_document(HANDOVER, &made).map(|()| made.clone()),
        })?
    };
    let key = holder::signer(&pending.key, &phone.ports.vault)?.public_key();
    let secret = pending.secret.0.as_slice().try_into();
    let secret = secret.map_err(|_| HealthcodeError::internal("handover/secret"))?;
    Ok(CodeText::write(Prefix::Handover, &HandoverCode::Asked { key, secret }.to_bytes()))
}

/// What the phone of before answers.
pub(crate) struct Answer {
    /// The code's text.
    pub(crate) text: String,
    /// Until when it is good.
    pub(crate) expires_at: Timestamp,
    /// Who is handed over, as every code shows the person.
    pub(crate) masked_name: String,
}

/// What the phone of before shows to the one that has shown `text`.
pub(crate) fn agree(phone: &Phone, key: &SubjectKey, text: &str) -> Result<Answer, HealthcodeError> {
    let HandoverCode::Asked { key: new, secret } = read(text)? else {
        return Err(HealthcodeError::field("text", "not-a-request"));
    };
    let body = phone.store.read(|file| file.subject(key))?.ok_or(HealthcodeError::UnknownSubject)?;
    // The new phone would refuse it: it takes over from its home authority alone.
    if !phone.is_home(&key.issuer) {
        return Err(HealthcodeError::field("subject", "another-authority"));
    }
    if body.replaced {
        return Err(HealthcodeError::Replaced);
    }
    let given_at = Timestamp::from_seconds(phone.now()?.lower_bound.seconds());
    let consent = KeyConsent::new(Purpose::Handover, key.subject, &new, given_at, &key.issuer);
    let consent = consent.sign(phone.holder(key)?.as_ref())?;
    let masked_name = body.identity.name.mask();
    let person = Person { identity: body.identity, cared_by: body.cared_by };
    let sealed = seal(&secret, &consent, &person)?;
    let agreed = HandoverCode::Agreed { subject: key.subject, issuer: key.issuer.clone(), consent, sealed };
    let text = CodeText::write(Prefix::Handover, &agreed.to_bytes());
    Ok(Answer { text, expires_at: given_at.plus_hours(HOURS), masked_name })
}

/// The call that tells the authority of what the phone of before has agreed to; without a text, of what was scanned
/// before.
pub(crate) fn take_over(phone: &Phone, text: Option<&str>) -> Result<Call, HealthcodeError> {
    phone.store.writable()?;
    let wrong = |reason: &str| HealthcodeError::field("text", reason);
    let pending: Option<Pending> = phone.store.read(|file| file.json_document(HANDOVER))?;
    let mut pending = pending.ok_or_else(|| wrong("not-requested"))?;
    let signer = holder::signer(&pending.key, &phone.ports.vault)?;
    if let Some(text) = text {
        let HandoverCode::Agreed { subject, issuer, consent, sealed } = read(text)? else {
            return Err(wrong("not-an-answer"));
        };
        if issuer != phone.config.issuer {
            return Err(wrong("another-authority"));
        }
        let said = KeyConsent::unverified(&consent).map_err(|_| wrong("not-a-handover"))?;
        let new = signer.public_key();
        let covers = |at| said.covers(Purpose::Handover, &new, &issuer, at);
        if said.subject != subject || !covers(said.given_at) {
            return Err(wrong("for-another-phone"));
        }
        // H is only a floor: whether the time is over, the authority knows for sure.
        if !covers(phone.now()?.lower_bound) {
            return Err(wrong("expired"));
        }
        let person = open(&pending.secret.0, &consent, &sealed).ok_or_else(|| wrong("for-another-phone"))?;
        let key = SubjectKey { subject, issuer };
        let known = phone.store.read(|file| file.subject(&key))?;
        if known.is_some_and(|body| !body.replaced && !body.unknown) {
            return Err(wrong("already-enrolled"));
        }
        pending.moved = Some(Moved { subject, consent: consent.into(), person });
        phone.store.write(|file| file.put_json_document(HANDOVER, &pending))?;
    }
    let moved = pending.moved.ok_or_else(|| wrong("not-scanned"))?;
    let key = Bytes(signer.public_key().to_cose());
    let body = HandoverRequest { subject: moved.subject, key, consent: moved.consent };
    enrol::call(phone, &phone.config.issuer, HANDOVERS_PATH, &body, signer.as_ref())
}

/// Takes the reply to that call.
pub(crate) fn taken_over(phone: &Phone, reply: &Reply) -> Result<Confirmed, HealthcodeError> {
    let body = match reply.body_of("application/json") {
        Ok(body) => body,
        Err(unusable) => {
            // What the authority has refused is not offered again; the key was nobody's and serves the next one.
            if let Unusable::Problem(problem, _) = &unusable
                && let ProblemKind::Late | ProblemKind::UnknownSubject | ProblemKind::Replaced =
                    problem.kind()
            {
                phone.store.write(|file| {
                    let pending: Option<Pending> = file.json_document(HANDOVER)?;
                    let emptied = pending.map(|pending| Pending { moved: None, ..pending });
                    emptied.map_or(Ok(()), |pending| file.put_json_document(HANDOVER, &pending))
                })?;
            }
            return Err(unusable.into());
        }
    };
    let enrolled: Enrolled = read_answer(body)?;
    let pending: Option<Pending> = phone.store.read(|file| file.json_document(HANDOVER))?;
    let Pending { key, moved, .. } = pending.ok_or_else(HealthcodeError::bad_answer)?;
    enrol::check_key(phone, &key, enrolled.key.as_ref())?;
    let Moved { subject, person, .. } = moved.ok_or_else(HealthcodeError::bad_answer)?;
    let Person { identity, cared_by: care } = person;
    if enrolled.subject != subject || enrolled.carer != care.as_ref().map(|care| care.carer) {
        return Err(HealthcodeError::bad_answer());
    }
    enrol::keep(phone, &enrolled, &New { identity, key, care, move_to: None, document: HANDOVER })
}

/// Either code, from its text.
fn read(text: &str) -> Result<HandoverCode, HealthcodeError> {
    let wrong = || HealthcodeError::field("text", "not-a-handover");
    let code = CodeText::parse(text).map_err(|_| wrong())?;
    if code.prefix != Prefix::Handover {
        return Err(wrong());
    }
    HandoverCode::parse(&code.bytes).map_err(|_| wrong())
}

/// Seals who the person is under the secret, for nobody without the consent that stands beside it.
fn seal(secret: &[u8], consent: &[u8], person: &Person) -> Result<Vec<u8>, HealthcodeError> {
    let nonce: [u8; NONCE] = random::bytes()?;
    let plain = serde_json::to_vec(person).map_err(|_| HealthcodeError::internal("handover/json"))?;
    let payload = Payload { msg: &Zeroizing::new(plain), aad: consent };
    let cipher = cipher(secret).ok_or_else(|| HealthcodeError::internal("handover/key"))?;
    let sealed = cipher.encrypt(&XNonce::from(nonce), payload);
    let sealed = sealed.map_err(|_| HealthcodeError::internal("handover/seal"))?;
    Ok([nonce.as_slice(), &sealed].concat())
}

fn open(secret: &[u8], consent: &[u8], sealed: &[u8]) -> Option<Person> {
    let (nonce, sealed) = sealed.split_first_chunk::<NONCE>()?;
    let payload = Payload { msg: sealed, aad: consent };
    let plain = cipher(secret)?.decrypt(&XNonce::from(*nonce), payload).ok()?;
    serde_json::from_slice(&Zeroizing::new(plain)).ok()
}

fn cipher(secret: &[u8]) -> Option<XChaCha20Poly1305> {
    let mut key = Zeroizing::new([0_u8; 32]);
    Hkdf::<Sha256>::new(None, secret).expand(b"hc/1/handover", key.as_mut_slice()).ok()?;
    Some(XChaCha20Poly1305::new(key.as_slice().try_into().ok()?))
}
