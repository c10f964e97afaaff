//! The officers' public keys, in a file beside the database that an operator changes and a running server reads again.
//! Where the file cannot be read nobody is an officer: it may be a key's removal that cannot be read.

use std::collections::BTreeMap;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use healthcode::token::PublicKey;
use healthcode::token::SubjectId;
use healthcode::token::key::KeyId;
use healthcode::wire::Bytes;
use serde::{Deserialize, Serialize};

use super::roles::OfficerRole;
use crate::error::StartError;
use crate::key_file::{self, Stamp, replace_file};
use crate::operator::Operator;

const FORMAT: u8 = 1;
/// The most bytes of an officer's name.
const MAX_NAME: usize = 128;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    format: u8,
    officers: Vec<Known>,
}

/// An officer, as the file has it.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Known {
    /// The key as COSE_Key.
    key: Bytes,
    /// What the authority calls the officer; residents read it.
    pub(crate) name: String,
    pub(crate) roles: Vec<OfficerRole>,
    /// Whether the officer was removed: the key may do nothing more, and what it has signed can still be verified.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) removed: bool,
}

impl Known {
    /// The key; none where it is none, which the reading of the file refuses.
    pub(crate) fn public_key(&self) -> Option<PublicKey> {
        PublicKey::from_cose(&self.key.0).ok()
    }

    /// The key's id.
    pub(crate) fn id(&self) -> KeyId {
        self.public_key().map(|key| key.id()).unwrap_or_default()
    }

    /// Whether the officer has one of these roles.
    pub(crate) fn has(&self, roles: &[OfficerRole]) -> bool {
        roles.iter().any(|role| self.roles.contains(role))
    }
}

/// An officer, as an operator sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListedOfficer {
    /// What the authority calls the officer.
    pub name: String,
    /// The id of the key.
    pub key: KeyId,
    /// What the officer may do.
    pub roles: Vec<OfficerRole>,
    /// Whether the officer was removed, and may do nothing.
    pub removed: bool,
}

/// The officers of a running server.
pub(crate) struct Officers {
    path: PathBuf,
    current: RwLock<(Option<Stamp>, Arc<Vec<Known>>)>,
    /// Where the list of what waits broke off for an officer who may ask for more of it; lost with the process, and then
    /// the list begins anew.
    left_off: Mutex<BTreeMap<KeyId, Waiting>>,
}

/// A person of whom something waits, and of which kind it is.
type Waiting = (&'static str, SubjectId);

impl Officers {
    /// The officers of a file; none where there is no file.
    pub(crate) fn open(path: PathBuf) -> Result<Self, StartError> {
        let stamp = Stamp::of(&path).ok().flatten();
        let officers = Arc::new(read(&path)?);
        Ok(Self { path, current: RwLock::new((stamp, officers)), left_off: Mutex::default() })
    }

    /// Where the list of what waits broke off for an officer.
    pub(crate) fn left_off(&self, officer: KeyId) -> Option<Waiting> {
        self.left_off.lock().unwrap_or_else(PoisonError::into_inner).get(&officer).copied()
    }

    /// Notes where it breaks off, or that it does not.
    pub(crate) fn leave_off(&self, officer: KeyId, at: Option<Waiting>) {
        let mut left_off = self.left_off.lock().unwrap_or_else(PoisonError::into_inner);
        match at {
            Some(at) => left_off.insert(officer, at),
            None => left_off.remove(&officer),
        };
    }

    /// The officer of a key's id, by the file as it is now.
    pub(crate) fn find(&self, id: KeyId) -> Option<Known> {
        self.now().iter().find(|officer| officer.id() == id && !officer.removed).cloned()
    }

    fn now(&self) -> Arc<Vec<Known>> {
        let stamp = Stamp::of(&self.path).ok().flatten();
        {
            let current = self.current.read().unwrap_or_else(PoisonError::into_inner);
            if current.0 == stamp {
                return current.1.clone();
            }
        }
        let mut current = self.current.write().unwrap_or_else(PoisonError::into_inner);
        let officers = read(&self.path).unwrap_or_else(|error| {
            tracing::error!(%error, "nobody is an officer until the file is mended");
            Vec::new()
        });
        *current = (stamp, Arc::new(officers));
        current.1.clone()
    }
}

/// Reads the file; nobody where there is none.
pub(super) fn read(path: &Path) -> Result<Vec<Known>, StartError> {
    let wrong = |reason: &dyn std::fmt::Display| StartError::Officers(reason.to_string());
    let metadata = match std::fs::metadata(path) {
        Ok(metadata) => metadata,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(wrong(&error)),
    };
    if metadata.mode() & 0o022 != 0 {
        return Err(wrong(&"others can write the file: set its mode to 0600"));
    }
    let bytes = std::fs::read(path).map_err(|error| wrong(&error))?;
    let file: File =
        serde_json::from_slice(&bytes).map_err(|_| wrong(&"the file is damaged; it was left as it is"))?;
    if file.format != FORMAT {
        return Err(wrong(&"the file is of a later version"));
    }
    let sound = |officer: &Known| officer.public_key().is_some() && is_name(&officer.name);
    if file.officers.iter().all(sound) { Ok(file.officers) } else { Err(wrong(&"a key or a name is none")) }
}

fn is_name(name: &str) -> bool {
    (1..=MAX_NAME).contains(&name.len()) && name.trim() == name && !name.chars().any(char::is_control)
}

impl Operator {
    /// Registers an officer's key, or gives a registered one other roles or another name. A running server takes it from
    /// the next request on.
    ///
    /// # Errors
    ///
    /// [`StartError::Refused`] for a name that is none or another officer's, or no roles. Nothing has changed then.
    pub fn register_officer(
        &self,
        key: &PublicKey,
        name: &str,
        roles: &[OfficerRole],
    ) -> Result<(), StartError> {
        let refused = |reason: &str| Err(StartError::Refused(reason.to_owned()));
        if !is_name(name) {
            return refused("an officer's name has 1 to 128 bytes and no control characters");
        }
        let mut roles = roles.to_vec();
        roles.sort_unstable();
        roles.dedup();
        if roles.is_empty() {
            return refused("an officer has one role at least");
        }
        self.change_officers(|officers| {
            officers.retain(|officer| officer.id() != key.id());
            // Two keys of one officer would be a second officer's confirmation.
            if officers.iter().any(|officer| officer.name == name && !officer.removed) {
                return refused("another key has this name: remove that officer first");
            }
            officers.push(Known { key: key.to_cose().into(), name: name.to_owned(), roles, removed: false });
            Ok(())
        })
    }

    /// Removes an officer: from now on the key is nobody's. What it has done stays, and stays verifiable.
    ///
    /// # Errors
    ///
    /// [`StartError::Refused`] where there is no officer of this name.
    pub fn remove_officer(&self, name: &str) -> Result<(), StartError> {
        self.change_officers(|officers| {
            let mut named = officers.iter_mut().filter(|officer| officer.name == name && !officer.removed);
            let officer = named.next();
            let refused = || StartError::Refused("there is no officer of this name".to_owned());
            officer.ok_or_else(refused)?.removed = true;
            Ok(())
        })
    }

    /// The officers who are registered, and those who were.
    ///
    /// # Errors
    ///
    /// Where the file cannot be read.
    pub fn officers(&self) -> Result<Vec<ListedOfficer>, StartError> {
        let listed = |officer: Known| ListedOfficer {
            key: officer.id(),
            name: officer.name,
            roles: officer.roles,
            removed: officer.removed,
        };
        Ok(read(&self.officers)?.into_iter().map(listed).collect())
    }

    fn change_officers(
        &self,
        change: impl FnOnce(&mut Vec<Known>) -> Result<(), StartError>,
    ) -> Result<(), StartError> {
        let _turn = key_file::turn(&self.keys)?;
        let mut officers = read(&self.officers)?;
        change(&mut officers)?;
        let json = serde_json::to_vec_pretty(&File { format: FORMAT, officers });
        let json = json.map_err(|error| StartError::Officers(error.to_string()))?;
        replace_file(&self.officers, &json).map_err(|error| StartError::Officers(error.to_string()))
    }
}
