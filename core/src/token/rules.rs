//! A signed rulebook: its JSON as the payload of an issuer's signature.

use thiserror::Error;

use super::envelope::{self, Kind, Naming, TokenError};
use super::key::{Signer, SignerError};
use super::trust_list::{KeyUse, TrustList};
use crate::rules::rulebook::{self, Rulebook, RulebookError};

/// Why a signed rulebook is refused.
#[derive(Debug, Error)]
pub enum SignedRulebookError {
    /// Its signature.
    #[error(transparent)]
    Token(#[from] TokenError),
    /// Its content.
    #[error(transparent)]
    Rulebook(#[from] RulebookError),
}

/// Signs a rulebook's JSON.
pub fn sign_rulebook(json: &[u8], issuer: &dyn Signer) -> Result<Vec<u8>, SignerError> {
    envelope::sign(Kind::Rules, Naming::ById, json, issuer)
}

/// Verifies and reads the rulebook of one issuer.
pub fn open_rulebook(trust: &TrustList, issuer: &str, bytes: &[u8]) -> Result<Rulebook, SignedRulebookError> {
    let limit = rulebook::MAX_BYTES + 256;
    let json = trust.open_payload_from(issuer, (Kind::Rules, KeyUse::Rules), bytes, limit)?;
    Ok(Rulebook::parse(json)?)
}
