//! The log of officers' acts: one chain for each person, one for the acts that concern nobody. An entry's digest covers
//! the entry before, so that whoever holds one can tell a log that was changed or cut. What was signed may name a
//! document; it is sealed under a secret that lies beside the database and not in it.

use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use healthcode::rules::calendar::Timestamp;
use healthcode::token::ids::{SubjectId, hex};
use healthcode::token::key::KeyId;
use healthcode::wire::{Act, OfficerRequest};
use rusqlite::{Connection, OpenFlags};

use super::registry;
use super::roles::word_of;
use crate::error::{ServerError, StartError};
use crate::keys::{Keys, random};
use crate::operator::Operator;
use crate::trust::digest;

/// What stands before the first entry.
pub(crate) const BEGINNING: [u8; 32] = [0; 32];
/// Under this name stand the acts that concern nobody: lists.
pub(crate) const NOBODY: SubjectId = SubjectId([0; 16]);

const NONCE: usize = 24;
const READ_LOG: &str = "SELECT subject, place, request, signed, entry FROM act ORDER BY subject, place";

/// The digest of an entry.
pub(crate) fn chained(previous: &[u8; 32], signed: &[u8]) -> [u8; 32] {
    digest(&[previous.as_slice(), signed].concat())
}

fn cipher(keys: &Keys) -> XChaCha20Poly1305 {
    XChaCha20Poly1305::new(&keys.pseudonym(&[b"act-log"]).into())
}

fn place(subject: SubjectId, request: [u8; 16]) -> Vec<u8> {
    [subject.as_bytes().as_slice(), &request].concat()
}

/// Seals what was signed, for its place in the log.
pub(crate) fn sealed(
    keys: &Keys,
    subject: SubjectId,
    request: [u8; 16],
    signed: &[u8],
) -> Result<Vec<u8>, ServerError> {
    let nonce: [u8; NONCE] = random()?;
    let payload = Payload { msg: signed, aad: &place(subject, request) };
    let sealed = cipher(keys).encrypt(&XNonce::from(nonce), payload);
    Ok([nonce.as_slice(), &sealed.map_err(|_| ServerError::Internal("log/seal"))?].concat())
}

fn unsealed(keys: &Keys, subject: SubjectId, request: [u8; 16], sealed: &[u8]) -> Option<Vec<u8>> {
    let (nonce, sealed) = sealed.split_first_chunk::<NONCE>()?;
    let payload = Payload { msg: sealed, aad: &place(subject, request) };
    cipher(keys).decrypt(&XNonce::from(*nonce), payload).ok()
}

/// An entry of the log, as an operator reads it.
#[derive(Clone, Debug)]
pub struct LogEntry {
    /// Whom it concerns; none for a list.
    pub subject: Option<SubjectId>,
    /// Its place in the log about the person, from 1 on.
    pub place: u64,
    /// The name of the request.
    pub request: [u8; 16],
    /// When the officer signed it, by the officer's clock.
    pub at: Timestamp,
    /// The id of the officer's key.
    pub key: KeyId,
    /// What the authority calls the officer, or called until the removal; none where the key was never registered here,
    /// and then its signature is not verified here.
    pub officer: Option<String>,
    /// Whether the officer was removed since.
    pub removed: bool,
    /// The act's word, such as `order`.
    pub act: &'static str,
    /// The act.
    pub content: Act,
    /// The entry's digest, as the resident's phone has it.
    pub entry: [u8; 32],
}

impl Operator {
    /// Reads the log of officers' acts and verifies it: every chain from its beginning, every digest, and the signature of
    /// every officer who is or was registered.
    ///
    /// # Errors
    ///
    /// [`StartError::Officers`] where an entry is missing, changed or not signed as it says; the files cannot be read.
    pub fn officers_log(&self) -> Result<Vec<LogEntry>, StartError> {
        let keys = self.read()?;
        let officers = registry::read(&self.officers)?;
        let unread = |error: rusqlite::Error| StartError::Database(error.to_string());
        let file = Connection::open_with_flags(&self.database, OpenFlags::SQLITE_OPEN_READ_ONLY);
        let file = file.map_err(unread)?;
        let mut statement = file.prepare(READ_LOG).map_err(unread)?;
        let rows = statement.query_map([], |row| {
            let subject: [u8; 16] = row.get(0)?;
            let (request, signed): ([u8; 16], Vec<u8>) = (row.get(2)?, row.get(3)?);
            Ok((SubjectId(subject), row.get::<_, i64>(1)?, request, signed, row.get::<_, [u8; 32]>(4)?))
        });
        let mut entries = Vec::new();
        let mut last = (NOBODY, 0, BEGINNING);
        for row in rows.map_err(unread)? {
            let (subject, place, request, signed, entry) = row.map_err(unread)?;
            let wrong = || {
                let reason = format!("the log about {subject} is not as it was written, at place {place}");
                StartError::Officers(reason)
            };
            if last.0 != subject {
                last = (subject, 0, BEGINNING);
            }
            let signed = unsealed(&keys, subject, request, &signed).ok_or_else(wrong)?;
            if place != last.1 + 1 || chained(&last.2, &signed) != entry {
                return Err(wrong());
            }
            last = (subject, place, entry);
            let place = u64::try_from(place).map_err(|_| wrong())?;
            let key = OfficerRequest::key_id(&signed).map_err(|_| wrong())?;
            let officer = officers.iter().find(|officer| officer.id() == key);
            let read = match officer.and_then(registry::Known::public_key) {
                Some(public) => OfficerRequest::open(&signed, &public).map_err(|_| wrong())?,
                None => OfficerRequest::unverified(&signed).map_err(|_| wrong())?,
            };
            if read.request != request {
                return Err(wrong());
            }
            entries.push(LogEntry {
                subject: Some(subject).filter(|subject| *subject != NOBODY),
                place,
                request,
                at: read.at,
                key,
                officer: officer.map(|officer| officer.name.clone()),
                removed: officer.is_some_and(|officer| officer.removed),
                act: word_of(&read.act),
                content: read.act,
                entry,
            });
        }
        Ok(entries)
    }
}

/// A request's name, as answers and the command line write it.
pub(crate) fn name_of(request: [u8; 16]) -> String {
    hex(&request)
}
