//! Randomness from the operating system, in one place.

use crate::store::StoreError;

/// So many random bytes.
pub(crate) fn bytes<const N: usize>() -> Result<[u8; N], StoreError> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(|_| StoreError::internal("random"))?;
    Ok(bytes)
}
