//! What an operator does with the keys: a new root set, a key that is removed before its time, an outage notice. All of
//! it works on the files beside the database alone, whether the server runs or not; one that runs goes on with what it
//! finds changed. Nothing of a set's or a key's past is needed twice: the old seeds go.

use std::path::{Path, PathBuf};

use healthcode::rules::calendar::Timestamp;
use healthcode::token::key::KeyId;
use healthcode::token::{KeyUse, PublicKey, RootContent, RootSet, Signer};

use crate::Config;
use crate::error::StartError;
use crate::key_file::{self, KeyFile, Secret};
use crate::keys::Keys;
use crate::outages;

/// How long a root set is valid, in hours: a year.
const ROOT_HOURS: i64 = 365 * 24;
/// The most keys of a set.
const MAX_ROOTS: u8 = 16;

/// The files beside a database, in an operator's hands.
#[derive(Clone, Debug)]
pub struct Operator {
    pub(crate) keys: PathBuf,
    outages: PathBuf,
    pub(crate) notices: PathBuf,
    pub(crate) venues: PathBuf,
    pub(crate) officers: PathBuf,
    pub(crate) database: PathBuf,
}

impl Operator {
    /// The files of a database. The database itself need not be there.
    #[must_use]
    pub fn of(database: &Path) -> Self {
        let config = Config::hangzhou(database, String::new());
        Self {
            keys: config.keys_path(),
            outages: config.outages_path(),
            notices: config.notices_path(),
            venues: config.venues_path(),
            officers: config.officers_path(),
            database: config.database,
        }
    }

    pub(crate) fn read(&self) -> Result<Keys, StartError> {
        let file = key_file::read(&self.keys)?;
        file.map(Keys::of).ok_or_else(|| StartError::Keys("there is no file of keys".to_owned()))
    }

    /// The root set in force, as an app is built with it.
    ///
    /// # Errors
    ///
    /// Where the keys cannot be read.
    pub fn root_set(&self) -> Result<RootSet, StartError> {
        Ok(root_set(&self.read()?))
    }

    /// The document of a root set: signed by the set before and by its own. None where there is no such set.
    ///
    /// # Errors
    ///
    /// Where the keys cannot be read.
    pub fn root_document(&self, version: u32) -> Result<Option<Vec<u8>>, StartError> {
        Ok(self.read()?.root_document(version).map(<[u8]>::to_vec))
    }

    /// Makes new root keys, of which `threshold` must sign from now on; the set before vouches for them once and is
    /// gone. Outage notices in force are signed anew by the new set.
    ///
    /// # Errors
    ///
    /// A threshold that cannot be met, or keys that cannot be read or written. Then nothing has changed.
    pub fn rotate_root(&self, threshold: u8, keys: u8, now: Timestamp) -> Result<RootSet, StartError> {
        if !(1..=keys).contains(&threshold) || keys > MAX_ROOTS {
            let reason =
                format!("a root set has 1 to {MAX_ROOTS} keys, and a threshold from 1 to their number");
            return Err(StartError::Refused(reason));
        }
        key_file::change(&self.keys, |file| rotate(file, threshold, keys, now))?;
        let keys = self.read()?;
        outages::current(&self.keys, &self.outages, &keys, now)?;
        Ok(root_set(&keys))
    }

    /// Removes a key before its time and begins a new one at once: for a key that somebody else may have. What it
    /// signed is not believed any more; its holders connect and get it signed anew. Of token keys the one in use goes,
    /// and with it those of the periods before and after that are listed beside it.
    ///
    /// # Errors
    ///
    /// A use for which the server has no key, or keys that cannot be read or written. Then nothing has changed.
    pub fn remove_key(&self, key_use: KeyUse, now: Timestamp) -> Result<Vec<KeyId>, StartError> {
        key_file::change(&self.keys, |file| {
            let keys = Keys::of(file.clone());
            let fresh = Secret::random()?;
            let (place, gone) = match key_use {
                KeyUse::Tokens => {
                    let gone = keys.token_keys(now).into_iter().map(|(key, ..)| key.public_key().id());
                    (&mut file.tokens, gone.collect())
                }
                other => {
                    let lasting = keys.lasting().into_iter().find(|(_, listed)| *listed == other);
                    let (key, _) = lasting.ok_or_else(|| no_such_key(other))?;
                    let place = match other {
                        KeyUse::Time => &mut file.time,
                        KeyUse::Rules => &mut file.rules,
                        KeyUse::Decisions => &mut file.decisions,
                        KeyUse::Status => &mut file.status,
                        KeyUse::Policy => &mut file.policy,
                        KeyUse::Notices => &mut file.notices,
                        KeyUse::Venues => &mut file.venues,
                        _ => return Err(no_such_key(other)),
                    };
                    (place, vec![key.public_key().id()])
                }
            };
            *place = fresh;
            file.removed.extend(gone.iter().map(|id| id.to_vec().into()));
            Ok(gone)
        })
    }

    /// Declares that an issuer's server is down: its tokens, and what gates know of them, count so many hours longer,
    /// until `until`. No hours end an outage early. The notice is kept beside the database and published from there;
    /// as a file or a QR code it needs no server at all.
    ///
    /// # Errors
    ///
    /// More than a week, an end that has passed, an issuer's id that is none, or files that cannot be read or written.
    pub fn declare_outage(
        &self,
        issuer: &str,
        hours: u16,
        until: Timestamp,
        now: Timestamp,
    ) -> Result<Vec<u8>, StartError> {
        outages::declare(&self.keys, &self.outages, &self.read()?, (issuer, hours, until), now)
    }
}

/// The root set of keys. The first one, which apps are built with, does not end by itself.
pub(crate) fn root_set(keys: &Keys) -> RootSet {
    let (version, threshold, public) = keys.root_set();
    let expires_at = keys.root_document(version).filter(|_| version > 1).and_then(outages::root_expiry);
    RootSet { expires_at, ..RootSet::embedded(version, usize::from(threshold), public) }
}

fn rotate(file: &mut KeyFile, threshold: u8, keys: u8, now: Timestamp) -> Result<(), StartError> {
    let before = Keys::of(file.clone());
    let secrets = (0..keys).map(|_| Secret::random()).collect::<Result<Vec<_>, _>>()?;
    let fresh: Vec<_> = secrets.iter().map(Secret::key).collect();
    let public: Vec<PublicKey> = fresh.iter().map(Signer::public_key).collect();
    let at = Timestamp::from_seconds(now.seconds());
    let version = file.root.version() + 1;
    let content = RootContent::new(version, threshold, &public, at, at.plus_hours(ROOT_HOURS));
    let mut signers = before.root_signers();
    signers.extend(fresh.iter().take(usize::from(threshold)).map(|key| key as &dyn Signer));
    let document = content.sign(&signers)?;
    file.root.documents.push(document.into());
    (file.root.threshold, file.root.keys) = (threshold, secrets);
    Ok(())
}

fn no_such_key(key_use: KeyUse) -> StartError {
    StartError::Refused(format!("the server has no key for {key_use:?}"))
}
