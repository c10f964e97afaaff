//! `token inspect`: explains a code, a token, a challenge, a list or whatever else is signed here, field by field and
//! without trusting it. Lenient where the core's own parsers are strict, so that it can say what those refuse and why;
//! whether something is accepted is always asked of them.

mod cbor;
mod forms;
mod input;
mod kinds;
mod notice_forms;
mod report;
mod root;
mod said_forms;
#[cfg(test)]
mod said_samples;
mod shape;
mod sign1;
mod walk;

use std::io::{Read, Write};
use std::path::Path;

use healthcode::qr::Matrix;
use healthcode::token::code_text::{Foreign, Prefix};
use healthcode::token::{SignedStatusList, StatusListContent};
use healthcode::wire::{Bytes, QuarantineProof, proof};
use serde_json::Value;

use crate::arguments::Inspect;
use crate::{Failure, Outcome, trust};

use cbor::{Content, Item};
use input::Given;
pub(crate) use report::printable;
use report::{Guess, Report, Trust};

/// The most bytes that are read: as much as the largest object has, in hexadecimal.
const MAX_INPUT: u64 = 16 * 1024 * 1024;

/// Explains what a file or standard input holds.
pub(crate) fn run(arguments: &Inspect, as_json: bool, out: &mut dyn Write) -> Result<Outcome, Failure> {
    let data = read(arguments.file.as_deref())?;
    let mut report = Report { trust: read_trust(arguments)?, ..Report::default() };
    inspect(&mut report, data);
    report.print(as_json, out)?;
    Ok(if report.is_well() { Outcome::Yes } else { Outcome::No })
}

fn read(file: Option<&Path>) -> Result<Vec<u8>, Failure> {
    let name = file.map_or_else(|| "standard input".to_owned(), |file| file.display().to_string());
    let unreadable = |error: std::io::Error| Failure::Usage(format!("{name}: {error}"));
    let mut data = Vec::new();
    match file.filter(|file| *file != Path::new("-")) {
        Some(file) => {
            let file = std::fs::File::open(file).map_err(unreadable)?;
            file.take(MAX_INPUT + 1).read_to_end(&mut data)
        }
        None => std::io::stdin().lock().take(MAX_INPUT + 1).read_to_end(&mut data),
    }
    .map_err(unreadable)?;
    if data.len() as u64 > MAX_INPUT {
        return Err(Failure::Usage(format!("{name}: more than {MAX_INPUT} bytes")));
    }
    Ok(data)
}

fn read_trust(arguments: &Inspect) -> Result<Option<Trust>, Failure> {
    let (roots, threshold) = (trust::keys(&arguments.roots)?, arguments.roots.root_threshold);
    if roots.is_empty() {
        return Ok(None);
    }
    let list = arguments.trust_list.as_ref().map(|path| trust::read(path, &roots, threshold)).transpose()?;
    Ok(Some(Trust { roots, threshold, list }))
}

fn inspect(report: &mut Report, data: Vec<u8>) {
    match Given::of(data) {
        Given::Code(text, prefix, bytes) => code(report, &text, prefix, &bytes),
        Given::Damaged(why) => {
            report.input = "a text that begins like a code of this system".into();
            report.guesses.push(Guess { what: "a code", context: "", refused: Some(why) });
        }
        Given::Foreign(what) => {
            report.input = format!("a text, {}", foreign(what));
        }
        Given::Bytes(bytes, spelling) => {
            report.input = format!("{} bytes, given as {spelling}", bytes.len());
            report.bytes = bytes.len();
            object(report, &bytes);
        }
        Given::Json(bytes) => document(report, &bytes),
        Given::Picture(why) => report.input = format!("a picture: {why}"),
    }
}

fn code(report: &mut Report, text: &str, prefix: Prefix, bytes: &[u8]) {
    let what = match prefix {
        Prefix::Code => "a resident's code",
        Prefix::Challenge => "a gate's challenge",
        Prefix::Paper => "a code on paper",
        Prefix::Venue => "a venue",
        Prefix::Handover => "the handover of a subject to another phone",
        Prefix::Outage => "an outage notice",
    };
    let version = Matrix::encode(text).map_or_else(
        |_| "too long for a QR code".to_owned(),
        |matrix| format!("QR version {} at level M", matrix.side().saturating_sub(17) / 4),
    );
    let (head, characters) = (prefix.text(), text.chars().count());
    report.input = format!(
        "{head} {what}; {characters} characters carry {} bytes in base45 (RFC 9285); {version}",
        bytes.len()
    );
    report.bytes = bytes.len();
    object(report, bytes);
}

/// Explains the bytes of one object, whatever it is.
fn object(report: &mut Report, bytes: &[u8]) {
    let (item, rest) = match cbor::read(bytes) {
        Ok(read) => read,
        Err(error) => {
            report.line("", "", walk::short(bytes), "bytes");
            return report.odd("", &format!("not CBOR (RFC 8949): {} at byte {}", error.why, error.at));
        }
    };
    if is_sign1(&item) {
        let guesses = sign1::explain_whole(report, "", bytes);
        report.guesses.extend(guesses);
        statuses(report, bytes);
    } else if root::payload(bytes).is_some() {
        root::explain(report, bytes, &item, rest);
    } else {
        let candidates = kinds::candidates(kinds::UNSIGNED, &item);
        let shape = candidates.first().and_then(|(kind, _)| kind.shape);
        walk::explain(report, "", ("", ""), shape, &item);
        walk::left_over(report, "", rest);
        report.guesses.extend(candidates.iter().map(|(kind, fit)| sign1::guess(kind, fit, bytes)));
        without_signature(report, &item);
    }
}

/// What stands in a status list, once inflated.
fn statuses(report: &mut Report, bytes: &[u8]) {
    let content = SignedStatusList::parse(bytes).and_then(|list| list.unverified_content());
    if let Ok(StatusListContent { statuses, .. }) = content {
        let places = u32::try_from(statuses.places()).unwrap_or(u32::MAX);
        let set = (0..places).filter(|index| statuses.get(*index).is_some_and(|status| status != 0)).count();
        report.line("", "statuses", places.into(), format!("places, of which {set} are not valid any more"));
    }
}

fn is_sign1(item: &Item<'_>) -> bool {
    match &item.content {
        Content::Tag(18, inner) => is_sign1(inner),
        _ => item.array::<4>().is_some_and(|[protected, unprotected, _, signature]| {
            protected.bytes().is_some()
                && signature.bytes().is_some()
                && matches!(unprotected.content, Content::Map(_))
        }),
    }
}

/// A payload that somebody took out of its signature.
fn without_signature(report: &mut Report, item: &Item<'_>) {
    if !report.guesses.is_empty() {
        return;
    }
    for (kind, fit) in kinds::candidates(kinds::SIGNED, item) {
        let refused = Some(match walk::describe_fit(&fit) {
            None => "the signature is missing".to_owned(),
            Some(wrong) => format!("the signature is missing ({wrong})"),
        });
        walk::explain(report, "", ("", "without its signature"), kind.shape, item);
        report.guesses.push(Guess { what: kind.what, context: kind.context, refused });
    }
}

/// A JSON document: a quarantine proof, or a rulebook before it is signed.
fn document(report: &mut Report, bytes: &[u8]) {
    report.input = format!("JSON, {} bytes", bytes.len());
    report.bytes = bytes.len();
    let json: Value = match serde_json::from_slice(bytes) {
        Ok(json) => json,
        Err(error) => return report.odd("", &format!("not JSON: {error}")),
    };
    if json.get("order").is_some() && json.get("entries").is_some() {
        let refused = QuarantineProof::parse(bytes).err().map(|error| error.to_string());
        report.guesses.push(Guess { what: "a quarantine proof", context: "", refused });
        return proof_lines(report, "", &json);
    }
    if let Some((what, parsed)) = kinds::document(bytes) {
        report.guesses.push(Guess { what, context: "", refused: parsed.err() });
    }
    walk::json_lines(report, "", &json);
}

/// A proof's members; the signed objects in it are taken apart. `healthcode proof verify` says whether it proves.
fn proof_lines(report: &mut Report, path: &str, json: &Value) {
    match json {
        Value::Object(members) => {
            for (name, value) in members {
                proof_lines(report, &walk::join(path, name), value);
            }
        }
        Value::Array(items) => {
            for (at, value) in items.iter().enumerate() {
                proof_lines(report, &walk::join(path, at), value);
            }
        }
        Value::String(text) if text.len() > 64 && text.len() < proof::MAX_BYTES => match Bytes::parse(text) {
            Some(bytes) => {
                report.line(path, "", Value::Null, format!("a signed object of {} bytes", bytes.0.len()));
                sign1::explain(report, path, &bytes.0);
            }
            None => report.odd(path, "not base64url"),
        },
        leaf => report.line(path, "", leaf.clone(), ""),
    }
}

const fn foreign(what: Foreign) -> &'static str {
    match what {
        Foreign::Url => "not a health code: a web address",
        Foreign::Payment => "not a health code: a payment code",
        Foreign::EuCertificate => "not a health code of this system: an EU digital COVID certificate",
        Foreign::SmartHealthCard => "not a health code of this system: a SMART health card",
        // The texts of this system's other codes are taken for what they are before.
        Foreign::Challenge | Foreign::Venue | Foreign::Handover | Foreign::OutageNotice | Foreign::Other => {
            "not a health code, and neither hexadecimal, base64url nor JSON of one"
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod samples;
#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "tests")]
mod tests;
