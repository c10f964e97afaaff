#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

use std::sync::atomic::Ordering;

use super::super::ScannedText;
use super::super::test_phone::{TestPhone, li_si, noon, zhang_san};
use super::HandoverPicture;
use crate::error::HealthcodeError;
use crate::store::SubjectKey;
use crate::sync::{Call, Reply};
use crate::token::code_text::{CodeText, Prefix};
use crate::token::consent::Purpose;
use crate::token::{HandoverCode, KeyConsent, PublicKey, SubjectId};
use crate::wire::message::{Enrolled, HANDOVERS_PATH, HandoverRequest};
use crate::wire::{Problem, ProblemKind};

fn reason<T>(result: Result<T, HealthcodeError>) -> String {
    match result.err().unwrap() {
        HealthcodeError::InvalidField { field, reason } if field == "text" => reason,
        error => unreachable!("{error:?}"),
    }
}

/// The authority's answer to a call.
fn enrolled(subject: SubjectId, call: &Call) -> Reply {
    let asked: HandoverRequest = serde_json::from_slice(&call.body).unwrap();
    let key = PublicKey::from_cose(&asked.key.0).unwrap().id().to_vec().into();
    let answer = Enrolled {
        subject,
        pending_until: None,
        head: vec![0; 32].into(),
        region: "330100".to_owned(),
        carer: None,
        key: Some(key),
    };
    let body = serde_json::to_vec(&answer).unwrap();
    Reply { status: 200, content_type: "application/json".to_owned(), retry_after: None, body }
}

fn problem(kind: &ProblemKind) -> Reply {
    let body = serde_json::to_vec(&Problem::new(kind)).unwrap();
    let content_type = "application/problem+json".to_owned();
    Reply { status: kind.status(), content_type, retry_after: None, body }
}

/// A phone with a resident, a new one, and what the two show each other.
fn handover() -> (TestPhone, TestPhone, HandoverPicture, HandoverPicture) {
    let (old, new) = (TestPhone::new(), TestPhone::new());
    let key = old.enrol(1, &zhang_san());
    let request = new.resident.handover_request().unwrap();
    let agreed = old.resident.hand_over(key.subject.to_string(), request.text.clone()).unwrap();
    (old, new, request, agreed)
}

#[test]
fn two_phones_face_to_face_make_a_request_that_the_old_key_agrees_to() {
    let (old, new, request, agreed) = handover();
    let subject = SubjectId([1; 16]);
    assert_eq!(old.resident.scan(request.text.clone()), Ok(ScannedText::HandoverRequest));
    assert_eq!(new.resident.scan(agreed.text.clone()), Ok(ScannedText::Handover));
    assert_eq!((&request.masked_name, agreed.masked_name.as_deref()), (&None, Some("*三")));
    assert_eq!(agreed.expires_at.map(|at| at.since(old.now()) / 3_600_000), Some(24));
    // The code shows nobody's name, document or number to whoever films it.
    let bytes = CodeText::parse(&agreed.text).unwrap().bytes;
    for word in ["张三", "11010519491231002X", "13800138000"] {
        assert!(!bytes.windows(word.len()).any(|window| window == word.as_bytes()));
    }
    let call = new.resident.take_over_call(Some(agreed.text)).unwrap();
    assert_eq!(call.path, HANDOVERS_PATH);
    let sent: HandoverRequest = serde_json::from_slice(&call.body).unwrap();
    let key = PublicKey::from_cose(&sent.key.0).unwrap();
    let key_of_old = SubjectKey { subject, issuer: "hangzhou".to_owned() };
    let own = old.core().holder(&key_of_old).unwrap().public_key();
    let consent = KeyConsent::open(&sent.consent.0, &own).unwrap();
    assert_eq!((sent.subject, consent.subject), (subject, subject));
    assert!(consent.covers(Purpose::Handover, &key, "hangzhou", old.now()));
    let done = new.resident.take_over_reply(enrolled(subject, &call)).unwrap();
    let card = new.resident.home().unwrap().subjects.remove(0);
    assert_eq!((card.subject, card.masked_name.as_str()), (done.subject, "*三"));
    let next = new.resident.handover_request().unwrap();
    assert_ne!(next.text, request.text, "each subject has a key and a secret of its own");
}

#[test]
fn an_app_that_ends_goes_on_with_the_same_key_and_what_it_has_scanned() {
    let (_old, new, request, agreed) = handover();
    new.resident.shut_down().unwrap();
    let resident = new.reopen().unwrap();
    assert_eq!(resident.handover_request().unwrap(), request);
    assert_eq!(reason(resident.take_over_call(None)), "not-scanned");
    let first = resident.take_over_call(Some(agreed.text)).unwrap();
    resident.shut_down().unwrap();
    let resident = new.reopen().unwrap();
    let again = resident.take_over_call(None).unwrap();
    assert_eq!(again.body, first.body);
    // Answered by somebody else's id, or from the server in no state to: it goes on still.
    assert!(resident.take_over_reply(enrolled(SubjectId([9; 16]), &again)).is_err());
    assert!(resident.take_over_reply(problem(&ProblemKind::Unavailable)).is_err());
    assert!(resident.take_over_reply(enrolled(SubjectId([1; 16]), &again)).is_ok());
    assert_eq!(reason(resident.take_over_call(None)), "not-requested");
}

#[test]
fn what_the_authority_refuses_is_not_offered_again() {
    for kind in [ProblemKind::Late, ProblemKind::UnknownSubject, ProblemKind::Replaced] {
        let (_old, new, request, agreed) = handover();
        new.resident.take_over_call(Some(agreed.text)).unwrap();
        let refused = new.resident.take_over_reply(problem(&kind)).err().unwrap();
        let expected = match kind {
            ProblemKind::Replaced => HealthcodeError::Replaced,
            kind => HealthcodeError::Rejected { problem: kind.word().to_owned(), retry_after: None },
        };
        assert_eq!(refused, expected);
        assert_eq!(reason(new.resident.take_over_call(None)), "not-scanned");
        assert_eq!(new.resident.handover_request().unwrap(), request, "the key serves the next one");
    }
}

#[test]
fn foreign_and_expired_texts_are_told_apart_and_change_nothing() {
    let (old, mut new, request, agreed) = handover();
    let subject = SubjectId([1; 16]).to_string();
    let other = TestPhone::new();
    assert_eq!(reason(other.resident.take_over_call(Some(agreed.text.clone()))), "not-requested");
    other.resident.handover_request().unwrap();
    assert_eq!(reason(other.resident.take_over_call(Some(agreed.text.clone()))), "for-another-phone");
    for text in ["", "https://example.org/", "H5:", "H5:!!", "H2:ABC", "H1:00"] {
        assert_eq!(reason(new.resident.take_over_call(Some(text.to_owned()))), "not-a-handover");
        assert_eq!(reason(old.resident.hand_over(subject.clone(), text.to_owned())), "not-a-handover");
    }
    assert_eq!(reason(new.resident.take_over_call(Some(request.text.clone()))), "not-an-answer");
    assert_eq!(reason(old.resident.hand_over(subject, agreed.text.clone())), "not-a-request");
    // Whom another authority knows the new phone would refuse.
    let elsewhere = SubjectKey { subject: SubjectId([6; 16]), issuer: "shenzhen".to_owned() };
    let known = old.core().store.write(|file| {
        let body =
            file.subject(&SubjectKey { subject: SubjectId([1; 16]), issuer: "hangzhou".to_owned() })?;
        file.put_subject(&elsewhere, &body.unwrap())
    });
    known.unwrap();
    let foreign = old.resident.hand_over(elsewhere.subject.to_string(), request.text.clone()).err();
    assert_eq!(foreign, Some(HealthcodeError::field("subject", "another-authority")));
    let nobody = SubjectId([77; 16]).to_string();
    let unknown = old.resident.hand_over(nobody, request.text).err();
    assert_eq!(unknown, Some(HealthcodeError::UnknownSubject));

    // Changed in any part, it is for nobody.
    let bytes = CodeText::parse(&agreed.text).unwrap().bytes;
    let HandoverCode::Agreed { subject, issuer, consent, sealed } = HandoverCode::parse(&bytes).unwrap()
    else {
        unreachable!()
    };
    let with = |subject, issuer: &str, consent: &[u8], sealed: &[u8]| {
        let (issuer, consent, sealed) = (issuer.to_owned(), consent.to_vec(), sealed.to_vec());
        let code = HandoverCode::Agreed { subject, issuer, consent, sealed };
        reason(new.resident.take_over_call(Some(CodeText::write(Prefix::Handover, &code.to_bytes()))))
    };
    assert_eq!(with(subject, "shenzhen", &consent, &sealed), "another-authority");
    assert_eq!(with(SubjectId([2; 16]), &issuer, &consent, &sealed), "for-another-phone");
    assert_eq!(with(subject, &issuer, &[0; 70], &sealed), "not-a-handover");
    let mut flipped = sealed.clone();
    flipped[30] ^= 1;
    assert_eq!(with(subject, &issuer, &consent, &flipped), "for-another-phone");
    assert_eq!(with(subject, &issuer, &consent, &sealed[..10]), "for-another-phone");

    new.go_to(noon(11));
    assert_eq!(reason(new.resident.take_over_call(Some(agreed.text))), "expired");
    assert_eq!(reason(new.resident.take_over_call(None)), "not-scanned");
    assert!(new.resident.home().unwrap().subjects.is_empty());
}

#[test]
fn a_subject_that_is_on_the_phone_does_not_come_again_and_a_replaced_one_goes_nowhere() {
    let (old, new, _, agreed) = handover();
    new.enrol(1, &zhang_san());
    assert_eq!(reason(new.resident.take_over_call(Some(agreed.text))), "already-enrolled");
    let key = old.enrol(5, &li_si());
    let core = old.core();
    let replaced = core.store.write(|file| {
        let mut body = file.subject(&key)?.unwrap();
        body.replaced = true;
        file.put_subject(&key, &body)
    });
    replaced.unwrap();
    let request = new.resident.handover_request().unwrap();
    let handed = old.resident.hand_over(key.subject.to_string(), request.text);
    assert_eq!(handed.err(), Some(HealthcodeError::Replaced));
}

#[test]
fn neither_key_nor_secret_is_exported_and_an_erasure_takes_both() {
    let (_old, new, request, agreed) = handover();
    let HandoverCode::Asked { secret, .. } =
        HandoverCode::parse(&CodeText::parse(&request.text).unwrap().bytes).unwrap()
    else {
        unreachable!()
    };
    new.resident.take_over_call(Some(agreed.text)).unwrap();
    let export = new.resident.export(None).unwrap();
    assert!(export.contains("handover") && export.contains("张三"));
    assert!(!export.contains(&crate::wire::Bytes(secret.to_vec()).to_text()));

    let phone = TestPhone::new();
    phone.vault.has_hardware.store(true, Ordering::SeqCst);
    phone.resident.handover_request().unwrap();
    assert_eq!(phone.vault.names().len(), 1);
    phone.resident.erase(None).unwrap();
    assert!(phone.vault.names().is_empty());
}
