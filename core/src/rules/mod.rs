//! The rules: who a person is, what was declared, what colour follows, how quarantine days are counted.
//!
//! Pure: time and randomness are arguments, there is no clock and no I/O, and nothing here knows of tokens, storage
//! or networks. The server and the phone run this same code.

pub mod calendar;
pub mod certlogic;
pub mod colour;
pub mod declaration;
mod document;
pub mod exposure;
pub mod facts;
pub mod gate_policy;
pub mod identity;
pub mod quarantine;
pub mod rating;
pub mod rulebook;
pub(crate) mod sorted;
pub mod text;

pub use colour::Colour;
pub use text::Text;
