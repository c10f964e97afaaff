//! What a phone's file and its exchange cost, as ratios that hold on another machine too. Nothing is asserted; run
//! it by `tests/run bench` on a machine that does nothing else. An argument names one part.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a bench, not a library"
)]
#![allow(clippy::cast_precision_loss, reason = "what is counted here is small")]

mod backlog;
mod check_in;
mod clock;
mod history;
mod traffic;

/// An authority whose files and phones lie on the disk of the build, which is a real one.
fn house() -> healthcode_faults::house::House {
    healthcode_faults::house::House::open(std::path::Path::new(env!("CARGO_TARGET_TMPDIR")))
}

fn main() {
    let named: Vec<String> = std::env::args().skip(1).filter(|word| !word.starts_with('-')).collect();
    let parts: [(&str, fn()); 4] = [
        ("check-in", check_in::run),
        ("history", history::run),
        ("traffic", traffic::run),
        ("backlog", backlog::run),
    ];
    for (name, part) in parts {
        if named.is_empty() || named.iter().any(|word| word == name) {
            part();
        }
    }
}
