//! What can be wrong with an expression, and what can go wrong with its evaluation.
//!
//! Every fault names its place as a JSON pointer into the expression (empty: the whole). No variant carries a
//! value from the data.

use thiserror::Error;

use super::{MAX_DEPTH, MAX_NODES, MAX_WORK, Operator, ValueKind};

/// Why a JSON value is no CertLogic expression.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ExpressionError {
    /// Null cannot be written in an expression; a path that leads nowhere reads as null.
    #[error("null is not an expression, at \"{at}\"")]
    Null {
        /// Where.
        at: String,
    },
    /// The only numbers are whole ones that every platform represents exactly.
    #[error("a number is not an integer within 53 bits, at \"{at}\"")]
    NotAnInteger {
        /// Where.
        at: String,
    },
    /// An operation is an object with one key.
    #[error("an operation has one key and not {keys}, at \"{at}\"")]
    NotOneKey {
        /// Where.
        at: String,
        /// How many keys it has.
        keys: usize,
    },
    /// Operands stand in a list, for every operator but `var`.
    #[error("the operands of \"{operator}\" are not a list, at \"{at}\"")]
    OperandsNotAList {
        /// Where.
        at: String,
        /// The operator, known or not.
        operator: String,
    },
    /// The operator is not one of CertLogic.
    #[error("unknown operator \"{operator}\", at \"{at}\"")]
    UnknownOperator {
        /// Where.
        at: String,
        /// The operator as written.
        operator: String,
    },
    /// Too few operands, or too many.
    #[error("\"{operator}\" does not take {found} operands, at \"{at}\"")]
    OperandCount {
        /// Where.
        at: String,
        /// The operator.
        operator: Operator,
        /// How many operands it has.
        found: usize,
    },
    /// `var` has anything but a string.
    #[error("the path of \"var\" is not a string, at \"{at}\"")]
    PathNotAString {
        /// Where.
        at: String,
    },
    /// A path has an empty fragment.
    #[error("the path of \"var\" has an empty fragment, at \"{at}\"")]
    InvalidPath {
        /// Where.
        at: String,
    },
    /// An operand that must be written out as an integer is not.
    #[error("operand {index} of \"{operator}\" is not an integer literal, at \"{at}\"")]
    IntegerLiteralExpected {
        /// Where.
        at: String,
        /// The operator.
        operator: Operator,
        /// Which operand, from 0.
        index: usize,
    },
    /// The unit of `plusTime` is none of year, month, day and hour.
    #[error("the unit of \"plusTime\" is none of year, month, day, hour, at \"{at}\"")]
    UnknownTimeUnit {
        /// Where.
        at: String,
    },
    /// The expression nests too deeply.
    #[error("the expression nests deeper than {MAX_DEPTH}, at \"{at}\"")]
    TooDeep {
        /// Where.
        at: String,
    },
    /// The expression is too large.
    #[error("the expression has more than {MAX_NODES} parts")]
    TooLarge,
}

/// Why an evaluation has no result.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum EvaluationError {
    /// An operand is of a type that the operator does not take.
    #[error("\"{operator}\" takes {expected} and not {found}, at \"{at}\"")]
    OperandType {
        /// The operator.
        operator: Operator,
        /// Where the operand stands.
        at: String,
        /// What it should have been.
        expected: &'static str,
        /// What it was.
        found: ValueKind,
    },
    /// An operand is neither truthy nor falsy: a date-time or a number that is no integer.
    #[error("{found} is neither truthy nor falsy for \"{operator}\", at \"{at}\"")]
    NeitherTruthyNorFalsy {
        /// The operator.
        operator: Operator,
        /// Where the operand stands.
        at: String,
        /// What it was.
        found: ValueKind,
    },
    /// Two lists, objects, date-times or non-integers were compared for equality, where implementations
    /// differ.
    #[error("equality of {found} with another is not defined for \"{operator}\", at \"{at}\"")]
    EqualityUndefined {
        /// The operator.
        operator: Operator,
        /// Where the operation stands.
        at: String,
        /// What both operands were.
        found: ValueKind,
    },
    /// A string is not a date in a format that the operator reads.
    #[error("\"{operator}\" was given a string that is not a date it reads, at \"{at}\"")]
    InvalidDate {
        /// The operator.
        operator: Operator,
        /// Where the operand stands.
        at: String,
    },
    /// A shifted date lies outside what can be represented.
    #[error("\"{operator}\" left the range of dates, at \"{at}\"")]
    DateOutOfRange {
        /// The operator.
        operator: Operator,
        /// Where the operation stands.
        at: String,
    },
    /// A sum lies outside 53 bits.
    #[error("\"{operator}\" left the range of integers, at \"{at}\"")]
    IntegerOutOfRange {
        /// The operator.
        operator: Operator,
        /// Where the operation stands.
        at: String,
    },
    /// A value built by the expression nests too deeply.
    #[error("a value nests too deeply, at \"{at}\"")]
    TooDeep {
        /// Where it was built.
        at: String,
    },
    /// The evaluation took more than [`MAX_WORK`] steps.
    #[error("the evaluation takes more than {MAX_WORK} steps")]
    TooMuchWork,
    /// The result, or what was read for a trace, is too large to be copied.
    #[error("the result is too large")]
    ResultTooLarge,
    /// A rule came out as anything but a boolean.
    #[error("the rule came out as {found} and not as a boolean")]
    NotABoolean {
        /// What it came out as.
        found: ValueKind,
    },
}
