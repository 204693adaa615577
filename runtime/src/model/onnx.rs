//! ONNX files: a linear model written as one, and what a file says of its inputs and outputs.

use super::wire::{Fields, Malformed, Message, Value};

const DOUBLE: u64 = 11;

/// A linear model as an ONNX file: `output = input · coefficients + intercept`, all in `f64`.
///
/// The input `input` has the shape (rows, coefficients), the output `output` (rows, 1). The file
/// is of IR version 8 and operator set 13, which ONNX Runtime reads since 1.10.
///
/// ```
/// use mlplots::{Model, onnx};
///
/// let bytes = onnx::linear(&[2.0, -1.0], 0.5);
/// let model = Model::onnx(bytes).input_example(&[[1.0, 3.0]]);
/// # let _ = model;
/// ```
pub fn linear(coefficients: &[f64], intercept: f64) -> Vec<u8> {
    let width = coefficients.len() as u64;
    let node = |operator: &str, inputs: [&str; 2], output: &str| {
        Message::default()
            .bytes(1, inputs[0].as_bytes())
            .bytes(1, inputs[1].as_bytes())
            .bytes(2, output.as_bytes())
            .bytes(4, operator.as_bytes())
    };
    let tensor = |name: &str, dims: &[u64], values: &[f64]| {
        let raw: Vec<u8> = values
            .iter()
            .flat_map(|value| value.to_le_bytes())
            .collect();
        dims.iter()
            .fold(Message::default(), |message, &dim| message.int(1, dim))
            .int(2, DOUBLE)
            .bytes(8, name.as_bytes())
            .bytes(9, &raw)
    };
    let value = |name: &str, columns: u64| {
        let rows = Message::default().bytes(2, b"rows");
        let columns = Message::default().int(1, columns);
        let shape = Message::default().message(1, &rows).message(1, &columns);
        let tensor = Message::default().int(1, DOUBLE).message(2, &shape);
        let kind = Message::default().message(1, &tensor);
        Message::default()
            .bytes(1, name.as_bytes())
            .message(2, &kind)
    };
    let graph = Message::default()
        .message(1, &node("MatMul", ["input", "coefficients"], "product"))
        .message(1, &node("Add", ["product", "intercept"], "output"))
        .bytes(2, b"linear")
        .message(5, &tensor("coefficients", &[width, 1], coefficients))
        .message(5, &tensor("intercept", &[1], &[intercept]))
        .message(11, &value("input", width))
        .message(12, &value("output", 1));
    Message::default()
        .int(1, 8)
        .bytes(2, b"mlplots")
        .bytes(3, env!("CARGO_PKG_VERSION").as_bytes())
        .message(7, &graph)
        .message(8, &Message::default().int(2, 13))
        .finish()
}

/// What an ONNX file says of itself.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Graph {
    pub(super) inputs: Vec<Tensor>,
    pub(super) outputs: Vec<Tensor>,
    /// The weights are in other files.
    pub(super) external: bool,
}

/// An input or output.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Tensor {
    pub(super) name: String,
    /// ONNX's number of the element type; 0 if it is not a tensor at all.
    pub(super) element: u64,
    /// -1 for a length that is not fixed; `None` if the file does not say.
    pub(super) shape: Option<Vec<i64>>,
}

/// Reads the inputs and outputs of an ONNX file.
pub(super) fn read(file: &[u8]) -> Result<Graph, String> {
    let graph = read_graph(file).map_err(|Malformed| {
        "these bytes are not an ONNX file, or the file is truncated".to_owned()
    })?;
    if graph.inputs.is_empty() || graph.outputs.is_empty() {
        return Err("this ONNX file has no graph with inputs and outputs".to_owned());
    }
    Ok(graph)
}

fn read_graph(file: &[u8]) -> Result<Graph, Malformed> {
    let mut graph = Graph::default();
    let mut initializers = Vec::new();
    for (number, field) in inner(file, 7)?
        .into_iter()
        .flat_map(Fields)
        .collect::<Result<Vec<_>, _>>()?
    {
        match (number, field) {
            (5, Value::Bytes(tensor)) => {
                initializers.push(first_text(tensor, 8)?);
                graph.external |= first_int(tensor, 14)? == Some(1);
            }
            (11, Value::Bytes(value)) => graph.inputs.push(tensor(value)?),
            (12, Value::Bytes(value)) => graph.outputs.push(tensor(value)?),
            _ => {}
        }
    }
    // Old files list their weights among the inputs too.
    graph
        .inputs
        .retain(|input| !initializers.contains(&input.name));
    Ok(graph)
}

fn tensor(value: &[u8]) -> Result<Tensor, Malformed> {
    let mut tensor = Tensor {
        name: first_text(value, 1)?,
        ..Tensor::default()
    };
    let kinds = inner(value, 2)?;
    let Some(&kind) = kinds
        .first()
        .map(|kind| inner(kind, 1))
        .transpose()?
        .unwrap_or_default()
        .first()
    else {
        return Ok(tensor);
    };
    tensor.element = first_int(kind, 1)?.unwrap_or_default();
    if let Some(shape) = inner(kind, 2)?.first() {
        let length = |dim: &&[u8]| Ok(first_int(dim, 1)?.map_or(-1, |length| length as i64));
        tensor.shape = Some(
            inner(shape, 1)?
                .iter()
                .map(length)
                .collect::<Result<_, _>>()?,
        );
    }
    Ok(tensor)
}

/// All inner messages of one field.
fn inner(message: &[u8], wanted: u64) -> Result<Vec<&[u8]>, Malformed> {
    let mut found = Vec::new();
    for field in Fields(message) {
        if let (number, Value::Bytes(bytes)) = field?
            && number == wanted
        {
            found.push(bytes);
        }
    }
    Ok(found)
}

fn first_text(message: &[u8], wanted: u64) -> Result<String, Malformed> {
    let found = inner(message, wanted)?;
    Ok(found
        .first()
        .map(|bytes| String::from_utf8_lossy(bytes).into_owned())
        .unwrap_or_default())
}

fn first_int(message: &[u8], wanted: u64) -> Result<Option<u64>, Malformed> {
    for field in Fields(message) {
        if let (number, Value::Int(value)) = field?
            && number == wanted
        {
            return Ok(Some(value));
        }
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_linear_model_says_what_it_takes_and_gives() {
        let graph = read(&linear(&[2.0, -1.0, 0.25], 0.5)).expect("an ONNX file");
        let tensor = |name: &str, columns| Tensor {
            name: name.to_owned(),
            element: DOUBLE,
            shape: Some(vec![-1, columns]),
        };
        assert_eq!(graph.inputs, [tensor("input", 3)]);
        assert_eq!(graph.outputs, [tensor("output", 1)]);
        assert!(!graph.external);
    }

    #[test]
    fn other_bytes_are_refused() {
        assert!(read(b"").is_err());
        assert!(read(b"GGUF\x03\0\0\0 not ONNX").is_err());
        let file = linear(&[1.0], 0.0);
        // The graph is whole only before the operator set, the last four bytes.
        for end in 0..file.len() - 4 {
            assert!(read(&file[..end]).is_err(), "cut at {end}");
        }
    }
}
