//! Python virtual environments with MLflow, which all tests share.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;

use crate::{cache_dir, checkout};

/// A Python virtual environment with the packages of a requirements file.
#[derive(Debug)]
pub struct Venv {
    folder: PathBuf,
    requirements: PathBuf,
}

impl Venv {
    /// The environment of `tests/requirements.txt`. It is created again if the requirements or the
    /// folder change.
    ///
    /// # Panics
    /// The environment cannot be created. The message contains the command that failed.
    pub fn get() -> &'static Self {
        static VENV: OnceLock<Venv> = OnceLock::new();
        VENV.get_or_init(|| Self::open("python", "requirements.txt"))
    }

    /// The environment of `tests/requirements-mlflow-2.txt`, with the last MLflow before 3.
    pub fn mlflow_2() -> &'static Self {
        static VENV: OnceLock<Venv> = OnceLock::new();
        VENV.get_or_init(|| Self::open("python-mlflow-2", "requirements-mlflow-2.txt"))
    }

    fn open(name: &str, requirements: &str) -> Self {
        let folder = cache_dir(name);
        // Several test processes may run at once: the first one creates it, the others wait.
        let lock = File::create(folder.join("lock")).expect("a lock file");
        lock.lock().expect("the lock of the environment");
        let venv = Self {
            folder: folder.join("venv"),
            requirements: checkout().join("tests").join(requirements),
        };
        // Scripts of an environment contain its path, so a moved checkout needs a new one.
        let expected = format!(
            "{}\n{}",
            venv.folder.display(),
            std::fs::read_to_string(&venv.requirements).expect("the requirements")
        );
        let stamp = folder.join("made-from.txt");
        if std::fs::read_to_string(&stamp).ok().as_ref() != Some(&expected) {
            venv.create();
            std::fs::write(stamp, expected).expect("the stamp file is written");
        }
        venv
    }

    fn create(&self) {
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
        let manual = format!(
            "{} -m pip install -r {}",
            self.folder.join("bin").join("python").display(),
            self.requirements.display()
        );
        run(&mut install, &manual);
    }

    /// The Python interpreter, without MLflow's environment variables.
    pub fn python(&self) -> Command {
        self.command("python")
    }

    /// Runs a script with environment variables and arguments, and returns its output.
    ///
    /// # Panics
    /// The script fails. The message contains its stderr.
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

    /// A program of the environment, such as `mlflow`, without MLflow's environment variables.
    pub fn command(&self, program: &str) -> Command {
        let mut command = Command::new(self.folder.join("bin").join(program));
        remove_service_variables(&mut command);
        command
            .env("MLFLOW_DISABLE_TELEMETRY", "true")
            .env("PYTHONWARNINGS", "ignore");
        command
    }
}

/// Runs a script in the environment of [`Venv::get`] and returns its output.
///
/// # Panics
/// The script fails. The message contains its stderr.
pub fn python(script: &str, arguments: &[&str]) -> String {
    Venv::get().run(&[], script, arguments)
}

/// The SHA-256 digest of a local file.
///
/// # Panics
/// The file cannot be read.
pub fn sha256(path: &Path) -> String {
    let script =
        "import hashlib, sys; print(hashlib.sha256(open(sys.argv[1], 'rb').read()).hexdigest())";
    let path = path.to_str().expect("a path in UTF-8");
    python(script, &[path]).trim().to_owned()
}

/// Removes variables that configure MLflow, mlplots or a cloud provider.
pub(crate) fn remove_service_variables(command: &mut Command) {
    for (name, _) in std::env::vars_os() {
        let text = name.to_string_lossy();
        let prefixes = ["MLFLOW_", "MLPLOTS_", "AWS_", "AZURE_", "GOOGLE_"];
        if prefixes.iter().any(|prefix| text.starts_with(prefix)) {
            command.env_remove(&name);
        }
    }
}

fn run(command: &mut Command, manual: &str) {
    let output = command.stdin(Stdio::null()).output();
    let error = match &output {
        Ok(output) if output.status.success() => return,
        Ok(output) => String::from_utf8_lossy(&output.stderr).into_owned(),
        Err(error) => error.to_string(),
    };
    panic!("the tests need a Python environment, and {command:?} failed:\n{error}\nrun: {manual}");
}
