//! What is signed: the envelope and every object that travels in it.
//!
//! Pure: bytes, keys and instants are arguments. An object is COSE_Sign1 (RFC 9052) over deterministic CBOR
//! (RFC 8949, 4.2.1); parsing is exact, bounded, and names what it refuses. A type that can be read has been
//! verified: there is no accessor before that. What never enters: storage, networks, a clock, a reason in a code.

pub mod acts;
pub mod anchor;
pub mod appeal;
pub mod cbor;
pub mod challenge;
pub mod code_text;
pub mod consent;
pub mod decision;
pub mod disclosure;
pub mod envelope;
pub mod gate;
pub mod gate_token;
pub mod handover;
pub mod ids;
pub mod key;
pub mod notice;
pub mod object;
pub mod outage;
pub mod policy;
pub mod presentation;
pub mod root;
pub mod rules;
pub mod status_list;
pub mod trust_list;
pub mod venue;
pub mod verdict;

pub use acts::{ActKind, ActNotice, By, ByRole, PaperNotice};
pub use anchor::Anchor;
pub use appeal::{AppealNotice, AppealState, ServedNotice, ServedRefusal};
pub use challenge::Challenge;
pub use code_text::{CodeText, Prefix};
pub use consent::KeyConsent;
pub use decision::{CarerKey, Judgement, KeyNotice, Order, RatingReceipt, Release};
pub use envelope::{FormatError, Kind, Sign1, TokenError};
pub use gate_token::{GateToken, StatusReference};
pub use handover::HandoverCode;
pub use ids::{BootSession, OperationId, OrderId, SegmentId, SubjectId};
pub use key::{Algorithm, PublicKey, Signer, SignerError, SoftwareKey};
pub use notice::{ExposureNotice, LogHead};
pub use outage::OutageNotice;
pub use presentation::{Flags, Mode, Presentation};
pub use root::{RootContent, RootError, RootSet};
pub use status_list::{SignedStatusList, StatusList, StatusListContent, Statuses};
pub use trust_list::{KeyUse, TrustList, TrustListError};
pub use venue::VenueCode;
pub use verdict::Verdict;
