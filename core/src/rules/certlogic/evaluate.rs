//! The evaluation of a checked expression over data.
//!
//! `if` and `and` evaluate lazily, everything else from left to right. The recursion is as deep as the
//! expression, whose depth is bounded by its check; the data is walked, never recursed into. Every step is
//! counted.

use super::dates::{self, Unit};
use super::validate::{Action, Node, Operation};
use super::value::{Copier, Value, checked_integer};
use super::{EvaluationError, MAX_WORK, Operator, Read, ValueKind};

type Outcome<'a> = Result<Value<'a>, EvaluationError>;

/// How much text is compared or searched in one step, in bytes.
const TEXT_PER_STEP: usize = 256;

/// One evaluation: its data, the work done, and what was read.
pub(super) struct Evaluation<'a> {
    data: Value<'a>,
    work: usize,
    folds: usize,
    reads: Vec<(&'a str, Value<'a>)>,
}

impl<'a> Evaluation<'a> {
    pub(super) fn new(data: &'a serde_json::Value) -> Self {
        Self { data: Value::of_json(data), work: 0, folds: 0, reads: Vec::new() }
    }

    pub(super) fn run(&mut self, root: &'a Node) -> Outcome<'a> {
        let data = self.data.clone();
        self.node(root, &data)
    }

    pub(super) fn verdict(&mut self, root: &'a Node) -> Result<bool, EvaluationError> {
        match self.run(root)? {
            Value::Boolean(verdict) => Ok(verdict),
            other => Err(EvaluationError::NotABoolean { found: other.kind() }),
        }
    }

    pub(super) fn into_reads(self) -> Result<Vec<Read>, EvaluationError> {
        let mut copier = Copier::default();
        let reads = self.reads.into_iter();
        reads.map(|(path, value)| Ok(Read { path: path.to_owned(), value: copier.copy(&value)? })).collect()
    }

    fn spend(&mut self, steps: usize) -> Result<(), EvaluationError> {
        self.work = self.work.saturating_add(steps);
        if self.work > MAX_WORK { Err(EvaluationError::TooMuchWork) } else { Ok(()) }
    }

    fn node(&mut self, node: &'a Node, data: &Value<'a>) -> Outcome<'a> {
        self.spend(1)?;
        match node {
            Node::Boolean(value) => Ok(Value::Boolean(*value)),
            Node::Integer(value) => Ok(Value::Integer(*value)),
            Node::Text(text) => Ok(Value::Text(text)),
            Node::List { at, items } => {
                let items = items.iter().map(|item| self.node(item, data)).collect::<Result<_, _>>()?;
                Value::list(items).ok_or_else(|| EvaluationError::TooDeep { at: at.clone() })
            }
            Node::Var(path) => self.read(path, data),
            Node::Operation(operation) => self.operation(operation, data),
        }
    }

    fn read(&mut self, path: &'a str, data: &Value<'a>) -> Outcome<'a> {
        self.spend(path.len() / TEXT_PER_STEP)?;
        let value = data.at_path(path);
        if self.folds == 0 && !self.reads.iter().any(|(known, _)| *known == path) {
            self.reads.push((path, value.clone()));
        }
        Ok(value)
    }

    fn operation(&mut self, operation: &'a Operation, data: &Value<'a>) -> Outcome<'a> {
        match &operation.action {
            Action::If { guard, then, otherwise } => {
                let guard = self.node(guard, data)?;
                self.node(if truth(operation, 0, &guard)? { then } else { otherwise }, data)
            }
            Action::And(operands) => self.conjunction(operation, operands, data),
            Action::Not(operand) => {
                let operand = self.node(operand, data)?;
                Ok(Value::Boolean(!truth(operation, 0, &operand)?))
            }
            Action::Equal { left, right } => {
                let (left, right) = (self.node(left, data)?, self.node(right, data)?);
                Ok(Value::Boolean(self.equal(operation, &left, &right)?))
            }
            Action::In { item, list } => {
                let (item, list) = (self.node(item, data)?, self.node(list, data)?);
                self.membership(operation, &item, &list)
            }
            Action::Plus { left, right } => {
                let left = self.integer(operation, 0, left, data)?;
                let right = self.integer(operation, 1, right, data)?;
                let sum = checked_integer(left.checked_add(right)).map(Value::Integer);
                sum.ok_or_else(|| EvaluationError::IntegerOutOfRange {
                    operator: operation.operator,
                    at: operation.at.clone(),
                })
            }
            Action::Compare(operands) if operation.operator.compares_dates() => {
                self.comparison(operation, operands, |this, index, operand| {
                    this.date_time(operation, index, operand, data)
                })
            }
            Action::Compare(operands) => self.comparison(operation, operands, |this, index, operand| {
                this.integer(operation, index, operand, data)
            }),
            Action::PlusTime { text, amount, unit } => {
                let text = self.text(operation, text, data)?;
                plus_time(operation, text, *amount, *unit)
            }
            Action::DccDateOfBirth(text) => {
                let birth = dates::date_of_birth(self.text(operation, text, data)?);
                birth.map(Value::DateTime).ok_or_else(|| invalid_date(operation))
            }
            Action::Reduce { list, body, initial } => self.reduction(operation, [list, body, initial], data),
            Action::ExtractFromUvci { identifier, index } => {
                let identifier = self.node(identifier, data)?;
                self.extraction(operation, &identifier, *index)
            }
        }
    }

    fn conjunction(&mut self, operation: &Operation, operands: &'a [Node], data: &Value<'a>) -> Outcome<'a> {
        let mut last = Value::Boolean(true);
        for (index, operand) in operands.iter().enumerate() {
            last = self.node(operand, data)?;
            if !truth(operation, index, &last)? {
                break;
            }
        }
        Ok(last)
    }

    fn equal(
        &mut self,
        operation: &Operation,
        left: &Value<'a>,
        right: &Value<'a>,
    ) -> Result<bool, EvaluationError> {
        if let (Value::Text(left), Value::Text(right)) = (left, right) {
            self.spend(left.len().min(right.len()) / TEXT_PER_STEP)?;
        }
        left.equals(right).ok_or_else(|| EvaluationError::EqualityUndefined {
            operator: operation.operator,
            at: operation.at.clone(),
            found: left.kind(),
        })
    }

    fn membership(&mut self, operation: &Operation, item: &Value<'a>, list: &Value<'a>) -> Outcome<'a> {
        let length = list.len().ok_or_else(|| wrong_type(operation, 1, "a list", list))?;
        for index in 0..length {
            self.spend(1)?;
            if self.equal(operation, item, &list.item(index))? {
                return Ok(Value::Boolean(true));
            }
        }
        Ok(Value::Boolean(false))
    }

    /// Evaluates all operands before it compares any, so that a wrong type is an error whatever the others
    /// are.
    fn comparison<T: Ord>(
        &mut self,
        operation: &'a Operation,
        operands: &'a [Node],
        mut operand: impl FnMut(&mut Self, usize, &'a Node) -> Result<T, EvaluationError>,
    ) -> Outcome<'a> {
        let values = operands.iter().enumerate();
        let values: Vec<T> =
            values.map(|(index, node)| operand(self, index, node)).collect::<Result<_, _>>()?;
        let mut neighbours = values.iter().zip(values.iter().skip(1));
        Ok(Value::Boolean(neighbours.all(|(left, right)| operation.operator.accepts(left.cmp(right)))))
    }

    fn integer(
        &mut self,
        operation: &'a Operation,
        index: usize,
        operand: &'a Node,
        data: &Value<'a>,
    ) -> Result<i64, EvaluationError> {
        match self.node(operand, data)? {
            Value::Integer(value) => Ok(value),
            other => Err(wrong_type(operation, index, "integers", &other)),
        }
    }

    fn date_time(
        &mut self,
        operation: &'a Operation,
        index: usize,
        operand: &'a Node,
        data: &Value<'a>,
    ) -> Result<chrono::NaiveDateTime, EvaluationError> {
        match self.node(operand, data)? {
            Value::DateTime(instant) => Ok(instant),
            other => Err(wrong_type(operation, index, "date-times", &other)),
        }
    }

    /// The first operand as a string.
    fn text(
        &mut self,
        operation: &'a Operation,
        operand: &'a Node,
        data: &Value<'a>,
    ) -> Result<&'a str, EvaluationError> {
        match self.node(operand, data)? {
            Value::Text(text) => {
                self.spend(text.len() / TEXT_PER_STEP)?;
                Ok(text)
            }
            other => Err(wrong_type(operation, 0, "a string", &other)),
        }
    }

    fn reduction(
        &mut self,
        operation: &'a Operation,
        [list, body, initial]: [&'a Node; 3],
        data: &Value<'a>,
    ) -> Outcome<'a> {
        let list = self.node(list, data)?;
        let mut accumulator = self.node(initial, data)?;
        let length = match list.kind() {
            // Nothing to fold: what is missing reads as null.
            ValueKind::Null => return Ok(accumulator),
            _ => list.len().ok_or_else(|| wrong_type(operation, 0, "a list or null", &list))?,
        };
        self.folds += 1;
        for index in 0..length {
            let fold = Value::fold(accumulator, list.item(index));
            let fold = fold.ok_or_else(|| EvaluationError::TooDeep { at: operation.at.clone() })?;
            accumulator = self.node(body, &fold)?;
        }
        self.folds -= 1;
        Ok(accumulator)
    }

    fn extraction(&mut self, operation: &Operation, identifier: &Value<'a>, index: i64) -> Outcome<'a> {
        let text = match identifier {
            Value::Null => return Ok(Value::Null),
            Value::Text(text) => *text,
            other => return Err(wrong_type(operation, 0, "a string or null", other)),
        };
        self.spend(text.len() / TEXT_PER_STEP)?;
        let Ok(index) = usize::try_from(index) else {
            return Ok(Value::Null);
        };
        let fragments = text.strip_prefix("URN:UVCI:").unwrap_or(text);
        Ok(fragments.split(['/', '#', ':']).nth(index).map_or(Value::Null, Value::Text))
    }
}

fn plus_time<'a>(operation: &Operation, text: &str, amount: i64, unit: Unit) -> Outcome<'a> {
    let instant = dates::parse(text).ok_or_else(|| invalid_date(operation))?;
    let shifted = dates::shift(instant, amount, unit).map(Value::DateTime);
    shifted.ok_or_else(|| EvaluationError::DateOutOfRange {
        operator: operation.operator,
        at: operation.at.clone(),
    })
}

fn truth(operation: &Operation, index: usize, value: &Value<'_>) -> Result<bool, EvaluationError> {
    value.truth().ok_or_else(|| EvaluationError::NeitherTruthyNorFalsy {
        operator: operation.operator,
        at: operation.operand_at(index),
        found: value.kind(),
    })
}

fn invalid_date(operation: &Operation) -> EvaluationError {
    EvaluationError::InvalidDate { operator: operation.operator, at: operation.operand_at(0) }
}

fn wrong_type(
    operation: &Operation,
    index: usize,
    expected: &'static str,
    found: &Value<'_>,
) -> EvaluationError {
    let operator: Operator = operation.operator;
    EvaluationError::OperandType { operator, at: operation.operand_at(index), expected, found: found.kind() }
}
