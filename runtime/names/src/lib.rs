//! The names and values that MLflow, its databases, object stores and file systems accept.
//!
//! mlplots checks each name when the user gives it, because a run with a name that a store refuses
//! cannot be shipped. `mlplots-macros` checks the names of `#[train]` and `#[plot]` with the same
//! rules at compile time. This package has one small dependency, so that the macros build early.
//!
//! The error of each function is a message for the user, which names the rule:
//!
//! ```
//! let error = mlplots_names::check_key("metric", "loss@home").unwrap_err();
//! assert_eq!(
//!     error,
//!     "'@' in the metric name `loss@home` is not allowed; \
//!      MLflow takes letters, digits, `_`, `/`, `.`, `-`, `:` and spaces"
//! );
//! ```

#![forbid(unsafe_code)]

use std::fmt::Display;

use unicode_properties::{GeneralCategoryGroup, UnicodeGeneralCategory};

/// Maximum length of the name of a metric, param or tag, in characters.
pub const MAX_KEY: usize = 250;
/// Maximum length of a param's value, in characters. MLflow truncates longer ones silently.
pub const MAX_PARAM_VALUE: usize = 6000;
/// Maximum length of a tag's value, in characters. MLflow truncates longer ones silently.
pub const MAX_TAG_VALUE: usize = 8000;
/// Maximum length of a run's name, in characters: a column of MLflow's databases.
pub const MAX_RUN_NAME: usize = 250;
/// Maximum length of an experiment's name, in characters: a column of MLflow's databases.
pub const MAX_EXPERIMENT_NAME: usize = 256;
/// Maximum length of a user's name, in characters: a column of MLflow's databases.
pub const MAX_USER: usize = 256;
/// Maximum length of a part of an artifact's path, in bytes: the limit of file systems.
pub const MAX_FILE_NAME: usize = 255;
/// Maximum length of an artifact's path, in bytes. S3 keys have at most 1024 bytes, and the
/// artifact root is part of the key.
pub const MAX_ARTIFACT_PATH: usize = 800;
/// Maximum length of a figure's name, in bytes: a file name without the step and the extension.
pub const MAX_FIGURE_NAME: usize = 200;
/// Maximum length of a figure's folder, in bytes: an artifact's path without the file name.
pub const MAX_FOLDER: usize = 500;

/// The folder of the artifacts that mlplots itself logs, below the run's artifact root.
pub const RESERVED_FOLDER: &str = "mlplots";

/// Checks the name of a metric, param, tag or training. `what` is the kind of name in the error
/// message, such as `metric`.
///
/// # Errors
/// Returns an error if the name is empty, is longer than [`MAX_KEY`], contains a character other
/// than letters, digits, `_`, `/`, `.`, `-`, `:` and spaces, or is not a normalized relative path:
/// it starts or ends with `/`, or has an empty part, `.` or `..`.
///
/// ```
/// use mlplots_names::check_key;
///
/// assert!(check_key("metric", "val/loss").is_ok());
/// assert!(check_key("metric", "val//loss").is_err());
/// assert_eq!(check_key("tag", "").unwrap_err(), "a tag needs a name");
/// ```
pub fn check_key(what: &str, key: &str) -> Result<(), String> {
    if key.is_empty() {
        return Err(format!("a {what} needs a name"));
    }
    // Not formatted unless there is an error: this is called for every metric.
    let what = format_args!("{what} name");
    check_characters(what, key, MAX_KEY, "MLflow takes")?;
    let is_allowed = |c: char| is_word(c) || "/.-: ".contains(c);
    let allowed = "MLflow takes letters, digits, `_`, `/`, `.`, `-`, `:` and spaces";
    check_each(what, key, is_allowed, allowed)?;
    check_segments(key).map_err(|why| format!("the {what} `{key}` {why}"))
}

/// Checks the name and the value of a param.
///
/// # Errors
/// Returns an error if [`check_key`] refuses the name, or if the value contains a NUL character or
/// is longer than [`MAX_PARAM_VALUE`].
///
/// ```
/// use mlplots_names::{MAX_PARAM_VALUE, check_param};
///
/// assert!(check_param("alpha", "0.5").is_ok());
/// assert!(check_param("alpha", &"0".repeat(MAX_PARAM_VALUE + 1)).is_err());
/// assert!(check_param("alpha?", "0.5").is_err());
/// ```
pub fn check_param(key: &str, value: &str) -> Result<(), String> {
    check_key("param", key)?;
    check_value("param", key, value, MAX_PARAM_VALUE)
}

/// Checks the name and the value of a tag. The value of the tag `mlflow.runName` is also checked as
/// the name of a run, because MLflow stores it as one.
///
/// # Errors
/// Returns an error if [`check_key`] refuses the name, if the value contains a NUL character or is
/// longer than [`MAX_TAG_VALUE`], or if [`check_run_name`] refuses the value of `mlflow.runName`.
///
/// ```
/// use mlplots_names::check_tag;
///
/// assert!(check_tag("note", "").is_ok());
/// assert!(check_tag("mlflow.runName", "baseline").is_ok());
/// assert!(check_tag("mlflow.runName", "").is_err());
/// ```
pub fn check_tag(key: &str, value: &str) -> Result<(), String> {
    check_key("tag", key)?;
    if key == "mlflow.runName" {
        check_run_name(value)?;
    }
    check_value("tag", key, value, MAX_TAG_VALUE)
}

fn check_value(what: &str, key: &str, value: &str, maximum: usize) -> Result<(), String> {
    let length = value.chars().count();
    let why = if length > maximum {
        format!("a value of {length} characters; MLflow keeps {maximum}")
    } else if value.contains('\0') {
        "a value with a NUL character, which PostgreSQL does not take".to_owned()
    } else {
        return Ok(());
    };
    Err(format!(
        "the {what} `{key}` has {why}. Log it as an artifact: `run.log_text(value, \"{key}.txt\")`"
    ))
}

/// Checks the path of an artifact below the run's artifact root. The path is relative, and `/`
/// separates its parts.
///
/// # Errors
/// Returns an error if the path:
///
/// - is empty, starts or ends with `/`, or has an empty part, `.` or `..`;
/// - contains a control character, `\`, `#`, `?`, or an escape such as `%20`;
/// - starts with `..`, `file:` or a drive of Windows such as `C:/`;
/// - is longer than [`MAX_ARTIFACT_PATH`], or has a part that is longer than [`MAX_FILE_NAME`].
///
/// ```
/// use mlplots_names::check_artifact_path;
///
/// assert!(check_artifact_path("tables/north 50%.csv").is_ok());
/// assert!(check_artifact_path("../secret").is_err());
/// assert!(check_artifact_path("a%20b").is_err());
/// ```
pub fn check_artifact_path(path: &str) -> Result<(), String> {
    if path.is_empty() {
        return Err("an artifact needs a path".to_owned());
    }
    let is_allowed = |c: char| !(c.is_control() || r"\#?".contains(c));
    check_each("artifact path", path, is_allowed, "MLflow refuses it")?;
    check_segments(path).map_err(|why| format!("the artifact path `{path}` {why}"))?;
    if let Some((scheme, rest)) = path.split_once(':')
        && (scheme.eq_ignore_ascii_case("file")
            || scheme.chars().count() == 1 && rest.starts_with('/'))
    {
        return Err(format!(
            "the artifact path `{path}` starts with `{scheme}:`, as a URI or a path of Windows \
             does; MLflow refuses it"
        ));
    }
    if let Some(escape) = escape(path) {
        return Err(format!(
            "the artifact path `{path}` has `{escape}`, which MLflow's server decodes to another name"
        ));
    }
    check_bytes("artifact path", path, MAX_ARTIFACT_PATH)
}

/// Returns the first percent-encoded byte: `%` and two hexadecimal digits.
fn escape(path: &str) -> Option<&str> {
    path.match_indices('%')
        .filter_map(|(at, _)| path.get(at..at + 3))
        .find(|escape| escape.bytes().skip(1).all(|byte| byte.is_ascii_hexdigit()))
}

/// Checks the name of an experiment.
///
/// # Errors
/// Returns an error if the name is blank, is longer than [`MAX_EXPERIMENT_NAME`], or contains a
/// control character.
///
/// ```
/// assert!(mlplots_names::check_experiment_name("Apple demand, 2026").is_ok());
/// assert!(mlplots_names::check_experiment_name(" ").is_err());
/// ```
pub fn check_experiment_name(name: &str) -> Result<(), String> {
    check_title("experiment", name, MAX_EXPERIMENT_NAME)
}

/// Checks the name of a run.
///
/// # Errors
/// Returns an error if the name is blank, is longer than [`MAX_RUN_NAME`], or contains a control
/// character.
///
/// ```
/// assert!(mlplots_names::check_run_name("baseline: 3 layers").is_ok());
/// assert!(mlplots_names::check_run_name("two\nlines").is_err());
/// ```
pub fn check_run_name(name: &str) -> Result<(), String> {
    check_title("run", name, MAX_RUN_NAME)
}

fn check_title(what: &str, name: &str, maximum: usize) -> Result<(), String> {
    if name.trim().is_empty() {
        return Err(format!("the {what} needs a name"));
    }
    let what = format_args!("{what} name");
    check_characters(what, name, maximum, "MLflow's databases take")?;
    let allowed = "a name is one line of text";
    check_each(what, name, |c| !c.is_control(), allowed)
}

/// Checks the key of an image that is logged with a step. MLflow's user interface parses the key
/// from the name of the image's file.
///
/// # Errors
/// Returns an error if [`check_key`] refuses the key, or if it contains a character other than
/// ASCII letters and digits, `_`, `-`, `.`, `/` and spaces.
///
/// ```
/// assert!(mlplots_names::check_image_key("filters/layer-1").is_ok());
/// assert!(mlplots_names::check_image_key("métrique").is_err());
/// ```
pub fn check_image_key(key: &str) -> Result<(), String> {
    check_key("image", key)?;
    let is_allowed = |c: char| c.is_ascii_alphanumeric() || "_-./ ".contains(c);
    let allowed = "MLflow takes ASCII letters, digits, `_`, `-`, `.`, `/` and spaces";
    check_each("image key", key, is_allowed, allowed)
}

/// Checks the name of a figure: the name of its files without the step and the extension.
///
/// # Errors
/// Returns an error if the name is empty, consists only of dots and spaces, contains a character
/// other than letters, digits, `_`, `-`, `.` and spaces, or is longer than [`MAX_FIGURE_NAME`].
///
/// ```
/// assert!(mlplots_names::check_figure_name("q-q plot").is_ok());
/// assert!(mlplots_names::check_figure_name("sales/q-q plot").is_err());
/// ```
pub fn check_figure_name(name: &str) -> Result<(), String> {
    if name.contains('/') {
        return Err(format!(
            "the figure name `{name}` has a `/`: name the folder with `dir = \"…\"`"
        ));
    }
    if name.trim_matches(['.', ' ']).is_empty() {
        return Err(format!("the figure name `{name}` is not a file name"));
    }
    let is_allowed = |c: char| is_word(c) || "-. ".contains(c);
    let allowed = "a file name has letters, digits, `_`, `-`, `.` and spaces";
    check_each("figure name", name, is_allowed, allowed)?;
    check_bytes("figure name", name, MAX_FIGURE_NAME)
}

/// Checks the folder of a figure below the run's artifact root.
///
/// # Errors
/// Returns an error if [`check_artifact_path`] refuses the folder, or if it contains `:` or `%`, is
/// longer than [`MAX_FOLDER`], or is [`RESERVED_FOLDER`] or in it.
///
/// ```
/// assert!(mlplots_names::check_folder("sales/north").is_ok());
/// assert!(mlplots_names::check_folder("mlplots/figures").is_err());
/// ```
pub fn check_folder(folder: &str) -> Result<(), String> {
    let is_allowed = |c: char| !(c.is_control() || r"\#?:%".contains(c));
    check_each("folder", folder, is_allowed, "MLflow refuses it")?;
    check_segments(folder).map_err(|why| format!("the folder `{folder}` {why}"))?;
    if is_reserved(folder) {
        return Err(format!(
            "the folder `{RESERVED_FOLDER}` is reserved for what mlplots logs: take another one"
        ));
    }
    check_bytes("folder", folder, MAX_FOLDER)
}

/// Returns `true` if an artifact's path is [`RESERVED_FOLDER`] or in it.
///
/// ```
/// assert!(mlplots_names::is_reserved("mlplots/figures.json"));
/// assert!(!mlplots_names::is_reserved("mlplots.txt"));
/// ```
pub fn is_reserved(path: &str) -> bool {
    path.split('/').next() == Some(RESERVED_FOLDER)
}

/// Checks that a path is relative and normalized.
fn check_segments(path: &str) -> Result<(), String> {
    if path.starts_with('/') {
        return Err("starts with `/`; it is relative to the run".to_owned());
    }
    if path.ends_with('/') {
        return Err("ends with `/`".to_owned());
    }
    for segment in path.split('/') {
        match segment {
            "" => return Err("has an empty part (`//`)".to_owned()),
            "." | ".." => return Err(format!("has the part `{segment}`, which leads elsewhere")),
            _ => {}
        }
    }
    if path.starts_with("..") {
        return Err("starts with `..`, which MLflow refuses".to_owned());
    }
    Ok(())
}

/// Whether a character is in Python's `\w`: a letter, a number or `_`. [`char::is_alphanumeric`]
/// includes combining vowel signs and circled letters too, which MLflow refuses.
fn is_word(c: char) -> bool {
    use GeneralCategoryGroup::{Letter, Number};
    if c.is_ascii() {
        c.is_ascii_alphanumeric() || c == '_'
    } else {
        matches!(c.general_category_group(), Letter | Number)
    }
}

fn check_each(
    what: impl Display,
    name: &str,
    is_allowed: impl Fn(char) -> bool,
    allowed: &str,
) -> Result<(), String> {
    match name.chars().find(|&c| !is_allowed(c)) {
        Some(bad) => Err(format!(
            "{bad:?} in the {what} `{}` is not allowed; {allowed}",
            name.escape_debug()
        )),
        None => Ok(()),
    }
}

fn check_characters(
    what: impl Display,
    name: &str,
    maximum: usize,
    limit: &str,
) -> Result<(), String> {
    let length = name.chars().count();
    if length > maximum {
        return Err(format!(
            "the {what} `{}…` has {length} characters; {limit} {maximum}",
            beginning(name)
        ));
    }
    Ok(())
}

/// Checks the length of a path and of each of its parts.
fn check_bytes(what: &str, path: &str, maximum: usize) -> Result<(), String> {
    if path.len() > maximum {
        return Err(format!(
            "the {what} `{}…` has {} bytes; the maximum is {maximum}",
            beginning(path),
            path.len()
        ));
    }
    match path.split('/').find(|part| part.len() > MAX_FILE_NAME) {
        Some(part) => Err(format!(
            "the {what} `{}…` has a part of {} bytes; file systems take {MAX_FILE_NAME}",
            beginning(path),
            part.len()
        )),
        None => Ok(()),
    }
}

fn beginning(name: &str) -> String {
    name.chars().take(40).collect()
}

/// Compiles the README's example.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

#[cfg(test)]
mod tests;
