//! The values of an evaluation: JSON read in place, and the date-times that JSON has not.
//!
//! Data and literals are borrowed, lists that an expression builds are shared, so that a copy is cheap and a
//! fold that doubles its list on every step stays small. How deep built values nest is bounded where they are
//! built; how much is copied out, in [`Copier`].

use std::fmt;
use std::rc::Rc;

use chrono::NaiveDateTime;
use serde_json::{Map, Number, Value as Json};

use super::{EvaluationError, dates};

/// The largest integer that every platform represents exactly, 2^53 - 1.
const MAX_INTEGER: i64 = 9_007_199_254_740_991;

/// How deep a value may nest that an expression builds.
const MAX_BUILT_DEPTH: usize = 64;

/// How many values, or thirty-two bytes of text, one result may have.
const MAX_COPIED: usize = 100_000;

/// How deep a result may nest, data included: as deep as JSON is usually parsed.
const MAX_COPIED_DEPTH: usize = 192;

/// The type of a value, as errors name it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ValueKind {
    /// Null, or nothing there.
    Null,
    /// True or false.
    Boolean,
    /// A whole number within 53 bits.
    Integer,
    /// Any other number.
    OtherNumber,
    /// A string.
    Text,
    /// A date-time that an operator made.
    DateTime,
    /// A list.
    List,
    /// An object.
    Object,
}

impl fmt::Display for ValueKind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Null => "null",
            Self::Boolean => "a boolean",
            Self::Integer => "an integer",
            Self::OtherNumber => "a number that is no integer",
            Self::Text => "a string",
            Self::DateTime => "a date-time",
            Self::List => "a list",
            Self::Object => "an object",
        })
    }
}

/// A value during an evaluation.
#[derive(Debug, Clone)]
pub(super) enum Value<'a> {
    Null,
    Boolean(bool),
    Integer(i64),
    OtherNumber(&'a Number),
    Text(&'a str),
    DateTime(NaiveDateTime),
    Array(&'a [Json]),
    Object(&'a Map<String, Json>),
    List(Rc<List<'a>>),
    Fold(Rc<Fold<'a>>),
}

/// A list that the expression built.
#[derive(Debug)]
pub(super) struct List<'a> {
    items: Vec<Value<'a>>,
    depth: usize,
}

/// What the body of a `reduce` sees as its data.
#[derive(Debug)]
pub(super) struct Fold<'a> {
    accumulator: Value<'a>,
    current: Value<'a>,
    depth: usize,
}

/// The integer that a JSON number is, however it is written, if it is one.
pub(super) fn integer_of(number: &Number) -> Option<i64> {
    #[allow(
        clippy::cast_possible_truncation,
        reason = "whole numbers within 53 bits are exact in both types"
    )]
    let from_float = |value: f64| (value.fract() == 0.0 && value.abs() < 9e15).then_some(value as i64);
    let integer = number.as_i64().or_else(|| number.as_f64().and_then(from_float))?;
    checked_integer(Some(integer))
}

/// Keeps an integer within the range of integers.
pub(super) fn checked_integer(value: Option<i64>) -> Option<i64> {
    value.filter(|value| (-MAX_INTEGER..=MAX_INTEGER).contains(value))
}

impl<'a> Value<'a> {
    pub(super) fn of_json(json: &'a Json) -> Self {
        match json {
            Json::Null => Self::Null,
            Json::Bool(value) => Self::Boolean(*value),
            Json::Number(number) => integer_of(number).map_or(Self::OtherNumber(number), Self::Integer),
            Json::String(text) => Self::Text(text),
            Json::Array(items) => Self::Array(items),
            Json::Object(object) => Self::Object(object),
        }
    }

    /// A list of values; nothing when it would nest too deeply.
    pub(super) fn list(items: Vec<Self>) -> Option<Self> {
        let depth = 1 + items.iter().map(Self::built_depth).max().unwrap_or(0);
        (depth <= MAX_BUILT_DEPTH).then(|| Self::List(Rc::new(List { items, depth })))
    }

    /// The data of a body of `reduce`; nothing when it would nest too deeply.
    pub(super) fn fold(accumulator: Self, current: Self) -> Option<Self> {
        let depth = 1 + accumulator.built_depth().max(current.built_depth());
        (depth <= MAX_BUILT_DEPTH).then(|| Self::Fold(Rc::new(Fold { accumulator, current, depth })))
    }

    fn built_depth(&self) -> usize {
        match self {
            Self::List(list) => list.depth,
            Self::Fold(fold) => fold.depth,
            _ => 0,
        }
    }

    pub(super) fn kind(&self) -> ValueKind {
        match self {
            Self::Null => ValueKind::Null,
            Self::Boolean(_) => ValueKind::Boolean,
            Self::Integer(_) => ValueKind::Integer,
            Self::OtherNumber(_) => ValueKind::OtherNumber,
            Self::Text(_) => ValueKind::Text,
            Self::DateTime(_) => ValueKind::DateTime,
            Self::Array(_) | Self::List(_) => ValueKind::List,
            Self::Object(_) | Self::Fold(_) => ValueKind::Object,
        }
    }

    /// Truthy, falsy, or neither.
    pub(super) fn truth(&self) -> Option<bool> {
        match self {
            Self::Null => Some(false),
            Self::Boolean(value) => Some(*value),
            Self::Integer(value) => Some(*value != 0),
            Self::Text(text) => Some(!text.is_empty()),
            Self::Array(items) => Some(!items.is_empty()),
            Self::List(list) => Some(!list.items.is_empty()),
            Self::Object(object) => Some(!object.is_empty()),
            Self::Fold(_) => Some(true),
            Self::OtherNumber(_) | Self::DateTime(_) => None,
        }
    }

    /// Equality without coercion: values of different types differ. Nothing for two values of a type on whose
    /// equality implementations disagree.
    pub(super) fn equals(&self, other: &Self) -> Option<bool> {
        match (self, other) {
            (Self::Null, Self::Null) => Some(true),
            (Self::Boolean(left), Self::Boolean(right)) => Some(left == right),
            (Self::Integer(left), Self::Integer(right)) => Some(left == right),
            (Self::Text(left), Self::Text(right)) => Some(left == right),
            _ => (self.kind() != other.kind()).then_some(false),
        }
    }

    /// How many items a list has; nothing for what is no list.
    pub(super) fn len(&self) -> Option<usize> {
        match self {
            Self::Array(items) => Some(items.len()),
            Self::List(list) => Some(list.items.len()),
            _ => None,
        }
    }

    /// An item of a list; null where there is none.
    pub(super) fn item(&self, index: usize) -> Self {
        match self {
            Self::Array(items) => items.get(index).map_or(Self::Null, Self::of_json),
            Self::List(list) => list.items.get(index).cloned().unwrap_or(Self::Null),
            _ => Self::Null,
        }
    }

    /// What a path leads to; null where it leads nowhere.
    pub(super) fn at_path(&self, path: &str) -> Self {
        if path.is_empty() {
            return self.clone();
        }
        path.split('.').fold(self.clone(), |value, fragment| value.member(fragment))
    }

    fn member(&self, fragment: &str) -> Self {
        match self {
            Self::Object(object) => object.get(fragment).map_or(Self::Null, Self::of_json),
            Self::Fold(fold) => match fragment {
                "accumulator" => fold.accumulator.clone(),
                "current" => fold.current.clone(),
                _ => Self::Null,
            },
            // A sign would parse as well.
            _ if fragment.bytes().all(|byte| byte.is_ascii_digit()) => {
                fragment.parse().map_or(Self::Null, |index| self.item(index))
            }
            _ => Self::Null,
        }
    }
}

/// Copies values out of an evaluation, and stops where a small expression would make them huge.
#[derive(Default)]
pub(super) struct Copier {
    copied: usize,
}

impl Copier {
    pub(super) fn copy(&mut self, value: &Value<'_>) -> Result<Json, EvaluationError> {
        self.copy_at(value, 1)
    }

    fn copy_at(&mut self, value: &Value<'_>, depth: usize) -> Result<Json, EvaluationError> {
        self.copied += 1;
        if self.copied > MAX_COPIED || depth > MAX_COPIED_DEPTH {
            return Err(EvaluationError::ResultTooLarge);
        }
        match value {
            Value::Null => Ok(Json::Null),
            Value::Boolean(value) => Ok(Json::Bool(*value)),
            Value::Integer(value) => Ok(Json::from(*value)),
            Value::OtherNumber(number) => Ok(Json::Number((*number).clone())),
            Value::Text(text) => {
                self.copied += text.len() / 32;
                Ok(Json::from(*text))
            }
            Value::DateTime(instant) => Ok(Json::from(dates::format(*instant))),
            Value::Array(items) => {
                items.iter().map(|item| self.copy_at(&Value::of_json(item), depth + 1)).collect()
            }
            Value::List(list) => list.items.iter().map(|item| self.copy_at(item, depth + 1)).collect(),
            Value::Object(object) => {
                let members = object.iter();
                members
                    .map(|(name, member)| {
                        Ok((name.clone(), self.copy_at(&Value::of_json(member), depth + 1)?))
                    })
                    .collect()
            }
            Value::Fold(fold) => Ok(Json::Object(Map::from_iter([
                ("accumulator".to_owned(), self.copy_at(&fold.accumulator, depth + 1)?),
                ("current".to_owned(), self.copy_at(&fold.current, depth + 1)?),
            ]))),
        }
    }
}
