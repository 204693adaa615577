//! MLflow's git tags: the commit that the program is built from.

use std::io::Read;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::mpsc::channel;
use std::thread;
use std::time::{Duration, Instant};

use mlplots_journal::names::MAX_TAG_VALUE;
use mlplots_journal::record::Tag;

/// Deadline of all git commands together: the end of a run waits for them.
const PATIENCE: Duration = Duration::from_secs(2);
/// Maximum output of a command that is read: a diff may have any size.
const MAX_ANSWER: u64 = 256 * 1024;

/// The git tags of the package; none outside a repository or after the deadline.
pub(super) fn tags() -> Vec<Tag> {
    let Some(git) = folder().map(Git::new) else {
        return Vec::new();
    };
    let Some(status) = git.ask(&[
        "status",
        "--porcelain=v2",
        "--branch",
        "--untracked-files=no",
    ]) else {
        return Vec::new();
    };
    let Status {
        commit,
        branch,
        is_dirty,
    } = Status::parse(&status);
    let Some(commit) = commit else {
        return Vec::new();
    };
    let mut tags = vec![tag("commit", commit), tag("dirty", is_dirty.to_string())];
    tags.extend(branch.map(|branch| tag("branch", branch)));
    let url = git.ask(&["config", "--get", "remote.origin.url"]);
    tags.extend(url.map(|url| tag("repoURL", without_credentials(&url))));
    if is_dirty {
        let diff = git.ask(&["diff", "--no-ext-diff", "--no-textconv", "HEAD"]);
        tags.extend(diff.map(|diff| tag("diff", shortened(&diff))));
    }
    tags
}

/// The folder of the package, or else of the program.
fn folder() -> Option<PathBuf> {
    if let Some(package) = std::env::var_os("CARGO_MANIFEST_DIR") {
        return Some(package.into());
    }
    Some(std::env::current_exe().ok()?.parent()?.to_path_buf())
}

/// git in a folder, with a deadline.
struct Git {
    folder: PathBuf,
    deadline: Instant,
}

impl Git {
    fn new(folder: PathBuf) -> Self {
        Self {
            folder,
            deadline: Instant::now() + PATIENCE,
        }
    }

    fn ask(&self, arguments: &[&str]) -> Option<String> {
        let mut command = Command::new("git");
        // In a hook, variables of git name another repository.
        for (name, _) in std::env::vars_os() {
            if name.to_string_lossy().starts_with("GIT_") {
                command.env_remove(name);
            }
        }
        let mut child = command
            .args(arguments)
            .current_dir(&self.folder)
            .env("GIT_OPTIONAL_LOCKS", "0")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .ok()?;
        let stdout = child.stdout.take()?;
        let (answer, answered) = channel();
        // A child of git may keep the pipe open after git has ended.
        let reader = thread::Builder::new().spawn(move || {
            let mut bytes = Vec::new();
            if stdout.take(MAX_ANSWER).read_to_end(&mut bytes).is_ok() {
                let _ = answer.send(bytes);
            }
        });
        let left = self.deadline.saturating_duration_since(Instant::now());
        let bytes = reader.ok().and_then(|_| answered.recv_timeout(left).ok());
        if bytes
            .as_ref()
            .is_none_or(|bytes| bytes.len() as u64 == MAX_ANSWER)
        {
            let _ = child.kill();
            child.wait().ok()?;
            return bytes.as_deref().map(text);
        }
        child
            .wait()
            .ok()?
            .success()
            .then(|| bytes.as_deref().map(text))?
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).trim_end().to_owned()
}

/// The output of `git status`.
#[derive(Debug, Default, PartialEq, Eq)]
struct Status {
    commit: Option<String>,
    /// `None` if HEAD is detached.
    branch: Option<String>,
    is_dirty: bool,
}

impl Status {
    fn parse(text: &str) -> Self {
        let mut status = Self::default();
        for line in text.lines() {
            let known = |text: &str| (!text.starts_with('(')).then(|| text.to_owned());
            match line
                .strip_prefix("# branch.")
                .and_then(|line| line.split_once(' '))
            {
                Some(("oid", oid)) => status.commit = known(oid),
                Some(("head", head)) => status.branch = known(head),
                Some(_) => {}
                None => status.is_dirty |= !line.starts_with('#'),
            }
        }
        status
    }
}

fn tag(name: &str, value: String) -> Tag {
    Tag {
        key: format!("mlflow.source.git.{name}"),
        value,
    }
}

/// The diff, truncated to the maximum length of a tag.
fn shortened(diff: &str) -> String {
    const CUT: &str = "\n… the rest of the diff is longer than a tag";
    if diff.chars().count() <= MAX_TAG_VALUE {
        return diff.replace('\0', "\u{FFFD}");
    }
    let kept = diff.chars().take(MAX_TAG_VALUE - CUT.chars().count());
    kept.collect::<String>().replace('\0', "\u{FFFD}") + CUT
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

    #[test]
    fn a_detached_head_is_no_branch() {
        let status = |text| Status::parse(text);
        let clean = "# branch.oid 8cc6f6b\n# branch.head main\n# branch.upstream origin/main";
        assert_eq!(
            status(clean),
            Status {
                commit: Some("8cc6f6b".to_owned()),
                branch: Some("main".to_owned()),
                is_dirty: false
            }
        );
        let detached = "# branch.oid 8cc6f6b\n# branch.head (detached)\n1 .M N... a b c d e f";
        assert_eq!(
            status(detached),
            Status {
                commit: Some("8cc6f6b".to_owned()),
                branch: None,
                is_dirty: true
            }
        );
        let empty = "# branch.oid (initial)\n# branch.head main";
        assert_eq!(status(empty).commit, None);
    }

    #[test]
    fn a_long_diff_says_that_it_is_cut() {
        assert_eq!(shortened("+a"), "+a");
        let cut = shortened(&"é".repeat(MAX_TAG_VALUE + 1));
        assert_eq!(cut.chars().count(), MAX_TAG_VALUE);
        assert!(cut.ends_with("longer than a tag"));
    }
}
