//! Signed objects as JSON that a person can read, with the signed bytes beside it. Each object is taken apart whole:
//! a field that is left out does not compile.

use serde_json::{Value, json};

use super::{said, text};
use crate::error::HealthcodeError;
use crate::rules::quarantine::{Certainty, NotCounted};
use crate::store::KeptDecision;
use crate::sync::round::kept;
use crate::token::decision::{CarerKey, KeyNotice, RatingReason, ReleaseCause};
use crate::token::ids::hex;
use crate::token::{GateToken, Judgement, Order, RatingReceipt, Release};
use crate::wire::message::ChangeKind;
use crate::wire::{Bytes, Receipt};

pub(super) fn decision(serial: u64, decision: &KeptDecision) -> Result<Value, HealthcodeError> {
    let object = &decision.object.0;
    let content = match decision.kind {
        ChangeKind::Order => order(kept(object)?),
        ChangeKind::Release => release(&kept(object)?),
        ChangeKind::Rating => rating(kept(object)?),
        ChangeKind::Judgement => judgement(&kept(object)?),
        ChangeKind::Key => key_notice(&kept(object)?),
        ChangeKind::Paper => said::paper(kept(object)?)?,
        ChangeKind::Act => said::act(kept(object)?),
        ChangeKind::Appeal => said::appeal(kept(object)?),
        ChangeKind::Served => said::served(kept(object)?),
        ChangeKind::Other => Value::Null,
    };
    Ok(json!({ "serial": serial, "kind": decision.kind, "content": content, "signed": decision.object }))
}

pub(super) fn token(bytes: &[u8]) -> Result<Value, HealthcodeError> {
    let token: GateToken = kept(bytes)?;
    let class = token.class();
    let GateToken { expires_at, issued_at, id, holder, colour, region, status, masked_name, id_tail } = token;
    let content = json!({
        "id": hex(&id),
        "issued_at": text(issued_at),
        "expires_at": text(expires_at),
        "holder": holder.map(|holder| Bytes(holder.to_cose())),
        "colour": colour,
        "class": class,
        "region": region,
        "status_list": status.list,
        "status_index": status.index,
        "masked_name": masked_name,
        "id_tail": id_tail,
    });
    Ok(json!({ "content": content, "signed": Bytes(bytes.to_vec()) }))
}

pub(super) fn receipt(bytes: &[u8]) -> Result<Value, HealthcodeError> {
    let Receipt { subject, serial, head, received_at, accepted, incarnation, late, key } = kept(bytes)?;
    let content = json!({
        "subject": subject,
        "serial": serial,
        "head": hex(&head),
        "received_at": text(received_at),
        "accepted": accepted,
        "incarnation": hex(&incarnation),
        "late": late,
        "key": key.map(|key| hex(key.as_ref())),
    });
    Ok(json!({ "content": content, "signed": Bytes(bytes.to_vec()) }))
}

fn order(order: Order) -> Value {
    let Order {
        subject,
        serial,
        order,
        issued_at,
        colour,
        rule,
        cause,
        starts_on,
        days,
        terms,
        rulebook,
        supersedes,
        provisional_until,
    } = order;
    json!({
        "subject": subject,
        "serial": serial,
        "order": order,
        "issued_at": text(issued_at),
        "colour": colour,
        "rule": rule,
        "cause": cause,
        "starts_on": starts_on,
        "days": days,
        "terms": terms,
        "rulebook": hex(&rulebook),
        "supersedes": supersedes,
        "provisional_until": provisional_until.map(text),
    })
}

fn release(release: &Release) -> Value {
    let Release { subject, serial, order, released_at, cause } = release;
    let cause = match cause {
        ReleaseCause::Completed => "completed",
        ReleaseCause::Superseded => "superseded",
        ReleaseCause::Officer => "officer",
        ReleaseCause::Lapsed => "lapsed",
    };
    json!({
        "subject": subject,
        "serial": serial,
        "order": order,
        "released_at": text(*released_at),
        "cause": cause,
    })
}

fn rating(rating: RatingReceipt) -> Value {
    let RatingReceipt {
        subject,
        serial,
        rated_at,
        colour,
        reasons,
        rulebook,
        rulebook_version,
        order,
        appeal_by,
    } = rating;
    let reason =
        |RatingReason { rule, colour, text }| json!({ "rule": rule, "colour": colour, "text": text });
    json!({
        "subject": subject,
        "serial": serial,
        "rated_at": text(rated_at),
        "colour": colour,
        "reasons": reasons.into_iter().map(reason).collect::<Vec<_>>(),
        "rulebook": hex(&rulebook),
        "rulebook_version": rulebook_version,
        "order": order,
        "appeal_by": text(appeal_by),
    })
}

fn judgement(judgement: &Judgement) -> Value {
    let Judgement {
        subject,
        serial,
        operation,
        order,
        judged_at,
        earliest,
        latest,
        received,
        day,
        certainty,
        not_counted,
        late,
        by,
    } = judgement;
    let (certainty, not_counted): (&Option<Certainty>, &Option<NotCounted>) = (certainty, not_counted);
    json!({
        "subject": subject,
        "serial": serial,
        "operation": operation,
        "order": order,
        "judged_at": text(*judged_at),
        "earliest": text(*earliest),
        "latest": text(*latest),
        "received": text(*received),
        "day": day,
        "certainty": certainty,
        "not_counted": not_counted,
        "late": late,
        "by": by.as_ref().map(said::by),
    })
}

fn key_notice(notice: &KeyNotice) -> Value {
    let KeyNotice { subject, serial, key, noticed_at, active_from, carer } = notice;
    let whose = |CarerKey { carer, name }: &CarerKey| json!({ "carer": carer, "name": name });
    json!({
        "subject": subject,
        "serial": serial,
        "key": hex(key),
        "noticed_at": text(*noticed_at),
        "active_from": active_from.map(text),
        "carer": carer.as_ref().map(whose),
    })
}
