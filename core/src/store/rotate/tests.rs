#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "tests")]
#![allow(clippy::redundant_closure_for_method_calls, reason = "the methods are bound to one lifetime")]

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use super::super::tests::{TestVault, file, key, kind, put_somebody, somebody, waiting};
use super::super::*;
use super::*;
use crate::platform::VaultError;
use crate::rules::calendar::{LegalDate, Timestamp};
use crate::rules::colour::Colour;
use crate::rules::declaration::Declaration;
use crate::rules::exposure::{Visit, Whereabouts};
use crate::rules::identity::Region;
use crate::rules::text::Text;
use crate::time::Evidence;
use crate::token::ids::{BootSession, OperationId, SegmentId};
use crate::wire::message::ChangeKind;
use crate::wire::{Bytes, CheckIn};

/// Columns that are not sealed: random ids, sequence, state of the sync, and what the vault has sealed.
const CLEAR: &[(&str, &str)] = &[
    ("*", "subject"),
    ("*", "issuer"),
    ("*", "operation"),
    ("*", "place"),
    ("*", "segment"),
    ("document", "name"),
    ("holder_key", "key_id"),
    ("chain", "next"),
    ("outbox", "sequence"),
    ("outbox", "state"),
    ("decision", "serial"),
    ("exchange", "cursor"),
    ("vault_key", "id"),
    ("vault_key", "sealed"),
    ("vault_key", "probe"),
];

#[test]
fn every_column_is_sealed_or_known_to_be_clear() {
    let (_folder, path) = file();
    let store = Store::open(&path, TestVault::new(7).as_ref()).unwrap();
    let connection = store.writer().unwrap();
    let columns = "SELECT tables.name, columns.name FROM pragma_table_list AS tables,
        pragma_table_info(tables.name) AS columns WHERE tables.schema = 'main' AND tables.name NOT LIKE 'sqlite_%'";
    let mut columns = connection.prepare(columns).unwrap();
    let columns = columns.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
    let columns: Vec<(String, String)> = columns.map(Result::unwrap).collect();
    assert!(columns.len() > 40, "{}", columns.len());
    for (table, column) in &columns {
        let sealed = SEALED.iter().filter(|sealed| (sealed.table, sealed.column) == (table, column)).count();
        let clear = CLEAR.iter().filter(|(of, name)| (*of == "*" || of == table) && name == column).count();
        assert_eq!(sealed + clear, 1, "{table}.{column} is sealed {sealed} times and clear {clear} times");
    }
    for sealed in SEALED {
        for name in sealed.row.iter().chain([&sealed.column]) {
            let is_there = columns.iter().any(|(table, column)| table == sealed.table && column == name);
            assert!(is_there, "{}.{name}", sealed.table);
        }
    }
}

/// Puts a value into every sealed column, by the functions that the phone uses.
fn fill(store: &Store) {
    let evidence = Evidence {
        lower_bound: Timestamp::from_seconds(1_581_382_800),
        session: BootSession([3; 8]),
        boot_millis: 5,
        anchor: None,
    };
    let (operation, declared) = (OperationId([2; 32]), OperationId([4; 32]));
    let declared_on = LegalDate::from_ymd(2020, 2, 11).unwrap();
    store
        .write(|file| {
            file.put_document("clock", b"a document")?;
            file.put_subject(&key(1), &somebody())?;
            let seed = HolderKeyBody::Software { sealed_seed: Bytes(vec![8; 32]) };
            file.put_holder_key(&key(1), [6; 8], &seed)?;
            file.put_chain(&key(1), &ChainState { segment: SegmentId([5; 8]), next: 2, head: [9; 32] })?;
            let declaration = Declaration { answers: BTreeMap::new(), travel: Vec::new(), declared_on };
            file.put_declaration(&key(1), declared, &declaration)?;
            let check_in = CheckIn { symptoms: vec!["fever".to_owned()], order: None };
            file.put_check_in(&key(1), operation, &StoredCheckIn { evidence, check_in, operation })?;
            for sequence in 0..20 {
                file.put_waiting(&key(1), &waiting(sequence))?;
            }
            let answer = OutboxAnswer { receipt: Some(Bytes(vec![9])), problem: None, link: None };
            file.answer(&key(1), operation, OutboxState::Accepted, &answer)?;
            let decision = KeptDecision { kind: ChangeKind::Order, object: Bytes(vec![1; 300]) };
            file.put_decision(&key(1), 3, &decision)?;
            let (at, gate) = (evidence.lower_bound, "North gate".to_owned());
            file.put_answered(&key(1), &Answered { gate, at, sure: true, colour: Colour::Green })?;
            file.add_whereabouts(&key(1), &visit(evidence.lower_bound))?;
            file.put_matches(&key(1), &[])?;
            let (rating, rule, text) = (1, "area-high".to_owned(), "why".to_owned());
            file.put_appeal_draft(&key(1), &AppealDraft { rating, rule, text, statements: Vec::new() })?;
            file.put_token(&key(1), b"token")
        })
        .unwrap();
}

fn visit(at: Timestamp) -> StoredWhereabouts {
    let visit = Visit {
        issuer: "hangzhou".to_owned(),
        venue: 7,
        region: Region::from_code(330_106).unwrap(),
        name: Text::new("店", "shop"),
        entered_at: at,
        seen_at: None,
        left_at: None,
    };
    StoredWhereabouts { whereabouts: Whereabouts::Visit(visit), recorded_at: at, wrong_at: None }
}

/// Every value, opened, by column and row.
fn everything(store: &Store) -> Result<BTreeMap<String, Vec<u8>>, StoreError> {
    store.read(|file| {
        let mut values = BTreeMap::new();
        for column in SEALED {
            let rows = column.rows(file.inner)?;
            assert!(!rows.is_empty(), "{}.{} has a value", column.table, column.column);
            for (value, parts) in rows {
                let plain = column.at(&parts, |place| file.seal.open(place, &value))?;
                values.insert(format!("{}.{} {parts:?}", column.table, column.column), plain.to_vec());
            }
        }
        Ok(values)
    })
}

fn sealed_values(path: &Path) -> Vec<Vec<u8>> {
    let connection = Connection::open(path).unwrap();
    let mut values: Vec<_> =
        SEALED.iter().flat_map(|column| column.rows(&connection).unwrap()).map(|(value, _)| value).collect();
    values.push(connection.query_row("SELECT sealed FROM vault_key", [], |row| row.get(0)).unwrap());
    values.push(connection.query_row("SELECT probe FROM vault_key", [], |row| row.get(0)).unwrap());
    values
}

fn contains(bytes: &[u8], part: &[u8]) -> bool {
    bytes.windows(part.len()).any(|window| window == part)
}

#[test]
fn a_new_key_seals_every_value_anew_and_nothing_of_the_old_one_stays_in_the_files() {
    let (folder, path) = file();
    let vault = TestVault::new(7);
    let store = Store::open(&path, vault.as_ref()).unwrap();
    fill(&store);
    let (before, old) = (everything(&store).unwrap(), sealed_values(&path));
    store.rotate(vault.as_ref()).unwrap();
    assert_eq!(everything(&store).unwrap(), before);

    for file in std::fs::read_dir(folder.path()).unwrap() {
        let file = file.unwrap().path();
        let bytes = std::fs::read(&file).unwrap();
        for value in &old {
            assert!(!contains(&bytes, value), "{}", file.display());
        }
    }
    assert!(old.iter().all(|value| !sealed_values(&path).contains(value)));
    store.write(|file| file.put_token(&key(1), b"a later token")).unwrap();
    drop(store);
    let store = Store::open(&path, vault.as_ref()).unwrap();
    assert_eq!(store.read(|file| file.token(&key(1))).unwrap().unwrap(), b"a later token");
    assert_eq!(everything(&store).unwrap().len(), before.len());
    assert_eq!(store.keys.count(), 1);
}

#[test]
fn a_view_is_all_of_the_old_key_or_all_of_the_new() {
    let (_folder, path) = file();
    let vault = TestVault::new(7);
    let store = Store::open(&path, vault.as_ref()).unwrap();
    fill(&store);
    let before = everything(&store).unwrap();
    let (done, looks) = (AtomicBool::new(false), std::sync::atomic::AtomicU32::new(0));
    std::thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| {
                while !done.load(Ordering::SeqCst) {
                    assert_eq!(everything(&store), Ok(before.clone()));
                    looks.fetch_add(1, Ordering::SeqCst);
                }
            });
        }
        // A view that was taken before a change of the key is read to its end after it.
        store
            .read(|file| {
                store.rotate(vault.as_ref())?;
                assert!(file.subject(&key(1))?.is_some());
                Ok::<_, StoreError>(())
            })
            .unwrap();
        for _ in 0..30 {
            store.rotate(vault.as_ref()).unwrap();
        }
        done.store(true, Ordering::SeqCst);
    });
    assert!(looks.into_inner() > 30);
    assert_eq!(store.keys.count(), 1);
}

#[test]
fn a_change_of_the_key_that_fails_leaves_the_old_one() {
    let (_folder, path) = file();
    let vault = TestVault::new(7);
    let store = Store::open(&path, vault.as_ref()).unwrap();
    fill(&store);
    let before = everything(&store).unwrap();
    vault.locked.store(true, Ordering::SeqCst);
    assert_eq!(store.rotate(vault.as_ref()), Err(StoreError::Vault(VaultError::Locked)));
    vault.locked.store(false, Ordering::SeqCst);
    assert_eq!(store.rotate(&Forgetful), Err(StoreError::Vault(VaultError::Refused)));
    // A value that does not open, met when others are sealed anew already.
    let token: Vec<u8> =
        store.writer().unwrap().query_row("SELECT body FROM token", [], |row| row.get(0)).unwrap();
    let put = |value: &[u8]| store.writer().unwrap().execute("UPDATE token SET body = ?1", [value]).unwrap();
    put(&[1; 297]);
    assert_eq!(store.rotate(vault.as_ref()), Err(StoreError::Kind(StorageKind::Corrupt)));
    put(&token);
    assert_eq!(everything(&store).unwrap(), before);
    assert_eq!(store.keys.count(), 1);
    drop(store);
    assert_eq!(kind(Store::open(&path, TestVault::new(8).as_ref())), StorageKind::WrongKey);
    assert_eq!(everything(&Store::open(&path, vault.as_ref()).unwrap()).unwrap(), before);
}

/// A vault that does not give back what it took.
struct Forgetful;

impl Vault for Forgetful {
    fn seal(&self, plain: Vec<u8>) -> Result<Vec<u8>, VaultError> {
        Ok(plain)
    }

    fn unseal(&self, sealed: Vec<u8>) -> Result<Vec<u8>, VaultError> {
        Ok(vec![0; sealed.len()])
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

#[test]
fn no_key_is_made_that_the_vault_does_not_give_back() {
    let (_folder, path) = file();
    let refused = Store::open(&path, &Forgetful).map(|_| ());
    assert_eq!(refused, Err(StoreError::Vault(VaultError::Refused)));
    put_somebody(&Store::open(&path, TestVault::new(7).as_ref()).unwrap(), &key(1));
}

const FILE: &str = "HEALTHCODE_TEST_ROTATED";

/// What the killed process does: changes the key until the end. It is no test by itself: without the variable that
/// names a file it has nothing to do.
#[test]
fn child_that_rotates() {
    let Ok(path) = std::env::var(FILE) else { return };
    let store = Store::open(Path::new(&path), TestVault::new(7).as_ref()).unwrap();
    loop {
        store.rotate(TestVault::new(7).as_ref()).unwrap();
        println!("\nrotated");
    }
}

#[test]
fn a_kill_leaves_the_file_under_the_old_key_or_the_new() {
    let (_folder, path) = file();
    let vault = TestVault::new(7);
    let store = Store::open(&path, vault.as_ref()).unwrap();
    fill(&store);
    let before = everything(&store).unwrap();
    drop(store);
    let mut keys = std::collections::BTreeSet::new();
    for round in 0..24_u64 {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "store::rotate::tests::child_that_rotates", "--nocapture"])
            .env(FILE, &path)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
        assert!(lines.any(|line| line == "rotated"));
        std::thread::sleep(Duration::from_micros(round * 997 % 12_000));
        child.kill().unwrap();
        child.wait().unwrap();
        let store = Store::open(&path, vault.as_ref()).unwrap();
        assert_eq!(everything(&store).unwrap(), before, "round {round}");
        let whole: String =
            store.writer().unwrap().query_row("PRAGMA integrity_check", [], |row| row.get(0)).unwrap();
        assert_eq!(whole, "ok");
        drop(store);
        keys.insert(sealed_values(&path).pop().unwrap());
    }
    assert_eq!(keys.len(), 24, "each was killed after a change of its own");
}
