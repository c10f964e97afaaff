//! Links: the hash chain of a subject's operations. A link is small and signed apart from the operation, so that it
//! may be issued again (after a rolled-back file, a fork, a moved key) while the operation's bytes never change.
//! A segment is one run of links by one key of one subject, opened on a head that the server countersigned.

use minicbor::{Decode, Encode};
use sha2::{Digest, Sha256};

use crate::token::cbor;
use crate::token::envelope::{self, FormatError, Kind, Naming, Sign1, TokenError};
use crate::token::ids::{OperationId, SegmentId};
use crate::token::key::{KeyId, PublicKey, Signer, SignerError};

const MAX_BYTES: usize = 256;

/// The digest of a link: what the next one names as its previous.
pub type Head = [u8; 32];

/// The head of a subject's first segment, before any link.
pub const GENESIS: Head = [0; 32];

/// One link.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Link {
    /// The segment.
    #[n(0)]
    pub segment: SegmentId,
    /// Its place in the segment, from 0.
    #[n(1)]
    pub sequence: u64,
    /// The digest of the link before; at 0 the head on which the segment was opened.
    #[cbor(n(2), with = "minicbor::bytes")]
    pub previous: Head,
    /// The operation.
    #[n(3)]
    pub operation: OperationId,
}

impl Link {
    /// SHA-256 of the link's payload.
    #[must_use]
    pub fn digest(&self) -> Head {
        Sha256::digest(cbor::encode(self)).into()
    }

    /// Signs the link.
    pub fn sign(&self, key: &dyn Signer) -> Result<Vec<u8>, SignerError> {
        envelope::sign(Kind::Link, Naming::ById, &cbor::encode(self), key)
    }

    /// Reads a link without the key, and the id of the key that signed it: only for one whose digest a receipt of the
    /// reader's own vouches for.
    pub fn vouched(bytes: &[u8]) -> Result<(Self, KeyId), TokenError> {
        let envelope = Sign1::parse(bytes, MAX_BYTES)?;
        let key = envelope.key_id().ok_or(FormatError::ProtectedHeader)?;
        Ok((cbor::decode(envelope.unverified_payload()?, MAX_BYTES)?, key))
    }

    /// Verifies a signed link.
    pub fn open(bytes: &[u8], key: &PublicKey) -> Result<Self, TokenError> {
        let payload = Sign1::parse(bytes, MAX_BYTES)?.verify(Kind::Link, key)?;
        Ok(cbor::decode(payload, MAX_BYTES)?)
    }
}
