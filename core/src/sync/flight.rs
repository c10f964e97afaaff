//! One exchange at a time, shared: who asks while one is under way waits for it, and it is given up when the last who
//! waits has gone. Background work and a pull on the screen at the same moment are one exchange.

use std::sync::{Arc, Mutex, PoisonError, Weak};

use tokio::sync::watch;
use tokio::task::AbortHandle;

use super::http::drive;
use super::phone::Phone;
use super::report::SyncReport;
use crate::error::HealthcodeError;
use crate::store::StoreError;

type Ended = Option<Result<SyncReport, HealthcodeError>>;

/// The exchanges under way over one file: a resident's, and a gate's.
#[derive(Default)]
pub(crate) struct Flights {
    resident: Mutex<Weak<Flight>>,
    gate: Mutex<Weak<Flight>>,
}

/// One exchange. Dropped with the last who waits for it, it stops where it is.
struct Flight {
    task: AbortHandle,
    ended: watch::Receiver<Ended>,
}

impl Drop for Flight {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Waits for the exchange under way, or begins one. What was recorded before this call has been sent when it ends well.
pub(crate) async fn sync(phone: Arc<Phone>, gate: bool) -> Result<SyncReport, HealthcodeError> {
    let (flight, joined) = join(&phone, gate);
    let report = wait(&flight).await;
    drop(flight);
    // One that was under way may have asked for the last time before something was recorded.
    if joined && report.is_ok() && !gate && waits(&phone)? {
        return wait(&join(&phone, gate).0).await;
    }
    report
}

/// The exchange under way, or a new one; and whether it was under way.
fn join(phone: &Arc<Phone>, gate: bool) -> (Arc<Flight>, bool) {
    let place = if gate { &phone.flights.gate } else { &phone.flights.resident };
    let mut place = place.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(flight) = place.upgrade().filter(|flight| flight.ended.borrow().is_none()) {
        return (flight, true);
    }
    let (sender, ended) = watch::channel(None);
    let phone = Arc::clone(phone);
    let task = tokio::spawn(async move {
        let result = drive(phone, gate).await;
        sender.send_replace(Some(result));
    });
    let flight = Arc::new(Flight { task: task.abort_handle(), ended });
    *place = Arc::downgrade(&flight);
    (flight, false)
}

async fn wait(flight: &Flight) -> Result<SyncReport, HealthcodeError> {
    let mut ended = flight.ended.clone();
    let result = ended.wait_for(Option::is_some).await.map(|ended| ended.clone());
    // Without a result its task has panicked: nobody else can end it while somebody waits.
    result.ok().flatten().unwrap_or_else(|| Err(HealthcodeError::internal("panic")))
}

fn waits(phone: &Phone) -> Result<bool, StoreError> {
    phone.store.read(|file| {
        for key in file.subjects()? {
            if file.count_waiting(&key)? > 0 {
                return Ok(true);
            }
        }
        Ok(false)
    })
}
