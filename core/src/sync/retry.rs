//! When to try again: full jitter between one second and fifteen minutes, never before the server's `Retry-After`,
//! and kept across restarts of the app.

use serde::{Deserialize, Serialize};

use crate::rules::calendar::Timestamp;

const FIRST_MILLIS: u64 = 1_000;
const LONGEST_MILLIS: u64 = 15 * 60_000;

/// Where the retries are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct RetryState {
    pub(crate) failures: u32,
    /// Not to be tried on its own before this instant of H.
    pub(crate) not_before: Option<Timestamp>,
    /// When the last exchange succeeded, in H.
    pub(crate) last_success: Option<Timestamp>,
}

impl RetryState {
    pub(crate) const fn succeeded(now: Timestamp) -> Self {
        Self { failures: 0, not_before: None, last_success: Some(now) }
    }

    /// After one more failure. `random` is any number: it picks a delay within the window.
    pub(crate) fn failed(self, now: Timestamp, retry_after_seconds: Option<u32>, random: u64) -> Self {
        let failures = self.failures.saturating_add(1);
        let window = FIRST_MILLIS.saturating_mul(1 << failures.min(20)).min(LONGEST_MILLIS);
        let jitter = FIRST_MILLIS + random % (window - FIRST_MILLIS + 1);
        let floor = u64::from(retry_after_seconds.unwrap_or(0)) * 1_000;
        let delay = i64::try_from(jitter.max(floor)).unwrap_or(i64::MAX);
        Self { failures, not_before: Some(now.plus_millis(delay)), ..self }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_delay_is_never_below_the_servers_nor_above_the_longest(
            failures in 0_u32..100, after in proptest::option::of(0_u32..10_000), random: u64
        ) {
            let now = Timestamp::from_seconds(1_000_000);
            let state = RetryState { failures, ..RetryState::default() }.failed(now, after, random);
            let delay = state.not_before.unwrap().since(now);
            let floor = i64::from(after.unwrap_or(0)) * 1_000;
            prop_assert!(delay >= 1_000.max(floor));
            prop_assert!(delay <= 900_000.max(floor));
            prop_assert_eq!(state.failures, failures + 1);
        }
    }
}
