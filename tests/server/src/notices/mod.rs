//! Exposure notices: the log beside the database, who may say that it goes on, and what is served of it.
//!
//! The log is a folder of files as they are published:
//!
//! ```text
//! 1.cbor   1.0.bin   1.1.bin …   2.cbor …      notices and their files of places, from 1 on
//! head.cbor                                    the head in force: what is beyond it is not served
//! issuers.cbor                                 the issuer and who is listed beside it, for what an operator does by hand
//! ```
//!
//! A notice is published parts first, then the notice, then the head. A publishing that ends before the head leaves the
//! former one in force, and is done again by the same call: the notice that waits is found and not written twice. It is
//! never taken back or replaced, for the second issuer may have signed for it already. What never enters: who asks.

mod ask;
mod by_hand;
mod draft;
mod publish;
mod read;
mod serve;
mod told;
mod venues;
mod witness;

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use healthcode::token::notice::{BEGINNING, MAX_BYTES, NoticeDigest, SignedHead};
use healthcode::token::object::SealError;
use healthcode::token::trust_list::{Issuer, MAX_BYTES as MAX_LIST_BYTES, TrustListContent, seal, unseal};
use healthcode::token::{ExposureNotice, LogHead, RootSet, Sign1, Signer, SoftwareKey, TrustList, cbor};
use minicbor::{Decode, Encode};

use crate::error::StartError;
use crate::key_file::{self, LAST, replace_file};
use healthcode::rules::calendar::Timestamp;
use healthcode::rules::exposure::blocks::MAX_PART;

pub use ask::{HttpWitness, Witness, WitnessError};
pub(crate) use ask::{http_client, innermost};
pub use by_hand::ListedNotice;
pub use draft::{ClassDraft, NoticeDraft, Place, PlaceRecord};
pub use publish::Publication;
pub use read::DraftError;
pub(crate) use serve::Notices;
pub(crate) use told::{Told, keep};
pub(crate) use witness::MAX_WITNESS_BYTES;

/// The log of a server, in its folder.
#[derive(Clone, Debug)]
pub(crate) struct Log {
    folder: PathBuf,
    /// The file of the keys, by which two changes wait for each other.
    keys: PathBuf,
}

/// Where a log stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Tip {
    pub(crate) size: u32,
    pub(crate) digest: NoticeDigest,
}

/// The issuer and the issuers of its trust list, as the server knew them last.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub(crate) struct Listed {
    /// The id of the log's issuer.
    #[n(0)]
    pub(crate) issuer: String,
    #[n(1)]
    pub(crate) issuers: Vec<Issuer>,
}

impl Listed {
    /// Those issuers as a list to verify by. They lie in the operator's own folder, so that no root is asked.
    pub(crate) fn trust(&self) -> Result<TrustList, StartError> {
        let key = SoftwareKey::from_seed(&[1; 32]);
        let roots = RootSet::embedded(1, 1, vec![key.public_key()]);
        let list = TrustListContent::new(1, 1, Timestamp::from_seconds(0), LAST, self.issuers.clone());
        TrustList::open(&list.sign(&[&key])?, &roots, 0).map_err(|error| failed(&error))
    }
}

impl Log {
    pub(crate) const fn new(folder: PathBuf, keys: PathBuf) -> Self {
        Self { folder, keys }
    }

    pub(crate) fn head_path(&self) -> PathBuf {
        self.folder.join("head.cbor")
    }

    fn notice_path(&self, number: u32) -> PathBuf {
        self.folder.join(format!("{number}.cbor"))
    }

    fn part_path(&self, number: u32, place: u32) -> PathBuf {
        self.folder.join(format!("{number}.{place}.bin"))
    }

    /// Makes the folder, and the head of a log without a notice, where there is none.
    pub(crate) fn begin(&self, own: &Issuer, key: &SoftwareKey, now: Timestamp) -> Result<(), StartError> {
        std::fs::create_dir_all(&self.folder).map_err(|error| failed(&error))?;
        let _turn = key_file::turn(&self.keys)?;
        let listed = self.listed()?;
        if listed.is_none_or(|listed| listed.issuer != own.id) {
            self.write_listed(&Listed { issuer: own.id.clone(), issuers: vec![own.clone()] })?;
        }
        if self.head()?.is_none() && !self.notice_path(1).exists() {
            let head = LogHead::new(own.id.clone(), 0, BEGINNING, Timestamp::from_seconds(now.seconds()));
            write(&self.head_path(), &head.sign(key)?.to_bytes())?;
        }
        Ok(())
    }

    /// Keeps who is listed, where that is news.
    pub(crate) fn note_listed(&self, listed: &Listed) -> Result<(), StartError> {
        if self.listed()?.as_ref() == Some(listed) {
            return Ok(());
        }
        let _turn = key_file::turn(&self.keys)?;
        self.write_listed(listed)
    }

    fn write_listed(&self, listed: &Listed) -> Result<(), StartError> {
        write(&self.folder.join("issuers.cbor"), &cbor::encode(listed))
    }

    /// Who is listed; none before a server has begun the log.
    pub(crate) fn listed(&self) -> Result<Option<Listed>, StartError> {
        let bytes = read(&self.folder.join("issuers.cbor"), MAX_LIST_BYTES)?;
        bytes.map(|bytes| cbor::decode(&bytes, MAX_LIST_BYTES).map_err(|error| failed(&error))).transpose()
    }

    /// The head in force, and what it says; none before there is one. It was verified before it was written.
    pub(crate) fn head(&self) -> Result<Option<(SignedHead, LogHead)>, StartError> {
        let Some(bytes) = read(&self.head_path(), MAX_BYTES)? else { return Ok(None) };
        let head = SignedHead::parse(&bytes).map_err(|error| failed(&error))?;
        let content = head.unverified().map_err(|error| failed(&error))?;
        Ok(Some((head, content)))
    }

    /// Puts a head in force, unless another that goes further has come to be meanwhile.
    pub(crate) fn set_head(&self, head: &SignedHead) -> Result<(), StartError> {
        let _turn = key_file::turn(&self.keys)?;
        let content = head.unverified().map_err(|error| failed(&error))?;
        if self.head()?.is_none_or(|(_, current)| content.follows(&current).is_ok()) {
            write(&self.head_path(), &head.to_bytes())?;
        }
        Ok(())
    }

    /// The last notice, whether it is in force or waits.
    pub(crate) fn tip(&self, key: &SoftwareKey) -> Result<Tip, StartError> {
        let mut tip = Tip { size: 0, digest: BEGINNING };
        if let Some((_, head)) = self.head()? {
            tip = Tip { size: head.size, digest: *head.digest };
        }
        while self.has(tip.size + 1) {
            let notice = self.notice(tip.size + 1, key)?;
            if *notice.previous != tip.digest {
                return Err(failed(&format!("{}.cbor does not follow the notice before it", tip.size + 1)));
            }
            tip = Tip { size: tip.size + 1, digest: notice.digest() };
        }
        Ok(tip)
    }

    /// A notice of this issuer.
    pub(crate) fn notice(&self, number: u32, key: &SoftwareKey) -> Result<ExposureNotice, StartError> {
        let named = |reason: String| failed(&format!("{number}.cbor: {reason}"));
        let bytes = self.notice_bytes(number, key)?;
        let notice: ExposureNotice =
            unseal(&bytes, &key.public_key()).map_err(|error| named(error.to_string()))?;
        if notice.number == number { Ok(notice) } else { Err(named("of another number".to_owned())) }
    }

    /// A notice's bytes. One that a key signed which was replaced since is signed anew: its digest is of what it says, so
    /// that the log stays the same.
    pub(crate) fn notice_bytes(&self, number: u32, key: &SoftwareKey) -> Result<Vec<u8>, StartError> {
        let path = self.notice_path(number);
        let missing = || failed(&format!("{number}.cbor is gone"));
        let bytes = read(&path, MAX_BYTES)?.ok_or_else(missing)?;
        let envelope = Sign1::parse(&bytes, MAX_BYTES).map_err(|error| failed(&error))?;
        if envelope.key_id() == Some(key.public_key().id()) {
            return Ok(bytes);
        }
        let payload = envelope.unverified_payload().map_err(|error| failed(&error))?;
        let notice: ExposureNotice = cbor::decode(payload, MAX_BYTES).map_err(|error| failed(&error))?;
        Ok(seal(&notice, key)?)
    }

    /// Whether there is a notice of this number, in force or not.
    pub(crate) fn has(&self, number: u32) -> bool {
        self.notice_path(number).exists()
    }

    /// The bytes of a file of places; none where there is none.
    pub(crate) fn part_bytes(&self, number: u32, place: u32) -> Result<Option<Vec<u8>>, StartError> {
        read(&self.part_path(number, place), MAX_PART)
    }

    /// Writes a notice and its files: the files first.
    fn append(
        &self,
        notice: &ExposureNotice,
        parts: &[Vec<u8>],
        key: &SoftwareKey,
    ) -> Result<(), StartError> {
        let signed = seal(notice, key).map_err(|error| match error {
            SealError::TooLarge(_) => {
                StartError::Refused("the notice has too many files and classes".to_owned())
            }
            SealError::Signer(error) => error.into(),
        })?;
        for (place, part) in (0..).zip(parts) {
            write(&self.part_path(notice.number, place), part)?;
        }
        // Of one that was killed before its notice was there.
        let after = (0..).skip(parts.len());
        for left in after.map(|place| self.part_path(notice.number, place)).take_while(|path| path.exists()) {
            std::fs::remove_file(left).map_err(|error| failed(&error))?;
        }
        write(&self.notice_path(notice.number), &signed)
    }

    /// Waits until nobody else changes the log.
    fn turn(&self) -> Result<std::fs::File, StartError> {
        key_file::turn(&self.keys)
    }
}

fn write(path: &Path, bytes: &[u8]) -> Result<(), StartError> {
    replace_file(path, bytes).map_err(|error| failed(&error))
}

fn read(path: &Path, most: usize) -> Result<Option<Vec<u8>>, StartError> {
    match std::fs::read(path) {
        Ok(bytes) if bytes.len() <= most => Ok(Some(bytes)),
        Ok(_) => Err(failed(&"a file of the log is larger than any")),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(failed(&error)),
    }
}

fn failed(error: &dyn std::fmt::Display) -> StartError {
    StartError::Notices(error.to_string())
}
