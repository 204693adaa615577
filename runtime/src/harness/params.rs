//! Applies `-P key=value` and the params of a resumed run. The type of a field parses its text; the
//! run logs the text that the type writes, and `-P` with that text gives the same value.

use std::collections::BTreeMap;

use crate::params::Tree;

/// Reads a tree as the params type, and writes it as a tree again.
type ReadAgain = fn(Tree) -> Result<Tree, String>;

/// Applies `-P` values to the defaults. Returns all errors at once.
pub(super) fn overlay(
    defaults: &Tree,
    read_again: ReadAgain,
    given: &[(String, String)],
) -> Result<Tree, Vec<String>> {
    let mut wrong = Vec::new();
    let mut values = Vec::new();
    for (key, text) in given {
        let value = apply_one(defaults, read_again, key, text).unwrap_or_else(|misfit| {
            wrong.push(match misfit {
                Misfit::Unknown => unknown(defaults, key),
                Misfit::Value(why) => {
                    format!("`-P {key}={text}`: {why}{}", default_of(defaults, key))
                }
            });
            Tree::Untyped(text.clone())
        });
        values.push((&**key, value));
    }
    // A value that is invalid alone may be valid with another: two fields of a variant that is not
    // the default.
    apply(defaults, read_again, &values).map_err(|misfit| match misfit {
        Misfit::Value(why) if wrong.is_empty() => {
            vec![format!(
                "the params given by `-P` do not fit together: {why}"
            )]
        }
        _ => wrong,
    })
}

/// The default of a param, or of the nearest param that contains it.
fn default_of(defaults: &Tree, key: &str) -> String {
    if let Some(default) = defaults.get(key) {
        return format!("; the default is `{}`", default.text());
    }
    let prefixes = key.rmatch_indices('.').map(|(end, _)| &key[..end]);
    let known = |prefix| defaults.get(prefix).map(|default| (prefix, default.text()));
    let found = prefixes.into_iter().find_map(known);
    found.map_or_else(String::new, |(prefix, default)| {
        format!("; the default of `{prefix}` is `{default}`")
    })
}

/// Applies the params of a resumed run to the defaults, as far as the type still has them and accepts
/// them. A field is applied as a whole, since the variant of an enum may have changed.
pub(super) fn keep(
    defaults: &Tree,
    read_again: ReadAgain,
    kept: &BTreeMap<String, String>,
) -> Tree {
    let mut fields: BTreeMap<&str, Vec<(&str, &str)>> = BTreeMap::new();
    for (key, text) in kept {
        let field = key.split('.').next().unwrap_or(key);
        fields.entry(field).or_default().push((key, text));
    }
    let mut params = defaults.clone();
    for (field, leaves) in fields {
        let mut reset = params.clone();
        reset.set(field, Tree::Null);
        let untyped = leaves
            .iter()
            .map(|&(key, text)| (key, Tree::Untyped(text.to_owned())));
        let untyped: Vec<_> = untyped.collect();
        if let Ok(applied) = apply(&reset, read_again, &untyped) {
            params = applied;
            continue;
        }
        for (key, text) in leaves {
            if let Ok(value) = apply_one(&params, read_again, key, text)
                && let Ok(applied) = apply(&params, read_again, &[(key, value)])
            {
                params = applied;
            }
        }
    }
    params
}

/// Why values are invalid.
enum Misfit {
    /// There is no such param.
    Unknown,
    /// Its type does not accept the value.
    Value(String),
}

/// Applies one text to params. Returns the tree by which it is read.
fn apply_one(params: &Tree, read_again: ReadAgain, key: &str, text: &str) -> Result<Tree, Misfit> {
    let untyped = Tree::Untyped(text.to_owned());
    apply(params, read_again, &[(key, untyped.clone())])
        .map(|_| untyped)
        .or_else(|misfit| {
            // If serde does not know the type of the field, `12345` may be a string.
            let literal = Tree::Text(text.to_owned());
            let is_text = apply(params, read_again, &[(key, literal.clone())]).is_ok();
            if is_text { Ok(literal) } else { Err(misfit) }
        })
}

/// Applies values to params. A key is unknown if the type does not write it.
fn apply(params: &Tree, read_again: ReadAgain, values: &[(&str, Tree)]) -> Result<Tree, Misfit> {
    let mut applied = params.clone();
    for (key, value) in values {
        applied.set(key, value.clone());
    }
    let applied = read_again(applied).map_err(|why| {
        if why.starts_with("unknown field") {
            Misfit::Unknown
        } else {
            Misfit::Value(why)
        }
    })?;
    if values.iter().all(|(key, _)| applied.get(key).is_some()) {
        Ok(applied)
    } else {
        Err(Misfit::Unknown)
    }
}

fn unknown(defaults: &Tree, key: &str) -> String {
    let known: Vec<String> = defaults
        .flatten()
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

/// The Damerau–Levenshtein distance: the number of insertions, deletions, substitutions and
/// transpositions between two texts.
fn distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let mut rows = vec![vec![0; b.len() + 1]; a.len() + 1];
    for i in 0..=a.len() {
        for j in 0..=b.len() {
            rows[i][j] = if i == 0 || j == 0 {
                i + j
            } else {
                let replaced = rows[i - 1][j - 1] + usize::from(a[i - 1] != b[j - 1]);
                let mut minimum = replaced.min(rows[i - 1][j] + 1).min(rows[i][j - 1] + 1);
                if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                    minimum = minimum.min(rows[i - 2][j - 2] + 1);
                }
                minimum
            };
        }
    }
    rows[a.len()][b.len()]
}

#[cfg(test)]
mod tests;
