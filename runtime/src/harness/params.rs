//! `-P key=value`, and the params of a resumed run: each text is read as the type of its field.
//! What is logged is what the type writes of itself, and typing that gives the same value.

use std::collections::BTreeMap;

use crate::params::Tree;

/// Reads a tree as the params type, and writes that as a tree again.
type ReadAgain = fn(Tree) -> Result<Tree, String>;

/// Lays `-P` values over the defaults. All that do not fit are reported at once.
pub(super) fn overlay(
    defaults: &Tree,
    read_again: ReadAgain,
    given: &[(String, String)],
) -> Result<Tree, Vec<String>> {
    let mut wrong = Vec::new();
    let mut values = Vec::new();
    for (key, text) in given {
        let value = lay_one(defaults, read_again, key, text).unwrap_or_else(|misfit| {
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
    // One that does not fit alone may fit with another: two fields of a variant that is not the
    // default.
    lay(defaults, read_again, &values).map_err(|misfit| match misfit {
        Misfit::Value(why) if wrong.is_empty() => {
            vec![format!(
                "the params given by `-P` do not fit together: {why}"
            )]
        }
        _ => wrong,
    })
}

/// The default of a param, or of the one that it would be a part of.
fn default_of(defaults: &Tree, key: &str) -> String {
    if let Some(default) = defaults.get(key) {
        return format!("; the default is `{}`", default.text());
    }
    let whole = key.rmatch_indices('.').map(|(end, _)| &key[..end]);
    let known = |whole| defaults.get(whole).map(|default| (whole, default.text()));
    let found = whole.into_iter().find_map(known);
    found.map_or_else(String::new, |(whole, default)| {
        format!("; the default of `{whole}` is `{default}`")
    })
}

/// Lays the params of a run that is resumed over the defaults: what the type still has and still
/// fits. A field is taken as a whole, since an enum's variant may be another one now.
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
        let mut anew = params.clone();
        anew.set(field, Tree::Null);
        let untyped = leaves
            .iter()
            .map(|&(key, text)| (key, Tree::Untyped(text.to_owned())));
        let untyped: Vec<_> = untyped.collect();
        if let Ok(laid) = lay(&anew, read_again, &untyped) {
            params = laid;
            continue;
        }
        for (key, text) in leaves {
            if let Ok(value) = lay_one(&params, read_again, key, text)
                && let Ok(laid) = lay(&params, read_again, &[(key, value)])
            {
                params = laid;
            }
        }
    }
    params
}

/// Why values do not fit.
enum Misfit {
    /// There is no such param.
    Unknown,
    /// Its type does not take the value.
    Value(String),
}

/// Lays one text over params; returns how it is to be read.
fn lay_one(params: &Tree, read_again: ReadAgain, key: &str, text: &str) -> Result<Tree, Misfit> {
    let untyped = Tree::Untyped(text.to_owned());
    lay(params, read_again, &[(key, untyped.clone())])
        .map(|_| untyped)
        .or_else(|misfit| {
            // Where serde does not tell the type of a field, `12345` may be meant as a text.
            let literal = Tree::Text(text.to_owned());
            let is_text = lay(params, read_again, &[(key, literal.clone())]).is_ok();
            if is_text { Ok(literal) } else { Err(misfit) }
        })
}

/// Lays values over params. Keys that the type does not know are found by what it writes of itself.
fn lay(params: &Tree, read_again: ReadAgain, values: &[(&str, Tree)]) -> Result<Tree, Misfit> {
    let mut laid = params.clone();
    for (key, value) in values {
        laid.set(key, value.clone());
    }
    let laid = read_again(laid).map_err(|why| {
        if why.starts_with("unknown field") {
            Misfit::Unknown
        } else {
            Misfit::Value(why)
        }
    })?;
    if values.iter().all(|(key, _)| laid.get(key).is_some()) {
        Ok(laid)
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
mod tests;
