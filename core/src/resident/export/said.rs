//! What was said of a person's papers, appeals and days served elsewhere, and of what officers did, as JSON that a person
//! can read. Each object is taken apart whole: a field that is left out does not compile.

use serde_json::{Value, json};

use super::{decided, text};
use crate::error::HealthcodeError;
use crate::token::ids::hex;
use crate::token::{
    ActKind, ActNotice, AppealNotice, AppealState, By, ByRole, PaperNotice, ServedNotice, ServedRefusal,
};

pub(super) fn by(By { role, name }: &By) -> Value {
    let role = match role {
        ByRole::Carer => "carer",
        ByRole::Officer => "officer",
    };
    json!({ "role": role, "name": name })
}

pub(super) fn paper(notice: PaperNotice) -> Result<Value, HealthcodeError> {
    let PaperNotice { subject, serial, id, said_at, token, by: asked } = notice;
    Ok(json!({
        "subject": subject,
        "serial": serial,
        "id": hex(&id),
        "said_at": text(said_at),
        "token": token.map(|token| decided::token(&token)).transpose()?,
        "by": asked.as_ref().map(by),
    }))
}

pub(super) fn act(notice: ActNotice) -> Value {
    let ActNotice { subject, serial, request, acted_at, officer, kind, entry, note } = notice;
    let kind = match kind {
        ActKind::Overdue => "overdue",
        ActKind::Relation => "relation",
        ActKind::Paper => "paper",
        ActKind::CheckIn => "check-in",
        ActKind::Appeal => "appeal",
        ActKind::Order => "order",
        ActKind::Declaration => "declaration",
    };
    json!({
        "subject": subject,
        "serial": serial,
        "request": hex(&request),
        "acted_at": text(acted_at),
        "officer": officer,
        "kind": kind,
        "entry": hex(&entry),
        "note": note,
    })
}

pub(super) fn appeal(notice: AppealNotice) -> Value {
    let AppealNotice { subject, serial, appeal, said_at, state, due_by, reason, officer, rating, rule } =
        notice;
    let state = match state {
        AppealState::Received => "received",
        AppealState::InReview => "in-review",
        AppealState::Granted => "granted",
        AppealState::Refused => "refused",
    };
    json!({
        "subject": subject,
        "serial": serial,
        "appeal": appeal,
        "said_at": text(said_at),
        "state": state,
        "due_by": text(due_by),
        "rating": rating,
        "rule": rule,
        "reason": reason,
        "officer": officer,
    })
}

pub(super) fn served(notice: ServedNotice) -> Value {
    let ServedNotice { subject, serial, operation, said_at, issuer, colour, starts_on, days, refused } =
        notice;
    let refused = refused.map(|refused| match refused {
        ServedRefusal::NotProved => "not-proved",
        ServedRefusal::OtherPerson => "other-person",
        ServedRefusal::NotServed => "not-served",
        ServedRefusal::AlreadyTaken => "already-taken",
        ServedRefusal::NoConsent => "no-consent",
    });
    json!({
        "subject": subject,
        "serial": serial,
        "operation": operation,
        "said_at": text(said_at),
        "issuer": issuer,
        "colour": colour,
        "starts_on": starts_on,
        "days": days,
        "refused": refused,
    })
}
