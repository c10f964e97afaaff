//! Identity documents: the citizen's identity number by GB 11643-1999, and other documents by an open code.
//!
//! What enters is a kind and a number as typed; what leaves is the normal spelling with a tail to recognise it by.
//! The check is of form alone (clause 4 of the standard, check character by ISO 7064 MOD 11-2): that a number was
//! issued, and to whom, only the police's register knows. The sex coded in the sequence number is never read.

use std::fmt;
use std::ops::Range;

use chrono::{Datelike, NaiveDate};
use serde::{Deserialize, Serialize};

use super::{Text, half_width, last_four, region::issuing_division};

/// Code of the citizen's identity number among the kinds of documents.
pub const RESIDENT_ID: &str = "resident-id";

/// Length of a citizen's identity number: 17 digits and a check character (GB 11643-1999, clause 4).
const RESIDENT_ID_LENGTH: usize = 18;
/// Length before GB 11643-1999, with a year of two digits and no check character; out of use since 2013.
const OLD_LENGTH: usize = 15;
/// No living person was born before this year, and no number was issued to anyone else.
const FIRST_BIRTH_YEAR: i32 = 1800;

/// Why a kind and a number are no document.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
pub enum DocumentReason {
    /// The kind is no code of 2 to 32 characters from `a-z`, `0-9` and `-`.
    #[error("is of a malformed kind")]
    Kind,
    /// No number was given.
    #[error("has an empty number")]
    Empty,
    /// A character is not allowed in numbers of this kind.
    #[error("has a number with a character not allowed in it")]
    Characters,
    /// The number is too short or too long for its kind.
    #[error("has a number of wrong length")]
    Length,
    /// An identity number of 15 digits, as issued before October 1999; the holder has one of 18 by now.
    #[error("has an old number of fifteen digits")]
    OldFifteenDigits,
    /// The first two digits name no division (GB/T 2260).
    #[error("names no known division")]
    UnknownDivision,
    /// The eight digits of the birth date are no day of the calendar.
    #[error("holds a birth date that is not in the calendar")]
    NotADate,
    /// The birth date lies before the year 1800.
    #[error("holds a birth date before 1800")]
    DateTooEarly,
    /// The birth date lies after the legal day.
    #[error("holds a birth date in the future")]
    DateInFuture,
    /// The check character does not follow from the 17 digits (ISO 7064 MOD 11-2).
    #[error("has a wrong check digit")]
    CheckDigit,
}

impl DocumentReason {
    /// Stable kebab-case identifier.
    pub fn id(self) -> &'static str {
        match self {
            Self::Kind => "kind",
            Self::Empty => "empty",
            Self::Characters => "characters",
            Self::Length => "length",
            Self::OldFifteenDigits => "old-fifteen-digits",
            Self::UnknownDivision => "unknown-division",
            Self::NotADate => "not-a-date",
            Self::DateTooEarly => "date-too-early",
            Self::DateInFuture => "date-in-future",
            Self::CheckDigit => "check-digit",
        }
    }
}

/// The code of a kind of document that this crate knows no rules for, such as `passport` or `hk-mo-permit`.
/// Only [`DocumentKind::parse`] makes one, so it is never `resident-id`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DocumentCode(String);

impl DocumentCode {
    /// The code: 2 to 32 characters from `a-z`, `0-9` and `-`.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// What kind of document identifies a resident.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DocumentKind {
    /// The citizen's identity number of GB 11643-1999, also on the residence permits of Hong Kong, Macao and
    /// Taiwan residents. Code `resident-id`.
    ResidentId,
    /// Any other document, by its code.
    Other(DocumentCode),
}

impl DocumentKind {
    /// The kind with this code; [`DocumentReason::Kind`] if the text has not the form of one.
    pub fn parse(code: &str) -> Result<Self, DocumentReason> {
        if code == RESIDENT_ID {
            return Ok(Self::ResidentId);
        }
        let allowed = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
        if (2..=32).contains(&code.len()) && code.bytes().all(allowed) {
            Ok(Self::Other(DocumentCode(code.to_owned())))
        } else {
            Err(DocumentReason::Kind)
        }
    }

    /// The code of the kind.
    pub fn as_str(&self) -> &str {
        match self {
            Self::ResidentId => RESIDENT_ID,
            Self::Other(code) => code.as_str(),
        }
    }
}

/// A document's kind and its number in normal spelling: ASCII, upper case, no white space around it.
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "DocumentWire", into = "DocumentWire")]
pub struct Document {
    kind: DocumentKind,
    number: String,
    birth_date: Option<NaiveDate>,
}

impl Document {
    /// Reads a document of the kind with this code (see [`DocumentKind::parse`]). Full-width characters and lower
    /// case are accepted in the number. A birth date in an identity number must not lie after `today`.
    pub fn parse(kind: &str, number: &str, today: NaiveDate) -> Result<Self, DocumentReason> {
        let kind = DocumentKind::parse(kind)?;
        let number = normalise(number)?;
        let birth_date = match kind {
            DocumentKind::ResidentId => Some(resident_id_facts(&number, today)?.birth_date),
            DocumentKind::Other(_) => check_other(&number).map(|()| None)?,
        };
        Ok(Self { kind, number, birth_date })
    }

    /// What kind of document it is.
    pub fn kind(&self) -> &DocumentKind {
        &self.kind
    }

    /// The code of its kind, `resident-id` or another.
    pub fn kind_code(&self) -> &str {
        self.kind.as_str()
    }

    /// The whole number.
    pub fn number(&self) -> &str {
        &self.number
    }

    /// The last four characters of the number, by which a person recognises the own document.
    pub fn tail(&self) -> &str {
        last_four(&self.number)
    }

    /// The birth date coded in an identity number; `None` for other documents.
    pub fn birth_date(&self) -> Option<NaiveDate> {
        self.birth_date
    }
}

impl fmt::Debug for Document {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Document(..)")
    }
}

/// What an identity number says by itself (GB 11643-1999, clause 4).
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct ResidentIdFacts {
    /// The number in normal spelling, with a capital `X`.
    pub number: String,
    /// The first two digits: the division of the first level (GB/T 2260, and 83 on permits).
    pub division_code: u32,
    /// Name of that division in Chinese.
    pub division_zh: &'static str,
    /// Name of that division in English.
    pub division_en: &'static str,
    /// Birth date of the holder.
    pub birth_date: NaiveDate,
}

impl fmt::Debug for ResidentIdFacts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ResidentIdFacts(..)")
    }
}

/// Checks a citizen's identity number and reads what it says. Parts are checked from left to right, the check
/// character last, so that the reason names the first part that cannot be right.
pub fn check_resident_id(number: &str, today: NaiveDate) -> Result<ResidentIdFacts, DocumentReason> {
    resident_id_facts(&normalise(number)?, today)
}

fn resident_id_facts(number: &str, today: NaiveDate) -> Result<ResidentIdFacts, DocumentReason> {
    let digits = number.strip_suffix('X').unwrap_or(number);
    if !digits.bytes().all(|b| b.is_ascii_digit()) {
        return Err(DocumentReason::Characters);
    }
    match number.len() {
        RESIDENT_ID_LENGTH => {}
        OLD_LENGTH if digits == number => return Err(DocumentReason::OldFifteenDigits),
        _ => return Err(DocumentReason::Length),
    }
    let division =
        digits_at(number, 0..2).and_then(issuing_division).ok_or(DocumentReason::UnknownDivision)?;
    let birth_date = birth_date_in(number, today)?;
    let (body, check) = number.split_at(RESIDENT_ID_LENGTH - 1); // in range and ASCII: checked above
    if !check.starts_with(check_character(body)) {
        return Err(DocumentReason::CheckDigit);
    }
    Ok(ResidentIdFacts {
        number: number.to_owned(),
        division_code: division.code,
        division_zh: division.name_zh,
        division_en: division.name_en,
        birth_date,
    })
}

/// The birth date in digits 7 to 14, year, month and day without separators.
fn birth_date_in(number: &str, today: NaiveDate) -> Result<NaiveDate, DocumentReason> {
    let part = |range| digits_at(number, range).ok_or(DocumentReason::NotADate);
    let (year, month, day) = (part(6..10)?.cast_signed(), part(10..12)?, part(12..14)?);
    let date = NaiveDate::from_ymd_opt(year, month, day).ok_or(DocumentReason::NotADate)?;
    match date {
        date if date.year() < FIRST_BIRTH_YEAR => Err(DocumentReason::DateTooEarly),
        date if date > today => Err(DocumentReason::DateInFuture),
        date => Ok(date),
    }
}

/// The check character of ISO 7064 MOD 11-2, a pure system: the remainder 10 is written `X`.
fn check_character(body: &str) -> char {
    let digits = body.chars().filter_map(|c| c.to_digit(10));
    let sum = digits.fold(0, |sum, digit| (sum + digit) * 2 % 11);
    char::from_digit((12 - sum) % 11, 10).unwrap_or('X')
}

fn digits_at(number: &str, range: Range<usize>) -> Option<u32> {
    number.get(range)?.parse().ok()
}

/// A number of another document: 4 to 32 characters from `A-Z`, `0-9` and `-`.
fn check_other(number: &str) -> Result<(), DocumentReason> {
    let allowed = |b: u8| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'-';
    if !number.bytes().all(allowed) {
        return Err(DocumentReason::Characters);
    }
    if !(4..=32).contains(&number.len()) {
        return Err(DocumentReason::Length);
    }
    Ok(())
}

/// ASCII only is put in upper case: Unicode's rules would turn letters such as `ı` into allowed ones.
fn normalise(number: &str) -> Result<String, DocumentReason> {
    let spelling = |c| half_width(c).to_ascii_uppercase();
    let number: String = number.trim().chars().map(spelling).collect();
    Some(number).filter(|number| !number.is_empty()).ok_or(DocumentReason::Empty)
}

#[derive(Serialize, Deserialize)]
struct DocumentWire {
    kind: Text,
    number: Text,
}

impl TryFrom<DocumentWire> for Document {
    type Error = DocumentReason;

    fn try_from(wire: DocumentWire) -> Result<Self, Self::Error> {
        Self::parse(&wire.kind.0, &wire.number.0, NaiveDate::MAX)
    }
}

impl From<Document> for DocumentWire {
    fn from(document: Document) -> Self {
        let kind = Text(document.kind_code().to_owned());
        Self { kind, number: Text(document.number) }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use proptest::prelude::*;

    fn today() -> NaiveDate {
        NaiveDate::from_ymd_opt(2022, 4, 1).unwrap()
    }

    fn reason(number: &str) -> Option<DocumentReason> {
        Document::parse(RESIDENT_ID, number, today()).err()
    }

    /// A number whose check character is right, whatever else is wrong.
    fn with_check(body: &str) -> String {
        format!("{body}{}", check_character(body))
    }

    #[test]
    fn the_standards_own_examples_are_accepted() {
        let document = Document::parse(RESIDENT_ID, " 11010519491231002x ", today()).unwrap();
        assert_eq!(document.number(), "11010519491231002X");
        assert_eq!(document.tail(), "002X");
        assert_eq!(document.birth_date(), NaiveDate::from_ymd_opt(1949, 12, 31));
        let facts = check_resident_id("４４０５２４１８８００１０１００１４", today()).unwrap();
        assert_eq!((facts.division_zh, facts.division_en), ("广东省", "Guangdong"));
        assert_eq!(facts.birth_date, NaiveDate::from_ymd_opt(1880, 1, 1).unwrap());
    }

    #[test]
    fn a_wrong_check_digit_is_named() {
        assert_eq!(reason("110105194912310021"), Some(DocumentReason::CheckDigit));
        assert_eq!(reason("44052418800101001X"), Some(DocumentReason::CheckDigit));
    }

    #[test]
    fn each_malformed_number_has_its_reason() {
        let table = [
            ("  ".to_owned(), DocumentReason::Empty),
            ("110105491231002".to_owned(), DocumentReason::OldFifteenDigits),
            ("11010549123100X".to_owned(), DocumentReason::Length),
            ("1101051949123100XX".to_owned(), DocumentReason::Characters),
            (with_check("99010519491231002"), DocumentReason::UnknownDivision),
            (with_check("11010519490229002"), DocumentReason::NotADate),
            (with_check("11010517991231002"), DocumentReason::DateTooEarly),
            (with_check("11010520220402002"), DocumentReason::DateInFuture),
        ];
        for (number, expected) in table {
            assert_eq!(reason(&number), Some(expected), "{number}");
        }
        assert_eq!(reason(&with_check("11010520220401002")), None, "born today");
    }

    #[test]
    fn permits_of_hong_kong_macao_and_taiwan_residents_are_identity_numbers() {
        for prefix in ["810000", "820000", "830000"] {
            let number = with_check(&format!("{prefix}19900101001"));
            assert_eq!(reason(&number), None, "{prefix}");
        }
    }

    #[test]
    fn another_document_has_an_open_code_and_its_number_in_upper_case() {
        let passport = Document::parse("passport", " e1234567８ ", today()).unwrap();
        assert_eq!(passport.kind_code(), "passport");
        assert_eq!(passport.number(), "E12345678");
        assert_eq!((passport.tail(), passport.birth_date()), ("5678", None));
        let too_long = "E".repeat(33);
        let table = [
            ("Passport", "E12345678", DocumentReason::Kind),
            ("护照", "E12345678", DocumentReason::Kind),
            ("passport", "", DocumentReason::Empty),
            ("passport", "E12 45678", DocumentReason::Characters),
            ("passport", "E12", DocumentReason::Length),
            ("passport", &too_long, DocumentReason::Length),
        ];
        for (kind, number, expected) in table {
            let seen = Document::parse(kind, number, today()).err();
            assert_eq!(seen, Some(expected), "{kind} {number}");
        }
    }

    proptest! {
        #[test]
        fn exactly_one_check_character_is_accepted(
            province in prop::sample::select(super::super::PROVINCES), place in 0..10_000_u32,
            days in 0..80_000_i64, sequence in 0..1_000_u32,
        ) {
            let born = NaiveDate::from_ymd_opt(1800, 1, 1).unwrap() + chrono::Duration::days(days);
            let (y, m, d) = (born.year(), born.month(), born.day());
            let body = format!("{}{place:04}{y:04}{m:02}{d:02}{sequence:03}", province.code);
            let accepted = "0123456789X".chars().filter(|c| reason(&format!("{body}{c}")).is_none()).count();
            prop_assert_eq!(accepted, 1);
        }
    }
}
