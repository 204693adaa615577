//! Selects the program like `cargo run`, and among several packages the one that uses mlplots.

use cargo_metadata::{Package, TargetKind};
use mlplots_journal::Exit;

use super::Project;
use crate::cli::BuildArgs;
use crate::failure::{Failure, failure};
use crate::workspace::{here, manifest_folder};

/// A bin or an example that may contain the training.
pub(super) struct Candidate<'a> {
    pub(super) package: &'a Package,
    pub(super) name: String,
    pub(super) example: bool,
}

impl Candidate<'_> {
    /// The flag of cargo for its name.
    pub(super) fn flag(&self) -> &'static str {
        flag(self.example)
    }
}

fn flag(is_example: bool) -> &'static str {
    if is_example { "--example" } else { "--bin" }
}

impl Project {
    /// The program that the flags select.
    pub(super) fn candidate(&self, build: &BuildArgs) -> Result<Candidate<'_>, Failure> {
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
                    .map(|one| format!("`-p {} {} {}`", one.package.name, one.flag(), one.name))
                    .collect();
                Err(failure("several programs match")
                    .help(format!("name one: {}", all.join(", ")))
                    .exit(Exit::Usage))
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
            .map(|target| format!("`{} {}`", flag(target.is_example()), target.name))
            .collect();
        let help = if programs.is_empty() {
            "the training needs a bin or an example: `src/main.rs` with `mlplots::main!();`"
                .to_owned()
        } else {
            format!("there is {}", programs.join(", "))
        };
        failure(format!("{what} in {}", names.join(", ")))
            .help(help)
            .exit(Exit::Usage)
    }

    /// The package of `-p`, or else of the current folder, or else the default members that use
    /// mlplots.
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
                    .exit(Exit::Usage));
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
        // Cargo's default members: those of the manifest, or the root package, or all members.
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
}

/// Whether a package spec matches a package: `name`, `name@version`, or a package id.
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
