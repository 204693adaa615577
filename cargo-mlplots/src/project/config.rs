//! The parts of cargo's configuration that affect how a program is started, from the files of the
//! folder and `--config`.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::{fs, io};

use cargo_config2::{Config, PathAndArgs};

use crate::cli::BuildArgs;

/// The configuration in a folder. Invalid parts are ignored here, since the build reports them.
pub(super) struct Configuration {
    config: Option<Config>,
    overrides: Vec<Override>,
}

/// One `--config KEY=VALUE` or `--config PATH`.
struct Override {
    text: String,
    /// The base of its relative paths.
    base: PathBuf,
    /// The file that it was read from.
    folder: PathBuf,
}

impl Configuration {
    pub(super) fn read(folder: &Path, build: &BuildArgs) -> Self {
        let overrides = build
            .config
            .iter()
            .map(|argument| Override::new(folder, argument));
        let mut overrides: Vec<Override> = overrides.collect();
        let config = if overrides.is_empty() {
            None
        } else {
            with_overrides(folder, &mut overrides).ok()
        };
        if config.is_none() {
            // No file was read: no path is relative to one.
            overrides.clear();
        }
        Self {
            config: config.or_else(|| Config::load_with_cwd(folder).ok()),
            overrides,
        }
    }

    /// The target triple of the build, if one is named.
    pub(super) fn target(&self, build: &BuildArgs) -> Option<String> {
        let configured = || {
            let targets = self.config.as_ref()?.build_target_for_cli([""; 0]).ok()?;
            targets.into_iter().next()
        };
        build.target.clone().or_else(configured)
    }

    /// The runner of a target, with arguments.
    pub(super) fn runner(&self, target: Option<&str>) -> Vec<OsString> {
        let runner = self.config.as_ref().and_then(|config| {
            let targets = config.build_target_for_config(target).ok()?;
            config.runner(targets.first()?).ok()?
        });
        let Some(PathAndArgs { path, args, .. }) = runner else {
            return Vec::new();
        };
        let mut words = vec![self.resolve(path).into_os_string()];
        words.extend(args);
        words
    }

    /// The variables of `[env]`. Existing variables keep their values unless `force` is set.
    pub(super) fn variables(&self) -> BTreeMap<String, OsString> {
        let variables = self.config.iter().flat_map(|config| &config.env);
        variables
            .filter(|(name, value)| value.force || std::env::var_os(name).is_none())
            .map(|(name, value)| {
                // A relative path was joined to the folder of its file.
                let value = self.resolve(value.value.clone().into());
                (name.clone(), value.into_os_string())
            })
            .collect()
    }

    fn resolve(&self, path: PathBuf) -> PathBuf {
        let below = |one: &Override| Some(one.base.join(path.strip_prefix(&one.folder).ok()?));
        let innermost = self.overrides.iter().rev().find_map(below);
        innermost.unwrap_or(path)
    }
}

impl Override {
    fn new(folder: &Path, argument: &str) -> Self {
        let file = folder.join(argument);
        let text = file.is_file().then(|| fs::read_to_string(&file));
        let (text, base) = match text {
            Some(Ok(text)) => (text, file.ancestors().nth(2).unwrap_or(folder)),
            _ => (argument.to_owned(), folder),
        };
        Self {
            text,
            base: base.to_owned(),
            folder: PathBuf::new(),
        }
    }
}

/// Combines the files of the folder with `--config`. The library reads only files, and those of a
/// folder override those of its parents: each `--config` becomes a file one folder deeper. These
/// folders are where cargo looks too, and not where another user could write.
fn with_overrides(folder: &Path, overrides: &mut [Override]) -> io::Result<Config> {
    let written = tempfile::Builder::new()
        .prefix(".mlplots-config-")
        .tempdir_in(folder)?;
    let mut innermost = written.path().to_owned();
    for one in overrides {
        innermost.push("override");
        let cargo = innermost.join(".cargo");
        fs::create_dir_all(&cargo)?;
        fs::write(cargo.join("config.toml"), &one.text)?;
        one.folder.clone_from(&innermost);
    }
    Config::load_with_cwd(&innermost).map_err(io::Error::other)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn build(config: &[&str]) -> BuildArgs {
        BuildArgs {
            config: config.iter().map(|&argument| argument.to_owned()).collect(),
            ..BuildArgs::default()
        }
    }

    #[test]
    fn the_command_line_counts_more_than_the_files() {
        let folder = tempfile::tempdir().expect("a folder");
        let root = folder.path();
        for (path, text) in [
            (
                ".cargo/config.toml",
                "env.A = 'file'\nenv.B = 'file'\n[target.'cfg(unix)']\nrunner = 'file'\n",
            ),
            (
                "more/.cargo/own.toml",
                "[env]\nB = 'more'\nP = { value = 'x', relative = true }\n",
            ),
        ] {
            let path = root.join(path);
            fs::create_dir_all(path.parent().expect("a parent")).expect("a folder");
            fs::write(path, text).expect("a file");
        }
        let from_files = Configuration::read(root, &build(&[]));
        assert_eq!(from_files.variables()["A"], "file");
        assert_eq!(from_files.runner(None), ["file"]);
        assert_eq!(from_files.target(&build(&[])), None);

        let overrides = build(&[
            "more/.cargo/own.toml",
            "env.A='line'",
            "target.'cfg(unix)'.runner=['./bin/run', '-x']",
            "build.target='wasm32-wasip1'",
        ]);
        let configuration = Configuration::read(root, &overrides);
        let variables = configuration.variables();
        assert_eq!(["A", "B"].map(|name| &variables[name]), ["line", "more"]);
        assert_eq!(variables["P"], root.join("more/x"));
        let own = root.join("bin/run");
        assert_eq!(
            configuration.runner(Some("x86_64-unknown-linux-gnu")),
            [own.as_os_str(), "-x".as_ref()]
        );
        assert_eq!(configuration.runner(None), [""; 0], "not one of wasm");
        assert_eq!(
            configuration.target(&overrides).as_deref(),
            Some("wasm32-wasip1")
        );
        // An invalid `--config` does not affect the files, and the temporary folders are removed.
        let broken = Configuration::read(root, &build(&["env.A='line'", "no TOML"]));
        assert_eq!(broken.variables()["A"], "file");
        let left = fs::read_dir(root).expect("a folder").flatten();
        let hidden = left.filter(|entry| entry.file_name().to_string_lossy().starts_with(".ml"));
        assert_eq!(hidden.count(), 0);
        // If nothing can be written, values of the files are not treated as paths.
        let nowhere = Configuration::read(&root.join("none"), &build(&["env.A='line'"]));
        assert_eq!(nowhere.variables()["A"], "file");
    }
}
