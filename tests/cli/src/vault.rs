//! The vault of a phone that lives in this process: XChaCha20-Poly1305 under a key that is made at its start and
//! never written anywhere. A real phone uses its platform's key store.

use std::sync::Arc;

use chacha20poly1305::aead::{Aead, KeyInit};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use healthcode::platform::{Vault, VaultError};

const NONCE: usize = 24;

/// A vault in memory.
pub struct MemoryVault(XChaCha20Poly1305);

impl MemoryVault {
    /// A vault with a key of its own.
    ///
    /// # Errors
    ///
    /// Where the operating system gives no randomness.
    pub fn new() -> std::io::Result<Arc<Self>> {
        Ok(Self::with_key(random()?))
    }

    /// A vault with a known key: for tests that open a file in another process.
    #[must_use]
    pub fn with_key(key: [u8; 32]) -> Arc<Self> {
        Arc::new(Self(XChaCha20Poly1305::new(&key.into())))
    }
}

fn random<const N: usize>() -> std::io::Result<[u8; N]> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(std::io::Error::other)?;
    Ok(bytes)
}

impl Vault for MemoryVault {
    fn seal(&self, plain: Vec<u8>) -> Result<Vec<u8>, VaultError> {
        let nonce = random::<NONCE>().map_err(|_| VaultError::Refused)?;
        let sealed =
            self.0.encrypt(&XNonce::from(nonce), plain.as_slice()).map_err(|_| VaultError::Refused)?;
        Ok([nonce.as_slice(), &sealed].concat())
    }

    fn unseal(&self, sealed: Vec<u8>) -> Result<Vec<u8>, VaultError> {
        let (nonce, sealed) = sealed.split_first_chunk::<NONCE>().ok_or(VaultError::Gone)?;
        self.0.decrypt(&XNonce::from(*nonce), sealed).map_err(|_| VaultError::Gone)
    }

    fn hardware_public_key(&self, _: String) -> Result<Option<Vec<u8>>, VaultError> {
        Ok(None)
    }

    fn sign(&self, _: String, _: Vec<u8>) -> Result<Vec<u8>, VaultError> {
        Err(VaultError::Gone)
    }

    fn delete(&self, _: String) -> Result<(), VaultError> {
        Ok(())
    }
}
