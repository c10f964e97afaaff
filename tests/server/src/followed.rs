//! A trust list that another authority signs: a follower serves it as it is, with the root documents and the outage
//! notices that lie beside it, laid out as the holder of the root publishes them:
//!
//! ```text
//! trust-list.cbor   root/1.cbor   root/2.cbor …   outages.cbor
//! ```
//!
//! It is read again when it changes, and taken when it is not older and the roots have signed it. Else the last one
//! stays.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use healthcode::token::{PublicKey, RootSet, TrustList, outage, root, trust_list};

use crate::key_file::Stamp;
use crate::outages::root_content;

/// The most root documents that are looked for.
const MAX_ROOTS: u32 = 256;

/// A list that was taken.
pub(crate) struct Taken {
    pub(crate) bytes: Vec<u8>,
    pub(crate) list: TrustList,
    pub(crate) roots: RootSet,
}

/// The list of another authority, in its file.
pub(crate) struct Followed {
    path: PathBuf,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// Of the file that was taken last.
    stamp: Option<Stamp>,
    taken: Option<Arc<Taken>>,
    /// Why the file that is there is not taken.
    refused: Option<String>,
}

impl Followed {
    pub(crate) fn new(path: PathBuf) -> Self {
        Self { path, state: Mutex::default() }
    }

    /// The list of now; none before there was one. `taken` is told of each that is taken.
    pub(crate) fn current(&self, taken: impl FnOnce(&Taken)) -> Option<Arc<Taken>> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let stamp = Stamp::of(&self.path).ok().flatten();
        if stamp.is_some() && stamp == state.stamp {
            return state.taken.clone();
        }
        match self.read(state.taken.as_deref()) {
            Ok(list) => {
                taken(&list);
                *state = State { stamp, taken: Some(Arc::new(list)), refused: None };
            }
            Err(reason) if state.refused.as_ref() != Some(&reason) => {
                tracing::error!(%reason, "the trust list to follow is not taken");
                state.refused = Some(reason);
            }
            // It is tried again with each request: what is missing beside it may be on its way.
            Err(_) => {}
        }
        state.taken.clone()
    }

    /// Why the file that is there is not taken.
    pub(crate) fn refused(&self) -> Option<String> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).refused.clone()
    }

    fn read(&self, known: Option<&Taken>) -> Result<Taken, String> {
        let bytes = read_bounded(&self.path, trust_list::MAX_BYTES)?;
        let mut roots = self.first_roots()?;
        for version in 2..=MAX_ROOTS {
            let Some(document) = self.root_document(version) else { break };
            roots = roots.succeed(&document).map_err(|error| format!("root/{version}.cbor: {error}"))?;
        }
        let floor = known.map_or(0, |known| known.list.content().version);
        let list = TrustList::open(&bytes, &roots, floor).map_err(|error| error.to_string())?;
        Ok(Taken { bytes, list, roots })
    }

    /// The first set: that of the folder, as the operator laid it there.
    fn first_roots(&self) -> Result<RootSet, String> {
        let content = self.root_document(1).as_deref().and_then(root_content);
        let content = content.filter(|content| content.version == 1).ok_or("root/1.cbor is not there")?;
        let keys = content.keys.iter().map(|key| PublicKey::from_cose(key)).collect::<Result<_, _>>();
        let keys = keys.map_err(|error| format!("root/1.cbor: {error}"))?;
        Ok(RootSet::embedded(1, usize::from(content.threshold), keys))
    }

    /// The document of a root set, as it lies there.
    pub(crate) fn root_document(&self, version: u32) -> Option<Vec<u8>> {
        read_bounded(&self.beside(&format!("root/{version}.cbor")), root::MAX_BYTES).ok()
    }

    /// The outage notices, as they lie there.
    pub(crate) fn outages(&self) -> Option<Vec<u8>> {
        read_bounded(&self.beside("outages.cbor"), outage::MAX_ALL_BYTES).ok()
    }

    fn beside(&self, name: &str) -> PathBuf {
        self.path.parent().unwrap_or(Path::new("")).join(name)
    }
}

fn read_bounded(path: &Path, most: usize) -> Result<Vec<u8>, String> {
    let bytes = std::fs::read(path).map_err(|error| error.to_string())?;
    if bytes.len() > most { Err("too large".to_owned()) } else { Ok(bytes) }
}
