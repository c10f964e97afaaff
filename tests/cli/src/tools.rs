//! Small tools for app developers and rule authors.

use std::io::Write;
use std::path::{Path, PathBuf};

use chrono::NaiveDate;
use healthcode::rules::certlogic::{SuiteReport, run_suite};
use healthcode::rules::identity::check_resident_id;
use healthcode_server::{ServerClock, SystemClock};
use serde_json::{Value, json};

use crate::{Failure, Outcome};

/// Checks a resident identity number. It is not repeated: whoever asked has it.
pub(crate) fn check_id(number: &str, as_json: bool, out: &mut dyn Write) -> Result<Outcome, Failure> {
    match check_resident_id(number, latest_day()) {
        Ok(facts) => {
            if as_json {
                let line = json!({"valid": true, "division": facts.division_code});
                writeln!(out, "{line}")?;
            } else {
                writeln!(out, "valid")?;
                writeln!(
                    out,
                    "  division   {} {} {}",
                    facts.division_code, facts.division_zh, facts.division_en
                )?;
                writeln!(out, "  born       {}", facts.birth_date)?;
            }
            Ok(Outcome::Yes)
        }
        Err(reason) => {
            if as_json {
                writeln!(out, "{}", json!({"valid": false, "reason": reason.id()}))?;
            } else {
                writeln!(out, "not valid: the document {reason} ({})", reason.id())?;
            }
            Ok(Outcome::No)
        }
    }
}

/// Today somewhere on earth: only births after it are refused.
fn latest_day() -> NaiveDate {
    let ahead = healthcode::rules::calendar::LegalCalendar::new(14 * 60);
    ahead.map_or(NaiveDate::MAX, |calendar| calendar.date_of(SystemClock.now()).to_naive())
}

/// Runs every suite of a folder.
pub(crate) fn test_rules(directory: &Path, as_json: bool, out: &mut dyn Write) -> Result<Outcome, Failure> {
    let paths = suites(directory)?;
    let (mut passed, mut failed, mut skipped) = (0, 0, 0);
    for path in paths {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        for suite in read(&path, &name)? {
            let report = run_suite(&suite).map_err(|error| Failure::Usage(format!("{name}: {error}")))?;
            passed += report.passed;
            skipped += report.skipped;
            failed += report.failures.len();
            print(&name, &report, as_json, out)?;
        }
    }
    if as_json {
        writeln!(out, "{}", json!({"passed": passed, "failed": failed, "skipped": skipped}))?;
    } else {
        writeln!(out, "{passed} passed, {failed} failed, {skipped} skipped")?;
    }
    Ok(if failed == 0 { Outcome::Yes } else { Outcome::No })
}

fn print(file: &str, report: &SuiteReport, as_json: bool, out: &mut dyn Write) -> std::io::Result<()> {
    let (name, passed, skipped) = (&report.name, report.passed, report.skipped);
    if as_json {
        let failures: Vec<_> = report
            .failures
            .iter()
            .map(|failure| {
                json!({
                    "case": failure.case, "assertion": failure.assertion, "expected": failure.expected,
                    "actual": failure.actual.as_ref().ok(), "error": failure.actual.as_ref().err(),
                })
            })
            .collect();
        let line = json!({
            "file": file, "suite": name, "passed": passed, "skipped": skipped, "failures": failures,
        });
        return writeln!(out, "{line}");
    }
    writeln!(
        out,
        "{:4} {file}: {name}: {passed} passed",
        if report.failures.is_empty() { "ok" } else { "FAIL" }
    )?;
    for failure in &report.failures {
        writeln!(out, "       {}, assertion {}", failure.case, failure.assertion)?;
        writeln!(out, "         expected {}", failure.expected)?;
        match &failure.actual {
            Ok(value) => writeln!(out, "         came to  {value}")?,
            Err(error) => writeln!(out, "         error    {error}")?,
        }
    }
    Ok(())
}

fn suites(directory: &Path) -> Result<Vec<PathBuf>, Failure> {
    let unreadable = |error| Failure::Usage(format!("{}: {error}", directory.display()));
    let mut paths = Vec::new();
    for entry in std::fs::read_dir(directory).map_err(unreadable)? {
        let path = entry.map_err(unreadable)?.path();
        if path.extension().is_some_and(|extension| extension == "json") {
            paths.push(path);
        }
    }
    if paths.is_empty() {
        return Err(Failure::Usage(format!("{}: no suites (*.json)", directory.display())));
    }
    paths.sort();
    Ok(paths)
}

/// The suites of a file: one, or a list of them.
fn read(path: &Path, name: &str) -> Result<Vec<Value>, Failure> {
    let bytes = std::fs::read(path).map_err(|error| Failure::Usage(format!("{name}: {error}")))?;
    match serde_json::from_slice(&bytes).map_err(|error| Failure::Usage(format!("{name}: {error}")))? {
        Value::Array(suites) => Ok(suites),
        suite => Ok(vec![suite]),
    }
}
