//! The exchange with the server: a state machine without I/O, and the core's own HTTP client that drives it.
//!
//! Offline is normal here, not an error of the app: what is unsent waits in the outbox. What enters: replies, as
//! bytes. What never enters: a rule, a screen. Nothing is trusted because it came from the server: each object is
//! verified against the trust list, and that against the roots the app was built with.

pub mod cancel;
pub(crate) mod care;
mod clock;
pub mod config;
pub(crate) mod elsewhere;
pub(crate) mod enrol;
pub(crate) mod exchange;
pub(crate) mod exposure;
mod fetch;
#[cfg(feature = "http")]
pub(crate) mod flight;
pub(crate) mod gate_documents;
pub(crate) mod handover;
pub(crate) mod holder;
#[cfg(feature = "http")]
pub mod http;
mod kept;
pub(crate) mod notice_exchange;
pub(crate) mod outbox;
mod own_http;
pub(crate) mod phone;
pub(crate) mod published;
pub(crate) mod purge;
mod recovery;
pub(crate) mod reply;
mod report;
pub(crate) mod retry;
pub(crate) mod round;

pub use cancel::Cancel;
pub use clock::system_clock;
pub use config::Config;
pub use notice_exchange::{NoticeExchange, NoticeReport, NoticeStep};
pub use own_http::{ExchangeStep, SyncExchange};
pub use reply::{Call, Method, Reply};
pub use report::{SubjectProblem, SyncReport};
