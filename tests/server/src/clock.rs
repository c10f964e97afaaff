//! The server's clock: a port, so that tests run in virtual time. The one place here that asks the system.

use healthcode::rules::calendar::Timestamp;

/// Tells the time.
pub trait ServerClock: Send + Sync {
    /// The time now.
    fn now(&self) -> Timestamp;
}

/// The system's clock, kept right by its operator (NTP).
#[derive(Clone, Copy, Debug)]
pub struct SystemClock;

impl ServerClock for SystemClock {
    #[allow(clippy::disallowed_methods, reason = "this is the clock port")]
    fn now(&self) -> Timestamp {
        let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
        Timestamp::from_millis(since.map_or(0, |since| i64::try_from(since.as_millis()).unwrap_or(i64::MAX)))
    }
}
