//! The ports of a phone in a test: a vault that has hardware keys where it is told to, and a clock that the test moves.

#![allow(clippy::unwrap_used, reason = "tests")]

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};

use p256::ecdsa::SigningKey;
use p256::ecdsa::signature::Signer as _;

use super::test_phone::noon;
use crate::platform::{ClockReading, DeviceClock, PortError, Vault, VaultError};
use crate::rules::calendar::Timestamp;

/// A vault that turns every byte over, and has hardware keys where it is told to.
#[derive(Default)]
pub(super) struct TestVault {
    pub(super) locked: AtomicBool,
    pub(super) has_hardware: AtomicBool,
    keys: Mutex<BTreeMap<String, SigningKey>>,
}

impl TestVault {
    fn turn(&self, bytes: &[u8]) -> Result<Vec<u8>, VaultError> {
        if self.locked.load(Ordering::SeqCst) {
            Err(VaultError::Locked)
        } else {
            Ok(bytes.iter().map(|byte| !byte).collect())
        }
    }

    /// The names of the hardware keys.
    pub(super) fn names(&self) -> Vec<String> {
        self.keys.lock().unwrap().keys().cloned().collect()
    }
}

impl Vault for TestVault {
    fn seal(&self, plain: Vec<u8>) -> Result<Vec<u8>, VaultError> {
        self.turn(&plain)
    }

    fn unseal(&self, sealed: Vec<u8>) -> Result<Vec<u8>, VaultError> {
        self.turn(&sealed)
    }

    fn hardware_public_key(&self, name: String) -> Result<Option<Vec<u8>>, VaultError> {
        if !self.has_hardware.load(Ordering::SeqCst) {
            return Ok(None);
        }
        let mut keys = self.keys.lock().unwrap();
        let seed = [u8::try_from(keys.len()).unwrap() + 1; 32];
        let key = keys.entry(name).or_insert_with(|| SigningKey::from_slice(&seed).unwrap());
        Ok(Some(key.verifying_key().to_sec1_point(true).as_bytes().to_vec()))
    }

    fn sign(&self, name: String, message: Vec<u8>) -> Result<Vec<u8>, VaultError> {
        let keys = self.keys.lock().unwrap();
        let signature: p256::ecdsa::Signature = keys.get(&name).ok_or(VaultError::Gone)?.sign(&message);
        Ok(signature.to_bytes().to_vec())
    }

    fn delete(&self, name: String) -> Result<(), VaultError> {
        self.turn(&[])?;
        self.keys.lock().unwrap().remove(&name).map(|_| ()).ok_or(VaultError::Gone)
    }
}

/// The boot clock in milliseconds, and what the wall clock says since the phone was started again.
pub(super) struct TestClock(pub(super) AtomicI64, pub(super) Mutex<Option<Timestamp>>);

impl DeviceClock for TestClock {
    fn read(&self) -> Result<ClockReading, PortError> {
        let boot_millis = self.0.load(Ordering::SeqCst);
        let restarted = *self.1.lock().unwrap();
        let boot_id = if restarted.is_some() { "two" } else { "one" }.to_owned();
        // Somebody set the wall clock years ahead.
        Ok(ClockReading { boot_id, boot_millis, wall: restarted.unwrap_or_else(|| noon(3_000)) })
    }
}
