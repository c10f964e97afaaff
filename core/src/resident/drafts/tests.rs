#![allow(clippy::unwrap_used, reason = "tests")]

use std::collections::HashMap;
use std::time::Duration;

use super::super::test_phone::{TestPhone, li_si, zhang_san};
use crate::error::HealthcodeError;
use crate::sync::purge::purge;
use crate::sync::{Call, Reply};
use crate::wire::Bytes;
use crate::wire::message::{ENROLMENTS_PATH, EnrolmentRequest, EnrolmentStarted};

const DAY: i64 = 24 * 3_600_000;

fn words(of: &[(&str, &str)]) -> HashMap<String, String> {
    of.iter().map(|(name, word)| ((*name).to_owned(), (*word).to_owned())).collect()
}

fn wrong(result: Result<(), HealthcodeError>) -> (String, String) {
    match result.err().unwrap() {
        HealthcodeError::InvalidField { field, reason } => (field, reason),
        error => unreachable!("{error:?}"),
    }
}

#[test]
fn a_form_comes_back_after_the_end_of_the_process_and_only_to_whom_it_is_about() {
    let phone = TestPhone::new();
    let (zhang, li) = (phone.enrol(1, &zhang_san()), phone.enrol(2, &li_si()));
    let (zhang, li) = (Some(zhang.subject.to_string()), Some(li.subject.to_string()));
    let form = || "declaration".to_owned();
    let typed = words(&[("answers.contact", "no"), ("travel.0.region", "420100"), ("", "")]);
    phone.resident.keep_draft(zhang.clone(), form(), Some(words(&[("old", "x")]))).unwrap();
    phone.resident.keep_draft(zhang.clone(), form(), Some(typed.clone())).unwrap();
    phone.resident.keep_draft(None, form(), Some(words(&[("name", "赵六")]))).unwrap();
    phone.resident.shut_down().unwrap();
    let opened = phone.reopen().unwrap();
    assert_eq!(opened.draft(zhang.clone(), form()).unwrap(), Some(typed));
    assert_eq!(opened.draft(None, form()).unwrap(), Some(words(&[("name", "赵六")])));
    assert_eq!(opened.draft(li, form()).unwrap(), None);
    assert_eq!(opened.draft(zhang.clone(), "journey".to_owned()).unwrap(), None);
    opened.keep_draft(zhang.clone(), form(), None).unwrap();
    assert_eq!(opened.draft(zhang, form()).unwrap(), None);
    let nobody = Some("ab".repeat(16));
    assert_eq!(opened.draft(nobody.clone(), form()), Err(HealthcodeError::UnknownSubject));
    assert_eq!(opened.keep_draft(nobody, form(), None), Err(HealthcodeError::UnknownSubject));
}

#[test]
fn a_form_that_is_too_much_is_refused_and_the_one_of_before_stays() {
    let phone = TestPhone::new();
    let kept = words(&[("name", "张")]);
    phone.resident.keep_draft(None, "register".to_owned(), Some(kept.clone())).unwrap();
    let keep = |form: &str, words| wrong(phone.resident.keep_draft(None, form.to_owned(), Some(words)));
    let error = |field: &str, reason: &str| (field.to_owned(), reason.to_owned());
    for form in ["", "a/b", "a b", "表"] {
        assert_eq!(keep(form, words(&[])), error("form", "characters"), "{form}");
        assert!(phone.resident.draft(None, form.to_owned()).is_err());
    }
    assert_eq!(keep(&"f".repeat(65), words(&[])), error("form", "too-long"));
    assert_eq!(keep("register", words(&[("a", &"x".repeat(64 * 1024))])), error("words", "too-long"));
    assert_eq!(keep("register", words(&[(&"n".repeat(65), "")])), error("words", "too-long"));
    let many: HashMap<_, _> = (0..257).map(|at| (at.to_string(), String::new())).collect();
    assert_eq!(keep("register", many), error("words", "too-many"));
    for more in 1..16 {
        phone.resident.keep_draft(None, format!("form-{more}"), Some(words(&[]))).unwrap();
    }
    assert_eq!(keep("one-more", words(&[])), error("form", "too-many"));
    assert_eq!(phone.resident.draft(None, "one-more".to_owned()).unwrap(), None);
    assert_eq!(phone.resident.draft(None, "register".to_owned()).unwrap(), Some(kept));
}

#[test]
fn a_form_goes_a_week_after_its_last_change() {
    let mut phone = TestPhone::new();
    let draft = |phone: &TestPhone, form: &str| phone.resident.draft(None, form.to_owned()).unwrap();
    let start = phone.now();
    let typed = || Some(words(&[("name", "赵六")]));
    phone.resident.keep_draft(None, "register".to_owned(), typed()).unwrap();
    phone.resident.keep_draft(None, "care".to_owned(), typed()).unwrap();
    phone.go_to(start.plus_millis(DAY));
    phone.resident.keep_draft(None, "care".to_owned(), typed()).unwrap();
    phone.go_to(start.plus_millis(7 * DAY - 60_000));
    purge(&phone.core());
    assert_eq!(draft(&phone, "register"), typed());
    phone.go_to(start.plus_millis(7 * DAY + 60_000));
    assert_eq!(draft(&phone, "register"), None, "over, if not purged yet");
    purge(&phone.core());
    assert_eq!(draft(&phone, "care"), typed());
    let kept = phone.core().store.read(|file| file.document("draft/")).unwrap().unwrap();
    assert!(!String::from_utf8(kept).unwrap().contains("register"), "and gone from the file");
}

#[test]
fn forms_go_with_whoever_is_erased_and_stay_with_who_is_not() {
    let phone = TestPhone::new();
    let (zhang, li) = (phone.enrol(1, &zhang_san()), phone.enrol(2, &li_si()));
    let (zhang, li) = (Some(zhang.subject.to_string()), Some(li.subject.to_string()));
    for whose in [None, zhang.clone(), li.clone()] {
        phone.resident.keep_draft(whose, "f".to_owned(), Some(words(&[("a", "b")]))).unwrap();
    }
    phone.resident.erase(zhang).unwrap();
    let left = phone.core().store.read(|file| file.document_names("draft/")).unwrap();
    assert_eq!(left, [format!("draft/{}", li.clone().unwrap())], "and its name says no form");
    assert!(phone.resident.draft(li, "f".to_owned()).unwrap().is_some());
}

#[test]
fn the_document_of_one_subject_has_its_forms_and_nobody_elses() {
    let phone = TestPhone::new();
    let (zhang, li) = (phone.enrol(1, &zhang_san()), phone.enrol(2, &li_si()));
    let (zhang, li) = (Some(zhang.subject.to_string()), Some(li.subject.to_string()));
    let keep =
        |whose, word| phone.resident.keep_draft(whose, "f".to_owned(), Some(words(&[("a", word)]))).unwrap();
    keep(None, "of-nobody");
    keep(zhang.clone(), "of-zhang");
    keep(li, "of-li");
    let of_zhang = phone.resident.export(zhang).unwrap();
    assert!(of_zhang.contains("of-zhang") && !of_zhang.contains("of-li") && !of_zhang.contains("of-nobody"));
    let all = phone.resident.export(None).unwrap();
    assert!(["of-zhang", "of-li", "of-nobody"].iter().all(|word| all.contains(word)));
}

fn key_of(call: &Call) -> Vec<u8> {
    serde_json::from_slice::<EnrolmentRequest>(&call.body).unwrap().key.0
}

fn answer(call: &Call, expires_in: u32) -> Reply {
    assert_eq!(call.path, ENROLMENTS_PATH);
    let asked: EnrolmentRequest = serde_json::from_slice(&call.body).unwrap();
    let key = crate::token::PublicKey::from_cose(&asked.key.0).unwrap();
    let started = EnrolmentStarted {
        session: Bytes(b"session".to_vec()),
        expires_in,
        digits: 6,
        key: Some(Bytes(key.id().to_vec())),
    };
    let body = serde_json::to_vec(&started).unwrap();
    Reply { status: 200, content_type: "application/json".to_owned(), retry_after: None, body }
}

#[test]
fn the_wait_for_a_code_survives_the_end_of_the_process_and_a_request_that_does_not_arrive() {
    let mut phone = TestPhone::new();
    assert_eq!(phone.resident.enrolment_under_way().unwrap(), None);
    let call = phone.resident.one_time_code_call(zhang_san()).unwrap();
    assert_eq!(phone.resident.enrolment_under_way().unwrap(), None, "nothing was sent yet");
    phone.resident.one_time_code_reply(answer(&call, 600)).unwrap();
    phone.resident.shut_down().unwrap();
    phone.resident = phone.reopen().unwrap();
    let waits = phone.resident.enrolment_under_way().unwrap().unwrap();
    assert_eq!((waits.masked_name.as_str(), waits.carer, waits.moves_to), ("*三", None, None));
    assert_eq!((waits.code.digits, waits.code.expires_in), (6, Duration::from_mins(10)));
    // Asked once more, without a network: the first code is still good.
    phone.resident.one_time_code_call(zhang_san()).unwrap();
    phone.go_to(phone.now().plus_millis(60_000));
    let left = phone.resident.enrolment_under_way().unwrap().unwrap().code.expires_in;
    assert_eq!(left, Duration::from_mins(9));
    phone.resident.enrol_call("123456".to_owned()).unwrap();
    phone.go_to(phone.now().plus_millis(540_000));
    assert_eq!(phone.resident.enrolment_under_way().unwrap(), None, "the code is not good any more");
}

#[test]
fn another_request_replaces_the_wait_only_once_it_is_answered() {
    let phone = TestPhone::new();
    let waits = || phone.resident.enrolment_under_way().unwrap().map(|waits| waits.masked_name);
    let call = phone.resident.one_time_code_call(zhang_san()).unwrap();
    phone.resident.one_time_code_reply(answer(&call, 600)).unwrap();
    let other = phone.resident.one_time_code_call(li_si()).unwrap();
    assert_eq!(waits().as_deref(), Some("*三"), "without a network the code that was sent is still good");
    // Asked again after that: the same key, whichever it was.
    let again = phone.resident.one_time_code_call(zhang_san()).unwrap();
    assert_eq!(key_of(&again), key_of(&call));
    assert_eq!(key_of(&phone.resident.one_time_code_call(li_si()).unwrap()), key_of(&other));
    phone.resident.one_time_code_reply(answer(&again, 600)).unwrap();
    assert_eq!(waits().as_deref(), Some("*三"));
    phone.resident.one_time_code_reply(answer(&other, 600)).unwrap();
    assert_eq!(waits().as_deref(), Some("*四"));
    let late = phone.resident.one_time_code_reply(answer(&again, 600));
    assert_eq!(late.err(), Some(HealthcodeError::Cancelled), "it was given up for the other one");
    phone.resident.give_up_enrolment().unwrap();
    assert_eq!(waits(), None);
    assert!(matches!(
        phone.resident.enrol_call("123456".to_owned()),
        Err(HealthcodeError::InvalidField { field, reason }) if field == "code" && reason == "not-requested"
    ));
}

#[test]
fn whoever_asks_to_care_waits_for_a_week() {
    let mut phone = TestPhone::new();
    let carer = phone.enrol(1, &zhang_san()).subject.to_string();
    let call = phone.resident.care_call(carer.clone(), li_si()).unwrap();
    phone.resident.one_time_code_reply(answer(&call, 600)).unwrap();
    let start = phone.now();
    let waits = |phone: &TestPhone| phone.resident.enrolment_under_way().unwrap();
    assert_eq!(waits(&phone).unwrap().carer, Some(carer));
    phone.go_to(start.plus_millis(7 * DAY - 60_000));
    let still = waits(&phone).unwrap();
    assert_eq!((still.masked_name.as_str(), still.code.expires_in), ("*四", Duration::ZERO));
    phone.go_to(start.plus_millis(7 * DAY));
    assert_eq!(waits(&phone), None);
}

#[test]
fn what_was_kept_while_the_time_was_not_known_is_kept_for_a_week_once_it_is() {
    let mut phone = TestPhone::new();
    let start = phone.now();
    let typed = || Some(words(&[("name", "赵六")]));
    let draft = |phone: &TestPhone| phone.resident.draft(None, "register".to_owned()).unwrap();
    // Started again after a month, and without a server: what it knows of the time is a month old.
    phone.restart(start.plus_millis(30 * DAY));
    phone.resident.keep_draft(None, "register".to_owned(), typed()).unwrap();
    phone.go_to(start.plus_millis(30 * DAY));
    assert_eq!(draft(&phone), typed());
    purge(&phone.core());
    phone.go_to(start.plus_millis(37 * DAY - 60_000));
    purge(&phone.core());
    assert_eq!(draft(&phone), typed());
    phone.go_to(start.plus_millis(37 * DAY + 60_000));
    purge(&phone.core());
    assert_eq!(draft(&phone), None);
}
