//! Erasing, at the resident's wish or because the file is of no use any more. One subject's rows go in one
//! transaction, then its hardware keys, then everything else is sealed under a new key. All of it is destroyed key first, by
//! [`Store::begin_erasing`]. Either way, what was cut off is finished at the next opening.

#![allow(clippy::needless_pass_by_value, reason = "what crosses the border is owned")]

use std::sync::PoisonError;

use serde::{Deserialize, Serialize};

use crate::error::{HealthcodeError, StorageKind, VaultKind};
use crate::platform::{LogLevel, Ports};
use crate::rules::identity::Identity;
use crate::store::{
    HolderKeyBody, Store, SubjectKey, Transaction, canonical_path, delete_hardware_keys, erase_unopened,
    finish_erasing,
};
use crate::sync::Config;
use crate::sync::cancel::Hold;
use crate::sync::enrol::{ASKED, ENROLMENT};
use crate::sync::handover::HANDOVER;
use crate::sync::phone::{Phone, place_of};

/// The name of the document that says what an erasure of a subject has left to do.
const ERASURE: &str = "erasure";
/// What may be under way, each with a key of its own.
const UNDER_WAY: [&str; 3] = [ENROLMENT, ASKED, HANDOVER];

/// What is left to do once a subject's rows are gone: these hardware keys, then the new database key.
#[derive(Default, Serialize, Deserialize)]
struct Left {
    hardware: Vec<String>,
}

/// An enrolment or a handover under way, as far as an erasure reads it.
#[derive(Deserialize)]
struct Enrolling {
    /// None of a handover to which nobody has agreed yet.
    identity: Option<Identity>,
    key: HolderKeyBody,
}

/// Destroys the database key, the hardware keys and the phone's file, without opening it: for a file whose key is gone
/// from the vault, that belongs to another key, or that is damaged. It finishes at the next opening if it is cut off.
/// Hardware keys are deleted as far as the file still names them. A file that opens is erased by
/// [`crate::resident::Resident::erase`].
///
/// What waits to be sent is lost. A new enrolment follows.
///
/// # Errors
///
/// `Storage` with `Busy` while another process, or an object of this one, has the file open; `ReadOnly`, `Full` and
/// `Unreachable` where it cannot be deleted. `Vault` with `Locked` is temporary: it may be the whole reason why the
/// file did not open, and nothing is erased for it.
#[uniffi::export]
pub fn erase_database(config: Config, ports: Ports) -> Result<(), HealthcodeError> {
    let vault = ports.vault.as_ref();
    let path = canonical_path(&config.database)?;
    let place = place_of(&path);
    let open = place.lock().unwrap_or_else(PoisonError::into_inner);
    if open.upgrade().is_some_and(|phone| !phone.store.is_closed()) {
        return Err(HealthcodeError::Storage { kind: StorageKind::Busy });
    }
    finish_erasing(&path, vault)?;
    match Store::open(&path, vault).map_err(HealthcodeError::from) {
        Ok(store) => store.begin_erasing(all_hardware_keys)?.run(vault)?,
        Err(
            error @ (HealthcodeError::Storage { kind: StorageKind::Busy }
            | HealthcodeError::Vault { kind: VaultKind::Locked }),
        ) => return Err(error),
        Err(_) => erase_unopened(&path, vault)?,
    }
    Ok(())
}

/// Everything; the phone's objects are closed.
pub(super) fn everything(hold: &Hold, phone: &Phone) -> Result<(), HealthcodeError> {
    // None opens the file anew before it is gone.
    let place = place_of(phone.store.path());
    let _open = place.lock().unwrap_or_else(PoisonError::into_inner);
    let erasure = phone.store.begin_erasing(all_hardware_keys)?;
    hold.close();
    let done = erasure.run(phone.ports.vault.as_ref());
    phone.store.let_go();
    Ok(done?)
}

/// One subject.
pub(super) fn subject(phone: &Phone, key: &SubjectKey) -> Result<(), HealthcodeError> {
    phone.store.write(|file| {
        let body = file.subject(key)?.ok_or(HealthcodeError::UnknownSubject)?;
        let mut left: Left = file.json_document(ERASURE)?.unwrap_or_default();
        left.hardware.extend(file.holder_keys(key)?.into_iter().filter_map(|(_, body)| hardware(body)));
        // A second enrolment of the same person may be under way.
        let same = |enrolling: &Enrolling| {
            enrolling.identity.as_ref().is_some_and(|identity| identity.document == body.identity.document)
        };
        for document in UNDER_WAY {
            let enrolling: Option<Enrolling> = file.json_document(document)?;
            if let Some(enrolling) = enrolling.filter(same) {
                left.hardware.extend(hardware(enrolling.key));
                file.delete_document(document)?;
            }
        }
        file.delete_subject(key)?;
        file.forget_drafts(key.subject)?;
        file.put_json_document(ERASURE, &left)?;
        Ok::<_, HealthcodeError>(())
    })?;
    finish_subject(phone)
}

/// Finishes an erasure of a subject that was cut off after its rows were gone.
pub(super) fn finish_subject(phone: &Phone) -> Result<(), HealthcodeError> {
    let left: Option<Left> = phone.store.read(|file| file.json_document(ERASURE))?;
    let Some(left) = left else { return Ok(()) };
    let vault = phone.ports.vault.as_ref();
    delete_hardware_keys(&left.hardware, vault)?;
    phone.store.rotate(vault)?;
    phone.store.write_unseen(|file| file.delete_document(ERASURE))?;
    Ok(())
}

/// The names of the file's hardware keys, as far as they can be read: a damaged row must not keep the rest from going.
fn all_hardware_keys(file: &Transaction<'_>) -> Vec<String> {
    let mut bodies = Vec::new();
    for key in file.subjects().unwrap_or_default() {
        bodies.extend(file.holder_keys(&key).unwrap_or_default().into_iter().map(|(_, body)| body));
    }
    for document in UNDER_WAY {
        let enrolling: Option<Enrolling> = file.json_document(document).unwrap_or_default();
        bodies.extend(enrolling.map(|enrolling| enrolling.key));
    }
    let left: Option<Left> = file.json_document(ERASURE).unwrap_or_default();
    let left = left.unwrap_or_default().hardware;
    bodies.into_iter().filter_map(hardware).chain(left).collect()
}

fn hardware(body: HolderKeyBody) -> Option<String> {
    match body {
        HolderKeyBody::Hardware { name, .. } => Some(name),
        HolderKeyBody::Software { .. } => None,
    }
}

/// Finishes at opening what was cut off; what does not succeed now is tried again at the next one.
pub(super) fn at_open(phone: &Phone) {
    if let Err(error) = finish_subject(phone) {
        phone.log(LogLevel::Warning, format!("an erasure is not finished: {error}"));
    }
}

#[cfg(test)]
mod tests;
