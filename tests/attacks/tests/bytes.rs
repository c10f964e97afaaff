//! Attacks on the bytes of a code by somebody without any key: bits flipped, bytes cut off, added and exchanged, parts
//! of one code in another, sizes and depths that no code has. Each has its exact verdict.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "tests")]
#![allow(clippy::print_stdout, reason = "the counts are told")]

use healthcode::token::code_text::{CodeText, MAX_CHARACTERS, Prefix};
use healthcode::token::envelope::FormatError;
use healthcode::token::key::{PublicKey, Signer};
use healthcode::token::presentation::Scanned;
use healthcode::token::{Anchor, Challenge, GateToken, Sign1, TokenError, TrustList, TrustListError};
use healthcode_attacks::forge::{Forged, flips};
use healthcode_attacks::world::{
    HOLDER, HardwareKey, LIST_VERSION, Lane, ZHEJIANG, code, green, key, on_paper, paper, roots, sealed,
    showing, shown, token, trust, trust_bytes,
};

/// What a flipped bit is told as, by a letter.
fn letter(told: &str) -> char {
    match told {
        "invalid not-cose-sign1" => 'N',
        "invalid protected-header" => 'P',
        "invalid unprotected-header" => 'U',
        "invalid algorithm" => 'A',
        "invalid signature-length" => 'L',
        "invalid payload" => 'Y',
        "invalid content" => 'C',
        "invalid signature" => 'S',
        "unknown_issuer" => 'I',
        other => panic!("{other}"),
    }
}

/// A code's bytes from its first to its last: what stands there, how many bytes, and what each bit flipped is told as,
/// from the lowest. Where only values stand, it is the signature that breaks.
const LAYOUT: [(&str, usize, &str); 27] = [
    ("array of four", 1, "NNNNNNNN"),
    ("protected header's length", 1, "UUUUUPPP"),
    ("protected header: map and label", 2, "PPPPPPPP"),
    ("algorithm", 1, "AAAAAAAA"),
    ("unprotected header", 1, "UUUUUUUU"),
    ("payload's head", 1, "YYYNNYYY"),
    ("payload's length", 1, "LNNNNNLN"),
    ("payload: array of three, token's head and length", 3, "CCCCCCCC"),
    ("token: array of four", 1, "NNNNNNNN"),
    ("token: protected header's length", 1, "UUUUPPPP"),
    ("token: protected header: map and label", 2, "PPPPPPPP"),
    ("token: algorithm", 1, "AAAAAAAA"),
    ("token: label and length of the key's id", 2, "PPPPPPPP"),
    ("token: the key's id", 8, "IIIIIIII"),
    ("token: unprotected header", 1, "UUUUUUUU"),
    ("token: claims' head", 1, "YYYNNYYY"),
    ("token: claims' length", 1, "NNNLNNNY"),
    ("token: claims", 99, "SSSSSSSS"),
    ("token: signature's head", 1, "NNNLLNNN"),
    ("token: signature's length", 1, "NNNNNNLN"),
    ("token: signature", 64, "SSSSSSSS"),
    ("time's head", 1, "CCCCCCCC"),
    ("time", 4, "SSSSSSSS"),
    ("flags", 1, "SCCCCCCC"),
    ("signature's head", 1, "NNNLLNNN"),
    ("signature's length", 1, "NNNNNNLN"),
    ("signature", 64, "SSSSSSSS"),
];

#[test]
fn every_bit_of_a_code_that_is_flipped_is_told_for_what_it_breaks() {
    let (lane, valid) = (Lane::firm(30), shown(&sealed(&token()), 30));
    assert_eq!(lane.says(&code(&valid)), "pass green");
    assert_eq!(LAYOUT.iter().map(|(_, bytes, _)| bytes).sum::<usize>(), valid.len());
    let places = LAYOUT.iter().flat_map(|(what, bytes, told)| (0..*bytes).map(move |_| (what, told)));
    let expected = places.flat_map(|(what, told)| told.chars().map(move |letter| (what, letter)));
    let mut count = 0;
    for ((bit, flipped), (what, expected)) in flips(&valid).zip(expected) {
        assert_eq!(letter(&lane.says(&code(&flipped))), expected, "{what}, bit {bit}");
        count += 1;
    }
    println!("\nflipped-bits: {count}");
}

#[test]
fn no_bit_of_a_hardware_keys_code_can_be_flipped() {
    let (lane, hardware) = (Lane::firm(30), HardwareKey::new(HOLDER));
    let token = sealed(&GateToken { holder: Some(hardware.public_key()), ..token() });
    let valid = showing(&token, 30).sign(None, &hardware).unwrap();
    assert_eq!(lane.says(&code(&valid)), "pass green");
    let mut count = 0;
    for (bit, flipped) in flips(&valid) {
        let told = letter(&lane.says(&code(&flipped)));
        // The last 64 bytes are the signature's value.
        assert!(told == 'S' || bit / 8 < valid.len() - 64, "bit {bit}: {told}");
        count += 1;
    }
    println!("\nflipped-bits: {count}");
}

#[test]
fn no_bit_of_a_trust_list_can_be_flipped() {
    let valid = trust_bytes();
    assert!(TrustList::open(&valid, &roots(), LIST_VERSION).is_ok());
    let payload = valid.len() / 2;
    let mut count = 0;
    for (bit, flipped) in flips(&valid) {
        let refused = TrustList::open(&flipped, &roots(), LIST_VERSION).unwrap_err();
        assert!(
            matches!(refused, TrustListError::Form(_) | TrustListError::Signatures),
            "bit {bit}: {refused}"
        );
        // In the middle of it stands nothing but what the roots have signed.
        assert!(refused == TrustListError::Signatures || !(200..payload * 8).contains(&bit), "bit {bit}");
        count += 1;
    }
    println!("\nflipped-bits: {count}");
}

#[test]
fn a_code_cut_off_anywhere_is_told_for_what_is_missing_first() {
    let (lane, valid) = (Lane::firm(30), shown(&sealed(&token()), 30));
    for length in 0..valid.len() {
        let expected = match length {
            1..5 => "invalid protected-header",
            5 => "invalid unprotected-header",
            6..200 => "invalid payload",
            _ => "invalid not-cose-sign1",
        };
        assert_eq!(lane.says(&code(&valid[..length])), expected, "{length} bytes");
    }
    println!("\ntruncations: {}", valid.len());
}

#[test]
fn a_text_cut_off_anywhere_is_no_code() {
    let (lane, valid) = (Lane::firm(30), green(30));
    for length in 0..valid.len() {
        let told = lane.says(&valid[..length]);
        let expected = match length {
            0..3 => told == "not_a_health_code Other",
            // A group of base45 has two or three characters.
            _ if length % 3 == 1 => told == "invalid base45",
            _ => told.starts_with("invalid "),
        };
        assert!(expected, "{length} characters: {told}");
    }
    println!("\ntruncations: {}", valid.len());
}

#[test]
fn a_token_cut_off_anywhere_in_a_proven_presentation_is_refused() {
    let (lane, token) = (Lane::firm(30), sealed(&token()));
    for length in 0..token.len() {
        let told = lane.says(&code(&shown(&token[..length], 30)));
        assert!("NPUY".contains(letter(&told)), "{length} bytes: {told}");
    }
    println!("\ntruncations: {}", token.len());
}

#[test]
fn whatever_follows_a_code_a_token_or_a_list_makes_it_invalid() {
    let (lane, token) = (Lane::firm(30), sealed(&token()));
    let (valid, list) = (shown(&token, 30), trust_bytes());
    for byte in 0..=u8::MAX {
        let longer = |bytes: &[u8]| [bytes, &[byte]].concat();
        assert_eq!(lane.says(&code(&longer(&valid))), "invalid not-deterministic", "{byte:02x}");
        assert_eq!(lane.says(&code(&shown(&longer(&token), 30))), "invalid not-deterministic", "{byte:02x}");
        assert_eq!(
            lane.says(&on_paper(&longer(&sealed(&paper())))),
            "invalid not-deterministic",
            "{byte:02x}"
        );
        let refused = TrustList::open(&longer(&list), &roots(), LIST_VERSION);
        assert_eq!(refused, Err(TrustListError::Form(FormatError::NotDeterministic)), "{byte:02x}");
    }
    println!("\ntrailing-bytes: {}", 4 * 256);
}

#[test]
fn a_megabyte_is_not_looked_at() {
    let (lane, bytes) = (Lane::firm(30), vec![0x84; 1 << 20]);
    let text = |head: &str| head.to_owned() + &"0".repeat(1 << 20);
    for (head, told) in [
        ("H1:", "invalid too-large"),
        ("H2:", "invalid too-large"),
        ("H3:", "invalid too-large"),
        ("h1:", "not_a_health_code Other"),
        ("https://", "not_a_health_code Url"),
        ("", "not_a_health_code Other"),
    ] {
        assert_eq!(lane.says(&text(head)), told, "{head}");
    }
    assert_eq!(lane.says(&("H1:".to_owned() + &"0".repeat(MAX_CHARACTERS - 2))), "invalid too-large");
    assert_eq!(Sign1::parse(&bytes, 448).unwrap_err(), FormatError::TooLarge);
    assert_eq!(Scanned::parse(&bytes).unwrap_err(), FormatError::TooLarge);
    assert_eq!(Challenge::parse(&bytes).unwrap_err(), FormatError::TooLarge);
    let too_large = TokenError::Form(FormatError::TooLarge);
    assert_eq!(trust().open_object::<GateToken>(&bytes), Err(too_large));
    assert_eq!(trust().open_object::<Anchor>(&bytes), Err(too_large));
    let list = TrustList::open(&bytes, &roots(), LIST_VERSION);
    assert_eq!(list, Err(TrustListError::Form(FormatError::TooLarge)));
    assert_eq!(PublicKey::from_cose(&bytes), Err(FormatError::Key));
}

#[test]
fn a_length_that_promises_more_than_there_is_takes_no_memory_and_is_refused() {
    let lane = Lane::firm(30);
    // Heads of a byte string, a text, an array and a map of 2^64 - 1 and of 2^32 - 1.
    for major in [0x40_u8, 0x60, 0x80, 0xa0] {
        for head in
            [&[major | 0x1b, 255, 255, 255, 255, 255, 255, 255, 255][..], &[major | 0x1a, 255, 255, 255, 255]]
        {
            assert_eq!(lane.says(&code(head)), "invalid not-cose-sign1", "{head:02x?}");
            let in_place = Forged { protected_item: Some(head.to_vec()), ..Forged::presentation(b"") };
            assert_eq!(lane.says(&code(&in_place.signed_by(HOLDER))), "invalid protected-header");
            let in_place = Forged { unprotected: head.to_vec(), ..Forged::presentation(b"") };
            assert_eq!(lane.says(&code(&in_place.signed_by(HOLDER))), "invalid unprotected-header");
            let in_place = Forged { payload_item: Some(head.to_vec()), ..Forged::presentation(b"") };
            assert_eq!(lane.says(&code(&in_place.signed_by(HOLDER))), "invalid payload");
            let within = Forged::presentation(head).signed_by(HOLDER);
            assert_eq!(lane.says(&code(&within)), "invalid content");
            let token = Forged::token(head).signed_by(ZHEJIANG);
            assert_eq!(lane.says(&code(&shown(&token, 30))), "invalid content");
        }
    }
}

#[test]
fn no_depth_of_nesting_is_followed() {
    let lane = Lane::firm(30);
    // Arrays of one, maps of one, tags, indefinite arrays.
    for nest in [&[0x81_u8][..], &[0xa1, 0x00], &[0xc6], &[0x9f], &[0xd8, 0x18]] {
        let deep: Vec<u8> = nest.iter().copied().cycle().take(240).collect();
        assert_eq!(lane.says(&code(&deep)), "invalid not-cose-sign1");
        let within = Forged::presentation(&deep).signed_by(HOLDER);
        assert_eq!(lane.says(&code(&within)), "invalid content");
        let claims = Forged::token(&deep[..160]).signed_by(ZHEJIANG);
        assert_eq!(lane.says(&code(&shown(&claims, 30))), "invalid content");
        let header = Forged { protected: deep.clone(), ..Forged::presentation(b"") };
        assert_eq!(lane.says(&code(&header.signed_by(HOLDER))), "invalid protected-header");
        let header = Forged { unprotected: deep, ..Forged::presentation(b"") };
        assert_eq!(lane.says(&code(&header.signed_by(HOLDER))), "invalid unprotected-header");
        // A list may be half a megabyte: as deep as it can get.
        let list: Vec<u8> = nest.iter().copied().cycle().take(500_000).collect();
        let refused = TrustList::open(&list, &roots(), LIST_VERSION);
        assert_eq!(refused, Err(TrustListError::Form(FormatError::Content)));
        let list = minicbor::to_vec((
            minicbor::bytes::ByteVec::from(list),
            [minicbor::bytes::ByteVec::from(vec![])],
        ));
        let refused = TrustList::open(&list.unwrap()[..500_000], &roots(), LIST_VERSION);
        assert_eq!(refused, Err(TrustListError::Form(FormatError::Content)));
    }
}

#[test]
fn a_token_cut_out_of_its_presentation_passes_nowhere() {
    let (lane, token) = (Lane::firm(30), sealed(&token()));
    assert_eq!(lane.says(&code(&token)), "invalid protected-header", "a presentation names no key");
    assert_eq!(lane.says(&on_paper(&token)), "invalid phone-without-proof");
    assert_eq!(lane.says(&on_paper(&shown(&token, 30))), "invalid protected-header", "a token names its key");
    for (prefix, named) in [
        (Prefix::Challenge, "Challenge"),
        (Prefix::Venue, "Venue"),
        (Prefix::Handover, "Handover"),
        (Prefix::Outage, "OutageNotice"),
    ] {
        for bytes in [token.clone(), shown(&token, 30)] {
            let told = lane.says(&CodeText::write(prefix, &bytes));
            assert_eq!(told, format!("not_a_health_code {named}"));
        }
    }
}

#[test]
fn paper_with_a_proof_is_refused() {
    let lane = Lane::firm(30);
    for presentation in [shown(&sealed(&paper()), 30), shown(&sealed(&paper()), -1)] {
        assert_eq!(lane.says(&code(&presentation)), "invalid paper-with-proof");
    }
    let stranger = showing(&sealed(&paper()), 30).sign(None, &key(99)).unwrap();
    assert_eq!(lane.says(&code(&stranger)), "invalid paper-with-proof", "whoever signs");
}
