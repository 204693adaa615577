//! Uploads files with signed URLs. The signature authenticates the request, so this client has no
//! credentials and cannot send any to the object store.

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

use reqwest::header::{ETAG, HeaderMap, HeaderName, HeaderValue};
use reqwest::{Method, Url};
use serde::Deserialize;

use super::connect;
use super::failure::{Call, Failure, causes, is_temporary};
use super::upload::{UploadResponse, Uploads};
use crate::settings::{HttpSettings, Secret};
use crate::ship::reason::Reason;
use crate::ship::store::{Checked, ErrorKind, StoreError};

/// The client for the hosts of signed URLs.
#[derive(Clone)]
pub(in crate::ship::rest) struct Storage {
    settings: HttpSettings,
    /// Created with the first URL, since few servers sign URLs.
    uploads: Arc<OnceLock<Result<Uploads, StoreError>>>,
}

/// A signed URL with the headers that it requires. It is secret, since it permits the upload.
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
    /// The tracking server does not sign URLs for this artifact root.
    Unsigned,
    /// Signed URLs do not work. Another upload method may work.
    Blocked(StoreError),
    /// Another upload method would fail too.
    Failed(StoreError),
}

impl UploadError {
    /// Interprets a failed request to the tracking server for signed URLs or for the completion of
    /// a multipart upload.
    pub(in crate::ship::rest) fn from_tracking_server(failure: Failure) -> Self {
        match failure.status.map(|status| status.as_u16()) {
            // The server does not have the endpoint, or its artifact store has no signed URLs.
            Some(400 | 405 | 501) => Self::Unsigned,
            Some(404) if failure.code.is_empty() => Self::Unsigned,
            // A server without credentials for the object store responds with 500.
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

    /// Uploads content, and returns the `ETag` of the response.
    pub(in crate::ship::rest) fn put(
        &self,
        to: &SignedUrl,
        content: Checked,
    ) -> Result<String, UploadError> {
        let (url, headers) = to.parse().ok_or_else(|| {
            let why = "the server returned an invalid upload URL";
            UploadError::Blocked(StoreError::refused(why))
        })?;
        let call = Call::new(&Method::PUT, &url);
        let response = self.uploads(&url)?.put(url, headers, content);
        let response = response.map_err(|error| transport_failure(&call, &error.without_url()))?;
        if !response.status.is_success() {
            return Err(error_response(&call, &response));
        }
        let tag = response.headers.get(ETAG);
        let tag = tag.and_then(|tag| tag.to_str().ok());
        Ok(tag.unwrap_or_default().to_owned())
    }
}

/// The error if there is no response, or only a part of it.
fn transport_failure(call: &Call, error: &reqwest::Error) -> UploadError {
    let causes = causes(error);
    let last = causes.last().map(String::as_str).unwrap_or_default();
    let insecure = causes
        .iter()
        .find(|cause| cause.to_lowercase().contains("certificate"));
    if let Some(cause) = insecure {
        let why = format!("{call}: the connection is not secure: {cause}");
        return UploadError::Blocked(StoreError::refused(why).help(
            "set AWS_CA_BUNDLE to a PEM file with the authority that issued the certificate of this host",
        ));
    }
    if error.is_builder() {
        return UploadError::Blocked(StoreError::refused(format!("{call}: {last}")));
    }
    if error.is_connect() {
        let why = format!("{call}: cannot connect: {last}");
        return UploadError::Blocked(StoreError::retry(why).help(
            "the tracking server returned this URL (see MLFLOW_S3_ENDPOINT_URL in its environment): it must be reachable from this machine",
        ));
    }
    if error.is_timeout() {
        let why = format!("{call}: no response in time");
        return UploadError::Failed(
            StoreError::retry(why)
                .help("MLFLOW_HTTP_REQUEST_TIMEOUT sets the timeout of a request in seconds"),
        );
    }
    let why = format!("{call}: the connection was lost: {last}");
    UploadError::Failed(StoreError::retry(why))
}

/// The error for an error response.
fn error_response(call: &Call, response: &UploadResponse) -> UploadError {
    let status = response.status;
    // A body that does not come from an object store may contain the URL.
    let reason = Reason::xml(&response.body).unwrap_or_default().suffix();
    let mut error = StoreError::refused(format!("{call}: {status}{reason}"));
    if is_temporary(status, "") {
        error.kind = ErrorKind::Retry(None);
        return UploadError::Failed(error);
    }
    UploadError::Blocked(error.help(if status.is_redirection() {
        "the bucket is in another region: start the tracking server with AWS_DEFAULT_REGION set to it"
    } else {
        "the tracking server signed this upload: its own credentials must be valid and must permit writing (s3:PutObject)"
    }))
}
