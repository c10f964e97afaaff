//! What phone and server say to each other: operations with their links, receipts, requests, answers, problems.
//!
//! Pure and shared by both sides. Bodies are JSON with signed objects in base64url; a request about a subject
//! carries a signature over method, path, body, audience and nonce in a header. What never enters: a socket, a
//! database, a decision.

pub mod act;
pub mod bytes;
pub mod link;
pub mod message;
pub mod operation;
pub mod problem;
pub mod proof;
pub mod receipt;
pub mod request;

pub use act::{Act, AppealDecision, OfficerRequest, Whom};
pub use bytes::Bytes;
pub use link::Link;
pub use operation::{
    Appeal, CareChange, CheckIn, Consent, Operation, OperationBody, OperationKind, PaperChange,
    ServedElsewhere, ToldExposure,
};
pub use problem::{Problem, ProblemKind};
pub use proof::{ProofError, QuarantineProof};
pub use receipt::Receipt;
pub use request::{RequestClaims, RequestSignature, SIGNATURE_HEADER};
