//! Faults of the file, its disk and its vault, each met through the objects that an app holds. Each is a typed error
//! that says what to do, and destroys nothing: once the fault is gone, everything that was accepted is there.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, reason = "tests")]
#![allow(clippy::panic, clippy::print_stdout, reason = "tests")]

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use healthcode::platform::{Vault, VaultError};
use healthcode::resident::{Entry, Resident};
use healthcode::sync::Config;
use healthcode::{HealthcodeError, StorageKind, VaultKind};
use healthcode_cli::vault::MemoryVault;
use healthcode_e2e::phone::{at_home, li_si};
use healthcode_faults::file::{Kept, accepted, config, error, ports, storage, tap, with};
use rusqlite::Connection;

const fn vault(kind: VaultKind) -> HealthcodeError {
    HealthcodeError::Vault { kind }
}

/// A vault that can be locked, that opens to another key, or that has lost its own.
struct FaultyVault {
    right: Arc<MemoryVault>,
    locked: AtomicBool,
    other_key: bool,
}

impl FaultyVault {
    fn new(other_key: bool) -> Arc<Self> {
        Arc::new(Self { right: MemoryVault::with_key([7; 32]), locked: AtomicBool::new(false), other_key })
    }

    fn lock(&self, locked: bool) {
        self.locked.store(locked, Ordering::SeqCst);
    }

    fn check(&self) -> Result<(), VaultError> {
        if self.locked.load(Ordering::SeqCst) { Err(VaultError::Locked) } else { Ok(()) }
    }
}

impl Vault for FaultyVault {
    fn seal(&self, plain: Vec<u8>) -> Result<Vec<u8>, VaultError> {
        self.check()?;
        self.right.seal(plain)
    }

    fn unseal(&self, sealed: Vec<u8>) -> Result<Vec<u8>, VaultError> {
        self.check()?;
        let plain = self.right.unseal(sealed)?;
        Ok(if self.other_key { vec![0; plain.len()] } else { plain })
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

/// Opens a copy under a fault that `damage` puts in and `mend` takes out, and sees that nothing changed meanwhile.
fn refused(
    expected: &HealthcodeError,
    damage: impl Fn(&Kept),
    open: impl Fn(&Kept) -> Result<Arc<Resident>, HealthcodeError>,
    mend: impl Fn(&Kept),
) {
    let kept = Kept::new();
    let before = kept.accepted();
    damage(&kept);
    let damaged = kept.bytes();
    for _ in 0..2 {
        assert_eq!(&error(open(&kept)), expected);
    }
    assert!(kept.bytes() == damaged, "not a byte is changed");
    mend(&kept);
    assert_eq!(kept.accepted(), before);
}

fn set_version(kept: &Kept, version: i64) {
    Connection::open(kept.database()).unwrap().pragma_update(None, "user_version", version).unwrap();
}

#[test]
fn another_key_is_told_and_destroys_nothing() {
    let open = |kept: &Kept| kept.open_with(FaultyVault::new(true));
    refused(&storage(StorageKind::WrongKey), |_| (), open, |_| ());
}

#[test]
fn a_vault_whose_entry_is_gone_is_told_and_destroys_nothing() {
    let open = |kept: &Kept| kept.open_with(MemoryVault::with_key([8; 32]));
    refused(&vault(VaultKind::Gone), |_| (), open, |_| ());
}

#[test]
fn a_file_of_a_later_schema_asks_for_an_update_and_is_left_alone() {
    let version = |kept: &Kept| -> i64 {
        let file = Connection::open(kept.database()).unwrap();
        file.query_row("PRAGMA user_version", [], |row| row.get(0)).unwrap()
    };
    let current = version(&Kept::new());
    let mend = |kept: &Kept| set_version(kept, current);
    refused(&storage(StorageKind::NewerSchema), |kept| set_version(kept, current + 1), Kept::open, mend);
    let mend = |kept: &Kept| set_version(kept, current);
    refused(&storage(StorageKind::NewerSchema), |kept| set_version(kept, current + 1), Kept::look, mend);
}

#[test]
fn a_vault_that_is_locked_is_temporary_and_nobody_is_enrolled_anew() {
    let kept = Kept::new();
    let before = kept.accepted();
    let keys = FaultyVault::new(false);
    keys.lock(true);
    assert_eq!(error(kept.open_with(keys.clone())), vault(VaultKind::Locked));
    keys.lock(false);
    let resident = kept.open_with(keys.clone()).unwrap();

    // Locked again while it is open: what needs no signature goes on.
    keys.lock(true);
    assert_eq!(tap(&resident, &before.subject), Err(vault(VaultKind::Locked)));
    assert_eq!(accepted(&resident), before);
    let asked = resident.one_time_code_call(li_si());
    assert_eq!(asked.map(|_| ()), Err(vault(VaultKind::Locked)));
    keys.lock(false);
    let operation = tap(&resident, &before.subject).unwrap();
    drop(resident);
    assert_eq!(kept.accepted(), with(&before, [operation]));
}

/// Every call that reads or writes, each to its error.
fn all_calls(resident: &Resident, subject: &str) -> Vec<Result<(), HealthcodeError>> {
    let own = || subject.to_owned();
    let declaration = at_home();
    vec![
        resident.home().map(|_| ()),
        resident.quarantine(own()).map(|_| ()),
        resident.code(own(), None).map(|_| ()),
        resident.form(None).map(|_| ()),
        resident.answered_challenges(own()).map(|_| ()),
        resident.whereabouts(own()).map(|_| ()),
        resident.exposures(own()).map(|_| ()),
        resident.appeals(own()).map(|_| ()),
        resident.papers(own()).map(|_| ()),
        resident.draft(Some(own()), "form".to_owned()).map(|_| ()),
        resident.enrolment_under_way().map(|_| ()),
        resident.preview(own(), declaration.clone()).map(|_| ()),
        tap(resident, subject).map(|_| ()),
        resident.record(own(), Entry::Declaration { declaration }).map(|_| ()),
        resident.exchange().and_then(|exchange| exchange.next(None)).map(|_| ()),
    ]
}

#[test]
fn a_damaged_page_is_told_wherever_it_is_and_the_rest_is_kept() {
    const PAGE: usize = 4096;
    let kept = Kept::new();
    let before = kept.accepted();
    let sound = kept.bytes();
    let mut told = Vec::new();
    let pages = sound.len() / PAGE;
    for page in 0..pages {
        let place = page * PAGE..(page + 1) * PAGE;
        let mut damaged = sound.clone();
        damaged.get_mut(place.clone()).unwrap().iter_mut().for_each(|byte| *byte ^= 0xa5);
        std::fs::write(kept.database(), &damaged).unwrap();
        let results = match kept.open() {
            Ok(resident) => all_calls(&resident, &before.subject),
            Err(error) => vec![Err(error)],
        };
        let errors: Vec<_> = results.into_iter().filter_map(Result::err).collect();
        for error in &errors {
            assert_eq!(error, &storage(StorageKind::Corrupt), "page {page}");
        }
        told.extend(errors.first().map(|_| page));
        // The page as it was: whatever was done meanwhile has not touched the others.
        let mut mended = kept.bytes();
        let now = mended.get_mut(place.clone()).unwrap();
        if *now == damaged[place.clone()] {
            now.copy_from_slice(&sound[place]);
            std::fs::write(kept.database(), &mended).unwrap();
            let after = kept.accepted();
            assert!(after.check_ins.is_superset(&before.check_ins), "page {page}");
        }
        std::fs::write(kept.database(), &sound).unwrap();
    }
    println!("{} of {pages} damaged pages are told", told.len());
    // An index that no query asks is the only page that can go unseen.
    assert!(told.len() + 3 >= pages, "{told:?}");
    assert_eq!(kept.accepted(), before);
}

#[test]
fn a_damaged_header_is_told_or_makes_no_difference() {
    let kept = Kept::new();
    let before = kept.accepted();
    let sound = kept.bytes();
    let mut errors = BTreeMap::new();
    for byte in 0..100 {
        let mut damaged = sound.clone();
        *damaged.get_mut(byte).unwrap() ^= 0xff;
        std::fs::write(kept.database(), &damaged).unwrap();
        match kept.open() {
            Ok(resident) => assert_eq!(accepted(&resident), before, "byte {byte}"),
            Err(HealthcodeError::Storage { kind }) => *errors.entry(format!("{kind:?}")).or_insert(0) += 1,
            Err(error) => panic!("byte {byte}: {error:?}"),
        }
    }
    std::fs::write(kept.database(), &sound).unwrap();
    assert_eq!(kept.accepted(), before);
    println!("damaged bytes of the header: {errors:?}");
    assert!(errors.values().sum::<i32>() >= 16, "the magic bytes at least: {errors:?}");
}

#[test]
fn a_file_that_is_not_there_is_made_by_an_opening_and_never_by_a_look() {
    let kept = Kept::new();
    std::fs::remove_file(kept.database()).unwrap();
    assert_eq!(error(kept.look()), storage(StorageKind::Unreachable));
    let files: Vec<_> = std::fs::read_dir(kept.folder()).unwrap().collect();
    assert!(files.is_empty(), "{files:?}");
    let elsewhere = config(&kept.folder().join("missing").join("phone.db"));
    let opened = Resident::open(elsewhere, ports(MemoryVault::with_key([7; 32])));
    assert_eq!(error(opened), storage(StorageKind::Unreachable));
    std::fs::create_dir(kept.database()).unwrap();
    assert_eq!(error(kept.open()), storage(StorageKind::Unreachable));
    assert_eq!(error(kept.look()), storage(StorageKind::Unreachable));
    std::fs::remove_dir(kept.database()).unwrap();
    assert!(kept.open().unwrap().home().unwrap().subjects.is_empty());
    assert!(kept.look().unwrap().home().unwrap().subjects.is_empty());
}

#[test]
fn one_file_has_one_instance_of_one_configuration() {
    let kept = Kept::new();
    let resident = kept.open().unwrap();
    let same = kept.config();
    let key = MemoryVault::with_key([7; 32]);
    let open = |config: Config| Resident::open(config, ports(key.clone()));
    let other: [(&str, Config); 9] = [
        ("server", Config { server: "https://other.example.org".to_owned(), ..same.clone() }),
        ("issuer", Config { issuer: "shenzhen".to_owned(), ..same.clone() }),
        (
            "root_keys",
            Config { root_keys: [same.root_keys.clone(), same.root_keys.clone()].concat(), ..same.clone() },
        ),
        ("root_threshold", Config { root_threshold: 2, ..same.clone() }),
        ("root_version", Config { root_version: 2, ..same.clone() }),
        ("trust_list_floor", Config { trust_list_floor: 9, ..same.clone() }),
        ("built_at", Config { built_at: same.built_at.plus_millis(1), ..same.clone() }),
        ("cleartext_hosts", Config { cleartext_hosts: vec!["other".to_owned()], ..same.clone() }),
        ("tls_roots", Config { tls_roots: vec![vec![0]], ..same.clone() }),
    ];
    for (field, config) in other {
        // What no set of roots can be is said before it is compared.
        let reason =
            if field.starts_with("root_") && field != "root_version" { "out-of-range" } else { "differs" };
        let expected = HealthcodeError::InvalidField { field: field.to_owned(), reason: reason.to_owned() };
        assert_eq!(error(open(config)), expected);
    }
    // The same file by another name, in the same configuration: what one records, the other shows.
    let name = kept.folder().join(".").join("phone.db");
    let again = open(Config { database: name.to_str().unwrap().to_owned(), ..same.clone() }).unwrap();
    tap(&resident, &accepted(&resident).subject).unwrap();
    assert_eq!(accepted(&again), accepted(&resident));
    drop(resident);
    // Once it is closed by all, it may be opened in another one.
    assert!(open(Config { root_version: 2, ..same.clone() }).is_err());
    drop(again);
    assert!(open(Config { root_version: 2, ..same }).is_ok());
}

#[test]
fn each_fault_says_in_both_languages_what_to_do() {
    use StorageKind::{Busy, Corrupt, Full, NewerSchema, ReadOnly, Unreachable, WrongKey};
    let storages = [Busy, Full, ReadOnly, Corrupt, NewerSchema, WrongKey, Unreachable].map(storage);
    let vaults = [VaultKind::Locked, VaultKind::Gone, VaultKind::Refused].map(vault);
    let texts: BTreeSet<_> =
        storages.iter().chain(&vaults).map(|error| (error.text().zh, error.text().en)).collect();
    assert_eq!(texts.len(), 10, "each its own");
}
