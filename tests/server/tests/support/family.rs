//! Carers and handovers at the level of the wire.

use healthcode::rules::calendar::Timestamp;
use healthcode::rules::identity::Identity;
use healthcode::token::consent::Purpose;
use healthcode::token::{KeyConsent, Signer as _, SoftwareKey, SubjectId};
use healthcode::wire::Bytes;
use healthcode::wire::message::{CareRequest, Enrolled, EnrolmentStarted, HANDOVERS_PATH, HandoverRequest};

use super::phone::{ISSUER, Phone, ask_with, confirm, key, sign};
use super::{Answer, Server};

/// A consent of a phone's key to another key.
pub(crate) fn consent(from: &Phone, purpose: Purpose, key: &SoftwareKey, given_at: Timestamp) -> Bytes {
    let consent = KeyConsent::new(purpose, from.subject, &key.public_key(), given_at, ISSUER);
    consent.sign(&from.key).unwrap().into()
}

/// Asks to care for somebody, with a consent of the carer's own key to the new one.
pub(crate) async fn ask_to_care(
    server: &Server,
    carer: &Phone,
    key: &SoftwareKey,
    identity: &Identity,
) -> Answer {
    let given_at = super::ServerClock::now(&*server.clock);
    let consent = consent(carer, Purpose::Care, key, given_at);
    ask_with(server, key, identity, Some(CareRequest { carer: carer.subject, consent })).await
}

/// A carer's key for somebody of whom the records, or an officer, or the code that was sent say that it may be.
pub(crate) async fn care_for(
    server: &Server,
    carer: &Phone,
    identity: &Identity,
    seed: u8,
    by_code: bool,
) -> Phone {
    let key = key(seed);
    let started: EnrolmentStarted = ask_to_care(server, carer, &key, identity).await.json();
    let code = if by_code { server.last_code() } else { String::new() };
    let enrolled: Enrolled = confirm(server, &key, &started.session, &code).await.json();
    assert_eq!((enrolled.carer, enrolled.pending_until), (Some(carer.subject), None), "active at once");
    Phone::of(enrolled, key, seed)
}

/// Moves a subject to another key.
pub(crate) async fn hand_over(
    server: &Server,
    subject: SubjectId,
    key: &SoftwareKey,
    consent: Bytes,
) -> Answer {
    let request = HandoverRequest { subject, key: key.public_key().to_cose().into(), consent };
    let body = serde_json::to_vec(&request).unwrap();
    let signature = sign(key, HANDOVERS_PATH, &body, None);
    server.post(HANDOVERS_PATH, &signature, body).await
}
