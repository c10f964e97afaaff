//! The statuses themselves: packed as the draft packs them, and their zlib stream (RFC 1950).

use std::fmt;

use miniz_oxide::deflate::compress_to_vec_zlib;
use miniz_oxide::inflate::TINFLStatus;
use miniz_oxide::inflate::core::inflate_flags::{
    TINFL_FLAG_PARSE_ZLIB_HEADER, TINFL_FLAG_USING_NON_WRAPPING_OUTPUT_BUF,
};
use miniz_oxide::inflate::core::{DecompressorOxide, decompress};

use crate::token::envelope::FormatError;

/// The most bytes of packed statuses: 2^25 places of one bit. A list of 2^24, one for each of fifteen million
/// residents, takes half of it, and a gate keeps several lists in memory.
pub const MAX_PACKED: usize = 4 * 1024 * 1024;
/// What is set aside first to inflate into; it doubles as it fills and never follows a length that a stream claims.
const FIRST: usize = 64 * 1024;
/// As the draft recommends, the highest level: a list is compressed once and loaded by every gate. At 1 % withdrawn
/// it saves 7 % of the bytes against level 6.
const LEVEL: u8 = 9;

/// How many bits one status takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs, reason = "the number says all")]
pub enum Bits {
    One,
    Two,
    Four,
    Eight,
}

impl Bits {
    /// 1, 2, 4 or 8.
    #[must_use]
    pub const fn number(self) -> u8 {
        match self {
            Self::One => 1,
            Self::Two => 2,
            Self::Four => 4,
            Self::Eight => 8,
        }
    }

    /// The width of a number of bits; none but these four.
    #[must_use]
    pub const fn from_number(number: u8) -> Option<Self> {
        match number {
            1 => Some(Self::One),
            2 => Some(Self::Two),
            4 => Some(Self::Four),
            8 => Some(Self::Eight),
            _ => None,
        }
    }
}

/// The statuses of a list, one at each index. 0 is valid; anything else is not.
#[derive(Clone, PartialEq, Eq)]
pub struct Statuses {
    bits: Bits,
    packed: Vec<u8>,
}

impl Statuses {
    /// A list of `places` statuses of one bit, raised at the indices in `withdrawn`. Places are filled up to whole
    /// bytes with valid ones. Refused as [`FormatError::Value`] is an index beyond `places`, as
    /// [`FormatError::TooLarge`] more places than [`MAX_PACKED`] holds.
    pub fn new(places: u32, withdrawn: impl IntoIterator<Item = u32>) -> Result<Self, FormatError> {
        let length = usize::try_from(places.div_ceil(8)).unwrap_or(usize::MAX);
        if length > MAX_PACKED {
            return Err(FormatError::TooLarge);
        }
        let mut packed = vec![0; length];
        for index in withdrawn {
            let byte = usize::try_from(index / 8).ok().filter(|_| index < places);
            *byte.and_then(|byte| packed.get_mut(byte)).ok_or(FormatError::Value)? |= 1 << (index % 8);
        }
        Ok(Self { bits: Bits::One, packed })
    }

    /// The status at an index, from the lowest bits of a byte up; none beyond the list's end.
    #[must_use]
    pub fn get(&self, index: u32) -> Option<u8> {
        let bits = self.bits.number();
        let at = u64::from(index) * u64::from(bits);
        let byte = self.packed.get(usize::try_from(at / 8).ok()?)?;
        Some((byte >> (at % 8)) & (u8::MAX >> (8 - bits)))
    }

    /// How many bits one takes.
    #[must_use]
    pub const fn bits(&self) -> Bits {
        self.bits
    }

    /// How many places there are, those that fill up the last byte included.
    #[must_use]
    pub const fn places(&self) -> usize {
        self.packed.len() * 8 / self.bits.number() as usize
    }

    /// The statuses packed into bytes.
    #[must_use]
    pub fn packed(&self) -> &[u8] {
        &self.packed
    }

    /// The statuses as a zlib stream. Compressors differ, so this one encoding is not the only one.
    pub(super) fn deflate(&self) -> Vec<u8> {
        compress_to_vec_zlib(&self.packed, LEVEL)
    }

    /// The statuses of a zlib stream of at most [`MAX_PACKED`] bytes inflated: one stream and nothing after it,
    /// without a preset dictionary, its checksum right.
    pub(super) fn inflate(bits: Bits, stream: &[u8]) -> Result<Self, FormatError> {
        const FLAGS: u32 = TINFL_FLAG_PARSE_ZLIB_HEADER | TINFL_FLAG_USING_NON_WRAPPING_OUTPUT_BUF;
        let mut inflater = Box::<DecompressorOxide>::default();
        let mut packed = vec![0; FIRST];
        let (mut read, mut written) = (0, 0);
        loop {
            let rest = stream.get(read..).ok_or(FormatError::Content)?;
            let (status, taken, made) = decompress(&mut inflater, rest, &mut packed, written, FLAGS);
            (read, written) = (read + taken, written + made);
            match status {
                TINFLStatus::Done if read == stream.len() => break,
                TINFLStatus::HasMoreOutput if packed.len() < MAX_PACKED => {
                    packed.resize((packed.len() * 2).min(MAX_PACKED), 0);
                }
                TINFLStatus::HasMoreOutput => return Err(FormatError::TooLarge),
                _ => return Err(FormatError::Content),
            }
        }
        packed.truncate(written);
        packed.shrink_to_fit();
        Ok(Self { bits, packed })
    }
}

impl fmt::Debug for Statuses {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Statuses({} places of {} bits)", self.places(), self.bits.number())
    }
}
