//! The user's project: its workspace and its program.

mod config;
mod environment;
mod flags;
mod selection;

use std::io::BufReader;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;

use cargo_metadata::camino::Utf8PathBuf;
use cargo_metadata::{BuildScript, Message, Metadata, MetadataCommand};
use mlplots_journal::Exit;

use crate::cli::BuildArgs;
use crate::failure::{Failure, failure};
pub(crate) use crate::scan::Written;
use crate::scan::scan;
use crate::settings::UserUri;
use crate::workspace::here;
pub(crate) use environment::Environment;
use environment::Toolchain;
use selection::Candidate;

/// The workspace, from cargo's metadata.
pub(crate) struct Project {
    metadata: Metadata,
}

/// A training program.
pub(crate) struct Program {
    pub(crate) path: PathBuf,
    /// The environment of `cargo run`; empty if cargo did not build the program.
    pub(crate) environment: Environment,
    /// `tracking-uri` of `package.metadata.mlplots`.
    pub(crate) tracking_uri: Option<UserUri>,
}

impl Project {
    /// Reads the workspace of the current folder or of a manifest.
    pub(crate) fn find(build: &BuildArgs) -> Result<Self, Failure> {
        let mut command = MetadataCommand::new();
        command.cargo_path(cargo()).no_deps();
        if let Some(path) = &build.manifest_path {
            command.manifest_path(path);
        }
        command.other_options(build.flags_of_workspace());
        let metadata = command.exec().map_err(|why| match why {
            cargo_metadata::Error::CargoMetadata { stderr } => {
                let text = stderr.trim().trim_start_matches("error: ").to_owned();
                failure(text)
                    .help("go to a cargo project, or name it with `--manifest-path`")
                    .exit(Exit::BuildFailed)
            }
            other => failure(format!("`cargo metadata` failed: {other}")).exit(Exit::BuildFailed),
        })?;
        Ok(Self { metadata })
    }

    /// The workspace root, with the journals and the default `mlflow.db`.
    pub(crate) fn root(&self) -> &Path {
        self.metadata.workspace_root.as_std_path()
    }

    /// Builds the selected program. Cargo's messages go to stderr.
    pub(crate) fn build(&self, build: &BuildArgs) -> Result<Program, Failure> {
        let candidate = self.candidate(build)?;
        let folder = here()?;
        let (program, toolchain) = thread::scope(|scope| {
            let toolchain = scope.spawn(|| Toolchain::find(&folder, build));
            let program = Self::cargo_build(&candidate, build);
            (program, toolchain.join())
        });
        let (executable, scripts) = program?;
        let toolchain = toolchain.map_err(|_| {
            failure("cargo's configuration could not be read").exit(Exit::BuildFailed)
        })?;
        Ok(Program {
            environment: Environment::new(&executable, candidate.package, &scripts, toolchain),
            path: executable,
            tracking_uri: UserUri::of_manifest(&candidate.package.metadata)
                .or_else(|| UserUri::of_manifest(&self.metadata.workspace_metadata)),
        })
    }

    /// The functions with attributes in the sources of the library and the program.
    pub(crate) fn written(&self, build: &BuildArgs) -> Result<Vec<Written>, Failure> {
        let candidate = self.candidate(build)?;
        let mut found = Vec::new();
        for target in &candidate.package.targets {
            let is_program = target.is_bin() || target.is_example();
            if target.is_lib() || (is_program && target.name == candidate.name) {
                scan(target.src_path.as_std_path(), &mut found);
            }
        }
        found.dedup();
        Ok(found)
    }

    /// Builds. Returns the program and the messages of build scripts.
    fn cargo_build(
        candidate: &Candidate<'_>,
        build: &BuildArgs,
    ) -> Result<(PathBuf, Vec<BuildScript>), Failure> {
        let mut command = Command::new(cargo());
        command
            .arg("build")
            .arg("--message-format=json-render-diagnostics");
        command
            .arg("--manifest-path")
            .arg(&candidate.package.manifest_path);
        command.arg(candidate.flag()).arg(&candidate.name);
        command.args(build.flags());
        command.stdin(Stdio::null()).stdout(Stdio::piped());
        let failed = |why: &dyn std::fmt::Display| {
            failure(format!("cargo could not be started: {why}")).exit(Exit::BuildFailed)
        };
        let mut child = command.spawn().map_err(|why| failed(&why))?;
        let mut executable = None;
        let mut scripts = Vec::new();
        if let Some(stdout) = child.stdout.take() {
            for message in Message::parse_stream(BufReader::new(stdout)) {
                match message {
                    Ok(Message::CompilerArtifact(artifact))
                        if artifact.package_id == candidate.package.id
                            && artifact.target.name == candidate.name =>
                    {
                        let path = artifact.executable.map(Utf8PathBuf::into_std_path_buf);
                        executable = path.or(executable);
                    }
                    Ok(Message::BuildScriptExecuted(script)) => scripts.push(script),
                    _ => {}
                }
            }
        }
        let status = child.wait().map_err(|why| failed(&why))?;
        if !status.success() {
            return Err(
                failure(format!("`{}` was not built", candidate.name)).exit(Exit::BuildFailed)
            );
        }
        let executable = executable.ok_or_else(|| {
            failure(format!("cargo built no program `{}`", candidate.name)).exit(Exit::BuildFailed)
        })?;
        Ok((executable, scripts))
    }
}

/// The cargo that started this process, or the one in `PATH`.
fn cargo() -> PathBuf {
    std::env::var_os("CARGO").map_or_else(|| PathBuf::from("cargo"), PathBuf::from)
}
