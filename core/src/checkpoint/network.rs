//! The call that reaches the network; see [`crate::sync::http`] for where it runs.

use std::sync::Arc;

use super::Checkpoint;
use crate::error::HealthcodeError;
use crate::sync::flight;
use crate::sync::http::run;
use crate::sync::{Cancel, SyncReport};

#[uniffi::export]
impl Checkpoint {
    /// Fetches the trust list, the legal calendar and the time: once a day is enough.
    ///
    /// # Errors
    ///
    /// `Network`, `UpdateApp`, `Storage`, `Cancelled`; what was known before stays in force.
    #[uniffi::method(default(cancel = None))]
    pub async fn sync(&self, cancel: Option<Arc<Cancel>>) -> Result<SyncReport, HealthcodeError> {
        run(&self.hold, cancel, flight::sync(self.hold.phone()?, true)).await
    }
}
