//! An S3 server that verifies signatures.

use std::fs::File;
use std::net::TcpStream;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::server::free_port;
use crate::{cache_dir, clean_env};

/// The newest version that the minimum supported Rust version can build.
const VERSION: &str = "0.14.1";

/// A running S3 server that stores buckets as folders. Dropping the value stops it.
#[derive(Debug)]
pub struct S3 {
    /// `http://127.0.0.1:PORT`.
    pub url: String,
    folder: TempDir,
    process: Child,
}

impl S3 {
    /// The access key ID.
    pub const KEY: &'static str = "AKIAMLPLOTSTESTS";
    /// The secret access key.
    pub const SECRET: &'static str = "the-secret-of-the-bucket";

    /// Starts a server with these buckets.
    ///
    /// # Panics
    /// The server cannot be installed. The message contains the command that installs it.
    pub fn start(buckets: &[&str]) -> Self {
        let program = program();
        let folder = tempfile::tempdir().expect("a temporary folder");
        for bucket in buckets {
            std::fs::create_dir(folder.path().join(bucket)).expect("the bucket is created");
        }
        let port = free_port();
        let process = Command::new(program)
            .args(["--access-key", Self::KEY, "--secret-key", Self::SECRET])
            .args(["--host", "127.0.0.1", "--port", &port.to_string()])
            .arg(folder.path())
            .env("RUST_LOG", "error")
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("the S3 server starts");
        let start = Instant::now();
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            assert!(
                start.elapsed() < Duration::from_secs(30),
                "the S3 server does not accept connections"
            );
            std::thread::sleep(Duration::from_millis(20));
        }
        Self {
            url: format!("http://127.0.0.1:{port}"),
            folder,
            process,
        }
    }

    /// The environment variables that a client needs to access the server.
    pub fn variables(&self) -> [(&str, &str); 4] {
        [
            ("AWS_ACCESS_KEY_ID", Self::KEY),
            ("AWS_SECRET_ACCESS_KEY", Self::SECRET),
            ("AWS_DEFAULT_REGION", "us-east-1"),
            ("MLFLOW_S3_ENDPOINT_URL", &self.url),
        ]
    }

    /// The path of the file in which the server stores an object.
    pub fn object(&self, path: &str) -> PathBuf {
        self.folder.path().join(path)
    }
}

impl Drop for S3 {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Returns the path of the program. The first call builds it.
fn program() -> PathBuf {
    let folder = cache_dir("s3s-fs");
    // Several test processes may run at once: the first one builds the server, the others wait.
    let lock = File::create(folder.join("lock")).expect("a lock file");
    lock.lock().expect("the lock of the installation");
    let program = folder.join("bin").join("s3s-fs");
    if !program.exists() {
        let mut install = Command::new(env!("CARGO"));
        clean_env(&mut install);
        install
            .args(["install", "--quiet", "--locked", "--debug", "s3s-fs"])
            .args(["--version", VERSION, "--features", "binary", "--root"])
            .arg(&folder);
        let built = install.status().is_ok_and(|status| status.success());
        assert!(
            built,
            "the tests need an S3 server; run: cargo install --locked --debug s3s-fs --version {VERSION} --features binary --root {}",
            folder.display()
        );
    }
    program
}
