#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "tests")]
#![allow(clippy::redundant_closure_for_method_calls, reason = "the methods are bound to one lifetime")]

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tempfile::TempDir;

use super::*;
use crate::platform::VaultError;
use crate::rules::identity::{Identity, IdentityInput};
use crate::token::ids::{OperationId, SegmentId, SubjectId};
use crate::wire::Bytes;

/// A vault that turns every byte over with its own: enough to tell keys apart.
pub(super) struct TestVault {
    pad: u8,
    pub(super) locked: AtomicBool,
}

impl TestVault {
    pub(super) fn new(pad: u8) -> Arc<Self> {
        Arc::new(Self { pad, locked: AtomicBool::new(false) })
    }

    fn turn(&self, bytes: &[u8]) -> Result<Vec<u8>, VaultError> {
        if self.locked.load(Ordering::SeqCst) {
            return Err(VaultError::Locked);
        }
        Ok(bytes.iter().map(|byte| byte ^ self.pad).collect())
    }
}

impl Vault for TestVault {
    fn seal(&self, plain: Vec<u8>) -> Result<Vec<u8>, VaultError> {
        self.turn(&plain)
    }

    fn unseal(&self, sealed: Vec<u8>) -> Result<Vec<u8>, VaultError> {
        self.turn(&sealed)
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

pub(super) fn file() -> (TempDir, PathBuf) {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("phone.db");
    (folder, path)
}

pub(super) fn key(byte: u8) -> SubjectKey {
    SubjectKey { subject: SubjectId([byte; 16]), issuer: "hangzhou".to_owned() }
}

pub(super) fn somebody() -> SubjectBody {
    let input = IdentityInput {
        name: "欧阳小明",
        document_kind: "resident-id",
        document_number: "11010519491231002X",
        phone: "+8613800138000",
        region: "330100",
    };
    let today = chrono::NaiveDate::from_ymd_opt(2020, 2, 14).unwrap();
    let identity = Identity::parse(input, today).unwrap();
    SubjectBody::new(identity)
}

pub(super) fn waiting(sequence: u64) -> Waiting {
    let body = OutboxBody { operation: Bytes(vec![1, 2, 3]), link: Bytes(vec![4]) };
    let operation = OperationId([u8::try_from(sequence).unwrap(); 32]);
    Waiting { segment: SegmentId([5; 8]), sequence, operation, body }
}

pub(super) fn put_somebody(store: &Store, at: &SubjectKey) {
    store.write(|file| file.put_subject(at, &somebody())).unwrap();
}

pub(super) fn kind(result: Result<Store, StoreError>) -> StorageKind {
    match result.map(|_| ()).unwrap_err() {
        StoreError::Kind(kind) => kind,
        other => panic!("{other:?}"),
    }
}

#[test]
fn what_was_written_is_read_after_the_file_is_opened_again() {
    let (_folder, path) = file();
    let vault = TestVault::new(7);
    let store = Store::open(&path, vault.as_ref()).unwrap();
    put_somebody(&store, &key(1));
    store.write(|file| file.put_waiting(&key(1), &waiting(0))).unwrap();
    drop(store);

    let store = Store::open(&path, vault.as_ref()).unwrap();
    let (subject, outbox) =
        store.read(|file| Ok::<_, StoreError>((file.subject(&key(1))?, file.waiting(&key(1), 9)?))).unwrap();
    assert!(subject.unwrap().identity == somebody().identity);
    assert_eq!(outbox.len(), 1);
    assert_eq!(outbox[0].body.operation.0, [1, 2, 3]);
}

#[test]
fn nothing_that_identifies_a_person_is_in_clear_in_any_file() {
    let (folder, path) = file();
    let store = Store::open(&path, TestVault::new(7).as_ref()).unwrap();
    put_somebody(&store, &key(1));
    let mut seen = 0;
    for entry in std::fs::read_dir(folder.path()).unwrap() {
        let bytes = std::fs::read(entry.unwrap().path()).unwrap();
        seen += bytes.len();
        for secret in ["小明", "欧阳", "11010519491231002X", "002X", "13800138000", "330100"] {
            let found = bytes.windows(secret.len()).any(|window| window == secret.as_bytes());
            assert!(!found, "{secret}");
        }
    }
    assert!(seen > 4096, "the files were read");
}

#[test]
fn a_transaction_that_fails_leaves_nothing() {
    let (_folder, path) = file();
    let store = Store::open(&path, TestVault::new(7).as_ref()).unwrap();
    put_somebody(&store, &key(1));
    let failed = store.write(|file| {
        file.put_waiting(&key(1), &waiting(0))?;
        Err::<(), _>(StoreError::internal("on purpose"))
    });
    assert!(failed.is_err());
    assert_eq!(store.read(|file| file.count_waiting(&key(1))).unwrap(), 0);
}

#[test]
fn a_place_in_a_segment_is_taken_once() {
    let (_folder, path) = file();
    let store = Store::open(&path, TestVault::new(7).as_ref()).unwrap();
    put_somebody(&store, &key(1));
    store.write(|file| file.put_waiting(&key(1), &waiting(0))).unwrap();
    assert!(store.write(|file| file.put_waiting(&key(1), &waiting(0))).is_err());
}

#[test]
fn subjects_and_issuers_are_kept_apart() {
    let (_folder, path) = file();
    let store = Store::open(&path, TestVault::new(7).as_ref()).unwrap();
    let elsewhere = SubjectKey { issuer: "shenzhen".to_owned(), ..key(1) };
    for at in [key(2), key(1), elsewhere.clone()] {
        put_somebody(&store, &at);
    }
    store.write(|file| file.put_token(&key(1), b"token")).unwrap();
    let read = |at: SubjectKey| store.read(|file| file.token(&at)).unwrap();
    assert_eq!(read(key(1)).unwrap(), b"token");
    assert_eq!((read(key(2)), read(elsewhere.clone())), (None, None));
    assert_eq!(store.read(|file| file.subjects()).unwrap(), [key(2), key(1), elsewhere]);
}

#[test]
fn an_answer_moves_an_operation_out_of_the_outbox_once() {
    let (_folder, path) = file();
    let store = Store::open(&path, TestVault::new(7).as_ref()).unwrap();
    put_somebody(&store, &key(1));
    let operation = waiting(3).operation;
    let answer = OutboxAnswer { receipt: Some(Bytes(vec![9])), problem: None, link: None };
    store.write(|file| file.put_waiting(&key(1), &waiting(3))).unwrap();
    store.write(|file| file.answer(&key(1), operation, OutboxState::Accepted, &answer)).unwrap();
    // A late second answer changes nothing.
    store.write(|file| file.answer(&key(1), operation, OutboxState::Refused, &answer)).unwrap();
    let (state, kept) = store.read(|file| file.outbox_state(&key(1), operation)).unwrap().unwrap();
    assert_eq!(state, OutboxState::Accepted);
    assert_eq!(kept.unwrap().receipt.unwrap().0, [9]);
    assert_eq!(store.read(|file| file.count_waiting(&key(1))).unwrap(), 0);
}

#[test]
fn another_key_is_told_and_changes_nothing() {
    let (_folder, path) = file();
    let store = Store::open(&path, TestVault::new(7).as_ref()).unwrap();
    put_somebody(&store, &key(1));
    drop(store);
    let before = std::fs::read(&path).unwrap();
    assert_eq!(kind(Store::open(&path, TestVault::new(8).as_ref())), StorageKind::WrongKey);
    assert_eq!(std::fs::read(&path).unwrap(), before);
    let store = Store::open(&path, TestVault::new(7).as_ref()).unwrap();
    assert!(store.read(|file| file.subject(&key(1))).unwrap().is_some());
}

#[test]
fn a_locked_vault_is_temporary() {
    let (_folder, path) = file();
    let vault = TestVault::new(7);
    drop(Store::open(&path, vault.as_ref()).unwrap());
    vault.locked.store(true, Ordering::SeqCst);
    assert_eq!(Store::open(&path, vault.as_ref()).map(|_| ()), Err(StoreError::Vault(VaultError::Locked)));
    vault.locked.store(false, Ordering::SeqCst);
    assert!(Store::open(&path, vault.as_ref()).is_ok());
}

#[test]
fn a_vault_key_that_is_gone_is_never_made_anew_over_old_rows() {
    let (_folder, path) = file();
    let store = Store::open(&path, TestVault::new(7).as_ref()).unwrap();
    put_somebody(&store, &key(1));
    drop(store);
    Connection::open(&path).unwrap().execute("DELETE FROM vault_key", []).unwrap();
    assert_eq!(kind(Store::open(&path, TestVault::new(7).as_ref())), StorageKind::Corrupt);
    let count: i64 = Connection::open(&path)
        .unwrap()
        .query_row("SELECT COUNT(*) FROM vault_key", [], |row| row.get(0))
        .unwrap();
    assert_eq!(count, 0);
}

#[test]
fn a_file_that_is_no_database_is_reported_and_not_overwritten() {
    let (_folder, path) = file();
    let garbage = b"these are the holiday photographs of somebody else, twice: ".repeat(200);
    std::fs::write(&path, &garbage).unwrap();
    assert_eq!(kind(Store::open(&path, TestVault::new(7).as_ref())), StorageKind::Corrupt);
    assert_eq!(std::fs::read(&path).unwrap(), garbage);
}

#[test]
fn a_damaged_value_is_reported_and_the_others_are_read() {
    let (_folder, path) = file();
    let vault = TestVault::new(7);
    let store = Store::open(&path, vault.as_ref()).unwrap();
    for at in [key(1), key(2)] {
        put_somebody(&store, &at);
    }
    drop(store);
    let damage = "UPDATE subject SET body = zeroblob(length(body)) WHERE subject = ?1";
    Connection::open(&path).unwrap().execute(damage, [[1_u8; 16].as_slice()]).unwrap();
    let moved = "UPDATE subject SET body = (SELECT body FROM subject WHERE subject = ?1) WHERE subject = ?2";
    let store = Store::open(&path, vault.as_ref()).unwrap();
    assert!(store.read(|file| file.subject(&key(1))).is_err());
    assert!(store.read(|file| file.subject(&key(2))).unwrap().is_some());
    drop(store);
    // A row's value in another row's place does not open there.
    let rows = [[2_u8; 16].as_slice(), [1_u8; 16].as_slice()];
    Connection::open(&path).unwrap().execute(moved, rows).unwrap();
    let store = Store::open(&path, vault.as_ref()).unwrap();
    let opened = store.read(|file| file.subject(&key(1))).map(|_| ());
    assert_eq!(opened, Err(StoreError::Kind(StorageKind::Corrupt)));
}

#[test]
fn a_file_of_a_later_version_asks_for_an_update_and_is_left_alone() {
    let (_folder, path) = file();
    drop(Store::open(&path, TestVault::new(7).as_ref()).unwrap());
    Connection::open(&path).unwrap().pragma_update(None, "user_version", 99).unwrap();
    assert_eq!(kind(Store::open(&path, TestVault::new(7).as_ref())), StorageKind::NewerSchema);
    let version: i64 =
        Connection::open(&path).unwrap().query_row("PRAGMA user_version", [], |row| row.get(0)).unwrap();
    assert_eq!(version, 99);
}

#[test]
fn a_file_that_is_open_elsewhere_is_busy_until_it_is_closed() {
    let (_folder, path) = file();
    let store = Store::open(&path, TestVault::new(7).as_ref()).unwrap();
    assert_eq!(kind(Store::open(&path, TestVault::new(7).as_ref())), StorageKind::Busy);
    drop(store);
    assert!(Store::open(&path, TestVault::new(7).as_ref()).is_ok());
}

#[test]
fn a_folder_that_is_not_there_is_unreachable() {
    let (_folder, path) = file();
    let missing = path.join("deeper").join("phone.db");
    assert_eq!(
        canonical_path(missing.to_str().unwrap()).map(|_| ()),
        Err(StoreError::Kind(StorageKind::Unreachable))
    );
}

#[test]
fn the_schema_is_the_one_that_was_released() {
    assert!(schema::migrations().validate().is_ok());
}

#[test]
fn a_reader_does_not_wait_for_a_writer() {
    let (_folder, path) = file();
    let store = Store::open(&path, TestVault::new(7).as_ref()).unwrap();
    put_somebody(&store, &key(1));
    store
        .write(|file| {
            file.put_waiting(&key(1), &waiting(0))?;
            // On another thread, to its end, while this transaction is open and holds the writer.
            let seen = std::thread::scope(|scope| {
                let read = || {
                    store.read(|file| Ok::<_, StoreError>((file.subjects()?, file.count_waiting(&key(1))?)))
                };
                scope.spawn(read).join().unwrap()
            });
            assert_eq!(seen.unwrap(), (vec![key(1)], 0), "what was committed before");
            Ok::<_, StoreError>(())
        })
        .unwrap();
    assert_eq!(store.read(|file| file.count_waiting(&key(1))).unwrap(), 1);
}

#[test]
fn a_view_does_not_change_while_it_is_read() {
    let (_folder, path) = file();
    let store = Store::open(&path, TestVault::new(7).as_ref()).unwrap();
    put_somebody(&store, &key(1));
    store
        .read(|file| {
            store.write(|file| file.put_waiting(&key(1), &waiting(0)))?;
            assert_eq!(file.count_waiting(&key(1))?, 0);
            assert_eq!(store.read(|file| file.count_waiting(&key(1)))?, 1);
            Ok::<_, StoreError>(())
        })
        .unwrap();
}

#[test]
fn readers_at_a_time_are_as_many_as_there_are() {
    let (_folder, path) = file();
    let store = Store::open(&path, TestVault::new(7).as_ref()).unwrap();
    put_somebody(&store, &key(1));
    let together = std::sync::Barrier::new(12);
    std::thread::scope(|scope| {
        for _ in 0..12 {
            scope.spawn(|| {
                let read = store.read(|file| {
                    // Each holds its view until all have one.
                    together.wait();
                    file.subject(&key(1))
                });
                assert!(read.unwrap().is_some());
            });
        }
    });
}

#[test]
fn a_full_file_refuses_what_is_new_and_keeps_what_was_accepted() {
    let (_folder, path) = file();
    let store = Store::open(&path, TestVault::new(7).as_ref()).unwrap();
    put_somebody(&store, &key(1));
    let pages: i64 = store.writer().unwrap().query_row("PRAGMA page_count", [], |row| row.get(0)).unwrap();
    let limit = |pages: i64| {
        store.writer().unwrap().pragma_update(None, "max_page_count", pages).unwrap();
    };
    limit(pages + 4);
    let mut kept = 0;
    let refused = loop {
        match store.write(|file| file.put_waiting(&key(1), &waiting(kept))) {
            Ok(()) => kept += 1,
            Err(error) => break error,
        }
    };
    assert_eq!(refused, StoreError::Kind(StorageKind::Full));
    assert!(kept > 3, "{kept}");
    assert_eq!(store.rotate(TestVault::new(7).as_ref()), Ok(()), "what is only sealed anew needs no room");
    assert_eq!(store.read(|file| file.waiting(&key(1), 99)).unwrap().len() as u64, kept);
    limit(pages + 99);
    store.write(|file| file.put_waiting(&key(1), &waiting(kept))).unwrap();
    drop(store);
    let store = Store::open(&path, TestVault::new(7).as_ref()).unwrap();
    assert_eq!(store.read(|file| file.waiting(&key(1), 99)).unwrap().len() as u64, kept + 1);
}

#[test]
fn a_file_is_looked_at_while_it_is_open_and_never_changed() {
    let (_folder, path) = file();
    let vault: Arc<dyn Vault> = TestVault::new(7);
    assert_eq!(kind(Store::open_read_only(&path, &vault)), StorageKind::Unreachable);
    assert!(!path.exists(), "looking makes nothing");
    let store = Store::open(&path, vault.as_ref()).unwrap();
    put_somebody(&store, &key(1));
    let look = Store::open_read_only(&path, &vault).unwrap();
    assert_eq!(look.read(|file| file.subjects()).unwrap(), [key(1)]);
    put_somebody(&store, &key(2));
    assert_eq!(look.read(|file| file.subjects()).unwrap(), [key(1), key(2)]);
    let refused = look.write(|file| file.put_token(&key(1), b"token"));
    assert_eq!(refused, Err(StoreError::Kind(StorageKind::ReadOnly)));
    assert_eq!(look.rotate(vault.as_ref()), Err(StoreError::Kind(StorageKind::ReadOnly)));
    // The key is changed under it: it asks the vault for the new one.
    store.rotate(vault.as_ref()).unwrap();
    assert!(look.read(|file| file.subject(&key(2))).unwrap().is_some());
    drop((store, look));

    let before = std::fs::read(&path).unwrap();
    let look = Store::open_read_only(&path, &vault).unwrap();
    assert!(look.read(|file| file.subject(&key(1))).unwrap().is_some());
    drop(look);
    assert_eq!(std::fs::read(&path).unwrap(), before);
    Connection::open(&path).unwrap().pragma_update(None, "user_version", 99).unwrap();
    assert_eq!(kind(Store::open_read_only(&path, &vault)), StorageKind::NewerSchema);
    std::fs::write(&path, b"").unwrap();
    assert_eq!(kind(Store::open_read_only(&path, &vault)), StorageKind::Unreachable, "it is only being made");
    assert_eq!(std::fs::read(&path).unwrap(), b"");
}
