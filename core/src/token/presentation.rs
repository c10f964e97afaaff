//! A presentation: a gate token with the holder's signature of now. Over `{token, time, flags}` it is shown
//! (`hc/1/show`), a new one every 30 s; over `{token, nonce, flags}` it answers a gate's challenge (`hc/1/answer`).
//! The type of the second item is the mode. `[token, time as uint32 | 4 bytes, flags]`.

use minicbor::data::Type;
use minicbor::decode::Error as DecodeError;
use minicbor::encode::{Error as EncodeError, Write};
use minicbor::{Decode, Decoder, Encode, Encoder};

use super::cbor;
use super::envelope::{self, FormatError, Kind, Naming, Sign1, TokenError};
use super::key::{PublicKey, Signer, SignerError};
use crate::rules::calendar::Timestamp;

/// The most bytes of a presentation.
pub const MAX_BYTES: usize = 448;
/// How often a phone makes a new one, in milliseconds.
pub const REFRESH_MILLIS: u32 = 30_000;

/// What a presentation answers to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Mode {
    /// It is shown at this instant, to the second.
    Shown(Timestamp),
    /// It answers the challenge whose nonce begins so.
    Answer([u8; 4]),
}

/// What the phone says of itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Flags {
    /// The phone has lowered its own standing: a green token counts as yellow.
    pub lowered: bool,
}

/// The content of a presentation.
#[derive(Clone, PartialEq, Eq)]
pub struct Presentation {
    /// The gate token's bytes.
    pub token: Vec<u8>,
    /// What it answers to.
    pub mode: Mode,
    /// What the phone says of itself.
    pub flags: Flags,
}

impl Presentation {
    /// Signs it with the holder's key; an answer over the challenge's bytes.
    pub fn sign(&self, challenge: Option<&[u8]>, holder: &dyn Signer) -> Result<Vec<u8>, SignerError> {
        let kind = challenge.map_or(Kind::Show, Kind::answer_to);
        envelope::sign(kind, Naming::Implied, &cbor::encode(self), holder)
    }
}

/// A presentation as scanned: its content can be read to find the token, and is believed once verified.
#[derive(Debug)]
pub struct Scanned<'b> {
    envelope: Sign1<'b>,
    content: Presentation,
}

impl<'b> Scanned<'b> {
    /// Reads the bytes of an `H1:` code.
    pub fn parse(bytes: &'b [u8]) -> Result<Self, FormatError> {
        let envelope = Sign1::parse(bytes, MAX_BYTES)?;
        if envelope.key_id().is_some() {
            return Err(FormatError::ProtectedHeader);
        }
        let content = cbor::decode(envelope.unverified_payload()?, MAX_BYTES)?;
        Ok(Self { envelope, content })
    }

    /// The content, not yet verified.
    #[must_use]
    pub const fn content(&self) -> &Presentation {
        &self.content
    }

    /// Checks the holder's signature: of a shown presentation, or of an answer to the challenge of these bytes.
    pub fn verify(&self, holder: &PublicKey, challenge: Option<&[u8]>) -> Result<(), TokenError> {
        let kind = match (self.content.mode, challenge) {
            (Mode::Shown(_), _) => Kind::Show,
            (Mode::Answer(_), Some(challenge)) => Kind::answer_to(challenge),
            (Mode::Answer(_), None) => return Err(TokenError::Signature),
        };
        self.envelope.verify(kind, holder).map(|_| ())
    }
}

impl std::fmt::Debug for Presentation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Presentation({:?}, {:?})", self.mode, self.flags)
    }
}

impl<C> Encode<C> for Presentation {
    fn encode<W: Write>(&self, e: &mut Encoder<W>, _: &mut C) -> Result<(), EncodeError<W::Error>> {
        e.array(3)?.bytes(&self.token)?;
        match self.mode {
            // Saturates in the year 2106, where the format ends.
            Mode::Shown(at) => e.u32(u32::try_from(at.seconds()).unwrap_or(u32::MAX))?,
            Mode::Answer(nonce) => e.bytes(&nonce)?,
        };
        e.u8(u8::from(self.flags.lowered)).map(|_| ())
    }
}

impl<'b, C> Decode<'b, C> for Presentation {
    fn decode(d: &mut Decoder<'b>, _: &mut C) -> Result<Self, DecodeError> {
        if d.array()? != Some(3) {
            return Err(DecodeError::message("presentation"));
        }
        let token = d.bytes()?.to_vec();
        let mode = match d.datatype()? {
            Type::Bytes => Mode::Answer(d.bytes()?.try_into().map_err(|_| DecodeError::message("nonce"))?),
            _ => Mode::Shown(Timestamp::from_seconds(i64::from(d.u32()?))),
        };
        let lowered = match d.u8()? {
            0 => false,
            1 => true,
            _ => return Err(DecodeError::message("flags")),
        };
        Ok(Self { token, mode, flags: Flags { lowered } })
    }
}
