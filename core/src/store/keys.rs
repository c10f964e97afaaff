//! The database key: made once, sealed by the platform's vault, changed by [`super::rotate`]. The row that holds it
//! also holds a sealed known text, which tells a wrong key from a damaged row and names the key of a view.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rusqlite::{Connection, OptionalExtension, TransactionBehavior};
use zeroize::Zeroizing;

use super::StoreError;
use super::seal::{Place, Seal};
use crate::error::StorageKind;
use crate::platform::{Vault, VaultError};

const PROBE: Place<'_> = Place { table: "vault_key", column: "probe", row: &[b"1"] };
const PROBE_TEXT: &[u8] = b"healthcode";
const READ: &str = "SELECT sealed, probe FROM vault_key WHERE id = 1";
const READ_PROBE: &str = "SELECT probe FROM vault_key WHERE id = 1";
const CREATE: &str = "INSERT INTO vault_key (id, sealed, probe) VALUES (1, ?1, ?2)";
const REPLACE: &str = "UPDATE vault_key SET sealed = ?1, probe = ?2 WHERE id = 1";
const HAS_ROWS: &str = "SELECT EXISTS (SELECT 1 FROM document) OR EXISTS (SELECT 1 FROM subject)";

/// A database key in memory, with the probe that it sealed.
pub(super) struct Key {
    probe: Vec<u8>,
    seal: Seal,
}

/// A key that no file has yet, sealed by the vault.
pub(super) struct NewKey {
    sealed: Vec<u8>,
    pub(super) key: Key,
}

/// The keys that views of the file may be under: the one in force, and while it changes the next one too.
pub(super) struct Keys {
    known: Mutex<Vec<Arc<Key>>>,
    /// Asked when another process has changed the key.
    vault: Option<Arc<dyn Vault>>,
}

impl Key {
    pub(super) const fn seal(&self) -> &Seal {
        &self.seal
    }
}

impl NewKey {
    /// Makes a key. What the vault cannot give back would be lost with everything under it: it is asked at once.
    pub(super) fn make(vault: &dyn Vault) -> Result<Self, StoreError> {
        let key = Zeroizing::new(crate::random::bytes::<32>()?);
        let sealed = vault.seal(key.to_vec())?;
        if *Zeroizing::new(vault.unseal(sealed.clone())?) != *key {
            return Err(VaultError::Refused.into());
        }
        let seal = Seal::new(*key);
        let probe = seal.seal(PROBE, PROBE_TEXT)?;
        Ok(Self { sealed, key: Key { probe, seal } })
    }

    /// Puts it in the place of the one before.
    pub(super) fn replace(sealed: &[u8], key: &Key, file: &Connection) -> Result<(), StoreError> {
        match file.execute(REPLACE, (sealed, &key.probe))? {
            1 => Ok(()),
            _ => Err(StoreError::internal("vault-key")),
        }
    }

    pub(super) fn into_parts(self) -> (Vec<u8>, Arc<Key>) {
        (self.sealed, Arc::new(self.key))
    }
}

impl Keys {
    pub(super) fn new(key: Key, vault: Option<Arc<dyn Vault>>) -> Self {
        Self { known: Mutex::new(vec![Arc::new(key)]), vault }
    }

    /// The key of a view with this probe.
    pub(super) fn of(&self, probe: &[u8]) -> Option<Arc<Key>> {
        self.known().iter().find(|key| key.probe == probe).cloned()
    }

    /// A key that views may be under from now on.
    pub(super) fn add(&self, key: Arc<Key>) {
        self.known().push(key);
    }

    /// Forgets all keys but the one that the file is under now; none if that cannot be told.
    pub(super) fn settle(&self, file: &Connection) {
        if let Ok(probe) = probe(file) {
            self.known().retain(|key| key.probe == probe);
        }
    }

    /// Asks the vault for the key that the file is under now, where another process may have changed it.
    pub(super) fn refresh(&self, file: &Connection) -> Result<(), StoreError> {
        if let Some(vault) = &self.vault
            && let Some(key) = unlock(file, vault.as_ref())?
        {
            *self.known() = vec![Arc::new(key)];
        }
        Ok(())
    }

    #[cfg(test)]
    pub(super) fn count(&self) -> usize {
        self.known().len()
    }

    fn known(&self) -> MutexGuard<'_, Vec<Arc<Key>>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What names the key of a view.
pub(super) fn probe(view: &Connection) -> Result<Vec<u8>, StoreError> {
    let probe = view.prepare_cached(READ_PROBE)?.query_row([], |row| row.get(0)).optional()?;
    probe.ok_or(StoreError::Kind(StorageKind::Corrupt))
}

/// The key of the file, unsealed by the vault; none in a file that never had one. An entry that is gone from a file
/// with rows is an error: a new key would lose them.
pub(super) fn unlock(file: &Connection, vault: &dyn Vault) -> Result<Option<Key>, StoreError> {
    let row = file.query_row(READ, [], |row| Ok((row.get::<_, Vec<u8>>(0)?, row.get::<_, Vec<u8>>(1)?)));
    let Some((sealed, probe)) = row.optional()? else {
        let has_rows: bool = file.query_row(HAS_ROWS, [], |row| row.get(0))?;
        return if has_rows { Err(StoreError::Kind(StorageKind::Corrupt)) } else { Ok(None) };
    };
    let wrong = StoreError::Kind(StorageKind::WrongKey);
    let key = Zeroizing::new(vault.unseal(sealed)?);
    let seal = Seal::new(key.as_slice().try_into().map_err(|_| wrong.clone())?);
    match seal.open(PROBE, &probe) {
        Ok(text) if text.as_slice() == PROBE_TEXT => Ok(Some(Key { probe, seal })),
        _ => Err(wrong),
    }
}

/// Makes the key of a new file.
pub(super) fn create(file: &Connection, vault: &dyn Vault) -> Result<Key, StoreError> {
    let NewKey { sealed, key } = NewKey::make(vault)?;
    let transaction = rusqlite::Transaction::new_unchecked(file, TransactionBehavior::Immediate)?;
    transaction.execute(CREATE, (sealed, &key.probe))?;
    transaction.commit()?;
    Ok(key)
}
