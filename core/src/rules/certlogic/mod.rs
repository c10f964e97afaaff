//! CertLogic: the conditions of a rulebook, written in JSON and evaluated over JSON.
//!
//! Follows the CertLogic specification 1.3 of the EU DCC business rules, a subset of JsonLogic with operators
//! for dates. In comes an expression, checked once by [`Expression::parse`], and the data it reads; out comes
//! a value. A clock never enters: what an expression knows about today, the caller passes as data. Where
//! implementations of the specification disagree (equality of lists, truth of a date), evaluation is an error
//! rather than a guess. Depth, size and work are bounded, and no JSON whatsoever makes it panic. Errors name
//! operators and places in the expression, never values from the data, which may be personal.

#![allow(clippy::doc_markdown, reason = "CertLogic and JsonLogic are names and not code")]

#[cfg(test)]
mod bounds;
mod dates;
mod error;
mod evaluate;
mod operator;
mod suite;
#[cfg(test)]
mod tests;
mod validate;
mod value;

use serde::{Deserialize, Serialize, Serializer};
use serde_json::Value;

pub use error::{EvaluationError, ExpressionError};
pub use operator::Operator;
pub use suite::{Failure, SuiteError, SuiteReport, run_suite};
pub use value::ValueKind;

/// How deep an expression may nest.
pub const MAX_DEPTH: usize = 32;

/// How many operations, lists and literals an expression may have.
pub const MAX_NODES: usize = 4096;

/// How many steps one evaluation may take. A step is one operation, list or literal evaluated, one item
/// looked at by `in`, or some hundreds of bytes of text compared or searched.
pub const MAX_WORK: usize = 100_000;

/// A checked CertLogic expression: its operators are known, with the right number of operands each, and its
/// depth and size are within [`MAX_DEPTH`] and [`MAX_NODES`].
#[derive(Debug, Clone, Deserialize)]
#[serde(try_from = "Value")]
pub struct Expression {
    json: Value,
    root: validate::Node,
}

impl Expression {
    /// Checks an expression. The first fault found is reported.
    pub fn parse(json: Value) -> Result<Self, ExpressionError> {
        let root = validate::check(&json)?;
        Ok(Self { json, root })
    }

    /// The expression as it was written.
    pub fn as_json(&self) -> &Value {
        &self.json
    }

    /// The distinct paths that the expression reads from the data, in the order in which they are written.
    /// The body of a `reduce` reads the fold and not the data, so that its paths are not among them.
    pub fn variables(&self) -> Vec<String> {
        let mut paths = Vec::new();
        self.root.collect_variables(&mut paths);
        paths.into_iter().map(str::to_owned).collect()
    }
}

impl PartialEq for Expression {
    fn eq(&self, other: &Self) -> bool {
        self.json == other.json
    }
}

impl TryFrom<Value> for Expression {
    type Error = ExpressionError;

    fn try_from(json: Value) -> Result<Self, ExpressionError> {
        Self::parse(json)
    }
}

impl Serialize for Expression {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.json.serialize(serializer)
    }
}

/// A value that an expression read, kept to explain a verdict.
#[derive(Debug, Clone, PartialEq)]
pub struct Read {
    /// The path as the expression has it.
    pub path: String,
    /// What stood there; null when nothing did.
    pub value: Value,
}

/// Evaluates an expression. A date-time as result becomes a string, in UTC with milliseconds.
pub fn evaluate(expression: &Expression, data: &Value) -> Result<Value, EvaluationError> {
    let mut evaluation = evaluate::Evaluation::new(data);
    let result = evaluation.run(&expression.root)?;
    value::Copier::default().copy(&result)
}

/// Whether a rule holds. A rule must come out as a boolean: a truthy string is a mistake in the rule, not a
/// verdict.
pub fn holds(expression: &Expression, data: &Value) -> Result<bool, EvaluationError> {
    evaluate::Evaluation::new(data).verdict(&expression.root)
}

/// Whether a rule holds, and what it read on the way: each path once, in order of reading, without the paths
/// inside the body of a `reduce`. What lazy operators left out was not read.
pub fn holds_traced(expression: &Expression, data: &Value) -> Result<(bool, Vec<Read>), EvaluationError> {
    let mut evaluation = evaluate::Evaluation::new(data);
    let verdict = evaluation.verdict(&expression.root)?;
    Ok((verdict, evaluation.into_reads()?))
}
