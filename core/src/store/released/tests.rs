#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]
#![allow(clippy::redundant_closure_for_method_calls, reason = "the methods are bound to one lifetime")]

use std::path::PathBuf;

use chacha20poly1305::aead::Aead;
use chacha20poly1305::{KeyInit, XChaCha20Poly1305, XNonce};

use super::rotate::SEALED;
use super::tests::file;
use super::*;
use crate::platform::VaultError;

/// The vault of the frozen files: XChaCha20-Poly1305, the nonce before what is sealed.
struct FrozenVault;

impl FrozenVault {
    fn cipher() -> XChaCha20Poly1305 {
        XChaCha20Poly1305::new(&[7; 32].into())
    }
}

impl Vault for FrozenVault {
    fn seal(&self, plain: Vec<u8>) -> Result<Vec<u8>, VaultError> {
        let nonce = crate::random::bytes::<24>().map_err(|_| VaultError::Refused)?;
        let sealed = Self::cipher().encrypt(&XNonce::from(nonce), plain.as_slice());
        Ok([nonce.as_slice(), &sealed.map_err(|_| VaultError::Refused)?].concat())
    }

    fn unseal(&self, sealed: Vec<u8>) -> Result<Vec<u8>, VaultError> {
        let (nonce, sealed) = sealed.split_first_chunk::<24>().ok_or(VaultError::Gone)?;
        Self::cipher().decrypt(&XNonce::from(*nonce), sealed).map_err(|_| VaultError::Gone)
    }

    fn hardware_public_key(&self, _: String) -> Result<Option<Vec<u8>>, VaultError> {
        Ok(None)
    }

    fn sign(&self, _: String, _: Vec<u8>) -> Result<Vec<u8>, VaultError> {
        Err(VaultError::Gone)
    }

    fn delete(&self, _: String) -> Result<(), VaultError> {
        Ok(())
    }
}

/// The frozen file of a schema.
fn frozen(schema: usize) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(format!("src/store/released/{schema}.sqlite"))
}

fn schema_of(store: &Store) -> Vec<(String, String, Option<String>)> {
    let connection = store.writer().unwrap();
    let read = "SELECT type, name, sql FROM sqlite_schema ORDER BY type, name";
    let mut read = connection.prepare(read).unwrap();
    let rows = read.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?))).unwrap();
    rows.map(Result::unwrap).collect()
}

#[test]
fn every_released_schema_has_its_file() {
    for schema in 1..=schema::VERSION {
        let read = Connection::open(frozen(schema)).unwrap();
        let version: i64 = read.query_row("PRAGMA user_version", [], |row| row.get(0)).unwrap();
        assert_eq!(usize::try_from(version), Ok(schema));
    }
    assert!(!frozen(schema::VERSION + 1).exists());
}

#[test]
fn a_file_of_every_released_schema_comes_to_the_current_one_with_all_that_is_in_it() {
    let (_folder, new) = file();
    let current = schema_of(&Store::open(&new, &FrozenVault).unwrap());
    assert!(current.len() > 11);
    for schema in 1..=schema::VERSION {
        let (_folder, path) = file();
        std::fs::copy(frozen(schema), &path).unwrap();
        let store = Store::open(&path, &FrozenVault).unwrap();
        assert_eq!(schema_of(&store), current, "schema {schema}");
        store.read(|file| every_value(file, schema)).unwrap();
        store.rotate(&FrozenVault).unwrap();
        drop(store);
        let look: Arc<dyn Vault> = Arc::new(FrozenVault);
        Store::open_read_only(&path, &look).unwrap().read(|file| every_value(file, schema)).unwrap();
    }
}

/// Every sealed value opens, and the rows of every table read as what they are.
fn every_value(file: &Transaction<'_>, schema: usize) -> Result<(), StoreError> {
    for column in SEALED {
        let rows = column.rows(file.inner)?;
        assert!(!rows.is_empty() || schema < schema::VERSION, "{}.{}", column.table, column.column);
        for (value, parts) in rows {
            column.at(&parts, |place| file.seal.open(place, &value))?;
        }
    }
    let subjects = file.subjects()?;
    let [key] = subjects.as_slice() else { panic!("one subject") };
    assert_eq!(file.subject(key)?.unwrap().identity.document.tail(), "002X");
    assert!(file.holder_key(key)?.is_some());
    let waiting = file.waiting(key, 99)?;
    assert_eq!(waiting.len(), 2);
    assert_eq!(file.chain(key)?.unwrap().next, waiting.last().unwrap().sequence + 1);
    let check_ins = file.check_ins(key)?;
    assert_eq!(check_ins.len(), 5);
    for check_in in check_ins {
        assert!(file.outbox_state(key, check_in.operation)?.is_some());
    }
    assert!(file.last_declaration(key)?.is_some());
    // An order, a rating, and a judgement of every check-in that was sent.
    assert!(file.decisions(key)?.len() >= 5);
    assert!(file.token(key)?.is_some());
    assert!(file.cursor(key)?.is_some());
    for document in ["clock", "trust-list", "rulebook", "retry", "enrolment"] {
        assert!(file.document(document)?.is_some(), "{document}");
    }
    Ok(())
}
