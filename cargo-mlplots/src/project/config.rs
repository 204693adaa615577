//! Cargo's configuration, as far as it says how a program is started: the files of the folder, and
//! `--config` over them.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

use cargo_config2::{Config, PathAndArgs, ResolveOptions};
use tempfile::TempDir;

use crate::cli::BuildArgs;

/// The parts of the configuration; a later one counts more.
pub(super) struct Layers(Vec<Layer>);

struct Layer {
    config: Config,
    /// Where its relative paths begin, and where it was read from.
    base: PathBuf,
    read_from: PathBuf,
}

impl Layers {
    /// Reads them. What cargo refuses is reported by the build, and left out here.
    pub(super) fn read(folder: &Path, build: &BuildArgs) -> Self {
        let files = Config::load_with_cwd(folder).ok().map(|config| Layer {
            config,
            base: folder.to_owned(),
            read_from: folder.to_owned(),
        });
        let given = build.config.iter();
        let given = given.filter_map(|given| Layer::given(folder, given));
        Self(files.into_iter().chain(given).collect())
    }

    /// The target triple that is built for, where one is named.
    pub(super) fn target(&self, build: &BuildArgs) -> Option<String> {
        let named = |layer: &Layer| {
            let targets = layer.config.build_target_for_cli([""; 0]).ok()?;
            targets.into_iter().next()
        };
        build
            .target
            .clone()
            .or_else(|| self.0.iter().rev().find_map(named))
    }

    /// The program that runs others of this target, with arguments.
    pub(super) fn runner(&self, target: Option<&str>) -> Vec<OsString> {
        let runner = self.0.iter().rev().find_map(|layer| {
            let targets = layer.config.build_target_for_config(target).ok()?;
            let runner = layer.config.runner(targets.first()?).ok()??;
            Some((layer, runner))
        });
        let Some((layer, PathAndArgs { path, args, .. })) = runner else {
            return Vec::new();
        };
        let mut words = vec![layer.place(path).into_os_string()];
        words.extend(args);
        words
    }

    /// The variables of `[env]`; those that are set already stay, if they are not forced.
    pub(super) fn variables(&self) -> BTreeMap<String, OsString> {
        let mut variables = BTreeMap::new();
        for layer in &self.0 {
            for (name, value) in &layer.config.env {
                if value.force || std::env::var_os(name).is_none() {
                    // A relative path was completed by the folder that it was read from.
                    let value = layer.place(value.value.clone().into());
                    variables.insert(name.clone(), value.into_os_string());
                }
            }
        }
        variables
    }
}

impl Layer {
    /// One `--config KEY=VALUE` or `--config PATH`.
    fn given(folder: &Path, given: &str) -> Option<Self> {
        let file = folder.join(given);
        let (text, base) = if file.is_file() {
            let base = file.ancestors().nth(2).unwrap_or(folder).to_owned();
            (fs::read_to_string(&file).ok()?, base)
        } else {
            (given.to_owned(), folder.to_owned())
        };
        // Files are all that the library reads.
        let written = TempDir::new().ok()?;
        let cargo = written.path().join(".cargo");
        fs::create_dir(&cargo).ok()?;
        fs::write(cargo.join("config.toml"), text).ok()?;
        let alone = ResolveOptions::default()
            .cargo_home(None)
            .env([("", ""); 0]);
        let config = Config::load_with_options(written.path(), alone).ok()?;
        Some(Self {
            config,
            base,
            read_from: written.path().to_owned(),
        })
    }

    fn place(&self, path: PathBuf) -> PathBuf {
        match path.strip_prefix(&self.read_from) {
            Ok(below) => self.base.join(below),
            Err(_) => path,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn build(config: &[&str]) -> BuildArgs {
        BuildArgs {
            config: config.iter().map(|&given| given.to_owned()).collect(),
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
        let from_files = Layers::read(root, &build(&[]));
        assert_eq!(from_files.variables()["A"], "file");
        assert_eq!(from_files.runner(None), ["file"]);
        assert_eq!(from_files.target(&build(&[])), None);

        let given = build(&[
            "more/.cargo/own.toml",
            "env.A='line'",
            "target.'cfg(unix)'.runner=['./bin/run', '-x']",
            "build.target='wasm32-wasip1'",
            "no TOML",
        ]);
        let layers = Layers::read(root, &given);
        let variables = layers.variables();
        assert_eq!(["A", "B"].map(|name| &variables[name]), ["line", "more"]);
        assert_eq!(variables["P"], root.join("more/x"));
        let own = root.join("bin/run");
        assert_eq!(layers.runner(None), [own.as_os_str(), "-x".as_ref()]);
        assert_eq!(layers.target(&given).as_deref(), Some("wasm32-wasip1"));
    }
}
