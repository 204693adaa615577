//! A real MLflow server.

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

/// How long a server may take to answer the first time.
const PATIENCE: Duration = Duration::from_mins(5);

/// A running `mlflow server`, with a SQLite file unless told otherwise; it ends when dropped.
#[derive(Debug)]
pub struct MlflowServer {
    venv: &'static Venv,
    /// `http://127.0.0.1:PORT`, and the path prefix if it has one.
    pub url: String,
    folder: PathBuf,
    port: u16,
    arguments: Vec<String>,
    variables: Vec<(String, String)>,
    prefix: String,
    process: Option<Child>,
    /// Its folder, when it has one of its own.
    temporary: Option<TempDir>,
}

impl MlflowServer {
    /// Starts a server in a folder of its own, with further arguments of `mlflow server`.
    pub fn start(arguments: &[&str]) -> Self {
        Self::start_with(arguments, &[])
    }

    /// The same with environment variables.
    pub fn start_with(arguments: &[&str], variables: &[(&str, &str)]) -> Self {
        Self::start_of_with(Venv::get(), arguments, variables)
    }

    /// Starts a server in a folder, as somebody does who types `mlflow server` there.
    pub fn start_in(folder: &Path, arguments: &[&str]) -> Self {
        Self::start_of(Venv::get(), folder, arguments)
    }

    /// The same with the MLflow of an environment.
    pub fn start_of(venv: &'static Venv, folder: &Path, arguments: &[&str]) -> Self {
        Self::new(venv, folder, arguments, &[])
    }

    /// The same with environment variables.
    pub fn start_of_with(
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
        let mut before = arguments.iter();
        before.find(|&&argument| argument == "--static-prefix");
        let prefix = before.next().copied().unwrap_or_default();
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

    /// Stops all its processes where they are, for a while: what it is asked meanwhile waits.
    pub fn freeze(&self, time: Duration) {
        let process = self.process.as_ref().expect("it runs");
        let group = Pid::from_child(process);
        kill_process_group(group, Signal::STOP).expect("it can be stopped");
        std::thread::spawn(move || {
            std::thread::sleep(time);
            let _ = kill_process_group(group, Signal::CONT);
        });
    }

    /// Starts it again, on the same port and with the same database.
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
            // The job runners are seven more processes of 200 MB that no test needs.
            .env("MLFLOW_SERVER_ENABLE_JOB_EXECUTION", "false")
            .envs(self.variables.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null())
            .stdout(log.try_clone().expect("the log file"))
            .stderr(log)
            .process_group(0)
            .spawn()
            .expect("`mlflow server` starts");
        self.process = Some(process);
        let since = Instant::now();
        while !self.answers() {
            let ended = self.process.as_mut().map(Child::try_wait);
            assert!(
                matches!(ended, Some(Ok(None))) && since.elapsed() < PATIENCE,
                "the MLflow server does not answer:\n{}",
                self.log()
            );
            std::thread::sleep(Duration::from_millis(100));
        }
    }

    /// Stops it; the database stays.
    pub fn stop(&mut self) {
        if let Some(mut process) = self.process.take() {
            // The server's workers are processes of their own: the group is ended as a whole.
            let group = format!("-{}", process.id());
            let _ = Command::new("kill").args(["-KILL", "--", &group]).status();
            let _ = process.wait();
        }
    }

    /// The folder it was started in, with its database.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// What it has written since it was started.
    pub fn log(&self) -> String {
        std::fs::read_to_string(self.folder.join("server.log")).unwrap_or_default()
    }

    /// Asks the server's API directly, where the time of Python's client would count; `path` is
    /// below `/api/2.0/mlflow/`.
    pub fn post(&self, path: &str, body: &Value) -> Value {
        let body = body.to_string();
        let request = format!(
            "POST {}/api/2.0/mlflow/{path} HTTP/1.0\r\nHost: 127.0.0.1\r\n\
             Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
            self.prefix,
            body.len()
        );
        let answer = self.ask(&request).expect("the server answers");
        let (_, json) = answer.split_once("\r\n\r\n").expect("a body");
        serde_json::from_str(json).unwrap_or_else(|why| panic!("{why}: {answer}"))
    }

    fn answers(&self) -> bool {
        let prefix = &self.prefix;
        let request = format!("GET {prefix}/health HTTP/1.0\r\nHost: 127.0.0.1\r\n\r\n");
        self.ask(&request)
            .is_ok_and(|answer| answer.contains("200 OK"))
    }

    fn ask(&self, request: &str) -> std::io::Result<String> {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port))?;
        stream.set_read_timeout(Some(Duration::from_secs(10)))?;
        stream.write_all(request.as_bytes())?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer)?;
        Ok(answer)
    }
}

/// A port of this machine that nobody listens on.
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
