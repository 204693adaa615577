//! The programs that the tests need beside cargo: what is missing is installed once, before the
//! first test that needs any of them, where that may be done; otherwise the tests stop at once.
//!
//! A build script could stop them earlier, but would install programs for everyone who checks or
//! opens the workspace in an editor.

use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Once;

/// Chromium's program goes by several names.
pub(crate) const CHROMIUM: [&str; 3] = ["chromium", "chromium-browser", "google-chrome"];

/// Makes sure that everything is there. Ends the process where it is not: one test after the other
/// would fail for the same reason.
pub(crate) fn ensure(target: &Path) {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        if missing(target).is_empty() {
            return;
        }
        // Test processes run side by side; the first installs, the others wait.
        let lock = File::create(target.join("setup.lock")).expect("a lock file");
        lock.lock().expect("the lock on the set-up");
        let packages = missing(target);
        if packages.is_empty() {
            return;
        }
        let packages = packages.join(" ");
        let install = format!("apt-get install -y --no-install-recommends {packages}");
        // Past the test harness, which keeps to itself what a test prints.
        let mut stderr = std::io::stderr();
        let _ = writeln!(stderr, "set-up: {install}");
        let installed = Command::new("sh")
            .args(["-c", &format!("apt-get update -qq && {install} >/dev/null")])
            .env("DEBIAN_FRONTEND", "noninteractive")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .status();
        let is_installed = installed.is_ok_and(|status| status.success());
        if !is_installed || !missing(target).is_empty() {
            let _ = writeln!(
                stderr,
                "error: the tests need programs that are not installed\n  \
                 help: type `sudo sh -c 'apt-get update && {install}'`, or install what is called \
                 so on your system"
            );
            std::process::exit(2);
        }
    });
}

/// Debian's packages of what is missing.
fn missing(target: &Path) -> Vec<&'static str> {
    let mut missing = Vec::new();
    // Python comes without its module for environments.
    if !target.join("python").join("venv").exists() && !has_venv() {
        missing.extend(["python3", "python3-venv"]);
    }
    for (programs, packages) in [
        (&["npm"][..], &["nodejs", "npm"][..]),
        (&CHROMIUM, &["chromium"]),
        (&["ps"], &["procps"]),
        (&["git"], &["git"]),
        (&["cc"], &["gcc", "libc6-dev"]),
    ] {
        if in_path(programs).is_none() {
            missing.extend(packages);
        }
    }
    if postgres().is_none() {
        missing.push("postgresql");
    }
    missing
}

fn has_venv() -> bool {
    let mut python = Command::new("python3");
    python.args(["-c", "import ensurepip, venv"]);
    let status = python.stdin(Stdio::null()).stderr(Stdio::null()).status();
    status.is_ok_and(|status| status.success())
}

/// The first of these programs that is in the `PATH`.
pub(crate) fn in_path(names: &[&str]) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    let files = names
        .iter()
        .flat_map(|name| std::env::split_paths(&path).map(move |folder| folder.join(name)));
    files.into_iter().find(|file| file.is_file())
}

/// Where PostgreSQL's programs are: Debian keeps them apart, by version; the newest counts.
pub(crate) fn postgres() -> Option<PathBuf> {
    let versions = std::fs::read_dir("/usr/lib/postgresql");
    let versions = versions.into_iter().flatten().flatten();
    let mut folders: Vec<PathBuf> = versions.map(|version| version.path().join("bin")).collect();
    folders.sort();
    let newest = folders
        .into_iter()
        .rfind(|folder| folder.join("initdb").exists());
    newest.or_else(|| Some(in_path(&["initdb"])?.parent()?.to_path_buf()))
}
