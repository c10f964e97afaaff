//! Receipts: the server's countersignature of a link. With it a resident proves what was delivered and when, even to
//! a server that has lost it.

use minicbor::bytes::ByteArray;
use minicbor::{Decode, Encode};

use super::link::Head;
use crate::rules::calendar::Timestamp;
use crate::token::cbor;
use crate::token::envelope::Kind;
use crate::token::ids::SubjectId;
use crate::token::trust_list::{KeyUse, Object};

/// A check-in receipt; every other operation gets the same.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Receipt {
    /// Whom it concerns.
    #[n(1)]
    pub subject: SubjectId,
    /// Its place in what was said about the subject.
    #[n(2)]
    pub serial: u64,
    /// The link's digest, the countersigned head: it commits to segment, place and operation, which the link has.
    #[cbor(n(3), with = "minicbor::bytes")]
    pub head: Head,
    /// When it was received.
    #[cbor(n(4), with = "cbor::millis")]
    pub received_at: Timestamp,
    /// Whether the operation was accepted; a refused one keeps its place in the segment.
    #[n(5)]
    pub accepted: bool,
    /// The server's incarnation: another one after its data was restored from a backup.
    #[cbor(n(6), with = "minicbor::bytes")]
    pub incarnation: [u8; 8],
    /// Whether a phone brought it that another one had replaced.
    #[cbor(n(7), with = "cbor::flag", has_nil)]
    pub late: bool,
    /// The id of the key that signed the link: with it the issuer says whose the key is, and nobody who has another's
    /// links can sign them anew as the own ones. Receipts of before have none.
    #[n(8)]
    pub key: Option<ByteArray<8>>,
}

impl Object for Receipt {
    const KIND: Kind = Kind::Receipt;
    const USE: KeyUse = KeyUse::Decisions;

    fn issued_at(&self) -> Timestamp {
        self.received_at
    }
}
