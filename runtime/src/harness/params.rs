//! `-P key=value`: laid over the default params, by the type that the default has.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

/// Python logs a missing value by this name.
const MISSING: &str = "None";

/// Lays `-P` values over the defaults. All that do not fit are told at once.
pub(super) fn overlay(defaults: &Value, given: &[(String, String)]) -> Result<Value, Vec<String>> {
    let mut params = defaults.clone();
    let mut wrong = Vec::new();
    for (key, text) in given {
        match place(&mut params, key) {
            Some(slot) => match parse(slot, text) {
                Ok(value) => *slot = value,
                Err(kind) => wrong.push(format!(
                    "`-P {key}={text}`: `{text}` is not {kind}; the default is `{slot}`"
                )),
            },
            None => wrong.push(unknown(defaults, key)),
        }
    }
    if wrong.is_empty() {
        Ok(params)
    } else {
        Err(wrong)
    }
}

/// Lays the params of a run that goes on over the defaults: what the type still has and still fits.
pub(super) fn keep(defaults: &Value, kept: &BTreeMap<String, String>) -> Value {
    let mut params = defaults.clone();
    for (key, text) in kept {
        if let Some(slot) = place(&mut params, key) {
            match parse(slot, text) {
                Ok(value) if text != MISSING || slot.is_string() => *slot = value,
                _ if text == MISSING => *slot = Value::Null,
                _ => {}
            }
        }
    }
    params
}

/// Params as MLflow knows them: one name and text each, nested names with dots.
pub(crate) fn flatten(params: &Value) -> Vec<(String, String)> {
    let mut flat = Vec::new();
    if let Value::Object(fields) = params {
        flatten_into(fields, "", &mut flat);
    }
    flat
}

fn flatten_into(fields: &Map<String, Value>, prefix: &str, flat: &mut Vec<(String, String)>) {
    for (name, value) in fields {
        let key = format!("{prefix}{name}");
        match value {
            Value::Object(inner) if !inner.is_empty() => {
                flatten_into(inner, &format!("{key}."), flat);
            }
            Value::String(text) => flat.push((key, text.clone())),
            Value::Null => flat.push((key, MISSING.to_owned())),
            other => flat.push((key, other.to_string())),
        }
    }
}

/// The place of a dotted key.
fn place<'a>(params: &'a mut Value, key: &str) -> Option<&'a mut Value> {
    key.split('.')
        .try_fold(params, |value, name| value.as_object_mut()?.get_mut(name))
}

/// Reads text as the type that `slot` has.
fn parse(slot: &Value, text: &str) -> Result<Value, &'static str> {
    let json = || serde_json::from_str::<Value>(text).ok();
    match slot {
        Value::String(_) => Ok(Value::from(text)),
        Value::Bool(_) => json().filter(Value::is_boolean).ok_or("`true` or `false`"),
        Value::Number(number) if number.is_f64() => match text.parse::<f64>() {
            Ok(number) if number.is_finite() => Ok(Value::from(number)),
            _ => Err("a number"),
        },
        Value::Number(_) => json()
            .filter(Value::is_i64)
            .or_else(|| json().filter(Value::is_u64))
            .ok_or("a whole number"),
        Value::Array(_) => json()
            .filter(Value::is_array)
            .ok_or("a JSON list, like `[1, 2]`"),
        Value::Object(_) => json().filter(Value::is_object).ok_or("a JSON object"),
        // An `Option` that is None does not tell its type: what reads as JSON is JSON.
        Value::Null => Ok(json().unwrap_or_else(|| Value::from(text))),
    }
}

fn unknown(defaults: &Value, key: &str) -> String {
    let known: Vec<String> = flatten(defaults)
        .into_iter()
        .map(|(name, _)| name)
        .collect();
    let near = known
        .iter()
        .map(|name| (distance(name, key), name))
        .filter(|(distance, _)| *distance <= 2.max(key.chars().count() / 3))
        .min();
    let help = match near {
        Some((_, name)) => format!("did you mean `{name}`?"),
        None if known.is_empty() => "the training takes no params".to_owned(),
        None => format!("there are `{}`", known.join("`, `")),
    };
    format!("`-P {key}`: there is no param `{key}`; {help}")
}

/// Insertions, deletions, replacements and swaps of neighbours that lead from one to the other.
fn distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let mut rows = vec![vec![0; b.len() + 1]; a.len() + 1];
    for i in 0..=a.len() {
        for j in 0..=b.len() {
            rows[i][j] = if i == 0 || j == 0 {
                i + j
            } else {
                let replaced = rows[i - 1][j - 1] + usize::from(a[i - 1] != b[j - 1]);
                let mut least = replaced.min(rows[i - 1][j] + 1).min(rows[i][j - 1] + 1);
                if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                    least = least.min(rows[i - 2][j - 2] + 1);
                }
                least
            };
        }
    }
    rows[a.len()][b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn defaults() -> Value {
        json!({
            "alpha": 1.0, "depth": 3, "deep": true, "name": "ridge", "seed": null,
            "layers": [8, 8], "optimizer": {"name": "adam", "rate": 0.001}
        })
    }

    fn lay(given: &[(&str, &str)]) -> Result<Value, Vec<String>> {
        let given: Vec<_> = given
            .iter()
            .map(|(k, v)| ((*k).to_owned(), (*v).to_owned()))
            .collect();
        overlay(&defaults(), &given)
    }

    #[test]
    fn values_take_the_type_of_the_default() {
        let params = lay(&[
            ("alpha", "2"),
            ("depth", "4"),
            ("deep", "false"),
            ("name", "12"),
            ("seed", "7"),
            ("layers", "[1]"),
            ("optimizer.rate", "1e-4"),
        ]);
        assert_eq!(
            params,
            Ok(json!({
                "alpha": 2.0, "depth": 4, "deep": false, "name": "12", "seed": 7,
                "layers": [1], "optimizer": {"name": "adam", "rate": 1e-4}
            }))
        );
    }

    #[test]
    fn what_does_not_fit_is_told_at_once() {
        let wrong = lay(&[
            ("alhpa", "1"),
            ("alpha", "abc"),
            ("depth", "1.5"),
            ("x.y", "1"),
        ]);
        assert_eq!(
            wrong,
            Err(vec![
                "`-P alhpa`: there is no param `alhpa`; did you mean `alpha`?".to_owned(),
                "`-P alpha=abc`: `abc` is not a number; the default is `1.0`".to_owned(),
                "`-P depth=1.5`: `1.5` is not a whole number; the default is `3`".to_owned(),
                "`-P x.y`: there is no param `x.y`; there are `alpha`, `depth`, `deep`, `name`, \
                 `seed`, `layers`, `optimizer.name`, `optimizer.rate`"
                    .to_owned(),
            ])
        );
    }

    #[test]
    fn a_run_that_goes_on_keeps_its_params() {
        let begun = lay(&[
            ("alpha", "0.30000000000000004"),
            ("seed", "7"),
            ("name", "None"),
        ]);
        let begun = begun.expect("they fit");
        let mut kept: BTreeMap<_, _> = flatten(&begun).into_iter().collect();
        kept.insert("logged.by.hand".to_owned(), "1".to_owned());
        assert_eq!(keep(&defaults(), &kept), begun);
        kept.insert("seed".to_owned(), MISSING.to_owned());
        assert_eq!(keep(&begun, &kept)["seed"], Value::Null);
    }

    #[test]
    fn nested_params_are_flat_in_mlflow() {
        let flat = flatten(&defaults());
        let find = |key: &str| {
            flat.iter()
                .find(|(name, _)| name == key)
                .map(|(_, v)| v.as_str())
        };
        assert_eq!(find("alpha"), Some("1.0"));
        assert_eq!(find("optimizer.rate"), Some("0.001"));
        assert_eq!(find("layers"), Some("[8,8]"));
        assert_eq!(find("seed"), Some("None"));
        assert_eq!(find("name"), Some("ridge"));
    }
}
