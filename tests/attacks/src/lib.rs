//! Attacks on codes, gates and what they trust. The world that is attacked ([`world`]: issuers, keys of fixed seeds, a
//! resident, a gate's lane), one object of each kind ([`objects`]) and the tools of an attacker who can sign ([`forge`]) are here; each attack is a test, named
//! as what holds in spite of it. `tests/run attacks` runs them.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests: what cannot be set up ends them"
)]
#![allow(clippy::missing_panics_doc, reason = "tests")]

pub mod forge;
pub mod lane;
pub mod notices;
pub mod objects;
pub mod picture;
pub mod seeds;
pub mod targets;
pub mod world;
