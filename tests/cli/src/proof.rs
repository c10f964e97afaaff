//! Verifying a quarantine proof, as anybody can who has the issuer's trust list.

use std::io::Write;
use std::path::Path;

use healthcode::token::ids::hex;
use healthcode::token::{PublicKey, RootSet, TrustList};
use healthcode::wire::QuarantineProof;
use healthcode_server::{ServerClock, SystemClock};
use serde_json::json;

use crate::{Failure, Outcome};

/// Verifies a proof against a trust list, and that against a root key.
pub(crate) fn verify(
    proof: &Path,
    trust_list: &Path,
    root_key: &str,
    as_json: bool,
    out: &mut dyn Write,
) -> Result<Outcome, Failure> {
    let key = unhex(root_key).and_then(|bytes| PublicKey::from_cose(&bytes).ok());
    let key = key.ok_or_else(|| Failure::Usage("--root-key: no COSE_Key in hexadecimal".to_owned()))?;
    let roots = RootSet::embedded(1, 1, vec![key]);
    let trust = TrustList::open(&read(trust_list)?, &roots, 0);
    let proof = read(proof)?;
    // The reason says which of the two is at fault; neither repeats what is in it.
    let proven = trust.map_err(|error| format!("the trust list: {error}")).and_then(|trust| {
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

fn read(path: &Path) -> Result<Vec<u8>, Failure> {
    std::fs::read(path).map_err(|error| Failure::Usage(format!("{}: {error}", path.display())))
}

fn unhex(text: &str) -> Option<Vec<u8>> {
    let digits = text.trim().as_bytes();
    let pairs = digits.chunks(2).map(|pair| {
        let text = std::str::from_utf8(pair).ok().filter(|text| text.len() == 2)?;
        u8::from_str_radix(text, 16).ok()
    });
    pairs.collect()
}
