//! The text of a code: exactly one for the bytes. Sizes and the golden vector of `tests/vectors/tokens.json`, which
//! every other language of this project asserts as well.
//!
//! The published base45 cases are no part of the project. The variable `HEALTHCODE_VECTORS` names the directory
//! that has them as `base45/cases.json`. Without them a developer's run says so and passes; continuous
//! integration fails.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    missing_docs,
    reason = "tests"
)]
#![allow(clippy::print_stdout, reason = "a test that is left out says so")]

mod support;

use std::path::{Path, PathBuf};

use healthcode::qr::Matrix;
use healthcode::rules::calendar::Timestamp;
use healthcode::rules::identity::Region;
use healthcode::token::code_text::{
    CodeText, CodeTextError, Foreign, MAX_CHARACTERS, Prefix, decode_strictly,
};
use healthcode::token::ids::hex;
use healthcode::token::key::Signer;
use healthcode::token::presentation::{Flags, Mode, Presentation};
use healthcode::token::{Challenge, GateToken, OutageNotice, StatusReference};
use proptest::prelude::*;
use serde_json::{Value, json};
use support::{
    HOLDER, HardwareKey, ISSUED, TOKENS, VALID_HOURS, at, code, hours, key, public, runs, sealed, shown,
    token, trust,
};

const VECTOR: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/vectors/tokens.json");
const PREFIXES: [Prefix; 6] =
    [Prefix::Code, Prefix::Challenge, Prefix::Paper, Prefix::Venue, Prefix::Handover, Prefix::Outage];

/// The 45 characters of RFC 9285, in their order.
const ALPHABET: &[u8; 45] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:";

fn published() -> Option<PathBuf> {
    let path = std::env::var_os("HEALTHCODE_VECTORS").map(|root| Path::new(&root).join("base45/cases.json"));
    let found = path.filter(|path| path.is_file());
    if found.is_none() {
        let in_ci = std::env::var("CI").is_ok_and(|value| value == "true");
        assert!(!in_ci, "HEALTHCODE_VECTORS must name the directory of the published cases");
        println!("left out: the published base45 cases are not at hand (HEALTHCODE_VECTORS)");
    }
    found
}

#[test]
fn the_published_base45_cases_hold() {
    let Some(path) = published() else { return };
    let cases: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let (mut valid, mut invalid) = (0, 0);
    for case in cases.as_array().unwrap() {
        let decoded = decode_strictly(case["encoded"].as_str().unwrap()).map(|bytes| hex(&bytes));
        assert_eq!(decoded.as_deref(), case["decoded_hex"].as_str(), "{case}");
        assert_eq!(decoded.is_some(), case["valid"] == true, "{case}");
        if decoded.is_some() { valid += 1 } else { invalid += 1 }
    }
    assert_eq!((valid, invalid), (23, 27));
}

#[test]
fn base45_is_two_bytes_in_three_characters_and_a_last_byte_in_two() {
    // The last three are RFC 9285's own examples (4.3).
    let cases: [(&[u8], &str); 9] = [
        (b"", ""),
        (b"\x00", "00"),
        (b"\xff", "U5"),
        (b"\x00\x00", "000"),
        (b"\xff\xff", "FGW"),
        (b"\x01\x00", "V50"),
        (b"AB", "BB8"),
        (b"Hello!!", "%69 VD92EX0"),
        (b"base-45", "UJCLQE7W581"),
    ];
    for (bytes, text) in cases {
        let reckoned: String = bytes.chunks(2).map(reckon).collect();
        assert_eq!(reckoned, text, "the table of this test, by RFC 9285, 4");
        assert_eq!(CodeText::write(Prefix::Code, bytes), format!("H1:{text}"));
        assert_eq!(decode_strictly(text).as_deref(), Some(bytes), "{text}");
    }
}

/// RFC 9285, 4, by the letter.
fn reckon(chunk: &[u8]) -> String {
    let mut number = chunk.iter().fold(0, |number, byte| number * 256 + usize::from(*byte));
    let digits = (0..=chunk.len()).map(|_| {
        let digit = number % 45;
        number /= 45;
        char::from(ALPHABET[digit])
    });
    digits.collect()
}

#[test]
fn every_pair_of_bytes_and_every_byte_has_its_own_text() {
    for number in 0..=u16::MAX {
        let bytes = number.to_be_bytes();
        assert_eq!(decode_strictly(&reckon(&bytes)).as_deref(), Some(&bytes[..]));
    }
    for byte in 0..=u8::MAX {
        assert_eq!(decode_strictly(&reckon(&[byte])), Some(vec![byte]));
    }
}

#[test]
fn what_is_too_large_of_odd_length_or_outside_the_alphabet_is_no_base45() {
    let texts = [
        "GGW",
        ":::",
        "V5",
        "::",
        "0",
        "0000",
        "FGW0",
        "bb8",
        "BB_",
        "BB\u{ff18}",
        "BB8\n",
        "\u{feff}BB8",
        "B\u{e8}",
        "BB\0",
    ];
    for text in texts {
        assert_eq!(decode_strictly(text), None, "{text:?}");
        assert_eq!(CodeText::parse(&format!("H1:{text}")), Err(CodeTextError::Base45), "{text:?}");
    }
}

#[test]
fn each_prefix_names_its_kind_of_code() {
    for (prefix, text) in PREFIXES.into_iter().zip(["H1:", "H2:", "H3:", "H4:", "H5:", "H6:"]) {
        assert_eq!(prefix.text(), text);
        assert_eq!(CodeText::parse(&format!("{text}BB8")), Ok(CodeText { prefix, bytes: b"AB".to_vec() }));
    }
    for text in
        ["H0:BB8", "H7:BB8", "H10:BB8", "H1BB8", "H1", "h1:BB8", " H1:BB8", "\u{41d}1:BB8", "Ｈ１：BB8", ""]
    {
        assert_eq!(CodeText::parse(text), Err(CodeTextError::Foreign(Foreign::Other)), "{text:?}");
    }
}

#[test]
fn a_text_longer_than_any_code_is_not_decoded() {
    let fits = format!("H1:{}", "0".repeat(MAX_CHARACTERS - 4));
    assert!(CodeText::parse(&fits).is_ok());
    assert_eq!(CodeText::parse(&format!("{fits}00")), Err(CodeTextError::TooLong));
}

#[test]
fn a_status_list_has_a_number_that_keeps_the_code_small() {
    for (list, expected) in [(255, true), (256, false), (u32::MAX, false)] {
        let status = StatusReference { list, index: 1 };
        let signed = sealed(&GateToken { status, ..token() });
        assert_eq!(trust().open_object::<GateToken>(&signed).is_ok(), expected, "{list}");
    }
}

/// A token with the shortest and one with the longest that can vary in it.
fn smallest_and_largest() -> [GateToken; 2] {
    let status = StatusReference { list: 1, index: 256 };
    let smallest = GateToken { masked_name: "*".to_owned(), status, ..token() };
    let status = StatusReference { list: 255, index: u32::MAX };
    let largest = GateToken { masked_name: "*阿卜杜拉ab".to_owned(), status, ..token() };
    assert_eq!(largest.masked_name.len(), 15);
    [smallest, largest]
}

/// Bytes of the payload, characters of the text, version of the QR code at level M.
fn size(prefix: Prefix, bytes: &[u8]) -> (usize, usize, u8) {
    let text = CodeText::write(prefix, bytes);
    (bytes.len(), text.len(), Matrix::encode(&text).unwrap().version())
}

#[test]
fn every_code_fits_version_12() {
    let sizes = smallest_and_largest().map(|token| {
        let token = sealed(&token);
        (token.len(), size(Prefix::Code, &shown(&token, 30)))
    });
    assert_eq!(sizes, [(175, (258, 390, 12)), (192, (275, 416, 12))]);
}

#[test]
fn a_hardware_keys_largest_code_fills_version_12_to_the_last_character() {
    let key = HardwareKey::new(true);
    let [_, largest] = smallest_and_largest();
    let token = sealed(&GateToken { holder: Some(key.public_key()), ..largest });
    let presentation = Presentation { token, mode: Mode::Shown(at(30)), flags: Flags { lowered: true } };
    assert_eq!(size(Prefix::Code, &presentation.sign(None, &key).unwrap()), (277, 419, 12));
}

#[test]
fn paper_fits_version_9_and_a_challenge_version_4() {
    let paper = smallest_and_largest().map(|token| sealed(&GateToken { holder: None, ..token }));
    assert_eq!(paper.map(|bytes| size(Prefix::Paper, &bytes)), [(132, 201, 8), (149, 227, 9)]);

    let challenge = |name| size(Prefix::Challenge, &Challenge::new([7; 16], name, None).to_bytes());
    assert_eq!(challenge("西湖三号门"), (35, 56, 3));
    assert_eq!(challenge("西湖景区三号门口"), (45, 71, 4), "the longest name");
}

fn rows(matrix: &Matrix) -> Vec<String> {
    let side = 0..matrix.side();
    side.clone()
        .map(|y| side.clone().map(|x| if matrix.is_dark(x, y) { '1' } else { '0' }).collect())
        .collect()
}

/// The golden vector, from the code as it stands.
fn vector() -> Value {
    let token = token();
    let bytes = sealed(&token);
    let presentation = shown(&bytes, 30);
    let text = code(&presentation);
    let matrix = Matrix::encode(&text).unwrap();
    let challenge = Challenge::new([7; 16], "西湖三号门", None);
    let answer = Presentation {
        token: bytes.clone(),
        mode: Mode::Answer(challenge.short_nonce()),
        flags: Flags { lowered: true },
    };
    let answer = answer.sign(Some(&challenge.to_bytes()), &key(HOLDER)).unwrap();
    json!({
        "about": "One code from fixed keys and times, byte for byte; every language of this project asserts it. \
            Keys are Ed25519, each seed 32 times the byte given. Instants are seconds since 1970 UTC, bytes are in \
            hexadecimal. The token is COSE_Sign1 by the issuer with the external_aad hc/1/token; the presentation \
            by the holder with hc/1/show; the answer by the holder with hc/1/answer, 00 and the SHA-256 of the \
            challenge. Signatures are deterministic (RFC 8032). The text is H1: and the presentation in base45 \
            (RFC 9285); its QR code is one alphanumeric segment at level M, rows from the top, 1 for dark. The outage \
            notice is its payload and an array of one COSE_Sign1 by the root, with a nil payload and the external_aad \
            hc/1/outage. core/tests/code_text.rs makes it.",
        "issuer": {"seed_byte": TOKENS, "cose_key": hex(&public(TOKENS).to_cose()), "key_id": hex(&public(TOKENS).id())},
        "holder": {"seed_byte": HOLDER, "cose_key": hex(&public(HOLDER).to_cose()), "key_id": hex(&public(HOLDER).id())},
        "claims": {
            "exp": ISSUED + hours(VALID_HOURS), "iat": ISSUED, "cti": hex(&token.id), "colour": token.colour.code(),
            "class": token.class(), "region": token.region.code(), "status_list": token.status.list,
            "status_index": token.status.index, "masked_name": token.masked_name, "id_tail": token.id_tail,
        },
        "token": hex(&bytes),
        "shown_at": ISSUED + 30,
        "flags": 0,
        "presentation": hex(&presentation),
        "challenge": {"nonce": hex(&challenge.nonce), "gate": challenge.gate, "bytes": hex(&challenge.to_bytes())},
        "answer_flags": 1,
        "answer": hex(&answer),
        "text": text,
        "qr": {"version": matrix.version(), "rows": rows(&matrix)},
        "outage": outage(),
    })
}

/// A notice about the reference server's issuer, for apps that are built with its root key besides their own.
fn outage() -> Value {
    const ROOT: u8 = 3;
    // From 12 to 20 February 2020 at +08:00.
    let (issued_at, ends_at) = (1_581_436_800, 1_582_128_000);
    let (from, until) = (Timestamp::from_seconds(issued_at), Timestamp::from_seconds(ends_at));
    let notice = OutageNotice::new(1, "hangzhou".to_owned(), 1, from, until, 48);
    let signed = notice.sign(&[&key(ROOT)]).unwrap();
    json!({
        "root": {"seed_byte": ROOT, "cose_key": hex(&public(ROOT).to_cose()), "key_id": hex(&public(ROOT).id())},
        "claims": {
            "root_version": notice.root_version, "issuer": notice.issuer, "version": notice.version,
            "issued_at": issued_at, "ends_at": ends_at, "hours": notice.hours,
        },
        "notice": hex(&signed),
        "text": OutageNotice::to_text(&signed),
    })
}

#[test]
fn the_golden_vector_is_what_it_was() {
    let golden: Value = serde_json::from_str(&std::fs::read_to_string(VECTOR).unwrap()).unwrap();
    let now = vector();
    for (name, value) in golden.as_object().unwrap() {
        assert_eq!(&now[name], value, "{name}");
    }
    assert_eq!(now.as_object().unwrap().len(), golden.as_object().unwrap().len());
}

#[test]
#[ignore = "writes the golden vector anew: only when the format changes"]
fn write_the_golden_vector() {
    std::fs::write(VECTOR, serde_json::to_string_pretty(&vector()).unwrap() + "\n").unwrap();
}

#[test]
fn the_golden_code_is_judged_by_the_region_that_it_names() {
    assert_eq!(token().region, Region::from_code(330_100).unwrap());
}

proptest! {
    #![proptest_config(runs(2_000))]

    #[test]
    fn what_is_written_is_read(bytes in proptest::collection::vec(any::<u8>(), 0..600), prefix in 0_usize..6) {
        let prefix = PREFIXES[prefix];
        let text = CodeText::write(prefix, &bytes);
        prop_assert_eq!(CodeText::parse(&text), Ok(CodeText { prefix, bytes }));
        prop_assert!(text.bytes().all(|c| ALPHABET.contains(&c)));
    }

    #[test]
    fn any_text_has_one_reading_at_most_and_only_its_own_spelling(text in "[0-9A-Z $%*+./:-]{0,60}") {
        if let Some(bytes) = decode_strictly(&text) {
            prop_assert_eq!(CodeText::write(Prefix::Code, &bytes), format!("H1:{text}"));
        }
    }

    #[test]
    fn any_text_is_named_and_no_character_of_a_code_can_be_another(
        text in any::<String>(),
        index in any::<prop::sample::Index>(),
        other in any::<char>(),
    ) {
        let _ = CodeText::parse(&text);
        let _ = CodeText::parse(&format!("H1:{text}"));
        let valid = code(b"some bytes of a code");
        let mut characters: Vec<char> = valid.chars().collect();
        let at = index.index(characters.len());
        characters[at] = other;
        let changed: String = characters.into_iter().collect();
        prop_assert_eq!(CodeText::parse(&changed) == CodeText::parse(&valid), changed == valid);
    }
}
