//! A file of a journal during its upload. If its bytes do not match its record, the upload is
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
const PIECE: u64 = 64 * 1024;

/// An open file with the size and the SHA-256 of its record. It may be uploaded several times.
pub(crate) struct Source {
    artifact: Artifact,
    content: Arc<Content>,
}

struct Content {
    file: File,
    place: PathBuf,
    /// The mismatch that was found during an upload.
    fault: OnceLock<String>,
}

/// A range of its bytes. The last bytes follow only if all bytes match; otherwise the request is
/// aborted.
pub(crate) struct Checked {
    content: Arc<Content>,
    at: u64,
    end: u64,
    hasher: Sha256,
    digest: Digest,
}

impl Source {
    /// Opens the content of an artifact; it must be a regular file of the recorded size.
    pub(crate) fn open(dir: &RunDir, artifact: &Artifact) -> Result<Self, StoreError> {
        let place = dir.content(&artifact.sha256);
        let file = disk::open(&place).map_err(|error| {
            StoreError::refused(format!(
                "`{}` cannot be shipped: cannot read {}: {error}",
                artifact.path,
                place.display()
            ))
        })?;
        Self::new(file, place, artifact)
    }

    fn new(file: File, place: PathBuf, artifact: &Artifact) -> Result<Self, StoreError> {
        let length = file.metadata().map(|metadata| metadata.len());
        let source = Self {
            artifact: artifact.clone(),
            content: Arc::new(Content {
                file,
                place,
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

    /// Its path below an artifact root.
    pub(crate) fn path(&self) -> &ArtifactPath {
        &self.artifact.path
    }

    /// Its size.
    pub(crate) fn bytes(&self) -> u64 {
        self.artifact.bytes
    }

    /// All bytes.
    pub(crate) fn all(&self) -> Checked {
        self.range(0, self.bytes(), self.artifact.sha256.clone())
    }

    /// Its parts of `size` bytes. The file is read once before, so that the digest of each part is
    /// known.
    pub(crate) fn parts(&self, size: u64) -> Result<Vec<Part<'_>>, StoreError> {
        let mut parts = Vec::new();
        let mut all = self.all();
        let mut hasher = Sha256::new();
        let mut from = 0;
        while let Some(piece) = all.next().map_err(|error| self.refusal(&error))? {
            let mut rest = &piece[..];
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

    /// The mismatch, if the file caused the failure.
    pub(crate) fn fault(&self) -> Option<StoreError> {
        let why = self.content.fault.get()?;
        let error = format!(
            "`{}` is not shipped: {}: {why}",
            self.artifact.path,
            self.content.place.display()
        );
        Some(StoreError::refused(error).help(
            "its record says which bytes were logged; restore that file, or log the artifact again",
        ))
    }

    /// The error of a failed read.
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

const CHANGED: &str = "its bytes are not those that were logged";

impl Checked {
    /// Number of remaining bytes.
    pub(crate) fn left(&self) -> u64 {
        self.end - self.at
    }

    /// The next bytes.
    pub(crate) fn next(&mut self) -> io::Result<Option<Bytes>> {
        if self.left() == 0 {
            return Ok(None);
        }
        let mut piece = vec![0; self.left().min(PIECE) as usize];
        let read = self.content.file.read_exact_at(&mut piece, self.at);
        read.inspect_err(|error| self.content.fail(&error.to_string()))?;
        self.hasher.update(&piece);
        self.at += piece.len() as u64;
        if self.left() == 0 && Digest::finish(std::mem::take(&mut self.hasher)) != self.digest {
            self.content.fail(CHANGED);
            return Err(io::Error::other(CHANGED));
        }
        Ok(Some(piece.into()))
    }
}

impl Content {
    /// The first reason counts.
    fn fail(&self, why: &str) {
        let _ = self.fault.set(why.to_owned());
    }
}

#[cfg(test)]
impl Source {
    /// A file with its current size and digest; not meant for gigabytes.
    pub(crate) fn of(path: &str, place: &std::path::Path) -> Result<Self, StoreError> {
        let refused = |error: io::Error| StoreError::refused(format!("cannot read: {error}"));
        let bytes = place.metadata().map_err(refused)?.len();
        let content = match bytes {
            0..=0x4000_0000 => std::fs::read(place).map_err(refused)?,
            _ => Vec::new(),
        };
        let artifact = Artifact {
            path: path.parse().map_err(StoreError::refused)?,
            sha256: Digest::of(&content),
            bytes,
        };
        Self::new(
            disk::open(place).map_err(refused)?,
            place.to_owned(),
            &artifact,
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use mlplots_journal::Files;

    fn run() -> (tempfile::TempDir, RunDir) {
        let folder = tempfile::tempdir().expect("a folder");
        let dir = RunDir::new(folder.path(), &mlplots_journal::record::RunUuid::new());
        dir.create().expect("made");
        (folder, dir)
    }

    fn logged(dir: &RunDir, bytes: &[u8]) -> Artifact {
        let path = "a.bin".parse().expect("a path");
        let files = Files::of(dir.clone());
        files.add_bytes(path, bytes).expect("stored")
    }

    fn read(mut checked: Checked) -> io::Result<Vec<u8>> {
        let mut all = Vec::new();
        while let Some(piece) = checked.next()? {
            all.extend_from_slice(&piece);
        }
        Ok(all)
    }

    #[test]
    fn parts_are_the_whole() {
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
    fn content_that_is_not_what_was_logged_never_comes_whole() {
        let (folder, dir) = run();
        let secret = folder.path().join("secret");
        std::fs::write(&secret, vec![b's'; 200_000]).expect("written");
        let artifact = logged(&dir, &vec![b'x'; 200_000]);
        let place = dir.content(&artifact.sha256);
        let open = || Source::open(&dir, &artifact);
        let message = |source: Result<Source, StoreError>| match source {
            Ok(_) => panic!("it opens"),
            Err(error) => error.message,
        };
        // The same length with other bytes, also if it is changed after it was opened.
        let source = open().expect("a source");
        std::fs::remove_file(&place).expect("removed");
        std::fs::write(&place, vec![b's'; 200_000]).expect("written");
        assert!(
            read(source.all()).is_ok(),
            "it is the open file that counts"
        );
        let source = open().expect("a source");
        assert!(read(source.all()).is_err());
        let fault = source.fault().expect("a fault");
        assert!(fault.message.ends_with(CHANGED), "{fault}");
        assert!(open().expect("a source").parts(65_536).is_err());
        // Truncated, extended, a link, a pipe, missing.
        std::fs::write(&place, b"x").expect("written");
        assert!(message(open()).ends_with("it has 1 bytes instead of 200000"));
        std::fs::write(&place, vec![b'x'; 200_001]).expect("written");
        assert!(message(open()).ends_with("it has 200001 bytes instead of 200000"));
        std::fs::remove_file(&place).expect("removed");
        std::os::unix::fs::symlink(&secret, &place).expect("a link");
        assert!(message(open()).contains("cannot read"));
        std::fs::remove_file(&place).expect("removed");
        rustix::fs::mkfifoat(rustix::fs::CWD, &place, 0o600.into()).expect("a pipe");
        assert!(message(open()).ends_with("it is not a regular file"));
        std::fs::remove_file(&place).expect("removed");
        assert!(message(open()).contains("No such file"));
    }

    #[test]
    fn an_empty_file_is_checked_too() {
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
