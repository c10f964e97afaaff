//! Deterministic CBOR: one encoding for a value, and nothing after it. What is read is encoded again and compared,
//! which refuses duplicate labels, unknown labels, long integers, indefinite lengths and trailing bytes alike.

use minicbor::decode::Error as DecodeError;
use minicbor::encode::{Error as EncodeError, Write};
use minicbor::{Decode, Decoder, Encode, Encoder};

use super::envelope::FormatError;
use crate::rules::calendar::{LegalDate, Timestamp};
use crate::rules::text::Text;

/// The one encoding of a value.
#[must_use]
#[allow(clippy::missing_panics_doc, clippy::expect_used, reason = "writing to a vector cannot fail")]
pub fn encode<T: Encode<()>>(value: &T) -> Vec<u8> {
    minicbor::to_vec(value).expect("our encoders return no error of their own")
}

/// A value from its one encoding, of at most `limit` bytes.
pub fn decode<T: for<'b> Decode<'b, ()> + Encode<()>>(bytes: &[u8], limit: usize) -> Result<T, FormatError> {
    if bytes.len() > limit {
        return Err(FormatError::TooLarge);
    }
    let value: T = minicbor::decode(bytes).map_err(|_| FormatError::Content)?;
    if encode(&value) == bytes { Ok(value) } else { Err(FormatError::NotDeterministic) }
}

/// Instants as whole seconds since 1970 UTC.
pub mod seconds {
    use super::{DecodeError, Decoder, EncodeError, Encoder, Timestamp, Write};

    /// Writes the instant, rounded down to the second.
    pub fn encode<C, W: Write>(
        at: &Timestamp,
        e: &mut Encoder<W>,
        _: &mut C,
    ) -> Result<(), EncodeError<W::Error>> {
        e.i64(at.seconds()).map(|_| ())
    }

    /// Reads an instant; one before 1970 or after the year 9999 is refused.
    pub fn decode<C>(d: &mut Decoder<'_>, _: &mut C) -> Result<Timestamp, DecodeError> {
        let seconds = d.i64()?;
        let at = Timestamp::from_seconds(seconds);
        if seconds >= 0 && at.seconds() == seconds { Ok(at) } else { Err(DecodeError::message("instant")) }
    }
}

/// Instants as milliseconds since 1970 UTC.
pub mod millis {
    use super::{DecodeError, Decoder, EncodeError, Encoder, Timestamp, Write};

    /// Writes the instant.
    pub fn encode<C, W: Write>(
        at: &Timestamp,
        e: &mut Encoder<W>,
        _: &mut C,
    ) -> Result<(), EncodeError<W::Error>> {
        e.i64(at.millis()).map(|_| ())
    }

    /// Reads an instant; one before 1970 or after the year 9999 is refused.
    pub fn decode<C>(d: &mut Decoder<'_>, _: &mut C) -> Result<Timestamp, DecodeError> {
        let millis = d.i64()?;
        let at = Timestamp::from_millis(millis);
        if millis >= 0 && at.millis() == millis { Ok(at) } else { Err(DecodeError::message("instant")) }
    }
}

/// Instants as whole seconds since 1970 UTC, left out where there is none.
pub mod optional_seconds {
    use super::{DecodeError, Decoder, EncodeError, Encoder, Timestamp, Write, seconds};

    /// Writes the instant; never called for none.
    pub fn encode<C, W: Write>(
        at: &Option<Timestamp>,
        e: &mut Encoder<W>,
        context: &mut C,
    ) -> Result<(), EncodeError<W::Error>> {
        at.as_ref().map_or(Ok(()), |at| seconds::encode(at, e, context))
    }

    /// Reads the instant.
    pub fn decode<C>(d: &mut Decoder<'_>, context: &mut C) -> Result<Option<Timestamp>, DecodeError> {
        seconds::decode(d, context).map(Some)
    }

    /// What stands for an absent one.
    #[must_use]
    pub const fn nil() -> Option<Option<Timestamp>> {
        Some(None)
    }

    /// Whether it is left out.
    #[must_use]
    pub const fn is_nil(at: &Option<Timestamp>) -> bool {
        at.is_none()
    }
}

/// Flags that stand only where they are raised: what is not so takes no bytes.
pub mod flag {
    use super::{DecodeError, Decoder, EncodeError, Encoder, Write};

    /// Writes the flag; never called for one that is not raised.
    pub fn encode<C, W: Write>(
        raised: &bool,
        e: &mut Encoder<W>,
        _: &mut C,
    ) -> Result<(), EncodeError<W::Error>> {
        e.bool(*raised).map(|_| ())
    }

    /// Reads the flag.
    pub fn decode<C>(d: &mut Decoder<'_>, _: &mut C) -> Result<bool, DecodeError> {
        d.bool()
    }

    /// What stands for an absent one.
    #[must_use]
    pub const fn nil() -> Option<bool> {
        Some(false)
    }

    /// Whether it is left out.
    #[must_use]
    #[allow(clippy::trivially_copy_pass_by_ref, reason = "the derived code passes it so")]
    pub const fn is_nil(raised: &bool) -> bool {
        !*raised
    }
}

impl<C> Encode<C> for LegalDate {
    fn encode<W: Write>(&self, e: &mut Encoder<W>, _: &mut C) -> Result<(), EncodeError<W::Error>> {
        e.i32(self.epoch_days()).map(|_| ())
    }
}

impl<'b, C> Decode<'b, C> for LegalDate {
    fn decode(d: &mut Decoder<'b>, _: &mut C) -> Result<Self, DecodeError> {
        Ok(Self::from_epoch_days(d.i32()?))
    }
}

impl<C> Encode<C> for Text {
    fn encode<W: Write>(&self, e: &mut Encoder<W>, _: &mut C) -> Result<(), EncodeError<W::Error>> {
        e.array(2)?.str(&self.zh)?.str(&self.en).map(|_| ())
    }
}

impl<'b, C> Decode<'b, C> for Text {
    fn decode(d: &mut Decoder<'b>, _: &mut C) -> Result<Self, DecodeError> {
        if d.array()? != Some(2) {
            return Err(DecodeError::message("text"));
        }
        Ok(Self::new(d.str()?, d.str()?))
    }
}

/// Values that stand as their JSON text inside CBOR: what rulebooks define is open in shape, and JSON is its form.
pub mod json {
    use serde::{Serialize, de::DeserializeOwned};

    use super::{DecodeError, Decoder, EncodeError, Encoder, Write};

    /// Writes the value's compact JSON as a byte string.
    pub fn encode<C, T: Serialize, W: Write>(
        value: &T,
        e: &mut Encoder<W>,
        _: &mut C,
    ) -> Result<(), EncodeError<W::Error>> {
        let json = serde_json::to_vec(value).map_err(|_| EncodeError::message("json"))?;
        e.bytes(&json).map(|_| ())
    }

    /// Reads the value.
    pub fn decode<C, T: DeserializeOwned>(d: &mut Decoder<'_>, _: &mut C) -> Result<T, DecodeError> {
        serde_json::from_slice(d.bytes()?).map_err(|_| DecodeError::message("json"))
    }
}
