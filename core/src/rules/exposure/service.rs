//! The number of a train, a flight or a coach: one spelling for it, and one integer that stands for the spelling.

use serde::{Deserialize, Serialize};

/// The most characters of a number.
pub const MAX_CHARACTERS: usize = 9;
/// One more than there are symbols: a number is written in it with digits from 1 on, so that none stands for another.
const BASE: u64 = 68;
/// Digits, letters, and the abbreviations of the provinces that plates begin with (GA 36-2018).
const SYMBOLS: &str =
    "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ京津冀晋蒙辽吉黑沪苏浙皖闽赣鲁豫鄂湘粤桂琼渝川贵云藏陕甘青宁新";

/// A service's number in its one spelling: `G7315`, `CA1702`, `浙A12345`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ServiceNumber(String);

impl ServiceNumber {
    /// Reads what a person typed: letters of any case, full-width forms (U+FF01 to U+FF5E), spaces, hyphens and dots
    /// between. None for what no number is.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let mut number = String::new();
        for character in text.chars() {
            let narrow = match u32::from(character) {
                code @ 0xff01..=0xff5e => char::from_u32(code - 0xfee0)?,
                _ => character,
            };
            if narrow.is_whitespace() || matches!(narrow, '-' | '.' | '·') {
                continue;
            }
            let upper = narrow.to_ascii_uppercase();
            if !SYMBOLS.contains(upper) {
                return None;
            }
            number.push(upper);
        }
        (1..=MAX_CHARACTERS).contains(&number.chars().count()).then_some(Self(number))
    }

    /// The spelling.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The integer that stands for it: below 2^55, and no other number's.
    #[must_use]
    pub fn packed(&self) -> u64 {
        self.0.chars().fold(0, |packed, character| {
            let digit = SYMBOLS.chars().position(|symbol| symbol == character).unwrap_or_default();
            packed * BASE + digit as u64 + 1
        })
    }
}

impl TryFrom<String> for ServiceNumber {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::parse(&text).filter(|number| number.0 == text).ok_or("not a number of a service")
    }
}

impl From<ServiceNumber> for String {
    fn from(number: ServiceNumber) -> Self {
        number.0
    }
}

// It tells where somebody was.
impl std::fmt::Debug for ServiceNumber {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ServiceNumber(..)")
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn one_number_has_one_spelling_however_it_was_typed() {
        for (typed, read) in [
            ("g7315", "G7315"),
            (" G 7315 ", "G7315"),
            ("Ｇ７３１５", "G7315"),
            ("ca-1702", "CA1702"),
            ("浙A·12345", "浙A12345"),
            ("浙ａ12345", "浙A12345"),
        ] {
            assert_eq!(ServiceNumber::parse(typed).unwrap().as_str(), read);
        }
        for wrong in ["", "  ", "G7315次", "G7315/6", "ABCDEFGHIJ", "Г7315", "日A12345"] {
            assert_eq!(ServiceNumber::parse(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn no_two_numbers_have_one_integer() {
        assert_eq!(SYMBOLS.chars().count() as u64 + 1, BASE);
        let texts =
            ["0", "00", "1", "10", "A", "A0", "0A", "新", "新新新新新新新新新", "G7315", "G7316", "京A00001"];
        let packed: BTreeSet<u64> =
            texts.iter().map(|text| ServiceNumber::parse(text).unwrap().packed()).collect();
        assert_eq!(packed.len(), texts.len());
        assert!(packed.iter().all(|packed| *packed < 1 << 55));
        let next = |text: &str| ServiceNumber::parse(text).unwrap().packed();
        assert_eq!(next("G7316") - next("G7315"), 1, "neighbours lie close, which the blocks live by");
    }
}
