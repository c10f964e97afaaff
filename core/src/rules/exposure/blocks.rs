//! The form of a published file of places: records sorted by key, in blocks of at most 128, each block packed with as
//! many bits a field as its largest value takes. A block's head names the first and the last key in it, so that a phone
//! passes over the blocks that hold none of its own without unpacking them.
//!
//! ```text
//! part  = block*                      nothing between them, nothing after the last
//! block = count - 1 (one byte, 0 to 127)
//!         first key less that of the block before (varint)
//!         last key less the first (varint)
//!         widths of key step, start, minutes, first place, further places (five bytes)
//!         count times the five fields, least significant bit first, filled up with zero bits to a whole byte
//! ```
//! A varint is LEB128 in its shortest form. What each field means is said at [`Record`].

use thiserror::Error;

/// The most records of a block.
pub const BLOCK: usize = 128;
/// The most bytes of a part: what a phone holds in memory at once.
pub const MAX_PART: usize = 128 * 1024;
/// The most bits that each field may take.
const MOST_BITS: [u8; 5] = [63, 32, 32, 16, 16];

/// One place and time, as published.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Record {
    /// Which place: see [`super::matching::transport_key`] for a run of a service; a venue's number; a region's code.
    pub key: u64,
    /// When it begins, in minutes after the start of the part's first legal day.
    pub start: u32,
    /// How many minutes it lasts.
    pub minutes: u32,
    /// The first carriage or row.
    pub first_place: u16,
    /// How many carriages or rows follow it: `u16::MAX` after the place 0 is the whole vehicle. 0 for venues and areas.
    pub further_places: u16,
}

/// Why a part is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum BlockError {
    /// It ends in the middle of a block.
    #[error("cut")]
    Cut,
    /// More bytes than a part has.
    #[error("too-large")]
    TooLarge,
    /// A field of a width that none can have, a number in a longer form, keys out of order, or bits after the last.
    #[error("form")]
    Form,
}

/// The head of a block and where its records lie.
#[derive(Clone, Copy)]
pub struct Block<'b> {
    count: usize,
    first: u64,
    last: u64,
    widths: [u8; 5],
    packed: &'b [u8],
}

/// Reads a part block by block.
pub struct Blocks<'b> {
    rest: &'b [u8],
    first: u64,
    last: u64,
    begun: bool,
}

impl<'b> Blocks<'b> {
    /// The blocks of a part.
    pub const fn of(part: &'b [u8]) -> Result<Self, BlockError> {
        if part.len() > MAX_PART {
            return Err(BlockError::TooLarge);
        }
        Ok(Self { rest: part, first: 0, last: 0, begun: false })
    }

    fn read(&mut self) -> Result<Block<'b>, BlockError> {
        let (count, rest) = self.rest.split_first().ok_or(BlockError::Cut)?;
        let count = usize::from(*count) + 1;
        let (step, rest) = varint(rest)?;
        let (span, rest) = varint(rest)?;
        let (widths, rest) = rest.split_first_chunk::<5>().ok_or(BlockError::Cut)?;
        let first = self.first.checked_add(step).ok_or(BlockError::Form)?;
        let last = first.checked_add(span).ok_or(BlockError::Form)?;
        let sound = widths.iter().zip(MOST_BITS).all(|(width, most)| *width <= most);
        // A key of one block may go on in the next.
        if count > BLOCK || !sound || (self.begun && first < self.last) {
            return Err(BlockError::Form);
        }
        let bits: usize = widths.iter().map(|width| usize::from(*width)).sum();
        let (packed, rest) = rest.split_at_checked((bits * count).div_ceil(8)).ok_or(BlockError::Cut)?;
        (self.rest, self.first, self.last, self.begun) = (rest, first, last, true);
        Ok(Block { count, first, last, widths: *widths, packed })
    }
}

impl<'b> Iterator for Blocks<'b> {
    type Item = Result<Block<'b>, BlockError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.rest.is_empty() {
            return None;
        }
        let block = self.read();
        if block.is_err() {
            self.rest = &[];
        }
        Some(block)
    }
}

impl Block<'_> {
    /// The first key.
    #[must_use]
    pub const fn first(&self) -> u64 {
        self.first
    }

    /// The last key.
    #[must_use]
    pub const fn last(&self) -> u64 {
        self.last
    }

    /// Unpacks the records in their order.
    #[allow(clippy::cast_possible_truncation, reason = "no width is above its field's")]
    pub fn unpack(&self, mut each: impl FnMut(Record)) -> Result<(), BlockError> {
        let mut bits = Bits { bytes: self.packed, at: 0 };
        let mut key = self.first;
        let [step, start, minutes, first, further] = self.widths;
        for _ in 0..self.count {
            key = key.checked_add(bits.take(step)).ok_or(BlockError::Form)?;
            each(Record {
                key,
                start: bits.take(start) as u32,
                minutes: bits.take(minutes) as u32,
                first_place: bits.take(first) as u16,
                further_places: bits.take(further) as u16,
            });
        }
        if key == self.last && bits.rest_is_zero() { Ok(()) } else { Err(BlockError::Form) }
    }
}

/// Bits from bytes, the least significant first.
struct Bits<'b> {
    bytes: &'b [u8],
    at: usize,
}

impl Bits<'_> {
    /// The next field of at most 63 bits. The block's length was computed from its widths.
    #[allow(clippy::cast_possible_truncation, reason = "the mask takes fewer bits")]
    fn take(&mut self, width: u8) -> u64 {
        let (byte, shift) = (self.at / 8, self.at % 8);
        self.at += usize::from(width);
        let rest = self.bytes.get(byte..).unwrap_or_default();
        let window = rest.first_chunk::<16>().map_or_else(
            || {
                let mut window = [0; 16];
                window.iter_mut().zip(rest).for_each(|(to, from)| *to = *from);
                window
            },
            |window| *window,
        );
        let mask = (1_u64 << width) - 1;
        ((u128::from_le_bytes(window) >> shift) as u64) & mask
    }

    /// Whether no bit is set after the last field.
    fn rest_is_zero(&mut self) -> bool {
        let left = (self.bytes.len() * 8).saturating_sub(self.at);
        left < 8 && u8::try_from(left).is_ok_and(|left| self.take(left) == 0)
    }
}

fn varint(bytes: &[u8]) -> Result<(u64, &[u8]), BlockError> {
    let mut value = 0_u64;
    for (index, byte) in bytes.iter().enumerate() {
        let bits = u64::from(byte & 0x7f);
        let shift = 7 * index;
        if shift > 63 || (shift == 63 && bits > 1) {
            return Err(BlockError::Form);
        }
        value |= bits << shift;
        if byte & 0x80 == 0 {
            let shortest = *byte != 0 || index == 0;
            return if shortest {
                Ok((value, bytes.get(index + 1..).unwrap_or_default()))
            } else {
                Err(BlockError::Form)
            };
        }
    }
    Err(BlockError::Cut)
}

/// Reads a part whole and says how many records it has: what is kept for later is known to be sound.
pub fn check(part: &[u8]) -> Result<u32, BlockError> {
    let mut records = 0;
    for block in Blocks::of(part)? {
        block?.unpack(|_| records += 1)?;
    }
    Ok(records)
}

/// Packs records into parts of at most [`MAX_PART`] bytes. They are sorted first; a record that stands twice is
/// written once.
#[must_use]
pub fn pack(mut records: Vec<Record>) -> Vec<Part> {
    records.sort_unstable();
    records.dedup();
    let mut parts: Vec<Part> = Vec::new();
    for records in records.chunks(BLOCK) {
        let after = parts.last().map_or(0, |part| part.first_key);
        let mut block = write_block(records, after);
        if parts.last().is_none_or(|part| part.bytes.len() + block.len() > MAX_PART) {
            block = write_block(records, 0);
            parts.push(Part::default());
        }
        if let Some(part) = parts.last_mut() {
            part.records += u32::try_from(records.len()).unwrap_or_default();
            part.first_key = records.first().map_or(0, |record| record.key);
            part.bytes.append(&mut block);
        }
    }
    parts
}

/// A packed part.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Part {
    /// Its bytes.
    pub bytes: Vec<u8>,
    /// How many records are in it.
    pub records: u32,
    /// The first key of its last block.
    first_key: u64,
}

#[allow(clippy::cast_possible_truncation, reason = "a byte at a time")]
fn write_block(records: &[Record], after: u64) -> Vec<u8> {
    let first = records.first().map_or(0, |record| record.key);
    let last = records.last().map_or(0, |record| record.key);
    let mut before = first;
    let fields: Vec<[u64; 5]> = records
        .iter()
        .map(|record| {
            let step = record.key - before;
            before = record.key;
            let places = (u64::from(record.first_place), u64::from(record.further_places));
            [step, record.start.into(), record.minutes.into(), places.0, places.1]
        })
        .collect();
    let mut widths = [0_u8; 5];
    for fields in &fields {
        for (width, value) in widths.iter_mut().zip(fields) {
            *width = (*width).max(bits_of(*value));
        }
    }
    let mut out = vec![u8::try_from(records.len() - 1).unwrap_or_default()];
    put_varint(&mut out, first - after);
    put_varint(&mut out, last - first);
    out.extend_from_slice(&widths);
    let (mut window, mut filled) = (0_u128, 0_u32);
    for fields in &fields {
        for (width, value) in widths.iter().zip(fields) {
            window |= u128::from(*value) << filled;
            filled += u32::from(*width);
            while filled >= 8 {
                out.push(window as u8);
                window >>= 8;
                filled -= 8;
            }
        }
    }
    if filled > 0 {
        out.push(window as u8);
    }
    out
}

#[allow(clippy::cast_possible_truncation, reason = "64 at most")]
const fn bits_of(value: u64) -> u8 {
    (64 - value.leading_zeros()) as u8
}

#[allow(clippy::cast_possible_truncation, reason = "seven bits at a time")]
fn put_varint(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

#[cfg(test)]
mod tests;
