//! Checks the arguments of charts; errors name the argument.

use crate::stats::summary::{finite, finite_pairs};

/// The finite values of an argument.
pub(super) fn values(name: &str, values: &[f64]) -> Result<Vec<f64>, String> {
    let finite = finite(values);
    if finite.is_empty() {
        Err(format!("`{name}` has no finite value"))
    } else {
        Ok(finite)
    }
}

/// The pairs of two arguments in which both values are finite.
pub(super) fn pairs(names: (&str, &str), x: &[f64], y: &[f64]) -> Result<Vec<(f64, f64)>, String> {
    same_length(names, x.len(), y.len())?;
    values(names.0, x)?;
    values(names.1, y)?;
    let pairs = finite_pairs(x, y);
    if pairs.is_empty() {
        return Err(format!(
            "`{}` and `{}` have no finite pair of values",
            names.0, names.1
        ));
    }
    Ok(pairs)
}

pub(super) fn same_length(names: (&str, &str), a: usize, b: usize) -> Result<(), String> {
    if a == b {
        return Ok(());
    }
    Err(format!(
        "`{}` has {a} values and `{}` has {b}; they belong together",
        names.0, names.1
    ))
}

/// The minimum and the maximum.
pub(super) fn span(values: impl IntoIterator<Item = f64>) -> (f64, f64) {
    let span = values
        .into_iter()
        .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), value| {
            (low.min(value), high.max(value))
        });
    if span.0 <= span.1 { span } else { (0.0, 1.0) }
}
