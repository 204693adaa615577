//! The artifact store in a local directory.

use std::fs::{self, File};
use std::io::{self, Write};
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};

use reqwest::Url;
use rustix::fs::{AtFlags, Mode, OFlags, mkdirat, open, openat, renameat, unlinkat};
use rustix::io::Errno;

use crate::settings::{percent_decode, scheme};
use crate::ship::store::{ArtifactStore, Source, StoreError};

/// An artifact root on disk.
pub(crate) struct LocalStore {
    root: PathBuf,
}

impl LocalStore {
    /// `artifact_uri` is an absolute path or a `file:` URI, both percent-encoded, as MLflow's
    /// client reads them.
    pub(crate) fn new(artifact_uri: &str) -> Result<Self, StoreError> {
        let root = if scheme(artifact_uri) == "file" {
            Url::parse(artifact_uri)
                .ok()
                .and_then(|url| url.to_file_path().ok())
        } else {
            Some(PathBuf::from(percent_decode(artifact_uri)))
        };
        match root.filter(|root| root.is_absolute()) {
            Some(root) => Ok(Self { root }),
            None => Err(StoreError::refused(format!(
                "the artifact URI `{artifact_uri}` is not an absolute path"
            ))
            .help("use an experiment whose artifact location is one")),
        }
    }

    /// Opens a directory below the root, and creates it if it is missing. Does not follow symbolic
    /// links below the root, so that no file is written outside of it.
    fn folder(&self, path: &Path) -> io::Result<OwnedFd> {
        const FOLDER: OFlags = OFlags::DIRECTORY.union(OFlags::CLOEXEC);
        fs::create_dir_all(&self.root)?;
        let mut folder = open(&self.root, FOLDER, Mode::empty())?;
        for name in path {
            match mkdirat(&folder, name, Mode::from_raw_mode(0o777)) {
                Ok(()) | Err(Errno::EXIST) => {}
                Err(error) => return Err(error.into()),
            }
            folder = openat(&folder, name, FOLDER | OFlags::NOFOLLOW, Mode::empty())?;
        }
        Ok(folder)
    }
}

impl ArtifactStore for LocalStore {
    fn put(&self, source: &Source) -> Result<(), StoreError> {
        let path = Path::new(&**source.path());
        let (Some(parent), Some(name)) = (path.parent(), path.file_name()) else {
            return Err(StoreError::refused(format!(
                "`{}` names no file",
                source.path()
            )));
        };
        // The artifact is renamed when it is complete. MLflow ignores files with this name.
        let partial = format!(".artifact.uploading.{}", uuid::Uuid::new_v4().simple());
        let put = || {
            let folder = self.folder(parent)?;
            let put = copy(source, &folder, &partial)
                .and_then(|()| Ok(renameat(&folder, &*partial, &folder, name)?));
            put.inspect_err(|_| {
                // The file may not exist.
                let _ = unlinkat(&folder, &*partial, AtFlags::empty());
            })
        };
        put().map_err(|error| {
            let fault = source.fault();
            fault.unwrap_or_else(|| failed(source, &self.root.join(path), &error))
        })
    }
}

/// Copies the content with the permissions of a new file, since the source is readable only by its
/// owner.
fn copy(source: &Source, folder: &OwnedFd, name: &str) -> io::Result<()> {
    let flags = OFlags::CREATE | OFlags::EXCL | OFlags::WRONLY | OFlags::CLOEXEC;
    let mut target = File::from(openat(folder, name, flags, Mode::from_raw_mode(0o666))?);
    let mut content = source.all();
    while let Some(chunk) = content.next()? {
        target.write_all(&chunk)?;
    }
    target.sync_data()
}

fn failed(source: &Source, target: &Path, error: &io::Error) -> StoreError {
    let message = format!(
        "cannot write `{}` to {}: {error}",
        source.path(),
        target.display()
    );
    match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded | io::ErrorKind::Interrupted => {
            StoreError::retry(message).help("free space on that disk")
        }
        io::ErrorKind::NotADirectory => StoreError::refused(message)
            .help("a file or a symbolic link has the name of a required directory: move it"),
        _ => StoreError::refused(message).help("make that directory writable"),
    }
}
