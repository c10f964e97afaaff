//! A venue's code: what hangs at a door for visitors to scan. Signed by the issuer that numbered the venue, so that
//! nobody prints another's; it says nothing about who scans it, and scanning sends nothing.

use minicbor::{Decode, Encode};

use super::cbor;
use super::code_text::{CodeText, Prefix};
use super::envelope::{FormatError, Kind};
use super::trust_list::{KeyUse, Object};
use crate::rules::calendar::Timestamp;
use crate::rules::identity::Region;
use crate::rules::text::Text;

/// The most bytes of a name in one language.
pub const MAX_NAME: usize = 60;
const FORMAT: u8 = 1;

/// What a venue's code says.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct VenueCode {
    /// The form of this document: 1.
    #[n(1)]
    pub format: u8,
    /// Its number: dense within one issuer, which keeps exposure notices small.
    #[n(2)]
    pub number: u32,
    /// Where it lies, six digits of GB/T 2260.
    #[n(3)]
    pub region: u32,
    /// What it calls itself; [`MAX_NAME`] bytes at most in each language.
    #[n(4)]
    pub name: Text,
    /// When it was signed.
    #[cbor(n(5), with = "cbor::seconds")]
    pub issued_at: Timestamp,
}

impl VenueCode {
    /// A code of the first format.
    #[must_use]
    pub fn new(number: u32, region: Region, name: Text, issued_at: Timestamp) -> Self {
        Self { format: FORMAT, number, region: region.code(), name, issued_at }
    }

    /// The text of its QR code.
    #[must_use]
    pub fn to_text(signed: &[u8]) -> String {
        CodeText::write(Prefix::Venue, signed)
    }
}

impl Object for VenueCode {
    const KIND: Kind = Kind::Venue;
    const USE: KeyUse = KeyUse::Venues;
    const LIMIT: usize = 512;

    fn issued_at(&self) -> Timestamp {
        self.issued_at
    }

    fn check(&self) -> Result<(), FormatError> {
        let name = |name: &str| (1..=MAX_NAME).contains(&name.len());
        let sound = self.format == FORMAT
            && Region::from_code(self.region).is_ok()
            && name(&self.name.zh)
            && name(&self.name.en);
        if sound { Ok(()) } else { Err(FormatError::Value) }
    }
}
