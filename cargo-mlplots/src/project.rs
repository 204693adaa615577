//! The user's project: its workspace, and the program that cargo builds of it.

mod environment;

use std::io::BufReader;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;

use cargo_metadata::camino::Utf8PathBuf;
use cargo_metadata::{BuildScript, Message, Metadata, MetadataCommand, Package, TargetKind};

use crate::cli::BuildArgs;
use crate::failure::{Failure, failure};
pub(crate) use crate::scan::Written;
use crate::scan::scan;
use crate::settings::UserUri;
use crate::workspace::{here, manifest_folder};
pub(crate) use environment::Environment;
use environment::Toolchain;

/// The workspace, as cargo sees it.
pub(crate) struct Project {
    metadata: Metadata,
}

/// A program to train with.
pub(crate) struct Program {
    pub(crate) path: PathBuf,
    /// What `cargo run` gives it; nothing where cargo did not build it.
    pub(crate) environment: Environment,
    /// `tracking-uri` of `package.metadata.mlplots`.
    pub(crate) tracking_uri: Option<UserUri>,
}

/// A bin or an example that may hold the training.
struct Candidate<'a> {
    package: &'a Package,
    name: String,
    example: bool,
}

impl Project {
    /// Asks cargo about the workspace around the current folder, or of this manifest.
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
                    .code(101)
            }
            other => failure(format!(
                "cargo could not be asked about the project: {other}"
            ))
            .code(101),
        })?;
        Ok(Self { metadata })
    }

    /// The workspace's root, where the journal and the default `mlflow.db` are.
    pub(crate) fn root(&self) -> &Path {
        self.metadata.workspace_root.as_std_path()
    }

    /// Builds the one program that the flags name; cargo's own words go to stderr.
    pub(crate) fn build(&self, build: &BuildArgs) -> Result<Program, Failure> {
        let candidate = self.candidate(build)?;
        let folder = here()?;
        let (program, toolchain) = thread::scope(|scope| {
            let toolchain = scope.spawn(|| Toolchain::find(&folder, build.target.as_deref()));
            let program = Self::cargo_build(&candidate, build);
            (program, toolchain.join())
        });
        let (executable, scripts) = program?;
        let toolchain =
            toolchain.map_err(|_| failure("cargo's configuration could not be read").code(101))?;
        Ok(Program {
            environment: Environment::new(&executable, candidate.package, &scripts, toolchain),
            path: executable,
            tracking_uri: UserUri::of_manifest(&candidate.package.metadata)
                .or_else(|| UserUri::of_manifest(&self.metadata.workspace_metadata)),
        })
    }

    /// What the sources of the package mark: its library, and the program itself.
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

    fn candidate(&self, build: &BuildArgs) -> Result<Candidate<'_>, Failure> {
        let packages = self.packages(build)?;
        let (kind, name) = match (&build.bin, &build.example) {
            (Some(name), _) => (TargetKind::Bin, Some(name)),
            (None, Some(name)) => (TargetKind::Example, Some(name)),
            (None, None) => (TargetKind::Bin, None),
        };
        let mut found: Vec<Candidate<'_>> = packages
            .iter()
            .flat_map(|&package| package.targets.iter().map(move |target| (package, target)))
            .filter(|(_, target)| target.kind.contains(&kind))
            .filter(|(_, target)| name.is_none_or(|name| *name == target.name))
            .map(|(package, target)| Candidate {
                package,
                name: target.name.clone(),
                example: kind == TargetKind::Example,
            })
            .collect();
        if let [one] = packages.as_slice()
            && name.is_none()
            && let Some(default) = &one.default_run
        {
            found.retain(|candidate| candidate.name == *default);
        }
        match found.len() {
            1 => Ok(found.remove(0)),
            0 => Err(Self::none_found(&packages, name)),
            _ => {
                let all: Vec<_> = found
                    .iter()
                    .map(|c| format!("`-p {} --bin {}`", c.package.name, c.name))
                    .collect();
                Err(failure("which program? There are several")
                    .help(format!("name one: {}", all.join(", ")))
                    .code(2))
            }
        }
    }

    fn none_found(packages: &[&Package], name: Option<&String>) -> Failure {
        let names: Vec<_> = packages
            .iter()
            .map(|package| format!("`{}`", package.name))
            .collect();
        let what = match name {
            Some(name) => format!("no target `{name}`"),
            None => "no program".to_owned(),
        };
        let programs: Vec<_> = packages
            .iter()
            .flat_map(|package| &package.targets)
            .filter(|target| target.is_bin() || target.is_example())
            .map(|target| {
                format!(
                    "`{} {}`",
                    if target.is_example() {
                        "--example"
                    } else {
                        "--bin"
                    },
                    target.name
                )
            })
            .collect();
        let help = if programs.is_empty() {
            "the training needs a bin or an example: `src/main.rs` with `mlplots::main!();`"
                .to_owned()
        } else {
            format!("there is {}", programs.join(", "))
        };
        failure(format!("{what} in {}", names.join(", ")))
            .help(help)
            .code(2)
    }

    /// The package of `-p`; else the one around the current folder; else the default members that
    /// use mlplots.
    fn packages(&self, build: &BuildArgs) -> Result<Vec<&Package>, Failure> {
        let members = self.metadata.workspace_packages();
        if let Some(spec) = &build.package {
            let found: Vec<_> = members
                .iter()
                .copied()
                .filter(|package| is_meant(package, spec))
                .collect();
            if found.is_empty() {
                let names: Vec<_> = members
                    .iter()
                    .map(|package| format!("`{}`", package.name))
                    .collect();
                return Err(failure(format!("the workspace has no package `{spec}`"))
                    .help(format!("there is {}", names.join(", ")))
                    .code(2));
            }
            return Ok(found);
        }
        let folder = match &build.manifest_path {
            Some(path) => manifest_folder(path)?,
            None => here()?,
        };
        let around = members
            .iter()
            .copied()
            .filter(|package| {
                let home = package.manifest_path.parent();
                home.is_some_and(|home| folder.starts_with(home) && home != self.root())
            })
            .max_by_key(|package| package.manifest_path.as_str().len());
        if let Some(package) = around {
            return Ok(vec![package]);
        }
        // As cargo has them: the root package, or all members, or those that the manifest names.
        let mut defaults = self.metadata.workspace_default_packages();
        let uses_mlplots = |package: &&Package| {
            let mut dependencies = package.dependencies.iter();
            dependencies.any(|dependency| dependency.name == "mlplots")
        };
        if defaults.iter().any(uses_mlplots) {
            defaults.retain(uses_mlplots);
        }
        Ok(defaults)
    }

    /// Builds; returns the program, and what the build scripts said.
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
        command
            .arg(if candidate.example {
                "--example"
            } else {
                "--bin"
            })
            .arg(&candidate.name);
        command.args(build.flags());
        command.stdin(Stdio::null()).stdout(Stdio::piped());
        let failed = |why: &dyn std::fmt::Display| {
            failure(format!("cargo could not be started: {why}")).code(101)
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
            return Err(failure(format!("`{}` was not built", candidate.name)).code(101));
        }
        let executable = executable.ok_or_else(|| {
            failure(format!("cargo built no program `{}`", candidate.name)).code(101)
        })?;
        Ok((executable, scripts))
    }
}

impl BuildArgs {
    /// The flags that `cargo metadata` takes too.
    fn flags_of_workspace(&self) -> Vec<String> {
        let switches = [
            ("--locked", self.locked),
            ("--offline", self.offline),
            ("--frozen", self.frozen),
        ];
        let switches = switches.into_iter().filter(|(_, on)| *on);
        let mut flags: Vec<String> = switches.map(|(flag, _)| flag.to_owned()).collect();
        for config in &self.config {
            flags.extend(["--config".to_owned(), config.clone()]);
        }
        for flag in &self.unstable {
            flags.extend(["-Z".to_owned(), flag.clone()]);
        }
        flags
    }

    /// The flags that `cargo build` takes as they are.
    fn flags(&self) -> Vec<std::ffi::OsString> {
        let mut flags: Vec<std::ffi::OsString> = Vec::new();
        let switches = [
            ("--release", self.release),
            ("--all-features", self.all_features),
            ("--no-default-features", self.no_default_features),
            ("--locked", self.locked),
            ("--offline", self.offline),
            ("--frozen", self.frozen),
            ("--ignore-rust-version", self.ignore_rust_version),
            ("--keep-going", self.keep_going),
            ("--quiet", self.quiet),
        ];
        flags.extend(
            switches
                .into_iter()
                .filter(|(_, on)| *on)
                .map(|(flag, _)| flag.into()),
        );
        let mut valued = |flag: &str, value: Option<std::ffi::OsString>| {
            if let Some(value) = value {
                flags.extend([flag.into(), value]);
            }
        };
        valued("--profile", self.profile.clone().map(Into::into));
        valued("--target", self.target.clone().map(Into::into));
        valued("--target-dir", self.target_dir.clone().map(Into::into));
        valued("--jobs", self.jobs.clone().map(Into::into));
        valued("--color", self.color.clone().map(Into::into));
        for config in &self.config {
            valued("--config", Some(config.into()));
        }
        for flag in &self.unstable {
            valued("-Z", Some(flag.into()));
        }
        for features in &self.features {
            valued("--features", Some(features.into()));
        }
        flags.extend(self.timings.iter().map(|formats| match formats.as_str() {
            "" => "--timings".into(),
            formats => format!("--timings={formats}").into(),
        }));
        flags.extend((0..self.verbose).map(|_| "--verbose".into()));
        flags
    }
}

/// The cargo that started us, or the one on the path.
fn cargo() -> PathBuf {
    std::env::var_os("CARGO").map_or_else(|| PathBuf::from("cargo"), PathBuf::from)
}

/// Whether a package spec means this package: `name`, `name@version`, or a package id.
fn is_meant(package: &Package, spec: &str) -> bool {
    let (name, version) = spec
        .rsplit_once(['@', ':'])
        .map_or((spec, None), |(name, version)| (name, Some(version)));
    let is_version = |version: &str| {
        let own = package.version.to_string();
        own == version || own.starts_with(&format!("{version}."))
    };
    let url = package.id.repr.split('#').next().unwrap_or_default();
    let url = url.strip_prefix("path+").unwrap_or(url);
    package.id.repr == spec
        || (!url.is_empty() && spec.split('#').next().is_some_and(|own| own == url))
        || (*package.name == name && version.is_none_or(is_version))
}
