//! The challenge: what a gate's phone shows when a code alone cannot be judged. Unsigned; its bytes stand in the
//! `external_aad` of the answer, so that an answer fits one challenge of one gate. `[1, nonce, gate's name, ?anchor]`.

use minicbor::decode::Error as DecodeError;
use minicbor::encode::{Error as EncodeError, Write};
use minicbor::{Decode, Decoder, Encode, Encoder};

use super::cbor;
use super::envelope::FormatError;

/// The longest name of a gate, in bytes of UTF-8.
pub const MAX_GATE_NAME: usize = 24;
/// How long a challenge can be answered, in milliseconds on the gate's monotonic clock.
pub const LIFETIME_MILLIS: i64 = 60_000;
const MAX_BYTES: usize = 384;
/// Marks of direction (Unicode Bidirectional Algorithm, 2).
const TURNS: [char; 12] = [
    '\u{061c}', '\u{200e}', '\u{200f}', '\u{202a}', '\u{202b}', '\u{202c}', '\u{202d}', '\u{202e}',
    '\u{2066}', '\u{2067}', '\u{2068}', '\u{2069}',
];

/// A gate's challenge.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Challenge {
    /// Random, used once.
    pub nonce: [u8; 16],
    /// How the gate names itself to the resident; nobody vouches for it.
    pub gate: String,
    /// A signed anchor that the gate relays: it may raise the lower bound of the phone's time and nothing else.
    pub anchor: Option<Vec<u8>>,
}

impl Challenge {
    /// A challenge; the name of a gate is cut at [`MAX_GATE_NAME`] bytes, at a character's end.
    #[must_use]
    pub fn new(nonce: [u8; 16], gate: &str, anchor: Option<Vec<u8>>) -> Self {
        let end = gate.floor_char_boundary(MAX_GATE_NAME);
        Self { nonce, gate: gate.get(..end).unwrap_or_default().to_owned(), anchor }
    }

    /// Whether a gate can name itself so: at most [`MAX_GATE_NAME`] bytes, no control characters, none that turns the
    /// direction of the text around it.
    #[must_use]
    pub fn is_gate_name(name: &str) -> bool {
        name.len() <= MAX_GATE_NAME && !name.chars().any(|c| c.is_control() || TURNS.contains(&c))
    }

    /// Reads a challenge's bytes.
    pub fn parse(bytes: &[u8]) -> Result<Self, FormatError> {
        let challenge: Self = cbor::decode(bytes, MAX_BYTES)?;
        if Self::is_gate_name(&challenge.gate) { Ok(challenge) } else { Err(FormatError::Value) }
    }

    /// Its bytes: what the QR carries and what an answer's signature covers.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        cbor::encode(self)
    }

    /// The four bytes by which an answer names it.
    #[must_use]
    pub const fn short_nonce(&self) -> [u8; 4] {
        let [a, b, c, d, ..] = self.nonce;
        [a, b, c, d]
    }
}

impl<C> Encode<C> for Challenge {
    fn encode<W: Write>(&self, e: &mut Encoder<W>, _: &mut C) -> Result<(), EncodeError<W::Error>> {
        e.array(3 + u64::from(self.anchor.is_some()))?.u8(1)?.bytes(&self.nonce)?.str(&self.gate)?;
        if let Some(anchor) = &self.anchor {
            e.bytes(anchor)?;
        }
        Ok(())
    }
}

impl<'b, C> Decode<'b, C> for Challenge {
    fn decode(d: &mut Decoder<'b>, _: &mut C) -> Result<Self, DecodeError> {
        let length = d.array()?;
        if !matches!(length, Some(3 | 4)) || d.u8()? != 1 {
            return Err(DecodeError::message("challenge"));
        }
        Ok(Self {
            nonce: d.bytes()?.try_into().map_err(|_| DecodeError::message("nonce"))?,
            gate: d.str()?.to_owned(),
            anchor: if length == Some(4) { Some(d.bytes()?.to_vec()) } else { None },
        })
    }
}
