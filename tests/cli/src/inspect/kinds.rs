//! The kinds of objects: the form of each, what the core's own parser says to it, and who may have signed it. There is
//! no kind on the wire, so what something could be is found by trying.

use healthcode::rules::gate_policy::GatePolicies;
use healthcode::rules::rulebook::Rulebook;
use healthcode::token::cbor::decode;
use healthcode::token::presentation::Scanned;
use healthcode::token::trust_list::{Issuer, Object, TrustList};
use healthcode::token::{
    ActNotice, Anchor, AppealNotice, Challenge, ExposureNotice, GateToken, Judgement, KeyConsent, KeyNotice,
    Mode, Order, PaperNotice, PublicKey, RatingReceipt, Release, ServedNotice, Sign1, SignedStatusList,
    VenueCode, policy, rules,
};
use healthcode::wire::OfficerRequest;
use healthcode::wire::link::Link;
use healthcode::wire::operation::Operation;
use healthcode::wire::receipt::Receipt;
use healthcode::wire::request::RequestClaims;
use serde_json::Value;

use super::cbor::Item;
use super::forms;
use super::notice_forms;
use super::report::{Outcome, printable};
use super::said_forms;
use super::shape::Shape;
use super::walk::Fit;

/// A kind of object.
pub(super) struct Kind {
    pub(super) what: &'static str,
    /// The context of its signature; empty for what is not signed.
    pub(super) context: &'static str,
    /// The form of the payload; none for JSON.
    pub(super) shape: Option<&'static Shape>,
    /// What the core says to the whole object.
    pub(super) parse: fn(&[u8]) -> Result<(), String>,
    /// Whether its signature holds.
    pub(super) verify: fn(&TrustList, &[u8]) -> Outcome,
}

const fn signed(
    what: &'static str,
    context: &'static str,
    shape: &'static Shape,
    parse: fn(&[u8]) -> Result<(), String>,
    verify: fn(&TrustList, &[u8]) -> Outcome,
) -> Kind {
    Kind { what, context, shape: Some(shape), parse, verify }
}

const fn of_issuer<T: Object>(what: &'static str, context: &'static str, shape: &'static Shape) -> Kind {
    signed(what, context, shape, parse_object::<T>, verify_object::<T>)
}

/// What travels as a COSE_Sign1.
pub(super) const SIGNED: &[Kind] = &[
    signed(
        "a presentation: a resident's code",
        "hc/1/show or hc/1/answer",
        &forms::PRESENTATION,
        parse_presentation,
        verify_presentation,
    ),
    of_issuer::<GateToken>("a gate token", "hc/1/token", &forms::GATE_TOKEN),
    of_issuer::<Anchor>("a time anchor", "hc/1/time", &forms::ANCHOR),
    of_issuer::<Order>("a quarantine order", "hc/1/order", &forms::ORDER),
    of_issuer::<Release>("a release from quarantine", "hc/1/release", &forms::RELEASE),
    of_issuer::<RatingReceipt>("a rating receipt", "hc/1/rating", &forms::RATING),
    of_issuer::<Judgement>("a judgement of a check-in", "hc/1/judgement", &forms::JUDGEMENT),
    of_issuer::<Receipt>("a check-in receipt", "hc/1/receipt", &forms::RECEIPT),
    of_issuer::<KeyNotice>("a notice about a phone's key", "hc/1/key", &forms::KEY_NOTICE),
    of_issuer::<PaperNotice>("a notice about a paper code", "hc/1/paper", &said_forms::PAPER),
    of_issuer::<ActNotice>("a notice of an officer's act", "hc/1/act", &said_forms::ACT),
    of_issuer::<AppealNotice>("an answer to an appeal", "hc/1/appeal", &said_forms::APPEAL),
    of_issuer::<ServedNotice>("an answer about days served elsewhere", "hc/1/served", &said_forms::SERVED),
    signed(
        "a key's consent to another key",
        "hc/1/consent",
        &said_forms::CONSENT,
        |bytes| told(KeyConsent::unverified(bytes)),
        of_a_phone,
    ),
    signed(
        "an officer's request",
        "hc/1/officer",
        &said_forms::OFFICER,
        |bytes| told(OfficerRequest::key_id(bytes)),
        |_, _| Outcome::Open("signed by an officer's key, which no trust list has".to_owned()),
    ),
    of_issuer::<ExposureNotice>("an exposure notice", "hc/1/notice", &notice_forms::NOTICE),
    of_issuer::<VenueCode>("a venue's code", "hc/1/venue", &notice_forms::VENUE),
    signed(
        "a link of the chain of operations",
        "hc/1/link",
        &forms::LINK,
        |bytes| told(Link::vouched(bytes)),
        of_a_phone,
    ),
    signed("an operation that a phone recorded", "hc/1/op", &forms::OPERATION, parse_operation, of_a_phone),
    signed(
        "a request's signature",
        "hc/1/sync or hc/1/enrol",
        &forms::REQUEST,
        parse_payload::<RequestClaims>,
        of_a_phone,
    ),
    signed(
        "a status list",
        "the empty context, typ application/statuslist+cwt (Token Status List)",
        &forms::STATUS_LIST,
        |bytes| told(SignedStatusList::parse(bytes).and_then(|list| list.unverified_content())),
        verify_status_list,
    ),
    Kind {
        what: "gate policies",
        context: "hc/1/policy",
        shape: None,
        parse: |bytes| parse_json(bytes, |json| told(GatePolicies::parse(json))),
        verify: |trust, bytes| {
            by_an_issuer(trust, |issuer| told(policy::open_policies(trust, issuer, bytes)))
        },
    },
    Kind {
        what: "a rulebook",
        context: "hc/1/rules",
        shape: None,
        parse: |bytes| parse_json(bytes, |json| told(Rulebook::parse(json))),
        verify: |trust, bytes| by_an_issuer(trust, |issuer| told(rules::open_rulebook(trust, issuer, bytes))),
    },
];

/// What travels without a signature.
pub(super) const UNSIGNED: &[Kind] = &[
    signed("a gate's challenge", "", &forms::CHALLENGE, |bytes| told(Challenge::parse(bytes)), nobody),
    signed("a public key (COSE_Key)", "", &Shape::Key, |bytes| told(PublicKey::from_cose(bytes)), nobody),
];

/// The kinds that a payload could be of, each with how it fits: those that fit wholly, else the one that comes closest.
pub(super) fn candidates(kinds: &'static [Kind], payload: &Item<'_>) -> Vec<(&'static Kind, Fit)> {
    let fits = kinds.iter().filter_map(|kind| Some((kind, Fit::of(kind.shape?, payload))));
    let (whole, parts): (Vec<_>, Vec<_>) = fits.partition(|(_, fit)| fit.wrong.is_empty());
    if !whole.is_empty() {
        return whole;
    }
    let close = parts.into_iter().filter(|(_, fit)| fit.is_close());
    close.max_by_key(|(_, fit)| (fit.fits, std::cmp::Reverse(fit.wrong.len()))).into_iter().collect()
}

/// The kinds whose payload is JSON and that the core takes; all of them where it takes none.
pub(super) fn json_candidates(whole: &[u8]) -> Vec<(&'static Kind, Fit)> {
    let json = || SIGNED.iter().filter(|kind| kind.shape.is_none());
    let taken: Vec<_> = json().filter(|kind| (kind.parse)(whole).is_ok()).collect();
    let kinds = if taken.is_empty() { json().collect() } else { taken };
    kinds.into_iter().map(|kind| (kind, Fit::default())).collect()
}

/// What an unsigned JSON document is.
pub(super) fn document(json: &[u8]) -> Option<(&'static str, Result<(), String>)> {
    let has = |value: &Value, name: &str| value.get(name).is_some();
    let value: Value = serde_json::from_slice(json).ok()?;
    if has(&value, "gates") {
        return Some(("gate policies, not signed", told(GatePolicies::parse(json))));
    }
    if has(&value, "questions") || has(&value, "rules") {
        return Some(("a rulebook, not signed", told(Rulebook::parse(json))));
    }
    None
}

fn told<T, E: std::fmt::Display>(result: Result<T, E>) -> Result<(), String> {
    result.map(|_| ()).map_err(|error| error.to_string())
}

fn parse_object<T: Object>(bytes: &[u8]) -> Result<(), String> {
    let envelope = Sign1::parse(bytes, T::LIMIT).map_err(|error| error.to_string())?;
    if envelope.key_id().is_none() {
        return Err("protected-header".to_owned());
    }
    let payload = envelope.unverified_payload().map_err(|error| error.to_string())?;
    let object: T = decode(payload, T::LIMIT).map_err(|error| error.to_string())?;
    told(object.check())
}

fn parse_payload<T: for<'b> minicbor::Decode<'b, ()> + minicbor::Encode<()>>(
    bytes: &[u8],
) -> Result<(), String> {
    let envelope = Sign1::parse(bytes, bytes.len()).map_err(|error| error.to_string())?;
    let payload = envelope.unverified_payload().map_err(|error| error.to_string())?;
    told(decode::<T>(payload, bytes.len()))
}

fn parse_presentation(bytes: &[u8]) -> Result<(), String> {
    let scanned = Scanned::parse(bytes).map_err(|error| error.to_string())?;
    parse_object::<GateToken>(&scanned.content().token).map_err(|error| format!("its token: {error}"))
}

fn parse_operation(bytes: &[u8]) -> Result<(), String> {
    let operation = Operation::from_bytes(bytes.to_vec()).map_err(|error| error.to_string())?;
    let opened = operation.vouched().map_err(|error| error.to_string())?;
    opened.body.map(|_| ()).ok_or_else(|| "a body that this version does not understand".to_owned())
}

fn parse_json(bytes: &[u8], parse: fn(&[u8]) -> Result<(), String>) -> Result<(), String> {
    let envelope = Sign1::parse(bytes, bytes.len()).map_err(|error| error.to_string())?;
    parse(envelope.unverified_payload().map_err(|error| error.to_string())?)
}

fn verify_object<T: Object>(trust: &TrustList, bytes: &[u8]) -> Outcome {
    match trust.open_object::<T>(bytes) {
        Ok(opened) => Outcome::Verified(name_of(opened.issuer)),
        Err(error) => Outcome::Wrong(error.to_string()),
    }
}

fn verify_presentation(_: &TrustList, bytes: &[u8]) -> Outcome {
    let Ok(scanned) = Scanned::parse(bytes) else { return Outcome::Wrong("form".to_owned()) };
    let token = Sign1::parse(&scanned.content().token, GateToken::LIMIT);
    let payload = token.and_then(|token| token.unverified_payload());
    let token = payload.and_then(|payload| decode::<GateToken>(payload, GateToken::LIMIT));
    match (token.map(|token| token.holder), scanned.content().mode) {
        (Ok(Some(_)), Mode::Answer(_)) => {
            Outcome::Open("an answer is over its challenge, which is not in it".to_owned())
        }
        (Ok(Some(holder)), Mode::Shown(_)) => match scanned.verify(&holder, None) {
            Ok(()) => Outcome::Verified("the key that its token names".to_owned()),
            Err(error) => Outcome::Wrong(error.to_string()),
        },
        _ => Outcome::Wrong("its token names no key".to_owned()),
    }
}

fn verify_status_list(trust: &TrustList, bytes: &[u8]) -> Outcome {
    match trust.open_status_list(bytes) {
        Ok(opened) => Outcome::Verified(name_of(opened.issuer)),
        Err(error) => Outcome::Wrong(error.to_string()),
    }
}

/// Which issuer's it is, where its reader wants to know that before.
fn by_an_issuer(trust: &TrustList, open: impl Fn(&str) -> Result<(), String>) -> Outcome {
    let mut wrong = "no issuer".to_owned();
    for issuer in &trust.content().issuers {
        match open(&issuer.id) {
            Ok(()) => return Outcome::Verified(name_of(issuer)),
            Err(error) => wrong = error,
        }
    }
    Outcome::Wrong(wrong)
}

fn of_a_phone(_: &TrustList, _: &[u8]) -> Outcome {
    Outcome::Open("signed by a phone's key, which no trust list has".to_owned())
}

fn nobody(_: &TrustList, _: &[u8]) -> Outcome {
    Outcome::Open("not signed".to_owned())
}

fn name_of(issuer: &Issuer) -> String {
    printable(&format!("{} {} ({})", issuer.name.zh, issuer.name.en, issuer.id))
}
