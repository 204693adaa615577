//! Reads a file of a journal for an upload. If the content does not match the record, the upload is
//! aborted.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::PathBuf;
use std::sync::{Arc, OnceLock};

use bytes::Bytes;
use mlplots_journal::record::{Artifact, ArtifactPath, Digest};
use mlplots_journal::{RunDir, disk};
use sha2::{Digest as _, Sha256};

use super::StoreError;

/// Number of bytes per read.
const CHUNK: u64 = 64 * 1024;

/// An open file, with the path, the size and the SHA-256 of its record. It can be uploaded several
/// times.
pub(crate) struct Source {
    artifact: Artifact,
    content: Arc<Content>,
}

struct Content {
    file: File,
    path: PathBuf,
    /// The first mismatch or read error that was found.
    fault: OnceLock<String>,
}

/// A reader of a range of the file. It returns the last chunk only if the checksum of the range
/// matches, so that no request with other content is complete.
pub(crate) struct Checked {
    content: Arc<Content>,
    at: u64,
    end: u64,
    hasher: Sha256,
    digest: Digest,
}

impl Source {
    /// Opens the content of an artifact, which must be a regular file of the recorded size.
    pub(crate) fn open(dir: &RunDir, artifact: &Artifact) -> Result<Self, StoreError> {
        let path = dir.content(&artifact.sha256);
        let file = disk::open(&path).map_err(|error| {
            StoreError::refused(format!(
                "`{}` cannot be shipped: cannot read {}: {error}",
                artifact.path,
                path.display()
            ))
        })?;
        Self::new(file, path, artifact)
    }

    fn new(file: File, path: PathBuf, artifact: &Artifact) -> Result<Self, StoreError> {
        let length = file.metadata().map(|metadata| metadata.len());
        let source = Self {
            artifact: artifact.clone(),
            content: Arc::new(Content {
                file,
                path,
                fault: OnceLock::new(),
            }),
        };
        match length {
            Ok(length) if length == artifact.bytes => {}
            Ok(length) => source.content.fail(&format!(
                "it has {length} bytes instead of {}",
                artifact.bytes
            )),
            Err(error) => source.content.fail(&error.to_string()),
        }
        if artifact.bytes == 0 && artifact.sha256 != Digest::of(b"") {
            source.content.fail(CHANGED);
        }
        source.fault().map_or(Ok(source), Err)
    }

    /// The path below an artifact root.
    pub(crate) fn path(&self) -> &ArtifactPath {
        &self.artifact.path
    }

    pub(crate) fn bytes(&self) -> u64 {
        self.artifact.bytes
    }

    /// A reader of the whole file.
    pub(crate) fn all(&self) -> Checked {
        self.range(0, self.bytes(), self.artifact.sha256.clone())
    }

    /// Splits the file into parts of `size` bytes. Reads the file once to compute the checksum of
    /// each part.
    pub(crate) fn parts(&self, size: u64) -> Result<Vec<Part<'_>>, StoreError> {
        let mut parts = Vec::new();
        let mut all = self.all();
        let mut hasher = Sha256::new();
        let mut from = 0;
        while let Some(chunk) = all.next().map_err(|error| self.refusal(&error))? {
            let mut rest = &chunk[..];
            while !rest.is_empty() {
                let at = all.at - rest.len() as u64;
                let room = (from + size - at).min(rest.len() as u64) as usize;
                hasher.update(&rest[..room]);
                rest = &rest[room..];
                let at = at + room as u64;
                if at == from + size || at == self.bytes() {
                    let digest = Digest::finish(std::mem::take(&mut hasher));
                    parts.push(Part {
                        source: self,
                        from,
                        end: at,
                        digest,
                    });
                    from = at;
                }
            }
        }
        Ok(parts)
    }

    /// The error, if the file and not the store caused the failure.
    pub(crate) fn fault(&self) -> Option<StoreError> {
        let why = self.content.fault.get()?;
        let error = format!(
            "`{}` is not shipped: {}: {why}",
            self.artifact.path,
            self.content.path.display()
        );
        Some(
            StoreError::refused(error)
                .help("restore the logged content of that file, or log the artifact again"),
        )
    }

    /// Converts the error of a failed read.
    pub(crate) fn refusal(&self, error: &io::Error) -> StoreError {
        self.content.fail(&error.to_string());
        self.fault()
            .unwrap_or_else(|| StoreError::refused(error.to_string()))
    }

    fn range(&self, at: u64, end: u64, digest: Digest) -> Checked {
        Checked {
            content: Arc::clone(&self.content),
            at,
            end,
            hasher: Sha256::new(),
            digest,
        }
    }
}

/// A part of a file.
pub(crate) struct Part<'a> {
    source: &'a Source,
    from: u64,
    end: u64,
    digest: Digest,
}

impl Part<'_> {
    pub(crate) fn content(&self) -> Checked {
        self.source.range(self.from, self.end, self.digest.clone())
    }
}

const CHANGED: &str = "its content has changed since it was logged";

impl Checked {
    /// Number of remaining bytes.
    pub(crate) fn remaining(&self) -> u64 {
        self.end - self.at
    }

    /// Reads the next chunk. Returns `None` at the end of the range.
    pub(crate) fn next(&mut self) -> io::Result<Option<Bytes>> {
        if self.remaining() == 0 {
            return Ok(None);
        }
        let mut chunk = vec![0; self.remaining().min(CHUNK) as usize];
        let read = self.content.file.read_exact_at(&mut chunk, self.at);
        read.inspect_err(|error| self.content.fail(&error.to_string()))?;
        self.hasher.update(&chunk);
        self.at += chunk.len() as u64;
        if self.remaining() == 0 && Digest::finish(std::mem::take(&mut self.hasher)) != self.digest
        {
            self.content.fail(CHANGED);
            return Err(io::Error::other(CHANGED));
        }
        Ok(Some(chunk.into()))
    }
}

impl Content {
    /// Records a reason. Later ones are ignored.
    fn fail(&self, why: &str) {
        let _ = self.fault.set(why.to_owned());
    }
}

#[cfg(test)]
impl Source {
    /// A source with the current content of a file. The checksum of a file above 1 GiB is wrong,
    /// since the file is not read.
    pub(crate) fn of(path: &str, file: &std::path::Path) -> Result<Self, StoreError> {
        let refused = |error: io::Error| StoreError::refused(format!("cannot read: {error}"));
        let bytes = file.metadata().map_err(refused)?.len();
        let content = match bytes {
            0..=0x4000_0000 => std::fs::read(file).map_err(refused)?,
            _ => Vec::new(),
        };
        let artifact = Artifact {
            path: path.parse().map_err(StoreError::refused)?,
            sha256: Digest::of(&content),
            bytes,
        };
        Self::new(
            disk::open(file).map_err(refused)?,
            file.to_owned(),
            &artifact,
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use mlplots_journal::Files;

    fn run() -> (tempfile::TempDir, RunDir) {
        let folder = tempfile::tempdir().expect("a directory");
        let dir = RunDir::new(folder.path(), &mlplots_journal::record::RunUuid::new());
        dir.create().expect("created");
        (folder, dir)
    }

    fn logged(dir: &RunDir, bytes: &[u8]) -> Artifact {
        let path = "a.bin".parse().expect("a path");
        let files = Files::of(dir.clone());
        files.add_bytes(path, bytes).expect("stored")
    }

    fn read(mut checked: Checked) -> io::Result<Vec<u8>> {
        let mut all = Vec::new();
        while let Some(chunk) = checked.next()? {
            all.extend_from_slice(&chunk);
        }
        Ok(all)
    }

    #[test]
    fn the_parts_of_a_file_contain_all_its_bytes() {
        let (_folder, dir) = run();
        let bytes: Vec<u8> = (0..1_000_000_u32).map(|i| (i % 251) as u8).collect();
        let artifact = logged(&dir, &bytes);
        let source = Source::open(&dir, &artifact).expect("a source");
        assert_eq!(read(source.all()).expect("read"), bytes);
        for size in [1_000_000, 999_999, 65_536, 65_537, 300_000] {
            let parts = source.parts(size).expect("parts");
            let count = 1_000_000_u64.div_ceil(size) as usize;
            assert_eq!(parts.len(), count);
            let read = parts.iter().map(|part| read(part.content()).expect("read"));
            assert_eq!(read.collect::<Vec<_>>().concat(), bytes, "{size}");
        }
    }

    #[test]
    fn a_file_that_differs_from_its_record_is_not_read_completely() {
        let (folder, dir) = run();
        let secret = folder.path().join("secret");
        std::fs::write(&secret, vec![b's'; 200_000]).expect("written");
        let artifact = logged(&dir, &vec![b'x'; 200_000]);
        let path = dir.content(&artifact.sha256);
        let open = || Source::open(&dir, &artifact);
        let message = |source: Result<Source, StoreError>| match source {
            Ok(_) => panic!("the file was opened"),
            Err(error) => error.message,
        };
        // Other content of the same length.
        let source = open().expect("a source");
        std::fs::remove_file(&path).expect("removed");
        std::fs::write(&path, vec![b's'; 200_000]).expect("written");
        assert!(
            read(source.all()).is_ok(),
            "the open file still has the logged content"
        );
        let source = open().expect("a source");
        assert!(read(source.all()).is_err());
        let fault = source.fault().expect("a fault");
        assert!(fault.message.ends_with(CHANGED), "{fault}");
        assert!(open().expect("a source").parts(65_536).is_err());
        // Truncated, extended, a link, a pipe, and missing.
        std::fs::write(&path, b"x").expect("written");
        assert!(message(open()).ends_with("it has 1 bytes instead of 200000"));
        std::fs::write(&path, vec![b'x'; 200_001]).expect("written");
        assert!(message(open()).ends_with("it has 200001 bytes instead of 200000"));
        std::fs::remove_file(&path).expect("removed");
        std::os::unix::fs::symlink(&secret, &path).expect("a link");
        assert!(message(open()).contains("cannot read"));
        std::fs::remove_file(&path).expect("removed");
        rustix::fs::mkfifoat(rustix::fs::CWD, &path, 0o600.into()).expect("a pipe");
        assert!(message(open()).ends_with("it is not a regular file"));
        std::fs::remove_file(&path).expect("removed");
        assert!(message(open()).contains("No such file"));
    }

    #[test]
    fn the_checksum_of_an_empty_file_is_checked() {
        let (_folder, dir) = run();
        let artifact = logged(&dir, b"");
        let source = Source::open(&dir, &artifact).expect("a source");
        assert_eq!(read(source.all()).expect("read"), b"");
        let other = Artifact {
            sha256: Digest::of(b"x"),
            ..artifact
        };
        std::fs::write(dir.content(&other.sha256), b"").expect("written");
        assert!(Source::open(&dir, &other).is_err());
    }
}
