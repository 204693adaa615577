//! Reads variables like MLflow's Python client.

use std::path::PathBuf;
use std::str::FromStr;

use crate::failure::{Failure, refused};

/// A lookup of variables: the environment of the process, or that of a test.
pub(crate) struct Environment<'a> {
    lookup: &'a dyn Fn(&str) -> Option<String>,
}

#[cfg(test)]
impl<'a> Environment<'a> {
    pub(crate) fn new(lookup: &'a dyn Fn(&str) -> Option<String>) -> Self {
        Self { lookup }
    }
}

impl Environment<'_> {
    /// The environment of this process.
    pub(crate) fn process() -> Self {
        Self {
            lookup: &|name| {
                std::env::var_os(name).map(|value| value.to_string_lossy().into_owned())
            },
        }
    }

    /// A variable that is set and not empty.
    pub(crate) fn text(&self, name: &str) -> Option<String> {
        (self.lookup)(name).filter(|value| !value.is_empty())
    }

    /// A variable for a URL or a header: visible ASCII only.
    #[cfg(feature = "cloud")]
    pub(crate) fn word(&self, name: &str) -> Result<Option<String>, Failure> {
        self.text(name).map(|value| word(name, value)).transpose()
    }

    /// A variable with the path of a file.
    pub(crate) fn path(&self, name: &str) -> Option<PathBuf> {
        self.text(name).map(PathBuf::from)
    }

    /// `true`, `false`, `1` or `0`, in any case.
    pub(crate) fn flag(&self, name: &str, default: bool) -> Result<bool, Failure> {
        match self.text(name).map(|value| value.to_lowercase()).as_deref() {
            None => Ok(default),
            Some("true" | "1") => Ok(true),
            Some("false" | "0") => Ok(false),
            Some(other) => Err(refused(format!(
                "the variable {name} is `{other}`; it takes `true`, `false`, `1` or `0`"
            ))),
        }
    }

    /// A number.
    pub(crate) fn number<T: FromStr>(&self, name: &str, default: T) -> Result<T, Failure> {
        let Some(value) = self.text(name) else {
            return Ok(default);
        };
        value.trim().parse().map_err(|_| {
            refused(format!(
                "the variable {name} is `{value}`, which is not a valid number for it"
            ))
        })
    }
}

/// Checks that a setting is visible ASCII. Errors do not show the value, which may be secret.
#[cfg(feature = "cloud")]
pub(crate) fn word(name: &str, value: String) -> Result<String, Failure> {
    if value.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Ok(value);
    }
    let what = if value.contains(['\n', '\r']) {
        "a line break"
    } else {
        "a character that is not visible ASCII"
    };
    Err(refused(format!("{name} has {what} in it"))
        .help(format!("set {name} again, without spaces and line breaks")))
}
