//! What the shipped library must never do, done on purpose over the same border: a test sees that a panic becomes an
//! exception and that the process lives. Benches measure an empty call and a record's way there and back here, so that
//! no such thing is exported by the library itself.

#![allow(clippy::panic, clippy::unnecessary_wraps, reason = "this is what the library is for")]

use std::sync::{Arc, Mutex, PoisonError};

use thiserror::Error;

uniffi::setup_scaffolding!();

/// Never returned: it makes the calls fallible, as those of the shipped library are.
#[derive(Debug, Error, uniffi::Error)]
pub enum CrashError {
    /// Never.
    #[error("never")]
    Never,
}

/// A record of the size of a first screen's card.
#[derive(Clone, Debug, uniffi::Record)]
pub struct Card {
    /// A text.
    pub subject: String,
    /// Another.
    pub masked_name: String,
    /// Days.
    pub days: Vec<u16>,
    /// A number that may be missing.
    pub waiting: Option<u32>,
}

/// Panics, with a text that must not reach anybody but a log.
///
/// # Panics
///
/// Always.
#[uniffi::export]
pub fn crash() -> Result<(), CrashError> {
    panic!("on purpose");
}

/// Panics after having been awaited.
///
/// # Panics
///
/// Always.
#[uniffi::export]
pub async fn crash_later() -> Result<(), CrashError> {
    std::future::ready(()).await;
    panic!("on purpose");
}

/// The empty call.
#[uniffi::export]
pub fn nothing() -> Result<(), CrashError> {
    Ok(())
}

/// A record there and back.
#[uniffi::export]
pub fn echo(card: Card) -> Result<Card, CrashError> {
    Ok(card)
}

/// An object that panics while it holds its own lock.
#[derive(Debug, Default, uniffi::Object)]
pub struct Bomb {
    calls: Mutex<u32>,
}

#[uniffi::export]
impl Bomb {
    /// A new one.
    #[uniffi::constructor]
    #[must_use]
    pub fn new() -> Arc<Self> {
        Arc::new(Self::default())
    }

    /// Panics at every second call, and gives the number of the call otherwise.
    ///
    /// # Panics
    ///
    /// At every second call.
    pub fn tick(&self) -> Result<u32, CrashError> {
        let mut calls = self.calls.lock().unwrap_or_else(PoisonError::into_inner);
        *calls += 1;
        assert!(*calls % 2 == 1, "on purpose");
        Ok(*calls)
    }
}
