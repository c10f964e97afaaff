//! What a code reveals, for the screen on which a resident asks.

use crate::error::HealthcodeError;
use crate::token::disclosure::{Disclosure, DisclosureError};

/// Tells what a text, from a QR code or typed, reveals to whoever scans it: a resident's own code, a checkpoint's
/// challenge, or whatever else a camera meets. Needs no phone's file, no network and no clock. Nothing is verified: a
/// forged code is explained like a true one.
///
/// # Errors
///
/// `InvalidField` for `text`, where it begins like a code of this system and is none: `too-long`, `base45` (cut off or
/// changed on its way), or the name of what its bytes have wrong. A text of another kind is no error.
#[uniffi::export]
pub fn explain_disclosure(text: String) -> Result<Disclosure, HealthcodeError> {
    Ok(Disclosure::of(&text)?)
}

impl From<DisclosureError> for HealthcodeError {
    fn from(error: DisclosureError) -> Self {
        Self::field("text", error.to_string())
    }
}
