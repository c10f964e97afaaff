#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use rusqlite::Connection;

use super::super::Resident;
use super::super::test_phone::{TestPhone, li_si, zhang_san};
use super::{all_hardware_keys, erase_database};
use crate::error::{HealthcodeError, StorageKind, VaultKind};
use crate::rules::colour::Colour;
use crate::store::{Erasure, Step, SubjectKey};

/// A phone with two people, rows in every table, and hardware keys.
fn phone() -> (TestPhone, [SubjectKey; 2]) {
    let mut phone = TestPhone::new();
    phone.vault.has_hardware.store(true, Ordering::SeqCst);
    let keys = [phone.enrol(1, &zhang_san()), phone.enrol(2, &li_si())];
    for key in &keys {
        phone.declare(key, Some(1));
        phone.deliver(key, true);
        let order = phone.order(key, Colour::Yellow, None);
        let tap = phone.tap(key, &["fever"]);
        phone.deliver(key, true);
        phone.judge(key, tap, order, true);
        phone.rate(key, Colour::Yellow);
        phone.token(key, Colour::Yellow);
        phone.tap(key, &[]);
    }
    (phone, keys)
}

/// The key as the vault sealed it: whoever has it and the vault can read the file.
fn sealed_key(path: &Path) -> Vec<u8> {
    let file = Connection::open(path).unwrap();
    file.query_row("SELECT sealed FROM vault_key", [], |row| row.get(0)).unwrap()
}

fn holds(folder: &Path, needle: &[u8]) -> Vec<String> {
    let found = |entry: &fs::DirEntry| {
        let bytes = fs::read(entry.path()).unwrap();
        bytes.windows(needle.len()).any(|window| window == needle)
    };
    let entries = fs::read_dir(folder).unwrap().map(Result::unwrap).filter(found);
    entries.map(|entry| entry.file_name().into_string().unwrap()).collect()
}

fn files(folder: &Path) -> Vec<String> {
    let names = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<_> = names.collect();
    names.sort();
    names
}

fn is_empty(resident: &Resident) -> bool {
    resident.home().unwrap().subjects.is_empty()
}

#[test]
fn an_erasure_that_is_cut_off_after_any_step_is_finished_at_the_next_opening() {
    for done in 0..=Step::ALL.len() {
        let (phone, _) = phone();
        let (folder, path) = (phone.folder.path().to_owned(), phone.path());
        let key = sealed_key(&path);
        assert!(!holds(&folder, &key).is_empty());
        let core = phone.core();
        let erasure = core.store.begin_erasing(all_hardware_keys).unwrap();
        for step in &Step::ALL[..done] {
            erasure.step(*step, phone.vault.as_ref()).unwrap();
        }
        if done > 0 {
            // From the first step on nothing that is left can be read.
            assert_eq!(holds(&folder, &key), [""; 0], "after {:?}", &Step::ALL[..done]);
        }
        // The process ends here.
        phone.resident.shut_down().unwrap();
        drop(core);

        let resident = phone.reopen().unwrap();
        assert!(is_empty(&resident), "after {done} steps");
        assert_eq!(phone.vault.names(), [""; 0], "after {done} steps");
        assert_eq!(holds(&folder, &key), [""; 0]);
        assert!(!files(&folder).contains(&"phone.db.erasing".to_owned()));
    }
}

#[test]
fn an_erasure_that_has_not_begun_leaves_everything() {
    let (mut phone, keys) = phone();
    phone.resident.shut_down().unwrap();
    // Cut off before the marker was whole.
    fs::write(phone.folder.path().join("phone.db.erasing.new"), b"[\"heal").unwrap();
    phone.resident = phone.reopen().unwrap();
    assert_eq!(phone.resident.home().unwrap().subjects.len(), 2);
    assert!(phone.resident.code(keys[0].subject.to_string(), None).is_ok());
    assert!(!files(phone.folder.path()).iter().any(|name| name.contains("erasing")));
}

#[test]
fn everything_is_gone_and_every_object_over_the_file_is_closed() {
    let (phone, keys) = phone();
    let other = phone.reopen().unwrap();
    let checkpoint = crate::checkpoint::Checkpoint::open(
        phone.config(),
        phone.ports(),
        crate::checkpoint::Lane::new("gate"),
    )
    .unwrap();
    let subject = keys[0].subject.to_string();
    phone.resident.erase(None).unwrap();
    // The lock's file is empty and stays.
    assert_eq!(files(phone.folder.path()), ["phone.db.lock"]);
    assert_eq!(phone.vault.names(), [""; 0]);
    for resident in [&phone.resident, &other] {
        assert_eq!(resident.home(), Err(HealthcodeError::Closed));
        assert_eq!(resident.form(None), Err(HealthcodeError::Closed));
        assert_eq!(resident.export(None), Err(HealthcodeError::Closed));
        assert_eq!(resident.erase(None), Err(HealthcodeError::Closed));
        assert_eq!(resident.code(subject.clone(), None), Err(HealthcodeError::Closed));
    }
    assert!(matches!(checkpoint.challenge(), Err(HealthcodeError::Closed)));
    // While they are still held, a new file is begun.
    let anew = phone.reopen().unwrap();
    assert!(is_empty(&anew));
    drop(other);
    assert!(is_empty(&phone.reopen().unwrap()));
}

#[test]
fn a_vault_that_is_locked_stops_an_erasure_after_the_key_and_it_goes_on_later() {
    let (phone, _) = phone();
    let key = sealed_key(&phone.path());
    phone.vault.locked.store(true, Ordering::SeqCst);
    let locked = HealthcodeError::Vault { kind: VaultKind::Locked };
    assert_eq!(phone.resident.erase(None), Err(locked.clone()));
    assert_eq!(phone.resident.home(), Err(HealthcodeError::Closed));
    assert_eq!(holds(phone.folder.path(), &key), [""; 0]);
    assert_eq!(phone.reopen().map(|_| ()), Err(locked));
    phone.vault.locked.store(false, Ordering::SeqCst);
    assert!(is_empty(&phone.reopen().unwrap()));
    assert_eq!(phone.vault.names(), [""; 0]);
}

#[test]
fn one_subject_goes_with_its_keys_and_the_others_are_sealed_anew() {
    let (phone, [mine, other]) = phone();
    let key = sealed_key(&phone.path());
    let names = phone.vault.names();
    phone.resident.erase(Some(mine.subject.to_string())).unwrap();
    let home = phone.resident.home().unwrap();
    assert_eq!(home.subjects.len(), 1);
    assert_eq!(home.subjects[0].subject, other.subject.to_string());
    assert_eq!(phone.vault.names().len(), names.len() - 1);
    assert!(phone.resident.code(other.subject.to_string(), None).is_ok());
    assert_eq!(phone.resident.erase(Some(mine.subject.to_string())), Err(HealthcodeError::UnknownSubject));
    phone.resident.shut_down().unwrap();
    assert_ne!(sealed_key(&phone.path()), key);
    assert_eq!(holds(phone.folder.path(), &key), [""; 0]);
    // Nor is its id in any row: the clear columns are overwritten where they were.
    assert_eq!(holds(phone.folder.path(), mine.subject.as_bytes()), [""; 0]);
    assert!(!holds(phone.folder.path(), other.subject.as_bytes()).is_empty());
}

#[test]
fn the_erasure_of_a_subject_that_is_cut_off_is_finished_at_the_next_opening() {
    let (mut phone, [mine, other]) = phone();
    let key = sealed_key(&phone.path());
    let names = phone.vault.names();
    // The rows go without the vault; what needs it does not.
    phone.vault.locked.store(true, Ordering::SeqCst);
    assert!(phone.resident.erase(Some(mine.subject.to_string())).is_err());
    assert_eq!(phone.resident.home().unwrap().subjects.len(), 1);
    assert_eq!(phone.vault.names(), names);
    phone.resident.shut_down().unwrap();
    phone.vault.locked.store(false, Ordering::SeqCst);
    phone.resident = phone.reopen().unwrap();
    assert_eq!(phone.vault.names().len(), names.len() - 1);
    assert!(phone.resident.code(other.subject.to_string(), None).is_ok());
    let left = phone.core().store.read(|file| file.document("erasure")).unwrap();
    assert_eq!(left, None);
    phone.resident.shut_down().unwrap();
    assert_eq!(holds(phone.folder.path(), &key), [""; 0]);
}

#[test]
fn the_enrolment_under_way_of_the_same_person_goes_too() {
    let (phone, [mine, other]) = phone();
    let names = phone.vault.names();
    let again = |form| {
        let identity = super::super::identity(&phone.core(), &form).unwrap();
        let key = crate::sync::holder::make(phone.vault.as_ref()).unwrap();
        let pending = serde_json::json!({ "identity": identity, "key": key, "session": null });
        phone.core().store.write(|file| file.put_json_document(super::ENROLMENT, &pending)).unwrap();
    };
    let left = || phone.core().store.read(|file| file.document(super::ENROLMENT)).unwrap().is_some();
    again(li_si());
    phone.resident.erase(Some(mine.subject.to_string())).unwrap();
    assert!(left(), "somebody else's");
    phone.resident.erase(Some(other.subject.to_string())).unwrap();
    assert!(!left());
    assert_eq!(names.len(), 2);
    assert_eq!(phone.vault.names(), [""; 0]);
}

#[test]
fn a_file_that_does_not_open_is_erased_without_opening_it() {
    // The beginning of the file, or a statement that spoils it, and what an opening says then.
    let faults = [
        (None, StorageKind::Corrupt),
        (Some("DELETE FROM vault_key"), StorageKind::Corrupt),
        (Some("UPDATE vault_key SET sealed = zeroblob(32)"), StorageKind::WrongKey),
        (Some("PRAGMA user_version = 99"), StorageKind::NewerSchema),
    ];
    for (statement, kind) in faults {
        let (mut phone, _) = phone();
        phone.resident.shut_down().unwrap();
        match statement {
            Some(statement) => Connection::open(phone.path()).unwrap().execute_batch(statement).unwrap(),
            None => fs::write(phone.path(), b"somebody's photographs ".repeat(400)).unwrap(),
        }
        assert_eq!(phone.reopen().map(|_| ()), Err(HealthcodeError::Storage { kind }));
        erase_database(phone.config(), phone.ports()).unwrap();
        assert_eq!(files(phone.folder.path()), ["phone.db.lock"]);
        phone.resident = phone.reopen().unwrap();
        assert!(is_empty(&phone.resident));
    }
}

#[test]
fn a_damaged_file_is_written_over_before_it_is_deleted() {
    let (phone, _) = phone();
    let path = phone.path();
    phone.resident.shut_down().unwrap();
    fs::write(&path, b"somebody's photographs ".repeat(400)).unwrap();
    let erasure = Erasure::begin(&path, Vec::new()).unwrap();
    erasure.step(Step::Key, phone.vault.as_ref()).unwrap();
    assert!(fs::read(&path).unwrap().iter().all(|byte| *byte == 0));
    assert_eq!(fs::metadata(&path).unwrap().len(), 23 * 400);
}

#[test]
fn a_file_that_opens_is_erased_with_its_hardware_keys_once_nobody_has_it_open() {
    let (phone, _) = phone();
    let busy = HealthcodeError::Storage { kind: StorageKind::Busy };
    assert_eq!(erase_database(phone.config(), phone.ports()), Err(busy.clone()));
    assert_eq!(phone.resident.home().unwrap().subjects.len(), 2);
    phone.resident.shut_down().unwrap();
    // Another process, as far as the lock can tell.
    let lock = fs::OpenOptions::new().write(true).open(phone.folder.path().join("phone.db.lock")).unwrap();
    rustix::fs::flock(&lock, rustix::fs::FlockOperation::NonBlockingLockExclusive).unwrap();
    assert_eq!(erase_database(phone.config(), phone.ports()), Err(busy));
    drop(lock);
    phone.vault.locked.store(true, Ordering::SeqCst);
    let locked = HealthcodeError::Vault { kind: VaultKind::Locked };
    assert_eq!(erase_database(phone.config(), phone.ports()), Err(locked));
    phone.vault.locked.store(false, Ordering::SeqCst);
    assert_eq!(phone.reopen().unwrap().home().unwrap().subjects.len(), 2, "nothing was erased");
    erase_database(phone.config(), phone.ports()).unwrap();
    assert_eq!(phone.vault.names(), [""; 0]);
    assert_eq!(files(phone.folder.path()), ["phone.db.lock"]);
}

#[test]
fn whoever_only_looks_finds_no_file_once_an_erasure_has_begun() {
    let (phone, _) = phone();
    let look = Resident::open_read_only(phone.config(), phone.ports()).unwrap();
    assert_eq!(look.erase(None), Err(HealthcodeError::Storage { kind: StorageKind::ReadOnly }));
    let core = phone.core();
    core.store.begin_erasing(all_hardware_keys).unwrap();
    let gone = HealthcodeError::Storage { kind: StorageKind::Unreachable };
    assert_eq!(Resident::open_read_only(phone.config(), phone.ports()).map(|_| ()), Err(gone));
}

#[test]
fn readers_under_way_do_not_keep_a_file_from_being_erased() {
    let (phone, keys) = phone();
    let key = sealed_key(&phone.path());
    let subject = keys[0].subject.to_string();
    let readers: Vec<_> = (0..4)
        .map(|_| {
            let (resident, subject) = (Arc::clone(&phone.resident), subject.clone());
            std::thread::spawn(move || {
                loop {
                    if let Err(error) = resident.journal(subject.clone(), None) {
                        return error;
                    }
                }
            })
        })
        .collect();
    phone.resident.erase(None).unwrap();
    for reader in readers {
        assert_eq!(reader.join().unwrap(), HealthcodeError::Closed);
    }
    assert_eq!(files(phone.folder.path()), ["phone.db.lock"]);
    assert_eq!(holds(phone.folder.path(), &key), [""; 0]);
}
