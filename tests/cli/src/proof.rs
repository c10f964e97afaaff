//! Verifying a quarantine proof, as anybody can who has the issuer's trust list.

use std::io::Write;
use std::path::Path;

use healthcode::token::ids::hex;
use healthcode::token::{PublicKey, RootSet, TrustList};
use healthcode::wire::QuarantineProof;
use healthcode_server::{ServerClock, SystemClock};
use serde_json::json;

use crate::{Failure, Outcome, trust};

/// Verifies a proof against a trust list, and that against a root key.
pub(crate) fn verify(
    proof: &Path,
    trust_list: &Path,
    root_key: &str,
    as_json: bool,
    out: &mut dyn Write,
) -> Result<Outcome, Failure> {
    let key = trust::unhex(root_key).and_then(|bytes| PublicKey::from_cose(&bytes).ok());
    let key = key.ok_or_else(|| Failure::Usage("--root-key: no COSE_Key in hexadecimal".to_owned()))?;
    let roots = RootSet::embedded(1, 1, vec![key]);
    let list = TrustList::open(&trust::bytes(trust_list)?, &roots, 0);
    let proof = trust::bytes(proof)?;
    // The reason says which of the two is at fault; neither repeats what is in it.
    let proven = list.map_err(|error| format!("the trust list: {error}")).and_then(|trust| {
        let proven = QuarantineProof::parse(&proof).and_then(|proof| proof.verify(&trust, SystemClock.now()));
        proven.map_err(|error| format!("the proof: {error}"))
    });
    match proven {
        Ok(proven) => {
            let days: Vec<_> = proven.days.iter().map(ToString::to_string).collect();
            let released = proven.released.map(|(at, _)| at.to_string());
            if as_json {
                let order = hex(proven.order.as_bytes());
                let colour = proven.colour.word();
                let line = json!({
                    "valid": true, "order": order, "colour": colour, "days": days, "released_at": released,
                    "provisional_until": proven.provisional_until.map(|at| at.to_string()),
                });
                writeln!(out, "{line}")?;
            } else {
                writeln!(out, "valid\n  colour     {}", proven.colour.word())?;
                writeln!(out, "  days       {} ({})", days.len(), days.join(", "))?;
                writeln!(out, "  released   {}", released.unwrap_or_else(|| "not yet".to_owned()))?;
            }
            Ok(Outcome::Yes)
        }
        Err(reason) => {
            if as_json {
                writeln!(out, "{}", json!({"valid": false, "reason": reason}))?;
            } else {
                writeln!(out, "not valid: {reason}")?;
            }
            Ok(Outcome::No)
        }
    }
}
