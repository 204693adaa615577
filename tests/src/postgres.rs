//! A PostgreSQL server for MLflow's own server to keep its runs in.

use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::server::free_port;

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
        let programs = programs();
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

/// Where Debian keeps the programs, the newest version if there are several; else those of the `PATH`.
fn programs() -> PathBuf {
    let versions = std::fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .flatten();
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut places: Vec<PathBuf> = versions.map(|version| version.path().join("bin")).collect();
    places.sort();
    places.reverse();
    places.extend(std::env::split_paths(&path));
    let found = places
        .into_iter()
        .find(|place| place.join("initdb").exists());
    found
        .unwrap_or_else(|| panic!("the tests need PostgreSQL; type: apt-get install -y postgresql"))
}

fn run(command: &mut Command) {
    let output = command.output();
    let done = output.as_ref().is_ok_and(|output| output.status.success());
    assert!(done, "{command:?} failed: {output:?}");
}
