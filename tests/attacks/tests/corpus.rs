//! Every input that was worth keeping is put to its fuzz target again: the seeds, the corpus, the findings.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "tests")]
#![allow(clippy::print_stdout, reason = "the counts are told")]

use healthcode_attacks::seeds::{corpus, folder, seeds};
use healthcode_attacks::targets::TARGETS;

#[test]
fn the_kept_inputs_hold() {
    let mut count = 0;
    for (name, target) in TARGETS {
        assert!(!seeds(name).is_empty(), "{name}");
        for input in corpus(name) {
            target(&input);
            count += 1;
        }
    }
    println!("\nreplayed: {count}");
}

#[test]
fn every_target_has_a_binary_and_every_kept_file_a_target() {
    let listed = std::fs::read_to_string(folder().join("Cargo.toml")).unwrap();
    for (name, _) in TARGETS {
        assert!(listed.contains(&format!("path = \"fuzz_targets/{name}.rs\"")), "{name}");
    }
    assert_eq!(listed.matches("[[bin]]").count(), TARGETS.len());
    for kept in ["corpus", "findings"] {
        for entry in std::fs::read_dir(folder().join(kept)).into_iter().flatten() {
            let name = entry.unwrap().file_name().into_string().unwrap();
            let known = TARGETS.iter().any(|(target, _)| name == format!("{target}.txt"));
            assert!(known || name == "README.md", "{name}");
        }
    }
}
