//! The Python that will most likely load a model: this machine's. MLflow warns whoever loads a model
//! with another one than it names, and builds environments with it.

use std::path::Path;
use std::process::Command;
use std::sync::LazyLock;
use std::thread;

/// Named where this machine has no Python to name.
const DEFAULT: &str = "3.12";

static VERSION: LazyLock<String> = LazyLock::new(|| {
    let found = ["python3", "python"].into_iter().find_map(|program| {
        let path = std::env::var_os("PATH")?;
        let program = std::env::split_paths(&path)
            .map(|folder| folder.join(program))
            .find(|file| file.is_file())?;
        linked(&program).or_else(|| asked(&program))
    });
    found.unwrap_or_else(|| DEFAULT.to_owned())
});

/// Its major and minor version.
pub(super) fn version() -> &'static str {
    &VERSION
}

/// Begins to look for it, beside other work: a wrapper such as pyenv's takes a tenth of a second.
pub(super) fn look() {
    // Whoever needs it looks for it without the thread too.
    let _ = thread::Builder::new().spawn(version);
}

/// An installed `python3` is a link to `python3.11`.
fn linked(program: &Path) -> Option<String> {
    let program = program.canonicalize().ok()?;
    numbers(program.file_name()?.to_str()?.strip_prefix("python")?)
}

fn asked(program: &Path) -> Option<String> {
    let output = Command::new(program).arg("--version").output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    numbers(text.strip_prefix("Python ")?.trim())
}

/// `3.11` of `3.11.7`, and of `3.11` itself.
fn numbers(text: &str) -> Option<String> {
    let mut numbers = text.split('.');
    let (major, minor) = (numbers.next()?, numbers.next()?);
    let is_number = !minor.is_empty() && minor.bytes().all(|byte| byte.is_ascii_digit());
    (major == "3" && is_number).then(|| format!("{major}.{minor}"))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn a_version_is_two_numbers() {
        let of = |text| numbers(text).unwrap_or_default();
        assert_eq!(
            [
                "3.11.7",
                "3.9",
                "3.13.0rc1",
                "3",
                "3.",
                "2.7.18",
                "3.x.1",
                ""
            ]
            .map(of),
            ["3.11", "3.9", "3.13", "", "", "", "", ""]
        );
    }

    #[test]
    fn a_link_tells_it_and_a_wrapper_does_not() {
        let folder = tempfile::tempdir().expect("a folder");
        let (real, link) = (
            folder.path().join("python3.10"),
            folder.path().join("python3"),
        );
        std::fs::write(&real, "not run").expect("a file");
        symlink(&real, &link).expect("a link");
        assert_eq!(linked(&link).as_deref(), Some("3.10"));
        std::fs::remove_file(&link).expect("it can be removed");
        std::fs::write(&link, "#!/bin/sh").expect("a file");
        assert_eq!(linked(&link), None);
    }
}
