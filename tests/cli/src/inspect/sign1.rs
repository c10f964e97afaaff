//! A COSE_Sign1 (RFC 9052, 4.2) taken apart, believed in nothing.

use serde_json::Value;

use super::cbor::{self, Content, Item, read};
use super::forms::HEADER;
use super::kinds::{self, Kind};
use super::report::{Guess, Report, Signature};
use super::walk::{self, Fit, describe_fit, join, json_lines, left_over, short};

/// Explains a COSE_Sign1 within another object, and says so where it is refused.
pub(super) fn explain(report: &mut Report, path: &str, bytes: &[u8]) {
    for guess in explain_whole(report, path, bytes) {
        if let Some(why) = guess.refused {
            report.odd(path, &format!("refused as {}: {why}", guess.what));
        }
    }
}

/// Explains a COSE_Sign1, and says what it could be.
pub(super) fn explain_whole(report: &mut Report, path: &str, bytes: &[u8]) -> Vec<Guess> {
    let (whole, rest) = match read(bytes) {
        Ok(read) => read,
        Err(error) => {
            report.odd(path, &format!("not CBOR: {} at byte {}", error.why, error.at));
            return Vec::new();
        }
    };
    left_over(report, path, rest);
    let item = untagged(report, path, &whole);
    let Some([protected, unprotected, payload, signature]) = item.array::<4>() else {
        walk::explain(report, path, ("", "not a COSE_Sign1, which is an array of four"), None, item);
        return Vec::new();
    };
    for item in [item, protected, unprotected, payload, signature] {
        if let Some(odd) = item.odd {
            report.odd(path, &format!("not deterministic: {odd}"));
        }
    }
    header(report, &join(path, "protected"), protected);
    unprotected_header(report, &join(path, "unprotected"), unprotected);
    let guesses = explain_payload(report, &join(path, "payload"), payload, bytes);
    signature_line(report, &join(path, "signature"), signature);
    verify(report, path, &guesses, bytes);
    guesses.into_iter().map(|(kind, fit)| guess(kind, &fit, bytes)).collect()
}

fn untagged<'i, 'b>(report: &mut Report, path: &str, item: &'i Item<'b>) -> &'i Item<'b> {
    match &item.content {
        Content::Tag(tag, inner) => {
            let meaning = if *tag == 18 { "tag of a COSE_Sign1 (RFC 9052, 2)" } else { "unknown here" };
            report.line(&join(path, "tag"), "", Value::from(*tag), meaning);
            inner
        }
        _ => item,
    }
}

fn header(report: &mut Report, path: &str, item: &Item<'_>) {
    let Some(bytes) = item.bytes() else {
        return walk::explain(report, path, ("protected", "should be bytes"), None, item);
    };
    match read(bytes) {
        Ok((map, rest)) => {
            walk::explain(
                report,
                path,
                ("protected", "header that the signature covers"),
                Some(&HEADER),
                &map,
            );
            for wrong in Fit::of(&HEADER, &map).wrong {
                report.odd(path, &wrong);
            }
            left_over(report, path, rest);
        }
        Err(error) => report.odd(path, &format!("not CBOR: {} at byte {}", error.why, error.at)),
    }
}

fn unprotected_header(report: &mut Report, path: &str, item: &Item<'_>) {
    walk::explain(report, path, ("unprotected", "header that no signature covers"), None, item);
    if !matches!(&item.content, Content::Map(members) if members.is_empty()) {
        report.odd(path, "not empty, so it is refused");
    }
}

fn signature_line(report: &mut Report, path: &str, item: &Item<'_>) {
    match item.bytes() {
        Some(bytes) => {
            report.line(path, "signature", short(bytes), format!("{} bytes", bytes.len()));
            if bytes.len() != 64 {
                report.odd(path, "not 64 bytes, so it is refused");
            }
        }
        None => walk::explain(report, path, ("signature", "should be bytes"), None, item),
    }
}

fn explain_payload(
    report: &mut Report,
    path: &str,
    item: &Item<'_>,
    whole: &[u8],
) -> Vec<(&'static Kind, Fit)> {
    let Some(bytes) = item.bytes() else {
        let detached = matches!(item.content, Content::Null);
        let about = if detached { "detached: it travels beside (RFC 9052, 2)" } else { "should be bytes" };
        walk::explain(report, path, ("payload", about), None, item);
        return Vec::new();
    };
    let about = format!("{} bytes", bytes.len());
    if let Ok(json @ (Value::Object(_) | Value::Array(_))) = serde_json::from_slice::<Value>(bytes) {
        report.line(path, "payload", Value::Null, format!("JSON, {about}"));
        json_lines(report, path, &json);
        return kinds::json_candidates(whole);
    }
    match read(bytes) {
        Ok((content, rest)) => {
            let candidates = kinds::candidates(kinds::SIGNED, &content);
            let shape = candidates.first().and_then(|(kind, _)| kind.shape);
            walk::explain(report, path, ("payload", &about), shape, &content);
            left_over(report, path, rest);
            candidates
        }
        Err(cbor::NotCbor { at, why }) => {
            report.line(path, "payload", short(bytes), about);
            report.odd(path, &format!("not CBOR: {why} at byte {at}"));
            Vec::new()
        }
    }
}

/// Has the signature verified as the first kind that is taken: of two kinds that fit, only one signature can hold.
fn verify(report: &mut Report, path: &str, guesses: &[(&'static Kind, Fit)], bytes: &[u8]) {
    let Some(trust) = report.trust.as_ref().and_then(|trust| trust.list.as_ref()) else { return };
    let mut outcomes: Vec<_> = guesses
        .iter()
        .filter(|(kind, _)| (kind.parse)(bytes).is_ok())
        .map(|(kind, _)| Signature {
            path: path.to_owned(),
            what: kind.what,
            outcome: (kind.verify)(trust, bytes),
        })
        .collect();
    let verified = outcomes.iter().position(|signature| signature.outcome.is_verified()).unwrap_or(0);
    if verified < outcomes.len() {
        report.signatures.push(outcomes.swap_remove(verified));
    }
}

pub(super) fn guess(kind: &'static Kind, fit: &Fit, bytes: &[u8]) -> Guess {
    let refused = (kind.parse)(bytes).err().map(|why| match describe_fit(fit) {
        None => why,
        Some(wrong) => format!("{why} ({wrong})"),
    });
    Guess { what: kind.what, context: kind.context, refused }
}
