//! What is offered back to a server whose database came back older: all that it signed beyond the serial that it still
//! knows, in the order of its serials, in requests of bounded size.

use crate::error::HealthcodeError;
use crate::store::{OutboxRow, SubjectKey, Transaction};
use crate::sync::round::kept;
use crate::wire::Receipt;
use crate::wire::message::{MAX_RECOVERED, Recovered};

/// The most bytes of what is offered in one request, before base64.
const MAX_BYTES: usize = 160 * 1024;

/// How far it has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Recovery {
    /// The serial beyond which all is offered.
    pub(crate) beyond: u64,
    /// The serial after which the next part begins.
    pub(crate) after: u64,
}

impl Recovery {
    /// One that begins.
    pub(crate) const fn beyond(serial: u64) -> Self {
        Self { beyond: serial, after: serial }
    }
}

/// A part of what is offered.
pub(crate) struct Part {
    pub(crate) recovered: Vec<Recovered>,
    /// Where the next part begins; none where nothing follows.
    pub(crate) next: Option<Recovery>,
}

/// The next part.
pub(crate) fn part(
    file: &Transaction<'_>,
    key: &SubjectKey,
    recovery: Recovery,
) -> Result<Part, HealthcodeError> {
    let Recovery { beyond, after } = recovery;
    let mut all = Vec::new();
    for (body, receipt) in file.outbox(key)?.into_iter().filter_map(OutboxRow::countersigned) {
        let serial = kept::<Receipt>(&receipt.0)?.serial;
        if serial > after {
            let bytes = body.operation.0.len() + body.link.0.len() + receipt.0.len();
            let operation = Recovered::Operation { operation: body.operation, link: body.link, receipt };
            all.push((serial, bytes, operation));
        }
    }
    let decisions = file.serial_decisions(key)?.into_iter();
    for (serial, decision) in decisions.filter(|(serial, _)| *serial > after) {
        let bytes = decision.object.0.len();
        all.push((serial, bytes, Recovered::Decision { kind: decision.kind, object: decision.object }));
    }
    all.sort_by_key(|(serial, ..)| *serial);

    let (mut bytes, mut taken, mut last) = (0, Vec::new(), None);
    let offered = all.len();
    for (serial, size, one) in all {
        bytes += size;
        if taken.len() == MAX_RECOVERED || (bytes > MAX_BYTES && !taken.is_empty()) {
            break;
        }
        taken.push(one);
        last = Some(serial);
    }
    let next = last.filter(|_| taken.len() < offered).map(|after| Recovery { beyond, after });
    Ok(Part { recovered: taken, next })
}
