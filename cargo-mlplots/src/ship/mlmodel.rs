//! The files that make a logged model loadable: `MLmodel` and the Python environment of an ONNX
//! model, as MLflow's Python client writes them.

use chrono::DateTime;
use mlplots_journal::record::{ExampleKind, Flavor, Model, Signature};
use serde_json::{Map, Value, json};

/// The MLflow release whose format of `MLmodel` this is.
const MLFLOW: &str = "3.17.2";
/// The Python packages that load an ONNX model. They have no versions, since MLflow warns about
/// every version that differs from the installed one.
const REQUIREMENTS: [&str; 5] = ["mlflow", "numpy", "onnx", "onnxruntime", "pandas"];

/// The identity of a model in a store.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Identity<'a> {
    /// MLflow's model id, `m-` and 32 hex digits. MLflow 2 has none.
    pub(crate) model_id: Option<&'a str>,
    /// MLflow's run id.
    pub(crate) run_id: &'a str,
    /// The model's artifact URI, or its path among the run's artifacts.
    pub(crate) artifact_path: &'a str,
    /// The Python version, such as `3.12`.
    pub(crate) python: &'a str,
}

/// The files to store next to those of the model, as names and contents.
pub(crate) fn files(model: &Model, identity: &Identity<'_>) -> Vec<(&'static str, String)> {
    let mut files = match model.flavor {
        Flavor::Onnx { .. } => environment(identity.python),
        Flavor::Native { .. } => Vec::new(),
    };
    files.push(("MLmodel", block(&mlmodel(model, identity))));
    files
}

/// The content of `MLmodel`.
pub(crate) fn mlmodel(model: &Model, identity: &Identity<'_>) -> Value {
    let flavors = match &model.flavor {
        Flavor::Onnx { file } => json!({
            "onnx": {
                "code": null,
                "data": file,
                "onnx_session_options": null,
                // MLflow warns about every provider that the reader's machine lacks.
                "providers": ["CPUExecutionProvider"],
            },
            "python_function": {
                "data": file,
                "env": {"conda": "conda.yaml", "virtualenv": "python_env.yaml"},
                "loader_module": "mlflow.onnx",
                "python_version": identity.python,
            },
        }),
        Flavor::Native { file, type_name } => json!({
            "mlplots": {
                "data": file,
                "mlplots_version": env!("CARGO_PKG_VERSION"),
                "type": type_name,
            },
        }),
    };
    let mut text = json!({
        "artifact_path": identity.artifact_path,
        "flavors": flavors,
        "mlflow_version": MLFLOW,
        "model_size_bytes": model.files.iter().map(|file| file.bytes).sum::<u64>(),
        "model_uuid": identity.model_id.unwrap_or(&model.uuid),
        "run_id": identity.run_id,
        "utc_time_created": utc(model.timestamp),
    });
    if let Some(id) = identity.model_id {
        text["model_id"] = json!(id);
    }
    if let Some(example) = &model.input_example {
        text["saved_input_example_info"] = match example.kind {
            ExampleKind::Dataframe => json!({"type": "dataframe", "pandas_orient": "split"}),
            ExampleKind::Ndarray => json!({"type": "ndarray"}),
        };
        text["saved_input_example_info"]["artifact_path"] = json!(example.path);
        text["saved_input_example_info"]["serving_input_path"] = json!(example.serving_path);
    }
    if let Some(Signature { inputs, outputs }) = &model.signature {
        text["signature"] = json!({"inputs": inputs, "outputs": outputs, "params": null});
    }
    text
}

fn environment(python: &str) -> Vec<(&'static str, String)> {
    let conda = json!({
        "name": "mlflow-env",
        "channels": ["conda-forge"],
        "dependencies": [format!("python={python}"), "pip", {"pip": REQUIREMENTS}],
    });
    let virtualenv = json!({
        "python": python,
        "build_dependencies": ["pip", "setuptools", "wheel"],
        "dependencies": ["-r requirements.txt"],
    });
    let requirements: String = REQUIREMENTS.iter().flat_map(|name| [name, "\n"]).collect();
    vec![
        ("conda.yaml", block(&conda)),
        ("python_env.yaml", block(&virtualenv)),
        ("requirements.txt", requirements),
    ]
}

/// Formats YAML in block style. The keys need no quotes; strings are quoted as in JSON, which YAML
/// accepts.
fn block(value: &Value) -> String {
    let mut lines = Vec::new();
    if let Value::Object(fields) = value {
        push_fields(&mut lines, fields, "");
    }
    lines.concat()
}

fn push_fields(lines: &mut Vec<String>, fields: &Map<String, Value>, indent: &str) {
    for (key, value) in fields {
        match value {
            Value::Object(inner) => {
                lines.push(format!("{indent}{key}:\n"));
                push_fields(lines, inner, &format!("{indent}  "));
            }
            Value::Array(items) => {
                lines.push(format!("{indent}{key}:\n"));
                lines.extend(items.iter().map(|item| format!("{indent}- {item}\n")));
            }
            scalar => lines.push(format!("{indent}{key}: {scalar}\n")),
        }
    }
}

/// Formats milliseconds since 1970, such as `2026-02-28 23:59:59.125000`.
fn utc(millis: i64) -> String {
    let time = DateTime::from_timestamp_millis(millis).unwrap_or_default();
    time.format("%Y-%m-%d %H:%M:%S%.6f").to_string()
}

#[cfg(test)]
mod tests {
    use mlplots_journal::record::{Artifact, Digest, InputExample};

    use super::*;

    const IDENTITY: Identity<'_> = Identity {
        model_id: Some("m-00000000000000000000000000000001"),
        run_id: "r1",
        artifact_path: "mlflow-artifacts:/7/models/m-1/artifacts",
        python: "3.11",
    };

    fn model(flavor: Flavor) -> Model {
        Model {
            uuid: "u".to_owned(),
            name: "model".to_owned(),
            step: 0,
            timestamp: 1_772_323_199_125,
            flavor,
            files: vec![Artifact {
                path: "x".parse().expect("a valid path"),
                sha256: Digest::of(b""),
                bytes: 256,
            }],
            signature: None,
            input_example: None,
        }
    }

    #[test]
    fn an_onnx_model_has_the_flavors_onnx_and_python_function() {
        let mut model = model(Flavor::Onnx {
            file: "model.onnx".to_owned(),
        });
        model.signature = Some(Signature {
            inputs: r#"[{"type":"double","name":"price","required":true}]"#.to_owned(),
            outputs: None,
        });
        model.input_example = Some(InputExample {
            path: "input_example.json".to_owned(),
            serving_path: "serving_input_example.json".to_owned(),
            kind: ExampleKind::Dataframe,
        });
        let files = files(&model, &IDENTITY);
        let names: Vec<_> = files.iter().map(|(name, _)| *name).collect();
        assert_eq!(
            names,
            [
                "conda.yaml",
                "python_env.yaml",
                "requirements.txt",
                "MLmodel"
            ]
        );
        assert_eq!(
            files[0].1,
            "name: \"mlflow-env\"\nchannels:\n- \"conda-forge\"\ndependencies:\n\
             - \"python=3.11\"\n- \"pip\"\n\
             - {\"pip\":[\"mlflow\",\"numpy\",\"onnx\",\"onnxruntime\",\"pandas\"]}\n"
        );
        assert_eq!(
            files[3].1,
            r#"artifact_path: "mlflow-artifacts:/7/models/m-1/artifacts"
flavors:
  onnx:
    code: null
    data: "model.onnx"
    onnx_session_options: null
    providers:
    - "CPUExecutionProvider"
  python_function:
    data: "model.onnx"
    env:
      conda: "conda.yaml"
      virtualenv: "python_env.yaml"
    loader_module: "mlflow.onnx"
    python_version: "3.11"
mlflow_version: "3.17.2"
model_size_bytes: 256
model_uuid: "m-00000000000000000000000000000001"
run_id: "r1"
utc_time_created: "2026-02-28 23:59:59.125000"
model_id: "m-00000000000000000000000000000001"
saved_input_example_info:
  type: "dataframe"
  pandas_orient: "split"
  artifact_path: "input_example.json"
  serving_input_path: "serving_input_example.json"
signature:
  inputs: "[{\"type\":\"double\",\"name\":\"price\",\"required\":true}]"
  outputs: null
  params: null
"#
        );
    }

    #[test]
    fn a_native_model_records_its_rust_type() {
        let flavor = Flavor::Native {
            file: "model.json".to_owned(),
            type_name: "alloc::vec::Vec<f64>".to_owned(),
        };
        let files = files(&model(flavor), &IDENTITY);
        assert_eq!(files.len(), 1, "no Python environment");
        assert!(files[0].1.contains(&format!(
            "flavors:\n  mlplots:\n    data: \"model.json\"\n    mlplots_version: \"{}\"\n    \
             type: \"alloc::vec::Vec<f64>\"\n",
            env!("CARGO_PKG_VERSION")
        )));
    }

    #[test]
    fn times_are_formatted_as_dates_in_utc() {
        assert_eq!(utc(0), "1970-01-01 00:00:00.000000");
        assert_eq!(utc(-1), "1969-12-31 23:59:59.999000");
        assert_eq!(utc(951_782_400_000), "2000-02-29 00:00:00.000000");
        assert_eq!(utc(4_107_542_400_000), "2100-03-01 00:00:00.000000");
        assert_eq!(utc(1_798_761_599_999), "2026-12-31 23:59:59.999000");
    }
}
