//! The lives of a database. One that came back from a backup is another life: it has a new incarnation, which phones
//! see in their cursors and receipts, and it uses no index of a status list that the life before may have used. No start
//! uses a serial that one before may have used, in whatever life.
//!
//! What tells them apart lies beside the database, in a file of the same name that ends in `.life`: backups of the
//! database do not hold it, and an operator keeps it with the keys.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use healthcode::token::gate_token::MAX_STATUS_LIST;
use healthcode::wire::Bytes;
use serde::{Deserialize, Serialize};

use crate::error::{ServerError, StartError};
use crate::key_file::replace_file;
use crate::keys::{Keys, random};
use crate::storage::Storage;

const NAME: &str = "life";
/// So many indices are set aside at a time: the file is written once for each lot, before any of them is used.
const LOT: u32 = 1_024;
/// So many serials are set aside at a time, from the one that is used on: those of a minute.
const SERIALS: u64 = 60_000;
/// The places of one status list: two megabytes of bits.
pub(crate) const PLACES: u32 = 1 << 24;
/// Versions of the trust list that one life can have published.
const VERSIONS_OF_A_LIFE: u32 = 1 << 16;

/// A life, as the database holds it.
#[derive(Clone, Serialize, Deserialize)]
struct Kept {
    incarnation: Bytes,
    generation: u32,
    starts: u64,
}

/// What lies beside the database. It is never older than the database, but where that was not replaced.
#[derive(Clone, Copy, Serialize, Deserialize)]
struct Beside {
    generation: u32,
    starts: u64,
    /// The status list in use.
    list: u32,
    /// The first of its indices that was never set aside.
    next: u32,
    /// The version of the trust list that was published last: no phone goes back to an earlier one.
    #[serde(default)]
    trust_list: u32,
    /// The first serial that was never set aside.
    #[serde(default)]
    serials: u64,
}

/// The life of a database that is open.
pub(crate) struct Life {
    /// Names it.
    pub(crate) incarnation: [u8; 8],
    /// Counts the lives, from 1.
    pub(crate) generation: u32,
    pub(crate) once: Once,
}

impl Life {
    /// The life that begins or goes on. `had_keys`: whether there were keys before, which no first life has. `forced`
    /// is the operator's word for a generation that was never used, where the file beside the database is lost, or came
    /// from a backup too.
    pub(crate) async fn open(
        path: PathBuf,
        storage: &dyn Storage,
        had_keys: bool,
        forced: Option<u32>,
    ) -> Result<Self, StartError> {
        let failed = |reason: &str| StartError::Life(reason.to_owned());
        let kept = storage.document(NAME).await?;
        let kept = kept.map(|bytes| serde_json::from_slice::<Kept>(&bytes)).transpose();
        let kept = kept.map_err(|_| failed("the database's entry is damaged"))?;
        let beside = read(&path)?;
        let lived =
            kept.as_ref().map_or(0, |kept| kept.generation).max(beside.map_or(0, |beside| beside.generation));
        if forced.is_some_and(|generation| generation <= lived) {
            return Err(failed("--generation names one that was used: take a larger number"));
        }
        let (generation, incarnation) = match (&kept, beside, forced) {
            (kept, None, None) if had_keys || kept.is_some() => {
                return Err(failed(
                    "the file that lies beside the database is gone: whether indices were used cannot be told; name a \
                     generation above every status list of the trust list (--generation)",
                ));
            }
            (Some(kept), Some(beside), None)
                if kept.generation >= beside.generation && kept.starts >= beside.starts =>
            {
                let incarnation = kept.incarnation.0.as_slice().try_into();
                (kept.generation, incarnation.map_err(|_| failed("the database's entry is damaged"))?)
            }
            (_, _, forced) => (forced.unwrap_or(lived + 1), random::<8>().map_err(|_| failed("random"))?),
        };
        let starts = kept.map_or(0, |kept| kept.starts).max(beside.map_or(0, |beside| beside.starts)) + 1;
        let (list, next, published) = match beside {
            Some(beside) if forced.is_none() => (beside.list, beside.next, beside.trust_list),
            // What the life before has published is not known: far above it, at one version a day.
            beside => {
                let floor = if forced.is_some() { generation.saturating_mul(VERSIONS_OF_A_LIFE) } else { 0 };
                (
                    generation.max(beside.map_or(0, |beside| beside.list) + 1),
                    0,
                    beside.map_or(0, |beside| beside.trust_list).max(floor),
                )
            }
        };
        // The database first: one that is ahead of the file is not one that came back older.
        let entry = Kept { incarnation: incarnation.to_vec().into(), generation, starts };
        let entry = serde_json::to_vec(&entry).map_err(|_| failed("entry"))?;
        storage.put_document(NAME, &entry).await?;
        let first_serial = beside.map_or(0, |beside| beside.serials);
        let beside = Beside { generation, starts, list, next, trust_list: published, serials: first_serial };
        write(&path, &beside)?;
        let once = Once { path, first_serial, state: Mutex::new((beside, next)) };
        Ok(Self { incarnation, generation, once })
    }
}

/// What is handed out once, ever: indices of status lists for new tokens, versions of the trust list; and for what is
/// said about one subject, serials.
pub(crate) struct Once {
    path: PathBuf,
    /// No start before has used this serial, or one above it.
    pub(crate) first_serial: u64,
    /// What the file says, and the first index that is not handed out yet.
    state: Mutex<(Beside, u32)>,
}

impl Once {
    /// The next one: its list, and its place there. Places look random: neighbours in time are none in the list.
    pub(crate) fn take(&self, keys: &Keys) -> Result<(u32, u32), ServerError> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let (beside, next) = &mut *state;
        if *next >= beside.next {
            let mut ahead = *beside;
            if ahead.next >= PLACES {
                (ahead.list, ahead.next) = (ahead.list + 1, 0);
            }
            let first = ahead.next;
            ahead.next += LOT;
            write(&self.path, &ahead).map_err(|error| ServerError::Storage(error.to_string()))?;
            (*beside, *next) = (ahead, first);
        }
        let place = scattered(keys, beside.list, *next);
        *next += 1;
        Ok((beside.list, place))
    }

    /// A serial is used: what is said after the next start comes after it, even where a database is back within the
    /// same millisecond, or what was said has run ahead of the clock.
    pub(crate) fn reach(&self, serial: u64) -> Result<(), ServerError> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if serial >= state.0.serials {
            let mut ahead = state.0;
            ahead.serials = serial.saturating_add(SERIALS);
            write(&self.path, &ahead).map_err(|error| ServerError::Storage(error.to_string()))?;
            state.0 = ahead;
        }
        Ok(())
    }

    /// The next version of the trust list, above `known` and above all that were published. It is taken for good.
    pub(crate) fn next_trust_list(&self, known: u32) -> Result<u32, ServerError> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let mut ahead = state.0;
        ahead.trust_list = ahead.trust_list.max(known) + 1;
        write(&self.path, &ahead).map_err(|error| ServerError::Storage(error.to_string()))?;
        state.0 = ahead;
        Ok(ahead.trust_list)
    }

    /// The version of the trust list that was published last.
    pub(crate) fn trust_list(&self) -> u32 {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).0.trust_list
    }

    /// The list in use.
    pub(crate) fn list(&self) -> u32 {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).0.list
    }
}

/// The number of a list in tokens and in the trust list: they have room for one byte. When a number comes again, the
/// tokens of its list before have long expired.
pub(crate) const fn number_in_tokens(list: u32) -> u32 {
    list.saturating_sub(1) % MAX_STATUS_LIST + 1
}

/// A permutation of the places of a list: four Feistel rounds over twelve bits each.
fn scattered(keys: &Keys, list: u32, index: u32) -> u32 {
    let (mut left, mut right) = (index >> 12 & 0xfff, index & 0xfff);
    for round in 0_u8..4 {
        let digest = keys.pseudonym(&[b"index", &list.to_be_bytes(), &[round], &right.to_be_bytes()]);
        let mixed = digest.first_chunk().map_or(0, |bytes| u32::from_be_bytes(*bytes)) & 0xfff;
        (left, right) = (right, left ^ mixed);
    }
    left << 12 | right
}

fn read(path: &Path) -> Result<Option<Beside>, StartError> {
    match std::fs::read(path) {
        Ok(bytes) => serde_json::from_slice(&bytes).map(Some).map_err(|_| {
            StartError::Life("the file beside the database is damaged; it was left as it is".to_owned())
        }),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(StartError::Life(error.to_string())),
    }
}

fn write(path: &Path, beside: &Beside) -> Result<(), StartError> {
    let failed = |error: &dyn std::fmt::Display| StartError::Life(error.to_string());
    let json = serde_json::to_vec(beside).map_err(|error| failed(&error))?;
    replace_file(path, &json).map_err(|error| failed(&error))
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn scattered_places_are_those_of_a_list_each_once() {
        let folder = tempfile::TempDir::new().unwrap();
        let keys = Keys::open(&folder.path().join("server.keys")).unwrap();
        let places: BTreeSet<_> = (0..50_000).map(|index| scattered(&keys, 1, index)).collect();
        assert_eq!(places.len(), 50_000);
        assert!(places.iter().all(|place| *place < PLACES));
        assert!(places.last().unwrap() - places.first().unwrap() > PLACES / 2, "they lie all over the list");
    }

    #[test]
    fn no_start_uses_a_serial_of_one_before_and_few_write() {
        let folder = tempfile::TempDir::new().unwrap();
        let path = folder.path().join("server.life");
        let none = Beside { generation: 1, starts: 1, list: 1, next: 0, trust_list: 0, serials: 0 };
        write(&path, &none).unwrap();
        let mut last = 0;
        for _ in 0..3 {
            let beside = read(&path).unwrap().unwrap();
            let first_serial = beside.serials;
            assert!(first_serial > last || last == 0);
            let once = Once { path: path.clone(), first_serial, state: Mutex::new((beside, beside.next)) };
            for serial in [first_serial, first_serial + 1, first_serial + SERIALS - 1] {
                once.reach(serial).unwrap();
                assert_eq!(read(&path).unwrap().unwrap().serials, first_serial + SERIALS, "one write");
            }
            once.reach(first_serial + SERIALS).unwrap();
            last = first_serial + SERIALS;
        }
    }

    #[test]
    fn an_index_is_handed_out_once_also_after_a_start() {
        let folder = tempfile::TempDir::new().unwrap();
        let keys = Keys::open(&folder.path().join("server.keys")).unwrap();
        let path = folder.path().join("server.life");
        let beside =
            Beside { generation: 1, starts: 1, list: 1, next: PLACES - 2 * LOT, trust_list: 0, serials: 0 };
        write(&path, &beside).unwrap();
        let mut seen = BTreeSet::new();
        for _ in 0..4 {
            // As after a crash: what was set aside and not used is given up.
            let beside = read(&path).unwrap().unwrap();
            let once = Once { path: path.clone(), first_serial: 0, state: Mutex::new((beside, beside.next)) };
            for _ in 0..LOT / 2 {
                assert!(seen.insert(once.take(&keys).unwrap()));
            }
        }
        let lists: BTreeSet<_> = seen.iter().map(|(list, _)| *list).collect();
        assert_eq!(lists, [1, 2].into(), "a list that is used up is followed by the next");
    }

    #[test]
    fn the_number_of_a_list_always_fits_a_token() {
        let numbers: Vec<_> = [1, 2, 255, 256, 257, 510, 511].map(number_in_tokens).to_vec();
        assert_eq!(numbers, [1, 2, 255, 1, 2, 255, 1]);
    }
}
