//! A training that hangs until a test stops it.

use std::path::Path;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use crate::{Finished, Project, trainer};

/// A supervised sample training that has logged everything and hangs.
#[derive(Debug)]
pub struct Hanging {
    process: Child,
    /// The process ID of the training program.
    pub program: u32,
}

impl Hanging {
    /// Starts `cargo mlplots exec OPTIONS -- PROGRAM` in the project's folder. A shell executes the
    /// commands in `before`, such as `trap '' INT`, and then replaces itself with the program.
    pub fn start(folder: &Project, program: &Path, options: &[&str], before: &str) -> Self {
        Self::start_with(folder, program, options, before, &[])
    }

    /// Like [`start`](Self::start), with environment variables.
    pub fn start_with(
        folder: &Project,
        program: &Path,
        options: &[&str],
        before: &str,
        variables: &[(&str, &str)],
    ) -> Self {
        let hanging = folder.path().join("hanging");
        let _ = std::fs::remove_file(&hanging);
        let mut process = folder
            .command(&["exec", "-P", "ending=hang"])
            .args(options)
            .args(["--", "sh", "-c", &format!("{before}\nexec \"$0\"")])
            .arg(program)
            .envs(variables.iter().copied())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("cargo-mlplots starts");
        let start = Instant::now();
        while !hanging.exists() {
            assert!(
                matches!(process.try_wait(), Ok(None)) && start.elapsed() < Duration::from_mins(1),
                "the training does not reach its end"
            );
            std::thread::sleep(Duration::from_millis(10));
        }
        let name = program.file_name().unwrap_or_default().to_string_lossy();
        let program = trainer(process.id(), &name);
        Self { process, program }
    }

    /// The process ID of the supervisor.
    pub fn supervisor(&self) -> u32 {
        self.process.id()
    }

    /// Waits until the supervisor exits.
    pub fn finish(self) -> Finished {
        let output = self.process.wait_with_output();
        output.expect("cargo-mlplots exits").into()
    }
}
