//! Streams files to a server, and receives a response that arrives before the end of the file. A
//! server rejects a large file after the head of the request, and reqwest's blocking client would
//! lose that response.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use reqwest::header::{CONTENT_LENGTH, HeaderMap};
use reqwest::{Body, Client, StatusCode, Url};
use tokio::runtime::{Builder, Runtime};
use tokio::time::sleep;

use super::MAX_ERROR_BODY;
use super::content::Content;
use crate::ship::store::{Checked, StoreError};

/// Delay between the head and the body of a request after the connection was lost during an upload.
/// A response may be lost if the server closes the connection while the body is sent, so the delay
/// lets the server reject the file before.
const BODY_DELAY: Duration = Duration::from_secs(1);
/// Minimum speed in bytes per second. An upload that is slower times out.
const MIN_SPEED: u64 = 100_000;

#[derive(Clone)]
pub(super) struct Uploads {
    http: Client,
    timeout: Duration,
    runtime: Arc<Runtime>,
    /// The last connection was lost during an upload.
    was_lost: Arc<AtomicBool>,
}

/// A response with any status.
pub(super) struct UploadResponse {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    /// The start of the body.
    pub(super) body: String,
}

impl Uploads {
    pub(super) fn new(http: Client, timeout: Duration) -> Result<Self, StoreError> {
        let runtime = Builder::new_current_thread().enable_all().build();
        let runtime = runtime
            .map_err(|error| StoreError::refused(format!("cannot start uploads: {error}")))?;
        Ok(Self {
            http,
            timeout,
            runtime: Arc::new(runtime),
            was_lost: Arc::default(),
        })
    }

    /// Sends a PUT request with exactly these headers.
    pub(super) fn put(
        &self,
        url: Url,
        headers: HeaderMap,
        content: Checked,
    ) -> Result<UploadResponse, reqwest::Error> {
        let bytes = content.remaining();
        let request = self
            .http
            .put(url)
            .timeout(self.timeout + Duration::from_secs(bytes / MIN_SPEED))
            .headers(headers)
            .header(CONTENT_LENGTH, bytes);
        let content = Content::new(content);
        let was_lost = self.was_lost.swap(false, Ordering::Relaxed);
        self.runtime.block_on(async {
            let content = if was_lost {
                content.delayed(sleep(BODY_DELAY))
            } else {
                content
            };
            let sent = request.body(Body::wrap(content)).send().await;
            let mut response = sent.inspect_err(|why| {
                let was_lost = !why.is_connect() && !why.is_timeout();
                self.was_lost.store(was_lost, Ordering::Relaxed);
            })?;
            let status = response.status();
            let mut body = Vec::new();
            while body.len() < MAX_ERROR_BODY as usize {
                match response.chunk().await {
                    Ok(Some(more)) => body.extend_from_slice(&more),
                    Err(error) if status.is_success() => return Err(error),
                    // An incomplete error body loses only the reason.
                    Ok(None) | Err(_) => break,
                }
            }
            Ok(UploadResponse {
                status,
                headers: response.headers().clone(),
                body: String::from_utf8_lossy(&body).into_owned(),
            })
        })
    }
}
