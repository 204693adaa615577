//! A Python environment with MLflow, made once for all tests.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;

use crate::{checkout, kept};

/// A Python virtual environment with what a file of `tests/` names.
#[derive(Debug)]
pub struct Venv {
    folder: PathBuf,
    requirements: PathBuf,
}

impl Venv {
    /// The environment of `tests/requirements.txt`; made the first time, and again when the
    /// requirements or the folder change.
    ///
    /// # Panics
    /// Python or the packages cannot be had; the message says what to type.
    pub fn get() -> &'static Self {
        static VENV: OnceLock<Venv> = OnceLock::new();
        VENV.get_or_init(|| Self::made("python", "requirements.txt"))
    }

    /// The same with the last MLflow before 3: `tests/requirements-mlflow-2.txt`.
    pub fn mlflow_2() -> &'static Self {
        static VENV: OnceLock<Venv> = OnceLock::new();
        VENV.get_or_init(|| Self::made("python-mlflow-2", "requirements-mlflow-2.txt"))
    }

    fn made(name: &str, requirements: &str) -> Self {
        let folder = kept(name);
        // Test processes run side by side; the first makes it, the others wait.
        let lock = File::create(folder.join("lock")).expect("a lock file");
        lock.lock().expect("the lock on the Python environment");
        let venv = Self {
            folder: folder.join("venv"),
            requirements: checkout().join("tests").join(requirements),
        };
        // The scripts of an environment name its folder: a checkout that was moved needs a new one.
        let wanted = format!(
            "{}\n{}",
            venv.folder.display(),
            std::fs::read_to_string(&venv.requirements).expect("the requirements")
        );
        let made = folder.join("made-from.txt");
        if std::fs::read_to_string(&made).ok().as_ref() != Some(&wanted) {
            venv.make();
            std::fs::write(made, wanted).expect("the note of what it is made from");
        }
        venv
    }

    fn make(&self) {
        let mut create = Command::new("python3");
        create.args(["-m", "venv", "--clear"]).arg(&self.folder);
        run(&mut create, "apt-get install -y python3 python3-venv");
        let mut install = self.python();
        install.args([
            "-m",
            "pip",
            "install",
            "--quiet",
            "--disable-pip-version-check",
            "-r",
        ]);
        install.arg(&self.requirements);
        let by_hand = format!(
            "{} -m pip install -r {}",
            self.folder.join("bin").join("python").display(),
            self.requirements.display()
        );
        run(&mut install, &by_hand);
    }

    /// Its Python, untouched by variables of MLflow.
    pub fn python(&self) -> Command {
        self.command("python")
    }

    /// Runs a script with environment variables and arguments, and returns what it prints.
    ///
    /// # Panics
    /// The script fails; the message has its errors.
    pub fn run(&self, variables: &[(&str, &str)], script: &str, arguments: &[&str]) -> String {
        let output = self
            .python()
            .envs(variables.iter().copied())
            .args(["-c", script])
            .args(arguments)
            .output()
            .expect("Python starts");
        assert!(
            output.status.success(),
            "the script failed:\n{}",
            String::from_utf8_lossy(&output.stderr)
        );
        String::from_utf8(output.stdout).expect("the script prints UTF-8")
    }

    /// A program of the environment, such as `mlflow`, untouched by variables of MLflow.
    pub fn command(&self, program: &str) -> Command {
        let mut command = Command::new(self.folder.join("bin").join(program));
        clean(&mut command);
        command
            .env("MLFLOW_DISABLE_TELEMETRY", "true")
            .env("PYTHONWARNINGS", "ignore");
        command
    }
}

/// Runs a script with arguments and returns what it prints.
///
/// # Panics
/// The script fails; the message has its errors.
pub fn python(script: &str, arguments: &[&str]) -> String {
    Venv::get().run(&[], script, arguments)
}

/// The SHA-256 of a file that we have.
///
/// # Panics
/// It cannot be read.
pub fn sha256(path: &Path) -> String {
    let script =
        "import hashlib, sys; print(hashlib.sha256(open(sys.argv[1], 'rb').read()).hexdigest())";
    let path = path.to_str().expect("a path in UTF-8");
    python(script, &[path]).trim().to_owned()
}

/// Takes away what the environment of the tests could change.
pub(crate) fn clean(command: &mut Command) {
    for (name, _) in std::env::vars_os() {
        let text = name.to_string_lossy();
        let ours = ["MLFLOW_", "MLPLOTS_", "AWS_", "AZURE_", "GOOGLE_"];
        if ours.iter().any(|prefix| text.starts_with(prefix)) {
            command.env_remove(&name);
        }
    }
}

fn run(command: &mut Command, by_hand: &str) {
    let output = command.stdin(Stdio::null()).output();
    let why = match &output {
        Ok(output) if output.status.success() => return,
        Ok(output) => String::from_utf8_lossy(&output.stderr).into_owned(),
        Err(why) => why.to_string(),
    };
    panic!("the tests need a Python environment, and {command:?} failed:\n{why}\ntype: {by_hand}");
}
