//! The server's keys: made at the first start, kept in a file that only its owner reads. A file that others can read,
//! or that is damaged, is refused and never overwritten: its keys are in the field.
//!
//! Token keys live thirty days. The key of a period is derived from a secret of the file, so that nothing has to be
//! written when a period ends. Keys that came later than the form of the file are derived from a secret of it too: a
//! file is as good as on its first day.

use std::fs::OpenOptions;
use std::io::Write;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::Path;

use healthcode::rules::calendar::Timestamp;
use healthcode::token::ids::hex;
use healthcode::token::rules::sign_rulebook;
use healthcode::token::{PublicKey, Signer, SoftwareKey};
use hmac::{Hmac, KeyInit, Mac};
use serde::{Deserialize, Serialize};
use sha2::Sha256;

use crate::error::StartError;

/// How long a token key signs, in seconds.
pub(crate) const TOKEN_KEY_SECONDS: i64 = 30 * 24 * 3_600;

/// The file's content: seeds and secrets in hexadecimal.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct KeyFile {
    format: u8,
    root: String,
    time: String,
    rules: String,
    decisions: String,
    tokens: String,
    people: String,
}

/// The keys.
pub(crate) struct Keys {
    root: SoftwareKey,
    pub(crate) time: SoftwareKey,
    pub(crate) rules: SoftwareKey,
    pub(crate) decisions: SoftwareKey,
    pub(crate) status: SoftwareKey,
    pub(crate) policy: SoftwareKey,
    tokens: [u8; 32],
    people: [u8; 32],
}

impl Keys {
    /// Reads the file, or makes it.
    pub(crate) fn open(path: &Path) -> Result<Self, StartError> {
        if let Some(keys) = Self::read(path)? {
            return Ok(keys);
        }
        make(path)?;
        Self::read(path)?.ok_or_else(|| StartError::Keys("the file is gone".to_owned()))
    }

    fn read(path: &Path) -> Result<Option<Self>, StartError> {
        let metadata = match std::fs::metadata(path) {
            Ok(metadata) => metadata,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(failed(&error)),
        };
        if metadata.mode() & 0o077 != 0 {
            return Err(StartError::Keys("others can read the file: set its mode to 0600".to_owned()));
        }
        let bytes = std::fs::read(path).map_err(|error| failed(&error))?;
        let damaged = || StartError::Keys("the file is damaged; it was left as it is".to_owned());
        let file: KeyFile = serde_json::from_slice(&bytes).map_err(|_| damaged())?;
        if file.format != 1 {
            return Err(StartError::Keys("the file is of a later version".to_owned()));
        }
        let seed = |text: &str| unhex(text).ok_or_else(damaged);
        let tokens = seed(&file.tokens)?;
        let later = |name: &[u8]| SoftwareKey::from_seed(&keyed(&tokens, &[b"key", name]));
        Ok(Some(Self {
            root: SoftwareKey::from_seed(&seed(&file.root)?),
            time: SoftwareKey::from_seed(&seed(&file.time)?),
            rules: SoftwareKey::from_seed(&seed(&file.rules)?),
            decisions: SoftwareKey::from_seed(&seed(&file.decisions)?),
            status: later(b"status"),
            policy: later(b"policy"),
            tokens,
            people: seed(&file.people)?,
        }))
    }

    pub(crate) fn root_public(&self) -> PublicKey {
        self.root.public_key()
    }

    pub(crate) const fn root(&self) -> &SoftwareKey {
        &self.root
    }

    pub(crate) fn sign_rulebook(&self, json: &[u8]) -> Result<Vec<u8>, StartError> {
        Ok(sign_rulebook(json, &self.rules)?)
    }

    /// The token key that signs at an instant, and the period in which it does.
    pub(crate) fn token_key(&self, at: Timestamp) -> (SoftwareKey, Timestamp, Timestamp) {
        let period = at.seconds().div_euclid(TOKEN_KEY_SECONDS);
        let seed = keyed(&self.tokens, &[b"token-key", &period.to_be_bytes()]);
        let starts = period.saturating_mul(TOKEN_KEY_SECONDS);
        let ends = Timestamp::from_seconds(starts.saturating_add(TOKEN_KEY_SECONDS));
        (SoftwareKey::from_seed(&seed), Timestamp::from_seconds(starts), ends)
    }

    /// What stands for a person, a number or a code in the database: HMAC-SHA-256 under a secret that is not there.
    pub(crate) fn pseudonym(&self, parts: &[&[u8]]) -> [u8; 32] {
        keyed(&self.people, parts)
    }
}

/// HMAC-SHA-256 over parts, each after its length.
fn keyed(key: &[u8; 32], parts: &[&[u8]]) -> [u8; 32] {
    #[allow(clippy::expect_used, reason = "HMAC takes keys of any length")]
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes keys of any length");
    for part in parts {
        mac.update(&(part.len() as u64).to_be_bytes());
        mac.update(part);
    }
    mac.finalize().into_bytes().into()
}

fn make(path: &Path) -> Result<(), StartError> {
    let seed = || random::<32>().map(|seed| hex(&seed)).map_err(|error| failed(&error));
    let file = KeyFile {
        format: 1,
        root: seed()?,
        time: seed()?,
        rules: seed()?,
        decisions: seed()?,
        tokens: seed()?,
        people: seed()?,
    };
    let json = serde_json::to_vec_pretty(&file).map_err(|error| failed(&error))?;
    // Whole or not at all: a crash must not leave half a file that is then refused.
    let mut draft = path.as_os_str().to_owned();
    draft.push(".new");
    let draft = Path::new(&draft);
    let _ = std::fs::remove_file(draft);
    let mut opened = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(draft)
        .map_err(|error| failed(&error))?;
    opened.write_all(&json).and_then(|()| opened.sync_all()).map_err(|error| failed(&error))?;
    // A link fails where the file has come to be meanwhile: nobody's keys are replaced.
    match std::fs::hard_link(draft, path) {
        Err(error) if error.kind() != std::io::ErrorKind::AlreadyExists => return Err(failed(&error)),
        _ => {}
    }
    std::fs::remove_file(draft).map_err(|error| failed(&error))?;
    sync_folder(path).map_err(|error| failed(&error))
}

/// Puts a file in the place of another, whole or not at all.
pub(crate) fn replace_file(path: &Path, content: &[u8]) -> std::io::Result<()> {
    let mut draft = path.as_os_str().to_owned();
    draft.push(".new");
    let mut opened = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&draft)?;
    opened.write_all(content)?;
    opened.sync_all()?;
    std::fs::rename(&draft, path)?;
    sync_folder(path)
}

fn sync_folder(path: &Path) -> std::io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    std::fs::File::open(folder)?.sync_all()
}

fn failed(error: &dyn std::fmt::Display) -> StartError {
    StartError::Keys(error.to_string())
}

fn unhex(text: &str) -> Option<[u8; 32]> {
    healthcode::token::OperationId::parse(text).map(|id| id.0)
}

/// So many random bytes.
pub(crate) fn random<const N: usize>() -> Result<[u8; N], getrandom::Error> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes)?;
    Ok(bytes)
}
