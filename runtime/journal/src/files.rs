//! Stores the bytes of artifacts. Equal bytes are stored once, under their SHA-256.

use std::fs;
use std::io::{self, Read, Write};
use std::path::Path;

use sha2::{Digest as _, Sha256};

use crate::disk;
use crate::record::{Artifact, ArtifactPath, Digest};
use crate::run_dir::RunDir;

/// Stores the bytes of artifacts in a run's directory. Each file has the SHA-256 of its bytes as
/// its name, and is synced to disk before it gets this name, so that it is always complete.
///
/// Append the returned [`Artifact`] to the journal as a record: a file without a record is not
/// shipped.
///
/// ```
/// use mlplots_journal::record::{Record, RunUuid};
/// use mlplots_journal::{Files, Line, RunDir, Writer};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let workspace = tempfile::tempdir()?;
/// let run = RunDir::new(workspace.path(), &RunUuid::new());
/// run.create()?;
/// let artifact = Files::of(run.clone()).add_bytes("notes/data.txt".parse()?, b"1,2,3")?;
/// assert_eq!(std::fs::read(run.content(&artifact.sha256))?, b"1,2,3");
///
/// let writer = Writer::create(&run)?;
/// writer.append(&Line::of(&Record::Artifact(artifact))?)?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct Files {
    run: RunDir,
}

impl Files {
    /// Returns the files of a run. The run's directory must exist when an artifact is added; see
    /// [`RunDir::create`].
    ///
    /// ```
    /// use mlplots_journal::record::RunUuid;
    /// use mlplots_journal::{Files, RunDir};
    ///
    /// let run = RunDir::new("/missing".as_ref(), &RunUuid::new());
    /// assert!(Files::of(run).add_bytes("data.txt".parse()?, b"1,2,3").is_err());
    /// # Ok::<(), String>(())
    /// ```
    pub fn of(run: RunDir) -> Self {
        Self { run }
    }

    /// Stores bytes, and returns the record of the artifact `path`.
    ///
    /// # Errors
    /// Returns an error if the bytes cannot be written, for example because the run's directory is
    /// missing or the disk is full.
    ///
    /// ```
    /// # use mlplots_journal::{Files, RunDir, record::{Digest, RunUuid}};
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let workspace = tempfile::tempdir()?;
    /// # let run = RunDir::new(workspace.path(), &RunUuid::new());
    /// # run.create()?;
    /// let files = Files::of(run);
    /// let artifact = files.add_bytes("notes/data.txt".parse()?, b"1,2,3")?;
    /// assert_eq!(artifact.path, "notes/data.txt");
    /// assert_eq!(artifact.sha256, Digest::of(b"1,2,3"));
    /// assert_eq!(artifact.bytes, 5);
    /// # Ok(())
    /// # }
    /// ```
    pub fn add_bytes(&self, path: ArtifactPath, bytes: &[u8]) -> io::Result<Artifact> {
        self.add_reader(path, bytes)
    }

    /// Stores a copy of the file `source`, and returns the record of the artifact `path`. The file
    /// is streamed, so its size is not limited by memory. `source` may be a symbolic link.
    ///
    /// # Errors
    /// Returns an error if `source` is missing, cannot be read or is not a regular file, or if the
    /// copy cannot be written.
    ///
    /// ```
    /// # use mlplots_journal::{Files, RunDir, record::RunUuid};
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let workspace = tempfile::tempdir()?;
    /// # let run = RunDir::new(workspace.path(), &RunUuid::new());
    /// # run.create()?;
    /// let source = workspace.path().join("data.txt");
    /// std::fs::write(&source, "1,2,3")?;
    /// let artifact = Files::of(run.clone()).add_file("notes/data.txt".parse()?, &source)?;
    /// std::fs::remove_file(&source)?;
    /// assert_eq!(std::fs::read(run.content(&artifact.sha256))?, b"1,2,3");
    /// # Ok(())
    /// # }
    /// ```
    pub fn add_file(&self, path: ArtifactPath, source: &Path) -> io::Result<Artifact> {
        // The user's path may be a symbolic link, which `disk::open` refuses. A pipe would block,
        // and a device may have no end.
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
