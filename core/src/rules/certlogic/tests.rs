//! What has no place in a suite, whose format knows results only: refusals and traces.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "tests")]

use serde_json::{Value, json};

use super::*;

fn parse(json: Value) -> Expression {
    Expression::parse(json).unwrap()
}

fn fault(json: Value, data: &Value) -> EvaluationError {
    evaluate(&parse(json), data).unwrap_err()
}

fn date(text: &str) -> Value {
    json!({"plusTime": [text, 0, "day"]})
}

#[test]
fn an_expression_that_is_not_certlogic_is_refused_where_it_is_wrong() {
    use ExpressionError as E;
    let at = || "/if/1".to_owned();
    for (inner, error) in [
        (json!(null), E::Null { at: at() }),
        (json!(1.5), E::NotAnInteger { at: at() }),
        (json!(9_007_199_254_740_992_i64), E::NotAnInteger { at: at() }),
        (json!(1e300), E::NotAnInteger { at: at() }),
        (json!(u64::MAX), E::NotAnInteger { at: at() }),
        (json!({}), E::NotOneKey { at: at(), keys: 0 }),
        (json!({"in": [], "and": []}), E::NotOneKey { at: at(), keys: 2 }),
        (json!({"and": 1}), E::OperandsNotAList { at: at(), operator: "and".into() }),
        (json!({"or": [true, true]}), E::UnknownOperator { at: at(), operator: "or".into() }),
        (json!({"==": [1, 1]}), E::UnknownOperator { at: at(), operator: "==".into() }),
        (json!({"now": []}), E::UnknownOperator { at: at(), operator: "now".into() }),
        (json!({"var": 1}), E::PathNotAString { at: at() }),
        (json!({"var": ["x", 1]}), E::PathNotAString { at: at() }),
        (json!({"var": "x..y"}), E::InvalidPath { at: at() }),
        (json!({"var": "."}), E::InvalidPath { at: at() }),
        (json!({"plusTime": ["2022", 1, "week"]}), E::UnknownTimeUnit { at: at() }),
        (json!({"plusTime": ["2022", 1, {"var": "unit"}]}), E::UnknownTimeUnit { at: at() }),
        (
            json!({"plusTime": ["2022", {"var": "n"}, "day"]}),
            E::IntegerLiteralExpected { at: at(), operator: Operator::PlusTime, index: 1 },
        ),
        (
            json!({"extractFromUVCI": ["a", "0"]}),
            E::IntegerLiteralExpected { at: at(), operator: Operator::ExtractFromUvci, index: 1 },
        ),
    ] {
        assert_eq!(Expression::parse(json!({"if": [true, inner, 0]})), Err(error));
    }
}

#[test]
fn every_operator_refuses_a_wrong_number_of_operands() {
    for (name, counts) in [
        ("if", [2, 4]),
        ("===", [1, 3]),
        ("in", [1, 3]),
        ("+", [1, 3]),
        ("and", [0, 1]),
        ("!", [0, 2]),
        (">", [1, 4]),
        ("<", [1, 4]),
        (">=", [1, 4]),
        ("<=", [1, 4]),
        ("after", [1, 4]),
        ("before", [1, 4]),
        ("not-after", [1, 4]),
        ("not-before", [1, 4]),
        ("plusTime", [2, 4]),
        ("dccDateOfBirth", [0, 2]),
        ("reduce", [2, 4]),
        ("extractFromUVCI", [1, 3]),
    ] {
        let operator = Operator::named(name).unwrap();
        assert_eq!(operator.name(), name);
        for found in counts {
            let error = ExpressionError::OperandCount { at: String::new(), operator, found };
            assert_eq!(Expression::parse(json!({name: vec![1; found]})), Err(error));
        }
    }
}

#[test]
fn operands_of_a_wrong_type_are_named_with_their_place() {
    let data = json!({"n": null, "f": 1.5, "s": "2022-02-02", "o": {"a": 1}, "l": [1], "big": u64::MAX});
    for (expression, at, found) in [
        (json!({"+": [1, {"var": "s"}]}), "/+/1", ValueKind::Text),
        (json!({"+": [{"var": "f"}, 1]}), "/+/0", ValueKind::OtherNumber),
        (json!({"<": [1, {"var": "big"}]}), "/</1", ValueKind::OtherNumber),
        (json!({"<": [2, 1, {"var": "n"}]}), "/</2", ValueKind::Null),
        (json!({">=": [date("2022"), 1]}), "/>=/0", ValueKind::DateTime),
        (json!({"after": [{"var": "s"}, date("2022")]}), "/after/0", ValueKind::Text),
        (json!({"not-before": [date("2022"), 1]}), "/not-before/1", ValueKind::Integer),
        (json!({"in": [1, {"var": "n"}]}), "/in/1", ValueKind::Null),
        (json!({"in": ["a", "abc"]}), "/in/1", ValueKind::Text),
        (json!({"reduce": [{"var": "o"}, 1, 0]}), "/reduce/0", ValueKind::Object),
        (json!({"plusTime": [{"var": "n"}, 0, "day"]}), "/plusTime/0", ValueKind::Null),
        (json!({"plusTime": [date("2022"), 0, "day"]}), "/plusTime/0", ValueKind::DateTime),
        (json!({"dccDateOfBirth": [2022]}), "/dccDateOfBirth/0", ValueKind::Integer),
        (json!({"extractFromUVCI": [{"var": "l"}, 0]}), "/extractFromUVCI/0", ValueKind::List),
    ] {
        match fault(expression.clone(), &data) {
            EvaluationError::OperandType { at: place, found: kind, .. } => {
                assert_eq!((place.as_str(), kind), (at, found), "{expression}");
            }
            other => panic!("{expression}: {other}"),
        }
    }
}

#[test]
fn dates_and_fractions_are_neither_truthy_nor_falsy() {
    let data = json!({"f": 0.5});
    for (expression, place) in [
        (json!({"!": [date("2022")]}), "/!/0"),
        (json!({"if": [{"var": "f"}, 1, 2]}), "/if/0"),
        (json!({"and": [true, {"var": "f"}]}), "/and/1"),
        (json!([{"and": [date("2022"), true]}]), "/0/and/0"),
    ] {
        match fault(expression, &data) {
            EvaluationError::NeitherTruthyNorFalsy { at, .. } => assert_eq!(at, place),
            other => panic!("{other}"),
        }
    }
}

#[test]
fn equality_is_refused_where_implementations_disagree() {
    let data = json!({"l": [1], "o": {}, "f": 1.5});
    for operand in [json!({"var": "l"}), json!([1]), json!({"var": "o"}), json!({"var": "f"}), date("2022")] {
        for expression in [json!({"===": [operand, operand]}), json!({"in": [operand, ["a", operand]]})] {
            let error = fault(expression, &data);
            assert!(matches!(error, EvaluationError::EqualityUndefined { .. }), "{error}");
        }
    }
}

#[test]
fn bad_dates_and_overflows_are_errors_that_keep_the_data_to_themselves() {
    let data = json!({"secret": "30 February 1999", "most": 9_007_199_254_740_991_i64});
    for expression in
        [json!({"plusTime": [{"var": "secret"}, 1, "day"]}), json!({"dccDateOfBirth": [{"var": "secret"}]})]
    {
        let error = fault(expression, &data);
        assert!(matches!(error, EvaluationError::InvalidDate { .. }));
        assert!(!format!("{error} {error:?}").contains("1999"));
    }
    let with_time = fault(json!({"dccDateOfBirth": ["2022-02-02T00:00:00Z"]}), &data);
    assert!(matches!(with_time, EvaluationError::InvalidDate { .. }));
    for unit in ["year", "month", "day", "hour"] {
        for amount in [9_007_199_254_740_991_i64, -9_007_199_254_740_991] {
            let error = fault(json!({"plusTime": ["2022-02-02", amount, unit]}), &data);
            assert!(matches!(error, EvaluationError::DateOutOfRange { .. }));
        }
    }
    let sum = json!({"+": [{"var": "most"}, 1]});
    assert!(matches!(fault(sum, &data), EvaluationError::IntegerOutOfRange { .. }));
}

#[test]
fn a_rule_comes_out_as_a_boolean_or_not_at_all() {
    assert_eq!(holds(&parse(json!({"===": [1, 1]})), &json!(null)), Ok(true));
    for (rule, found) in [
        (json!(1), ValueKind::Integer),
        (json!({"and": [{"var": "x"}, true]}), ValueKind::Null),
        (json!({"if": ["a", "b", true]}), ValueKind::Text),
        (date("2022"), ValueKind::DateTime),
    ] {
        assert_eq!(holds(&parse(rule), &json!(null)), Err(EvaluationError::NotABoolean { found }));
    }
}

#[test]
fn a_trace_has_each_path_once_and_nothing_that_was_not_evaluated() {
    let count =
        json!({"reduce": [{"var": "visits"}, {"+": [{"var": "accumulator"}, {"var": "current.n"}]}, 0]});
    let rule = parse(json!({"and": [
        {">": [count, {"var": "least"}]}, {"!": [{"var": "gone"}]}, {"<": [{"var": "least"}, 9]},
        {"if": [true, true, {"var": "unread"}]},
    ]}));
    let data = json!({"visits": [{"n": 2}, {"n": 3}], "least": 4, "unread": "x"});
    let (verdict, reads) = holds_traced(&rule, &data).unwrap();
    assert!(verdict);
    let read = |path: &str, value| Read { path: path.to_owned(), value };
    assert_eq!(
        reads,
        [read("visits", data["visits"].clone()), read("least", json!(4)), read("gone", json!(null))]
    );
    assert_eq!(rule.variables(), ["visits", "least", "gone", "unread"]);
}

#[test]
fn an_expression_is_written_as_it_was_read_and_checked_when_it_is() {
    let text = r#"{"if":[{"var":"b.0"},[1,"x"],{"!":[true]}]}"#;
    let expression: Expression = serde_json::from_str(text).unwrap();
    assert_eq!(serde_json::to_string(&expression).unwrap(), text);
    assert_eq!(expression, parse(expression.as_json().clone()));
    assert!(serde_json::from_str::<Expression>(r#"{"missing":["x"]}"#).is_err());
}

#[test]
fn a_whole_number_is_an_integer_however_it_is_written() {
    let data: Value = serde_json::from_str(r#"{"x": 3.0, "y": 3e0, "zero": -0.0}"#).unwrap();
    let equal = parse(json!({"and": [{"===": [{"var": "x"}, {"var": "y"}]}, {"===": [{"var": "x"}, 3.0]}]}));
    assert_eq!(holds(&equal, &data), Ok(true));
    assert_eq!(holds(&parse(json!({"!": [{"var": "zero"}]})), &data), Ok(true));
}
