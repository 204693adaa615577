//! The workspace of a command that needs no cargo: its root and the settings in its manifests.

use std::path::{Path, PathBuf};

use mlplots_journal::{Exit, workspace_root};

use crate::cli::WorkspaceArgs;
use crate::failure::{Failure, failure};
use crate::settings::UserUri;

/// A workspace, or a folder outside of one.
pub(crate) struct Workspace {
    /// The folder of `.mlplots` and of the default `mlflow.db`.
    pub(crate) root: PathBuf,
    /// `tracking-uri` of `package.metadata.mlplots`, or else of `workspace.metadata.mlplots`.
    pub(crate) tracking_uri: Option<UserUri>,
}

impl Workspace {
    /// The workspace of a manifest, or of the current folder.
    pub(crate) fn find(args: &WorkspaceArgs) -> Result<Self, Failure> {
        let from = match &args.manifest_path {
            Some(path) => manifest_folder(path)?,
            None => here()?,
        };
        let root = workspace_root(&from);
        let mut folders = from.ancestors();
        let package = folders.find(|folder| folder.join("Cargo.toml").is_file());
        let of_package = package.and_then(|folder| metadata(folder, "package"));
        let of_workspace = || metadata(&root, "workspace");
        Ok(Self {
            tracking_uri: of_package
                .and_then(|metadata| UserUri::of_manifest(&metadata))
                .or_else(|| UserUri::of_manifest(&of_workspace()?)),
            root,
        })
    }
}

/// The folder of a manifest that the user named.
pub(crate) fn manifest_folder(manifest: &Path) -> Result<PathBuf, Failure> {
    let unusable = |why| {
        failure(format!("`{}` cannot be used: {why}", manifest.display()))
            .help("`--manifest-path` names a Cargo.toml")
            .exit(Exit::Usage)
    };
    let manifest = manifest.canonicalize().map_err(unusable)?;
    Ok(manifest.parent().unwrap_or(&manifest).to_path_buf())
}

pub(crate) fn here() -> Result<PathBuf, Failure> {
    std::env::current_dir()
        .map_err(|why| failure(format!("the current folder cannot be used: {why}")))
}

/// The table `[TABLE.metadata]` of the manifest in a folder; `None` without a valid manifest, which
/// cargo reports.
fn metadata(folder: &Path, table: &str) -> Option<serde_json::Value> {
    let text = std::fs::read_to_string(folder.join("Cargo.toml")).ok()?;
    let mut manifest: serde_json::Value = toml::from_str(&text).ok()?;
    let table = manifest.get_mut(table)?;
    Some(
        table
            .get_mut("metadata")
            .map(serde_json::Value::take)
            .unwrap_or_default(),
    )
}
