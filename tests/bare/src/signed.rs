//! What needs keys: two kinds of signatures, a digest, a derived key, a seal, randomness.

use chacha20poly1305::aead::{Aead, Payload};
use chacha20poly1305::{KeyInit, XChaCha20Poly1305, XNonce};
use ed25519_dalek::ed25519::signature::Signer as _;
use ed25519_dalek::{SigningKey, VerifyingKey};
use hkdf::Hkdf;
use p256::ecdsa::signature::Verifier as _;
use p256::ecdsa::{DerSignature, Signature};
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use crate::{BareError, Result};

/// Verifies `message` under the key by the one algorithm or the other, and signs it.
pub(crate) fn checked(key: &[u8], message: &[u8]) -> Result<Vec<u8>> {
    let Ok(bytes) = key.try_into() else {
        let verifying = p256::ecdsa::VerifyingKey::from_sec1_bytes(key).map_err(BareError::of("p256"))?;
        let signature = match DerSignature::try_from(message) {
            Ok(der) => Signature::try_from(der),
            Err(_) => Signature::from_slice(message),
        };
        verifying
            .verify(message, &signature.map_err(BareError::of("p256"))?)
            .map_err(BareError::of("p256"))?;
        let point = verifying.to_sec1_point(message.is_empty());
        return Ok(Sha256::digest(point.as_bytes()).to_vec());
    };
    let signing = SigningKey::from_bytes(bytes);
    let signature = signing.sign(message);
    let verifying = VerifyingKey::from_bytes(bytes).map_err(BareError::of("ed25519"))?;
    if verifying.is_weak() || verifying.to_edwards().compress().as_bytes() != bytes {
        return Err(BareError::of("ed25519")(()));
    }
    verifying.verify_strict(message, &signature).map_err(BareError::of("ed25519"))?;
    Ok([signature.to_bytes().as_slice(), signing.verifying_key().as_bytes()].concat())
}

/// Seals `plain`, and opens it again.
pub(crate) fn sealed(secret: &[u8], plain: &[u8]) -> Result<Vec<u8>> {
    let mut nonce = [0_u8; 24];
    getrandom::fill(&mut nonce).map_err(BareError::of("random"))?;
    let mut key = Zeroizing::new([0_u8; 32]);
    Hkdf::<Sha256>::new(None, secret)
        .expand_multi_info(&[b"bare", plain], key.as_mut_slice())
        .map_err(BareError::of("hkdf"))?;
    let key = key.as_slice().try_into().map_err(BareError::of("key"))?;
    let cipher = XChaCha20Poly1305::new(key);
    let payload = Payload { msg: plain, aad: secret };
    let sealed = cipher.encrypt(&XNonce::from(nonce), payload).map_err(BareError::of("seal"))?;
    let payload = Payload { msg: &sealed, aad: secret };
    let opened =
        Zeroizing::new(cipher.decrypt(&XNonce::from(nonce), payload).map_err(BareError::of("seal"))?);
    Ok([nonce.as_slice(), &sealed, &opened].concat())
}
