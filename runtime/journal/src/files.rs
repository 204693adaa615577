//! Stores the contents of artifacts, each once, under the SHA-256 of its bytes.

use std::fs;
use std::io::{self, Read, Write};
use std::path::Path;

use sha2::{Digest as _, Sha256};

use crate::disk;
use crate::record::{Artifact, ArtifactPath, Digest};
use crate::run_dir::RunDir;

/// Adds contents to a run's directory. They are synced to disk before they get their name.
#[derive(Debug)]
pub struct Files {
    run: RunDir,
}

impl Files {
    /// The contents of a run.
    pub fn of(run: RunDir) -> Self {
        Self { run }
    }

    /// Stores bytes as the artifact `path`.
    ///
    /// # Errors
    /// The bytes cannot be written.
    pub fn add_bytes(&self, path: ArtifactPath, bytes: &[u8]) -> io::Result<Artifact> {
        self.add_reader(path, bytes)
    }

    /// Stores a copy of a file as the artifact `path`, streamed.
    ///
    /// # Errors
    /// `source` is not a regular file or cannot be read, or the copy cannot be written.
    pub fn add_file(&self, path: ArtifactPath, source: &Path) -> io::Result<Artifact> {
        // The user may name it by a symbolic link. Reading a pipe would block, and a device may have
        // no end.
        self.add_reader(path, disk::open(&fs::canonicalize(source)?)?)
    }

    fn add_reader(&self, path: ArtifactPath, mut source: impl Read) -> io::Result<Artifact> {
        let temporary = self.run.artifacts().join(disk::temporary_name());
        let stored = self.store(path, &mut source, &temporary);
        if stored.is_err() {
            // An unfinished copy must not fill the disk.
            let _ = fs::remove_file(&temporary);
        }
        stored
    }

    fn store(
        &self,
        path: ArtifactPath,
        source: &mut impl Read,
        temporary: &Path,
    ) -> io::Result<Artifact> {
        let mut file = disk::create_new(temporary)?;
        let mut hasher = Sha256::new();
        let mut bytes = 0;
        let mut buffer = vec![0; 256 * 1024];
        loop {
            let read = match source.read(&mut buffer) {
                Ok(0) => break,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                read => read?,
            };
            hasher.update(&buffer[..read]);
            file.write_all(&buffer[..read])?;
            bytes += read as u64;
        }
        file.sync_all()?;
        let sha256 = Digest::finish(hasher);
        fs::rename(temporary, self.run.content(&sha256))?;
        disk::sync_directory(&self.run.artifacts())?;
        Ok(Artifact {
            path,
            sha256,
            bytes,
        })
    }
}
