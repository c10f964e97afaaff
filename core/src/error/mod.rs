//! The one error that apps see: a variant for each thing that a caller can do something about. No variant repeats
//! personal data; fields are named so that they compile in Kotlin and Swift.

mod text;

use std::time::Duration;

use thiserror::Error;

pub use text::error_text;
pub(crate) use text::{field_text, refusal_text};

use crate::platform::{PortError, VaultError};
use crate::qr::QrError;
use crate::rules::declaration::DeclarationError;
use crate::rules::identity::IdentityError;
use crate::store::StoreError;
use crate::token::key::SignerError;
use crate::token::notice::LogError;
use crate::token::trust_list::TrustListError;

/// What is wrong with the platform's vault. None of it changes the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, uniffi::Enum)]
pub enum VaultKind {
    /// Locked until the first unlock after a start. Temporary: ask the person to unlock the phone and try again then.
    /// Never enrol anew, and never erase, because of it.
    Locked,
    /// Its entry is gone (restored from a backup, installed anew), and the file cannot be read any more: the person
    /// enrols again, after `erase`. Ask before, and try again once: some key stores say so for a moment.
    Gone,
    /// It failed: try again, then report.
    Refused,
}

/// What is wrong with the file. None of it destroys anything: what was accepted is there once the cause is gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, uniffi::Enum)]
pub enum StorageKind {
    /// Another process has it open: try again when that one has ended, or open it to look at it only.
    Busy,
    /// The disk is full; this call kept nothing, what was accepted before is kept. Ask the person to free some space,
    /// and make the call again. What only reads still works.
    Full,
    /// It cannot be written to: the file, its folder or its disk is read-only, or it was opened to look at it only.
    /// See to the app's rights on the folder; a widget leaves the call to the app.
    ReadOnly,
    /// It is damaged, or no database. Nothing was changed. Close it and open it again; if it stays so, offer the person
    /// to enrol again after `erase`, and say that what was not sent yet is lost.
    Corrupt,
    /// A later version of the app wrote it: update the app. Nothing was changed.
    NewerSchema,
    /// It belongs to another key than the vault's: the file of another phone or installation. Nothing was changed. Open
    /// it with its own vault, or offer the person to enrol again after `erase`.
    WrongKey,
    /// The path cannot be opened: its folder is missing, or, to look at only, there is no file yet; or the device does
    /// not give what is there. Check the path, and try again; a widget shows that nobody has enrolled.
    Unreachable,
}

/// What is wrong with the network, or with what answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, uniffi::Enum)]
pub enum NetworkKind {
    /// No connection: offline, or the server is down. Normal; what is unsent waits.
    Offline,
    /// Nothing came in time.
    Timeout,
    /// The connection is not private: wrong certificate, or something in between.
    Tls,
    /// Something else answered in the server's place, such as a hotel's sign-in page.
    Intercepted,
    /// The server answered that it cannot now.
    Unavailable,
    /// An answer that is none: cut, oversized, unreadable, or not signed by whom it should be.
    BadAnswer,
    /// The address may not be used: `http:` is only for loopback and for hosts named in the configuration.
    Refused,
}

/// What is wrong with an authority's log of exposure notices, or with a file of it. What was taken before stays in
/// force, and nothing of the faulty one is used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, uniffi::Enum)]
pub enum NoticeLogKind {
    /// A form that this version cannot read, or none: cut, out of order, too large.
    Form,
    /// Not signed by the authority.
    Unsigned,
    /// No second authority has signed it: nobody vouches that everybody is shown the same. Try again later.
    Unwitnessed,
    /// It holds fewer notices than this phone has seen.
    Older,
    /// It does not go on from the notices that this phone has seen: somebody is shown another log. Report it.
    Forked,
    /// It is about a region that the authority may not speak for.
    Region,
    /// A file is not the one that its notice names.
    Altered,
}

/// Why a call did not do what was asked.
#[derive(Clone, Debug, PartialEq, Eq, Error, uniffi::Error)]
pub enum HealthcodeError {
    /// A field of the input. Show `reason` at the field.
    #[error("{field}: {reason}")]
    InvalidField {
        /// The field's path, such as `document` or `travel[0]`.
        field: String,
        /// A stable word for what is wrong with it, such as `check-digit`.
        reason: String,
    },
    /// There is no such subject on this phone.
    #[error("unknown subject")]
    UnknownSubject,
    /// Trust list or rulebook have not come yet: sync first.
    #[error("nothing was synced yet")]
    NotSynced,
    /// The subject has no code yet: declare and sync first.
    #[error("not rated yet")]
    NotRated,
    /// The vault.
    #[error("vault: {kind:?}")]
    Vault {
        /// What is wrong.
        kind: VaultKind,
    },
    /// The file.
    #[error("storage: {kind:?}")]
    Storage {
        /// What is wrong.
        kind: StorageKind,
    },
    /// The network. What is unsent stays and is sent later.
    #[error("network: {kind:?}")]
    Network {
        /// What is wrong.
        kind: NetworkKind,
        /// How long to wait before trying again, if the server said so.
        retry_after: Option<Duration>,
    },
    /// The server said no.
    #[error("rejected: {problem}")]
    Rejected {
        /// The problem's stable word, such as `wrong-code`.
        problem: String,
        /// How long to wait before trying again, if the server said so.
        retry_after: Option<Duration>,
    },
    /// An authority's log of exposure notices.
    #[error("exposure notices: {kind:?}")]
    NoticeLog {
        /// What is wrong.
        kind: NoticeLogKind,
    },
    /// The phone was restarted and does not know the time well enough to show a code: scan the gate's challenge, or
    /// sync.
    #[error("the time is unsure")]
    TimeUnsure,
    /// Another phone has taken this one's place.
    #[error("replaced by another phone")]
    Replaced,
    /// The server speaks a later version: update the app.
    #[error("update the app")]
    UpdateApp,
    /// The call was cancelled. Nothing is lost.
    #[error("cancelled")]
    Cancelled,
    /// The object was closed before the call, or while it ran. Nothing is lost.
    #[error("closed")]
    Closed,
    /// A port failed or threw.
    #[error("port {name} failed")]
    Port {
        /// Which one: `clock`. What the place for log lines throws is passed over.
        name: String,
    },
    /// A fault of the library: report `incident`, which holds no personal data.
    #[error("internal: {incident}")]
    Internal {
        /// Where.
        incident: String,
    },
}

impl HealthcodeError {
    pub(crate) fn field(field: impl Into<String>, reason: impl Into<String>) -> Self {
        Self::InvalidField { field: field.into(), reason: reason.into() }
    }

    pub(crate) fn internal(incident: impl Into<String>) -> Self {
        Self::Internal { incident: incident.into() }
    }

    pub(crate) const fn network(kind: NetworkKind) -> Self {
        Self::Network { kind, retry_after: None }
    }

    pub(crate) const fn bad_answer() -> Self {
        Self::network(NetworkKind::BadAnswer)
    }
}

impl From<VaultError> for HealthcodeError {
    fn from(error: VaultError) -> Self {
        let kind = match error {
            VaultError::Locked => VaultKind::Locked,
            VaultError::Gone => VaultKind::Gone,
            VaultError::Refused => VaultKind::Refused,
        };
        Self::Vault { kind }
    }
}

impl From<PortError> for HealthcodeError {
    fn from(_: PortError) -> Self {
        Self::Port { name: "clock".to_owned() }
    }
}

impl From<SignerError> for HealthcodeError {
    fn from(error: SignerError) -> Self {
        let error = match error {
            SignerError::Locked => VaultError::Locked,
            SignerError::Gone => VaultError::Gone,
            SignerError::Refused => VaultError::Refused,
        };
        error.into()
    }
}

impl From<StoreError> for HealthcodeError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Vault(error) => error.into(),
            StoreError::Kind(kind) => Self::Storage { kind },
            StoreError::Closed => Self::Closed,
            StoreError::Internal(incident) => Self::internal(incident),
        }
    }
}

impl From<QrError> for HealthcodeError {
    fn from(_: QrError) -> Self {
        Self::field("text", "not-a-code")
    }
}

impl From<IdentityError> for HealthcodeError {
    fn from(error: IdentityError) -> Self {
        Self::field(error.field(), error.reason_id())
    }
}

impl From<DeclarationError> for HealthcodeError {
    fn from(error: DeclarationError) -> Self {
        let (field, reason) = error.place();
        Self::field(field, reason)
    }
}

impl From<LogError> for HealthcodeError {
    fn from(error: LogError) -> Self {
        let kind = match error {
            LogError::Form(_) => NoticeLogKind::Form,
            LogError::Unsigned => NoticeLogKind::Unsigned,
            LogError::Unwitnessed => NoticeLogKind::Unwitnessed,
            LogError::Older => NoticeLogKind::Older,
            LogError::Forked => NoticeLogKind::Forked,
            LogError::Region => NoticeLogKind::Region,
            LogError::Altered => NoticeLogKind::Altered,
        };
        Self::NoticeLog { kind }
    }
}

impl From<TrustListError> for HealthcodeError {
    fn from(error: TrustListError) -> Self {
        match error {
            TrustListError::Newer => Self::UpdateApp,
            _ => Self::bad_answer(),
        }
    }
}
