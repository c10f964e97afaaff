//! Venues: each has a number of its issuer's, dense so that notices stay small, and a signed code for its door.

use std::path::Path;

use healthcode::rules::calendar::Timestamp;
use healthcode::rules::identity::Region;
use healthcode::rules::text::Text;
use healthcode::token::trust_list::{Object as _, seal};
use healthcode::token::venue::MAX_NAME;
use healthcode::token::{SoftwareKey, VenueCode};

use super::failed;
use crate::error::StartError;
use crate::key_file::{self, replace_file};

/// The number of the last venue; 0 before there is one. A file that is damaged is no file that is missing: numbers that
/// hang at doors must not be given twice.
pub(super) fn last(path: &Path) -> Result<u32, StartError> {
    match std::fs::read_to_string(path) {
        Ok(text) => text.trim().parse().map_err(|_| failed(&"the file that numbers venues is damaged")),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(0),
        Err(error) => Err(failed(&error)),
    }
}

/// Gives a venue the next number and signs its code. The number is kept before the code is anybody's.
pub(super) fn register(
    (path, keys): (&Path, &Path),
    key: &SoftwareKey,
    region: Region,
    name: Text,
    now: Timestamp,
) -> Result<(VenueCode, Vec<u8>), StartError> {
    let refused = |reason: String| StartError::Refused(reason);
    let _turn = key_file::turn(keys)?;
    let number = last(path)?.checked_add(1).ok_or_else(|| refused("there is no number left".to_owned()))?;
    let code = VenueCode::new(number, region, name, Timestamp::from_seconds(now.seconds()));
    code.check()
        .map_err(|_| refused(format!("a venue's name has 1 to {MAX_NAME} bytes in each language")))?;
    let signed = seal(&code, key)?;
    replace_file(path, number.to_string().as_bytes()).map_err(|error| failed(&error))?;
    Ok((code, signed))
}
