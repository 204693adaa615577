//! Artifacts in a directory of this machine.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use mlplots::record::check_artifact_path;
use reqwest::Url;

use crate::settings::scheme;
use crate::ship::store::{ArtifactStore, StoreError};

/// One artifact root on disk.
pub(crate) struct LocalStore {
    root: PathBuf,
}

impl LocalStore {
    /// `artifact_uri` is an absolute path as it stands, or a `file:` URI.
    pub(crate) fn new(artifact_uri: &str) -> Result<Self, StoreError> {
        let root = if scheme(artifact_uri) == "file" {
            Url::parse(artifact_uri)
                .ok()
                .and_then(|url| url.to_file_path().ok())
        } else {
            Some(PathBuf::from(artifact_uri))
        };
        match root.filter(|root| root.is_absolute()) {
            Some(root) => Ok(Self { root }),
            None => Err(StoreError::refused(format!(
                "the artifact URI `{artifact_uri}` is not an absolute path"
            ))
            .help("take an experiment whose artifact location is one")),
        }
    }
}

impl ArtifactStore for LocalStore {
    fn put(&self, path: &str, source: &Path) -> Result<(), StoreError> {
        check_artifact_path(path).map_err(StoreError::refused)?;
        let target = self.root.join(path);
        let folder = target.parent().unwrap_or(&self.root);
        // MLflow passes over files of this name; the artifact appears whole or not at all.
        let partial = folder.join(format!(
            ".artifact.uploading.{}",
            uuid::Uuid::new_v4().simple()
        ));
        fs::create_dir_all(folder)
            .and_then(|()| copy(source, &partial))
            .and_then(|()| fs::rename(&partial, &target))
            .map_err(|error| {
                // It may never have been made.
                let _ = fs::remove_file(&partial);
                failed(source, &target, &error)
            })
    }
}

/// The bytes, with the permissions of a new file: the source is private to its owner.
fn copy(source: &Path, target: &Path) -> io::Result<()> {
    let mut target = File::create_new(target)?;
    io::copy(&mut File::open(source)?, &mut target)?;
    target.sync_data()
}

fn failed(source: &Path, target: &Path, error: &io::Error) -> StoreError {
    let message = format!(
        "cannot copy {} to {}: {error}",
        source.display(),
        target.display()
    );
    match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded | io::ErrorKind::Interrupted => {
            StoreError::retry(message).help("make room on that disk")
        }
        _ => StoreError::refused(message).help("make that directory writable"),
    }
}
