//! What was given: the text of a code, bytes in one of their spellings, JSON, a picture, or something else.

use base64::Engine as _;
use base64::alphabet::URL_SAFE;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use healthcode::token::code_text::{CodeText, CodeTextError, Foreign, Prefix};

use super::cbor;
use crate::camera;
use crate::trust::unhex;

const PNG: &[u8] = b"\x89PNG\r\n\x1a\n";

/// What was given.
pub(super) enum Given {
    /// The text of a code of this system: the text, its kind and its bytes.
    Code(String, Prefix, Vec<u8>),
    /// It begins like one.
    Damaged(String),
    /// Something that another system made.
    Foreign(Foreign),
    /// Bytes, and how they were spelt.
    Bytes(Vec<u8>, &'static str),
    /// A JSON document.
    Json(Vec<u8>),
    /// A picture in which no code was found.
    Picture(String),
}

impl Given {
    pub(super) fn of(data: Vec<u8>) -> Self {
        if data.starts_with(PNG) {
            return match camera::scan(&data) {
                Ok(text) => Self::of_text(&text),
                Err(error) => Self::Picture(error.to_string()),
            };
        }
        match std::str::from_utf8(&data) {
            Ok(text) => Self::of_text(text),
            Err(_) => Self::Bytes(data, "bytes"),
        }
    }

    fn of_text(text: &str) -> Self {
        // White space around it comes from files and terminals; a space at a code's end can be base45.
        let text = text.trim_start_matches('\u{feff}').trim_matches(['\r', '\n', '\t']);
        let foreign = match CodeText::parse(text) {
            Ok(code) => return Self::Code(text.to_owned(), code.prefix, code.bytes),
            Err(CodeTextError::Foreign(foreign)) => foreign,
            Err(CodeTextError::TooLong) => {
                return Self::Damaged("more characters than any QR code".to_owned());
            }
            Err(CodeTextError::Base45) => return Self::Damaged(base45_fault(text)),
        };
        let compact: String = text.split_whitespace().collect();
        if let Some(bytes) = unhex(&compact).filter(|bytes| !bytes.is_empty()) {
            return Self::Bytes(bytes, "hexadecimal");
        }
        if let Some(bytes) = base64(&compact).filter(|bytes| is_cbor(bytes)) {
            return Self::Bytes(bytes, "base64url (RFC 4648, 5)");
        }
        if text.trim_start().starts_with('{') {
            return Self::Json(text.as_bytes().to_vec());
        }
        Self::Foreign(foreign)
    }
}

/// Bytes in base64url, or in the base64 of other tools, padded or not.
fn base64(text: &str) -> Option<Vec<u8>> {
    let config = GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
    let engine = GeneralPurpose::new(&URL_SAFE, config);
    engine.decode(text.replace('+', "-").replace('/', "_")).ok()
}

/// Words can be read as base64 too: only what begins an array, a map or a tag is taken for bytes.
fn is_cbor(bytes: &[u8]) -> bool {
    bytes.first().is_some_and(|first| (4..=6).contains(&(first >> 5))) && cbor::read(bytes).is_ok()
}

/// What is wrong with a text that is not base45 in its one spelling.
fn base45_fault(text: &str) -> String {
    let of_base45 = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit() || " $%*+-./:".contains(c);
    let body = text.get(3..).unwrap_or_default();
    let stranger = body.chars().zip(4..).find(|(c, _)| !of_base45(*c));
    match stranger {
        Some((c, at)) if c.is_ascii_lowercase() => format!("base45: a small letter, character {at}"),
        Some((c, at)) => format!("base45: U+{:04X}, character {at}, is not in it (RFC 9285)", u32::from(c)),
        None if body.len() % 3 == 1 => "base45: cut off, or a character more than there should be".to_owned(),
        None => "base45: three characters that stand for no two bytes".to_owned(),
    }
}
