//! A vault that takes its time, or calls back: what it signs is signed before anything is locked, and holds.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::disallowed_methods, reason = "tests")]

use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use healthcode::platform::{Ports, Vault, VaultError};
use healthcode::resident::Resident;
use healthcode_cli::vault::MemoryVault;
use healthcode_e2e::phone::li_si;
use healthcode_faults::house::{House, Phone};
use p256::ecdsa::signature::Signer as _;
use p256::ecdsa::{Signature, SigningKey};

type Interruption = Box<dyn FnOnce() + Send>;

/// A vault with a hardware key, on which a signature takes a while, and in which something may happen meanwhile.
struct Hardware {
    memory: Arc<MemoryVault>,
    key: SigningKey,
    takes: Duration,
    meanwhile: Mutex<Option<Interruption>>,
}

impl Hardware {
    fn new(takes: Duration) -> Arc<Self> {
        let key = SigningKey::from_slice(&[7; 32]).unwrap();
        Arc::new(Self { memory: MemoryVault::with_key([7; 32]), key, takes, meanwhile: Mutex::new(None) })
    }
}

impl Vault for Hardware {
    fn seal(&self, plain: Vec<u8>) -> Result<Vec<u8>, VaultError> {
        self.memory.seal(plain)
    }

    fn unseal(&self, sealed: Vec<u8>) -> Result<Vec<u8>, VaultError> {
        self.memory.unseal(sealed)
    }

    fn hardware_public_key(&self, _: String) -> Result<Option<Vec<u8>>, VaultError> {
        Ok(Some(self.key.verifying_key().to_sec1_point(true).as_bytes().to_vec()))
    }

    fn sign(&self, _: String, message: Vec<u8>) -> Result<Vec<u8>, VaultError> {
        let meanwhile = self.meanwhile.lock().unwrap().take();
        if let Some(meanwhile) = meanwhile {
            meanwhile();
        }
        std::thread::sleep(self.takes);
        let signature: Signature = self.key.sign(&message);
        Ok(signature.to_bytes().to_vec())
    }

    fn delete(&self, _: String) -> Result<(), VaultError> {
        Ok(())
    }
}

fn phone(house: &House, vault: Arc<Hardware>) -> Phone {
    let ports = Ports { vault, ..house.ports() };
    let resident = Resident::open(house.config("hardware.db", "http://127.0.0.1:1"), ports).unwrap();
    house.enrol(resident, li_si())
}

fn house() -> House {
    House::open(Path::new(env!("CARGO_TARGET_TMPDIR")))
}

#[test]
fn an_entry_recorded_while_the_vault_signs_another_takes_its_place_before_it() {
    let house = house();
    let vault = Hardware::new(Duration::ZERO);
    let phone = phone(&house, vault.clone());
    phone.become_yellow(&house);
    let (resident, subject) = (Arc::clone(&phone.resident), phone.subject.clone());
    let other = Phone { resident, subject };
    *vault.meanwhile.lock().unwrap() = Some(Box::new(move || other.tap()));
    phone.tap();
    assert_eq!(phone.resident.home().unwrap().sync.waiting, 2);
    assert_eq!(phone.sync(&house).report.accepted, 2);
}

#[test]
fn a_sync_that_brings_an_order_while_the_vault_signs_is_named_by_the_entry() {
    let house = Arc::new(house());
    let vault = Hardware::new(Duration::ZERO);
    let phone = phone(&house, vault.clone());
    let (resident, subject) = (Arc::clone(&phone.resident), phone.subject.clone());
    let (other, theirs) = (Phone { resident, subject }, Arc::clone(&house));
    *vault.meanwhile.lock().unwrap() = Some(Box::new(move || other.become_yellow(&theirs)));
    phone.tap();
    let quarantine = phone.resident.quarantine(phone.subject.clone()).unwrap().unwrap();
    assert_eq!(quarantine.counted, 1, "the tap names the order that came meanwhile, and counts for its day");
}

#[test]
fn nobody_waits_for_a_vault_that_takes_its_time() {
    let house = house();
    let vault = Hardware::new(Duration::from_millis(300));
    let phone = phone(&house, vault);
    let resident = Arc::clone(&phone.resident);
    std::thread::scope(|scope| {
        let tap = scope.spawn(|| phone.tap());
        std::thread::sleep(Duration::from_millis(100));
        let from = Instant::now();
        resident.home().unwrap();
        assert!(!tap.is_finished(), "the vault is still at it");
        assert!(from.elapsed() < Duration::from_millis(150), "the first screen waited {:?}", from.elapsed());
    });
}

#[test]
fn entries_from_many_threads_make_one_chain() {
    let house = house();
    let phone = phone(&house, Hardware::new(Duration::from_millis(1)));
    phone.become_yellow(&house);
    std::thread::scope(|scope| {
        for _ in 0..6 {
            scope.spawn(|| (0..10).for_each(|_| phone.tap()));
        }
    });
    assert_eq!(phone.resident.home().unwrap().sync.waiting, 60);
    let report = phone.sync(&house).report;
    assert_eq!((report.accepted, report.refused, report.waiting), (60, 0, 0));
}
