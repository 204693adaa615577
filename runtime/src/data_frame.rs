//! Rows of named columns: the form of tables and of input examples.

use std::fmt;

use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::{Value, json};

/// Rows of named columns.
#[derive(Debug, PartialEq)]
pub(crate) struct DataFrame {
    pub(crate) columns: Vec<String>,
    pub(crate) data: Vec<Vec<Value>>,
}

impl DataFrame {
    /// Takes the cells of the columns out of the rows.
    ///
    /// # Errors
    /// A row is no object, or its fields are not the columns.
    pub(crate) fn new(columns: Vec<String>, rows: Vec<Value>) -> Result<Self, String> {
        let mut data = Vec::with_capacity(rows.len());
        for (index, row) in rows.into_iter().enumerate() {
            let Value::Object(mut row) = row else {
                return Err(format!("row {index} has no named fields"));
            };
            let cells: Option<Vec<Value>> =
                columns.iter().map(|column| row.remove(column)).collect();
            match cells {
                Some(cells) if row.is_empty() => data.push(cells),
                _ => return Err(format!("row {index} has other columns than row 0")),
            }
        }
        Ok(Self { columns, data })
    }

    /// `{"columns": […], "data": [[…]]}`: pandas' orientation `split`.
    pub(crate) fn to_json(&self) -> Value {
        json!({"columns": self.columns, "data": self.data})
    }
}

/// The names of the fields of a JSON object, or of the first object of an array, in their order. A
/// [`Value`] does not keep that order.
pub(crate) fn columns(json: &str) -> Vec<String> {
    serde_json::from_str(json)
        .map(|Columns(names)| names)
        .unwrap_or_default()
}

struct Columns(Vec<String>);

impl<'de> Deserialize<'de> for Columns {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ColumnsVisitor)
    }
}

struct ColumnsVisitor;

impl<'de> Visitor<'de> for ColumnsVisitor {
    type Value = Columns;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object or an array of objects")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<Columns, A::Error> {
        let mut names = Vec::new();
        while let Some((name, IgnoredAny)) = fields.next_entry()? {
            names.push(name);
        }
        Ok(Columns(names))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut rows: A) -> Result<Columns, A::Error> {
        let first = rows.next_element()?;
        while let Some(IgnoredAny) = rows.next_element()? {}
        Ok(first.unwrap_or(Columns(Vec::new())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_in_the_order_of_the_fields() {
        let names = ["zeta", "alpha"].map(str::to_owned).to_vec();
        assert_eq!(columns(r#"{"zeta": 1, "alpha": {"b": 2}}"#), names);
        assert_eq!(
            columns(r#"[{"zeta": 1, "alpha": []}, {"other": 1}]"#),
            names
        );
        assert_eq!(columns("[]"), [""; 0]);
        assert_eq!(columns("[1.5, 2.0]"), [""; 0]);
    }

    #[test]
    fn rows_have_the_columns_of_the_first() {
        let columns = vec!["b".to_owned(), "a".to_owned()];
        let rows = |second: Value| vec![json!({"a": 1, "b": 2}), second];
        let new = |second| DataFrame::new(columns.clone(), rows(second));
        let frame = new(json!({"b": 4, "a": 3})).expect("a frame");
        let split = r#"{"columns":["b","a"],"data":[[2,1],[4,3]]}"#;
        assert_eq!(frame.to_json().to_string(), split);
        let other = Err("row 1 has other columns than row 0".to_owned());
        assert_eq!(new(json!({"a": 3})), other);
        assert_eq!(new(json!({"a": 3, "b": 4, "c": 5})), other);
        assert_eq!(new(json!(3)), Err("row 1 has no named fields".to_owned()));
    }
}
