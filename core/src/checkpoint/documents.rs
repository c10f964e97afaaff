//! What a checkpoint takes by hand, where its network is down: from a file, or from a QR code on a wall.

use super::Checkpoint;
use crate::error::HealthcodeError;
use crate::rules::gate_policy;
use crate::sync::published::NotTaken;
use crate::token::code_text::{CodeText, Prefix};
use crate::token::envelope::Sign1;
use crate::token::root::{self, Document, RootError};
use crate::token::status_list::SignedStatusList;
use crate::token::trust_list::{self, TrustListError};

/// What was loaded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, uniffi::Enum)]
pub enum Loaded {
    /// A trust list.
    TrustList,
    /// The next set of root keys: it is in force once a trust list is loaded that it signed.
    RootSet,
    /// An outage notice.
    OutageNotice,
    /// Gate policies.
    Policies,
    /// A status list.
    StatusList,
}

#[uniffi::export]
impl Checkpoint {
    /// Loads a signed document from a file, or the text of an outage notice's QR code (`H6:`): trust list, root
    /// document, status list, gate policies, outage notice. It is verified as if it came from the network; it tells
    /// nothing of the time.
    ///
    /// # Errors
    ///
    /// `InvalidField` for `document`: `not-a-document` for what is none of these, `not-signed` where it is not signed by
    /// those whose word it would have to be, `older` for one that is older than what is in force, `ahead` for a status
    /// list of a time that has not come; `UpdateApp` for a later form; `Storage`.
    pub fn load(&self, document: Vec<u8>) -> Result<Loaded, HealthcodeError> {
        let phone = self.hold.phone()?;
        if let Ok(text) = std::str::from_utf8(&document)
            && let Ok(CodeText { prefix: Prefix::Outage, bytes }) = CodeText::parse(text.trim())
        {
            return phone.take_outage(&bytes).map(|()| Loaded::OutageNotice).map_err(refused);
        }
        if SignedStatusList::parse(&document).is_ok() {
            return phone.take_status_list(&document).map(|()| Loaded::StatusList).map_err(refused);
        }
        if Sign1::parse(&document, gate_policy::MAX_BYTES + 256).is_ok() {
            return phone.take_policies(&document).map(|()| Loaded::Policies).map_err(refused);
        }
        if Document::parse(&document, trust_list::MAX_BYTES).is_err() {
            return Err(refusal("not-a-document"));
        }
        // What kind it is, only the signatures say.
        match phone.take_trust_list(&document) {
            Err(NotTaken::List(TrustListError::Signatures)) => {}
            taken => return taken.map(|()| Loaded::TrustList).map_err(refused),
        }
        if document.len() > root::MAX_BYTES {
            return Err(refusal("not-signed"));
        }
        match phone.take_root(&document) {
            Err(NotTaken::Root(RootError::Signatures)) => {}
            taken => return taken.map(|()| Loaded::RootSet).map_err(refused),
        }
        phone.take_outage(&document).map(|()| Loaded::OutageNotice).map_err(refused)
    }
}

fn refusal(reason: &'static str) -> HealthcodeError {
    HealthcodeError::field("document", reason)
}

fn refused(refused: NotTaken) -> HealthcodeError {
    match refused {
        NotTaken::Phone(error) if error == HealthcodeError::bad_answer() => refusal("not-signed"),
        NotTaken::Phone(error) => error,
        NotTaken::Ahead => refusal("ahead"),
        NotTaken::Root(RootError::Newer) | NotTaken::List(TrustListError::Newer) => {
            HealthcodeError::UpdateApp
        }
        NotTaken::Older | NotTaken::Root(RootError::Skipped) | NotTaken::List(TrustListError::RolledBack) => {
            refusal("older")
        }
        NotTaken::Root(RootError::Signatures)
        | NotTaken::List(TrustListError::NextRoot | TrustListError::Signatures) => refusal("not-signed"),
        NotTaken::Root(_) | NotTaken::List(_) => refusal("not-a-document"),
    }
}
