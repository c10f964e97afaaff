//! Runs files in the format of CertLogic's test suites, so that whoever writes a rule can write down what it
//! promises.
//!
//! A suite has cases, a case has assertions; the expression stands at the case, or at an assertion, whose own
//! wins. `skip` leaves out what it stands at; where `only` stands anywhere below the suite, the rest of the
//! suite is left out. What is left out is counted. A suite enters as JSON; files are found and read
//! elsewhere.

use serde::Deserialize;
use serde_json::Value;
use thiserror::Error;

use super::{Expression, evaluate};

/// What a suite came to.
#[derive(Debug, Clone, PartialEq)]
pub struct SuiteReport {
    /// The suite's name.
    pub name: String,
    /// How many assertions held.
    pub passed: usize,
    /// How many assertions a directive left out.
    pub skipped: usize,
    /// The assertions that did not hold.
    pub failures: Vec<Failure>,
}

/// An assertion that did not hold.
#[derive(Debug, Clone, PartialEq)]
pub struct Failure {
    /// The name of its case.
    pub case: String,
    /// Which assertion of the case, from 1.
    pub assertion: usize,
    /// What was expected.
    pub expected: Value,
    /// What came out, or why nothing did.
    pub actual: Result<Value, String>,
}

/// Why a suite cannot be run.
#[derive(Debug, Error)]
pub enum SuiteError {
    /// The JSON is not a suite.
    #[error("not a CertLogic test suite: {0}")]
    Malformed(#[from] serde_json::Error),
    /// Neither a case nor its assertion has an expression.
    #[error("assertion {assertion} of case \"{case}\" has no expression")]
    NoExpression {
        /// The name of the case.
        case: String,
        /// Which assertion of the case, from 1.
        assertion: usize,
    },
}

#[derive(Deserialize)]
struct Suite {
    name: String,
    directive: Option<Directive>,
    cases: Vec<Case>,
}

#[derive(Deserialize)]
struct Case {
    name: String,
    directive: Option<Directive>,
    #[serde(rename = "certLogicExpression")]
    expression: Option<Value>,
    assertions: Vec<Assertion>,
}

#[derive(Deserialize)]
struct Assertion {
    directive: Option<Directive>,
    #[serde(rename = "certLogicExpression")]
    expression: Option<Value>,
    data: Value,
    expected: Value,
}

#[derive(Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Directive {
    Skip,
    Only,
}

impl Suite {
    fn singles_out(&self) -> bool {
        self.cases.iter().any(|case| case.directive == Some(Directive::Only) || case.singles_out())
    }
}

impl Case {
    fn singles_out(&self) -> bool {
        self.assertions.iter().any(|assertion| assertion.directive == Some(Directive::Only))
    }
}

/// Runs all assertions of a suite that no directive leaves out.
pub fn run_suite(suite: &Value) -> Result<SuiteReport, SuiteError> {
    let suite = Suite::deserialize(suite)?;
    let singled_out = suite.singles_out();
    let mut report = SuiteReport { name: suite.name, passed: 0, skipped: 0, failures: Vec::new() };
    for case in &suite.cases {
        for (index, assertion) in case.assertions.iter().enumerate() {
            let directives = [suite.directive, case.directive, assertion.directive];
            let chosen = assertion.directive == Some(Directive::Only)
                || case.directive == Some(Directive::Only) && !case.singles_out();
            if directives.contains(&Some(Directive::Skip)) || singled_out && !chosen {
                report.skipped += 1;
            } else if let Some(failure) = run_assertion(case, index + 1, assertion)? {
                report.failures.push(failure);
            } else {
                report.passed += 1;
            }
        }
    }
    Ok(report)
}

fn run_assertion(case: &Case, number: usize, assertion: &Assertion) -> Result<Option<Failure>, SuiteError> {
    let Some(expression) = assertion.expression.as_ref().or(case.expression.as_ref()) else {
        return Err(SuiteError::NoExpression { case: case.name.clone(), assertion: number });
    };
    let actual = match Expression::parse(expression.clone()) {
        Ok(expression) => evaluate(&expression, &assertion.data).map_err(|error| error.to_string()),
        Err(error) => Err(error.to_string()),
    };
    let holds = actual.as_ref() == Ok(&assertion.expected);
    let failure = || Failure {
        case: case.name.clone(),
        assertion: number,
        expected: assertion.expected.clone(),
        actual,
    };
    Ok(if holds { None } else { Some(failure()) })
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "tests")]
mod tests {
    use serde_json::json;

    use super::*;

    fn suite(suite: Option<&str>, case: Option<&str>, assertion: Option<&str>) -> Value {
        json!({"name": "s", "directive": suite, "cases": [
            {"name": "first", "directive": case, "certLogicExpression": {"var": "x"}, "assertions": [
                {"data": {"x": 1}, "expected": 1, "directive": assertion},
                {"data": {"x": 1}, "expected": true, "certLogicExpression": {"===": [{"var": "x"}, 1]}},
            ]},
            {"name": "second", "assertions": [
                {"data": null, "expected": null, "certLogicExpression": {"var": "x"}, "message": "missing"},
            ]},
        ]})
    }

    #[test]
    fn directives_leave_out_and_single_out_at_every_level() {
        for (directives, passed, skipped) in [
            ((None, None, None), 3, 0),
            ((Some("skip"), None, None), 0, 3),
            ((Some("skip"), Some("only"), None), 0, 3),
            ((None, Some("skip"), None), 1, 2),
            ((None, None, Some("skip")), 2, 1),
            ((Some("only"), None, None), 3, 0),
            ((None, Some("only"), None), 2, 1),
            ((None, None, Some("only")), 1, 2),
            ((None, Some("only"), Some("only")), 1, 2),
            ((None, Some("only"), Some("skip")), 1, 2),
        ] {
            let report = run_suite(&suite(directives.0, directives.1, directives.2)).unwrap();
            assert_eq!((report.passed, report.skipped), (passed, skipped), "{directives:?}");
            assert!(report.failures.is_empty());
        }
    }

    #[test]
    fn a_failure_says_what_came_out_or_why_nothing_did() {
        let report = run_suite(&json!({"name": "s", "cases": [{"name": "c", "assertions": [
            {"certLogicExpression": 1, "data": null, "expected": 2},
            {"certLogicExpression": {"in": [1, 2]}, "data": null, "expected": true},
            {"certLogicExpression": {"max": [1, 2]}, "data": null, "expected": 2},
        ]}]}))
        .unwrap();
        let actual: Vec<_> = report.failures.iter().map(|failure| failure.actual.clone()).collect();
        assert_eq!(report.passed, 0);
        assert_eq!(report.failures[2].assertion, 3);
        assert_eq!(actual[0], Ok(json!(1)));
        assert_eq!(actual[1], Err("\"in\" takes a list and not an integer, at \"/in/1\"".to_owned()));
        assert_eq!(actual[2], Err("unknown operator \"max\", at \"\"".to_owned()));
    }

    #[test]
    fn what_is_no_suite_is_refused() {
        for json in [
            json!(null),
            json!({"name": "s"}),
            json!({"name": "s", "directive": "later", "cases": []}),
            json!({"name": "s", "cases": [{"name": "c", "assertions": [{"data": 1, "expected": 1}]}]}),
            json!({"name": "s", "cases": [{"name": "c", "certLogicExpression": 1, "assertions": [{"data": 1}]}]}),
        ] {
            assert!(run_suite(&json).is_err(), "{json}");
        }
    }
}
