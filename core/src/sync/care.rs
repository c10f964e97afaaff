//! Care: somebody on this phone asks to speak for another person, with a key of its own for that person; and who cares
//! for whom, as every phone of a person is told.

use super::enrol;
use super::phone::Phone;
use super::reply::Call;
use super::round::kept;
use crate::error::HealthcodeError;
use crate::rules::identity::Identity;
use crate::store::{CaredBy, KeptDecision, StoreError, StoredCarer, SubjectBody, SubjectKey};
use crate::token::consent::Purpose;
use crate::token::{CarerKey, KeyConsent, KeyNotice, PublicKey};
use crate::wire::Bytes;
use crate::wire::message::{CareRequest, ChangeKind};

/// The call by which a subject of this phone asks to care for another person. An enrolment that was under way is given up
/// for this one.
pub(crate) fn request(
    phone: &Phone,
    carer: &SubjectKey,
    identity: Identity,
) -> Result<Call, HealthcodeError> {
    let (body, others) = phone.store.read(|file| {
        let mut others = Vec::new();
        for key in file.subjects()? {
            others.extend(file.subject(&key)?);
        }
        Ok::<_, StoreError>((file.subject(carer)?, others))
    })?;
    let body = body.ok_or(HealthcodeError::UnknownSubject)?;
    if body.replaced {
        return Err(HealthcodeError::Replaced);
    }
    // Who is known elsewhere asks there, by a move of the person.
    if !phone.is_home(&carer.issuer) {
        return Err(HealthcodeError::field("carer", "another-authority"));
    }
    // Nobody passes on the care for somebody.
    if body.cared_by.is_some() {
        return Err(HealthcodeError::field("carer", "cared-for"));
    }
    let of_carer = |other: &&SubjectBody| {
        let served = other.cared_by.as_ref().is_some_and(|of| of.carer == carer.subject);
        served && !other.replaced && !other.unknown
    };
    // What the phone knows of already needs no network to be told; the authority counts other phones' too.
    let most = phone
        .rulebook_of(&carer.issuer)
        .map_or(usize::MAX, |rulebook| usize::from(rulebook.care.max_subjects));
    if others.iter().filter(of_carer).count() >= most {
        return Err(HealthcodeError::field("carer", "too-many"));
    }
    let care = CaredBy { carer: carer.subject, name: body.identity.name.mask() };
    enrol::begin(phone, identity, Some(care), None)
}

/// The carer's consent to a new key.
pub(super) fn consent(
    phone: &Phone,
    care: &CaredBy,
    key: &PublicKey,
    issuer: &str,
) -> Result<CareRequest, HealthcodeError> {
    let own = SubjectKey { subject: care.carer, issuer: issuer.to_owned() };
    let given_at = phone.now()?.lower_bound;
    let consent = KeyConsent::new(Purpose::Care, care.carer, key, given_at, issuer);
    Ok(CareRequest { carer: care.carer, consent: Bytes(consent.sign(phone.holder(&own)?.as_ref())?) })
}

/// Whether a notice is of a key that could take the place of this phone's: the same owner's.
pub(crate) fn is_of_group(body: &SubjectBody, notice: &KeyNotice) -> bool {
    let ours = body.cared_by.as_ref().map(|of| of.carer);
    notice.carer.as_ref().map(|of| of.carer) == ours
}

/// Who cares for the person, after what was said of keys since.
pub(crate) fn carers(
    body: &SubjectBody,
    decisions: &[(u64, KeptDecision)],
) -> Result<Vec<StoredCarer>, HealthcodeError> {
    let mut carers = body.carers.clone();
    for (_, decision) in decisions.iter().filter(|(_, decision)| decision.kind == ChangeKind::Key) {
        let notice: KeyNotice = kept(&decision.object.0)?;
        let Some(CarerKey { carer, name }) = notice.carer else { continue };
        // A carer has one key that speaks: the last.
        carers.retain(|known| known.of.carer != carer);
        if let Some(since) = notice.active_from {
            let key = Bytes(notice.key.to_vec());
            carers.push(StoredCarer { key, of: CaredBy { carer, name }, since });
        }
    }
    Ok(carers)
}
