//! A training that waits for somebody to end it.

use std::path::Path;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use crate::{Finished, Project, trainer};

/// A supervised sample that has logged everything and now hangs.
#[derive(Debug)]
pub struct Hanging {
    process: Child,
    /// The id of the training program.
    pub program: u32,
}

impl Hanging {
    /// Starts `cargo mlplots exec OPTIONS -- PROGRAM` in the project's folder. `before` are
    /// commands of the shell that becomes the program, such as `trap '' INT`; mostly none.
    pub fn start(folder: &Project, program: &Path, options: &[&str], before: &str) -> Self {
        Self::start_with(folder, program, options, before, &[])
    }

    /// The same with environment variables.
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
        let since = Instant::now();
        while !hanging.exists() {
            assert!(
                matches!(process.try_wait(), Ok(None)) && since.elapsed() < Duration::from_mins(1),
                "the training does not hang"
            );
            std::thread::sleep(Duration::from_millis(10));
        }
        let name = program.file_name().unwrap_or_default().to_string_lossy();
        let program = trainer(process.id(), &name);
        Self { process, program }
    }

    /// The id of the supervisor.
    pub fn supervisor(&self) -> u32 {
        self.process.id()
    }

    /// Waits until the supervisor has ended.
    pub fn finish(self) -> Finished {
        let output = self.process.wait_with_output();
        output.expect("cargo-mlplots ends").into()
    }
}
