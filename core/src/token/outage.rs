//! The outage notice: the roots' word that an issuer's server is down, and that what it issued is good for some hours
//! more. Public, and small enough for a QR code on a wall: a gate takes it from the network, a file or a camera.

use minicbor::{Decode, Encode};

use super::cbor;
use super::code_text::{CodeText, Prefix};
use super::envelope::{FormatError, Kind};
use super::key::{Signer, SignerError};
use super::root::{Document, RootError, RootSet, sign_by_roots};
use crate::rules::calendar::{MILLIS_PER_HOUR, Timestamp};

/// The most bytes of a notice: what a QR code holds.
pub const MAX_BYTES: usize = 2_048;
/// The most bytes of all notices that a server publishes together, a CBOR array of byte strings: who serves more is not
/// read.
pub const MAX_ALL_BYTES: usize = 64 * 1024;
/// The most hours that a notice gives: a week.
pub const MAX_HOURS: u16 = 168;
const FORMAT: u8 = 1;

/// What a notice says.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct OutageNotice {
    /// The form of this document: 1.
    #[n(1)]
    pub format: u8,
    /// The root set that signs it.
    #[n(2)]
    pub root_version: u32,
    /// The issuer whose server is down.
    #[n(3)]
    pub issuer: String,
    /// Grows with every notice about the issuer; the highest holds. One of no hours ends it early.
    #[n(4)]
    pub version: u32,
    /// When it was signed: nothing that was issued later is extended by it.
    #[cbor(n(5), with = "cbor::seconds")]
    pub issued_at: Timestamp,
    /// From when on it no longer holds.
    #[cbor(n(6), with = "cbor::seconds")]
    pub ends_at: Timestamp,
    /// By how many hours the issuer's tokens and both limits of a gate's evidence are extended.
    #[n(7)]
    pub hours: u16,
}

impl OutageNotice {
    /// A notice of the first format.
    #[must_use]
    pub const fn new(
        root_version: u32,
        issuer: String,
        version: u32,
        issued_at: Timestamp,
        ends_at: Timestamp,
        hours: u16,
    ) -> Self {
        Self { format: FORMAT, root_version, issuer, version, issued_at, ends_at, hours }
    }

    /// Signs the notice with root keys.
    pub fn sign(&self, roots: &[&dyn Signer]) -> Result<Vec<u8>, SignerError> {
        sign_by_roots(Kind::Outage, cbor::encode(self), roots)
    }

    /// The text of its QR code.
    #[must_use]
    pub fn to_text(signed: &[u8]) -> String {
        CodeText::write(Prefix::Outage, signed)
    }

    /// Verifies a notice against the roots in force.
    pub fn open(bytes: &[u8], roots: &RootSet) -> Result<Self, RootError> {
        let document = Document::parse(bytes, MAX_BYTES)?;
        let notice: Self = document.content(Kind::Outage, roots, FORMAT, MAX_BYTES)?;
        let sound = notice.format == FORMAT
            && notice.hours <= MAX_HOURS
            && notice.issued_at < notice.ends_at
            && (1..=64).contains(&notice.issuer.len());
        if !sound {
            return Err(FormatError::Value.into());
        }
        if notice.root_version == roots.version { Ok(notice) } else { Err(RootError::Skipped) }
    }

    /// By how many milliseconds it extends what its issuer issued at an instant, seen from `now`.
    #[must_use]
    pub fn extension_millis(&self, issued_at: Timestamp, now: Timestamp) -> i64 {
        let holds = now < self.ends_at && issued_at <= self.issued_at;
        if holds { i64::from(self.hours) * MILLIS_PER_HOUR } else { 0 }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;
    use crate::token::SoftwareKey;

    const T: i64 = 1_600_000_000;

    fn notice(hours: u16) -> OutageNotice {
        let at = Timestamp::from_seconds;
        OutageNotice::new(1, "hangzhou".to_owned(), 1, at(T), at(T + 86_400), hours)
    }

    fn roots(seeds: &[u8], threshold: usize) -> RootSet {
        let keys = seeds.iter().map(|seed| SoftwareKey::from_seed(&[*seed; 32]).public_key()).collect();
        RootSet::embedded(1, threshold, keys)
    }

    #[test]
    fn a_notice_fits_a_qr_code_and_needs_the_threshold() {
        let (one, two) = (SoftwareKey::from_seed(&[1; 32]), SoftwareKey::from_seed(&[2; 32]));
        let signed = notice(48).sign(&[&one, &two]).unwrap();
        assert!(OutageNotice::to_text(&signed).len() < crate::token::code_text::MAX_CHARACTERS);
        assert_eq!(OutageNotice::open(&signed, &roots(&[1, 2, 3], 2)).unwrap(), notice(48));
        let alone = notice(48).sign(&[&one]).unwrap();
        assert_eq!(OutageNotice::open(&alone, &roots(&[1, 2, 3], 2)), Err(RootError::Signatures));
        let long = notice(MAX_HOURS + 1).sign(&[&one]).unwrap();
        assert_eq!(OutageNotice::open(&long, &roots(&[1], 1)), Err(FormatError::Value.into()));
    }

    #[test]
    fn it_extends_what_was_issued_before_it_and_only_while_it_holds() {
        let (notice, at) = (notice(48), Timestamp::from_seconds);
        let hours = |issued: i64, now: i64| notice.extension_millis(at(issued), at(now)) / MILLIS_PER_HOUR;
        assert_eq!(hours(T, T + 1), 48);
        assert_eq!(hours(T + 1, T + 1), 0, "the server that issued it was up again");
        assert_eq!(hours(T, T + 86_400), 0);
    }
}
