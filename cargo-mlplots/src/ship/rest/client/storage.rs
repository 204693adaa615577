//! Uploads bytes with signed URLs. The object store authenticates only the URL, so the client sends
//! no credentials.

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

use reqwest::header::{ETAG, HeaderMap, HeaderName, HeaderValue};
use reqwest::{Method, Url};
use serde::Deserialize;

use super::connect;
use super::failure::{Call, Failure, causes, later};
use super::upload::{Answer, Uploads};
use crate::settings::{HttpSettings, Secret};
use crate::ship::reason::Reason;
use crate::ship::store::{Checked, ErrorKind, StoreError};

/// Uploads bytes with signed URLs, and sends no credentials.
#[derive(Clone)]
pub(in crate::ship::rest) struct Storage {
    settings: HttpSettings,
    /// Created with the first URL, since few servers sign URLs.
    uploads: Arc<OnceLock<Result<Uploads, StoreError>>>,
}

/// A signed URL is a secret, since it permits the upload. It is valid only with these headers.
#[derive(Deserialize)]
pub(in crate::ship::rest) struct SignedUrl {
    #[serde(alias = "presigned_url")]
    pub(in crate::ship::rest) url: Secret,
    #[serde(default)]
    headers: BTreeMap<String, Secret>,
}

/// Why an upload with signed URLs failed.
#[derive(Debug)]
pub(in crate::ship::rest) enum UploadError {
    /// The tracking server signs no URLs for this artifact root.
    Unsigned,
    /// Signed URLs do not work; another way may.
    Blocked(StoreError),
    /// Another way would fail too.
    Failed(StoreError),
}

impl UploadError {
    /// Interprets an error of the tracking server: it signed no URL, or did not accept the uploaded
    /// parts.
    pub(in crate::ship::rest) fn asking(failure: Failure) -> Self {
        match failure.status.map(|status| status.as_u16()) {
            // The server does not know the call, or its artifact store has no signed URLs.
            Some(400 | 405 | 501) => Self::Unsigned,
            Some(404) if failure.code.is_empty() => Self::Unsigned,
            // A server without credentials of its own fails like this.
            Some(500) => Self::Blocked(failure.error),
            _ => Self::Failed(failure.error),
        }
    }
}

impl SignedUrl {
    fn parse(&self) -> Option<(Url, HeaderMap)> {
        let url = Url::parse(self.url.reveal()).ok()?;
        let headers = self.headers.iter().map(|(name, value)| {
            let name = HeaderName::from_bytes(name.as_bytes()).ok()?;
            Some((name, HeaderValue::from_str(value.reveal()).ok()?))
        });
        Some((url, headers.collect::<Option<_>>()?))
    }
}

impl Storage {
    pub(in crate::ship::rest) fn new(settings: &HttpSettings) -> Self {
        Self {
            settings: settings.clone(),
            uploads: Arc::default(),
        }
    }

    /// One client for all URLs, since those of a server belong to one store.
    fn uploads(&self, url: &Url) -> Result<&Uploads, UploadError> {
        let made = self.uploads.get_or_init(|| {
            let http = connect::storage(url, &self.settings)?;
            Uploads::new(http, self.settings.timeout)
        });
        made.as_ref()
            .map_err(|error| UploadError::Blocked(error.clone()))
    }

    /// Uploads with PUT, and returns the `ETag`.
    pub(in crate::ship::rest) fn put(
        &self,
        to: &SignedUrl,
        content: Checked,
    ) -> Result<String, UploadError> {
        let (url, headers) = to.parse().ok_or_else(|| {
            let why = "the server gave an upload URL that cannot be used";
            UploadError::Blocked(StoreError::refused(why))
        })?;
        let call = Call::new(&Method::PUT, &url);
        let answer = self.uploads(&url)?.put(url, headers, content);
        let answer = answer.map_err(|error| lost(&call, &error.without_url()))?;
        if !answer.status.is_success() {
            return Err(answered(&call, &answer));
        }
        let tag = answer.headers.get(ETAG);
        let tag = tag.and_then(|tag| tag.to_str().ok());
        Ok(tag.unwrap_or_default().to_owned())
    }
}

/// There is no response, or only a part of it.
fn lost(call: &Call, error: &reqwest::Error) -> UploadError {
    let causes = causes(error);
    let last = causes.last().map(String::as_str).unwrap_or_default();
    let insecure = causes
        .iter()
        .find(|cause| cause.to_lowercase().contains("certificate"));
    if let Some(cause) = insecure {
        let why = format!("{call}: the connection is not secure: {cause}");
        return UploadError::Blocked(StoreError::refused(why).help(
            "AWS_CA_BUNDLE names a PEM file with the authority that the certificate there comes from",
        ));
    }
    if error.is_builder() {
        return UploadError::Blocked(StoreError::refused(format!("{call}: {last}")));
    }
    if error.is_connect() {
        let why = format!("{call}: cannot connect: {last}");
        return UploadError::Blocked(StoreError::retry(why).help(
            "the tracking server named this address (its own MLFLOW_S3_ENDPOINT_URL): this machine must be able to reach it",
        ));
    }
    if error.is_timeout() {
        let why = format!("{call}: no answer in time");
        return UploadError::Failed(
            StoreError::retry(why)
                .help("MLFLOW_HTTP_REQUEST_TIMEOUT sets the timeout of a call in seconds"),
        );
    }
    let why = format!("{call}: the connection broke: {last}");
    UploadError::Failed(StoreError::retry(why))
}

/// The store responded with an error.
fn answered(call: &Call, answer: &Answer) -> UploadError {
    let status = answer.status;
    // A body that does not come from an object store may contain the URL.
    let said = Reason::xml(&answer.body).unwrap_or_default().suffix();
    let mut error = StoreError::refused(format!("{call}: {status}{said}"));
    if later(status, "") {
        error.kind = ErrorKind::Retry(None);
        return UploadError::Failed(error);
    }
    UploadError::Blocked(error.help(if status.is_redirection() {
        "the bucket is in another region: start the tracking server with AWS_DEFAULT_REGION set to it"
    } else {
        "the tracking server signed this upload: its own credentials must be valid and must permit writing (s3:PutObject)"
    }))
}
