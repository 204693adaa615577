//! Large files to a server that passes artifacts on: in parts, by URLs that it signs, past it.

use std::sync::{Mutex, PoisonError};
use std::thread;

use serde::{Deserialize, Serialize};
use serde_json::json;

use super::client::{HttpClient, Missed, SignedUrl, Storage};
use super::wire::Done;
use crate::settings::Multipart;
use crate::ship::retry::Backoff;
use crate::ship::store::{ErrorKind, Part, Source, StoreError};

const SERVICE: &str = "/api/2.0/mlflow-artifacts/mpu";
/// S3 takes no smaller part but the last, and no more parts of one file.
const SMALLEST: u64 = 5 * 1024 * 1024;
const MOST_PARTS: u64 = 10_000;
/// Parts of one file that are under way at a time.
const PARALLEL: usize = 4;
/// How often a part is sent before the file begins anew; some eight seconds.
const ATTEMPTS: u32 = 6;

/// How large files go to one artifact root.
pub(super) struct Parts {
    client: HttpClient,
    storage: Storage,
    settings: Multipart,
    /// The root's path at the server.
    root: String,
}

#[derive(Deserialize)]
struct ServerInfo {
    #[serde(default)]
    multipart_uploads_enabled: bool,
}

#[derive(Deserialize)]
struct Created {
    /// Azure needs none.
    upload_id: Option<String>,
    credentials: Vec<Credential>,
}

#[derive(Deserialize)]
struct Credential {
    part_number: u64,
    #[serde(flatten)]
    to: SignedUrl,
}

/// A part that is there.
#[derive(Serialize)]
struct Sent<'a> {
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

    /// Whether a file of this size goes in parts, as Python's client decides it.
    pub(super) fn wanted(&self, bytes: u64) -> bool {
        let offered = || {
            let info = self.client.get("/api/3.0/mlflow/server-info", &[]);
            info.is_ok_and(|info: ServerInfo| info.multipart_uploads_enabled)
        };
        bytes >= self.settings.minimum.max(1) && self.settings.enabled.unwrap_or_else(offered)
    }

    /// Sends a file.
    pub(super) fn put(&self, source: &Source) -> Result<(), Missed> {
        let (path, bytes) = (source.path(), source.bytes());
        let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
        let place = format!("{}/{folder}", self.root);
        let page = |step: &str| format!("{SERVICE}/{step}/{}", place.trim_end_matches('/'));
        let size = self
            .settings
            .chunk
            .max(SMALLEST)
            .max(bytes.div_ceil(MOST_PARTS));
        let contents = source.parts(size).map_err(Missed::Failed)?;
        let count = contents.len();
        let begin = json!({ "path": name, "num_parts": count });
        let upload: Created = self
            .client
            .post(&page("create"), &begin)
            .map_err(Missed::asking)?;
        let sent = if upload.credentials.len() == count {
            self.send(&upload.credentials, &contents)
                .map_err(|missed| source.fault().map_or(missed, Missed::Failed))
        } else {
            Err(Missed::Blocked(StoreError::refused(format!(
                "the server signed {} URLs for {count} parts",
                upload.credentials.len()
            ))))
        };
        let complete = |parts: Vec<Sent<'_>>| {
            let end = json!({ "path": name, "upload_id": upload.upload_id, "parts": parts });
            let ended = self.client.post::<Done>(&page("complete"), &end);
            ended.map(|_| ()).map_err(Missed::asking)
        };
        sent.and_then(complete).inspect_err(|_| {
            let gone = json!({ "path": name, "upload_id": upload.upload_id });
            // Parts that stay behind are the store's to clear away; why they do is what counts.
            let _ = self.client.post::<Done>(&page("abort"), &gone);
        })
    }

    /// Sends the parts, some at a time; the first that cannot be sent ends it.
    fn send<'a>(
        &self,
        to: &'a [Credential],
        contents: &[Part<'_>],
    ) -> Result<Vec<Sent<'a>>, Missed> {
        let queue = Mutex::new(to.iter());
        let next = || queue.lock().unwrap_or_else(PoisonError::into_inner).next();
        let lane = || {
            let mut parts = Vec::new();
            while let Some(credential) = next() {
                let index = credential.part_number.checked_sub(1);
                let content = index.and_then(|index| contents.get(index as usize));
                let sent = content
                    .ok_or_else(strange)
                    .and_then(|content| self.send_part(&credential.to, content));
                parts.push(Sent {
                    part_number: credential.part_number,
                    etag: sent.inspect_err(|_| while next().is_some() {})?,
                    url: credential.to.url.reveal(),
                });
            }
            Ok(parts)
        };
        let sent: Vec<Result<Vec<Sent<'_>>, Missed>> = thread::scope(|scope| {
            let lanes: Vec<_> = (0..PARALLEL.min(to.len()))
                .map(|_| scope.spawn(lane))
                .collect();
            lanes
                .into_iter()
                .map(|lane| lane.join().unwrap_or_else(|_| Err(broken())))
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

    /// Sends one part, again if it may arrive then; a URL that is refused, or too old, is not
    /// tried again.
    fn send_part(&self, to: &SignedUrl, part: &Part<'_>) -> Result<String, Missed> {
        let mut backoff = Backoff::default();
        let mut attempts = 0;
        loop {
            attempts += 1;
            let missed = match self.storage.put(to, part.content()) {
                Ok(tag) => return Ok(tag),
                Err(missed) => missed,
            };
            let (Missed::Failed(error) | Missed::Blocked(error)) = &missed else {
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

fn strange() -> Missed {
    let why = "the server signed a URL for a part that the file does not have";
    Missed::Blocked(StoreError::refused(why))
}

fn broken() -> Missed {
    Missed::Failed(StoreError::retry("an upload in parts broke off"))
}
