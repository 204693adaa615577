//! Where a run comes from: who started it, and which commit it is built from.

use std::path::Path;
use std::process::{Command, Stdio};

use crate::record::Tag;

/// The name of the user, as Python's `getpass` finds it.
pub(super) fn user() -> String {
    ["LOGNAME", "USER", "LNAME", "USERNAME"]
        .iter()
        .find_map(|name| std::env::var(name).ok().filter(|value| !value.is_empty()))
        .or_else(passwd)
        .unwrap_or_else(|| "unknown".to_owned())
}

#[cfg(unix)]
fn passwd() -> Option<String> {
    use std::os::unix::fs::MetadataExt;
    let uid = std::fs::metadata("/proc/self").ok()?.uid().to_string();
    let users = std::fs::read_to_string("/etc/passwd").ok()?;
    users.lines().find_map(|line| {
        let mut fields = line.split(':');
        let name = fields.next()?;
        (fields.nth(1)? == uid).then(|| name.to_owned())
    })
}

#[cfg(not(unix))]
fn passwd() -> Option<String> {
    None
}

/// The file name of this program.
pub(super) fn program() -> String {
    std::env::args_os()
        .next()
        .and_then(|path| Some(Path::new(&path).file_stem()?.to_string_lossy().into_owned()))
        .unwrap_or_else(|| "unknown".to_owned())
}

/// Tags that say which commit the working folder is at; none outside a repository.
pub(super) fn git() -> Vec<Tag> {
    let Some(commit) = ask_git(&["rev-parse", "HEAD"]) else {
        return Vec::new();
    };
    let mut tags = vec![tag("mlflow.source.git.commit", commit)];
    if let Some(branch) = ask_git(&["rev-parse", "--abbrev-ref", "HEAD"]) {
        tags.push(tag("mlflow.source.git.branch", branch));
    }
    if let Some(url) = ask_git(&["config", "--get", "remote.origin.url"]) {
        tags.push(tag("mlflow.source.git.repoURL", without_credentials(&url)));
    }
    if let Some(changes) = ask_git(&["status", "--porcelain", "--untracked-files=no"]) {
        tags.push(tag("mlplots.git.dirty", (!changes.is_empty()).to_string()));
    }
    tags
}

fn tag(key: &str, value: String) -> Tag {
    Tag {
        key: key.to_owned(),
        value,
    }
}

fn ask_git(arguments: &[&str]) -> Option<String> {
    let output = Command::new("git")
        .args(arguments)
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .env("GIT_OPTIONAL_LOCKS", "0")
        .output()
        .ok()?;
    output
        .status
        .success()
        .then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

/// `https://user:token@host/path` without the part before `@`.
fn without_credentials(url: &str) -> String {
    match url.split_once("://") {
        Some((scheme, rest)) => {
            let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
            let host = host.rsplit_once('@').map_or(host, |(_, host)| host);
            format!("{scheme}://{host}/{path}")
                .trim_end_matches('/')
                .to_owned()
        }
        None => url.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credentials_are_left_out() {
        let clean = |url| without_credentials(url);
        assert_eq!(
            clean("https://bob:s3cret@host/a/b.git"),
            "https://host/a/b.git"
        );
        assert_eq!(clean("https://token@host/a.git"), "https://host/a.git");
        assert_eq!(clean("https://bob:p@ss@host/a.git"), "https://host/a.git");
        assert_eq!(clean("ssh://git@host/a.git"), "ssh://host/a.git");
        assert_eq!(clean("git@host:a/b.git"), "git@host:a/b.git");
        assert_eq!(clean("/srv/repo"), "/srv/repo");
    }
}
