//! `healthcode checkpoint`: a gate at a terminal. Texts come from standard input, a line each, as a pipe or a
//! keyboard-wedge scanner types them, or from pictures; each comes to one verdict, a line each, at once. It judges
//! nothing itself: it holds the core's checkpoint, with a file that is gone when it ends.

mod gate;
mod lines;
mod shown;

use std::collections::BTreeMap;
use std::io::{IsTerminal, Write};
use std::path::Path;

use healthcode::qr::{Matrix, TerminalStyle, terminal};
use healthcode::token::Verdict;

use crate::arguments::{CheckpointArguments, Language};
use crate::{Failure, Outcome, camera};

use gate::Gate;
use lines::Lines;
use shown::{Source, Style};

/// What a scan came to.
struct Scanned {
    verdict: Verdict,
    /// The text of the challenge that the gate shows with it.
    challenge: Option<String>,
}

/// Judges what comes until the input ends.
pub(crate) fn run(
    arguments: &CheckpointArguments,
    as_json: bool,
    out: &mut dyn Write,
) -> Result<Outcome, Failure> {
    let gate = Gate::open(arguments)?;
    let language = arguments.lang.unwrap_or_else(Language::of_environment);
    let style = Style { language, as_json, assumed_clock: arguments.assume_clock };
    let show_challenge = arguments.show_challenge || std::io::stderr().is_terminal();
    let mut desk =
        Desk { scan: &|text| gate.scan(text), style, show_challenge, out, counts: BTreeMap::new() };
    let mut unread = 0;
    if arguments.pictures.is_empty() {
        desk.read_lines(std::io::stdin().lock())?;
    }
    for picture in &arguments.pictures {
        if picture == Path::new("-") {
            desk.read_lines(std::io::stdin().lock())?;
        } else if let Err(problem) = desk.read_picture(picture)? {
            complain(&problem);
            unread += 1;
        }
    }
    desk.print_counts();
    let outcome = desk.outcome();
    match unread {
        0 => Ok(outcome),
        1 => Err(Failure::Usage("one picture was not read".to_owned())),
        more => Err(Failure::Usage(format!("{more} pictures were not read"))),
    }
}

/// Where verdicts are given.
struct Desk<'a> {
    scan: &'a dyn Fn(&str) -> Result<Scanned, Failure>,
    style: Style,
    show_challenge: bool,
    out: &'a mut dyn Write,
    /// How often each verdict was given, by its name.
    counts: BTreeMap<&'static str, u64>,
}

impl Desk<'_> {
    fn read_lines(&mut self, input: impl std::io::Read) -> Result<(), Failure> {
        let unreadable = |error: std::io::Error| Failure::Usage(format!("standard input: {error}"));
        let mut lines = Lines::new(input);
        let mut number = 0;
        while let Some(text) = lines.next().map_err(unreadable)? {
            number += 1;
            self.judge(&text, &Source::Line(number))?;
        }
        Ok(())
    }

    /// Judges the code in a picture; why the picture was not read is the inner result.
    fn read_picture(&mut self, path: &Path) -> Result<Result<(), String>, Failure> {
        let name = path.display().to_string();
        let bytes = match std::fs::read(path) {
            Ok(bytes) => bytes,
            Err(error) => return Ok(Err(format!("{name}: {error}"))),
        };
        match camera::scan(&bytes) {
            Ok(text) => self.judge(&text, &Source::Picture(&name)).map(Ok),
            Err(error) => Ok(Err(format!("{name}: {error}"))),
        }
    }

    fn judge(&mut self, text: &str, source: &Source<'_>) -> Result<(), Failure> {
        let Scanned { verdict, challenge } = (self.scan)(text)?;
        let line = self.style.line(&verdict, challenge.as_deref(), source);
        writeln!(self.out, "{line}")?;
        // A person waits for this line: it is not kept until there are more.
        self.out.flush()?;
        *self.counts.entry(verdict.name()).or_default() += 1;
        if let Some(challenge) = challenge.filter(|_| self.show_challenge) {
            show(&challenge);
        }
        Ok(())
    }

    fn print_counts(&self) {
        let counts: Vec<_> = self.counts.iter().map(|(name, count)| format!("{name} {count}")).collect();
        if !counts.is_empty() {
            complain(&counts.join(", "));
        }
    }

    fn outcome(&self) -> Outcome {
        if self.counts.keys().all(|name| *name == "pass") { Outcome::Yes } else { Outcome::No }
    }
}

/// Shows a challenge where the person at the gate sees it and no pipe does.
fn show(challenge: &str) {
    if let Ok(matrix) = Matrix::encode(challenge) {
        let on_screen = std::io::stderr().is_terminal();
        let style = if on_screen { TerminalStyle::Ansi } else { TerminalStyle::LightBackground };
        let _ = writeln!(std::io::stderr(), "{}", terminal(&matrix, style));
    }
}

fn complain(line: &str) {
    let _ = writeln!(std::io::stderr(), "healthcode: {line}");
}

impl Language {
    /// The language of the environment, as POSIX orders its variables.
    fn of_environment() -> Self {
        let set = ["LC_ALL", "LC_MESSAGES", "LANG"].into_iter().filter_map(std::env::var_os);
        Self::of_locale(
            set.into_iter().find(|value| !value.is_empty()).and_then(|value| value.into_string().ok()),
        )
    }

    fn of_locale(locale: Option<String>) -> Self {
        if locale.is_some_and(|locale| locale.to_ascii_lowercase().starts_with("zh")) {
            Self::Zh
        } else {
            Self::En
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use healthcode::token::verdict::Side;

    use super::*;

    fn judged(
        input: &[u8],
        verdict: impl Fn(&str) -> Verdict,
    ) -> (String, BTreeMap<&'static str, u64>, bool) {
        let mut out = Vec::new();
        let style = Style { language: Language::En, as_json: false, assumed_clock: false };
        let scan = |text: &str| Ok(Scanned { verdict: verdict(text), challenge: None });
        let counts = BTreeMap::new();
        let mut desk = Desk { scan: &scan, style, show_challenge: false, out: &mut out, counts };
        desk.read_lines(input).unwrap();
        let all_passed = matches!(desk.outcome(), Outcome::Yes);
        let counts = desk.counts;
        (String::from_utf8(out).unwrap(), counts, all_passed)
    }

    #[test]
    fn every_text_comes_to_one_line_and_is_counted() {
        let verdict = |text: &str| match text {
            "A" => Verdict::UnknownIssuer,
            _ => Verdict::ConnectFirst { side: Side::Gate },
        };
        let (out, counts, all_passed) = judged(b"A\r\nB\nA", verdict);
        assert_eq!(out.lines().count(), 3);
        assert_eq!(counts.into_iter().collect::<Vec<_>>(), [("connect_first", 1), ("unknown_issuer", 2)]);
        assert!(!all_passed);
        assert!(judged(b"\n\n", verdict).2, "nobody came, and nobody was stopped");
    }

    #[test]
    fn the_language_is_the_environments() {
        let of = |locale: &str| Language::of_locale(Some(locale.to_owned()));
        assert_eq!(
            (of("zh_CN.UTF-8"), of("zh"), of("en_GB"), of("C")),
            (Language::Zh, Language::Zh, Language::En, Language::En)
        );
        assert_eq!(Language::of_locale(None), Language::En);
    }
}
