//! The trust list and the root keys that a person names on the command line. Whoever types a root key vouches for it:
//! it is taken for the set that the list says it is signed by.

use std::path::Path;

use healthcode::token::cbor::decode;
use healthcode::token::root::Document;
use healthcode::token::trust_list::{MAX_BYTES, TrustListContent};
use healthcode::token::{PublicKey, RootSet, TrustList};

use crate::Failure;
use crate::arguments::RootKeys;

/// The root keys.
pub(crate) fn keys(roots: &RootKeys) -> Result<Vec<PublicKey>, Failure> {
    let wrong = || Failure::Usage("--root-key: no COSE_Key in hexadecimal".to_owned());
    let key =
        |text: &String| unhex(text).and_then(|bytes| PublicKey::from_cose(&bytes).ok()).ok_or_else(wrong);
    let keys: Vec<_> = roots.root_key.iter().map(key).collect::<Result<_, _>>()?;
    let threshold = roots.root_threshold;
    if !keys.is_empty() && !(1..=keys.len()).contains(&threshold) {
        let given = keys.len();
        return Err(Failure::Usage(format!("--root-threshold {threshold}: {given} root keys are given")));
    }
    Ok(keys)
}

/// Verifies a trust list.
pub(crate) fn open(bytes: &[u8], keys: &[PublicKey], threshold: usize) -> Result<TrustList, String> {
    let version = root_version(bytes).ok_or("not a trust list")?;
    TrustList::open(bytes, &RootSet::embedded(version, threshold, keys.to_vec()), 0)
        .map_err(|error| error.to_string())
}

/// Reads and verifies the list of a file.
pub(crate) fn read(path: &Path, keys: &[PublicKey], threshold: usize) -> Result<TrustList, Failure> {
    open(&bytes(path)?, keys, threshold)
        .map_err(|error| Failure::Usage(format!("{}: the trust list is refused: {error}", path.display())))
}

/// The bytes of a file.
pub(crate) fn bytes(path: &Path) -> Result<Vec<u8>, Failure> {
    std::fs::read(path).map_err(|error| Failure::Usage(format!("{}: {error}", path.display())))
}

/// The version of the root set that a list names, not yet verified.
fn root_version(bytes: &[u8]) -> Option<u32> {
    let document = Document::parse(bytes, MAX_BYTES).ok()?;
    decode::<TrustListContent>(document.unverified_payload(), MAX_BYTES)
        .ok()
        .map(|content| content.root_version)
}

/// The bytes of hexadecimal digits, in either case.
pub(crate) fn unhex(text: &str) -> Option<Vec<u8>> {
    let digits = text.trim().as_bytes();
    let pairs = digits.chunks(2).map(|pair| {
        let text = std::str::from_utf8(pair).ok().filter(|text| text.len() == 2)?;
        let digits = text.bytes().all(|byte| byte.is_ascii_hexdigit());
        digits.then(|| u8::from_str_radix(text, 16).ok()).flatten()
    });
    pairs.collect()
}
