use mlplots_journal::record::ExampleKind;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::*;

#[derive(Serialize, Deserialize, Debug, PartialEq)]
struct Ridge {
    coefficients: Vec<f64>,
    intercept: f64,
}

#[derive(Serialize)]
struct Row {
    price: f64,
    weekend: bool,
}

const ROWS: [Row; 2] = [
    Row {
        price: 1.5,
        weekend: true,
    },
    Row {
        price: 2.0,
        weekend: false,
    },
];

fn file<'a>(parts: &'a Parts, path: &str) -> &'a [u8] {
    let found = parts.files.iter().find(|(name, _)| name == path);
    &found.unwrap_or_else(|| panic!("no file {path}")).1
}

fn json(bytes: &[u8]) -> Value {
    serde_json::from_slice(bytes).expect("JSON")
}

fn inputs(parts: &Parts) -> Value {
    json(
        parts
            .signature
            .as_ref()
            .expect("a signature")
            .inputs
            .as_bytes(),
    )
}

fn outputs(parts: &Parts) -> Value {
    let signature = parts.signature.as_ref().expect("a signature");
    json(signature.outputs.as_ref().expect("outputs").as_bytes())
}

#[test]
fn an_onnx_model_with_rows_takes_a_data_frame_of_floats() {
    let model = Model::onnx(onnx::linear(&[2.0, -1.0], 0.5)).input_example(&ROWS);
    let parts = model.into_parts().expect("parts");
    let split = json!({"columns": ["price", "weekend"], "data": [[1.5, 1.0], [2.0, 0.0]]});
    assert_eq!(json(file(&parts, "input_example.json")), split);
    assert_eq!(
        json(file(&parts, "serving_input_example.json")),
        json!({"dataframe_split": split})
    );
    assert_eq!(
        parts.input_example.as_ref().expect("an example").kind,
        ExampleKind::Dataframe
    );
    assert_eq!(
        inputs(&parts),
        json!([
            {"type": "double", "name": "price", "required": true},
            {"type": "double", "name": "weekend", "required": true},
        ])
    );
    assert_eq!(
        outputs(&parts),
        json!([{"type": "double", "name": "output", "required": true}])
    );
}

#[test]
fn a_named_matrix_is_a_data_frame_too() {
    let model = Model::onnx(onnx::linear(&[2.0, -1.0], 0.5)).input_example(&[[1.5, 1.0]]);
    let parts = model
        .columns(["price", "weekend"])
        .into_parts()
        .expect("parts");
    let split = json!({"columns": ["price", "weekend"], "data": [[1.5, 1.0]]});
    assert_eq!(json(file(&parts, "input_example.json")), split);
}

#[test]
fn a_matrix_is_a_tensor() {
    let model = Model::onnx(onnx::linear(&[2.0, -1.0], 0.5)).input_example(&[[1.5, 1.0]]);
    let parts = model.into_parts().expect("parts");
    assert_eq!(
        json(file(&parts, "input_example.json")),
        json!([[1.5, 1.0]])
    );
    assert_eq!(
        json(file(&parts, "serving_input_example.json")),
        json!({"inputs": [[1.5, 1.0]]})
    );
    assert_eq!(
        parts.input_example.as_ref().expect("an example").kind,
        ExampleKind::Ndarray
    );
    let spec = |columns| json!({"dtype": "float64", "shape": [-1, columns]});
    assert_eq!(
        inputs(&parts),
        json!([{"type": "tensor", "tensor-spec": spec(2)}])
    );
    let output = json!([{"type": "tensor", "tensor-spec": spec(1), "name": "output"}]);
    assert_eq!(outputs(&parts), output);
}

#[test]
fn a_wrong_example_is_refused_in_words() {
    let refused = |model: Model| model.into_parts().err().expect("an error");
    let linear = || Model::onnx(onnx::linear(&[2.0, -1.0, 1.0], 0.5));
    assert_eq!(
        refused(linear().input_example(&ROWS)),
        "the input example has 2 columns, but the ONNX model's input `input` has the shape [-1, 3], \
         where -1 is any length"
    );
    assert!(refused(linear().input_example(&[[1.0, 2.0]])).contains("the shape [1, 2]"));
    assert!(
        refused(linear().input_example(&json!([[1, 2, 3], [1, 2]]))).contains("differ in length")
    );
    assert!(refused(linear().input_example(&json!({"other": [[1, 2, 3]]}))).contains("lacks"));
    assert!(
        refused(linear().input_example(&[[1.0, 2.0, 3.0]]).columns(["a"])).contains("3 columns")
    );
    assert!(refused(linear().columns(["a"])).contains("without an `input_example`"));
    let text = json!([{"a": 1, "b": "x", "c": 2}]);
    assert!(refused(linear().input_example(&text)).contains("column `b` has \"x\""));
    assert!(refused(Model::onnx("not ONNX")).contains("not an ONNX file"));
    assert!(refused(Model::onnx_file("/nowhere/model.onnx")).contains("`/nowhere/model.onnx`"));
}

#[test]
fn a_native_model_is_json_with_the_signature_of_its_example() {
    let ridge = Ridge {
        coefficients: vec![0.1, -2.5],
        intercept: 1.0 / 3.0,
    };
    let parts = Model::native(&ridge)
        .input_example(&ROWS)
        .into_parts()
        .expect("parts");
    let read: Ridge = serde_json::from_slice(file(&parts, "model.json")).expect("a ridge");
    assert_eq!(read, ridge);
    let Flavor::Native { type_name, .. } = &parts.flavor else {
        panic!("{:?}", parts.flavor)
    };
    assert!(type_name.ends_with("::Ridge"));
    assert_eq!(
        inputs(&parts)[1],
        json!({"type": "boolean", "name": "weekend", "required": true})
    );
    assert_eq!(parts.signature.expect("a signature").outputs, None);
}

#[test]
fn what_json_cannot_hold_is_refused_at_once() {
    let ridge = Ridge {
        coefficients: vec![f64::NAN],
        intercept: 0.0,
    };
    let refused = Model::native(&ridge).into_parts().err().expect("an error");
    assert!(refused.contains("cannot be read back"), "{refused}");
}

#[test]
fn a_given_signature_wins() {
    let schema = || Schema::columns([("price", DataType::Double), ("shop", DataType::String)]);
    let model = Model::native(&1.0).signature(schema(), Schema::tensor(DataType::Float, &[-1, 2]));
    let parts = model.into_parts().expect("parts");
    assert_eq!(
        inputs(&parts)[1],
        json!({"type": "string", "name": "shop", "required": true})
    );
    let tensor = json!({"type": "tensor", "tensor-spec": {"dtype": "float32", "shape": [-1, 2]}});
    assert_eq!(outputs(&parts), json!([tensor]));
}

#[test]
fn a_native_model_is_loaded_from_its_directory() {
    let directory = std::env::temp_dir().join(format!("mlplots-model-{}", std::process::id()));
    std::fs::create_dir_all(&directory).expect("a directory");
    let mlmodel = "flavors:\n  mlplots:\n    data: \"model.json\"\n    type: \"training::Ridge\"\n";
    std::fs::write(directory.join("MLmodel"), mlmodel).expect("MLmodel");
    std::fs::write(
        directory.join("model.json"),
        r#"{"coefficients":[0.1],"intercept":2}"#,
    )
    .expect("data");
    let ridge: Ridge = load_model(&directory).expect("a ridge");
    let other = load_model::<Vec<f64>>(&directory)
        .expect_err("another type")
        .to_string();
    std::fs::write(
        directory.join("MLmodel"),
        "flavors:\n  onnx:\n    data: model.onnx\n",
    )
    .expect("MLmodel");
    let onnx = load_model::<Ridge>(&directory)
        .expect_err("another flavor")
        .to_string();
    std::fs::remove_dir_all(&directory).expect("removed");
    let gone = load_model::<Ridge>(&directory)
        .expect_err("no directory")
        .to_string();

    assert_eq!(
        ridge,
        Ridge {
            coefficients: vec![0.1],
            intercept: 2.0
        }
    );
    assert!(
        other.contains("it is a `training::Ridge`, not a `alloc::vec::Vec<f64>`"),
        "{other}"
    );
    assert!(onnx.contains("its flavors are: onnx"), "{onnx}");
    assert!(gone.contains("`MLmodel`: No such file"), "{gone}");
}
