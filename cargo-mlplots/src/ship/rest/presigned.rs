//! Artifacts that the server leaves to its clients: by upload URLs that it signs, else with
//! credentials of our own.

use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::json;

use super::client::{HttpClient, Missed, SignedUrl, Storage};
use crate::ship::store::{ArtifactStore, Root, Source, StoreError};

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
    fn put_by_url(&self, source: &Source) -> Result<(), Missed> {
        let (key, id) = &self.owner;
        let to: SignedUrl = self
            .client
            .post(
                "/api/2.0/mlflow/artifacts/presigned-upload-url",
                &json!({ *key: id, "path": source.path() }),
            )
            .map_err(Missed::asking)?;
        let put = self.storage.put(&to, source.all());
        put.map_err(|missed| source.fault().map_or(missed, Missed::Failed))?;
        Ok(())
    }

    fn put_by_ourselves(&self, source: &Source) -> Result<(), StoreError> {
        let own = self.own.as_ref().map_err(Clone::clone)?;
        own.put(source)
    }
}

impl ArtifactStore for PresignedStore {
    fn put(&self, source: &Source) -> Result<(), StoreError> {
        if !self.signs.load(Ordering::Relaxed) {
            return self.put_by_ourselves(source);
        }
        if source.bytes() > MOST {
            return self.put_by_ourselves(source).map_err(|mut error| {
                error.message = format!(
                    "`{}` has more than the 5 GB that S3 takes by a URL of the server's, and goes with credentials of our own: {error}",
                    source.path()
                );
                error
            });
        }
        match self.put_by_url(source) {
            Ok(()) => return Ok(()),
            Err(Missed::Failed(error)) => return Err(error),
            Err(Missed::Unsigned) => self.put_by_ourselves(source)?,
            Err(Missed::Blocked(error)) => self
                .put_by_ourselves(source)
                .map_err(|second| error.and(&second))?,
        }
        // The other files need not try in vain.
        self.signs.store(false, Ordering::Relaxed);
        Ok(())
    }
}
