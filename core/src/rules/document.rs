//! What every JSON document of an authority has in common: its form stands first, its parts have ids.

use std::collections::BTreeSet;

use serde::Deserialize;

/// A fault in the JSON itself: line and column, from 1, and what the parser found there.
pub(super) type Fault = (usize, usize, String);

#[derive(Deserialize)]
struct Head {
    format: u16,
}

/// The form that a document names: a later one may hold members that this version cannot read.
pub(super) fn format_of(json: &[u8]) -> Result<u16, Fault> {
    read::<Head>(json).map(|head| head.format)
}

/// Reads a document.
pub(super) fn read<'de, T: Deserialize<'de>>(json: &'de [u8]) -> Result<T, Fault> {
    serde_json::from_slice(json).map_err(|error| (error.line(), error.column(), error.to_string()))
}

/// Whether ids are distinct and of the form `[a-z0-9-]{1,48}`.
pub(super) fn are_ids<'a>(ids: impl Iterator<Item = &'a String>) -> bool {
    let mut seen = BTreeSet::new();
    let of_form = |id: &str| {
        (1..=48).contains(&id.len())
            && id.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
    };
    let mut ids = ids;
    ids.all(|id| of_form(id) && seen.insert(id))
}
