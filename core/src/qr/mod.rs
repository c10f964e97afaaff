//! Codes as pictures: a payload becomes a QR code, and the code a picture in its colour.
//!
//! Enters: QR-alphanumeric text (ISO/IEC 18004, 7.4.4), a [`Shade`], and the words an SVG shows beside it.
//! Leaves: a [`Matrix`] of modules, and from it SVG, PNG, lines for a terminal or raw luminance.
//! Never here: what the payload means, whether it is genuine, which colour a person deserves.
//! The code itself is always black on white inside its quiet zone (ISO/IEC 18004, 6.3.8); colour stays in
//! the frame, and a shape repeats it, so that nobody has to tell red from green by hue.

mod matrix;
#[cfg(feature = "device")]
mod picture;
#[cfg(feature = "png")]
mod png;
pub(crate) mod sheet;
mod svg;
mod terminal;

pub use self::matrix::{LARGEST_VERSION, Matrix, QrError};
#[cfg(feature = "device")]
pub use self::picture::CodePicture;
#[cfg(feature = "png")]
pub use self::png::{LARGEST_SCALE, PngError, png};
pub use self::svg::{Caption, svg};
pub use self::terminal::{TerminalStyle, terminal};

use crate::rules::colour::Colour;

/// Width in modules of the light margin every reader may count on (ISO/IEC 18004, 6.3.8).
pub const QUIET_ZONE: u16 = 4;

/// What frames a code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "device", derive(uniffi::Enum))]
pub enum Shade {
    /// Green, with a check mark in a disc.
    Green,
    /// Yellow, with an exclamation mark in a triangle.
    Yellow,
    /// Red, with a bar in an octagon.
    Red,
    /// No colour and no shape: codes that rate nobody, such as a challenge or a venue.
    Plain,
}

impl From<Colour> for Shade {
    fn from(colour: Colour) -> Self {
        match colour {
            Colour::Green => Self::Green,
            Colour::Yellow => Self::Yellow,
            Colour::Red => Self::Red,
        }
    }
}

/// An sRGB colour.
pub(in crate::qr) type Rgb = [u8; 3];

const WHITE: Rgb = [0xFF; 3];
const INK: Rgb = [0x1A; 3];

impl Shade {
    /// What the frame is filled with. Bluish green, amber and vermilion also differ for people who see
    /// two primary colours only; their contrast with [`Shade::ink`] is at least 4.5 to 1 (WCAG 2.2, 1.4.3).
    pub(in crate::qr) const fn frame(self) -> Rgb {
        match self {
            Self::Green => [0x00, 0x84, 0x5F],
            Self::Yellow => [0xF5, 0xC4, 0x00],
            Self::Red => [0xC4, 0x3E, 0x00],
            Self::Plain => WHITE,
        }
    }

    /// What is drawn and written on the frame.
    pub(in crate::qr) const fn ink(self) -> Rgb {
        match self {
            Self::Green | Self::Red => WHITE,
            Self::Yellow | Self::Plain => INK,
        }
    }

    /// The shape that says the colour without colour, painted in this order; empty for [`Shade::Plain`].
    pub(in crate::qr) const fn mark(self) -> &'static [Stroke] {
        match self {
            Self::Green => CHECKED_DISC,
            Self::Yellow => WARNING_TRIANGLE,
            Self::Red => BARRED_OCTAGON,
            Self::Plain => &[],
        }
    }
}

/// One part of a mark, in a box of [`MARK_BOX`] by [`MARK_BOX`] units with y downwards.
#[derive(Debug, Clone, Copy)]
pub(in crate::qr) struct Stroke {
    /// Painted in the ink, or, when false, cut out to the frame's colour again.
    pub(in crate::qr) inked: bool,
    /// A line through these points; one point makes a disc.
    pub(in crate::qr) points: &'static [(f64, f64)],
    /// Whether the line is closed and its (convex) inside filled.
    pub(in crate::qr) filled: bool,
    /// Width of the line; its ends and corners are round.
    pub(in crate::qr) width: f64,
}

/// Side of the box that marks are drawn in.
pub(in crate::qr) const MARK_BOX: f64 = 100.0;

const fn shape(points: &'static [(f64, f64)], width: f64) -> Stroke {
    Stroke { inked: true, points, filled: points.len() > 1, width }
}

const fn cut(points: &'static [(f64, f64)], width: f64) -> Stroke {
    Stroke { inked: false, points, filled: false, width }
}

const CHECKED_DISC: &[Stroke] =
    &[shape(&[(50.0, 50.0)], 98.0), cut(&[(27.0, 52.0), (43.5, 68.5), (74.0, 35.0)], 12.0)];

const WARNING_TRIANGLE: &[Stroke] = &[
    shape(&[(50.0, 11.0), (93.0, 87.0), (7.0, 87.0)], 12.0),
    cut(&[(50.0, 37.0), (50.0, 59.0)], 11.0),
    cut(&[(50.0, 77.0)], 13.0),
];

const BARRED_OCTAGON: &[Stroke] = &[
    shape(
        &[
            (31.4, 5.0),
            (68.6, 5.0),
            (95.0, 31.4),
            (95.0, 68.6),
            (68.6, 95.0),
            (31.4, 95.0),
            (5.0, 68.6),
            (5.0, 31.4),
        ],
        6.0,
    ),
    cut(&[(28.0, 50.0), (72.0, 50.0)], 15.0),
];

/// How the parts of a picture lie, in modules: a header over a white square that holds code and quiet zone.
/// Every part grows with the code, so that a picture keeps its proportions from version to version.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::qr) struct Layout {
    /// Side of the white square.
    pub(in crate::qr) inner: u16,
    /// Width of the frame left and right of the square.
    pub(in crate::qr) border: u16,
    /// Height of the frame above the square.
    pub(in crate::qr) header: u16,
    /// Height of the frame below the square.
    pub(in crate::qr) footer: u16,
}

impl Layout {
    pub(in crate::qr) fn framed(matrix: &Matrix) -> Self {
        let inner = matrix.modules() + 2 * QUIET_ZONE;
        let border = inner / 24 + 1;
        Self { inner, border, header: inner / 5, footer: border }
    }

    pub(in crate::qr) fn width(self) -> u16 {
        self.inner + 2 * self.border
    }

    pub(in crate::qr) fn height(self) -> u16 {
        self.header + self.inner + self.footer
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]
    use super::*;

    pub(in crate::qr) const COLOURED: [Shade; 3] = [Shade::Green, Shade::Yellow, Shade::Red];

    /// A picture as a reader's camera hands it over: width, height and one byte a pixel.
    pub(in crate::qr) type Grey = (usize, usize, Vec<u8>);

    /// Text that needs the version: 4, 9, 12 or 16 and, for any other number, 1.
    pub(in crate::qr) fn text_for(version: u8) -> String {
        let length = match version {
            4 => 90,
            9 => 262,
            12 => 419,
            16 => 656,
            _ => 20,
        };
        let body = "6BF+70790T9WJWG.FKY*4GO0.O1CV2 O5 N2FBBRW1*70HS8WY04AC*WIFN0AHCD8KD97TK0";
        format!("H1:{}", body.repeat(10))[..length].to_owned()
    }

    pub(in crate::qr) fn read_by_rqrr((width, height, pixels): &Grey) -> Option<String> {
        let mut image =
            rqrr::PreparedImage::prepare_from_greyscale(*width, *height, |x, y| pixels[y * width + x]);
        image.detect_grids().iter().find_map(|grid| grid.decode().ok()).map(|(_, text)| text)
    }

    pub(in crate::qr) fn read_by_rxing((width, height, pixels): &Grey) -> Option<String> {
        let (width, height) = (u32::try_from(*width).unwrap(), u32::try_from(*height).unwrap());
        let format = Some(rxing::BarcodeFormat::QR_CODE);
        let found = rxing::helpers::detect_in_luma(pixels.clone(), width, height, format);
        found.ok().map(|result| result.getText().to_owned())
    }

    /// The picture turned a quarter to the right.
    #[cfg(feature = "png")]
    pub(in crate::qr) fn turned((width, height, pixels): &Grey) -> Grey {
        let rows = (0..*width).flat_map(|x| (0..*height).rev().map(move |y| pixels[y * width + x]));
        (*height, *width, rows.collect())
    }

    fn relative_luminance(colour: Rgb) -> f64 {
        let [r, g, b] = colour.map(|channel| {
            let c = f64::from(channel) / 255.0;
            if c <= 0.04045 { c / 12.92 } else { ((c + 0.055) / 1.055).powf(2.4) }
        });
        0.2126 * r + 0.7152 * g + 0.0722 * b
    }

    #[test]
    fn what_is_written_on_a_frame_has_the_contrast_of_text() {
        for shade in [Shade::Green, Shade::Yellow, Shade::Red, Shade::Plain] {
            let (a, b) = (relative_luminance(shade.frame()), relative_luminance(shade.ink()));
            let contrast = (a.max(b) + 0.05) / (a.min(b) + 0.05);
            assert!(contrast >= 4.5, "{shade:?}: {contrast}");
        }
    }

    #[test]
    fn every_colour_has_a_shape_inside_its_box_and_plain_has_none() {
        assert!(Shade::Plain.mark().is_empty());
        for stroke in COLOURED.iter().flat_map(|shade| shade.mark()) {
            let reach = stroke.width / 2.0;
            let inside = |v: f64| v >= reach && v <= MARK_BOX - reach;
            assert!(stroke.points.iter().all(|(x, y)| inside(*x) && inside(*y)), "{stroke:?}");
        }
        assert!(COLOURED.iter().all(|shade| shade.mark()[0].inked && !shade.mark()[1].inked));
    }
}
