//! Finds the root of cargo's workspace without running cargo.

use std::fs;
use std::path::{Path, PathBuf};

/// The root of cargo's workspace around `from`: the folder that the nearest package names, or the
/// nearest folder above it whose `[workspace]` does not exclude it, or the package itself. Without a
/// manifest it is the nearest folder with `.mlplots` at or above `from`, or `from` itself.
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

/// The keys of a manifest with their tables, and the text from their values on. A TOML parser would
/// be one more crate in every training program.
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

/// `workspace` of `[package]`.
fn named_root(manifest: &str) -> Option<&str> {
    strings(value(manifest, "package.workspace")?.lines().next()?).next()
}

/// The paths in the list `exclude` of `[workspace]`.
fn excluded(manifest: &str) -> impl Iterator<Item = &str> {
    let list = value(manifest, "workspace.exclude").unwrap_or_default();
    strings(list.split(']').next().unwrap_or_default())
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
            "[workspace]\nmembers = [\"a\"]\nexclude = [\n  \"apart\",\n  \"b/c\"\n]\n",
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
