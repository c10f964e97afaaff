//! The outage notices beside the database: a CBOR array of byte strings, one an issuer, as it is published. Signed by the
//! root set in force: after a change of the set they are signed anew.

use std::path::Path;

use healthcode::rules::calendar::Timestamp;
use healthcode::token::outage::{MAX_ALL_BYTES, MAX_BYTES, MAX_HOURS};
use healthcode::token::root::Document;
use healthcode::token::{OutageNotice, RootContent, cbor, root};
use minicbor::bytes::ByteVec;

use crate::error::StartError;
use crate::key_file::{self, replace_file};
use crate::keys::Keys;
use crate::state::YEAR_2020;

/// The notices as they are published, each signed by the root set in force.
pub(crate) fn current(
    keys_path: &Path,
    path: &Path,
    keys: &Keys,
    now: Timestamp,
) -> Result<Vec<u8>, StartError> {
    let Some((bytes, notices)) = read(path)? else { return Ok(cbor::encode(&Vec::<ByteVec>::new())) };
    if notices.iter().all(|(notice, _)| notice.root_version >= keys.root_version() || now >= notice.ends_at) {
        return Ok(bytes);
    }
    let _turn = key_file::turn(keys_path)?;
    let Some((_, notices)) = read(path)? else { return Ok(bytes) };
    let resigned = notices.into_iter().map(|(notice, bytes)| {
        if notice.root_version >= keys.root_version() || now >= notice.ends_at {
            return Ok(bytes);
        }
        let notice = OutageNotice {
            root_version: keys.root_version(),
            version: notice.version.saturating_add(1),
            ..notice
        };
        Ok(ByteVec::from(notice.sign(&keys.root_signers())?))
    });
    write(path, &resigned.collect::<Result<Vec<_>, StartError>>()?)
}

/// Signs a notice and puts it in the place of the issuer's last one.
pub(crate) fn declare(
    keys_path: &Path,
    path: &Path,
    keys: &Keys,
    (issuer, hours, until): (&str, u16, Timestamp),
    now: Timestamp,
) -> Result<Vec<u8>, StartError> {
    let refused = |reason: String| Err(StartError::Refused(reason));
    let (at, until) = (Timestamp::from_seconds(now.seconds()), Timestamp::from_seconds(until.seconds()));
    if hours > MAX_HOURS {
        return refused(format!("an outage notice gives {MAX_HOURS} hours at most"));
    }
    if until <= at {
        return refused("the end of the outage has passed".to_owned());
    }
    if !(1..=64).contains(&issuer.len()) {
        return refused("an issuer's id has 1 to 64 characters".to_owned());
    }
    let _turn = key_file::turn(keys_path)?;
    let mut notices = read(path)?.map(|(_, notices)| notices).unwrap_or_default();
    let last = notices.iter().find(|(notice, _)| notice.issuer == issuer);
    let last = last.map_or(0, |(notice, _)| notice.version);
    // By the clock, so that the version grows also where the file was lost.
    let by_clock = u32::try_from(at.since(YEAR_2020).div_euclid(1_000)).unwrap_or(0);
    let version = by_clock.max(last.saturating_add(1));
    let notice = OutageNotice::new(keys.root_version(), issuer.to_owned(), version, at, until, hours);
    let signed = notice.sign(&keys.root_signers())?;
    if signed.len() > MAX_BYTES {
        return refused("the notice of so many root keys does not fit a QR code".to_owned());
    }
    notices.retain(|(notice, _)| notice.issuer != issuer && at < notice.ends_at);
    let mut all: Vec<_> = notices.into_iter().map(|(_, bytes)| bytes).collect();
    all.push(signed.clone().into());
    if cbor::encode(&all).len() > MAX_ALL_BYTES {
        return refused("there are too many notices".to_owned());
    }
    write(path, &all)?;
    Ok(signed)
}

type Notices = Vec<(OutageNotice, ByteVec)>;

/// The file and what it says; none where there is none.
fn read(path: &Path) -> Result<Option<(Vec<u8>, Notices)>, StartError> {
    let failed = |reason: &dyn std::fmt::Display| StartError::Outages(reason.to_string());
    let bytes = match std::fs::read(path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(failed(&error)),
    };
    let notices: Vec<ByteVec> = cbor::decode(&bytes, MAX_ALL_BYTES).map_err(|error| failed(&error))?;
    let notices = notices.into_iter().map(|bytes| {
        let document = Document::parse(&bytes, MAX_BYTES)?;
        Ok((cbor::decode(document.unverified_payload(), MAX_BYTES)?, bytes))
    });
    let notices = notices.collect::<Result<_, healthcode::token::FormatError>>();
    Ok(Some((bytes, notices.map_err(|error| failed(&error))?)))
}

fn write(path: &Path, notices: &[ByteVec]) -> Result<Vec<u8>, StartError> {
    let bytes = cbor::encode(&notices.to_vec());
    replace_file(path, &bytes).map_err(|error| StartError::Outages(error.to_string()))?;
    Ok(bytes)
}

/// What a root document says, to be verified by whoever follows it.
pub(crate) fn root_content(document: &[u8]) -> Option<RootContent> {
    let document = Document::parse(document, root::MAX_BYTES).ok()?;
    cbor::decode(document.unverified_payload(), root::MAX_BYTES).ok()
}

/// When a root document's set ends.
pub(crate) fn root_expiry(document: &[u8]) -> Option<Timestamp> {
    root_content(document).map(|content| content.expires_at)
}
