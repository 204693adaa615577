//! Temporary cargo projects, as users have them.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::{Mutex, OnceLock, PoisonError};

use tempfile::TempDir;

use crate::read::{Read, only, read};
use crate::venv::clean;
use crate::{checkout, kept};

/// A package in a temporary folder that uses the checkout's `mlplots`.
#[derive(Debug)]
pub struct Project {
    folder: TempDir,
    name: String,
}

/// How a command ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finished {
    /// Its exit code; -1 if a signal ended it.
    pub code: i32,
    /// What it wrote to stdout.
    pub stdout: String,
    /// What it wrote to stderr.
    pub stderr: String,
}

impl Finished {
    /// Both streams, for a message.
    pub fn text(&self) -> String {
        format!(
            "exit code {}\n--- stdout\n{}\n--- stderr\n{}",
            self.code, self.stdout, self.stderr
        )
    }
}

impl From<Output> for Finished {
    fn from(output: Output) -> Self {
        Self {
            code: output.status.code().unwrap_or(-1),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }
}

impl Project {
    /// A package of this name; give each its own, since they share a target folder.
    pub fn new(name: &str) -> Self {
        let project = Self {
            folder: tempfile::Builder::new()
                .prefix(name)
                .tempdir()
                .expect("a temporary folder"),
            name: name.to_owned(),
        };
        let runtime = checkout().join("runtime");
        let manifest = format!(
            "[package]\nname = \"{name}\"\nversion = \"0.1.0\"\nedition = \"2024\"\n\n\
             [dependencies]\nmlplots = {{ path = \"{}\" }}\n\
             serde = {{ version = \"1\", features = [\"derive\"] }}\n\n\
             [profile.dev]\ndebug = false\n\n[workspace]\n",
            runtime.display()
        );
        // The versions that the checkout is tested with, and no look at the registry.
        let lock = checkout().join("Cargo.lock");
        std::fs::copy(lock, project.path().join("Cargo.lock")).expect("the lock file is copied");
        project.file("Cargo.toml", &manifest)
    }

    /// Writes a file of the project.
    #[must_use]
    pub fn file(self, path: &str, text: &str) -> Self {
        self.write(path, text);
        self
    }

    /// The same, later.
    pub fn write(&self, path: &str, text: &str) {
        let path = self.path().join(path);
        let folder = path.parent().expect("a file is in a folder");
        std::fs::create_dir_all(folder).expect("the folder of the file");
        std::fs::write(path, text).expect("the file of the project");
    }

    /// Adds lines to Cargo.toml.
    #[must_use]
    pub fn manifest(self, lines: &str) -> Self {
        let path = self.path().join("Cargo.toml");
        let text = std::fs::read_to_string(&path).expect("Cargo.toml");
        std::fs::write(path, format!("{text}\n{lines}\n")).expect("Cargo.toml");
        self
    }

    /// Takes a dependency out of Cargo.toml.
    pub fn without(&self, dependency: &str) {
        let path = self.path().join("Cargo.toml");
        let text = std::fs::read_to_string(&path).expect("Cargo.toml");
        let begins = format!("{dependency} = ");
        let kept: Vec<&str> = text
            .lines()
            .filter(|line| !line.starts_with(&begins))
            .collect();
        std::fs::write(path, kept.join("\n")).expect("Cargo.toml");
    }

    /// The names of the crates that its program is built from, without its own.
    pub fn crates(&self) -> BTreeSet<String> {
        let tree = self.cargo(&["tree", "-e", "normal,build", "--prefix", "none"]);
        assert_eq!(tree.code, 0, "{}", tree.text());
        let names = tree.stdout.lines().skip(1);
        let names = names.filter_map(|line| line.split_whitespace().next());
        names.map(str::to_owned).collect()
    }

    /// Its name, and its program's.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its folder.
    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// The folders of its runs.
    pub fn runs(&self) -> Vec<PathBuf> {
        let runs = std::fs::read_dir(self.path().join(".mlplots").join("runs"));
        let runs = runs.into_iter().flatten();
        runs.map(|run| run.expect("a run").path()).collect()
    }

    /// The folder of its only run.
    pub fn run_dir(&self) -> PathBuf {
        let mut runs = self.runs();
        assert_eq!(runs.len(), 1, "there is not one run");
        runs.remove(0)
    }

    /// The tracking URI of the database that runs go to if nothing else is said.
    pub fn database(&self) -> String {
        format!("sqlite:///{}", self.path().join("mlflow.db").display())
    }

    /// The runs in its database; none without a database.
    pub fn stored(&self) -> Vec<Read> {
        if self.path().join("mlflow.db").exists() {
            read(&self.database())
        } else {
            Vec::new()
        }
    }

    /// The only run in its database.
    pub fn only(&self) -> Read {
        only(&self.database())
    }

    /// `cargo mlplots exec OPTIONS -- PROGRAM` in its folder; the program has its arguments.
    pub fn exec<P: AsRef<OsStr>>(&self, options: &[&str], program: &[P]) -> Finished {
        let mut command = self.command(&["exec"]);
        command.args(options).arg("--").args(program);
        command.output().expect("cargo-mlplots starts").into()
    }

    /// `cargo mlplots ARGUMENTS` in its folder.
    pub fn mlplots<A: AsRef<OsStr>>(&self, arguments: &[A]) -> Finished {
        self.command(arguments)
            .output()
            .expect("cargo-mlplots starts")
            .into()
    }

    /// The same, to be started by the caller.
    pub fn command<A: AsRef<OsStr>>(&self, arguments: &[A]) -> Command {
        let mut command = cargo_mlplots();
        command
            .arg("mlplots")
            .args(arguments)
            .current_dir(self.path());
        command.env("CARGO_TARGET_DIR", kept("projects"));
        // A program that is shared between tests lies elsewhere: it is of this package all the same.
        command.env("CARGO_MANIFEST_DIR", self.path());
        command
    }

    /// `cargo ARGUMENTS` in its folder.
    pub fn cargo(&self, arguments: &[&str]) -> Finished {
        let mut command = Command::new(env!("CARGO"));
        scrubbed(&mut command);
        let output = command
            .args(arguments)
            .current_dir(self.path())
            .env("CARGO_TARGET_DIR", kept("projects"))
            .output();
        output.expect("cargo starts").into()
    }

    /// The program that a dev build made.
    pub fn program(&self) -> PathBuf {
        kept("projects").join("debug").join(&self.name)
    }

    /// Its program, built with optimizations.
    pub fn release(&self) -> PathBuf {
        let build = self.cargo(&["build", "--quiet", "--release"]);
        assert_eq!(build.code, 0, "{}", build.text());
        kept("projects").join("release").join(&self.name)
    }
}

/// A program with this source, built once for all tests of a file; its file has this name.
pub fn program(name: &str, source: &str) -> &'static Path {
    static BUILT: Mutex<BTreeMap<String, &'static Path>> = Mutex::new(BTreeMap::new());
    let mut programs = BUILT.lock().unwrap_or_else(PoisonError::into_inner);
    programs.entry(name.to_owned()).or_insert_with(|| {
        let project = Project::new(name).file("src/main.rs", source);
        let build = project.cargo(&["build", "--quiet"]);
        assert_eq!(build.code, 0, "{}", build.text());
        Box::leak(project.program().into_boxed_path())
    })
}

/// The `cargo-mlplots` of the checkout, built once: as for development in tests, as people install
/// it in benches.
pub fn cargo_mlplots() -> Command {
    static PROGRAM: OnceLock<PathBuf> = OnceLock::new();
    let program = PROGRAM.get_or_init(|| {
        // A test beside it, however small, makes cargo take the features with which
        // `cargo test --workspace` has built everything already.
        let (selection, folder) = if cfg!(debug_assertions) {
            (
                "--workspace --bin cargo-mlplots --test environment",
                "debug",
            )
        } else {
            ("--package cargo-mlplots --release", "release")
        };
        let mut build = Command::new(env!("CARGO"));
        scrubbed(&mut build);
        let status = build
            .args(["build", "--quiet"])
            .args(selection.split(' '))
            .current_dir(checkout())
            .env("CARGO_TARGET_DIR", target())
            .status();
        assert!(
            status.is_ok_and(|status| status.success()),
            "cargo-mlplots does not build"
        );
        target().join(folder).join("cargo-mlplots")
    });
    // It ignores what it was started to ignore, as a shell starts tests in the background.
    let mut command = Command::new("env");
    command.arg("--default-signal=HUP,INT,QUIT,TERM");
    command.arg(program);
    scrubbed(&mut command);
    command
}

/// The checkout's own target folder.
pub fn target() -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| checkout().join("target"), PathBuf::from)
}

/// Takes away what cargo and the environment of the tests hand to their children.
pub fn scrubbed(command: &mut Command) {
    clean(command);
    for (name, _) in std::env::vars_os() {
        let text = name.to_string_lossy();
        if text.starts_with("CARGO_") && text != "CARGO_HOME" && !text.starts_with("CARGO_REGISTR")
        {
            command.env_remove(&name);
        }
    }
    command
        .env("CARGO_TERM_COLOR", "never")
        .env("RUST_BACKTRACE", "0");
}
