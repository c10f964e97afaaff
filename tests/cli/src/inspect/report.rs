//! What an inspection comes to: a line a field, what it could be, what is odd, and whether a signature holds. As text
//! for a person or as one JSON object.

use std::io::Write;

use healthcode::token::{PublicKey, RootSet, TrustList};
use serde_json::{Value, json};

/// More lines than these are counted and not shown.
const MAX_LINES: usize = 5_000;
/// A text's width on a line; JSON has it whole.
const MAX_WIDTH: usize = 72;

/// One field.
pub(super) struct Line {
    /// Where it stands: labels of maps and places of arrays, joined by `/`.
    pub(super) path: String,
    /// Its name, of its RFC where it has one; empty for what has none.
    pub(super) name: &'static str,
    /// A number, a text, or bytes in hexadecimal; null for containers.
    pub(super) value: Value,
    /// What it means.
    pub(super) meaning: String,
}

/// What it could be, and what the core's own parser says to it as that.
pub(super) struct Guess {
    pub(super) what: &'static str,
    /// The context of its signature; empty where there is none.
    pub(super) context: &'static str,
    /// Why it is refused as that.
    pub(super) refused: Option<String>,
}

/// Whether a signature holds.
pub(super) struct Signature {
    pub(super) path: String,
    pub(super) what: &'static str,
    pub(super) outcome: Outcome,
}

/// What became of verifying.
pub(super) enum Outcome {
    /// It holds, and this is who signed.
    Verified(String),
    /// It does not hold, or its key may not sign this.
    Wrong(String),
    /// It cannot be told here.
    Open(String),
}

impl Outcome {
    pub(super) const fn is_verified(&self) -> bool {
        matches!(self, Self::Verified(_))
    }
}

/// What signatures are verified with.
pub(super) struct Trust {
    /// Root keys.
    pub(super) roots: Vec<PublicKey>,
    /// How many of them must have signed.
    pub(super) threshold: usize,
    /// A trust list that they have signed.
    pub(super) list: Option<TrustList>,
}

impl Trust {
    /// The given keys as the root set of a version.
    pub(super) fn set(&self, version: u32) -> RootSet {
        RootSet::embedded(version, self.threshold, self.roots.clone())
    }
}

/// An inspection.
#[derive(Default)]
pub(super) struct Report {
    pub(super) input: String,
    pub(super) bytes: usize,
    pub(super) guesses: Vec<Guess>,
    pub(super) lines: Vec<Line>,
    pub(super) left_off: usize,
    /// What is not deterministic, left over or refused.
    pub(super) odd: Vec<String>,
    /// What signatures are verified with; none where nothing was given.
    pub(super) trust: Option<Trust>,
    pub(super) signatures: Vec<Signature>,
}

impl Report {
    pub(super) fn line(&mut self, path: &str, name: &'static str, value: Value, meaning: impl Into<String>) {
        if self.lines.len() < MAX_LINES {
            self.lines.push(Line { path: path.to_owned(), name, value, meaning: meaning.into() });
        } else {
            self.left_off += 1;
        }
    }

    pub(super) fn odd(&mut self, path: &str, what: &str) {
        self.odd.push(if path.is_empty() { what.to_owned() } else { format!("{path}: {what}") });
    }

    /// Whether it is something that is accepted, and no signature that was looked at is wrong.
    pub(super) fn is_well(&self) -> bool {
        let accepted = self.guesses.iter().any(|guess| guess.refused.is_none());
        accepted && !self.signatures.iter().any(|signature| matches!(signature.outcome, Outcome::Wrong(_)))
    }

    pub(super) fn print(&self, as_json: bool, out: &mut dyn Write) -> std::io::Result<()> {
        if as_json { writeln!(out, "{}", self.to_json()) } else { self.print_text(out) }
    }

    fn to_json(&self) -> Value {
        let could_be: Vec<_> = self
            .guesses
            .iter()
            .map(|guess| json!({"what": guess.what, "context": guess.context, "refused": guess.refused}))
            .collect();
        let fields: Vec<_> = self
            .lines
            .iter()
            .map(|line| json!({"path": line.path, "name": line.name, "value": line.value, "meaning": line.meaning}))
            .collect();
        let signatures: Vec<_> = self
            .signatures
            .iter()
            .map(|signature| {
                let (verified, by, error) = match &signature.outcome {
                    Outcome::Verified(by) => (Some(true), Some(by), None),
                    Outcome::Wrong(why) => (Some(false), None, Some(why)),
                    Outcome::Open(why) => (None, None, Some(why)),
                };
                json!({"path": signature.path, "what": signature.what, "verified": verified, "by": by, "why": error})
            })
            .collect();
        json!({
            "input": self.input, "bytes": self.bytes, "could_be": could_be, "odd": self.odd,
            "signatures": signatures, "fields": fields, "fields_left_off": self.left_off,
        })
    }

    fn print_text(&self, out: &mut dyn Write) -> std::io::Result<()> {
        writeln!(out, "input      {}", self.input)?;
        for (at, guess) in self.guesses.iter().enumerate() {
            let head = if at == 0 { "could be " } else { "or       " };
            let context = if guess.context.is_empty() {
                "not signed".to_owned()
            } else {
                format!("signed as {}", guess.context)
            };
            match &guess.refused {
                None => writeln!(out, "{head}  {}, {context}", guess.what)?,
                Some(why) => writeln!(out, "{head}  {}, {context}; refused as that: {why}", guess.what)?,
            }
        }
        if self.guesses.is_empty() {
            writeln!(out, "could be   nothing that is known here")?;
        }
        for odd in &self.odd {
            writeln!(out, "odd        {odd}")?;
        }
        for Signature { path, what, outcome } in &self.signatures {
            let place = if path.is_empty() { String::new() } else { format!(" ({path})") };
            match outcome {
                Outcome::Verified(by) => writeln!(out, "signature  {what}{place}: holds, by {by}")?,
                Outcome::Wrong(why) => writeln!(out, "signature  {what}{place}: DOES NOT HOLD: {why}")?,
                Outcome::Open(why) => writeln!(out, "signature  {what}{place}: not verified: {why}")?,
            }
        }
        if self.trust.is_none() {
            writeln!(out, "signature  not looked at: give --trust-list and --root-key to have it verified")?;
        }
        self.print_fields(out)
    }

    fn print_fields(&self, out: &mut dyn Write) -> std::io::Result<()> {
        let width = |text: &dyn Fn(&Line) -> usize| self.lines.iter().map(text).max().unwrap_or(0);
        let path = width(&|line| line.path.len()).min(48);
        let name = width(&|line| line.name.len());
        if !self.lines.is_empty() {
            writeln!(out)?;
        }
        for line in &self.lines {
            let value = shown(&line.value);
            let gap = if value.is_empty() { "" } else { "  " };
            let text = format!("{:path$}  {:name$}  {value}{gap}{}", line.path, line.name, line.meaning);
            writeln!(out, "{}", text.trim_end())?;
        }
        if self.left_off > 0 {
            writeln!(out, "… and {} fields more", self.left_off)?;
        }
        Ok(())
    }
}

/// A value as a terminal may show it: short, and without characters that move its cursor or turn its writing.
fn shown(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) if text.chars().count() > MAX_WIDTH => {
            let head: String = text.chars().take(MAX_WIDTH).collect();
            format!("{}…", printable(&head))
        }
        Value::String(text) => printable(text),
        other => other.to_string(),
    }
}

/// The text with control characters, and those that turn the direction of writing, spelt out.
pub(crate) fn printable(text: &str) -> String {
    let moves = |c: char| {
        c.is_control()
            || matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    let mut shown = String::with_capacity(text.len());
    for c in text.chars() {
        if moves(c) {
            shown.extend(c.escape_unicode());
        } else {
            shown.push(c);
        }
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_code_says_moves_no_terminal() {
        assert_eq!(printable("*三 \u{1b}[2J\r\n"), "*三 \\u{1b}[2J\\u{d}\\u{a}");
        assert_eq!(printable("\u{202e}abc"), "\\u{202e}abc");
        assert_eq!(shown(&"x".repeat(200).into()).chars().count(), MAX_WIDTH + 1);
    }
}
