//! Models of a run: an ONNX file, or any serde value.

mod example;
mod load;
pub mod onnx;
mod schema;
#[cfg(test)]
mod tests;
mod wire;

use std::path::PathBuf;

use mlplots_journal::record::{Flavor, InputExample, Signature};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::data_frame;
use example::Example;
pub use load::load_model;
pub use schema::{DataType, Schema};

/// A model for [`Run::log_model`](crate::Run::log_model), which returns an error if the model is
/// invalid.
///
/// The signature (the types and shapes of inputs and outputs) comes from the ONNX file or from the
/// input example, unless [`signature`](Self::signature) sets it.
///
/// ```
/// use mlplots::{Model, onnx};
///
/// let bytes = onnx::linear(&[2.0, -1.0], 0.5);
/// let model = Model::onnx(bytes)
///     .input_example(&[[1.0, 3.0], [1.5, 2.0]])
///     .columns(["price", "rainfall"]);
/// # let _ = model;
/// ```
#[derive(Debug)]
#[must_use = "a model does nothing until it is logged"]
pub struct Model {
    kind: Kind,
    /// The value, and the names of its first row in their order.
    example: Option<Result<(Value, Vec<String>), String>>,
    columns: Option<Vec<String>>,
    signature: Option<Signature>,
}

#[derive(Debug)]
enum Kind {
    Onnx(Vec<u8>),
    OnnxFile(PathBuf),
    Native {
        json: Result<Vec<u8>, String>,
        type_name: &'static str,
    },
}

/// The parts of a model's record.
pub(crate) struct Parts {
    pub(crate) flavor: Flavor,
    /// Paths below the model's directory, and contents.
    pub(crate) files: Vec<(String, Vec<u8>)>,
    pub(crate) signature: Option<Signature>,
    pub(crate) input_example: Option<InputExample>,
}

impl Model {
    /// A model in the ONNX format. Python loads it with `mlflow.pyfunc.load_model`, and
    /// `mlflow models serve` serves it.
    ///
    /// ```
    /// use mlplots::{Model, onnx};
    ///
    /// let model = Model::onnx(onnx::linear(&[2.0, -1.0], 0.5));
    /// # let _ = model;
    /// ```
    pub fn onnx(bytes: impl Into<Vec<u8>>) -> Self {
        Self::new(Kind::Onnx(bytes.into()))
    }

    /// A model in an ONNX file, which must contain all weights. `log_model` reads the file.
    ///
    /// ```
    /// let model = mlplots::Model::onnx_file("target/model.onnx");
    /// # let _ = model;
    /// ```
    pub fn onnx_file(path: impl Into<PathBuf>) -> Self {
        Self::new(Kind::OnnxFile(path.into()))
    }

    /// A model that is any serde value, stored as JSON; [`load_model`] reads it back. `log_model`
    /// returns an error for a value that JSON cannot represent, such as NaN.
    ///
    /// ```
    /// #[derive(serde::Serialize, serde::Deserialize)]
    /// struct Ridge { coefficients: Vec<f64>, intercept: f64 }
    ///
    /// let ridge = Ridge { coefficients: vec![0.1, -2.5], intercept: 1.0 };
    /// let model = mlplots::Model::native(&ridge);
    /// # let _ = model;
    /// ```
    pub fn native<T: Serialize + DeserializeOwned>(value: &T) -> Self {
        let json = serde_json::to_vec(value)
            .map_err(|why| why.to_string())
            .and_then(|json| match serde_json::from_slice::<T>(&json) {
                Ok(_) => Ok(json),
                Err(why) => Err(format!("written as JSON it cannot be read back: {why}")),
            });
        Self::new(Kind::Native {
            json,
            type_name: std::any::type_name::<T>(),
        })
    }

    fn new(kind: Kind) -> Self {
        Self {
            kind,
            example: None,
            columns: None,
            signature: None,
        }
    }

    /// Sets an input example for users of the model: rows with named fields (a data frame in
    /// Python), a matrix or other nested arrays of equal lengths (a numpy array), or a map from names
    /// to such arrays. A few rows are enough.
    ///
    /// ```
    /// use mlplots::{Model, onnx};
    ///
    /// #[derive(serde::Serialize)]
    /// struct Row { price: f64, rainfall: f64 }
    ///
    /// let rows = [Row { price: 1.5, rainfall: 0.0 }, Row { price: 2.0, rainfall: 3.5 }];
    /// let model = Model::onnx(onnx::linear(&[2.0, -1.0], 0.5)).input_example(&rows);
    /// # let _ = model;
    /// ```
    pub fn input_example<T: Serialize + ?Sized>(mut self, example: &T) -> Self {
        let value = serde_json::to_value(example).and_then(|value| {
            let fields = data_frame::columns(&serde_json::to_string(example)?);
            Ok((value, fields))
        });
        self.example = Some(value.map_err(|why| format!("the input example is not JSON: {why}")));
        self
    }

    /// Sets the column names of an input example that is a matrix, which makes it a data frame.
    ///
    /// ```
    /// use mlplots::{Model, onnx};
    ///
    /// let model = Model::onnx(onnx::linear(&[2.0, -1.0], 0.5))
    ///     .input_example(&[[1.5, 0.0], [2.0, 3.5]])
    ///     .columns(["price", "rainfall"]);
    /// # let _ = model;
    /// ```
    pub fn columns<S: Into<String>>(mut self, names: impl IntoIterator<Item = S>) -> Self {
        self.columns = Some(names.into_iter().map(Into::into).collect());
        self
    }

    /// Sets the inputs and outputs of the model in place of those that are inferred.
    ///
    /// ```
    /// use mlplots::{DataType, Model, Schema};
    ///
    /// let inputs = Schema::columns([("price", DataType::Double), ("shop", DataType::String)]);
    /// let outputs = Schema::tensor(DataType::Double, &[-1]);
    /// let model = Model::native(&[0.1, -2.5]).signature(inputs, outputs);
    /// # let _ = model;
    /// ```
    pub fn signature(mut self, inputs: Schema, outputs: Schema) -> Self {
        self.signature = Some(schema::signature(inputs, Some(outputs)));
        self
    }

    pub(crate) fn into_parts(self) -> Result<Parts, String> {
        let mut example = match (self.example, self.columns) {
            (Some(example), columns) => {
                let (value, fields) = example?;
                Some(Example::new(value, fields, columns)?)
            }
            (None, Some(_)) => return Err("`columns` without an `input_example`".to_owned()),
            (None, None) => None,
        };
        let (flavor, data, inferred) = match self.kind {
            Kind::Onnx(bytes) => {
                let signature = signature_of_onnx(&bytes, example.as_mut())?;
                (
                    Flavor::Onnx {
                        file: "model.onnx".to_owned(),
                    },
                    bytes,
                    signature,
                )
            }
            Kind::OnnxFile(path) => {
                let file = path.display();
                let bytes = std::fs::read(&path)
                    .map_err(|why| format!("could not read `{file}`: {why}"))?;
                let signature = signature_of_onnx(&bytes, example.as_mut())
                    .map_err(|why| format!("`{file}`: {why}"))?;
                (
                    Flavor::Onnx {
                        file: "model.onnx".to_owned(),
                    },
                    bytes,
                    signature,
                )
            }
            Kind::Native { json, type_name } => {
                let flavor = Flavor::Native {
                    file: "model.json".to_owned(),
                    type_name: type_name.to_owned(),
                };
                (flavor, json?, example.as_ref().and_then(schema::of_example))
            }
        };
        let (Flavor::Onnx { file } | Flavor::Native { file, .. }) = &flavor;
        let mut files = vec![(file.clone(), data)];
        let input_example = example.map(|example| {
            let (example_files, record) = example.files();
            files.extend(example_files);
            record
        });
        Ok(Parts {
            flavor,
            files,
            signature: self.signature.or(inferred),
            input_example,
        })
    }
}

fn signature_of_onnx(
    bytes: &[u8],
    example: Option<&mut Example>,
) -> Result<Option<Signature>, String> {
    let graph = onnx::read(bytes)?;
    if graph.external {
        return Err(
            "this ONNX model keeps its weights in other files; save it as one file".to_owned(),
        );
    }
    if let Some(example) = &example {
        example.check(&graph)?;
    }
    schema::of_onnx(&graph, example)
}
