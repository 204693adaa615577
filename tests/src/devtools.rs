//! Chromium's `DevTools` protocol over the two pipes that `--remote-debugging-pipe` takes.

use std::io::{BufRead, BufReader, Write};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

/// How long the browser may take to answer, also on a machine that builds on the side.
const PATIENCE: Duration = Duration::from_mins(1);

/// The browser reads its commands from descriptor 3 and answers on 4: here its stdin and stdout.
const PIPES: &str = r#"exec "$0" "$@" 3<&0 4>&1 </dev/null >/dev/null"#;

/// A running browser that takes commands.
#[derive(Debug)]
pub(crate) struct DevTools {
    process: Child,
    commands: Option<ChildStdin>,
    answers: Receiver<Value>,
    sent: u64,
}

impl DevTools {
    /// Starts the browser with a profile folder of its own.
    pub(crate) fn start(program: &Path, profile: &Path, arguments: &[&str]) -> Self {
        let mut process = Command::new("sh")
            .args(["-c", PIPES])
            .arg(program)
            .arg("--remote-debugging-pipe")
            .arg(format!("--user-data-dir={}", profile.display()))
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .process_group(0)
            .spawn()
            .expect("the browser starts");
        let commands = process.stdin.take();
        let answers = BufReader::new(process.stdout.take().expect("the browser's stdout"));
        let (sender, receiver) = channel();
        std::thread::spawn(move || {
            // Each message ends with a zero byte.
            for message in answers.split(0).map_while(Result::ok) {
                let message = serde_json::from_slice(&message).expect("the browser sends JSON");
                if sender.send(message).is_err() {
                    break;
                }
            }
        });
        Self {
            process,
            commands,
            answers: receiver,
            sent: 0,
        }
    }

    /// Sends a command, to a page when there is a session, and waits for its result.
    ///
    /// # Errors
    /// The browser says no, as it does while a page is being replaced by the next one.
    pub(crate) fn ask(
        &mut self,
        session: Option<&str>,
        method: &str,
        params: &Value,
    ) -> Result<Value, String> {
        self.sent += 1;
        let mut command = json!({ "id": self.sent, "method": method, "params": params });
        if let Some(session) = session {
            command["sessionId"] = json!(session);
        }
        let pipe = self.commands.as_mut().expect("the browser's stdin");
        pipe.write_all(format!("{command}\0").as_bytes())
            .and_then(|()| pipe.flush())
            .expect("the browser takes commands");
        let since = Instant::now();
        loop {
            let left = PATIENCE.saturating_sub(since.elapsed());
            let mut answer = self
                .answers
                .recv_timeout(left)
                .unwrap_or_else(|why| panic!("the browser does not answer {method}: {why}"));
            // Everything else is an event, or comes late.
            if answer["id"] == self.sent {
                return match answer.get("error") {
                    Some(error) => Err(error.to_string()),
                    None => Ok(answer["result"].take()),
                };
            }
        }
    }

    /// Opens a session with a tab or a frame.
    pub(crate) fn attach(&mut self, target: &Value) -> Result<String, String> {
        let params = json!({ "targetId": target, "flatten": true });
        let session = self.ask(None, "Target.attachToTarget", &params)?;
        Ok(session["sessionId"].as_str().unwrap_or_default().to_owned())
    }

    /// The value of a JavaScript expression.
    ///
    /// # Errors
    /// The script throws, or the page is not there yet.
    pub(crate) fn evaluate(&mut self, session: &str, script: &str) -> Result<Value, String> {
        let params = json!({ "expression": script, "returnByValue": true });
        let mut answer = self.ask(Some(session), "Runtime.evaluate", &params)?;
        match answer.get("exceptionDetails") {
            Some(why) => Err(why.to_string()),
            None => Ok(answer["result"]["value"].take()),
        }
    }
}

impl Drop for DevTools {
    fn drop(&mut self) {
        // Without its pipe the browser ends by itself, and leaves its profile in peace.
        drop(self.commands.take());
        let since = Instant::now();
        while matches!(self.process.try_wait(), Ok(None)) && since.elapsed().as_secs() < 10 {
            std::thread::sleep(Duration::from_millis(20));
        }
        let group = format!("-{}", self.process.id());
        let _ = Command::new("kill")
            .args(["-KILL", "--", &group])
            .stderr(Stdio::null())
            .status();
        let _ = self.process.wait();
    }
}
