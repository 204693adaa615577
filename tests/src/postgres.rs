//! A PostgreSQL server for MLflow's own server to keep its runs in.

use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::server::free_port;
use crate::{kept, setup};

/// A running PostgreSQL server with an empty database; it ends when dropped.
#[derive(Debug)]
pub struct Postgres {
    /// What `mlflow server --backend-store-uri` takes.
    pub uri: String,
    process: Child,
    _folder: TempDir,
}

impl Postgres {
    /// Starts one in a folder of its own.
    ///
    /// # Panics
    /// PostgreSQL is not installed; the message says what to type.
    pub fn start() -> Self {
        // What is missing was installed, or has ended the tests.
        kept("postgres");
        let programs = setup::postgres().expect("PostgreSQL is installed");
        let folder = tempfile::tempdir().expect("a temporary folder");
        let data = folder.path().join("data");
        let root = Command::new("id").arg("-u").output();
        let root = root.is_ok_and(|output| output.stdout == b"0\n");
        if root {
            // It refuses to run as root; its package made a user for it.
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
        let since = Instant::now();
        while !create.output().is_ok_and(|output| output.status.success()) {
            assert!(
                since.elapsed() < Duration::from_mins(1),
                "PostgreSQL does not answer: {create:?}"
            );
            std::thread::sleep(Duration::from_millis(100));
        }
        Self {
            // The plain scheme means another driver than the one that the tests install.
            uri: format!("postgresql+psycopg2://mlflow@127.0.0.1:{port}/mlflow"),
            process,
            _folder: folder,
        }
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        // Fast shutdown; killed, it would leave its workers behind.
        let _ = Command::new("kill")
            .args(["-INT", &self.process.id().to_string()])
            .status();
        let _ = self.process.wait();
    }
}

fn run(command: &mut Command) {
    let output = command.output();
    let done = output.as_ref().is_ok_and(|output| output.status.success());
    assert!(done, "{command:?} failed: {output:?}");
}
