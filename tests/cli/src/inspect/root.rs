//! What several keys sign together: root keys a trust list, a set of root keys, an outage notice; two issuers the head
//! of a log of exposure notices.

use healthcode::token::cbor::decode;
use healthcode::token::notice::{LogError, SignedHead};
use healthcode::token::root::{self, Document, RootContent};
use healthcode::token::trust_list::{MAX_BYTES, TrustListContent};
use healthcode::token::{OutageNotice, outage};
use minicbor::{Decode, Encode};
use serde_json::Value;

use super::cbor::{Content, Item, read};
use super::forms::{self, ROOT_SIGNED};
use super::notice_forms;
use super::report::{Guess, Outcome, Report, Signature, Trust, printable};
use super::shape::Shape;
use super::walk::{self, Fit, describe_fit};
use crate::trust;

/// A kind of such documents.
struct Kind {
    what: &'static str,
    context: &'static str,
    shape: &'static Shape,
    /// What the core says to the document.
    parse: fn(&[u8]) -> Result<(), String>,
    verify: fn(&Trust, &[u8]) -> Outcome,
}

const KINDS: &[Kind] = &[
    Kind {
        what: "a trust list",
        context: "hc/1/trust",
        shape: &forms::TRUST_LIST,
        parse: |bytes| parse_as::<TrustListContent>(bytes, MAX_BYTES),
        verify: verify_trust_list,
    },
    Kind {
        what: "a set of root keys",
        context: "hc/1/root",
        shape: &forms::ROOT,
        parse: |bytes| parse_as::<RootContent>(bytes, root::MAX_BYTES),
        verify: verify_root,
    },
    Kind {
        what: "an outage notice",
        context: "hc/1/outage",
        shape: &forms::OUTAGE,
        parse: |bytes| parse_as::<OutageNotice>(bytes, outage::MAX_BYTES),
        verify: verify_outage,
    },
    Kind {
        what: "the head of a log of exposure notices",
        context: "hc/1/log",
        shape: &notice_forms::LOG_HEAD,
        parse: |bytes| {
            SignedHead::parse(bytes)
                .and_then(|head| head.unverified())
                .map(|_| ())
                .map_err(|error| error.to_string())
        },
        verify: verify_head,
    },
];

/// The payload of a document that several keys sign.
pub(super) fn payload(bytes: &[u8]) -> Option<&[u8]> {
    let (item, _) = read(bytes).ok()?;
    match item.array::<2>()? {
        [payload, signatures] if matches!(signatures.content, Content::Array(_)) => payload.bytes(),
        _ => None,
    }
}

/// Explains such a document.
pub(super) fn explain(report: &mut Report, bytes: &[u8], item: &Item<'_>, rest: &[u8]) {
    let Some(([payload, signatures], Shape::Array([_, member]))) =
        item.array::<2>().map(|two| (two, &ROOT_SIGNED))
    else {
        return;
    };
    for item in [item, payload] {
        if let Some(odd) = item.odd {
            report.odd("", &format!("not deterministic: {odd}"));
        }
    }
    let content = payload.bytes().unwrap_or_default();
    match read(content) {
        Ok((content, rest)) => {
            let kind = guess(report, &content, bytes);
            let about = "what the keys sign";
            walk::explain(report, "payload", ("payload", about), kind.map(|kind| kind.shape), &content);
            walk::left_over(report, "payload", rest);
            if let (Some(kind), Some(trust)) = (kind, &report.trust) {
                let outcome = (kind.verify)(trust, bytes);
                report.signatures.push(Signature { path: String::new(), what: kind.what, outcome });
            }
        }
        Err(error) => {
            report.line("payload", "payload", walk::short(content), "");
            report.odd("payload", &format!("not CBOR: {} at byte {}", error.why, error.at));
        }
    }
    if let Content::Array(items) = &signatures.content {
        let count = items.len();
        report.line("signatures", member.name, Value::Null, format!("{}: {count}", member.about));
    }
    walk::explain(report, "signatures", ("", ""), Some(member.shape), signatures);
    walk::left_over(report, "", rest);
}

fn guess(report: &mut Report, content: &Item<'_>, bytes: &[u8]) -> Option<&'static Kind> {
    let fits = KINDS.iter().map(|kind| (kind, Fit::of(kind.shape, content)));
    let close = fits.filter(|(_, fit)| fit.is_close());
    let (kind, fit) = close.min_by_key(|(_, fit)| (fit.wrong.len(), std::cmp::Reverse(fit.fits)))?;
    let refused = (kind.parse)(bytes).err().map(|why| match describe_fit(&fit) {
        None => why,
        Some(wrong) => format!("{why} ({wrong})"),
    });
    report.guesses.push(Guess { what: kind.what, context: kind.context, refused });
    Some(kind)
}

fn parse_as<T: for<'b> Decode<'b, ()> + Encode<()>>(bytes: &[u8], limit: usize) -> Result<(), String> {
    let document = Document::parse(bytes, limit).map_err(|error| error.to_string())?;
    decode::<T>(document.unverified_payload(), limit).map(|_| ()).map_err(|error| error.to_string())
}

fn verify_trust_list(trust: &Trust, bytes: &[u8]) -> Outcome {
    match trust::open(bytes, &trust.roots, trust.threshold) {
        Ok(list) => by_roots(trust, list.content().root_version),
        Err(error) => Outcome::Wrong(error),
    }
}

/// The given keys are taken for the set before: a set of root keys is believed by them, and by its own.
fn verify_root(trust: &Trust, bytes: &[u8]) -> Outcome {
    let content = payload(bytes).and_then(|payload| decode::<RootContent>(payload, root::MAX_BYTES).ok());
    let before = content.and_then(|content| content.version.checked_sub(1));
    let Some(before) = before else { return Outcome::Wrong("form".to_owned()) };
    match trust.set(before).succeed(bytes) {
        Ok(_) => by_roots(trust, before),
        Err(error) => Outcome::Wrong(error.to_string()),
    }
}

fn verify_outage(trust: &Trust, bytes: &[u8]) -> Outcome {
    let content = payload(bytes).and_then(|payload| decode::<OutageNotice>(payload, outage::MAX_BYTES).ok());
    let Some(content) = content else { return Outcome::Wrong("form".to_owned()) };
    match OutageNotice::open(bytes, &trust.set(content.root_version)) {
        Ok(_) => by_roots(trust, content.root_version),
        Err(error) => Outcome::Wrong(error.to_string()),
    }
}

/// By the given list: a head needs its issuer's signature and another's.
fn verify_head(trust: &Trust, bytes: &[u8]) -> Outcome {
    let Some(list) = &trust.list else {
        return Outcome::Open("no trust list is given, which names the issuers' keys".to_owned());
    };
    let head = SignedHead::parse(bytes).map_err(LogError::from);
    let head = head.and_then(|head| Ok((head.unverified()?.issuer, head)));
    match head.and_then(|(issuer, head)| head.open(&issuer, list)) {
        Ok(head) => Outcome::Verified(format!("{} and a second issuer", printable(&head.issuer))),
        Err(error) => Outcome::Wrong(error.to_string()),
    }
}

fn by_roots(trust: &Trust, version: u32) -> Outcome {
    Outcome::Verified(format!("{} of the given root keys, as root set {version}", trust.threshold))
}
