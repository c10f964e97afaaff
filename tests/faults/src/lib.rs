//! Faults put in on purpose: between phone and server, into the phone's file, into its clocks, and into processes,
//! by killing them. `tests/run faults` runs them; they are slow, so that `cargo test` alone does not.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests: what cannot be set up ends them")]
#![allow(clippy::missing_panics_doc, reason = "tests")]

pub mod file;
pub mod house;
pub mod sandbox;
pub mod search;

use std::fmt::Write;

/// Bytes as hexadecimal digits.
#[must_use]
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").unwrap();
        text
    })
}

/// The bytes of hexadecimal digits.
#[must_use]
pub fn unhex(text: &str) -> Vec<u8> {
    let digits: Vec<u8> =
        text.chars().map(|digit| u8::try_from(digit.to_digit(16).unwrap()).unwrap()).collect();
    digits.chunks(2).map(|pair| pair.iter().fold(0, |byte, digit| byte << 4 | digit)).collect()
}
