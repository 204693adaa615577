//! The Python version of this machine, which a model names. MLflow warns if a model is loaded with
//! another version, and builds environments with it.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::LazyLock;
use std::thread;

/// The version without a Python on this machine.
const DEFAULT: &str = "3.12";

static VERSION: LazyLock<String> = LazyLock::new(|| {
    let found = ["python3", "python"].into_iter().find_map(|program| {
        let path = std::env::var_os("PATH")?;
        let program = std::env::split_paths(&path)
            .map(|folder| folder.join(program))
            .find(|file| file.is_file())?;
        let chosen = std::env::var("PYENV_VERSION").ok();
        linked(&program)
            .or_else(|| of_pyenv(&program, chosen, &std::env::current_dir().ok()?))
            .or_else(|| asked(&program))
    });
    found.unwrap_or_else(|| DEFAULT.to_owned())
});

/// Its major and minor version.
pub(super) fn version() -> &'static str {
    &VERSION
}

/// Starts the search on a thread: a wrapper may take a tenth of a second.
pub(super) fn look() {
    // Without the thread, the first use searches.
    let _ = thread::Builder::new().spawn(version);
}

/// An installed `python3` is a symbolic link to `python3.11`.
fn linked(program: &Path) -> Option<String> {
    let program = program.canonicalize().ok()?;
    numbers(program.file_name()?.to_str()?.strip_prefix("python")?)
}

/// The version that pyenv's wrapper would start in a folder, if it is chosen by number: the wrapper
/// starts some forty processes to read the same file.
fn of_pyenv(program: &Path, chosen: Option<String>, folder: &Path) -> Option<String> {
    let root = program.parent()?.parent()?;
    if !root.join("libexec/pyenv").is_file() {
        return None;
    }
    let read = |file: PathBuf| std::fs::read_to_string(file).ok();
    let local = || {
        let mut folders = folder.ancestors();
        folders.find_map(|folder| read(folder.join(".python-version")))
    };
    let chosen = chosen
        .filter(|chosen| !chosen.is_empty())
        .or_else(local)
        .or_else(|| read(root.join("version")))?;
    let mut names = chosen.split([':', ' ', '\n']).map(str::trim);
    // No Python 2 has a `python3`.
    numbers(names.find(|name| !name.is_empty() && !name.starts_with("2."))?)
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

    #[test]
    fn the_version_that_pyenv_would_start_is_known_without_it() {
        let folder = tempfile::tempdir().expect("a folder");
        let root = folder.path();
        let write = |path: &str, text: &str| {
            let path = root.join(path);
            std::fs::create_dir_all(path.parent().expect("a parent")).expect("a folder");
            std::fs::write(path, text).expect("a file");
        };
        write("pyenv/version", "3.9.18\n");
        write("project/src/main.rs", "");
        let program = root.join("pyenv/shims/python3");
        let found = |chosen: Option<&str>| {
            let chosen = chosen.map(str::to_owned);
            of_pyenv(&program, chosen, &root.join("project/src")).unwrap_or_default()
        };
        assert_eq!(found(None), "", "some other wrapper");
        write("pyenv/libexec/pyenv", "");
        assert_eq!(found(None), "3.9");
        write("project/.python-version", "2.7.18\n3.12.1\n");
        assert_eq!(found(None), "3.12");
        assert_eq!(found(Some("3.10.13:3.11.7")), "3.10");
        assert_eq!(found(Some("")), "3.12");
        // The program must be started.
        assert_eq!(found(Some("my-environment:3.11.7")), "");
        assert_eq!(found(Some("3")), "");
    }
}
