//! What the phone must provide: a vault for keys, a clock that counts through sleep, and, if the app wants one, a
//! place for log lines. Foreign traits, synchronous; whatever an implementation throws, only the port's name is
//! passed on, because a platform's error text may hold anything.

mod system_clock;

use std::sync::Arc;

pub use system_clock::SystemClock;
use thiserror::Error;

use crate::rules::calendar::Timestamp;

/// Why the platform's vault did not do what was asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error, uniffi::Error)]
pub enum VaultError {
    /// Locked until the person unlocks the device for the first time after a start. Temporary: try again later, and
    /// never enrol anew because of it.
    #[error("locked")]
    Locked,
    /// The entry or its key is gone: restored from a backup, or installed anew.
    #[error("gone")]
    Gone,
    /// Anything else.
    #[error("refused")]
    Refused,
}

impl From<uniffi::UnexpectedUniFFICallbackError> for VaultError {
    fn from(_: uniffi::UnexpectedUniFFICallbackError) -> Self {
        Self::Refused
    }
}

/// The platform's key store: Android Keystore, iOS Keychain and Secure Enclave. Called on background threads too.
#[uniffi::export(with_foreign)]
pub trait Vault: Send + Sync {
    /// Encrypts a small secret so that only this app on this device can read it.
    fn seal(&self, plain: Vec<u8>) -> Result<Vec<u8>, VaultError>;

    /// Decrypts what [`Vault::seal`] returned; [`VaultError::Gone`] where it was sealed elsewhere or by an earlier
    /// installation.
    fn unseal(&self, sealed: Vec<u8>) -> Result<Vec<u8>, VaultError>;

    /// The P-256 public key (SEC1, 33 or 65 bytes) of the hardware key of this name, made now if there is none. None
    /// where the device has no such hardware: the core then keeps an Ed25519 key of its own, sealed.
    fn hardware_public_key(&self, name: String) -> Result<Option<Vec<u8>>, VaultError>;

    /// Signs with a hardware key: ECDSA over SHA-256 of `message`, as r‖s in 64 bytes or in DER.
    fn sign(&self, name: String, message: Vec<u8>) -> Result<Vec<u8>, VaultError>;

    /// Deletes the hardware key of this name, if there is one.
    fn delete(&self, name: String) -> Result<(), VaultError>;
}

/// A port other than the vault failed, or threw.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error, uniffi::Error)]
pub enum PortError {
    /// It did not answer.
    #[error("the port failed")]
    Failed,
}

impl From<uniffi::UnexpectedUniFFICallbackError> for PortError {
    fn from(_: uniffi::UnexpectedUniFFICallbackError) -> Self {
        Self::Failed
    }
}

/// One look at the platform's clocks.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct ClockReading {
    /// Names this start of the device: `/proc/sys/kernel/random/boot_id`, `kern.bootsessionuuid`. Always from the same
    /// source: after another name the estimate of the time is gone until the next sync.
    pub boot_id: String,
    /// Milliseconds since the device started, sleep included: `CLOCK_BOOTTIME`, `mach_continuous_time`.
    pub boot_millis: i64,
    /// The wall clock: only for hints to people, and for a gate that has nothing better.
    pub wall: Timestamp,
}

/// The platform's clocks, all in one crossing. An implementation must not call this library: it is read under a lock,
/// so that of two readings the later one is looked at later.
#[uniffi::export(with_foreign)]
pub trait DeviceClock: Send + Sync {
    /// Reads them now.
    fn read(&self) -> Result<ClockReading, PortError>;
}

/// How much a log line matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, uniffi::Enum)]
pub enum LogLevel {
    /// Somebody should look at it.
    Warning,
    /// What happened.
    Info,
}

/// Takes log lines. They hold no personal data and no keys.
#[uniffi::export(with_foreign)]
pub trait LogSink: Send + Sync {
    /// Takes one line.
    fn log(&self, level: LogLevel, line: String) -> Result<(), PortError>;
}

/// All that a phone provides.
#[derive(Clone, uniffi::Record)]
pub struct Ports {
    /// The key store.
    pub vault: Arc<dyn Vault>,
    /// The clocks.
    pub clock: Arc<dyn DeviceClock>,
    /// Where log lines go; none to drop them.
    #[uniffi(default)]
    pub log: Option<Arc<dyn LogSink>>,
}

impl Ports {
    pub(crate) fn log(&self, level: LogLevel, line: String) {
        if let Some(log) = &self.log {
            // A sink that fails must not break what it reports on.
            let _ = log.log(level, line);
        }
    }
}

impl std::fmt::Debug for Ports {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Ports(..)")
    }
}
