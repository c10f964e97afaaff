//! The check of an expression: from JSON, where anything may stand, to nodes, where only CertLogic can.
//!
//! Literals are booleans, integers, strings and lists. Operations have one known operator and as many
//! operands as it takes; the amount and unit of `plusTime` and the index of `extractFromUVCI` are literals.
//! Types are not checked here: what a path reads is known only with the data.

use serde_json::{Map, Value};

use super::dates::Unit;
use super::value::integer_of;
use super::{ExpressionError, MAX_DEPTH, MAX_NODES, Operator};

/// A part of an expression.
#[derive(Debug, Clone)]
pub(super) enum Node {
    Boolean(bool),
    Integer(i64),
    Text(String),
    List { at: String, items: Vec<Node> },
    Var(String),
    Operation(Box<Operation>),
}

/// An operation and its place in the expression.
#[derive(Debug, Clone)]
pub(super) struct Operation {
    pub(super) operator: Operator,
    pub(super) at: String,
    pub(super) action: Action,
}

/// What an operation does, with its operands.
#[derive(Debug, Clone)]
pub(super) enum Action {
    If { guard: Node, then: Node, otherwise: Node },
    And(Vec<Node>),
    Not(Node),
    Equal { left: Node, right: Node },
    In { item: Node, list: Node },
    Plus { left: Node, right: Node },
    Compare(Vec<Node>),
    PlusTime { text: Node, amount: i64, unit: Unit },
    DccDateOfBirth(Node),
    Reduce { list: Node, body: Node, initial: Node },
    ExtractFromUvci { identifier: Node, index: i64 },
}

impl Operation {
    /// The place of an operand.
    pub(super) fn operand_at(&self, index: usize) -> String {
        format!("{}/{}/{index}", self.at, self.operator)
    }
}

impl Node {
    /// Appends the paths that this part reads from the data, those not yet there.
    pub(super) fn collect_variables<'n>(&'n self, paths: &mut Vec<&'n str>) {
        match self {
            Self::Boolean(_) | Self::Integer(_) | Self::Text(_) => {}
            Self::Var(path) if paths.contains(&path.as_str()) => {}
            Self::Var(path) => paths.push(path),
            Self::List { items, .. } => items.iter().for_each(|item| item.collect_variables(paths)),
            Self::Operation(operation) => {
                for operand in operation.action.operands_on_data() {
                    operand.collect_variables(paths);
                }
            }
        }
    }
}

impl Action {
    /// The operands that are evaluated over the data; the body of a `reduce` is not.
    fn operands_on_data(&self) -> Vec<&Node> {
        match self {
            Self::If { guard, then, otherwise } => vec![guard, then, otherwise],
            Self::And(operands) | Self::Compare(operands) => operands.iter().collect(),
            Self::Not(operand) | Self::DccDateOfBirth(operand) => vec![operand],
            Self::Equal { left, right } | Self::Plus { left, right } => vec![left, right],
            Self::In { item, list } => vec![item, list],
            Self::PlusTime { text, .. } => vec![text],
            Self::Reduce { list, initial, .. } => vec![list, initial],
            Self::ExtractFromUvci { identifier, .. } => vec![identifier],
        }
    }
}

/// Checks a whole expression.
pub(super) fn check(json: &Value) -> Result<Node, ExpressionError> {
    Checker { nodes: 0 }.node(json, String::new(), 1)
}

struct Checker {
    nodes: usize,
}

impl Checker {
    fn node(&mut self, json: &Value, at: String, depth: usize) -> Result<Node, ExpressionError> {
        self.nodes += 1;
        if self.nodes > MAX_NODES {
            return Err(ExpressionError::TooLarge);
        }
        if depth > MAX_DEPTH {
            return Err(ExpressionError::TooDeep { at });
        }
        match json {
            Value::Null => Err(ExpressionError::Null { at }),
            Value::Bool(value) => Ok(Node::Boolean(*value)),
            Value::Number(number) => {
                integer_of(number).map(Node::Integer).ok_or(ExpressionError::NotAnInteger { at })
            }
            Value::String(text) => Ok(Node::Text(text.clone())),
            Value::Array(items) => Ok(Node::List { items: self.nodes_of(items, &at, depth)?, at }),
            Value::Object(object) => self.object(object, at, depth),
        }
    }

    fn nodes_of(&mut self, items: &[Value], at: &str, depth: usize) -> Result<Vec<Node>, ExpressionError> {
        let items = items.iter().enumerate();
        items.map(|(index, item)| self.node(item, format!("{at}/{index}"), depth + 1)).collect()
    }

    fn object(
        &mut self,
        object: &Map<String, Value>,
        at: String,
        depth: usize,
    ) -> Result<Node, ExpressionError> {
        let mut entries = object.iter();
        let (Some((name, values)), None) = (entries.next(), entries.next()) else {
            return Err(ExpressionError::NotOneKey { at, keys: object.len() });
        };
        let operator = Operator::named(name);
        if operator == Some(Operator::Var) {
            return variable(values, at);
        }
        let Value::Array(values) = values else {
            return Err(ExpressionError::OperandsNotAList { at, operator: name.clone() });
        };
        let Some(operator) = operator else {
            return Err(ExpressionError::UnknownOperator { at, operator: name.clone() });
        };
        let action = self.action(operator, values, &at, depth)?;
        Ok(Node::Operation(Box::new(Operation { operator, at, action })))
    }

    fn action(
        &mut self,
        operator: Operator,
        values: &[Value],
        at: &str,
        depth: usize,
    ) -> Result<Action, ExpressionError> {
        let wrong_count =
            || ExpressionError::OperandCount { at: at.to_owned(), operator, found: values.len() };
        let (fewest, most) = operator.arity();
        if values.len() < fewest || values.len() > most {
            return Err(wrong_count());
        }
        let mut operand = |index: usize| {
            let value = values.get(index).ok_or_else(wrong_count)?;
            self.node(value, format!("{at}/{operator}/{index}"), depth + 1)
        };
        Ok(match operator {
            Operator::If => Action::If { guard: operand(0)?, then: operand(1)?, otherwise: operand(2)? },
            Operator::Reduce => Action::Reduce { list: operand(0)?, body: operand(1)?, initial: operand(2)? },
            Operator::Not => Action::Not(operand(0)?),
            Operator::DccDateOfBirth => Action::DccDateOfBirth(operand(0)?),
            Operator::Equal => Action::Equal { left: operand(0)?, right: operand(1)? },
            Operator::Plus => Action::Plus { left: operand(0)?, right: operand(1)? },
            Operator::In => Action::In { item: operand(0)?, list: operand(1)? },
            Operator::PlusTime => Action::PlusTime {
                text: operand(0)?,
                amount: integer_literal(operator, values, at)?,
                unit: time_unit(values, at)?,
            },
            Operator::ExtractFromUvci => Action::ExtractFromUvci {
                identifier: operand(0)?,
                index: integer_literal(operator, values, at)?,
            },
            Operator::And => Action::And((0..values.len()).map(operand).collect::<Result<_, _>>()?),
            // What is left are the comparisons; `var` never comes here.
            _ => Action::Compare((0..values.len()).map(operand).collect::<Result<_, _>>()?),
        })
    }
}

fn variable(path: &Value, at: String) -> Result<Node, ExpressionError> {
    match path {
        Value::String(path) if path.is_empty() || path.split('.').all(|fragment| !fragment.is_empty()) => {
            Ok(Node::Var(path.clone()))
        }
        Value::String(_) => Err(ExpressionError::InvalidPath { at }),
        _ => Err(ExpressionError::PathNotAString { at }),
    }
}

/// The second operand of `plusTime` and of `extractFromUVCI`.
fn integer_literal(operator: Operator, values: &[Value], at: &str) -> Result<i64, ExpressionError> {
    let number = values.get(1).and_then(Value::as_number).and_then(integer_of);
    number.ok_or_else(|| ExpressionError::IntegerLiteralExpected { at: at.to_owned(), operator, index: 1 })
}

fn time_unit(values: &[Value], at: &str) -> Result<Unit, ExpressionError> {
    let unit = values.get(2).and_then(Value::as_str).and_then(Unit::named);
    unit.ok_or_else(|| ExpressionError::UnknownTimeUnit { at: at.to_owned() })
}
