//! Processes that tests look for and end.

use std::process::Command;
use std::time::{Duration, Instant};

/// The training program that a supervisor has started, if it is there; its name begins so.
pub fn child(supervisor: u32, name: &str) -> Option<u32> {
    let output = Command::new("ps")
        .args(["-o", "pid=,comm=", "--ppid", &supervisor.to_string()])
        .output();
    let text = output
        .map(|output| String::from_utf8_lossy(&output.stdout).into_owned())
        .unwrap_or_default();
    text.lines().find_map(|line| {
        let (pid, command) = line.trim().split_once(' ')?;
        // Linux keeps fifteen letters.
        let begins = command.trim().get(..name.len().min(15))?;
        name.starts_with(begins).then(|| pid.parse().ok())?
    })
}

/// The training program that a supervisor has started, once it is there; its name begins so.
pub fn trainer(supervisor: u32, name: &str) -> u32 {
    let since = Instant::now();
    loop {
        if let Some(pid) = child(supervisor, name) {
            return pid;
        }
        assert!(
            since.elapsed() < Duration::from_mins(3),
            "no training program appears"
        );
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// Waits until a process is gone; nobody may have asked yet how it ended.
pub fn gone(pid: u32) {
    let since = Instant::now();
    loop {
        let output = Command::new("ps")
            .args(["-o", "stat=", "-p", &pid.to_string()])
            .output()
            .expect("`ps` starts");
        if output.stdout.is_empty() || output.stdout.starts_with(b"Z") {
            return;
        }
        assert!(
            since.elapsed() < Duration::from_mins(1),
            "the process {pid} does not end"
        );
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// Sends a signal such as `-KILL`.
pub fn signal(name: &str, pid: u32) {
    let sent = Command::new("kill").args([name, &pid.to_string()]).status();
    assert!(sent.is_ok_and(|status| status.success()));
}
