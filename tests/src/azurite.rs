//! Azurite, an emulator of Azure Blob Storage that verifies signatures.

use std::fs::File;
use std::net::TcpStream;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::server::free_port;
use crate::{Venv, cache_dir, clean_env};

const VERSION: &str = "3.37.0";

/// An Azurite process that stores blobs in memory. Dropping the value stops it.
#[derive(Debug)]
pub struct Azurite {
    port: u16,
    folder: TempDir,
    process: Child,
}

impl Azurite {
    /// The name of the storage account.
    pub const ACCOUNT: &'static str = "mlplots";
    /// The key of the storage account.
    pub const KEY: &'static str = "bWxwbG90cyB0ZXN0cyBtbHBsb3RzIHRlc3Rz";

    /// Starts Azurite and creates a container.
    ///
    /// # Panics
    /// Azurite cannot be installed. The message contains the command that installs it.
    pub fn start(container: &str) -> Self {
        let port = free_port();
        let folder = tempfile::tempdir().expect("a temporary folder");
        let log = File::create(folder.path().join("log")).expect("a log file");
        let process = Command::new(program())
            .args(["--disableTelemetry", "--skipApiVersionCheck"])
            .args(["--inMemoryPersistence", "--blobHost", "127.0.0.1"])
            .args(["--blobPort", &port.to_string()])
            .env(
                "AZURITE_ACCOUNTS",
                format!("{}:{}", Self::ACCOUNT, Self::KEY),
            )
            .current_dir(folder.path())
            .stdout(log)
            .stderr(Stdio::null())
            .spawn()
            .expect("Azurite starts");
        let azurite = Self {
            port,
            folder,
            process,
        };
        let since = Instant::now();
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            assert!(
                since.elapsed() < Duration::from_mins(1),
                "Azurite does not accept connections"
            );
            std::thread::sleep(Duration::from_millis(50));
        }
        let create = "import sys; from azure.storage.blob import BlobServiceClient as Client; \
            Client.from_connection_string(sys.argv[1]).create_container(sys.argv[2])";
        let connection = azurite.connection_string(&format!("AccountKey={}", Self::KEY));
        Venv::get().run(&[], create, &[&connection, container]);
        azurite
    }

    /// The log, with one line per request.
    pub fn log(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("log")).expect("the log")
    }

    /// A connection string with these credentials.
    pub fn connection_string(&self, credentials: &str) -> String {
        let (account, port) = (Self::ACCOUNT, self.port);
        format!(
            "AccountName={account};{credentials};BlobEndpoint=http://127.0.0.1:{port}/{account};"
        )
    }
}

impl Drop for Azurite {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Returns the path of the program. The first call installs it.
fn program() -> PathBuf {
    let folder = cache_dir("azurite");
    // Several test processes may run at once: the first one installs Azurite, the others wait.
    let lock = File::create(folder.join("lock")).expect("a lock file");
    lock.lock().expect("the lock of the installation");
    let program = folder.join("node_modules/.bin/azurite-blob");
    if !program.exists() {
        let mut install = Command::new("npm");
        clean_env(&mut install);
        install
            .args(["install", "--silent", "--no-audit", "--no-fund", "--prefix"])
            .arg(&folder)
            .arg(format!("azurite@{VERSION}"))
            .stdout(Stdio::null());
        let installed = install.status().is_ok_and(|status| status.success());
        assert!(
            installed,
            "the tests need Azurite; run: apt-get install -y nodejs npm; npm install --prefix {} azurite@{VERSION}",
            folder.display()
        );
    }
    program
}
