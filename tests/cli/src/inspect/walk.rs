//! Explaining bytes by their form: every item becomes a line. What does not fit the form is shown as plain CBOR.

use std::fmt::Write as _;

use healthcode::rules::calendar::{LegalCalendar, LegalDate, Timestamp};
use healthcode::rules::identity::Region;
use healthcode::token::PublicKey;
use healthcode::token::ids::hex;
use serde_json::Value;

use super::cbor::{self, Content, Item};
use super::forms::KEY;
use super::report::Report;
use super::shape::{Label, Leaf, Member, Shape};
use super::sign1;

/// Before the year 2000 there was none of this: an instant there is another thing, or forged.
const YEAR_2000: i128 = 946_684_800;
const YEAR_10000: i128 = 253_402_300_800;
/// The most bytes that a line shows.
const MAX_SHOWN: usize = 64;

/// How an item fits a form: how many of its parts do, and what does not.
#[derive(Default)]
pub(super) struct Fit {
    pub(super) fits: usize,
    pub(super) wrong: Vec<String>,
}

impl Fit {
    pub(super) fn of(shape: &Shape, item: &Item<'_>) -> Self {
        let mut fit = Self::default();
        fit.item(shape, item, "");
        fit
    }

    /// Whether more of it fits than not.
    pub(super) const fn is_close(&self) -> bool {
        self.fits > 2 * self.wrong.len()
    }

    fn check(&mut self, well: bool, path: &str, wrong: &str) {
        if well {
            self.fits += 1;
        } else {
            self.wrong.push(if path.is_empty() { wrong.to_owned() } else { format!("{path}: {wrong}") });
        }
    }

    fn item(&mut self, shape: &Shape, item: &Item<'_>, path: &str) {
        match (shape, &item.content) {
            (Shape::Map(members), Content::Map(entries)) => self.members(members, entries, path),
            (Shape::Key, Content::Map(entries)) => self.members(KEY, entries, path),
            (Shape::Array(members), Content::Array(items)) => self.places(members, items, path),
            (Shape::List(each), Content::Array(items)) => {
                for (at, item) in items.iter().enumerate() {
                    self.item(each, item, &join(path, at));
                }
                self.fits += 1;
            }
            (Shape::Within(inner), Content::Bytes(bytes)) => match cbor::read(bytes) {
                Ok((item, [])) => self.item(inner, &item, path),
                _ => self.check(false, path, "not CBOR"),
            },
            (Shape::Either(one, other), _) => {
                let other = Self::of(other, item);
                if other.wrong.is_empty() { self.fits += 1 } else { self.item(one, item, path) }
            }
            (Shape::Signed, Content::Bytes(bytes)) => {
                let array = cbor::read(bytes).is_ok_and(|(item, _)| item.array::<4>().is_some());
                self.check(array, path, "not a COSE_Sign1");
            }
            (Shape::Leaf(leaf), _) => match leaf_fault(*leaf, item) {
                None => self.fits += 1,
                Some(fault) => self.check(false, path, fault),
            },
            _ => self.check(false, path, "another kind of item"),
        }
    }

    fn members(&mut self, members: &[Member], entries: &[(Item<'_>, Item<'_>)], path: &str) {
        for member in members {
            match entries.iter().find(|(label, _)| is_label(label, member.label)) {
                Some((_, item)) => self.item(member.shape, item, &join(path, member.name)),
                None if member.optional => {}
                None => self.check(false, path, &format!("{} is missing", member.name)),
            }
        }
        let known = |label: &Item<'_>| members.iter().any(|member| is_label(label, member.label));
        for (label, _) in entries.iter().filter(|(label, _)| !known(label)) {
            self.check(false, path, &format!("an unknown label {}", label_text(label)));
        }
    }

    fn places(&mut self, members: &[Member], items: &[Item<'_>], path: &str) {
        for (at, member) in members.iter().enumerate() {
            match items.get(at) {
                Some(item) => self.item(member.shape, item, &join(path, member.name)),
                None if member.optional => {}
                None => self.check(false, path, &format!("{} is missing", member.name)),
            }
        }
        if items.len() > members.len() {
            self.check(false, path, "more items than there are");
        }
    }
}

/// The first things that do not fit, in one line.
pub(super) fn describe_fit(fit: &Fit) -> Option<String> {
    let shown = fit.wrong.get(..3).unwrap_or(&fit.wrong).join("; ");
    (!shown.is_empty()).then_some(shown)
}

fn leaf_fault(leaf: Leaf, item: &Item<'_>) -> Option<&'static str> {
    let number = item.integer();
    let bytes = item.bytes();
    let well = match leaf {
        Leaf::Number => number.is_some_and(|number| number >= 0),
        Leaf::Word(words) => match number {
            Some(number) if words.iter().any(|(known, _)| i128::from(*known) == number) => true,
            Some(_) => return Some("a number that stands for nothing"),
            None => false,
        },
        Leaf::Seconds | Leaf::Millis => match number {
            Some(number) => {
                let seconds = if matches!(leaf, Leaf::Millis) { number / 1_000 } else { number };
                return (!(YEAR_2000..YEAR_10000).contains(&seconds))
                    .then_some("an instant before 2000 or after 9999");
            }
            None => false,
        },
        Leaf::Bound => number.is_some_and(|number| (0..YEAR_10000).contains(&number)),
        Leaf::Day => number.is_some_and(|days| (0..2_932_896).contains(&days)),
        Leaf::Text => matches!(item.content, Content::Text(_)),
        Leaf::Bytes(0) | Leaf::Zlib => bytes.is_some(),
        Leaf::Bytes(length) => match bytes {
            Some(bytes) if bytes.len() == length => true,
            Some(_) => return Some("bytes of another length"),
            None => false,
        },
        Leaf::Json => bytes.is_some_and(|bytes| serde_json::from_slice::<Value>(bytes).is_ok()),
        Leaf::Flag => matches!(item.content, Content::Bool(_)),
        Leaf::Region => match number {
            Some(code) if region(code).is_some() => true,
            Some(_) => return Some("no region of GB/T 2260"),
            None => false,
        },
    };
    (!well).then_some("another kind of item")
}

fn region(code: i128) -> Option<Region> {
    u32::try_from(code).ok().and_then(|code| Region::from_code(code).ok())
}

fn is_label(item: &Item<'_>, label: Label) -> bool {
    match (label, &item.content) {
        (Label::Number(label), Content::Integer(number)) => i128::from(label) == *number,
        (Label::Text(label), Content::Text(text)) => label == *text,
        _ => false,
    }
}

fn label_text(label: &Item<'_>) -> String {
    match &label.content {
        Content::Integer(number) => number.to_string(),
        Content::Text(text) => (*text).to_owned(),
        _ => hex(label.raw),
    }
}

pub(super) fn join(path: &str, part: impl std::fmt::Display) -> String {
    if path.is_empty() { part.to_string() } else { format!("{path}/{part}") }
}

/// Says what an item holds, by its form where it is known.
pub(super) fn explain(
    report: &mut Report,
    path: &str,
    named: (&'static str, &str),
    shape: Option<&Shape>,
    item: &Item<'_>,
) {
    if let Some(odd) = item.odd {
        report.odd(path, &format!("not deterministic: {odd}"));
    }
    let (name, about) = named;
    match (shape, &item.content) {
        (Some(Shape::Either(one, other)), _) => {
            let fitting = if Fit::of(other, item).wrong.is_empty() { other } else { one };
            explain(report, path, named, Some(fitting), item);
        }
        (Some(Shape::Within(inner)), Content::Bytes(bytes)) => within(report, path, named, inner, bytes),
        (Some(Shape::Signed), Content::Bytes(bytes)) => {
            report.line(path, name, Value::Null, format!("{about}: {} bytes", bytes.len()));
            sign1::explain(report, path, bytes);
        }
        (_, Content::Map(entries)) => {
            report.line(path, name, Value::Null, describe(about, &format!("map of {}", entries.len())));
            let members = match shape {
                Some(Shape::Map(members)) => members,
                Some(Shape::Key) => KEY,
                _ => &[],
            };
            for (label, item) in entries {
                let member = members.iter().find(|member| is_label(label, member.label));
                if let Some(odd) = label.odd {
                    report.odd(path, &format!("not deterministic: a label with {odd}"));
                }
                child(report, &join(path, label_text(label)), member, item);
            }
        }
        (_, Content::Array(items)) => {
            report.line(path, name, Value::Null, describe(about, &format!("array of {}", items.len())));
            for (at, item) in items.iter().enumerate() {
                let path = join(path, at);
                match shape {
                    Some(Shape::Array(members)) => child(report, &path, members.get(at), item),
                    Some(Shape::List(each)) => explain(report, &path, ("", ""), Some(each), item),
                    _ => explain(report, &path, ("", ""), None, item),
                }
            }
        }
        (_, Content::Tag(tag, inner)) => {
            report.line(path, name, Value::from(*tag), describe(about, "tag"));
            explain(report, path, ("", ""), shape, inner);
        }
        (_, Content::Pieces(pieces)) => {
            report.line(path, name, Value::Null, describe(about, &format!("{} pieces", pieces.len())));
        }
        (Some(Shape::Leaf(leaf)), _) if leaf_fault(*leaf, item).is_none() => {
            leaf_line(report, path, named, *leaf, item);
        }
        _ => report.line(path, name, plain(item), about),
    }
    if let Some(Shape::Key) = shape {
        key_id(report, path, item.raw);
    }
}

fn child(report: &mut Report, path: &str, member: Option<&Member>, item: &Item<'_>) {
    match member {
        Some(member) => explain(report, path, (member.name, member.about), Some(member.shape), item),
        None => explain(report, path, ("", "unknown here"), None, item),
    }
}

fn within(report: &mut Report, path: &str, named: (&'static str, &str), inner: &Shape, bytes: &[u8]) {
    match cbor::read(bytes) {
        Ok((item, rest)) => {
            explain(report, path, named, Some(inner), &item);
            left_over(report, path, rest);
        }
        Err(error) => {
            report.line(path, named.0, short(bytes), named.1);
            report.odd(path, &format!("not CBOR: {} at byte {}", error.why, error.at));
        }
    }
}

pub(super) fn left_over(report: &mut Report, path: &str, rest: &[u8]) {
    if !rest.is_empty() {
        report.odd(path, &format!("{} bytes left over at its end", rest.len()));
    }
}

/// The id by which headers name a key.
fn key_id(report: &mut Report, path: &str, cose: &[u8]) {
    match PublicKey::from_cose(cose) {
        Ok(key) => {
            let meaning = "key id: the first 8 bytes of the thumbprint (RFC 9679)";
            report.line(path, "", hex(&key.id()).into(), meaning);
        }
        Err(error) => report.odd(path, &format!("no key that is taken here: {error}")),
    }
}

fn describe(about: &str, what: &str) -> String {
    if about.is_empty() { what.to_owned() } else { format!("{about}: {what}") }
}

fn leaf_line(
    report: &mut Report,
    path: &str,
    (name, about): (&'static str, &str),
    leaf: Leaf,
    item: &Item<'_>,
) {
    let number = item.integer().unwrap_or_default();
    let meaning = match leaf {
        Leaf::Bound if number == 0 || number == YEAR_10000 - 1 => describe(about, "no bound"),
        Leaf::Seconds | Leaf::Bound => describe(about, &instant(number.saturating_mul(1_000))),
        Leaf::Millis => describe(about, &instant(number)),
        Leaf::Day => {
            let day = LegalDate::from_epoch_days(i32::try_from(number).unwrap_or(i32::MAX));
            describe(about, &day.to_string())
        }
        Leaf::Word(words) => {
            let word =
                words.iter().find(|(known, _)| i128::from(*known) == number).map_or("", |(_, word)| word);
            describe(about, word)
        }
        Leaf::Region => {
            let province = region(number).map_or("", |region| region.province().name_en);
            describe(about, province)
        }
        Leaf::Zlib => {
            let length = item.bytes().map_or(0, <[u8]>::len);
            format!("{about}; zlib stream of {length} bytes (RFC 1950)")
        }
        Leaf::Json => {
            let json = item.bytes().and_then(|bytes| serde_json::from_slice(bytes).ok()).unwrap_or_default();
            report.line(path, name, Value::Null, describe(about, "JSON"));
            json_lines(report, path, &json);
            return;
        }
        Leaf::Number | Leaf::Text | Leaf::Bytes(_) | Leaf::Flag => about.to_owned(),
    };
    report.line(path, name, plain(item), meaning);
}

/// An instant in UTC and in China's legal time.
pub(super) fn instant(millis: i128) -> String {
    let at =
        Timestamp::from_millis(i64::try_from(millis).unwrap_or(if millis < 0 { i64::MIN } else { i64::MAX }));
    let local = LegalCalendar::new(8 * 60).map(|calendar| calendar.local(at)).unwrap_or_default();
    format!("{at}, {local}")
}

fn plain(item: &Item<'_>) -> Value {
    match &item.content {
        Content::Integer(number) => {
            i64::try_from(*number).map_or_else(|_| number.to_string().into(), Value::from)
        }
        Content::Bytes(bytes) => short(bytes),
        Content::Text(text) => (*text).into(),
        Content::Bool(flag) => (*flag).into(),
        Content::Null => "null".into(),
        _ => hex(item.raw).into(),
    }
}

/// Bytes in hexadecimal, and no more of them than a line can show.
pub(super) fn short(bytes: &[u8]) -> Value {
    let mut text = hex(bytes.get(..MAX_SHOWN).unwrap_or(bytes));
    if bytes.len() > MAX_SHOWN {
        let _ = write!(text, "… ({} bytes)", bytes.len());
    }
    text.into()
}

/// A JSON value, a line a leaf.
pub(super) fn json_lines(report: &mut Report, path: &str, json: &Value) {
    match json {
        Value::Object(members) => {
            for (name, value) in members {
                json_lines(report, &join(path, name), value);
            }
        }
        Value::Array(items) => {
            for (at, value) in items.iter().enumerate() {
                json_lines(report, &join(path, at), value);
            }
        }
        leaf => report.line(path, "", leaf.clone(), ""),
    }
}
