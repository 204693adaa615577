//! The names and values that MLflow, its databases, object stores and file systems accept.
//!
//! mlplots checks a name where it is given: a run that holds a name that one of the stores refuses
//! could not be shipped. `mlplots-macros` checks the names of `#[train]` and `#[plot]` with the same
//! rules at compile time. This package has no dependencies, so that the macros build early.
//!
//! Each function returns an error that names the rule:
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
/// Maximum length of an artifact's path, in bytes. S3 keys have at most 1024, of which the artifact
/// root takes its share.
pub const MAX_ARTIFACT_PATH: usize = 800;
/// Maximum length of a figure's name, in bytes: a file name without the step and the extension.
pub const MAX_FIGURE_NAME: usize = 200;
/// Maximum length of a figure's folder, in bytes: an artifact's path without the file name.
pub const MAX_FOLDER: usize = 500;

/// The folder of the artifacts that mlplots itself logs.
pub const RESERVED_FOLDER: &str = "mlplots";

/// Checks the name of a metric, param, tag or training. `what` is the word for it in the error, such
/// as `metric`.
///
/// # Errors
/// The name is empty, longer than [`MAX_KEY`], has a character that MLflow refuses, or is not its
/// own normal form as a path.
pub fn check_key(what: &str, key: &str) -> Result<(), String> {
    if key.is_empty() {
        return Err(format!("a {what} needs a name"));
    }
    let what = format!("{what} name");
    check_characters(&what, key, MAX_KEY, "MLflow takes")?;
    let is_allowed = |c: char| c.is_alphanumeric() || "_/.-: ".contains(c);
    let allowed = "MLflow takes letters, digits, `_`, `/`, `.`, `-`, `:` and spaces";
    check_each(&what, key, is_allowed, allowed)?;
    check_segments(key).map_err(|why| format!("the {what} `{key}` {why}"))
}

/// Checks a param.
///
/// # Errors
/// Its name is refused by [`check_key`], or its value has a NUL or is longer than
/// [`MAX_PARAM_VALUE`].
pub fn check_param(key: &str, value: &str) -> Result<(), String> {
    check_key("param", key)?;
    check_value("param", key, value, MAX_PARAM_VALUE)
}

/// Checks a tag. MLflow stores the tag `mlflow.runName` as the run's name too.
///
/// # Errors
/// Its name is refused by [`check_key`], or its value has a NUL or is longer than
/// [`MAX_TAG_VALUE`].
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

/// Checks the path of an artifact below the run's artifact root: a relative path with `/`.
///
/// # Errors
/// The path is empty or absolute, has an empty part, `.`, `..` or a character that MLflow or a file
/// system refuses, or is longer than [`MAX_ARTIFACT_PATH`], or one of its parts is longer than
/// [`MAX_FILE_NAME`].
pub fn check_artifact_path(path: &str) -> Result<(), String> {
    if path.is_empty() {
        return Err("an artifact needs a path".to_owned());
    }
    let is_allowed = |c: char| !(c.is_control() || r"\#?".contains(c));
    check_each("artifact path", path, is_allowed, "MLflow refuses it")?;
    check_segments(path).map_err(|why| format!("the artifact path `{path}` {why}"))?;
    if let Some(escape) = escape(path) {
        return Err(format!(
            "the artifact path `{path}` has `{escape}`, which MLflow's server decodes to another name"
        ));
    }
    check_bytes("artifact path", path, MAX_ARTIFACT_PATH)
}

/// The first `%` that two hexadecimal digits follow, with them.
fn escape(path: &str) -> Option<&str> {
    path.match_indices('%')
        .filter_map(|(at, _)| path.get(at..at + 3))
        .find(|escape| escape.bytes().skip(1).all(|byte| byte.is_ascii_hexdigit()))
}

/// Checks the name of an experiment.
///
/// # Errors
/// The name is blank, longer than [`MAX_EXPERIMENT_NAME`], or has a control character.
pub fn check_experiment_name(name: &str) -> Result<(), String> {
    check_title("experiment", name, MAX_EXPERIMENT_NAME)
}

/// Checks the name of a run.
///
/// # Errors
/// The name is blank, longer than [`MAX_RUN_NAME`], or has a control character.
pub fn check_run_name(name: &str) -> Result<(), String> {
    check_title("run", name, MAX_RUN_NAME)
}

fn check_title(what: &str, name: &str, maximum: usize) -> Result<(), String> {
    if name.trim().is_empty() {
        return Err(format!("the {what} needs a name"));
    }
    let what = format!("{what} name");
    check_characters(&what, name, maximum, "MLflow's databases take")?;
    let allowed = "a name is one line of text";
    check_each(&what, name, |c| !c.is_control(), allowed)
}

/// Checks the key of an image that is logged with a step. MLflow's page parses the key out of a file
/// name.
///
/// # Errors
/// The key is refused by [`check_key`], or has a character that is not ASCII.
pub fn check_image_key(key: &str) -> Result<(), String> {
    check_key("image", key)?;
    let is_allowed = |c: char| c.is_ascii_alphanumeric() || "_-./ ".contains(c);
    let allowed = "MLflow takes ASCII letters, digits, `_`, `-`, `.`, `/` and spaces";
    check_each("image key", key, is_allowed, allowed)
}

/// Checks the name of a figure, which is the name of its files without the extension.
///
/// # Errors
/// The name is no file name, has a character other than letters, digits, `_`, `-`, `.` and spaces,
/// or is longer than [`MAX_FIGURE_NAME`].
pub fn check_figure_name(name: &str) -> Result<(), String> {
    if name.contains('/') {
        return Err(format!(
            "the figure name `{name}` has a `/`: name the folder with `dir = \"…\"`"
        ));
    }
    if name.trim_matches(['.', ' ']).is_empty() {
        return Err(format!("the figure name `{name}` is not a file name"));
    }
    let is_allowed = |c: char| c.is_alphanumeric() || "_-. ".contains(c);
    let allowed = "a file name has letters, digits, `_`, `-`, `.` and spaces";
    check_each("figure name", name, is_allowed, allowed)?;
    check_bytes("figure name", name, MAX_FIGURE_NAME)
}

/// Checks the folder of a figure below the run's artifact root.
///
/// # Errors
/// The folder is refused by [`check_artifact_path`], has a `:` or `%`, is longer than
/// [`MAX_FOLDER`], or is [`RESERVED_FOLDER`].
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

/// Whether a path is [`RESERVED_FOLDER`] or in it.
///
/// ```
/// assert!(mlplots_names::is_reserved("mlplots/figures.json"));
/// assert!(!mlplots_names::is_reserved("mlplots.txt"));
/// ```
pub fn is_reserved(path: &str) -> bool {
    path.split('/').next() == Some(RESERVED_FOLDER)
}

/// Checks that a path is its own normal form.
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
    Ok(())
}

fn check_each(
    what: &str,
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

fn check_characters(what: &str, name: &str, maximum: usize, limit: &str) -> Result<(), String> {
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

/// The README's program compiles.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys() {
        for good in [
            "loss",
            "val/loss",
            "a b",
            "métrique",
            "a:b",
            "x.y-z_0",
            "損失",
        ] {
            assert_eq!(check_key("metric", good), Ok(()), "{good}");
        }
        for bad in [
            "", "/a", "a/", "a//b", "./a", "a/..", "..", "a@b", "a%", "a#b", "a,b", "a\n", "a\\b",
        ] {
            assert!(check_key("metric", bad).is_err(), "{bad:?}");
        }
        assert!(check_key("tag", &"x".repeat(250)).is_ok());
        assert!(check_key("tag", &"x".repeat(251)).is_err());
    }

    #[test]
    fn what_some_databases_refuse_is_refused() {
        assert_eq!(check_tag("note", &"é".repeat(8000)), Ok(()));
        assert_eq!(check_param("text", "a\nb"), Ok(()));
        assert!(check_tag("note", &"é".repeat(8001)).is_err());
        assert!(check_param("text", &"x".repeat(6001)).is_err());
        assert!(check_tag("mlflow.runName", &"x".repeat(400)).is_err());
        for checked in [check_tag("a", "b\0c"), check_param("a", "b\0c")] {
            assert!(checked.is_err_and(|why| why.contains("NUL")));
        }
    }

    #[test]
    fn experiments_and_runs() {
        assert_eq!(check_experiment_name(&"é".repeat(256)), Ok(()));
        assert_eq!(check_run_name(&"é".repeat(250)), Ok(()));
        for bad in ["", " ", "a\nb", &"x".repeat(251)] {
            assert!(check_run_name(bad).is_err(), "{bad:?}");
        }
        assert!(check_experiment_name(&"x".repeat(257)).is_err());
    }

    #[test]
    fn figures_and_folders() {
        for good in [
            "prices",
            "Preis in €".trim_end_matches('€'),
            "q-q plot",
            "a.b",
        ] {
            assert_eq!(check_figure_name(good), Ok(()), "{good}");
        }
        for bad in ["", "..", " ", "a/b", "a?", "a:b", &"x".repeat(201)] {
            assert!(check_figure_name(bad).is_err(), "{bad:?}");
        }
        assert_eq!(check_folder("sales/north"), Ok(()));
        for bad in [
            "/tmp",
            "a/../b",
            "a/",
            "a//b",
            "C:",
            "50%",
            "mlplots",
            "mlplots/figures",
            &"x".repeat(256),
            &"x/".repeat(300),
        ] {
            assert!(check_folder(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn artifact_paths() {
        let longest = format!("a/{}", "x".repeat(255));
        for good in [
            "a.png",
            "plots/a b.png",
            "dé/ü.svg",
            "a+b.png",
            "a:b.txt",
            "50%.txt",
            "50%é.txt",
            "5%a",
            &longest,
        ] {
            assert_eq!(check_artifact_path(good), Ok(()), "{good}");
        }
        for bad in [
            "",
            "../a",
            "/etc/passwd",
            "a/../../b",
            "a#b",
            "a\\b",
            "a\0b",
            "a//b",
            "a?b",
            "a%20b",
            "5%%2F",
            &"x/".repeat(500),
            &format!("{}y", "x/".repeat(400)),
            &format!("{longest}x/b"),
        ] {
            assert!(check_artifact_path(bad).is_err(), "{bad:?}");
        }
    }
}
