//! MLflow's schemas: the types and shapes of a model's inputs and outputs.

use mlplots_journal::record::Signature;
use serde_json::{Value, json};

use super::example::{Example, make_floats};
use super::onnx::{Graph, Tensor};
use crate::data_frame::DataFrame;

/// The inputs or the outputs of a model, for [`Model::signature`](crate::Model::signature).
///
/// ```
/// use mlplots::{DataType, Schema};
///
/// let inputs = Schema::columns([("price", DataType::Double), ("shop", DataType::String)]);
/// let outputs = Schema::tensor(DataType::Float, &[-1, 2]);
/// # let _ = (inputs, outputs);
/// ```
#[derive(Clone, Debug)]
pub struct Schema(Vec<Value>);

/// The type of a column's or a tensor's values. The discriminants are those of ONNX.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum DataType {
    /// 32-bit floats.
    Float = 1,
    /// 32-bit integers.
    Integer = 6,
    /// 64-bit integers.
    Long = 7,
    /// Text.
    String = 8,
    /// True or false.
    Boolean = 9,
    /// 64-bit floats.
    Double = 11,
}

impl Schema {
    /// Named columns of a data frame; all are required.
    ///
    /// ```
    /// use mlplots::{DataType, Schema};
    ///
    /// let schema = Schema::columns([("price", DataType::Double), ("weekend", DataType::Boolean)]);
    /// # let _ = schema;
    /// ```
    pub fn columns<'a>(columns: impl IntoIterator<Item = (&'a str, DataType)>) -> Self {
        let one = |(name, kind)| column(name, column_type(kind as u64).unwrap_or_default(), true);
        Self(columns.into_iter().map(one).collect())
    }

    /// One unnamed tensor; a length of -1 stands for any length.
    ///
    /// ```
    /// use mlplots::{DataType, Schema};
    ///
    /// let batches_of_images = Schema::tensor(DataType::Float, &[-1, 3, 224, 224]);
    /// # let _ = batches_of_images;
    /// ```
    pub fn tensor(kind: DataType, shape: &[i64]) -> Self {
        Self(vec![tensor(
            None,
            tensor_type(kind as u64).unwrap_or_default(),
            shape,
        )])
    }

    /// Named tensors; a length of -1 stands for any length.
    ///
    /// ```
    /// use mlplots::{DataType, Schema};
    ///
    /// let (ids, mask) = (&[-1, 128][..], &[-1, 128][..]);
    /// let schema = Schema::tensors([("ids", DataType::Long, ids), ("mask", DataType::Long, mask)]);
    /// # let _ = schema;
    /// ```
    pub fn tensors<'a>(tensors: impl IntoIterator<Item = (&'a str, DataType, &'a [i64])>) -> Self {
        let one = |(name, kind, shape)| {
            tensor(
                Some(name),
                tensor_type(kind as u64).unwrap_or_default(),
                shape,
            )
        };
        Self(tensors.into_iter().map(one).collect())
    }
}

/// The record of a model's inputs and, if they are known, outputs.
pub(super) fn signature(inputs: Schema, outputs: Option<Schema>) -> Signature {
    let text = |schema: Schema| Value::Array(schema.0).to_string();
    Signature {
        inputs: text(inputs),
        outputs: outputs.map(text),
    }
}

/// The signature of an ONNX model. A single input is unnamed, so that Python accepts an array for it,
/// unless the example names it. A data frame is passed to a single input column by column, as in
/// MLflow's ONNX flavor, and its values are converted to the type of that input.
pub(super) fn of_onnx(
    graph: &Graph,
    example: Option<&mut Example>,
) -> Result<Option<Signature>, String> {
    let outputs = tensors(&graph.outputs, true);
    let inputs = match (example, graph.inputs.as_slice()) {
        (Some(Example::Frame(frame)), [input]) => {
            let inputs = frame_of_input(frame, input)?;
            return Ok(inputs.map(|inputs| signature(inputs, columns(&graph.outputs).or(outputs))));
        }
        (None | Some(Example::Tensor(..)), [_]) => tensors(&graph.inputs, false),
        _ => tensors(&graph.inputs, true),
    };
    Ok(inputs.map(|inputs| signature(inputs, outputs)))
}

/// The signature of a native model, inferred from its input example.
pub(super) fn of_example(example: &Example) -> Option<Signature> {
    let inputs = match example {
        Example::Frame(frame) => {
            let columns = frame.columns.iter().enumerate().map(|(index, name)| {
                let (kind, required) = json_type(frame.data.iter().map(|row| &row[index]))?;
                Some(column(name, kind, required))
            });
            Schema(columns.collect::<Option<_>>()?)
        }
        Example::Tensor(shape, _) => {
            // The first length is the number of rows, which may be any.
            let shape: Vec<i64> = std::iter::once(-1)
                .chain(shape[1..].iter().map(|&n| n as i64))
                .collect();
            Schema(vec![tensor(None, "float64", &shape)])
        }
        Example::Tensors(_) => return None,
    };
    Some(signature(inputs, None))
}

fn column(name: &str, kind: &str, required: bool) -> Value {
    json!({"type": kind, "name": name, "required": required})
}

fn tensor(name: Option<&str>, kind: &str, shape: &[i64]) -> Value {
    let mut tensor = json!({"type": "tensor", "tensor-spec": {"dtype": kind, "shape": shape}});
    if let Some(name) = name {
        tensor["name"] = name.into();
    }
    tensor
}

/// The tensors of a graph; `None` if MLflow has no name for the type of one.
fn tensors(tensors: &[Tensor], named: bool) -> Option<Schema> {
    let one = |value: &Tensor| {
        let shape = value.shape.as_deref()?;
        Some(tensor(
            named.then_some(&value.name),
            tensor_type(value.element)?,
            shape,
        ))
    };
    tensors.iter().map(one).collect::<Option<_>>().map(Schema)
}

/// The outputs of a graph as columns, if each of them has one column.
fn columns(tensors: &[Tensor]) -> Option<Schema> {
    let one = |value: &Tensor| match value.shape.as_deref()? {
        [_] | [_, 1] => Some(column(&value.name, column_type(value.element)?, true)),
        _ => None,
    };
    tensors.iter().map(one).collect::<Option<_>>().map(Schema)
}

/// Converts a data frame to the type of a graph's single input.
fn frame_of_input(frame: &mut DataFrame, input: &Tensor) -> Result<Option<Schema>, String> {
    let (Some(kind), Some(shape)) = (column_type(input.element), input.shape.as_deref()) else {
        return Ok(None);
    };
    let width = frame.columns.len();
    match *shape {
        [_, -1] => {}
        [_, columns] if columns == width as i64 => {}
        _ => {
            return Err(format!(
                "the input example has {width} columns, but the ONNX model's input `{}` has the \
                 shape {shape:?}, where -1 is any length",
                input.name
            ));
        }
    }
    if matches!(kind, "float" | "double") {
        make_floats(frame)?;
    }
    // MLflow's ONNX flavor converts 64-bit floats to 32-bit ones, but not the reverse.
    let kind = if kind == "float" { "double" } else { kind };
    Ok(Some(Schema(
        frame
            .columns
            .iter()
            .map(|name| column(name, kind, true))
            .collect(),
    )))
}

/// MLflow's type of a column of JSON values, and whether all values are present.
fn json_type<'a>(values: impl Iterator<Item = &'a Value>) -> Option<(&'static str, bool)> {
    let (mut kind, mut required) = (None, true);
    for value in values {
        let this = match value {
            Value::Null => {
                required = false;
                continue;
            }
            Value::Bool(_) => "boolean",
            Value::Number(number) if number.is_f64() => "double",
            Value::Number(_) => "long",
            Value::String(_) => "string",
            Value::Array(_) | Value::Object(_) => return None,
        };
        kind = match (kind, this) {
            (None, this) => Some(this),
            (Some(kind), this) if kind == this => Some(kind),
            (Some("long"), "double") | (Some("double"), "long") => Some("double"),
            _ => return None,
        };
    }
    // Python has no missing integer.
    let kind = if kind == Some("long") && !required {
        Some("double")
    } else {
        kind
    };
    kind.map(|kind| (kind, required))
}

/// MLflow's column type of an ONNX element type.
fn column_type(element: u64) -> Option<&'static str> {
    Some(match element {
        1 => "float",
        6 => "integer",
        7 => "long",
        8 => "string",
        9 => "boolean",
        11 => "double",
        _ => return None,
    })
}

/// numpy's name of an ONNX element type.
fn tensor_type(element: u64) -> Option<&'static str> {
    Some(match element {
        1 => "float32",
        2 => "uint8",
        3 => "int8",
        4 => "uint16",
        5 => "int16",
        6 => "int32",
        7 => "int64",
        8 => "str",
        9 => "bool",
        10 => "float16",
        11 => "float64",
        12 => "uint32",
        13 => "uint64",
        _ => return None,
    })
}
