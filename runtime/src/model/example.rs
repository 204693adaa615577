//! The input example of a model, in the forms that MLflow stores.

use mlplots_journal::record::{ExampleKind, InputExample};
use serde_json::{Map, Value, json};

use super::onnx::{Graph, Tensor};
use crate::data_frame::DataFrame;

const FILE: &str = "input_example.json";
const SERVING_FILE: &str = "serving_input_example.json";

/// An input example.
#[derive(Debug, PartialEq)]
pub(super) enum Example {
    /// Rows of named columns.
    Frame(DataFrame),
    /// Nested arrays and their shape.
    Tensor(Vec<usize>, Value),
    /// Named tensors.
    Tensors(Map<String, Value>),
}

impl Example {
    /// Finds out which form a value has. `fields` are the names of its first row, in their order;
    /// `columns` names those of a matrix.
    pub(super) fn new(
        value: Value,
        fields: Vec<String>,
        columns: Option<Vec<String>>,
    ) -> Result<Self, String> {
        let frame = |rows| {
            let frame = DataFrame::new(fields, rows);
            frame
                .map(Self::Frame)
                .map_err(|why| format!("the input example: {why}"))
        };
        let example = match value {
            Value::Array(rows) if rows.first().is_some_and(Value::is_object) => frame(rows)?,
            Value::Object(tensors) if tensors.values().any(Value::is_array) => {
                tensors
                    .values()
                    .try_for_each(|tensor| shape(tensor).map(drop))?;
                Self::Tensors(tensors)
            }
            row @ Value::Object(_) => frame(vec![row])?,
            value => Self::Tensor(shape(&value)?, value),
        };
        let Some(columns) = columns else {
            return Ok(example);
        };
        match example {
            Self::Tensor(shape, Value::Array(rows)) if shape.len() == 2 => {
                if shape[1] != columns.len() {
                    return Err(format!(
                        "the input example has {} columns, and {} names for them",
                        shape[1],
                        columns.len()
                    ));
                }
                let cells = |row| {
                    if let Value::Array(cells) = row {
                        cells
                    } else {
                        Vec::new()
                    }
                };
                Ok(Self::Frame(DataFrame {
                    columns,
                    data: rows.into_iter().map(cells).collect(),
                }))
            }
            _ => Err("`columns` needs an input example that is a matrix".to_owned()),
        }
    }

    /// Checks the example against the inputs of an ONNX graph. A data frame for a single input is
    /// checked by the signature, column by column.
    pub(super) fn check(&self, graph: &Graph) -> Result<(), String> {
        let only = graph.inputs.len() == 1;
        for Tensor {
            name,
            shape: wanted,
            ..
        } in &graph.inputs
        {
            let found = match self {
                Self::Frame(_) if only => return Ok(()),
                Self::Frame(frame) if frame.columns.contains(name) => continue,
                Self::Tensor(shape, _) if only => Some(shape.clone()),
                Self::Tensors(fields) => fields.get(name).map(shape).transpose()?,
                _ => None,
            };
            let Some(found) = found else {
                return Err(format!(
                    "the input example lacks the ONNX model's input `{name}`; give it as a map of \
                     the inputs' names"
                ));
            };
            let fits = |wanted: &[i64]| {
                let pairs = || wanted.iter().zip(&found);
                wanted.len() == found.len()
                    && pairs().all(|(&wanted, &length)| wanted == -1 || wanted == length as i64)
            };
            if let Some(wanted) = wanted
                && !fits(wanted)
            {
                return Err(format!(
                    "the input example has the shape {found:?}, but the ONNX model's input `{name}` \
                     has {wanted:?}, where -1 is any length"
                ));
            }
        }
        Ok(())
    }

    /// The two files that MLflow's Python client writes, and their record.
    pub(super) fn files(self) -> (Vec<(String, Vec<u8>)>, InputExample) {
        let (kind, key, value) = match self {
            Self::Frame(frame) => (ExampleKind::Dataframe, "dataframe_split", frame.to_json()),
            Self::Tensor(_, value) => (ExampleKind::Ndarray, "inputs", value),
            Self::Tensors(fields) => (ExampleKind::Ndarray, "inputs", Value::Object(fields)),
        };
        let serving = format!("{:#}", json!({key: &value}));
        let files = vec![
            (FILE.to_owned(), value.to_string().into_bytes()),
            (SERVING_FILE.to_owned(), serving.into_bytes()),
        ];
        let record = InputExample {
            path: FILE.to_owned(),
            serving_path: SERVING_FILE.to_owned(),
            kind,
        };
        (files, record)
    }
}

/// Converts every value to a float, the element type of the graph's input.
pub(super) fn make_floats(frame: &mut DataFrame) -> Result<(), String> {
    for row in &mut frame.data {
        for (value, column) in row.iter_mut().zip(&frame.columns) {
            *value = match value {
                Value::Null => Value::Null,
                Value::Bool(bool) => f64::from(u8::from(*bool)).into(),
                Value::Number(number) => number.as_f64().into(),
                _ => {
                    return Err(format!(
                        "the ONNX model takes numbers, but the input example's column `{column}` \
                         has {value}"
                    ));
                }
            };
        }
    }
    Ok(())
}

/// The shape of nested arrays.
fn shape(value: &Value) -> Result<Vec<usize>, String> {
    let Value::Array(items) = value else {
        return match value {
            Value::Object(_) => Err("the input example mixes arrays and named fields".to_owned()),
            _ => Ok(Vec::new()),
        };
    };
    let Some((first, rest)) = items.split_first() else {
        return Err("the input example is empty".to_owned());
    };
    let inner = shape(first)?;
    for item in rest {
        if shape(item)? != inner {
            return Err("the rows of the input example differ in length".to_owned());
        }
    }
    Ok(std::iter::once(items.len()).chain(inner).collect())
}
