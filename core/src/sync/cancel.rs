//! How a call is ended from outside: by the caller's own [`Cancel`], or because its object was closed.

use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::watch;

use super::phone::Phone;
use crate::error::HealthcodeError;

/// Cancels a call. One may be given to several calls; a cancelled one stays cancelled.
#[derive(uniffi::Object)]
pub struct Cancel {
    state: watch::Sender<bool>,
}

impl Cancel {
    /// A new one.
    #[must_use]
    pub fn new() -> Arc<Self> {
        Arc::new(Self { state: watch::Sender::new(false) })
    }
}

/// A new [`Cancel`].
///
/// # Errors
///
/// None today.
#[uniffi::export]
#[allow(
    clippy::unnecessary_wraps,
    reason = "only a fallible call turns a panic into an error on every platform"
)]
pub fn new_cancel() -> Result<Arc<Cancel>, HealthcodeError> {
    Ok(Cancel::new())
}

#[uniffi::export]
impl Cancel {
    /// Ends the calls that hold it with [`HealthcodeError::Cancelled`]. What was written before stays written.
    ///
    /// # Errors
    ///
    /// None today.
    #[allow(clippy::unnecessary_wraps, reason = "as above")]
    pub fn cancel(&self) -> Result<(), HealthcodeError> {
        self.state.send_replace(true);
        Ok(())
    }
}

impl std::fmt::Debug for Cancel {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Cancel(..)")
    }
}

/// A facade's hold on the phone's file, until it is closed. The file itself closes with its last hold.
pub(crate) struct Hold {
    phone: Mutex<Option<Arc<Phone>>>,
    closed: watch::Sender<bool>,
}

impl Hold {
    pub(crate) fn new(phone: Arc<Phone>) -> Self {
        Self { phone: Mutex::new(Some(phone)), closed: watch::Sender::new(false) }
    }

    pub(crate) fn phone(&self) -> Result<Arc<Phone>, HealthcodeError> {
        let phone = self.phone.lock().unwrap_or_else(PoisonError::into_inner);
        phone.clone().filter(|phone| !phone.store.is_closed()).ok_or(HealthcodeError::Closed)
    }

    /// Lets go, and ends the calls under way.
    pub(crate) fn close(&self) {
        let phone = self.phone.lock().unwrap_or_else(PoisonError::into_inner).take();
        self.closed.send_replace(true);
        // It may be the last hold: the file closes outside the lock.
        drop(phone);
    }

    /// `work`, until it ends, is cancelled, or the object is closed. Dropped, it stops where it waits.
    pub(crate) fn until_ended<T, F>(
        &self,
        cancel: Option<Arc<Cancel>>,
        work: F,
    ) -> impl Future<Output = Result<T, HealthcodeError>> + use<T, F>
    where
        F: Future<Output = Result<T, HealthcodeError>>,
    {
        let mut closed = self.closed.subscribe();
        let mut cancelled = cancel.map(|cancel| cancel.state.subscribe());
        async move {
            let cancelled = async {
                let ended = match &mut cancelled {
                    Some(state) => state.wait_for(|cancelled| *cancelled).await.is_ok(),
                    None => false,
                };
                // Without one, and once the last hand that could cancel has let go of it, nobody cancels.
                if !ended {
                    std::future::pending::<()>().await;
                }
            };
            tokio::select! {
                biased;
                () = cancelled => Err(HealthcodeError::Cancelled),
                _ = closed.wait_for(|closed| *closed) => Err(HealthcodeError::Closed),
                result = work => result,
            }
        }
    }
}
