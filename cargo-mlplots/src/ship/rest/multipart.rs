//! Uploads large files in parts directly to the object store, with URLs that the tracking server
//! signs.

use std::sync::{Mutex, PoisonError};
use std::thread;

use serde::{Deserialize, Serialize};
use serde_json::json;

use super::client::{HttpClient, SignedUrl, Storage, UploadError};
use super::wire::Done;
use crate::settings::Multipart;
use crate::ship::retry::Backoff;
use crate::ship::store::{ErrorKind, Part, Source, StoreError};

const SERVICE: &str = "/api/2.0/mlflow-artifacts/mpu";
/// S3's minimum size of a part, except the last, and maximum number of parts.
const MIN_PART: u64 = 5 * 1024 * 1024;
const MAX_PARTS: u64 = 10_000;
/// Maximum number of parallel parts of a file.
const PARALLEL: usize = 4;
/// Maximum number of attempts for a part, about eight seconds. Then the upload of the file
/// restarts.
const ATTEMPTS: u32 = 6;

/// Multipart uploads to one artifact root.
pub(super) struct Parts {
    client: HttpClient,
    storage: Storage,
    settings: Multipart,
    /// The path of the artifact root.
    root: String,
}

#[derive(Deserialize)]
struct ServerInfo {
    #[serde(default)]
    multipart_uploads_enabled: bool,
}

#[derive(Deserialize)]
struct Created {
    /// `None` for Azure, which needs no upload id.
    upload_id: Option<String>,
    credentials: Vec<Credential>,
}

#[derive(Deserialize)]
struct Credential {
    part_number: u64,
    #[serde(flatten)]
    to: SignedUrl,
}

/// An uploaded part.
#[derive(Serialize)]
struct UploadedPart<'a> {
    part_number: u64,
    etag: String,
    url: &'a str,
}

impl Parts {
    pub(super) fn new(
        client: HttpClient,
        storage: Storage,
        settings: Multipart,
        root: &str,
    ) -> Self {
        Self {
            client,
            storage,
            settings,
            root: root.trim_matches('/').to_owned(),
        }
    }

    /// Whether a file of this size is uploaded in parts, by the rule of Python's client.
    pub(super) fn applies_to(&self, bytes: u64) -> bool {
        let is_supported = || {
            let info = self.client.get("/api/3.0/mlflow/server-info", &[]);
            info.is_ok_and(|info: ServerInfo| info.multipart_uploads_enabled)
        };
        bytes >= self.settings.minimum.max(1) && self.settings.enabled.unwrap_or_else(is_supported)
    }

    /// Uploads a file.
    pub(super) fn put(&self, source: &Source) -> Result<(), UploadError> {
        let (path, bytes) = (source.path(), source.bytes());
        let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
        let folder = format!("{}/{folder}", self.root);
        let endpoint = |step: &str| format!("{SERVICE}/{step}/{}", folder.trim_end_matches('/'));
        let size = self
            .settings
            .chunk
            .max(MIN_PART)
            .max(bytes.div_ceil(MAX_PARTS));
        let contents = source.parts(size).map_err(UploadError::Failed)?;
        let count = contents.len();
        let begin = json!({ "path": name, "num_parts": count });
        let upload: Created = self
            .client
            .post(&endpoint("create"), &begin)
            .map_err(UploadError::from_tracking_server)?;
        let sent = if upload.credentials.len() == count {
            self.upload_parts(&upload.credentials, &contents)
                .map_err(|error| source.fault().map_or(error, UploadError::Failed))
        } else {
            Err(UploadError::Blocked(StoreError::refused(format!(
                "the server signed {} URLs for {count} parts",
                upload.credentials.len()
            ))))
        };
        let complete = |parts: Vec<UploadedPart<'_>>| {
            let end = json!({ "path": name, "upload_id": upload.upload_id, "parts": parts });
            let ended = self.client.post::<Done>(&endpoint("complete"), &end);
            ended.map(|_| ()).map_err(UploadError::from_tracking_server)
        };
        sent.and_then(complete).inspect_err(|_| {
            let abort = json!({ "path": name, "upload_id": upload.upload_id });
            // Parts that remain are left to the lifecycle rules of the store. The original error is
            // returned.
            let _ = self.client.post::<Done>(&endpoint("abort"), &abort);
        })
    }

    /// Uploads the parts, several in parallel. The first permanent error stops the upload.
    fn upload_parts<'a>(
        &self,
        to: &'a [Credential],
        contents: &[Part<'_>],
    ) -> Result<Vec<UploadedPart<'a>>, UploadError> {
        let queue = Mutex::new(to.iter());
        let next = || queue.lock().unwrap_or_else(PoisonError::into_inner).next();
        let lane = || {
            let mut parts = Vec::new();
            while let Some(credential) = next() {
                let index = credential.part_number.checked_sub(1);
                let content = index.and_then(|index| contents.get(index as usize));
                let sent = content
                    .ok_or_else(unknown_part)
                    .and_then(|content| self.upload_part(&credential.to, content));
                parts.push(UploadedPart {
                    part_number: credential.part_number,
                    etag: sent.inspect_err(|_| while next().is_some() {})?,
                    url: credential.to.url.reveal(),
                });
            }
            Ok(parts)
        };
        let sent: Vec<Result<Vec<UploadedPart<'_>>, UploadError>> = thread::scope(|scope| {
            let lanes: Vec<_> = (0..PARALLEL.min(to.len()))
                .map(|_| scope.spawn(lane))
                .collect();
            lanes
                .into_iter()
                .map(|lane| lane.join().unwrap_or_else(|_| Err(interrupted())))
                .collect()
        });
        let mut parts: Vec<_> = sent
            .into_iter()
            .collect::<Result<Vec<_>, _>>()?
            .into_iter()
            .flatten()
            .collect();
        parts.sort_by_key(|part| part.part_number);
        Ok(parts)
    }

    /// Uploads a part, with retries. An upload with a URL that is rejected or expired is not
    /// retried.
    fn upload_part(&self, to: &SignedUrl, part: &Part<'_>) -> Result<String, UploadError> {
        let mut backoff = Backoff::default();
        let mut attempts = 0;
        loop {
            attempts += 1;
            let missed = match self.storage.put(to, part.content()) {
                Ok(tag) => return Ok(tag),
                Err(missed) => missed,
            };
            let (UploadError::Failed(error) | UploadError::Blocked(error)) = &missed else {
                return Err(missed);
            };
            match error.kind {
                ErrorKind::Retry(after) if attempts < ATTEMPTS => {
                    thread::sleep(backoff.next(after, fastrand::f64()));
                }
                _ => return Err(missed),
            }
        }
    }
}

fn unknown_part() -> UploadError {
    let why = "the server signed a URL for a part that the file does not have";
    UploadError::Blocked(StoreError::refused(why))
}

fn interrupted() -> UploadError {
    UploadError::Failed(StoreError::retry("a multipart upload was interrupted"))
}
