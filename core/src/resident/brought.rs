//! What a move brings along: the last declaration, made anew under the destination's form, and the days of quarantine that
//! were served where the person comes from. It is recorded once the person is known there, as what the person records is,
//! and the next sync sends it. What never enters: a decision on it.

use super::proof;
use super::quarantine::progress_of;
use super::record;
use super::standing::Standing;
use crate::error::HealthcodeError;
use crate::platform::LogLevel;
use crate::rules::calendar::{LegalDate, Timestamp};
use crate::rules::declaration::Declaration;
use crate::rules::rulebook::Rulebook;
use crate::store::{Moved, SubjectKey, Transaction};
use crate::sync::phone::{Now, Phone};
use crate::sync::round::kept;
use crate::token::consent::Purpose;
use crate::token::decision::ReleaseCause;
use crate::token::{KeyConsent, OrderId, Release};
use crate::wire::message::ChangeKind;
use crate::wire::operation::ServedElsewhere;
use crate::wire::proof::QuarantineProof;
use crate::wire::{Bytes, OperationBody};

/// Records what is still to be brought along, of all who moved; whether there was something. What does not succeed now is
/// done before the next sync.
pub(super) fn bring_all(phone: &Phone) -> bool {
    // Calls at the same time bring one thing once.
    let _one_at_a_time = phone.moving();
    let keys = phone.subjects().unwrap_or_default();
    let mut any = false;
    for key in keys {
        match bring(phone, &key) {
            Ok(brought) => any |= brought,
            Err(error) => phone.log(LogLevel::Warning, format!("what a move brings along waits: {error}")),
        }
    }
    any
}

fn bring(phone: &Phone, key: &SubjectKey) -> Result<bool, HealthcodeError> {
    let body = phone.store.read(|file| file.subject(key))?;
    let Some(mut moved) = body.filter(|body| !body.replaced && !body.unknown).and_then(|body| body.moved)
    else {
        return Ok(false);
    };
    let Some(rulebook) = phone.rulebook_of(&key.issuer) else { return Ok(false) };
    let now = phone.now()?;
    // A consent lasts a day: its time must not lag by one.
    if now.estimate.is_none() {
        return Ok(false);
    }
    let from = moved.from();
    let mut any = false;
    if !moved.declared {
        let (declared, there) = phone.store.read(|file| {
            let declared = file.last_declaration(&from)?;
            Ok::<_, HealthcodeError>((declared, file.last_declaration(key)?))
        })?;
        moved.declared = true;
        let today = rulebook.offset_minutes.date_of(now.best());
        // What the form there asks for besides, or was declared too long ago, is the person's to answer; and what the
        // person has declared there stands.
        let declared =
            declared.filter(|_| there.is_none()).map(|(_, declared)| anew(&declared, &rulebook, today));
        match declared.filter(|declared| declared.errors(&rulebook, today).is_empty()) {
            Some(declared) => {
                record::bring(phone, key, &OperationBody::Declaration(declared), &moved)?;
                any = true;
            }
            None => phone.store.write(|file| {
                let Some(mut body) = file.subject(key)? else { return Ok(()) };
                body.moved = Some(moved.clone());
                file.put_subject(key, &body)
            })?,
        }
    }
    let served = phone.store.read(|file| Served::read(file, &from, &moved, &now))?;
    if let Some(served) = served {
        moved.brought = Some(served.order);
        record::bring(phone, key, &served.operation(phone, key, &from, &now)?, &moved)?;
        any = true;
    }
    Ok(any)
}

/// Days that were served where the person comes from.
struct Served {
    /// The order, and whether it is over.
    order: (OrderId, bool),
    proof: QuarantineProof,
    token: Bytes,
}

impl Served {
    /// What was not brought yet: an order in force once days of it count; one that has run to its end, whenever that was.
    fn read(
        file: &Transaction<'_>,
        from: &SubjectKey,
        moved: &Moved,
        now: &Now,
    ) -> Result<Option<Self>, HealthcodeError> {
        // Where the person was erased there is none.
        let Some(token) = file.token(from)? else { return Ok(None) };
        let running = Standing::read_in(file, from)?.course;
        let order = match running {
            Some(course) => {
                let counts = moved.brought.is_none() && progress_of(&course, now).counted > 0;
                counts.then_some((course.order.order, false))
            }
            None => completed(file, from)?.map(|order| (order, true)),
        };
        let Some(order) = order.filter(|order| moved.brought != Some(*order)) else { return Ok(None) };
        let proof = proof::assemble(file, from, Some(order.0))?;
        Ok(Some(Self { order, proof, token: token.into() }))
    }

    /// With the consent of the key that served them to the key that brings them.
    fn operation(
        self,
        phone: &Phone,
        key: &SubjectKey,
        from: &SubjectKey,
        now: &Now,
    ) -> Result<OperationBody, HealthcodeError> {
        let given_at = Timestamp::from_seconds(now.lower_bound.seconds());
        let new = phone.holder(key)?.public_key();
        let consent = KeyConsent::new(Purpose::Move, from.subject, &new, given_at, &key.issuer);
        let consent = Bytes(consent.sign(phone.holder(from)?.as_ref())?);
        let Self { proof, token, .. } = self;
        let issuer = from.issuer.clone();
        Ok(OperationBody::Served(Box::new(ServedElsewhere { issuer, proof, token, consent })))
    }
}

/// The order that was released last, if its days were served.
fn completed(file: &Transaction<'_>, key: &SubjectKey) -> Result<Option<OrderId>, HealthcodeError> {
    let decisions = file.decisions(key)?;
    let last = decisions.iter().rfind(|decision| decision.kind == ChangeKind::Release);
    let release = last.map(|decision| kept::<Release>(&decision.object.0)).transpose()?;
    Ok(release.filter(|release| release.cause == ReleaseCause::Completed).map(|release| release.order))
}

/// A declaration as another authority reads it today: of the day on which it was made, since what was served after that
/// day answers it; stays that lie before the days that are asked for are left out.
pub(super) fn anew(declaration: &Declaration, rulebook: &Rulebook, today: LegalDate) -> Declaration {
    let first = today.plus_days(-i32::from(rulebook.declaration.travel_window_days));
    let mut travel = declaration.travel.clone();
    travel.retain(|stay| stay.to >= first);
    Declaration { travel, ..declaration.clone() }
}
