//! The statistics against `runtime/tests/reference/statistics.json`, which `make_statistics.py`
//! beside it writes with the Python libraries.

#![allow(clippy::unwrap_used, reason = "a wrong reference file is a wrong test")]

use std::sync::LazyLock;

use serde_json::Value;

mod binary;
mod classes;
mod curves;
mod edges;
mod fits;
mod sample;

static REFERENCE: LazyLock<Value> = LazyLock::new(|| {
    serde_json::from_str(include_str!("../../../tests/reference/statistics.json")).unwrap()
});

/// The cases of a subject, each with its name or index.
fn cases(subject: &str) -> Vec<(String, &'static Value)> {
    let named = |(name, case): (&String, &'static Value)| (format!("{subject} {name}"), case);
    let counted = |(index, case): (usize, &'static Value)| (format!("{subject} {index}"), case);
    match &REFERENCE[subject] {
        Value::Array(cases) => cases.iter().enumerate().map(counted).collect(),
        Value::Object(cases) => cases.iter().map(named).collect(),
        _ => panic!("the reference has no `{subject}`"),
    }
}

fn number(value: &Value) -> f64 {
    match value {
        Value::Null => f64::NAN,
        Value::String(word) => word.parse().unwrap(),
        value => value.as_f64().unwrap(),
    }
}

fn numbers(value: &Value) -> Vec<f64> {
    value.as_array().unwrap().iter().map(number).collect()
}

fn rows(value: &Value) -> Vec<Vec<f64>> {
    value.as_array().unwrap().iter().map(numbers).collect()
}

fn indices(value: &Value) -> Vec<usize> {
    numbers(value)
        .into_iter()
        .map(|index| index as usize)
        .collect()
}

fn truths(value: &Value) -> Vec<bool> {
    indices(value).into_iter().map(|index| index == 1).collect()
}

fn words(value: &Value) -> Vec<String> {
    serde_json::from_value(value.clone()).unwrap()
}

/// Equal up to 1e-9 of the expected value, and 1e-12 near 0, where a relative distance means
/// nothing.
#[track_caller]
fn close(what: &str, actual: f64, expected: f64) {
    within(what, actual, expected, 1e-9 * expected.abs() + 1e-12);
}

#[track_caller]
fn within(what: &str, actual: f64, expected: f64, tolerance: f64) {
    let same = actual.is_nan() && expected.is_nan()
        || actual.is_infinite() && actual.to_bits() == expected.to_bits()
        || (actual - expected).abs() <= tolerance;
    assert!(same, "{what}: {actual:e} instead of {expected:e}");
}

/// [`close`] for each of as many values.
#[track_caller]
fn all_close(what: &str, actual: impl IntoIterator<Item = f64>, expected: &Value) {
    let (actual, expected) = (actual.into_iter().collect::<Vec<_>>(), numbers(expected));
    assert_eq!(actual.len(), expected.len(), "{what}: the number of values");
    for (index, (actual, expected)) in actual.into_iter().zip(expected).enumerate() {
        close(&format!("{what} [{index}]"), actual, expected);
    }
}

/// [`all_close`] for each of as many rows.
#[track_caller]
fn all_close_rows(what: &str, actual: Vec<Vec<f64>>, expected: &Value) {
    let expected = expected.as_array().unwrap();
    assert_eq!(actual.len(), expected.len(), "{what}: the number of rows");
    for (index, (actual, expected)) in actual.into_iter().zip(expected).enumerate() {
        all_close(&format!("{what} row {index}"), actual, expected);
    }
}
