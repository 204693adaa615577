//! Where a signed URL leads: a store of objects, to which we are nobody but who has the URL.

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

/// Sends bytes to signed URLs, and nothing that says who we are.
#[derive(Clone)]
pub(in crate::ship::rest) struct Storage {
    settings: HttpSettings,
    /// Made when there is a URL: few servers give one.
    uploads: Arc<OnceLock<Result<Uploads, StoreError>>>,
}

/// Who has it may write there; it has to be used with exactly these headers.
#[derive(Deserialize)]
pub(in crate::ship::rest) struct SignedUrl {
    #[serde(alias = "presigned_url")]
    pub(in crate::ship::rest) url: Secret,
    #[serde(default)]
    headers: BTreeMap<String, Secret>,
}

/// Why bytes did not arrive by signed URLs.
#[derive(Debug)]
pub(in crate::ship::rest) enum Missed {
    /// The tracking server signs none for this place.
    Unsigned,
    /// This way is blocked; there may be another.
    Blocked(StoreError),
    /// Another way would not be better.
    Failed(StoreError),
}

impl Missed {
    /// Why a tracking server gave no signed URL, or did not take what was sent by them.
    pub(in crate::ship::rest) fn asking(failure: Failure) -> Self {
        match failure.status.map(|status| status.as_u16()) {
            // It does not know the call, or keeps artifacts where nothing is signed.
            Some(400 | 405 | 501) => Self::Unsigned,
            Some(404) if failure.code.is_empty() => Self::Unsigned,
            // How one fails that has no credentials of its own.
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

    /// One client for all: a server's URLs lead to one store.
    fn uploads(&self, url: &Url) -> Result<&Uploads, Missed> {
        let made = self.uploads.get_or_init(|| {
            let http = connect::storage(url, &self.settings)?;
            Uploads::new(http, self.settings.timeout)
        });
        made.as_ref()
            .map_err(|error| Missed::Blocked(error.clone()))
    }

    /// A PUT, streamed; gives what the store calls the bytes.
    pub(in crate::ship::rest) fn put(
        &self,
        to: &SignedUrl,
        content: Checked,
    ) -> Result<String, Missed> {
        let (url, headers) = to.parse().ok_or_else(|| {
            let why = "the server gave an upload URL that cannot be used";
            Missed::Blocked(StoreError::refused(why))
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

/// No answer, or not all of it.
fn lost(call: &Call, error: &reqwest::Error) -> Missed {
    let causes = causes(error);
    let last = causes.last().map(String::as_str).unwrap_or_default();
    let insecure = causes
        .iter()
        .find(|cause| cause.to_lowercase().contains("certificate"));
    if let Some(cause) = insecure {
        let why = format!("{call}: the connection is not secure: {cause}");
        return Missed::Blocked(StoreError::refused(why).help(
            "AWS_CA_BUNDLE names a PEM file with the authority that the certificate there comes from",
        ));
    }
    if error.is_builder() {
        return Missed::Blocked(StoreError::refused(format!("{call}: {last}")));
    }
    if error.is_connect() {
        let why = format!("{call}: cannot connect: {last}");
        return Missed::Blocked(StoreError::retry(why).help(
            "the tracking server gave this address (its own MLFLOW_S3_ENDPOINT_URL): it must be one that this machine reaches",
        ));
    }
    if error.is_timeout() {
        let why = format!("{call}: no answer in time");
        return Missed::Failed(
            StoreError::retry(why)
                .help("MLFLOW_HTTP_REQUEST_TIMEOUT is how long a call may take, in seconds"),
        );
    }
    let why = format!("{call}: the connection broke: {last}");
    Missed::Failed(StoreError::retry(why))
}

/// Who is there answered, and it is not a success.
fn answered(call: &Call, answer: &Answer) -> Missed {
    let status = answer.status;
    // A body that is no answer of a store's may hold the URL.
    let said = Reason::xml(&answer.body).unwrap_or_default().said();
    let mut error = StoreError::refused(format!("{call}: {status}{said}"));
    if later(status, "") {
        error.kind = ErrorKind::Retry(None);
        return Missed::Failed(error);
    }
    Missed::Blocked(error.help(if status.is_redirection() {
        "the bucket is in another region: start the tracking server with AWS_DEFAULT_REGION set to it"
    } else {
        "the tracking server signed this upload: its own credentials must be valid, and must be allowed to write there (s3:PutObject)"
    }))
}
