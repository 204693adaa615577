//! What MLflow, its databases and artifact stores take, checked where it is logged: what one of
//! them refused later would keep its run from being whole.

/// Longest name of a metric, param or tag, in characters.
pub const MAX_KEY: usize = 250;
/// Longest value of a param, in characters; MLflow cuts longer ones silently.
pub const MAX_PARAM_VALUE: usize = 6000;
/// Longest value of a tag, in characters; MLflow cuts longer ones silently.
pub const MAX_TAG_VALUE: usize = 8000;
/// Longest name of a run, in characters: a column of MLflow's databases.
const MAX_RUN_NAME: usize = 250;
/// Longest name of an experiment, in characters: a column of MLflow's databases.
const MAX_EXPERIMENT_NAME: usize = 256;
/// Longest name of a user, in characters: a column of MLflow's databases.
pub const MAX_USER: usize = 256;
/// Longest part of an artifact's path, in bytes: what file systems take.
const MAX_FILE_NAME: usize = 255;
/// Longest path of an artifact, in bytes: S3 takes keys of 1024, with the artifact root.
const MAX_ARTIFACT_PATH: usize = 800;

/// Checks the name of a metric, param or tag. `what` names it in the message: `metric`.
pub fn check_key(what: &str, key: &str) -> Result<(), String> {
    if key.is_empty() {
        return Err(format!("a {what} needs a name"));
    }
    let length = key.chars().count();
    if length > MAX_KEY {
        return Err(format!(
            "the {what} name `{}…` has {length} characters; MLflow takes {MAX_KEY}",
            key.chars().take(40).collect::<String>()
        ));
    }
    if let Some(bad) = key
        .chars()
        .find(|c| !(c.is_alphanumeric() || matches!(c, '_' | '/' | '.' | '-' | ' ' | ':')))
    {
        return Err(format!(
            "{bad:?} in the {what} name `{}` is not allowed; \
             MLflow takes letters, digits, `_`, `/`, `.`, `-`, `:` and spaces",
            key.escape_debug()
        ));
    }
    check_segments(key).map_err(|why| format!("the {what} name `{key}` {why}"))
}

/// Checks a param.
pub fn check_param(key: &str, value: &str) -> Result<(), String> {
    check_key("param", key)?;
    check_value("param", key, value, MAX_PARAM_VALUE)
}

/// Checks a tag. MLflow keeps `mlflow.runName` as the run's name too.
pub fn check_tag(key: &str, value: &str) -> Result<(), String> {
    check_key("tag", key)?;
    if key == "mlflow.runName" {
        check_run_name(value)?;
    }
    check_value("tag", key, value, MAX_TAG_VALUE)
}

fn check_value(what: &str, key: &str, value: &str, longest: usize) -> Result<(), String> {
    let length = value.chars().count();
    let why = if length > longest {
        format!("a value of {length} characters; MLflow keeps {longest}")
    } else if value.contains('\0') {
        "a value with a NUL character, which PostgreSQL does not take".to_owned()
    } else {
        return Ok(());
    };
    Err(format!(
        "the {what} `{key}` has {why}. Log it as an artifact: `run.log_text(value, \"{key}.txt\")`"
    ))
}

/// Checks where an artifact goes: a relative path with `/`, no `..`, nothing that MLflow or a file
/// system refuses.
pub fn check_artifact_path(path: &str) -> Result<(), String> {
    if path.is_empty() {
        return Err("an artifact needs a path".to_owned());
    }
    if let Some(bad) = path
        .chars()
        .find(|c| c.is_control() || matches!(c, '\\' | '#' | '?'))
    {
        return Err(format!(
            "{bad:?} in the artifact path `{}` is not allowed",
            path.escape_debug()
        ));
    }
    check_segments(path).map_err(|why| format!("the artifact path `{path}` {why}"))?;
    if let Some(escape) = escape(path) {
        return Err(format!(
            "the artifact path `{path}` has `{escape}`, which MLflow's server decodes to another name"
        ));
    }
    if path.len() > MAX_ARTIFACT_PATH {
        return Err(format!(
            "the artifact path `{}…` has {} bytes; object stores take {MAX_ARTIFACT_PATH}",
            path.chars().take(40).collect::<String>(),
            path.len()
        ));
    }
    match path.split('/').find(|part| part.len() > MAX_FILE_NAME) {
        Some(part) => Err(format!(
            "the artifact path `{}…` has a part of {} bytes; file systems take {MAX_FILE_NAME}",
            path.chars().take(40).collect::<String>(),
            part.len()
        )),
        None => Ok(()),
    }
}

/// The first `%` that two hex digits follow, with them.
fn escape(path: &str) -> Option<&str> {
    path.match_indices('%')
        .filter_map(|(at, _)| path.get(at..at + 3))
        .find(|escape| escape.bytes().skip(1).all(|byte| byte.is_ascii_hexdigit()))
}

/// Checks the name of an experiment.
pub fn check_experiment_name(name: &str) -> Result<(), String> {
    check_title("experiment", name, MAX_EXPERIMENT_NAME)
}

/// Checks the name of a run.
pub fn check_run_name(name: &str) -> Result<(), String> {
    check_title("run", name, MAX_RUN_NAME)
}

fn check_title(what: &str, name: &str, longest: usize) -> Result<(), String> {
    if name.trim().is_empty() {
        return Err(format!("the {what} needs a name"));
    }
    let length = name.chars().count();
    if length > longest {
        return Err(format!(
            "the {what} name has {length} characters; MLflow's databases take {longest}"
        ));
    }
    if name.chars().any(char::is_control) {
        return Err(format!(
            "the {what} name `{}` has a control character",
            name.escape_debug()
        ));
    }
    Ok(())
}

/// Checks the key of a stepped image; MLflow's page parses it out of a file name.
pub fn check_image_key(key: &str) -> Result<(), String> {
    check_key("image", key)?;
    match key
        .chars()
        .find(|c| !(c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.' | '/' | ' ')))
    {
        Some(bad) => Err(format!(
            "{bad:?} in the image key `{key}` is not allowed; \
             MLflow takes ASCII letters, digits, `_`, `-`, `.`, `/` and spaces"
        )),
        None => Ok(()),
    }
}

/// A name must be its own normal form as a path.
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
