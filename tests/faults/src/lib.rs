//! Faults put in on purpose: between phone and server, into the phone's file, into its clocks, and into processes,
//! by killing them. `tests/run faults` runs them; they are slow, so that `cargo test` alone does not.
//!
//! The histories: [`history`] says what can happen and in which order, [`play`] does it to a phone ([`handset`]) and a
//! server ([`authority`]) in this process, over a line that breaks ([`mod@line`], [`fault`]); [`ledger`] reads what the
//! server has, and [`promises`] says what must hold. All of it runs in one virtual time.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests: what cannot be set up ends them"
)]
#![allow(clippy::missing_panics_doc, reason = "tests")]

pub mod authority;
pub mod beginning;
pub mod fault;
pub mod file;
pub mod files;
pub mod handset;
pub mod history;
pub mod house;
pub mod ledger;
pub mod line;
pub mod play;
pub mod promises;
pub mod sandbox;
pub mod search;
pub mod sync;

pub use healthcode::token::ids::hex;
pub use healthcode_e2e::server::unhex;
