//! A code as a PNG picture, for whoever cannot draw one: prints, messages, a server's answer.
//!
//! Enters: a [`Matrix`], its [`Shade`] and how many pixels a module measures. Drawn by plain arithmetic:
//! modules are whole pixels, only the mark's edges are smoothed, and there is no text (that needs a font).
//! Follows PNG (third edition): a palette picture of eight bits, written row by row, without metadata.

use ::png::{BitDepth, ColorType, Encoder, EncodingError, Filter};
use std::io::Write as _;
use thiserror::Error;

use super::{Layout, MARK_BOX, Matrix, QUIET_ZONE, Rgb, Shade, Stroke, WHITE};

/// The most pixels a module may measure; the least is 1.
pub const LARGEST_SCALE: u32 = 64;

/// Why there is no picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum PngError {
    /// The scale is outside 1 to [`LARGEST_SCALE`].
    #[error("a module cannot measure {scale} pixels, 1 to {LARGEST_SCALE} are possible")]
    Scale {
        /// What was asked for, in pixels a module.
        scale: u32,
    },
    /// The encoder refused the picture, which only a lack of memory explains.
    #[error("the picture could not be written")]
    Encoding,
}

impl From<EncodingError> for PngError {
    fn from(_: EncodingError) -> Self {
        Self::Encoding
    }
}

/// The code as the bytes of a PNG file, framed in its colour under a band with the colour's shape.
/// `scale` is in pixels a module. [`Shade::Plain`] has no frame: code and quiet zone alone.
///
/// # Errors
///
/// [`PngError::Scale`] unless `scale` is 1 to [`LARGEST_SCALE`].
pub fn png(matrix: &Matrix, shade: Shade, scale: u32) -> Result<Vec<u8>, PngError> {
    if !(1..=LARGEST_SCALE).contains(&scale) {
        return Err(PngError::Scale { scale });
    }
    let layout = match shade {
        Shade::Plain => Layout { border: 0, header: 0, footer: 0, ..Layout::framed(matrix) },
        Shade::Green | Shade::Yellow | Shade::Red => Layout::framed(matrix),
    };
    let mut bytes = Vec::new();
    let (width, height) = (u32::from(layout.width()) * scale, u32::from(layout.height()) * scale);
    let mut encoder = Encoder::new(&mut bytes, width, height);
    encoder.set_color(ColorType::Indexed);
    encoder.set_depth(BitDepth::Eight);
    encoder.set_palette(palette(shade));
    // Rows repeat within a module, and a row minus the one above is then all zeros.
    encoder.set_filter(Filter::Up);
    let mut writer = encoder.write_header()?;
    let mut pixels = writer.stream_writer()?;
    let mut write = |row: &[u8]| pixels.write_all(row).map_err(|_| PngError::Encoding);

    for y in 0..u32::from(layout.header) * scale {
        write(&header_row(layout, shade, scale, y))?;
    }
    for row in square(matrix, layout) {
        let row = widened(&row, scale);
        (0..scale).try_for_each(|_| write(&row))?;
    }
    let frame = widened(&vec![FRAME; usize::from(layout.width())], scale);
    (0..u32::from(layout.footer) * scale).try_for_each(|_| write(&frame))?;
    pixels.finish()?;
    writer.finish()?;
    Ok(bytes)
}

/// Samples a pixel's side is divided in where the mark is smoothed.
const SAMPLES: u8 = 4;
/// Places in the palette: 0 is the frame, 16 the ink, between them the mixtures, then the code's own two.
const FRAME: u8 = 0;
const ALL_INK: u8 = SAMPLES * SAMPLES;
const LIGHT: u8 = ALL_INK + 1;
const DARK: u8 = ALL_INK + 2;

fn palette(shade: Shade) -> Vec<u8> {
    let (frame, ink) = (shade.frame(), shade.ink());
    let mixed = |part: u8| -> Rgb {
        let [r, g, b] = [0, 1, 2].map(|channel: usize| {
            let of = |colour: Rgb| colour.into_iter().nth(channel).map_or(0, u16::from);
            let (part, whole) = (u16::from(part), u16::from(ALL_INK));
            let sum = of(frame) * (whole - part) + of(ink) * part;
            u8::try_from((sum + whole / 2) / whole).unwrap_or(u8::MAX)
        });
        [r, g, b]
    };
    (FRAME..=ALL_INK).map(mixed).chain([WHITE, [0; 3]]).flatten().collect()
}

/// The rows of the white square and the frame beside it, one place in the palette a module.
fn square(matrix: &Matrix, layout: Layout) -> impl Iterator<Item = Vec<u8>> {
    let quiet = usize::from(QUIET_ZONE);
    let border = usize::from(layout.border);
    let (side, luminance) = matrix.luminance(quiet);
    (0..side).map(move |y| {
        let modules = luminance.iter().skip(y * side).take(side);
        let modules = modules.map(|light| if *light == 0 { DARK } else { LIGHT });
        let frame = std::iter::repeat_n(FRAME, border);
        frame.clone().chain(modules).chain(frame).collect()
    })
}

/// Every module as `scale` pixels.
fn widened(modules: &[u8], scale: u32) -> Vec<u8> {
    modules.iter().flat_map(|module| (0..scale).map(|_| *module)).collect()
}

/// Row `y` of the header, in pixels: frame, and the mark in its middle.
fn header_row(layout: Layout, shade: Shade, scale: u32, y: u32) -> Vec<u8> {
    let (width, height) = (u32::from(layout.width()) * scale, u32::from(layout.header) * scale);
    let margin = height / 8;
    let side = height - 2 * margin;
    // Odd and even do not meet in the middle; half a pixel is then given away in x alone.
    let left = (width - side) / 2;
    let unit = MARK_BOX / f64::from(side);
    let pixel = |x: u32| match (x.checked_sub(left), y.checked_sub(margin)) {
        (Some(x), Some(y)) if x < side && y < side => inked_samples(shade.mark(), x, y, unit),
        _ => FRAME,
    };
    (0..width).map(pixel).collect()
}

/// How many of a pixel's samples the mark inks; `unit` is a pixel's side in units of the mark's box.
fn inked_samples(mark: &[Stroke], x: u32, y: u32, unit: f64) -> u8 {
    let at =
        |pixel: u32, sample: u8| (f64::from(pixel) + (f64::from(sample) + 0.5) / f64::from(SAMPLES)) * unit;
    let inked = |sample: &u8| {
        let point = (at(x, sample % SAMPLES), at(y, sample / SAMPLES));
        mark.iter().rev().find(|stroke| covers(stroke, point)).is_some_and(|stroke| stroke.inked)
    };
    (0..ALL_INK).filter(inked).map(|_| 1).sum()
}

fn covers(stroke: &Stroke, point: (f64, f64)) -> bool {
    let reach = stroke.width / 2.0;
    let near = |from, to| distance_squared(point, from, to) <= reach * reach;
    let open = stroke.points.iter().zip(stroke.points.iter().skip(1));
    let closing =
        stroke.points.last().zip(stroke.points.first()).filter(|_| open.len() == 0 || stroke.filled);
    if open.clone().chain(closing).any(|(from, to)| near(*from, *to)) {
        return true;
    }
    // Clockwise on the screen, a convex shape's inside is on the right of each of its edges.
    let on_the_right = |((ax, ay), (bx, by)): (&(f64, f64), &(f64, f64))| {
        (bx - ax) * (point.1 - ay) - (by - ay) * (point.0 - ax) >= 0.0
    };
    stroke.filled && open.chain(closing).all(on_the_right)
}

/// From `point` to the line between `a` and `b`, squared.
fn distance_squared(point: (f64, f64), a: (f64, f64), b: (f64, f64)) -> f64 {
    let (dx, dy) = (b.0 - a.0, b.1 - a.1);
    let (px, py) = (point.0 - a.0, point.1 - a.1);
    let length_squared = dx * dx + dy * dy;
    let along =
        if length_squared > 0.0 { ((px * dx + py * dy) / length_squared).clamp(0.0, 1.0) } else { 0.0 };
    let (ex, ey) = (px - along * dx, py - along * dy);
    ex * ex + ey * ey
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]
    use super::super::INK;
    use super::super::tests::{COLOURED, Grey, read_by_rqrr, read_by_rxing, text_for, turned};
    use super::*;

    /// Width, height and the pixels of a picture, as any viewer decodes it.
    fn pixels(bytes: &[u8]) -> (usize, usize, Vec<Rgb>) {
        let mut decoder = ::png::Decoder::new(std::io::Cursor::new(bytes));
        decoder.set_transformations(::png::Transformations::EXPAND);
        let mut reader = decoder.read_info().unwrap();
        let mut buffer = vec![0; reader.output_buffer_size().unwrap()];
        let info = reader.next_frame(&mut buffer).unwrap();
        assert_eq!(info.color_type, ColorType::Rgb);
        let pixels = buffer.chunks_exact(3).map(|p| [p[0], p[1], p[2]]).collect();
        (info.width as usize, info.height as usize, pixels)
    }

    fn grey(bytes: &[u8]) -> Grey {
        let (width, height, pixels) = pixels(bytes);
        let luma = |[r, g, b]: Rgb| (u32::from(r) * 299 + u32::from(g) * 587 + u32::from(b) * 114) / 1000;
        (width, height, pixels.into_iter().map(|p| u8::try_from(luma(p)).unwrap()).collect())
    }

    #[test]
    fn two_readers_read_every_shade_and_version() {
        for version in [4, 9, 12, 16] {
            let text = text_for(version);
            let matrix = Matrix::encode(&text).unwrap();
            assert_eq!(matrix.version(), version);
            for shade in COLOURED.into_iter().chain([Shade::Plain]) {
                let picture = grey(&png(&matrix, shade, 4).unwrap());
                assert_eq!(read_by_rqrr(&picture).as_ref(), Some(&text), "{version} {shade:?}");
                assert_eq!(read_by_rxing(&picture).as_ref(), Some(&text), "{version} {shade:?}");
            }
        }
    }

    #[test]
    fn two_readers_read_any_size_and_any_side_up() {
        let text = text_for(9);
        let matrix = Matrix::encode(&text).unwrap();
        for scale in 2..=8 {
            let mut picture = grey(&png(&matrix, Shade::Red, scale).unwrap());
            for quarter in 0..4 {
                assert_eq!(read_by_rqrr(&picture).as_ref(), Some(&text), "{scale} {quarter}");
                assert_eq!(read_by_rxing(&picture).as_ref(), Some(&text), "{scale} {quarter}");
                picture = turned(&picture);
            }
        }
    }

    #[test]
    fn modules_are_whole_pixels_black_on_white_inside_the_frame() {
        let matrix = Matrix::encode(&text_for(4)).unwrap();
        let layout = Layout::framed(&matrix);
        for scale in [1_u16, 3] {
            let (width, height, pixels) = pixels(&png(&matrix, Shade::Green, scale.into()).unwrap());
            let scale = usize::from(scale);
            assert_eq!(width, usize::from(layout.width()) * scale);
            assert_eq!(height, usize::from(layout.height()) * scale);
            let (border, header) = (usize::from(layout.border), usize::from(layout.header));
            let (quiet, inner) = (usize::from(QUIET_ZONE), usize::from(layout.inner));
            for (i, pixel) in pixels.iter().enumerate().skip(header * scale * width) {
                let (x, y) = (i % width / scale, i / width / scale - header);
                let expected = if x < border || x >= border + inner || y >= inner {
                    Shade::Green.frame()
                } else if x >= border + quiet && y >= quiet && matrix.is_dark(x - border - quiet, y - quiet) {
                    [0; 3]
                } else {
                    WHITE
                };
                assert_eq!(*pixel, expected, "{x} {y}");
            }
        }
    }

    #[test]
    fn the_mark_is_drawn_in_the_ink_with_its_sign_cut_out() {
        let matrix = Matrix::encode(&text_for(12)).unwrap();
        let header = usize::from(Layout::framed(&matrix).header) * 8;
        for shade in COLOURED {
            let (width, _, pixels) = pixels(&png(&matrix, shade, 8).unwrap());
            let band = &pixels[..header * width];
            assert!(band.contains(&shade.ink()));
            // The middle of the mark lies in the check mark's, exclamation mark's or bar's neighbourhood.
            let middle = header / 2 * width + width / 2;
            assert!(band[middle - 24..middle + 24].contains(&shade.frame()), "{shade:?}");
            assert!(band[..width].iter().all(|pixel| *pixel == shade.frame()));
        }
    }

    #[test]
    fn plain_is_the_code_and_its_quiet_zone_alone() {
        let matrix = Matrix::encode(&text_for(4)).unwrap();
        let (side, modules) = matrix.luminance(4);
        assert_eq!(grey(&png(&matrix, Shade::Plain, 1).unwrap()), (side, side, modules));
    }

    #[test]
    fn a_scale_out_of_bounds_is_refused() {
        let matrix = Matrix::encode("A").unwrap();
        for scale in [0, 65, u32::MAX] {
            assert_eq!(png(&matrix, Shade::Green, scale), Err(PngError::Scale { scale }));
        }
        assert!(png(&matrix, Shade::Green, LARGEST_SCALE).is_ok());
    }

    #[test]
    fn the_palette_runs_from_frame_to_ink() {
        let palette = palette(Shade::Yellow);
        assert_eq!(palette[..3], Shade::Yellow.frame());
        assert_eq!(palette[3 * usize::from(ALL_INK)..][..3], INK);
        assert_eq!(palette.len(), 3 * (usize::from(DARK) + 1));
    }
}
