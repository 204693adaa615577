//! Helpers that find, signal and wait for processes.

use std::process::Command;
use std::time::{Duration, Instant};

/// The process ID of a supervisor's child process with this name, if it runs.
pub fn child(supervisor: u32, name: &str) -> Option<u32> {
    let output = Command::new("ps")
        .args(["-o", "pid=,comm=", "--ppid", &supervisor.to_string()])
        .output();
    let text = output
        .map(|output| String::from_utf8_lossy(&output.stdout).into_owned())
        .unwrap_or_default();
    text.lines().find_map(|line| {
        let (pid, command) = line.trim().split_once(' ')?;
        // Linux truncates the name to 15 bytes.
        let prefix = command.trim().get(..name.len().min(15))?;
        name.starts_with(prefix).then(|| pid.parse().ok())?
    })
}

/// Waits for a supervisor's child process with this name and returns its process ID.
pub fn trainer(supervisor: u32, name: &str) -> u32 {
    let start = Instant::now();
    loop {
        if let Some(pid) = child(supervisor, name) {
            return pid;
        }
        assert!(
            start.elapsed() < Duration::from_mins(3),
            "the supervisor starts no process `{name}`"
        );
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// Waits until a process has exited. A zombie counts as exited.
pub fn wait_for_exit(pid: u32) {
    let start = Instant::now();
    loop {
        let output = Command::new("ps")
            .args(["-o", "stat=", "-p", &pid.to_string()])
            .output()
            .expect("`ps` starts");
        if output.stdout.is_empty() || output.stdout.starts_with(b"Z") {
            return;
        }
        assert!(
            start.elapsed() < Duration::from_mins(1),
            "the process {pid} does not exit"
        );
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// Sends a signal, such as `-KILL`, to a process.
pub fn signal(name: &str, pid: u32) {
    let sent = Command::new("kill").args([name, &pid.to_string()]).status();
    assert!(sent.is_ok_and(|status| status.success()));
}
