//! Sends files, streamed, and hears an answer that comes before their end.
//!
//! The blocking client loses that answer, and a server refuses a large file when it has seen the
//! head.

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

/// How long a server has to refuse a file before it is sent, where the connection broke before. A
/// server that answers and closes while a file is still sent to it may go unheard.
const HEARING: Duration = Duration::from_secs(1);
/// Slower than this, in bytes per second, is taken for a connection that is dead.
const SLOWEST: u64 = 100_000;

#[derive(Clone)]
pub(super) struct Uploads {
    http: Client,
    timeout: Duration,
    runtime: Arc<Runtime>,
    /// The last connection broke in the middle of a file.
    broke: Arc<AtomicBool>,
}

/// What came back, whatever it means.
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    /// Its beginning.
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

    /// A PUT with these headers and no others of ours.
    pub(super) fn put(
        &self,
        url: Url,
        headers: HeaderMap,
        content: Checked,
    ) -> Result<Answer, reqwest::Error> {
        let bytes = content.left();
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
                    // What cannot be read of an error is only its reason.
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
