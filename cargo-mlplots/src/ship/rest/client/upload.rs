//! Streams files to a server, and receives a response that arrives before the end of the file.
//! reqwest's blocking client loses such a response, but a server that refuses a large file sends it
//! after the head of the request.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use reqwest::header::{CONTENT_LENGTH, HeaderMap};
use reqwest::{Body, Client, StatusCode, Url};
use tokio::runtime::{Builder, Runtime};
use tokio::time::sleep;

use super::LONGEST_ERROR;
use super::content::Content;
use crate::ship::store::{Checked, StoreError};

/// Delay before a file is sent again after a connection broke, so that the server can refuse it. If
/// a server responds and closes the connection while it receives a file, the response may be lost.
const HEARING: Duration = Duration::from_secs(1);
/// Minimum speed in bytes per second; a slower connection counts as dead.
const SLOWEST: u64 = 100_000;

#[derive(Clone)]
pub(super) struct Uploads {
    http: Client,
    timeout: Duration,
    runtime: Arc<Runtime>,
    /// The last connection broke during a file.
    broke: Arc<AtomicBool>,
}

/// A response, of any status.
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    /// The start of its body.
    pub(super) body: String,
}

impl Uploads {
    pub(super) fn new(http: Client, timeout: Duration) -> Result<Self, StoreError> {
        let runtime = Builder::new_current_thread().enable_all().build();
        let runtime = runtime
            .map_err(|error| StoreError::refused(format!("cannot begin uploads: {error}")))?;
        Ok(Self {
            http,
            timeout,
            runtime: Arc::new(runtime),
            broke: Arc::default(),
        })
    }

    /// A PUT request with exactly these headers.
    pub(super) fn put(
        &self,
        url: Url,
        headers: HeaderMap,
        content: Checked,
    ) -> Result<Answer, reqwest::Error> {
        let bytes = content.remaining();
        let request = self
            .http
            .put(url)
            .timeout(self.timeout + Duration::from_secs(bytes / SLOWEST))
            .headers(headers)
            .header(CONTENT_LENGTH, bytes);
        let content = Content::new(content);
        let broke = self.broke.swap(false, Ordering::Relaxed);
        self.runtime.block_on(async {
            let content = if broke {
                content.after(sleep(HEARING))
            } else {
                content
            };
            let sent = request.body(Body::wrap(content)).send().await;
            let mut response = sent.inspect_err(|why| {
                let broke = !why.is_connect() && !why.is_timeout();
                self.broke.store(broke, Ordering::Relaxed);
            })?;
            let status = response.status();
            let mut body = Vec::new();
            while body.len() < LONGEST_ERROR as usize {
                match response.chunk().await {
                    Ok(Some(more)) => body.extend_from_slice(&more),
                    Err(error) if status.is_success() => return Err(error),
                    // An incomplete error body loses only the reason.
                    Ok(None) | Err(_) => break,
                }
            }
            Ok(Answer {
                status,
                headers: response.headers().clone(),
                body: String::from_utf8_lossy(&body).into_owned(),
            })
        })
    }
}
