//! Finds the root of cargo's workspace without running cargo.

use std::fs;
use std::path::{Path, PathBuf};

/// Returns the root of cargo's workspace that contains the folder `from`.
///
/// The nearest `Cargo.toml` at or above `from` is the manifest of the package. The root is the
/// first of these that exists:
///
/// 1. the package's folder, if its manifest has `[workspace]`;
/// 2. the folder that `package.workspace` names;
/// 3. the nearest folder above the package whose `[workspace]` does not exclude the package;
/// 4. the package's folder.
///
/// Without a manifest, the root is the nearest folder at or above `from` that contains `.mlplots`,
/// or `from` itself. A file that cannot be read is treated as missing.
///
/// ```
/// use mlplots_journal::workspace_root;
/// use std::fs;
///
/// # fn main() -> std::io::Result<()> {
/// let root = tempfile::tempdir()?;
/// let package = root.path().join("apples");
/// fs::create_dir(&package)?;
/// fs::write(root.path().join("Cargo.toml"), "[workspace]\nmembers = ['apples']")?;
/// fs::write(package.join("Cargo.toml"), "[package]\nname = 'apples'")?;
/// assert_eq!(workspace_root(&package), root.path());
/// # Ok(())
/// # }
/// ```
pub fn workspace_root(from: &Path) -> PathBuf {
    let mut manifests = from
        .ancestors()
        .filter_map(|folder| Some((folder, fs::read_to_string(folder.join("Cargo.toml")).ok()?)));
    let Some((package, manifest)) = manifests.next() else {
        let ours = |folder: &&Path| folder.join(".mlplots").is_dir();
        return from.ancestors().find(ours).unwrap_or(from).to_path_buf();
    };
    if is_workspace(&manifest) {
        return package.to_path_buf();
    }
    if let Some(root) = named_root(&manifest) {
        let root = package.join(root);
        return root.canonicalize().unwrap_or(root);
    }
    let root = manifests.find(|(root, manifest)| {
        let below = package.strip_prefix(root).unwrap_or(package);
        is_workspace(manifest) && !excluded(manifest).any(|path| below.starts_with(path))
    });
    root.map_or(package, |(root, _)| root).to_path_buf()
}

/// Returns each key of a manifest, with its table, and the text that begins at its value. A TOML
/// parser would add a crate to every training program.
fn keys(manifest: &str) -> impl Iterator<Item = (String, &str)> {
    let mut table = String::new();
    let mut rest = manifest;
    manifest.split_inclusive('\n').filter_map(move |line| {
        let here = rest;
        rest = &here[line.len()..];
        let line = line.trim();
        if let Some(name) = line.strip_prefix('[') {
            let name = name.split(']').next().unwrap_or_default();
            name.trim().clone_into(&mut table);
            return Some((format!("{table}."), ""));
        }
        let key = line.split('=').next()?.trim();
        let value = here.split_once('=')?.1;
        let dot = if table.is_empty() { "" } else { "." };
        Some((format!("{table}{dot}{key}"), value))
    })
}

fn value<'a>(manifest: &'a str, key: &str) -> Option<&'a str> {
    keys(manifest)
        .find(|(found, _)| found == key)
        .map(|(_, value)| value)
}

fn is_workspace(manifest: &str) -> bool {
    keys(manifest).any(|(key, _)| key.starts_with("workspace."))
}

/// Returns the value of `workspace` in `[package]`.
fn named_root(manifest: &str) -> Option<&str> {
    strings(value(manifest, "package.workspace")?.lines().next()?).next()
}

/// Returns the paths in the list `exclude` of `[workspace]`, without a leading `./`.
fn excluded(manifest: &str) -> impl Iterator<Item = &Path> {
    let list = value(manifest, "workspace.exclude").unwrap_or_default();
    let paths = strings(list.split(']').next().unwrap_or_default()).map(Path::new);
    paths.map(|path| path.strip_prefix(".").unwrap_or(path))
}

fn strings(text: &str) -> impl Iterator<Item = &str> {
    text.split(['"', '\'']).skip(1).step_by(2)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    #[test]
    fn the_root_is_cargos() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        let write = |path: &str, text: &str| {
            let path = root.join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        };
        let package = "[package]\nname = \"x\"\n";
        write(
            "Cargo.toml",
            "[workspace]\nmembers = [\"a\"]\nexclude = [\n  \"./apart\",\n  \"b/c\"\n]\n",
        );
        write("a/Cargo.toml", package);
        // A lock file of its own, left over from before it was a member.
        write("a/Cargo.lock", "");
        write("a/src/main.rs", "");
        write("apart/Cargo.toml", package);
        write("b/c/Cargo.toml", package);
        write("own/Cargo.toml", "[package]\nname = \"y\"\n\n[workspace]\n");
        for (from, found) in [
            ("", ""),
            ("a", ""),
            ("a/src", ""),
            ("apart", "apart"),
            ("b/c", "b/c"),
            ("own", "own"),
        ] {
            assert_eq!(workspace_root(&root.join(from)), root.join(found), "{from}");
        }
        write(
            "away/Cargo.toml",
            "[package]\nname = \"z\"\nworkspace = '../apart/root'\n",
        );
        write(
            "apart/root/Cargo.toml",
            "workspace.members = [\"x\"]\nworkspace.exclude = ['y']\n",
        );
        write("apart/root/x/Cargo.toml", "[lints]\nworkspace = true\n");
        write("apart/root/y/Cargo.toml", package);
        for (from, found) in [
            ("away", "apart/root"),
            ("apart/root/x", "apart/root"),
            ("apart/root/y", "apart/root/y"),
        ] {
            let found = root.join(found).canonicalize().unwrap();
            assert_eq!(
                workspace_root(&root.join(from)).canonicalize().unwrap(),
                found,
                "{from}"
            );
        }
        let alone = tempfile::tempdir().unwrap();
        let below = alone.path().join("x/y");
        assert_eq!(workspace_root(&below), below);
        fs::create_dir_all(alone.path().join(".mlplots")).unwrap();
        assert_eq!(workspace_root(&below), alone.path());
    }
}
