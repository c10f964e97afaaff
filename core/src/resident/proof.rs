//! The quarantine proof, put together from what is kept: see [`crate::wire::proof`] for what it holds.

use std::collections::BTreeMap;

use crate::error::HealthcodeError;
use crate::store::{KeptDecision, OutboxRow, SubjectKey, Transaction};
use crate::sync::phone::Phone;
use crate::sync::round::kept;
use crate::token::{Judgement, OperationId, Order, OrderId, Release};
use crate::wire::message::ChangeKind;
use crate::wire::proof::{FORMAT, ProofEntry, QuarantineProof};
use crate::wire::{Bytes, Receipt};

/// The proof of an order, or, without one, of the order that was said last.
pub(super) fn proof(phone: &Phone, key: &SubjectKey, order: Option<&str>) -> Result<String, HealthcodeError> {
    let unknown = || HealthcodeError::field("order", "unknown");
    let wanted = order.map(|id| OrderId::parse(id).ok_or_else(unknown)).transpose()?;
    let proof = phone.store.read(|file| assemble(file, key, wanted))?;
    serde_json::to_string(&proof).map_err(|_| HealthcodeError::internal("proof/json"))
}

/// The same, as it is before it is written.
pub(super) fn assemble(
    file: &Transaction<'_>,
    key: &SubjectKey,
    wanted: Option<OrderId>,
) -> Result<QuarantineProof, HealthcodeError> {
    let unknown = || HealthcodeError::field("order", "unknown");
    let decisions = file.decisions(key)?;
    let (order, signed) = find_order(&decisions, wanted)?.ok_or_else(unknown)?;
    let (first, confirmation) = match find_first(&decisions, &order)? {
        Some(first) => (first, Some(signed)),
        None => ((order.clone(), signed), None),
    };
    let (order, signed) = first;
    let release = find_release(&decisions, order.order)?;
    let end = release.as_ref().map_or(u64::MAX, |(release, _)| release.serial);
    Ok(QuarantineProof {
        format: FORMAT,
        issuer: key.issuer.clone(),
        order: signed,
        entries: entries(file, key, order.serial, end)?,
        judgements: judgements(&decisions, order.order)?,
        confirmation,
        release: release.map(|(_, signed)| signed),
    })
}

fn find_order(
    decisions: &[KeptDecision],
    wanted: Option<OrderId>,
) -> Result<Option<(Order, Bytes)>, HealthcodeError> {
    for decision in decisions.iter().rev().filter(|decision| decision.kind == ChangeKind::Order) {
        let order: Order = kept(&decision.object.0)?;
        if wanted.is_none_or(|wanted| wanted == order.order) {
            return Ok(Some((order, decision.object.clone())));
        }
    }
    Ok(None)
}

/// The order as it was said first, where that is not how it was said last: then a second officer has confirmed it.
fn find_first(decisions: &[KeptDecision], last: &Order) -> Result<Option<(Order, Bytes)>, HealthcodeError> {
    for decision in decisions.iter().filter(|decision| decision.kind == ChangeKind::Order) {
        let order: Order = kept(&decision.object.0)?;
        if order.order == last.order {
            return Ok((order.serial < last.serial).then(|| (order, decision.object.clone())));
        }
    }
    Ok(None)
}

fn find_release(
    decisions: &[KeptDecision],
    order: OrderId,
) -> Result<Option<(Release, Bytes)>, HealthcodeError> {
    for decision in decisions.iter().filter(|decision| decision.kind == ChangeKind::Release) {
        let release: Release = kept(&decision.object.0)?;
        if release.order == order {
            return Ok(Some((release, decision.object.clone())));
        }
    }
    Ok(None)
}

/// The links under their receipts between two serials.
fn entries(
    file: &Transaction<'_>,
    key: &SubjectKey,
    after: u64,
    before: u64,
) -> Result<Vec<ProofEntry>, HealthcodeError> {
    let mut entries = BTreeMap::new();
    for (body, receipt) in file.outbox(key)?.into_iter().filter_map(OutboxRow::countersigned) {
        let serial = kept::<Receipt>(&receipt.0)?.serial;
        if after < serial && serial < before {
            entries.insert(serial, ProofEntry { link: body.link, receipt });
        }
    }
    Ok(entries.into_values().collect())
}

/// The last judgement of each check-in under an order, in the order of their serials.
fn judgements(decisions: &[KeptDecision], order: OrderId) -> Result<Vec<Bytes>, HealthcodeError> {
    let mut last: BTreeMap<OperationId, (u64, Bytes)> = BTreeMap::new();
    for decision in decisions.iter().filter(|decision| decision.kind == ChangeKind::Judgement) {
        let judgement: Judgement = kept(&decision.object.0)?;
        if judgement.order == order {
            last.insert(judgement.operation, (judgement.serial, decision.object.clone()));
        }
    }
    let by_serial: BTreeMap<_, _> = last.into_values().collect();
    Ok(by_serial.into_values().collect())
}
