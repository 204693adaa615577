//! Loads a native model.

use std::path::Path;

use serde::de::DeserializeOwned;

use crate::error::Error;

/// Loads a model that was logged with [`Model::native`](crate::Model::native) from a local directory
/// with its `MLmodel` file, as `mlflow artifacts download` writes it.
///
/// # Errors
/// The directory contains no such model, the model has another type (names are compared without
/// their modules), or its data no longer fits the type.
///
/// ```no_run
/// # #[derive(serde::Deserialize)]
/// struct Ridge { coefficients: Vec<f64>, intercept: f64 }
///
/// # fn main() -> Result<(), mlplots::Error> {
/// let ridge: Ridge = mlplots::load_model("downloads/model")?;
/// # let _ = (ridge.coefficients, ridge.intercept);
/// # Ok(())
/// # }
/// ```
pub fn load_model<T: DeserializeOwned>(directory: impl AsRef<Path>) -> Result<T, Error> {
    let directory = directory.as_ref();
    let failed = |why: String| {
        Error::new(format!(
            "could not load the model in `{}`: {why}",
            directory.display()
        ))
    };
    let read = |name: &str| {
        std::fs::read_to_string(directory.join(name))
            .map_err(|why| failed(format!("`{name}`: {why}")))
    };
    let mlmodel = read("MLmodel")?;
    let field = |key| native_field(&mlmodel, key);
    let (Some(data), Some(type_name)) = (field("data"), field("type")) else {
        return Err(failed(format!(
            "it is not a native model of mlplots; its flavors are: {}. \
             An ONNX model is loaded by an ONNX runtime",
            flavors(&mlmodel).collect::<Vec<_>>().join(", ")
        )));
    };
    let wanted = std::any::type_name::<T>();
    if without_modules(&type_name) != without_modules(wanted) {
        return Err(failed(format!("it is a `{type_name}`, not a `{wanted}`")));
    }
    serde_json::from_str(&read(&data)?).map_err(|why| {
        failed(format!(
            "`{data}` does not fit `{wanted}`, which may have changed since: {why}"
        ))
    })
}

/// The lines of one block of `MLmodel`, without their indentation. `flavors` is a mapping of mappings
/// that are indented by two spaces, both from `cargo mlplots` and from Python.
fn block<'a>(text: &'a str, parent: &'a str, indent: usize) -> impl Iterator<Item = &'a str> {
    let depth = |line: &str| line.len() - line.trim_start().len();
    text.lines()
        .skip_while(move |line| {
            depth(line) != indent
                || line
                    .trim()
                    .strip_suffix(':')
                    .is_none_or(|key| key != parent)
        })
        .skip(1)
        .take_while(move |line| depth(line) > indent)
        .filter(move |line| depth(line) == indent + 2)
        .map(str::trim)
}

fn flavors(mlmodel: &str) -> impl Iterator<Item = &str> {
    block(mlmodel, "flavors", 0).map(|line| line.trim_end_matches(':'))
}

fn native_field(mlmodel: &str, key: &str) -> Option<String> {
    let line = block(mlmodel, "mlplots", 2)
        .find_map(|line| line.strip_prefix(key)?.strip_prefix(':'))?
        .trim();
    let single = line
        .strip_prefix('\'')
        .and_then(|line| line.strip_suffix('\''));
    Some(match single {
        Some(text) => text.replace("''", "'"),
        None => serde_json::from_str(line).unwrap_or_else(|_| line.to_owned()),
    })
}

/// `alloc::vec::Vec<my::Layer>` as `Vec<Layer>`: a model may be loaded in another crate than the one
/// that logged it.
fn without_modules(type_name: &str) -> String {
    let mut short = String::new();
    for part in
        type_name.split_inclusive(|c: char| !(c.is_alphanumeric() || matches!(c, '_' | ':')))
    {
        short.push_str(part.rsplit("::").next().unwrap_or(part));
    }
    short
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fields_are_read_from_our_text_and_from_python() {
        let ours = "flavors:\n  \"mlplots\":\n";
        assert_eq!(native_field(ours, "data"), None, "keys are written plain");
        for text in [
            "artifact_path: \"model\"\nflavors:\n  mlplots:\n    data: \"model.json\"\n    type: \"a::B<c::D>\"\nrun_id: \"1\"\n",
            "flavors:\n  other:\n    data: no\n  mlplots:\n    data: model.json\n    type: 'a::B<c::D>'\nmlflow_version: 3\n",
        ] {
            assert_eq!(native_field(text, "data").as_deref(), Some("model.json"));
            assert_eq!(native_field(text, "type").as_deref(), Some("a::B<c::D>"));
        }
        let onnx = "flavors:\n  onnx:\n    data: model.onnx\n  python_function:\n    env:\n      conda: c\n";
        assert_eq!(native_field(onnx, "data"), None);
        assert_eq!(
            flavors(onnx).collect::<Vec<_>>(),
            ["onnx", "python_function"]
        );
    }

    #[test]
    fn type_names_lose_their_modules() {
        assert_eq!(
            without_modules("alloc::vec::Vec<my::net::Layer>"),
            "Vec<Layer>"
        );
        assert_eq!(without_modules("(a::B, [c::D; 3])"), "(B, [D; 3])");
        assert_eq!(without_modules("f64"), "f64");
    }
}
