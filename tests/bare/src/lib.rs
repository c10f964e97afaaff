//! The bare stack: each dependency of the phone's library is called once, by the calls that the core makes of it and no
//! others, and the border has one thing of each kind. What the library weighs beyond this is the core's own code;
//! `tests/steps/size.sh` compares the two. Nothing here is ever run: every input comes across the border, so that
//! the optimiser can foresee none of it.

#![allow(clippy::needless_pass_by_value, reason = "what crosses the border is owned")]

#[cfg(feature = "http")]
mod http;
mod signed;
mod stored;
mod written;

use std::fs::File;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

use rusqlite::Connection;
use thiserror::Error;
use tokio::sync::watch;

uniffi::setup_scaffolding!();

/// What enters.
#[derive(Clone, Debug, uniffi::Record)]
pub struct Sample {
    /// Text.
    pub text: String,
    /// Bytes.
    pub bytes: Vec<u8>,
    /// An instant.
    pub at: SystemTime,
    /// A number.
    pub number: Option<u32>,
}

/// Why nothing left.
#[derive(Clone, Debug, PartialEq, Eq, Error, uniffi::Error)]
pub enum BareError {
    /// Something was refused.
    #[error("refused: {what}")]
    Refused {
        /// By what.
        what: String,
    },
}

impl BareError {
    pub(crate) fn of<E>(what: &'static str) -> impl Fn(E) -> Self {
        move |_| Self::Refused { what: what.to_owned() }
    }
}

impl From<uniffi::UnexpectedUniFFICallbackError> for BareError {
    fn from(error: uniffi::UnexpectedUniFFICallbackError) -> Self {
        Self::of("port")(error)
    }
}

type Result<T> = std::result::Result<T, BareError>;

/// What the app provides.
#[uniffi::export(with_foreign)]
pub trait Port: Send + Sync {
    /// Bytes for bytes.
    fn answer(&self, bytes: Vec<u8>) -> Result<Vec<u8>>;
}

/// An object that an app holds.
#[derive(uniffi::Object)]
pub struct Bare {
    port: Arc<dyn Port>,
    connection: Mutex<Connection>,
    changes: watch::Sender<u64>,
    _lock: File,
}

#[uniffi::export]
impl Bare {
    /// Opens a file.
    #[uniffi::constructor]
    pub fn open(path: String, port: Arc<dyn Port>) -> Result<Arc<Self>> {
        let lock = stored::lock(&path).map_err(BareError::of("lock"))?;
        let connection = Mutex::new(stored::open(&path).map_err(BareError::of("sqlite"))?);
        Ok(Arc::new(Self { port, connection, changes: watch::Sender::new(0), _lock: lock }))
    }

    /// Waits until the sample after this one was put through.
    pub async fn changed(&self, after: u64) -> Result<u64> {
        let mut changes = self.changes.subscribe();
        let change = changes.wait_for(|change| *change > after).await;
        change.map(|change| *change).map_err(BareError::of("closed"))
    }

    /// Puts the sample through everything.
    pub fn run(&self, sample: Sample) -> Result<Sample> {
        let mut connection = self.connection.lock().unwrap_or_else(PoisonError::into_inner);
        let key = self.port.answer(sample.bytes.clone())?;
        let text = written::numbered(&written::json(&written::dated(&sample)?)?, sample.number)?;
        let bytes = signed::checked(&key, &written::cbor(&sample.bytes)?)?;
        let kept = stored::keep(&mut connection, &text, &signed::sealed(&key, &bytes)?);
        let bytes = kept.map_err(BareError::of("sqlite"))?.concat();
        let text = written::spelled(&bytes, &text)?;
        let bytes = written::modules(&text)?;
        #[cfg(feature = "png")]
        let bytes = written::picture(&bytes)?;
        self.changes.send_modify(|changes| *changes += 1);
        Ok(Sample { text, bytes, ..sample })
    }
}

impl std::fmt::Debug for Bare {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Bare(..)")
    }
}
