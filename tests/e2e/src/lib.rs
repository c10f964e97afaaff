//! Tests of the whole system: real server processes, killed processes, bytes from outside. This library holds what
//! they share; it has no binary of its own, the processes that it starts are `healthcode` itself.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests: what cannot be set up ends them")]
#![allow(clippy::missing_panics_doc, reason = "tests")]

pub mod http;
pub mod phone;
pub mod server;
