//! The operators of CertLogic and their names. Nothing else of JsonLogic is an operator here.

use std::cmp::Ordering;
use std::fmt;

/// An operator of CertLogic.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Operator {
    /// `var`: reads from the data.
    Var,
    /// `if`: one of two values, by a guard.
    If,
    /// `===`: equality without coercion.
    Equal,
    /// `in`: membership in a list.
    In,
    /// `+`: the sum of two integers.
    Plus,
    /// `and`: the first falsy operand, or the last.
    And,
    /// `!`: negation.
    Not,
    /// `>` on integers.
    Greater,
    /// `<` on integers.
    Less,
    /// `>=` on integers.
    AtLeast,
    /// `<=` on integers.
    AtMost,
    /// `after` on date-times.
    After,
    /// `before` on date-times.
    Before,
    /// `not-after` on date-times.
    NotAfter,
    /// `not-before` on date-times.
    NotBefore,
    /// `plusTime`: a date-time from a string, shifted.
    PlusTime,
    /// `dccDateOfBirth`: the last date-time that agrees with a date of birth.
    DccDateOfBirth,
    /// `reduce`: a left fold over a list.
    Reduce,
    /// `extractFromUVCI`: a fragment of a certificate's identifier.
    ExtractFromUvci,
}

const NAMES: [(Operator, &str); 19] = [
    (Operator::Var, "var"),
    (Operator::If, "if"),
    (Operator::Equal, "==="),
    (Operator::In, "in"),
    (Operator::Plus, "+"),
    (Operator::And, "and"),
    (Operator::Not, "!"),
    (Operator::Greater, ">"),
    (Operator::Less, "<"),
    (Operator::AtLeast, ">="),
    (Operator::AtMost, "<="),
    (Operator::After, "after"),
    (Operator::Before, "before"),
    (Operator::NotAfter, "not-after"),
    (Operator::NotBefore, "not-before"),
    (Operator::PlusTime, "plusTime"),
    (Operator::DccDateOfBirth, "dccDateOfBirth"),
    (Operator::Reduce, "reduce"),
    (Operator::ExtractFromUvci, "extractFromUVCI"),
];

impl Operator {
    /// The operator of that name.
    pub fn named(name: &str) -> Option<Self> {
        NAMES.iter().find(|(_, known)| *known == name).map(|(operator, _)| *operator)
    }

    /// The name as an expression has it.
    pub fn name(self) -> &'static str {
        NAMES.iter().find(|(operator, _)| *operator == self).map_or("", |(_, name)| name)
    }

    /// How few and how many operands the operator takes.
    pub(super) fn arity(self) -> (usize, usize) {
        match self {
            Self::Var | Self::Not | Self::DccDateOfBirth => (1, 1),
            Self::Equal | Self::In | Self::Plus | Self::ExtractFromUvci => (2, 2),
            Self::If | Self::PlusTime | Self::Reduce => (3, 3),
            Self::And => (2, usize::MAX),
            // The comparisons.
            _ => (2, 3),
        }
    }

    /// Whether a comparison by this operator is of date-times rather than of integers.
    pub(super) fn compares_dates(self) -> bool {
        matches!(self, Self::After | Self::Before | Self::NotAfter | Self::NotBefore)
    }

    /// Whether two operands in this order satisfy the comparison; no order satisfies what is no comparison.
    pub(super) fn accepts(self, order: Ordering) -> bool {
        match self {
            Self::Greater | Self::After => order.is_gt(),
            Self::Less | Self::Before => order.is_lt(),
            Self::AtLeast | Self::NotBefore => order.is_ge(),
            Self::AtMost | Self::NotAfter => order.is_le(),
            _ => false,
        }
    }
}

impl fmt::Display for Operator {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}
