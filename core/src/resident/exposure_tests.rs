//! A phone with an authority's log of exposure notices, and what people do to the log on the way.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "tests")]

use super::test_notices::{TestLog, carriages, signer, venue, venue_text};
use super::test_phone::{TestPhone, li_si, noon, zhang_san};
use super::{ExposureAnswer, ExposureState, ScannedText, TripInput};
use crate::error::{HealthcodeError, NoticeLogKind};
use crate::rules::calendar::{LegalDate, Timestamp};
use crate::rules::colour::Colour;
use crate::rules::exposure::{PlaceKind, Record, TransportMode};
use crate::store::SubjectKey;
use crate::sync::purge::purge;
use crate::token::key::Signer;
use crate::wire::message::{NOTICE_HEAD_PATH, NOTICE_PATH_PREFIX};

fn day(day: u32) -> LegalDate {
    LegalDate::from_ymd(2020, 2, day).unwrap()
}

fn trip(number: &str, on: u32, place: Option<u16>) -> TripInput {
    TripInput {
        mode: TransportMode::Train,
        number: number.to_owned(),
        date: day(on),
        place,
        from: "310000".to_owned(),
        to: "330100".to_owned(),
        departed_at: None,
        arrived_at: None,
    }
}

/// A green resident at noon of the 10th, and the log of the authority.
fn green() -> (TestPhone, SubjectKey, String, TestLog) {
    let mut phone = TestPhone::new();
    let key = phone.enrol(1, &zhang_san());
    phone.declare(&key, None);
    phone.deliver(&key, true);
    phone.rate(&key, Colour::Green);
    phone.token(&key, Colour::Green);
    let subject = key.subject.to_string();
    let log = TestLog::new(phone.now());
    (phone, key, subject, log)
}

fn shown(phone: &TestPhone, subject: &str) -> (Colour, bool) {
    let code = phone.resident.code(subject.to_owned(), None).unwrap();
    (code.colour, code.lowered)
}

fn states(phone: &TestPhone, subject: &str) -> Vec<ExposureState> {
    phone.resident.exposures(subject.to_owned()).unwrap().iter().map(|exposure| exposure.state).collect()
}

#[test]
fn carriage_7_is_told_and_lowered_and_carriage_9_is_neither() {
    for (place, near) in [(7, true), (9, false)] {
        let (phone, _, subject, mut log) = green();
        phone.resident.record_trip(subject.clone(), trip("g7315", 3, Some(place))).unwrap();
        log.publish(noon(3), carriages("G7315", noon(3), (6, 8)));
        let report = log.fetch(&phone.resident, false).unwrap();
        assert_eq!((report.notices, report.matches), (1, u32::from(near)));
        assert_eq!(
            shown(&phone, &subject),
            if near { (Colour::Yellow, true) } else { (Colour::Green, false) }
        );
        let exposures = phone.resident.exposures(subject.clone()).unwrap();
        assert_eq!(exposures.len(), usize::from(near));
        if let Some(exposure) = exposures.first() {
            assert_eq!(exposure.place.en, "train G7315 of 2020-02-03, carriage 7");
            assert!(exposure.reason.en.starts_with("carriages 6 to 8; there"), "{}", exposure.reason.en);
            assert_eq!((exposure.colour, exposure.days, exposure.on), (Some(Colour::Yellow), 7, day(3)));
            assert!(exposure.meaning.as_ref().unwrap().zh.contains("轨迹"));
        }
        assert_eq!(phone.resident.home().unwrap().sync.waiting, 0, "nobody was told");
    }
}

#[test]
fn a_journey_that_is_remembered_later_is_matched_with_the_notices_that_are_here() {
    let (phone, _, subject, mut log) = green();
    log.publish(noon(3), carriages("G7315", noon(3), (6, 8)));
    log.fetch(&phone.resident, false).unwrap();
    assert_eq!(shown(&phone, &subject), (Colour::Green, false));
    let without = phone.resident.record_trip(subject.clone(), trip("G7315", 3, None)).unwrap();
    assert_eq!(states(&phone, &subject), [ExposureState::PlaceUnknown]);
    assert_eq!(shown(&phone, &subject), (Colour::Green, false), "it may have been far away");
    phone.resident.forget_whereabouts(subject.clone(), Some(without)).unwrap();
    assert_eq!(states(&phone, &subject), []);
    phone.resident.record_trip(subject.clone(), trip("G7315", 3, Some(8))).unwrap();
    assert_eq!(shown(&phone, &subject), (Colour::Yellow, true));
}

#[test]
fn a_match_ends_with_its_date_its_withdrawal_a_decision_or_the_residents_word() {
    let met = || {
        let (phone, key, subject, mut log) = green();
        phone.resident.record_trip(subject.clone(), trip("G7315", 9, Some(7))).unwrap();
        log.publish(noon(9), carriages("G7315", noon(9), (6, 8)));
        log.fetch(&phone.resident, false).unwrap();
        assert_eq!(shown(&phone, &subject).0, Colour::Yellow);
        (phone, key, subject, log)
    };
    let ended = |phone: &TestPhone, subject: &str, state: &[ExposureState]| {
        assert_eq!(states(phone, subject), state);
        assert_eq!(phone.resident.code(subject.to_owned(), None).unwrap().colour, Colour::Green);
    };

    let (phone, _, subject, mut log) = met();
    log.withdraw(1);
    log.fetch(&phone.resident, false).unwrap();
    ended(&phone, &subject, &[]);

    let (phone, _, subject, _) = met();
    let id = phone.resident.exposures(subject.clone()).unwrap()[0].id.clone();
    let told = phone.resident.answer_exposure(subject.clone(), id, ExposureAnswer::WrongEntry).unwrap();
    assert!(told.is_none());
    ended(&phone, &subject, &[ExposureState::WrongEntry]);
    // The answer stays when matching is done again.
    phone.resident.record_trip(subject.clone(), trip("G1", 9, Some(7))).unwrap();
    ended(&phone, &subject, &[ExposureState::WrongEntry]);

    let (mut phone, key, subject, _) = met();
    phone.go_to(noon(10).plus_hours(1));
    phone.rate(&key, Colour::Green);
    ended(&phone, &subject, &[ExposureState::Decided]);

    let (mut phone, key, subject, _) = met();
    phone.go_to(noon(23));
    phone.token(&key, Colour::Green);
    assert_eq!(shown(&phone, &subject).0, Colour::Yellow, "its last day");
    phone.go_to(noon(24).plus_millis(60_000));
    phone.token(&key, Colour::Green);
    ended(&phone, &subject, &[ExposureState::Over]);
}

#[test]
fn the_authority_learns_of_a_match_when_it_is_told_and_then_only_notice_rule_and_day() {
    let (mut phone, key, subject, mut log) = green();
    phone.resident.record_trip(subject.clone(), trip("G7315", 3, Some(7))).unwrap();
    log.publish(noon(3), carriages("G7315", noon(3), (6, 8)));
    log.fetch(&phone.resident, false).unwrap();
    let id = phone.resident.exposures(subject.clone()).unwrap()[0].id.clone();
    let recorded =
        phone.resident.answer_exposure(subject.clone(), id, ExposureAnswer::Tell).unwrap().unwrap();
    assert_eq!(phone.resident.home().unwrap().sync.waiting, 1);
    assert_eq!(states(&phone, &subject), [ExposureState::Told]);
    assert_eq!(shown(&phone, &subject), (Colour::Yellow, true));
    let waiting = phone.core().store.read(|file| file.waiting(&key, 9)).unwrap();
    let operation = String::from_utf8_lossy(&waiting[0].body.operation.0).into_owned();
    assert!(operation.contains(r#"{"notice":1,"rule":"exposure-near","on":"2020-02-03"}"#), "{operation}");
    assert!(!operation.contains("7315"));
    phone.deliver(&key, true);
    let journal = phone.resident.journal(subject, None).unwrap();
    let told = journal.entries.iter().any(|entry| {
        matches!(&entry.event, super::JournalEvent::ToldExposure { operation, notice: 1, .. }
            if *operation == recorded.operation)
    });
    assert!(told);
}

#[test]
fn a_visit_is_one_scan_and_a_check_out_or_the_default_stay() {
    let (mut phone, _, subject, mut log) = green();
    let scanned = phone.resident.scan(venue(12)).unwrap();
    assert!(matches!(scanned, ScannedText::Venue { name } if name.en == "West Lake Books"));
    let entry = phone.resident.enter_venue(subject.clone(), venue(12)).unwrap();
    assert_eq!(phone.resident.enter_venue(subject.clone(), venue(12)).unwrap(), entry, "the same visit");
    phone.go_to(noon(10).plus_millis(40 * 60_000));
    phone.resident.leave_venue(subject.clone(), entry.clone()).unwrap();
    let left = phone.resident.leave_venue(subject.clone(), entry).unwrap_err();
    assert_eq!(left, HealthcodeError::field("entry", "unknown"));
    phone.resident.enter_venue(subject.clone(), venue(12)).unwrap();
    let open: Vec<_> =
        phone.resident.whereabouts(subject.clone()).unwrap().iter().map(|entry| entry.open).collect();
    assert_eq!(open, [false, true]);
    log.at = phone.now();
    let at = |start| vec![Record { key: 12, start, minutes: 30, ..Record::default() }];
    // From 12:00 to 12:40 it was the first visit; until 14:10 the second counts.
    for (start, matches) in [(720, 1), (800, 1), (900, 0)] {
        log.publish(noon(10), (PlaceKind::Venue, at(start)));
        assert_eq!(log.fetch(&phone.resident, false).unwrap().matches, matches, "{start}");
    }
}

#[test]
fn a_venue_that_no_listed_issuer_signed_is_named() {
    let (phone, _, subject, _) = green();
    assert_eq!(phone.resident.scan(venue_text(12, 99)).unwrap(), ScannedText::UnsignedVenue);
    // A key of the issuer for something else signs no venue.
    assert_eq!(phone.resident.scan(venue_text(12, 31)).unwrap(), ScannedText::UnsignedVenue);
    let refused = phone.resident.enter_venue(subject.clone(), venue_text(12, 99)).unwrap_err();
    assert_eq!(refused, HealthcodeError::field("venue", "unknown-issuer"));
    let refused = phone.resident.enter_venue(subject, "H4:AA".to_owned()).unwrap_err();
    assert_eq!(refused, HealthcodeError::field("venue", "not-a-venue"));
}

#[test]
fn what_is_wrong_with_a_journey_is_named() {
    let (phone, _, subject, _) = green();
    let wrong = |change: &dyn Fn(&mut TripInput)| {
        let mut trip = trip("G7315", 3, Some(7));
        change(&mut trip);
        match phone.resident.record_trip(subject.clone(), trip).unwrap_err() {
            HealthcodeError::InvalidField { field, reason } => (field, reason),
            other => panic!("{other:?}"),
        }
    };
    let pair = |field: &str, reason: &str| (field.to_owned(), reason.to_owned());
    assert_eq!(wrong(&|trip| "G7315!".clone_into(&mut trip.number)), pair("number", "not-a-number"));
    assert_eq!(wrong(&|trip| trip.date = trip.date.plus_days(-30)), pair("date", "out-of-window"));
    assert_eq!(wrong(&|trip| trip.date = trip.date.plus_days(30)), pair("date", "out-of-window"));
    assert_eq!(wrong(&|trip| trip.place = Some(0)), pair("place", "out-of-range"));
    assert_eq!(wrong(&|trip| "9".clone_into(&mut trip.from)).0, "from");
    let backwards = |trip: &mut TripInput| {
        (trip.departed_at, trip.arrived_at) = (Some(noon(4)), Some(noon(3)));
    };
    assert_eq!(wrong(&backwards), pair("arrived_at", "before-departure"));
    assert!(phone.resident.whereabouts(subject).unwrap().is_empty());
}

#[test]
fn places_go_after_the_window_and_export_and_erasure_know_them() {
    let (mut phone, _, subject, mut log) = green();
    phone.resident.record_trip(subject.clone(), trip("G7315", 3, Some(7))).unwrap();
    phone.resident.enter_venue(subject.clone(), venue(12)).unwrap();
    log.publish(noon(3), carriages("G7315", noon(3), (6, 8)));
    log.fetch(&phone.resident, false).unwrap();
    let export: serde_json::Value = serde_json::from_str(&phone.resident.export(None).unwrap()).unwrap();
    let of = &export["subjects"][0];
    assert_eq!(of["whereabouts"][0]["whereabouts"]["trip"]["number"], "G7315");
    assert_eq!(of["exposures"][0]["notice"], 1);
    let documents = export["documents"].as_array().unwrap();
    assert!(documents.iter().all(|document| !document["name"].as_str().unwrap().starts_with("notice:")));

    // The journey counts until the end of its second day at the most.
    let over = |day: u32| Timestamp::from_millis(noon(day).millis() - 12 * 3_600_000);
    phone.go_to(over(5 + 14).plus_millis(-60_000));
    purge(&phone.core());
    assert_eq!(phone.resident.whereabouts(subject.clone()).unwrap().len(), 2);
    phone.go_to(over(5 + 14).plus_millis(60_000));
    purge(&phone.core());
    assert_eq!(phone.resident.whereabouts(subject.clone()).unwrap().len(), 1);
    assert_eq!(states(&phone, &subject), []);
    phone.go_to(noon(26));
    purge(&phone.core());
    assert!(phone.resident.whereabouts(subject).unwrap().is_empty());
}

#[test]
fn a_phone_that_was_nowhere_and_one_that_was_everywhere_ask_for_the_same() {
    let (nowhere, _, _, mut log) = green();
    let (everywhere, _, subject, _) = green();
    let other = everywhere.enrol(2, &li_si()).subject.to_string();
    for number in 0..250 {
        for subject in [&subject, &other] {
            let trip = trip(&format!("G{number}"), 3 + number % 7, Some(7));
            everywhere.resident.record_trip(subject.clone(), trip).unwrap();
        }
    }
    let many = (0..30_000).map(|key| Record { key: key * 7, start: 600, minutes: 60, ..Record::default() });
    log.publish(noon(3), carriages("G7", noon(10), (6, 8)));
    log.publish(noon(4), (PlaceKind::Venue, many.collect()));
    log.publish(noon(3), carriages("G0", noon(3), (7, 7)));
    log.fetch(&nowhere.resident, false).unwrap();
    let first = std::mem::take(&mut log.asked);
    let report = log.fetch(&everywhere.resident, false).unwrap();
    assert_eq!(first, log.asked);
    assert!(report.matches >= 2 && report.waiting_bytes > 0, "{report:?}");
    assert_eq!(first.len(), 1 + 3 + 2, "the head, the notices, the files that are small");
}

#[test]
fn large_files_wait_for_a_call_that_allows_them_and_what_came_is_not_fetched_again() {
    let (phone, _, _, mut log) = green();
    let record =
        |key| Record { key, start: u32::try_from(key % 1_440).unwrap(), minutes: 60, ..Record::default() };
    log.publish(noon(4), (PlaceKind::Venue, (0..150_000).map(|key| record(key * 5)).collect()));
    let bytes = log.notices[0].0.part_bytes();
    assert!(bytes > 256 * 1024);
    let report = log.fetch(&phone.resident, false).unwrap();
    assert_eq!((report.notices, report.bytes, report.waiting_bytes), (1, 0, bytes));
    // The connection breaks with the second file.
    let broken = log.fetch_changed(&phone.resident, true, |path, reply| {
        if path.ends_with("/1.bin") {
            reply.status = 503;
        }
    });
    assert!(matches!(broken, Err(HealthcodeError::Network { .. })));
    log.asked.clear();
    let report = log.fetch(&phone.resident, true).unwrap();
    assert_eq!((report.notices, report.waiting_bytes), (0, 0));
    assert!(report.bytes < bytes && !log.asked.contains(&format!("{NOTICE_PATH_PREFIX}1/0.bin")));
    log.asked.clear();
    log.fetch(&phone.resident, true).unwrap();
    assert_eq!(log.asked, [NOTICE_HEAD_PATH]);
}

fn kind(result: Result<crate::sync::NoticeReport, HealthcodeError>) -> NoticeLogKind {
    match result {
        Err(HealthcodeError::NoticeLog { kind }) => kind,
        other => panic!("{other:?}"),
    }
}

/// A phone that has taken a notice, with a match that must stay whatever comes next.
fn taken() -> (TestPhone, String, TestLog) {
    let (phone, _, subject, mut log) = green();
    phone.resident.record_trip(subject.clone(), trip("G7315", 3, Some(7))).unwrap();
    log.publish(noon(3), carriages("G7315", noon(3), (6, 8)));
    log.publish(noon(3), carriages("G7317", noon(3), (6, 8)));
    log.fetch(&phone.resident, false).unwrap();
    (phone, subject, log)
}

#[test]
fn a_log_that_forks_or_shrinks_or_is_not_witnessed_is_refused_by_name_and_yesterdays_stays() {
    let refused = |change: &dyn Fn(&mut TestLog), expected: NoticeLogKind| {
        let (phone, subject, mut log) = taken();
        change(&mut log);
        assert_eq!(kind(log.fetch(&phone.resident, true)), expected);
        assert_eq!(states(&phone, &subject), [ExposureState::Holds]);
        assert_eq!(phone.resident.notice_state().unwrap().size, 2);
    };
    let next = |log: &mut TestLog| {
        log.publish(noon(3), carriages("G9", noon(3), (6, 8)));
    };
    refused(&|log| drop(log.notices.pop()), NoticeLogKind::Older);
    refused(&|log| log.at = log.at.plus_millis(-1_000), NoticeLogKind::Older);
    let fork = |log: &mut TestLog| {
        log.notices.pop();
        log.publish(noon(3), carriages("G7319", noon(3), (6, 8)));
    };
    refused(&fork, NoticeLogKind::Forked);
    refused(&|log| (fork(log), next(log)).1, NoticeLogKind::Forked);
    refused(&|log| log.signers.truncate(1), NoticeLogKind::Unwitnessed);
    refused(&|log| log.signers = vec![31, 31], NoticeLogKind::Unwitnessed);
    refused(&|log| log.signers = vec![31, 32], NoticeLogKind::Unwitnessed);
    refused(&|log| log.signers = vec![33, 33], NoticeLogKind::Unsigned);
    refused(&|log| log.signers = vec![99, 33], NoticeLogKind::Unsigned);
    let elsewhere = |log: &mut TestLog| {
        log.region = 440_000;
        next(log);
    };
    refused(&elsewhere, NoticeLogKind::Region);
    assert_ne!(signer(99).public_key().id(), signer(31).public_key().id());
}

#[test]
fn a_file_that_is_cut_altered_or_swollen_on_the_way_is_refused_and_yesterdays_stays() {
    let cut = |body: &mut Vec<u8>| body.truncate(body.len() - 1);
    let changed = |end: &str, change: &dyn Fn(&mut Vec<u8>)| {
        let (phone, subject, mut log) = taken();
        log.publish(noon(3), carriages("G9", noon(3), (6, 8)));
        let result = log.fetch_changed(&phone.resident, true, |path, reply| {
            if path.ends_with(end) {
                change(&mut reply.body);
            }
        });
        assert_eq!(states(&phone, &subject), [ExposureState::Holds]);
        assert_eq!(phone.resident.notice_state().unwrap().size, 2);
        // And the right one is taken afterwards.
        let kind = kind(result);
        assert_eq!(log.fetch(&phone.resident, true).unwrap().notices, 1);
        kind
    };
    assert_eq!(changed("3/0.bin", &cut), NoticeLogKind::Altered);
    assert_eq!(changed("3/0.bin", &|body| body[3] ^= 1), NoticeLogKind::Altered);
    assert_eq!(changed("3/0.bin", &|body| *body = body.repeat(1_000)), NoticeLogKind::Altered);
    assert_eq!(changed("3.cbor", &cut), NoticeLogKind::Form);
    assert_eq!(changed("3.cbor", &|body| *body.last_mut().unwrap() ^= 1), NoticeLogKind::Unsigned);
    assert_eq!(changed("3.cbor", &|body| *body = body.repeat(1_000)), NoticeLogKind::Form);
    assert_eq!(changed("head.cbor", &cut), NoticeLogKind::Form);
    assert_eq!(changed("head.cbor", &|body| *body = body.repeat(1_000)), NoticeLogKind::Form);
}

#[test]
fn a_notice_of_another_place_in_the_log_is_a_fork() {
    let (phone, _, mut log) = taken();
    log.publish(noon(3), carriages("G9", noon(3), (6, 8)));
    log.publish(noon(3), carriages("G11", noon(3), (6, 8)));
    let other = log.notices[1].0.clone();
    let swapped = crate::token::trust_list::seal(&other, &signer(31)).unwrap();
    let result = log.fetch_changed(&phone.resident, true, |path, reply| {
        if path.ends_with("3.cbor") {
            reply.body.clone_from(&swapped);
        }
    });
    assert_eq!(kind(result), NoticeLogKind::Forked);
}

#[test]
fn a_new_phone_begins_with_the_notices_of_the_window() {
    let (mut phone, _, _, mut log) = green();
    for day in [10, 11, 12, 30, 31] {
        log.at = noon(day);
        log.publish(noon(day), carriages("G9", noon(day), (6, 8)));
    }
    phone.go_to(noon(32));
    log.at = noon(32);
    let report = log.fetch(&phone.resident, true).unwrap();
    assert_eq!(report.notices, 2);
    assert_eq!(log.asked.len(), 1 + 3 + 2, "{:?}", log.asked);
}
