//! Keys: Ed25519 (RFC 8032) in software, P-256 (ES256) where the platform signs in hardware. A verifier knows these
//! two and nothing else; the algorithm follows from the key, never from a header alone.

use std::fmt;

use ed25519_dalek::ed25519::signature::Signer as _;
use ed25519_dalek::{SigningKey, VerifyingKey};
use minicbor::{Decoder, Encoder};
use p256::ecdsa::signature::Verifier as _;
use sha2::{Digest, Sha256};
use thiserror::Error;

use super::envelope::FormatError;

/// The first 8 bytes of a COSE key thumbprint (RFC 9679, SHA-256): how a signature names its key.
pub type KeyId = [u8; 8];

/// Signature algorithms by their COSE number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Algorithm {
    /// `EdDSA` with Ed25519, -8.
    EdDsa,
    /// ECDSA with P-256 and SHA-256, -7.
    Es256,
}

impl Algorithm {
    /// The number in the COSE registry.
    #[must_use]
    pub const fn number(self) -> i64 {
        match self {
            Self::EdDsa => -8,
            Self::Es256 => -7,
        }
    }

    /// The algorithm of a number in the COSE registry; none but these two.
    #[must_use]
    pub const fn from_number(number: i64) -> Option<Self> {
        match number {
            -8 => Some(Self::EdDsa),
            -7 => Some(Self::Es256),
            _ => None,
        }
    }
}

/// A key that verifies.
#[derive(Clone, PartialEq, Eq)]
pub enum PublicKey {
    /// Ed25519, 32 bytes; never a point of small order.
    Ed25519(VerifyingKey),
    /// P-256, a point on the curve.
    P256(p256::ecdsa::VerifyingKey),
}

/// Whether the y of a point is below 2^255 - 19. Of the two spellings of x = 0 both points are of small order.
fn is_reduced(bytes: &[u8; 32]) -> bool {
    let [low, middle @ .., high] = bytes;
    *low < 0xed || high | 0x80 != 0xff || middle.iter().any(|byte| *byte != 0xff)
}

impl PublicKey {
    /// An Ed25519 key from its 32 bytes. A point of small order verifies anything and is refused; so is a second
    /// spelling of a point, with a y of 2^255 - 19 or more (RFC 8032, 5.1.3), which the library reads.
    pub fn ed25519(bytes: &[u8; 32]) -> Result<Self, FormatError> {
        let key = VerifyingKey::from_bytes(bytes).map_err(|_| FormatError::Key)?;
        if key.is_weak() || !is_reduced(bytes) { Err(FormatError::Key) } else { Ok(Self::Ed25519(key)) }
    }

    /// A P-256 key from a SEC1 point, compressed or not.
    pub fn p256(sec1: &[u8]) -> Result<Self, FormatError> {
        p256::ecdsa::VerifyingKey::from_sec1_bytes(sec1).map(Self::P256).map_err(|_| FormatError::Key)
    }

    /// The key of a COSE_Key: `{1: 1, -1: 6, -2: x}` or `{1: 2, -1: 1, -2: x, -3: bool}`, in this one encoding.
    pub fn from_cose(bytes: &[u8]) -> Result<Self, FormatError> {
        let key = Self::read_cose(&mut Decoder::new(bytes)).map_err(|_| FormatError::Key)??;
        if key.to_cose() == bytes { Ok(key) } else { Err(FormatError::NotDeterministic) }
    }

    /// Reads a COSE_Key where it stands; whoever calls compares the re-encoding.
    pub(crate) fn read_cose(
        d: &mut Decoder<'_>,
    ) -> Result<Result<Self, FormatError>, minicbor::decode::Error> {
        let entries = d.map()?;
        let (kty_label, kty, crv_label, crv, x_label) = (d.i8()?, d.u8()?, d.i8()?, d.u8()?, d.i8()?);
        let Ok(x) = <[u8; 32]>::try_from(d.bytes()?) else { return Ok(Err(FormatError::Key)) };
        match (entries, kty_label, kty, crv_label, crv, x_label) {
            (Some(3), 1, 1, -1, 6, -2) => Ok(Self::ed25519(&x)),
            (Some(4), 1, 2, -1, 1, -2) => {
                let (y_label, odd) = (d.i8()?, d.bool()?);
                let mut sec1 = [0_u8; 33];
                sec1[0] = if odd { 3 } else { 2 };
                sec1[1..].copy_from_slice(&x);
                Ok(if y_label == -3 { Self::p256(&sec1) } else { Err(FormatError::Key) })
            }
            _ => Ok(Err(FormatError::Key)),
        }
    }

    /// The key as a COSE_Key.
    #[must_use]
    #[allow(clippy::missing_panics_doc, clippy::expect_used, reason = "writing to a vector cannot fail")]
    pub fn to_cose(&self) -> Vec<u8> {
        let mut e = Encoder::new(Vec::with_capacity(44));
        match self {
            Self::Ed25519(key) => {
                e.map(3).and_then(|e| e.i8(1)?.u8(1)?.i8(-1)?.u8(6)?.i8(-2)?.bytes(key.as_bytes()))
            }
            Self::P256(key) => {
                let sec1 = key.to_sec1_point(true);
                let (tag, x) = sec1.as_bytes().split_first().expect("a compressed point has 33 bytes");
                let odd = *tag == 3;
                e.map(4).and_then(|e| e.i8(1)?.u8(2)?.i8(-1)?.u8(1)?.i8(-2)?.bytes(x)?.i8(-3)?.bool(odd))
            }
        }
        .expect("writing to a vector cannot fail");
        e.into_writer()
    }

    /// The COSE key thumbprint (RFC 9679): SHA-256 over the key's required members, the point uncompressed.
    #[must_use]
    #[allow(clippy::missing_panics_doc, clippy::expect_used, reason = "writing to a vector cannot fail")]
    pub fn thumbprint(&self) -> [u8; 32] {
        let cose = match self {
            Self::Ed25519(_) => self.to_cose(),
            Self::P256(key) => {
                let sec1 = key.to_sec1_point(false);
                let (x, y) = sec1.as_bytes().split_at(33);
                let x = x.split_first().expect("an uncompressed point has 65 bytes").1;
                let mut e = Encoder::new(Vec::with_capacity(80));
                e.map(4)
                    .and_then(|e| e.i8(1)?.u8(2)?.i8(-1)?.u8(1)?.i8(-2)?.bytes(x)?.i8(-3)?.bytes(y))
                    .expect("writing to a vector cannot fail");
                e.into_writer()
            }
        };
        Sha256::digest(cose).into()
    }

    /// The key's name in headers.
    #[must_use]
    pub fn id(&self) -> KeyId {
        // The first eight of 32 bytes are always there.
        self.thumbprint().first_chunk().copied().unwrap_or_default()
    }

    /// The one algorithm that this key signs with.
    #[must_use]
    pub const fn algorithm(&self) -> Algorithm {
        match self {
            Self::Ed25519(_) => Algorithm::EdDsa,
            Self::P256(_) => Algorithm::Es256,
        }
    }

    /// Whether `signature` is this key's over `message`. Ed25519 is verified strictly (no malleable scalars, no
    /// mixed-order points); ECDSA signatures are r‖s, high and low s alike, because Secure Enclave makes both.
    #[must_use]
    pub fn verifies(&self, message: &[u8], signature: &[u8; 64]) -> bool {
        match self {
            Self::Ed25519(key) => {
                key.verify_strict(message, &ed25519_dalek::Signature::from_bytes(signature)).is_ok()
            }
            Self::P256(key) => p256::ecdsa::Signature::from_slice(signature)
                .is_ok_and(|signature| key.verify(message, &signature).is_ok()),
        }
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PublicKey({:?}, {:02x?})", self.algorithm(), self.id())
    }
}

/// Why a key did not sign.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum SignerError {
    /// The platform's vault cannot be used now; try again later.
    #[error("the key's vault is locked")]
    Locked,
    /// The key is gone.
    #[error("the key is gone")]
    Gone,
    /// The platform refused; nothing of its own text is passed on.
    #[error("the platform did not sign")]
    Refused,
}

/// Whatever holds a private key.
pub trait Signer: Send + Sync {
    /// The public half.
    fn public_key(&self) -> PublicKey;
    /// Signs. Ed25519: the 64 bytes of RFC 8032; P-256: r‖s over SHA-256 of the message.
    fn sign(&self, message: &[u8]) -> Result<[u8; 64], SignerError>;
}

/// An Ed25519 key in memory, wiped when dropped.
pub struct SoftwareKey(SigningKey);

impl SoftwareKey {
    /// The key of a 32-byte seed.
    #[must_use]
    pub fn from_seed(seed: &[u8; 32]) -> Self {
        Self(SigningKey::from_bytes(seed))
    }
}

impl Signer for SoftwareKey {
    fn public_key(&self) -> PublicKey {
        PublicKey::Ed25519(self.0.verifying_key())
    }

    fn sign(&self, message: &[u8]) -> Result<[u8; 64], SignerError> {
        Ok(self.0.sign(message).to_bytes())
    }
}

impl fmt::Debug for SoftwareKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SoftwareKey({:?})", self.public_key())
    }
}
