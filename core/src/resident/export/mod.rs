//! Everything that is stored, as one JSON document for the resident. It is personal data in clear: keep it in memory,
//! hand it to the platform's share sheet, write it to no file of the app's and to no log.
//!
//! Instants are RFC 3339 in UTC, days `YYYY-MM-DD`, ids hexadecimal, bytes base64url without padding (RFC 4648, 5).
//! What was signed stands beside its reading as `signed`: the COSE_Sign1 itself, which proves it.
//!
//! | field | what it holds |
//! |---|---|
//! | `kind`, `format` | `healthcode-export`, 1. A field may be added within a format; a reader passes over what it does not know |
//! | `made_at.lower_bound`, `made_at.estimate` | the time as this phone knew it; no estimate after a restart without a sync |
//! | `subjects[]` | the people, in the order in which they were enrolled |
//! | `.subject`, `.issuer` | whom it is about, at which issuer |
//! | `.identity` | name, document, telephone number, region |
//! | `.pending_until`, `.replaced`, `.unknown` | where this phone stands with the issuer: not active yet, replaced by another, or lost by it |
//! | `.takeover` | the other phone that waits to take this one's place: `key` in hexadecimal, `from` when |
//! | `.cared_by` | whose key this phone has for the person, where it is one of somebody who cares for the person: `carer`, masked `name` |
//! | `.carers[]` | who cares for the person: `key` in hexadecimal, `carer`, masked `name`, `since` when |
//! | `.spread` | so many seconds after a moment that all phones share, this one does what it does then |
//! | `.keys[]` | `id` and `kind` (`software`, `hardware` with its `name`) of the holder's keys and their `public` half as COSE_Key |
//! | `.chain` | `segment`, `next` sequence and `head` of the links |
//! | `.declarations[]` | `operation`, and what was declared: `answers`, `travel`, `declared_on` |
//! | `.check_ins[]` | `operation`, `symptoms`, `order`, and the `evidence` of when: `lower_bound`, boot `session`, `boot_millis`, the `anchor`'s digest |
//! | `.operations[]` | what was or will be sent: `segment`, `sequence`, `state` (`waiting`, `accepted`, `refused`), `signed`, `link`, `receipt`, `problem`, and the link `countersigned` by the receipt where that is an earlier one |
//! | `.decisions[]` | what the issuer decided: `serial`, `kind`, `content`, `signed` |
//! | `.answered_challenges[]` | to whom answers were given: `gate` as it named itself, `at`, whether that time is `sure`, the `colour` shown |
//! | `.whereabouts[]` | where the person was: `entry`, `recorded_at`, `wrong_at` where the person said so, and the `trip` or `visit`, its instants in milliseconds since 1970 |
//! | `.exposures[]` | where that met an exposure notice, as the library keeps it, and what the person answered |
//! | `.appeal_draft` | an appeal that is being written: `rating`, `rule`, `text`, `statements` |
//! | `.token` | the gate token: `content`, `signed` |
//! | `.cursor` | where the phone is in what the issuer has said |
//! | `documents[]` | what is about nobody, by `name`: what authorities publish (trust list, root documents, rulebook, and for a gate status lists, policies, outage notices, the anchor that it relays) as `signed`; the clock, the state of retries, an enrolment or a handover under way and a gate's counts as `content`, as the library keeps it, instants in milliseconds since 1970 |
//!
//! No private half of a key and no database key is in it, sealed or not.

mod decided;
mod said;

use serde_json::{Value, json};

use crate::error::HealthcodeError;
use crate::rules::identity::Document;
use crate::store::{
    Answered, CaredBy, HolderKeyBody, OutboxAnswer, OutboxRow, OutboxState, StoreError, StoredCarer,
    StoredWhereabouts, SubjectBody, SubjectKey, Transaction, has_drafts_of_others,
};
use crate::sync::enrol::{ASKED, ENROLMENT};
use crate::sync::exposure::is_notice;
use crate::sync::handover::HANDOVER;
use crate::sync::holder::signer;
use crate::sync::phone::Phone;
use crate::time::Evidence;
use crate::token::ids::hex;
use crate::wire::{Bytes, CheckIn};

/// The number of the form that the table above tells of.
const FORMAT: u16 = 1;
/// The fields of a key's sealed private half and of a handover's secret, which stay here.
const PRIVATE: [&str; 2] = ["sealed_seed", "secret"];

/// The document about one subject, or about everybody.
pub(super) fn export(phone: &Phone, only: Option<&SubjectKey>) -> Result<String, HealthcodeError> {
    let now = phone.now()?;
    let (subjects, documents) = phone.store.read(|file| {
        let keys = match only {
            Some(key) => vec![key.clone()],
            None => file.subjects()?,
        };
        let mut subjects = Vec::with_capacity(keys.len());
        for key in &keys {
            subjects.push(subject(phone, file, key)?);
        }
        Ok::<_, HealthcodeError>((subjects, documents(file, only)?))
    })?;
    let document = json!({
        "kind": "healthcode-export",
        "format": FORMAT,
        "made_at": { "lower_bound": text(now.lower_bound), "estimate": now.estimate.map(text) },
        "subjects": subjects,
        "documents": documents,
    });
    serde_json::to_string_pretty(&document).map_err(|_| HealthcodeError::internal("export/json"))
}

fn subject(phone: &Phone, file: &Transaction<'_>, key: &SubjectKey) -> Result<Value, HealthcodeError> {
    let body = file.subject(key)?.ok_or(HealthcodeError::UnknownSubject)?;
    let SubjectBody { identity, pending_until, replaced, unknown, spread, takeover, cared_by, carers, moved } =
        body;
    let carers = carers.into_iter().map(|StoredCarer { key, of, since }| {
        json!({ "key": hex(&key.0), "carer": of.carer, "name": of.name, "since": text(since) })
    });
    let mut keys = Vec::new();
    for (id, body) in file.holder_keys(key)? {
        keys.push(holder_key(phone, id, &body)?);
    }
    let chain = file.chain(key)?.map(|chain| {
        json!({ "segment": hex(chain.segment.as_bytes()), "next": chain.next, "head": hex(&chain.head) })
    });
    let declarations = file.declarations(key)?.into_iter().map(|(operation, declaration)| {
        json!({
            "operation": operation,
            "answers": declaration.answers,
            "travel": declaration.travel,
            "declared_on": declaration.declared_on,
        })
    });
    let check_ins = file.check_ins(key)?.into_iter().map(|stored| {
        let CheckIn { symptoms, order } = stored.check_in;
        json!({
            "operation": stored.operation,
            "symptoms": symptoms,
            "order": order,
            "evidence": evidence(&stored.evidence),
        })
    });
    let operations = file.outbox(key)?.into_iter().map(operation).collect::<Result<Vec<_>, _>>()?;
    let decisions = file.serial_decisions(key)?;
    let decisions = decisions.iter().map(|(serial, kept)| decided::decision(*serial, kept));
    let answered = file.answered(key)?.into_iter().map(|(_, answered)| {
        let Answered { gate, at, sure, colour } = answered;
        json!({ "gate": gate, "at": text(at), "sure": sure, "colour": colour })
    });
    let whereabouts = file.whereabouts(key)?.into_iter().map(|(place, entry)| {
        let StoredWhereabouts { whereabouts, recorded_at, wrong_at } = entry;
        let wrong_at = wrong_at.map(text);
        json!({
            "entry": place, "recorded_at": text(recorded_at), "wrong_at": wrong_at, "whereabouts": whereabouts,
        })
    });
    let token = file.token(key)?.map(|bytes| decided::token(&bytes)).transpose()?;
    Ok(json!({
        "subject": key.subject,
        "issuer": key.issuer,
        "identity": identity,
        "pending_until": pending_until.map(text),
        "replaced": replaced,
        "unknown": unknown,
        "spread": spread,
        "takeover": takeover.map(|(key, from)| json!({ "key": hex(&key.0), "from": text(from) })),
        "cared_by": cared_by.map(|CaredBy { carer, name }| json!({ "carer": carer, "name": name })),
        "carers": carers.collect::<Vec<_>>(),
        "moved_from": moved.map(|moved| json!({ "subject": moved.subject, "issuer": moved.issuer })),
        "keys": keys,
        "chain": chain,
        "declarations": declarations.collect::<Vec<_>>(),
        "check_ins": check_ins.collect::<Vec<_>>(),
        "operations": operations,
        "decisions": decisions.collect::<Result<Vec<_>, _>>()?,
        "token": token,
        "answered_challenges": answered.collect::<Vec<_>>(),
        "whereabouts": whereabouts.collect::<Vec<_>>(),
        "exposures": file.matches(key)?,
        "appeal_draft": file.appeal_draft(key)?,
        "cursor": file.cursor(key)?,
    }))
}

fn holder_key(phone: &Phone, id: [u8; 8], body: &HolderKeyBody) -> Result<Value, HealthcodeError> {
    let (kind, name) = match body {
        HolderKeyBody::Software { .. } => ("software", None),
        HolderKeyBody::Hardware { name, .. } => ("hardware", Some(name)),
    };
    let public = signer(body, &phone.ports.vault)?.public_key().to_cose();
    Ok(json!({ "id": hex(&id), "kind": kind, "name": name, "public": Bytes(public) }))
}

fn operation(row: OutboxRow) -> Result<Value, HealthcodeError> {
    let state = match row.state {
        OutboxState::Waiting => "waiting",
        OutboxState::Accepted => "accepted",
        OutboxState::Refused => "refused",
    };
    let (receipt, problem, countersigned) = match row.answer {
        Some(OutboxAnswer { receipt, problem, link }) => (receipt, problem, link),
        None => (None, None, None),
    };
    Ok(json!({
        "operation": row.operation,
        "segment": hex(row.segment.as_bytes()),
        "sequence": row.sequence,
        "state": state,
        "signed": row.body.operation,
        "link": row.body.link,
        "countersigned": countersigned,
        "receipt": receipt.map(|receipt| decided::receipt(&receipt.0)).transpose()?,
        "problem": problem,
    }))
}

/// What is about nobody, and drafts, an enrolment or a handover under way: of one subject only its own.
fn documents(file: &Transaction<'_>, only: Option<&SubjectKey>) -> Result<Vec<Value>, HealthcodeError> {
    let subject = only.map(|key| key.subject);
    let document_of =
        |key: &SubjectKey| Ok::<_, StoreError>(file.subject(key)?.map(|body| body.identity.document));
    let only: Option<Document> = only.map(document_of).transpose()?.flatten();
    let mut documents = Vec::new();
    // Exposure notices are public and say nothing of anybody here.
    let own = |(name, _): &(String, Vec<u8>)| !is_notice(name);
    for (name, body) in file.documents()?.into_iter().filter(own) {
        // What is signed is CBOR, and no CBOR of ours reads as JSON.
        let Ok(mut content) = serde_json::from_slice::<Value>(&body) else {
            documents.push(json!({ "name": name, "signed": Bytes(body) }));
            continue;
        };
        let somebody_else = only.as_ref().is_some_and(|only| {
            let of = content.pointer("/identity/document").cloned().map(serde_json::from_value::<Document>);
            !matches!(of, Some(Ok(of)) if of == *only)
        });
        if [ENROLMENT, ASKED, HANDOVER].contains(&name.as_str()) && somebody_else {
            continue;
        }
        if subject.is_some_and(|subject| has_drafts_of_others(&name, subject)) {
            continue;
        }
        withhold(&mut content);
        documents.push(json!({ "name": name, "content": content }));
    }
    Ok(documents)
}

/// Takes the private halves of keys out, wherever a document has them.
fn withhold(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            for private in PRIVATE {
                fields.remove(private);
            }
            fields.values_mut().for_each(withhold);
        }
        Value::Array(items) => items.iter_mut().for_each(withhold),
        _ => {}
    }
}

fn evidence(evidence: &Evidence) -> Value {
    let Evidence { lower_bound, session, boot_millis, anchor } = evidence;
    json!({ "lower_bound": text(*lower_bound), "session": session, "boot_millis": boot_millis, "anchor": anchor })
}

fn text(at: crate::rules::calendar::Timestamp) -> String {
    at.to_string()
}

#[cfg(test)]
mod tests;
