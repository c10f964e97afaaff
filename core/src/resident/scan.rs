//! What a scanned text is to a resident's app. Nothing is recorded by looking.

#![allow(clippy::needless_pass_by_value, reason = "what crosses the border is owned")]

use super::{Resident, whereabouts};
use crate::error::HealthcodeError;
use crate::rules::text::Text;
use crate::token::HandoverCode;
use crate::token::code_text::{CodeText, CodeTextError, Foreign, Prefix};

/// What a scanned text is to a resident's app.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Enum)]
pub enum ScannedText {
    /// A gate's challenge: give the text to [`Resident::code`] and show what it returns.
    Challenge {
        /// How the gate names itself; nobody vouches for it.
        gate: String,
    },
    /// A resident's code: only a checkpoint's app reads those.
    Code,
    /// A venue's code, signed by a listed issuer: give the text to [`Resident::enter_venue`].
    Venue {
        /// What the venue calls itself.
        name: Text,
    },
    /// A venue's code that no issuer of the trust list has signed: anybody may have printed it.
    UnsignedVenue,
    /// Another phone asks for a subject: let the person choose whom, ask whether it is meant, then give the text to
    /// [`Resident::hand_over`] and show what it returns.
    HandoverRequest,
    /// The phone of before has agreed to hand a subject over to the phone whose code it scanned: give the text to
    /// `take_over`.
    Handover,
    /// A code of this system that this app does not read: paper, outage notice.
    OtherKind,
    /// Something else.
    Foreign {
        /// What it is.
        what: Foreign,
    },
    /// It begins like a code of this system and is damaged.
    Damaged,
}

#[uniffi::export]
impl Resident {
    /// What a scanned text is.
    ///
    /// # Errors
    ///
    /// `NotSynced` for a venue's code before the first trust list has come.
    pub fn scan(&self, text: String) -> Result<ScannedText, HealthcodeError> {
        Ok(match CodeText::parse(&text) {
            Ok(code) => match code.prefix {
                Prefix::Challenge => crate::token::Challenge::parse(&code.bytes)
                    .map_or(ScannedText::Damaged, |challenge| ScannedText::Challenge {
                        gate: challenge.gate,
                    }),
                Prefix::Code => ScannedText::Code,
                Prefix::Venue => return whereabouts::scanned(self.phone()?.as_ref(), &text),
                Prefix::Handover => match HandoverCode::parse(&code.bytes) {
                    Ok(HandoverCode::Asked { .. }) => ScannedText::HandoverRequest,
                    Ok(HandoverCode::Agreed { .. }) => ScannedText::Handover,
                    Err(_) => ScannedText::Damaged,
                },
                Prefix::Paper | Prefix::Outage => ScannedText::OtherKind,
            },
            Err(CodeTextError::Foreign(what)) => ScannedText::Foreign { what },
            Err(CodeTextError::Base45 | CodeTextError::TooLong) => ScannedText::Damaged,
        })
    }
}
