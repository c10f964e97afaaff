//! A sheet of paper as an SVG document: what a printed page with a code is put together from, measured in millimetres.
//!
//! Enters: places, sizes and words; the words are escaped here and shrink until they fit their line. Leaves: one
//! document without scripts, style sheets, fonts of its own or references. Never here: what the page says.

use std::fmt::Write as _;

use super::svg::{TO_BASELINE, escaped, fitting, hex, mark, square};
use super::{INK, Matrix, QUIET_ZONE, Shade};

/// Width and height of A4 in millimetres (ISO 216).
pub(crate) const A4: (u16, u16) = (210, 297);

/// A rectangle in millimetres from the left upper corner of the sheet.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Area {
    pub(crate) x: f64,
    pub(crate) y: f64,
    pub(crate) width: f64,
    pub(crate) height: f64,
}

/// How words are written.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Style {
    /// The height of a letter's box in millimetres, if the words fit.
    pub(crate) size: f64,
    pub(crate) bold: bool,
    /// The frame on which they stand; none for the paper.
    pub(crate) on: Option<Shade>,
}

impl Style {
    /// Plain letters on the paper.
    pub(crate) const fn plain(size: f64) -> Self {
        Self { size, bold: false, on: None }
    }

    /// Bold letters on the paper.
    pub(crate) const fn bold(size: f64) -> Self {
        Self { size, bold: true, on: None }
    }
}

/// A sheet that is being drawn.
pub(crate) struct Sheet(String);

impl Sheet {
    /// An empty sheet; the title is what a screen reader says.
    pub(crate) fn a4(title: &str) -> Self {
        let (width, height) = A4;
        Self(format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" role=\"img\" width=\"{width}mm\" height=\"{height}mm\" \
             viewBox=\"0 0 {width} {height}\">\n<title>{}</title>\n\
             <rect width=\"{width}\" height=\"{height}\" fill=\"#ffffff\"/>\n",
            escaped(title)
        ))
    }

    /// An area in the colour of a frame.
    pub(crate) fn fill(&mut self, area: Area, shade: Shade) {
        let Area { x, y, width, height } = area;
        // Writing to a `String` cannot fail, here and below.
        let _ = writeln!(
            self.0,
            "<rect x=\"{x:.2}\" y=\"{y:.2}\" width=\"{width:.2}\" height=\"{height:.2}\" rx=\"2\" fill=\"{}\"/>",
            hex(shade.frame())
        );
    }

    /// A broken line around what is to be cut out.
    pub(crate) fn cut(&mut self, area: Area) {
        let Area { x, y, width, height } = area;
        let _ = writeln!(
            self.0,
            "<rect x=\"{x:.2}\" y=\"{y:.2}\" width=\"{width:.2}\" height=\"{height:.2}\" rx=\"3\" fill=\"none\" \
             stroke=\"{}\" stroke-width=\"0.3\" stroke-dasharray=\"2 1.5\"/>",
            hex(INK)
        );
    }

    /// The shape of a shade in its ink, on a frame of that shade.
    pub(crate) fn mark(&mut self, shade: Shade, (x, y): (f64, f64), side: f64) {
        mark(&mut self.0, shade, (x, y), side);
    }

    /// A code with its quiet zone, in a square of this side.
    pub(crate) fn code(&mut self, matrix: &Matrix, (x, y): (f64, f64), side: f64) {
        let modules = f64::from(matrix.modules() + 2 * QUIET_ZONE);
        let _ = writeln!(self.0, "<g transform=\"translate({x:.3} {y:.3}) scale({:.6})\">", side / modules);
        square(&mut self.0, matrix, (0, 0));
        self.0.push_str("</g>\n");
    }

    /// A line of words from its left end, in the middle of the height at `y`, no longer than `room`.
    pub(crate) fn line(&mut self, (x, y): (f64, f64), room: f64, style: Style, words: &str) {
        let size = fitting(words, style.size, room);
        let _ = writeln!(
            self.0,
            "<text x=\"{x:.2}\" y=\"{:.2}\" font-size=\"{size:.2}\" font-weight=\"{}\" \
             font-family=\"sans-serif\" fill=\"{}\">{}</text>",
            y + size * TO_BASELINE,
            if style.bold { 700 } else { 400 },
            hex(style.on.map_or(INK, Shade::ink)),
            escaped(words.trim()),
        );
    }

    /// The document.
    pub(crate) fn finish(mut self) -> String {
        self.0.push_str("</svg>\n");
        self.0
    }
}
