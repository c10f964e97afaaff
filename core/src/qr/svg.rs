//! A code as an SVG drawing: sharp at any size, with the words that belong to it.
//!
//! Enters: a [`Matrix`], its [`Shade`] and a [`Caption`], whose text is the caller's, in any language and
//! escaped here. One path draws all modules. Never here: scripts, style sheets, references to anything
//! outside the file. Follows SVG 1.1; the title is what a screen reader says (WAI-ARIA, role `img`).

use std::fmt::Write as _;

use super::{Layout, MARK_BOX, Matrix, QUIET_ZONE, Rgb, Shade, Stroke};

/// The words beside a code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Caption<'a> {
    /// The colour's name or the code's purpose, in large letters above the code.
    pub word: &'a str,
    /// What else is to be seen, such as a name and a time, in small letters below; may be empty.
    pub detail: &'a str,
}

/// Sans-serif letters of whatever system shows the drawing, with the usual Chinese ones behind them.
const FONTS: &str = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, 'PingFang SC', \
                     'Noto Sans CJK SC', 'Noto Sans SC', 'Microsoft YaHei', sans-serif";

/// CSS pixels a module measures unless the page says otherwise.
const PIXELS: u16 = 8;
/// From the middle of a line of text down to its baseline, in ems: half the height of capitals.
pub(super) const TO_BASELINE: f64 = 0.36;

/// The code as an SVG document whose unit is one module. Texts shrink until they fit their line.
/// [`Shade::Plain`] has a white frame without a shape, and its words in the middle.
pub fn svg(matrix: &Matrix, shade: Shade, caption: &Caption<'_>) -> String {
    let mut layout = Layout::framed(matrix);
    if !caption.detail.trim().is_empty() {
        layout.footer = layout.inner / 8;
    }
    let (width, height) = (layout.width(), layout.height());
    let mut out = String::new();
    // Writing to a `String` cannot fail, here and below.
    let _ = write!(
        out,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" role=\"img\" viewBox=\"0 0 {width} {height}\" \
         width=\"{}\" height=\"{}\">\n<title>{}</title>\n\
         <rect width=\"{width}\" height=\"{height}\" fill=\"{}\"/>\n",
        width * PIXELS,
        height * PIXELS,
        title(caption),
        hex(shade.frame()),
    );
    header(&mut out, layout, shade, caption.word);
    code(&mut out, matrix, layout);
    if !caption.detail.trim().is_empty() {
        let (middle, room) = (f64::from(width) / 2.0, f64::from(layout.inner));
        let line = f64::from(layout.footer);
        let (size, y) = (fitting(caption.detail, line * 0.44, room), f64::from(height) - line / 2.0);
        text(&mut out, shade, &Line { x: middle, y, size, bold: false, centred: true }, caption.detail);
    }
    out.push_str("</svg>\n");
    out
}

/// Mark and word start on the white square's left edge; without a mark the word stands in the middle.
fn header(out: &mut String, layout: Layout, shade: Shade, word: &str) {
    let (band, border, inner) = (f64::from(layout.header), f64::from(layout.border), f64::from(layout.inner));
    let (y, largest) = (band / 2.0, band * 0.56);
    if shade.mark().is_empty() {
        let (x, size) = (border + inner / 2.0, fitting(word, largest, inner));
        return text(out, shade, &Line { x, y, size, bold: true, centred: true }, word);
    }
    let box_side = band * 0.75;
    mark(out, shade, (border, y - box_side / 2.0), box_side);
    let x = border + box_side * 1.3;
    let size = fitting(word, largest, border + inner - x);
    text(out, shade, &Line { x, y, size, bold: true, centred: false }, word);
}

pub(super) fn mark(out: &mut String, shade: Shade, (left, top): (f64, f64), side: f64) {
    let _ = writeln!(
        out,
        "<g transform=\"translate({left:.3} {top:.3}) scale({:.5})\" stroke-linecap=\"round\" \
         stroke-linejoin=\"round\">",
        side / MARK_BOX
    );
    for stroke in shade.mark() {
        part(out, stroke, &hex(if stroke.inked { shade.ink() } else { shade.frame() }));
    }
    out.push_str("</g>\n");
}

fn part(out: &mut String, stroke: &Stroke, colour: &str) {
    if let [(x, y)] = stroke.points {
        let radius = stroke.width / 2.0;
        let _ = writeln!(out, "<circle cx=\"{x}\" cy=\"{y}\" r=\"{radius}\" fill=\"{colour}\"/>");
        return;
    }
    let points: Vec<String> = stroke.points.iter().map(|(x, y)| format!("{x},{y}")).collect();
    let (tag, fill) = if stroke.filled { ("polygon", colour) } else { ("polyline", "none") };
    let _ = writeln!(
        out,
        "<{tag} points=\"{}\" fill=\"{fill}\" stroke=\"{colour}\" stroke-width=\"{}\"/>",
        points.join(" "),
        stroke.width
    );
}

/// The white square, and on it one path of rectangles: a row's dark modules that touch are one of them.
fn code(out: &mut String, matrix: &Matrix, layout: Layout) {
    let Layout { border, header, .. } = layout;
    square(out, matrix, (border, header));
}

/// The code on its white square, whose left upper corner is given in modules.
pub(super) fn square(out: &mut String, matrix: &Matrix, (left, top): (u16, u16)) {
    let inner = matrix.modules() + 2 * QUIET_ZONE;
    let _ = write!(
        out,
        "<g shape-rendering=\"crispEdges\"><rect x=\"{left}\" y=\"{top}\" width=\"{inner}\" \
         height=\"{inner}\" fill=\"#ffffff\"/><path fill=\"#000000\" d=\""
    );
    for (y, row) in (top + QUIET_ZONE..).zip(matrix.rows()) {
        let mut x = left + QUIET_ZONE;
        for run in row.chunk_by(|a, b| a == b) {
            let length = (0_u16..).zip(run).map(|(i, _)| i + 1).last().unwrap_or_default();
            if run.first() == Some(&true) {
                let _ = write!(out, "M{x} {y}h{length}v1h-{length}z");
            }
            x += length;
        }
    }
    out.push_str("\"/></g>\n");
}

/// Where a line of text stands, in modules: `x` is its start or, if centred, its middle, `y` its middle.
struct Line {
    x: f64,
    y: f64,
    size: f64,
    bold: bool,
    centred: bool,
}

fn text(out: &mut String, shade: Shade, line: &Line, words: &str) {
    let _ = writeln!(
        out,
        "<text x=\"{:.3}\" y=\"{:.3}\" font-size=\"{:.3}\" font-weight=\"{}\" text-anchor=\"{}\" \
         font-family=\"{FONTS}\" fill=\"{}\">{}</text>",
        line.x,
        line.y + line.size * TO_BASELINE,
        line.size,
        if line.bold { 700 } else { 400 },
        if line.centred { "middle" } else { "start" },
        hex(shade.ink()),
        escaped(words.trim()),
    );
}

/// The largest size up to `largest` at which `words` need no more than `room`. Nothing here knows the
/// fonts, so widths are what wide sans-serif letters take, in ems.
pub(super) fn fitting(words: &str, largest: f64, room: f64) -> f64 {
    let ems: f64 = words
        .trim()
        .chars()
        .map(|c| match c {
            // From Hangul upwards nearly everything is as wide as it is high.
            '\u{1100}'.. => 1.0,
            'A'..='Z' => 0.75,
            _ => 0.6,
        })
        .sum();
    if ems * largest > room { room / ems } else { largest }
}

fn title(caption: &Caption<'_>) -> String {
    match (caption.word.trim(), caption.detail.trim()) {
        (word, "") => escaped(word),
        ("", detail) => escaped(detail),
        (word, detail) => format!("{} – {}", escaped(word), escaped(detail)),
    }
}

/// Text for an element's content. What XML 1.0 (2.2) has no place for becomes U+FFFD; line ends, a space.
pub(super) fn escaped(text: &str) -> String {
    text.chars().fold(String::with_capacity(text.len()), |mut out, c| {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            '\t' | '\n' | '\r' => out.push(' '),
            '\0'..='\u{1f}' | '\u{fffe}' | '\u{ffff}' => out.push('\u{fffd}'),
            other => out.push(other),
        }
        out
    })
}

pub(super) fn hex([r, g, b]: Rgb) -> String {
    format!("#{r:02x}{g:02x}{b:02x}")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]
    use super::super::tests::{COLOURED, read_by_rqrr, text_for};
    use super::*;

    const GREEN: Caption<'_> = Caption { word: "绿码 Green", detail: "张三 · 2024-05-01 10:22" };

    fn between<'a>(text: &'a str, before: &str, after: &str) -> &'a str {
        text.split_once(before).unwrap().1.split_once(after).unwrap().0
    }

    /// The rectangles of the path: x, y and length.
    fn runs(svg: &str) -> Vec<(usize, usize, usize)> {
        let path = between(svg, " d=\"", "\"");
        path.split_terminator('z')
            .map(|run| {
                let (x, rest) = run.strip_prefix('M').unwrap().split_once(' ').unwrap();
                let (y, rest) = rest.split_once('h').unwrap();
                let (length, rest) = rest.split_once("v1h-").unwrap();
                assert_eq!(length, rest);
                (x.parse().unwrap(), y.parse().unwrap(), length.parse().unwrap())
            })
            .collect()
    }

    #[test]
    fn the_path_draws_exactly_the_dark_modules_and_a_reader_reads_them() {
        for version in [4, 9, 12, 16] {
            let matrix = Matrix::encode(&text_for(version)).unwrap();
            let layout = Layout::framed(&matrix);
            let side = matrix.side() + 8;
            let mut painted = 0;
            let mut grey = vec![255_u8; side * side * 9];
            for (x, y, length) in runs(&svg(&matrix, Shade::Green, &GREEN)) {
                let (x, y) = (x - usize::from(layout.border), y - usize::from(layout.header));
                painted += length;
                for module in x..x + length {
                    assert!(matrix.is_dark(module - 4, y - 4));
                    let corner = (y * 3 * side + module) * 3;
                    (0..9).for_each(|i| grey[corner + i / 3 * side * 3 + i % 3] = 0);
                }
            }
            let dark = matrix.rows().flatten().filter(|dark| **dark).count();
            assert_eq!(painted, dark);
            assert_eq!(read_by_rqrr(&(side * 3, side * 3, grey)), Some(text_for(version)));
        }
    }

    #[test]
    fn the_white_square_leaves_four_modules_around_the_code() {
        let matrix = Matrix::encode(&text_for(4)).unwrap();
        let svg = svg(&matrix, Shade::Red, &GREEN);
        let layout = Layout { footer: 5, ..Layout::framed(&matrix) };
        assert_eq!(layout, Layout { inner: 41, border: 2, header: 8, footer: 5 });
        assert_eq!(between(&svg, "viewBox=\"", "\""), "0 0 45 54");
        assert!(svg.contains("<rect x=\"2\" y=\"8\" width=\"41\" height=\"41\" fill=\"#ffffff\"/>"));
        let runs = runs(&svg);
        assert_eq!(runs.iter().map(|run| run.0).min(), Some(2 + 4));
        assert_eq!(runs.iter().map(|run| run.0 + run.2).max(), Some(2 + 41 - 4));
        assert_eq!(runs.iter().map(|run| run.1).min(), Some(8 + 4));
        assert_eq!(runs.iter().map(|run| run.1 + 1).max(), Some(8 + 41 - 4));
    }

    #[test]
    fn a_colour_is_named_by_word_and_shape_and_plain_has_neither_frame_nor_shape() {
        let matrix = Matrix::encode("A").unwrap();
        for (shade, tag) in COLOURED.into_iter().zip(["circle", "polygon", "polygon"]) {
            let svg = svg(&matrix, shade, &GREEN);
            assert!(svg.contains(&format!("<{tag} ")) && svg.contains(">绿码 Green</text>"));
            assert_eq!(between(&svg, "<title>", "</title>"), "绿码 Green – 张三 · 2024-05-01 10:22");
        }
        let plain = svg(&matrix, Shade::Plain, &Caption { word: "Venue", detail: "" });
        assert!(!plain.contains("<circle") && !plain.contains("<polygon"));
        assert_eq!(between(&plain, "<title>", "</title>"), "Venue");
        assert_eq!(plain.matches("<text").count(), 1);
    }

    #[test]
    fn no_text_escapes_from_its_element() {
        let matrix = Matrix::encode("A").unwrap();
        let caption = Caption { word: "</text><script>", detail: "\"&'\u{0}\u{b}\n\u{ffff}" };
        let svg = svg(&matrix, Shade::Yellow, &caption);
        assert!(!svg.contains("<script") && svg.contains("&lt;/text&gt;&lt;script&gt;"));
        assert!(svg.contains(">&quot;&amp;&#39;\u{fffd}\u{fffd} \u{fffd}</text>"));
        assert!(svg.chars().all(|c| c == '\n' || c >= ' '));
    }

    #[test]
    fn long_text_shrinks_to_its_line() {
        assert!((fitting("绿码", 10.0, 100.0) - 10.0).abs() < 1e-9);
        assert!((fitting(&"码".repeat(50), 10.0, 100.0) - 2.0).abs() < 1e-9);
        assert!(fitting("", 10.0, 100.0) <= 10.0);
    }
}
