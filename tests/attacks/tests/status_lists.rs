//! Attacks on status lists: what else is offered as one, whose lists count for whom, and what a list can do to a code.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "tests")]
#![allow(clippy::print_stdout, reason = "the counts are told")]

use healthcode::token::envelope::{FormatError, Kind, Naming, sign};
use healthcode::token::status_list::{SignedStatusList, StatusListContent};
use healthcode::token::{GateToken, KeyUse, Sign1, StatusReference, TokenError};
use healthcode_attacks::forge::flips;
use healthcode_attacks::targets::sealed_status_list;
use healthcode_attacks::world::{
    GUANGDONG, Lane, STRANGER, USES, ZHEJIANG, code, green, guangdong, hours, key, sealed, seed_of, shown,
    signed_status_list, status_list, token, trust, trust_bytes,
};

fn refused(bytes: &[u8]) -> TokenError {
    trust().open_status_list(bytes).unwrap_err()
}

fn signed_with(list: &StatusListContent, seed: u8) -> Vec<u8> {
    list.sign(&key(seed)).unwrap()
}

#[test]
fn only_the_issuers_key_for_lists_signs_its_lists() {
    let list = status_list(0, hours(24), &[]);
    for key_use in USES.into_iter().filter(|key_use| *key_use != KeyUse::Status) {
        assert_eq!(refused(&signed_with(&list, seed_of(ZHEJIANG, key_use))), TokenError::UnknownKey);
    }
    assert_eq!(refused(&signed_with(&list, STRANGER)), TokenError::UnknownKey);
    // Guangdong's key for lists over Zhejiang's address, and over a made-up one.
    let theirs = seed_of(GUANGDONG, KeyUse::Status);
    assert_eq!(refused(&signed_with(&list, theirs)), TokenError::OtherSubject);
    let elsewhere = StatusListContent { uri: "https://example.org/1".to_owned(), ..list.clone() };
    assert_eq!(refused(&signed_with(&elsewhere, theirs)), TokenError::OtherSubject);
    let own = StatusListContent { uri: guangdong().status_lists[0].uri.clone(), ..list };
    let trust = trust();
    let opened = trust.open_status_list(&signed_with(&own, theirs)).unwrap();
    assert_eq!((opened.issuer.id.as_str(), opened.object.number()), ("guangdong", 1));
}

#[test]
fn guangdongs_list_withdraws_nothing_of_zhejiangs() {
    let own = StatusListContent {
        uri: guangdong().status_lists[0].uri.clone(),
        ..status_list(0, hours(24), &[70_000])
    };
    let lane = Lane::firm(30).loaded(&signed_with(&own, seed_of(GUANGDONG, KeyUse::Status))).unwrap();
    assert_eq!(lane.says(&green(30)), "pass green");
    assert_eq!(Lane::firm(30).listing(0, hours(24), &[70_000]).says(&green(30)), "withdrawn");
}

#[test]
fn nothing_else_is_a_status_list_and_a_status_list_is_nothing_else() {
    let list = signed_status_list(0, hours(24), &[]);
    let not_sign1 = TokenError::Form(FormatError::NotSign1);
    for other in [sealed(&token()), shown(&sealed(&token()), 30), trust_bytes()] {
        assert_eq!(refused(&other), not_sign1);
        assert_eq!(refused(&[&[0xd2][..], &other].concat()).to_string().split(':').next(), Some("form"));
    }
    assert_eq!(Sign1::parse(&list, list.len()).unwrap_err(), FormatError::NotSign1, "for its tag");
    // Without its tag it has a header that no other object has.
    assert_eq!(Sign1::parse(&list[1..], list.len()).unwrap_err(), FormatError::ProtectedHeader);
    let payload = list[list.windows(2).position(|two| two == b"\xa5\x02").unwrap()..list.len() - 66].to_vec();
    for kind in Kind::all() {
        let bytes = sign(kind, Naming::ById, &payload, &key(seed_of(ZHEJIANG, KeyUse::Status))).unwrap();
        let tagged = [&[0xd2][..], &bytes].concat();
        assert_eq!(refused(&tagged), TokenError::Form(FormatError::ProtectedHeader), "{kind:?}");
    }
    assert!(trust().open_status_list(&sealed_status_list(&payload)).is_ok());
}

#[test]
fn no_bit_of_a_list_can_be_flipped() {
    let list = signed_status_list(0, hours(24), &[4_711]);
    let mut count = 0;
    for (bit, flipped) in flips(&list) {
        let told = refused(&flipped);
        let expected = matches!(told, TokenError::Form(_) | TokenError::Signature | TokenError::UnknownKey);
        assert!(expected, "bit {bit}: {told}");
        count += 1;
    }
    for length in 0..list.len() {
        assert!(matches!(refused(&list[..length]), TokenError::Form(_)), "{length} bytes");
    }
    println!("\nflipped-bits: {count}");
    println!("\ntruncations: {}", list.len());
}

#[test]
fn a_list_outside_its_keys_window_is_refused() {
    let seed = seed_of(ZHEJIANG, KeyUse::Status);
    for (issued, expected) in [
        (-hours(24) - 1, Err(TokenError::OutsideKeyWindow)),
        (-hours(24), Ok(())),
        (hours(24 * 30) - 1, Ok(())),
        (hours(24 * 30), Err(TokenError::OutsideKeyWindow)),
    ] {
        let list = signed_with(&status_list(issued, issued + 60, &[]), seed);
        assert_eq!(trust().open_status_list(&list).map(|_| ()), expected, "{issued}");
    }
}

#[test]
fn places_that_fill_the_last_byte_are_valid_and_the_next_is_none() {
    let list =
        SignedStatusList::parse(&signed_status_list(0, 60, &[99_999])).unwrap().unverified_content().unwrap();
    let statuses = &list.statuses;
    assert_eq!((statuses.get(99_998), statuses.get(99_999), statuses.get(100_000)), (Some(0), Some(1), None));
    for index in [99_999_u32, 100_000, u32::MAX] {
        let token = GateToken { status: StatusReference { list: 1, index }, ..token() };
        let told = Lane::firm(30).listing(0, hours(24), &[99_999]).says(&code(&shown(&sealed(&token), 30)));
        assert_eq!(told, if index == 99_999 { "withdrawn" } else { "invalid status-index" });
    }
}
