//! One sync as an app with an HTTP stack of its own does it, over a line that breaks.

use healthcode::sync::{ExchangeStep, SyncReport};
use healthcode::{HealthcodeError, NetworkKind};
use healthcode_cli::time::World;

use crate::authority::Authority;
use crate::fault::Fault;
use crate::handset::Handset;
use crate::line::{Came, Line};

/// The most calls of one exchange: one that goes on and on is a fault.
const MOST_CALLS: usize = 40;

/// How a sync ended.
#[derive(Debug)]
pub enum Ended {
    /// With a report.
    Done(SyncReport),
    /// With an error.
    Failed(HealthcodeError),
    /// Nothing came.
    Unanswered,
    /// The phone's process was killed.
    Killed,
}

/// One sync of a phone; what happens to its calls, one after the other, and to the rest nothing.
pub fn exchange(
    handset: &mut Handset,
    line: &mut Line,
    authority: &Authority,
    world: &World,
    faults: &[Fault],
) -> Ended {
    let exchange = handset.resident().exchange().unwrap();
    let mut reply = None;
    for call in 0..MOST_CALLS {
        let fault = faults.get(call).copied().unwrap_or(Fault::None);
        match exchange.next(reply.take()) {
            Ok(ExchangeStep::Done { report }) => return Ended::Done(report),
            Err(error) => {
                if let HealthcodeError::Network { retry_after, .. } = &error {
                    let after = retry_after.map(|after| u32::try_from(after.as_secs()).unwrap());
                    handset.resident().exchange_failed(after).unwrap();
                }
                let last = call.checked_sub(1).and_then(|last| faults.get(last));
                named(last.copied().unwrap_or(Fault::None), &error);
                return Ended::Failed(error);
            }
            Ok(ExchangeStep::Send { call }) => match line.carry(fault, &call, authority, world) {
                Came::Reply(came) => reply = Some(came),
                Came::Nothing => {
                    handset.resident().exchange_failed(None).unwrap();
                    return Ended::Unanswered;
                }
                Came::Killed => {
                    drop(exchange);
                    handset.kill(0);
                    return Ended::Killed;
                }
            },
        }
    }
    panic!("an exchange that does not end");
}

/// An error names what happened to the last call.
fn named(fault: Fault, error: &HealthcodeError) {
    let HealthcodeError::Network { kind, retry_after } = error else {
        // Only the server itself says no in other words, and what reached it broken it did not take.
        assert!(matches!(error, HealthcodeError::Rejected { .. }), "{fault:?} -> {error:?}");
        return;
    };
    match fault {
        Fault::Busy(wait) => {
            assert_eq!(*kind, NetworkKind::Unavailable);
            assert_eq!(retry_after.map(|after| after.as_secs()), wait.map(u64::from));
        }
        Fault::Instead(stranger) => {
            let expected = stranger.kind();
            assert!(expected.is_none_or(|expected| expected == *kind), "{fault:?} -> {error:?}");
        }
        Fault::Cut(_) | Fault::Flipped(..) | Fault::Stale(_) => assert_eq!(*kind, NetworkKind::BadAnswer),
        _ => panic!("{fault:?} -> {error:?}"),
    }
}
