//! Installs the system packages that the tests need. If it cannot, it ends the tests before the
//! first one that needs a package.
//!
//! A build script could do this earlier, but it would also install packages for users who only
//! check the workspace or open it in an editor.

use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Once;

/// The names under which distributions install Chromium.
pub(crate) const CHROMIUM: [&str; 3] = ["chromium", "chromium-browser", "google-chrome"];

/// Installs missing packages. Ends the process if it cannot, because most tests would fail for the
/// same reason.
pub(crate) fn ensure(target: &Path) {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        if missing(target).is_empty() {
            return;
        }
        // Several test processes may run at once: the first one installs, the others wait.
        let lock = File::create(target.join("setup.lock")).expect("a lock file");
        lock.lock().expect("the lock of the installation");
        let packages = missing(target);
        if packages.is_empty() {
            return;
        }
        let packages = packages.join(" ");
        let install = format!("apt-get install -y --no-install-recommends {packages}");
        // Unlike `eprintln!`, this bypasses the output capture of the test harness.
        let mut stderr = std::io::stderr();
        let _ = writeln!(stderr, "installing: {install}");
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
                 help: run `sudo sh -c 'apt-get update && {install}'`, or install the \
                 equivalent packages of your system"
            );
            std::process::exit(2);
        }
    });
}

/// The Debian packages that are missing.
fn missing(target: &Path) -> Vec<&'static str> {
    let mut missing = Vec::new();
    // Debian's Python does not include the module `venv`.
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

/// The path of the first of these programs that is in `PATH`.
pub(crate) fn in_path(names: &[&str]) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    let files = names
        .iter()
        .flat_map(|name| std::env::split_paths(&path).map(move |folder| folder.join(name)));
    files.into_iter().find(|file| file.is_file())
}

/// The folder of PostgreSQL's programs. Debian installs them outside of `PATH`, in one folder per
/// version; the newest version is used.
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
