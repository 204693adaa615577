//! A headless Chromium that tests use to check MLflow's pages.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::cache_dir;
use crate::devtools::DevTools;
use crate::setup::{CHROMIUM, in_path};

/// The deadline for a condition on a page.
const TIMEOUT: Duration = Duration::from_mins(1);

/// Headless and without background requests. With `--site-per-process` each frame is a target of
/// its own, so that tests can read its text.
const ARGUMENTS: [&str; 10] = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--hide-scrollbars",
    "--site-per-process",
    "--window-size=1600,1100",
];

/// The settings of a returning user: MLflow's pages for model training, and a closed assistant,
/// which would otherwise cover a third of each page.
const SETTINGS: &str = r#"
localStorage.setItem("mlflow.workflowType_v1", '"machine_learning"');
localStorage.setItem("mlflow.assistant.fab.autoOpenedOnFirstLoad_v1", "true");
"#;

/// A Chromium process with an empty profile. Dropping the value stops it.
#[derive(Debug)]
pub struct Browser {
    devtools: DevTools,
    _profile: TempDir,
}

/// A page in its own tab. Dropping the value closes the tab.
#[derive(Debug)]
pub struct Page<'b> {
    devtools: &'b mut DevTools,
    tab: Value,
    session: String,
    url: String,
    name: String,
}

impl Browser {
    /// Starts Chromium, and installs it first if apt can.
    ///
    /// # Panics
    /// Chromium does not start.
    pub fn start() -> Self {
        let profile = tempfile::tempdir().expect("a temporary folder");
        Self {
            devtools: DevTools::start(&program(), profile.path(), &ARGUMENTS),
            _profile: profile,
        }
    }

    /// Opens a page. Screenshots are saved as `target/mlplots-tests/screenshots/NAME.png`.
    pub fn open(&mut self, name: &str, url: &str) -> Page<'_> {
        let mut open = || -> Result<(Value, String), String> {
            let blank = json!({ "url": "about:blank" });
            let mut target = self.devtools.call(None, "Target.createTarget", &blank)?;
            let tab = target["targetId"].take();
            let session = self.devtools.attach(&tab)?;
            for (method, params) in [
                ("Page.enable", json!({})),
                (
                    "Page.addScriptToEvaluateOnNewDocument",
                    json!({ "source": SETTINGS }),
                ),
                ("Page.navigate", json!({ "url": url })),
            ] {
                self.devtools.call(Some(&session), method, &params)?;
            }
            Ok((tab, session))
        };
        let (tab, session) =
            open().unwrap_or_else(|error| panic!("the browser cannot open {url}: {error}"));
        Page {
            devtools: &mut self.devtools,
            tab,
            session,
            url: url.to_owned(),
            name: name.to_owned(),
        }
    }
}

impl Page<'_> {
    /// Waits until the page shows all these texts.
    pub fn wait_for_texts(&mut self, texts: &[&str]) {
        for text in texts {
            self.poll(&format!("{text:?}"), |page| page.text().contains(text));
        }
    }

    /// Waits until a frame of the page shows this text.
    pub fn wait_for_frame_text(&mut self, text: &str) {
        self.poll(&format!("a frame with {text:?}"), |page| {
            page.frame_text().is_ok_and(|shown| shown.contains(text))
        });
    }

    /// Waits for an element with exactly this text and clicks on it.
    pub fn click(&mut self, text: &str) {
        let script = format!(
            "{{
                const all = [...document.querySelectorAll('body *')];
                const last = all.findLast(element => element.innerText?.trim() == {});
                last?.click();
                last !== undefined
            }}",
            json!(text)
        );
        self.wait_for(&format!("{text:?} to click on"), &script);
    }

    /// Waits until a JavaScript expression is true. `what` describes the condition in the message
    /// of a failure.
    pub fn wait_for(&mut self, what: &str, script: &str) {
        self.poll(what, |page| page.evaluate(script) == Ok(Value::Bool(true)));
    }

    /// Saves a screenshot of the page and returns its path.
    ///
    /// # Panics
    /// The browser cannot take the screenshot.
    pub fn screenshot(&mut self) -> PathBuf {
        let screenshot_path = cache_dir("screenshots").join(format!("{}.png", self.name));
        let result = self
            .devtools
            .call(Some(&self.session), "Page.captureScreenshot", &json!({}))
            .unwrap_or_else(|error| {
                panic!(
                    "the browser cannot take a screenshot of {}: {error}",
                    self.url
                )
            });
        let bytes = BASE64_STANDARD
            .decode(result["data"].as_str().unwrap_or_default())
            .expect("the browser sends base64");
        std::fs::write(&screenshot_path, bytes).expect("the screenshot is written");
        screenshot_path
    }

    fn poll(&mut self, what: &str, mut condition: impl FnMut(&mut Self) -> bool) {
        let start = Instant::now();
        while !condition(self) {
            if start.elapsed() > TIMEOUT {
                let (screenshot_path, text) = (self.screenshot(), self.text());
                panic!(
                    "{} does not show {what}\nscreenshot: {}\ntext of the page:\n{text}",
                    self.url,
                    screenshot_path.display()
                );
            }
            std::thread::sleep(Duration::from_millis(100));
        }
    }

    /// The text of the page. Empty while the page is loading.
    fn text(&mut self) -> String {
        let text = self.evaluate("document.body.innerText");
        text.ok().as_ref().map_or("", as_str).to_owned()
    }

    /// The text of the page's frame.
    fn frame_text(&mut self) -> Result<String, String> {
        let targets = self.devtools.call(None, "Target.getTargets", &json!({}))?;
        let frame = targets["targetInfos"]
            .as_array()
            .into_iter()
            .flatten()
            .find(|target| target["type"] == "iframe" && target["parentId"] == self.tab)
            .ok_or("there is no frame")?;
        let session = self.devtools.attach(&frame["targetId"])?;
        let text = self
            .devtools
            .evaluate(&session, "document.body.innerText")?;
        Ok(as_str(&text).to_owned())
    }

    fn evaluate(&mut self, script: &str) -> Result<Value, String> {
        self.devtools.evaluate(&self.session, script)
    }
}

impl Drop for Page<'_> {
    fn drop(&mut self) {
        // After a failed test the browser may have exited.
        if !std::thread::panicking() {
            let tab = json!({ "targetId": self.tab });
            let _ = self.devtools.call(None, "Target.closeTarget", &tab);
        }
    }
}

fn as_str(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

/// Returns the path of Chromium.
fn program() -> PathBuf {
    // `cache_dir` installs missing programs, or ends the tests.
    cache_dir("browser");
    in_path(&CHROMIUM).expect("Chromium is installed")
}
