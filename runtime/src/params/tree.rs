//! Params as a tree of texts, which `-P` sets, the run logs and a resumed run compares.

use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};

/// A value of any serde type. A number is the shortest text from which its type reads the same value:
/// an `f32` of 0.1 is `0.1`.
#[derive(Clone, Debug, PartialEq)]
pub enum Tree {
    /// `None` or a unit.
    Null,
    /// A boolean.
    Bool(bool),
    /// The text of a number, including `inf`, `-inf` and `NaN`.
    Number(String),
    /// A string.
    Text(String),
    /// A text whose type is that of its field.
    Untyped(String),
    /// A list or a tuple.
    List(Vec<Tree>),
    /// A struct, a map, or a variant with data. Of two variants the later counts.
    Map(Vec<(String, Tree)>),
}

/// The text of a missing value, as Python logs it.
const NONE: &str = "None";

/// Whether a text is a missing value.
pub(super) fn is_none(text: &str) -> bool {
    matches!(text, NONE | "null")
}

impl Tree {
    /// The value at a dotted key.
    pub(crate) fn get(&self, key: &str) -> Option<&Self> {
        key.split('.').try_fold(self, |tree, name| match tree {
            Self::Map(entries) => {
                let found = entries.iter().find(|(known, _)| known == name);
                found.map(|(_, value)| value)
            }
            _ => None,
        })
    }

    /// Sets the value at a dotted key, and creates the maps that lead to it.
    pub(crate) fn set(&mut self, key: &str, value: Self) {
        let (name, rest) = key
            .split_once('.')
            .map_or((key, None), |(name, rest)| (name, Some(rest)));
        if !matches!(self, Self::Map(_)) {
            *self = Self::Map(Vec::new());
        }
        let Self::Map(entries) = self else { return };
        let at = entries.iter().position(|(known, _)| known == name);
        let at = at.unwrap_or_else(|| {
            entries.push((name.to_owned(), Self::Null));
            entries.len() - 1
        });
        match rest {
            Some(rest) => entries[at].1.set(rest, value),
            None => entries[at].1 = value,
        }
    }

    /// All values with their dotted keys.
    pub(crate) fn flatten(&self) -> Vec<(String, String)> {
        let mut flat = Vec::new();
        if let Self::Map(entries) = self {
            flatten_into(entries, "", &mut flat);
        }
        flat
    }

    /// Its text.
    pub(crate) fn text(&self) -> String {
        match self {
            Self::Null => NONE.to_owned(),
            Self::Bool(value) => value.to_string(),
            Self::Number(text) | Self::Text(text) | Self::Untyped(text) => text.clone(),
            Self::List(_) | Self::Map(_) => {
                let mut json = String::new();
                self.write_json(&mut json);
                json
            }
        }
    }

    fn write_json(&self, out: &mut String) {
        match self {
            Self::Null => out.push_str("null"),
            Self::Bool(value) => out.push_str(if *value { "true" } else { "false" }),
            // JSON has no such numbers.
            Self::Number(text) if !is_finite(text) => *out += &quoted(text),
            Self::Number(text) => *out += text,
            Self::Text(text) => *out += &quoted(text),
            Self::Untyped(text) => {
                let is_json = serde_json::from_str::<serde::de::IgnoredAny>(text).is_ok();
                *out += &if is_json { text.clone() } else { quoted(text) };
            }
            Self::List(values) => {
                out.push('[');
                for (number, value) in values.iter().enumerate() {
                    if number > 0 {
                        out.push(',');
                    }
                    value.write_json(out);
                }
                out.push(']');
            }
            Self::Map(entries) => {
                out.push('{');
                for (number, (key, value)) in entries.iter().enumerate() {
                    if number > 0 {
                        out.push(',');
                    }
                    *out += &quoted(key);
                    out.push(':');
                    value.write_json(out);
                }
                out.push('}');
            }
        }
    }
}

fn flatten_into(entries: &[(String, Tree)], prefix: &str, flat: &mut Vec<(String, String)>) {
    for (name, value) in entries {
        let key = format!("{prefix}{name}");
        match value {
            Tree::Map(inner) if !inner.is_empty() => {
                flatten_into(inner, &format!("{key}."), flat);
            }
            other => flat.push((key, other.text())),
        }
    }
}

fn is_finite(number: &str) -> bool {
    number.ends_with(|last: char| last.is_ascii_digit())
}

/// A JSON string.
pub(super) fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// The value of a JSON string, if the text is one.
pub(super) fn unquoted(text: &str) -> Option<String> {
    let is_quoted = text.len() > 1 && text.starts_with('"') && text.ends_with('"');
    is_quoted.then(|| serde_json::from_str(text).ok()).flatten()
}

/// Converts JSON. A number gets its type from its field.
impl<'de> Deserialize<'de> for Tree {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Json;
        impl<'de> Visitor<'de> for Json {
            type Value = Tree;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("JSON")
            }

            fn visit_unit<E>(self) -> Result<Tree, E> {
                Ok(Tree::Null)
            }

            fn visit_bool<E>(self, value: bool) -> Result<Tree, E> {
                Ok(Tree::Bool(value))
            }

            fn visit_i64<E>(self, value: i64) -> Result<Tree, E> {
                Ok(Tree::Number(value.to_string()))
            }

            fn visit_u64<E>(self, value: u64) -> Result<Tree, E> {
                Ok(Tree::Number(value.to_string()))
            }

            fn visit_f64<E>(self, value: f64) -> Result<Tree, E> {
                Ok(Tree::Number(format!("{value:?}")))
            }

            fn visit_str<E>(self, value: &str) -> Result<Tree, E> {
                Ok(Tree::Text(value.to_owned()))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Tree, A::Error> {
                let mut values = Vec::new();
                while let Some(value) = list.next_element()? {
                    values.push(value);
                }
                Ok(Tree::List(values))
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Tree, A::Error> {
                let mut entries = Vec::new();
                while let Some(entry) = map.next_entry()? {
                    entries.push(entry);
                }
                Ok(Tree::Map(entries))
            }
        }
        deserializer.deserialize_any(Json)
    }
}
