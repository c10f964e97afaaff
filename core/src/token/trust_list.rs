//! The trust list: which issuers there are, what each may say with which key, and for which regions. Signed by root
//! keys with a threshold; the app carries the root's keys, and nothing is trusted because a server sent it.
//!
//! On the wire `[payload, [detached COSE_Sign1, …]]`. A list never goes back: callers pass the version they know as
//! a floor. One key id twice makes a list invalid, so that a key id alone names issuer and use.

use std::collections::BTreeSet;

use minicbor::bytes::ByteVec;
use minicbor::{Decode, Encode};
use thiserror::Error;

use super::cbor;
use super::envelope::{FormatError, Kind, Sign1, TokenError};
use super::key::{KeyId, PublicKey, Signer, SignerError};
pub use super::object::{Object, SealError, seal, unseal};
pub use super::root::RootSet;
use super::root::{Document, RootError, sign_by_roots};
use crate::rules::calendar::Timestamp;
use crate::rules::identity::Region;
use crate::rules::text::Text;

/// The most bytes of a trust list: some hundred issuers.
pub const MAX_BYTES: usize = 512 * 1024;
const FORMAT: u8 = 1;

/// What an issuer's key may sign. Each key has one use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Encode, Decode)]
#[cbor(index_only)]
pub enum KeyUse {
    /// Gate tokens.
    #[n(1)]
    Tokens,
    /// Time anchors.
    #[n(2)]
    Time,
    /// Rulebooks.
    #[n(3)]
    Rules,
    /// What is decided about a person: orders, releases, ratings, receipts, judgements, appeals' outcomes.
    #[n(4)]
    Decisions,
    /// Status lists.
    #[n(5)]
    Status,
    /// Exposure notices and their log.
    #[n(6)]
    Notices,
    /// Gate policies.
    #[n(7)]
    Policy,
    /// Venue codes.
    #[n(8)]
    Venues,
    /// Officers' acts.
    #[n(9)]
    Acts,
}

/// One key of an issuer.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct IssuerKey {
    /// The key as COSE_Key.
    #[n(1)]
    pub cose_key: ByteVec,
    /// What it may sign.
    #[n(2)]
    pub key_use: KeyUse,
    /// The first instant that it may give as an object's issue.
    #[cbor(n(3), with = "cbor::seconds")]
    pub not_before: Timestamp,
    /// The instant from which it may give none.
    #[cbor(n(4), with = "cbor::seconds")]
    pub not_after: Timestamp,
}

/// A status list of an issuer.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct StatusListEntry {
    /// Its number in tokens.
    #[n(1)]
    pub list: u32,
    /// Where it lies.
    #[n(2)]
    pub uri: String,
}

/// An issuer.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Issuer {
    /// Its id: a short name that stays, such as `hangzhou`.
    #[n(1)]
    pub id: String,
    /// Its name.
    #[n(2)]
    pub name: Text,
    /// The GB/T 2260 codes of the regions that it may speak for, each with everything within it.
    #[n(3)]
    pub regions: Vec<u32>,
    /// The root of its HTTP interface: its rulebook and its time lie at the paths of [`crate::wire::message`] below it.
    #[n(4)]
    pub base_url: String,
    /// Its keys.
    #[n(5)]
    pub keys: Vec<IssuerKey>,
    /// Its status lists.
    #[n(6)]
    pub status_lists: Vec<StatusListEntry>,
    /// What its green, yellow and red count as here, by colour number.
    #[n(7)]
    pub colours: [u8; 3],
    /// The highest time epoch that its anchors may name.
    #[n(8)]
    pub time_epoch: u32,
    /// The ids of keys that were removed before their time, eight bytes each. What they signed is not called forged: its
    /// holder connects and gets it signed anew. Left out where there is none, as in the first lists.
    #[cbor(n(9), skip_if = "Vec::is_empty")]
    pub removed_keys: Vec<ByteVec>,
}

impl Issuer {
    /// Whether it may speak for a region.
    #[must_use]
    pub fn speaks_for(&self, region: Region) -> bool {
        self.regions.iter().filter_map(|code| Region::from_code(*code).ok()).any(|own| own.contains(&region))
    }
}

/// The content of a trust list.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct TrustListContent {
    /// The form of this document: 1.
    #[n(1)]
    pub format: u8,
    /// The root set that signs it.
    #[n(2)]
    pub root_version: u32,
    /// Grows with every list.
    #[n(3)]
    pub version: u32,
    /// When it was signed.
    #[cbor(n(4), with = "cbor::seconds")]
    pub issued_at: Timestamp,
    /// When it must have been replaced.
    #[cbor(n(5), with = "cbor::seconds")]
    pub expires_at: Timestamp,
    /// The issuers.
    #[n(6)]
    pub issuers: Vec<Issuer>,
}

impl TrustListContent {
    /// A list of the first format.
    #[must_use]
    pub const fn new(
        root_version: u32,
        version: u32,
        issued_at: Timestamp,
        expires_at: Timestamp,
        issuers: Vec<Issuer>,
    ) -> Self {
        Self { format: FORMAT, root_version, version, issued_at, expires_at, issuers }
    }

    /// Signs the list with root keys.
    pub fn sign(&self, roots: &[&dyn Signer]) -> Result<Vec<u8>, SignerError> {
        sign_by_roots(Kind::Trust, cbor::encode(self), roots)
    }
}

/// Why a trust list is refused. The one in force stays in force.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum TrustListError {
    /// Its form.
    #[error("form: {0}")]
    Form(#[from] FormatError),
    /// A form of a later version: the app must be updated.
    #[error("of a later version")]
    Newer,
    /// Of a root set that follows the one in force, which must be fetched first.
    #[error("of a later root set")]
    NextRoot,
    /// Fewer root keys have signed it than must.
    #[error("not signed by the roots")]
    Signatures,
    /// Older than the list in force, or than the app's floor.
    #[error("older than the list in force")]
    RolledBack,
    /// A key, key id, issuer or region that a list cannot have.
    #[error("inconsistent")]
    Inconsistent,
}

impl From<RootError> for TrustListError {
    fn from(error: RootError) -> Self {
        match error {
            RootError::Form(form) => Self::Form(form),
            RootError::Newer => Self::Newer,
            RootError::Signatures => Self::Signatures,
            RootError::Skipped => Self::RolledBack,
            RootError::Inconsistent => Self::Inconsistent,
        }
    }
}

/// A verified trust list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrustList {
    content: TrustListContent,
    keys: Vec<(KeyId, PublicKey, usize, usize)>,
    /// When the list, or the root set that signed it, must have been replaced.
    expires_at: Timestamp,
}

/// A verified object and who issued it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Opened<'t, T> {
    /// The object.
    pub object: T,
    /// Its issuer.
    pub issuer: &'t Issuer,
}

impl TrustList {
    /// Verifies a list against the roots. `floor` is the version of the list in force, or the one that the app was
    /// built with.
    pub fn open(bytes: &[u8], roots: &RootSet, floor: u32) -> Result<Self, TrustListError> {
        let document = Document::parse(bytes, MAX_BYTES)?;
        let content: TrustListContent = document.content(Kind::Trust, roots, FORMAT, MAX_BYTES)?;
        if content.format != FORMAT {
            return Err(FormatError::Value.into());
        }
        if content.root_version > roots.version {
            return Err(TrustListError::NextRoot);
        }
        if content.version < floor || content.root_version < roots.version {
            return Err(TrustListError::RolledBack);
        }
        let keys = index_keys(&content).ok_or(TrustListError::Inconsistent)?;
        let expires_at = roots.expires_at.map_or(content.expires_at, |at| at.min(content.expires_at));
        Ok(Self { content, keys, expires_at })
    }

    /// The content.
    #[must_use]
    pub const fn content(&self) -> &TrustListContent {
        &self.content
    }

    /// When it must have been replaced, or the root set that signed it.
    #[must_use]
    pub const fn expires_at(&self) -> Timestamp {
        self.expires_at
    }

    /// Whether it should have been replaced by `now`.
    #[must_use]
    pub fn is_expired(&self, now: Timestamp) -> bool {
        now >= self.expires_at
    }

    /// The issuer of an id.
    #[must_use]
    pub fn issuer(&self, id: &str) -> Option<&Issuer> {
        self.content.issuers.iter().find(|issuer| issuer.id == id)
    }

    /// Verifies an object of any listed issuer.
    pub fn open_object<T: Object>(&self, bytes: &[u8]) -> Result<Opened<'_, T>, TokenError> {
        let (payload, key) = self.open_payload(T::KIND, T::USE, bytes, T::LIMIT)?;
        let object: T = cbor::decode(payload, T::LIMIT)?;
        object.check()?;
        let issued_at = object.issued_at();
        if issued_at < key.listed.not_before || issued_at >= key.listed.not_after {
            return Err(TokenError::OutsideKeyWindow);
        }
        Ok(Opened { object, issuer: key.issuer })
    }

    /// Verifies an object of one issuer, as a phone does with what its home issuer says.
    pub fn open_from<T: Object>(&self, issuer: &str, bytes: &[u8]) -> Result<T, TokenError> {
        let opened = self.open_object(bytes)?;
        if opened.issuer.id == issuer { Ok(opened.object) } else { Err(TokenError::UnknownKey) }
    }

    /// Verifies the signature of one issuer's payload, for objects that are not CBOR.
    pub(crate) fn open_payload_from<'b>(
        &self,
        issuer: &str,
        (kind, key_use): (Kind, KeyUse),
        bytes: &'b [u8],
        limit: usize,
    ) -> Result<&'b [u8], TokenError> {
        let (payload, key) = self.open_payload(kind, key_use, bytes, limit)?;
        if key.issuer.id == issuer { Ok(payload) } else { Err(TokenError::UnknownKey) }
    }

    /// Verifies the signature of a payload and finds its key: for objects that are not CBOR.
    pub(crate) fn open_payload<'b>(
        &self,
        kind: Kind,
        key_use: KeyUse,
        bytes: &'b [u8],
        limit: usize,
    ) -> Result<(&'b [u8], ListedKey<'_>), TokenError> {
        let envelope = Sign1::parse(bytes, limit)?;
        let id = envelope.key_id().ok_or(FormatError::ProtectedHeader)?;
        let (public, key) = self.key(id)?;
        if key.listed.key_use != key_use {
            return Err(TokenError::UnknownKey);
        }
        let payload = envelope.verify(kind, public)?;
        Ok((payload, key))
    }

    /// The key of an id, with the place where it stands.
    pub(crate) fn key(&self, id: KeyId) -> Result<(&PublicKey, ListedKey<'_>), TokenError> {
        let Some((_, public, issuer, key)) = self.keys.iter().find(|(listed, ..)| *listed == id) else {
            let mut removed = self.content.issuers.iter().flat_map(|issuer| &issuer.removed_keys);
            let gone = removed.any(|removed| removed.as_slice() == id);
            return Err(if gone { TokenError::RemovedKey } else { TokenError::UnknownKey });
        };
        let issuer = self.content.issuers.get(*issuer).ok_or(TokenError::UnknownKey)?;
        let listed = issuer.keys.get(*key).ok_or(TokenError::UnknownKey)?;
        Ok((public, ListedKey { issuer, listed }))
    }
}

/// A key where it stands in the list.
pub(crate) struct ListedKey<'t> {
    pub(crate) issuer: &'t Issuer,
    pub(crate) listed: &'t IssuerKey,
}

fn index_keys(content: &TrustListContent) -> Option<Vec<(KeyId, PublicKey, usize, usize)>> {
    let removed = content.issuers.iter().flat_map(|issuer| &issuer.removed_keys);
    let mut ids = removed.map(|id| id.as_slice().try_into().ok()).collect::<Option<BTreeSet<KeyId>>>()?;
    let mut names = BTreeSet::new();
    let mut index = Vec::new();
    for (at, issuer) in content.issuers.iter().enumerate() {
        let regions = issuer.regions.iter().all(|code| Region::from_code(*code).is_ok());
        let colours = issuer.colours.iter().all(|colour| *colour <= 2);
        // A list is named by its number in a token and by its address in itself.
        let numbers: BTreeSet<_> = issuer.status_lists.iter().map(|entry| entry.list).collect();
        let addresses: BTreeSet<_> = issuer.status_lists.iter().map(|entry| &entry.uri).collect();
        let lists = issuer.status_lists.len();
        let id = names.insert(&issuer.id) && (1..=64).contains(&issuer.id.len());
        if !id || !regions || !colours || numbers.len() != lists || addresses.len() != lists {
            return None;
        }
        for (key_at, key) in issuer.keys.iter().enumerate() {
            let public = PublicKey::from_cose(&key.cose_key).ok()?;
            let id = public.id();
            if !ids.insert(id) || key.not_before >= key.not_after {
                return None;
            }
            index.push((id, public, at, key_at));
        }
    }
    Some(index)
}
