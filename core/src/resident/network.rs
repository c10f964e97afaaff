//! The calls that reach the network. Each only spawns its work on the core's own runtime and awaits it: the caller's
//! loop is never held up, and letting go of the call aborts it.

use std::sync::Arc;

use super::brought::bring_all;
use super::input::IdentityForm;
use super::own_http::{CodeRequested, Enrolment, enrolled};
use super::{Resident, identity};
use crate::error::HealthcodeError;
use crate::sync::http::{Client, fetch_notices, run};
use crate::sync::{Cancel, NoticeReport, SyncReport, enrol, flight};

#[uniffi::export]
impl Resident {
    /// Asks for a one-time code, which goes to the number that public records hold for the document and to no other.
    /// The holder's key is made first and kept. The answer is the same whether or not the records know the person.
    ///
    /// # Errors
    ///
    /// `InvalidField` for the first field that is wrong; `Network`, `Rejected`, `Vault`, `Storage`, `Cancelled`.
    #[uniffi::method(default(cancel = None))]
    pub async fn request_one_time_code(
        &self,
        identity: IdentityForm,
        cancel: Option<Arc<Cancel>>,
    ) -> Result<CodeRequested, HealthcodeError> {
        let phone = self.phone()?;
        let work = async move {
            let identity = self::identity(&phone, &identity)?;
            let client = Client::new(&phone.config)?;
            let call = enrol::request(&phone, identity)?;
            Ok(CodeRequested::of(&enrol::started(&phone, &client.send(&call).await?)?))
        };
        run(&self.hold, cancel, work).await
    }

    /// Confirms the one-time code: the subject is on this phone from now on. Then [`Resident::sync`].
    ///
    /// # Errors
    ///
    /// `InvalidField` for a code that is none, or without one asked for; `Rejected` with `wrong-code` for one that
    /// does not fit, has expired or was tried too often; `Network`, `Vault`, `Storage`, `Cancelled`.
    #[uniffi::method(default(cancel = None))]
    pub async fn enrol(
        &self,
        code: String,
        cancel: Option<Arc<Cancel>>,
    ) -> Result<Enrolment, HealthcodeError> {
        let phone = self.phone()?;
        let work = async move {
            let client = Client::new(&phone.config)?;
            let call = enrol::confirm(&phone, &code)?;
            enrolled(&phone, &client.send(&call).await?)
        };
        run(&self.hold, cancel, work).await
    }

    /// Fetches the exposure notices that are new, and matches them with where the residents of this phone were. Apart
    /// from [`Resident::sync`]: over a connection of its own, without a signature, the same calls on every phone that has
    /// seen as much. Files of notices that are large come only with `large`: on Wi-Fi, or where the person asks for them.
    ///
    /// # Errors
    ///
    /// `NotSynced` before the first sync, or where the authority publishes no notices; `NoticeLog` for notices that are
    /// not taken, those of before stay in force; `Network`, `Rejected`, `Storage`, `Cancelled`.
    #[uniffi::method(default(large = false, cancel = None))]
    pub async fn fetch_notices(
        &self,
        large: bool,
        cancel: Option<Arc<Cancel>>,
    ) -> Result<NoticeReport, HealthcodeError> {
        run(&self.hold, cancel, fetch_notices(self.phone()?, large)).await
    }

    /// Exchanges everything with the server: sends what waits, fetches what was decided, new tokens, the time, and
    /// what the server publishes. Calls at the same time are one exchange: the later ones wait for it.
    ///
    /// # Errors
    ///
    /// `Network` is normal: what is unsent waits and nothing is lost. `Rejected`, `UpdateApp`, `Vault`, `Storage`,
    /// `Cancelled`. What the server says no to for one subject is in the report and not an error.
    #[uniffi::method(default(cancel = None))]
    pub async fn sync(&self, cancel: Option<Arc<Cancel>>) -> Result<SyncReport, HealthcodeError> {
        let phone = self.phone()?;
        let work = async move {
            bring_all(&phone);
            let report = flight::sync(Arc::clone(&phone), false).await?;
            // What an authority has just said may be for another one.
            if !bring_all(&phone) {
                return Ok(report);
            }
            Ok(report.then(flight::sync(phone, false).await?))
        };
        run(&self.hold, cancel, work).await
    }
}
