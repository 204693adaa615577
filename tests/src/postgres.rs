//! A PostgreSQL server as the backend store of an MLflow server.

use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::server::free_port;
use crate::{cache_dir, setup};

/// A PostgreSQL server with an empty database. Dropping the value stops it.
#[derive(Debug)]
pub struct Postgres {
    /// The value for `mlflow server --backend-store-uri`.
    pub uri: String,
    process: Child,
    _folder: TempDir,
}

impl Postgres {
    /// Starts a server in a temporary folder.
    ///
    /// # Panics
    /// PostgreSQL does not start.
    pub fn start() -> Self {
        // `cache_dir` installs missing programs, or ends the tests.
        cache_dir("postgres");
        let programs = setup::postgres().expect("PostgreSQL is installed");
        let folder = tempfile::tempdir().expect("a temporary folder");
        let data = folder.path().join("data");
        let root = Command::new("id").arg("-u").output();
        let root = root.is_ok_and(|output| output.stdout == b"0\n");
        if root {
            // PostgreSQL refuses to run as root. Its package creates this user.
            run(Command::new("chown").arg("postgres").arg(folder.path()));
        }
        let command = |program: &str| {
            let path = programs.join(program);
            let mut command = if root {
                let mut command = Command::new("setpriv");
                command.args([
                    "--reuid=postgres",
                    "--regid=postgres",
                    "--clear-groups",
                    "--",
                ]);
                command.arg(path);
                command
            } else {
                Command::new(path)
            };
            command.current_dir(folder.path());
            command
        };
        run(command("initdb")
            .args(["--auth=trust", "--username=mlflow", "--no-sync", "--pgdata"])
            .arg(&data));
        let port = free_port();
        let process = command("postgres")
            .arg("-D")
            .arg(&data)
            .args(["-c", "listen_addresses=127.0.0.1", "-c", "fsync=off"])
            .args(["-c", &format!("port={port}")])
            .arg("-c")
            .arg(format!(
                "unix_socket_directories={}",
                folder.path().display()
            ))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .process_group(0)
            .spawn()
            .expect("PostgreSQL starts");
        let mut create = command("createdb");
        create.args([
            "-h",
            "127.0.0.1",
            "-U",
            "mlflow",
            "-p",
            &port.to_string(),
            "mlflow",
        ]);
        let start = Instant::now();
        while !create.output().is_ok_and(|output| output.status.success()) {
            assert!(
                start.elapsed() < Duration::from_mins(1),
                "PostgreSQL does not create the database: {create:?}"
            );
            std::thread::sleep(Duration::from_millis(100));
        }
        Self {
            // `postgresql:` alone selects a driver that the tests do not install.
            uri: format!("postgresql+psycopg2://mlflow@127.0.0.1:{port}/mlflow"),
            process,
            _folder: folder,
        }
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        // SIGINT is a fast shutdown. SIGKILL would leave child processes running.
        let _ = Command::new("kill")
            .args(["-INT", &self.process.id().to_string()])
            .status();
        let _ = self.process.wait();
    }
}

fn run(command: &mut Command) {
    let output = command.output();
    let succeeded = output.as_ref().is_ok_and(|output| output.status.success());
    assert!(succeeded, "{command:?} failed: {output:?}");
}
