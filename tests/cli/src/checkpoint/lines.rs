//! Lines from whatever types them: a pipe, a file, a keyboard-wedge scanner. A line ends by CR, LF or both, the last one
//! also without; a scanner's own marks around the text are taken off; what is empty is passed over.

use std::io::{BufRead, BufReader, ErrorKind, Read};

use healthcode::token::code_text::MAX_CHARACTERS;

/// The bytes of a line that are kept: more than any code has, so that what is longer is refused for its length and not
/// for where it was cut. The rest is read and dropped.
const KEPT: usize = 2 * MAX_CHARACTERS;
const BYTE_ORDER_MARK: &str = "\u{feff}";

/// The lines of a reader. Each is given as soon as its end was read.
pub(super) struct Lines<R> {
    input: BufReader<R>,
    begun: bool,
}

impl<R: Read> Lines<R> {
    pub(super) fn new(input: R) -> Self {
        Self { input: BufReader::new(input), begun: false }
    }

    /// The next text. Bytes that are no UTF-8 become U+FFFD, which is in no code.
    pub(super) fn next(&mut self) -> std::io::Result<Option<String>> {
        while let Some(line) = self.line()? {
            let text = String::from_utf8_lossy(&line);
            let text = if self.begun { &text } else { text.strip_prefix(BYTE_ORDER_MARK).unwrap_or(&text) };
            self.begun = true;
            // Scanners can be set to frame what they type, by STX and ETX or a tab. A space can belong to a code.
            let text = text.trim_matches(|c: char| c.is_ascii_control());
            if !text.trim().is_empty() {
                return Ok(Some(text.to_owned()));
            }
        }
        Ok(None)
    }

    /// The bytes up to the next CR or LF; none at the end of the input.
    fn line(&mut self) -> std::io::Result<Option<Vec<u8>>> {
        let mut line = Vec::new();
        let mut any = false;
        loop {
            let buffer = match self.input.fill_buf() {
                Ok(buffer) => buffer,
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                Err(error) => return Err(error),
            };
            if buffer.is_empty() {
                return Ok(any.then_some(line));
            }
            any = true;
            let end = buffer.iter().position(|byte| matches!(byte, b'\r' | b'\n'));
            let part = buffer.get(..end.unwrap_or(buffer.len())).unwrap_or_default();
            let room = KEPT.saturating_sub(line.len());
            line.extend(part.get(..room).unwrap_or(part));
            let read = part.len() + usize::from(end.is_some());
            self.input.consume(read);
            if end.is_some() {
                return Ok(Some(line));
            }
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    /// A reader that gives a byte at a time, as a person types.
    struct Typed<'b>(&'b [u8]);

    impl Read for Typed<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
            let Some((first, rest)) = self.0.split_first() else { return Ok(0) };
            self.0 = rest;
            *buffer.first_mut().unwrap() = *first;
            Ok(1)
        }
    }

    fn lines(bytes: &[u8]) -> Vec<String> {
        let all = |mut lines: Lines<_>| std::iter::from_fn(|| lines.next().unwrap()).collect::<Vec<_>>();
        let whole = all(Lines::new(Box::new(bytes) as Box<dyn Read + '_>));
        assert_eq!(whole, all(Lines::new(Box::new(Typed(bytes)) as Box<dyn Read + '_>)));
        whole
    }

    #[test]
    fn a_line_ends_as_any_scanner_ends_it() {
        for input in
            ["A\nB\n", "A\r\nB\r\n", "A\rB\r", "A\nB", "\u{feff}A\n\n  \r\n\nB", "\u{2}A\u{3}\n\u{2}B\t"]
        {
            assert_eq!(lines(input.as_bytes()), ["A", "B"], "{input:?}");
        }
        assert!(lines(b"").is_empty() && lines(b"\r\n\r\n").is_empty());
    }

    #[test]
    fn a_space_at_the_end_belongs_to_the_code() {
        assert_eq!(lines(b"H1:A \r\n"), ["H1:A "]);
    }

    #[test]
    fn a_line_of_any_length_and_bytes_of_any_kind_are_one_text() {
        let long = [b"H1:".as_slice(), &vec![b'0'; 1_000_000], b"\nB"].concat();
        let read = lines(&long);
        assert_eq!((read.first().unwrap().len(), read.last().unwrap().as_str()), (KEPT, "B"));
        assert_eq!(lines(b"H1:\xff\xfe\nB"), ["H1:\u{fffd}\u{fffd}", "B"]);
    }
}
