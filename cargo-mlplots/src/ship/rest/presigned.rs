//! Uploads artifacts that the server does not proxy: with URLs that the server signs, or with the
//! user's credentials.

use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::json;

use super::client::{HttpClient, SignedUrl, Storage, UploadError};
use crate::ship::store::{ArtifactStore, Root, Source, StoreError};

/// Maximum number of bytes that S3 accepts with one URL.
const MAX_BYTES: u64 = 5 * 1024 * 1024 * 1024;

/// An artifact root for which the server may sign URLs.
pub(super) struct PresignedStore {
    client: HttpClient,
    storage: Storage,
    /// `run_id` or `model_id`, and the id.
    owner: (&'static str, String),
    /// False once signed URLs turned out not to work.
    use_urls: AtomicBool,
    direct: Result<Box<dyn ArtifactStore>, StoreError>,
}

impl PresignedStore {
    /// `direct` writes to the same root with the user's credentials, or is the error of opening it.
    pub(super) fn new(
        client: HttpClient,
        storage: Storage,
        root: Root<'_>,
        direct: Result<Box<dyn ArtifactStore>, StoreError>,
    ) -> Self {
        let owner = match root {
            Root::Run { id, .. } => ("run_id", id.to_owned()),
            Root::Model { id, .. } => ("model_id", id.to_owned()),
        };
        Self {
            client,
            storage,
            owner,
            use_urls: AtomicBool::new(true),
            direct,
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
            .map_err(UploadError::from_tracking_server)?;
        let put = self.storage.put(&to, source.all());
        put.map_err(|error| source.fault().map_or(error, UploadError::Failed))?;
        Ok(())
    }

    fn put_directly(&self, source: &Source) -> Result<(), StoreError> {
        let direct = self.direct.as_ref().map_err(Clone::clone)?;
        direct.put(source)
    }
}

impl ArtifactStore for PresignedStore {
    fn put(&self, source: &Source) -> Result<(), StoreError> {
        if !self.use_urls.load(Ordering::Relaxed) {
            return self.put_directly(source);
        }
        if source.bytes() > MAX_BYTES {
            return self.put_directly(source).map_err(|mut error| {
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
            Err(UploadError::Unsigned) => self.put_directly(source)?,
            Err(UploadError::Blocked(error)) => self
                .put_directly(source)
                .map_err(|second| error.and(&second))?,
        }
        // The next files skip the attempt.
        self.use_urls.store(false, Ordering::Relaxed);
        Ok(())
    }
}
