//! An S3 server that looks at signatures.

use std::fs::File;
use std::net::TcpStream;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::server::free_port;
use crate::{kept, scrubbed};

/// The newest one that our minimum Rust builds.
const VERSION: &str = "0.14.1";

/// A running S3 server that keeps its buckets as folders; it ends when dropped.
#[derive(Debug)]
pub struct S3 {
    /// `http://127.0.0.1:PORT`.
    pub url: String,
    folder: TempDir,
    process: Child,
}

impl S3 {
    /// The access key that it knows.
    pub const KEY: &'static str = "AKIAMLPLOTSTESTS";
    /// That key's secret.
    pub const SECRET: &'static str = "the-secret-of-the-bucket";

    /// Starts one with these buckets.
    ///
    /// # Panics
    /// The server cannot be built; the message says what to type.
    pub fn start(buckets: &[&str]) -> Self {
        let program = program();
        let folder = tempfile::tempdir().expect("a temporary folder");
        for bucket in buckets {
            std::fs::create_dir(folder.path().join(bucket)).expect("a bucket");
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
        let since = Instant::now();
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            assert!(
                since.elapsed() < Duration::from_secs(30),
                "the S3 server does not answer"
            );
            std::thread::sleep(Duration::from_millis(20));
        }
        Self {
            url: format!("http://127.0.0.1:{port}"),
            folder,
            process,
        }
    }

    /// The variables by which a client reaches it.
    pub fn variables(&self) -> [(&str, &str); 4] {
        [
            ("AWS_ACCESS_KEY_ID", Self::KEY),
            ("AWS_SECRET_ACCESS_KEY", Self::SECRET),
            ("AWS_DEFAULT_REGION", "us-east-1"),
            ("MLFLOW_S3_ENDPOINT_URL", &self.url),
        ]
    }

    /// Where it keeps an object.
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

/// The server's program, built once.
fn program() -> PathBuf {
    let folder = kept("s3s-fs");
    // Test processes run side by side; the first builds it, the others wait.
    let lock = File::create(folder.join("lock")).expect("a lock file");
    lock.lock().expect("the lock on the S3 server");
    let program = folder.join("bin").join("s3s-fs");
    if !program.exists() {
        let mut install = Command::new(env!("CARGO"));
        scrubbed(&mut install);
        install
            .args(["install", "--quiet", "--locked", "--debug", "s3s-fs"])
            .args(["--version", VERSION, "--features", "binary", "--root"])
            .arg(&folder);
        let built = install.status().is_ok_and(|status| status.success());
        assert!(
            built,
            "the tests need an S3 server; type: cargo install --locked --debug s3s-fs --version {VERSION} --features binary --root {}",
            folder.display()
        );
    }
    program
}
