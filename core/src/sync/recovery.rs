//! What is offered back to a server whose database came back older: all that it signed beyond the serial that it still
//! knows, in the order of its serials, in requests of bounded size.

use crate::error::HealthcodeError;
use crate::store::{OutboxRow, SubjectKey, Transaction};
use crate::sync::round::kept;
use crate::wire::Receipt;
use crate::wire::message::{MAX_RECOVERED, Recovered};

/// The most bytes of what is offered in one request, before base64.
const MAX_BYTES: usize = 160 * 1024;

/// A part of what is offered.
pub(crate) struct Part {
    pub(crate) recovered: Vec<Recovered>,
    /// The serial after which the next part goes on; none where nothing follows.
    pub(crate) next: Option<u64>,
}

/// What lies beyond a serial.
pub(crate) fn part(file: &Transaction<'_>, key: &SubjectKey, after: u64) -> Result<Part, HealthcodeError> {
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
    let next = last.filter(|_| taken.len() < offered);
    Ok(Part { recovered: taken, next })
}
