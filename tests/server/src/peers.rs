//! The other authorities in the list of a root's holder. Each gives its entry, as it publishes it at
//! [`ISSUER_PATH`](healthcode::wire::message::ISSUER_PATH): as bytes of the configuration, or in a file that is read
//! again when it changes, for token keys and status lists come and go. What the entry may speak for does not change on
//! its own: another id or other regions need the operator, and a start.

use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

use healthcode::rules::calendar::Timestamp;
use healthcode::token::trust_list::{Issuer, MAX_BYTES, TrustListContent};
use healthcode::token::{RootSet, Signer, SoftwareKey, TrustList, cbor};

use crate::error::StartError;
use crate::key_file::{LAST, Stamp};

/// The other authorities.
pub(crate) struct Peers {
    fixed: Vec<Issuer>,
    files: Mutex<Vec<PeerFile>>,
}

struct PeerFile {
    path: PathBuf,
    stamp: Option<Stamp>,
    issuer: Issuer,
    refused: bool,
}

impl Peers {
    /// Reads all entries. `own` is the entry beside which they stand.
    pub(crate) fn read(own: &Issuer, fixed: &[Vec<u8>], files: &[PathBuf]) -> Result<Self, StartError> {
        let refused = |reason: String| StartError::Peer(reason);
        let fixed =
            fixed.iter().map(|bytes| read_entry(bytes)).collect::<Result<Vec<_>, _>>().map_err(refused)?;
        let read = |path: &PathBuf| {
            let stamp = Stamp::of(path).ok().flatten();
            let named = |reason: String| StartError::Peer(format!("{}: {reason}", path.display()));
            let bytes = std::fs::read(path).map_err(|error| named(error.to_string()))?;
            let issuer = read_entry(&bytes).map_err(named)?;
            Ok(PeerFile { path: path.clone(), stamp, issuer, refused: false })
        };
        let files = files.iter().map(read).collect::<Result<Vec<_>, StartError>>()?;
        let peers = Self { fixed, files: Mutex::new(files) };
        let all = peers.current(own);
        if are_sound(&all) {
            Ok(peers)
        } else {
            let reason = "an id, a key or a status list twice, or a region that there is not".to_owned();
            Err(StartError::Peer(reason))
        }
    }

    /// All entries of now, `own` first.
    pub(crate) fn current(&self, own: &Issuer) -> Vec<Issuer> {
        let mut files = self.files.lock().unwrap_or_else(PoisonError::into_inner);
        for place in 0..files.len() {
            let Some(file) = files.get(place) else { continue };
            let stamp = Stamp::of(&file.path).ok().flatten();
            if stamp.is_none() || stamp == file.stamp {
                continue;
            }
            let taken = self.reread(own, &files, place);
            let Some(file) = files.get_mut(place) else { continue };
            file.stamp = stamp;
            file.refused = taken.is_err();
            match taken {
                Ok(issuer) => file.issuer = issuer,
                Err(reason) => {
                    tracing::error!(issuer = file.issuer.id, reason, "the changed entry is not taken");
                }
            }
        }
        let others = self.fixed.iter().chain(files.iter().map(|file| &file.issuer));
        std::iter::once(own).chain(others).cloned().collect()
    }

    /// Whether an entry has changed and was not taken.
    pub(crate) fn has_refused(&self) -> bool {
        self.files.lock().unwrap_or_else(PoisonError::into_inner).iter().any(|file| file.refused)
    }

    fn reread(&self, own: &Issuer, files: &[PeerFile], place: usize) -> Result<Issuer, &'static str> {
        let file = files.get(place).ok_or("gone")?;
        let bytes = std::fs::read(&file.path).map_err(|_| "it cannot be read")?;
        let issuer = read_entry(&bytes).map_err(|_| "it is no entry")?;
        if issuer.id != file.issuer.id || issuer.regions != file.issuer.regions {
            return Err("another id or other regions: start the server anew if this is meant");
        }
        let others =
            files.iter().enumerate().map(|(at, file)| if at == place { &issuer } else { &file.issuer });
        let others = self.fixed.iter().chain(others);
        let all: Vec<_> = std::iter::once(own).chain(others).cloned().collect();
        if are_sound(&all) { Ok(issuer) } else { Err("it does not stand beside the others") }
    }
}

fn read_entry(bytes: &[u8]) -> Result<Issuer, String> {
    cbor::decode(bytes, MAX_BYTES).map_err(|error| error.to_string())
}

/// Whether a list of these issuers is one that phones and gates take: one bad entry would take the others with it. It is
/// asked of them that will read it, with a key of no meaning.
fn are_sound(issuers: &[Issuer]) -> bool {
    let key = SoftwareKey::from_seed(&[1; 32]);
    let roots = RootSet::embedded(1, 1, vec![key.public_key()]);
    let list = TrustListContent::new(1, 1, Timestamp::from_seconds(0), LAST, issuers.to_vec());
    list.sign(&[&key]).is_ok_and(|signed| TrustList::open(&signed, &roots, 0).is_ok())
}
