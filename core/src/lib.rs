//! The mobile core of a health code system.
//!
//! One library for the resident's phone, the checkpoint's phone and, without the feature `device`, the authority's
//! server. The rooms, from the inside out; arrows run one way, from the later to the earlier:
//!
//! - [`rules`]: who a person is, what was declared, what colour follows, how quarantine days are counted. Pure.
//! - [`token`]: what is signed, and what a gate says to it. Pure.
//! - [`wire`]: what phone and server say to each other. Pure.
//! - [`qr`]: a payload becomes a matrix, a picture, a terminal's text. Pure.
//! - [`paper`]: the page of a code on paper. Pure.
//! - [`time`]: trusted time, as arithmetic over readings of the phone's boot clock. Pure.

pub mod paper;
pub mod qr;
pub mod rules;
pub mod time;
pub mod token;
pub mod wire;

#[cfg(feature = "device")]
mod border;
#[cfg(feature = "device")]
pub mod checkpoint;
#[cfg(feature = "device")]
mod error;
#[cfg(feature = "device")]
pub mod platform;
#[cfg(feature = "device")]
mod random;
#[cfg(feature = "device")]
pub mod resident;
#[cfg(feature = "device")]
mod store;
#[cfg(feature = "device")]
pub mod sync;

#[cfg(feature = "device")]
pub use error::{HealthcodeError, NetworkKind, NoticeLogKind, StorageKind, VaultKind, error_text};

#[cfg(feature = "device")]
uniffi::setup_scaffolding!();

/// The examples of the README compile.
#[cfg(all(doctest, feature = "http"))]
#[doc = include_str!("../../README.md")]
pub struct Readme;
