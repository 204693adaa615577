//! What MLflow and file systems take as names.

/// Longest name of a figure in bytes: file systems take 255 with the step and the extension.
const MAX_FILE: usize = 200;
/// Longest part of a path in bytes, and longest folder: object stores take 800 with the file's name.
const MAX_PART: usize = 255;
const MAX_DIR: usize = 500;
/// Longest key and longest experiment name that MLflow takes, in characters.
const MAX_KEY: usize = 250;
const MAX_EXPERIMENT: usize = 256;

/// The name of a training: MLflow's rules for keys, so that it can stand wherever one does.
pub(crate) fn check_train(name: &str) -> Result<(), String> {
    if name.chars().count() > MAX_KEY {
        return Err(format!("MLflow takes names of up to {MAX_KEY} characters"));
    }
    let known = |c: char| c.is_alphanumeric() || "_/.-: ".contains(c);
    if let Some(bad) = name.chars().find(|&c| !known(c)) {
        return Err(format!(
            "{bad:?} is not allowed: MLflow takes letters, digits, `_`, `-`, `.`, `/`, `:` and spaces"
        ));
    }
    check_segments(name, "a name")
}

pub(crate) fn check_experiment(name: &str) -> Result<(), String> {
    if name.trim().is_empty() {
        return Err(
            "an experiment needs a name: leave `experiment` out for MLflow's default".into(),
        );
    }
    if name.chars().count() > MAX_EXPERIMENT {
        return Err(format!(
            "MLflow takes names of up to {MAX_EXPERIMENT} characters"
        ));
    }
    match name.chars().find(|c| c.is_control()) {
        Some(bad) => Err(format!(
            "{bad:?} is not allowed: a name is one line of text"
        )),
        None => Ok(()),
    }
}

/// The name of a plot is the file name of its figure.
pub(crate) fn check_plot(name: &str) -> Result<(), String> {
    if name.contains('/') {
        return Err("a name is one part of a path: put the folder into `dir = \"…\"`".into());
    }
    if name.trim_matches(['.', ' ']).is_empty() {
        return Err("a figure needs a file name: leave `name` out for that of the function".into());
    }
    if name.len() > MAX_FILE {
        return Err(format!(
            "a name has up to {MAX_FILE} bytes: file systems take no more"
        ));
    }
    match name
        .chars()
        .find(|&c| !(c.is_alphanumeric() || "_-. ".contains(c)))
    {
        Some(bad) => Err(format!(
            "{bad:?} is not allowed: a file name has letters, digits, `_`, `-`, `.` and spaces"
        )),
        None => Ok(()),
    }
}

/// A folder below the run's artifact root.
pub(crate) fn check_dir(dir: &str) -> Result<(), String> {
    if dir.starts_with('/') {
        return Err("a folder is relative to the run's artifacts: remove the first `/`".into());
    }
    if let Some(bad) = dir
        .chars()
        .find(|&c| c.is_control() || r"\#?:%".contains(c))
    {
        return Err(format!(
            "{bad:?} is not allowed: MLflow refuses it in the path of an artifact"
        ));
    }
    if dir.split('/').next() == Some("mlplots") {
        return Err("`mlplots` holds what mlplots logs itself: take another folder".into());
    }
    if dir.len() > MAX_DIR || dir.split('/').any(|part| part.len() > MAX_PART) {
        return Err(format!(
            "a folder has up to {MAX_DIR} bytes, {MAX_PART} in each part: stores take no more"
        ));
    }
    check_segments(dir, "a folder")
}

fn check_segments(path: &str, what: &str) -> Result<(), String> {
    match path
        .split('/')
        .find(|segment| matches!(*segment, "" | "." | ".."))
    {
        None => Ok(()),
        Some("") if path.is_empty() => Err(format!("{what} is not empty: leave the option out")),
        Some("") => Err(format!("{what} has no empty parts: remove a `/`")),
        Some(segment) => Err(format!(
            "{what} has no `{segment}`: it would lead elsewhere"
        )),
    }
}
