//! Chromium's `DevTools` protocol over the two pipes of `--remote-debugging-pipe`.

use std::io::{BufRead, BufReader, Write};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

/// The deadline for a result, generous enough for a machine that also compiles.
const TIMEOUT: Duration = Duration::from_mins(1);

/// Chromium reads commands from file descriptor 3 and writes results to 4. This shell command
/// connects them to stdin and stdout.
const PIPES: &str = r#"exec "$0" "$@" 3<&0 4>&1 </dev/null >/dev/null"#;

/// A browser process that accepts commands.
#[derive(Debug)]
pub(crate) struct DevTools {
    process: Child,
    commands: Option<ChildStdin>,
    messages: Receiver<Value>,
    last_id: u64,
}

impl DevTools {
    /// Starts the browser with a profile folder.
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
        let output = BufReader::new(process.stdout.take().expect("the browser's stdout"));
        let (sender, receiver) = channel();
        std::thread::spawn(move || {
            // Each message ends with a zero byte.
            for message in output.split(0).map_while(Result::ok) {
                let message = serde_json::from_slice(&message).expect("the browser sends JSON");
                if sender.send(message).is_err() {
                    break;
                }
            }
        });
        Self {
            process,
            commands,
            messages: receiver,
            last_id: 0,
        }
    }

    /// Sends a command to the browser, or to a page if there is a session, and waits for its
    /// result.
    ///
    /// # Errors
    /// The browser returns an error, for example while a page navigates to another one.
    pub(crate) fn call(
        &mut self,
        session: Option<&str>,
        method: &str,
        params: &Value,
    ) -> Result<Value, String> {
        self.last_id += 1;
        let mut command = json!({ "id": self.last_id, "method": method, "params": params });
        if let Some(session) = session {
            command["sessionId"] = json!(session);
        }
        let pipe = self.commands.as_mut().expect("the browser's stdin");
        pipe.write_all(format!("{command}\0").as_bytes())
            .and_then(|()| pipe.flush())
            .expect("the browser reads commands");
        let start = Instant::now();
        loop {
            let remaining = TIMEOUT.saturating_sub(start.elapsed());
            let mut message = self
                .messages
                .recv_timeout(remaining)
                .unwrap_or_else(|error| {
                    panic!("the browser returns no result for {method}: {error}")
                });
            // Other messages are events, or results of earlier commands.
            if message["id"] == self.last_id {
                return match message.get("error") {
                    Some(error) => Err(error.to_string()),
                    None => Ok(message["result"].take()),
                };
            }
        }
    }

    /// Opens a session with a tab or a frame.
    pub(crate) fn attach(&mut self, target: &Value) -> Result<String, String> {
        let params = json!({ "targetId": target, "flatten": true });
        let session = self.call(None, "Target.attachToTarget", &params)?;
        Ok(session["sessionId"].as_str().unwrap_or_default().to_owned())
    }

    /// Evaluates a JavaScript expression.
    ///
    /// # Errors
    /// The script throws an exception, or the page has not loaded.
    pub(crate) fn evaluate(&mut self, session: &str, script: &str) -> Result<Value, String> {
        let params = json!({ "expression": script, "returnByValue": true });
        let mut result = self.call(Some(session), "Runtime.evaluate", &params)?;
        match result.get("exceptionDetails") {
            Some(error) => Err(error.to_string()),
            None => Ok(result["result"]["value"].take()),
        }
    }
}

impl Drop for DevTools {
    fn drop(&mut self) {
        // A closed pipe makes the browser exit and finish its writes to the profile.
        drop(self.commands.take());
        let start = Instant::now();
        while matches!(self.process.try_wait(), Ok(None)) && start.elapsed().as_secs() < 10 {
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
