//! The examples of the Token Status List draft, and what a zlib stream (RFC 1950) in a list must not be.
//!
//! The published examples are no part of the project. The variable `HEALTHCODE_VECTORS` names the directory with
//! their `status-list` folder; where it is not set these tests say so and pass, except in CI.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout,
    missing_docs,
    reason = "tests"
)]

mod support;

use std::collections::BTreeMap;
use std::path::Path;

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use healthcode::token::envelope::{FormatError, TokenError};
use healthcode::token::status_list::{MAX_PACKED, MEDIA_TYPE};
use healthcode::token::{PublicKey, SignedStatusList, StatusList};
use minicbor::Decoder;
use minicbor::data::Tag;
use miniz_oxide::deflate::core::{CompressorOxide, TDEFLFlush, compress, create_comp_flags_from_zip_params};
use serde_json::Value;
use support::status_list::{signed_stream, status_trust, to_be_signed, zlib};

fn published(file: &str) -> Option<Value> {
    let root = std::env::var_os("HEALTHCODE_VECTORS");
    let path = root.map(|root| Path::new(&root).join("status-list").join(file)).filter(|path| path.is_file());
    if path.is_none() {
        let in_ci = std::env::var("CI").is_ok_and(|value| value == "true");
        assert!(!in_ci, "HEALTHCODE_VECTORS must name the directory of the published examples");
        println!("left out: the published status lists are not at hand (HEALTHCODE_VECTORS)");
    }
    path.map(|path| serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap())
}

fn unhex(value: &Value) -> Vec<u8> {
    let text = value.as_str().unwrap().as_bytes();
    text.chunks(2).map(|pair| u8::from_str_radix(str::from_utf8(pair).unwrap(), 16).unwrap()).collect()
}

/// A list of this zlib stream, through everything that a list of a listed issuer goes through.
fn open(bits: u8, stream: &[u8]) -> Result<StatusList, TokenError> {
    status_trust().open_status_list(&signed_stream(bits, stream)).map(|opened| opened.object)
}

fn refused(stream: &[u8]) -> FormatError {
    match open(1, stream) {
        Err(TokenError::Form(error)) => error,
        other => panic!("{other:?}"),
    }
}

fn statuses(value: &Value) -> BTreeMap<u32, u8> {
    serde_json::from_value::<Vec<(u32, u8)>>(value.clone()).unwrap().into_iter().collect()
}

/// Checks each place: what is not named is valid.
fn assert_statuses(list: &StatusList, places: usize, named: &BTreeMap<u32, u8>) {
    assert_eq!(list.content().statuses.places(), places);
    let places = u32::try_from(places).unwrap();
    for index in 0..places {
        assert_eq!(list.status(index), Some(named.get(&index).copied().unwrap_or(0)), "index {index}");
    }
    assert_eq!(list.status(places), None);
    assert!(named.keys().all(|index| *index < places));
}

#[test]
fn the_drafts_lists_of_every_width_hold() {
    let Some(lists) = published("status-lists.json") else { return };
    let mut seen = Vec::new();
    for case in lists.as_array().unwrap() {
        let (bits, places) = (case["bits"].as_u64().unwrap(), case["size"].as_u64().unwrap());
        let stream = unhex(&case["lst_zlib_hex"]);
        let list = open(u8::try_from(bits).unwrap(), &stream).unwrap();
        assert_eq!(u64::from(list.content().statuses.bits().number()), bits);
        assert_statuses(&list, usize::try_from(places).unwrap(), &statuses(&case["status"]));
        if case["bytes_hex"].is_string() {
            assert_eq!(list.content().statuses.packed(), unhex(&case["bytes_hex"]), "{}", case["name"]);
        }
        seen.push((bits, places));
    }
    assert_eq!(seen, [(1, 16), (2, 12), (1, 1 << 20), (2, 1 << 20), (4, 1 << 20), (8, 1 << 20)]);
}

/// The draft's example as it stands: protected header, payload, signature.
fn example(bytes: &[u8]) -> (Vec<u8>, Vec<u8>, [u8; 64]) {
    let mut d = Decoder::new(bytes);
    assert_eq!((d.tag().unwrap(), d.array().unwrap()), (Tag::new(18), Some(4)));
    let protected = d.bytes().unwrap().to_vec();
    assert_eq!((d.map().unwrap(), d.u8().unwrap(), d.bytes().unwrap()), (Some(1), 4, &b"12"[..]));
    (protected, d.bytes().unwrap().to_vec(), d.bytes().unwrap().try_into().unwrap())
}

fn example_key(jwk: &Value) -> PublicKey {
    let coordinate = |name: &str| BASE64_URL_SAFE_NO_PAD.decode(jwk[name].as_str().unwrap()).unwrap();
    PublicKey::p256(&[vec![4], coordinate("x"), coordinate("y")].concat()).unwrap()
}

#[test]
fn the_drafts_token_verifies_and_is_refused_for_its_unprotected_key_id() {
    let Some(tokens) = published("tokens.json") else { return };
    let case = &tokens["status_list_cwt"];
    let bytes = unhex(&case["cbor_hex"]);
    // Its key id is open to whoever carries it, so it is none that we read.
    assert_eq!(SignedStatusList::parse(&bytes).unwrap_err(), FormatError::UnprotectedHeader);

    let (protected, payload, signature) = example(&bytes);
    let message = to_be_signed(&protected, b"", &payload);
    let key = example_key(&tokens["public_key"]);
    assert!(key.verifies(&message, &signature));
    assert!(!key.verifies(&to_be_signed(&protected, b"hc/1/token", &payload), &signature));

    let mut header = Decoder::new(&protected);
    assert_eq!((header.map().unwrap(), header.u8().unwrap(), header.i8().unwrap()), (Some(2), 1, -7));
    assert_eq!((header.u8().unwrap(), header.str().unwrap()), (16, MEDIA_TYPE));

    // The draft writes its claims in another order than the deterministic one.
    let mut d = Decoder::new(&payload);
    assert_eq!((d.map().unwrap(), d.u8().unwrap()), (Some(5), 2));
    assert_eq!(d.str().unwrap(), "https://example.com/statuslists/1");
    assert_eq!((d.u8().unwrap(), d.u32().unwrap()), (6, 1_686_920_170));
    assert_eq!((d.u8().unwrap(), d.u32().unwrap()), (4, 2_291_720_170));
    assert_eq!((d.u32().unwrap(), d.u32().unwrap()), (65_534, 43_200));
    assert_eq!((d.u32().unwrap(), d.map().unwrap()), (65_533, Some(2)));
    assert_eq!((d.str().unwrap(), d.u8().unwrap(), d.str().unwrap()), ("bits", 1, "lst"));
    let list = open(1, d.bytes().unwrap()).unwrap();
    assert_eq!(d.position(), payload.len());
    assert_statuses(&list, 16, &statuses(&case["status"]));
}

#[test]
fn statuses_of_every_width_stand_from_the_lowest_bits_up() {
    let packed = [0b1110_0100, 0b0001_1011];
    let widths: [(u8, &[u8]); 4] = [
        (1, &[0, 0, 1, 0, 0, 1, 1, 1, 1, 1, 0, 1, 1, 0, 0, 0]),
        (2, &[0, 1, 2, 3, 3, 2, 1, 0]),
        (4, &[0x4, 0xe, 0xb, 0x1]),
        (8, &[0xe4, 0x1b]),
    ];
    for (bits, expected) in widths {
        let named = (0..).zip(expected.iter().copied()).collect();
        assert_statuses(&open(bits, &zlib(&packed)).unwrap(), expected.len(), &named);
    }
}

#[test]
fn a_list_without_places_has_no_status() {
    assert_statuses(&open(1, &zlib(b"")).unwrap(), 0, &BTreeMap::new());
}

#[test]
fn any_level_of_compression_reads_alike() {
    let packed: Vec<u8> = (0..10_000_u32).map(|at| u8::from(at % 97 == 0)).collect();
    for level in 0..=10 {
        let stream = miniz_oxide::deflate::compress_to_vec_zlib(&packed, level);
        assert_eq!(open(8, &stream).unwrap().content().statuses.packed(), packed, "level {level}");
    }
}

#[test]
fn four_mebibytes_inflate_and_a_byte_more_does_not() {
    let packed = vec![0x55; MAX_PACKED + 1];
    let full = open(1, &zlib(&packed[..MAX_PACKED])).unwrap();
    assert_eq!(full.content().statuses.packed(), &packed[..MAX_PACKED]);
    assert_eq!(refused(&zlib(&packed)), FormatError::TooLarge);
}

#[test]
fn a_bomb_is_left_at_the_bound() {
    // A mebibyte of zeros that ends on a byte, so that it can be repeated.
    let mut mebibyte = vec![0; 8 * 1024];
    let mut compressor = CompressorOxide::new(create_comp_flags_from_zip_params(9, 0, 0));
    let (_, _, length) = compress(&mut compressor, &vec![0; 1024 * 1024], &mut mebibyte, TDEFLFlush::Full);
    mebibyte.truncate(length);
    let bomb = |mebibytes: usize, tail: &[u8]| [b"\x78\xda", &*mebibyte.repeat(mebibytes), tail].concat();
    assert!(bomb(1024, b"").len() < 2 * 1024 * 1024);
    assert_eq!(refused(&bomb(1024, b"")), FormatError::TooLarge);
    // A block of no known type is only seen by whoever gets there: past the bound nobody does.
    assert_eq!(refused(&bomb(3, b"\xff")), FormatError::Content);
    assert_eq!(refused(&bomb(5, b"\xff")), FormatError::TooLarge);
}

#[test]
fn a_stream_is_one_whole_zlib_stream_and_nothing_after_it() {
    let whole = zlib(&[0x11; 100]);
    assert!(open(1, &whole).is_ok());
    for length in 0..whole.len() {
        assert_eq!(refused(&whole[..length]), FormatError::Content, "{length} bytes");
    }
    for tail in [&[0][..], &whole, &[0; 100]] {
        assert_eq!(refused(&[&whole, tail].concat()), FormatError::Content);
    }
    for at in 1..=4 {
        let mut wrong = whole.clone();
        let end = wrong.len() - at;
        wrong[end] ^= 1;
        assert_eq!(refused(&wrong), FormatError::Content, "Adler-32, byte {at}");
    }
}

#[test]
fn other_wrappings_and_a_preset_dictionary_are_refused() {
    let whole = zlib(&[0x11; 100]);
    let (blocks, sum) = whole[2..].split_at(whole.len() - 6);
    let wrapped = |head: &[u8]| [head, blocks, sum].concat();
    assert!(open(1, &wrapped(b"\x78\x9c")).is_ok());
    let cases: [(&str, Vec<u8>); 6] = [
        ("a preset dictionary, by its checksum", wrapped(b"\x78\x20\x00\x00\x00\x01")),
        ("a preset dictionary's flag alone", wrapped(b"\x78\xbb")),
        ("a wrong check of the header", wrapped(b"\x78\x9d")),
        ("a window of 64 KiB", wrapped(b"\x88\x1c")),
        ("another method", wrapped(b"\x77\x09")),
        ("bare deflate", blocks.to_vec()),
    ];
    for (name, stream) in cases {
        assert_eq!(refused(&stream), FormatError::Content, "{name}");
    }
    // Each of the headers but one passes the check of its bits, so that it is refused for what it says.
    for head in [0x7820_u16, 0x78bb, 0x881c, 0x7709] {
        assert_eq!(head % 31, 0, "{head:04x}");
    }
    let gzip = [b"\x1f\x8b\x08\0\0\0\0\0\0\xff", blocks, b"\0\0\0\0\x64\0\0\0"].concat();
    assert_eq!(refused(&gzip), FormatError::Content);
}
