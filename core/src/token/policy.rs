//! Signed gate policies: their JSON as the payload of an issuer's signature, like a rulebook's.

use thiserror::Error;

use super::envelope::{self, Kind, Naming, TokenError};
use super::key::{Signer, SignerError};
use super::trust_list::{KeyUse, TrustList};
use crate::rules::gate_policy::{self, GatePolicies, GatePolicyError};

/// Why signed policies are refused.
#[derive(Debug, Error)]
pub enum SignedPolicyError {
    /// Their signature.
    #[error(transparent)]
    Token(#[from] TokenError),
    /// Their content.
    #[error(transparent)]
    Policy(#[from] GatePolicyError),
}

/// Signs the JSON of policies.
pub fn sign_policies(json: &[u8], issuer: &dyn Signer) -> Result<Vec<u8>, SignerError> {
    envelope::sign(Kind::Policy, Naming::ById, json, issuer)
}

/// Verifies and reads the policies of one issuer: that of the gate's own authority.
pub fn open_policies(
    trust: &TrustList,
    issuer: &str,
    bytes: &[u8],
) -> Result<GatePolicies, SignedPolicyError> {
    let limit = gate_policy::MAX_BYTES + 256;
    let json = trust.open_payload_from(issuer, (Kind::Policy, KeyUse::Policy), bytes, limit)?;
    Ok(GatePolicies::parse(json)?)
}
