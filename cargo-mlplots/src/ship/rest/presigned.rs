//! Artifacts that the server leaves to its clients: by upload URLs that it signs, else with
//! credentials of our own.

use std::fs::File;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

use mlplots::record::check_artifact_path;
use serde_json::json;

use super::artifacts::{open, unreadable};
use super::client::{Content, HttpClient, Missed, SignedUrl, Storage};
use crate::ship::store::{ArtifactStore, Root, StoreError};

/// S3 takes no more bytes by one URL.
const MOST: u64 = 5 * 1024 * 1024 * 1024;

/// One artifact root for which the server may sign uploads.
pub(super) struct PresignedStore {
    client: HttpClient,
    storage: Storage,
    /// `run_id` or `model_id`, and the id.
    owner: (&'static str, String),
    /// Until it turns out otherwise.
    signs: AtomicBool,
    own: Result<Box<dyn ArtifactStore>, StoreError>,
}

impl PresignedStore {
    /// `own` writes to the same root with our own credentials, or says why it cannot.
    pub(super) fn new(
        client: HttpClient,
        storage: Storage,
        root: Root<'_>,
        own: Result<Box<dyn ArtifactStore>, StoreError>,
    ) -> Self {
        let owner = match root {
            Root::Run { id, .. } => ("run_id", id.to_owned()),
            Root::Model { id, .. } => ("model_id", id.to_owned()),
        };
        Self {
            client,
            storage,
            owner,
            signs: AtomicBool::new(true),
            own,
        }
    }

    /// Asks for a URL each time: one lives for minutes only.
    fn put_by_url(&self, path: &str, source: &Path, file: File, bytes: u64) -> Result<(), Missed> {
        let (key, id) = &self.owner;
        let to: SignedUrl = self
            .client
            .post(
                "/api/2.0/mlflow/artifacts/presigned-upload-url",
                &json!({ *key: id, "path": path }),
            )
            .map_err(Missed::asking)?;
        let content = Content::of(file, 0, bytes);
        let content = content.map_err(|error| Missed::Failed(unreadable(source, &error)))?;
        self.storage.put(&to, content)?;
        Ok(())
    }

    fn put_by_ourselves(&self, path: &str, source: &Path) -> Result<(), StoreError> {
        let own = self.own.as_ref().map_err(Clone::clone)?;
        own.put(path, source)
    }
}

impl ArtifactStore for PresignedStore {
    fn put(&self, path: &str, source: &Path) -> Result<(), StoreError> {
        check_artifact_path(path).map_err(StoreError::refused)?;
        let (file, bytes) = open(source)?;
        if !self.signs.load(Ordering::Relaxed) {
            return self.put_by_ourselves(path, source);
        }
        if bytes > MOST {
            return self.put_by_ourselves(path, source).map_err(|mut error| {
                error.message = format!(
                    "`{path}` has more than the 5 GB that S3 takes by a URL of the server's, and goes with credentials of our own: {error}"
                );
                error
            });
        }
        match self.put_by_url(path, source, file, bytes) {
            Ok(()) => return Ok(()),
            Err(Missed::Failed(error)) => return Err(error),
            Err(Missed::Unsigned) => self.put_by_ourselves(path, source)?,
            Err(Missed::Blocked(error)) => self
                .put_by_ourselves(path, source)
                .map_err(|second| error.and(&second))?,
        }
        // The other files need not try in vain.
        self.signs.store(false, Ordering::Relaxed);
        Ok(())
    }
}
