//! A real browser, without a window.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Debian's Chromium.
#[derive(Debug)]
pub struct Browser {
    program: PathBuf,
}

impl Browser {
    /// Finds it; installs it where apt may.
    ///
    /// # Panics
    /// There is none; the message says what to type.
    pub fn find() -> Self {
        let known = || {
            ["chromium", "chromium-browser", "google-chrome"]
                .iter()
                .find_map(|name| {
                    let path = std::env::var_os("PATH")?;
                    std::env::split_paths(&path)
                        .map(|folder| folder.join(name))
                        .find(|file| file.is_file())
                })
        };
        if let Some(program) = known() {
            return Self { program };
        }
        let install =
            "apt-get update -qq && apt-get install -y -qq --no-install-recommends chromium";
        let _ = Command::new("sh")
            .args(["-c", install])
            .stdin(Stdio::null())
            .output();
        match known() {
            Some(program) => Self { program },
            None => panic!("the tests need Chromium; type: sudo sh -c '{install}'"),
        }
    }

    /// A picture of a page, once its scripts have come to rest.
    pub fn screenshot(&self, url: &str, picture: &Path) {
        let argument = format!("--screenshot={}", picture.display());
        self.visit(url, &argument);
        let size = std::fs::metadata(picture).map_or(0, |file| file.len());
        assert!(size > 0, "the browser made no picture of {url}");
    }

    /// The page as HTML, once its scripts have come to rest.
    pub fn html(&self, url: &str) -> String {
        self.visit(url, "--dump-dom")
    }

    fn visit(&self, url: &str, what: &str) -> String {
        let profile = tempfile::tempdir().expect("a temporary folder");
        let output = Command::new(&self.program)
            .args([
                "--headless",
                "--no-sandbox",
                "--disable-gpu",
                "--disable-quic",
                "--no-first-run",
            ])
            .args([
                "--disable-background-networking",
                "--disable-component-update",
                "--disable-sync",
            ])
            .args([
                "--hide-scrollbars",
                "--window-size=1500,1000",
                "--virtual-time-budget=20000",
            ])
            .arg(format!("--user-data-dir={}", profile.path().display()))
            .args([what, url])
            .stdin(Stdio::null())
            .output()
            .expect("the browser starts");
        assert!(
            output.status.success(),
            "the browser failed on {url}:\n{}",
            String::from_utf8_lossy(&output.stderr)
        );
        String::from_utf8_lossy(&output.stdout).into_owned()
    }
}
