//! Faults put in on purpose: between phone and server, into the phone's file, into its clocks, and into processes,
//! by killing them. `tests/run faults` runs them; they are slow, so that `cargo test` alone does not.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests: what cannot be set up ends them")]
#![allow(clippy::missing_panics_doc, reason = "tests")]

pub mod house;
