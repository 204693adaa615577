//! Finds the Python version of this machine for the files of a model. MLflow builds environments
//! with this version, and warns if another one loads the model.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::LazyLock;
use std::thread;

/// The version if this machine has no Python.
const DEFAULT: &str = "3.12";

static VERSION: LazyLock<String> = LazyLock::new(|| {
    let found = ["python3", "python"].into_iter().find_map(|program| {
        let path = std::env::var_os("PATH")?;
        let program = std::env::split_paths(&path)
            .map(|folder| folder.join(program))
            .find(|file| file.is_file())?;
        let pyenv_version = std::env::var("PYENV_VERSION").ok();
        from_link(&program)
            .or_else(|| from_pyenv(&program, pyenv_version, &std::env::current_dir().ok()?))
            .or_else(|| from_output(&program))
    });
    found.unwrap_or_else(|| DEFAULT.to_owned())
});

/// The major and minor version.
pub(super) fn version() -> &'static str {
    &VERSION
}

/// Starts the search on a thread, since a wrapper may take a tenth of a second.
pub(super) fn start_search() {
    // Without the thread, the first call of `version` searches.
    let _ = thread::Builder::new().spawn(version);
}

/// The version in the target of a symbolic link: `python3` links to `python3.11`.
fn from_link(program: &Path) -> Option<String> {
    let program = program.canonicalize().ok()?;
    major_minor(program.file_name()?.to_str()?.strip_prefix("python")?)
}

/// The version that pyenv's wrapper would start in this directory, if it is set by number. Reading
/// pyenv's files is faster than the wrapper, which starts about forty processes.
fn from_pyenv(program: &Path, pyenv_version: Option<String>, folder: &Path) -> Option<String> {
    let root = program.parent()?.parent()?;
    if !root.join("libexec/pyenv").is_file() {
        return None;
    }
    let read = |file: PathBuf| std::fs::read_to_string(file).ok();
    let local = || {
        let mut folders = folder.ancestors();
        folders.find_map(|folder| read(folder.join(".python-version")))
    };
    let versions = pyenv_version
        .filter(|version| !version.is_empty())
        .or_else(local)
        .or_else(|| read(root.join("version")))?;
    let mut names = versions.split([':', ' ', '\n']).map(str::trim);
    // Python 2 has no `python3`.
    major_minor(names.find(|name| !name.is_empty() && !name.starts_with("2."))?)
}

fn from_output(program: &Path) -> Option<String> {
    let output = Command::new(program).arg("--version").output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    major_minor(text.strip_prefix("Python ")?.trim())
}

/// The major and minor version of Python 3: `3.11` for `3.11.7` and for `3.11`.
fn major_minor(text: &str) -> Option<String> {
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
    fn a_version_is_reduced_to_major_and_minor() {
        let of = |text| major_minor(text).unwrap_or_default();
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
    fn a_link_names_the_version_and_a_wrapper_does_not() {
        let folder = tempfile::tempdir().expect("a directory");
        let (real, link) = (
            folder.path().join("python3.10"),
            folder.path().join("python3"),
        );
        std::fs::write(&real, "never started").expect("a file");
        symlink(&real, &link).expect("a link");
        assert_eq!(from_link(&link).as_deref(), Some("3.10"));
        std::fs::remove_file(&link).expect("removed");
        std::fs::write(&link, "#!/bin/sh").expect("a file");
        assert_eq!(from_link(&link), None);
    }

    #[test]
    fn pyenvs_version_is_found_without_starting_pyenv() {
        let folder = tempfile::tempdir().expect("a directory");
        let root = folder.path();
        let write = |path: &str, text: &str| {
            let path = root.join(path);
            std::fs::create_dir_all(path.parent().expect("a parent")).expect("a directory");
            std::fs::write(path, text).expect("a file");
        };
        write("pyenv/version", "3.9.18\n");
        write("project/src/main.rs", "");
        let program = root.join("pyenv/shims/python3");
        let found = |pyenv_version: Option<&str>| {
            let pyenv_version = pyenv_version.map(str::to_owned);
            from_pyenv(&program, pyenv_version, &root.join("project/src")).unwrap_or_default()
        };
        assert_eq!(found(None), "", "another wrapper than pyenv's");
        write("pyenv/libexec/pyenv", "");
        assert_eq!(found(None), "3.9");
        write("project/.python-version", "2.7.18\n3.12.1\n");
        assert_eq!(found(None), "3.12");
        assert_eq!(found(Some("3.10.13:3.11.7")), "3.10");
        assert_eq!(found(Some("")), "3.12");
        // These versions need the program itself.
        assert_eq!(found(Some("my-environment:3.11.7")), "");
        assert_eq!(found(Some("3")), "");
    }
}
