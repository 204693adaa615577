//! A real browser, without a window.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::devtools::DevTools;
use crate::kept;
use crate::setup::{CHROMIUM, in_path};

/// How long a page may take to show what it should.
const PATIENCE: Duration = Duration::from_mins(1);

/// No window, nothing fetched in the background, and each frame a target that can be asked.
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

/// What a person has chosen who has been here before: MLflow's pages for training, and its
/// assistant closed, which else covers a third of each page.
const SETTINGS: &str = r#"
localStorage.setItem("mlflow.workflowType_v1", '"machine_learning"');
localStorage.setItem("mlflow.assistant.fab.autoOpenedOnFirstLoad_v1", "true");
"#;

/// A Chromium with an empty profile; it ends when dropped.
#[derive(Debug)]
pub struct Browser {
    devtools: DevTools,
    _profile: TempDir,
}

/// A page in a tab of its own, which is closed when dropped.
#[derive(Debug)]
pub struct Page<'b> {
    devtools: &'b mut DevTools,
    tab: Value,
    session: String,
    url: String,
    name: String,
}

impl Browser {
    /// Starts Debian's Chromium; installs it where apt may.
    ///
    /// # Panics
    /// There is none; the message says what to type.
    pub fn start() -> Self {
        let profile = tempfile::tempdir().expect("a temporary folder");
        Self {
            devtools: DevTools::start(&program(), profile.path(), &ARGUMENTS),
            _profile: profile,
        }
    }

    /// Opens a page. Its picture is kept as `target/mlplots-tests/screenshots/NAME.png`.
    pub fn open(&mut self, name: &str, url: &str) -> Page<'_> {
        let mut open = || -> Result<(Value, String), String> {
            let blank = json!({ "url": "about:blank" });
            let mut target = self.devtools.ask(None, "Target.createTarget", &blank)?;
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
                self.devtools.ask(Some(&session), method, &params)?;
            }
            Ok((tab, session))
        };
        let (tab, session) =
            open().unwrap_or_else(|why| panic!("the browser does not open {url}: {why}"));
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
    pub fn shows(&mut self, texts: &[&str]) {
        for text in texts {
            self.wait(&format!("{text:?}"), |page| page.text().contains(text));
        }
    }

    /// Waits until a frame of the page shows this text.
    pub fn frame_shows(&mut self, text: &str) {
        self.wait(&format!("a frame with {text:?}"), |page| {
            page.frame_text().is_ok_and(|shown| shown.contains(text))
        });
    }

    /// Waits until something on the page has exactly this text, and clicks on it.
    pub fn clicks(&mut self, text: &str) {
        let script = format!(
            "{{
                const all = [...document.querySelectorAll('body *')];
                const last = all.findLast(element => element.innerText?.trim() == {});
                last?.click();
                last !== undefined
            }}",
            json!(text)
        );
        self.holds(&format!("{text:?} to click on"), &script);
    }

    /// Waits until a JavaScript expression is true; `what` says what is then on the page.
    pub fn holds(&mut self, what: &str, script: &str) {
        self.wait(what, |page| page.evaluate(script) == Ok(Value::Bool(true)));
    }

    /// Keeps a picture of the page as it is now.
    ///
    /// # Panics
    /// The browser makes none.
    pub fn screenshot(&mut self) -> PathBuf {
        let picture = kept("screenshots").join(format!("{}.png", self.name));
        let answer = self
            .devtools
            .ask(Some(&self.session), "Page.captureScreenshot", &json!({}))
            .unwrap_or_else(|why| panic!("the browser makes no picture of {}: {why}", self.url));
        let bytes = BASE64_STANDARD
            .decode(answer["data"].as_str().unwrap_or_default())
            .expect("the browser sends base64");
        std::fs::write(&picture, bytes).expect("the screenshot can be written");
        picture
    }

    fn wait(&mut self, what: &str, mut there: impl FnMut(&mut Self) -> bool) {
        let since = Instant::now();
        while !there(self) {
            if since.elapsed() > PATIENCE {
                let (picture, text) = (self.screenshot(), self.text());
                panic!(
                    "{} does not show {what}\nscreenshot: {}\nits text:\n{text}",
                    self.url,
                    picture.display()
                );
            }
            std::thread::sleep(Duration::from_millis(100));
        }
    }

    /// What can be read on the page; nothing while it is still loading.
    fn text(&mut self) -> String {
        let text = self.evaluate("document.body.innerText");
        text.ok().as_ref().map_or("", as_str).to_owned()
    }

    /// What can be read in the page's frame.
    fn frame_text(&mut self) -> Result<String, String> {
        let targets = self.devtools.ask(None, "Target.getTargets", &json!({}))?;
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
        // A test that fails may do so because the browser is gone.
        if !std::thread::panicking() {
            let tab = json!({ "targetId": self.tab });
            let _ = self.devtools.ask(None, "Target.closeTarget", &tab);
        }
    }
}

fn as_str(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

/// The browser's program.
fn program() -> PathBuf {
    // What is missing was installed, or has ended the tests.
    kept("browser");
    in_path(&CHROMIUM).expect("Chromium is installed")
}
