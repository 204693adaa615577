//! Temporary cargo projects that use mlplots like the project of a user.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::{Mutex, OnceLock, PoisonError};

use tempfile::TempDir;

use crate::read::{StoredRun, only, read};
use crate::venv::remove_service_variables;
use crate::{cache_dir, checkout};

/// A package in a temporary folder that depends on the `mlplots` of this workspace.
#[derive(Debug)]
pub struct Project {
    folder: TempDir,
    name: String,
}

/// The result of a command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finished {
    /// The exit code, or -1 if a signal terminated the process.
    pub code: i32,
    /// The output on stdout.
    pub stdout: String,
    /// The output on stderr.
    pub stderr: String,
}

impl Finished {
    /// Exit code and output, for assertion messages.
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
    /// Creates a package. Projects share a target folder, so each needs its own name.
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
        // With the lock file, cargo uses the versions of the workspace and does not query the
        // registry.
        let lock = checkout().join("Cargo.lock");
        std::fs::copy(lock, project.path().join("Cargo.lock")).expect("Cargo.lock is copied");
        project.file("Cargo.toml", &manifest)
    }

    /// Adds a file to the project.
    #[must_use]
    pub fn file(self, path: &str, text: &str) -> Self {
        self.write(path, text);
        self
    }

    /// Writes a file of the project.
    pub fn write(&self, path: &str, text: &str) {
        let path = self.path().join(path);
        let folder = path.parent().expect("a file has a parent folder");
        std::fs::create_dir_all(folder).expect("the folder is created");
        std::fs::write(path, text).expect("the file is written");
    }

    /// Appends lines to Cargo.toml.
    #[must_use]
    pub fn manifest(self, lines: &str) -> Self {
        let path = self.path().join("Cargo.toml");
        let text = std::fs::read_to_string(&path).expect("Cargo.toml");
        std::fs::write(path, format!("{text}\n{lines}\n")).expect("Cargo.toml");
        self
    }

    /// Removes a dependency from Cargo.toml.
    pub fn remove_dependency(&self, dependency: &str) {
        let path = self.path().join("Cargo.toml");
        let text = std::fs::read_to_string(&path).expect("Cargo.toml");
        let prefix = format!("{dependency} = ");
        let lines: Vec<&str> = text
            .lines()
            .filter(|line| !line.starts_with(&prefix))
            .collect();
        std::fs::write(path, lines.join("\n")).expect("Cargo.toml");
    }

    /// The names of all crates that the program links or needs to build, without the package
    /// itself.
    pub fn crates(&self) -> BTreeSet<String> {
        let tree = self.cargo(&["tree", "-e", "normal,build", "--prefix", "none"]);
        assert_eq!(tree.code, 0, "{}", tree.text());
        let names = tree.stdout.lines().skip(1);
        let names = names.filter_map(|line| line.split_whitespace().next());
        names.map(str::to_owned).collect()
    }

    /// The name of the package and its program.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The project's folder.
    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// The folders of the project's runs.
    pub fn runs(&self) -> Vec<PathBuf> {
        let runs = std::fs::read_dir(self.path().join(".mlplots").join("runs"));
        let runs = runs.into_iter().flatten();
        runs.map(|run| run.expect("a run").path()).collect()
    }

    /// The folder of the only run.
    pub fn run_dir(&self) -> PathBuf {
        let mut runs = self.runs();
        assert_eq!(runs.len(), 1, "the project has exactly one run");
        runs.remove(0)
    }

    /// The tracking URI of the default database, `mlflow.db`.
    pub fn database(&self) -> String {
        format!("sqlite:///{}", self.path().join("mlflow.db").display())
    }

    /// The runs in the default database. Empty if it does not exist.
    pub fn stored(&self) -> Vec<StoredRun> {
        if self.path().join("mlflow.db").exists() {
            read(&self.database())
        } else {
            Vec::new()
        }
    }

    /// The only run in the default database.
    pub fn only(&self) -> StoredRun {
        only(&self.database())
    }

    /// Runs `cargo mlplots exec OPTIONS -- PROGRAM` in the project's folder. `program` includes the
    /// arguments of the program.
    pub fn exec<P: AsRef<OsStr>>(&self, options: &[&str], program: &[P]) -> Finished {
        let mut command = self.command(&["exec"]);
        command.args(options).arg("--").args(program);
        command.output().expect("cargo-mlplots starts").into()
    }

    /// Runs `cargo mlplots ARGUMENTS` in the project's folder.
    pub fn mlplots<A: AsRef<OsStr>>(&self, arguments: &[A]) -> Finished {
        self.command(arguments)
            .output()
            .expect("cargo-mlplots starts")
            .into()
    }

    /// The command `cargo mlplots ARGUMENTS`, which the caller starts.
    pub fn command<A: AsRef<OsStr>>(&self, arguments: &[A]) -> Command {
        let mut command = cargo_mlplots();
        command
            .arg("mlplots")
            .args(arguments)
            .current_dir(self.path());
        command.env("CARGO_TARGET_DIR", cache_dir("projects"));
        // A program that tests share was built elsewhere, but must count as one of this package.
        command.env("CARGO_MANIFEST_DIR", self.path());
        command
    }

    /// Runs `cargo ARGUMENTS` in the project's folder.
    pub fn cargo(&self, arguments: &[&str]) -> Finished {
        let mut command = Command::new(env!("CARGO"));
        clean_env(&mut command);
        let output = command
            .args(arguments)
            .current_dir(self.path())
            .env("CARGO_TARGET_DIR", cache_dir("projects"))
            .output();
        output.expect("cargo starts").into()
    }

    /// The path of the program in a dev build.
    pub fn program(&self) -> PathBuf {
        cache_dir("projects").join("debug").join(&self.name)
    }

    /// Builds the program with optimizations and returns its path.
    pub fn release_program(&self) -> PathBuf {
        let build = self.cargo(&["build", "--quiet", "--release"]);
        assert_eq!(build.code, 0, "{}", build.text());
        cache_dir("projects").join("release").join(&self.name)
    }
}

/// Builds a program with this source once per test binary. `name` becomes its file name.
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

/// The `cargo-mlplots` of this workspace, built once: unoptimized for tests, with optimizations for
/// benchmarks.
pub fn cargo_mlplots() -> Command {
    static PROGRAM: OnceLock<PathBuf> = OnceLock::new();
    let program = PROGRAM.get_or_init(|| {
        // With a test target, cargo selects the same features as `cargo test --workspace`, so that
        // it does not build the dependencies again.
        let (selection, folder) = if cfg!(debug_assertions) {
            (
                "--workspace --bin cargo-mlplots --test environment",
                "debug",
            )
        } else {
            ("--package cargo-mlplots --release", "release")
        };
        let mut build = Command::new(env!("CARGO"));
        clean_env(&mut build);
        let status = build
            .args(["build", "--quiet"])
            .args(selection.split(' '))
            .current_dir(checkout())
            .env("CARGO_TARGET_DIR", target())
            .status();
        assert!(
            status.is_ok_and(|status| status.success()),
            "cargo-mlplots cannot be built"
        );
        target().join(folder).join("cargo-mlplots")
    });
    // A process inherits ignored signals, for example from a shell that runs the tests in the
    // background. `env` resets them.
    let mut command = Command::new("env");
    command.arg("--default-signal=HUP,INT,QUIT,TERM");
    command.arg(program);
    clean_env(&mut command);
    command
}

/// The target folder of the workspace.
pub fn target() -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| checkout().join("target"), PathBuf::from)
}

/// Removes environment variables that cargo, or the user of the tests, sets and that change
/// results.
pub fn clean_env(command: &mut Command) {
    remove_service_variables(command);
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
