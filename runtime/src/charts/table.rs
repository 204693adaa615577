//! Columns of a table as arguments of charts.

use super::input::same_length;

/// Copies of named columns, so that the figure can be drawn later.
pub(super) struct Table {
    pub(super) names: Vec<String>,
    pub(super) columns: Vec<Vec<f64>>,
}

impl Table {
    pub(super) fn new<N: AsRef<str>, C: AsRef<[f64]>>(names: &[N], columns: &[C]) -> Self {
        Self {
            names: names.iter().map(|name| name.as_ref().to_owned()).collect(),
            columns: columns
                .iter()
                .map(|column| column.as_ref().to_vec())
                .collect(),
        }
    }

    /// The number of rows; an error if the names or the columns differ in length.
    pub(super) fn rows(&self) -> Result<usize, String> {
        same_length(("names", "columns"), self.names.len(), self.columns.len())?;
        let Some(rows) = self.columns.first().map(Vec::len) else {
            return Err("`columns` is empty".to_owned());
        };
        if rows == 0 {
            return Err("`columns` has no rows".to_owned());
        }
        for (name, column) in self.names.iter().zip(&self.columns) {
            if column.len() != rows {
                return Err(format!(
                    "`columns` has {rows} rows in {:?} and {} in {name:?}; the values of a row \
                     belong together",
                    self.names[0],
                    column.len()
                ));
            }
        }
        Ok(rows)
    }
}
