//! Telephone numbers by ITU-T E.164: a plus sign, a country code and a national number, 15 digits at most.
//!
//! What enters is a number as people write it, with spaces, hyphens and parentheses; what leaves is the bare
//! international form. A Chinese mobile number may come without its country code, since nobody types it at home.
//! Which numbers are assigned, and whether one can be reached, is not asked here.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{Text, half_width, last_four};

/// Shortest number accepted, in digits with the country code.
const MIN_DIGITS: usize = 8;
/// Longest international number (ITU-T E.164, clause 6.1), in digits with the country code.
const MAX_DIGITS: usize = 15;
/// Digits of a Chinese mobile number without the country code.
const MOBILE_DIGITS: usize = 11;

/// Why a text is no telephone number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
pub enum PhoneReason {
    /// Nothing was given.
    #[error("is empty")]
    Empty,
    /// A character is no digit, leading plus sign, space, hyphen or parenthesis.
    #[error("holds a character that no telephone number has")]
    Characters,
    /// The country code is missing or begins with a zero.
    #[error("has no valid country code")]
    CountryCode,
    /// There are too few or too many digits.
    #[error("has too few or too many digits")]
    Length,
}

impl PhoneReason {
    /// Stable kebab-case identifier.
    pub fn id(self) -> &'static str {
        match self {
            Self::Empty => "empty",
            Self::Characters => "characters",
            Self::CountryCode => "country-code",
            Self::Length => "length",
        }
    }
}

/// A telephone number in international form.
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "Text", into = "Text")]
pub struct Phone(String);

impl Phone {
    /// Reads a number in international form, or a Chinese mobile number of 11 digits without the country code.
    pub fn parse(text: &str) -> Result<Self, PhoneReason> {
        let compact: String = text.chars().map(half_width).filter(|c| !is_separator(*c)).collect();
        let (international, digits) = match compact.strip_prefix('+') {
            Some(rest) => (true, rest),
            None => (false, compact.as_str()),
        };
        if digits.is_empty() {
            return Err(if international { PhoneReason::Length } else { PhoneReason::Empty });
        }
        if !digits.bytes().all(|b| b.is_ascii_digit()) {
            return Err(PhoneReason::Characters);
        }
        if !international {
            return Self::from_domestic(digits);
        }
        if digits.starts_with('0') {
            return Err(PhoneReason::CountryCode);
        }
        if !(MIN_DIGITS..=MAX_DIGITS).contains(&digits.len()) {
            return Err(PhoneReason::Length);
        }
        Ok(Self(compact))
    }

    /// Digits without a plus sign: a Chinese mobile number, or a number whose country code is missing.
    fn from_domestic(digits: &str) -> Result<Self, PhoneReason> {
        let mobile = digits.starts_with('1') && matches!(digits.as_bytes().get(1), Some(b'3'..=b'9'));
        match (mobile, digits.len()) {
            (true, MOBILE_DIGITS) => Ok(Self(format!("+86{digits}"))),
            (true, _) => Err(PhoneReason::Length),
            (false, _) => Err(PhoneReason::CountryCode),
        }
    }

    /// The number in international form: a plus sign and digits only.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The last four digits, by which a person recognises the own number.
    pub fn tail(&self) -> &str {
        last_four(&self.0)
    }
}

/// What people put between digits: white space, hyphens and dashes, parentheses.
fn is_separator(c: char) -> bool {
    c.is_whitespace() || matches!(c, '-' | '(' | ')' | '\u{2010}'..='\u{2015}' | '\u{2212}')
}

impl fmt::Debug for Phone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Phone(..)")
    }
}

impl TryFrom<Text> for Phone {
    type Error = PhoneReason;

    fn try_from(text: Text) -> Result<Self, Self::Error> {
        Self::parse(&text.0)
    }
}

impl From<Phone> for Text {
    fn from(phone: Phone) -> Self {
        Self(phone.0)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_chinese_mobile_number_needs_no_country_code() {
        let expected = Phone::parse("+8613800138000").unwrap();
        for text in [
            "13800138000",
            " 138-0013-8000 ",
            "（138）0013 8000",
            "１３８００１３８０００",
            "＋86 13800138000",
        ] {
            assert_eq!(Phone::parse(text), Ok(expected.clone()), "{text}");
        }
        assert_eq!(expected.as_str(), "+8613800138000");
        assert_eq!(expected.tail(), "8000");
    }

    #[test]
    fn a_number_of_another_country_keeps_its_code() {
        assert_eq!(Phone::parse("+1 (202) 555-0100").unwrap().as_str(), "+12025550100");
        assert_eq!(Phone::parse("+852 5555 0100").unwrap().as_str(), "+85255550100");
    }

    #[test]
    fn each_malformed_number_has_its_reason() {
        let table = [
            (" - ", PhoneReason::Empty),
            ("+", PhoneReason::Length),
            ("1380013800o", PhoneReason::Characters),
            ("13800138000+", PhoneReason::Characters),
            ("++8613800138000", PhoneReason::Characters),
            ("1380013800", PhoneReason::Length),
            ("138001380000", PhoneReason::Length),
            ("+1234567", PhoneReason::Length),
            ("+1234567890123456", PhoneReason::Length),
            ("12000138000", PhoneReason::CountryCode),
            ("8613800138000", PhoneReason::CountryCode),
            ("+0013800138000", PhoneReason::CountryCode),
        ];
        for (text, reason) in table {
            assert_eq!(Phone::parse(text), Err(reason), "{text}");
        }
    }

    proptest! {
        #[test]
        fn the_international_form_reads_back_as_itself(text in "\\+[1-9][0-9]{7,14}") {
            let phone = Phone::parse(&text).unwrap();
            prop_assert_eq!(phone.as_str(), &text);
            prop_assert!(text.ends_with(phone.tail()) && phone.tail().len() == 4);
        }
    }
}
