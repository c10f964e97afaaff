//! What is measured with: medians, because a machine that does something else in between must not decide.

use std::time::Instant;

/// Milliseconds that `work` took.
#[allow(clippy::disallowed_methods, reason = "a bench measures time")]
pub(crate) fn millis<T>(work: impl FnOnce() -> T) -> f64 {
    let from = Instant::now();
    std::hint::black_box(work());
    from.elapsed().as_secs_f64() * 1_000.0
}

/// The one in the middle.
pub(crate) fn median(samples: &[f64]) -> f64 {
    let mut sorted = samples.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted[sorted.len() / 2]
}

/// The median of so many runs.
pub(crate) fn median_of<T>(runs: usize, mut work: impl FnMut() -> T) -> f64 {
    median(&(0..runs).map(|_| millis(&mut work)).collect::<Vec<_>>())
}
