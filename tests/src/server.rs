//! An `mlflow server` process.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process_group};
use serde_json::Value;
use tempfile::TempDir;

use crate::Venv;

/// The deadline for the first response of a server.
const TIMEOUT: Duration = Duration::from_mins(5);

/// A running `mlflow server`, by default with a SQLite database. Dropping the value stops it.
#[derive(Debug)]
pub struct MlflowServer {
    venv: &'static Venv,
    /// `http://127.0.0.1:PORT` with the path prefix, if any.
    pub url: String,
    folder: PathBuf,
    port: u16,
    arguments: Vec<String>,
    variables: Vec<(String, String)>,
    prefix: String,
    process: Option<Child>,
    /// Deletes `folder` on drop, unless the caller owns it.
    temporary: Option<TempDir>,
}

impl MlflowServer {
    /// Starts a server in a temporary folder with further arguments of `mlflow server`.
    pub fn start(arguments: &[&str]) -> Self {
        Self::start_with(arguments, &[])
    }

    /// Like [`start`](Self::start), with environment variables.
    pub fn start_with(arguments: &[&str], variables: &[(&str, &str)]) -> Self {
        Self::start_with_venv_and_env(Venv::get(), arguments, variables)
    }

    /// Starts a server with `folder` as its working directory.
    pub fn start_in(folder: &Path, arguments: &[&str]) -> Self {
        Self::start_with_venv(Venv::get(), folder, arguments)
    }

    /// Like [`start_in`](Self::start_in), with the MLflow version of a virtual environment.
    pub fn start_with_venv(venv: &'static Venv, folder: &Path, arguments: &[&str]) -> Self {
        Self::new(venv, folder, arguments, &[])
    }

    /// Like [`start_with`](Self::start_with), with the MLflow version of a virtual environment.
    pub fn start_with_venv_and_env(
        venv: &'static Venv,
        arguments: &[&str],
        variables: &[(&str, &str)],
    ) -> Self {
        let temporary = tempfile::tempdir().expect("a temporary folder");
        let mut server = Self::new(venv, temporary.path(), arguments, variables);
        server.temporary = Some(temporary);
        server
    }

    fn new(
        venv: &'static Venv,
        folder: &Path,
        arguments: &[&str],
        variables: &[(&str, &str)],
    ) -> Self {
        let port = free_port();
        let mut remaining = arguments.iter();
        remaining.find(|&&argument| argument == "--static-prefix");
        let prefix = remaining.next().copied().unwrap_or_default();
        let mut server = Self {
            venv,
            url: format!("http://127.0.0.1:{port}{prefix}"),
            folder: folder.to_path_buf(),
            port,
            arguments: arguments
                .iter()
                .map(|&argument| argument.to_owned())
                .collect(),
            variables: variables
                .iter()
                .map(|&(name, value)| (name.to_owned(), value.to_owned()))
                .collect(),
            prefix: prefix.to_owned(),
            process: None,
            temporary: None,
        };
        server.restart();
        server
    }

    /// Suspends all processes of the server for a while. Requests wait until they resume.
    pub fn freeze(&self, duration: Duration) {
        let process = self.process.as_ref().expect("the server runs");
        let group = Pid::from_child(process);
        kill_process_group(group, Signal::STOP).expect("the processes are suspended");
        std::thread::spawn(move || {
            std::thread::sleep(duration);
            let _ = kill_process_group(group, Signal::CONT);
        });
    }

    /// Restarts the server on the same port and with the same database.
    pub fn restart(&mut self) {
        self.stop();
        let log = std::fs::File::create(self.folder.join("server.log")).expect("a log file");
        let process = self
            .venv
            .command("mlflow")
            .args([
                "server",
                "--host",
                "127.0.0.1",
                "--port",
                &self.port.to_string(),
            ])
            .args(&self.arguments)
            .current_dir(&self.folder)
            // No test needs the job runners, which are seven processes of 200 MB each.
            .env("MLFLOW_SERVER_ENABLE_JOB_EXECUTION", "false")
            .envs(self.variables.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null())
            .stdout(log.try_clone().expect("the log file"))
            .stderr(log)
            .process_group(0)
            .spawn()
            .expect("`mlflow server` starts");
        self.process = Some(process);
        let start = Instant::now();
        while !self.is_healthy() {
            let status = self.process.as_mut().map(Child::try_wait);
            assert!(
                matches!(status, Some(Ok(None))) && start.elapsed() < TIMEOUT,
                "the MLflow server does not respond:\n{}",
                self.log()
            );
            std::thread::sleep(Duration::from_millis(100));
        }
    }

    /// Stops the server. The database stays.
    pub fn stop(&mut self) {
        if let Some(mut process) = self.process.take() {
            // The workers are child processes, so the signal goes to the process group.
            let group = format!("-{}", process.id());
            let _ = Command::new("kill").args(["-KILL", "--", &group]).status();
            let _ = process.wait();
        }
    }

    /// The working directory of the server, which contains its database.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The output of the server since its last start.
    pub fn log(&self) -> String {
        std::fs::read_to_string(self.folder.join("server.log")).unwrap_or_default()
    }

    /// Calls the server's REST API without the Python client, which would distort measurements.
    /// `path` is relative to `/api/2.0/mlflow/`.
    pub fn post(&self, path: &str, body: &Value) -> Value {
        let body = body.to_string();
        let request = format!(
            "POST {}/api/2.0/mlflow/{path} HTTP/1.0\r\nHost: 127.0.0.1\r\n\
             Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
            self.prefix,
            body.len()
        );
        let response = self.send(&request).expect("the server responds");
        let (_, json) = response.split_once("\r\n\r\n").expect("a body");
        serde_json::from_str(json).unwrap_or_else(|error| panic!("{error}: {response}"))
    }

    fn is_healthy(&self) -> bool {
        let prefix = &self.prefix;
        let request = format!("GET {prefix}/health HTTP/1.0\r\nHost: 127.0.0.1\r\n\r\n");
        self.send(&request)
            .is_ok_and(|response| response.contains("200 OK"))
    }

    fn send(&self, request: &str) -> std::io::Result<String> {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port))?;
        stream.set_read_timeout(Some(Duration::from_secs(10)))?;
        stream.write_all(request.as_bytes())?;
        let mut response = String::new();
        stream.read_to_string(&mut response)?;
        Ok(response)
    }
}

/// A local port on which no process listens.
pub(crate) fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    listener.local_addr().expect("the port").port()
}

impl Drop for MlflowServer {
    fn drop(&mut self) {
        self.stop();
        drop(self.temporary.take());
    }
}
