//! CertLogic against suites: the project's own, always, and the published ones where they are at hand.
//!
//! The published suites are no part of the project. The variable `HEALTHCODE_VECTORS` names the directory
//! that has them as `certlogic/certlogic-cases.json` (all suites in one list) and `certlogic/validation/`.
//! Without them a developer's run says so and passes; continuous integration fails.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "tests")]
#![allow(clippy::doc_markdown, reason = "CertLogic is a name and not code")]
#![allow(clippy::print_stdout, reason = "a test that is left out says so")]

use std::path::{Path, PathBuf};

use healthcode::rules::certlogic::{Expression, ExpressionError, evaluate, run_suite};
use serde_json::Value;

const OWN_SUITES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/vectors/certlogic");

fn json_files(directory: &Path) -> Vec<(PathBuf, Value)> {
    let entries = std::fs::read_dir(directory).expect("the directory of suites is there");
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "json"));
    paths.sort();
    paths.into_iter().map(|path| (path.clone(), read(&path))).collect()
}

fn read(path: &Path) -> Value {
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

/// The directory of the published suites, if they are at hand.
fn published() -> Option<PathBuf> {
    let directory = std::env::var_os("HEALTHCODE_VECTORS").map(|root| PathBuf::from(root).join("certlogic"));
    let found = directory.filter(|directory| directory.join("certlogic-cases.json").is_file());
    if found.is_none() {
        let in_ci = std::env::var("CI").is_ok_and(|value| value == "true");
        assert!(!in_ci, "HEALTHCODE_VECTORS must name the directory of the published suites");
        println!("left out: the published CertLogic suites are not at hand (HEALTHCODE_VECTORS)");
    }
    found
}

#[test]
fn the_projects_own_suites_hold() {
    let suites = json_files(Path::new(OWN_SUITES));
    assert!(!suites.is_empty());
    for (path, suite) in suites {
        let report = run_suite(&suite).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        assert!(report.failures.is_empty(), "{}: {:#?}", path.display(), report.failures);
        assert_eq!(report.skipped, 0, "{}", path.display());
        assert!(report.passed > 0, "{}", path.display());
    }
}

#[test]
fn the_published_suites_hold() {
    let Some(directory) = published() else { return };
    let cases = read(&directory.join("certlogic-cases.json"));
    let (mut passed, mut skipped) = (0, 0);
    for case in cases.as_array().unwrap() {
        if case["directive"] == "skip" {
            skipped += 1;
            continue;
        }
        let expression = Expression::parse(case["logic"].clone()).unwrap_or_else(|e| panic!("{e}: {case}"));
        let result = evaluate(&expression, &case["data"]);
        assert_eq!(result.as_ref(), Ok(&case["expected"]), "{case}");
        passed += 1;
    }
    assert_eq!((passed, skipped), (218, 14));
}

#[test]
fn the_published_validation_suites_hold() {
    let Some(directory) = published() else { return };
    for (path, suite) in json_files(&directory.join("validation")) {
        for case in suite["cases"].as_array().unwrap() {
            let json = &case["certLogicExpression"];
            let issues = case["issues"].as_array().unwrap();
            match (Expression::parse(json.clone()), issues.first()) {
                (Ok(_), None) => {}
                (Err(error), Some(issue)) => {
                    let (at, message) = described(&error);
                    assert_eq!(json.pointer(at), Some(&issue["expr"]), "{}: {error}", path.display());
                    assert!(issue["message"].as_str().unwrap().contains(message), "{error}: {issue}");
                }
                (outcome, issue) => panic!("{}: {json}: {outcome:?} for {issue:?}", path.display()),
            }
        }
    }
}

/// The place of a fault, and what a published message says of faults of its kind.
fn described(error: &ExpressionError) -> (&str, &'static str) {
    match error {
        ExpressionError::Null { at } => (at, "invalid CertLogic expression"),
        ExpressionError::NotAnInteger { at } => (at, "is a non-integer number"),
        ExpressionError::NotOneKey { at, .. } => (at, "must have exactly one key"),
        ExpressionError::OperandsNotAList { at, .. } => (at, "operation not of the form"),
        ExpressionError::UnknownOperator { at, .. } => (at, "unrecognised operator"),
        ExpressionError::PathNotAString { at } => (at, "not of the form { \"var\""),
        ExpressionError::InvalidPath { at } => (at, "doesn't have a valid format"),
        other => panic!("no published case has this fault: {other}"),
    }
}
