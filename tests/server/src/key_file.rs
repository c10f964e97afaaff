//! The file of the keys: only its owner reads it. One that others can read, or that is damaged, is refused and never
//! overwritten: its keys are in the field. A change puts a whole new file in the place of the old one, and one change
//! waits for the other; a running server sees it by the file's stamp.
//!
//! Form 1 is what a server begins with. Form 3 is written with the first change of a key, and says all that form 1
//! left to be derived. Form 2 is form 3 before there were exposure notices and venues: their keys are derived as for
//! form 1. Secrets are in hexadecimal, what is public in base64url.

use std::fs::OpenOptions;
use std::io::Write;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::Path;

use healthcode::rules::calendar::Timestamp;
use healthcode::token::ids::hex;
use healthcode::token::{PublicKey, RootContent, Signer, SoftwareKey};
use healthcode::wire::Bytes;
use serde::{Deserialize, Serialize};

use crate::error::StartError;
use crate::keys::{keyed, random};

/// The form that is written.
const FORMAT: u8 = 3;
/// The last instant that a date of four digits can name.
pub(crate) const LAST: Timestamp = Timestamp::from_seconds(253_402_300_799);

/// 32 secret bytes: a key's seed, or a key for HMAC.
#[derive(Clone, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub(crate) struct Secret(pub(crate) [u8; 32]);

impl Secret {
    pub(crate) fn random() -> Result<Self, StartError> {
        random().map(Self).map_err(|error| failed(&error))
    }

    pub(crate) fn key(&self) -> SoftwareKey {
        SoftwareKey::from_seed(&self.0)
    }
}

impl TryFrom<String> for Secret {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        // The error repeats nothing: the text may be a secret all but one letter.
        healthcode::token::OperationId::parse(&text).map(|id| Self(id.0)).ok_or("no secret")
    }
}

impl From<Secret> for String {
    fn from(secret: Secret) -> Self {
        hex(&secret.0)
    }
}

#[derive(Deserialize)]
struct Form {
    format: u8,
}

/// Form 1.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct First {
    format: u8,
    root: Secret,
    time: Secret,
    rules: Secret,
    decisions: Secret,
    tokens: Secret,
    people: Secret,
}

/// Form 2, all of it; the keys of form 3 are derived.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Second {
    #[serde(rename = "format")]
    _format: u8,
    root: Roots,
    time: Secret,
    rules: Secret,
    decisions: Secret,
    status: Secret,
    policy: Secret,
    tokens: Secret,
    people: Secret,
    removed: Vec<Bytes>,
}

/// Form 3: what there is.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct KeyFile {
    format: u8,
    pub(crate) root: Roots,
    pub(crate) time: Secret,
    pub(crate) rules: Secret,
    pub(crate) decisions: Secret,
    pub(crate) status: Secret,
    pub(crate) policy: Secret,
    pub(crate) notices: Secret,
    pub(crate) venues: Secret,
    /// From it the token keys of all periods are derived.
    pub(crate) tokens: Secret,
    pub(crate) people: Secret,
    /// The ids of the keys that were removed before their time, the latest last.
    pub(crate) removed: Vec<Bytes>,
}

/// The root keys. Those of the sets before are gone: their documents are all that is needed of them.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Roots {
    pub(crate) threshold: u8,
    pub(crate) keys: Vec<Secret>,
    /// The documents of all sets, the first one's first.
    pub(crate) documents: Vec<Bytes>,
    /// The first key of the first set, as COSE_Key: by it a database knows its keys.
    pub(crate) first: Bytes,
}

impl KeyFile {
    /// Of form 1, and what form 1 leaves to be derived.
    fn of(first: First) -> Result<Self, StartError> {
        let later = |name: &[u8]| derived(&first.tokens, name);
        Ok(Self {
            format: FORMAT,
            root: Roots::first(first.root)?,
            status: later(b"status"),
            policy: later(b"policy"),
            notices: later(b"notices"),
            venues: later(b"venues"),
            time: first.time,
            rules: first.rules,
            decisions: first.decisions,
            tokens: first.tokens,
            people: first.people,
            removed: Vec::new(),
        })
    }
}

impl From<Second> for KeyFile {
    fn from(second: Second) -> Self {
        Self {
            format: FORMAT,
            root: second.root,
            time: second.time,
            rules: second.rules,
            decisions: second.decisions,
            status: second.status,
            policy: second.policy,
            // The next change writes them down: a token key that is removed leaves them as they are.
            notices: derived(&second.tokens, b"notices"),
            venues: derived(&second.tokens, b"venues"),
            tokens: second.tokens,
            people: second.people,
            removed: second.removed,
        }
    }
}

/// A key that the file does not say.
fn derived(tokens: &Secret, name: &[u8]) -> Secret {
    Secret(keyed(&tokens.0, &[b"key", name]))
}

impl Roots {
    /// The set that apps are built with: it does not end by itself, and its document is always the same.
    fn first(key: Secret) -> Result<Self, StartError> {
        let root = key.key();
        let public = root.public_key();
        let content = RootContent::new(1, 1, std::slice::from_ref(&public), Timestamp::from_seconds(0), LAST);
        let document = content.sign(&[&root])?.into();
        Ok(Self { threshold: 1, keys: vec![key], documents: vec![document], first: public.to_cose().into() })
    }

    pub(crate) fn version(&self) -> u32 {
        u32::try_from(self.documents.len()).unwrap_or(u32::MAX)
    }

    pub(crate) fn public(&self) -> Vec<PublicKey> {
        self.keys.iter().map(|key| key.key().public_key()).collect()
    }
}

/// Tells one state of a file from another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Stamp(u64, u64, i64, i64, u64);

impl Stamp {
    /// The stamp of a file; none where there is none.
    pub(crate) fn of(path: &Path) -> std::io::Result<Option<Self>> {
        match std::fs::metadata(path) {
            Ok(file) => Ok(Some(Self(file.dev(), file.ino(), file.mtime(), file.mtime_nsec(), file.size()))),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }
}

/// Reads the file; none where there is none.
pub(crate) fn read(path: &Path) -> Result<Option<KeyFile>, StartError> {
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
    let form: Form = serde_json::from_slice(&bytes).map_err(|_| damaged())?;
    let file = match form.format {
        1 => KeyFile::of(serde_json::from_slice(&bytes).map_err(|_| damaged())?)?,
        2 => KeyFile::from(serde_json::from_slice::<Second>(&bytes).map_err(|_| damaged())?),
        FORMAT => serde_json::from_slice(&bytes).map_err(|_| damaged())?,
        _ => return Err(StartError::Keys("the file is of a later version".to_owned())),
    };
    let roots = &file.root;
    let sound = (1..=roots.keys.len()).contains(&usize::from(roots.threshold)) && !roots.documents.is_empty();
    if sound { Ok(Some(file)) } else { Err(damaged()) }
}

/// Makes a file with new keys, where there is none.
pub(crate) fn make(path: &Path) -> Result<(), StartError> {
    let seed = Secret::random;
    let file = First {
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

/// Changes the file: whole, after it was read anew, and never two at a time.
pub(crate) fn change<T>(
    path: &Path,
    work: impl FnOnce(&mut KeyFile) -> Result<T, StartError>,
) -> Result<T, StartError> {
    let _turn = turn(path)?;
    let mut file = read(path)?.ok_or_else(|| StartError::Keys("there is no file of keys".to_owned()))?;
    let result = work(&mut file)?;
    let json = serde_json::to_vec_pretty(&file).map_err(|error| failed(&error))?;
    replace_file(path, &json).map_err(|error| failed(&error))?;
    Ok(result)
}

/// Waits until nobody else changes the files beside the keys; the turn ends when it is dropped, or its process.
pub(crate) fn turn(path: &Path) -> Result<std::fs::File, StartError> {
    let mut lock = path.as_os_str().to_owned();
    lock.push(".lock");
    let file = OpenOptions::new().write(true).create(true).truncate(false).mode(0o600).open(lock);
    let file = file.map_err(|error| failed(&error))?;
    file.lock().map_err(|error| failed(&error))?;
    Ok(file)
}

/// Puts a file in the place of another, whole or not at all.
pub(crate) fn replace_file(path: &Path, content: &[u8]) -> std::io::Result<()> {
    let mut draft = path.as_os_str().to_owned();
    draft.push(".new");
    // One that was left behind may be readable by others.
    let _ = std::fs::remove_file(&draft);
    let mut opened = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&draft)?;
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
