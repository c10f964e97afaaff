//! The signature of a request: over method, path, digest of the body, audience, nonce and subject, in a header.

use minicbor::{Decode, Encode};
use sha2::{Digest, Sha256};

use super::bytes::Bytes;
use crate::token::anchor::Nonce;
use crate::token::cbor;
use crate::token::envelope::{self, FormatError, Kind, Naming, Sign1, TokenError};
use crate::token::ids::SubjectId;
use crate::token::key::{KeyId, PublicKey, Signer, SignerError};

/// The header that carries a request's signature: COSE_Sign1 in base64url.
pub const SIGNATURE_HEADER: &str = "Healthcode-Signature";
const MAX_BYTES: usize = 1_024;

/// What a request's signature covers.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct RequestClaims {
    /// The HTTP method, upper-case.
    #[n(0)]
    pub method: String,
    /// The path.
    #[n(1)]
    pub path: String,
    /// SHA-256 of the body.
    #[cbor(n(2), with = "minicbor::bytes")]
    pub body: [u8; 32],
    /// The id of the issuer that the request is for.
    #[n(3)]
    pub audience: String,
    /// Random; the anchor in the answer repeats it.
    #[cbor(n(4), with = "minicbor::bytes")]
    pub nonce: Nonce,
    /// The subject that the request is about; none at enrolment.
    #[n(5)]
    pub subject: Option<SubjectId>,
}

impl RequestClaims {
    /// The claims of a request.
    #[must_use]
    pub fn new(path: &str, body: &[u8], audience: &str, nonce: Nonce, subject: Option<SubjectId>) -> Self {
        Self {
            method: "POST".to_owned(),
            path: path.to_owned(),
            body: Sha256::digest(body).into(),
            audience: audience.to_owned(),
            nonce,
            subject,
        }
    }

    /// The header's value: a request about a subject is of kind `sync`, one of a new key of kind `enrol`.
    pub fn sign(&self, key: &dyn Signer) -> Result<String, SignerError> {
        let signed = envelope::sign(self.kind(), Naming::ById, &cbor::encode(self), key)?;
        Ok(Bytes(signed).to_text())
    }

    const fn kind(&self) -> Kind {
        if self.subject.is_some() { Kind::Sync } else { Kind::Enrol }
    }
}

/// A request's signature as received. Its claims can be read to find the key, and are believed once verified.
#[derive(Clone, Debug)]
pub struct RequestSignature {
    bytes: Vec<u8>,
    claims: RequestClaims,
    key_id: KeyId,
}

impl RequestSignature {
    /// Reads the header's value.
    pub fn parse(header: &str) -> Result<Self, FormatError> {
        let bytes = Bytes::parse(header).ok_or(FormatError::Content)?.0;
        let envelope = Sign1::parse(&bytes, MAX_BYTES)?;
        let claims = cbor::decode(envelope.unverified_payload()?, MAX_BYTES)?;
        let key_id = envelope.key_id().ok_or(FormatError::ProtectedHeader)?;
        Ok(Self { bytes, claims, key_id })
    }

    /// What it claims, not yet verified.
    #[must_use]
    pub const fn claims(&self) -> &RequestClaims {
        &self.claims
    }

    /// The key that it names.
    #[must_use]
    pub const fn key_id(&self) -> KeyId {
        self.key_id
    }

    /// Verifies that this key signed exactly this request.
    pub fn verify(
        &self,
        key: &PublicKey,
        path: &str,
        body: &[u8],
        audience: &str,
    ) -> Result<&RequestClaims, TokenError> {
        Sign1::parse(&self.bytes, MAX_BYTES)?.verify(self.claims.kind(), key)?;
        let expected = RequestClaims::new(path, body, audience, self.claims.nonce, self.claims.subject);
        if expected == self.claims { Ok(&self.claims) } else { Err(TokenError::Signature) }
    }
}
