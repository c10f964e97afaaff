//! What an issuer signs, and how: one way for every kind. What would be refused by whoever reads it is never signed.

use minicbor::{Decode, Encode};
use thiserror::Error;

use super::cbor;
use super::envelope::{self, FormatError, Kind, Naming, Sign1, TokenError};
use super::key::{PublicKey, Signer, SignerError};
use super::trust_list::KeyUse;
use crate::rules::calendar::Timestamp;

/// A signed object of an issuer.
pub trait Object: for<'b> Decode<'b, ()> + Encode<()> {
    /// The kind that its signature is of.
    const KIND: Kind;
    /// The use that its key must have.
    const USE: KeyUse;
    /// The most bytes that it has, signed.
    const LIMIT: usize = 8 * 1024;

    /// When it was issued: this must lie in its key's window.
    fn issued_at(&self) -> Timestamp;

    /// The first thing that no such object can say.
    fn check(&self) -> Result<(), FormatError> {
        Ok(())
    }
}

/// Why an object is not signed.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum SealError {
    /// The key did not sign.
    #[error(transparent)]
    Signer(#[from] SignerError),
    /// Signed, it would have more bytes than whoever reads it takes.
    #[error("an object of {0} bytes is too large")]
    TooLarge(usize),
}

/// Signs an object with an issuer's key.
///
/// # Errors
///
/// [`SealError`]: the key did not sign, or the object is one that nobody could open.
pub fn seal<T: Object>(object: &T, issuer: &dyn Signer) -> Result<Vec<u8>, SealError> {
    let signed = envelope::sign(T::KIND, Naming::ById, &cbor::encode(object), issuer)?;
    if signed.len() > T::LIMIT { Err(SealError::TooLarge(signed.len())) } else { Ok(signed) }
}

/// Verifies an object with the issuer's own key: how an issuer reads again what it has sealed.
pub fn unseal<T: Object>(bytes: &[u8], issuer: &PublicKey) -> Result<T, TokenError> {
    let payload = Sign1::parse(bytes, T::LIMIT)?.verify(T::KIND, issuer)?;
    let object: T = cbor::decode(payload, T::LIMIT)?;
    object.check()?;
    Ok(object)
}
