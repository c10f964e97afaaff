//! The bounds hold: of an expression's depth and size, of an evaluation's work, stack and results.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "tests")]

use serde_json::{Value, json};

use super::*;

fn parse(json: Value) -> Expression {
    Expression::parse(json).unwrap()
}

fn fault(json: Value, data: &Value) -> EvaluationError {
    evaluate(&parse(json), data).unwrap_err()
}

#[test]
fn depth_and_size_are_bounded_to_the_number() {
    let nested = |depth| (1..depth).fold(json!(true), |inner, _| json!({"!": [inner]}));
    assert!(evaluate(&parse(nested(MAX_DEPTH)), &json!(null)).is_ok());
    assert!(matches!(Expression::parse(nested(MAX_DEPTH + 1)), Err(ExpressionError::TooDeep { .. })));
    assert!(Expression::parse(json!(vec![1; MAX_NODES - 1])).is_ok());
    assert_eq!(Expression::parse(json!(vec![1; MAX_NODES])), Err(ExpressionError::TooLarge));
}

#[test]
fn the_deepest_expression_fits_the_stack_of_a_small_thread() {
    let deepest = || {
        let fold = |inner: Value, _| json!({"reduce": [[1], inner, 0]});
        let expression = parse((2..MAX_DEPTH).fold(json!([1]), fold));
        assert_eq!(evaluate(&expression, &json!(null)), Ok(json!([1])));
    };
    let small = std::thread::Builder::new().stack_size(512 * 1024).spawn(deepest);
    small.unwrap().join().unwrap();
}

#[test]
fn work_is_bounded() {
    let numbers: Vec<usize> = (0..1_000).collect();
    let data = json!({"n": numbers});
    let inner = json!({"reduce": [{"var": "n"}, 1, 0]});
    assert!(evaluate(&parse(inner), &data).is_ok());
    let squared = json!({"reduce": [{"var": "n"}, {"in": [{"var": "current"}, vec![-1; 200]]}, 0]});
    assert_eq!(fault(squared, &data), EvaluationError::TooMuchWork);
    let current = json!({"var": "current"});
    let long = json!({"n": vec!["x".repeat(10_000_000); 3]});
    for body in [json!({"===": [current, current]}), json!({"extractFromUVCI": [current, -1]})] {
        let texts = json!({"reduce": [{"var": "n"}, body, 0]});
        assert_eq!(fault(texts, &long), EvaluationError::TooMuchWork);
    }
    let equal = json!({"in": [{"var": "l"}, [{"var": "l"}]]});
    assert!(evaluate(&parse(equal), &json!({"l": "x".repeat(1_000)})).is_ok());
}

#[test]
fn values_that_grow_or_nest_without_end_are_refused_and_not_built() {
    let numbers: Vec<usize> = (0..20_000).collect();
    let accumulator = json!({"var": "accumulator"});
    let doubling = json!({"reduce": [{"var": "n"}, [accumulator, accumulator], 0]});
    let forty = json!({"n": numbers[..40]});
    assert_eq!(fault(doubling.clone(), &forty), EvaluationError::ResultTooLarge);
    assert!(matches!(fault(doubling, &json!({"n": numbers})), EvaluationError::TooDeep { .. }));
    let context = json!({"reduce": [{"var": "n"}, {"var": ""}, 0]});
    assert!(matches!(fault(context, &json!({"n": numbers})), EvaluationError::TooDeep { .. }));
    let copies = json!(vec![json!({"var": ""}); 3_000]);
    assert_eq!(fault(copies.clone(), &json!(vec![1; 1_000])), EvaluationError::ResultTooLarge);
    assert_eq!(fault(copies, &json!("x".repeat(1_000_000))), EvaluationError::ResultTooLarge);
}

#[test]
fn data_that_nests_deeply_is_walked_but_not_returned() {
    let deep = (0..300).fold(json!(1), |inner, _| json!([inner]));
    let path = ["0"; 300].join(".");
    assert_eq!(evaluate(&parse(json!({"var": path})), &deep), Ok(json!(1)));
    assert_eq!(fault(json!({"var": ""}), &deep), EvaluationError::ResultTooLarge);
    assert_eq!(holds(&parse(json!({"!": [{"var": "0.0"}]})), &deep), Ok(false));
}
