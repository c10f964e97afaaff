//! The modules of one code: text in, dark and light out.
//!
//! Enters: QR-alphanumeric text, in one segment, at error correction level M (ISO/IEC 18004, 7.4.4 and 7.5).
//! The version is the smallest that holds the text. Never here: colours, frames, scaling.

use std::fmt;

use qrcode::bits::Bits;
use qrcode::canvas::{Canvas, MaskPattern};
use qrcode::types::{Mode, QrResult};
use qrcode::{Color, EcLevel, Version};
use thiserror::Error;

/// The largest version this module makes: 97 modules a side, 970 characters. Denser codes no longer read
/// well from a telephone's display.
pub const LARGEST_VERSION: u8 = 20;

/// Up to 15 per cent of the codewords can be restored (ISO/IEC 18004, 7.5.1).
const LEVEL: EcLevel = EcLevel::M;

/// The widest margin [`Matrix::luminance`] draws; it bounds the buffer whatever a caller asks for.
const WIDEST_MARGIN: usize = 64;

/// Why a text is not a code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum QrError {
    /// There is no text.
    #[error("there is no text to encode")]
    Empty,
    /// A character is outside the 45 of ISO/IEC 18004, 7.4.4 (digits, capitals, space and `$%*+-./:`).
    #[error("character {position} is not QR-alphanumeric")]
    NotAlphanumeric {
        /// Which character, counted from 0.
        position: usize,
    },
    /// The text does not fit [`LARGEST_VERSION`].
    #[error("{characters} characters do not fit a code, {limit} do")]
    TooLong {
        /// How many characters the text has.
        characters: usize,
        /// How many characters fit.
        limit: usize,
    },
}

/// A QR code as a square of dark and light modules, without its quiet zone.
#[derive(Clone, PartialEq, Eq)]
pub struct Matrix {
    version: u8,
    /// Row by row; true is dark.
    dark: Vec<bool>,
}

/// The modules are the payload, which has no place in a log.
impl fmt::Debug for Matrix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Matrix").field("version", &self.version).finish_non_exhaustive()
    }
}

impl Matrix {
    /// The smallest code that holds `text`.
    ///
    /// # Errors
    ///
    /// [`QrError::Empty`], [`QrError::NotAlphanumeric`] or [`QrError::TooLong`]; the last two in this order.
    pub fn encode(text: &str) -> Result<Self, QrError> {
        if text.is_empty() {
            return Err(QrError::Empty);
        }
        if let Some(position) = text.chars().position(|c| !is_alphanumeric(c)) {
            return Err(QrError::NotAlphanumeric { position });
        }
        let too_long = QrError::TooLong { characters: text.len(), limit: capacity(LARGEST_VERSION) };
        let version = (1..=LARGEST_VERSION).find(|v| text.len() <= capacity(*v)).ok_or(too_long)?;
        // The text fits by the line above, so the drawing has nothing left to refuse.
        let dark = draw(text.as_bytes(), Version::Normal(version.into())).map_err(|_| too_long)?;
        Ok(Self { version, dark })
    }

    /// The code's version, 1 to [`LARGEST_VERSION`] (ISO/IEC 18004, 6.3.1).
    pub fn version(&self) -> u8 {
        self.version
    }

    /// How many modules a side has, without the quiet zone: 17 + 4 × version.
    pub fn side(&self) -> usize {
        usize::from(self.modules())
    }

    /// [`Matrix::side`] in the type that pictures reckon with.
    pub(in crate::qr) fn modules(&self) -> u16 {
        17 + 4 * u16::from(self.version)
    }

    /// Whether the module in column `x` and row `y`, both counted from 0 at the top left, is dark.
    /// Everything outside the code is light, as its quiet zone is.
    pub fn is_dark(&self, x: usize, y: usize) -> bool {
        x < self.side() && y < self.side() && self.dark.get(y * self.side() + x).is_some_and(|dark| *dark)
    }

    /// The code for a canvas of the platform: the side in modules, and one byte a module, 0 for dark and
    /// 255 for light, row by row. `quiet` modules of margin on each side are included; the standard asks
    /// for [`QUIET_ZONE`](super::QUIET_ZONE), and more than 64 are cut to 64.
    pub fn luminance(&self, quiet: usize) -> (usize, Vec<u8>) {
        let quiet = quiet.min(WIDEST_MARGIN);
        let side = self.side() + 2 * quiet;
        let mut pixels = vec![u8::MAX; side * side];
        let rows = pixels.chunks_exact_mut(side).skip(quiet).zip(self.rows());
        for (pixels, modules) in rows {
            for (pixel, dark) in pixels.iter_mut().skip(quiet).zip(modules) {
                *pixel = if *dark { 0 } else { u8::MAX };
            }
        }
        (side, pixels)
    }

    /// The rows from the top; true is dark.
    pub(in crate::qr) fn rows(&self) -> impl Iterator<Item = &[bool]> {
        self.dark.chunks_exact(self.side())
    }
}

fn is_alphanumeric(c: char) -> bool {
    matches!(c, '0'..='9' | 'A'..='Z' | ' ' | '$' | '%' | '*' | '+' | '-' | '.' | '/' | ':')
}

/// How many alphanumeric characters a version holds: its data bits without the mode indicator and the
/// character count, at 11 bits a pair and 6 for a single last one (ISO/IEC 18004, 7.4.4).
fn capacity(version: u8) -> usize {
    let version = Version::Normal(version.into());
    let bits = Bits::new(version).max_len(LEVEL).unwrap_or_default();
    let head = version.mode_bits_count() + Mode::Alphanumeric.length_bits_count(version);
    let body = bits.saturating_sub(head);
    body / 11 * 2 + usize::from(body % 11 >= 6)
}

/// The mask is fixed. The standard picks the one with the fewest penalty points (7.8.3) so that codes read
/// easily, but the format information names it and every reader undoes any of them; weighing all eight
/// costs forty times what the rest of the code does. The checkerboard breaks up even areas best.
fn draw(text: &[u8], version: Version) -> QrResult<Vec<bool>> {
    let mut bits = Bits::new(version);
    bits.push_alphanumeric_data(text)?;
    bits.push_terminator(LEVEL)?;
    let (data, correction) = qrcode::ec::construct_codewords(&bits.into_bytes(), version, LEVEL)?;
    let mut canvas = Canvas::new(version, LEVEL);
    canvas.draw_all_functional_patterns();
    canvas.draw_data(&data, &correction);
    canvas.apply_mask(MaskPattern::Checkerboard);
    Ok(canvas.into_colors().into_iter().map(|module| module == Color::Dark).collect())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]
    use proptest::prelude::*;

    use super::super::tests::{Grey, read_by_rqrr, read_by_rxing, text_for};
    use super::*;

    /// The luminance matrix with every module `scale` pixels wide.
    fn enlarged(matrix: &Matrix, scale: usize) -> Grey {
        let (side, modules) = matrix.luminance(4);
        let line = side * scale;
        let pixels = (0..line * line).map(|i| modules[i / line / scale * side + i % line / scale]).collect();
        (line, line, pixels)
    }

    #[test]
    fn the_smallest_version_that_holds_the_text_is_taken() {
        // Capacities of ISO/IEC 18004, table 7, level M.
        for (version, limit) in [(1, 20), (4, 90), (9, 262), (10, 311), (13, 483), (16, 656), (20, 970)] {
            let full = Matrix::encode(&"A".repeat(limit)).unwrap();
            assert_eq!((full.version(), full.side()), (version, 17 + 4 * usize::from(version)));
            let next = Matrix::encode(&"A".repeat(limit + 1)).map(|m| m.version());
            let none = QrError::TooLong { characters: 971, limit: 970 };
            assert_eq!(next, if version == LARGEST_VERSION { Err(none) } else { Ok(version + 1) });
        }
    }

    #[test]
    fn what_is_no_code_says_why() {
        assert_eq!(Matrix::encode(""), Err(QrError::Empty));
        assert_eq!(Matrix::encode("H1:a"), Err(QrError::NotAlphanumeric { position: 3 }));
        assert_eq!(Matrix::encode("健码A\n"), Err(QrError::NotAlphanumeric { position: 0 }));
        assert_eq!(Matrix::encode("AB\u{e9}"), Err(QrError::NotAlphanumeric { position: 2 }));
    }

    #[test]
    fn luminance_shows_the_modules_inside_the_margin_asked_for() {
        let matrix = Matrix::encode(&text_for(4)).unwrap();
        for quiet in [0, 1, 4, 7] {
            let (side, pixels) = matrix.luminance(quiet);
            assert_eq!((side, pixels.len()), (33 + 2 * quiet, side * side));
            for (i, pixel) in pixels.iter().enumerate() {
                let (x, y) = (i % side, i / side);
                let dark = x >= quiet && y >= quiet && matrix.is_dark(x - quiet, y - quiet);
                assert_eq!(*pixel, if dark { 0 } else { 255 });
            }
        }
        assert_eq!(matrix.luminance(usize::MAX).0, 33 + 128);
    }

    #[test]
    fn everything_outside_the_code_is_light() {
        let matrix = Matrix::encode("A").unwrap();
        assert!(matrix.is_dark(0, 0) && matrix.is_dark(20, 0));
        assert!(!matrix.is_dark(21, 0) && !matrix.is_dark(0, 21) && !matrix.is_dark(usize::MAX, usize::MAX));
    }

    #[test]
    fn a_log_line_does_not_hold_the_payload() {
        assert_eq!(format!("{:?}", Matrix::encode("SECRET").unwrap()), "Matrix { version: 1, .. }");
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..Default::default() })]
        #[test]
        fn any_alphanumeric_text_up_to_the_limit_is_read_back(text in "[0-9A-Z $%*+./:-]{1,970}") {
            let picture = enlarged(&Matrix::encode(&text).unwrap(), 3);
            prop_assert_eq!(read_by_rqrr(&picture), Some(text));
        }
    }

    #[test]
    fn even_text_of_one_character_is_read_by_both_readers() {
        // Little variety is where a fixed mask could look most like a finder pattern.
        for text in ["0", ":", " ", "A", "00000000", ":::::::::::::::::::::::::::::::::::::"]
            .into_iter()
            .map(str::to_owned)
            .chain(["0", "A", ":"].map(|c| c.repeat(656)))
        {
            let picture = enlarged(&Matrix::encode(&text).unwrap(), 4);
            assert_eq!(read_by_rqrr(&picture).as_ref(), Some(&text));
            assert_eq!(read_by_rxing(&picture).as_ref(), Some(&text));
        }
    }
}
