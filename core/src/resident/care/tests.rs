#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

use super::super::test_phone::{TestPhone, li_si, zhang_san};
use super::super::{Entry, IdentityForm};
use crate::error::HealthcodeError;
use crate::rules::calendar::Timestamp;
use crate::store::{CaredBy, KeptDecision, StoredCarer, SubjectBody, SubjectKey};
use crate::sync::{Call, Reply, care};
use crate::token::consent::Purpose;
use crate::token::trust_list::seal;
use crate::token::{CarerKey, KeyConsent, KeyNotice, PublicKey, SoftwareKey, SubjectId};
use crate::wire::message::{
    CONFIRM_PATH, ChangeKind, ENROLMENTS_PATH, Enrolled, EnrolmentConfirmation, EnrolmentRequest,
    EnrolmentStarted,
};

const NOW: Timestamp = Timestamp::from_seconds(1_581_300_000);

fn sun_qi() -> IdentityForm {
    IdentityForm {
        name: "孙七".to_owned(), document_number: "330185199301101152".to_owned(), ..zhang_san()
    }
}

fn change(phone: &TestPhone, key: &SubjectKey, with: impl Fn(&mut SubjectBody)) {
    let changed = phone.core().store.write(|file| {
        let mut body = file.subject(key)?.unwrap();
        with(&mut body);
        file.put_subject(key, &body)
    });
    changed.unwrap();
}

fn body(phone: &TestPhone, key: &SubjectKey) -> SubjectBody {
    phone.core().store.read(|file| file.subject(key)).unwrap().unwrap()
}

fn of(carer: &SubjectKey) -> CaredBy {
    CaredBy { carer: carer.subject, name: "*三".to_owned() }
}

fn reply(answer: &impl serde::Serialize) -> Reply {
    let body = serde_json::to_vec(answer).unwrap();
    Reply { status: 200, content_type: "application/json".to_owned(), retry_after: None, body }
}

fn asked(call: &Call) -> EnrolmentRequest {
    assert_eq!(call.path, ENROLMENTS_PATH);
    serde_json::from_slice(&call.body).unwrap()
}

fn field<T>(result: Result<T, HealthcodeError>) -> (String, String) {
    match result.err().unwrap() {
        HealthcodeError::InvalidField { field, reason } => (field, reason),
        error => unreachable!("{error:?}"),
    }
}

fn wrong(field: &str, reason: &str) -> (String, String) {
    (field.to_owned(), reason.to_owned())
}

fn notice(serial: u64, key: u8, from: Option<Timestamp>, carer: Option<u8>) -> (u64, KeptDecision) {
    let carer = carer.map(|id| CarerKey { carer: SubjectId([id; 16]), name: format!("*{id}") });
    let subject = SubjectId([2; 16]);
    let notice = KeyNotice { subject, serial, key: [key; 8], noticed_at: NOW, active_from: from, carer };
    let object = seal(&notice, &SoftwareKey::from_seed(&[3; 32])).unwrap().into();
    (serial, KeptDecision { kind: ChangeKind::Key, object })
}

#[test]
fn who_asks_agrees_with_the_own_key_to_a_new_one_and_goes_on_after_an_end_of_the_app() {
    let phone = TestPhone::new();
    let carer = phone.enrol(1, &zhang_san());
    let resident = &phone.resident;
    assert_eq!(field(resident.confirm_care_call(None)), wrong("code", "not-requested"));
    let call = resident.care_call(carer.subject.to_string(), sun_qi()).unwrap();
    let request = asked(&call);
    let new = PublicKey::from_cose(&request.key.0).unwrap();
    let asks = request.care.unwrap();
    let own = phone.core().holder(&carer).unwrap().public_key();
    let consent = KeyConsent::open(&asks.consent.0, &own).unwrap();
    assert_eq!((asks.carer, consent.subject), (carer.subject, carer.subject));
    assert!(consent.covers(Purpose::Care, &new, "hangzhou", phone.now()));
    assert_ne!(new, own, "a key of its own for each person");

    let key = Some(new.id().to_vec().into());
    let started = EnrolmentStarted { session: vec![5; 16].into(), expires_in: 300, digits: 6, key };
    let nobodys = EnrolmentStarted { key: None, ..started.clone() };
    assert!(resident.one_time_code_reply(reply(&nobodys)).is_err(), "it says to whom it is an answer");
    resident.one_time_code_reply(reply(&started)).unwrap();
    // Asked again, it is the same key; confirmed without a code, it is the empty one.
    let again = asked(&resident.care_call(carer.subject.to_string(), sun_qi()).unwrap());
    assert_eq!(again.key, request.key);
    resident.one_time_code_reply(reply(&started)).unwrap();
    let confirmed = |code| {
        let call = resident.confirm_care_call(code).unwrap();
        assert_eq!(call.path, CONFIRM_PATH);
        serde_json::from_slice::<EnrolmentConfirmation>(&call.body).unwrap().code
    };
    assert_eq!(
        (confirmed(None), confirmed(Some("12 34 56".to_owned()))),
        (String::new(), "123456".to_owned())
    );
    assert_eq!(field(resident.confirm_care_call(Some("12x456".to_owned()))), wrong("code", "not-digits"));

    let enrolled = |carer| Enrolled {
        subject: SubjectId([9; 16]),
        pending_until: None,
        head: vec![0; 32].into(),
        region: "330100".to_owned(),
        carer,
        key: None,
    };
    // An answer about another kind of key than was asked for is none.
    for other in [None, Some(SubjectId([8; 16]))] {
        assert!(resident.enrol_reply(reply(&enrolled(other))).is_err());
    }
    // Nor is one about another key, as of an enrolment that was given up for this one.
    let own_key = |key: Vec<u8>| Enrolled { key: Some(key.into()), ..enrolled(Some(carer.subject)) };
    assert_eq!(resident.enrol_reply(reply(&own_key(vec![7; 8]))), Err(HealthcodeError::Cancelled));
    let other = EnrolmentStarted { key: Some(vec![7; 8].into()), ..started.clone() };
    assert_eq!(resident.one_time_code_reply(reply(&other)), Err(HealthcodeError::Cancelled));
    let done = resident.enrol_reply(reply(&own_key(new.id().to_vec()))).unwrap();
    let cards = resident.home().unwrap().subjects;
    let shown: Vec<_> =
        cards.iter().map(|card| (card.masked_name.as_str(), card.cared_for_by.clone())).collect();
    assert_eq!(shown, [("*三", None), ("*七", Some(carer.subject.to_string()))]);
    assert_eq!(cards[1].subject, done.subject);
    // Nobody passes it on, and nobody is one's own carer or on this phone twice.
    let call = resident.care_call(done.subject.clone(), li_si());
    assert_eq!(field(call), wrong("carer", "cared-for"));
    for form in [zhang_san(), sun_qi()] {
        let call = resident.care_call(carer.subject.to_string(), form);
        assert_eq!(field(call), wrong("document", "already-enrolled"));
    }
    let nobody = SubjectId([77; 16]).to_string();
    assert_eq!(resident.care_call(nobody, li_si()).err(), Some(HealthcodeError::UnknownSubject));
}

#[test]
fn as_many_as_the_rulebook_says_are_on_one_phone() {
    let phone = TestPhone::new();
    let carer = phone.enrol(1, &zhang_san());
    let most = phone.core().rulebook().unwrap().care.max_subjects;
    let others: Vec<_> = (0..u8::try_from(most).unwrap()).map(|n| phone.enrol(10 + n, &li_si())).collect();
    for key in &others {
        change(&phone, key, |body| body.cared_by = Some(of(&carer)));
    }
    let ask = || phone.resident.care_call(carer.subject.to_string(), sun_qi());
    assert_eq!(field(ask()), wrong("carer", "too-many"));
    change(&phone, &others[0], |body| body.replaced = true);
    assert!(ask().is_ok(), "one is over");
    change(&phone, &carer, |body| body.replaced = true);
    assert_eq!(ask().err(), Some(HealthcodeError::Replaced));
}

#[test]
fn a_takeover_is_of_the_same_owner_and_carers_are_known_by_their_last_key() {
    let phone = TestPhone::new();
    let key = phone.enrol(2, &li_si());
    let own = body(&phone, &key);
    let ours = CaredBy { carer: SubjectId([5; 16]), name: String::new() };
    let cared = SubjectBody { cared_by: Some(ours), ..body(&phone, &key) };
    let read =
        |(_, decision): &(u64, KeptDecision)| crate::sync::round::kept::<KeyNotice>(&decision.object.0);
    for (carer, of_own, of_cared) in [(None, true, false), (Some(5), false, true), (Some(6), false, false)] {
        let notice = read(&notice(1, 9, Some(NOW), carer)).unwrap();
        assert_eq!(care::is_of_group(&own, &notice), of_own);
        assert_eq!(care::is_of_group(&cared, &notice), of_cared);
    }
    let decisions = [
        notice(1, 11, Some(NOW), Some(5)),
        notice(2, 12, Some(NOW), Some(6)),
        notice(3, 13, Some(NOW), None),
        notice(4, 14, Some(NOW), Some(5)),
        notice(5, 12, None, Some(6)),
    ];
    let keys = |carers: Vec<StoredCarer>| carers.into_iter().map(|of| of.key.0).collect::<Vec<_>>();
    assert_eq!(keys(care::carers(&own, &decisions[..2]).unwrap()), [[11; 8], [12; 8]]);
    assert_eq!(keys(care::carers(&own, &decisions).unwrap()), [[14; 8]]);
}

#[test]
fn the_end_of_care_names_a_carer_that_the_phone_was_told_of_and_of_another_only_from_the_persons_own() {
    let phone = TestPhone::new();
    let key = phone.enrol(2, &li_si());
    let told = [notice(1, 11, Some(NOW), Some(5)), notice(2, 12, Some(NOW), Some(6))];
    let carers = care::carers(&body(&phone, &key), &told).unwrap();
    change(&phone, &key, |body| body.carers.clone_from(&carers));
    let end = |key_id: &str| {
        let entry = Entry::EndCare { key: key_id.to_owned() };
        phone.resident.record(key.subject.to_string(), entry)
    };
    let (one, two) = ("0b".repeat(8), "0c".repeat(8));
    assert_eq!(field(end("0b")), wrong("key", "not-a-key"));
    assert_eq!(field(end(&"0d".repeat(8))), wrong("key", "not-a-carer"));
    assert!(end(&one).is_ok() && end(&two).is_ok());
    change(&phone, &key, |body| body.cared_by = Some(carers[0].of.clone()));
    assert_eq!(field(end(&two)), wrong("key", "another-carer"));
    assert!(end(&one).is_ok());
    let card = phone.resident.home().unwrap().subjects.remove(0);
    let shown: Vec<_> = card.carers.iter().map(|carer| (carer.key.as_str(), carer.this_phone)).collect();
    assert_eq!(shown, [(one.as_str(), true), (two.as_str(), false)]);
    assert_eq!(card.waiting, 3);
    // What is exported names them too.
    let export = phone.resident.export(Some(key.subject.to_string())).unwrap();
    assert!(export.contains(&two) && export.contains("cared_by"));
}
