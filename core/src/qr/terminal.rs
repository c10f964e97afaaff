//! A code as lines of text, for a terminal or a log of a venue's till: two modules a character, one above
//! the other, in the half blocks of Unicode (U+2580, U+2584, U+2588).
//!
//! Enters: a [`Matrix`] and what is known of the terminal. Never here: colours of people, since a terminal
//! shows codes to who tests or installs; escape sequences unless asked for (ECMA-48, 8.3.117 SGR).

use super::{Matrix, QUIET_ZONE};

/// What is known of the terminal. A code is dark on light; a terminal that is light on dark inverts it
/// unless told, and many readers then see nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TerminalStyle {
    /// It understands escape sequences: black on white is set explicitly, whatever its theme.
    Ansi,
    /// It shows dark letters on a light background; blocks are dark modules.
    LightBackground,
    /// It shows light letters on a dark background; blocks are light modules.
    DarkBackground,
}

/// Columns of the usual terminal.
const COLUMNS: usize = 80;
/// The margin where the standard's would wrap lines; readers cope, with a wrapped code nobody does.
const NARROW_QUIET_ZONE: usize = 2;

/// Entries of the 256-colour cube, since themes redefine the first sixteen: foreground 16 is black,
/// background 231 white.
const BLACK_ON_WHITE: &str = "\u{1b}[38;5;16;48;5;231m";
const RESET: &str = "\u{1b}[0m";

/// The code with its quiet zone as lines, each ended by a line feed. The quiet zone is four modules wide
/// (ISO/IEC 18004, 6.3.8), or two where four would exceed 80 columns.
pub fn terminal(matrix: &Matrix, style: TerminalStyle) -> String {
    let quiet = match usize::from(QUIET_ZONE) {
        wide if matrix.side() + 2 * wide <= COLUMNS => wide,
        _ => NARROW_QUIET_ZONE,
    };
    let (side, luminance) = matrix.luminance(quiet);
    let rows: Vec<&[u8]> = luminance.chunks_exact(side).collect();
    let mut text = String::new();
    for pair in rows.chunks(2) {
        let (upper, lower) = (pair.first(), pair.get(1));
        let light = |row: Option<&&[u8]>, x| row.and_then(|row| row.get(x)).is_none_or(|value| *value != 0);
        let glyphs = (0..side).map(|x| glyph(style, light(upper, x), light(lower, x)));
        if style == TerminalStyle::Ansi {
            text.push_str(BLACK_ON_WHITE);
            text.extend(glyphs);
            text.push_str(RESET);
        } else {
            text.extend(glyphs);
        }
        text.push('\n');
    }
    text
}

/// The block that prints the two modules; what the letters' colour prints depends on the style.
fn glyph(style: TerminalStyle, upper_light: bool, lower_light: bool) -> char {
    let blocks_are_light = style == TerminalStyle::DarkBackground;
    match (upper_light == blocks_are_light, lower_light == blocks_are_light) {
        (true, true) => '█',
        (true, false) => '▀',
        (false, true) => '▄',
        (false, false) => ' ',
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]
    use super::super::tests::text_for;
    use super::*;

    /// Which modules a reader would see dark, row by row, two rows a line.
    fn seen(text: &str, style: TerminalStyle) -> Vec<Vec<bool>> {
        let blocks_are_dark = style != TerminalStyle::DarkBackground;
        let halves = |line: &str, covering: [char; 2]| -> Vec<bool> {
            line.chars().map(|c| covering.contains(&c) == blocks_are_dark).collect()
        };
        let lines = text.lines().map(|line| line.replace(BLACK_ON_WHITE, "").replace(RESET, ""));
        lines.flat_map(|line| [halves(&line, ['█', '▀']), halves(&line, ['█', '▄'])]).collect()
    }

    #[test]
    fn every_style_shows_the_same_dark_modules() {
        for (version, quiet) in [(4, 4), (12, 4), (16, 2)] {
            let matrix = Matrix::encode(&text_for(version)).unwrap();
            for style in [TerminalStyle::Ansi, TerminalStyle::LightBackground, TerminalStyle::DarkBackground]
            {
                let seen = seen(&terminal(&matrix, style), style);
                // The side is odd: the last line has half a line of margin more.
                assert_eq!(seen.len(), matrix.side() + 2 * quiet + 1);
                for (y, row) in seen.iter().enumerate() {
                    assert_eq!(row.len(), matrix.side() + 2 * quiet);
                    for (x, dark) in row.iter().enumerate() {
                        let inside = x >= quiet && y >= quiet;
                        assert_eq!(
                            *dark,
                            inside && matrix.is_dark(x - quiet, y - quiet),
                            "{style:?} {x} {y}"
                        );
                    }
                }
            }
        }
    }

    #[test]
    fn escape_sequences_come_only_when_asked_for_and_end_with_their_line() {
        let matrix = Matrix::encode("A").unwrap();
        let ansi = terminal(&matrix, TerminalStyle::Ansi);
        assert!(ansi.lines().all(|line| line.starts_with(BLACK_ON_WHITE) && line.ends_with(RESET)));
        for style in [TerminalStyle::LightBackground, TerminalStyle::DarkBackground] {
            assert!(!terminal(&matrix, style).contains('\u{1b}'));
        }
    }
}
