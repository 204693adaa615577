//! The environment of `cargo run`: library paths, variables and a runner.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use cargo_metadata::{BuildScript, Package};

use super::cargo;
use super::config::Configuration;
use crate::cli::BuildArgs;

/// The variable with the dynamic linker's search path.
const LIBRARY_PATH: &str = if cfg!(target_os = "macos") {
    "DYLD_FALLBACK_LIBRARY_PATH"
} else {
    "LD_LIBRARY_PATH"
};

/// The environment of a program that cargo has built.
#[derive(Default)]
pub(crate) struct Environment {
    variables: BTreeMap<OsString, OsString>,
    /// The runner, with arguments; usually none.
    runner: Vec<OsString>,
}

/// The part of the environment that does not depend on the program.
pub(super) struct Toolchain {
    variables: BTreeMap<String, OsString>,
    runner: Vec<OsString>,
    libraries: Option<PathBuf>,
}

impl Toolchain {
    /// Reads the configuration and the toolchain of a folder.
    pub(super) fn find(folder: &Path, build: &BuildArgs) -> Self {
        let configuration = Configuration::read(folder, build);
        let target = configuration.target(build);
        let libraries = libraries(target.as_deref());
        // `…/rustlib/TRIPLE/lib`: `cargo -vV` would take ten times as long.
        let host = libraries.as_deref().and_then(Path::parent);
        let host = host.and_then(Path::file_name).and_then(OsStr::to_str);
        Self {
            variables: configuration.variables(),
            runner: configuration.runner(target.as_deref().or(host)),
            libraries,
        }
    }
}

/// The folder of the standard library, for programs that link it dynamically.
fn libraries(target: Option<&str>) -> Option<PathBuf> {
    let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let mut command = Command::new(rustc);
    command.args(["--print", "target-libdir"]);
    if let Some(target) = target {
        command.arg("--target").arg(target);
    }
    let output = command
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .output()
        .ok()?;
    let path = String::from_utf8(output.stdout).ok()?;
    output.status.success().then(|| path.trim().into())
}

impl Environment {
    /// The environment of a program of a package, with the output of its build scripts.
    pub(super) fn new(
        program: &Path,
        package: &Package,
        scripts: &[BuildScript],
        toolchain: Toolchain,
    ) -> Self {
        let mut variables = BTreeMap::new();
        for (name, value) in toolchain.variables {
            variables.insert(name.into(), value);
        }
        variables.extend(of_package(package).map(|(name, value)| (name.into(), value.into())));
        variables.insert("CARGO".into(), cargo().into_os_string());
        for script in scripts
            .iter()
            .filter(|script| script.package_id == package.id)
        {
            let own = script
                .env
                .iter()
                .map(|(name, value)| (name.into(), value.into()));
            variables.extend(own);
            variables.insert("OUT_DIR".into(), script.out_dir.as_os_str().to_owned());
        }
        // Examples are one folder deeper than bins.
        let folder = program.parent().unwrap_or(program);
        let above = folder.parent().filter(|_| folder.ends_with("examples"));
        let output = above.unwrap_or(folder);
        let linked = scripts.iter().flat_map(|script| &script.linked_paths);
        // Other folders belong to the system, which finds them by its own rules.
        let mut paths: Vec<PathBuf> = linked
            .map(|path| PathBuf::from(without_kind(path.as_str())))
            .filter(|path| path.starts_with(output))
            .collect();
        paths.extend([output.to_path_buf(), output.join("deps")]);
        paths.extend(toolchain.libraries);
        let before = std::env::var_os(LIBRARY_PATH).unwrap_or_default();
        paths.extend(std::env::split_paths(&before).filter(|path| *path != Path::new("")));
        if let Ok(paths) = std::env::join_paths(paths) {
            variables.insert(LIBRARY_PATH.into(), paths);
        }
        Self {
            variables,
            runner: toolchain.runner,
        }
    }

    /// The command that starts a program.
    pub(crate) fn command(&self, program: &Path) -> Command {
        let mut words = self.runner.iter().map(OsString::as_os_str);
        let mut command = Command::new(words.next().unwrap_or(program.as_os_str()));
        command.args(words);
        if !self.runner.is_empty() {
            command.arg(program);
        }
        command.envs(&self.variables);
        command
    }
}

/// `/path` of `native=/path`.
fn without_kind(path: &str) -> &str {
    match path.split_once('=') {
        Some(("dependency" | "crate" | "native" | "framework" | "all", path)) => path,
        _ => path,
    }
}

/// Cargo's variables of a package.
fn of_package(package: &Package) -> impl Iterator<Item = (&'static str, String)> {
    let manifest = &package.manifest_path;
    let version = &package.version;
    let text = |value: &Option<String>| value.clone().unwrap_or_default();
    let path = |value: Option<&cargo_metadata::camino::Utf8PathBuf>| {
        value.map(ToString::to_string).unwrap_or_default()
    };
    let folder = manifest.parent().map(ToString::to_string);
    [
        ("CARGO_MANIFEST_DIR", folder.unwrap_or_default()),
        ("CARGO_MANIFEST_PATH", manifest.to_string()),
        ("CARGO_PKG_NAME", package.name.to_string()),
        ("CARGO_PKG_VERSION", version.to_string()),
        ("CARGO_PKG_VERSION_MAJOR", version.major.to_string()),
        ("CARGO_PKG_VERSION_MINOR", version.minor.to_string()),
        ("CARGO_PKG_VERSION_PATCH", version.patch.to_string()),
        ("CARGO_PKG_VERSION_PRE", version.pre.to_string()),
        ("CARGO_PKG_AUTHORS", package.authors.join(":")),
        ("CARGO_PKG_DESCRIPTION", text(&package.description)),
        ("CARGO_PKG_HOMEPAGE", text(&package.homepage)),
        ("CARGO_PKG_REPOSITORY", text(&package.repository)),
        ("CARGO_PKG_LICENSE", text(&package.license)),
        (
            "CARGO_PKG_LICENSE_FILE",
            path(package.license_file.as_ref()),
        ),
        ("CARGO_PKG_README", path(package.readme.as_ref())),
        (
            "CARGO_PKG_RUST_VERSION",
            package
                .rust_version
                .as_ref()
                .map(ToString::to_string)
                .unwrap_or_default(),
        ),
    ]
    .into_iter()
}
