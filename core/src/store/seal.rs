//! Sealed values: XChaCha20-Poly1305 under keys that HKDF (RFC 5869) derives from the database key, one a table.
//! The associated data names table, column and row, so that a value moved elsewhere does not open; the plain text is
//! padded to a multiple of 256 bytes, so that its length tells little.

use chacha20poly1305::aead::{Aead, Payload};
use chacha20poly1305::{KeyInit, XChaCha20Poly1305, XNonce};
use hkdf::Hkdf;
use sha2::Sha256;
use zeroize::Zeroizing;

use super::StoreError;
use crate::error::StorageKind;
use crate::random;

/// Sealed values begin with the number of this form.
const FORM: u8 = 1;
const NONCE: usize = 24;
const BLOCK: usize = 256;

/// The database key, wiped when dropped.
pub(crate) struct Seal(Zeroizing<[u8; 32]>);

/// Where a value stands.
#[derive(Clone, Copy)]
pub(crate) struct Place<'a> {
    pub(crate) table: &'static str,
    pub(crate) column: &'static str,
    /// The row's key, its parts in the order of the primary key.
    pub(crate) row: &'a [&'a [u8]],
}

impl Seal {
    pub(crate) fn new(key: [u8; 32]) -> Self {
        Self(Zeroizing::new(key))
    }

    pub(crate) fn seal(&self, place: Place<'_>, plain: &[u8]) -> Result<Vec<u8>, StoreError> {
        let nonce: [u8; NONCE] = random::bytes()?;
        let padded = pad(plain);
        let payload = Payload { msg: &padded, aad: &place.associated() };
        let sealed = self
            .cipher(place.table)?
            .encrypt(&XNonce::from(nonce), payload)
            .map_err(|_| StoreError::internal("seal"))?;
        Ok([&[FORM], nonce.as_slice(), &sealed].concat())
    }

    /// The plain value. A value that does not open was damaged, moved, or sealed under another key.
    pub(crate) fn open(&self, place: Place<'_>, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, StoreError> {
        let damaged = || StoreError::Kind(StorageKind::Corrupt);
        let (form, rest) = sealed.split_first().ok_or_else(damaged)?;
        // A later form comes with a later schema, which is told before.
        if *form != FORM {
            return Err(damaged());
        }
        let (nonce, sealed) = rest.split_first_chunk::<NONCE>().ok_or_else(damaged)?;
        let payload = Payload { msg: sealed, aad: &place.associated() };
        let opened =
            self.cipher(place.table)?.decrypt(&XNonce::from(*nonce), payload).map_err(|_| damaged())?;
        unpad(Zeroizing::new(opened)).ok_or_else(damaged)
    }

    fn cipher(&self, table: &str) -> Result<XChaCha20Poly1305, StoreError> {
        let mut key = Zeroizing::new([0_u8; 32]);
        Hkdf::<Sha256>::new(None, self.0.as_slice())
            .expand_multi_info(&[b"healthcode/store/1/", table.as_bytes()], key.as_mut_slice())
            .map_err(|_| StoreError::internal("hkdf"))?;
        Ok(XChaCha20Poly1305::new(key.as_slice().try_into().map_err(|_| StoreError::internal("key"))?))
    }
}

impl Place<'_> {
    /// Table, column and the row's parts, each after its length: no two places have the same bytes.
    fn associated(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        for part in [self.table.as_bytes(), self.column.as_bytes()].iter().chain(self.row) {
            bytes.extend_from_slice(&(part.len() as u64).to_be_bytes());
            bytes.extend_from_slice(part);
        }
        bytes
    }
}

fn pad(plain: &[u8]) -> Zeroizing<Vec<u8>> {
    let mut padded = Zeroizing::new(Vec::with_capacity(plain.len() + 8 + BLOCK));
    padded.extend_from_slice(&(plain.len() as u64).to_be_bytes());
    padded.extend_from_slice(plain);
    let length = padded.len().next_multiple_of(BLOCK);
    padded.resize(length, 0);
    padded
}

fn unpad(mut padded: Zeroizing<Vec<u8>>) -> Option<Zeroizing<Vec<u8>>> {
    let length = usize::try_from(u64::from_be_bytes(*padded.first_chunk()?)).ok()?;
    if length > padded.len().checked_sub(8)? {
        return None;
    }
    padded.drain(..8);
    padded.truncate(length);
    Some(padded)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    const PLACE: Place<'_> = Place { table: "subject", column: "body", row: &[b"one", b"issuer"] };

    #[test]
    fn a_value_opens_only_where_it_was_sealed_and_under_its_key() {
        let seal = Seal::new([1; 32]);
        let sealed = seal.seal(PLACE, b"secret").unwrap();
        assert_eq!(seal.open(PLACE, &sealed).unwrap().as_slice(), b"secret");
        let elsewhere = [
            Place { table: "token", ..PLACE },
            Place { column: "other", ..PLACE },
            Place { row: &[b"two", b"issuer"], ..PLACE },
            Place { row: &[b"onei", b"ssuer"], ..PLACE },
        ];
        for place in elsewhere {
            assert!(seal.open(place, &sealed).is_err());
        }
        assert!(Seal::new([2; 32]).open(PLACE, &sealed).is_err());
    }

    #[test]
    fn lengths_are_padded_and_no_two_seals_are_alike() {
        let seal = Seal::new([1; 32]);
        let (short, longer) = (seal.seal(PLACE, b"").unwrap(), seal.seal(PLACE, &[7; 248]).unwrap());
        assert_eq!(short.len(), longer.len());
        assert_eq!(seal.seal(PLACE, &[7; 249]).unwrap().len(), short.len() + BLOCK);
        assert_ne!(short, seal.seal(PLACE, b"").unwrap());
    }

    #[test]
    fn every_flipped_bit_is_found() {
        let seal = Seal::new([1; 32]);
        let sealed = seal.seal(PLACE, b"secret").unwrap();
        for bit in 0..sealed.len() * 8 {
            let mut flipped = sealed.clone();
            if let Some(byte) = flipped.get_mut(bit / 8) {
                *byte ^= 1 << (bit % 8);
            }
            assert!(seal.open(PLACE, &flipped).is_err(), "bit {bit}");
        }
    }
}
