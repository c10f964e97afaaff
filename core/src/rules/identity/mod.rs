//! Who a resident says they are: a name, an identity document, a telephone number and a region of residence.
//!
//! What enters is text as typed into a form or read from storage; what leaves is one normal spelling, or a typed
//! reason for each wrong field. Nothing here asks a register whether the person exists, reads a clock or keeps
//! state: the legal day is an argument. These types hold personal data, so none has `Display`, and `Debug` of
//! them and every error text stay silent about it.
//! Standards: GB 11643-1999, GB/T 2260, ISO 7064, ITU-T E.164.

pub mod document;
pub mod name;
pub mod phone;
pub mod region;

use std::fmt;

use chrono::NaiveDate;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};

pub use document::{
    Document, DocumentCode, DocumentKind, DocumentReason, ResidentIdFacts, check_resident_id,
};
pub use name::{Name, NameReason};
pub use phone::{Phone, PhoneReason};
pub use region::{PROVINCES, Province, Region, RegionReason};

/// A resident's identity, each field checked by its own type.
///
/// Serialises as `{"name", "document": {"kind", "number"}, "phone", "region"}`. Reading it back checks the form of
/// every field again, but not that a birth date has passed: storage knows no legal day.
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Identity {
    /// The name as written on the document.
    pub name: Name,
    /// The document that identifies the resident.
    pub document: Document,
    /// The telephone number at which the resident is reached.
    pub phone: Phone,
    /// Where the resident lives, which need not be where the document was issued.
    pub region: Region,
}

/// The text of a form, as typed, not yet checked.
#[derive(Clone, Copy)]
pub struct IdentityInput<'a> {
    /// See [`Name::parse`].
    pub name: &'a str,
    /// `resident-id` or another code; see [`DocumentKind::parse`].
    pub document_kind: &'a str,
    /// See [`Document::parse`].
    pub document_number: &'a str,
    /// See [`Phone::parse`].
    pub phone: &'a str,
    /// See [`Region::parse`].
    pub region: &'a str,
}

/// One wrong field of an identity, with its reason.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
pub enum IdentityError {
    /// The name is wrong.
    #[error("name: {0}")]
    Name(NameReason),
    /// The document's kind or number is wrong.
    #[error("document: {0}")]
    Document(DocumentReason),
    /// The telephone number is wrong.
    #[error("phone: {0}")]
    Phone(PhoneReason),
    /// The region is wrong.
    #[error("region: {0}")]
    Region(RegionReason),
}

impl IdentityError {
    /// The field of the form: `name`, `document`, `phone` or `region`. Stable.
    pub fn field(&self) -> &'static str {
        match self {
            Self::Name(_) => "name",
            Self::Document(_) => "document",
            Self::Phone(_) => "phone",
            Self::Region(_) => "region",
        }
    }

    /// The reason as a kebab-case identifier, unique within its field. Stable.
    pub fn reason_id(&self) -> &'static str {
        match self {
            Self::Name(reason) => reason.id(),
            Self::Document(reason) => reason.id(),
            Self::Phone(reason) => reason.id(),
            Self::Region(reason) => reason.id(),
        }
    }
}

impl Identity {
    /// Checks every field and gives the identity, or the first wrong field in the order of the form.
    /// `today` is the legal day, after which nobody has been born.
    pub fn parse(input: IdentityInput<'_>, today: NaiveDate) -> Result<Self, IdentityError> {
        Ok(Self {
            name: Name::parse(input.name).map_err(IdentityError::Name)?,
            document: Document::parse(input.document_kind, input.document_number, today)
                .map_err(IdentityError::Document)?,
            phone: Phone::parse(input.phone).map_err(IdentityError::Phone)?,
            region: Region::parse(input.region).map_err(IdentityError::Region)?,
        })
    }

    /// Every wrong field in the order of the form, so that a form can mark them all at once; empty exactly when
    /// [`Identity::parse`] succeeds.
    pub fn check_all(input: IdentityInput<'_>, today: NaiveDate) -> Vec<IdentityError> {
        let document = Document::parse(input.document_kind, input.document_number, today);
        [
            Name::parse(input.name).err().map(IdentityError::Name),
            document.err().map(IdentityError::Document),
            Phone::parse(input.phone).err().map(IdentityError::Phone),
            Region::parse(input.region).err().map(IdentityError::Region),
        ]
        .into_iter()
        .flatten()
        .collect()
    }
}

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Identity(..)")
    }
}

impl fmt::Debug for IdentityInput<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("IdentityInput(..)")
    }
}

/// A character of the "full-width ASCII" range (U+FF01..=U+FF5E) as its ASCII character; any other as it is.
/// Chinese keyboards type both, and the eye hardly tells them apart.
fn half_width(c: char) -> char {
    match c {
        '\u{FF01}'..='\u{FF5E}' => char::from_u32(u32::from(c) - 0xFEE0).unwrap_or(c),
        _ => c,
    }
}

/// The last four characters of a number that is ASCII and has at least as many, as all checked numbers have.
fn last_four(number: &str) -> &str {
    number.get(number.len().saturating_sub(4)..).unwrap_or_default()
}

/// A text field on the wire. Serde's own "invalid type" error quotes the value it found, and a telephone number
/// sent as a JSON number would so reach a log; this one says only what was expected.
struct Text(String);

impl<'de> Deserialize<'de> for Text {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(Self).map_err(|_| D::Error::custom("expected a text"))
    }
}

impl Serialize for Text {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use proptest::prelude::*;

    const GOOD: IdentityInput<'static> = IdentityInput {
        name: "张三",
        document_kind: "resident-id",
        document_number: "11010519491231002x",
        phone: "138 0013 8000",
        region: "330100",
    };
    const WIRE: &str = r#"{"name":"张三","document":{"kind":"resident-id","number":"11010519491231002X"},"phone":"+8613800138000","region":"330100"}"#;

    fn today() -> NaiveDate {
        NaiveDate::from_ymd_opt(2022, 4, 1).unwrap()
    }

    #[test]
    fn every_wrong_field_is_reported_at_once() {
        let wrong = IdentityInput {
            name: " ",
            document_kind: "resident-id",
            document_number: "110105194912310021",
            phone: "12345",
            region: "990000",
        };
        let seen: Vec<_> = Identity::check_all(wrong, today())
            .iter()
            .map(|error| (error.field(), error.reason_id()))
            .collect();
        let expected = [
            ("name", "empty"),
            ("document", "check-digit"),
            ("phone", "country-code"),
            ("region", "unknown-division"),
        ];
        assert_eq!(seen, expected);
        assert_eq!(Identity::parse(wrong, today()), Err(IdentityError::Name(NameReason::Empty)));
        assert!(Identity::check_all(GOOD, today()).is_empty());
    }

    #[test]
    fn the_wire_form_is_fixed_and_reads_back() {
        let identity = Identity::parse(GOOD, today()).unwrap();
        assert_eq!(serde_json::to_string(&identity).unwrap(), WIRE);
        assert_eq!(serde_json::from_str::<Identity>(WIRE).unwrap(), identity);
    }

    #[test]
    fn a_stored_identity_is_checked_again() {
        for (good, bad) in [("002X", "0021"), ("张三", "--"), ("+86138", "+06138"), ("330100", "3301")] {
            assert!(serde_json::from_str::<Identity>(&WIRE.replace(good, bad)).is_err(), "{bad}");
        }
    }

    #[test]
    fn storage_accepts_a_birth_date_that_is_still_to_come() {
        let number = "110105299912310020";
        let stored: Identity = serde_json::from_str(&WIRE.replace("11010519491231002X", number)).unwrap();
        assert_eq!(stored.document.number(), number);
        let typed = Document::parse("resident-id", number, today());
        assert_eq!(typed, Err(DocumentReason::DateInFuture));
    }

    #[test]
    fn debug_and_errors_say_nothing_about_the_person() {
        let identity = Identity::parse(GOOD, today()).unwrap();
        let number_as_number = WIRE.replace("\"+8613800138000\"", "13800138000");
        let shown = [
            format!("{identity:?} {GOOD:?}"),
            format!("{:?} {:?} {:?}", identity.name, identity.document, identity.phone),
            serde_json::from_str::<Identity>(&number_as_number).unwrap_err().to_string(),
            serde_json::from_str::<Identity>(&WIRE.replace("002X", "0021")).unwrap_err().to_string(),
        ];
        for text in shown {
            for secret in ["张", "三", "1949", "1380", "002", "330100"] {
                assert!(!text.contains(secret), "{text} shows {secret}");
            }
        }
    }

    proptest! {
        #[test]
        fn no_text_panics_and_both_checks_agree(
            name in any::<String>(), document_number in any::<String>(),
            document_kind in "resident-id|passport|\\PC{0,40}", phone in any::<String>(), region in any::<String>(),
        ) {
            let input = IdentityInput {
                name: &name, document_kind: &document_kind, document_number: &document_number,
                phone: &phone, region: &region,
            };
            let first = Identity::parse(input, today()).err();
            prop_assert_eq!(first, Identity::check_all(input, today()).first().copied());
        }
    }
}
