//! A subject's key on this phone: Ed25519 in memory while it signs, or a hardware key that the vault signs with.

use std::sync::Arc;

use zeroize::Zeroizing;

use super::phone::Phone;
use crate::error::HealthcodeError;
use crate::platform::{Vault, VaultError};
use crate::random;
use crate::store::{HolderKeyBody, SubjectKey};
use crate::token::ids::hex;
use crate::token::key::{PublicKey, Signer, SignerError, SoftwareKey};
use crate::wire::Bytes;

/// Makes a key: in hardware where the vault offers it, else a seed that the vault seals.
pub(crate) fn make(vault: &dyn Vault) -> Result<HolderKeyBody, HealthcodeError> {
    let name = format!("healthcode-{}", hex(&random::bytes::<8>()?));
    if let Some(sec1) = vault.hardware_public_key(name.clone())? {
        let public = PublicKey::p256(&sec1).map_err(|_| VaultError::Refused)?;
        return Ok(HolderKeyBody::Hardware { name, public: public.to_cose().into() });
    }
    let seed = Zeroizing::new(random::bytes::<32>()?);
    Ok(HolderKeyBody::Software { sealed_seed: Bytes(vault.seal(seed.to_vec())?) })
}

/// The key, ready to sign.
pub(crate) fn signer(
    body: &HolderKeyBody,
    vault: &Arc<dyn Vault>,
) -> Result<Box<dyn Signer>, HealthcodeError> {
    match body {
        HolderKeyBody::Software { sealed_seed } => {
            let seed = Zeroizing::new(vault.unseal(sealed_seed.0.clone())?);
            let seed: &[u8; 32] = seed.as_slice().try_into().map_err(|_| VaultError::Gone)?;
            Ok(Box::new(SoftwareKey::from_seed(seed)))
        }
        HolderKeyBody::Hardware { name, public } => {
            let public = PublicKey::from_cose(&public.0).map_err(|_| VaultError::Refused)?;
            Ok(Box::new(HardwareKey { name: name.clone(), public, vault: Arc::clone(vault) }))
        }
    }
}

impl Phone {
    /// The key that signs for a subject.
    pub(crate) fn holder(&self, key: &SubjectKey) -> Result<Box<dyn Signer>, HealthcodeError> {
        let body = self.store.read(|file| file.holder_key(key))?.ok_or(HealthcodeError::UnknownSubject)?;
        signer(&body, &self.ports.vault)
    }
}

struct HardwareKey {
    name: String,
    public: PublicKey,
    vault: Arc<dyn Vault>,
}

impl Signer for HardwareKey {
    fn public_key(&self) -> PublicKey {
        self.public.clone()
    }

    fn sign(&self, message: &[u8]) -> Result<[u8; 64], SignerError> {
        let signature =
            self.vault.sign(self.name.clone(), message.to_vec()).map_err(|error| match error {
                VaultError::Locked => SignerError::Locked,
                VaultError::Gone => SignerError::Gone,
                VaultError::Refused => SignerError::Refused,
            })?;
        let signature = raw(&signature).ok_or(SignerError::Refused)?;
        // A platform that signs with another key than it named must not pass unnoticed until the gate.
        if self.public.verifies(message, &signature) { Ok(signature) } else { Err(SignerError::Refused) }
    }
}

/// r‖s from r‖s or from DER: Secure Enclave and Keystore give DER.
fn raw(signature: &[u8]) -> Option<[u8; 64]> {
    if let Ok(raw) = <[u8; 64]>::try_from(signature) {
        return Some(raw);
    }
    let parsed = p256::ecdsa::DerSignature::try_from(signature).ok()?;
    let fixed = p256::ecdsa::Signature::try_from(parsed).ok()?;
    fixed.to_bytes().as_slice().try_into().ok()
}
