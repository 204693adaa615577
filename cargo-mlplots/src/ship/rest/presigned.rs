//! Uploads artifacts that the server leaves to its clients: with URLs that the server signs, or
//! else with the credentials of the user.

use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::json;

use super::client::{HttpClient, SignedUrl, Storage, UploadError};
use crate::ship::store::{ArtifactStore, Root, Source, StoreError};

/// Maximum number of bytes that S3 accepts with one URL.
const MOST: u64 = 5 * 1024 * 1024 * 1024;

/// An artifact root for which the server may sign uploads.
pub(super) struct PresignedStore {
    client: HttpClient,
    storage: Storage,
    /// `run_id` or `model_id`, and the id.
    owner: (&'static str, String),
    /// True until the server does not sign a URL.
    signs: AtomicBool,
    own: Result<Box<dyn ArtifactStore>, StoreError>,
}

impl PresignedStore {
    /// `own` writes to the same root with the credentials of the user, or returns the error why it
    /// cannot.
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

    /// Requests a URL for each upload, since a URL is valid only for minutes.
    fn put_by_url(&self, source: &Source) -> Result<(), UploadError> {
        let (key, id) = &self.owner;
        let to: SignedUrl = self
            .client
            .post(
                "/api/2.0/mlflow/artifacts/presigned-upload-url",
                &json!({ *key: id, "path": source.path() }),
            )
            .map_err(UploadError::asking)?;
        let put = self.storage.put(&to, source.all());
        put.map_err(|missed| source.fault().map_or(missed, UploadError::Failed))?;
        Ok(())
    }

    fn put_with_own_credentials(&self, source: &Source) -> Result<(), StoreError> {
        let own = self.own.as_ref().map_err(Clone::clone)?;
        own.put(source)
    }
}

impl ArtifactStore for PresignedStore {
    fn put(&self, source: &Source) -> Result<(), StoreError> {
        if !self.signs.load(Ordering::Relaxed) {
            return self.put_with_own_credentials(source);
        }
        if source.bytes() > MOST {
            return self.put_with_own_credentials(source).map_err(|mut error| {
                error.message = format!(
                    "`{}` has more than 5 GB, S3's maximum for a signed URL, and cannot be uploaded with your own credentials: {error}",
                    source.path()
                );
                error
            });
        }
        match self.put_by_url(source) {
            Ok(()) => return Ok(()),
            Err(UploadError::Failed(error)) => return Err(error),
            Err(UploadError::Unsigned) => self.put_with_own_credentials(source)?,
            Err(UploadError::Blocked(error)) => self
                .put_with_own_credentials(source)
                .map_err(|second| error.and(&second))?,
        }
        // The other files skip the attempt.
        self.signs.store(false, Ordering::Relaxed);
        Ok(())
    }
}
