//! Looks for secrets in bytes, in whatever form they may have got there.

use std::collections::BTreeMap;
use std::fmt::Write;

use base64::Engine;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};

use crate::hex;

/// Shorter than this a pattern is found by chance: six characters of base64 once in 69 thousand million places.
const SHORTEST: usize = 6;

/// Secrets, each in every form that is looked for.
pub struct Search {
    /// By the first two bytes, the patterns that begin with them.
    patterns: BTreeMap<[u8; 2], Vec<Pattern>>,
    forms: usize,
}

struct Pattern {
    bytes: Vec<u8>,
    name: String,
}

impl Search {
    /// A search for these texts.
    #[must_use]
    pub fn for_texts(texts: &[&str]) -> Self {
        let mut search = Self { patterns: BTreeMap::new(), forms: 0 };
        for text in texts {
            for (form, bytes) in forms(text) {
                let Some(first) = bytes.first_chunk().copied() else { continue };
                search.forms += 1;
                let name = format!("{text} as {form}");
                search.patterns.entry(first).or_default().push(Pattern { bytes, name });
            }
        }
        search
    }

    /// In how many forms it looks for them.
    #[must_use]
    pub const fn forms(&self) -> usize {
        self.forms
    }

    /// What was found.
    #[must_use]
    pub fn find(&self, haystack: &[u8]) -> Vec<String> {
        let mut found = Vec::new();
        for place in 0..haystack.len() {
            let rest = haystack.get(place..).unwrap_or_default();
            let patterns = rest.first_chunk().and_then(|first| self.patterns.get(first));
            let hits = patterns.into_iter().flatten().filter(|pattern| rest.starts_with(&pattern.bytes));
            found.extend(hits.map(|pattern| pattern.name.clone()));
        }
        found
    }
}

/// A text in every form that it may be written in, by the form's name.
#[must_use]
pub fn forms(text: &str) -> Vec<(String, Vec<u8>)> {
    let utf16 = || text.encode_utf16();
    let plain = [
        ("UTF-8", text.as_bytes().to_vec()),
        ("UTF-16LE", utf16().flat_map(u16::to_le_bytes).collect()),
        ("UTF-16BE", utf16().flat_map(u16::to_be_bytes).collect()),
    ];
    let mut forms = Vec::new();
    for (name, bytes) in plain {
        let digits = hex(&bytes);
        forms.push((format!("hexadecimal of {name}"), digits.to_uppercase().into_bytes()));
        forms.push((format!("hexadecimal of {name}, lower case"), digits.into_bytes()));
        for alignment in 0..3 {
            for (alphabet, engine) in [("base64", &STANDARD_NO_PAD), ("base64url", &URL_SAFE_NO_PAD)] {
                let inner = inner_base64(&bytes, alignment, engine);
                forms.push((format!("{alphabet} of {name} at {alignment}"), inner));
            }
        }
        forms.push((name.to_owned(), bytes));
    }
    if !text.is_ascii() {
        let escaped = utf16().fold(String::new(), |mut all, unit| {
            write!(all, "\\u{unit:04x}").unwrap();
            all
        });
        forms.push(("an escape of JSON".to_owned(), escaped.into_bytes()));
        let percent = text.bytes().fold(String::new(), |mut all, byte| {
            write!(all, "%{byte:02X}").unwrap();
            all
        });
        forms.push(("an escape of a URL".to_owned(), percent.into_bytes()));
    }
    forms.retain(|(name, bytes)| bytes.len() >= SHORTEST || !name.contains("base64"));
    forms.sort();
    forms.dedup_by(|one, other| one.1 == other.1);
    forms
}

/// The characters of base64 that these bytes alone make, where they begin `alignment` bytes after a group of three.
fn inner_base64(bytes: &[u8], alignment: usize, engine: &impl Engine) -> Vec<u8> {
    let padded = [vec![0; alignment].as_slice(), bytes].concat();
    let whole = padded.len() * 8 / 6;
    let text = engine.encode(&padded).into_bytes();
    text.get((alignment * 8).div_ceil(6)..whole).unwrap_or_default().to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_is_found_wherever_it_begins_and_nothing_else_is() {
        let search = Search::for_texts(&["张三丰", "11010519491231002X"]);
        assert!(search.forms() > 40);
        for text in ["张三丰", "11010519491231002X"] {
            for before in 0..4 {
                let written = [&vec![b'~'; before], text.as_bytes(), b"~~~"].concat();
                for haystack in [
                    written.clone(),
                    hex(&written).into_bytes(),
                    hex(&written).to_uppercase().into_bytes(),
                    STANDARD_NO_PAD.encode(&written).into_bytes(),
                    URL_SAFE_NO_PAD.encode(&written).into_bytes(),
                    text.encode_utf16().flat_map(u16::to_le_bytes).collect(),
                    text.encode_utf16().flat_map(u16::to_be_bytes).collect(),
                ] {
                    let found = search.find(&haystack);
                    assert!(found.iter().any(|name| name.starts_with(text)), "{text} {before}");
                }
            }
        }
        assert_eq!(search.find("the quick brown fox, 李四, 1101051949".as_bytes()), Vec::<String>::new());
    }
}
